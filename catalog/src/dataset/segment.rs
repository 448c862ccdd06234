//! What a folder's name says: a partition's key and value, a part of a date, an id or number, or just a name.

use super::place::unescape;

/// The meaning of a folder's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Just a name.
    Name,
    /// `k=v`.
    Key {
        /// Its key.
        key: String,
        /// Its value, percent escapes undone.
        value: String,
    },
    /// A date or the next part of one.
    Date {
        /// Which part: `year`, `month`, `day`, `hour`, `minute`, `time`, `date`, `week`, `quarter`.
        part: &'static str,
        /// In ISO form.
        value: String,
        /// What stands around it: `export_` of `export_20240501`.
        word: String,
    },
    /// A UUID, a long hash or a long random code.
    Id,
    /// Digits that are no date.
    Number,
    /// A name that stands for one of many of a kind, as its siblings show; set by the layout.
    Sibling,
}

/// Reads the folders of a path, outermost first; parts of dates need their order (2024, then 05, then 01).
pub(super) fn segments<'a>(folders: impl Iterator<Item = &'a str>) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    for folder in folders {
        let parent = found.last();
        let segment = key_value(folder)
            .or_else(|| date(folder, parent))
            .or_else(|| dated(folder))
            .unwrap_or_else(|| {
                if folder.len() <= 18
                    && !folder.is_empty()
                    && folder.bytes().all(|byte| byte.is_ascii_digit())
                {
                    Segment::Number
                } else if is_id(folder) {
                    Segment::Id
                } else {
                    Segment::Name
                }
            });
        found.push(segment);
    }
    found
}

/// Hive's form of a partition folder; its values are percent-escaped.
fn key_value(folder: &str) -> Option<Segment> {
    let (key, value) = folder.split_once('=')?;
    let named = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c));
    named.then(|| Segment::Key { key: key.to_string(), value: unescape(value) })
}

/// Words that stand before a date in a folder's name without changing its meaning.
const DATE_WORDS: [&str; 9] = ["dt", "date", "day", "ds", "month", "year", "hour", "y", "d"];

/// Words that do so only below the part of a date that they continue: `y2024/m05/d01`.
const NESTED_DATE_WORDS: [&str; 9] = ["m", "mm", "mon", "dd", "h", "hh", "hr", "min", "mi"];

/// Words that stand before the number of a part of the year above; `fy` before the year itself.
const YEAR_PARTS: [&str; 6] = ["q", "quarter", "w", "week", "kw", "fy"];

fn date(folder: &str, parent: Option<&Segment>) -> Option<Segment> {
    let lower = folder.to_ascii_lowercase();
    let letters = lower.chars().take_while(char::is_ascii_alphabetic).count();
    let word = &lower[..letters];
    let digits = match word {
        "" => lower.as_str(),
        word if DATE_WORDS.contains(&word) || !stands_alone(word) => {
            lower[letters..].trim_start_matches(['-', '_'])
        }
        _ => return None,
    };
    if word == "fy" && matches!(digits.len(), 2 | 4) && number(digits, 0, 9999).is_some() {
        return Some(Segment::Date { part: "year", value: digits.to_string(), word: String::new() });
    }
    let part_of = |parent: &Segment| match parent {
        Segment::Date { part, .. } => Some(*part),
        _ => None,
    };
    let below = match (parent.and_then(part_of), digits.len()) {
        (Some("year"), 1) if matches!(word, "q" | "quarter") => number(digits, 1, 4).map(|_| "quarter"),
        (Some("year"), 1 | 2) if matches!(word, "w" | "week" | "kw") => number(digits, 1, 53).map(|_| "week"),
        (Some("year"), 5) => month_day(digits).then_some("date"),
        (Some("year"), 1 | 2) => number(digits, 1, 12).map(|_| "month"),
        (Some("month"), 1 | 2) => number(digits, 1, 31).map(|_| "day"),
        (Some("day" | "date"), 1 | 2) => number(digits, 0, 24).map(|_| "hour"),
        (Some("hour"), 2) => number(digits, 0, 59).map(|_| "minute"),
        (Some("day" | "date"), 6 | 8) => is_time_of_day(digits).then_some("time"),
        _ => None,
    };
    if let Some(part) = below {
        return Some(Segment::Date { part, value: digits.to_string(), word: String::new() });
    }
    let (part, value) = iso(digits).filter(|_| stands_alone(word))?;
    Some(Segment::Date { part, value, word: String::new() })
}

