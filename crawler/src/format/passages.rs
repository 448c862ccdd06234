//! Text in markup as passages: what belongs together for a reader stands in one text, whatever runs it was written in, with the
//! bytes that it comes from. Documents are searched by it, and whoever empties those bytes has removed it.

use std::io::{self, Seek, SeekFrom, Write};

use quick_xml::events::{BytesStart, Event};

use super::FormatError;
use super::xml::{Events, Stop, parsable, resolve};
use crate::content::Content;

/// Pieces of a long passage overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;
/// Ranges of one passage; a longer one is handed on in pieces.
const RANGES_MAX: usize = 65_536;

/// What is taken from markup.
pub(super) struct Taking {
    /// Elements of which nothing is taken, by local name.
    pub(super) skip: &'static [&'static str],
    /// Elements whose text is one passage, runs and all.
    pub(super) join: &'static [&'static str],
    /// Whether an attribute's value is text: element, attribute, value.
    pub(super) attribute: fn(&str, &str, &str) -> bool,
}

/// A text and where it stands.
pub(super) struct Passage<'a> {
    /// The element's local name; `element@attribute` for an attribute.
    pub(super) name: &'a str,
    /// What it says, references resolved.
    pub(super) text: &'a str,
    /// Its bytes; the first range's beginning is its unit.
    pub(super) ranges: &'a [(u64, u64)],
}

/// Takes a passage; answers whether more are wanted.
pub(super) type OnPassage<'a> = &'a mut dyn FnMut(&Passage<'_>) -> Result<bool, FormatError>;

/// Hands on the passages of some markup, in order. Whether their ranges are bytes of `content` (not so in UTF-16) is the answer.
///
/// # Errors
/// If the markup is broken, too deep or too long for `bytes_max`: passages up to there were handed on; what `each` fails with.
pub(super) fn passages(
    content: &Content,
    taking: &Taking,
    bytes_max: usize,
    each: OnPassage<'_>,
) -> Result<bool, FormatError> {
    let (content, charset, has_ranges) = parsable(content)?;
    let mut events = Events::new(&content, bytes_max);
    let mut taker = Taker {
        taking,
        bytes_max,
        each,
        open: Vec::new(),
        skipped_from: None,
        joined_from: None,
        text: String::new(),
        ranges: Vec::new(),
    };
    loop {
        let next = events.next(|event, start, end| match event {
            Event::Start(element) => taker.start(element, start, |bytes| charset.decode(bytes).into_owned()),
            Event::Empty(element) => taker
                .start(element, start, |bytes| charset.decode(bytes).into_owned())
                .and_then(|more| Ok(more && taker.end()?)),
            Event::End(_) => taker.end(),
            Event::Text(text) => taker.text(&charset.decode(text), start, end),
            Event::CData(text) => taker.text(&charset.decode(text), start, end),
            Event::GeneralRef(name) => {
                taker.text(&resolve(&format!("&{};", charset.decode(name))), start, end)
            }
            _ => Ok(true),
        });
        match next {
            Ok(Some(more)) => {
                if !more? {
                    return Ok(has_ranges);
                }
            }
            Ok(None) => return Ok(has_ranges),
            Err(stop) => {
                taker.flush()?;
                return Err(stop.error());
            }
        }
    }
}

struct Taker<'a> {
    taking: &'a Taking,
    bytes_max: usize,
    each: OnPassage<'a>,
    /// Names of open elements.
    open: Vec<String>,
    /// How many elements were open where skipping, or joining, began.
    skipped_from: Option<usize>,
    joined_from: Option<usize>,
    text: String,
    ranges: Vec<(u64, u64)>,
}

