//! JSON lines: a document a line, a row each; unit = row number, blank lines not counted.
//!
//! A line that is not JSON is a row too, searched as text, so that nobody hides behind a missing bracket.

use std::io::Write;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use super::arrow::{RowsFn, Tree};
use super::charset::Charset;
use super::json::cells::{Cells, ROOT, Unit};
use super::json::lexer::{LexError, Lexer, Slice, Token};
use super::json::sniff::sniff_lines;
use super::json::{EachTree, tree};
use super::lines::Lines;
use super::text::{Heading, copy_without};
use super::{At, Bounds, Format, FormatError, Removal, Rewritten, Sink, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

/// Newline-delimited JSON.
pub(super) static FORMAT: Format = Format {
    id: "ndjson",
    media_type: "application/x-ndjson",
    extensions: &["ndjson", "jsonl", "json", "jsonlines", "ldjson", "geojsonl", "geojsonseq"],
    sniff: sniff_lines,
    read: Some(read),
    rows: RowsFn::Trees(trees),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite),
    container: None,
};

/// Bytes of a line that a rewrite holds at once.
const COPY_BYTES: usize = 64 << 10;
/// Pieces of an overlong line overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;

fn is_record(line: &[u8]) -> bool {
    !line.trim_ascii().is_empty()
}

/// Reads one line of one document; whether it was one.
fn document(
    cells: &mut Cells,
    line: &[u8],
    row: u64,
    offset: u64,
    sink: &mut dyn Sink,
) -> Result<bool, FormatError> {
    if !is_document(line)? {
        return Ok(false);
    }
    let mut lexer = Lexer::new(Slice::new(line), usize::MAX);
    let read = lexer
        .next()
        .and_then(|token| cells.value(&mut lexer, token, ROOT, (row, Unit::Fixed(row), offset), sink));
    match read {
        Ok(()) => Ok(true),
        Err(LexError::Io(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

/// Looks ahead, so that a malformed line leaves no half of its cells.
fn is_document(line: &[u8]) -> Result<bool, FormatError> {
    let mut lexer = Lexer::new(Slice::new(line), 0);
    let whole = lexer.next().and_then(|token| {
        lexer.skip_rest(token)?;
        lexer.next()
    });
    match whole {
        Ok(token) => Ok(token == Token::End),
        Err(LexError::Io(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut lines = Lines::new(content, Charset::Utf8, None, bounds.record_bytes_max)?;
    let mut cells = Cells::new(bounds);
    let mut text_feature = None;
    let (mut row, mut malformed, mut overlong, mut in_row) = (0_u64, 0_u64, 0_u64, false);
    let mut carried: Vec<u8> = Vec::new();
    while let Some(piece) = lines.next()? {
        if piece.first {
            carried.clear();
            in_row = is_record(piece.bytes);
            if !in_row {
                continue;
            }
            if row >= bounds.rows_max {
                sink.anomaly(AnomalyKind::LimitReached, format!("only the first {row} lines were read"));
                break;
            }
            sink.row(row);
            row += 1;
            overlong += u64::from(!piece.last);
            if piece.last && document(&mut cells, piece.bytes, row - 1, piece.offset, sink)? {
                continue;
            }
            malformed += u64::from(piece.last);
        } else if !in_row {
            continue;
        }
        let overlap = carried.len() as u64;
        carried.extend_from_slice(piece.bytes);
        let at = At { row: row - 1, unit: row - 1, offset: Some(piece.offset - overlap) };
        let feature = *text_feature.get_or_insert_with(|| sink.feature(&FeaturePath::column("line"), None));
        sink.cell(feature, at, Value::Raw(String::from_utf8_lossy(carried.trim_ascii_end())));
        carried.drain(..carried.len().saturating_sub(OVERLAP_BYTES));
    }
    if malformed > 0 {
        let reason = format!("{malformed} lines are not JSON; they were searched as text");
        sink.anomaly(AnomalyKind::MalformedRecords, reason);
    }
    if overlong > 0 {
        let reason = format!(
            "{overlong} lines are longer than {} bytes and were searched as text",
            bounds.record_bytes_max
        );
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    if cells.too_deep > 0 {
        let reason =
            format!("{} values are nested more deeply than {} levels", cells.too_deep, bounds.nesting_max);
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    Ok(())
}

/// Hands on the rows with their nesting; a line that is not JSON has one field, `line`.
///
/// # Errors
/// If the content cannot be read, or what `each` fails with.
pub(super) fn trees(content: &Content, bounds: &Bounds, each: EachTree<'_>) -> Result<(), FormatError> {
    let mut lines = Lines::new(content, Charset::Utf8, None, bounds.record_bytes_max)?;
    let mut row = 0;
    while let Some(piece) = lines.next()? {
        if !piece.first || !is_record(piece.bytes) {
            continue;
        }
        if row >= bounds.rows_max {
            return Ok(());
        }
        row += 1;
        let read = if piece.last && is_document(piece.bytes)? {
            let mut lexer = Lexer::new(Slice::new(piece.bytes), usize::MAX);
            lexer.next().and_then(|token| tree(&mut lexer, token, bounds)).ok()
        } else {
            None
        };
        let read = read.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(piece.bytes.trim_ascii_end());
            Tree::Struct(vec![("line".into(), Tree::of(&Value::Raw(text)))])
        });
        if !each(read)? {
            return Ok(());
        }
    }
    Ok(())
}

fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let lines = Lines::new(content, Charset::Utf8, None, COPY_BYTES)?;
    copy_without(content, lines, Heading::default(), &is_record, removal, out)
}
