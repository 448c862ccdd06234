//! The second pair of eyes: an identifier's spellings as bytes, whatever the format around them says.
//!
//! It sees what no reader hands on as a cell: headers, comments, metadata, free pages of a database, unknown formats.
//! Declared keys are left out, since a number such as `42` stands everywhere.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::identifier::Identifier;
use crate::content::Content;

/// Shorter spellings stand in too many places by chance.
const SPELLING_BYTES_MIN: usize = 6;
const BUFFER_BYTES: usize = 256 << 10;

/// Compiled spellings of some identifiers.
pub(super) struct Raw {
    automaton: AhoCorasick,
    /// Of each pattern: its identifier's number, and bytes of one character.
    patterns: Vec<(usize, usize)>,
    longest: usize,
}

impl Raw {
    /// None if no identifier can be looked for as bytes.
    pub(super) fn new(identifiers: &[Identifier]) -> Option<Self> {
        let mut spelled: Vec<Vec<u8>> = Vec::new();
        let mut patterns = Vec::new();
        for (number, identifier) in identifiers.iter().enumerate() {
            for spelling in spellings(identifier) {
                let utf16: Vec<u16> = spelling.encode_utf16().collect();
                spelled.push(utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect());
                spelled.push(utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect());
                spelled.push(spelling.into_bytes());
                patterns.extend([(number, 2), (number, 2), (number, 1)]);
            }
        }
        let longest = spelled.iter().map(Vec::len).max()?;
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&spelled)
            .ok()?;
        Some(Self { automaton, patterns, longest })
    }

    /// Numbers of identifiers and byte offsets at which they stand, in order; a hit inside a longer word is none.
    pub(super) fn find(&self, content: &Content) -> io::Result<Vec<(usize, u64)>> {
        self.find_in(content, 0..content.len())
    }

    /// The same in a range alone; offsets are those in the content.
    pub(super) fn find_in(&self, content: &Content, range: Range<u64>) -> io::Result<Vec<(usize, u64)>> {
        let mut content = content.clone();
        content.seek(SeekFrom::Start(range.start))?;
        let mut content = content.take(range.end - range.start);
        let context = self.longest + 4;
        let (mut buffer, mut start): (Vec<u8>, u64) = (Vec::new(), 0);
        let mut found = Vec::new();
        loop {
            let kept = buffer.len();
            let read = content.by_ref().take(BUFFER_BYTES as u64).read_to_end(&mut buffer)?;
            // A match that begins before `from` was seen, with its right context, in the round before.
            let from = kept.saturating_sub(context);
            let until = if read == 0 { buffer.len() } else { buffer.len().saturating_sub(context) };
            for hit in self.automaton.find_overlapping_iter(&buffer) {
                let (identifier, width) = self.patterns[hit.pattern().as_usize()];
                let in_turn = (start == 0 || hit.start() >= from) && hit.start() < until;
                if in_turn && is_word(&buffer, hit.start(), hit.end(), width) {
                    found.push((identifier, range.start + start + hit.start() as u64));
                }
            }
            if read == 0 {
                found.sort_unstable_by_key(|(identifier, offset)| (*offset, *identifier));
                found.dedup();
                // Big-endian UTF-16 also reads as little-endian one byte later: one place.
                let all: BTreeSet<(usize, u64)> = found.iter().copied().collect();
                found.retain(|(identifier, at)| !all.contains(&(*identifier, at + 1)));
                return Ok(found);
            }
            let drop = buffer.len().saturating_sub(2 * context);
            buffer.drain(..drop);
            start += drop as u64;
        }
    }
}

fn spellings(identifier: &Identifier) -> Vec<String> {
    if identifier.key().is_some() {
        return Vec::new();
    }
    let mut spellings = vec![identifier.value.clone(), percent_encoded(&identifier.value)];
    spellings.extend(identifier.forms.iter().flat_map(|form| [form.clone(), percent_encoded(form)]));
    spellings.retain(|spelling| spelling.len() >= SPELLING_BYTES_MIN);
    spellings.sort();
    spellings.dedup();
    spellings
}

/// As in a URL's query (RFC 3986): all but unreserved characters.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Whether what stands around a hit ends the word: `ada@x.example` is not in `xada@x.example` nor in `ada@x.example.org`.
fn is_word(bytes: &[u8], start: usize, end: usize, width: usize) -> bool {
    let letter = |at: Option<usize>| {
        let byte = |place: usize| bytes.get(at? + place).copied();
        match width {
            1 => byte(0),
            _ => match (byte(0), byte(1)) {
                (Some(low), Some(0)) => Some(low),
                (Some(0), Some(low)) => Some(low),
                _ => None,
            },
        }
    };
    let is_inner = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    // At offset 1 stands half a character of UTF-16 before the hit: the hit is read one byte off.
    let before =
        if width == 2 && start == 1 { bytes.first().copied() } else { letter(start.checked_sub(width)) };
    let (after, second) = (letter(Some(end)), letter(Some(end + width)));
    let joins = |byte: Option<u8>| matches!(byte, Some(b'.' | b'-' | b'_' | b'+'));
    let goes_before = is_inner(before) || joins(before) && is_inner(letter(start.checked_sub(2 * width)));
    let goes_on = is_inner(after) || joins(after) && is_inner(second);
    !goes_before && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(bytes: Vec<u8>) -> Vec<u64> {
        let raw = Raw::new(&[Identifier::parse("email=ada@x.example").unwrap()]).unwrap();
        raw.find(&bytes.into()).unwrap().into_iter().map(|(_, offset)| offset).collect()
    }

    #[test]
    fn finds_spellings_and_no_longer_words() {
        assert_eq!(offsets(b"to ADA@x.example, ada%40x.example.".to_vec()), [3, 18]);
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(offsets(utf16("<ada@x.example>")), [2]);
        assert_eq!(offsets(b"\x00ada@x.example\x00".to_vec()), [1]);
        for other in ["xada@x.example", "lady.ada@x.example", "ada@x.example.org", "ada@x.examples", ""] {
            assert_eq!(offsets(other.into()), Vec::<u64>::new(), "{other}");
            assert_eq!(offsets(utf16(other)), Vec::<u64>::new(), "{other}");
        }
    }

    #[test]
    fn finds_across_buffers_each_once() {
        for place in (BUFFER_BYTES - 60..BUFFER_BYTES + 60).step_by(7) {
            let mut bytes = vec![b' '; 3 * BUFFER_BYTES + 5];
            for at in [place, place + BUFFER_BYTES, 3 * BUFFER_BYTES + 5 - 13] {
                bytes[at..at + 13].copy_from_slice(b"ada@x.example");
            }
            let expected = [place, place + BUFFER_BYTES, 3 * BUFFER_BYTES + 5 - 13].map(|at| at as u64);
            assert_eq!(offsets(bytes), expected);
        }
    }
}
