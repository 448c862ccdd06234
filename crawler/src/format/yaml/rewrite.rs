//! Cuts elements and documents out, and leaves every other byte as it was: an element of a block goes with its lines, one between
//! brackets with one comma; a sequence that loses everything is `[]`.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom, Write};

use catalog::model::Dialect;
use roaring::RoaringTreemap;
use saphyr_parser::Event;

use super::super::xml::parsable;
use super::super::{FormatError, Removal, Rewritten};
use super::gap::{self, Mark};
use super::trace::Trace;
use super::{Events, Stop};
use crate::content::{Content, Spool};

/// Bytes looked at once around a cut.
const MARGIN_BYTES: u64 = 4 << 10;

/// What stands for a sequence of a block that loses everything.
const EMPTY: &str = " []";

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let none = RoaringTreemap::new();
    let units = removal.units.get("").unwrap_or(&none);
    let (_, charset, has_offsets) = parsable(content)?;
    if !has_offsets && wanted > 0 {
        return Err(FormatError::Unsupported("elements of UTF-16 cannot be removed one by one".into()));
    }
    let mut cutting = Cutting::new(content, units);
    if wanted > 0 {
        let mut events = Events::new(content, charset, usize::MAX)?;
        loop {
            match events.next() {
                Ok(Some((event, start, end))) => cutting.event(&event, start, end)?,
                Ok(None) => break,
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Limit(_)) => return Err(FormatError::Limit("nests values too deeply".into())),
                Err(Stop::Malformed(at)) => {
                    let reason = format!("is not YAML from byte {at} on; the whole of it must go");
                    return Err(FormatError::Corrupt(reason));
                }
            }
        }
    }
    let trace = std::mem::take(&mut cutting.trace);
    let (cuts, rewritten) = cutting.finish(wanted)?;
    if cuts.is_empty() {
        copy(content, 0, content.len(), out)?;
        return Ok(rewritten);
    }
    let mut spool = Spool::new(content.len().saturating_add(EMPTY.len() as u64 * cuts.len() as u64));
    write_without(content, cuts, &mut spool)?;
    let after = spool.finish()?;
    if !trace.is_of(&after, charset)? {
        let reason = "what stays would be read as something else; the whole of it must go";
        return Err(FormatError::Unsupported(reason.into()));
    }
    copy(&after, 0, after.len(), out)?;
    Ok(rewritten)
}

fn write_without(content: &Content, cuts: Vec<Cut>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut from = 0;
    for Cut { start, end, instead } in cuts {
        copy(content, from, start.max(from), out)?;
        out.write_all(instead.as_bytes())?;
        from = end.max(from);
    }
    copy(content, from, content.len(), out)
}

fn copy(content: &Content, start: u64, end: u64, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut content = content.clone();
    content.seek(SeekFrom::Start(start))?;
    io::copy(&mut content.take(end - start), out)?;
    Ok(())
}

/// Bytes that go, and what stands there then.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cut {
    start: u64,
    end: u64,
    instead: &'static str,
}

/// An open sequence or mapping.
#[derive(Default)]
struct Frame {
    is_sequence: bool,
    /// Between brackets.
    is_flow: bool,
    /// The element that is open: where it begins with its mark, and whether it goes.
    element: Option<(u64, bool)>,
    first_begin: Option<u64>,
    /// End of the last element that stays.
    kept_end: Option<u64>,
    /// Beginnings and ends of elements that go, since the last one that stays.
    run: Vec<(u64, u64)>,
    /// Of this sequence.
    cuts: Vec<Cut>,
}

struct Cutting<'a> {
    content: &'a Content,
    units: &'a RoaringTreemap,
    frames: Vec<Frame>,
    /// Where the content before ends.
    end: u64,
    /// The same before the sequence that began last: one without indent is said to begin after its first dash.
    end_before: u64,
    /// How many frames are open around the element that goes, while one does.
    going: Option<usize>,
    /// The document: where it begins, and whether it goes.
    document: (u64, bool),
    cuts: Vec<Cut>,
    gone_anchors: HashSet<usize>,
    /// Of what stays.
    trace: Trace,
    rewritten: Rewritten,
}

