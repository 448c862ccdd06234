//! Signatures: formats and members of families that a few bytes at a known place tell, with a check of structure where those
//! are few or common. One row each, by family in the folder; `infer` answers for what has no row.

use super::Head;

mod archive;
mod database;
mod document;
mod media;
mod ole;
mod picture;
mod program;
mod science;
pub(super) mod zip;

/// What a sign says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed {
    /// The format of [`super::FORMATS`] that it speaks for.
    pub(super) format: &'static str,
    /// The registered media type, else the usual one.
    pub(super) media_type: &'static str,
    /// How sure it is.
    pub(super) confidence: f32,
}

/// A sign by which some bytes are known.
struct Signature {
    says: Signed,
    at: usize,
    magic: &'static [u8],
    check: Option<fn(&Head<'_>) -> bool>,
}

/// A magic number at the beginning.
const fn begins(format: &'static str, media_type: &'static str, magic: &'static [u8]) -> Signature {
    Signature { says: Signed { format, media_type, confidence: 0.96 }, at: 0, magic, check: None }
}

impl Signature {
    /// It stands further on.
    const fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// The rest has to look like it too.
    const fn and(self, check: fn(&Head<'_>) -> bool) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Others share it.
    const fn weak(self, confidence: f32) -> Self {
        Self { says: Signed { confidence, ..self.says }, ..self }
    }

    fn is_on(&self, head: &Head<'_>) -> bool {
        let there = head.bytes.get(self.at..).is_some_and(|bytes| bytes.starts_with(self.magic));
        there && self.check.is_none_or(|check| check(head))
    }
}

/// Every table, the surest signs first.
static TABLES: &[&[Signature]] = &[
    science::SIGNATURES,
    database::SIGNATURES,
    document::SIGNATURES,
    archive::SIGNATURES,
    picture::SIGNATURES,
    media::SIGNATURES,
    program::SIGNATURES,
    // Signs of one or two bytes with a check.
    media::FAINT,
    science::FAINT,
    program::FAINT,
];

/// The first sign that some bytes carry.
pub(super) fn find(head: &Head<'_>) -> Option<Signed> {
    let found = TABLES.iter().copied().flatten().find(|signature| signature.is_on(head));
    found.map(|signature| signature.says).or_else(|| inferred(head))
}

/// What `infer` says of bytes without a row here. Its signs are short ones: text is never one of its binary formats.
fn inferred(head: &Head<'_>) -> Option<Signed> {
    use infer::MatcherType as Kind;
    let found = is_binary(head).then(|| infer::get(head.bytes))??;
    let format = match found.matcher_type() {
        Kind::Archive => "archive",
        Kind::Audio => "audio",
        Kind::Font => "font",
        Kind::Image => "image",
        Kind::Video => "video",
        _ => return None,
    };
    Some(Signed { format, media_type: found.mime_type(), confidence: 0.7 })
}

/// A number of two bytes at a place, least significant first.
fn u16_le(head: &Head<'_>, at: usize) -> Option<u16> {
    head.bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

/// A number of four bytes at a place, least significant first.
fn u32_le(head: &Head<'_>, at: usize) -> Option<u32> {
    head.bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// A number of two bytes at a place, most significant first.
fn u16_be(head: &Head<'_>, at: usize) -> Option<u16> {
    head.bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

/// A number of four bytes at a place, most significant first.
fn u32_be(head: &Head<'_>, at: usize) -> Option<u32> {
    head.bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Whether some bytes stand at a place.
fn has(head: &Head<'_>, at: usize, bytes: &[u8]) -> bool {
    head.bytes.get(at..).is_some_and(|rest| rest.starts_with(bytes))
}

/// Whether some bytes stand anywhere in the first `within`.
fn holds(head: &Head<'_>, within: usize, bytes: &[u8]) -> bool {
    memchr::memmem::find(&head.bytes[..head.bytes.len().min(within)], bytes).is_some()
}

/// Whether it is no text: short signs are letters too.
fn is_binary(head: &Head<'_>) -> bool {
    head.charset().is_none()
}
