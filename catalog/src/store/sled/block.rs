//! Blocks: neighbouring entries of the store as one value of sled, which likes few and larger entries best: it keeps
//! sixteen to a page, whatever their size, and some hundred bytes of memory a page.
//!
//! An entry is three varints (bytes shared with the key before, further bytes of the key, bytes of the value) and these
//! bytes. Only whole folders are shared, so that whoever looks for a name in the files finds it, in keys too.

use std::ops::Range;

use super::super::{Entry, StoreError};

/// A block taken apart.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    key: Range<usize>,
    value: Range<usize>,
}

impl Block {
    /// Takes stored bytes apart.
    pub(super) fn decode(stored: &[u8]) -> Result<Self, StoreError> {
        let mut block = Self { bytes: Vec::with_capacity(stored.len() * 5 / 4), places: Vec::new() };
        let mut rest = stored;
        let mut last = 0..0;
        while !rest.is_empty() {
            let shared = varint(&mut rest)?;
            let further = varint(&mut rest)?;
            let length = varint(&mut rest)?;
            let start = block.bytes.len();
            if shared > last.len() {
                return Err(damaged());
            }
            block.bytes.extend_from_within(last.start..last.start + shared);
            block.bytes.extend_from_slice(take(&mut rest, further)?);
            last = start..block.bytes.len();
            block.bytes.extend_from_slice(take(&mut rest, length)?);
            block.places.push(Place { key: last.clone(), value: last.end..block.bytes.len() });
        }
        Ok(block)
    }

    /// Memory that it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity() + self.places.capacity() * size_of::<Place>()
    }

    /// Number of its entries.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Key and value of an entry.
    pub(super) fn entry(&self, at: usize) -> Option<(&[u8], &[u8])> {
        let place = self.places.get(at)?;
        Some((&self.bytes[place.key.clone()], &self.bytes[place.value.clone()]))
    }

    /// Where the first entry stands whose key is not below this one.
    pub(super) fn first_from(&self, key: &[u8]) -> usize {
        self.places.partition_point(|place| &self.bytes[place.key.clone()] < key)
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let (found, value) = self.entry(self.first_from(key))?;
        (found == key).then_some(value)
    }
}

/// Puts a block together, entry by entry, in order.
#[derive(Default)]
pub(super) struct Builder {
    bytes: Vec<u8>,
    first: Option<Vec<u8>>,
    last: Vec<u8>,
}

impl Builder {
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        let shared = shared_folders(&self.last, key);
        put_varint(&mut self.bytes, shared);
        put_varint(&mut self.bytes, key.len() - shared);
        put_varint(&mut self.bytes, value.len());
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value);
        if self.first.is_none() {
            self.first = Some(key.to_vec());
        }
        self.last.clear();
        self.last.extend_from_slice(key);
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first key with all bytes, if there is an entry; begins anew.
    pub(super) fn finish(&mut self) -> Option<Entry> {
        let first = self.first.take()?;
        self.last.clear();
        Some((first, std::mem::take(&mut self.bytes)))
    }
}

/// How much of a key's folders is those of the key before.
fn shared_folders(last: &[u8], key: &[u8]) -> usize {
    let equal = last.iter().zip(key).take_while(|(last, key)| last == key).count();
    key[..equal].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1)
}

/// Appends a change of an entry; `None` removes it.
pub(super) fn put_change(out: &mut Vec<u8>, key: &[u8], value: Option<&[u8]>) {
    put_varint(out, key.len());
    put_varint(out, value.map_or(0, |value| value.len() + 1));
    out.extend_from_slice(key);
    out.extend_from_slice(value.unwrap_or_default());
}

/// Takes a change from the front of some bytes.
pub(super) fn take_change(rest: &mut &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
    let key = varint(rest)?;
    let value = varint(rest)?;
    let key = take(rest, key)?.to_vec();
    let value = value.checked_sub(1).map(|length| take(rest, length)).transpose()?;
    Ok((key, value.map(<[u8]>::to_vec)))
}

fn put_varint(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint(rest: &mut &[u8]) -> Result<usize, StoreError> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first().ok_or_else(damaged)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(number).map_err(|_| damaged());
        }
    }
    Err(damaged())
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], StoreError> {
    let (taken, after) = rest.split_at_checked(length).ok_or_else(damaged)?;
    *rest = after;
    Ok(taken)
}

/// What is read of a block or a log does not add up.
pub(super) fn damaged() -> StoreError {
    StoreError::Corrupt("a block of entries cannot be read".into())
}
