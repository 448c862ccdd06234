//! Coordinates: a latitude and a longitude in decimal degrees with four decimals or more (about ten metres).

use super::text::{clean_after, clean_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "GEO_COORDINATES",
    id_name: "geo",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

const DECIMALS_MIN: usize = 4;

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(dot) = memchr::memchr(b'.', &bytes[at..]).map(|i| at + i) {
        at = dot + 1;
        let mut start = dot;
        while start > 0 && dot - start < 3 && bytes[start - 1].is_ascii_digit() {
            start -= 1;
        }
        if start > 0 && matches!(bytes[start - 1], b'-' | b'+') {
            start -= 1;
        }
        if start == dot || !clean_before(text, start) || (start > 0 && bytes[start - 1] == b'.') {
            continue;
        }
        if let Some(end) = pair_at(text, start).filter(|end| clean_after(text, *end)) {
            out.push(Span { start, end, kind: RECOGNISER.kind, subtype: None, confidence: 0.85 });
            at = end;
        }
    }
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim().trim_matches(['(', ')', '[', ']']);
    (pair_at(value, 0) == Some(value.len())).then(|| value.split_whitespace().collect())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    if share >= 0.4 {
        return Some(0.75 + 0.2 * share);
    }
    let named = facts.header_has(&[
        "lat",
        "latitude",
        "lon",
        "lng",
        "longitude",
        "latlon",
        "breitengrad",
        "längengrad",
    ]);
    (named && facts.shape.decimal_share() >= 0.6).then_some(0.8)
}

fn pair_at(text: &str, start: usize) -> Option<usize> {
    let (comma, latitude) = degrees_at(text, start)?;
    let bytes = text.as_bytes();
    if latitude.abs() > 90.0 || !matches!(bytes.get(comma), Some(b',' | b';')) {
        return None;
    }
    let second = comma + 1 + usize::from(bytes.get(comma + 1) == Some(&b' '));
    let (end, longitude) = degrees_at(text, second)?;
    (longitude.abs() <= 180.0).then_some(end)
}

fn degrees_at(text: &str, start: usize) -> Option<(usize, f64)> {
    let bytes = text.as_bytes();
    let digits_from = start + usize::from(matches!(bytes.get(start), Some(b'-' | b'+')));
    let mut at = digits_from;
    while at - digits_from < 4 && bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == digits_from || bytes.get(at) != Some(&b'.') {
        return None;
    }
    let decimals_from = at + 1;
    at = decimals_from;
    while at - decimals_from < 17 && bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    let value = text.get(start..at)?.parse().ok()?;
    (at - decimals_from >= DECIMALS_MIN).then_some((at, value))
}
