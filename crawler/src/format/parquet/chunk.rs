//! A column chunk without some rows, page by page: what holds none of them keeps its bytes, the others are put together anew
//! from the levels and values that stay, with their encoding, codec and version.
//!
//! The dictionary keeps its numbers and loses what no row uses any more; statistics, page indexes, size statistics and the
//! Bloom filter are computed from what stays. Every page of the chunk is decoded for that, one at a time.
//!
//! Memory: one page decoded, the dictionary, and up to 4 MiB of what was written before it goes to a file.

use std::io::{self, Cursor, Read, Write};
use std::ops::Range;

use bytes::Bytes;
use parquet::basic::{PageType, Type};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};

use self::dictionary::Dictionary;
use self::extent::{Extent, Order};
use self::header::{Data, Kind, PageHeader};
use self::page::{Page, Shape, Values};
use self::written::{Written, WrittenPage};
use crate::content::{Content, Spool};

mod codec;
mod dictionary;
mod extent;
mod header;
mod hybrid;
mod page;
mod written;

/// Where a chunk begins by its own reckoning: where the first one of a file does, behind the magic number.
const START: u64 = 4;
/// Bytes in which a page's header is looked for at first, and at most: old writers put whole values into it.
const HEADER_BYTES: usize = 1 << 10;
const HEADER_BYTES_MAX: usize = 64 << 20;

/// What is rewritten.
pub(super) struct Source<'a> {
    pub(super) content: &'a Content,
    pub(super) column: &'a ColumnChunkMetaData,
    /// Whether the column index says how levels are distributed.
    pub(super) index_histograms: (bool, bool),
    /// Bytes of the Bloom filter, if there is one.
    pub(super) bloom_bytes: Option<usize>,
    /// Rows of the row group.
    pub(super) rows: u64,
    /// Rows that go, in order, by their number in the row group.
    pub(super) gone: &'a [Range<u64>],
}

/// A chunk as it is after: its bytes, and what the footer says of them.
pub(super) struct Chunk {
    dictionary: Bytes,
    pages: Content,
    pub(super) close: Option<ColumnCloseResult>,
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        START + self.dictionary.len() as u64 + self.pages.len()
    }
}

