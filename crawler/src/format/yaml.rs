//! YAML 1.2: elements of a sequence are rows, as JSON's; several documents are rows too. Unit = byte offset of the innermost
//! sequence element that is a mapping, else of the outermost element. Aliases of scalars are read as what they stand for;
//! those of mappings and sequences are not followed, so that no laugh grows to a billion.
//!
//! Parsing is `saphyr-parser`'s, event by event; here are the bounds, and byte offsets for its offsets in characters.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::rc::Rc;

use saphyr_parser::{BufferedInput, Event, Parser};

use super::arrow::RowsFn;
use super::charset::Charset;
use super::{Format, Head, Sniff, locate_by_reading, magic};
use crate::content::Content;

mod gap;
mod read;
mod rewrite;
#[cfg(test)]
mod tests;
mod trace;

/// Configuration, fixtures and exports.
pub(super) static FORMAT: Format = Format {
    id: "yaml",
    media_type: "application/yaml",
    extensions: &["yaml", "yml", "clang-format", "cff"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Table(read::rows),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

/// Sequences and mappings within each other; the parser keeps a state for each.
const DEPTH_MAX: usize = 10_000;

/// Lists and keys of other text look the same: only a name or the document's start tells, and keys with others indented under them.
fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let text = magic::beginning(head)?;
    let named = head.is_named(FORMAT.extensions);
    if text.starts_with(['{', '<']) && !text.starts_with("{{") {
        return None;
    }
    let lines = || {
        text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).take(200)
    };
    let key = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        let name =
            line.split_once(':').map(|(name, rest)| (name, rest.is_empty() || rest.starts_with([' ', '\r'])));
        name.is_some_and(|(name, ends)| ends && !name.is_empty() && name.len() < 80 && !name.contains(". "))
    };
    let structured =
        |line: &&str| line.trim_start().starts_with("- ") || line.trim_end() == "---" || key(line);
    let all = lines().count();
    let share = lines().filter(structured).count() as f32 / all.max(1) as f32;
    let begins = text.starts_with("---\n") || text.starts_with("---\r\n") || text.starts_with("%YAML");
    if all == 0 {
        return magic::certain(named && !text.trim().is_empty(), 0.7);
    }
    if named {
        // Block scalars hold lines of anything.
        return magic::certain(true, if share > 0.1 { 0.94 } else { 0.7 });
    }
    let nested = lines().zip(lines().skip(1)).any(|(line, next)| {
        line.trim_end().ends_with(':')
            && !line.contains(['(', '"'])
            && next.starts_with(' ')
            && structured(&next)
    });
    let page = head.is_named(&["md", "markdown", "mdx", "rst", "html", "qmd", "rmd"]);
    magic::certain(!page && (share > 0.8 && begins || share > 0.97 && nested && all >= 4), 0.75)
}

/// Why parsing ends early.
enum Stop {
    /// It is no YAML from about here on.
    Malformed(u64),
    /// Something is longer or deeper than what is looked at, from here on.
    Limit(u64),
    Io(io::Error),
}

/// What has been handed to the parser, and how much more may be before the next event.
#[derive(Default)]
struct Meter {
    left: usize,
    exceeded: bool,
    failed: Option<io::Error>,
    characters: usize,
    bytes: u64,
    /// Where characters of another width begin: character, byte, width.
    runs: VecDeque<(usize, u64, u64)>,
}

impl Meter {
    fn count(&mut self, width: u64) {
        if self.runs.back().is_none_or(|(.., last)| *last != width) {
            self.runs.push_back((self.characters, self.bytes, width));
        }
        self.characters += 1;
        self.bytes += width;
    }

    fn offset(&self, character: usize) -> u64 {
        let run = self.runs.partition_point(|(first, ..)| *first <= character).saturating_sub(1);
        self.runs.get(run).map_or(0, |(first, byte, width)| {
            byte + (character.saturating_sub(*first) as u64).saturating_mul(*width)
        })
    }

    fn forget_before(&mut self, character: usize) {
        while self.runs.get(1).is_some_and(|(first, ..)| *first <= character) {
            self.runs.pop_front();
        }
    }
}

