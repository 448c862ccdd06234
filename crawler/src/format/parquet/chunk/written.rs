//! What is known of the pages of a chunk that were written, and what the footer and the page indexes say of them.

use parquet::basic::{BoundaryOrder, PageType};
use parquet::errors::Result;
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, LevelHistogram, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;

use super::START;
use super::extent::{Extent, Order, compare};

/// What is known of the pages that were written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) pages: Vec<WrittenPage>,
    pub(super) compressed: u64,
    pub(super) uncompressed: u64,
    pub(super) rows: u64,
    pub(super) levels: u64,
    pub(super) encodings: Vec<(PageType, i32, i32)>,
}

pub(super) struct WrittenPage {
    pub(super) bytes: usize,
    pub(super) rows: u64,
    pub(super) nulls: u64,
    pub(super) is_null: bool,
    pub(super) extent: Extent,
    /// Of repetition and definition levels.
    pub(super) histograms: (Vec<i64>, Vec<i64>),
    pub(super) array_bytes: i64,
}

impl Written {
    /// What the footer says of the chunk, `extent` being of its values.
    pub(super) fn metadata(
        &self,
        old: &ColumnChunkMetaData,
        dictionary_bytes: usize,
        extent: &Extent,
    ) -> Result<ColumnChunkMetaData> {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let has_dictionary_offset = old.dictionary_page_offset().is_some() && dictionary_bytes > 0;
        let data_start = if has_dictionary_offset { START + dictionary_bytes as u64 } else { START };
        let sum = |of: fn(&WrittenPage) -> &Vec<i64>| {
            let mut total = vec![0; self.pages.first().map_or(0, |page| of(page).len())];
            for page in &self.pages {
                total.iter_mut().zip(of(page)).for_each(|(total, count)| *total += count);
            }
            LevelHistogram::from(total)
        };
        let mut builder = old
            .clone()
            .into_builder()
            .set_num_values(signed(self.levels))
            .set_total_compressed_size(signed(self.compressed))
            .set_total_uncompressed_size(signed(self.uncompressed))
            .set_data_page_offset(signed(data_start))
            .set_dictionary_page_offset(has_dictionary_offset.then_some(signed(START)))
            .set_index_page_offset(None)
            .set_repetition_level_histogram(
                old.repetition_level_histogram().map(|_| sum(|page| &page.histograms.0)),
            )
            .set_definition_level_histogram(
                old.definition_level_histogram().map(|_| sum(|page| &page.histograms.1)),
            )
            .set_unencoded_byte_array_data_bytes(
                old.unencoded_byte_array_data_bytes()
                    .map(|_| self.pages.iter().map(|page| page.array_bytes).sum()),
            );
        if let Some(statistics) = old.statistics() {
            let nulls = self.pages.iter().map(|page| page.nulls).sum();
            builder = builder.set_statistics(extent.statistics(statistics, nulls));
        }
        if let Some(encodings) = old.page_encoding_stats() {
            builder = builder.set_page_encoding_stats(self.encoding_stats(encodings));
        }
        builder.build()
    }

    /// Where the pages lie.
    pub(super) fn offset_index(
        &self,
        old: &ColumnChunkMetaData,
        dictionary_bytes: usize,
    ) -> Option<OffsetIndexMetaData> {
        old.offset_index_offset()?;
        let mut index = OffsetIndexBuilder::new();
        let mut at = START + dictionary_bytes as u64;
        for page in &self.pages {
            index.append_row_count(page.rows.cast_signed());
            index.append_offset_and_size(at.cast_signed(), i32::try_from(page.bytes).unwrap_or(i32::MAX));
            if old.unencoded_byte_array_data_bytes().is_some() {
                index.append_unencoded_byte_array_data_bytes(Some(page.array_bytes));
            }
            at += page.bytes as u64;
        }
        Some(index.build())
    }

    /// Least and greatest of each page, if the chunk had an index of them; `histograms`: whether it tells how levels are distributed.
    pub(super) fn column_index(
        &self,
        old: &ColumnChunkMetaData,
        order: Order,
        histograms: (bool, bool),
    ) -> Result<Option<ColumnIndexMetaData>> {
        if old.column_index_offset().is_none() {
            return Ok(None);
        }
        let mut index = ColumnIndexBuilder::new(old.column_type());
        let (mut rising, mut falling) = (true, true);
        let mut last: Option<(Vec<u8>, Vec<u8>)> = None;
        for page in &self.pages {
            let values = if page.is_null { Some((Vec::new(), Vec::new())) } else { page.extent.for_index() };
            // NaNs alone have no extent, and an index must speak of every page.
            let Some((least, greatest)) = values else { return Ok(None) };
            if !page.is_null {
                if let Some(last) = &last {
                    let steps = [(&last.0, &least), (&last.1, &greatest)];
                    let steps = steps.map(|(before, now)| compare(order, before, now));
                    rising &= steps.iter().all(|step| step.is_le());
                    falling &= steps.iter().all(|step| step.is_ge());
                }
                last = Some((least.clone(), greatest.clone()));
            }
            index.append(page.is_null, least, greatest, page.nulls.cast_signed());
            let (repetitions, definitions) = histograms;
            let of = |wanted: bool, counts: &Vec<i64>| wanted.then(|| LevelHistogram::from(counts.clone()));
            index.append_histograms(
                &of(repetitions, &page.histograms.0),
                &of(definitions, &page.histograms.1),
            );
        }
        index.set_boundary_order(match (rising, falling) {
            (true, _) => BoundaryOrder::ASCENDING,
            (false, true) => BoundaryOrder::DESCENDING,
            (false, false) => BoundaryOrder::UNORDERED,
        });
        index.build().map(Some)
    }

    pub(super) fn tally(&mut self, kind: PageType, encoding: i32) {
        match self.encodings.iter_mut().find(|one| (one.0, one.1) == (kind, encoding)) {
            Some(one) => one.2 += 1,
            None => self.encodings.push((kind, encoding, 1)),
        }
    }

    /// The old counts of pages by encoding, with those of data pages as they are now.
    fn encoding_stats(&self, old: &[PageEncodingStats]) -> Vec<PageEncodingStats> {
        let count = |one: &PageEncodingStats| match one.page_type {
            PageType::DATA_PAGE | PageType::DATA_PAGE_V2 => {
                let same = |of: &&(PageType, i32, i32)| of.0 == one.page_type && of.1 == one.encoding as i32;
                self.encodings.iter().find(same).map_or(0, |of| of.2)
            }
            _ => one.count,
        };
        let stats = old.iter().map(|one| PageEncodingStats { count: count(one), ..one.clone() });
        stats.filter(|one| one.count > 0).collect()
    }
}
