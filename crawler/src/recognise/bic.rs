//! Codes of banks (ISO 9362): four letters of the bank, two of the country, two of the place, three of a branch.

use super::announced::{Announced, Value, token};
use super::place::is_country_code;
use super::{ColumnFacts, Recogniser, no_find};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "SWIFT_CODE",
    id_name: "bic",
    identifies: false,
    announced: Some(Announced { words: WORDS, value }),
    find: no_find,
    normalise,
    column,
};

const WORDS: &[&str] = &[
    "bic",
    "swift",
    "bic/swift",
    "swift/bic",
    "swift code",
    "swift_code",
    "bic code",
    "código swift",
    "code bic",
];

fn value(text: &str, start: usize) -> Option<Value> {
    let word = token(text, start);
    is_bic(word).then_some(Value { end: start + word.len(), subtype: None, confidence: 0.9 })
}

fn is_bic(word: &str) -> bool {
    let bytes = word.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes[..6].iter().all(u8::is_ascii_uppercase)
        && bytes[6..].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && is_country_code(&word[4..6])
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    // A branch of XXX is the bank itself.
    is_bic(value).then(|| value.strip_suffix("XXX").unwrap_or(value).to_owned())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let form = facts.form_share();
    (form >= 0.95 || (form >= 0.5 && facts.header_has(WORDS))).then_some(0.6 + 0.3 * form)
}
