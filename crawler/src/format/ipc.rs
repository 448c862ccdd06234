//! Arrow IPC: files (Feather version 2) and streams, how they are known. Messages are taken apart in `messages`, batches decoded in
//! `batches`; `read` makes cells of them, `rewrite` leaves rows out and `dictionary` what only those rows referred to.
//!
//! Unit = row's number in the content. A file is a stream between a magic number and a footer, and is read as one, so that what
//! lost its footer is read too. Specification: <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>.

use std::panic::{AssertUnwindSafe, catch_unwind};

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::{Format, FormatError, Head, Sniff, locate_by_reading};

mod batches;
mod dictionary;
mod messages;
mod read;
mod rewrite;
#[cfg(test)]
mod tests;

/// Arrow's own files, which pandas calls Feather.
pub(super) static FILE: Format = Format {
    id: "arrow",
    media_type: "application/vnd.apache.arrow.file",
    extensions: &["arrow", "feather", "ipc"],
    sniff: sniff_file,
    read: Some(read::read),
    rows: RowsFn::Batches(read::batches),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

/// The same without magic number and footer, as it goes over the wire.
pub(super) static STREAM: Format = Format {
    id: "arrow_stream",
    media_type: "application/vnd.apache.arrow.stream",
    extensions: &["arrows", "arrow", "ipc"],
    sniff: sniff_stream,
    read: Some(read::read),
    rows: RowsFn::Batches(read::batches),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

fn sniff_file(head: &Head<'_>) -> Option<Sniff> {
    let closed = head.tail.is_empty() || head.tail.ends_with(messages::MAGIC);
    let confidence = if closed { 0.99 } else { 0.95 };
    head.bytes.starts_with(messages::MAGIC).then(|| Sniff { confidence, dialect: Dialect::default() })
}

fn sniff_stream(head: &Head<'_>) -> Option<Sniff> {
    messages::begins_stream(head.bytes).then(|| Sniff { confidence: 0.98, dialect: Dialect::default() })
}

/// Runs a decoder over bytes from outside. It is a large library with unchecked corners: a panic in it is corrupt content.
fn guarded<T>(what: &str, decode: impl FnOnce() -> Result<T, FormatError>) -> Result<T, FormatError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(FormatError::Corrupt(format!("{what} breaks its decoder"))))
}
