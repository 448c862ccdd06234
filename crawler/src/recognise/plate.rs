//! Number plates of vehicles: a word must announce them, for every short code looks like one.

use super::announced::{Announced, Value, groups};
use super::text::clean_after;
use super::{ColumnFacts, Recogniser, no_find};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "LICENSE_PLATE",
    id_name: "plate",
    identifies: false,
    announced: Some(Announced { words: WORDS, value }),
    find: no_find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "license plate", "licence plate", "number plate", "plate number", "plate no", "license_plate", "licence_plate",
    "licenseplate", "plate_number", "numberplate", "registration plate", "vehicle registration", "vehicle reg", "vrm",
    "kennzeichen", "kfz-kennzeichen", "nummernschild", "immatriculation", "plaque d'immatriculation", "matrícula", "placa",
    "targa", "kenteken", "registreringsnummer", "nummerplade", "rekisterinumero", "rekisteritunnus", "tablica rejestracyjna",
    "numer rejestracyjny", "spz", "rendszám", "госномер", "гос. номер", "номерной знак", "plaka", "车牌", "车牌号",
    "ナンバープレート", "차량번호",
];
/// The sign of a Chinese province that stands before the letters.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

fn value(text: &str, start: usize) -> Option<Value> {
    let body =
        start + text[start..].chars().next().filter(|c| PROVINCES.contains(*c)).map_or(0, char::len_utf8);
    let end = with_tail(text, body, groups(text, body, 4..=9, 1).or_else(|| groups(text, body, 2..=9, 1))?);
    let lettered = body > start || text[start..end].bytes().any(|b| b.is_ascii_uppercase());
    lettered.then_some(Value { end, subtype: None, confidence: 0.85 })
}

/// `AB12 CDE`, `1234 BCD`: letters alone may end a plate.
fn with_tail(text: &str, start: usize, end: usize) -> usize {
    let Some(tail) = text[end..].strip_prefix([' ', '-']) else { return end };
    let letters = tail.bytes().take_while(u8::is_ascii_uppercase).count();
    let fits = (1..=3).contains(&letters) && end - start + letters <= 9 && clean_after(tail, letters);
    if fits { end + 1 + letters } else { end }
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let whole = value.len() <= 16 && self::value(value, 0).is_some_and(|found| found.end == value.len());
    whole.then(|| value.chars().filter(|c| c.is_alphanumeric()).collect())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let named = facts.header_has(WORDS) || facts.header_has(&["plate", "reg no", "reg number"]);
    (named && facts.form_share() >= 0.6).then_some(0.9)
}
