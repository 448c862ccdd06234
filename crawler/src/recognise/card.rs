//! Payment card numbers: ISO/IEC 7812 length, issuer range and Luhn checksum.

use std::sync::LazyLock;

use super::text::{NEGATIVE, Words, clean_after, compact, lower_before, luhn, nearer};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "CREDIT_CARD_NUMBER",
    id_name: "card",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "card", "pan", "visa", "mastercard", "amex", "maestro", "discover", "diners", "jcb", "cc", "credit",
    "debit", "karte", "kreditkarte", "carte", "tarjeta", "carta", "kaart", "kort", "karta", "kartı",
    "kart", "cartão", "карта", "карты", "信用卡", "卡号", "カード", "카드",
];

const NUMBER_BYTES_MAX: usize = 25;

static ANNOUNCED: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    each(outline, |start, end, number| {
        hits.span(Span::of(RECOGNISER.kind, start, end), || confidence(outline.text, start, end, number));
        hits.token(RECOGNISER.kind, start, end, number);
    });
}

fn confidence(text: &str, start: usize, end: usize, number: &str) -> f32 {
    let before = lower_before(text, start, 40);
    let named = nearer(&before, &ANNOUNCED, &NEGATIVE);
    let grouped = end - start > number.len();
    let joined = is_joined(text, start, end);
    match (named, NEGATIVE.any(&before)) {
        (true, _) => 0.98,
        _ if joined => 0.2,
        (false, true) => 0.4,
        _ if grouped => 0.9,
        // Numbers of nineteen digits are 64-bit numbers of machines far more often than cards.
        _ if number.len() > 16 => 0.4,
        // Maestro ranges are wide and one number in ten passes Luhn.
        _ if number.len() >= 14
            && !matches!(number.as_bytes()[..2], [b'5', b'0' | b'6'..=b'8'] | [b'6', b'3' | b'7']) =>
        {
            0.75
        }
        _ => 0.4,
    }
}

fn normalise(value: &str) -> Option<String> {
    let number = compact(value.trim())?;
    is_card(number.as_bytes()).then_some(number)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    // One number in ten passes Luhn by chance, so a column of them must pass nearly always.
    let share = facts.whole_share().max(facts.form_share());
    if share >= 0.8 || (share >= 0.5 && facts.header_has(WORDS)) { Some(0.75 + 0.24 * share) } else { None }
}

/// Whether the number is a part of a longer dashed, dotted or slashed code.
pub(super) fn is_joined(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let glue = |b: u8| matches!(b, b'-' | b'.' | b'/' | b':' | b'_');
    let before = start >= 2
        && matches!(bytes[start - 1], b'-' | b'.' | b'/')
        && (bytes[start - 2].is_ascii_alphanumeric() || bytes[start - 2] == b'_');
    // `00:05.185`: the end of a time.
    let before = before || (start >= 2 && bytes[start - 1] == b':' && bytes[start - 2].is_ascii_digit());
    let after = end + 1 < bytes.len() && glue(bytes[end]) && bytes[end + 1].is_ascii_alphanumeric();
    before || after
}

fn each(outline: &Outline<'_>, mut visit: impl FnMut(usize, usize, &str)) {
    let mut past = 0;
    outline.each_number_start(12, |start| {
        if start < past || !outline.text.as_bytes()[start].is_ascii_digit() {
            return;
        }
        let mut number = [0; NUMBER_BYTES_MAX];
        let Some((end, digits)) = number_at(outline.text, start, &mut number) else { return };
        past = end;
        visit(start, end, digits);
    });
}

/// The longest card number that begins at `start`, its groups parted by one and the same separator.
fn number_at<'n>(
    text: &str,
    start: usize,
    number: &'n mut [u8; NUMBER_BYTES_MAX],
) -> Option<(usize, &'n str)> {
    let bytes = text.as_bytes();
    let (mut digits, mut separator, mut best) = (0, None, None);
    for (i, b) in bytes[start..].iter().enumerate().take(NUMBER_BYTES_MAX) {
        match b {
            b'0'..=b'9' => {
                number[digits] = *b;
                digits += 1;
                let end = start + i + 1;
                let ends = bytes.get(end).is_none_or(|n| !n.is_ascii_digit()) && clean_after(text, end);
                if ends && is_card(&number[..digits]) && groups_hold(&bytes[start..end]) {
                    best = Some((end, digits));
                }
            }
            b' ' | b'-' | b'.'
                if separator.is_none_or(|s| s == *b) && bytes[start + i - 1].is_ascii_digit() =>
            {
                separator = Some(*b);
            }
            _ => break,
        }
    }
    let (end, digits) = best?;
    Some((end, std::str::from_utf8(&number[..digits]).ok()?))
}

/// Written in groups, a card number has groups of three to six digits, the first of four.
fn groups_hold(bytes: &[u8]) -> bool {
    let mut sizes = bytes.split(|b| !b.is_ascii_digit()).map(<[u8]>::len);
    let Some(first) = sizes.next() else { return false };
    first == bytes.len() || (first == 4 && sizes.all(|n| (2..=7).contains(&n)))
}

/// Length, issuer range (the networks' published ranges) and checksum.
pub(super) fn is_card(number: &[u8]) -> bool {
    if !(12..=19).contains(&number.len()) || !number.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let head = number[..6].iter().fold(0u32, |sum, b| sum * 10 + u32::from(b - b'0'));
    let issued = match head / 10_000 {
        40..=49 => matches!(number.len(), 13 | 16 | 19),
        51..=55 => number.len() == 16,
        22..=27 => number.len() == 16 && (222_100..=272_099).contains(&head),
        34 | 37 => number.len() == 15,
        30 | 36 | 38 | 39 => number.len() == 14,
        35 => (352_800..=358_999).contains(&head) && number.len() >= 16,
        60 => number.len() >= 16 && (head / 100 == 6011 || head / 1000 == 604 || head / 100 == 6069),
        62 | 65 => number.len() >= 16,
        64 => number.len() >= 16 && head / 1000 >= 644,
        50 | 56..=58 | 63 | 67 => number.len() >= 16 || number.len() == 12,
        _ => false,
    };
    issued && luhn(number) && number.iter().any(|b| *b != number[0])
}
