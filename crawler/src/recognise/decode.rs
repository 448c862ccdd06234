//! A second reading of text that carries escapes: percent-encoding (RFC 3986), JSON `\u` and `\x` (RFC 8259),
//! quoted-printable (RFC 2045), HTML character references, full-width forms (NFKC).
//!
//! Keeps, for each byte of the reading, the bytes of the original that it stands for, so that what is found in the
//! reading is reported and erased in the original.

use unicode_normalization::UnicodeNormalization;

/// The text as a reader would see it, with its way back.
pub(super) struct Reading {
    pub text: String,
    /// Where the original of each byte begins; one more entry holds the original's length.
    starts: Vec<usize>,
    /// Where the original of each byte ends.
    ends: Vec<usize>,
}

impl Reading {
    /// The original's bytes for a range of the reading.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.starts.get(start).copied().unwrap_or_default();
        let to = end.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(from);
        (from, to)
    }

    fn push(&mut self, c: char, from: usize, to: usize) {
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.starts.push(from);
            self.ends.push(to);
        }
    }
}

/// Gives the readings of the lines that have anything to decode, with where they begin; costs one pass over the bytes
/// where nothing has.
pub(super) fn read(text: &str) -> impl Iterator<Item = (usize, Reading)> + '_ {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        let escape = from + next_escape(&text[from..])?;
        let start = memchr::memrchr(b'\n', &bytes[from..escape]).map_or(from, |i| from + i + 1);
        from = lines_end(bytes, escape);
        Some((start, reading_of(&text[start..from])))
    })
}

/// The reading of a short text as a whole, if it has anything to decode.
pub(super) fn read_whole(text: &str) -> Option<Reading> {
    next_escape(text).map(|_| reading_of(text))
}

/// Where the line of `at` ends, with the lines that soft breaks join to it.
fn lines_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(i) = memchr::memchr(b'\n', &bytes[end..]) {
        end += i + 1;
        let line = &bytes[..end];
        if !line.ends_with(b"=\n") && !line.ends_with(b"=\r\n") {
            return end;
        }
    }
    bytes.len()
}

fn reading_of(text: &str) -> Reading {
    let capacity = text.len();
    let mut reading = Reading {
        text: String::with_capacity(capacity),
        starts: Vec::with_capacity(capacity),
        ends: Vec::with_capacity(capacity),
    };
    let mut at = 0;
    while at < text.len() {
        let plain = text[at..].find(is_mark).unwrap_or(text.len() - at);
        text[at..at + plain].char_indices().for_each(|(i, c)| {
            reading.push(c, at + i, at + i + c.len_utf8());
        });
        at += plain;
        let Some(c) = text[at..].chars().next() else { break };
        match escape_at(text, at) {
            Some((length, decoded)) => {
                decoded.iter().for_each(|d| reading.push(*d, at, at + length));
                at += length;
            }
            None => {
                reading.push(c, at, at + c.len_utf8());
                at += c.len_utf8();
            }
        }
    }
    reading
}

/// Whether a character may begin an escape.
fn is_mark(c: char) -> bool {
    matches!(c, '%' | '\\' | '=' | '&' | '\u{A0}' | '\u{FF01}'..='\u{FF5E}')
}

/// Where the first escape begins.
fn next_escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_escape = |at: &usize| escape_at(text, *at).is_some();
    let marked = memchr::memchr3_iter(b'%', b'\\', b'=', bytes).find(is_escape);
    let referred =
        memchr::memchr_iter(b'&', bytes).find(|at| bytes[*at..].starts_with(b"&#") && is_escape(at));
    let wide =
        memchr::memchr2_iter(0xEF, 0xC2, bytes).filter(|at| text.is_char_boundary(*at)).find(is_escape);
    [marked, referred, wide].into_iter().flatten().min()
}

