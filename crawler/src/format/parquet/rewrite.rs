//! Removes rows below Arrow, on Parquet's own levels and values, so that a column comes out with the very physical and logical
//! type that it had (INT96, legacy lists, field ids). Row groups without a removed row are copied as bytes; in the others, pages
//! without one (see `chunk`). Dictionaries, statistics, page indexes and Bloom filters are built anew where a row goes, so
//! that none of them holds what was removed. A row group that loses all its rows goes as a whole.
//!
//! What is written goes straight to its end. Memory: some columns of one row group at a time, each as `chunk` says; where a
//! column needs the typed way, its row group's values in one encoded batch.

use std::io::Write;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use catalog::model::Dialect;
use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::{EnabledStatistics, ReaderProperties, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use roaring::RoaringTreemap;

use super::super::{FormatError, Removal, Rewritten};
use super::chunk::{self, Chunk};
use super::typed;
use super::{check_magic, format_error, guarded};
use crate::content::Content;

/// Most columns that are worked on at once, and how many of them wait for their turn.
const WORKERS_MAX: usize = 4;
const COLUMNS_WAITING: usize = 8;

type Out<'a> = &'a mut (dyn Write + Send);

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> std::result::Result<Rewritten, FormatError> {
    check_magic(content)?;
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let units = removal.units.get("").cloned().unwrap_or_default();
    guarded("file", || {
        let reader = open(content).map_err(|error| format_error("footer", &error))?;
        let groups = row_ranges(reader.metadata()).map_err(|error| format_error("footer", &error))?;
        let there: u64 = groups.iter().map(|(start, rows)| removed_in(&units, *start, *rows)).sum();
        if there != wanted {
            return Err(FormatError::Unsupported(format!(
                "{} of {wanted} rows to remove are not there; the content has changed or the whole of it must go",
                wanted - there
            )));
        }
        write_without(content, &reader, groups, &units, out).map_err(|error| format_error("file", &error))
    })
}

fn open(content: &Content) -> Result<SerializedFileReader<Content>> {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new()
        .with_page_index()
        .with_encoding_stats_as_mask(false)
        .with_reader_properties(properties)
        .build();
    SerializedFileReader::new_with_options(content.clone(), options)
}

fn write_without(
    content: &Content,
    reader: &SerializedFileReader<Content>,
    groups: Vec<(u64, u64)>,
    units: &RoaringTreemap,
    out: Out<'_>,
) -> Result<Rewritten> {
    let metadata = reader.metadata();
    let model = groups.iter().position(|(start, rows)| removed_in(units, *start, *rows) > 0).unwrap_or(0);
    let properties = properties(reader, model)?;
    let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let mut rewritten = Rewritten::default();
    for (number, (start, rows)) in groups.into_iter().enumerate() {
        let removed = removed_in(units, start, rows);
        rewritten.removed += removed;
        rewritten.kept += rows - removed;
        if removed == rows && rows > 0 {
            continue;
        }
        let mut target = writer.next_row_group()?;
        let source = reader.get_row_group(number)?;
        if removed == 0 {
            copy_row_group(content, metadata, number, source.as_ref(), &mut target)?;
        } else {
            let gone = runs(units, start, rows);
            filter_row_group(content, metadata, number, source.as_ref(), &gone, &mut target)?;
        }
        target.close()?;
    }
    writer.finish()?;
    Ok(rewritten)
}

/// Runs of removed rows of a row group, by their numbers in it.
fn runs(units: &RoaringTreemap, start: u64, rows: u64) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut all = units.iter();
    all.advance_to(start);
    for row in all.map(|unit| unit - start).take_while(|row| *row < rows) {
        match runs.last_mut() {
            Some(last) if last.end == row => last.end += 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

/// First row and number of rows of each row group.
fn row_ranges(metadata: &ParquetMetaData) -> Result<Vec<(u64, u64)>> {
    let mut start = 0_u64;
    let mut ranges = Vec::with_capacity(metadata.num_row_groups());
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows())
            .map_err(|_| ParquetError::General("a row group has a negative number of rows".into()))?;
        ranges.push((start, rows));
        start = start.saturating_add(rows);
    }
    Ok(ranges)
}

fn removed_in(units: &RoaringTreemap, start: u64, rows: u64) -> u64 {
    if rows == 0 {
        return 0;
    }
    let before = start.checked_sub(1).map_or(0, |last| units.rank(last));
    units.rank(start.saturating_add(rows - 1)) - before
}

/// The settings with which the file was written, as far as it tells; those of columns from one row group.
fn properties(reader: &SerializedFileReader<Content>, model: usize) -> Result<WriterProperties> {
    let metadata = reader.metadata();
    let file = metadata.file_metadata();
    let mut builder = WriterProperties::builder()
        .set_key_value_metadata(file.key_value_metadata().cloned())
        .set_statistics_truncate_length(None)
        .set_column_index_truncate_length(Some(64));
    if let Some(created_by) = file.created_by() {
        builder = builder.set_created_by(created_by.to_owned());
    }
    let Some(group) = metadata.row_groups().get(model) else { return Ok(builder.build()) };
    builder = builder.set_sorting_columns(group.sorting_columns().cloned());
    if writes_pages_of_version_2(reader, model)? {
        builder = builder.set_writer_version(WriterVersion::PARQUET_2_0);
    }
    let indexed = group.columns().iter().any(|column| column.offset_index_offset().is_some());
    builder = builder.set_offset_index_disabled(!indexed);
    for column in group.columns() {
        let path = column.column_path().clone();
        let statistics = match (column.statistics(), column.column_index_offset()) {
            (_, Some(_)) => EnabledStatistics::Page,
            (Some(_), None) => EnabledStatistics::Chunk,
            (None, None) => EnabledStatistics::None,
        };
        builder = builder
            .set_column_compression(path.clone(), column.compression())
            .set_column_dictionary_enabled(path.clone(), has_dictionary(column))
            .set_column_statistics_enabled(path.clone(), statistics)
            .set_column_bloom_filter_enabled(path.clone(), column.bloom_filter_offset().is_some());
        if let Some(encoding) = column.encodings().find(is_value_encoding) {
            builder = builder.set_column_encoding(path, encoding);
        }
    }
    Ok(builder.build())
}

fn has_dictionary(column: &ColumnChunkMetaData) -> bool {
    let dictionary = |encoding| matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
    column.dictionary_page_offset().is_some() || column.encodings().any(dictionary)
}

/// Encodings of values that stand beside or instead of a dictionary; levels and plain values need no word.
fn is_value_encoding(encoding: &Encoding) -> bool {
    matches!(
        encoding,
        Encoding::DELTA_BINARY_PACKED
            | Encoding::DELTA_LENGTH_BYTE_ARRAY
            | Encoding::DELTA_BYTE_ARRAY
            | Encoding::BYTE_STREAM_SPLIT
    )
}

/// Whether data pages have the second version's header, as the first data page says.
fn writes_pages_of_version_2(reader: &SerializedFileReader<Content>, group: usize) -> Result<bool> {
    let group = reader.get_row_group(group)?;
    if group.num_columns() == 0 {
        return Ok(false);
    }
    let mut pages = group.get_column_page_reader(0)?;
    while let Some(page) = pages.get_next_page()? {
        match page {
            Page::DictionaryPage { .. } => {}
            Page::DataPage { .. } => return Ok(false),
            Page::DataPageV2 { .. } => return Ok(true),
        }
    }
    Ok(false)
}

fn copy_row_group(
    content: &Content,
    metadata: &ParquetMetaData,
    number: usize,
    source: &dyn RowGroupReader,
    target: &mut SerializedRowGroupWriter<'_, Out<'_>>,
) -> Result<()> {
    let group = metadata.row_group(number);
    let rows_written = u64::try_from(group.num_rows()).unwrap_or(0);
    for (place, column) in group.columns().iter().enumerate() {
        let column_index = metadata.column_index().and_then(|index| index.get(number)?.get(place)).cloned();
        let offset_index = metadata.offset_index().and_then(|index| index.get(number)?.get(place)).cloned();
        let close = ColumnCloseResult {
            bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
            rows_written,
            metadata: column.clone(),
            bloom_filter: source.get_column_bloom_filter(place).cloned(),
            column_index,
            offset_index,
        };
        target.append_column(content, close)?;
    }
    Ok(())
}

fn filter_row_group(
    content: &Content,
    metadata: &ParquetMetaData,
    number: usize,
    source: &dyn RowGroupReader,
    gone: &[Range<u64>],
    target: &mut SerializedRowGroupWriter<'_, Out<'_>>,
) -> Result<()> {
    let group = metadata.row_group(number);
    let rows = u64::try_from(group.num_rows()).unwrap_or(0);
    let chunk_of = |place: usize| {
        let column = group.column(place);
        let column_index = metadata.column_index().and_then(|index| index.get(number)?.get(place));
        let index_histograms = column_index.map_or((false, false), histograms);
        let bloom_bytes = source.get_column_bloom_filter(place).map(|filter| filter.num_blocks() * 32);
        filter_chunk(&chunk::Source { content, column, index_histograms, bloom_bytes, rows, gone })
    };
    let is_removed = |row: u64| {
        let next = gone.partition_point(|range| range.end <= row);
        gone.get(next).is_some_and(|range| range.contains(&row))
    };
    for first in (0..group.num_columns()).step_by(COLUMNS_WAITING) {
        let places = first..(first + COLUMNS_WAITING).min(group.num_columns());
        for (place, made) in places.clone().zip(side_by_side(places, &chunk_of)) {
            match made? {
                Some(mut chunk) => {
                    let close = chunk.close.take().expect("a chunk is closed once");
                    target.append_column(&chunk, close)?;
                }
                None => {
                    let missing =
                        || ParquetError::General("the row group has more columns than the schema".into());
                    let mut column = target.next_column()?.ok_or_else(missing)?;
                    typed::filter_column(source.get_column_reader(place)?, &mut column, &is_removed)?;
                    column.close()?;
                }
            }
        }
    }
    Ok(())
}

/// `None`: the chunk needs the typed way.
fn filter_chunk(source: &chunk::Source<'_>) -> Result<Option<Chunk>> {
    if !chunk::is_supported(source.column) {
        return Ok(None);
    }
    match chunk::filter(source) {
        Err(ParquetError::NYI(_)) => Ok(None),
        chunk => chunk.map(Some),
    }
}

/// Whether a column index tells how repetition and definition levels are distributed.
fn histograms(index: &ColumnIndexMetaData) -> (bool, bool) {
    if matches!(index, ColumnIndexMetaData::NONE) || index.num_pages() == 0 {
        return (false, false);
    }
    let is_there = |counts: Option<&[i64]>| counts.is_some_and(|counts| !counts.is_empty());
    (is_there(index.repetition_level_histogram(0)), is_there(index.definition_level_histogram(0)))
}

/// Calls a function for some numbers on as many threads as there are cores; results come in order.
fn side_by_side<T: Send>(numbers: Range<usize>, of: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(WORKERS_MAX).min(numbers.len());
    if workers <= 1 {
        return numbers.map(of).collect();
    }
    let next = AtomicUsize::new(numbers.start);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                return done;
            }
            done.push((number, of(number)));
        }
    };
    let mut all: Vec<(usize, T)> = thread::scope(|scope| {
        let threads: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for thread in threads {
            match thread.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, done)| done).collect()
}
