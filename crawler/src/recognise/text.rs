//! Small readings of text that several recognisers share: clean edges, words nearby, digits.
//! Knows no kind of personal data.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words that announce a number which is no identifier of a person.
#[rustfmt::skip]
const NEGATIVE_WORDS: &[&str] = &[
    "isbn", "issn", "ean", "upc", "gtin", "sku", "pn", "part", "order", "ord", "invoice", "inv", "ref",
    "ticket", "tracking", "serial", "batch", "lot", "checksum", "sha", "md5", "hash", "commit", "build",
    "version", "uuid", "trace", "session", "request", "transaction", "txn", "epoch", "timestamp", "ts",
    "pedido", "commande", "facture", "bestellung", "rechnung", "auftrag", "zamówienie", "заказ", "счет",
    "fattura", "ordine", "sn", "item", "article", "product", "model", "qty", "amount", "total", "price",
    "port", "offset", "duration", "bytes", "size", "seq", "row", "rows", "line", "record", "count", "ids", "offsets",
];

/// FNV-1a: the keys are our own lists, and short.
#[derive(Default)]
pub(super) struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A set of our own words.
pub(super) type WordSet = HashSet<&'static str, BuildHasherDefault<Fnv>>;

/// [`NEGATIVE_WORDS`], ready to be looked for.
pub(super) static NEGATIVE: LazyLock<Words> = LazyLock::new(|| Words::new(NEGATIVE_WORDS));

/// A list of words that one pass over a window looks for.
pub(super) struct Words(AhoCorasick);

impl Words {
    /// Takes lower-case words, also such of several words.
    pub(super) fn new(words: &[&str]) -> Self {
        let built = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(words);
        Self(built.expect("a fixed list of words"))
    }

    /// Where the last whole-word occurrence of any of the words ends in a lower-cased window.
    pub(super) fn nearest(&self, window: &str) -> Option<usize> {
        let whole =
            self.0.find_overlapping_iter(window).filter(|m| is_whole_word(window, m.start(), m.end()));
        whole.map(|m| m.end()).max()
    }

    /// Whether a lower-cased window has one of the words, each as a whole word unless its script is unspaced.
    pub(super) fn any(&self, window: &str) -> bool {
        self.0.find_overlapping_iter(window).any(|m| is_whole_word(window, m.start(), m.end()))
    }
}

/// Whether no letter of a spaced script goes on before or after.
fn is_whole_word(window: &str, start: usize, end: usize) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphabetic() || is_unspaced(c));
    ends(window[..start].chars().next_back()) && ends(window[end..].chars().next())
}

/// A list of openings, by their first two bytes, so that only a few are compared.
pub(super) struct Openings(Vec<Vec<&'static str>>);

impl Openings {
    const PLACES: usize = 1024;

    /// Takes openings of two bytes or more.
    pub(super) fn new(openings: &[&'static str]) -> Self {
        let mut places = vec![Vec::new(); Self::PLACES];
        openings.iter().for_each(|opening| places[Self::place(opening.as_bytes())].push(*opening));
        Self(places)
    }

    /// The openings that a text begins with.
    pub(super) fn of<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'static str> + 'a {
        let place = if text.len() < 2 { &[][..] } else { &self.0[Self::place(text.as_bytes())][..] };
        place.iter().copied().filter(move |opening| text.starts_with(opening))
    }

    fn place(bytes: &[u8]) -> usize {
        (usize::from(bytes[0]) * 31 + usize::from(bytes[1])) % Self::PLACES
    }
}

/// Whether a character continues a word, so that a number touching it is part of something longer.
/// Scripts written without blanks (Han, kana, Hangul, Thai) end a number as well as a blank does.
pub(super) fn is_wordy(c: char) -> bool {
    c == '_' || (c.is_alphanumeric() && !is_unspaced(c))
}

/// Whether a character belongs to a script that does not part words from numbers by blanks.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}')
}

/// Whether nothing wordy stands right before `at`.
pub(super) fn clean_before(text: &str, at: usize) -> bool {
    match text.as_bytes()[..at].last() {
        None => true,
        Some(b) if b.is_ascii() => !(b.is_ascii_alphanumeric() || *b == b'_'),
        Some(_) => text.get(..at).and_then(|t| t.chars().next_back()).is_none_or(|c| !is_wordy(c)),
    }
}

/// Whether nothing wordy stands at `at`.
pub(super) fn clean_after(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        None => true,
        Some(b) if b.is_ascii() => !(b.is_ascii_alphanumeric() || *b == b'_'),
        Some(_) => text.get(at..).and_then(|t| t.chars().next()).is_none_or(|c| !is_wordy(c)),
    }
}

/// The lower-cased words before `at` on its line, at most `bytes` long.
pub(super) fn lower_before(text: &str, at: usize, bytes: usize) -> Cow<'_, str> {
    let mut from = at.saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let window = &text[from.min(at)..at];
    lower(memchr::memrchr(b'\n', window.as_bytes()).map_or(window, |nl| &window[nl + 1..]))
}

/// Lower case, without a copy where it is already.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    let (mut wide, mut upper) = (false, false);
    for b in text.bytes() {
        wide |= b >= 0x80;
        upper |= b.is_ascii_uppercase();
    }
    match (wide, upper) {
        (true, _) => Cow::Owned(text.to_lowercase()),
        (false, true) => Cow::Owned(text.to_ascii_lowercase()),
        (false, false) => Cow::Borrowed(text),
    }
}

/// Whether a lower-cased window has one of the words, each as a whole word unless its script is unspaced.
pub(super) fn has_word(window: &str, words: &[impl AsRef<str>]) -> bool {
    words.iter().any(|word| last_word(window, word.as_ref()).is_some())
}

/// Where the last whole-word occurrence of `word` ends in a lower-cased window.
pub(super) fn last_word(window: &str, word: &str) -> Option<usize> {
    let mut end = window.len();
    while let Some(at) = window[..end].rfind(word) {
        let past = at + word.len();
        if is_whole_word(window, at, past) {
            return Some(past);
        }
        end = past - word.chars().next_back().map_or(1, char::len_utf8);
    }
    None
}

/// Whether, of two groups of words, one of `good` stands nearer to the end of the window than any of `bad`.
pub(super) fn nearer(window: &str, good: &Words, bad: &Words) -> bool {
    good.nearest(window).is_some_and(|g| bad.nearest(window).is_none_or(|b| g >= b))
}

/// The ASCII digits of a text, in order.
pub(super) fn digits(text: &str) -> String {
    text.bytes().filter(u8::is_ascii_digit).map(char::from).collect()
}

/// The ASCII letters and digits of a text in upper case, or `None` when it holds anything but those and the usual
/// punctuation of numbers.
pub(super) fn compact(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' | 'A'..='Z' => out.push(c),
            'a'..='z' => out.push(c.to_ascii_uppercase()),
            ' ' | '-' | '.' | '/' | '\u{A0}' | '\u{2011}' | '\u{2013}' | '\u{202F}' => {}
            _ => return None,
        }
    }
    Some(out)
}

/// The Luhn checksum (ISO/IEC 7812-1 annex B) over ASCII digits, the check digit last.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0u32;
    for (i, d) in digits.iter().rev().enumerate() {
        let d = u32::from(d.wrapping_sub(b'0'));
        let doubled = if i % 2 == 1 { d * 2 } else { d };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    !digits.is_empty() && sum.is_multiple_of(10)
}
