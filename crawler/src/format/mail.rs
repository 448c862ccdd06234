//! Mail: one message (RFC 5322, MIME) or a box of them (mbox, RFC 4155): a row a message, headers and decoded bodies as cells, and
//! whatever its attachments hold with them, so that a message goes as a whole. Unit = number of the message in its box; a message
//! by itself is all of its blob.

use std::io::Write;

use catalog::model::{AnomalyKind, Dialect};

use super::arrow::RowsFn;
use super::charset::Charset;
use super::lines::Lines;
use super::{
    At, Bounds, Format, FormatError, Head, Removal, Rewritten, Sink, Sniff, WHOLE, locate_by_reading,
};
use crate::content::Content;

mod message;
#[cfg(test)]
mod tests;

/// A message.
pub(super) static EML: Format = Format {
    id: "eml",
    media_type: "message/rfc822",
    extensions: &["eml", "mht", "mhtml"],
    sniff: sniff_message,
    read: Some(read_message),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Messages one after the other.
pub(super) static MBOX: Format = Format {
    id: "mbox",
    media_type: "application/mbox",
    extensions: &["mbox", "mbx"],
    sniff: sniff_box,
    read: Some(read_box),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite_box),
    container: None,
};

/// Bytes of a message that are parsed; what is longer is a limit that was reached.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// Bytes of a line that are looked at at once.
const LINE_BYTES: usize = 64 << 10;
/// Header fields that mail has and hardly anything else (RFC 5322 §3.6, RFC 2045).
const FIELDS: [&str; 16] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "delivered-to",
    "content-type",
    "content-transfer-encoding",
    "cc",
    "reply-to",
    "in-reply-to",
    "x-mailer",
    "dkim-signature",
];

/// The share of mail's own header fields at the beginning of some text.
fn headers_in(text: &str) -> Option<f32> {
    let (mut known, mut fields): (Vec<&str>, usize) = (Vec::new(), 0);
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let (name, _) = line.split_once(':')?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            return None;
        }
        fields += 1;
        known.extend(FIELDS.iter().filter(|field| field.eq_ignore_ascii_case(name)));
    }
    known.sort_unstable();
    known.dedup();
    let is_addressed =
        ["from", "received", "return-path", "delivered-to", "message-id"].iter().any(|f| known.contains(f));
    (known.len() >= 3 && is_addressed && fields <= 1000).then(|| (known.len() as f32 / 6.0).min(1.0))
}

/// The first letters, the whole lines of them.
fn beginning(head: &Head<'_>) -> Option<String> {
    let charset = head.charset().unwrap_or(Charset::Latin1);
    (charset.width() == 1)
        .then(|| Charset::Latin1.decode(&head.bytes[charset.mark_len(head.bytes)..]).into_owned())
}

fn sniff_message(head: &Head<'_>) -> Option<Sniff> {
    let first = *head.bytes.first()?;
    first.is_ascii_alphabetic().then_some(())?;
    let share = headers_in(&beginning(head)?)?;
    Some(Sniff { confidence: 0.88 + 0.07 * share, dialect: Dialect::default() })
}

fn sniff_box(head: &Head<'_>) -> Option<Sniff> {
    head.bytes.starts_with(b"From ").then_some(())?;
    let text = beginning(head)?;
    let (first, rest) = text.split_once('\n')?;
    let is_dated = first.bytes().filter(u8::is_ascii_digit).count() >= 6 && first.contains(':');
    // A whole envelope is a sign by itself: messages in tests and of old programs have few headers or none.
    let headers = headers_in(rest.trim_start_matches('>')).or_else(|| is_envelope(first).then_some(0.0))?;
    is_dated.then(|| Sniff { confidence: 0.92 + 0.06 * headers, dialect: Dialect::default() })
}

/// Whether a line is `From`, an address and a date as `asctime` writes it, a zone within it perhaps (RFC 4155, appendix A).
fn is_envelope(line: &str) -> bool {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some(day) = words.iter().skip(2).position(|word| DAYS.contains(word)).map(|place| place + 2) else {
        return false;
    };
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let [_, month, date, time, .., year] = words[day..] else {
        return false;
    };
    let is_time = matches!(time.split(':').count(), 2 | 3) && time.split(':').all(is_number);
    month.len() == 3 && is_number(date) && is_time && is_number(year) && year.len() == 4
}

fn read_message(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let mut messages = message::Messages::new(content, bounds);
    let bytes = content.range(0, MESSAGE_BYTES_MAX)?;
    sink.row(0);
    messages.emit(&bytes, At { row: 0, unit: WHOLE, offset: Some(0) }, sink);
    if bytes.len() as u64 != content.len() {
        too_long(0, sink);
    }
    Ok(())
}

fn too_long(row: u64, sink: &mut dyn Sink) {
    let reason =
        format!("message {} is longer than {MESSAGE_BYTES_MAX} bytes; its end was not read", row + 1);
    sink.anomaly(AnomalyKind::LimitReached, reason);
}

fn read_box(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut messages = message::Messages::new(content, bounds);
    let mut row = 0;
    let mut limit = false;
    spans(content, &mut |start, end| {
        if row >= bounds.rows_max {
            limit = true;
            return Ok(());
        }
        let len = usize::try_from(end - start).unwrap_or(usize::MAX);
        let bytes = content.range(start, len.min(MESSAGE_BYTES_MAX))?;
        sink.row(row);
        messages.emit(&bytes, At { row, unit: row, offset: Some(start) }, sink);
        if len > MESSAGE_BYTES_MAX {
            too_long(row, sink);
        }
        row += 1;
        Ok(())
    })?;
    if limit {
        sink.anomaly(AnomalyKind::LimitReached, format!("only the first {row} messages were read"));
    }
    Ok(())
}

/// Calls back with where each message begins and ends: a line that begins with `From ` after an empty one begins the next.
fn spans(
    content: &Content,
    each: &mut dyn FnMut(u64, u64) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut lines = Lines::new(content, Charset::Latin1, None, LINE_BYTES)?;
    let (mut start, mut after_empty, mut any) = (0, true, false);
    while let Some(piece) = lines.next()? {
        if piece.first && after_empty && is_postmark(piece.bytes) {
            let offset = piece.offset;
            if any {
                each(start, offset)?;
            }
            start = if any { offset } else { 0 };
            any = true;
        }
        after_empty = piece.first && matches!(piece.bytes, b"\n" | b"\r\n");
    }
    if content.is_empty() { Ok(()) } else { each(start, content.len()) }
}

/// `From `, an address, a date (RFC 4155 annex A).
fn is_postmark(line: &[u8]) -> bool {
    let digits = line.iter().filter(|byte| byte.is_ascii_digit()).count();
    line.starts_with(b"From ") && digits >= 6 && line.contains(&b':')
}

fn rewrite_box(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let units = removal.units.get("").cloned().unwrap_or_default();
    let (mut cuts, mut row) = (Vec::new(), 0);
    spans(content, &mut |start, end| {
        if units.contains(row) {
            cuts.push((start, end));
        }
        row += 1;
        Ok(())
    })?;
    let removed = cuts.len() as u64;
    if removed != removal.units.values().map(roaring::RoaringTreemap::len).sum::<u64>() {
        return Err(FormatError::Unsupported(
            "a message to remove is not there; the content has changed".into(),
        ));
    }
    super::passages::copy_without(content, &cuts, out)?;
    Ok(Rewritten { removed, kept: row - removed })
}
