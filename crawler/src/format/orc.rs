//! ORC: how it is known and opened. Its tail is read in `tail`, streams are decoded in `chunks` and `runs`, put together to columns in
//! `column`; `read` makes cells of them. `filter` and `encode` write columns without removed rows, `rewrite` the file.
//!
//! Unit = row's number in the file. Own decoders, since the crate for ORC (orc-rust 0.9) panics on bytes that are not ORC and reserves
//! as much memory as they ask for, and since rows can be taken out faithfully only below Arrow.
//! Specification: <https://orc.apache.org/specification/ORCv1/>.

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::{Format, FormatError, Head, Sniff, locate_by_reading};

mod chunks;
mod column;
mod encode;
mod filter;
mod open;
mod proto;
mod read;
mod rewrite;
mod runs;
mod tail;
#[cfg(test)]
mod tests;

/// Columnar files of Hive and its kin.
pub(super) static FORMAT: Format = Format {
    id: "orc",
    media_type: "application/vnd.apache.orc",
    extensions: &["orc"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Batches(read::batches),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

/// Stands at the beginning and, before the last byte, at the end.
const MAGIC: &[u8; 3] = b"ORC";

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    if !head.bytes.starts_with(MAGIC) {
        return None;
    }
    let closed = head.tail.len().checked_sub(4).is_some_and(|start| head.tail[start..].starts_with(MAGIC));
    // Three letters begin a text as well; the streams after them are none.
    let binary = head.bytes.iter().take(1_024).any(|byte| *byte < 9);
    let confidence = if closed { 0.99 } else { 0.95 };
    (closed || binary).then(|| Sniff { confidence, dialect: Dialect::default() })
}

fn damaged(what: &str) -> FormatError {
    FormatError::Corrupt(format!("{what} is damaged"))
}

fn ends_early(what: &str) -> FormatError {
    FormatError::Truncated(format!("{what} ends too early"))
}
