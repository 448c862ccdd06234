//! Character encodings of text formats: which one it is, where its lines end, what its bytes say.
//!
//! Text is decoded for reading only; a rewrite copies the bytes that it keeps, so no encoder is here.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::Head;

mod legacy;

/// How characters lie in bytes. `Latin1` is read as Windows-1252, its superset that browsers read it as (WHATWG Encoding §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// UTF-8, ASCII with it.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// ISO 8859-1.
    Latin1,
    /// Any other of before Unicode, in which ASCII is ASCII.
    Legacy(&'static Encoding),
}

/// More of these among the first bytes and it is no text: control characters that nobody types.
const CONTROL_SHARE_MAX: f64 = 0.002;
/// More bytes above ASCII than this and it is no Latin-1 text.
const HIGH_SHARE_MAX: f64 = 0.3;

impl Charset {
    /// The charset of a head of text; `None` for bytes that are no text.
    pub(super) fn detect(head: &Head<'_>) -> Option<Self> {
        head.charset()
    }

    /// The same of first bytes that may be all there is.
    pub(super) fn of(bytes: &[u8], complete: bool) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] | [] => return None,
            [0xff, 0xfe, ..] => return decodes_utf16(bytes, Self::Utf16Le).then_some(Self::Utf16Le),
            [0xfe, 0xff, ..] => return decodes_utf16(bytes, Self::Utf16Be).then_some(Self::Utf16Be),
            _ => {}
        }
        if bytes.contains(&0)
            && let Some(wide) =
                [Self::Utf16Le, Self::Utf16Be].into_iter().find(|charset| looks_utf16(bytes, *charset))
        {
            return Some(wide);
        }
        // What is left may be text all the same: programs put a stray zero into logs and exports.
        let controls = bytes.iter().filter(|byte| is_control(**byte)).count();
        if controls as f64 > bytes.len() as f64 * CONTROL_SHARE_MAX {
            return None;
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => return Some(Self::Utf8),
            // The head may end inside a character.
            Err(error) if error.error_len().is_none() && !complete => return Some(Self::Utf8),
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 32 => return Some(Self::Utf8),
            Err(_) => {}
        }
        if controls == 0
            && let Some(legacy) = legacy::detect(bytes, complete)
        {
            return Some(Self::Legacy(legacy));
        }
        let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
        let rare = bytes.iter().filter(|byte| is_rare(**byte)).count();
        let text = high as f64 <= bytes.len() as f64 * HIGH_SHARE_MAX && rare * 10 <= high;
        (text && controls == 0).then_some(Self::Latin1)
    }

    /// By its name in a dialect.
    pub(super) fn by_name(name: Option<&str>) -> Self {
        match name {
            Some("utf-16le") => Self::Utf16Le,
            Some("utf-16be") => Self::Utf16Be,
            Some("latin-1") => Self::Latin1,
            Some(name) => match Encoding::for_label(name.as_bytes()) {
                Some(legacy) if legacy.is_ascii_compatible() && legacy != encoding_rs::UTF_8 => {
                    Self::Legacy(legacy)
                }
                _ => Self::Utf8,
            },
            None => Self::Utf8,
        }
    }

    /// Its name in a dialect; UTF-8 needs none.
    pub(super) fn name(self) -> Option<String> {
        let name = match self {
            Self::Utf8 => return None,
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "latin-1",
            Self::Legacy(legacy) => return Some(legacy.name().to_ascii_lowercase()),
        };
        Some(name.to_owned())
    }

    /// Bytes of a code unit.
    pub(super) fn width(self) -> usize {
        if matches!(self, Self::Utf16Le | Self::Utf16Be) { 2 } else { 1 }
    }

    /// Length of the byte order mark that `bytes` begin with.
    pub(super) fn mark_len(self, bytes: &[u8]) -> usize {
        match self {
            Self::Utf8 if bytes.starts_with(&[0xef, 0xbb, 0xbf]) => 3,
            Self::Utf16Le if bytes.starts_with(&[0xff, 0xfe]) => 2,
            Self::Utf16Be if bytes.starts_with(&[0xfe, 0xff]) => 2,
            _ => 0,
        }
    }

    /// Where the first line of `bytes` ends, its line feed included; `from` is a unit boundary already looked at.
    pub(super) fn line_end(self, bytes: &[u8], from: usize) -> Option<usize> {
        if self.width() == 1 {
            return memchr::memchr(b'\n', &bytes[from..]).map(|place| from + place + 1);
        }
        let from = from & !1;
        let place = bytes[from..].chunks_exact(2).position(|unit| self.unit(unit) == u32::from(b'\n'))?;
        Some(from + (place + 1) * 2)
    }

    /// The line without its line feed and carriage return.
    pub(super) fn without_line_end(self, mut line: &[u8]) -> &[u8] {
        let width = self.width();
        for end in [b'\n', b'\r'] {
            if line.len() >= width && self.unit(&line[line.len() - width..]) == u32::from(end) {
                line = &line[..line.len() - width];
            }
        }
        line
    }

    /// A code unit of `width` bytes.
    pub(super) fn unit(self, unit: &[u8]) -> u32 {
        match self {
            Self::Utf16Le => u32::from(u16::from_le_bytes([unit[0], unit[1]])),
            Self::Utf16Be => u32::from(u16::from_be_bytes([unit[0], unit[1]])),
            Self::Utf8 | Self::Latin1 | Self::Legacy(_) => u32::from(unit[0]),
        }
    }

    /// What the bytes say. A piece of UTF-8 that is not is read as Latin-1: wrong letters are found again, lost ones are not.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => Cow::Owned(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
            },
            Self::Latin1 if bytes.is_ascii() => String::from_utf8_lossy(bytes),
            Self::Latin1 => Cow::Owned(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
            Self::Legacy(legacy) => legacy.decode_without_bom_handling(bytes).0,
            Self::Utf16Le | Self::Utf16Be => {
                let units = bytes.chunks_exact(2).map(|unit| self.unit(unit) as u16);
                Cow::Owned(
                    char::decode_utf16(units)
                        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                        .collect(),
                )
            }
        }
    }

    /// The bytes that say a text, spelled as `like` is, which was decoded before; `None` if there are none.
    pub(super) fn encode(self, text: &str, like: &[u8]) -> Option<Vec<u8>> {
        let single = || text.chars().map(to_windows_1252).collect();
        match self {
            Self::Utf8 if std::str::from_utf8(like).is_ok() => Some(text.as_bytes().to_vec()),
            Self::Utf8 | Self::Latin1 => single(),
            Self::Legacy(legacy) => {
                let (bytes, _, unmappable) = legacy.encode(text);
                (!unmappable).then(|| bytes.into_owned())
            }
            Self::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        }
    }

    /// What a head says, without its byte order mark and without the line that it cuts.
    pub(super) fn decode_head(self, head: &Head<'_>) -> String {
        let bytes = &head.bytes[self.mark_len(head.bytes)..];
        let mut text = if self == Self::Utf8 {
            let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
            String::from_utf8_lossy(if head.complete { bytes } else { &bytes[..valid] }).into_owned()
        } else {
            self.decode(bytes).into_owned()
        };
        if !head.complete
            && let Some(end) = text.rfind('\n')
        {
            text.truncate(end + 1);
        }
        text
    }
}