impl Taker<'_> {
    fn start(
        &mut self,
        element: &BytesStart<'_>,
        start: u64,
        decode: impl Fn(&[u8]) -> String,
    ) -> Result<bool, FormatError> {
        let name = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
        let mut more = true;
        if self.joined_from.is_none() {
            more = self.flush()?;
        }
        self.open.push(name);
        let name = &self.open[self.open.len() - 1];
        if self.skipped_from.is_none() && self.taking.skip.contains(&name.as_str()) {
            self.skipped_from = Some(self.open.len());
        }
        if self.skipped_from.is_some() {
            return Ok(more);
        }
        if self.joined_from.is_some() {
            self.text.push_str(match name.as_str() {
                "tab" => "\t",
                "s" => " ",
                "br" | "cr" | "p" | "line-break" => "\n",
                _ => "",
            });
        } else if self.taking.join.contains(&name.as_str()) {
            self.joined_from = Some(self.open.len());
        }
        Ok(more && self.attributes(element, start, decode)?)
    }

    fn attributes(
        &mut self,
        element: &BytesStart<'_>,
        start: u64,
        decode: impl Fn(&[u8]) -> String,
    ) -> Result<bool, FormatError> {
        let bytes: &[u8] = element;
        for attribute in element.attributes().with_checks(false).flatten() {
            let key = attribute.key;
            if key.as_namespace_binding().is_some() {
                continue;
            }
            let value = resolve(&decode(&attribute.value));
            let name = String::from_utf8_lossy(key.local_name().as_ref()).into_owned();
            let element_name = self.open.last().map_or("", String::as_str);
            if value.trim().is_empty() || !(self.taking.attribute)(element_name, &name, &value) {
                continue;
            }
            // The value is a part of the element's own bytes, which begin after the bracket.
            let Some(at) = (attribute.value.as_ptr() as usize).checked_sub(bytes.as_ptr() as usize) else {
                continue;
            };
            let from = start + 1 + at as u64;
            let ranges = [(from, from + attribute.value.len() as u64)];
            let name = format!("{element_name}@{name}");
            if !(self.each)(&Passage { name: &name, text: value.trim(), ranges: &ranges })? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn end(&mut self) -> Result<bool, FormatError> {
        let depth = self.open.len();
        let mut more = true;
        if self.joined_from.is_none_or(|from| from == depth) {
            more = self.flush()?;
            self.joined_from = None;
        }
        if self.skipped_from == Some(depth) {
            self.skipped_from = None;
        }
        self.open.pop();
        Ok(more)
    }

    fn text(&mut self, text: &str, start: u64, end: u64) -> Result<bool, FormatError> {
        if self.skipped_from.is_some() || self.open.is_empty() {
            return Ok(true);
        }
        self.text.push_str(text);
        match self.ranges.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => self.ranges.push((start, end)),
        }
        if self.text.len() <= self.bytes_max && self.ranges.len() < RANGES_MAX {
            return Ok(true);
        }
        let mut from = self.text.len() - OVERLAP_BYTES.min(self.text.len());
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let (carried, last) = (self.text[from..].to_owned(), self.ranges.last().copied());
        let more = self.flush()?;
        self.text = carried;
        self.ranges.extend(last);
        Ok(more)
    }

    /// Hands on what was gathered.
    fn flush(&mut self) -> Result<bool, FormatError> {
        let (text, ranges) = (std::mem::take(&mut self.text), std::mem::take(&mut self.ranges));
        if text.trim().is_empty() {
            return Ok(true);
        }
        let depth = self.joined_from.unwrap_or(self.open.len());
        let name = depth.checked_sub(1).and_then(|place| self.open.get(place)).map_or("text", String::as_str);
        (self.each)(&Passage { name, text: text.trim(), ranges: &ranges })
    }
}

impl Stop {
    /// As an error of whoever reads a part of a document.
    pub(super) fn error(self) -> FormatError {
        match self {
            Self::Io(error) => error.into(),
            Self::Ended(_) => FormatError::Truncated("a part ends within an element".into()),
            Self::Malformed(at) => FormatError::Corrupt(format!("a part is not XML from byte {at} on")),
            Self::Limit(_) => FormatError::Limit("a part is longer or deeper than can be followed".into()),
        }
    }
}

/// Writes `content` without some ranges, which are in order; gives how many bytes went.
pub(super) fn copy_without(
    content: &Content,
    ranges: &[(u64, u64)],
    out: &mut (dyn Write + Send),
) -> io::Result<u64> {
    let (mut position, mut gone) = (0, 0);
    for (start, end) in ranges.iter().copied().chain([(content.len(), content.len())]) {
        let mut piece = content.clone();
        piece.seek(SeekFrom::Start(position))?;
        io::copy(&mut io::Read::take(piece, start.saturating_sub(position)), out)?;
        gone += end.saturating_sub(start.max(position));
        position = end.max(position);
    }
    Ok(gone)
}
