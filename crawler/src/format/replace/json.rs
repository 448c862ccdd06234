//! Replaces scalars of JSON, names of members that are data, and lines that are not JSON.

use std::io::Write;
use std::ops::Range;

use catalog::model::Dialect;

use super::super::json::lexer::{Lexer, Slice, Token};
use super::super::{FormatError, Rewritten};
use super::{CellEdit, New, moved, splice};
use crate::content::Content;

/// Bytes of one scalar, escapes included.
const SCALAR_BYTES_MAX: usize = 64 << 20;
/// Bytes looked at first.
const FIRST_BYTES: usize = 4 << 10;

pub(super) fn apply(
    content: &Content,
    _: &Dialect,
    edits: &[CellEdit],
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let mut spans = Vec::with_capacity(edits.len());
    for edit in edits {
        spans.push(if edit.is_raw { line(content, edit)? } else { scalar(content, edit)? });
    }
    // A member's name is told of with its value's place, and a document's parts in the order of its rows.
    spans.sort_by_key(|(span, _)| span.start);
    splice(content, spans, out)?;
    Ok(Rewritten { removed: 0, kept: edits.len() as u64 })
}

/// Text that was read as it stands: a malformed line, or the rest of a broken document.
fn line(content: &Content, edit: &CellEdit) -> Result<(Range<u64>, Vec<u8>), FormatError> {
    let start = edit.at.offset.ok_or_else(moved)?;
    if content.range(start, edit.old.len())?[..] != *edit.old.as_bytes() {
        return Err(moved());
    }
    let new = match &edit.new {
        New::Text(text) => text.clone().into_bytes(),
        New::Null | New::Int(_) => Vec::new(),
    };
    Ok((start..start + edit.old.len() as u64, new))
}

fn scalar(content: &Content, edit: &CellEdit) -> Result<(Range<u64>, Vec<u8>), FormatError> {
    let start = edit.at.offset.ok_or_else(moved)?;
    let (token, text, len) = token_at(content, start)?;
    let is_same = match token {
        Token::String => text == edit.old,
        Token::Number => numbers_agree(&text, &edit.old),
        Token::True | Token::False => true,
        _ => false,
    };
    if !is_same {
        return Err(moved());
    }
    let is_name = token == Token::String
        && content.range(start + len, FIRST_BYTES)?.trim_ascii_start().starts_with(b":");
    let new = match &edit.new {
        New::Null | New::Int(_) if is_name => {
            let reason = "the name of a member cannot become null or a number";
            return Err(FormatError::Unsupported(reason.into()));
        }
        New::Null => b"null".to_vec(),
        New::Int(number) => number.to_string().into_bytes(),
        New::Text(text) => serde_json::to_vec(text).map_err(|_| moved())?,
    };
    Ok((start..start + len, new))
}

/// A reader tells of a number by its value: `1.50` as 1.5.
fn numbers_agree(written: &str, read: &str) -> bool {
    written == read || matches!((written.parse::<f64>(), read.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// The scalar that begins at an offset: what it is, what it says, and its bytes.
fn token_at(content: &Content, start: u64) -> Result<(Token, String, u64), FormatError> {
    let mut bytes_max = FIRST_BYTES;
    loop {
        let bytes = content.range(start, bytes_max)?;
        let all = bytes.len() < bytes_max;
        let mut lexer = Lexer::new(Slice::new(&bytes), usize::MAX);
        match lexer.next() {
            // A number at the end of what was looked at may go on.
            Ok(token) if all || lexer.end() < bytes.len() as u64 => {
                return Ok((token, lexer.text().into_owned(), lexer.end()));
            }
            _ if all || bytes_max >= SCALAR_BYTES_MAX => return Err(moved()),
            _ => bytes_max = (bytes_max * 8).min(SCALAR_BYTES_MAX),
        }
    }
}