impl<'a> Cutting<'a> {
    fn new(content: &'a Content, units: &'a RoaringTreemap) -> Self {
        Self {
            content,
            units,
            frames: Vec::new(),
            end: 0,
            end_before: 0,
            going: None,
            document: (0, false),
            cuts: Vec::new(),
            gone_anchors: HashSet::new(),
            trace: Trace::default(),
            rewritten: Rewritten::default(),
        }
    }

    fn event(&mut self, event: &Event<'_>, start: u64, end: u64) -> Result<(), FormatError> {
        match event {
            Event::DocumentStart(explicit) => {
                // Text before the first document belongs to it.
                let begin = if *explicit || self.end > 0 { start } else { 0 };
                self.close_document(begin);
                self.document = (begin, false);
            }
            Event::StreamEnd => self.close_document(self.content.len()),
            Event::Scalar(_, _, anchor, _) => {
                self.value(start, *anchor)?;
                self.stays(event);
                self.end = self.end.max(end);
                self.ended();
            }
            Event::Alias(anchor) => {
                self.value(start, 0)?;
                if self.going.is_none() && self.gone_anchors.contains(anchor) {
                    let reason = "what stays refers to what would go by an alias";
                    return Err(FormatError::Unsupported(reason.into()));
                }
                self.stays(event);
                self.end = self.end.max(end);
                self.ended();
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                self.value(start, *anchor)?;
                self.stays(event);
                let is_sequence = matches!(event, Event::SequenceStart(..));
                self.frames.push(Frame { is_sequence, ..Frame::default() });
                self.end_before = self.end;
                self.end = self.end.max(start);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(frame) = self.frames.pop() {
                    self.close(frame, start)?;
                }
                if gap::closes(self.content, start, end)? {
                    self.end = self.end.max(end);
                }
                self.stays(event);
                self.ended();
            }
            Event::DocumentEnd if !self.document.1 => self.stays(event),
            _ => {}
        }
        Ok(())
    }

    fn stays(&mut self, event: &Event<'_>) {
        if self.going.is_none() {
            self.trace.add(event);
        }
    }

    /// A value begins.
    fn value(&mut self, start: u64, anchor: usize) -> Result<(), FormatError> {
        let goes = self.units.contains(start);
        let depth = self.frames.len();
        match self.frames.last_mut() {
            None if goes && !self.document.1 => {
                self.document.1 = true;
                self.rewritten.removed += 1;
                self.going = Some(0);
            }
            Some(frame) if frame.is_sequence => {
                let lost = || FormatError::Corrupt("an element has no mark before it".into());
                let mark = match gap::mark(self.content, self.end, start + 1)? {
                    None => gap::mark(self.content, self.end_before, start + 1)?,
                    found => found,
                };
                let begin = match mark.ok_or_else(lost)? {
                    Mark::Dash(at) => at,
                    Mark::Comma(at) => {
                        frame.is_flow = true;
                        at.min(start)
                    }
                };
                frame.first_begin.get_or_insert(begin);
                frame.element = Some((begin, goes));
                if goes {
                    self.rewritten.removed += 1;
                    self.going = self.going.or(Some(depth));
                } else {
                    frame.keep(self.content, begin)?;
                    self.rewritten.kept += u64::from(self.going.is_none());
                }
            }
            _ => {}
        }
        if anchor > 0 && self.going.is_some() {
            self.gone_anchors.insert(anchor);
        }
        Ok(())
    }

    /// A value has ended.
    fn ended(&mut self) {
        let depth = self.frames.len();
        if self.going == Some(depth) {
            self.going = None;
        }
        let Some(frame) = self.frames.last_mut() else { return };
        match frame.element.take() {
            Some((begin, true)) => frame.run.push((begin, self.end)),
            Some((_, false)) => frame.kept_end = Some(self.end),
            None => {}
        }
    }

