//! Many known identifiers at once: where a text holds any of them.
//!
//! A filter reads the bytes once: the word before an `@`, and the last digits before each end of a run of digits,
//! whatever stands between them, so that no spelling of a number is missed. Only around what passes do the recognisers
//! run, the same that index and lookup run, so what is given is what [`super::matches`] would give.

use std::collections::{HashMap, HashSet};

use super::{Recogniser, by_kind, decode, lookup, scan};

/// Bytes around an anchor that the recognisers look at; no identifier is longer.
const WINDOW_BYTES: usize = 400;
/// Bytes before an `@` that tell addresses apart.
const LOCAL_BYTES: usize = 8;
/// A telephone number of so many digits has at least seven behind its country's code.
const LONG_PHONE: usize = 11;
const EMAIL: &str = "EMAIL_ADDRESS";

/// Identifiers to be found, ready for any number of texts.
pub struct Known {
    wanted: HashMap<&'static str, HashMap<String, usize>>,
    locals: HashSet<[u8; LOCAL_BYTES]>,
    /// By last digits: seven of them, or fewer where an identifier has no more.
    tails: [Tails; 3],
    /// Kinds that are told by digits.
    numbers: Vec<&'static Recogniser>,
    /// Kinds with an identifier that has no anchor, for which every text is read.
    anchorless: Vec<&'static Recogniser>,
}

/// The set of the last digits of identifiers.
struct Tails {
    modulus: u32,
    bits: Vec<u64>,
}

impl Tails {
    fn new(digits: u32) -> Self {
        Self { modulus: 10_u32.pow(digits), bits: Vec::new() }
    }

    fn add(&mut self, number: u32) {
        let place = (number % self.modulus) as usize;
        self.bits.resize(self.modulus as usize / 64 + 1, 0);
        self.bits[place / 64] |= 1 << (place % 64);
    }

    fn has(&self, number: u32) -> bool {
        let place = (number % self.modulus) as usize;
        self.bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }
}

