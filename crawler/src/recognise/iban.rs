//! International bank account numbers: ISO 13616 form, length by country, ISO 7064 MOD 97-10.

use std::sync::LazyLock;

use super::text::{clean_after, clean_before, compact};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "IBAN_CODE",
    id_name: "iban",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

/// Country and length, from the SWIFT IBAN registry.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 \
    DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 \
    KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 \
    PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let mut past = 0;
    // The two check digits are the rarest mark of the four characters that open an IBAN.
    for run in outline.numbers().filter(|run| run.digit == run.start + 2) {
        if run.start < past {
            continue;
        }
        let Some((end, code)) = code_at(outline.text, run.start) else { continue };
        hits.span(Span::of(RECOGNISER.kind, run.start, end), || 0.99);
        hits.token(RECOGNISER.kind, run.start, end, &code);
        past = end;
    }
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let value = value.get(..4).filter(|p| p.eq_ignore_ascii_case("iban")).map_or(value, |_| &value[4..]);
    let code = compact(value.trim_start_matches([':', ' ']))?;
    (code.is_ascii() && length_of(code.get(..2)?)? == code.len() && is_valid(&code)).then_some(code)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    (share >= 0.3).then_some(0.8 + 0.19 * share)
}

fn code_at(text: &str, start: usize) -> Option<(usize, String)> {
    let head = text.as_bytes().get(start..start + 4)?;
    if !(head[0].is_ascii_alphabetic()
        && head[1].is_ascii_alphabetic()
        && head[2].is_ascii_digit()
        && head[3].is_ascii_digit())
    {
        return None;
    }
    if !clean_before(text, start) {
        return None;
    }
    let length = length_of(&text[start..start + 2].to_ascii_uppercase())?;
    let mut code = String::with_capacity(length);
    let mut gap = false;
    for (i, b) in text.as_bytes()[start..].iter().enumerate() {
        match b {
            b if b.is_ascii_alphanumeric() => {
                code.push(b.to_ascii_uppercase().into());
                gap = false;
            }
            b' ' | b'-' if !gap => gap = true,
            _ => return None,
        }
        if code.len() == length {
            let end = start + i + 1;
            return (clean_after(text, end) && is_valid(&code)).then_some((end, code));
        }
    }
    None
}

/// The length by the two letters of the country; 0 where there is none.
static LENGTH: LazyLock<[u8; 676]> = LazyLock::new(|| {
    let mut table = [0; 676];
    for entry in LENGTHS.split_ascii_whitespace() {
        if let (Some(place), Ok(length)) = (place_of(&entry[..2]), entry[2..].parse()) {
            table[place] = length;
        }
    }
    table
});

fn place_of(country: &str) -> Option<usize> {
    let letter = |b: u8| b.is_ascii_uppercase().then(|| usize::from(b - b'A'));
    match country.as_bytes() {
        [a, b] => Some(letter(*a)? * 26 + letter(*b)?),
        _ => None,
    }
}

fn length_of(country: &str) -> Option<usize> {
    place_of(country).map(|place| usize::from(LENGTH[place])).filter(|length| *length > 0)
}

fn is_valid(code: &str) -> bool {
    if !code.bytes().all(|b| b.is_ascii_alphanumeric()) || !code[2..4].bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let rotated = code[4..].bytes().chain(code[..4].bytes());
    let remainder = rotated.fold(0u32, |sum, b| match b {
        b'0'..=b'9' => (sum * 10 + u32::from(b - b'0')) % 97,
        _ => (sum * 100 + u32::from(b - b'A') + 10) % 97,
    });
    remainder == 1
}
