//! The whole store as one portable, checksummed stream, and back: the way to another machine, store or release.
//!
//! Layout: one line of JSON naming format and version; then frames of one byte, `E` for an entry (two big-endian 32-bit
//! lengths, key, value), in key order; at last `Z` with the number of entries (64 bits) and BLAKE3-256 of all bytes
//! before the digest. Everything goes along, closed history too; what is derived (the search index) does not.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::catalog::store_error;
use crate::error::{Error, Result};

use super::{Batch, Store, key};

/// Entries read and written at a time.
const PAGE_ENTRIES: usize = 1_024;
/// Bytes of entries written in one batch at most, but for a single larger entry.
const BATCH_BYTES: usize = 4 << 20;
/// No key and no value is longer; a length beyond it is damage, not data.
const ENTRY_BYTES_MAX: u32 = 1 << 30;
const HEADER_BYTES_MAX: usize = 4_096;
const VERSION: u32 = 1;
/// Stands in the store from an import's first batch to its last.
const UNFINISHED: &str = "import_unfinished";

/// What an export wrote, or an import read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Keys with their values.
    pub entries: u64,
    /// Bytes of the stream.
    pub bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// Whether the store holds an import that was broken off.
///
/// # Errors
/// `Unavailable` if the store fails.
pub fn is_unfinished(store: &dyn Store) -> Result<bool> {
    let marker = store.get(&key::meta(UNFINISHED)).map_err(|error| store_error("open store", error))?;
    Ok(marker.is_some())
}

/// Writes all entries of a store.
///
/// # Errors
/// `Unavailable` if the store or the stream fails, `Conflict` if somebody commits meanwhile: then the stream lacks its end
/// and no import takes it.
pub fn export(store: &dyn Store, out: &mut dyn Write) -> Result<Exported> {
    const OPERATION: &str = "export catalog";
    let failed = |error: io::Error| Error::unavailable(OPERATION, "writing it failed").with_source(error);
    let sequence = || store.get(&key::meta("sequence")).map_err(|error| store_error(OPERATION, error));
    let started = sequence()?;
    let mut out = Hashing::new(out);
    let header = Header { format: "headwater-catalog".into(), version: VERSION };
    let header = serde_json::to_string(&header).map_err(|e| Error::internal(OPERATION, "").with_source(e))?;
    out.write_all(header.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
    let mut entries = 0;
    for_each_page(store, |page| {
        for (key, value) in page {
            entry(&mut out, key, value).map_err(failed)?;
            entries += 1;
        }
        Ok(())
    })?;
    if sequence()? != started {
        return Err(Error::conflict(OPERATION, "the catalog was written meanwhile; try again"));
    }
    out.write_all(b"Z").and_then(|()| out.write_all(&u64::to_be_bytes(entries))).map_err(failed)?;
    let digest = *out.hasher.finalize().as_bytes();
    out.write_all(&digest).and_then(|()| out.flush()).map_err(failed)?;
    Ok(Exported { entries, bytes: out.bytes })
}

/// Shows a store's entries in order, some at a time.
pub(super) fn for_each_page(
    store: &dyn Store,
    mut visit: impl FnMut(&[super::Entry]) -> Result<()>,
) -> Result<()> {
    let mut from = Vec::new();
    loop {
        let page = store
            .scan(&from, &[u8::MAX; 64], PAGE_ENTRIES)
            .map_err(|error| store_error("read the store", error))?;
        visit(&page)?;
        match page.last() {
            Some((last, _)) if page.len() == PAGE_ENTRIES => from = [last, &[0][..]].concat(),
            _ => return Ok(()),
        }
    }
}

fn entry(out: &mut dyn Write, key: &[u8], value: &[u8]) -> io::Result<()> {
    let too_long = |_| io::Error::new(io::ErrorKind::InvalidData, "an entry is longer than 4 GiB");
    let lengths =
        (u32::try_from(key.len()).map_err(too_long)?, u32::try_from(value.len()).map_err(too_long)?);
    out.write_all(b"E")?;
    out.write_all(&lengths.0.to_be_bytes())?;
    out.write_all(&lengths.1.to_be_bytes())?;
    out.write_all(key)?;
    out.write_all(value)
}

/// Reads an export into an empty store. All or nothing: a stream that is truncated, altered or followed by more leaves
/// the store empty; a process killed meanwhile leaves a mark, with which no catalog opens.
///
/// # Errors
/// `Conflict` if the store is not empty, `Invalid` if the stream is no export or of a later release, `Corrupt` if it is
/// damaged, `Unavailable` if reading or the store fails.
pub fn import(store: &dyn Store, input: &mut dyn Read) -> Result<Exported> {
    const OPERATION: &str = "import catalog";
    let first = store.scan(&[], &[u8::MAX; 64], 2).map_err(|error| store_error(OPERATION, error))?;
    if !first.is_empty() {
        return Err(Error::conflict(OPERATION, "there is a catalog already; import into an empty directory"));
    }
    let mut input = Hashing::new(input);
    header(&mut input)?;
    let imported = entries(store, &mut input);
    let finished = imported.and_then(|imported| {
        let writes = vec![(key::meta(UNFINISHED), None)];
        commit(store, writes)?;
        store.flush().map_err(|error| store_error(OPERATION, error))?;
        Ok(imported)
    });
    if finished.is_err() {
        empty(store)?;
    }
    finished
}

/// Takes the first line. Read byte by byte: nothing after it may be swallowed.
fn header(input: &mut dyn Read) -> Result<()> {
    const OPERATION: &str = "import catalog";
    let no_export = || Error::invalid(OPERATION, "this is no export of a catalog");
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte).map_err(|_| no_export())?;
        if byte[0] == b'\n' {
            break;
        }
        line.push(byte[0]);
        if line.len() > HEADER_BYTES_MAX {
            return Err(no_export());
        }
    }
    let header: Header = serde_json::from_slice(&line).map_err(|_| no_export())?;
    if header.format != "headwater-catalog" {
        return Err(no_export());
    }
    if header.version > VERSION {
        let context = format!("version {} was written by a later release; upgrade this one", header.version);
        return Err(Error::invalid(OPERATION, context));
    }
    Ok(())
}

