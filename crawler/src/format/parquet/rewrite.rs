//! Removes rows below Arrow, on Parquet's own levels and values, so that a column comes out with the very physical and logical
//! type that it had (INT96, legacy lists, field ids). Row groups without a removed row are copied as bytes; of the others,
//! pages, dictionaries, statistics, page indexes and Bloom filters are built anew, so that none of them holds what was removed.
//!
//! Memory: one row group as encoded by the writer, one batch of one column as decoded.

use std::io::Write;
use std::sync::Arc;

use catalog::model::Dialect;
use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, ReaderProperties, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use roaring::RoaringTreemap;

use super::super::{FormatError, Removal, Rewritten};
use super::{check_magic, format_error, guarded};
use crate::content::{Content, Spool};

/// Records of a column decoded at once.
const BATCH_RECORDS: usize = 4_096;

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut dyn Write,
) -> std::result::Result<Rewritten, FormatError> {
    check_magic(content)?;
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let units = removal.units.get("").cloned().unwrap_or_default();
    let (spool, rewritten) = guarded("file", || {
        let reader = open(content).map_err(|error| format_error("footer", &error))?;
        write_without(content, &reader, &units).map_err(|error| format_error("file", &error))
    })?;
    if rewritten.removed != wanted {
        return Err(FormatError::Unsupported(format!(
            "{} of {wanted} rows to remove are not there; the content has changed or the whole of it must go",
            wanted - rewritten.removed
        )));
    }
    std::io::copy(&mut spool.finish()?, out)?;
    Ok(rewritten)
}

fn open(content: &Content) -> Result<SerializedFileReader<Content>> {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_page_index().with_reader_properties(properties).build();
    SerializedFileReader::new_with_options(content.clone(), options)
}

fn write_without(
    content: &Content,
    reader: &SerializedFileReader<Content>,
    units: &RoaringTreemap,
) -> Result<(Spool, Rewritten)> {
    let metadata = reader.metadata();
    let groups = row_ranges(metadata)?;
    let model = groups.iter().position(|(start, rows)| removed_in(units, *start, *rows) > 0).unwrap_or(0);
    let properties = properties(reader, model)?;
    let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(Spool::new(u64::MAX), schema, Arc::new(properties))?;
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
            filter_row_group(source.as_ref(), start, units, &mut target)?;
        }
        target.close()?;
    }
    writer.finish()?;
    Ok((std::mem::replace(writer.inner_mut(), Spool::new(0)), rewritten))
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
    target: &mut SerializedRowGroupWriter<'_, Spool>,
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
    source: &dyn RowGroupReader,
    start: u64,
    units: &RoaringTreemap,
    target: &mut SerializedRowGroupWriter<'_, Spool>,
) -> Result<()> {
    let mut place = 0;
    while let Some(mut column) = target.next_column()? {
        let is_removed = |record: u64| units.contains(start + record);
        filter_column(source.get_column_reader(place)?, &mut column, &is_removed)?;
        column.close()?;
        place += 1;
    }
    Ok(())
}

fn filter_column(
    reader: ColumnReader,
    writer: &mut SerializedColumnWriter<'_>,
    is_removed: &dyn Fn(u64) -> bool,
) -> Result<()> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => filter(reader, writer.typed::<BoolType>(), is_removed),
        ColumnReader::Int32ColumnReader(reader) => filter(reader, writer.typed::<Int32Type>(), is_removed),
        ColumnReader::Int64ColumnReader(reader) => filter(reader, writer.typed::<Int64Type>(), is_removed),
        ColumnReader::Int96ColumnReader(reader) => filter(reader, writer.typed::<Int96Type>(), is_removed),
        ColumnReader::FloatColumnReader(reader) => filter(reader, writer.typed::<FloatType>(), is_removed),
        ColumnReader::DoubleColumnReader(reader) => filter(reader, writer.typed::<DoubleType>(), is_removed),
        ColumnReader::ByteArrayColumnReader(reader) => {
            filter(reader, writer.typed::<ByteArrayType>(), is_removed)
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            filter(reader, writer.typed::<FixedLenByteArrayType>(), is_removed)
        }
    }
}

/// Copies levels and values but those of removed records. A record begins at repetition level 0; a value stands where the
/// definition level is the column's highest (Dremel's encoding, Parquet specification "Nested Encoding").
fn filter<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    writer: &mut ColumnWriterImpl<'_, T>,
    is_removed: &dyn Fn(u64) -> bool,
) -> Result<()> {
    let descriptor = writer.get_descriptor().clone();
    let (highest, repeated) = (descriptor.max_def_level(), descriptor.max_rep_level() > 0);
    let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut next_record = 0_u64;
    loop {
        definitions.clear();
        repetitions.clear();
        values.clear();
        let (records, _, levels) = reader.read_records(
            BATCH_RECORDS,
            (highest > 0).then_some(&mut definitions),
            repeated.then_some(&mut repetitions),
            &mut values,
        )?;
        if records == 0 && levels == 0 {
            return Ok(());
        }
        let mut kept = (Vec::new(), Vec::new(), Vec::new());
        let mut removing = false;
        let mut batch_values = values.drain(..);
        for level in 0..levels {
            if !repeated || repetitions[level] == 0 {
                removing = is_removed(next_record);
                next_record += 1;
            }
            let value =
                if highest == 0 || definitions[level] == highest { batch_values.next() } else { None };
            if removing {
                continue;
            }
            if highest > 0 {
                kept.0.push(definitions[level]);
            }
            if repeated {
                kept.1.push(repetitions[level]);
            }
            kept.2.extend(value);
        }
        drop(batch_values);
        writer.write_batch(&kept.2, (highest > 0).then_some(&kept.0[..]), repeated.then_some(&kept.1[..]))?;
    }
}
