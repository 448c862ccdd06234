//! Microsoft's compound files ([MS-CFB]): which program wrote one is told by the names of its streams, which stand in a
//! directory somewhere in the file; where that is out of reach, by names of streams met in the head.

use super::{u16_le, u32_le};
use crate::format::Head;

/// Signature of a compound file.
pub(super) const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What wrote one.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Word,
    Excel,
    PowerPoint,
    Message,
    Visio,
    Project,
    Publisher,
    Works,
    Hangul,
    Encrypted,
    Installer,
}

/// Streams that only one program writes, the most telling first.
const STREAMS: &[(&str, Kind)] = &[
    ("EncryptedPackage", Kind::Encrypted),
    ("WordDocument", Kind::Word),
    ("PowerPoint Document", Kind::PowerPoint),
    ("PP40", Kind::PowerPoint),
    ("__properties_version1.0", Kind::Message),
    ("__nameid_version1.0", Kind::Message),
    ("VisioDocument", Kind::Visio),
    ("VisioInformation", Kind::Visio),
    ("Quill", Kind::Publisher),
    ("MatOST", Kind::Works),
    ("MM", Kind::Works),
    ("HwpSummaryInformation", Kind::Hangul),
    ("\u{5}HwpSummaryInformation", Kind::Hangul),
    ("FileHeader", Kind::Hangul),
    ("Workbook", Kind::Excel),
    ("Book", Kind::Excel),
];

/// Class ids of root storages, first four bytes as written: programs of Microsoft that have no stream of their own name.
const CLASSES: &[(&[u8], Kind)] = &[
    (b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Installer),
    (b"\x86\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Installer),
    (b"\x82\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Installer),
    (b"\x06\x09\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Word),
    (b"\x20\x08\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Excel),
    (b"\x10\x08\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Excel),
    (b"\x10\x8d\x81\x64\x9b\x4f\xcf\x11\x86\xea\0\xaa\0\xb9\x29\xe8", Kind::PowerPoint),
    (b"\x0b\x0d\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Message),
    (b"\x14\x1a\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Kind::Visio),
    (b"\x3a\x8f\xb7\x74\xc8\xc8\xd1\x11\xbe\x11\0\xc0\x4f\xb6\xfa\xf1", Kind::Project),
    (b"\x01\x12\x02\0\0\0\0\0\0\xc0\0\0\0\0\0\x46", Kind::Publisher),
];

/// Bytes of an entry of the directory.
const ENTRY_BYTES: usize = 128;
/// Entries looked at.
const ENTRIES_MAX: usize = 64;

/// Whether a compound file is of this kind.
pub(super) fn is(head: &Head<'_>, kind: Kind) -> bool {
    find(head) == Some(kind)
}

fn find(head: &Head<'_>) -> Option<Kind> {
    let shift = u16_le(head, 30).filter(|shift| matches!(shift, 9 | 12))?;
    let start = (u32_le(head, 48)? as usize).checked_add(1)?.checked_mul(1 << shift)?;
    let directory = head.bytes.get(start..).filter(|rest| rest.len() >= ENTRY_BYTES);
    let found = match directory {
        Some(directory) => by_directory(directory, 1 << shift),
        // The directory is out of reach: entries of it may still be at hand, and bodies of documents are.
        None => by_body(head),
    };
    found.or_else(|| by_extension(head))
}

/// By the first sector of the directory and what follows it; its chain is not followed.
fn by_directory(directory: &[u8], sector: usize) -> Option<Kind> {
    let entries = directory.chunks_exact(ENTRY_BYTES).take(ENTRIES_MAX.max(sector / ENTRY_BYTES));
    let root = directory.get(80..96)?;
    let names: Vec<String> = entries.filter(|entry| matches!(entry[66], 1 | 2 | 5)).map(name).collect();
    if let Some((_, kind)) = CLASSES.iter().find(|(class, _)| *class == root) {
        return Some(*kind);
    }
    let stream =
        STREAMS.iter().find(|(stream, _)| names.iter().any(|name| name.eq_ignore_ascii_case(stream)));
    if let Some((_, kind)) =
        stream.filter(|(stream, _)| *stream != "FileHeader" || names.iter().any(|name| name == "DocInfo"))
    {
        return Some(*kind);
    }
    let is_project = |name: &String| {
        name.trim_start().starts_with("TBkndTask")
            || matches!(name.as_str(), "Props9" | "Props12" | "Props14")
    };
    names.iter().any(is_project).then_some(Kind::Project)
}

fn name(entry: &[u8]) -> String {
    let length = usize::from(u16::from_le_bytes([entry[64], entry[65]])).clamp(2, 64) - 2;
    let (units, _) = entry[..length].as_chunks::<2>();
    char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
        .map(|unit| unit.unwrap_or('\u{fffd}'))
        .collect()
}

/// The first sector after the header often is the main stream's.
fn by_body(head: &Head<'_>) -> Option<Kind> {
    let body = head.bytes.get(512..)?;
    match body {
        [0xec, 0xa5, ..] => Some(Kind::Word),
        [0x09, 0x08, 0x10, 0, 0, 5 | 6, ..] | [0x09, 0x08, 0x08, 0, 0, 5, ..] => Some(Kind::Excel),
        [0x0f, 0, 0xe8, 0x03, ..] | [0, 0x6e, 0x1e, 0xf0, ..] | [0xa0, 0x46, 0x1d, 0xf0, ..] => {
            Some(Kind::PowerPoint)
        }
        [0xfd, 0xff, 0xff, 0xff, ..] | [0x52, 0, 0x6f, 0, ..] => by_directory(body, 512),
        _ => None,
    }
}

/// A compound file whose directory is out of reach is what its name says, if that is one of these.
fn by_extension(head: &Head<'_>) -> Option<Kind> {
    let kinds: [(&[&str], Kind); 8] = [
        (&["doc", "dot"], Kind::Word),
        (&["xls", "xlt", "xla"], Kind::Excel),
        (&["ppt", "pps", "pot"], Kind::PowerPoint),
        (&["msg"], Kind::Message),
        (&["vsd", "vss", "vst"], Kind::Visio),
        (&["mpp"], Kind::Project),
        (&["pub"], Kind::Publisher),
        (&["msi", "msp"], Kind::Installer),
    ];
    kinds.iter().find(|(endings, _)| head.is_named(endings)).map(|(_, kind)| *kind)
}
