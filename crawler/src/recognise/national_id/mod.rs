//! National identity, social security and tax numbers of persons: the engine over the table in `schemes`.
//!
//! A scheme says how a number is built, where people part it, which checksum it carries (`checks`), and how much its
//! form alone proves. What the form leaves open, the words before it and the share of a column decide.

mod checks;
pub(super) mod schemes;

pub(super) use checks::{mod_11_10, verhoeff};
use schemes::{SCHEMES, Scheme};

use std::sync::LazyLock;

use super::card::is_joined;
use super::text::{NEGATIVE, Words, clean_after, clean_before, compact, has_word, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "NATIONAL_ID",
    id_name: "national_id",
    identifies: true,
    announced: None,
    find,
    normalise,
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
    "personas kods", "kimlik", "kimlik no", "tckn", "tc no", "aadhaar", "aadhar", "pan", "curp", "rfc",
    "rut", "run", "cédula", "cedula", "snils", "снилс", "инн", "inn", "паспорт", "teudat zehut", "nric",
    "fin", "ahv", "avs", "svnr", "sozialversicherungsnummer", "pps", "ppsn", "afm", "αφμ", "amka", "αμκα",
    "adószám", "adóazonosító", "adóazonosító jel", "taj", "tajszám", "matricule", "numéro fiscal", "nip", "utr",
    "unique taxpayer reference", "itin", "mbi", "medicare", "medicare number", "phn", "health number", "health card",
    "krankenversicherungsnummer", "versichertennummer", "kvnr", "rentenversicherungsnummer", "rvnr",
    "sv-nummer", "abgabenkontonummer", "cartão de cidadão", "cuit", "cuil", "voter id", "epic", "ird",
    "ird number", "davčna številka", "лнч", "рнокпп", "іпн", "身份证", "身份证号", "身份证号码", "マイナンバー", "個人番号", "주민등록번호", "주민번호", "insurance number",
    "identity",
];
const NUMBER_BYTES_MAX: usize = 26;
const NUMBER_CHARS_MIN: usize = 7;
/// Letters and digits of the longest scheme.
const CHARS_MAX: usize = 20;

static ANNOUNCED: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
static HINTED: LazyLock<Words> = LazyLock::new(|| Words::new(&["id", "identifier"]));

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let text = outline.text;
    let mut last = (usize::MAX, 0);
    let mut around: Option<Around> = None;
    each(outline, |start, end, scheme, normal| {
        let span = Span { subtype: Some(scheme.subtype), ..Span::of(RECOGNISER.kind, start, end) };
        hits.span(span, || {
            let known = around.take().filter(|around| (around.start, around.end) == (start, end));
            around.insert(known.unwrap_or_else(|| Around::of(text, start, end))).confidence(scheme)
        });
        // Two schemes may read one number alike; it is one token.
        if last != (start, end) {
            last = (start, end);
            hits.token(RECOGNISER.kind, start, end, normal);
        }
    });
}

/// What stands around a number, read once for all schemes that it fits.
struct Around {
    start: usize,
    end: usize,
    /// The words before, lower case.
    before: String,
    named: bool,
    hinted: bool,
    negative: bool,
    joined: bool,
    field: bool,
    /// A blank parts its groups.
    blank: bool,
}

impl Around {
    fn of(text: &str, start: usize, end: usize) -> Self {
        let line = lower_before(text, start, 40);
        let before = after_last_number(&line);
        let negative = NEGATIVE.nearest(before);
        let nearer =
            |words: &Words| words.nearest(before).is_some_and(|at| negative.is_none_or(|bad| at >= bad));
        Self {
            start,
            end,
            named: nearer(&ANNOUNCED),
            hinted: nearer(&HINTED),
            negative: negative.is_some(),
            joined: is_joined(text, start, end) || is_in_row(text, start, end),
            field: is_field(text, start, end),
            blank: text[start..end].contains(' '),
            before: before.to_owned(),
        }
    }

