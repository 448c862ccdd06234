//! Cells of elements, in the order of the document.

use std::collections::HashMap;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};
use quick_xml::events::{BytesStart, Event};

use super::outline::{Outline, TOP, name_of};
use super::{Events, Stop, parsable};
use crate::content::Content;
use crate::format::charset::Charset;
use crate::format::json::rest_as_text;
use crate::format::{At, Bounds, FormatError, Sink, WHOLE};

/// Pieces of a long text overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;

/// An open element.
struct Open {
    node: usize,
    /// Its text since its last child, and where that begins.
    text: String,
    offset: u64,
    is_record: bool,
}

/// Hands on cells while the document is followed.
struct Cells<'a> {
    outline: &'a Outline,
    charset: Charset,
    sink: &'a mut dyn Sink,
    features: HashMap<FeaturePath, usize>,
    open: Vec<Open>,
    rows: u64,
    rows_max: u64,
    /// The unit of the row that is open, if one is.
    unit: Option<u64>,
    /// What stands outside of rows: a row of its own after all others, so that the others are the same whatever goes.
    /// `None` if there are no rows within the document: then it is one.
    outside: Option<Vec<(FeaturePath, String, u64)>>,
    outside_bytes: usize,
    has_offsets: bool,
    text_bytes_max: usize,
}

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    follow(content, bounds, true, sink)
}

/// Rows alone, without what stands outside of them.
pub(super) fn rows(
    content: &Content,
    bounds: &Bounds,
    _: &str,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    follow(content, bounds, false, sink)
}

fn follow(
    content: &Content,
    bounds: &Bounds,
    with_outside: bool,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let (content, charset, has_offsets) = parsable(content)?;
    let outline = Outline::of(&content, bounds.record_bytes_max, bounds.nesting_max)?;
    let mut cells = Cells {
        outline: &outline,
        charset,
        sink,
        features: HashMap::new(),
        open: Vec::new(),
        rows: 0,
        rows_max: bounds.rows_max,
        unit: None,
        outside: outline.nodes.iter().any(|node| node.is_record).then(Vec::new),
        outside_bytes: 0,
        has_offsets,
        text_bytes_max: bounds.record_bytes_max,
    };
    if cells.outside.is_none() {
        cells.sink.row(0);
        cells.rows = 1;
    }
    let mut events = Events::new(&content, bounds.record_bytes_max);
    let stop = loop {
        match events.next(|event, start, _| cells.event(event, start)) {
            Ok(Some(true)) => {}
            Ok(Some(false)) => {
                let reason = format!("only the first {} elements were read", cells.rows);
                cells.sink.anomaly(AnomalyKind::LimitReached, reason);
                break None;
            }
            Ok(None) => break None,
            Err(stop) => break Some(stop),
        }
    };
    while cells.open.pop().is_some_and(|open| cells.flush(open)) {}
    let (outside, rows) = (cells.outside.take().unwrap_or_default(), cells.rows);
    if with_outside && !outside.is_empty() {
        cells.sink.row(rows);
        cells.rows += 1;
        for (path, text, offset) in outside {
            cells.cell(path, &text, offset);
        }
    }
    let Some(stop) = stop else { return Ok(()) };
    let (kind, reason, start) = match stop {
        Stop::Io(error) => return Err(error.into()),
        Stop::Ended(start) => (AnomalyKind::Truncated, "ends within an element".to_owned(), start),
        Stop::Malformed(start) => (AnomalyKind::Corrupt, format!("is not XML from byte {start} on"), start),
        Stop::Limit(start) => {
            let reason = format!("is longer or deeper than can be followed from byte {start} on");
            (AnomalyKind::LimitReached, reason, start)
        }
    };
    let rows = cells.rows;
    if !with_outside {
        return Ok(());
    }
    sink.anomaly(kind, format!("{reason}; the rest was searched as text"));
    rest_as_text(&content, start, rows, sink)
}

