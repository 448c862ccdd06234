//! Reads rows stripe by stripe, so that a damaged one costs its own rows only.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Fields, Schema};
use catalog::model::{AnomalyKind, Dialect};

use super::open::{self, Column, Opener};
use super::tail::{self, Stripe, StripeInfo, Tail};
use crate::content::Content;
use crate::format::columns::{Columns, declare};
use crate::format::{At, Bounds, FormatError, Sink};

/// Rows decoded at once.
const BATCH_ROWS: u64 = 1_024;
/// Bytes of a stripe that are decoded at once, about.
const BATCH_BYTES: u64 = 8 << 20;
/// The column of a file whose schema is no struct.
const LONE: &str = "value";

/// The columns at the top: their fields and the numbers of their types.
fn top(tail: &Tail) -> Result<(Fields, Vec<usize>), FormatError> {
    let root = &tail.types[0];
    if root.kind == open::kind::STRUCT {
        return Ok((open::fields(tail, 0)?, root.children.clone()));
    }
    Ok((vec![Field::new(LONE, open::data_type(tail, 0)?, true)].into(), vec![0]))
}

/// Calls back with the arrays of some rows of a stripe until it answers false; answers whether all were taken.
fn stripe(
    content: &Content,
    tail: &Tail,
    info: &StripeInfo,
    ids: &[usize],
    each: &mut dyn FnMut(u64, Vec<ArrayRef>) -> Result<bool, FormatError>,
) -> Result<bool, FormatError> {
    let stripe = Stripe::open(content, tail.codec, info)?;
    let opener = Opener { content, tail, stripe: &stripe };
    let mut columns: Vec<Column> = ids.iter().map(|id| opener.column(*id)).collect::<Result<_, _>>()?;
    let row_bytes = info.data / info.rows.max(1);
    let batch = (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS);
    let mut left = info.rows;
    while left > 0 {
        let rows = left.min(batch);
        let arrays = columns.iter_mut().map(|column| column.read(rows as usize)).collect::<Result<_, _>>()?;
        if !each(rows, arrays)? {
            return Ok(false);
        }
        left -= rows;
    }
    Ok(true)
}

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let tail = tail::open(content)?;
    let (fields, ids) = top(&tail)?;
    let declared = declare(&fields, sink);
    let (mut start, mut read, mut decoded) = (0_u64, 0_u64, 0_u64);
    for (number, info) in tail.stripes.iter().enumerate() {
        let mut row = start;
        let taken = stripe(content, &tail, info, &ids, &mut |rows, arrays| {
            let bytes = arrays.iter().map(Array::get_array_memory_size).sum::<usize>() as u64;
            decoded = decoded.saturating_add(bytes).saturating_add(rows);
            if decoded > bounds.decoded_bytes_max {
                return Ok(false);
            }
            let columns = Columns::new(&declared, &arrays)
                .map_err(|_| FormatError::Corrupt("holds values out of their type's range".into()))?;
            for index in 0..rows as usize {
                if read >= bounds.rows_max {
                    return Ok(false);
                }
                sink.row(row);
                columns.emit(index, At { row, unit: row, offset: None }, sink);
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
            Err(error) => sink.anomaly(error.anomaly(), format!("stripe {number}: {error}")),
        }
        start = start.saturating_add(info.rows);
    }
    Ok(())
}

/// Calls back with batches of the columns of these names until it answers false. A damaged stripe is left out: the crawl has
/// recorded it as an anomaly.
///
/// # Errors
/// If the file cannot be opened, or what `each` fails with.
pub(super) fn batches(
    content: &Content,
    names: &[&str],
    each: &mut dyn FnMut(RecordBatch) -> Result<bool, FormatError>,
) -> Result<(), FormatError> {
    let tail = tail::open(content)?;
    let (fields, ids) = top(&tail)?;
    let wanted: Vec<usize> =
        (0..fields.len()).filter(|place| names.contains(&fields[*place].name().as_str())).collect();
    let ids: Vec<usize> = wanted.iter().map(|place| ids[*place]).collect();
    let schema = Arc::new(Schema::new(wanted.iter().map(|place| fields[*place].clone()).collect::<Vec<_>>()));
    for info in &tail.stripes {
        let mut failed = false;
        let taken = stripe(content, &tail, info, &ids, &mut |rows, arrays| {
            let options = RecordBatchOptions::new().with_row_count(Some(rows as usize));
            let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options)
                .map_err(|_| FormatError::Corrupt("stripe is damaged".into()))?;
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