    fn confidence(&self, scheme: &Scheme) -> f32 {
        // A date of six digits and more behind it are parted by a sign; a blank parts two numbers of something else.
        let dated = scheme.breaks == [6] && scheme.subtype != "NO_FODSELSNUMMER" && self.blank;
        let grouped = self.end - self.start > scheme.form.len() && !dated;
        let form = if grouped { scheme.grouped } else { scheme.bare };
        match self.named || has_word(&self.before, scheme.words) {
            true => 0.9 + 0.09 * form,
            false if self.negative || self.joined => form - 0.5,
            // `id` alone may be any id: it helps only what the checksum makes unlikely otherwise.
            false if scheme.chance <= 0.05 && self.hinted => form + 0.2,
            // Digits in the midst of a sentence or a list of numbers are seldom a person's.
            false if form < 0.7 && !grouped && !self.field => form - 0.2,
            false => form,
        }
    }
}

/// Whether a number fills a text or a quoted or delimited field.
fn is_field(text: &str, start: usize, end: usize) -> bool {
    let edge =
        |b: Option<&u8>| b.is_none_or(|b| matches!(b, b'"' | b'\'' | b';' | b'|' | b'\t' | b'>' | b'<'));
    let bytes = text.as_bytes();
    edge(start.checked_sub(1).and_then(|i| bytes.get(i))) && edge(bytes.get(end))
}

/// Whether a number parted by blanks stands among numbers parted by blanks.
fn is_in_row(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let before = bytes[..start].ends_with(b" ") && digit(start.checked_sub(2));
    let after = bytes.get(end) == Some(&b' ') && digit(Some(end + 1));
    text[start..end].contains(' ') && (before || after)
}

/// A word announces the next number only: what stands before another long number is left out.
fn after_last_number(before: &str) -> &str {
    let bytes = before.as_bytes();
    let past = (5..=bytes.len()).rev().find(|end| bytes[end - 5..*end].iter().all(u8::is_ascii_digit));
    &before[past.unwrap_or(0)..]
}

fn normalise(value: &str) -> Option<String> {
    let number = compact(value.trim())?;
    SCHEMES.iter().any(|s| s.accepts(number.as_bytes())).then_some(number)
}

/// Which schemes a whole cell fits, as a bit set over [`SCHEMES`].
pub(super) fn schemes_of(cell: &str) -> u128 {
    let Some(number) = compact(cell.trim()) else { return 0 };
    let fits = |(i, s): (usize, &Scheme)| u128::from(s.accepts(number.as_bytes())) << i;
    SCHEMES.iter().enumerate().map(fits).fold(0, |all, bit| all | bit)
}

/// The national numbers that are told by their rules, such as `DE_STEUER_ID`, each once.
pub fn national_schemes() -> impl Iterator<Item = &'static str> {
    let mut given = Vec::new();
    SCHEMES.iter().map(|scheme| scheme.subtype).filter(move |name| {
        let new = !given.contains(name);
        given.extend(new.then_some(*name));
        new
    })
}

/// Whether a number, written with or without its signs, holds by the form and checksum of one national scheme; `None`
/// if nobody knows the scheme.
pub fn is_of_scheme(scheme: &str, number: &str) -> Option<bool> {
    let mut named = SCHEMES.iter().filter(|row| row.subtype == scheme).peekable();
    named.peek()?;
    let number = compact(&number.trim().replace('+', "-"))?;
    Some(named.any(|row| row.accepts(number.as_bytes())))
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

fn each(outline: &Outline<'_>, mut visit: impl FnMut(usize, usize, &'static Scheme, &str)) {
    let (text, bytes) = (outline.text, outline.text.as_bytes());
    outline.each_number_start(NUMBER_CHARS_MIN, |start| {
        each_at(text, start, &mut visit);
        // `KT 88 93 79 D`, `RSS MRA 85T10 …`: letters that stand apart before the digits.
        let letters = bytes[..start].iter().rev().skip(1).take_while(|b| b.is_ascii_alphabetic()).count();
        let apart = start >= 3 && bytes[start - 1] == b' ' && letters == 2 && bytes[start].is_ascii_digit();
        if apart && clean_before(text, start - 3) {
            each_at(text, start - 3, &mut visit);
        }
    });
}

