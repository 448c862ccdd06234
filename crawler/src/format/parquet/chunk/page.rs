//! One data page: its levels and values taken apart, and put together again without some of them.

use std::ops::Range;

use parquet::basic::{Compression, Type};
use parquet::errors::{ParquetError, Result};

use super::codec;
use super::header::{Data, PageHeader, V2};
use super::hybrid;

/// Numbers of encodings in `parquet.thrift`.
const PLAIN: i32 = 0;
const PLAIN_DICTIONARY: i32 = 2;
const RLE: i32 = 3;
const RLE_DICTIONARY: i32 = 8;

fn short() -> ParquetError {
    ParquetError::General("a page ends too early".into())
}

/// What a page's column says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) kind: Type,
    /// Bytes of a plain value, 0 if they differ.
    pub(super) width: usize,
    pub(super) definition_max: u32,
    pub(super) repetition_max: u32,
    pub(super) codec: Compression,
}

/// A page taken apart.
pub(super) struct Page {
    pub(super) data: Data,
    /// Empty where the column has no such levels.
    pub(super) definitions: Vec<u32>,
    pub(super) repetitions: Vec<u32>,
    pub(super) values: Values,
}

pub(super) enum Values {
    /// Numbers of dictionary entries, of so many bits each.
    Indexes(u8, Vec<u32>),
    /// Booleans, as runs or a bit each.
    Flags { as_runs: bool, flags: Vec<u32> },
    /// Values of one width, or byte arrays behind their lengths: the page's bytes, and where each value starts and ends.
    Plain { bytes: Vec<u8>, from: usize },
}

/// Where the byte array whose length stands at `at` lies.
pub(super) fn byte_array(bytes: &[u8], at: usize) -> Result<Range<usize>> {
    let len = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(short)?;
    let start = at + 4;
    let end = start.saturating_add(u32::from_le_bytes(*len) as usize);
    if end > bytes.len() { Err(short()) } else { Ok(start..end) }
}

fn bits(level_max: u32) -> u8 {
    (u32::BITS - level_max.leading_zeros()) as u8
}

impl Page {
    /// # Errors
    /// `NYI` for encodings that are left to the typed way.
    pub(super) fn read(shape: &Shape, header: &PageHeader, data: &Data, body: &[u8]) -> Result<Self> {
        let (mut definitions, mut repetitions) = (Vec::new(), Vec::new());
        let plain;
        let mut at = 0;
        if let Some(v2) = &data.v2 {
            let levels = v2.repetition_bytes.saturating_add(v2.definition_bytes);
            let split = body.split_at_checked(levels).ok_or_else(short)?;
            let (repeated, defined) = split.0.split_at(v2.repetition_bytes);
            decode_levels(repeated, shape.repetition_max, data.levels, &mut repetitions)?;
            decode_levels(defined, shape.definition_max, data.levels, &mut definitions)?;
            let len = header.uncompressed_bytes.checked_sub(levels).ok_or_else(short)?;
            let codec = if v2.is_compressed == Some(false) { Compression::UNCOMPRESSED } else { shape.codec };
            plain = codec::decompress(codec, split.1, len)?;
        } else {
            plain = codec::decompress(shape.codec, body, header.uncompressed_bytes)?;
            let of_repetition = (shape.repetition_max, data.level_encodings.1, &mut repetitions);
            let of_definition = (shape.definition_max, data.level_encodings.0, &mut definitions);
            for (level_max, encoding, levels) in [of_repetition, of_definition] {
                if level_max == 0 {
                    continue;
                }
                if encoding != RLE {
                    return Err(ParquetError::NYI("levels of the first kind".into()));
                }
                let place = byte_array(&plain, at)?;
                at = place.end;
                decode_levels(&plain[place], level_max, data.levels, levels)?;
            }
        }
        let over = |levels: &[u32], level_max| levels.iter().any(|level| *level > level_max);
        if over(&definitions, shape.definition_max) || over(&repetitions, shape.repetition_max) {
            return Err(ParquetError::General("a level is higher than its column has".into()));
        }
        let count = match shape.definition_max {
            0 => data.levels,
            level_max => definitions.iter().filter(|level| **level == level_max).count(),
        };
        let values = Values::read(shape, data.encoding, plain, at, count)?;
        Ok(Self { data: data.clone(), definitions, repetitions, values })
    }

    /// Positions of values within some ranges of levels.
    pub(super) fn values_in(&self, levels: &[Range<usize>], definition_max: u32) -> Vec<Range<usize>> {
        if definition_max == 0 {
            return levels.to_vec();
        }
        let count = |range: Range<usize>| {
            self.definitions[range].iter().filter(|level| **level == definition_max).count()
        };
        let (mut level, mut value) = (0, 0);
        let mut ranges = Vec::with_capacity(levels.len());
        for range in levels {
            let start = value + count(level..range.start);
            value = start + count(range.clone());
            level = range.end;
            ranges.push(start..value);
        }
        ranges
    }

