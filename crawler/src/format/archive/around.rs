//! What stands around the members of a ZIP archive: comments, extra fields, directories, bytes that belong to none. It is searched
//! as members are, and can be taken out. A unit is an entry, by its place in the central directory; the archive itself comes after them.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use catalog::model::Dialect;
use roaring::RoaringTreemap;

use super::{Entry, Opened, open, put_short, rewrite, short};
use crate::content::Content;
use crate::format::{Around, At, Bounds, FormatError, Removal, Rewritten, Sink, WHOLE};

/// Extra fields that hold numbers alone (APPNOTE §4.5, and Info-ZIP's `extrafld.txt`): ZIP64, NTFS, UNIX, extended times,
/// Info-ZIP's UNIX of three ages, AES, the mark of a JAR, alignment.
const NUMBERS: [u16; 10] = [1, 0x000a, 0x000d, 0x5455, 0x5855, 0x7855, 0x7875, 0x9901, 0xcafe, 0xd935];
/// Info-ZIP's field of the name in UTF-8.
const UNICODE_NAME: u16 = 0x7075;
/// Shorter runs of letters tell nothing.
const TEXT_BYTES_MIN: usize = 4;
/// Bytes of a record before its name.
const RECORD_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// Tells comments, texts in extra fields, names of directories, and the archive's own comment.
pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    // Whoever opens the members says what is wrong with the archive.
    let Ok(Opened { archive, entries, records, .. }) = open(content) else { return Ok(()) };
    for (unit, record) in records.iter().enumerate().take(bounds.members_max as usize) {
        let at = At { row: unit as u64, unit: unit as u64, offset: None };
        let parts = Parts::of(record);
        if parts.name.ends_with(b"/") {
            sink.remark(at, "directory", &String::from_utf8_lossy(parts.name));
        }
        sink.remark(at, "comment", &String::from_utf8_lossy(parts.comment));
        let name = parts.name;
        fields(parts.extra, &mut |id, data| {
            if !is_kept(id, data, name) {
                for text in data.split(|byte| *byte < b' ').filter(|text| text.len() >= TEXT_BYTES_MIN) {
                    sink.remark(at, "extra field", &String::from_utf8_lossy(text));
                }
            }
        });
    }
    let at = At { row: entries.len() as u64, unit: entries.len() as u64, offset: None };
    sink.remark(at, "archive comment", &String::from_utf8_lossy(archive.comment()));
    Ok(())
}

/// A record of the central directory (APPNOTE §4.3.12), behind its fixed part.
struct Parts<'a> {
    name: &'a [u8],
    extra: &'a [u8],
    comment: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(record: &'a [u8]) -> Self {
        let (name, rest) = record[RECORD_BYTES..].split_at(usize::from(short(record, 28)));
        let (extra, comment) = rest.split_at(usize::from(short(record, 30)));
        Self { name, extra, comment }
    }
}

/// Visits the fields of an extra field (§4.5.1): id and data. What does not hold together is one field without an id.
fn fields<'a>(extra: &'a [u8], visit: &mut dyn FnMut(Option<u16>, &'a [u8])) {
    let mut place = 0;
    while place + 4 <= extra.len() {
        let end = place + 4 + usize::from(short(extra, place + 2));
        if end > extra.len() {
            break;
        }
        visit(Some(short(extra, place)), &extra[place + 4..end]);
        place = end;
    }
    if place < extra.len() {
        visit(None, &extra[place..]);
    }
}

/// Whether a field says nothing that the entry does not say itself.
fn is_kept(id: Option<u16>, data: &[u8], name: &[u8]) -> bool {
    match id {
        // A version and a checksum stand before the name.
        Some(UNICODE_NAME) => data.get(5..) == Some(name),
        Some(id) => NUMBERS.contains(&id),
        None => false,
    }
}