static BY_LENGTH: LazyLock<Vec<Vec<&'static Scheme>>> = LazyLock::new(|| {
    let of_length = |length| SCHEMES.iter().filter(move |scheme| scheme.form.len() == length).collect();
    (0..=CHARS_MAX).map(of_length).collect()
});

fn each_at(text: &str, start: usize, visit: &mut impl FnMut(usize, usize, &'static Scheme, &str)) {
    let written = Written::at(text.as_bytes(), start);
    // A number ends before a sign or where its characters do.
    let ends = written.gaps | (1 << written.count);
    let lengths = (0..=written.count).filter(|length| ends & (1 << length) != 0);
    for scheme in lengths.flat_map(|length| &BY_LENGTH[length]) {
        let Some(end) = written.end_as(scheme) else { continue };
        let number = &written.chars[..scheme.form.len()];
        if !(scheme.check)(number) || !clean_after(text, end) {
            continue;
        }
        if let Ok(number) = std::str::from_utf8(number) {
            visit(start, end, scheme, number);
        }
    }
}

/// Letters and digits in upper case with the places of the signs between, read once for all schemes.
struct Written {
    chars: [u8; CHARS_MAX],
    /// Where each character ends in the text.
    ends: [usize; CHARS_MAX],
    count: usize,
    /// Bit sets over the characters: what they are, and before which of them a sign stands.
    digits: u32,
    letters: u32,
    gaps: u32,
    /// Before which of them stands a blank, a dot.
    blanks: u32,
    dots: u32,
}

impl Written {
    /// Reads on from `start` until something stands there that no number has.
    fn at(bytes: &[u8], start: usize) -> Self {
        let mut written = Self {
            chars: [0; CHARS_MAX],
            ends: [0; CHARS_MAX],
            count: 0,
            digits: 0,
            letters: 0,
            gaps: 0,
            blanks: 0,
            dots: 0,
        };
        let mut gap = true;
        for (i, b) in bytes[start..].iter().enumerate().take(NUMBER_BYTES_MAX) {
            let place = written.count;
            if b.is_ascii_alphanumeric() {
                if place == CHARS_MAX {
                    break;
                }
                written.chars[place] = b.to_ascii_uppercase();
                written.ends[place] = start + i + 1;
                written.digits |= u32::from(b.is_ascii_digit()) << place;
                written.letters |= u32::from(b.is_ascii_alphabetic()) << place;
                written.count += 1;
                gap = false;
            } else if !gap && matches!(b, b' ' | b'-' | b'.' | b'/' | b'+') {
                gap = true;
                written.gaps |= 1 << place;
                written.blanks |= u32::from(*b == b' ') << place;
                written.dots |= u32::from(*b == b'.') << place;
            } else {
                break;
            }
        }
        written
    }

    /// Where a scheme's number ends if these characters can be one, written as people part it.
    fn end_as(&self, scheme: &Scheme) -> Option<usize> {
        let length = scheme.form.len();
        let gaps = self.gaps & ((1 << length) - 1);
        let fits = length <= self.count
            && scheme.digits & !self.digits == 0
            && scheme.letters & !self.letters == 0
            && gaps & !scheme.gaps == 0;
        // Half of the usual groups is another number's grouping.
        let half = gaps.count_ones() == 1 && scheme.breaks.len() > 1 && !scheme.one_gap;
        // Nobody parts one number by dots and by blanks.
        let mixed = gaps & self.blanks != 0 && gaps & self.dots != 0;
        (fits && !half && !mixed && scheme.fits_class(length - 1, self.chars[length - 1]))
            .then(|| self.ends[length - 1])
    }
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
        assert!(SCHEMES.len() <= 128);
        assert!(SCHEMES.iter().all(|s| s.form.len() <= super::CHARS_MAX));
        for scheme in SCHEMES {
            assert!(scheme.breaks.iter().all(|b| usize::from(*b) < scheme.form.len()), "{}", scheme.subtype);
            assert!(scheme.form.bytes().all(|b| b"DLAX".contains(&b)), "{}", scheme.subtype);
        }
    }
}
