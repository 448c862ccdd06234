//! Telephone numbers: candidates in text, their readings as E.164, and how sure we are of each.
//!
//! `plan` holds the numbering plans. A number written nationally has one reading per region in which it is valid, so
//! that index and lookup meet on whichever reading the request was typed in.

mod plan;

use std::rc::Rc;
use std::sync::LazyLock;

use super::card::is_joined;
use super::text::{NEGATIVE, Words, clean_after, clean_before, lower_before, nearer};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) use plan::national_part;
pub(super) use plan::regions;
pub use plan::set_default_regions;

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "PHONE_NUMBER",
    id_name: "phone",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "phone", "telephone", "tel", "tél", "téléphone", "telefon", "telefono", "teléfono", "telefone",
    "telefoon", "telefonu", "mobile", "mob", "cell", "cellphone", "handy", "mobil", "mobiel", "móvil",
    "cellulare", "celular", "gsm", "fax", "call", "called", "contact", "whatsapp", "sms",
    "phoned", "ring", "dial", "puhelin", "puh", "tlf", "tfn", "nås", "erreichbar", "appelez", "bel",
    "kontakt", "komórka", "numer telefonu", "hotline", "telegram", "телефон", "тел", "моб", "звонить",
    "τηλ", "τηλέφωνο", "电话", "手机", "電話", "電話番号", "携帯", "전화", "휴대폰", "핸드폰", "هاتف", "טלפון", "फ़ोन",
    "msisdn", "caller", "callee", "ext",
];

const DIGITS_MIN: usize = 7;
/// E.164 has at most 15 digits; an international prefix and a trunk zero may come on top.
const DIGITS_MAX: usize = 18;

/// Digits in groups that may be one telephone number.
struct Candidate {
    start: usize,
    end: usize,
    digits: String,
    plus: bool,
    groups: Vec<u8>,
    /// Written with brackets around an area code.
    bracketed: bool,
    /// What it may stand for, as E.164; never empty once it is visited.
    readings: Rc<[String]>,
}

static ANNOUNCED: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let text = outline.text;
    each(outline, |candidate| {
        let Candidate { start, end, .. } = *candidate;
        hits.span(Span::of(RECOGNISER.kind, start, end), || confidence(text, candidate));
        candidate.readings.iter().for_each(|e164| hits.token(RECOGNISER.kind, start, end, e164));
    });
}

/// E.164. A national spelling is read in the first default region in which it is valid.
fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let value = value.strip_prefix("tel:").unwrap_or(value);
    let mut first = None;
    each(&Outline::of(value), |candidate| {
        if candidate.start == 0 && candidate.end == value.len() {
            first = first.take().or_else(|| candidate.readings.first().cloned());
        }
    });
    first
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let (share, form) = (facts.whole_share(), facts.form_share());
    let named = facts.header_has(WORDS)
        && !facts.header_has(&["model", "type", "brand", "template", "count", "os", "from"]);
    if named && form.max(share) >= 0.3 {
        return Some(0.85 + 0.14 * form.max(share));
    }
    // Without a word in the header, the punctuation must say that these are no plain numbers.
    (share >= 0.5 && facts.shape.punctuated_share() >= 0.2).then_some(0.6 + 0.3 * share)
}

fn confidence(text: &str, candidate: &Candidate) -> f32 {
    let Candidate { start, end, ref digits, plus, ref groups, bracketed, .. } = *candidate;
    if plus {
        return 0.95;
    }
    if looks_like_date(groups, &text[start..end]) {
        return 0.0;
    }
    let before = lower_before(text, start, 40);
    let joined = is_joined(text, start, end);
    if nearer(&before, &ANNOUNCED, &NEGATIVE) && !joined {
        return if groups.len() > 1 || digits.starts_with('0') { 0.9 } else { 0.75 };
    }
    if joined || NEGATIVE.any(&before) {
        return 0.0;
    }
    let regular = groups.len() >= 2
        && !is_plain_number(groups, &text[start..end])
        && !(groups.len() >= 3 && groups.iter().all(|g| *g == 4));
    match () {
        () if bracketed && regular => 0.8,
        () if digits.starts_with("00") && regular => 0.7,
        () if digits.starts_with('0') && regular && digits.len() >= 9 => 0.65,
        () if groups.len() >= 3 && regular && digits.len() >= 9 && is_enclosed(text, start, end) => 0.6,
        () => 0.0,
    }
}

/// `2023-03-04`, `04.03.2023`, `03/04/23` in groups, also with a version or an hour beside.
fn looks_like_date(groups: &[u8], written: &str) -> bool {
    let parts: Vec<&str> = written.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
    let year = |at: usize| {
        parts.get(at).is_some_and(|y| y.len() == 4 && matches!(&y[..2], "18" | "19" | "20" | "21"))
    };
    let dated = |w: (usize, &[u8])| match w.1 {
        [4, 1 | 2, 1..=3] => year(w.0),
        [1 | 2, 1 | 2, 4] => year(w.0 + 2),
        _ => false,
    };
    groups.windows(3).enumerate().any(dated)
        || matches!(groups, [4..=u8::MAX, 2, 2])
        || (matches!(groups, [6, 6]) && is_stamp(&parts))
}

/// `081110 224338`: a date and a time of six digits each, as many a log line begins.
fn is_stamp(parts: &[&str]) -> bool {
    let two = |part: &str, at: usize| {
        part.get(at..at + 2).and_then(|digits| digits.parse::<u8>().ok()).unwrap_or(99)
    };
    let [date, time] = parts else { return false };
    let dated = (1..=12).contains(&two(date, 2))
        && ((1..=31).contains(&two(date, 0)) || (1..=31).contains(&two(date, 4)));
    dated && two(time, 0) < 24 && two(time, 2) < 60 && two(time, 4) < 60
}

