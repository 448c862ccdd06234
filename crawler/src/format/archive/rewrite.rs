//! Puts a ZIP archive together again: members that stay are copied as bytes, headers and data alike, so times, order, comments and
//! extra fields are as they were; only offsets in the central directory move.
//!
//! Bytes between members that belong to none are dropped, since nobody can tell what they are: deleted members are left there.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::{Compression, Crc};

use super::around::Stripped;
use super::{Entry, Opened, long, put_short, short};
use crate::content::{Content, Spool};
use crate::format::{Edit, FormatError};

/// Extra field of sizes and offsets over 32 bits (APPNOTE §4.5.3).
const ZIP64: u16 = 1;
/// Bit 3 of the general purpose flags: sizes stand after the data (§4.4.4).
const SIZES_FOLLOW: u16 = 8;
/// What a 32-bit field says if its value stands in the ZIP64 extra field.
const IN_ZIP64: u32 = u32::MAX;

/// What a member's headers must say.
#[derive(Clone, Copy)]
struct Sizes {
    crc: u32,
    encoded: u64,
    decoded: u64,
}

/// Writes the archive with `edits` made, and without what stands around some of its members.
pub(super) fn rewrite(
    content: &Content,
    opened: Opened,
    edits: &BTreeMap<String, Edit>,
    stripped: &Stripped,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let Opened { archive, entries, records, directory_start } = opened;
    if records.len() != entries.len() {
        return Err(FormatError::Unsupported(
            "names stand twice in the archive; it can only be deleted as a whole".into(),
        ));
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|place| entries[*place].start);
    let first = order.first().map_or(directory_start, |place| entries[*place].start);
    // What precedes the first member opens a self-extracting archive, unless it is a member that was deleted.
    let stub = content.range(0, 4)?;
    let mut offset = if stub.starts_with(b"PK\x03\x04") { 0 } else { first };
    let base = archive.offset().min(offset);
    copy(content, 0, offset, out)?;
    let mut kept = vec![None; entries.len()];
    for (position, place) in order.iter().enumerate() {
        let entry = &entries[*place];
        let end = order.get(position + 1).map_or(directory_start, |next| entries[*next].start);
        let edit = edits.get(&entry.name);
        let is_bare = entry.name.ends_with('/') && stripped.has(*place);
        if matches!(edit, Some(Edit::Remove)) || is_bare {
            continue;
        }
        let start = offset - base;
        let sizes = match edit {
            Some(Edit::Replace(replacement)) => {
                let (written, sizes) = replace(content, entry, replacement, out)?;
                offset += written;
                Some(sizes)
            }
            _ => {
                let (len, old) = (span(content, entry, end)?, local_header(content, entry)?);
                let (data, header) = (old.len() as u64, stripped.local(*place, old));
                out.write_all(&header)?;
                copy(content, entry.start + data, len - data, out)?;
                offset += header.len() as u64 + len - data;
                None
            }
        };
        kept[*place] = Some((start, sizes));
    }
    let old_end = directory_start + records.iter().map(|record| record.len() as u64).sum::<u64>();
    let written = directory(&entries, records, &kept, stripped, offset - base, out)?;
    end_records(content, old_end, written, stripped.has(entries.len()), out)
}

