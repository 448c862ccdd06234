//! What stands around the members of a TAR archive: targets of links, names of directories and owners, pax records (POSIX.1-2001,
//! pax, "Extended Header"), padding. It is searched as members are, and can be taken out. A unit is an entry; what trails them
//! comes after the last.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

use catalog::model::Dialect;

use super::{BLOCK_BYTES, Place, SIZE_FIELD, copy, set_sum, visit_all};
use crate::content::Content;
use crate::format::{Around, At, Bounds, FormatError, Removal, Rewritten, Sink, WHOLE};

/// Fields of a header (POSIX.1-2001, ustar): the name's two halves, the type, what a link leads to, the owner's and the group's name.
const NAME: Range<usize> = 0..100;
const PREFIX: Range<usize> = 345..500;
const TYPE: usize = 156;
const LINK: Range<usize> = 157..257;
const OWNERS: [Range<usize>; 2] = [265..297, 297..329];
/// Bytes of the records before one header.
const RECORDS_BYTES_MAX: u64 = 16 << 20;

/// Whether a pax record says nothing that the entry does not say itself, but a number or a name that is searched as one.
fn is_plain(key: &[u8]) -> bool {
    let numbers =
        ["size", "mtime", "atime", "ctime", "uid", "gid", "charset", "hdrcharset", "LIBARCHIVE.creationtime"];
    let grown =
        ["GNU.sparse.", "SCHILY.dev", "SCHILY.ino", "SCHILY.nlink", "SCHILY.realsize", "SCHILY.fflags"];
    let key = String::from_utf8_lossy(key);
    key == "path" || numbers.contains(&&*key) || grown.iter().any(|start| key.starts_with(start))
}

/// Headers with what they hold, before that of an entry: long names (GNU) and pax records.
struct Ahead {
    kind: u8,
    header: u64,
    data: Vec<u8>,
}

fn ahead(content: &Content, place: &Place) -> Result<Vec<Ahead>, FormatError> {
    let (mut all, mut at) = (Vec::new(), place.start);
    if place.header - place.start > RECORDS_BYTES_MAX {
        return Err(FormatError::Limit("the records before a header are too many to be read".into()));
    }
    while at < place.header {
        let header = content.range(at, BLOCK_BYTES)?;
        let size = header.get(SIZE_FIELD).and_then(size_of).filter(|size| at + size < place.header);
        let size =
            size.ok_or_else(|| FormatError::Corrupt("the records before a header are corrupt".into()))?;
        let data = content.range(at + BLOCK_BYTES as u64, size as usize)?.to_vec();
        all.push(Ahead { kind: header[TYPE], header: at, data });
        at += BLOCK_BYTES as u64 + size.next_multiple_of(BLOCK_BYTES as u64);
    }
    Ok(all)
}

fn size_of(field: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']), 8).ok()
}

/// The records of a pax header, each as the ranges of the whole, its key and its value.
fn records(data: &[u8]) -> Vec<[Range<usize>; 3]> {
    let (mut records, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let record = (|| {
            let space = at + memchr::memchr(b' ', &data[at..])?;
            let len: usize = std::str::from_utf8(&data[at..space]).ok()?.parse().ok()?;
            let end = at.checked_add(len).filter(|end| *end <= data.len() && *end > space + 1)?;
            let equals = space + memchr::memchr(b'=', &data[space..end])?;
            Some([at..end, space + 1..equals, equals + 1..end - 1])
        })();
        let Some(record) = record else {
            // What does not hold together is one record without a key.
            records.push([at..data.len(), at..at, at..data.len()]);
            break;
        };
        at = record[0].end;
        records.push(record);
    }
    records
}

fn text(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

/// Tells the names of directories and links, what links lead to, owners, and pax records that are more than numbers.
pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let (mut unit, mut owners) = (0, BTreeSet::new());
    // Whoever opens the members says what is wrong with the archive.
    let _ = visit_all(content, &mut |place, _| {
        if unit >= bounds.members_max {
            return Err(FormatError::Limit("enough".into()));
        }
        let at = At { row: unit, unit, offset: Some(place.header) };
        unit += 1;
        let header = content.range(place.header, BLOCK_BYTES)?;
        if !place.plain {
            sink.remark(at, "entry", &place.name);
        }
        sink.remark(
            at,
            "link",
            &String::from_utf8_lossy(place.link.as_deref().unwrap_or(text(&header[LINK]))),
        );
        for field in OWNERS {
            let owner = text(&header[field]).to_vec();
            if !owner.is_empty() && owners.insert(owner.clone()) {
                sink.remark(at, "owner", &String::from_utf8_lossy(&owner));
            }
        }
        let own = is_pax(header[TYPE])
            .then(|| content.range(place.data, place.size.min(RECORDS_BYTES_MAX) as usize));
        let own = own.transpose()?.map(|data| data.to_vec());
        let pax =
            ahead(content, &place)?.into_iter().filter(|ahead| is_pax(ahead.kind)).map(|ahead| ahead.data);
        for data in own.into_iter().chain(pax) {
            for [_, key, value] in
                records(&data).into_iter().filter(|[_, key, _]| !is_plain(&data[key.clone()]))
            {
                let what = if &data[key] == b"linkpath" { "link" } else { "pax record" };
                sink.remark(at, what, &String::from_utf8_lossy(&data[value]));
            }
        }
        Ok(())
    });
    Ok(())
}

