//! Lines and records of text, streamed with their byte offsets and in bounded memory.
//!
//! Where a record ends depends on the bytes and the dialect alone, never on a caller's bounds: what was unit 7 when it was
//! found must be unit 7 when it is removed.

use std::io::{self, Read};

use super::charset::Charset;
use crate::content::Content;

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;
/// A quoted record that is not closed within this many bytes has a stray quote: it ends with its first line.
pub(super) const QUOTED_BYTES_MAX: usize = 4 << 20;
/// The same once a stray quote was seen, so that a file full of them costs no square of its length.
const QUOTED_BYTES_MAX_AGAIN: usize = 64 << 10;

/// Quoting, where records may hold line ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoting {
    /// Delimiter.
    pub(super) delimiter: u8,
    /// Quote.
    pub(super) quote: u8,
}

/// Streams lines, or records of several lines if `quoting`.
pub(super) struct Lines {
    content: Content,
    charset: Charset,
    quoting: Option<Quoting>,
    piece_bytes_max: usize,
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    ended: bool,
    within: bool,
    remaining: usize,
    quoted_bytes_max: usize,
}

/// A line or record, or a piece of one that is longer than the caller wants at once.
#[derive(Debug, PartialEq)]
pub(super) struct Piece<'a> {
    /// Where the piece begins in the content.
    pub(super) offset: u64,
    /// Its bytes, line end included.
    pub(super) bytes: &'a [u8],
    /// Whether its line begins here.
    pub(super) first: bool,
    /// Whether its line ends here.
    pub(super) last: bool,
    /// Whether a quote was left open and taken for a letter.
    pub(super) stray_quote: bool,
}

enum End {
    At(usize),
    Stray(usize),
    More,
}

impl Lines {
    /// Lines of `content` after its byte order mark.
    pub(super) fn new(
        content: &Content,
        charset: Charset,
        quoting: Option<Quoting>,
        piece_bytes_max: usize,
    ) -> io::Result<Self> {
        let mut lines = Self {
            content: content.clone(),
            charset,
            quoting,
            piece_bytes_max: piece_bytes_max.max(64),
            buffer: Vec::new(),
            start: 0,
            offset: 0,
            ended: false,
            within: false,
            remaining: 0,
            quoted_bytes_max: QUOTED_BYTES_MAX,
        };
        lines.fill()?;
        let mark = charset.mark_len(&lines.buffer);
        lines.start = mark;
        lines.offset = mark as u64;
        Ok(lines)
    }

    /// Offset of what comes next.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line, record or piece of one.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        let mut seen = 0;
        let (len, last, stray_quote) = loop {
            if self.remaining > 0 {
                let len = self.piece_len().min(self.remaining);
                self.remaining -= len;
                break (len, self.remaining == 0, false);
            }
            let rest = &self.buffer[self.start..];
            if rest.is_empty() && self.ended {
                return Ok(None);
            }
            match self.end(rest, seen) {
                End::At(end) if end <= self.piece_bytes_max => break (end, true, false),
                End::Stray(end) if end <= self.piece_bytes_max => break (end, true, true),
                End::At(end) | End::Stray(end) => {
                    self.remaining = end - self.piece_len();
                    break (self.piece_len(), false, false);
                }
                End::More if self.ended => break (rest.len(), true, false),
                End::More if self.is_overlong(rest) => break (self.piece_len(), false, false),
                End::More => {
                    seen = if self.quoting.is_some() { 0 } else { rest.len() & !1 };
                    // Records are looked at from their start again: double, so that the sum stays linear.
                    let wanted = rest.len() * 2;
                    self.fill()?;
                    while self.quoting.is_some() && !self.ended && self.buffer.len() - self.start < wanted {
                        self.fill()?;
                    }
                }
            }
        };
        if stray_quote {
            self.quoted_bytes_max = QUOTED_BYTES_MAX_AGAIN;
        }
        let piece = (self.start, self.offset, !self.within);
        self.start += len;
        self.offset += len as u64;
        self.within = !last;
        let bytes = &self.buffer[piece.0..piece.0 + len];
        Ok(Some(Piece { offset: piece.1, bytes, first: piece.2, last, stray_quote }))
    }

    /// Bytes of a piece, whole code units but at the very end.
    fn piece_len(&self) -> usize {
        let len = self.piece_bytes_max.min(self.buffer.len() - self.start);
        if len > 1 { len - len % self.charset.width() } else { len }
    }

    /// Whether nothing more can be learnt about the record by reading on.
    fn is_overlong(&self, rest: &[u8]) -> bool {
        let looked_at = match self.quoting {
            Some(_) if !self.within => self.quoted_bytes_max,
            _ => self.piece_bytes_max,
        };
        rest.len() > looked_at
    }

    fn end(&self, rest: &[u8], seen: usize) -> End {
        let line_end = |from| self.charset.line_end(rest, from);
        // The rest of a line that came in pieces: quotes in it mean nothing any more.
        let Some(quoting) = self.quoting.filter(|_| !self.within) else {
            return line_end(seen).map_or(End::More, End::At);
        };
        let Some(first) = line_end(0) else {
            return End::More;
        };
        let (mut from, mut to, mut open) = (0, first, false);
        loop {
            open = self.is_open_after(quoting, &rest[from..to], open);
            if !open {
                return End::At(to);
            }
            if to > self.quoted_bytes_max {
                return End::Stray(first);
            }
            from = to;
            to = match line_end(from) {
                Some(end) => end,
                None if !self.ended => {
                    return if rest.len() > self.quoted_bytes_max { End::Stray(first) } else { End::More };
                }
                None if from < rest.len() => rest.len(),
                None => return End::Stray(first),
            };
        }
    }

    fn is_open_after(&self, quoting: Quoting, line: &[u8], open: bool) -> bool {
        if self.charset.width() == 1 {
            if !open && memchr::memchr(quoting.quote, line).is_none() {
                return false;
            }
            return open_after(quoting, line.iter().map(|byte| u32::from(*byte)), open);
        }
        open_after(quoting, line.chunks_exact(2).map(|unit| self.charset.unit(unit)), open)
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let read = self.content.by_ref().take(READ_BYTES as u64).read_to_end(&mut self.buffer)?;
        self.ended = read < READ_BYTES;
        Ok(())
    }
}

/// Whether a quoted field is still open after these units (RFC 4180 §2: a quote opens at a field's start, two are one).
fn open_after(quoting: Quoting, units: impl Iterator<Item = u32>, mut open: bool) -> bool {
    let (quote, delimiter) = (u32::from(quoting.quote), u32::from(quoting.delimiter));
    let mut at_start = !open;
    let mut units = units.peekable();
    while let Some(unit) = units.next() {
        if open {
            if unit == quote && units.next_if_eq(&quote).is_none() {
                open = false;
            }
        } else if unit == quote && at_start {
            open = true;
        } else {
            at_start = unit == delimiter;
        }
    }
    open
}
