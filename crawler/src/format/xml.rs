//! XML: elements that repeat are rows; unit = byte offset of such an element. Nothing is expanded: an entity that the document
//! declares stays its name, so that no laugh grows to a billion.
//!
//! `outline` finds what repeats in a first pass, `read` makes cells in a second. Children are features by their names
//! without prefixes, attributes by `element@name`. What stands outside of rows, comments and declarations are cells too, removed only with the whole.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use catalog::model::Dialect;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::arrow::RowsFn;
use super::charset::Charset;
use super::{Format, FormatError, HEAD_BYTES, Head, Removal, Rewritten, Sniff, locate_by_reading, magic};
use crate::content::{Content, Spool};

pub(super) use read::resolve;

mod outline;
mod read;
#[cfg(test)]
mod tests;

/// Markup of documents, feeds and exports.
pub(super) static FORMAT: Format = Format {
    id: "xml",
    media_type: "application/xml",
    extensions: &["xml", "xsd", "xsl", "kml", "gpx", "rss", "gml", "rdf", "xmp", "plist", "wsdl", "xslt"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Table(read::rows),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite),
    container: None,
};

/// Scalable vector graphics, which are XML to read.
pub(super) static SVG: Format = Format {
    id: "svg",
    media_type: "image/svg+xml",
    extensions: &["svg"],
    sniff: |head| {
        (root(&magic::beginning(head)?) == Some("svg"))
            .then(|| Sniff { confidence: 0.96, dialect: Dialect::default() })
    },
    read: Some(read::read),
    rows: RowsFn::Table(read::rows),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite),
    container: None,
};

/// Elements within each other; the parser keeps their names.
const DEPTH_MAX: usize = 10_000;
/// White space looked at around a removed element.
const MARGIN_BYTES: usize = 4 << 10;

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let text = magic::beginning(head)?;
    let sure = |confidence| Some(Sniff { confidence, dialect: Dialect::default() });
    // Packets of XMP have no declaration (ISO 16684-1, §7.3.2).
    if text.starts_with("<?xml") || text.starts_with("<?xpacket begin=") {
        return sure(0.93);
    }
    let element = text.strip_prefix('<')?.starts_with(|letter: char| letter.is_alphabetic() || letter == '!');
    let named = head.is_named(FORMAT.extensions);
    if element && (text.contains("</") || text.contains("/>")) {
        sure(if named { 0.93 } else { 0.7 })
    } else {
        None
    }
}

/// The name of the outermost element, prefix removed; declarations, instructions and comments before it are stepped over.
fn root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if rest.starts_with('?') {
            rest = rest.split_once("?>")?.1;
        } else if rest.starts_with('!') {
            let declaration = rest.split_once('>')?;
            rest = if declaration.0.contains('[') {
                rest.split_once("]>").unwrap_or(declaration).1
            } else {
                declaration.1
            };
        } else {
            let name =
                rest.split(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '/')).next()?;
            return Some(name.rsplit_once(':').map_or(name, |(_, local)| local))
                .filter(|name| !name.is_empty());
        }
    }
}

