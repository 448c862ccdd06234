//! Pickles of every protocol (Python's `pickletools`): their texts, and the names of what they would load. They are read opcode by
//! opcode and never executed. What follows the last of them (weights of old PyTorch files) is not looked at. One unit: a file is
//! deleted as a whole.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::facts::{Facts, told};
use super::magic::certain;
use super::{Bounds, Format, FormatError, Head, Sink, Sniff, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

/// Protocols 2 to 5; the older ones have nothing to be told by.
pub(super) static FORMAT: Format = Format {
    id: "pickle",
    media_type: "application/x-pickle",
    extensions: &["pkl", "pickle"],
    sniff,
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Bytes of one text that are looked at.
const TEXT_BYTES_MAX: u64 = (1 << 20) + 1;
/// Bytes of a line of the oldest protocol.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// The protocol and its version, then a frame, an empty container or a global.
fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let opens = matches!(
        head.bytes,
        [0x80, 2..=5, 0x95 | b']' | b'}' | b'(' | b'c' | 0x8c | 0x8a | b')' | b'X' | b'K', ..]
    );
    // Old PyTorch files begin with a pickle of a number that is always the same, and end with weights.
    let is_torch =
        head.bytes.get(2..).is_some_and(|rest| rest.starts_with(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."));
    let stops = head.tail.last().is_none_or(|last| *last == b'.');
    certain(opens && (stops || is_torch), 0.8)
}

fn read(content: &Content, _: &Dialect, _: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    told(sink, |facts| {
        let mut input = Input { bytes: BufReader::new(content.clone()), left: content.len(), facts };
        while input.starts_another()? {
            while input.opcode()? {}
        }
        Ok(())
    })
}

struct Input<'f, 's> {
    bytes: BufReader<Content>,
    left: u64,
    facts: &'f mut Facts<'s>,
}

impl Input<'_, '_> {
    fn starts_another(&mut self) -> Result<bool, FormatError> {
        Ok(self.bytes.fill_buf()?.first() == Some(&0x80))
    }

    fn number(&mut self, count: usize) -> Result<u64, FormatError> {
        let mut bytes = [0; 8];
        self.take(count as u64)?;
        self.bytes.read_exact(&mut bytes[..count])?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn take(&mut self, count: u64) -> Result<(), FormatError> {
        self.left = self
            .left
            .checked_sub(count)
            .ok_or_else(|| FormatError::Truncated("ends within an object".into()))?;
        Ok(())
    }

    fn skip(&mut self, count: u64) -> Result<(), FormatError> {
        self.take(count)?;
        let count = i64::try_from(count).map_err(|_| FormatError::Corrupt("a length is none".into()))?;
        self.bytes.seek_relative(count)?;
        Ok(())
    }

    /// A text behind its length.
    fn text(&mut self, length_bytes: usize) -> Result<(), FormatError> {
        let count = self.number(length_bytes)?;
        self.take(count)?;
        let mut bytes = Vec::new();
        self.bytes.by_ref().take(count.min(TEXT_BYTES_MAX)).read_to_end(&mut bytes)?;
        let rest = count - bytes.len() as u64;
        self.bytes.seek(SeekFrom::Current(rest as i64))?;
        // Byte strings of Python 2 and bytes of Python 3 may be text.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            self.facts.add("text", text);
        } else if rest > 0 {
            self.facts.add("text", &String::from_utf8_lossy(&bytes));
        }
        Ok(())
    }

    fn line(&mut self) -> Result<String, FormatError> {
        let mut line = Vec::new();
        let read = self.bytes.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        self.take(read as u64)?;
        if line.pop() != Some(b'\n') {
            return Err(FormatError::Truncated("ends within a line".into()));
        }
        Ok(String::from_utf8(line)
            .unwrap_or_else(|line| line.into_bytes().into_iter().map(char::from).collect()))
    }

    /// Steps over one opcode with its argument; false at the end of a pickle.
    fn opcode(&mut self) -> Result<bool, FormatError> {
        match self.number(1)? as u8 {
            b'.' => return Ok(false),
            b'F' | b'I' | b'L' | b'P' | b'g' | b'p' => drop(self.line()?),
            b'S' | b'V' => {
                let line = self.line()?;
                self.facts.add("text", &unescaped(&line));
            }
            b'c' | b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                self.facts.add("global", &format!("{module}.{name}"));
            }
            b'K' | b'h' | b'q' | 0x80 | 0x82 => self.skip(1)?,
            b'M' | 0x83 => self.skip(2)?,
            b'J' | b'j' | b'r' | 0x84 => self.skip(4)?,
            b'G' | 0x95 => self.skip(8)?,
            0x8a => {
                let count = self.number(1)?;
                self.skip(count)?;
            }
            0x8b => {
                let count = self.number(4)?;
                self.skip(count)?;
            }
            b'U' | b'C' | 0x8c => self.text(1)?,
            b'T' | b'B' | b'X' => self.text(4)?,
            0x8d | 0x8e | 0x96 => self.text(8)?,
            b'('
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'Q'
            | b'R'
            | b'a'
            | b'b'
            | b'd'
            | b'}'
            | b'e'
            | b'l'
            | b']'
            | b'o'
            | b's'
            | b't'
            | b')'
            | b'u'
            | 0x81
            | 0x85..=0x89
            | 0x8f..=0x94
            | 0x97
            | 0x98 => {}
            _ => return Err(FormatError::Corrupt("an opcode is none".into())),
        }
        Ok(true)
    }
}

/// The text of a line as protocol 0 writes it: in quotes, with `\xhh` and `\uhhhh`.
fn unescaped(line: &str) -> String {
    let quoted = |mark: char| line.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    let line = quoted('\'').or_else(|| quoted('"')).unwrap_or(line);
    let mut text = String::new();
    let mut rest = line;
    while let Some(place) = rest.find('\\') {
        text.push_str(&rest[..place]);
        let escape = &rest[place + 1..];
        let digits = match escape.chars().next() {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let code =
            escape.get(1..=digits).filter(|_| digits > 0).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code.and_then(char::from_u32) {
            Some(letter) => {
                text.push(letter);
                rest = &escape[digits + 1..];
            }
            None => {
                text.push('\\');
                rest = escape;
            }
        }
    }
    text + rest
}