/// Whether a word may stand before a date that needs none above it.
fn stands_alone(word: &str) -> bool {
    !NESTED_DATE_WORDS.contains(&word) && !YEAR_PARTS.contains(&word)
}

/// A full date with words before or behind it: `export_20240501`, `load-2024-05-01`, `2024-05-01_full`.
fn dated(folder: &str) -> Option<Segment> {
    let lower = folder.to_ascii_lowercase();
    let (before, rest) = lower.split_at(lower.find(|c: char| c.is_ascii_digit())?);
    let (digits, behind) = match iso(rest) {
        Some(_) => (rest, ""),
        None => {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            (rest[..end].strip_suffix(['-', '_', '.'])?, &rest[end..])
        }
    };
    let worded = |text: &str| text.chars().all(|c| c.is_alphabetic() || "-_. ".contains(c));
    let (part, value) = iso(digits).filter(|(part, _)| matches!(*part, "date" | "hour"))?;
    let named = worded(before) && worded(behind) && before.len() + behind.len() > 0;
    named.then(|| Segment::Date { part, value, word: format!("{before}#{behind}") })
}

/// A date in one of the forms that stand alone: 2024, 202405, 2024-05, 20240501, 2024-05-01, with an hour or time behind.
pub(super) fn iso(text: &str) -> Option<(&'static str, String)> {
    let compact: String = text.chars().filter(char::is_ascii_digit).collect();
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    number(compact.get(..4)?, 1900, 2099)?;
    let part = match shape.as_str() {
        "0000" => "year",
        "000000" | "0000-00" | "0000_00" | "0000.00" => "month",
        "00000000" | "0000-00-00" | "0000_00_00" | "0000.00.00" => "date",
        "0000-w00" | "0000w00" => return Some(("week", format!("{}-W{}", &compact[..4], &compact[4..]))),
        _ if shape.starts_with("00000000") || shape.starts_with("0000-00-00") => {
            let rest = shape.trim_start_matches(['0', '-', '_', ':', '.', 't', 'z', 'T', 'Z']);
            if !rest.is_empty() || !matches!(compact.len(), 10 | 12 | 14 | 17) {
                return None;
            }
            "hour"
        }
        _ => return None,
    };
    if compact.len() >= 6 {
        number(&compact[4..6], 1, 12)?;
    }
    if compact.len() >= 8 {
        number(&compact[6..8], 1, 31)?;
    }
    let value = match part {
        "year" => compact,
        "month" => format!("{}-{}", &compact[..4], &compact[4..6]),
        "date" => format!("{}-{}-{}", &compact[..4], &compact[4..6], &compact[6..8]),
        _ => format!("{}-{}-{}T{}", &compact[..4], &compact[4..6], &compact[6..8], &compact[8..]),
    };
    Some((part, value))
}

/// `05-01` below a year.
fn month_day(text: &str) -> bool {
    let parts = text.split_once(['-', '_']);
    parts.is_some_and(|(month, day)| {
        month.len() == 2 && number(month, 1, 12).is_some() && number(day, 1, 31).is_some()
    })
}

/// `09-30-00` or `093000`, as programs name a run below its date.
fn is_time_of_day(text: &str) -> bool {
    let parts: Vec<&str> = match text.len() {
        6 if text.is_ascii() => vec![&text[..2], &text[2..4], &text[4..]],
        _ => text.split(['-', '_', '.', ':']).collect(),
    };
    let most = [23, 59, 59];
    parts.len() == most.len()
        && parts.iter().zip(most).all(|(part, most)| part.len() == 2 && number(part, 0, most).is_some())
}

fn number(digits: &str, min: u32, max: u32) -> Option<u32> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|number| (min..=max).contains(number))
}

/// A UUID, a hash, or a code of sixteen or more letters and digits mixed.
pub(super) fn is_id(text: &str) -> bool {
    is_uuid(text)
        || (text.len() >= 16
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

/// The textual form of RFC 9562: hex digits in groups of 8, 4, 4, 4 and 12.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
