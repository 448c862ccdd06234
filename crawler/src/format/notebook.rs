//! Jupyter notebooks (<https://nbformat.readthedocs.io>): JSON whose cells are the rows, sources and outputs with them. What is
//! read, found and removed is what JSON's rules say: a cell is a unit.

use super::magic::certain;
use super::{Format, Head, Sniff, json};

/// Version 3 and later.
pub(super) static FORMAT: Format = json::of("jupyter", "application/x-ipynb+json", &["ipynb"], sniff);

/// An object with cells; the format's version may come after all of them, where it is seen in the tail.
fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let is_object = head.bytes.trim_ascii_start().starts_with(b"{");
    let says = |word: &[u8]| {
        let within = |bytes: &[u8]| memchr::memmem::find(bytes, word).is_some();
        within(head.bytes) || within(head.tail)
    };
    let cells = says(b"\"cells\"") || says(b"\"worksheets\"");
    certain(is_object && cells && says(b"\"nbformat\"") && says(b"\"metadata\""), 0.97)
}
