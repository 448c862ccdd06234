//! Codes of diseases (WHO, ICD-10): a letter, two digits, a dot and more. Health data, so a special kind (GDPR Art. 9).

use super::announced::{Announced, Value, token};
use super::{ColumnFacts, Recogniser, no_find};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "ICD10_CODE",
    id_name: "icd",
    identifies: false,
    announced: Some(Announced { words: WORDS, value }),
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_code(value)).map(str::to_ascii_uppercase),
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "icd", "icd-10", "icd10", "icd 10", "icd-10-cm", "icd-10-gm", "icd10cm", "icd-10 code", "icd code", "icd_code", "icd10_code",
    "diagnosis code", "diagnosis_code", "diagnose", "diagnosis", "dx", "diagnóstico", "diagnostic", "diagnosi", "diagnoosi",
];
const HEADERS: &[&str] = &[
    "icd",
    "icd10",
    "icd 10",
    "dx",
    "dx code",
    "diagnosis code",
    "diagnosis",
    "diagnose",
    "diagnosekode",
    "cim10",
    "cie10",
];

fn value(text: &str, start: usize) -> Option<Value> {
    let head = token(text, start);
    let more = text[start + head.len()..].strip_prefix('.').map_or("", |tail| token(tail, 0));
    let end = start + head.len() + if more.is_empty() { 0 } else { 1 + more.len() };
    is_code(&text[start..end]).then_some(Value { end, subtype: None, confidence: 0.9 })
}

fn is_code(value: &str) -> bool {
    let (head, more) = value.split_once('.').map_or((value, None), |(head, more)| (head, Some(more)));
    let bytes = head.as_bytes();
    bytes.len() == 3
        && bytes[0].is_ascii_uppercase()
        && bytes[1].is_ascii_digit()
        && (bytes[2].is_ascii_digit() || matches!(bytes[2], b'A' | b'B'))
        && more.is_none_or(|more| {
            (1..=4).contains(&more.len())
                && more.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        })
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let form = facts.form_share();
    // With the dot nearly everywhere the form alone tells; without it, product codes look the same.
    let dotted = form >= 0.95 && facts.shape.chars_average() >= 4.5 && facts.shape.sampled >= 20;
    if facts.header_has(HEADERS) && form >= 0.5 { Some(0.92) } else { dotted.then_some(0.6) }
}
