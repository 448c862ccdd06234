//! RTF (Rich Text Format Specification 1.9.1): its text, a cell a paragraph, and what it says of itself. Pictures, fonts and
//! styles are passed over. A document is one unit: it is deleted as a whole.

use std::io::{BufRead, BufReader, Read};

use catalog::model::{AnomalyKind, Dialect};
use encoding_rs::Encoding;

use super::arrow::RowsFn;
use super::magic::signed;
use super::named::Texts;
use super::{Bounds, Format, FormatError, Sink, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

/// Any version.
pub(super) static FORMAT: Format = Format {
    id: "rtf",
    media_type: "application/rtf",
    extensions: &["rtf"],
    sniff: |head| signed(head, "rtf"),
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Groups within each other.
const DEPTH_MAX: usize = 1_000;
/// Groups that hold no text.
const SKIPPED: [&str; 17] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "pict",
    "objdata",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "themedata",
    "datastore",
    "latentstyles",
    "xmlnstbl",
    "generator",
    "filetbl",
    "revtbl",
    "mmathPr",
    "wgrffmtfilter",
];
/// Groups that say something of the document, which have features of their own.
const NAMED: [&str; 10] = [
    "title",
    "subject",
    "author",
    "manager",
    "company",
    "operator",
    "keywords",
    "comment",
    "doccomm",
    "hlinkbase",
];

#[derive(Clone)]
struct Group {
    feature: &'static str,
    skipped: bool,
    /// Bytes after `\uN` that say the same for those who do not know it.
    fallback: usize,
}

struct Reading<'a> {
    groups: Vec<Group>,
    encoding: &'static Encoding,
    /// Bytes in the document's encoding that stand together.
    pending: Vec<u8>,
    text: String,
    /// Bytes still to be passed over after `\uN`.
    to_skip: usize,
    high: Option<u16>,
    texts: Texts<'a>,
    bytes_max: usize,
    too_deep: bool,
    /// Whether an object of another program was passed over: it may hold anything.
    has_objects: bool,
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut reading = Reading {
        groups: vec![Group { feature: "text", skipped: false, fallback: 1 }],
        encoding: encoding_rs::WINDOWS_1252,
        pending: Vec::new(),
        text: String::new(),
        to_skip: 0,
        high: None,
        texts: Texts::new(sink, bounds),
        bytes_max: bounds.record_bytes_max,
        too_deep: false,
        has_objects: false,
    };
    let mut input = BufReader::new(content.clone());
    while let Some(byte) = next(&mut input)? {
        if reading.texts.is_full() {
            let reason = format!("only the first {} paragraphs were read", reading.texts.rows);
            reading.texts.sink.anomaly(AnomalyKind::LimitReached, reason);
            return Ok(());
        }
        match byte {
            b'{' => reading.open(),
            b'}' => reading.close(),
            b'\\' => reading.control(&mut input)?,
            b'\r' | b'\n' => {}
            byte => reading.byte(byte),
        }
    }
    reading.flush();
    if reading.has_objects {
        let reason = "objects of other programs in it were not read".to_owned();
        reading.texts.sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    if reading.too_deep {
        let reason = format!("groups within more than {DEPTH_MAX} others were not told apart");
        reading.texts.sink.anomaly(AnomalyKind::LimitReached, reason);
    } else if reading.groups.len() > 1 {
        reading.texts.sink.anomaly(AnomalyKind::Truncated, "ends within a group".into());
    }
    Ok(())
}

fn next(input: &mut BufReader<Content>) -> Result<Option<u8>, FormatError> {
    let mut byte = [0];
    Ok((input.read(&mut byte)? == 1).then_some(byte[0]))
}

fn peek(input: &mut BufReader<Content>) -> Result<Option<u8>, FormatError> {
    Ok(input.fill_buf()?.first().copied())
}

impl Reading<'_> {
    fn group(&mut self) -> &mut Group {
        self.groups.last_mut().expect("the outermost group is never closed")
    }

    fn open(&mut self) {
        if self.groups.len() > DEPTH_MAX {
            self.too_deep = true;
        } else {
            let group = self.group().clone();
            self.groups.push(group);
        }
    }

    fn close(&mut self) {
        let before = self.group().feature;
        if self.groups.len() > 1 {
            self.settle();
            let text = std::mem::take(&mut self.text);
            self.groups.pop();
            if self.group().feature == before {
                self.text = text;
            } else {
                self.texts.add(before, &text);
            }
        }
    }

    fn control(&mut self, input: &mut BufReader<Content>) -> Result<(), FormatError> {
        let Some(first) = peek(input)? else { return Ok(()) };
        if !first.is_ascii_alphabetic() {
            input.consume(1);
            return self.symbol(first, input);
        }
        let (mut word, mut number) = (String::new(), String::new());
        while let Some(letter) = peek(input)?.filter(|byte| byte.is_ascii_alphabetic() && word.len() < 32) {
            word.push(char::from(letter));
            input.consume(1);
        }
        while let Some(digit) =
            peek(input)?.filter(|byte| (byte.is_ascii_digit() || *byte == b'-') && number.len() < 10)
        {
            number.push(char::from(digit));
            input.consume(1);
        }
        if peek(input)? == Some(b' ') {
            input.consume(1);
        }
        let number: Option<i64> = number.parse().ok();
        self.word(&word, number, input)
    }

    fn symbol(&mut self, symbol: u8, input: &mut BufReader<Content>) -> Result<(), FormatError> {
        match symbol {
            b'\'' => {
                let mut digits = [0; 2];
                let taken = input.read(&mut digits)?;
                let text = std::str::from_utf8(&digits[..taken]).unwrap_or_default();
                if let Ok(byte) = u8::from_str_radix(text, 16) {
                    self.byte(byte);
                }
            }
            // What follows is for those who know it; of such groups only properties and links are text.
            b'*' => self.group().skipped = true,
            b'~' => self.letter('\u{a0}'),
            b'_' => self.letter('-'),
            b'\\' | b'{' | b'}' => self.byte(symbol),
            b'\n' | b'\r' => self.flush(),
            _ => {}
        }
        Ok(())
    }

    fn word(
        &mut self,
        word: &str,
        number: Option<i64>,
        input: &mut BufReader<Content>,
    ) -> Result<(), FormatError> {
        match word {
            "par" | "line" | "sect" | "page" | "row" => self.flush(),
            "cell" | "tab" | "nestcell" => self.letter('\t'),
            "emdash" | "endash" => self.letter('-'),
            "lquote" | "rquote" => self.letter('\''),
            "ldblquote" | "rdblquote" => self.letter('"'),
            "ansicpg" => {
                let label = format!("windows-{}", number.unwrap_or(1252));
                self.encoding = Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::WINDOWS_1252);
            }
            "mac" => self.encoding = encoding_rs::MACINTOSH,
            "uc" => self.group().fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(8),
            "u" => {
                self.unicode(number.unwrap_or_default() as u16);
                self.to_skip = self.group().fallback;
            }
            // So many bytes of anything.
            "bin" => {
                let len = u64::try_from(number.unwrap_or_default()).unwrap_or_default();
                std::io::copy(&mut input.by_ref().take(len), &mut std::io::sink())?;
            }
            "fldinst" => {
                // A link's address stands in what makes it.
                self.group().skipped = false;
                self.enter("link");
            }
            _ if SKIPPED.contains(&word) => {
                self.has_objects |= word == "objdata";
                self.group().skipped = true;
            }
            _ => {
                if let Some(named) = NAMED.iter().find(|named| **named == word) {
                    self.group().skipped = false;
                    self.enter(named);
                }
            }
        }
        Ok(())
    }

    /// The group that is open is of something else than the one around it.
    fn enter(&mut self, feature: &'static str) {
        if self.groups.len() > 1 {
            self.flush();
            self.group().feature = feature;
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else if !self.group().skipped {
            self.pending.push(byte);
            if self.pending.len() + self.text.len() > self.bytes_max {
                self.flush();
            }
        }
    }

    fn letter(&mut self, letter: char) {
        self.to_skip = 0;
        if !self.group().skipped {
            self.settle();
            self.text.push(letter);
        }
    }

    /// A unit of UTF-16, written as a signed number.
    fn unicode(&mut self, unit: u16) {
        match (unit, self.high.take()) {
            (0xd800..=0xdbff, _) => self.high = Some(unit),
            (_, high) => {
                let units = high.into_iter().chain([unit]);
                char::decode_utf16(units)
                    .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .for_each(|letter| self.letter(letter));
            }
        }
    }

    fn settle(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.text.push_str(&self.encoding.decode_without_bom_handling(&pending).0);
    }

    fn flush(&mut self) {
        self.settle();
        self.to_skip = 0;
        let (text, feature) = (std::mem::take(&mut self.text), self.group().feature);
        self.texts.add(feature, &text);
    }
}
