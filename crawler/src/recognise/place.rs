//! Where a person lives: city, country, postal code. None of them tells a person by itself, so they are looked for in
//! columns whose header says what they are; in text they belong to an address.

use std::sync::LazyLock;

use super::text::{WordSet, lower};
use super::{ColumnFacts, Recogniser, no_find};

pub(super) static CITY: Recogniser = Recogniser {
    kind: "CITY",
    id_name: "city",
    identifies: false,
    announced: None,
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_city(value)).map(str::to_lowercase),
    column: city_column,
};

pub(super) static COUNTRY: Recogniser = Recogniser {
    kind: "COUNTRY",
    id_name: "country",
    identifies: false,
    announced: None,
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_country(value)).map(str::to_lowercase),
    column: country_column,
};

pub(super) static POSTAL_CODE: Recogniser = Recogniser {
    kind: "POSTAL_CODE",
    id_name: "postal_code",
    identifies: false,
    announced: None,
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_postal_code(value)).map(str::to_ascii_uppercase),
    column: postal_column,
};

/// Two lines of codes (ISO 3166-1 alpha-2 and alpha-3), then a name a line in the languages of some thirty countries.
const COUNTRIES: &str = include_str!("data/country.txt");

struct Countries {
    codes: WordSet,
    names: WordSet,
}

static KNOWN: LazyLock<Countries> = LazyLock::new(|| {
    let mut lines = COUNTRIES.lines();
    let codes = lines.by_ref().take(2).flat_map(|line| line.split(' ')).collect();
    Countries { codes, names: lines.collect() }
});

/// Whether two or three capitals are the code of a country.
pub(super) fn is_country_code(code: &str) -> bool {
    KNOWN.codes.contains(code)
}

fn is_country(value: &str) -> bool {
    match value.len() {
        2 | 3 => is_country_code(&value.to_ascii_uppercase()),
        4..=64 => KNOWN.names.contains(&*lower(value)),
        _ => false,
    }
}

#[rustfmt::skip]
const CITY_HEADERS: &[&str] = &[
    "city", "town", "municipality", "hometown", "birthplace", "birth place", "place of birth", "ort", "wohnort", "stadt", "geburtsort",
    "ville", "commune", "ciudad", "localidad", "città", "citta", "comune", "cidade", "stad", "woonplaats", "plaats", "by", "kommun",
    "postort", "kaupunki", "miasto", "miejscowość", "město", "mesto", "oraș", "oras", "város", "град", "город", "şehir", "sehir",
    "kota", "城市", "市区町村", "都市", "도시",
];
#[rustfmt::skip]
const COUNTRY_HEADERS: &[&str] = &[
    "country", "countries", "country code", "countrycode", "nation", "nationality", "citizenship", "land", "staat", "staatsangehörigkeit",
    "nationalität", "pays", "nationalité", "país", "pais", "nacionalidad", "paese", "nazione", "nazionalità", "cidadania",
    "nationaliteit", "kraj", "obywatelstwo", "země", "krajina", "țara", "tara", "ország", "страна", "гражданство", "ülke", "国家", "国籍",
    "国", "국가", "국적",
];
#[rustfmt::skip]
const POSTAL_HEADERS: &[&str] = &[
    "zip", "zip code", "zipcode", "zip5", "postal", "postal code", "postalcode", "postcode", "post code", "plz", "postleitzahl",
    "code postal", "codepostal", "cp", "código postal", "codigo postal", "cap", "cep", "postnummer", "postnr", "postinumero",
    "kod pocztowy", "psč", "psc", "cod postal", "irányítószám", "почтовый индекс", "индекс", "pincode", "pin code", "eircode",
    "邮编", "邮政编码", "郵便番号", "우편번호",
];

fn is_city(value: &str) -> bool {
    let allowed =
        |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.' | '(' | ')' | '/' | ',');
    (2..=64).contains(&value.len())
        && value.chars().all(allowed)
        && value.chars().next().is_some_and(char::is_alphabetic)
}

/// Four to seven digits, or the groups of some country.
fn is_postal_code(value: &str) -> bool {
    let mut shape = [0u8; 10];
    let length = value.len();
    if !(4..=10).contains(&length) || !value.is_ascii() {
        return false;
    }
    for (place, b) in shape.iter_mut().zip(value.bytes()) {
        *place = match b {
            b'0'..=b'9' => b'9',
            b'A'..=b'Z' | b'a'..=b'z' => b'A',
            b' ' | b'-' => b'-',
            _ => return false,
        };
    }
    matches!(
        &shape[..length],
        b"9999"
            | b"99999"
            | b"999999"
            | b"9999999"
            | b"99999-9999"
            | b"999-99"
            | b"99-999"
            | b"9999-999"
            | b"99999-999"
            | b"999-9999"
            | b"9999-AA"
            | b"9999AA"
            | b"A9A-9A9"
            | b"A9A9A9"
            | b"A9-9AA"
            | b"A99-9AA"
            | b"AA9-9AA"
            | b"AA99-9AA"
            | b"A9A-9AA"
            | b"AA9A-9AA"
            | b"A99-AAAA"
            | b"A9A-AAAA"
            | b"AA-9999"
            | b"AA-99999"
            | b"A-99999"
            | b"A-9999"
    )
}

fn city_column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let other =
        facts.header_has(&["code", "id", "count", "population", "by"]) && facts.header_words.len() > 1;
    (facts.header_has(CITY_HEADERS) && !other && facts.form_share() >= 0.8).then_some(0.7)
}

fn country_column(facts: &ColumnFacts<'_>) -> Option<f32> {
    (facts.header_has(COUNTRY_HEADERS) && facts.form_share() >= 0.6).then_some(0.75)
}

fn postal_column(facts: &ColumnFacts<'_>) -> Option<f32> {
    (facts.header_has(POSTAL_HEADERS) && facts.form_share() >= 0.7).then_some(0.75)
}