/// Characters of some content.
struct Characters {
    input: BufReader<Content>,
    charset: Charset,
    meter: Rc<RefCell<Meter>>,
}

impl Characters {
    fn take(&mut self) -> io::Result<Option<(char, u64)>> {
        let bytes = self.input.fill_buf()?;
        let Some(first) = bytes.first().copied() else { return Ok(None) };
        if first.is_ascii() || self.charset != Charset::Utf8 {
            let character = if first.is_ascii() {
                char::from(first)
            } else {
                self.charset.decode(&bytes[..1]).chars().next().unwrap_or('\u{fffd}')
            };
            self.input.consume(1);
            return Ok(Some((character, 1)));
        }
        let width = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let mut held = [0; 4];
        let here = width.min(bytes.len());
        held[..here].copy_from_slice(&bytes[..here]);
        if here == width {
            // The rest of a wrong character may be a right one.
            let known = std::str::from_utf8(&held[..width]).ok().and_then(|text| text.chars().next());
            let (character, width) = known.map_or(('\u{fffd}', 1), |character| (character, width));
            self.input.consume(width);
            return Ok(Some((character, width as u64)));
        }
        // The buffer ends within it.
        self.input.consume(here);
        let mut len = here;
        while len < width {
            match self.input.fill_buf()?.first() {
                Some(next) if next & 0xc0 == 0x80 => held[len] = *next,
                _ => break,
            }
            self.input.consume(1);
            len += 1;
        }
        let known = std::str::from_utf8(&held[..len]).ok().and_then(|text| text.chars().next());
        Ok(Some((known.unwrap_or('\u{fffd}'), len as u64)))
    }
}

impl Iterator for Characters {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if self.meter.borrow().left == 0 {
            self.meter.borrow_mut().exceeded = true;
            return None;
        }
        let taken = self.take();
        let mut meter = self.meter.borrow_mut();
        match taken {
            Ok(None) => None,
            Ok(Some((character, width))) => {
                meter.left -= 1;
                meter.count(width);
                // The parser takes it for the end: nobody hides behind one.
                Some(if character == '\0' { '\u{fffd}' } else { character })
            }
            Err(error) => {
                meter.failed = Some(error);
                None
            }
        }
    }
}

/// Events with their byte offsets, bounded in length and depth.
struct Events {
    parser: Parser<'static, BufferedInput<Characters>>,
    meter: Rc<RefCell<Meter>>,
    event_characters_max: usize,
    depth: usize,
    start: u64,
}

impl Events {
    fn new(content: &Content, charset: Charset, event_characters_max: usize) -> io::Result<Self> {
        let mark = charset.mark_len(&content.range(0, 3)?) as u64;
        let meter =
            Rc::new(RefCell::new(Meter { bytes: mark, left: event_characters_max, ..Meter::default() }));
        let mut input = BufReader::with_capacity(64 << 10, content.clone());
        input.fill_buf()?;
        input.consume(mark as usize);
        let characters = Characters { input, charset, meter: Rc::clone(&meter) };
        let parser = Parser::new_from_iter(characters);
        Ok(Self { parser, meter, event_characters_max, depth: 0, start: mark })
    }

    /// The next event, and where it begins and ends; `None` after the last.
    fn next(&mut self) -> Result<Option<(Event<'static>, u64, u64)>, Stop> {
        self.meter.borrow_mut().left = self.event_characters_max;
        let event = self.parser.next_event();
        let mut meter = self.meter.borrow_mut();
        if let Some(error) = meter.failed.take() {
            return Err(Stop::Io(error));
        }
        if meter.exceeded {
            return Err(Stop::Limit(self.start));
        }
        let (event, span) = match event {
            None => return Ok(None),
            Some(Err(error)) => return Err(Stop::Malformed(meter.offset(error.marker().index()))),
            Some(Ok(event)) => event,
        };
        let (start, end) = (meter.offset(span.start.index()), meter.offset(span.end.index()));
        meter.forget_before(span.start.index());
        self.start = start;
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => self.depth += 1,
            Event::SequenceEnd | Event::MappingEnd => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err(Stop::Limit(start));
        }
        Ok(Some((event, start, end.max(start))))
    }
}
