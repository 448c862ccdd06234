//! Postal addresses: what follows a word that announces one, and columns of streets, numbers and towns.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, Match, MatchKind};

use super::text::is_unspaced;
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "STREET_ADDRESS",
    id_name: "address",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

/// Words after which an address stands, with what parts them from it.
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "address: ", "address is ", "address ", "residing at ", "resident at ", "living at ", "lives at ",
    "deliver to ", "delivery to ", "ship to ", "mail to ", "note to ", "send to ", "anschrift: ",
    "adresse: ", "adresse ", "wohnhaft in ", "wohnhaft ", "adres: ", "adres ", "naar ", "domicilio: ",
    "domicilio del cliente: ", "dirección: ", "direccion: ", "indirizzo: ", "indirizzo ", "spedire a ",
    "residente in ", "endereço: ", "endereço ", "para ", "skicka till ", "adress: ", "adress ",
    "osoite: ", "osoite ", "adresa: ", "adresa ", "bydliště ", "адрес: ", "адрес ", "διεύθυνση: ", "住所は",
    "住所:", "住所：", "地址:", "地址：", "地址", "주소는 ", "주소: ", "주소 ", "à ", "\"address\":\"", "\"address\": \"",
    "\"street\":\"", "\"street\": \"",
];
/// Where an address ends for sure.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    " and cc ", " and email ", " holder of ", ", holder", ", phone", ", tel", ", mail", ", e-mail",
    ", email", ", puhelin", ", telefon", ", telefoon", ", почта", ", тел", ", contact", "; ", ". ", ".\n",
    "\"", "\n", " ou à ", " or ", "、メール", "、電話", "。", "，电话", ", 电话", " bonifico", ", bonifico",
    ", contato", ", e-post", ", correo", " with ", " asap", "\t", "|",
];
/// Those of [`BEFORE`] that are prepositions.
const WEAK: &[&str] = &["à ", "para ", "naar ", "note to "];
const ADDRESS_BYTES_MAX: usize = 200;
/// The longest of [`BEFORE`] and of [`ENDS`] have fewer bytes.
const OPENING_BYTES_MAX: usize = 32;
const ENDING_BYTES_MAX: usize = 24;
/// Parts of words for streets and dwellings.
#[rustfmt::skip]
const STREET: &[&str] = &[
    "street", "st.", " st ", " st,", "road", " rd", "avenue", " ave", "lane", " ln", "drive", " dr",
    "boulevard", "blvd", "court", "place", "square", "suite", "apt", "flat", "unit ", "box", "way",
    "crescent", "close", "straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "rue",
    "chemin", "impasse", "place ", "via ", "viale", "piazza", "vicolo", "corso", "strada", "calle",
    "avenida", "plaza", "paseo", "camino", "ronda", "rua", "travessa", "alameda", "straat", "laan",
    "plein", "hof", "gatan", "vägen", "väg", "torget", "katu", "tie ", "polku", "vej", "gade", "allé",
    "ul.", "ulica", "al.", "pl.", "aleja", "ulice", "náměstí", "strada", "aleea", "bulevardul",
    "intrarea", "ул.", "пр.", "пер.", "ш.", "наб.", "д.", "sokak", "caddesi", "mah.", "街", "路", "丁目", "番",
    "号", "로 ", "길 ", "동", "市", "区", "県", "省",
];

static OPENINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(BEFORE)
        .expect("a fixed list of words")
});

static ENDINGS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(ENDS).expect("a fixed list of words"));
static STREETS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(STREET).expect("a fixed list of words"));

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    let out = &mut *out;
    let mut past = 0;
    for opening in openings(outline) {
        let fresh = text[..opening.start()]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() || is_unspaced(c));
        if opening.end() < past || !fresh {
            continue;
        }
        let Some(end) = address_end(text, opening.end()) else { continue };
        // A mere preposition announces much else.
        let weak = WEAK.contains(&text[opening.range()].to_lowercase().as_str());
        if weak && !is_plainly_address(&text[opening.end()..end]) {
            continue;
        }
        out.push(Span { start: opening.end(), end, kind: RECOGNISER.kind, subtype: None, confidence: 0.8 });
        past = end;
    }
    find_american(text, out);
    find_european(text, out);
}

/// The words that announce an address, where a number is near enough behind them to be part of it.
fn openings<'a>(outline: &'a Outline<'_>) -> impl Iterator<Item = Match> + 'a {
    let text = outline.text;
    let mut past = 0;
    outline.numbers().flat_map(move |number| {
        let from = number.start.saturating_sub(ADDRESS_BYTES_MAX + OPENING_BYTES_MAX).max(past);
        past = number.start.max(past);
        OPENINGS.find_iter(Input::new(text).range(from..past))
    })
}

