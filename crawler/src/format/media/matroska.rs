//! Matroska and WebM (RFC 9559 over EBML, RFC 8794): titles, tags, chapters, names of tracks and attachments. Elements are known
//! by their number alone wherever they stand; pictures and sound are stepped over.

use super::super::FormatError;
use super::super::facts::Facts;
use crate::content::Content;

/// First bytes: the header's element.
pub(super) const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
/// Elements looked at; an hour of film has some hundred thousand blocks, which lie in clusters that are stepped over whole.
const ELEMENTS_MAX: u64 = 4_000_000;
/// Elements within each other.
const DEPTH_MAX: u32 = 32;
/// Bytes of a text.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// What an element is to us.
enum Kind {
    /// It holds others.
    Holder,
    /// A text under a name.
    Text(&'static str),
    /// The name of the tag whose text follows.
    TagName,
    /// The text of a tag.
    TagText,
    /// Which codec a track has: subtitles are text.
    Codec,
    /// Something that may be text or hold it, and is not looked at.
    Unread(&'static str),
}

fn kind(id: u32) -> Option<Kind> {
    Some(match id {
        // Segment, Info, Tracks, TrackEntry, Tags, Tag, SimpleTag, Chapters, EditionEntry, ChapterAtom, ChapterDisplay,
        // Attachments, AttachedFile.
        0x1853_8067 | 0x1549_a966 | 0x1654_ae6b | 0xae | 0x1254_c367 | 0x7373 | 0x67c8 | 0x1043_a770
        | 0x45b9 | 0xb6 | 0x80 | 0x1941_a469 | 0x61a7 => Kind::Holder,
        0x7ba9 => Kind::Text("Title"),
        0x4d80 => Kind::Text("MuxingApp"),
        0x5741 => Kind::Text("WritingApp"),
        0x7384 => Kind::Text("SegmentFilename"),
        0x3c_83ab => Kind::Text("PrevFilename"),
        0x3e_83bb => Kind::Text("NextFilename"),
        0x536e => Kind::Text("TrackName"),
        0x85 => Kind::Text("Chapter"),
        0x4654 => Kind::Text("ChapterUID"),
        0x467e => Kind::Text("FileDescription"),
        0x466e => Kind::Text("FileName"),
        0x45a3 => Kind::TagName,
        0x4487 => Kind::TagText,
        0x86 => Kind::Codec,
        0x465c => Kind::Unread("files attached to it were not read"),
        0x4485 => Kind::Unread("tags of it that are bytes were not read"),
        _ => return None,
    })
}

/// Reads what it says of itself; gives what was left unread.
///
/// # Errors
/// `Corrupt` or `Truncated` where an element is none or the file ends within one.
pub(super) fn read(content: &Content, facts: &mut Facts<'_>) -> Result<Vec<&'static str>, FormatError> {
    let mut walk = Walk { content, facts, elements: 0, tag: String::new(), unread: Vec::new() };
    walk.elements(0, content.len(), 0)?;
    Ok(walk.unread)
}

struct Walk<'a, 'f> {
    content: &'a Content,
    facts: &'a mut Facts<'f>,
    elements: u64,
    tag: String,
    unread: Vec<&'static str>,
}

const CLUSTER: u32 = 0x1f43_b675;

impl Walk<'_, '_> {
    fn elements(&mut self, mut at: u64, end: u64, depth: u32) -> Result<(), FormatError> {
        while at < end {
            self.elements += 1;
            if self.elements > ELEMENTS_MAX || depth > DEPTH_MAX {
                return Err(FormatError::Limit("more elements than are looked at".into()));
            }
            let header = self.content.range(at, 12)?;
            let (id, id_bytes) = number(&header, 4, false).ok_or_else(broken)?;
            let (size, size_bytes) = number(&header[id_bytes..], 8, true).ok_or_else(broken)?;
            let start = at + (id_bytes + size_bytes) as u64;
            // A size of ones alone: it ends where what holds it ends, or where an element follows that it cannot hold.
            let unknown = size == (1 << (7 * size_bytes)) - 1;
            let stop = if unknown { end } else { start.saturating_add(size) };
            if start > end {
                return Err(broken());
            }
            let id = u32::try_from(id).map_err(|_| broken())?;
            if unknown && id == CLUSTER {
                // Its blocks are stepped over one by one, and what follows it is met among them.
                at = start;
                continue;
            }
            let stop_within = stop.min(end);
            match kind(id) {
                Some(Kind::Holder) => self.elements(start, stop_within, depth + 1)?,
                Some(leaf) => self.leaf(&leaf, start, stop_within)?,
                None => {}
            }
            if stop > self.content.len() {
                return Err(FormatError::Truncated("ends within an element".into()));
            }
            at = stop;
        }
        Ok(())
    }

    fn leaf(&mut self, kind: &Kind, start: u64, stop: u64) -> Result<(), FormatError> {
        if let Kind::Unread(what) = kind {
            self.leave(what);
            return Ok(());
        }
        if stop - start > TEXT_BYTES_MAX {
            self.leave("texts of it are longer than those that are read");
        }
        let bytes = self.content.range(start, (stop - start).min(TEXT_BYTES_MAX) as usize)?;
        let text = String::from_utf8_lossy(&bytes);
        match kind {
            Kind::Text(name) => self.facts.add(name, &text),
            Kind::TagName => self.tag = text.trim_end_matches('\0').to_owned(),
            Kind::TagText => self.facts.add(&self.tag, &text),
            Kind::Codec if text.starts_with("S_TEXT") || text.starts_with("D_WEBVTT") => {
                self.leave("its subtitles were not read");
            }
            Kind::Codec | Kind::Holder | Kind::Unread(_) => {}
        }
        Ok(())
    }

    fn leave(&mut self, what: &'static str) {
        if !self.unread.contains(&what) {
            self.unread.push(what);
        }
    }
}

fn broken() -> FormatError {
    FormatError::Corrupt("an element has no number or no size".into())
}

/// A number of variable length and its bytes (RFC 8794 §4); the mark of the length is cut off sizes and stays in ids.
fn number(bytes: &[u8], longest: usize, cut: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let bytes = bytes.get(..length).filter(|_| length <= longest)?;
    let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    Some((if cut { value & ((1 << (7 * length)) - 1) } else { value }, length))
}
