//! One identifier: its normal form, the tokens that the subject index keeps, and the places that lookup confirms.
//!
//! All of it reads the candidates that the recognisers give, so index and lookup agree by construction: what [`matches`] confirms
//! under a kind, [`identifiers`] has emitted for the same text.

use std::sync::LazyLock;

use super::hits::TokenSink;
use super::{Recogniser, Span, by_kind, decode, phone, recognisers, scan};

/// Keys of rows are indexed under `KEY:` and the normalised name of their column.
pub const KEY: &str = "KEY:";
/// Nothing longer is one identifier as a whole.
const CELL_BYTES_MAX: usize = 320;

/// Gives the normal form of a value of a kind (`email`, `PHONE_NUMBER`, `KEY:customer_id`), or `None` if it has not
/// that form or the kind is unknown.
pub fn normalise(kind: &str, value: &str) -> Option<String> {
    if kind.starts_with(KEY) {
        return normalise_key(value).map(str::to_owned);
    }
    by_kind(kind).and_then(|r| (r.normalise)(value))
}

/// The normal form of a key, which is any short value: compared without outer blanks and quotes, numbers without `.0`.
pub fn normalise_key(value: &str) -> Option<&str> {
    let value = value.trim().trim_matches('"');
    let value = value.strip_suffix(".0").filter(|v| v.bytes().all(|b| b.is_ascii_digit())).unwrap_or(value);
    (!value.is_empty() && value.len() <= 128).then_some(value)
}

/// Gives the normal form of everything in `text` that reads as an identifier of a kind, some more than once: what
/// [`matches()`] compares with one, for a caller who looks for many.
pub fn each_normal_form(kind: &str, text: &str, sink: &mut dyn FnMut(&str)) {
    if let Some(recogniser) = by_kind(kind) {
        let mut give = |_: &'static str, _: usize, _: usize, normal: &str| sink(normal);
        scan::run(&[recogniser], text, None, Some(&mut give));
        each_whole(&[recogniser], text, &mut give);
    }
}

/// Pushes every byte range of `text` that holds the identifier: spans whose normal form equals `normal`, also behind
/// escapes, else the whole trimmed cell.
pub fn matches(kind: &str, normal: &str, text: &str, out: &mut Vec<(usize, usize)>) {
    let first = out.len();
    if kind.starts_with(KEY) {
        if normalise_key(text) == Some(normal) {
            out.push(trimmed(text));
        }
        return;
    }
    let Some(recogniser) = by_kind(kind) else { return };
    let mut give = |_: &'static str, start, end, token: &str| {
        if token == normal {
            out.push((start, end));
        }
    };
    scan::run(&[recogniser], text, None, Some(&mut give));
    each_whole(&[recogniser], text, &mut give);
    let mut found = out.split_off(first);
    found.sort_unstable();
    found.dedup();
    // A whole cell that matched only because of what it holds is no place of its own.
    let inner = |&(s, e): &(usize, usize)| found.iter().any(|&(a, b)| (a, b) != (s, e) && s <= a && b <= e);
    out.extend(found.iter().filter(|place| !inner(place)));
}

/// What the subject index keeps of a normal form. A telephone number without its country has a reading for each region in
/// which it is valid, up to some twenty; they differ in the country alone, so the index leaves that out: one entry a number, and
/// lookup, which confirms the whole of it in the bytes, now and then reads a blob that holds another country's.
pub fn index_form<'a>(kind: &str, normal: &'a str) -> &'a str {
    if kind == phone::RECOGNISER.kind { phone::national_part(normal) } else { normal }
}

/// Pushes the identifying tokens of a text as (kind, normal form), each once; `spans` (of the same text) need not be
/// complete.
pub fn identifiers(text: &str, spans: &[Span], out: &mut Vec<(&'static str, String)>) {
    debug_assert!(spans.iter().all(|s| s.end <= text.len()), "spans are of this text");
    gather(text, None, out);
}

/// The recognisers whose kinds go into the index.
static IDENTIFYING: LazyLock<Vec<&'static Recogniser>> =
    LazyLock::new(|| recognisers().iter().copied().filter(|r| r.identifies).collect());

/// The tokens of a text, each once, and its spans if anybody wants them.
pub(super) fn gather(text: &str, spans: Option<&mut Vec<Span>>, out: &mut Vec<(&'static str, String)>) {
    let mut found = Vec::new();
    let mut give = |kind, _, _, normal: &str| found.push((kind, normal.to_owned()));
    match spans {
        Some(spans) => scan::run(recognisers(), text, Some(spans), Some(&mut give)),
        None => scan::run(&IDENTIFYING, text, None, Some(&mut give)),
    }
    each_whole(&IDENTIFYING, text, &mut give);
    found.sort_unstable();
    found.dedup();
    out.append(&mut found);
}

/// Gives every normal form that a typed value may stand for, the likeliest first: a telephone number without its
/// country has one for each default region in which it is valid. Lookup asks the index for all of them.
pub fn normal_forms(kind: &str, value: &str) -> Vec<String> {
    let mut forms: Vec<String> = normalise(kind, value).into_iter().collect();
    if let Some(recogniser) = by_kind(kind).filter(|_| !forms.is_empty()) {
        let value = value.trim();
        let mut give = |_: &'static str, start, end, normal: &str| {
            if start == 0 && end == value.len() && !forms.iter().any(|f| f == normal) {
                forms.push(normal.to_owned());
            }
        };
        scan::run(&[recogniser], value, None, Some(&mut give));
    }
    forms
}

/// The whole trimmed cell, as it stands and decoded.
pub(super) fn each_whole(recognisers: &[&'static Recogniser], text: &str, sink: &mut TokenSink<'_>) {
    let (start, end) = trimmed(text);
    let cell = &text[start..end];
    // Every identifier has a digit or an `@`, but for addresses of devices that happen to be spelt in letters.
    let telling = |b: u8| b.is_ascii_digit() || matches!(b, b'@' | b':' | b'-' | b'.') || b >= 0x80;
    if cell.len() > CELL_BYTES_MAX || !(cell.len() == 12 || cell.bytes().any(telling)) {
        return;
    }
    let mut give = |value: &str| {
        for recogniser in recognisers {
            if let Some(normal) = (recogniser.normalise)(value) {
                sink(recogniser.kind, start, end, &normal);
            }
        }
    };
    give(cell);
    if let Some(reading) = decode::read_whole(cell) {
        give(reading.text.trim());
    }
}

pub(super) fn trimmed(text: &str) -> (usize, usize) {
    let start = text.len() - text.trim_start().len();
    (start, start + text.trim().len())
}
