//! Vehicle identification numbers (ISO 3779): seventeen characters without I, O and Q; North America and others put a
//! check character at the ninth place (49 CFR 565.15), Europe does not, so there a word must announce the number.

use super::announced::{Announced, Value};
use super::text::{clean_after, clean_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "VEHICLE_IDENTIFICATION_NUMBER",
    id_name: "vin",
    identifies: true,
    announced: Some(Announced { words: WORDS, value }),
    find,
    normalise,
    column,
};

const WORDS: &[&str] = &[
    "vin",
    "vin number",
    "vehicle identification number",
    "chassis",
    "chassis number",
    "chassis no",
    "fin",
    "fahrgestellnummer",
    "fahrzeug-identifizierungsnummer",
    "numéro de châssis",
    "bastidor",
    "número de bastidor",
    "telaio",
    "numero di telaio",
    "chassisnummer",
    "numer vin",
    "车架号",
    "車台番号",
];
const CHARS: usize = 17;

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let text = outline.text;
    for run in outline.numbers().filter(|run| run.end - run.start == CHARS) {
        let number = &text[run.start..run.end];
        let Some(normal) = normalise(number) else { continue };
        if clean_before(text, run.start) && clean_after(text, run.end) {
            let capital = !number.bytes().any(|b| b.is_ascii_lowercase());
            hits.span(Span::of(RECOGNISER.kind, run.start, run.end), || {
                match (is_checked(&normal), capital) {
                    (true, true) => 0.9,
                    _ => 0.0,
                }
            });
            hits.token(RECOGNISER.kind, run.start, run.end, &normal);
        }
    }
}

fn value(text: &str, start: usize) -> Option<Value> {
    let end = start + CHARS;
    text.get(start..end).and_then(normalise).map(|_| Value { end, subtype: None, confidence: 0.95 })
}

fn normalise(value: &str) -> Option<String> {
    let number = value.trim().to_ascii_uppercase();
    let allowed = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'O' | b'Q'));
    let letters = number.bytes().filter(u8::is_ascii_uppercase).count();
    // The last four are a serial number in every scheme; the maker's code is never digits alone.
    let told = letters >= 2 && number.get(13..).is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (number.len() == CHARS && !number.starts_with("0X") && number.bytes().all(allowed) && told)
        .then_some(number)
}

/// The check character over transliterated letters and weights.
fn is_checked(number: &str) -> bool {
    const WEIGHTS: [u32; CHARS] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let place = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'H' => u32::from(b - b'A') + 1,
        b'J'..=b'N' => u32::from(b - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        _ => u32::from(b - b'S') + 2,
    };
    let sum: u32 = number.bytes().zip(WEIGHTS).map(|(b, weight)| place(b) * weight).sum();
    let check = match sum % 11 {
        10 => b'X',
        digit => b'0' + digit as u8,
    };
    number.as_bytes().get(8) == Some(&check)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let named = facts.header_has(WORDS);
    let (whole, form) = (facts.whole_share(), facts.form_share());
    match named {
        true if form >= 0.5 => Some(0.9 + 0.09 * form),
        // One number in eleven passes by chance.
        _ if whole >= 0.4 && form >= 0.8 => Some(0.75 + 0.2 * whole),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_is_that_of_the_rule() {
        for number in ["1M8GDM9AXKP042788", "1HGCM82633A004352", "5YJSA1DG9DFP14705"] {
            assert!(normalise(number).is_some_and(|n| is_checked(&n)), "{number}");
        }
        assert!(!is_checked("1M8GDM9A1KP042788"));
        assert_eq!(normalise("1M8GDM9AXKPO42788"), None);
    }
}
