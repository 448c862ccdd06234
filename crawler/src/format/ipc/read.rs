//! Cells of batches, and batches themselves for whoever wants Arrow.

use arrow_array::RecordBatch;
use catalog::model::{AnomalyKind, Dialect};

use super::batches::{Batches, pieces};
use crate::content::Content;
use crate::format::columns::{Columns, declare};
use crate::format::{At, Bounds, FormatError, Sink};

/// Rows whose cells are prepared at once.
const PIECE_ROWS: usize = 1_024;
/// Rows of a batch that is handed on.
const BATCH_ROWS: usize = 8_192;

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let mut batches = Batches::open(content)?;
    let declared = declare(batches.schema.fields(), sink);
    let (mut start, mut read, mut decoded, mut found) = (0_u64, 0_u64, 0_u64, Vec::new());
    loop {
        let next = match batches.next() {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => {
                sink.anomaly(error.anomaly(), format!("after {start} rows: {error}"));
                break;
            }
        };
        found.push(next.start);
        let mut row = start;
        let taken = next.batch.and_then(|batch| {
            decoded = decoded.saturating_add(batch.get_array_memory_size() as u64);
            if decoded > bounds.decoded_bytes_max {
                return Ok(false);
            }
            pieces(&batch, PIECE_ROWS, &mut |piece| {
                let columns = super::guarded("batch", || {
                    Columns::new(&declared, piece.columns())
                        .map_err(|_| FormatError::Corrupt("holds values out of their type's range".into()))
                })?;
                for index in 0..piece.num_rows() {
                    if read >= bounds.rows_max {
                        return Ok(false);
                    }
                    sink.row(row);
                    columns.emit(index, At { row, unit: row, offset: None }, sink);
                    (row, read) = (row + 1, read + 1);
                }
                Ok(true)
            })
        });
        match taken {
            Ok(true) => {}
            Ok(false) => {
                sink.anomaly(AnomalyKind::LimitReached, format!("only the first {read} rows were read"));
                return Ok(());
            }
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => sink.anomaly(error.anomaly(), format!("batch {}: {error}", found.len() - 1)),
        }
        start = start.saturating_add(next.rows);
    }
    match &batches.footer {
        Some(Err(error)) => sink.anomaly(error.anomaly(), error.to_string()),
        Some(Ok(footer)) if footer.batches != found => {
            sink.anomaly(AnomalyKind::Corrupt, "its footer names other batches than there are".to_owned());
        }
        _ => {}
    }
    Ok(())
}

/// Calls back with batches of the columns of these names until it answers false. What is damaged is left out: the crawl has
/// recorded it as an anomaly.
///
/// # Errors
/// If there is no schema, or what `each` fails with.
pub(super) fn batches(
    content: &Content,
    names: &[&str],
    each: &mut dyn FnMut(RecordBatch) -> Result<bool, FormatError>,
) -> Result<(), FormatError> {
    let mut batches = Batches::open(content)?;
    let fields = batches.schema.fields();
    let wanted: Vec<usize> =
        (0..fields.len()).filter(|place| names.contains(&fields[*place].name().as_str())).collect();
    loop {
        let next = match batches.next() {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(()),
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(_) => return Ok(()),
        };
        let mut failed = false;
        let taken = next.batch.and_then(|batch| {
            let batch =
                batch.project(&wanted).map_err(|_| FormatError::Corrupt("batch is damaged".into()))?;
            pieces(&batch, BATCH_ROWS, &mut |piece| each(piece).inspect_err(|_| failed = true))
        });
        match taken {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if failed || matches!(error, FormatError::Io(_)) => return Err(error),
            Err(_) => {}
        }
    }
}
