//! Reads records block by block, so that a damaged one costs its own records only.

use bytes::Bytes;
use catalog::model::{AnomalyKind, Dialect};

use super::container::{Block, Blocks, Header};
use super::datum::{self, Cells, Cursor};
use crate::content::Content;
use crate::format::json::EachTree;
use crate::format::{At, Bounds, FormatError, Sink};

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let header = Header::read(content)?;
    let mut cells = Cells::new(&header.schema, bounds.nesting_max, sink)?;
    let mut blocks = Blocks::new(content, &header);
    let (mut start, mut read, mut budget) = (0_u64, 0_u64, bounds.decoded_bytes_max);
    loop {
        let block = match blocks.next() {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(()),
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => {
                sink.anomaly(error.anomaly(), format!("after {start} records: {error}"));
                if blocks.recover()? {
                    continue;
                }
                return Ok(());
            }
        };
        let mut each = |cursor: &mut Cursor<'_>, row: u64| {
            if read >= bounds.rows_max {
                return Ok(false);
            }
            read += 1;
            sink.row(row);
            cells.record(cursor, At { row, unit: row, offset: None }, sink)?;
            Ok(true)
        };
        match records(content, &header, &block, start, &mut budget, &mut each) {
            Ok(true) => {}
            Ok(false) => {
                sink.anomaly(AnomalyKind::LimitReached, format!("only the first {read} records were read"));
                return Ok(());
            }
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(error) => sink.anomaly(error.anomaly(), format!("block at byte {}: {error}", block.start)),
        }
        start = start.saturating_add(block.count);
    }
}

/// Goes over a block's records until `each` answers false; answers whether all were taken.
fn records(
    content: &Content,
    header: &Header,
    block: &Block,
    start: u64,
    budget: &mut u64,
    each: &mut dyn FnMut(&mut Cursor<'_>, u64) -> Result<bool, FormatError>,
) -> Result<bool, FormatError> {
    let records = decoded(content, header, block, *budget)?;
    *budget -= records.len() as u64;
    let mut cursor = Cursor::new(&records);
    for number in 0..block.count {
        // Counts the record itself, which may be without bytes.
        cursor.step()?;
        if !each(&mut cursor, start.saturating_add(number))? {
            return Ok(false);
        }
    }
    if !cursor.is_at_end() {
        return Err(FormatError::Corrupt("holds more bytes than its records".into()));
    }
    Ok(true)
}

/// The decoded bytes of a block.
pub(super) fn decoded(
    content: &Content,
    header: &Header,
    block: &Block,
    bytes_max: u64,
) -> Result<Bytes, FormatError> {
    header.codec.decode(&block.encoded(content)?, bytes_max)
}

/// Hands on records with their nesting. What is damaged is left out: the crawl has recorded it as an anomaly.
///
/// # Errors
/// If the header cannot be read, or what `each` fails with.
pub(super) fn trees(content: &Content, bounds: &Bounds, each: EachTree<'_>) -> Result<(), FormatError> {
    let header = Header::read(content)?;
    let mut blocks = Blocks::new(content, &header);
    let (mut read, mut budget) = (0_u64, bounds.decoded_bytes_max);
    loop {
        let block = match blocks.next() {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(()),
            Err(FormatError::Io(error)) => return Err(error.into()),
            Err(_) if blocks.recover()? => continue,
            Err(_) => return Ok(()),
        };
        let mut failed = false;
        let taken = records(content, &header, &block, 0, &mut budget, &mut |cursor, _| {
            if read >= bounds.rows_max {
                return Ok(false);
            }
            let tree = datum::record_tree(&header.schema, cursor, bounds.nesting_max)?;
            read += 1;
            each(tree).inspect_err(|_| failed = true)
        });
        match taken {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if failed || matches!(error, FormatError::Io(_)) => return Err(error),
            Err(_) => {}
        }
    }
}