/// Ranges of bytes that are neither a member's data nor its name, each with its unit.
pub(super) fn around(content: &Content) -> Result<Vec<Around>, FormatError> {
    let Opened { entries, records, directory_start, .. } = open(content)?;
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|place| entries[*place].start);
    let (mut ranges, mut end, archive) = (Vec::new(), 0, entries.len() as u64);
    for place in order {
        let entry = &entries[place];
        push(&mut ranges, archive, end..entry.start);
        end = of_local(content, entry, place as u64, &mut ranges)?.max(end);
    }
    push(&mut ranges, archive, end..directory_start);
    let mut offset = directory_start;
    for (unit, record) in records.iter().enumerate() {
        let name = RECORD_BYTES as u64 + Parts::of(record).name.len() as u64;
        push(&mut ranges, unit as u64, offset + name..offset + record.len() as u64);
        offset += record.len() as u64;
    }
    push(&mut ranges, archive, offset..content.len());
    Ok(ranges)
}

/// What stands behind a local header's name, and before it if the name is another than the directory's; gives where the data end.
fn of_local(
    content: &Content,
    entry: &Entry,
    unit: u64,
    ranges: &mut Vec<Around>,
) -> Result<u64, FormatError> {
    let fixed = content.range(entry.start, LOCAL_BYTES)?;
    if fixed.len() < LOCAL_BYTES {
        return Ok(content.len());
    }
    let name = entry.start + LOCAL_BYTES as u64;
    let extra = name + u64::from(short(&fixed, 26));
    let data = extra + u64::from(short(&fixed, 28));
    let said = content.range(name, (extra - name) as usize)?;
    let is_same = String::from_utf8_lossy(&said) == entry.name && !entry.name.ends_with('/');
    push(ranges, unit, if is_same { extra } else { name }..data);
    Ok(data.saturating_add(entry.data_bytes))
}

fn push(ranges: &mut Vec<Around>, unit: u64, range: Range<u64>) {
    if range.start < range.end {
        ranges.push(Around { unit, range });
    }
}

/// Takes out what stands around members, for the units of `removal`: directories go, members lose their comment and every extra
/// field that is not all numbers, the archive its comment.
pub(super) fn strip(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let opened = open(content)?;
    let units = removal.units.get("").cloned().unwrap_or_default();
    if units.contains(WHOLE) {
        return Err(FormatError::Unsupported("the archive can only be deleted as a whole".into()));
    }
    let kept = opened.entries.len() as u64 + 1 - units.len();
    rewrite::rewrite(content, opened, &BTreeMap::new(), &Stripped(units.clone()), out)?;
    Ok(Rewritten { removed: units.len(), kept })
}

/// Units whose surroundings go.
#[derive(Default)]
pub(super) struct Stripped(RoaringTreemap);

impl Stripped {
    pub(super) fn has(&self, place: usize) -> bool {
        self.0.contains(place as u64)
    }

    /// A local header without what says more than numbers.
    pub(super) fn local(&self, place: usize, header: Vec<u8>) -> Vec<u8> {
        if !self.has(place) {
            return header;
        }
        let name_end = LOCAL_BYTES + usize::from(short(&header, 26));
        let extra = kept_fields(&header[name_end..], &header[LOCAL_BYTES..name_end]);
        let mut stripped = header[..name_end].to_vec();
        put_short(&mut stripped, 28, extra.len() as u16);
        stripped.extend(extra);
        stripped
    }

    /// A record of the central directory without its comment, and without what says more than numbers.
    pub(super) fn record(&self, place: usize, record: Vec<u8>) -> Vec<u8> {
        if !self.has(place) {
            return record;
        }
        let parts = Parts::of(&record);
        let extra = kept_fields(parts.extra, parts.name);
        let mut stripped = record[..RECORD_BYTES + parts.name.len()].to_vec();
        put_short(&mut stripped, 30, extra.len() as u16);
        put_short(&mut stripped, 32, 0);
        stripped.extend(extra);
        stripped
    }
}

fn kept_fields(extra: &[u8], name: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    fields(extra, &mut |id, data| {
        if let Some(known) = id.filter(|_| is_kept(id, data, name)) {
            kept.extend(known.to_le_bytes());
            kept.extend((data.len() as u16).to_le_bytes());
            kept.extend_from_slice(data);
        }
    });
    kept
}
