//! TAR archives (POSIX.1 ustar and pax, GNU): members are read by the `tar` crate, what stands around them by `around`;
//! they are copied as whole blocks when one is rewritten.
//!
//! A name may stand twice, the later member is the newer one: the second is called `name#2`, so that each can be read and removed.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Seek, SeekFrom, Write};

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::{Bounds, Container, Edit, Format, FormatError, Head, Member, Sniff, locate_by_reading};
use crate::content::Content;

mod around;

/// TAR.
pub(super) static FORMAT: Format = Format {
    id: "tar",
    media_type: "application/x-tar",
    extensions: &["tar"],
    sniff,
    read: Some(around::read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: Some(around::strip),
    container: Some(Container { members, around: around::around, rewrite }),
};

const BLOCK_BYTES: usize = 512;
/// Where a header says how long its member is.
const SIZE_FIELD: std::ops::Range<usize> = 124..136;
/// Where a header holds the sum of its bytes.
const SUM_FIELD: std::ops::Range<usize> = 148..156;

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let header = head.bytes.get(..BLOCK_BYTES)?;
    let said = std::str::from_utf8(&header[SUM_FIELD]).ok()?.trim_matches(['\0', ' ']);
    let right = u32::from_str_radix(said, 8).is_ok_and(|said| said == sum(header));
    right.then(|| Sniff { confidence: 0.98, dialect: Dialect::default() })
}

/// Sum of a header's bytes, the sum's own field taken as spaces.
fn sum(header: &[u8]) -> u32 {
    let byte = |(place, byte): (usize, &u8)| if SUM_FIELD.contains(&place) { 32 } else { u32::from(*byte) };
    header.iter().enumerate().map(byte).sum()
}

fn set_sum(header: &mut [u8]) {
    let sum = format!("{:06o}\0 ", sum(header));
    header[SUM_FIELD].copy_from_slice(sum.as_bytes());
}

/// Where a member stands.
struct Place {
    name: String,
    /// First block of it: long names and pax records stand before its header.
    start: u64,
    header: u64,
    data: u64,
    size: u64,
    /// Whether it is a file, and neither a directory, a link nor a header.
    plain: bool,
    /// What it leads to, if it is a link.
    link: Option<Vec<u8>>,
}

impl Place {
    fn end(&self) -> u64 {
        (self.data + self.size).next_multiple_of(BLOCK_BYTES as u64)
    }
}

/// Visits members in order, directories and links too.
fn visit_all(
    content: &Content,
    visit: &mut dyn FnMut(Place, &mut dyn Read) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut archive = tar::Archive::new(content.clone());
    let (mut seen, mut start) = (HashMap::<String, u32>::new(), 0);
    for entry in archive.entries_with_seek()? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name}#{count}") };
        let plain = entry.header().entry_type().is_file();
        let place = Place {
            name,
            start,
            header: entry.raw_header_position(),
            data: entry.raw_file_position(),
            size: entry.size(),
            plain,
            link: entry.link_name_bytes().map(|link| link.into_owned()),
        };
        start = place.end();
        visit(place, &mut entry)?;
    }
    if start > content.len() {
        return Err(FormatError::Truncated("the archive ends within a member".into()));
    }
    Ok(())
}

fn broken(error: io::Error) -> FormatError {
    match error.kind() {
        _ if error.raw_os_error().is_some() => FormatError::Io(error),
        io::ErrorKind::StorageFull => FormatError::Io(error),
        io::ErrorKind::UnexpectedEof => FormatError::Truncated("the archive ends too early".into()),
        io::ErrorKind::FileTooLarge => {
            FormatError::Limit("more bytes in the archive than the limit allows".into())
        }
        _ => FormatError::Corrupt("the archive is corrupt".into()),
    }
}

fn members(
    content: &Content,
    bounds: &Bounds,
    visit: &mut dyn FnMut(Member) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let (mut count, mut decoded) = (0, 0);
    visit_all(content, &mut |place, data| {
        if count >= bounds.members_max {
            return Err(FormatError::Limit(format!("only the first {count} members were read")));
        }
        count += 1;
        if !place.plain {
            return Ok(());
        }
        let member =
            Content::spool(data, bounds.decoded_bytes_max - decoded).map_err(broken).and_then(|member| {
                let whole = member.len() == place.size;
                if whole {
                    Ok(member)
                } else {
                    Err(FormatError::Truncated("the archive ends within a member".into()))
                }
            });
        decoded += member.as_ref().map_or(0, Content::len);
        visit(Member { name: place.name, content: member })
    })
}

fn rewrite(
    content: &Content,
    edits: &BTreeMap<String, Edit>,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let mut end = 0;
    visit_all(content, &mut |place, _| {
        match edits.get(&place.name) {
            None => copy(content, place.start, place.end(), out)?,
            Some(Edit::Remove) => {}
            Some(Edit::Replace(replacement)) => replace(content, &place, replacement, out)?,
        }
        end = place.end();
        Ok(())
    })?;
    copy(content, end, content.len(), out)
}

fn copy(content: &Content, start: u64, end: u64, out: &mut (dyn Write + Send)) -> Result<(), FormatError> {
    let mut reader = content.clone();
    reader.seek(SeekFrom::Start(start))?;
    let wanted = end.saturating_sub(start);
    if io::copy(&mut reader.take(wanted), out)? < wanted {
        return Err(FormatError::Truncated("the archive ends too early".into()));
    }
    Ok(())
}

/// The member's headers with its new size, then its new bytes.
fn replace(
    content: &Content,
    place: &Place,
    replacement: &Content,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let mut header = content.range(place.header, BLOCK_BYTES)?.to_vec();
    let size = format!("{:011o}\0", replacement.len());
    // Sizes over 8 GiB and those of pax records and sparse files stand elsewhere.
    let said = std::str::from_utf8(&header[SIZE_FIELD]).ok().map(|size| size.trim_matches(['\0', ' ']));
    let here = said.and_then(|size| u64::from_str_radix(size, 8).ok()) == Some(place.size);
    if !here || size.len() != SIZE_FIELD.len() || has_pax_size(content, place)? {
        return Err(FormatError::Unsupported("the member's size stands where it cannot be changed".into()));
    }
    header[SIZE_FIELD].copy_from_slice(size.as_bytes());
    set_sum(&mut header);
    copy(content, place.start, place.header, out)?;
    out.write_all(&header)?;
    io::copy(&mut replacement.clone(), out)?;
    let padding = replacement.len().next_multiple_of(BLOCK_BYTES as u64) - replacement.len();
    out.write_all(&[0; BLOCK_BYTES][..padding as usize])?;
    Ok(())
}

/// Whether a pax record (POSIX.1-2001) before the header gives the member's size.
fn has_pax_size(content: &Content, place: &Place) -> Result<bool, FormatError> {
    let records = content.range(place.start, (place.header - place.start).min(1 << 20) as usize)?;
    Ok(memchr::memmem::find(&records, b" size=").is_some())
}

#[cfg(test)]
mod tests;
