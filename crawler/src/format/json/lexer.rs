//! JSON (RFC 8259) as a stream of tokens with their byte offsets, in bounded memory.
//!
//! Stricter parsers refuse what we must still search: a lone surrogate escape and bytes that are not UTF-8 become U+FFFD here.
//! All else that the grammar forbids is an error that names the place, never the text.

use std::io::{self, Read};

use crate::content::Content;

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;
/// Arrays and objects within each other: what a lexer remembers is one byte each.
const DEPTH_MAX: usize = 1 << 20;

/// Where a lexer's bytes come from.
pub(in crate::format) trait Source {
    /// The next byte, without taking it.
    fn peek(&mut self) -> io::Result<Option<u8>>;
    /// Takes the byte that was peeked at.
    fn take(&mut self);
    /// Offset of the next byte.
    fn offset(&self) -> u64;
    /// Takes bytes up to the next that ends or interrupts plain text in a string, onto `text`, which holds `max` at most.
    fn take_plain(&mut self, text: &mut Vec<u8>, max: usize) -> io::Result<()>;
}

fn plain_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len())
}

/// Bytes in memory: one line of NDJSON, the head of a blob.
pub(in crate::format) struct Slice<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Slice<'a> {
    pub(in crate::format) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }
}

impl Source for Slice<'_> {
    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.bytes.get(self.position).copied())
    }
    fn take(&mut self) {
        self.position += 1;
    }
    fn offset(&self) -> u64 {
        self.position as u64
    }
    fn take_plain(&mut self, text: &mut Vec<u8>, max: usize) -> io::Result<()> {
        let rest = &self.bytes[self.position..];
        let len = plain_len(rest);
        let room = max.saturating_sub(text.len());
        text.extend_from_slice(&rest[..len.min(room)]);
        self.position += len;
        Ok(())
    }
}

/// Content, read piece by piece.
pub(in crate::format) struct Stream {
    content: Content,
    buffer: Vec<u8>,
    position: usize,
    start: u64,
}

impl Stream {
    pub(in crate::format) fn new(content: &Content) -> Self {
        Self { content: content.clone(), buffer: Vec::new(), position: 0, start: 0 }
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.start += self.buffer.len() as u64;
        self.buffer.clear();
        self.position = 0;
        self.content.by_ref().take(READ_BYTES as u64).read_to_end(&mut self.buffer)?;
        Ok(!self.buffer.is_empty())
    }
}

impl Source for Stream {
    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.position == self.buffer.len() && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.position]))
    }
    fn take(&mut self) {
        self.position += 1;
    }
    fn offset(&self) -> u64 {
        self.start + self.position as u64
    }
    fn take_plain(&mut self, text: &mut Vec<u8>, max: usize) -> io::Result<()> {
        while self.peek()?.is_some() {
            let rest = &self.buffer[self.position..];
            let len = plain_len(rest);
            let room = max.saturating_sub(text.len());
            text.extend_from_slice(&rest[..len.min(room)]);
            self.position += len;
            if len < rest.len() {
                break;
            }
        }
        Ok(())
    }
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::format) enum Token {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    /// A member's name; see [`Lexer::text`].
    Key,
    /// A string; see [`Lexer::text`].
    String,
    /// A number; its digits are in [`Lexer::text`].
    Number,
    True,
    False,
    Null,
    /// No more documents.
    End,
}

/// Why there is no token.
#[derive(Debug)]
pub(in crate::format) enum LexError {
    /// The grammar does not allow what stands at this offset.
    Malformed(u64),
    /// The bytes end within a document.
    Ended,
    /// A documented bound was reached at this offset.
    Depth(u64),
    Io(io::Error),
}

impl From<io::Error> for LexError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// A document, or the end.
    Document,
    /// A value, after a colon or a comma.
    Value,
    /// A value or the end of the array just begun.
    FirstItem,
    /// A name or the end of the object just begun.
    FirstKey,
    /// A comma or the end of what encloses the value.
    Next,
}

/// Splits documents into tokens.
pub(in crate::format) struct Lexer<S> {
    source: S,
    /// `{` or `[` of everything that is open.
    open: Vec<u8>,
    expect: Expect,
    text: Vec<u8>,
    text_bytes_max: usize,
    cut: bool,
    start: u64,
}

