//! Encapsulated messages one after another, and a file's footer; nothing is believed about lengths before it is held against
//! the content.

use std::collections::HashMap;

use arrow_ipc::{Message, MessageHeader, root_as_footer, root_as_message};
use bytes::Bytes;

use super::guarded;
use crate::content::Content;
use crate::format::FormatError;

pub(super) const MAGIC: &[u8] = b"ARROW1";
/// The magic number is padded to eight bytes; some writers pad it to what they align buffers to.
const FILE_STARTS: std::ops::RangeInclusive<u64> = 8..=64;
/// The footer's length and the magic number.
const FILE_END_BYTES: u64 = 10;
/// Begins every message but in streams from before version 0.15.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Bytes of a message's metadata: a schema of ten thousand columns has a megabyte.
const METADATA_BYTES_MAX: usize = 64 << 20;

/// Whether a stream's schema begins here.
pub(super) fn begins_stream(head: &[u8]) -> bool {
    // Before version 0.15 the length came first, and only with it the metadata ended at a multiple of eight.
    let (rest, before) = match head.strip_prefix(&CONTINUATION) {
        Some(rest) => (rest, 0),
        None => (head, 4),
    };
    let Some((len, rest)) = rest.split_first_chunk() else { return false };
    let len = u32::from_le_bytes(*len) as usize;
    if len == 0 || len > METADATA_BYTES_MAX || !(len + before).is_multiple_of(8) {
        return false;
    }
    match rest.get(..len) {
        Some(metadata) => {
            root_as_message(metadata).is_ok_and(|message| message.header_type() == MessageHeader::Schema)
        }
        // A schema that is longer than what is looked at.
        None => before == 0 && rest.len() > 1 << 10,
    }
}

/// A message as it lies in the content.
pub(super) struct Encapsulated {
    /// Where it begins.
    pub(super) start: u64,
    metadata: Bytes,
    body: (u64, usize),
}

impl Encapsulated {
    pub(super) fn message(&self) -> Result<Message<'_>, FormatError> {
        root_as_message(&self.metadata).map_err(|_| FormatError::Corrupt("a message is damaged".into()))
    }

    pub(super) fn body(&self, content: &Content) -> Result<Bytes, FormatError> {
        Ok(content.range(self.body.0, self.body.1)?)
    }
}

/// Goes from message to message.
pub(super) struct Messages<'a> {
    content: &'a Content,
    position: u64,
    end: u64,
}

impl<'a> Messages<'a> {
    /// Those of a stream, or of a file up to its footer.
    pub(super) fn new(content: &'a Content, footer: Option<&Footer>) -> Result<Self, FormatError> {
        let end = footer.map_or(content.len(), |footer| footer.start);
        let mut position = 0;
        if is_file(content)? {
            let starts = FILE_STARTS.step_by(8);
            position = *FILE_STARTS.end();
            for start in starts {
                if content.range(start, 8)? != [0; 8][..] {
                    position = start;
                    break;
                }
            }
        }
        Ok(Self { content, position, end })
    }

    /// The next message, `None` after the last. Goes on after it where only its metadata is damaged.
    pub(super) fn next(&mut self, body_bytes_max: u64) -> Result<Option<Encapsulated>, FormatError> {
        let start = self.position;
        let head = self.content.range(start, 8)?;
        if head.is_empty() || start >= self.end {
            return Ok(None);
        }
        let truncated = || FormatError::Truncated("ends within a message".into());
        let (prefix, len) = match head.split_first_chunk::<4>() {
            Some((&CONTINUATION, len)) => (8, len.first_chunk::<4>().copied().ok_or_else(truncated)?),
            Some((len, _)) => (4, *len),
            None => return Err(truncated()),
        };
        let len = u32::from_le_bytes(len) as usize;
        if len == 0 {
            return Ok(None);
        }
        if len > METADATA_BYTES_MAX {
            return Err(FormatError::Corrupt("a message has no sound length".into()));
        }
        let metadata = self.content.range(start + prefix, len)?;
        if metadata.len() < len {
            return Err(truncated());
        }
        let body_len = root_as_message(&metadata)
            .ok()
            .and_then(|message| u64::try_from(message.bodyLength()).ok())
            .ok_or_else(|| FormatError::Corrupt("a message is damaged".into()))?;
        let body = start + prefix + len as u64;
        let end = body.checked_add(body_len).filter(|end| *end <= self.end).ok_or_else(truncated)?;
        self.position = end;
        if body_len > body_bytes_max {
            return Err(FormatError::Limit("a batch is longer than the limit allows".into()));
        }
        Ok(Some(Encapsulated { start, metadata, body: (body, body_len as usize) }))
    }
}

pub(super) fn is_file(content: &Content) -> Result<bool, FormatError> {
    Ok(content.range(0, MAGIC.len())? == MAGIC)
}

/// What a file's footer says.
#[derive(Debug, PartialEq)]
pub(super) struct Footer {
    start: u64,
    /// Where the batches begin.
    pub(super) batches: Vec<u64>,
    pub(super) metadata: HashMap<String, String>,
}

impl Footer {
    /// The footer of a file.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub(super) fn read(content: &Content) -> Result<Self, FormatError> {
        let missing = || FormatError::Truncated("ends without its footer".into());
        let end = content.len().checked_sub(FILE_END_BYTES).ok_or_else(missing)?;
        let tail = content.range(end, FILE_END_BYTES as usize)?;
        let (len, magic) = tail.split_first_chunk::<4>().ok_or_else(missing)?;
        let len = u64::from(u32::from_le_bytes(*len));
        if magic != MAGIC || len > METADATA_BYTES_MAX as u64 {
            return Err(missing());
        }
        let start = end.checked_sub(len).ok_or_else(missing)?;
        let bytes = content.range(start, len as usize)?;
        guarded("footer", || {
            let footer =
                root_as_footer(&bytes).map_err(|_| FormatError::Corrupt("footer is damaged".into()))?;
            let batches = footer.recordBatches().into_iter().flatten().map(|block| block.offset() as u64);
            let entries = footer.custom_metadata().into_iter().flatten();
            let entry =
                |pair: arrow_ipc::KeyValue<'_>| Some((pair.key()?.to_owned(), pair.value()?.to_owned()));
            Ok(Self { start, batches: batches.collect(), metadata: entries.filter_map(entry).collect() })
        })
    }
}
