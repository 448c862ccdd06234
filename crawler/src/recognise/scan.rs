//! The whole table over one text: which recognisers are worth running, and which span wins where several meet.

use super::hits::TokenSink;
use super::outline::{AT, COLON, DIGIT, DOT, LETTER, UPPER, WIDE};
use super::{Hits, Outline, Recogniser, Span, announced, declared, decode, lookup, recognisers};

/// Whether a text of these classes can hold the kind.
fn has_chance(kind: &str, classes: u8) -> bool {
    let all = |wanted: u8| classes & wanted == wanted;
    match kind {
        "EMAIL_ADDRESS" => all(AT | DOT),
        "IP_ADDRESS" | "GEO_COORDINATES" => all(DIGIT) && classes & (DOT | COLON) != 0,
        "PERSON_NAME" => classes & (UPPER | WIDE) != 0,
        "USERNAME" => classes & LETTER != 0,
        "MAC_ADDRESS" => classes & (DIGIT | LETTER) != 0,
        "CRYPTO_ADDRESS" => true,
        "SWIFT_CODE" => all(UPPER),
        _ => all(DIGIT) || kind == "AUTH_TOKEN" || declared::is_declared(kind),
    }
}

/// A piece of text is looked at by itself, so that one number in a long text does not cost a pass over all of it.
const PIECE_BYTES: usize = 2048;

/// Pushes the spans of all recognisers over one text, ordered by start and without overlaps: where two meet the more
/// confident wins, then the longer.
pub fn recognise(text: &str, out: &mut Vec<Span>) {
    let mut spans = Vec::new();
    run(recognisers(), text, Some(&mut spans), None);
    settle(&mut spans);
    out.append(&mut spans);
}

/// Does what [`recognise`] and [`super::identifiers`] do, in one pass.
pub fn recognise_and_identify(text: &str, out: &mut Vec<Span>, tokens: &mut Vec<(&'static str, String)>) {
    let mut spans = Vec::new();
    lookup::gather(text, Some(&mut spans), tokens);
    settle(&mut spans);
    out.append(&mut spans);
}

/// Does what [`recognise`] does with one recogniser alone.
pub fn recognise_one(recogniser: &'static Recogniser, text: &str, out: &mut Vec<Span>) {
    let mut spans = Vec::new();
    run(&[recogniser], text, Some(&mut spans), None);
    settle(&mut spans);
    out.append(&mut spans);
}

/// Runs recognisers over the pieces of a text, and over what each piece says behind its escapes.
pub(super) fn run(
    recognisers: &[&'static Recogniser],
    text: &str,
    mut spans: Option<&mut Vec<Span>>,
    mut tokens: Option<&mut TokenSink<'_>>,
) {
    for (from, piece) in pieces(text) {
        let first = spans.as_ref().map_or(0, |spans| spans.len());
        let mut moved = tokens.as_mut().map(|sink| {
            move |kind: &'static str, start: usize, end: usize, normal: &str| {
                sink(kind, from + start, from + end, normal);
            }
        });
        find_all(
            recognisers,
            piece,
            spans.as_deref_mut(),
            moved.as_mut().map(|sink| sink as &mut TokenSink<'_>),
        );
        for (at, reading) in decode::read(piece) {
            let original = |start, end| {
                let (start, end) = reading.original(start, end);
                (at + start, at + end)
            };
            let mut found = Vec::new();
            let mut traced = moved.as_mut().map(|sink| {
                |kind: &'static str, start: usize, end: usize, normal: &str| {
                    let (start, end) = original(start, end);
                    sink(kind, start, end, normal);
                }
            });
            let wanted = spans.is_some().then_some(&mut found);
            find_all(
                recognisers,
                &reading.text,
                wanted,
                traced.as_mut().map(|sink| sink as &mut TokenSink<'_>),
            );
            if let Some(spans) = spans.as_deref_mut() {
                spans.extend(found.into_iter().map(|span| {
                    let (start, end) = original(span.start, span.end);
                    Span { start, end, ..span }
                }));
            }
        }
        for span in spans.as_deref_mut().into_iter().flat_map(|spans| &mut spans[first..]) {
            span.start += from;
            span.end += from;
        }
    }
}

/// Runs recognisers over the pieces of a text as it stands.
pub(super) fn run_plain(recognisers: &[&'static Recogniser], text: &str, tokens: &mut TokenSink<'_>) {
    for (from, piece) in pieces(text) {
        let mut moved = |kind: &'static str, start: usize, end: usize, normal: &str| {
            tokens(kind, from + start, from + end, normal);
        };
        find_all(recognisers, piece, None, Some(&mut moved));
    }
}

fn find_all(
    recognisers: &[&'static Recogniser],
    text: &str,
    spans: Option<&mut Vec<Span>>,
    tokens: Option<&mut TokenSink<'_>>,
) {
    let outline = Outline::of(text);
    let mut hits = Hits::new(spans, tokens.map(|sink| sink as &mut TokenSink<'_>));
    for recogniser in recognisers.iter().filter(|r| has_chance(r.kind, outline.classes)) {
        (recogniser.find)(&outline, &mut hits);
    }
    if outline.classes & DIGIT != 0 && hits.spans().is_some() {
        announced::find(&outline, &mut hits, |kind| recognisers.iter().any(|wanted| wanted.kind == kind));
    }
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
