//! Avro object container files: how they are known. Header and blocks are taken apart in `container`, the schema in `schema`,
//! records in `datum`; `read` makes cells of them and `rewrite` leaves records out.
//!
//! Unit = record's number in the file. Specification: <https://avro.apache.org/docs/1.12.0/specification/>. The framing is read
//! here rather than by a library, since a rewrite keeps the bytes of every record and block that it does not remove, and since a
//! schema from outside may nest and repeat without end.

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::{Format, Head, Sniff, locate_by_reading};

mod container;
mod datum;
mod read;
mod rewrite;
mod schema;
#[cfg(test)]
mod tests;

/// Row files of the Hadoop world and of Kafka's sinks.
pub(super) static FORMAT: Format = Format {
    id: "avro",
    media_type: "application/vnd.apache.avro",
    extensions: &["avro"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Trees(read::trees),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let rest = head.bytes.strip_prefix(container::MAGIC)?;
    // Other metadata may come first and be long.
    let schema = memchr::memmem::find(rest, container::SCHEMA_KEY.as_bytes()).is_some();
    Some(Sniff { confidence: if schema { 0.99 } else { 0.95 }, dialect: Dialect::default() })
}
