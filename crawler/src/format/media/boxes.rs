//! What the two older containers say beside the tags that a library reads: AVI's lists (Microsoft's RIFF), and the user data and
//! keyed metadata of QuickTime and MP4 (QTFF), where cameras and phones write places, makers and comments.

use super::super::FormatError;
use super::super::facts::Facts;
use crate::content::Content;

/// Chunks or atoms looked at.
const CHUNKS_MAX: u32 = 1_000_000;
/// Lists or atoms within each other.
const DEPTH_MAX: u32 = 16;
/// Bytes of a text.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Whether the first bytes are an AVI's.
pub(super) fn is_avi(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ")
}

/// Whether the first bytes are those of a file of atoms.
pub(super) fn is_atoms(head: &[u8]) -> bool {
    matches!(head.get(4..8), Some(b"ftyp" | b"moov" | b"wide" | b"mdat" | b"free" | b"skip"))
}

/// Reads the lists of an AVI.
///
/// # Errors
/// `Truncated` if it ends within a chunk, `Limit` if it has too many.
pub(super) fn avi(content: &Content, facts: &mut Facts<'_>) -> Result<(), FormatError> {
    Walk { content, facts, seen: 0 }.chunks(0, content.len(), false, 0)
}

/// Reads user data and keyed metadata of QuickTime and MP4.
///
/// # Errors
/// `Truncated` if it ends within an atom, `Limit` if it has too many.
pub(super) fn atoms(content: &Content, facts: &mut Facts<'_>) -> Result<(), FormatError> {
    Walk { content, facts, seen: 0 }.atoms(0, content.len(), Within::File, 0)
}

struct Walk<'a, 'f> {
    content: &'a Content,
    facts: &'a mut Facts<'f>,
    seen: u32,
}

/// Where an atom stands; the same name means other things elsewhere.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    File,
    Movie,
    UserData,
}

impl Walk<'_, '_> {
    fn count(&mut self, depth: u32) -> Result<(), FormatError> {
        self.seen += 1;
        match self.seen > CHUNKS_MAX || depth > DEPTH_MAX {
            true => Err(FormatError::Limit("more chunks than are looked at".into())),
            false => Ok(()),
        }
    }

    fn bytes(&self, start: u64, stop: u64) -> Result<Vec<u8>, FormatError> {
        let count = stop.saturating_sub(start).min(TEXT_BYTES_MAX);
        Ok(self.content.range(start, count as usize)?.to_vec())
    }

    fn chunks(&mut self, mut at: u64, end: u64, in_info: bool, depth: u32) -> Result<(), FormatError> {
        while at + 8 <= end {
            self.count(depth)?;
            let header = self.content.range(at, 12)?;
            let (name, size) = (&header[..4], u64::from(little(&header[4..8])));
            let (start, stop) = (at + 8, at + 8 + size);
            if stop > self.content.len() {
                return Err(FormatError::Truncated("ends within a chunk".into()));
            }
            match (name, header.get(8..12)) {
                (b"LIST", Some(b"movi")) => {}
                (b"RIFF" | b"LIST", Some(list)) => {
                    let in_info = list == b"INFO";
                    self.chunks(start + 4, stop.min(end), in_info, depth + 1)?;
                }
                (b"strn" | b"IDIT" | b"ISMP" | b"_PMX", _) => self.text(name, start, stop)?,
                _ if in_info => self.text(name, start, stop)?,
                _ => {}
            }
            at = stop + size % 2;
        }
        Ok(())
    }

    fn text(&mut self, name: &[u8], start: u64, stop: u64) -> Result<(), FormatError> {
        let text = text(&self.bytes(start, stop)?);
        let name: String = name.iter().map(|byte| char::from(*byte)).collect();
        self.facts.add(&name, &text);
        Ok(())
    }

    fn atoms(&mut self, mut at: u64, end: u64, within: Within, depth: u32) -> Result<(), FormatError> {
        while at + 8 <= end {
            self.count(depth)?;
            let header = self.content.range(at, 16)?;
            let name: [u8; 4] = header[4..8].try_into().unwrap_or_default();
            let (start, size) = match big(&header[..4]) {
                0 => (at + 8, end - at),
                1 if header.len() == 16 => (at + 16, big(&header[8..12]) << 32 | big(&header[12..16])),
                size => (at + 8, size),
            };
            let stop = at.saturating_add(size);
            if size < start - at || stop > self.content.len() {
                return Err(FormatError::Truncated("ends within an atom".into()));
            }
            match (within, &name) {
                (Within::File, b"moov") => self.atoms(start, stop, Within::Movie, depth + 1)?,
                (Within::Movie, b"trak") => self.atoms(start, stop, Within::Movie, depth + 1)?,
                (Within::Movie, b"udta") => self.atoms(start, stop, Within::UserData, depth + 1)?,
                (Within::Movie, b"meta") => self.keyed(start, stop)?,
                (Within::File, b"uuid") => self.text(b"uuid", start + 16, stop)?,
                // `meta` here holds the tags that are read elsewhere.
                (Within::UserData, [0xa9, ..]) => self.user_texts(&name, start, stop)?,
                (Within::UserData, b"loci" | b"auth" | b"titl" | b"dscp" | b"cprt" | b"perf" | b"name") => {
                    self.text(&name, start, stop)?;
                }
                _ => {}
            }
            at = stop;
        }
        Ok(())
    }

    /// Texts of one kind, each behind its length and language.
    fn user_texts(&mut self, name: &[u8], start: u64, stop: u64) -> Result<(), FormatError> {
        let bytes = self.bytes(start, stop)?;
        let name: String = name.iter().map(|byte| char::from(*byte)).collect();
        let mut rest = bytes.as_slice();
        while let [high, low, _, _, more @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(more.len());
            self.facts.add(&name, &text(&more[..length]));
            rest = &more[length..];
        }
        Ok(())
    }

    /// Metadata by key: names in `keys`, values in `ilst` by their number.
    fn keyed(&mut self, start: u64, stop: u64) -> Result<(), FormatError> {
        let bytes = self.bytes(start, stop)?;
        // QuickTime's `meta` is a plain atom, MP4's has four bytes of version and flags.
        let bytes =
            if bytes.get(4..8) == Some(b"hdlr") { &bytes[..] } else { bytes.get(4..).unwrap_or_default() };
        let mut names: Vec<String> = Vec::new();
        for (name, body) in inner(bytes) {
            match &name {
                b"keys" => {
                    let keys = inner(body.get(8..).unwrap_or_default());
                    names = keys.map(|(_, key)| text(key)).collect();
                }
                b"ilst" => {
                    for (number, item) in inner(body) {
                        let number = u32::from_be_bytes(number) as usize;
                        let name = names.get(number.wrapping_sub(1)).map_or("item", String::as_str);
                        for (_, data) in inner(item).filter(|(name, _)| name == b"data") {
                            self.facts.add(name, &text(data.get(8..).unwrap_or_default()));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Atoms in bytes at hand: names and bodies, up to the first that does not fit.
fn inner(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = big(bytes.get(..4)?) as usize;
        let name = bytes.get(4..8)?.try_into().ok()?;
        let body = bytes.get(8..size)?;
        bytes = &bytes[size..];
        Some((name, body))
    })
}

fn big(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// UTF-8, or else Latin-1, which any bytes are; up to the first zero.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