/// Whether the number fills a cell or a field, and its groups are no list of small numbers.
fn is_enclosed(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| {
        b.is_none_or(|b| matches!(b, b';' | b',' | b'|' | b'"' | b'\'' | b'\t' | b'\n' | b'\r' | b'>' | b'<'))
    };
    let body = &text[start..end];
    let listed = body.split([' ', '-', '/']).skip(1).any(|group| group.len() < 2) || body.contains('.');
    edge(start.checked_sub(1).and_then(|i| bytes.get(i))) && edge(bytes.get(end)) && !listed
}

/// A decimal number (`0.99999994`) or an American postal code (`02110-1301`).
fn is_plain_number(groups: &[u8], written: &str) -> bool {
    let dotted = written.contains('.');
    matches!(groups, [5, 4]) || (dotted && (groups.len() == 2 || written.contains(' ')))
}

/// Visits candidates: runs of digits with single separators, brackets around one group, a plus in front. A run that
/// is too long to be one number is tried in windows that begin and end at blanks or slashes.
fn each(outline: &Outline<'_>, mut visit: impl FnMut(&Candidate)) {
    let (text, bytes) = (outline.text, outline.text.as_bytes());
    let mut groups = Vec::new();
    let mut past = 0;
    for found in outline.numbers() {
        let mut at = found.digit.max(past);
        while at < found.end {
            if !bytes[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let start = opening(bytes, at);
            let total = run(bytes, at, &mut groups);
            if total >= DIGITS_MIN && clean_before(text, start) && (start == 0 || bytes[start - 1] != b'+') {
                visit_run(text, start, &groups, &mut visit);
            }
            past = groups.last().map_or(at + 1, |g| g.1);
            at = past;
        }
    }
}

/// Takes in a plus or a bracket that stand before the first digit.
fn opening(bytes: &[u8], first: usize) -> usize {
    let mut start = first;
    if start > 0 && bytes[start - 1] == b'(' {
        start -= 1;
    }
    let before = if start < first && start > 0 && bytes[start - 1] == b' ' { start - 1 } else { start };
    if before > 0 && bytes[before - 1] == b'+' { before - 1 } else { start }
}

/// The groups of digits from `at` on, each parted from the one before by what telephone numbers are parted by.
/// Gives the number of digits.
fn run(bytes: &[u8], first: usize, groups: &mut Vec<(usize, usize)>) -> usize {
    groups.clear();
    let (mut at, mut total) = (first, 0);
    loop {
        let from = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        groups.push((from, at));
        total += at - from;
        let gap = bytes[at..]
            .iter()
            .take(3)
            .take_while(|b| matches!(b, b' ' | b'-' | b'.' | b'/' | b'(' | b')'))
            .count();
        let next = at + gap;
        let spaced = !matches!(
            &bytes[at..next],
            [_] | [b')', _] | [_, b'('] | [b'(', _] | [b')', _, _] | [_, b'(', _]
        );
        if gap == 0 || spaced || !bytes.get(next).is_some_and(u8::is_ascii_digit) || groups.len() == 32 {
            return total;
        }
        at = next;
    }
}

fn visit_run(text: &str, start: usize, groups: &[(usize, usize)], visit: &mut impl FnMut(&Candidate)) {
    if take(text, start, groups).is_some_and(|whole| emit(text, whole, visit)) {
        return;
    }
    let bytes = text.as_bytes();
    let strong = |at: usize| matches!(bytes[at], b' ' | b'/');
    let mut from = 0;
    while from < groups.len() {
        let head = if from == 0 { start } else { groups[from].0 };
        let mut used = None;
        if from == 0 || strong(groups[from].0 - 1) {
            for to in (from + 1..=groups.len().min(from + 7)).rev() {
                let ends = to == groups.len() || strong(groups[to].0 - 1);
                let partial = (from, to) != (0, groups.len());
                if ends
                    && partial
                    && take(text, head, &groups[from..to]).is_some_and(|c| emit(text, c, visit))
                {
                    used = Some(to);
                    break;
                }
            }
        }
        from = used.unwrap_or(from + 1);
    }
}

/// Hands a candidate on if anything can be read from it.
fn emit(text: &str, mut candidate: Candidate, visit: &mut impl FnMut(&Candidate)) -> bool {
    if !clean_after(text, candidate.end) {
        return false;
    }
    candidate.readings = plan::readings(&candidate.digits, candidate.plus);
    let readable = !candidate.readings.is_empty();
    if readable {
        visit(&candidate);
    }
    readable
}

fn take(text: &str, start: usize, groups: &[(usize, usize)]) -> Option<Candidate> {
    let end = groups.last()?.1;
    let total: usize = groups.iter().map(|(from, to)| to - from).sum();
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&total) {
        return None;
    }
    let written = &text[start..end];
    let (opened, closed) = (written.matches('(').count(), written.matches(')').count());
    if opened != closed || opened > 1 {
        return None;
    }
    // `+49 (0)30 …`: the trunk zero in brackets is not dialled from abroad.
    let plus = written.starts_with('+');
    let digits: String = match (plus || written.starts_with("00"), written.find("(0)")) {
        (true, Some(at)) => written[..at]
            .bytes()
            .chain(written[at + 3..].bytes())
            .filter(u8::is_ascii_digit)
            .map(char::from)
            .collect(),
        _ => super::text::digits(written),
    };
    let groups = groups.iter().map(|(from, to)| (to - from).min(255) as u8).collect();
    Some(Candidate { start, end, digits, plus, groups, bracketed: opened == 1, readings: Rc::default() })
}
