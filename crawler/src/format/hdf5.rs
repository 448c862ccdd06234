//! HDF5, and NetCDF-4, Keras and MATLAB 7.3 within it: names, types and shapes of what it holds, what attributes say, and every
//! text, also those in columns of compound types. Numbers are not looked at. One unit: a file is deleted as a whole.
//!
//! A library takes the file apart (<https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>); bounds on what is
//! followed and decoded are kept here.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use catalog::model::{AnomalyKind, Dialect};
use hdf5_core::{Datatype, StringSize, VarLenKind};
use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::storage::{Storage, StorageBuffer};
use hdf5_reader::{Dataset, Hdf5File, OpenOptions};

use super::arrow::RowsFn;
use super::facts::{Facts, told};
use super::magic::signed;
use super::{Bounds, Format, FormatError, Sink, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

/// Every version of the superblock, also behind a block of the user's own.
pub(super) static FORMAT: Format = Format {
    id: "hdf5",
    media_type: "application/x-hdf5",
    extensions: &["h5", "hdf5", "hdf", "he5", "keras"],
    sniff: |head| signed(head, "hdf5"),
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Groups within each other.
const DEPTH_MAX: usize = 64;
/// Groups and datasets looked at.
const OBJECTS_MAX: usize = 100_000;
/// Decoded bytes of one dataset whose texts are read.
const DATASET_BYTES_MAX: usize = 64 << 20;
/// Bytes of texts in all, however often a text is referred to.
const TEXT_BYTES_MAX: usize = 256 << 20;
/// Bytes of one object's header.
const HEADER_BYTES_MAX: usize = 16 << 20;

fn read(content: &Content, _: &Dialect, _: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut unread = BTreeSet::new();
    told(sink, |facts| {
        let stored = Arc::new(Stored(content.clone()));
        // A large library with unchecked corners: a panic in it is corrupt content.
        let walked = catch_unwind(AssertUnwindSafe(|| walk(stored, facts, &mut unread)));
        walked.unwrap_or_else(|_| Err(FormatError::Corrupt("it breaks its decoder".into())))
    })?;
    unread.iter().for_each(|reason| sink.anomaly(AnomalyKind::LimitReached, (*reason).to_owned()));
    Ok(())
}

fn walk(
    stored: Arc<Stored>,
    facts: &mut Facts<'_>,
    unread: &mut BTreeSet<&'static str>,
) -> Result<(), FormatError> {
    let options = OpenOptions {
        chunk_cache_bytes: 0,
        max_chunk_bytes: DATASET_BYTES_MAX,
        max_read_bytes: DATASET_BYTES_MAX,
        max_object_header_bytes: HEADER_BYTES_MAX,
        ..OpenOptions::default()
    };
    let file = Hdf5File::from_storage_with_options(stored, options).map_err(|error| wrong(&error))?;
    let root = file.root_group().map_err(|error| wrong(&error))?;
    let mut walk = Walk { facts, unread, seen: BTreeSet::new(), left: TEXT_BYTES_MAX };
    walk.group(&root, "", 0)
}

/// Content as the library reads it.
struct Stored(Content);

impl Storage for Stored {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer, Error> {
        if offset.checked_add(len as u64).is_none_or(|end| end > self.0.len()) {
            return Err(Error::OffsetOutOfBounds(offset));
        }
        let bytes = self.0.range(offset, len).map_err(Error::Io)?;
        Ok(StorageBuffer::from_vec(bytes.to_vec()))
    }
}

/// The reason without the library's words, which may quote a name.
fn wrong(error: &Error) -> FormatError {
    match error {
        Error::Io(_) => FormatError::Io(std::io::Error::other("its bytes cannot be read")),
        Error::OffsetOutOfBounds(_) | Error::UnexpectedEof { .. } => {
            FormatError::Truncated("it names places beyond its end".into())
        }
        _ => FormatError::Corrupt("an object in it cannot be read".into()),
    }
}

struct Walk<'a, 'f> {
    facts: &'a mut Facts<'f>,
    unread: &'a mut BTreeSet<&'static str>,
    /// Addresses: links lead to one object many times.
    seen: BTreeSet<u64>,
    /// Bytes of texts that may still be decoded.
    left: usize,
}

const BROKEN: &str = "objects of it cannot be read";

impl Walk<'_, '_> {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<(), FormatError> {
        if !self.seen.insert(group.address()) {
            return Ok(());
        }
        if depth > DEPTH_MAX || self.seen.len() > OBJECTS_MAX {
            return Err(FormatError::Limit("more groups and datasets than are looked at".into()));
        }
        let resolve = |reference: &[u8]| group.resolve_vlen_reference_bytes(reference, 1).ok();
        match group.raw_attributes() {
            Ok(attributes) => self.attributes(path, &attributes, group.offset_size(), &resolve),
            Err(_) => drop(self.unread.insert(BROKEN)),
        }
        let (groups, datasets) = group.members().map_err(|error| wrong(&error))?;
        for dataset in &datasets {
            self.dataset(dataset, &format!("{path}/{}", dataset.name()));
        }
        for inner in &groups {
            let path = format!("{path}/{}", inner.name());
            self.facts.add(&path, "group");
            self.group(inner, &path, depth + 1)?;
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: &Dataset, path: &str) {
        if !self.seen.insert(dataset.address()) {
            return;
        }
        let shape: Vec<String> = dataset.shape().iter().map(u64::to_string).collect();
        self.facts.add(path, &format!("{} [{}]", name_of(dataset.dtype()), shape.join(", ")));
        let reference = dataset.vlen_reference_size();
        let resolve = |reference: &[u8]| dataset.resolve_vlen_reference_bytes(reference, 1).ok();
        match dataset.raw_attributes() {
            Ok(attributes) => {
                let offset = (reference - 8) as u8;
                self.attributes(path, &attributes, offset, &resolve);
            }
            Err(_) => drop(self.unread.insert(BROKEN)),
        }
        if !holds_text(dataset.dtype()) {
            return;
        }
        if dataset.raw_byte_len().is_ok_and(|count| count > DATASET_BYTES_MAX) {
            self.unread.insert("texts of its large datasets were not read");
            return;
        }
        match dataset.read_raw_bytes() {
            Ok(bytes) => self.elements(path, dataset.dtype(), &bytes, reference, &resolve),
            Err(_) => drop(self.unread.insert("texts of some of its datasets cannot be read")),
        }
    }

    fn attributes(
        &mut self,
        path: &str,
        attributes: &[hdf5_reader::RawAttribute],
        offset_size: u8,
        resolve: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
    ) {
        for attribute in attributes {
            let message = attribute.message();
            let name = format!("{path}@{}", attribute.name());
            if holds_text(&message.datatype) {
                let reference = 8 + usize::from(offset_size);
                self.elements(&name, &message.datatype, &message.raw_data, reference, resolve);
            } else {
                self.facts.add(&name, &name_of(&message.datatype));
            }
        }
    }

    /// Every text of a run of elements.
    fn elements(
        &mut self,
        name: &str,
        kind: &Datatype,
        bytes: &[u8],
        reference: usize,
        resolve: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
    ) {
        let Some(size) = size_of(kind, reference).filter(|size| *size > 0) else {
            self.unread.insert("texts of types that are not known here were not read");
            return;
        };
        for element in bytes.chunks_exact(size) {
            self.element(name, kind, element, reference, resolve);
            if self.left == 0 {
                self.unread.insert("more text than is read");
                return;
            }
        }
    }

    fn element(
        &mut self,
        name: &str,
        kind: &Datatype,
        bytes: &[u8],
        reference: usize,
        resolve: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
    ) {
        match kind {
            Datatype::String { size: StringSize::Fixed(_), .. } => self.text(name, bytes),
            Datatype::String { .. } | Datatype::VarLen { kind: VarLenKind::String, .. } => {
                match resolve(bytes) {
                    Some(text) => self.text(name, &text),
                    None => drop(self.unread.insert("texts of some of its datasets cannot be read")),
                }
            }
            Datatype::Compound { fields, .. } => {
                for field in fields.iter().filter(|field| holds_text(&field.datatype)) {
                    let start = field.byte_offset as usize;
                    let size = size_of(&field.datatype, reference).unwrap_or_default();
                    let Some(bytes) = bytes.get(start..start.saturating_add(size)) else { continue };
                    let name = format!("{name}.{}", field.name);
                    self.elements(&name, &field.datatype, bytes, reference, resolve);
                }
            }
            Datatype::Array { base, .. } => self.elements(name, base, bytes, reference, resolve),
            _ => drop(self.unread.insert("texts of types that are not known here were not read")),
        }
    }

    fn text(&mut self, name: &str, bytes: &[u8]) {
        self.left = self.left.saturating_sub(bytes.len().max(1));
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => self.facts.add(name, text),
            Err(_) => {
                let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                self.facts.add(name, &latin);
            }
        }
    }
}

/// Whether elements of a type hold text, or bytes of which nobody says that they are none.
fn holds_text(kind: &Datatype) -> bool {
    match kind {
        Datatype::String { .. } | Datatype::Opaque { .. } => true,
        Datatype::VarLen { kind: VarLenKind::String, .. } => true,
        Datatype::VarLen { base, .. } | Datatype::Array { base, .. } => holds_text(base),
        Datatype::Compound { fields, .. } => fields.iter().any(|field| holds_text(&field.datatype)),
        _ => false,
    }
}

/// Stored bytes of one element; `reference` is what a reference to a text of any length takes.
fn size_of(kind: &Datatype, reference: usize) -> Option<usize> {
    Some(match kind {
        Datatype::FixedPoint { size, .. }
        | Datatype::FloatingPoint { size, .. }
        | Datatype::Bitfield { size, .. }
        | Datatype::Reference { size, .. } => usize::from(*size),
        Datatype::String { size: StringSize::Fixed(size), .. }
        | Datatype::Compound { size, .. }
        | Datatype::Opaque { size, .. } => *size as usize,
        Datatype::String { .. } | Datatype::VarLen { .. } => reference,
        Datatype::Array { base, dims } => {
            let one = size_of(base, reference)?;
            dims.iter().try_fold(one, |size, count| size.checked_mul(usize::try_from(*count).ok()?))?
        }
        Datatype::Enum { base, .. } => size_of(base, reference)?,
    })
}

/// The type as people name it.
fn name_of(kind: &Datatype) -> String {
    match kind {
        Datatype::FixedPoint { size, signed, .. } => {
            format!("{}int{}", if *signed { "" } else { "u" }, u32::from(*size) * 8)
        }
        Datatype::FloatingPoint { size, .. } => format!("float{}", u32::from(*size) * 8),
        Datatype::String { .. } | Datatype::VarLen { kind: VarLenKind::String, .. } => "string".into(),
        Datatype::Compound { fields, .. } => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{} {}", field.name, name_of(&field.datatype))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Datatype::Array { base, .. } => format!("{}[]", name_of(base)),
        Datatype::VarLen { base, .. } => format!("{}[]", name_of(base)),
        Datatype::Enum { .. } => "enum".into(),
        Datatype::Opaque { .. } => "opaque".into(),
        Datatype::Reference { .. } => "reference".into(),
        Datatype::Bitfield { size, .. } => format!("bits{}", u32::from(*size) * 8),
    }
}