    fn close(&mut self, mut frame: Frame, end: u64) -> Result<(), FormatError> {
        if let (Some((_, last)), Some(first)) = (frame.run.last().copied(), frame.first_begin) {
            match (frame.is_flow, frame.kept_end) {
                // A comma after the last must not stay alone.
                (true, None) => frame.cuts.push(Cut { start: first, end: end.max(last), instead: "" }),
                (true, Some(kept)) => frame.cuts.push(Cut { start: kept, end: last, instead: "" }),
                (false, None) => {
                    let end = trimmed(self.content, first, last)?;
                    frame.cuts.push(Cut { start: first, end, instead: EMPTY });
                }
                (false, Some(_)) => frame.cut_lines(self.content)?,
            }
        }
        self.cuts.append(&mut frame.cuts);
        Ok(())
    }

    fn close_document(&mut self, end: u64) {
        if self.document.1 {
            self.cuts.push(Cut { start: self.document.0, end, instead: "" });
            self.document.1 = false;
        }
    }

    fn finish(mut self, wanted: u64) -> Result<(Vec<Cut>, Rewritten), FormatError> {
        if self.rewritten.removed != wanted {
            return Err(FormatError::Unsupported(format!(
                "{} of {wanted} elements to remove are not there; the content has changed or the whole of it must go",
                wanted.saturating_sub(self.rewritten.removed)
            )));
        }
        // What is cut within what is cut is gone with it.
        self.cuts.sort_unstable();
        let mut reached = 0;
        self.cuts.retain(|cut| {
            let outer = cut.end > reached;
            reached = reached.max(cut.end);
            outer
        });
        Ok((self.cuts, self.rewritten))
    }
}

impl Frame {
    /// An element that stays begins: what goes before it is settled.
    fn keep(&mut self, content: &Content, begin: u64) -> io::Result<()> {
        if self.run.is_empty() {
            return Ok(());
        }
        if self.is_flow {
            self.cuts.extend(self.run.first().map(|(start, _)| Cut {
                start: *start,
                end: begin,
                instead: "",
            }));
            self.run.clear();
            return Ok(());
        }
        let first = self.run[0].0;
        if line_start(content, first)?.is_none() {
            // It shares its line with what the sequence is in: the next takes its place.
            self.cuts.push(Cut { start: first, end: begin, instead: "" });
            self.run.clear();
            return Ok(());
        }
        self.cut_lines(content)
    }

    fn cut_lines(&mut self, content: &Content) -> io::Result<()> {
        for (begin, end) in self.run.drain(..) {
            let start = line_start(content, begin)?.unwrap_or(begin);
            self.cuts.push(Cut { start, end: line_end(content, end)?, instead: "" });
        }
        Ok(())
    }
}

/// Where the line begins, if there is only space before.
pub(super) fn line_start(content: &Content, at: u64) -> io::Result<Option<u64>> {
    let margin = at.min(MARGIN_BYTES);
    let before = content.range(at - margin, margin as usize)?;
    let space = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = &before[..before.len() - space];
    let begins = match rest.last() {
        None => at == margin,
        Some(last) => matches!(last, b'\r' | b'\n') || (at == margin && rest == [0xef, 0xbb, 0xbf]),
    };
    Ok(begins.then_some(at - space as u64))
}

/// Where the next line begins; of a block scalar, which ends with its line, here.
fn line_end(content: &Content, at: u64) -> io::Result<u64> {
    if let Some(start) = line_start(content, at)?.filter(|start| *start > 0) {
        return Ok(start);
    }
    let mut from = at;
    loop {
        let bytes = content.range(from, MARGIN_BYTES as usize)?;
        if bytes.is_empty() {
            return Ok(from);
        }
        match bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            Some(place) => {
                let end = from + place as u64 + 1;
                let pair = content.range(end - 1, 2)?;
                return Ok(end + u64::from(pair.starts_with(b"\r\n")));
            }
            None => from += bytes.len() as u64,
        }
    }
}

/// The end without the space before it.
fn trimmed(content: &Content, from: u64, mut to: u64) -> io::Result<u64> {
    while to > from {
        let margin = (to - from).min(MARGIN_BYTES);
        let bytes = content.range(to - margin, margin as usize)?;
        let space = bytes.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count() as u64;
        to -= space;
        if space < margin {
            break;
        }
    }
    Ok(to)
}