/// The media type by the outermost element.
pub(super) fn media_type(head: &Head<'_>) -> &'static str {
    let kinds: [(&str, &str); 13] = [
        ("gpx", "application/gpx+xml"),
        ("kml", "application/vnd.google-earth.kml+xml"),
        ("rss", "application/rss+xml"),
        ("feed", "application/atom+xml"),
        ("RDF", "application/rdf+xml"),
        ("stylesheet", "application/xslt+xml"),
        ("definitions", "application/wsdl+xml"),
        ("FeatureCollection", "application/gml+xml"),
        ("math", "application/mathml+xml"),
        ("xmpmeta", "application/rdf+xml"),
        ("plist", "application/x-plist"),
        ("html", "application/xhtml+xml"),
        ("FictionBook", "application/x-fictionbook+xml"),
    ];
    let text = magic::beginning(head).unwrap_or_default();
    let found = root(&text).and_then(|name| kinds.iter().find(|(root, _)| *root == name));
    found.map_or(FORMAT.media_type, |(_, media_type)| media_type)
}

/// The content as bytes that the parser takes, and whether their offsets are the content's.
pub(super) fn parsable(content: &Content) -> Result<(Content, Charset, bool), FormatError> {
    let bytes = content.range(0, HEAD_BYTES)?;
    let complete = bytes.len() as u64 == content.len();
    let charset = Charset::of(&bytes, complete).unwrap_or(Charset::Utf8);
    if charset.width() == 1 {
        return Ok((content.clone(), charset, true));
    }
    let mut spool = Spool::new(content.len().saturating_mul(2));
    let mut input = BufReader::new(content.clone());
    let mut piece = Vec::new();
    while input.by_ref().take(64 << 10).read_to_end(&mut piece)? > 0 {
        spool.write_all(charset.decode(&piece).trim_start_matches('\u{feff}').as_bytes())?;
        piece.clear();
    }
    Ok((spool.finish()?, Charset::Utf8, false))
}

/// Why parsing ends early.
pub(super) enum Stop {
    /// The markup is wrong from about here on.
    Malformed(u64),
    /// It ends within an element, which began here.
    Ended(u64),
    /// Something is longer or deeper than what is looked at, from here on.
    Limit(u64),
    Io(io::Error),
}

/// Input that gives no more than so many bytes to one event.
struct Metered {
    input: BufReader<Content>,
    left: usize,
    exceeded: bool,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            self.exceeded = true;
            return Ok(&[]);
        }
        let bytes = self.input.fill_buf()?;
        Ok(&bytes[..bytes.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.input.consume(amount);
    }
}

/// Events with their offsets, bounded in length and depth.
pub(super) struct Events {
    reader: Reader<Metered>,
    event_bytes_max: usize,
    depth: usize,
    buffer: Vec<u8>,
}

impl Events {
    pub(super) fn new(content: &Content, event_bytes_max: usize) -> Self {
        let input = BufReader::with_capacity(64 << 10, content.clone());
        let mut reader = Reader::from_reader(Metered { input, left: 0, exceeded: false });
        reader.config_mut().check_end_names = true;
        Self { reader, event_bytes_max, depth: 0, buffer: Vec::new() }
    }

    /// Hands the next event, and where it begins and ends, to `each`; `None` after the last.
    pub(super) fn next<T>(
        &mut self,
        each: impl FnOnce(&Event<'_>, u64, u64) -> T,
    ) -> Result<Option<T>, Stop> {
        self.buffer.clear();
        let metered = self.reader.get_mut();
        metered.left = self.event_bytes_max;
        let start = self.reader.buffer_position();
        let event = self.reader.read_event_into(&mut self.buffer);
        let end = self.reader.buffer_position();
        if self.reader.get_ref().exceeded {
            return Err(Stop::Limit(start));
        }
        let event = event.map_err(|error| match error {
            quick_xml::Error::Io(error) => Stop::Io(io::Error::new(error.kind(), "reading failed")),
            quick_xml::Error::Syntax(_) => Stop::Ended(start),
            _ => Stop::Malformed(start),
        })?;
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth -= 1,
            Event::Eof if self.depth > 0 => return Err(Stop::Ended(start)),
            Event::Eof => return Ok(None),
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err(Stop::Limit(start));
        }
        Ok(Some(each(&event, start, end)))
    }
}

fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let units = removal.units.get("").cloned().unwrap_or_default();
    let (_, _, has_offsets) = parsable(content)?;
    if !has_offsets && !units.is_empty() {
        return Err(FormatError::Unsupported("elements of UTF-16 cannot be removed one by one".into()));
    }
    let ranges = elements(content, &units)?;
    if ranges.len() as u64 != removal.units.values().map(|units| units.len()).sum::<u64>() {
        return Err(FormatError::Unsupported(
            "an element to remove is not there; the content has changed".into(),
        ));
    }
    let mut position = 0;
    for (start, end) in &ranges {
        let (start, end) = with_line(content, *start, *end)?;
        copy(content, position, start.max(position), out)?;
        position = end.max(position);
    }
    copy(content, position, content.len(), out)?;
    Ok(Rewritten { removed: ranges.len() as u64, kept: 0 })
}

/// Where the elements that begin at these offsets begin and end.
fn elements(content: &Content, units: &roaring::RoaringTreemap) -> Result<Vec<(u64, u64)>, FormatError> {
    let mut events = Events::new(content, usize::MAX);
    let mut found = Vec::new();
    let mut open: Option<(usize, u64)> = None;
    let mut depth = 0_usize;
    loop {
        let next = events.next(|event, start, end| match event {
            Event::Start(_) => {
                depth += 1;
                if open.is_none() && units.contains(start) {
                    open = Some((depth, start));
                }
            }
            Event::Empty(_) if open.is_none() && units.contains(start) => found.push((start, end)),
            Event::End(_) => {
                if let Some((_, start)) = open.take_if(|(opened, _)| *opened == depth) {
                    found.push((start, end));
                }
                depth -= 1;
            }
            _ => {}
        });
        match next {
            Ok(Some(())) => {}
            Ok(None) => return Ok(found),
            Err(Stop::Io(error)) => return Err(error.into()),
            Err(Stop::Ended(_)) => return Err(FormatError::Truncated("ends within an element".into())),
            Err(Stop::Malformed(at)) => {
                return Err(FormatError::Corrupt(format!("is not XML from byte {at} on")));
            }
            Err(Stop::Limit(_)) => return Err(FormatError::Limit("nests elements too deeply".into())),
        }
    }
}

/// The lines of an element, if nothing else stands on them, so that no empty line is left behind.
fn with_line(content: &Content, start: u64, end: u64) -> Result<(u64, u64), FormatError> {
    let margin = start.min(MARGIN_BYTES as u64);
    let before = content.range(start - margin, margin as usize)?;
    let after = content.range(end, MARGIN_BYTES)?;
    let indent = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let begins = before.get(before.len().wrapping_sub(indent + 1)) == Some(&b'\n');
    let blank = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    if begins && after.get(blank) == Some(&b'\n') {
        return Ok((start - indent as u64, end + blank as u64 + 1));
    }
    Ok((start, end))
}

fn copy(content: &Content, start: u64, end: u64, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut content = content.clone();
    content.seek(SeekFrom::Start(start))?;
    io::copy(&mut content.take(end - start), out)?;
    Ok(())
}
