//! Dates of birth: a date with a word of birth before it, or a column of dates as people's lives spread them.

use std::sync::LazyLock;

use super::text::{Words, clean_after, clean_before, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "DATE_OF_BIRTH",
    id_name: "dob",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "born", "birth", "birthdate", "birthday", "dob", "d.o.b", "bday", "geboren", "geb", "geburtsdatum",
    "geburtstag", "né", "née", "né(e)", "naissance", "nacido", "nacida", "nacimiento", "nato", "nata",
    "nascita", "nascido", "nascida", "nascimento", "geboortedatum", "född", "födelsedatum", "født",
    "fødselsdato", "syntynyt", "syntymäaika", "urodzony", "urodzona", "urodzenia", "narozen", "narozena",
    "narození", "născut", "născută", "nașterii", "naşterii", "doğum", "doğumlu", "született", "születési",
    "родился", "родилась", "рождения", "γέννησης", "出生", "出生日期", "生日", "生年月日", "生まれ", "생년월일", "출생",
    "تاريخ الميلاد",
];
#[rustfmt::skip]
const HEADER_WORDS: &[&str] = &[
    "dob", "birth", "born", "birthdate", "birthday", "bday", "dateofbirth", "geburtsdatum", "geburtstag",
    "geboortedatum", "naissance", "nacimiento", "nascita", "nascimento", "födelsedatum", "fødselsdato",
    "syntymäaika", "urodzenia", "narození", "dogum", "doğum", "рождения", "生日", "出生日期", "生年月日", "생년월일",
];

static ANNOUNCING: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    let mut past = 0;
    for run in outline.numbers().filter(|run| run.digit == run.start) {
        let (start, bytes) = (run.start, text.as_bytes());
        let digits = bytes[start..run.end].iter().take_while(|b| b.is_ascii_digit()).count();
        if start < past || !matches!(digits, 1 | 2 | 4) || !clean_before(text, start) {
            continue;
        }
        let Some((end, _)) = date_at(bytes, start).or_else(|| worded_date_at(text, start)) else { continue };
        let before = lower_before(text, start, 32);
        if clean_after(text, end) && is_announced(&before) {
            out.push(Span { start, end, kind: RECOGNISER.kind, subtype: None, confidence: 0.93 });
            past = end;
        }
    }
}

/// Whether a word of birth stands before with no other date, and at most a few words, between.
fn is_announced(before: &str) -> bool {
    ANNOUNCING.nearest(before).is_some_and(|past| {
        let between = &before[past..];
        !between.bytes().any(|b| b.is_ascii_digit()) && between.split_whitespace().count() <= 3
    })
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    whole_date(value).map(|_| value.to_owned())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let shape = facts.shape;
    let dates = shape.share_of(shape.dates);
    if dates < 0.6 {
        return None;
    }
    if facts.header_has(HEADER_WORDS) {
        return Some(0.95);
    }
    if facts.header_has(&[
        "created", "updated", "order", "ship", "due", "expiry", "start", "end", "hire", "publish", "release",
        "modified",
    ]) {
        return None;
    }
    // Lives spread over many decades, most of them begun before 2006; business dates crowd into a few recent years.
    let old: u64 = shape.decades[..11].iter().sum();
    let peopled = shape.decades[2..12].iter().filter(|n| **n * 50 >= shape.dates).count();
    let early: u64 = shape.decades[..8].iter().sum();
    (old * 10 >= shape.dates * 9 && peopled >= 4 && early * 10 >= shape.dates).then_some(0.7)
}

/// The year of a cell that is one date and nothing else.
pub(super) fn whole_date(cell: &str) -> Option<u32> {
    date_at(cell.as_bytes(), 0).filter(|(end, _)| *end == cell.len()).map(|(_, year)| year)
}

/// A date at `start`: year, month, day, or day and month in either order, parted by `-`, `/`, `.`, a blank and a dot, or
/// the Han signs. Gives its end and year.
fn date_at(bytes: &[u8], start: usize) -> Option<(usize, u32)> {
    let (first_end, first) = number_at(bytes, start)?;
    let (second_from, separator) = separator_at(bytes, first_end)?;
    let (second_end, second) = number_at(bytes, second_from)?;
    let (third_from, same) = separator_at(bytes, second_end)?;
    if separator != same && !(separator == 0xE5 && same == 0xE6) {
        return None;
    }
    let (third_end, third) = number_at(bytes, third_from)?;
    let widths = (first_end - start, second_end - second_from, third_end - third_from);
    let day_month = |a: u32, b: u32| (1..=12).contains(&a.min(b)) && (1..=31).contains(&a.max(b));
    match widths {
        (4, 1 | 2, 1 | 2)
            if (1900..=2030).contains(&first) && (1..=12).contains(&second) && (1..=31).contains(&third) =>
        {
            let han = usize::from(separator == 0xE5) * 3;
            Some((third_end + han.min(bytes.len() - third_end), first))
        }
        (1 | 2, 1 | 2, 4) if (1900..=2030).contains(&third) && day_month(first, second) => {
            Some((third_end, third))
        }
        _ => None,
    }
}

/// The heads of the names of months in the larger languages of Europe, lower case.
#[rustfmt::skip]
const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "januar",
    "februar", "märz", "mai", "okt", "dez", "janv", "févr", "mars", "avr", "juin", "juil", "août", "déc",
    "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "maj", "mei", "fev", "out",
    "sty", "lut", "kwi", "cze", "lip", "sie", "wrz", "paź", "lis", "gru", "янв", "фев", "мар", "апр",
    "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек",
];

/// `3 May 1988`, `3. März 1988`, `3 de mayo de 1988`.
fn worded_date_at(text: &str, start: usize) -> Option<(usize, u32)> {
    let (day_end, day) = number_at(text.as_bytes(), start)?;
    let mut at = day_end + text[day_end..].bytes().take_while(|b| matches!(b, b'.' | b' ')).count();
    at += if text[at..].starts_with("de ") { 3 } else { 0 };
    let month_end =
        at + text[at..].chars().take(12).take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum::<usize>();
    let month = text[at..month_end].to_lowercase();
    let mut year_from =
        month_end + text[month_end..].bytes().take_while(|b| matches!(b, b'.' | b',' | b' ')).count();
    year_from += if text[year_from..].starts_with("de ") { 3 } else { 0 };
    let (end, year) = number_at(text.as_bytes(), year_from)?;
    let named = at > day_end && month.len() >= 3 && MONTHS.iter().any(|m| month.starts_with(m));
    (named && (1..=31).contains(&day) && (1900..=2030).contains(&year)).then_some((end, year))
}

fn number_at(bytes: &[u8], start: usize) -> Option<(usize, u32)> {
    let digits = bytes.get(start..)?.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let value = bytes[start..start + digits].iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0'));
    (digits > 0 && digits < 5).then_some((start + digits, value))
}

fn separator_at(bytes: &[u8], at: usize) -> Option<(usize, u8)> {
    match bytes.get(at..)? {
        // 年 and 月
        [0xE5, 0xB9, 0xB4, ..] => Some((at + 3, 0xE5)),
        [0xE6, 0x9C, 0x88, ..] => Some((at + 3, 0xE6)),
        [b'.', b' ', ..] => Some((at + 2, b'.')),
        [b @ (b'-' | b'/' | b'.'), ..] => Some((at + 1, *b)),
        _ => None,
    }
}
