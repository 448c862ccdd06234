//! Small readings of text that several recognisers share: clean edges, words nearby, digits.
//! Knows no kind of personal data.

/// Words that announce a number which is no identifier of a person.
#[rustfmt::skip]
pub(super) const NEGATIVE: &[&str] = &[
    "isbn", "issn", "ean", "upc", "gtin", "sku", "pn", "part", "order", "ord", "invoice", "inv", "ref",
    "ticket", "tracking", "serial", "batch", "lot", "checksum", "sha", "md5", "hash", "commit", "build",
    "version", "uuid", "trace", "session", "request", "transaction", "txn", "epoch", "timestamp", "ts",
    "pedido", "commande", "facture", "bestellung", "rechnung", "auftrag", "zamówienie", "заказ", "счет",
    "fattura", "ordine", "sn", "item", "article", "product", "model", "qty", "amount", "total", "price",
    "port", "offset", "duration", "bytes", "size", "seq", "row", "rows", "line", "record", "count", "ids", "offsets",
];

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
pub(super) fn lower_before(text: &str, at: usize, bytes: usize) -> String {
    let mut from = at.saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let window = &text[from.min(at)..at];
    let line = window.rfind('\n').map_or(window, |nl| &window[nl + 1..]);
    line.to_lowercase()
}

/// Whether a lower-cased window has one of the words, each as a whole word unless its script is unspaced.
pub(super) fn has_word(window: &str, words: &[&str]) -> bool {
    words.iter().any(|word| last_word(window, word).is_some())
}

/// Where the last whole-word occurrence of `word` ends in a lower-cased window.
pub(super) fn last_word(window: &str, word: &str) -> Option<usize> {
    let mut end = window.len();
    while let Some(at) = window[..end].rfind(word) {
        let past = at + word.len();
        let left = window[..at].chars().next_back().is_none_or(|c| !c.is_alphabetic() || is_unspaced(c));
        let right = window[past..].chars().next().is_none_or(|c| !c.is_alphabetic() || is_unspaced(c));
        if left && right {
            return Some(past);
        }
        end = past - word.chars().next_back().map_or(1, char::len_utf8);
    }
    None
}

/// Whether, of two groups of words, one of `good` stands nearer to the end of the window than any of `bad`.
pub(super) fn nearer(window: &str, good: &[&str], bad: &[&str]) -> bool {
    let nearest = |words: &[&str]| words.iter().filter_map(|w| last_word(window, w)).max();
    match (nearest(good), nearest(bad)) {
        (Some(g), Some(b)) => g >= b,
        (Some(_), None) => true,
        _ => false,
    }
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

/// Normalises nothing: for kinds whose values have no form of their own to find again.
pub(super) fn no_tokens(_: &str, _: &mut super::TokenSink<'_>) {}

/// Calls `visit` with the start of each run of ASCII letters and digits that begins cleanly and holds at least `min`
/// characters up to the next character that is neither alphanumeric nor one of ` -./`, counting only the alphanumeric.
pub(super) fn each_number_start(text: &str, min: usize, mut visit: impl FnMut(usize)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        // Step back to the start of the run of letters and digits in which the digit stands.
        let mut start = at;
        while start > 0 && bytes[start - 1].is_ascii_alphanumeric() {
            start -= 1;
        }
        if start < at && at - start > 6 {
            at = skip_alnum(bytes, at);
            continue;
        }
        if reach(bytes, start, min) && clean_before(text, start) {
            visit(start);
        }
        at = skip_alnum(bytes, at);
    }
}

fn skip_alnum(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
        at += 1;
    }
    at
}

/// Whether `min` alphanumeric characters follow with no more than one separator between any two.
fn reach(bytes: &[u8], start: usize, min: usize) -> bool {
    let (mut seen, mut gap) = (0, 0);
    for b in &bytes[start..] {
        if b.is_ascii_alphanumeric() {
            seen += 1;
            gap = 0;
            if seen >= min {
                return true;
            }
        } else if matches!(b, b' ' | b'-' | b'.' | b'/') && gap == 0 {
            gap = 1;
        } else {
            return false;
        }
    }
    false
}