impl<S: Source> Lexer<S> {
    /// A lexer that keeps up to `text_bytes_max` bytes of a string.
    pub(in crate::format) fn new(source: S, text_bytes_max: usize) -> Self {
        let expect = Expect::Document;
        Self { source, open: Vec::new(), expect, text: Vec::new(), text_bytes_max, cut: false, start: 0 }
    }

    /// Skips a byte order mark (RFC 8259 §8.1 lets a parser ignore it).
    pub(in crate::format) fn skip_mark(&mut self) -> io::Result<()> {
        // U+FEFF begins with 0xEF, which no document does: taking a part of it only makes malformed what already was.
        for byte in [0xef, 0xbb, 0xbf] {
            if self.source.peek()? != Some(byte) {
                break;
            }
            self.source.take();
        }
        Ok(())
    }

    /// Where the last token began.
    pub(in crate::format) fn start(&self) -> u64 {
        self.start
    }

    /// Where the last token ended.
    pub(in crate::format) fn end(&self) -> u64 {
        self.source.offset()
    }

    /// How many arrays and objects are open.
    pub(in crate::format) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Text of the last key, string or number; unescaped.
    pub(in crate::format) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// Whether text was longer than what is kept, since this was last asked.
    pub(in crate::format) fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.cut)
    }

    /// The next token.
    pub(in crate::format) fn next(&mut self) -> Result<Token, LexError> {
        let mut byte = self.after_whitespace()?;
        if self.expect == Expect::Next {
            let closing = if self.open.last() == Some(&b'{') { b'}' } else { b']' };
            match byte {
                Some(b',') => {
                    self.source.take();
                    byte = self.after_whitespace()?;
                    if self.open.last() == Some(&b'{') {
                        return self.key(byte);
                    }
                    self.expect = Expect::Value;
                }
                Some(found) if found == closing => return Ok(self.close()),
                _ => return Err(self.unexpected(byte)),
            }
        }
        self.start = self.source.offset();
        match (byte, self.expect) {
            (None, Expect::Document) => Ok(Token::End),
            (Some(b']'), Expect::FirstItem) | (Some(b'}'), Expect::FirstKey) => Ok(self.close()),
            (_, Expect::FirstKey) => self.key(byte),
            (Some(b'{'), _) => self.begin(b'{', Expect::FirstKey, Token::BeginObject),
            (Some(b'['), _) => self.begin(b'[', Expect::FirstItem, Token::BeginArray),
            (Some(b'"'), _) => {
                self.string()?;
                Ok(self.value(Token::String))
            }
            (Some(b't'), _) => self.literal(b"true", Token::True),
            (Some(b'f'), _) => self.literal(b"false", Token::False),
            (Some(b'n'), _) => self.literal(b"null", Token::Null),
            (Some(b'-' | b'0'..=b'9'), _) => self.number(),
            _ => Err(self.unexpected(byte)),
        }
    }

    /// Passes over the rest of what the last token began, whatever its depth.
    pub(in crate::format) fn skip_rest(&mut self, begun: Token) -> Result<(), LexError> {
        if !matches!(begun, Token::BeginObject | Token::BeginArray) {
            return Ok(());
        }
        let depth = self.depth() - 1;
        while self.depth() > depth {
            self.next()?;
        }
        Ok(())
    }

    fn after_whitespace(&mut self) -> Result<Option<u8>, LexError> {
        loop {
            match self.source.peek()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.source.take(),
                byte => return Ok(byte),
            }
        }
    }

    fn unexpected(&self, byte: Option<u8>) -> LexError {
        match byte {
            Some(_) => LexError::Malformed(self.source.offset()),
            None => LexError::Ended,
        }
    }

    fn begin(&mut self, bracket: u8, expect: Expect, token: Token) -> Result<Token, LexError> {
        if self.open.len() == DEPTH_MAX {
            return Err(LexError::Depth(self.start));
        }
        self.source.take();
        self.open.push(bracket);
        self.expect = expect;
        Ok(token)
    }

    fn close(&mut self) -> Token {
        self.start = self.source.offset();
        self.source.take();
        let bracket = self.open.pop();
        self.value(if bracket == Some(b'{') { Token::EndObject } else { Token::EndArray })
    }

    fn value(&mut self, token: Token) -> Token {
        self.expect = if self.open.is_empty() { Expect::Document } else { Expect::Next };
        token
    }

    fn key(&mut self, byte: Option<u8>) -> Result<Token, LexError> {
        self.start = self.source.offset();
        if byte != Some(b'"') {
            return Err(self.unexpected(byte));
        }
        self.string()?;
        match self.after_whitespace()? {
            Some(b':') => self.source.take(),
            byte => return Err(self.unexpected(byte)),
        }
        self.expect = Expect::Value;
        Ok(Token::Key)
    }

    fn literal(&mut self, word: &[u8], token: Token) -> Result<Token, LexError> {
        for expected in word {
            match self.source.peek()? {
                Some(byte) if byte == *expected => self.source.take(),
                byte => return Err(self.unexpected(byte)),
            }
        }
        Ok(self.value(token))
    }

    fn number(&mut self) -> Result<Token, LexError> {
        self.text.clear();
        self.take_if(|byte| byte == b'-')?;
        if !self.take_if(|byte| byte == b'0')? {
            self.digits()?;
        }
        if self.take_if(|byte| byte == b'.')? {
            self.digits()?;
        }
        if self.take_if(|byte| matches!(byte, b'e' | b'E'))? {
            self.take_if(|byte| matches!(byte, b'+' | b'-'))?;
            self.digits()?;
        }
        Ok(self.value(Token::Number))
    }

    fn digits(&mut self) -> Result<(), LexError> {
        if !self.take_if(|byte| byte.is_ascii_digit())? {
            let byte = self.source.peek()?;
            return Err(self.unexpected(byte));
        }
        while self.take_if(|byte| byte.is_ascii_digit())? {}
        Ok(())
    }

    fn take_if(&mut self, wanted: impl Fn(u8) -> bool) -> Result<bool, LexError> {
        let Some(byte) = self.source.peek()?.filter(|byte| wanted(*byte)) else { return Ok(false) };
        self.source.take();
        self.push(&[byte]);
        Ok(true)
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.text.len() + bytes.len() <= self.text_bytes_max {
            self.text.extend_from_slice(bytes);
        } else {
            self.cut = true;
        }
    }

    fn string(&mut self) -> Result<(), LexError> {
        self.source.take();
        self.text.clear();
        loop {
            self.source.take_plain(&mut self.text, self.text_bytes_max)?;
            self.cut |= self.text.len() == self.text_bytes_max;
            match self.source.peek()? {
                Some(b'"') => {
                    self.source.take();
                    return Ok(());
                }
                Some(b'\\') => {
                    self.source.take();
                    self.escape()?;
                }
                byte => return Err(self.unexpected(byte)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), LexError> {
        let byte = self.source.peek()?;
        let plain = match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.source.take();
                return self.unicode();
            }
            _ => return Err(self.unexpected(byte)),
        };
        self.source.take();
        self.push(&[plain]);
        Ok(())
    }

    /// `\uXXXX`, perhaps the first half of a pair (RFC 8259 §7).
    fn unicode(&mut self) -> Result<(), LexError> {
        let mut unit = self.hex4()?;
        loop {
            let mut next = None;
            let mut char = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
            if (0xd800..0xdc00).contains(&unit) && self.source.peek()? == Some(b'\\') {
                self.source.take();
                if self.source.peek()? == Some(b'u') {
                    self.source.take();
                    let low = self.hex4()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        char = char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
                    } else {
                        next = Some(low);
                    }
                } else {
                    self.push(char.encode_utf8(&mut [0; 4]).as_bytes());
                    return self.escape();
                }
            }
            self.push(char.encode_utf8(&mut [0; 4]).as_bytes());
            match next {
                Some(low) => unit = low,
                None => return Ok(()),
            }
        }
    }

    fn hex4(&mut self) -> Result<u32, LexError> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = self.source.peek()?;
            let digit = byte.and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.unexpected(byte))?;
            self.source.take();
        }
        Ok(unit)
    }
}