/// The end of an address that begins at `start`: it has a number and two words, and looks like one.
fn address_end(text: &str, start: usize) -> Option<usize> {
    let mut limit = (start + ADDRESS_BYTES_MAX).min(text.len());
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let lower = text[start..limit].to_ascii_lowercase();
    let mut length = lower.len();
    for end in ENDINGS.find_overlapping_iter(&lower) {
        // What ends later may have begun earlier, but by no more than the longest ending.
        if end.start() >= length + ENDING_BYTES_MAX {
            break;
        }
        if !(lower[end.range()] == *". " && is_abbreviated(&lower[..end.start()])) {
            length = length.min(end.start());
        }
    }
    let body = text[start..start + length].trim_end_matches([' ', ',', ';', '.', '\'', ')']);
    let open =
        body.matches('(').count() > body.matches(')').count() && text[start + body.len()..].starts_with(')');
    let body = &text[start..start + body.len() + usize::from(open)];
    is_address(body).then_some(start + body.len())
}

/// A dot behind a short word abbreviates (`st. Nowy`, `Apt. 4`, `ul. Długa`); it ends nothing.
fn is_abbreviated(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    (word.chars().count() <= 3 || word == "вл") && !word.bytes().any(|b| b.is_ascii_digit())
}

fn is_address(body: &str) -> bool {
    let letters = body.chars().filter(|c| c.is_alphabetic()).count();
    let digits = body.chars().filter(char::is_ascii_digit).count();
    let words = body.split_whitespace().count();
    let unspaced = body.chars().any(is_unspaced);
    let parted = unspaced || body.contains(',') || words >= 4;
    let starts = body.chars().next().is_some_and(|c| c.is_uppercase() || c.is_numeric() || is_unspaced(c))
        || has_street(body);
    (8..=160).contains(&body.len())
        && letters >= 4
        && digits >= 1
        && (words >= 2 || unspaced)
        && parted
        && starts
        && !body.contains('@')
        && !body.contains("://")
        // Code, markup and addresses of memory.
        && !body.contains(['=', '`', '<', '*', '{', '['])
        && !body.starts_with("0x")
}

/// Whether a street and a number of a house or a postal code stand in it, as no sentence has them.
fn is_plainly_address(body: &str) -> bool {
    let number = body.split(|c: char| !c.is_alphanumeric()).any(|word| {
        word.bytes().all(|b| b.is_ascii_digit()) && (1..=8).contains(&word.len()) && !word.is_empty()
    });
    number
        && (has_street(body) || body.contains(", "))
        && body.split_whitespace().count() <= 14
        && body.chars().next().is_some_and(|c| {
            c.is_uppercase() || c.is_numeric() || has_street(body.split(' ').next().unwrap_or_default())
        })
}

fn has_street(body: &str) -> bool {
    STREETS.is_match(&format!(" {} ", body.to_lowercase()))
}

/// `1303 Rice Springs Apt. 436, Lake Davidchester, SD 28013`: a number, a street, a town, a state and its ZIP code.
fn find_american(text: &str, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    for comma in memchr::memchr_iter(b',', bytes) {
        // `, SD 28013`
        let Some(tail) = bytes.get(comma..comma + 10) else { continue };
        let state = tail[1] == b' '
            && tail[2].is_ascii_uppercase()
            && tail[3].is_ascii_uppercase()
            && tail[4] == b' ';
        if !state
            || !tail[5..10].iter().all(u8::is_ascii_digit)
            || bytes.get(comma + 10).is_some_and(u8::is_ascii_digit)
        {
            continue;
        }
        let mut from = comma.saturating_sub(90);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let line = text[from..comma].rfind('\n').map_or(from, |i| from + i + 1);
        let Some(start) = house_number(&text[line..comma]).map(|i| line + i) else { continue };
        let long = bytes.get(comma + 10) == Some(&b'-')
            && bytes.get(comma + 11..comma + 15).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
        let end = comma + if long { 15 } else { 10 };
        out.push(Span { start, end, kind: RECOGNISER.kind, subtype: Some("US"), confidence: 0.9 });
    }
}

/// `Weinhagering 6149, 62819 Badibling`: a street and its number, a postal code and a town.
fn find_european(text: &str, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    for comma in memchr::memchr_iter(b',', bytes) {
        let code = bytes[comma + 1..]
            .iter()
            .skip(1)
            .take(7)
            .take_while(|b| b.is_ascii_digit() || **b == b'-')
            .count();
        let town = comma + 2 + code;
        let coded =
            bytes.get(comma + 1) == Some(&b' ') && (4..=6).contains(&code) && bytes.get(town) == Some(&b' ');
        if !coded || !bytes[comma - comma.min(1)].is_ascii_alphanumeric() {
            continue;
        }
        let Some(end) = town_end(text, town + 1) else { continue };
        let mut from = comma.saturating_sub(60);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let head = &text[from..comma];
        let cut = head.rfind([',', ':', ';', '\n', '"', '(', '\t']).map_or(0, |i| i + 1);
        let street = head[cut..].trim_start();
        // `Copyright 2017, 2018 The …` is no street.
        let year = code == 4 && matches!(&bytes[comma + 2..comma + 4], b"19" | b"20");
        if year && !has_street(street) {
            continue;
        }
        let Some(street) = numbered_street(street).or_else(|| french_street(head)) else { continue };
        if !street.is_empty() {
            let start = comma - street.len();
            // What a word announced, or the American form, knows its ends better.
            if !out.iter().any(|s| s.kind == RECOGNISER.kind && s.start < end && start < s.end) {
                out.push(Span { start, end, kind: RECOGNISER.kind, subtype: None, confidence: 0.75 });
            }
        }
    }
}