fn entries(store: &dyn Store, input: &mut Hashing<&mut dyn Read>) -> Result<Exported> {
    let damaged = |what: &str| Error::corrupt("import catalog", format!("{what}; nothing was imported"));
    let mut writes = vec![(key::meta(UNFINISHED), Some(Vec::new()))];
    let (mut count, mut pending, mut last) = (0_u64, 0, None::<Vec<u8>>);
    loop {
        let [frame] = array(input)?;
        if frame == b'Z' {
            break;
        }
        if frame != b'E' {
            return Err(damaged("the export is damaged"));
        }
        let (key_length, value_length) =
            (u32::from_be_bytes(array(input)?), u32::from_be_bytes(array(input)?));
        let (key, value) = (bytes(input, key_length)?, bytes(input, value_length)?);
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(damaged("its entries are out of order"));
        }
        count += 1;
        pending += key.len() + value.len();
        last = Some(key.clone());
        writes.push((key, Some(value)));
        if writes.len() >= PAGE_ENTRIES || pending >= BATCH_BYTES {
            commit(store, std::mem::take(&mut writes))?;
            pending = 0;
        }
    }
    let claimed = u64::from_be_bytes(array(input)?);
    let actual = *input.hasher.finalize().as_bytes();
    if claimed != count || array::<32>(input)? != actual {
        return Err(damaged("its checksum does not match"));
    }
    let mut more = [0];
    if input.read(&mut more).map_err(|_| damaged("it could not be read to its end"))? > 0 {
        return Err(damaged("something follows its end"));
    }
    commit(store, writes)?;
    Ok(Exported { entries: count, bytes: input.bytes })
}

fn commit(store: &dyn Store, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<()> {
    store.commit(&Batch { expect: None, writes }).map_err(|error| store_error("import catalog", error))
}

/// Removes everything, the mark last.
fn empty(store: &dyn Store) -> Result<()> {
    let marker = key::meta(UNFINISHED);
    loop {
        let page = store
            .scan(&[], &[u8::MAX; 64], PAGE_ENTRIES)
            .map_err(|error| store_error("take back an import", error))?;
        let writes: Vec<_> =
            page.into_iter().map(|(key, _)| (key, None)).filter(|(key, _)| *key != marker).collect();
        if writes.is_empty() {
            return commit(store, vec![(marker, None)]);
        }
        commit(store, writes)?;
    }
}

fn array<const N: usize>(input: &mut dyn Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Reads a length that the stream claims without believing it: memory grows with what is there.
fn bytes(input: &mut dyn Read, length: u32) -> Result<Vec<u8>> {
    if length > ENTRY_BYTES_MAX {
        return Err(Error::corrupt("import catalog", "the export is damaged; nothing was imported"));
    }
    let mut bytes = Vec::new();
    input.take(length.into()).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() < length as usize {
        return Err(unreadable(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

fn unreadable(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        Error::corrupt("import catalog", "the export ends too early; nothing was imported")
    } else {
        Error::unavailable("import catalog", "reading it failed").with_source(error)
    }
}

/// Hashes and counts what passes through.
struct Hashing<S> {
    stream: S,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<S> Hashing<S> {
    fn new(stream: S) -> Self {
        Self { stream, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<S: Write> Write for Hashing<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(buffer)?;
        self.passed(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read> Read for Hashing<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.passed(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
