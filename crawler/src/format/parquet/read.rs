//! Reads cells row group by row group, so that a damaged one costs its own rows only.

use arrow_array::RecordBatch;
use catalog::model::{AnomalyKind, Dialect};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::super::columns::{Columns, declare};
use super::super::{At, Bounds, FormatError, Sink};
use super::{check_magic, format_error, guarded};
use crate::content::Content;

/// Rows decoded at once.
const BATCH_ROWS: usize = 1_024;

/// The footer. What a writer says about Arrow types is believed unless it contradicts the file.
pub(in crate::format) fn open(content: &Content) -> Result<ArrowReaderMetadata, FormatError> {
    check_magic(content)?;
    guarded("footer", || {
        ArrowReaderMetadata::load(content, ArrowReaderOptions::new())
            .or_else(|_| {
                ArrowReaderMetadata::load(content, ArrowReaderOptions::new().with_skip_arrow_metadata(true))
            })
            .map_err(|error| format_error("footer", &error))
    })
}

/// Calls back with the batches of one row group until it answers false; answers whether all were taken.
pub(in crate::format) fn row_group(
    content: &Content,
    metadata: &ArrowReaderMetadata,
    group: usize,
    projection: Option<&ProjectionMask>,
    each: &mut dyn FnMut(RecordBatch) -> Result<bool, FormatError>,
) -> Result<bool, FormatError> {
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(content.clone(), metadata.clone())
        .with_row_groups(vec![group])
        .with_batch_size(BATCH_ROWS);
    if let Some(projection) = projection {
        builder = builder.with_projection(projection.clone());
    }
    let mut reader =
        guarded("row group", || builder.build().map_err(|error| format_error("row group", &error)))?;
    loop {
        let next = guarded("row group", || {
            // The reader wraps its own errors in Arrow's; their text may quote the file.
            reader.next().transpose().map_err(|_| FormatError::Corrupt("row group is damaged".into()))
        })?;
        match next {
            Some(batch) => {
                if !each(batch)? {
                    return Ok(false);
                }
            }
            None => return Ok(true),
        }
    }
}

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let metadata = open(content)?;
    let mut declared = declare(metadata.schema().fields(), sink);
    let wanted = declared.leave_out_skipped(sink);
    let all = wanted.len() == metadata.schema().fields().len();
    let projection = ProjectionMask::roots(metadata.parquet_schema(), wanted.iter().copied());
    let (mut start, mut read, mut decoded) = (0_u64, 0_u64, 0_u64);
    for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
        decoded = decoded.saturating_add(u64::try_from(group.total_byte_size()).unwrap_or(0));
        if decoded > bounds.decoded_bytes_max {
            let reason = format!("row groups from number {number} on would decode to more than the limit");
            sink.anomaly(AnomalyKind::LimitReached, reason);
            return Ok(());
        }
        let mut row = start;
        let taken = row_group(content, &metadata, number, (!all).then_some(&projection), &mut |batch| {
            let columns = Columns::new(&declared, batch.columns()).map_err(|_| {
                FormatError::Corrupt("row group holds values out of their type's range".into())
            })?;
            for index in 0..batch.num_rows() {
                if read >= bounds.rows_max {
                    return Ok(false);
                }
                let at = At { row, unit: row, offset: None };
                sink.row(row);
                if !all {
                    sink.unit(at);
                }
                columns.emit(index, at, sink);
                (row, read) = (row + 1, read + 1);
            }
            Ok(true)
        });
        match taken {
            Ok(true) => {}
            Ok(false) => {
                sink.anomaly(AnomalyKind::LimitReached, format!("only the first {read} rows were read"));
                return Ok(());
            }
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => sink.anomaly(error.anomaly(), format!("row group {number}: {error}")),
        }
        start = start.saturating_add(u64::try_from(group.num_rows()).unwrap_or(0));
    }
    Ok(())
}

/// Calls back with batches of the columns of these names until it answers false. A damaged row group is left out: the crawl
/// has recorded it as an anomaly.
///
/// # Errors
/// If the file cannot be opened, or what `each` fails with.
pub(in crate::format) fn batches(
    content: &Content,
    names: &[&str],
    each: &mut dyn FnMut(RecordBatch) -> Result<bool, FormatError>,
) -> Result<(), FormatError> {
    let metadata = open(content)?;
    let fields = metadata.schema().fields();
    let roots = (0..fields.len()).filter(|place| names.contains(&fields[*place].name().as_str()));
    let projection = ProjectionMask::roots(metadata.parquet_schema(), roots);
    for group in 0..metadata.metadata().num_row_groups() {
        let mut failed = false;
        let taken = row_group(content, &metadata, group, Some(&projection), &mut |batch| {
            each(batch).inspect_err(|_| failed = true)
        });
        match taken {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if failed || matches!(error, FormatError::Io(_)) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(())
}
