//! PDF: the text of its pages, and what stands in its objects as text: properties, notes, links, forms, signatures, XMP. Pictures
//! and attached files are not looked at. A document is one unit: it is deleted as a whole.

use std::cell::Cell;

use catalog::model::{AnomalyKind, Dialect};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream};

use super::arrow::RowsFn;
use super::magic::signed;
use super::named::Texts;
use super::{Bounds, Format, FormatError, Sink, locate_by_reading};
use crate::content::Content;

mod page;
#[cfg(test)]
mod tests;

/// ISO 32000.
pub(super) static FORMAT: Format = Format {
    id: "pdf",
    media_type: "application/pdf",
    extensions: &["pdf"],
    sniff: |head| signed(head, "pdf"),
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// A document is held in memory while it is read; one that is larger is only named.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of one stream, unpacked.
const STREAM_BYTES_MAX: usize = 16 << 20;
/// Bytes of all objects, unpacked.
const OBJECT_BYTES_MAX: usize = 256 << 20;
/// What an object takes beside its bytes.
const OBJECT_OVERHEAD: usize = 128;

/// Entries whose texts are of people or for people (ISO 32000-2 §14.3.3, §12.5, §12.7, §12.8, §14.9).
const ENTRIES: [(&[u8], &str); 21] = [
    (b"Title", "title"),
    (b"Author", "author"),
    (b"Subject", "subject"),
    (b"Keywords", "keywords"),
    (b"Creator", "creator"),
    (b"Producer", "producer"),
    (b"Contents", "note"),
    (b"RC", "note"),
    (b"T", "label"),
    (b"TU", "label"),
    (b"V", "value"),
    (b"DV", "value"),
    (b"URI", "link"),
    (b"Alt", "alternative"),
    (b"ActualText", "alternative"),
    (b"F", "file"),
    (b"UF", "file"),
    (b"Name", "signer"),
    (b"Reason", "signer"),
    (b"Location", "signer"),
    (b"ContactInfo", "signer"),
];

thread_local! {
    /// Bytes that objects of the document that this thread reads may still have.
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Leaves an object out once those before it have used up what may be unpacked.
fn within_budget(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let left = LEFT.get().checked_sub(size(object, 0));
    LEFT.set(left.unwrap_or(0));
    // What stands for itself stays where it is; what came out of a stream of objects is taken from the answer.
    let answer = || if object.as_stream().is_ok() { Object::Null } else { object.clone() };
    left.map(|_| (id, answer()))
}

/// About the bytes that an object holds.
fn size(object: &Object, depth: u32) -> usize {
    let of_dictionary = |entries: &Dictionary| -> usize {
        entries.iter().map(|(key, value)| key.len() + size(value, depth + 1)).sum()
    };
    OBJECT_OVERHEAD
        + match object {
            _ if depth > 64 => 0,
            Object::String(bytes, _) | Object::Name(bytes) => bytes.len(),
            Object::Array(items) => items.iter().map(|item| size(item, depth + 1)).sum(),
            Object::Dictionary(entries) => of_dictionary(entries),
            Object::Stream(stream) => stream.content.len() + of_dictionary(&stream.dict),
            _ => 0,
        }
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    if content.len() > DOCUMENT_BYTES_MAX {
        let reason = format!("it is longer than {DOCUMENT_BYTES_MAX} bytes and was not read");
        sink.anomaly(AnomalyKind::LimitReached, reason);
        return Ok(());
    }
    let bytes = content.range(0, DOCUMENT_BYTES_MAX as usize)?;
    // What protects it stands beside its table of objects, which is never encrypted.
    if memchr::memmem::find(&bytes, b"/Encrypt").is_some() {
        sink.anomaly(AnomalyKind::Encrypted, "it is encrypted".into());
        return Ok(());
    }
    LEFT.set(OBJECT_BYTES_MAX.min(usize::try_from(bounds.decoded_bytes_max).unwrap_or(usize::MAX)));
    let options = LoadOptions {
        filter: Some(within_budget),
        max_decompressed_size: Some(STREAM_BYTES_MAX),
        ..LoadOptions::default()
    };
    let loaded = Document::load_mem_with_options(&bytes, options);
    let limited = LEFT.get() == 0;
    let document = match loaded {
        Ok(document) => document,
        Err(_) => {
            sink.anomaly(AnomalyKind::Corrupt, "its objects cannot be read".into());
            return Ok(());
        }
    };
    let mut texts = Texts::new(sink, bounds);
    let mut unread = pages(&document, &mut texts);
    for object in document.objects.values() {
        match object {
            Object::Dictionary(entries) => entries_of(entries, &mut texts, 0),
            Object::Stream(stream) => unread += usize::from(!stream_of(&document, stream, &mut texts)),
            _ => {}
        }
    }
    if document.objects.values().any(is_attached) {
        texts.sink.anomaly(AnomalyKind::LimitReached, "files attached to it were not read".into());
    }
    if unread > 0 {
        let reason = format!("the text of {unread} of its pages and drawings cannot be read");
        texts.sink.anomaly(AnomalyKind::Corrupt, reason);
    }
    if limited || texts.is_full() {
        texts.sink.anomaly(AnomalyKind::LimitReached, "it has more objects or texts than were read".into());
    }
    Ok(())
}

/// Whether an object is a file in the document (ISO 32000-1, 7.11.4), or says where one is.
fn is_attached(object: &Object) -> bool {
    match object {
        Object::Stream(stream) => stream.dict.has_type(b"EmbeddedFile"),
        Object::Dictionary(entries) => entries.has(b"EF"),
        _ => false,
    }
}

/// Hands on the text of all pages; gives how many of them cannot be read.
fn pages(document: &Document, texts: &mut Texts<'_>) -> usize {
    let each = |page| page::lines(document, page, &mut |line| texts.add("text", line)).is_err();
    document.page_iter().map(each).filter(|failed| *failed).count()
}

fn entries_of(entries: &Dictionary, texts: &mut Texts<'_>, depth: u32) {
    for (key, value) in entries {
        let known = ENTRIES.iter().find(|(known, _)| *known == key.as_slice());
        match value {
            Object::String(bytes, _) => {
                if let Some((_, name)) = known {
                    texts.add(name, &decoded(bytes));
                }
            }
            // Notes and links stand within pages or apart, as their writer likes.
            Object::Dictionary(inner) if depth < 8 => entries_of(inner, texts, depth + 1),
            Object::Array(items) if depth < 8 => {
                for item in items {
                    if let Object::Dictionary(inner) = item {
                        entries_of(inner, texts, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Gives whether all was read that is text.
fn stream_of(document: &Document, stream: &Stream, texts: &mut Texts<'_>) -> bool {
    entries_of(&stream.dict, texts, 0);
    if stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Form") {
        return page::lines_of_form(document, stream, &mut |line| texts.add("text", line)).is_ok();
    }
    if stream.dict.has_type(b"Metadata")
        && let Ok(xmp) = stream.get_plain_content_with_limit(STREAM_BYTES_MAX)
    {
        String::from_utf8_lossy(&xmp).lines().for_each(|line| texts.add("xmp", line));
    }
    true
}

/// A text of PDF (ISO 32000-2 §7.9.2.2): UTF-16 or UTF-8 by its mark, else near enough to Latin-1.
fn decoded(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        [0xff, 0xfe, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