impl Cells<'_> {
    /// Takes an event; answers whether more are wanted.
    fn event(&mut self, event: &Event<'_>, start: u64) -> bool {
        match event {
            Event::Start(element) => return self.start(element, start, false),
            Event::Empty(element) => return self.start(element, start, true),
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&self.charset.decode(text), start),
            Event::CData(text) => self.text(&self.charset.decode(text), start),
            Event::GeneralRef(name) => {
                self.text(&resolve(&format!("&{};", self.charset.decode(name))), start)
            }
            Event::Comment(text) => self.aside("comment", &self.charset.decode(text), start),
            Event::DocType(text) => self.aside("doctype", &self.charset.decode(text), start),
            Event::PI(text) => self.aside("instruction", &self.charset.decode(text), start),
            Event::Decl(_) | Event::Eof => {}
        }
        true
    }

    fn start(&mut self, element: &BytesStart<'_>, start: u64, is_empty: bool) -> bool {
        let parent = self.open.last().map_or(TOP, |open| open.node);
        self.emit_text();
        let node = self.outline.child(parent, &name_of(element));
        let is_record = self.outline.nodes[node].is_record && node != parent;
        if is_record {
            if self.rows >= self.rows_max {
                return false;
            }
            self.sink.row(self.rows);
            self.rows += 1;
            self.unit = Some(if self.has_offsets { start } else { WHOLE });
        }
        self.attributes(element, node, start);
        self.open.push(Open { node, text: String::new(), offset: start, is_record });
        if is_empty {
            self.end();
        }
        true
    }

    fn attributes(&mut self, element: &BytesStart<'_>, node: usize, start: u64) {
        for attribute in element.attributes().with_checks(false) {
            let (path, value) = match attribute {
                // Where names come from, which is no data (Namespaces in XML 1.0 §3).
                Ok(attribute) if attribute.key.as_namespace_binding().is_some() => continue,
                Ok(attribute) => {
                    let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
                    (self.outline.attribute(node, &name), resolve(&self.charset.decode(&attribute.value)))
                }
                // Wrong in some way that nobody hides behind.
                Err(_) => (
                    self.outline.attribute(node, "markup"),
                    self.charset.decode(element.attributes_raw()).into_owned(),
                ),
            };
            self.cell(path, &value, start);
        }
    }

    fn end(&mut self) {
        if let Some(open) = self.open.pop() {
            self.flush(open);
        }
    }

    /// Hands on what an element still holds; answers true.
    fn flush(&mut self, open: Open) -> bool {
        let is_record = open.is_record;
        let path = self.outline.nodes[open.node].path.clone();
        self.cell(path, open.text.trim(), open.offset);
        if is_record {
            self.unit = None;
        }
        true
    }

    /// Hands on the text before a child.
    fn emit_text(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        let (text, node, offset) = (std::mem::take(&mut open.text), open.node, open.offset);
        let path = self.outline.nodes[node].path.clone();
        self.cell(path, text.trim(), offset);
    }

    fn text(&mut self, text: &str, start: u64) {
        let Some(open) = self.open.last_mut() else { return self.aside("text", text, start) };
        if open.text.is_empty() {
            open.offset = start;
        }
        open.text.push_str(text);
        if open.text.len() > self.text_bytes_max {
            let mut from = open.text.len() - OVERLAP_BYTES.min(open.text.len());
            while !open.text.is_char_boundary(from) {
                from += 1;
            }
            let carried = open.text[from..].to_owned();
            self.emit_text();
            if let Some(open) = self.open.last_mut() {
                open.text = carried;
            }
        }
    }

    /// What is no element: searched too.
    fn aside(&mut self, name: &str, text: &str, start: u64) {
        self.emit_text();
        let node = self.open.last().map_or(TOP, |open| open.node);
        let path = self.outline.nodes[node].base.field(name);
        self.cell(path, text.trim(), start);
    }

    fn cell(&mut self, path: FeaturePath, text: &str, offset: u64) {
        if text.is_empty() || path.0.is_empty() {
            return;
        }
        if let (None, Some(outside)) = (self.unit, &mut self.outside) {
            self.outside_bytes += text.len();
            if self.outside_bytes <= self.text_bytes_max {
                outside.push((path, text.to_owned(), offset));
                return;
            }
            // More than is held: in no row's place rather than not at all.
        }
        let sink = &mut *self.sink;
        let feature = *self.features.entry(path).or_insert_with_key(|path| sink.feature(path, None));
        let offset = self.has_offsets.then_some(offset);
        let at = At { row: self.rows.saturating_sub(1), unit: self.unit.unwrap_or(WHOLE), offset };
        sink.cell(feature, at, Value::Raw(text.into()));
    }
}

/// Text with character references and the five names of XML 1.0 §4.6 resolved; all others stay as they are.
pub(in crate::format) fn resolve(text: &str) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        resolved.push_str(&rest[..place]);
        rest = &rest[place..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((character, end)) => {
                resolved.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                resolved.push('&');
                rest = &rest[1..];
            }
        }
    }
    resolved + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}
