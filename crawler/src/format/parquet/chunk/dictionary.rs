//! A column chunk's dictionary: which entries are still used, and the page without the others.
//!
//! Entries are not renumbered, so that pages without a removed row keep their bytes: an entry that no row uses any more
//! is overwritten with the nearest one before it that is used. A sorted dictionary stays sorted.

use std::ops::Range;

use bytes::Bytes;
use parquet::basic::{Compression, Type};
use parquet::errors::{ParquetError, Result};

use super::codec;
use super::extent::{Extent, Order};
use super::header::{self, Kind, PageHeader};
use super::page;

pub(super) struct Dictionary {
    header: PageHeader,
    /// The page as it was read.
    stored: (Bytes, Bytes),
    plain: Vec<u8>,
    entries: Vec<Range<usize>>,
    pub(super) used: Vec<bool>,
}

impl Dictionary {
    pub(super) fn read(
        header: PageHeader,
        stored: (Bytes, Bytes),
        codec: Compression,
        (kind, width): (Type, usize),
    ) -> Result<Self> {
        let Kind::Dictionary { entries: count, .. } = header.kind else {
            return Err(ParquetError::General("a dictionary page is none".into()));
        };
        let plain = codec::decompress(codec, &stored.1, header.uncompressed_bytes)?;
        let mut entries = Vec::with_capacity(count.min(plain.len()));
        let mut at = 0;
        for _ in 0..count {
            let entry = match kind {
                Type::BYTE_ARRAY => page::byte_array(&plain, at)?,
                _ => at..at + width,
            };
            if entry.end > plain.len() || (width == 0 && kind != Type::BYTE_ARRAY) {
                return Err(ParquetError::General("a dictionary ends too early".into()));
            }
            at = entry.end;
            entries.push(entry);
        }
        Ok(Self { header, stored, plain, used: vec![false; entries.len()], entries })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, number: usize) -> &[u8] {
        &self.plain[self.entries[number].clone()]
    }

    /// Entries that are still used.
    pub(super) fn used(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter(|number| self.used[*number]).map(|number| self.entry(number))
    }

    /// The page without entries that nothing uses, and its size when decompressed; headers count.
    pub(super) fn write(&self, codec: Compression, kind: Type) -> Result<(Vec<u8>, usize)> {
        if self.used.iter().all(|used| *used) {
            let (header, body) = &self.stored;
            return Ok(([&header[..], body].concat(), header.len() + self.header.uncompressed_bytes));
        }
        let blank = match kind {
            Type::BYTE_ARRAY => Vec::new(),
            _ => vec![0; self.entries.first().map_or(0, |entry| entry.len())],
        };
        let mut nearest = self.used.iter().position(|used| *used);
        let mut plain = Vec::with_capacity(self.plain.len());
        for number in 0..self.len() {
            if self.used[number] {
                nearest = Some(number);
            }
            let entry = nearest.map_or(&blank[..], |nearest| self.entry(nearest));
            if kind == Type::BYTE_ARRAY {
                plain.extend_from_slice(&(entry.len() as u32).to_le_bytes());
            }
            plain.extend_from_slice(entry);
        }
        let body = codec::compress(codec, &plain)?;
        let header = PageHeader {
            uncompressed_bytes: plain.len(),
            compressed_bytes: body.len(),
            ..self.header.clone()
        };
        let mut page = header::write(&header, &body, (0, &Extent::new(Order::None)));
        let uncompressed = page.len() + plain.len();
        page.extend_from_slice(&body);
        Ok((page, uncompressed))
    }
}
