//! What stays must be read as it was read before: lines can depend on each other in more ways than cuts know of.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use saphyr_parser::{Event, Tag};

use super::{Events, Stop};
use crate::content::Content;
use crate::format::FormatError;
use crate::format::charset::Charset;

/// Events in their order, as one number.
#[derive(Default)]
pub(super) struct Trace {
    hasher: DefaultHasher,
    /// Anchors are numbered anew, as those that go are not counted.
    anchors: HashMap<usize, usize>,
}

impl Trace {
    pub(super) fn add(&mut self, event: &Event<'_>) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                (0, text.as_ref(), *style as u8).hash(&mut self.hasher);
                self.properties(*anchor, tag.as_deref());
            }
            Event::Alias(anchor) => (1, self.anchors.get(anchor)).hash(&mut self.hasher),
            Event::SequenceStart(anchor, tag) => {
                2.hash(&mut self.hasher);
                self.properties(*anchor, tag.as_deref());
            }
            Event::MappingStart(anchor, tag) => {
                3.hash(&mut self.hasher);
                self.properties(*anchor, tag.as_deref());
            }
            Event::SequenceEnd | Event::MappingEnd => 4.hash(&mut self.hasher),
            Event::DocumentEnd => 5.hash(&mut self.hasher),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
    }

    fn properties(&mut self, anchor: usize, tag: Option<&Tag>) {
        tag.map(|tag| (&tag.handle, &tag.suffix)).hash(&mut self.hasher);
        (anchor > 0).hash(&mut self.hasher);
        if anchor > 0 {
            self.anchors.insert(anchor, self.anchors.len());
        }
    }

    /// Whether the content reads as this, and as nothing more.
    pub(super) fn is_of(&self, content: &Content, charset: Charset) -> Result<bool, FormatError> {
        let (mut events, mut trace) = (Events::new(content, charset, usize::MAX)?, Self::default());
        loop {
            match events.next() {
                Ok(Some((event, ..))) => trace.add(&event),
                Ok(None) => return Ok(trace.hasher.finish() == self.hasher.finish()),
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Malformed(_) | Stop::Limit(_)) => return Ok(false),
            }
        }
    }
}