impl ChunkReader for Chunk {
    type T = io::Chain<Cursor<Bytes>, Content>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        if start != START {
            return Err(ParquetError::General("a chunk is read from its start".into()));
        }
        Ok(Cursor::new(self.dictionary.clone()).chain(self.pages.clone()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(length);
        self.get_read(start)?.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// Whether a chunk can be rewritten page by page, as far as its metadata tells.
pub(super) fn is_supported(column: &ColumnChunkMetaData) -> bool {
    let order = Order::of(column.column_descr());
    // Statistics of INT96 and 16-bit floats have an order of their own, and shapes are no values.
    let orderless =
        order == Order::None && (column.statistics().is_some() || column.column_index_offset().is_some());
    codec::is_known(column.compression()) && !orderless && column.geo_statistics().is_none()
}

/// # Errors
/// `NYI` if the chunk has an encoding that is left to the typed way.
pub(super) fn filter(source: &Source<'_>) -> Result<Chunk> {
    let mut filter = Filter::new(source);
    let (start, len) = source.column.byte_range();
    let end = start.saturating_add(len).min(source.content.len());
    let mut at = start;
    while at < end && filter.levels_read < source.column.num_values().cast_unsigned() {
        let (header, stored) = read_page(source.content, at, end)?;
        at += (stored.0.len() + stored.1.len()) as u64;
        match &header.kind {
            Kind::Dictionary { .. } if filter.dictionary.is_none() => {
                let kind = (filter.shape.kind, filter.shape.width);
                filter.dictionary = Some(Dictionary::read(header, stored, filter.shape.codec, kind)?);
            }
            Kind::Data(data) => filter.data_page(&header, data, &stored)?,
            _ => return Err(ParquetError::NYI("pages of this kind".into())),
        }
    }
    if filter.row != source.rows {
        return Err(ParquetError::General("a column chunk has fewer rows than its row group".into()));
    }
    filter.finish()
}

/// The header and the bytes of the page at an offset.
fn read_page(content: &Content, at: u64, end: u64) -> Result<(PageHeader, (Bytes, Bytes))> {
    let short = || ParquetError::EOF("a column chunk ends within a page".into());
    let mut wanted = HEADER_BYTES;
    loop {
        let available = usize::try_from(end - at).unwrap_or(usize::MAX).min(wanted);
        let head = content.range(at, available)?;
        let Some((header, header_len)) = header::read(&head)? else {
            if available < wanted || wanted >= HEADER_BYTES_MAX {
                return Err(short());
            }
            wanted *= 8;
            continue;
        };
        let body_at = at + header_len as u64;
        if header.compressed_bytes as u64 > end - body_at {
            return Err(short());
        }
        let body = match header_len + header.compressed_bytes <= head.len() {
            true => head.slice(header_len..header_len + header.compressed_bytes),
            false => content.range(body_at, header.compressed_bytes)?,
        };
        return Ok((header, (head.slice(..header_len), body)));
    }
}

struct Filter<'a> {
    source: &'a Source<'a>,
    shape: Shape,
    order: Order,
    dictionary: Option<Dictionary>,
    /// The next row, and whether the row that a page may begin within goes.
    row: u64,
    removing: bool,
    levels_read: u64,
    pages: Spool,
    written: Written,
    /// Whether anything asks for the least and greatest values of a page, of a chunk.
    wants_page_extents: bool,
    wants_extent: bool,
    /// Whether the dictionary's values of some page are not in `extent` yet.
    has_page_without_extent: bool,
    extent: Extent,
    bloom: Option<Sbbf>,
}

impl<'a> Filter<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        let column = source.column;
        let descriptor = column.column_descr();
        let width = match column.column_type() {
            Type::BOOLEAN | Type::BYTE_ARRAY => 0,
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(descriptor.type_length()).unwrap_or(0),
        };
        let order = Order::of(descriptor);
        Self {
            source,
            shape: Shape {
                kind: column.column_type(),
                width,
                definition_max: u32::from(descriptor.max_def_level().cast_unsigned()),
                repetition_max: u32::from(descriptor.max_rep_level().cast_unsigned()),
                codec: column.compression(),
            },
            order,
            dictionary: None,
            row: 0,
            removing: false,
            levels_read: 0,
            pages: Spool::new(u64::MAX),
            written: Written::default(),
            wants_page_extents: column.column_index_offset().is_some(),
            wants_extent: column.statistics().is_some(),
            has_page_without_extent: false,
            extent: Extent::new(order),
            bloom: source.bloom_bytes.map(Sbbf::new_with_num_of_bytes),
        }
    }

