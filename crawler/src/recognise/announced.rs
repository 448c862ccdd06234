//! Values that only a word before them tells: `passport no. X1234567`, `Führerschein: B072RRE2I55`, `idfa=…`.
//!
//! One automaton holds the words of all such kinds, so a text is read once for all of them, and only behind a word does
//! a kind look for its value.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, Match};

use super::text::{clean_after, clean_before, is_unspaced, is_wordy};
use super::{Hits, Outline, RECOGNISERS, Span};

/// What announces a kind, and how its values look.
pub struct Announced {
    /// Words, lower case; other spellings of their case are added.
    pub(super) words: &'static [&'static str],
    /// Given a text and where a value may begin, gives where it ends, what it is more exactly, and how sure that is.
    pub(super) value: fn(&str, usize) -> Option<Value>,
}

/// A value behind its word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// One past its last byte.
    pub(super) end: usize,
    /// What it is more exactly.
    pub(super) subtype: Option<&'static str>,
    /// From 0 to 1.
    pub(super) confidence: f32,
}

/// Between a word and its value stand no more bytes than this.
const BETWEEN_BYTES_MAX: usize = 24;
/// The longest word, what may stand behind it, and the letters with which a value may begin have fewer bytes.
const REACH_BYTES: usize = 96;
/// Words that may stand there.
const BETWEEN: &[&str] = &[
    "is",
    "was",
    "no",
    "nr",
    "nº",
    "n°",
    "num",
    "number",
    "numéro",
    "número",
    "nummer",
    "code",
    "id",
    "ist",
    "est",
    "es",
    "è",
    "é",
    "der",
    "die",
    "the",
    "lautet",
    "номер",
];

struct Automaton {
    words: AhoCorasick,
    /// For each word the place of its recogniser in the table.
    places: Vec<usize>,
}

static AUTOMATON: LazyLock<Automaton> = LazyLock::new(|| {
    let (mut words, mut places) = (Vec::new(), Vec::new());
    for (place, recogniser) in RECOGNISERS.iter().enumerate() {
        for word in recogniser.announced.iter().flat_map(|announced| announced.words) {
            for spelling in spellings(word) {
                words.push(spelling);
                places.push(place);
            }
        }
    }
    let built =
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words);
    Automaton { words: built.expect("fixed lists of words"), places }
});

/// The automaton folds ASCII alone; words in other letters are also looked for as a heading writes them.
fn spellings(word: &str) -> Vec<String> {
    let mut all = vec![word.to_owned()];
    if !word.is_ascii() {
        let mut chars = word.chars();
        let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
        all.extend([capital, word.to_uppercase()]);
        all.dedup();
    }
    all
}

/// Pushes the spans of all kinds that a word announces, or of those that `wanted` names.
pub(super) fn find(outline: &Outline<'_>, hits: &mut Hits<'_>, wanted: impl Fn(&'static str) -> bool) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    for word in words_before_numbers(outline) {
        let recogniser = RECOGNISERS[AUTOMATON.places[word.pattern().as_usize()]];
        let Some(announced) = recogniser.announced.as_ref().filter(|_| wanted(recogniser.kind)) else {
            continue;
        };
        if !is_whole(text, word.start(), word.end()) {
            continue;
        }
        let Some(start) = value_start(text, word.end()) else { continue };
        let found = (announced.value)(text, start).filter(|value| clean_after(text, value.end));
        if let Some(Value { end, subtype, confidence }) = found {
            out.push(Span { start, end, kind: recogniser.kind, subtype, confidence });
        }
    }
}

/// The words near enough before a number to announce it. Every value has a digit, and most text has few numbers.
fn words_before_numbers<'a>(outline: &'a Outline<'_>) -> impl Iterator<Item = Match> + 'a {
    let mut numbers = outline.numbers().peekable();
    let ranges = std::iter::from_fn(move || {
        let first = numbers.next()?;
        let (from, mut to) = (first.start.saturating_sub(REACH_BYTES), first.start);
        while let Some(next) = numbers.next_if(|next| next.start <= to + REACH_BYTES) {
            to = next.start;
        }
        Some(from..to)
    });
    ranges.flat_map(|range| AUTOMATON.words.find_overlapping_iter(Input::new(outline.text).range(range)))
}

/// Whether no letter goes on before or after; an underscore parts words here, as names of fields have it.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
    !goes_on(text[..start].chars().next_back()) && !goes_on(text[end..].chars().next())
}

/// Where the value behind a word begins: past signs, blanks and at most two small words.
fn value_start(text: &str, past: usize) -> Option<usize> {
    let mut at = past;
    let mut words = 0;
    loop {
        let rest = &text[at..];
        let signs = rest
            .find(|c: char| {
                !matches!(
                    c,
                    ' ' | '\t' | ':' | '=' | '#' | '.' | '"' | '\'' | '(' | '»' | '“' | '：' | '\u{A0}' | '_'
                )
            })
            .unwrap_or(rest.len());
        at += signs;
        let word_end =
            text[at..].find(|c: char| !c.is_alphabetic() && c != '°').map_or(text.len(), |i| at + i);
        let word = &text[at..word_end];
        let small = !word.is_empty() && words < 2 && BETWEEN.contains(&word.to_lowercase().as_str());
        if !small {
            // A value in an unspaced script may touch its word; elsewhere something must part them.
            let apart = at > past || text[..past].chars().next_back().is_some_and(is_unspaced);
            return (apart && at - past <= BETWEEN_BYTES_MAX && at < text.len() && clean_before(text, at))
                .then_some(at);
        }
        words += 1;
        at = word_end;
    }
}

