//! Removes rows from a column chunk through the typed reader and writer of the `parquet` crate, on Parquet's own levels and
//! values: the way for encodings and codecs that are not taken apart page by page in `chunk`.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;

/// Records of a column decoded at once.
const BATCH_RECORDS: usize = 4_096;

/// # Errors
/// What the reader fails with.
pub(super) fn filter_column(
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
