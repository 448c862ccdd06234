//! Cells of documents, in their order. What the rows are is JSON's: elements of a sequence at the top, documents where there are
//! several, elements of the one sequence of an envelope, else the one document.

use std::collections::HashMap;

use catalog::model::{AnomalyKind, Dialect, Value};
use saphyr_parser::{Event, ScalarStyle};

use super::super::json::cells::{Features, ROOT, Unit};
use super::super::json::lexer::Token;
use super::super::json::{is_envelope, rest_as_text};
use super::super::xml::parsable;
use super::super::{At, Bounds, FormatError, Sink, WHOLE};
use super::{Events, Stop, gap};
use crate::content::Content;
use crate::format::charset::Charset;

/// Bytes of scalars kept for their aliases.
const ALIASED_BYTES_MAX: usize = 1 << 20;

/// What stands at the top.
#[derive(Default)]
struct Outline {
    several: bool,
    rows_at: Option<String>,
}

impl Outline {
    /// A first pass, as far as the text can be followed.
    fn of(content: &Content, charset: Charset, bounds: &Bounds) -> Result<Self, FormatError> {
        let mut events = Events::new(content, charset, bounds.record_bytes_max)?;
        let (mut documents, mut depth, mut is_key) = (0, 0, true);
        let (mut name, mut lists, mut only_envelope) = (String::new(), Vec::new(), true);
        // Whether the event begins the first element of the sequence that a name at the top has.
        let mut first_of = false;
        loop {
            let (event, ..) = match events.next() {
                Ok(Some(event)) => event,
                Err(Stop::Io(error)) => return Err(error.into()),
                Ok(None) | Err(_) => break,
            };
            let at_top = depth == 1 && documents == 1;
            match &event {
                Event::DocumentStart(_) => documents += 1,
                Event::Scalar(text, ..) if at_top && is_key => name = text.to_string(),
                Event::Scalar(..) | Event::Alias(_) if at_top => only_envelope &= is_envelope(&name),
                Event::MappingStart(..) if first_of => lists.push(name.clone()),
                Event::Scalar(..) | Event::Alias(_) | Event::SequenceStart(..) | Event::SequenceEnd
                    if first_of =>
                {
                    only_envelope &= is_envelope(&name);
                }
                Event::MappingStart(..) if at_top => only_envelope &= is_envelope(&name),
                Event::SequenceStart(..) if depth == 0 => only_envelope = false,
                _ => {}
            }
            let value = match &event {
                Event::Scalar(..) | Event::Alias(_) => true,
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    depth += 1;
                    false
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    depth -= 1;
                    true
                }
                _ => false,
            };
            first_of = at_top && !is_key && matches!(event, Event::SequenceStart(..));
            if depth == 1 && value {
                is_key = !is_key;
            } else if depth == 1 && matches!(event, Event::MappingStart(..)) {
                is_key = true;
            }
        }
        let several = documents > 1;
        let wraps = !several && only_envelope && lists.len() == 1;
        Ok(Self { several, rows_at: lists.pop().filter(|_| wraps) })
    }
}

/// An open sequence or mapping.
struct Frame {
    node: usize,
    unit: Unit,
    is_sequence: bool,
    /// Its elements are rows.
    has_rows: bool,
    /// Where the value of the key that was read goes.
    value_at: Option<(usize, bool)>,
}

struct Reading<'a> {
    content: &'a Content,
    charset: Charset,
    bounds: &'a Bounds,
    outline: Outline,
    features: Features,
    sink: &'a mut dyn Sink,
    frames: Vec<Frame>,
    anchored: HashMap<usize, (String, ScalarStyle)>,
    anchored_bytes: usize,
    /// Where the content before ends, or the byte order mark.
    end: u64,
    rows: u64,
    /// The first row was begun by what stands before the rows of an envelope.
    is_open: bool,
    has_offsets: bool,
    with_comments: bool,
    too_deep: u64,
    /// Of the content before.
    last_unit: Unit,
}

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    follow(content, bounds, true, sink)
}

