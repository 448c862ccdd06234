//! National identity, social security and tax numbers of persons: the engine over the table in `schemes`.
//!
//! A scheme says how a number is built, where people part it, which checksum it carries (`checks`), and how much its
//! form alone proves. What the form leaves open, the words before it and the share of a column decide.

mod checks;
pub(super) mod schemes;

use schemes::{SCHEMES, Scheme};

use super::card::is_joined;
use super::text::{
    NEGATIVE, clean_after, clean_before, compact, each_number_start, has_word, lower_before, nearer,
};
use super::{ColumnFacts, Recogniser, Span, TokenSink};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "NATIONAL_ID",
    id_name: "national_id",
    identifies: true,
    find,
    normalise,
    tokens,
    column,
};

/// Words that announce a person's number in any country.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "national id", "national identity", "national number", "national insurance", "insurance/id",
    "identity number", "identity no", "id number", "id no", "id card", "identification number",
    "social security", "ssn", "sin", "nino", "ni number", "nhs", "nhs no", "nhs number", "tax id",
    "tax number", "tin", "tfn", "taxpayer", "steuer-id", "steuerid", "steuer", "identifikationsnummer",
    "idnr", "personnummer", "personnr", "pnr", "personnumero", "henkilötunnus", "hetu", "cpr", "cpr-nr",
    "fødselsnummer", "kennitala", "bsn", "burgerservicenummer", "sofinummer", "rijksregisternummer",
    "insz", "numéro de sécurité sociale", "sécurité sociale", "nir", "insee", "codice fiscale",
    "cod. fisc", "c.f", "dni", "nie", "dni/nie", "nif", "documento", "cpf", "cnp", "egn", "егн", "oib",
    "pesel", "rodné číslo", "rodne cislo", "rč", "emšo", "jmbg", "isikukood", "asmens kodas",
    "personas kods", "kimlik", "kimlik no", "tckn", "tc", "aadhaar", "aadhar", "pan", "curp", "rfc",
    "rut", "run", "cédula", "cedula", "snils", "снилс", "инн", "inn", "паспорт", "teudat zehut", "nric",
    "fin", "ahv", "avs", "svnr", "sozialversicherungsnummer", "pps", "ppsn", "afm", "αφμ", "amka", "αμκα",
    "adószám", "taj", "身份证", "身份证号", "身份证号码", "マイナンバー", "個人番号", "주민등록번호", "주민번호", "insurance number",
    "identity",
];
const NUMBER_BYTES_MAX: usize = 26;

fn find(text: &str, out: &mut Vec<Span>) {
    each(text, |start, end, scheme, _| {
        let before = lower_before(text, start, 40);
        let before = after_last_number(&before);
        let grouped = end - start > scheme.form.len();
        let form = if grouped { scheme.grouped } else { scheme.bare };
        let named = nearer(before, WORDS, NEGATIVE) || has_word(before, scheme.words);
        // `id` alone may be any id: it helps only what the checksum makes unlikely otherwise.
        let hinted = scheme.chance <= 0.05 && nearer(before, &["id", "identifier"], NEGATIVE);
        let confidence = match named {
            true => 0.9 + 0.09 * form,
            false if has_word(before, NEGATIVE) || is_joined(text, start, end) => form - 0.5,
            false if hinted => form + 0.2,
            // Digits in the midst of a sentence or a list of numbers are seldom a person's.
            false if form < 0.7 && !grouped && !is_field(text, start, end) => form - 0.2,
            false => form,
        };
        if confidence >= 0.5 {
            out.push(Span { start, end, kind: RECOGNISER.kind, subtype: Some(scheme.subtype), confidence });
        }
    });
}

/// Whether a number fills a text or a quoted or delimited field.
fn is_field(text: &str, start: usize, end: usize) -> bool {
    let edge =
        |b: Option<&u8>| b.is_none_or(|b| matches!(b, b'"' | b'\'' | b';' | b'|' | b'\t' | b'>' | b'<'));
    let bytes = text.as_bytes();
    edge(start.checked_sub(1).and_then(|i| bytes.get(i))) && edge(bytes.get(end))
}

/// A word announces the next number only: what stands before another long number is left out.
fn after_last_number(before: &str) -> &str {
    let bytes = before.as_bytes();
    let past = (5..=bytes.len()).rev().find(|end| bytes[end - 5..*end].iter().all(u8::is_ascii_digit));
    &before[past.unwrap_or(0)..]
}

fn tokens(text: &str, sink: &mut TokenSink<'_>) {
    let mut last = (usize::MAX, 0);
    each(text, |start, end, _, normal| {
        // Two schemes may read one number alike; it is one token.
        if last != (start, end) {
            last = (start, end);
            sink(start, end, normal);
        }
    });
}

fn normalise(value: &str) -> Option<String> {
    let number = compact(value.trim())?;
    SCHEMES.iter().any(|s| s.accepts(number.as_bytes())).then_some(number)
}

