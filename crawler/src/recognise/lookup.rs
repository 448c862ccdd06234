//! One identifier: its normal form, the tokens that the subject index keeps, and the places that lookup confirms.
//!
//! All of it reads the recognisers' `tokens`, so index and lookup agree by construction: what [`matches`] confirms
//! under a kind, [`identifiers`] has emitted for the same text.

use super::scan::{classes_of, has_chance, pieces};
use super::{RECOGNISERS, Recogniser, Span, by_kind, decode};

/// Keys of rows are indexed under `KEY:` and the normalised name of their column.
const KEY_PREFIX: &str = "KEY:";
/// Nothing longer is one identifier as a whole.
const CELL_BYTES_MAX: usize = 320;

/// Gives the normal form of a value of a kind (`email`, `PHONE_NUMBER`, `KEY:customer_id`), or `None` if it has not
/// that form or the kind is unknown.
pub fn normalise(kind: &str, value: &str) -> Option<String> {
    if kind.starts_with(KEY_PREFIX) {
        return normalise_key(value);
    }
    by_kind(kind).and_then(|r| (r.normalise)(value))
}

/// A key is any short value: compared without outer blanks and quotes, numbers without `.0`.
fn normalise_key(value: &str) -> Option<String> {
    let value = value.trim().trim_matches('"');
    let value = value.strip_suffix(".0").filter(|v| v.bytes().all(|b| b.is_ascii_digit())).unwrap_or(value);
    (!value.is_empty() && value.len() <= 128).then(|| value.to_owned())
}

/// Pushes every byte range of `text` that holds the identifier: spans whose normal form equals `normal`, also behind
/// escapes, else the whole trimmed cell.
pub fn matches(kind: &str, normal: &str, text: &str, out: &mut Vec<(usize, usize)>) {
    let first = out.len();
    if kind.starts_with(KEY_PREFIX) {
        if normalise_key(text).as_deref() == Some(normal) {
            out.push(trimmed(text));
        }
        return;
    }
    let Some(recogniser) = by_kind(kind) else { return };
    each_token(recogniser, text, &mut |start, end, token| {
        if token == normal {
            out.push((start, end));
        }
    });
    let mut found = out.split_off(first);
    found.sort_unstable();
    found.dedup();
    // A whole cell that matched only because of what it holds is no place of its own.
    let inner = |&(s, e): &(usize, usize)| found.iter().any(|&(a, b)| (a, b) != (s, e) && s <= a && b <= e);
    out.extend(found.iter().filter(|place| !inner(place)));
}

/// Pushes the identifying tokens of a text as (kind, normal form), each once; `spans` (of the same text) need not be
/// complete.
pub fn identifiers(text: &str, spans: &[Span], out: &mut Vec<(&'static str, String)>) {
    debug_assert!(spans.iter().all(|s| s.end <= text.len()), "spans are of this text");
    let mut found = Vec::new();
    for recogniser in RECOGNISERS.iter().filter(|r| r.identifies) {
        each_token(recogniser, text, &mut |_, _, normal| found.push((recogniser.kind, normal.to_owned())));
    }
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
        (recogniser.tokens)(value, &mut |start, end, normal| {
            if start == 0 && end == value.len() && !forms.iter().any(|f| f == normal) {
                forms.push(normal.to_owned());
            }
        });
    }
    forms
}

fn each_token(recogniser: &Recogniser, text: &str, sink: &mut dyn FnMut(usize, usize, &str)) {
    for (from, piece) in pieces(text) {
        if has_chance(recogniser.kind, classes_of(piece)) {
            (recogniser.tokens)(piece, &mut |start, end, normal| sink(from + start, from + end, normal));
        }
        let Some(reading) = decode::read(piece) else { continue };
        (recogniser.tokens)(&reading.text, &mut |start, end, normal| {
            let (start, end) = reading.original(start, end);
            sink(from + start, from + end, normal);
        });
    }
    each_whole(recogniser, text, sink);
}

/// The whole trimmed cell, as it stands and decoded.
fn each_whole(recogniser: &Recogniser, text: &str, sink: &mut dyn FnMut(usize, usize, &str)) {
    let (start, end) = trimmed(text);
    let cell = &text[start..end];
    if cell.len() > CELL_BYTES_MAX {
        return;
    }
    let mut give = |value: &str| {
        if let Some(normal) = (recogniser.normalise)(value) {
            sink(start, end, &normal);
        }
    };
    give(cell);
    if let Some(reading) = decode::read(cell) {
        give(reading.text.trim());
    }
}

fn trimmed(text: &str) -> (usize, usize) {
    let start = text.len() - text.trim_start().len();
    (start, start + text.trim().len())
}