/// The capitalised words before a house number at the end of `line`, with it: `Hauptstraße 5`, `Am Alten Markt 12a`.
fn numbered_street(line: &str) -> Option<&str> {
    let mut from = line.trim_end().rfind(' ')?;
    if !line[from + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut start = None;
    for _ in 0..4 {
        let word_from = line[..from].rfind(' ').map_or(0, |i| i + 1);
        if !line[word_from..from].starts_with(char::is_uppercase) {
            break;
        }
        start = Some(word_from);
        from = word_from.saturating_sub(1);
        if word_from == 0 {
            break;
        }
    }
    let street = &line[start?..];
    (street.chars().take_while(|c| c.is_alphabetic()).count() >= 3).then_some(street)
}

/// A number, perhaps a comma, and a street by its French word: `12 rue de la Paix`, `359, rue de Hernandez`.
fn french_street(head: &str) -> Option<&str> {
    const STREETS: [&str; 8] =
        [" rue ", " avenue ", " boulevard ", " chemin ", " place ", " impasse ", " quai ", " route "];
    let at = STREETS.iter().filter_map(|w| head.rfind(w)).max()?;
    let number = head[..at].trim_end_matches([',', ' ']);
    let digits = number.bytes().rev().take_while(u8::is_ascii_digit).count();
    (1..=4).contains(&digits).then(|| &head[number.len() - digits..])
}

/// The end of a town of up to three capitalised words at `start`.
fn town_end(text: &str, start: usize) -> Option<usize> {
    let mut end = None;
    let mut at = start;
    for word in text[start..].split(' ').take(3) {
        let letters = word
            .chars()
            .take_while(|c| c.is_alphabetic() || matches!(c, '-' | '\''))
            .map(char::len_utf8)
            .sum::<usize>();
        if letters < 2 || !word.starts_with(char::is_uppercase) {
            break;
        }
        end = Some(at + letters);
        if letters < word.len() {
            break;
        }
        at += word.len() + 1;
    }
    end
}

/// Where the first number that a capitalised word follows begins.
fn house_number(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    (0..bytes.len()).find(|&i| {
        let fresh = i == 0 || matches!(bytes[i - 1], b' ' | b'"' | b'\'' | b':' | b';' | b'=');
        let digits = bytes[i..].iter().take_while(|b| b.is_ascii_digit()).count();
        let next = &line.get(i + digits..).unwrap_or_default();
        fresh
            && (1..=5).contains(&digits)
            && next.starts_with(' ')
            && next[1..].starts_with(|c: char| c.is_uppercase())
    })
}

fn normalise(_: &str) -> Option<String> {
    None
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.shape.share_of(facts.shape.address_like);
    let named = facts.header_has(&[
        "address",
        "addr",
        "street",
        "anschrift",
        "adresse",
        "strasse",
        "straße",
        "direccion",
        "dirección",
        "domicilio",
        "indirizzo",
        "adres",
        "adress",
        "endereco",
        "endereço",
        "osoite",
        "adresa",
        "адрес",
        "地址",
        "住所",
        "주소",
    ]);
    if named && share >= 0.3 {
        return Some(0.9);
    }
    (share >= 0.6).then_some(0.6 + 0.25 * share)
}

/// Whether a cell looks like one address: words, a number, and a comma, a street word or a script that needs neither.
pub(super) fn is_like(cell: &str) -> bool {
    let digits = cell.bytes().any(|b| b.is_ascii_digit());
    if !digits
        || cell.len() < 8
        || !is_address(cell)
        || cell.contains(['。', '!', '?', ';', ':'])
        || cell.contains(" is ")
    {
        return false;
    }
    has_street(cell) || has_postal_code(cell)
}

/// A group of four to six digits, or two groups such as `SW1A 1AA` and `373 51`, beside words.
fn has_postal_code(cell: &str) -> bool {
    cell.split(|c: char| c == ',' || c.is_whitespace()).any(|part| {
        // `Kulti-808272` has the town before.
        let code = part.trim_start_matches(|c: char| c.is_alphabetic() || c == '-');
        let digits = code.bytes().filter(u8::is_ascii_digit).count();
        (4..=8).contains(&digits) && code.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    }) && cell.contains(',')
}