/// Control characters that no text holds; 0x01 delimits fields in Hive's text files and 0x1b colours logs.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0x00 | 0x02..=0x08 | 0x0e..=0x1a | 0x7f)
}

/// What Latin-1 does not define and Windows-1252 has no common sign for: word processors write its quotes, dashes, dots, euros
/// and trademarks, often the only bytes above ASCII of a text.
fn is_rare(byte: u8) -> bool {
    matches!(byte, 0x80..=0x9f) && !matches!(byte, 0x80 | 0x85 | 0x91..=0x97 | 0x99)
}

fn decodes_utf16(bytes: &[u8], charset: Charset) -> bool {
    let units = bytes.chunks_exact(2).map(|unit| charset.unit(unit) as u16);
    let (mut all, mut wrong) = (0_u32, 0_u32);
    for unit in char::decode_utf16(units) {
        all += 1;
        wrong += u32::from(unit.map_or(true, |unit| u8::try_from(unit).is_ok_and(is_control)));
    }
    wrong * 100 <= all
}

/// Whether it is UTF-16 without a mark: every second byte is 0 where text is mostly Latin.
fn looks_utf16(bytes: &[u8], charset: Charset) -> bool {
    let (units, _) = bytes.as_chunks::<2>();
    let latin = units.iter().filter(|unit| matches!(charset.unit(*unit), 0x09..=0x0d | 0x20..=0x7e)).count();
    units.len() >= 4 && latin * 10 >= units.len() * 8 && decodes_utf16(bytes, charset)
}

fn to_windows_1252(letter: char) -> Option<u8> {
    (0..=u8::MAX).find(|byte| windows_1252(*byte) == letter)
}

fn windows_1252(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::Charset;

    #[test]
    fn stray_zeros_and_typographic_signs_make_no_noise_of_text() {
        let mut log = "10:00:01 started\n".repeat(100).into_bytes();
        log[800] = 0;
        assert_eq!(Charset::of(&log, true), Some(Charset::Utf8));
        assert_eq!(Charset::of(&log[790..810], true), None, "a zero among twenty letters");
        let (quotes, ..) =
            encoding_rs::WINDOWS_1252.encode("These “smart” quotes – and dots… – are Word’s\n");
        assert_eq!(Charset::of(&quotes, true), Some(Charset::Latin1));
        let rare = b"a few bytes \x81\x8d\x90 that are no letters of Windows-1252";
        assert_eq!(Charset::of(rare, true), None);
        let wide: Vec<u8> = "id,name\n1,Ada\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(Charset::of(&wide, true), Some(Charset::Utf16Le));
    }
}
