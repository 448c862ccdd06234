//! ZIP archives (PKWARE's APPNOTE 6.3): members are read by the `zip` crate, what stands around them by `around`. How one is put
//! together again is in `rewrite`.
//!
//! What a reader by the central directory never sees, such as a name that stands twice, is told as a member that cannot be read.

use std::collections::BTreeMap;
use std::io::{self, Write};

use catalog::model::Dialect;
use zip::ZipArchive;
use zip::result::ZipError;

use super::arrow::RowsFn;
use super::{Bounds, Container, Edit, Format, FormatError, Head, Member, Sniff, locate_by_reading};
use crate::content::Content;

mod around;
mod rewrite;
#[cfg(test)]
mod tests;

/// ZIP.
pub(super) static ZIP: Format = Format {
    id: "zip",
    media_type: "application/zip",
    extensions: &[
        "zip", "zipx", "jar", "war", "ear", "apk", "epub", "kmz", "whl", "nupkg", "aar", "ipa", "xpi",
    ],
    sniff,
    read: Some(around::read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: Some(around::strip),
    container: Some(Container { members, around: around::around, rewrite: rewrite_members }),
};

/// Bytes of a central directory that is held in memory.
const DIRECTORY_BYTES_MAX: u64 = 256 << 20;

/// A local file header, the end record of an archive without members, or the mark of one that spans or could have spanned
/// several volumes (§8.5.3, §8.5.4). Behind something else that is no text, an end record as long as the rest.
fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let begins = head.bytes.starts_with(b"PK\x03\x04") || head.bytes.starts_with(b"PK\x05\x06");
    let spans = head.bytes.starts_with(b"PK\x07\x08PK\x03\x04") || head.bytes.starts_with(b"PK00PK\x03\x04");
    let appended = || {
        let end = memchr::memmem::rfind(head.tail, b"PK\x05\x06").map(|start| &head.tail[start..]);
        let comment = end.and_then(|end| Some(u16::from_le_bytes([*end.get(20)?, *end.get(21)?])));
        end.zip(comment).is_some_and(|(end, comment)| end.len() == 22 + usize::from(comment))
    };
    let confidence = match begins || spans {
        true => 0.95,
        false if head.charset().is_none() && appended() => 0.6,
        false => return None,
    };
    Some(Sniff { confidence, dialect: Dialect::default() })
}

/// Where a member stands, by the central directory.
#[derive(Debug, PartialEq)]
struct Entry {
    name: String,
    /// Its local header.
    start: u64,
    /// Its encoded bytes.
    data_bytes: u64,
    method: u16,
    /// Its record in the central directory.
    record_start: u64,
}

/// An archive and its entries in the order of the central directory.
struct Opened {
    archive: ZipArchive<Content>,
    entries: Vec<Entry>,
    /// Records of the central directory, doubled names too.
    records: Vec<Vec<u8>>,
    directory_start: u64,
}

fn open(content: &Content) -> Result<Opened, FormatError> {
    let mut archive = ZipArchive::new(content.clone()).map_err(|error| match error {
        ZipError::InvalidArchive(_) => {
            FormatError::Truncated("the archive has no readable central directory".into())
        }
        error => member_error(error),
    })?;
    let directory_start = archive.central_directory_start();
    let mut entries = Vec::with_capacity(archive.len());
    for place in 0..archive.len() {
        let member = archive.by_index_raw(place).map_err(member_error)?;
        entries.push(Entry {
            name: member.name().to_owned(),
            start: member.header_start(),
            data_bytes: member.compressed_size(),
            method: method_number(member.compression()),
            record_start: member.central_header_start(),
        });
    }
    let records = records(content, directory_start)?;
    Ok(Opened { archive, entries, records, directory_start })
}

fn method_number(method: zip::CompressionMethod) -> u16 {
    match method {
        zip::CompressionMethod::Stored => 0,
        zip::CompressionMethod::Deflated => 8,
        _ => u16::MAX,
    }
}

/// The records of the central directory (APPNOTE §4.3.12), as bytes.
fn records(content: &Content, start: u64) -> Result<Vec<Vec<u8>>, FormatError> {
    let (mut records, mut offset) = (Vec::new(), start);
    loop {
        let fixed = content.range(offset, 46)?;
        if fixed.len() < 46 || !fixed.starts_with(b"PK\x01\x02") {
            return Ok(records);
        }
        let len = 46 + [28, 30, 32].map(|place| u64::from(short(&fixed, place))).iter().sum::<u64>();
        let record = content.range(offset, len as usize)?;
        if (record.len() as u64) < len || offset - start > DIRECTORY_BYTES_MAX {
            return Err(FormatError::Corrupt("the central directory is cut or too large".into()));
        }
        records.push(record.to_vec());
        offset += len;
    }
}

fn short(bytes: &[u8], place: usize) -> u16 {
    u16::from_le_bytes([bytes[place], bytes[place + 1]])
}

fn put_short(bytes: &mut [u8], place: usize, value: u16) {
    bytes[place..place + 2].copy_from_slice(&value.to_le_bytes());
}

fn long(bytes: &[u8], place: usize) -> u32 {
    u32::from_le_bytes([bytes[place], bytes[place + 1], bytes[place + 2], bytes[place + 3]])
}

/// A zip error without the archive's own words.
pub(super) fn member_error(error: ZipError) -> FormatError {
    match error {
        ZipError::Io(error) => io_error(error),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            FormatError::Encrypted("the member is encrypted".into())
        }
        ZipError::CompressionMethodNotSupported(method) => FormatError::Unsupported(format!(
            "the member is compressed by method {method}, which is not supported"
        )),
        _ => FormatError::Corrupt("the member is corrupt".into()),
    }
}

pub(super) fn io_error(error: io::Error) -> FormatError {
    match error.kind() {
        _ if error.raw_os_error().is_some() => FormatError::Io(error),
        io::ErrorKind::UnexpectedEof => FormatError::Truncated("the member ends too early".into()),
        io::ErrorKind::FileTooLarge => {
            FormatError::Limit("more decoded bytes in the archive than the limit allows".into())
        }
        io::ErrorKind::StorageFull => FormatError::Io(error),
        _ => FormatError::Corrupt("the member is corrupt".into()),
    }
}

fn members(
    content: &Content,
    bounds: &Bounds,
    visit: &mut dyn FnMut(Member) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let Opened { mut archive, entries, records, .. } = open(content)?;
    let mut decoded = 0;
    for (place, entry) in entries.iter().enumerate() {
        if place as u64 >= bounds.members_max {
            return Err(FormatError::Limit(format!("only the first {place} members were read")));
        }
        if entry.name.ends_with('/') {
            continue;
        }
        let member = archive.by_index(place).map_err(member_error).and_then(|mut member| {
            Content::spool(&mut member, bounds.decoded_bytes_max - decoded).map_err(io_error)
        });
        decoded += member.as_ref().map_or(0, Content::len);
        visit(Member { name: entry.name.clone(), content: member })?;
    }
    if records.len() > entries.len() {
        let hidden = records.len() - entries.len();
        return Err(FormatError::Corrupt(format!(
            "{hidden} members have the name of another one and cannot be read"
        )));
    }
    Ok(())
}

pub(super) fn rewrite_members(
    content: &Content,
    edits: &BTreeMap<String, Edit>,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    rewrite::rewrite(content, open(content)?, edits, &around::Stripped::default(), out)
}
