//! Bank accounts that are no IBAN, and the routing numbers of American banks (ABA, with its checksum).

use super::announced::{Announced, Value, groups};
use super::{ColumnFacts, Recogniser, no_find};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "FINANCIAL_ACCOUNT_NUMBER",
    id_name: "bank_account",
    identifies: false,
    announced: Some(Announced { words: WORDS, value }),
    find: no_find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "account number", "account no", "account nr", "account_number", "acct number", "acct no", "acct", "a/c", "a/c no",
    "bank account", "bank_account", "routing number", "routing no", "aba", "aba routing", "rtn", "sort code", "sort_code",
    "kontonummer", "konto-nr", "kontonr", "kto", "kto-nr", "numéro de compte", "n° de compte", "número de cuenta",
    "cuenta bancaria", "conto corrente", "numero di conto", "conta corrente", "rekeningnummer", "tilinumero", "numer konta",
    "číslo účtu", "bankszámlaszám", "номер счета", "расчетный счет", "р/с", "hesap no", "口座番号", "银行账号", "账号", "계좌번호",
    "clabe", "bsb",
];
const CHARS: std::ops::RangeInclusive<usize> = 6..=20;

fn value(text: &str, start: usize) -> Option<Value> {
    let end = groups(text, start, CHARS, 6)?;
    let digits = is_digits(&text[start..end]);
    let subtype = is_routing(&text[start..end]).then_some("US_ROUTING_NUMBER_FORM");
    digits.then_some(Value { end, subtype, confidence: 0.8 })
}

fn is_digits(number: &str) -> bool {
    number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'/'))
}

/// Nine digits with the weights 3, 7, 1, and a head that the Federal Reserve gives out.
fn is_routing(number: &str) -> bool {
    let digits = super::text::digits(number);
    let sum: u32 = digits
        .bytes()
        .zip([3, 7, 1].into_iter().cycle())
        .map(|(b, weight)| u32::from(b - b'0') * weight)
        .sum();
    let head = digits.get(..2).and_then(|head| head.parse().ok()).unwrap_or(99);
    digits.len() == 9
        && number.len() == 9
        && matches!(head, 0..=12 | 21..=32 | 61..=72 | 80)
        && sum.is_multiple_of(10)
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let digits = super::text::digits(value);
    (is_digits(value) && CHARS.contains(&digits.len())).then_some(digits)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let named = facts.header_has(WORDS) || facts.header_has(&["routing", "iban account", "kontonummer"]);
    (named && facts.form_share() >= 0.7).then_some(0.8)
}
