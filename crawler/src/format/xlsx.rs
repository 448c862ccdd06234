//! Office Open XML workbooks (ECMA-376-1 §18): a table a sheet, a row element a row; what stands outside of rows is the table
//! `properties`. Where there is but one sheet its rows are the workbook's own.
//!
//! A removed row leaves a gap: rows below keep their numbers, so that formulas, merged cells and comments still mean what they
//! meant. Unit = number of the row element in its sheet; of a property, the member and the byte where it stands.

use super::arrow::RowsFn;
use super::magic::zipped;
use super::passages::Taking;
use super::{Format, Head, Sniff, locate_by_reading};

mod book;
mod read;
mod rewrite;
mod sheet;
mod strings;
#[cfg(test)]
mod tests;

/// Workbooks, with macros or without; binary ones are another format.
pub(super) static FORMAT: Format = Format {
    id: "xlsx",
    media_type: "application/*",
    extensions: &["xlsx", "xlsm", "xltx", "xltm"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Table(read::read_table),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

/// The table of what stands outside of rows.
const PROPERTIES: &str = "properties";
/// Units of shared strings that no row shows: this bit and the string's number.
const STRING_UNITS: u64 = 1 << 62;
/// Bits of a property's unit that are the byte in its member.
const OFFSET_BITS: u32 = 40;

/// What is text in members other than strings: rows are read apart, and most attributes are settings.
static TAKING: Taking = Taking {
    skip: &["sheetData", "mergeCells", "cols"],
    join: &["p", "text", "threadedComment", "oddHeader", "oddFooter"],
    attribute: |element, attribute, value| {
        let is_cached = element.len() == 1 && attribute == "v";
        let is_of_someone = element == "person" || element == "author" || attribute == "userName";
        // Names that other parts go by: without them there is no workbook.
        let is_reference =
            ["name", "uniqueName", "id", "ref", "path", "coordsize", "style"].contains(&attribute);
        is_cached || is_of_someone || (!is_reference && says_something(value))
    },
};

/// Whether a setting's value may be about somebody: an address, words, a long number.
fn says_something(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_schema = value.starts_with("http://schemas.") || value.starts_with("http://purl.");
    !is_schema
        && (value.contains('@')
            || value.contains("%40")
            || value.contains(' ')
            || digits >= 7
            || value.contains("://"))
}

fn property_unit(member: usize, offset: u64) -> u64 {
    ((member as u64) << OFFSET_BITS) | offset.min((1 << OFFSET_BITS) - 1)
}

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    zipped(head, "xlsx")
}
