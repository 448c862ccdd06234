//! Replaces fields of records: each keeps its quotes if it had some, and takes some if its new value needs them.

use std::io::Write;
use std::ops::Range;

use catalog::model::Dialect;

use super::super::replace::{CellEdit, New, each_record, moved, splice, unspelled};
use super::super::{Bounds, FormatError, Rewritten};
use super::{Field, Splitting, quoted_field};
use crate::content::Content;

/// Writes content with edits; all other bytes are as they were.
///
/// # Errors
/// `Unsupported` if a record is not there, or a value cannot be written into it.
pub(in crate::format) fn replace(
    content: &Content,
    dialect: &Dialect,
    edits: &[CellEdit],
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let splitting = Splitting::of(dialect);
    let mut spans = Vec::new();
    let lines = splitting.lines(content, Bounds::default().record_bytes_max)?;
    each_record(lines, edits, &mut |offset, bytes, edits| {
        let old = splitting.charset.without_line_end(bytes);
        spans.push((offset..offset + old.len() as u64, record(splitting, old, edits)?));
        Ok(())
    })?;
    splice(content, spans, out)?;
    Ok(Rewritten { removed: 0, kept: edits.len() as u64 })
}

/// A record with some fields replaced.
fn record(splitting: Splitting, bytes: &[u8], edits: &[CellEdit]) -> Result<Vec<u8>, FormatError> {
    let Splitting { charset, delimiter, quote } = splitting;
    let text = charset.decode(bytes);
    // Bytes that do not say exactly this text would not stay as they are.
    if charset.encode(&text, bytes).as_deref() != Some(bytes) {
        return Err(unspelled(charset));
    }
    let fields = fields(&text, delimiter, quote);
    let (mut new, mut from) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        let (field, range) = fields.get(edit.place).ok_or_else(moved)?;
        if field.text != edit.old || range.start < from {
            return Err(moved());
        }
        new.push_str(&text[from..range.start]);
        new.push_str(&written(&edit.new, field.quoted, fields.len() == 1, splitting)?);
        from = range.end;
    }
    new.push_str(&text[from..]);
    charset.encode(&new, bytes).ok_or_else(|| unspelled(charset))
}

/// A value as a field is written.
fn written(new: &New, quoted: bool, alone: bool, splitting: Splitting) -> Result<String, FormatError> {
    let text = match new {
        // An empty line would be no record at all.
        New::Null if alone => match splitting.quote {
            Some(quote) => return Ok(format!("{quote}{quote}")),
            None => return Err(FormatError::Unsupported("the only field of a record cannot be null".into())),
        },
        New::Null => return Ok(String::new()),
        New::Text(text) => text.clone(),
        New::Int(number) => number.to_string(),
    };
    let is_plain = |letter: char| letter != splitting.delimiter && letter != '\n' && letter != '\r';
    let begins_quoted = splitting.quote.is_some_and(|quote| text.starts_with(quote));
    if !quoted && !begins_quoted && text.chars().all(is_plain) {
        return Ok(text);
    }
    let Some(quote) = splitting.quote else {
        return Err(FormatError::Unsupported("a value needs quotes, and the text has none".into()));
    };
    let doubled = format!("{quote}{quote}");
    Ok(format!("{quote}{}{quote}", text.replace(quote, &doubled)))
}

/// Fields with their places in the record, split as the reader splits.
fn fields(record: &str, delimiter: char, quote: Option<char>) -> Vec<(Field<'_>, Range<usize>)> {
    let (mut fields, mut start) = (Vec::new(), 0);
    loop {
        let rest = &record[start..];
        let (field, after) = match quote {
            Some(quote) if rest.starts_with(quote) => quoted_field(rest, delimiter, quote),
            _ => {
                let end = rest.find(delimiter);
                (Field { text: rest[..end.unwrap_or(rest.len())].into(), quoted: false }, end)
            }
        };
        fields.push((field, start..after.map_or(record.len(), |end| start + end)));
        match after {
            Some(end) => start += end + 1,
            None => return fields,
        }
    }
}