/// Which schemes a whole cell fits, as a bit set over [`SCHEMES`].
pub(super) fn schemes_of(cell: &str) -> u64 {
    let Some(number) = compact(cell.trim()) else { return 0 };
    let fits = |(i, s): (usize, &Scheme)| u64::from(s.accepts(number.as_bytes())) << i;
    SCHEMES.iter().enumerate().map(fits).fold(0, |all, bit| all | bit)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    if facts.shape.sampled == 0 {
        return None;
    }
    if facts.whole_share() >= 0.5 {
        return Some(0.8 + 0.18 * facts.whole_share());
    }
    let words: Vec<&str> =
        WORDS.iter().copied().filter(|w| !matches!(*w, "pan" | "run" | "documento")).collect();
    let named = facts.header_has(&words)
        || facts.header_has(&[
            "nationalid",
            "taxid",
            "social",
            "insurance",
            "personal number",
            "identity",
            "ssn4",
        ]);
    let share_of = |i: usize| facts.shape.scheme_hits[i] as f32 / facts.shape.sampled as f32;
    let best = (0..SCHEMES.len()).filter_map(|i| {
        let (share, chance) = (share_of(i), SCHEMES[i].chance);
        // Where nearly every number passes, only the number's own name will do.
        let named = if chance > 0.5 { facts.header_has(SCHEMES[i].words) } else { named };
        // A column of unrelated numbers fits about as often as chance has it.
        let needed = if named { (chance * 2.0).clamp(0.3, 0.8) } else { (chance * 6.0).clamp(0.5, 2.0) };
        (share >= needed).then_some(0.75 + 0.2 * share * (1.0 - chance) + if named { 0.04 } else { 0.0 })
    });
    best.fold(None, |best: Option<f32>, c| Some(best.map_or(c, |b| b.max(c))))
}

fn each(text: &str, mut visit: impl FnMut(usize, usize, &'static Scheme, &str)) {
    let bytes = text.as_bytes();
    each_number_start(text, 7, |start| {
        each_at(text, start, &mut visit);
        // `KT 88 93 79 D`, `RSS MRA 85T10 …`: letters that stand apart before the digits.
        let letters = bytes[..start].iter().rev().skip(1).take_while(|b| b.is_ascii_alphabetic()).count();
        let apart = start >= 3 && bytes[start - 1] == b' ' && letters == 2 && bytes[start].is_ascii_digit();
        if apart && clean_before(text, start - 3) {
            each_at(text, start - 3, &mut visit);
        }
    });
}

fn each_at(text: &str, start: usize, visit: &mut impl FnMut(usize, usize, &'static Scheme, &str)) {
    let bytes = text.as_bytes();
    for scheme in SCHEMES {
        if !scheme.fits_class(0, bytes[start]) {
            continue;
        }
        let Some((end, number)) = read_at(bytes, start, scheme) else { continue };
        if clean_after(text, end) && (scheme.check)(number.as_bytes()) {
            visit(start, end, scheme, &number);
        }
    }
}

/// Reads as many characters as the scheme has, letting one separator stand where people put it.
fn read_at(bytes: &[u8], start: usize, scheme: &Scheme) -> Option<(usize, String)> {
    let form = scheme.form.as_bytes();
    let mut number = String::with_capacity(form.len());
    let (mut gap, mut gaps) = (true, 0);
    for (i, b) in bytes[start..].iter().enumerate().take(NUMBER_BYTES_MAX) {
        if b.is_ascii_alphanumeric() {
            if !scheme.fits_class(number.len(), *b) {
                return None;
            }
            number.push(b.to_ascii_uppercase().into());
            gap = false;
            if number.len() == form.len() {
                // Half of the usual groups is another number's grouping.
                if gaps == 1 && scheme.breaks.len() > 1 && !scheme.one_gap {
                    return None;
                }
                return Some((start + i + 1, number));
            }
        } else if !gap
            && matches!(b, b' ' | b'-' | b'.' | b'/' | b'+')
            && scheme.breaks.contains(&(number.len() as u8))
        {
            gap = true;
            gaps += 1;
        } else {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::SCHEMES;

    /// Lines of scheme, number and whether it is valid; numbers drawn at random, judged by python-stdnum 2.2.
    const VECTORS: &str = include_str!("vectors.txt");

    #[test]
    fn checksums_agree_with_python_stdnum() {
        let mut wrong = Vec::new();
        for line in VECTORS.lines() {
            let [scheme, number, valid] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let accepted = SCHEMES.iter().any(|s| s.subtype == scheme && s.accepts(number.as_bytes()));
            if accepted != (valid == "1") {
                wrong.push(line);
            }
        }
        assert!(wrong.is_empty(), "{} differ: {wrong:#?}", wrong.len());
    }

    #[test]
    fn every_scheme_has_a_form_and_room_in_the_bit_set() {
        assert!(SCHEMES.len() <= 64);
        for scheme in SCHEMES {
            assert!(scheme.breaks.iter().all(|b| usize::from(*b) < scheme.form.len()), "{}", scheme.subtype);
            assert!(scheme.form.bytes().all(|b| b"DLAX".contains(&b)), "{}", scheme.subtype);
        }
    }
}