/// The groups of ASCII capitals and digits from `start` on, with single blanks, dashes, dots or slashes between: where
/// they end if they have so many letters and digits in all and at least so many digits. A group of small letters ends it.
pub(super) fn groups(
    text: &str,
    start: usize,
    chars: std::ops::RangeInclusive<usize>,
    digits_min: usize,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut best) = (start, None);
    let (mut count, mut digits) = (0, 0);
    loop {
        let group = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let body = &bytes[at..at + group];
        let in_capitals = !body.iter().any(u8::is_ascii_lowercase);
        let told = body.iter().any(u8::is_ascii_digit) || (body.len() <= 3 && in_capitals);
        if group == 0 || !in_capitals || !told || text[at + group..].chars().next().is_some_and(is_wordy) {
            break;
        }
        count += group;
        digits += body.iter().filter(|b| b.is_ascii_digit()).count();
        at += group;
        if count > *chars.end() {
            return best;
        }
        // What goes on in capitals alone is taken in only with the digits behind it.
        if chars.contains(&count)
            && digits >= digits_min
            && (best.is_none() || body.iter().any(u8::is_ascii_digit))
        {
            best = Some(at);
        }
        if !matches!(bytes.get(at), Some(b' ' | b'-' | b'.' | b'/')) {
            break;
        }
        at += 1;
    }
    best
}

/// One word of letters, digits, dashes and underscores from `start` on.
pub(super) fn token(text: &str, start: usize) -> &str {
    let length =
        text[start..].bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    text[start..start + length].trim_end_matches(['-', '_'])
}

/// Whether a word is a UUID (RFC 9562), and not the one of zeros.
pub(super) fn is_uuid(word: &str) -> bool {
    let parts: Vec<usize> = word.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
        && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        && word.bytes().any(|b| !matches!(b, b'0' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::super::recognise;

    #[test]
    fn values_are_found_behind_their_words_and_nowhere_else() {
        for (text, kind, value) in [
            ("Passport No. X1234567 expires soon", "PASSPORT", "X1234567"),
            ("паспорт: 701234567", "PASSPORT", "701234567"),
            ("护照号E12345678", "PASSPORT", "E12345678"),
            ("driver's license number is D123-4567-8901, valid", "DRIVERS_LICENSE_NUMBER", "D123-4567-8901"),
            ("Führerschein Nr. B072RRE2I55 liegt vor", "DRIVERS_LICENSE_NUMBER", "B072RRE2I55"),
            ("UK licence MORGA753116SM9IJ on file", "DRIVERS_LICENSE_NUMBER", "MORGA753116SM9IJ"),
            ("Kennzeichen: B-AB 1234 gesehen", "LICENSE_PLATE", "B-AB 1234"),
            ("number plate AB12 CDE was", "LICENSE_PLATE", "AB12 CDE"),
            ("chassis 1M8GDM9AXKP042788", "VEHICLE_IDENTIFICATION_NUMBER", "1M8GDM9AXKP042788"),
            ("VIN: WVWZZZ1JZ3W386752", "VEHICLE_IDENTIFICATION_NUMBER", "WVWZZZ1JZ3W386752"),
            ("BIC: DEUTDEFF500", "SWIFT_CODE", "DEUTDEFF500"),
            ("Kontonummer 532 013 000 bei", "FINANCIAL_ACCOUNT_NUMBER", "532 013 000"),
            ("routing number 111000025", "FINANCIAL_ACCOUNT_NUMBER", "111000025"),
            (
                "idfa=6D92078A-8246-4BA4-AE5B-76104861E7DC&x",
                "ADVERTISING_ID",
                "6D92078A-8246-4BA4-AE5B-76104861E7DC",
            ),
            ("\"android_id\": \"9774d56d682e549c\"", "DEVICE_ID", "9774d56d682e549c"),
            (
                "JSESSIONID=1A530637289A03B07199A44E8D531427; Path=/",
                "HTTP_COOKIE",
                "1A530637289A03B07199A44E8D531427",
            ),
            ("ICD-10: E11.9, stable", "ICD10_CODE", "E11.9"),
            ("patient aged 45 came", "AGE", "45"),
        ] {
            let mut spans = Vec::new();
            recognise(text, &mut spans);
            let found: Vec<_> = spans.iter().map(|s| (s.kind, &text[s.start..s.end])).collect();
            assert_eq!(found, [(kind, value)], "{text}");
        }
        for text in [
            "passport control opens at 9",
            "the driving licence office in 12345 Berlin",
            "plate tectonics since 1912",
            "account settings 2024",
            "aged care, aged 3000 years",
            "device id field of 12 bytes",
            "license: Apache-2.0",
            "VIN 12345678901234567",
        ] {
            let mut spans = Vec::new();
            recognise(text, &mut spans);
            assert_eq!(spans, [], "{text}");
        }
    }
}