    fn data_page(&mut self, header: &PageHeader, data: &Data, stored: &(Bytes, Bytes)) -> Result<()> {
        let page = Page::read(&self.shape, header, data, &stored.1)?;
        let (levels, rows) = self.levels_that_stay(&page);
        self.levels_read += data.levels as u64;
        let whole = levels.iter().map(ExactSizeIterator::len).sum::<usize>() == data.levels;
        if levels.is_empty() && !whole {
            return Ok(()); // nothing of it stays
        }
        let values = page.values_in(&levels, self.shape.definition_max);
        let extent = self.take_values(&page, &values, data.statistics.is_some() && !whole)?;
        let counts = |ranges: &[Range<usize>]| ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
        let (levels_count, values_count) = (counts(&levels), counts(&values));
        let nulls = levels_count - values_count;
        let (head, body, uncompressed) = if whole {
            (stored.0.clone(), stored.1.clone(), header.uncompressed_bytes)
        } else {
            let (new, body) = page.write(&self.shape, header, &levels, &values, rows)?;
            let head = header::write(&new, &body, (nulls, &extent));
            (head.into(), body.into(), new.uncompressed_bytes)
        };
        self.pages.write_all(&head)?;
        self.pages.write_all(&body)?;
        let bytes = head.len() + body.len();
        self.written.compressed += bytes as u64;
        self.written.uncompressed += (head.len() + uncompressed) as u64;
        self.written.rows += rows as u64;
        self.written.levels += levels_count as u64;
        let kind = if data.v2.is_some() { PageType::DATA_PAGE_V2 } else { PageType::DATA_PAGE };
        self.written.tally(kind, data.encoding);
        let histogram = |all: &[u32], level_max: u32, wanted: bool| match (wanted, level_max) {
            (false, _) => Vec::new(),
            (true, 0) => vec![levels_count as i64],
            (true, _) => {
                let mut counts = vec![0; level_max as usize + 1];
                // Levels beyond the highest were refused.
                levels
                    .iter()
                    .flat_map(|range| &all[range.clone()])
                    .for_each(|one| counts[*one as usize] += 1);
                counts
            }
        };
        let (wants_repetitions, wants_definitions) = self.wants_histograms();
        let histograms = (
            histogram(&page.repetitions, self.shape.repetition_max, wants_repetitions),
            histogram(&page.definitions, self.shape.definition_max, wants_definitions),
        );
        let array_bytes = self.array_bytes(&page, &values)?;
        let is_null = values_count == 0;
        let (rows, nulls) = (rows as u64, nulls as u64);
        self.written.pages.push(WrittenPage { bytes, rows, nulls, is_null, extent, histograms, array_bytes });
        Ok(())
    }

    /// Ranges of the levels that stay, and how many rows begin in them.
    fn levels_that_stay(&mut self, page: &Page) -> (Vec<Range<usize>>, usize) {
        let first = self.row;
        if self.shape.repetition_max == 0 {
            let count = page.data.levels;
            self.row += count as u64;
            let (mut kept, mut from) = (Vec::new(), 0);
            let overlapping = self.source.gone.partition_point(|range| range.end <= first);
            for range in &self.source.gone[overlapping..] {
                if range.start >= self.row {
                    break;
                }
                let start = range.start.saturating_sub(first) as usize;
                if start > from {
                    kept.push(from..start);
                }
                from = (range.end.min(self.row) - first) as usize;
            }
            if from < count {
                kept.push(from..count);
            }
            let rows = kept.iter().map(ExactSizeIterator::len).sum();
            return (kept, rows);
        }
        let (mut kept, mut rows): (Vec<Range<usize>>, _) = (Vec::new(), 0);
        let mut next = self.source.gone.partition_point(|range| range.end <= first);
        for (place, level) in page.repetitions.iter().enumerate() {
            if *level == 0 {
                while self.source.gone.get(next).is_some_and(|range| range.end <= self.row) {
                    next += 1;
                }
                self.removing = self.source.gone.get(next).is_some_and(|range| range.contains(&self.row));
                self.row += 1;
                rows += usize::from(!self.removing);
            }
            match kept.last_mut() {
                _ if self.removing => {}
                Some(last) if last.end == place => last.end += 1,
                _ => kept.push(place..place + 1),
            }
        }
        (kept, rows)
    }

