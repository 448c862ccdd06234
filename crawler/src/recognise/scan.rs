//! The whole table over one text: which recognisers are worth running, and which span wins where several meet.

use super::{RECOGNISERS, Span, decode};

/// What a text must hold for a recogniser to have a chance; one pass over the bytes tells.
const DIGIT: u8 = 1;
const AT: u8 = 2;
const COLON: u8 = 4;
const DOT: u8 = 8;
const UPPER: u8 = 16;
const WIDE: u8 = 32;
const LETTER: u8 = 64;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = match b as u8 {
            b'0'..=b'9' => DIGIT,
            b'@' => AT,
            b':' => COLON,
            b'.' => DOT,
            b'A'..=b'Z' => UPPER | LETTER,
            b'a'..=b'z' => LETTER,
            0x80..=0xFF => WIDE,
            _ => 0,
        };
        b += 1;
    }
    table
}

/// Whether a text of these classes can hold the kind.
pub(super) fn has_chance(kind: &str, classes: u8) -> bool {
    let all = |wanted: u8| classes & wanted == wanted;
    match kind {
        "EMAIL_ADDRESS" => all(AT | DOT),
        "IP_ADDRESS" | "GEO_COORDINATES" => all(DIGIT) && classes & (DOT | COLON) != 0,
        "PERSON_NAME" => classes & (UPPER | WIDE) != 0,
        "USERNAME" => classes & LETTER != 0,
        "MAC_ADDRESS" => classes & (DIGIT | LETTER) != 0,
        _ => all(DIGIT) || kind == "AUTH_TOKEN",
    }
}

/// A piece of text is looked at by itself, so that one number in a long text does not cost a pass over all of it.
const PIECE_BYTES: usize = 2048;

/// Pushes the spans of all recognisers over one text, ordered by start and without overlaps: where two meet the more
/// confident wins, then the longer.
pub fn recognise(text: &str, out: &mut Vec<Span>) {
    let mut spans = Vec::new();
    for (from, piece) in pieces(text) {
        let first = spans.len();
        find_all(piece, &mut spans);
        if let Some(reading) = decode::read(piece) {
            let mut found = Vec::new();
            find_all(&reading.text, &mut found);
            spans.extend(found.into_iter().map(|span| {
                let (start, end) = reading.original(span.start, span.end);
                Span { start, end, ..span }
            }));
        }
        for span in &mut spans[first..] {
            span.start += from;
            span.end += from;
        }
    }
    settle(&mut spans);
    out.append(&mut spans);
}

fn find_all(text: &str, out: &mut Vec<Span>) {
    let classes = classes_of(text);
    for recogniser in RECOGNISERS.iter().filter(|r| has_chance(r.kind, classes)) {
        (recogniser.find)(text, out);
    }
}

/// Which classes of bytes a text holds.
pub(super) fn classes_of(text: &str) -> u8 {
    text.bytes().fold(0, |all, b| all | CLASS[usize::from(b)])
}

/// The pieces of a text with their offsets.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from;
        from = piece_end(text, start);
        (start < text.len()).then(|| (start, &text[start..from]))
    })
}

/// Pieces end at a line's end; a line is never cut.
fn piece_end(text: &str, from: usize) -> usize {
    let aim = from + PIECE_BYTES;
    match text.as_bytes().get(aim..) {
        None | Some([]) => text.len(),
        Some(rest) => memchr::memchr(b'\n', rest).map_or(text.len(), |i| aim + i + 1),
    }
}

/// Leaves the best of the spans that overlap, ordered by start.
fn settle(spans: &mut Vec<Span>) {
    spans.retain(|s| s.start < s.end);
    spans.sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.iter() {
        match kept.last_mut() {
            Some(last) if span.start < last.end => {
                if beats(span, last) {
                    *last = *span;
                }
            }
            _ => kept.push(*span),
        }
    }
    // A span that replaced its predecessor may reach back into the one before.
    kept.dedup_by(|b, a| b.start < a.end);
    *spans = kept;
}

fn beats(new: &Span, old: &Span) -> bool {
    let (new_length, old_length) = (new.end - new.start, old.end - old.start);
    let contains = old.start <= new.start && new.end <= old.end && new_length < old_length;
    let margin = if contains { 0.2 } else { 0.0 };
    (new.confidence - margin, new_length) > (old.confidence, old_length)
}