/// Rows alone, without comments.
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
    with_comments: bool,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let (content, charset, has_offsets) = parsable(content)?;
    let outline = Outline::of(&content, charset, bounds)?;
    let mut events = Events::new(&content, charset, bounds.record_bytes_max)?;
    let mut reading = Reading {
        content: &content,
        charset,
        bounds,
        outline,
        features: Features::new(),
        sink,
        frames: Vec::new(),
        anchored: HashMap::new(),
        anchored_bytes: 0,
        end: charset.mark_len(&content.range(0, 3)?) as u64,
        rows: 0,
        is_open: false,
        has_offsets,
        with_comments,
        too_deep: 0,
        last_unit: Unit::Whole,
    };
    let stop = loop {
        match events.next() {
            Ok(Some((event, start, end))) => {
                if !reading.event(event, start, end)? {
                    let reason = format!("only the first {} rows were read", reading.rows);
                    reading.sink.anomaly(AnomalyKind::LimitReached, reason);
                    return Ok(());
                }
            }
            Ok(None) => break None,
            Err(stop) => break Some(stop),
        }
    };
    if reading.too_deep > 0 {
        let reason =
            format!("{} values are nested more deeply than {} levels", reading.too_deep, bounds.nesting_max);
        reading.sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    let Some(stop) = stop else { return Ok(reading.comments(content.len())?) };
    let (end, rows) = (reading.end, reading.rows);
    let (kind, reason) = match stop {
        Stop::Io(error) => return Err(error.into()),
        Stop::Malformed(at) => (AnomalyKind::Corrupt, format!("is not YAML from byte {at} on")),
        Stop::Limit(at) => {
            (AnomalyKind::LimitReached, format!("is longer or deeper than can be followed from byte {at} on"))
        }
    };
    if !with_comments {
        return Ok(());
    }
    sink.anomaly(kind, format!("{reason}; the rest was searched as text"));
    rest_as_text(&content, end, rows, sink)
}

