//! Driving licences. Their numbers have no common form, so a word must announce them; Great Britain's says so itself.

use super::announced::{Announced, Value, groups};
use super::text::{clean_after, clean_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "DRIVERS_LICENSE_NUMBER",
    id_name: "driving_licence",
    identifies: false,
    announced: Some(Announced { words: WORDS, value }),
    find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "driving licence", "driving license", "driver's license", "driver's licence", "drivers license", "drivers licence",
    "driver license", "driver licence", "drivers licence number", "licence number", "license number", "license no",
    "licence no", "dl", "dl no", "dl number", "dln", "driver_license", "drivers_license", "driving_licence", "führerschein",
    "führerscheinnummer", "permis de conduire", "permis", "permiso de conducir", "licencia de conducir", "carnet de conducir",
    "patente", "patente di guida", "carta de condução", "cnh", "rijbewijs", "rijbewijsnummer", "körkort", "kørekort",
    "førerkort", "ajokortti", "prawo jazdy", "řidičský průkaz", "vodičský preukaz", "permis de conducere",
    "vezetői engedély", "водительское удостоверение", "в/у", "ehliyet", "驾驶证", "驾照", "運転免許証", "運転免許", "免許証番号",
    "운전면허", "운전면허번호",
];
const CHARS: std::ops::RangeInclusive<usize> = 6..=18;
const DIGITS_MIN: usize = 4;

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    for run in outline.numbers().filter(|run| matches!(run.end - run.start, 16 | 18)) {
        let number = &text.as_bytes()[run.start..run.end];
        if is_british(number) && clean_before(text, run.start) && clean_after(text, run.end) {
            out.push(Span {
                subtype: Some("UK_DRIVING_LICENCE"),
                confidence: 0.9,
                ..Span::of(RECOGNISER.kind, run.start, run.end)
            });
        }
    }
}

fn value(text: &str, start: usize) -> Option<Value> {
    let end = groups(text, start, CHARS, DIGITS_MIN)?;
    Some(Value { end, subtype: None, confidence: 0.85 })
}

/// DVLA: five letters of the surname filled up with 9, a digit of the year, month (raised by 50 for women), day, a
/// digit of the year, two initials, a digit, two check characters; two digits of the issue may follow.
fn is_british(number: &[u8]) -> bool {
    let digit = |at: usize| number[at].is_ascii_digit();
    let two = |at: usize| u32::from(number[at] - b'0') * 10 + u32::from(number[at + 1] - b'0');
    let name = number[..5].iter().skip_while(|b| b.is_ascii_uppercase()).all(|b| *b == b'9');
    name && number[0].is_ascii_uppercase()
        && (5..11).all(digit)
        && matches!(two(6), 1..=12 | 51..=62)
        && (1..=31).contains(&two(8))
        && number[11].is_ascii_uppercase()
        && (number[12].is_ascii_uppercase() || number[12] == b'9')
        && number[13..16].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && number[16..].iter().all(u8::is_ascii_digit)
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let whole = groups(value, 0, CHARS, DIGITS_MIN) == Some(value.len());
    whole.then(|| value.chars().filter(char::is_ascii_alphanumeric).collect())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let (whole, form) = (facts.whole_share(), facts.form_share());
    let named = facts.header_has(WORDS)
        || (facts.header_has(&["driver", "driving"]) && facts.header_has(&["license", "licence"]));
    match named {
        true if form >= 0.6 => Some(0.92),
        _ if whole >= 0.5 => Some(0.75 + 0.2 * whole),
        _ => None,
    }
}