/// Records of one entry (`x`) or of all that follow (`g`), and Solaris' older letter.
fn is_pax(kind: u8) -> bool {
    matches!(kind, b'x' | b'g' | b'X')
}

/// Ranges of bytes that are neither a member's data nor its name, each with its unit.
pub(super) fn around(content: &Content) -> Result<Vec<Around>, FormatError> {
    let (mut ranges, mut unit, mut end) = (Vec::new(), 0, 0);
    visit_all(content, &mut |place, _| {
        let mut push = |range: Range<u64>| {
            if range.start < range.end {
                ranges.push(Around { unit, range });
            }
        };
        if place.plain {
            for ahead in ahead(content, &place)?.iter().filter(|ahead| is_pax(ahead.kind)) {
                let start = ahead.header + BLOCK_BYTES as u64;
                for [_, key, value] in records(&ahead.data) {
                    if !is_plain(&ahead.data[key]) {
                        push(start + value.start as u64..start + value.end as u64);
                    }
                }
            }
            push(place.header + NAME.end as u64..place.header + PREFIX.start as u64);
            push(place.header + PREFIX.end as u64..place.data);
            push(place.data + place.size..place.end().min(content.len()));
        } else {
            push(place.start..place.end().min(content.len()));
        }
        (unit, end) = (unit + 1, place.end());
        Ok(())
    })?;
    if end < content.len() {
        ranges.push(Around { unit, range: end..content.len() });
    }
    Ok(ranges)
}

/// Takes out what stands around members, for the units of `removal`: what is no file goes, files lose their owner's name and every
/// pax record that is more than a number.
pub(super) fn strip(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let units = removal.units.get("").cloned().unwrap_or_default();
    if units.contains(WHOLE) {
        return Err(FormatError::Unsupported("the archive can only be deleted as a whole".into()));
    }
    let (mut unit, mut end) = (0, 0);
    visit_all(content, &mut |place, _| {
        match units.contains(unit) {
            false => copy(content, place.start, place.end(), out)?,
            true => stripped(content, &place, out)?,
        }
        (unit, end) = (unit + 1, place.end());
        Ok(())
    })?;
    if units.contains(unit) {
        io::copy(&mut io::Read::take(io::repeat(0), content.len() - end), out)?;
    } else {
        copy(content, end, content.len(), out)?;
    }
    Ok(Rewritten { removed: units.len(), kept: unit + 1 - units.len() })
}

fn stripped(content: &Content, place: &Place, out: &mut (dyn Write + Send)) -> Result<(), FormatError> {
    let mut header = content.range(place.header, BLOCK_BYTES)?.to_vec();
    if is_pax(header[TYPE]) {
        let data = content.range(place.data, place.size.min(RECORDS_BYTES_MAX) as usize)?.to_vec();
        return pax(header, &data, out);
    }
    if !place.plain {
        return Ok(());
    }
    for one in ahead(content, place)? {
        let header = content.range(one.header, BLOCK_BYTES)?.to_vec();
        match is_pax(one.kind) {
            true => pax(header, &one.data, out)?,
            false => {
                out.write_all(&header)?;
                padded(&one.data, out)?;
            }
        }
    }
    for field in OWNERS {
        header[field].fill(0);
    }
    set_sum(&mut header);
    out.write_all(&header)?;
    copy(content, place.data, place.data + place.size, out)?;
    let padding = place.size.next_multiple_of(BLOCK_BYTES as u64) - place.size;
    out.write_all(&[0; BLOCK_BYTES][..padding as usize])?;
    Ok(())
}

/// A pax header with its plain records; nothing if there are none.
fn pax(mut header: Vec<u8>, data: &[u8], out: &mut (dyn Write + Send)) -> Result<(), FormatError> {
    let plain = records(data).into_iter().filter(|[_, key, _]| is_plain(&data[key.clone()]));
    let kept: Vec<u8> = plain.flat_map(|[whole, ..]| data[whole].to_vec()).collect();
    if kept.is_empty() {
        return Ok(());
    }
    header[SIZE_FIELD].copy_from_slice(format!("{:011o}\0", kept.len()).as_bytes());
    set_sum(&mut header);
    out.write_all(&header)?;
    padded(&kept, out)
}

fn padded(data: &[u8], out: &mut (dyn Write + Send)) -> Result<(), FormatError> {
    out.write_all(data)?;
    let padding = data.len().next_multiple_of(BLOCK_BYTES) - data.len();
    Ok(out.write_all(&[0; BLOCK_BYTES][..padding])?)
}