impl Reading<'_> {
    /// Takes an event; answers whether more are wanted.
    fn event(&mut self, event: Event<'static>, start: u64, end: u64) -> Result<bool, FormatError> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                self.comments(start)?;
                if !self.scalar(&text, style, start) {
                    return Ok(false);
                }
                self.end = self.end.max(end);
                if anchor > 0 && self.anchored_bytes + text.len() <= ALIASED_BYTES_MAX {
                    self.anchored_bytes += text.len();
                    self.anchored.insert(anchor, (text.into_owned(), style));
                }
            }
            Event::Alias(anchor) => {
                self.comments(start)?;
                // Of a mapping or sequence: read where it is written.
                let (text, style) =
                    self.anchored.get(&anchor).cloned().unwrap_or((String::new(), ScalarStyle::Plain));
                if !self.scalar(&text, style, start) {
                    return Ok(false);
                }
                self.end = self.end.max(end);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.comments(start)?;
                let is_sequence = matches!(event, Event::SequenceStart(..));
                if !self.open(is_sequence, start) {
                    return Ok(false);
                }
                self.end = self.end.max(start);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.frames.pop();
                if gap::closes(self.content, start, end)? {
                    self.comments(start)?;
                    self.end = self.end.max(end);
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn next_row(&mut self) -> bool {
        if std::mem::take(&mut self.is_open) {
            return true;
        }
        if self.rows >= self.bounds.rows_max {
            return false;
        }
        self.sink.row(self.rows);
        self.rows += 1;
        true
    }

    /// Where a value belongs: its node, its unit, whether its elements are rows. `None`: as many rows as were wanted.
    fn place(&mut self, token: Token, start: u64) -> Option<(usize, Unit, bool)> {
        let is_sequence = token == Token::BeginArray;
        let Some(frame) = self.frames.last_mut() else {
            let several = self.outline.several && !is_sequence;
            let unit = if several { Unit::Whole.of_element(token, start) } else { Unit::Whole };
            let wraps = self.outline.rows_at.is_some();
            return (is_sequence || wraps || self.next_row()).then_some((ROOT, unit, is_sequence));
        };
        if frame.is_sequence {
            let unit = frame.unit.of_element(token, start);
            if frame.has_rows {
                return self.next_row().then_some((ROOT, unit, false));
            }
            return Some((self.features.items(frame.node), unit, false));
        }
        let unit = frame.unit;
        let (node, has_rows) = match frame.value_at.take() {
            Some((node, rows)) => (node, rows && is_sequence),
            // A key that is no scalar: an entry with a key and a value.
            None => {
                let entry = self.features.items(frame.node);
                frame.value_at = Some((self.features.child(entry, "value"), false));
                (self.features.child(entry, "key"), false)
            }
        };
        // What an envelope holds beside its rows goes with the row before, or the first.
        if !has_rows && self.rows == 0 && self.frames.len() == 1 && self.outline.rows_at.is_some() {
            if !self.next_row() {
                return None;
            }
            self.is_open = true;
        }
        Some((node, unit, has_rows))
    }

    fn open(&mut self, is_sequence: bool, start: u64) -> bool {
        let token = if is_sequence { Token::BeginArray } else { Token::BeginObject };
        let Some((node, unit, has_rows)) = self.place(token, start) else { return false };
        let node = if self.frames.len() >= self.bounds.nesting_max {
            self.too_deep += 1;
            self.frames.last().map_or(ROOT, |frame| frame.node)
        } else {
            node
        };
        self.frames.push(Frame { node, unit, is_sequence, has_rows, value_at: None });
        true
    }

    fn at(&self, unit: Unit, start: u64) -> At {
        let row = self.rows.saturating_sub(1);
        match self.has_offsets {
            true => At { row, unit: unit.number(), offset: Some(start) },
            false => At { row, unit: WHOLE, offset: None },
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, start: u64) -> bool {
        if let Some(Frame { is_sequence: false, value_at: None, .. }) = self.frames.last() {
            self.key(text, start);
            return true;
        }
        let Some((node, unit, _)) = self.place(Token::String, start) else { return false };
        self.last_unit = unit;
        let value = value(text, style);
        // A null where a struct or list is expected says nothing: it has no cells, as in Parquet.
        if matches!(value, Value::Null) && self.features.is_nested(node) {
            return true;
        }
        let at = self.at(unit, start);
        let feature = self.features.feature(node, self.sink);
        self.sink.cell(feature, at, value);
        true
    }

    /// A key names the feature of its value, unless it is data: then it is a cell itself.
    fn key(&mut self, name: &str, start: u64) {
        let Some(frame) = self.frames.last() else { return };
        let (node, unit) = (frame.node, frame.unit);
        self.last_unit = unit;
        let is_top = self.frames.len() == 1;
        let has_rows = is_top && self.outline.rows_at.as_deref() == Some(name);
        let child = if self.frames.len() > self.bounds.nesting_max {
            node
        } else if self.features.is_data(node, name) && !self.features.is_known(node, name) {
            let at = self.at(unit, start);
            let entry = self.features.items(node);
            let key = self.features.child(entry, "key");
            let feature = self.features.feature(key, self.sink);
            self.sink.cell(feature, at, Value::Text(name.into()));
            self.features.child(entry, "value")
        } else {
            self.features.child(node, name)
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.value_at = Some((child, has_rows));
        }
    }

    /// Comments up to here are searched too. They go with what is around them: an element if they are within it.
    fn comments(&mut self, to: u64) -> std::io::Result<()> {
        if !self.with_comments || to <= self.end {
            return Ok(());
        }
        let unit = self.frames.last().map_or(Unit::Whole, |frame| frame.unit);
        let mut found = Vec::new();
        gap::comments(self.content, (self.end, to), |bytes, offset, same_line| {
            found.push((bytes.to_vec(), offset, same_line));
        })?;
        for (bytes, offset, same_line) in found {
            let at = self.at(if same_line { self.last_unit } else { unit }, offset);
            let node = self.features.child(ROOT, "comment");
            let feature = self.features.feature(node, self.sink);
            let text = self.charset.decode(&bytes);
            let text = text.trim_start_matches('#').trim();
            if !text.is_empty() {
                self.sink.cell(feature, at, Value::Raw(text.into()));
            }
        }
        Ok(())
    }
}

/// A scalar by YAML 1.2's core schema; what plain text means is told by the column.
fn value(text: &str, style: ScalarStyle) -> Value<'_> {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
        (ScalarStyle::Plain, "true" | "True" | "TRUE") => Value::Bool(true),
        (ScalarStyle::Plain, "false" | "False" | "FALSE") => Value::Bool(false),
        (ScalarStyle::Plain, _) => Value::Raw(text.into()),
        _ => Value::Text(text.into()),
    }
}