    /// The page with these levels and values only: its header and its bytes. `rows` are those that begin in it.
    pub(super) fn write(
        &self,
        shape: &Shape,
        old: &PageHeader,
        levels: &[Range<usize>],
        values: &[Range<usize>],
        rows: usize,
    ) -> Result<(PageHeader, Vec<u8>)> {
        let count = levels.iter().map(ExactSizeIterator::len).sum();
        let mut kept = Vec::with_capacity(count);
        let mut encoded = |all: &[u32], level_max: u32| {
            let mut bytes = Vec::new();
            if level_max > 0 {
                kept.clear();
                levels.iter().for_each(|range| kept.extend_from_slice(&all[range.clone()]));
                hybrid::encode(&kept, bits(level_max), &mut bytes);
            }
            bytes
        };
        let repetitions = encoded(&self.repetitions, shape.repetition_max);
        let definitions = encoded(&self.definitions, shape.definition_max);
        let values_count: usize = values.iter().map(ExactSizeIterator::len).sum();
        let mut plain = Vec::new();
        let mut data = Data { levels: count, ..self.data.clone() };
        let mut body;
        let uncompressed_bytes;
        if let Some(v2) = self.data.v2 {
            self.values.write(shape, values, &mut plain)?;
            body = [&repetitions[..], &definitions].concat();
            uncompressed_bytes = body.len() + plain.len();
            let codec = if v2.is_compressed == Some(false) { Compression::UNCOMPRESSED } else { shape.codec };
            body.extend_from_slice(&codec::compress(codec, &plain)?);
            data.v2 = Some(V2 {
                nulls: count - values_count,
                rows,
                definition_bytes: definitions.len(),
                repetition_bytes: repetitions.len(),
                ..v2
            });
        } else {
            for (bytes, level_max) in
                [(&repetitions, shape.repetition_max), (&definitions, shape.definition_max)]
            {
                if level_max > 0 {
                    plain.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                    plain.extend_from_slice(bytes);
                }
            }
            self.values.write(shape, values, &mut plain)?;
            uncompressed_bytes = plain.len();
            body = codec::compress(shape.codec, &plain)?;
        }
        let kind = super::header::Kind::Data(data);
        let header =
            PageHeader { kind, uncompressed_bytes, compressed_bytes: body.len(), has_crc: old.has_crc };
        Ok((header, body))
    }
}

fn decode_levels(bytes: &[u8], level_max: u32, count: usize, out: &mut Vec<u32>) -> Result<()> {
    if level_max == 0 { Ok(()) } else { hybrid::decode(bytes, bits(level_max), count, out) }
}

impl Values {
    fn read(shape: &Shape, encoding: i32, bytes: Vec<u8>, from: usize, count: usize) -> Result<Self> {
        let rest = bytes.get(from..).ok_or_else(short)?;
        let mut numbers = Vec::new();
        match (encoding, shape.kind) {
            (PLAIN_DICTIONARY | RLE_DICTIONARY, _) => {
                // A page of nulls alone may leave out even the width.
                let Some((width, runs)) = rest.split_first() else {
                    return if count == 0 { Ok(Self::Plain { bytes, from }) } else { Err(short()) };
                };
                hybrid::decode(runs, *width, count, &mut numbers)?;
                Ok(Self::Indexes(*width, numbers))
            }
            (PLAIN, Type::BOOLEAN) => {
                if rest.len() < count.div_ceil(8) {
                    return Err(short());
                }
                hybrid::unpack(rest, 1, count, &mut numbers);
                Ok(Self::Flags { as_runs: false, flags: numbers })
            }
            (RLE, Type::BOOLEAN) => {
                let place = byte_array(&bytes, from)?;
                hybrid::decode(&bytes[place], 1, count, &mut numbers)?;
                Ok(Self::Flags { as_runs: true, flags: numbers })
            }
            (PLAIN, Type::BYTE_ARRAY) => Ok(Self::Plain { bytes, from }),
            (PLAIN, _) => {
                if count.checked_mul(shape.width).is_none_or(|needed| needed > rest.len()) {
                    return Err(short());
                }
                Ok(Self::Plain { bytes, from })
            }
            _ => Err(ParquetError::NYI("an encoding of values".into())),
        }
    }

    fn write(&self, shape: &Shape, kept: &[Range<usize>], out: &mut Vec<u8>) -> Result<()> {
        let gather =
            |all: &[u32]| kept.iter().flat_map(|range| &all[range.clone()]).copied().collect::<Vec<_>>();
        match self {
            Self::Indexes(width, numbers) => {
                out.push(*width);
                hybrid::encode(&gather(numbers), *width, out);
            }
            Self::Flags { as_runs: false, flags } => hybrid::pack(&gather(flags), 1, out),
            Self::Flags { as_runs: true, flags } => {
                let start = out.len();
                out.extend_from_slice(&[0; 4]);
                hybrid::encode(&gather(flags), 1, out);
                let len = (out.len() - start - 4) as u32;
                out[start..start + 4].copy_from_slice(&len.to_le_bytes());
            }
            Self::Plain { .. } => {
                self.each_range(shape, kept, &mut |bytes| {
                    out.extend_from_slice(bytes);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Calls back with the bytes of each range of plain values; byte arrays with their lengths.
    fn each_range(
        &self,
        shape: &Shape,
        ranges: &[Range<usize>],
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let Self::Plain { bytes, from } = self else { return Ok(()) };
        if shape.kind != Type::BYTE_ARRAY {
            for range in ranges {
                each(&bytes[from + range.start * shape.width..from + range.end * shape.width])?;
            }
            return Ok(());
        }
        let (mut at, mut number) = (*from, 0);
        for range in ranges {
            while number < range.start {
                at = byte_array(bytes, at)?.end;
                number += 1;
            }
            let start = at;
            while number < range.end {
                at = byte_array(bytes, at)?.end;
                number += 1;
            }
            each(&bytes[start..at])?;
        }
        Ok(())
    }

    /// Calls back with plain values in some ranges: all of a range at once, or one by one if their widths differ.
    pub(super) fn each_plain(
        &self,
        shape: &Shape,
        ranges: &[Range<usize>],
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<()> {
        self.each_range(shape, ranges, &mut |bytes| {
            if shape.kind != Type::BYTE_ARRAY {
                each(bytes);
                return Ok(());
            }
            let mut at = 0;
            while at < bytes.len() {
                let place = byte_array(bytes, at)?;
                at = place.end;
                each(&bytes[place]);
            }
            Ok(())
        })
    }
}
