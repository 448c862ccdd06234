//! What stands between events and is none: comments, and the `-`, `[` and `,` before elements.

use std::io;

use super::rewrite::line_start;
use crate::content::Content;

/// The mark before an element of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// `-`, where it stands.
    Dash(u64),
    /// `[` or `,`, and where the element after it begins.
    Comma(u64),
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether a sequence or mapping ends here with its bracket; those of blocks end where the next thing stands.
pub(super) fn closes(content: &Content, start: u64, end: u64) -> io::Result<bool> {
    Ok(end > start && matches!(content.range(start, 1)?.first(), Some(b']' | b'}')))
}

/// Bytes of a gap with what they are.
struct Scan {
    bytes: Vec<u8>,
    place: usize,
}

impl Scan {
    fn of(content: &Content, from: u64, to: u64) -> io::Result<Self> {
        let bytes = content.range(from, usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX))?;
        Ok(Self { bytes: bytes.to_vec(), place: 0 })
    }

    fn begins_word(&self, at_start: bool) -> bool {
        self.place.checked_sub(1).map_or(at_start, |before| is_space(self.bytes[before]))
    }

    /// If a comment begins here, passes over it.
    fn comment(&mut self, at_start: bool) -> Option<std::ops::Range<usize>> {
        if self.bytes.get(self.place) != Some(&b'#') || !self.begins_word(at_start) {
            return None;
        }
        let start = self.place;
        while self.bytes.get(self.place).is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.place += 1;
        }
        Some(start..self.place)
    }
}

/// Hands on each comment of a gap, with its offset, and whether it stands on the line of what is before it.
pub(super) fn comments(
    content: &Content,
    (from, to): (u64, u64),
    mut each: impl FnMut(&[u8], u64, bool),
) -> io::Result<()> {
    if to.saturating_sub(from) < 2 {
        return Ok(());
    }
    // Whether a space is before the gap, which a comment needs.
    let begins_line = line_start(content, from)?.is_some();
    let before = begins_line || content.range(from - 1, 1)?.first().is_none_or(|byte| is_space(*byte));
    let mut scan = Scan::of(content, from, to)?;
    let mut same_line = !begins_line;
    while scan.place < scan.bytes.len() {
        match scan.comment(before) {
            Some(comment) => each(&scan.bytes[comment.clone()], from + comment.start as u64, same_line),
            None => {
                same_line &= !matches!(scan.bytes[scan.place], b'\r' | b'\n');
                scan.place += 1;
            }
        }
    }
    Ok(())
}

/// The mark before the element that begins at `to`.
pub(super) fn mark(content: &Content, from: u64, to: u64) -> io::Result<Option<Mark>> {
    // An empty element has no width, and its dash may be the byte at which it is said to stand.
    let mut scan = Scan::of(content, from, to)?;
    while scan.place < scan.bytes.len() {
        if scan.comment(true).is_some() {
            continue;
        }
        let here = scan.place;
        let ends_word = scan.bytes.get(here + 1).is_none_or(|byte| is_space(*byte));
        match scan.bytes[here] {
            b'-' if ends_word && scan.begins_word(true) => return Ok(Some(Mark::Dash(from + here as u64))),
            b'[' | b',' => {
                scan.place += 1;
                while scan.place < scan.bytes.len() {
                    if scan.comment(true).is_none() {
                        if !is_space(scan.bytes[scan.place]) {
                            break;
                        }
                        scan.place += 1;
                    }
                }
                return Ok(Some(Mark::Comma(from + scan.place as u64)));
            }
            _ => scan.place += 1,
        }
    }
    Ok(None)
}