impl Known {
    /// Takes identifiers as kind and normal form; those of kinds that nobody recognises are never found. Each is known
    /// by its place in the order given.
    pub fn new<'i>(identifiers: impl IntoIterator<Item = (&'i str, &'i str)>) -> Self {
        let mut known = Self {
            wanted: HashMap::new(),
            locals: HashSet::new(),
            tails: [Tails::new(7), Tails::new(6), Tails::new(4)],
            numbers: Vec::new(),
            anchorless: Vec::new(),
        };
        for (place, (kind, normal)) in identifiers.into_iter().enumerate() {
            if let Some(recogniser) = by_kind(kind).filter(|r| r.identifies) {
                known.wanted.entry(recogniser.kind).or_default().entry(normal.to_owned()).or_insert(place);
                known.anchor(recogniser, normal);
            }
        }
        known
    }

    fn anchor(&mut self, recogniser: &'static Recogniser, normal: &str) {
        if recogniser.kind == EMAIL {
            let at = normal.bytes().position(|b| b == b'@');
            // Addresses with letters of more than one spelling are looked at anyway.
            self.locals.extend(at.and_then(|at| local_before(normal.as_bytes(), at)));
            return;
        }
        let digits = normal.bytes().filter(u8::is_ascii_digit).count();
        let respelt = recogniser.kind == "IP_ADDRESS" && normal.contains(':');
        let short = recogniser.kind == "PHONE_NUMBER" && digits < LONG_PHONE;
        let tail = match digits {
            _ if respelt => None,
            0..=3 => None,
            _ if short => Some(2),
            4..=5 => Some(2),
            6 => Some(1),
            _ => Some(0),
        };
        let kinds = if tail.is_some() { &mut self.numbers } else { &mut self.anchorless };
        if !kinds.iter().any(|known| known.kind == recogniser.kind) {
            kinds.push(recogniser);
        }
        if let Some(tail) = tail {
            self.tails[tail].add(last_digits(normal.as_bytes()));
        }
    }

    /// Calls `visit` with the place of an identifier and a byte range of the text that holds it, in the order of the
    /// text, also behind escapes.
    pub fn find(&self, text: &str, mut visit: impl FnMut(usize, usize, usize)) {
        let mut found = Vec::new();
        self.filter(text, &mut |window| {
            let recognisers = window.recognisers;
            self.confirm(recognisers, text, window.start, window.end, &mut |place, start, end| {
                found.push((start, end, place));
            });
        });
        let readings = scan::pieces(text)
            .flat_map(|(from, piece)| decode::read(piece).map(move |(at, reading)| (from + at, reading)));
        for (from, reading) in readings {
            self.filter(&reading.text, &mut |window| {
                let Window { recognisers, start, end } = window;
                self.confirm(recognisers, &reading.text, start, end, &mut |place, start, end| {
                    let (start, end) = reading.original(start, end);
                    found.push((from + start, from + end, place));
                });
            });
        }
        found.sort_unstable();
        found.dedup();
        // A whole cell that is found only because of what it holds is no place of its own.
        let whole = lookup::trimmed(text);
        let holds = |place: usize| found.iter().any(|&(s, e, p)| p == place && (s, e) != whole);
        let hollow: Vec<usize> =
            found.iter().filter(|&&(s, e, p)| (s, e) == whole && holds(p)).map(|f| f.2).collect();
        found.retain(|&(s, e, p)| (s, e) != whole || !hollow.contains(&p));
        found.into_iter().for_each(|(start, end, place)| visit(place, start, end));
    }

    /// Gives the windows of a text that may hold one of the identifiers.
    fn filter(&self, text: &str, give: &mut dyn FnMut(Window<'_>)) {
        if !self.anchorless.is_empty() {
            give(Window { recognisers: &self.anchorless, start: 0, end: text.len() });
        }
        if self.wanted.contains_key(EMAIL) {
            let email = by_kind(EMAIL);
            for at in memchr::memchr_iter(b'@', text.as_bytes()) {
                if local_before(text.as_bytes(), at).is_none_or(|local| self.locals.contains(&local)) {
                    give(Window::around(email.as_slice(), text, at));
                }
            }
        }
        if !self.numbers.is_empty() {
            let mut covered = 0;
            each_digits_end(text.as_bytes(), |end, number| {
                // What stands well inside the window before was looked at there.
                if end > covered && self.tails.iter().any(|tails| tails.has(number)) {
                    let window = Window::around(&self.numbers, text, end);
                    covered =
                        if window.end < text.len() { window.end - WINDOW_BYTES / 4 } else { text.len() };
                    give(window);
                }
            });
        }
    }

    fn confirm(
        &self,
        recognisers: &[&'static Recogniser],
        text: &str,
        start: usize,
        end: usize,
        visit: &mut dyn FnMut(usize, usize, usize),
    ) {
        let mut give = |kind: &'static str, from: usize, to: usize, normal: &str| {
            // What touches the window's edge may go on behind it.
            let cut = (from == 0 && start > 0) || (start + to == end && end < text.len());
            if let Some(place) =
                self.wanted.get(kind).and_then(|of_kind| of_kind.get(normal)).filter(|_| !cut)
            {
                visit(*place, start + from, start + to);
            }
        };
        scan::run_plain(recognisers, &text[start..end], &mut give);
        if (start, end) == (0, text.len()) {
            lookup::each_whole(recognisers, text, &mut give);
        }
    }
}

/// A range of a text in which some kinds may stand.
struct Window<'r> {
    recognisers: &'r [&'static Recogniser],
    start: usize,
    end: usize,
}

impl<'r> Window<'r> {
    fn around(recognisers: &'r [&'static Recogniser], text: &str, at: usize) -> Self {
        let start = text.floor_char_boundary(at.saturating_sub(WINDOW_BYTES));
        let end = text.ceil_char_boundary((at + WINDOW_BYTES).min(text.len()));
        Self { recognisers, start, end }
    }
}