    /// Marks and counts the values that stay; gives the page's least and greatest if anything asks for them.
    fn take_values(&mut self, page: &Page, kept: &[Range<usize>], of_header: bool) -> Result<Extent> {
        let mut extent = Extent::new(self.order);
        let wants_page = of_header || self.wants_page_extents;
        match &page.values {
            Values::Indexes(_, numbers) => {
                let missing = || ParquetError::General("a dictionary entry is missing".into());
                let dictionary = self.dictionary.as_mut().ok_or_else(missing)?;
                let mut of_page = vec![false; if wants_page { dictionary.len() } else { 0 }];
                for number in kept.iter().flat_map(|range| &numbers[range.clone()]) {
                    let number = *number as usize;
                    *dictionary.used.get_mut(number).ok_or_else(missing)? = true;
                    if wants_page {
                        of_page[number] = true;
                    }
                }
                let of_page = of_page.iter().enumerate().filter(|(_, used)| **used);
                of_page.for_each(|(number, _)| extent.take(dictionary.entry(number)));
                self.extent.take_extent(&extent);
                self.has_page_without_extent |= !wants_page;
            }
            Values::Flags { flags, .. } => {
                kept.iter()
                    .flat_map(|range| &flags[range.clone()])
                    .for_each(|flag| extent.take(&[*flag as u8]));
                self.extent.take_extent(&extent);
            }
            Values::Plain { .. } => {
                let (shape, width) = (self.shape, self.shape.width);
                let wants = wants_page || self.wants_extent;
                if !wants && self.bloom.is_none() {
                    return Ok(extent);
                }
                let bloom = &mut self.bloom;
                page.values.each_plain(&shape, kept, &mut |bytes| {
                    if wants && shape.kind == Type::BYTE_ARRAY {
                        extent.take(bytes);
                    } else if wants {
                        extent.take_all(width, bytes);
                    }
                    match bloom {
                        Some(bloom) if shape.kind == Type::BYTE_ARRAY => bloom.insert(bytes),
                        Some(bloom) => bytes.chunks(width.max(1)).for_each(|value| bloom.insert(value)),
                        None => {}
                    }
                })?;
                self.extent.take_extent(&extent);
            }
        }
        Ok(extent)
    }

    fn wants_histograms(&self) -> (bool, bool) {
        let column = self.source.column;
        let (repetitions, definitions) = self.source.index_histograms;
        (
            repetitions || column.repetition_level_histogram().is_some(),
            definitions || column.definition_level_histogram().is_some(),
        )
    }

    /// Bytes of the byte arrays that stay, without their lengths, where the file tells such sums.
    fn array_bytes(&self, page: &Page, kept: &[Range<usize>]) -> Result<i64> {
        if self.source.column.unencoded_byte_array_data_bytes().is_none() {
            return Ok(0);
        }
        let mut sum = 0;
        match (&page.values, &self.dictionary) {
            (Values::Indexes(_, numbers), Some(dictionary)) => {
                let numbers = kept.iter().flat_map(|range| &numbers[range.clone()]);
                numbers.for_each(|number| sum += dictionary.entry(*number as usize).len());
            }
            (values, _) => values.each_plain(&self.shape, kept, &mut |bytes| sum += bytes.len())?,
        }
        Ok(sum as i64)
    }

    fn finish(mut self) -> Result<Chunk> {
        let mut head = Vec::new();
        if let Some(dictionary) = &self.dictionary {
            let (page, uncompressed) = dictionary.write(self.shape.codec, self.shape.kind)?;
            self.written.compressed += page.len() as u64;
            self.written.uncompressed += uncompressed as u64;
            if self.wants_extent && self.has_page_without_extent {
                dictionary.used().for_each(|value| self.extent.take(value));
            }
            if let Some(bloom) = &mut self.bloom {
                dictionary.used().for_each(|value| bloom.insert(value));
            }
            head = page;
        }
        let (old, written) = (self.source.column, &self.written);
        let close = ColumnCloseResult {
            bytes_written: self.written.compressed,
            rows_written: self.written.rows,
            metadata: written.metadata(old, head.len(), &self.extent)?,
            column_index: written.column_index(old, self.order, self.source.index_histograms)?,
            offset_index: written.offset_index(old, head.len()),
            bloom_filter: self.bloom,
        };
        Ok(Chunk { dictionary: head.into(), pages: self.pages.finish()?, close: Some(close) })
    }
}