/// The length of the escape at `at` and what it stands for.
fn escape_at(text: &str, at: usize) -> Option<(usize, Vec<char>)> {
    let rest = &text.as_bytes()[at..];
    match rest[0] {
        b'%' => percent(rest, b'%'),
        // Quoted-printable writes upper case only (RFC 2045 section 6.7), and a soft break at a line's end.
        b'=' if rest.starts_with(b"=\r\n") => Some((3, Vec::new())),
        b'=' if rest.starts_with(b"=\n") => Some((2, Vec::new())),
        b'=' if rest.len() > 2 && !rest[1..3].iter().any(u8::is_ascii_lowercase) => {
            percent(rest, b'=').filter(|(_, chars)| !chars.iter().any(|c| c.is_ascii_alphanumeric()))
        }
        b'\\' => match rest.get(1)? {
            b'u' => json_unit(rest),
            b'x' => hex(rest.get(2..4)?).and_then(char::from_u32).map(|c| (4, vec![c])),
            b'/' => Some((2, vec!['/'])),
            _ => None,
        },
        b'&' => reference(text, at),
        b if b < 0x80 => None,
        _ => {
            let c = text[at..].chars().next()?;
            let wide = matches!(c, '\u{FF01}'..='\u{FF5E}' | '\u{A0}');
            wide.then(|| (c.len_utf8(), c.nfkc().collect()))
        }
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, b| char::from(*b).to_digit(16).map(|d| sum * 16 + d))
}

/// One character written as one to four escaped bytes of UTF-8.
fn percent(rest: &[u8], mark: u8) -> Option<(usize, Vec<char>)> {
    let byte = |i: usize| {
        let part = rest.get(3 * i..3 * i + 3)?;
        (part[0] == mark).then(|| hex(&part[1..])).flatten().map(|v| v as u8)
    };
    let bytes: Vec<u8> = (0..4).map_while(byte).collect();
    let length = match bytes.first()? {
        0x20..=0x7E => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let chars = std::str::from_utf8(bytes.get(..length)?).ok()?.chars().collect();
    Some((3 * length, chars))
}

fn json_unit(rest: &[u8]) -> Option<(usize, Vec<char>)> {
    let first = hex(rest.get(2..6)?)?;
    if (0xD800..0xDC00).contains(&first) && rest.get(6..8) == Some(b"\\u") {
        let second = hex(rest.get(8..12)?)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        return char::from_u32(0x10000 + ((first - 0xD800) << 10) + second).map(|c| (12, vec![c]));
    }
    char::from_u32(first).map(|c| (6, vec![c]))
}

fn reference(text: &str, at: usize) -> Option<(usize, Vec<char>)> {
    let body = text[at..].strip_prefix("&#")?;
    let end = body.bytes().take(9).position(|b| b == b';')?;
    let code = match body[..end].strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => body[..end].parse().ok()?,
    };
    char::from_u32(code).filter(|c| !c.is_control()).map(|c| (end + 3, vec![c]))
}

#[cfg(test)]
mod tests {
    use super::read_whole;

    #[test]
    fn escapes_are_read_and_lead_back() {
        for (text, expected, place) in [
            ("?e=a%40b.example", "a@b.example", "a%40b.example"),
            (r#"{"e":"a\u0040b.example"}"#, "a@b.example", r"a\u0040b.example"),
            ("to: a=40b.example", "a@b.example", "a=40b.example"),
            ("a&#64;b.example", "a@b.example", "a&#64;b.example"),
            ("a&#x40;b.example", "a@b.example", "a&#x40;b.example"),
            ("Gr%C3%BC%C3%9Fe", "Grüße", "Gr%C3%BC%C3%9Fe"),
            (r"\ud83d\ude00 x", "😀", r"\ud83d\ude00"),
            ("０１２", "012", "０１２"),
            ("soft=\r\nbreak", "softbreak", "soft=\r\nbreak"),
        ] {
            let reading = read_whole(text).expect(text);
            let start = reading.text.find(expected).expect(text);
            let (from, to) = reading.original(start, start + expected.len());
            assert_eq!(&text[from..to], place);
        }
    }

    #[test]
    fn plain_text_is_not_copied() {
        for text in ["", "100 % sure", "a=b", "x \\n y", "%zz \\u12", "naïve"] {
            assert!(read_whole(text).is_none(), "{text}");
        }
    }
}