/// The ASCII letters, digits and underscores right before `at` in lower case; `None` if other letters stand there,
/// which have more than one spelling.
fn local_before(bytes: &[u8], at: usize) -> Option<[u8; LOCAL_BYTES]> {
    let mut local = [0; LOCAL_BYTES];
    for (place, b) in local.iter_mut().zip(bytes[..at].iter().rev()) {
        match b {
            b'0'..=b'9' | b'a'..=b'z' | b'_' => *place = *b,
            b'A'..=b'Z' => *place = b | 32,
            0x80.. => return None,
            _ => break,
        }
    }
    Some(local)
}

fn last_digits(bytes: &[u8]) -> u32 {
    let mut last = 0;
    each_digits_end(bytes, |_, number| last = number);
    last
}

const MODULUS: u32 = 10_000_000;

/// Calls `visit` where a run of digits ends, with the last seven digits up to there, whatever stands between them.
fn each_digits_end(bytes: &[u8], mut visit: impl FnMut(usize, u32)) {
    let mut number = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok())
            && !has_digit(u64::from_le_bytes(eight))
        {
            at += 8;
            continue;
        }
        let stop = (at + 8).min(bytes.len());
        while at < stop {
            if bytes[at].is_ascii_digit() {
                while at < bytes.len() && bytes[at].is_ascii_digit() {
                    number = (number * 10 + u32::from(bytes[at] - b'0')) % MODULUS;
                    at += 1;
                }
                visit(at, number);
            }
            at += 1;
        }
    }
}

/// Whether any of eight bytes is a digit: with the digits' high half taken off they are the bytes under ten.
fn has_digit(eight: u64) -> bool {
    let each = |b: u8| u64::from_ne_bytes([b; 8]);
    let rest = eight ^ each(b'0');
    rest.wrapping_sub(each(10)) & !rest & each(0x80) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(known: &[(&str, &str)], text: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        Known::new(known.iter().copied()).find(text, |place, start, end| {
            found.push((place, text[start..end].to_owned()));
        });
        found
    }

    #[test]
    fn every_spelling_of_a_known_identifier_is_found() {
        let known = [
            ("email", "jane@example.com"),
            ("phone", "+49301234567"),
            ("iban", "DE89370400440532013000"),
            ("ip", "10.0.0.1"),
            ("ip", "2001:db8::1"),
            ("mac", "00:1a:2b:3c:4d:5e"),
            ("email", "jürgen@example.com"),
        ];
        for (text, place, spelling) in [
            ("x <Jane@EXAMPLE.com>; john@example.com", 0, "Jane@EXAMPLE.com"),
            ("/u?email=jane%40example.com&x=1", 0, "jane%40example.com"),
            ("Tel. 030/1234567, or 030/1234568", 1, "030/1234567"),
            ("call +49 (0)30 12 34 567 now", 1, "+49 (0)30 12 34 567"),
            ("DE89 3704 0044 0532 0130 00", 2, "DE89 3704 0044 0532 0130 00"),
            ("from 10.0.0.1, not 10.0.0.2", 3, "10.0.0.1"),
            ("at 2001:0DB8:0:0::1", 4, "2001:0DB8:0:0::1"),
            ("001a.2b3c.4d5e", 5, "001a.2b3c.4d5e"),
            ("Jürgen@example.com", 6, "Jürgen@example.com"),
        ] {
            assert_eq!(found(&known, text), [(place, spelling.to_owned())], "{text}");
        }
        assert_eq!(found(&known, "joan@example.com, 030/7654321, 10.0.0.3"), []);
    }

    #[test]
    fn windows_in_long_lines_cut_nothing() {
        let line = format!("{}jane@example.com {}", "word ".repeat(5_000), "1234567 ".repeat(5_000));
        assert_eq!(found(&[("email", "jane@example.com")], &line).len(), 1);
    }

    #[test]
    fn digits_are_seen_in_any_eight_bytes() {
        for b in 0..=255_u8 {
            for place in 0..8 {
                let mut eight = [b'x'; 8];
                eight[place] = b;
                assert_eq!(has_digit(u64::from_le_bytes(eight)), b.is_ascii_digit(), "{b} at {place}");
            }
        }
    }
}