fn copy(content: &Content, start: u64, len: u64, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut content = content.clone();
    content.seek(SeekFrom::Start(start))?;
    if io::copy(&mut content.take(len), out)? < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn local_header(content: &Content, entry: &Entry) -> Result<Vec<u8>, FormatError> {
    let corrupt = || FormatError::Corrupt("a member's local header is corrupt".into());
    let fixed = content.range(entry.start, 30)?;
    if fixed.len() < 30 || !fixed.starts_with(b"PK\x03\x04") {
        return Err(corrupt());
    }
    let len = 30 + usize::from(short(&fixed, 26)) + usize::from(short(&fixed, 28));
    let header = content.range(entry.start, len)?;
    if header.len() < len { Err(corrupt()) } else { Ok(header.to_vec()) }
}

/// Bytes of a member: its header, its data, and the sizes that may follow them (§4.3.9).
fn span(content: &Content, entry: &Entry, end: u64) -> Result<u64, FormatError> {
    let header = local_header(content, entry)?;
    let mut len = header.len() as u64 + entry.data_bytes;
    if short(&header, 6) & SIZES_FOLLOW != 0 {
        let follows = content.range(entry.start + len, 24)?;
        let signature = if follows.starts_with(b"PK\x07\x08") { 4 } else { 0 };
        let wide = zip64_field(&header, 30 + usize::from(short(&header, 26))).is_some();
        len += signature + if wide { 20 } else { 12 };
    }
    if entry.start + len > end {
        return Err(FormatError::Corrupt("members of the archive overlap".into()));
    }
    Ok(len)
}

/// Where the ZIP64 extra field's data stand in a header, and their length.
fn zip64_field(header: &[u8], mut place: usize) -> Option<(usize, usize)> {
    while place + 4 <= header.len() {
        let (id, len) = (short(header, place), usize::from(short(header, place + 2)));
        if id == ZIP64 && place + 4 + len <= header.len() {
            return Some((place + 4, len));
        }
        place += 4 + len;
    }
    None
}

/// Writes a member's header and new data, compressed as the old ones were.
fn replace(
    content: &Content,
    entry: &Entry,
    replacement: &Content,
    out: &mut (dyn Write + Send),
) -> Result<(u64, Sizes), FormatError> {
    let mut header = local_header(content, entry)?;
    let flags = short(&header, 6);
    let (data, crc) = encode(entry.method, flags, replacement)?;
    let sizes = Sizes { crc, encoded: data.len(), decoded: replacement.len() };
    put_short(&mut header, 6, flags & !SIZES_FOLLOW);
    put_long(&mut header, 14, crc);
    let extra = 30 + usize::from(short(&header, 26));
    match zip64_field(&header, extra) {
        // A local header holds both sizes there or none (§4.5.3).
        Some((field, len)) if len >= 16 => {
            put_long(&mut header, 18, IN_ZIP64);
            put_long(&mut header, 22, IN_ZIP64);
            header[field..field + 8].copy_from_slice(&sizes.decoded.to_le_bytes());
            header[field + 8..field + 16].copy_from_slice(&sizes.encoded.to_le_bytes());
        }
        _ => {
            put_long(&mut header, 18, small(sizes.encoded)?);
            put_long(&mut header, 22, small(sizes.decoded)?);
        }
    }
    out.write_all(&header)?;
    io::copy(&mut data.clone(), out)?;
    Ok((header.len() as u64 + sizes.encoded, sizes))
}

/// The data as a method encodes them (§4.4.5), and their checksum. Deflate's level stands in bits 1 and 2 of the flags (§4.4.4).
fn encode(method: u16, flags: u16, replacement: &Content) -> Result<(Content, u32), FormatError> {
    let (mut crc, mut spool) = (Crc::new(), Spool::new(u64::MAX));
    let (mut reader, mut buffer) = (replacement.clone(), vec![0; 64 << 10]);
    let level = match flags & 6 {
        2 => Compression::best(),
        4 | 6 => Compression::fast(),
        _ => Compression::default(),
    };
    let mut sum = |encoder: &mut (dyn Write + Send)| -> io::Result<()> {
        loop {
            let read = reader.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            crc.update(&buffer[..read]);
            encoder.write_all(&buffer[..read])?;
        }
    };
    match method {
        0 => sum(&mut spool)?,
        8 => {
            let mut encoder = flate2::write::DeflateEncoder::new(&mut spool, level);
            sum(&mut encoder)?;
            encoder.finish()?;
        }
        _ => return Err(FormatError::Unsupported("the member's compression method can be read only".into())),
    }
    Ok((spool.finish()?, crc.sum()))
}

fn put_long(bytes: &mut [u8], place: usize, value: u32) {
    bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
}

fn small(value: u64) -> Result<u32, FormatError> {
    u32::try_from(value).ok().filter(|value| *value != IN_ZIP64).ok_or_else(|| {
        FormatError::Limit("the archive would need 64-bit sizes that it has no room for".into())
    })
}

/// Sets a 32-bit field of a central record, or its place in the ZIP64 field, `next` bytes into it.
fn put_wide(
    record: &mut [u8],
    place: usize,
    value: u64,
    field: Option<(usize, usize)>,
    next: &mut usize,
) -> Result<(), FormatError> {
    match field {
        Some((start, len)) if long(record, place) == IN_ZIP64 && *next + 8 <= len => {
            record[start + *next..start + *next + 8].copy_from_slice(&value.to_le_bytes());
            *next += 8;
        }
        _ => put_long(record, place, small(value)?),
    }
    Ok(())
}

/// Central directory (§4.3.12): number of its records, bytes, start.
fn directory(
    entries: &[Entry],
    records: Vec<Vec<u8>>,
    kept: &[Option<(u64, Option<Sizes>)>],
    stripped: &Stripped,
    start: u64,
    out: &mut (dyn Write + Send),
) -> Result<(u64, u64, u64), FormatError> {
    let mut by_place: Vec<usize> = (0..entries.len()).collect();
    by_place.sort_by_key(|place| entries[*place].record_start);
    let (mut count, mut bytes) = (0_u64, 0_u64);
    for (place, record) in by_place.into_iter().zip(records) {
        let Some((offset, sizes)) = kept[place] else {
            continue;
        };
        let mut record = stripped.record(place, record);
        let field = zip64_field(&record, 46 + usize::from(short(&record, 28)));
        let (encoded, decoded) = (long(&record, 20), long(&record, 24));
        // Fields stand in the extra field in this order, only those that need it (§4.5.3).
        let mut next = if sizes.is_none() {
            8 * (usize::from(decoded == IN_ZIP64) + usize::from(encoded == IN_ZIP64))
        } else {
            0
        };
        if let Some(sizes) = sizes {
            let flags = short(&record, 8);
            put_short(&mut record, 8, flags & !SIZES_FOLLOW);
            put_long(&mut record, 16, sizes.crc);
            put_wide(&mut record, 24, sizes.decoded, field, &mut next)?;
            put_wide(&mut record, 20, sizes.encoded, field, &mut next)?;
        }
        put_wide(&mut record, 42, offset, field, &mut next)?;
        out.write_all(&record)?;
        count += 1;
        bytes += record.len() as u64;
    }
    Ok((count, bytes, start))
}

/// The end records (§4.3.14 to §4.3.16) as they were, with the new count, length and start of the directory, and its comment or none.
fn end_records(
    content: &Content,
    old_end: u64,
    (count, bytes, start): (u64, u64, u64),
    without_comment: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let corrupt = || FormatError::Corrupt("the archive's end records are corrupt".into());
    let len = content.len().saturating_sub(old_end);
    if len > 1 << 20 {
        return Err(corrupt());
    }
    let mut tail = content.range(old_end, len as usize)?.to_vec();
    let mut place = 0;
    if tail.starts_with(b"PK\x06\x06") && tail.len() >= 56 {
        for (field, value) in [(24, count), (32, count), (40, bytes), (48, start)] {
            tail[field..field + 8].copy_from_slice(&value.to_le_bytes());
        }
        let size = u64::from_le_bytes(tail[4..12].try_into().map_err(|_| corrupt())?);
        place = usize::try_from(size).ok().and_then(|size| size.checked_add(12)).ok_or_else(corrupt)?;
        let locator = tail.get(place..).filter(|rest| rest.len() >= 20 && rest.starts_with(b"PK\x06\x07"));
        locator.ok_or_else(corrupt)?;
        tail[place + 8..place + 16].copy_from_slice(&(start + bytes).to_le_bytes());
        place += 20;
    }
    let end = tail
        .get_mut(place..)
        .filter(|rest| rest.len() >= 22 && rest.starts_with(b"PK\x05\x06"))
        .ok_or_else(corrupt)?;
    for field in [8, 10] {
        if short(end, field) != u16::MAX {
            put_short(end, field, u16::try_from(count).map_err(|_| corrupt())?);
        }
    }
    for (field, value) in [(12, bytes), (16, start)] {
        if long(end, field) != IN_ZIP64 {
            put_long(end, field, small(value)?);
        }
    }
    if without_comment {
        put_short(end, 20, 0);
        tail.truncate(place + 22);
    }
    out.write_all(&tail)?;
    Ok(())
}
