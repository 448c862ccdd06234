//! The other way: run-length encodings and chunks as they are written.

use std::io::Write;

use super::chunks::{Codec, Kind};
use super::damaged;
use super::runs::closest;
use crate::format::FormatError;

/// Values put into runs at once.
const PENDING_MAX: usize = 512;
/// A run of the second version that is worth a delta of its own.
const STEPS_MIN: usize = 4;

/// A place in a stream: bytes before it, and values or bits after them.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) rest: Vec<u64>,
}

/// A stream on its way out.
pub(super) enum Out {
    Raw(Vec<u8>),
    Runs(RunsOut),
    Bools(BoolsOut),
    Ints(IntsOut),
}

impl Out {
    /// Ends the run at hand, so that a reader may begin here.
    pub(super) fn place(&mut self) -> Place {
        let (offset, rest) = match self {
            Self::Raw(bytes) => (bytes.len(), vec![]),
            Self::Runs(runs) => (runs.flushed(), vec![0]),
            Self::Bools(bools) => (bools.runs.flushed(), vec![0, u64::from(bools.bits)]),
            Self::Ints(ints) => return ints.place(),
        };
        Place { offset, rest }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Raw(bytes) => bytes,
            Self::Runs(mut runs) => {
                runs.flushed();
                runs.bytes
            }
            Self::Bools(mut bools) => {
                if bools.bits > 0 {
                    bools.runs.push(bools.byte << (8 - bools.bits));
                }
                bools.runs.flushed();
                bools.runs.bytes
            }
            Self::Ints(mut ints) => {
                ints.flushed();
                ints.bytes
            }
        }
    }
}

/// How many values from the front are the same.
fn repeats<T: PartialEq>(values: &[T], max: usize) -> usize {
    values.iter().take(max).take_while(|value| **value == values[0]).count()
}

#[derive(Default)]
pub(super) struct RunsOut {
    bytes: Vec<u8>,
    pending: Vec<u8>,
}

impl RunsOut {
    pub(super) fn push(&mut self, byte: u8) {
        self.pending.push(byte);
        if self.pending.len() == PENDING_MAX {
            self.flushed();
        }
    }

    fn flushed(&mut self) -> usize {
        let pending = std::mem::take(&mut self.pending);
        let (mut at, mut literals) = (0, 0);
        while at < pending.len() {
            let same = repeats(&pending[at..], 130);
            if same < 3 {
                at += same;
                continue;
            }
            self.literals(&pending[literals..at]);
            self.bytes.extend([(same - 3) as u8, pending[at]]);
            at += same;
            literals = at;
        }
        self.literals(&pending[literals..]);
        self.bytes.len()
    }

    fn literals(&mut self, literals: &[u8]) {
        for some in literals.chunks(128) {
            self.bytes.push((256 - some.len()) as u8);
            self.bytes.extend(some);
        }
    }
}

#[derive(Default)]
pub(super) struct BoolsOut {
    runs: RunsOut,
    byte: u8,
    bits: u8,
}

impl BoolsOut {
    pub(super) fn push(&mut self, bit: bool) {
        self.byte = self.byte << 1 | u8::from(bit);
        self.bits += 1;
        if self.bits == 8 {
            self.runs.push(self.byte);
            (self.byte, self.bits) = (0, 0);
        }
    }
}

pub(super) struct IntsOut {
    bytes: Vec<u8>,
    pending: Vec<i64>,
    second: bool,
    signed: bool,
}

impl IntsOut {
    pub(super) fn new(second: bool, signed: bool) -> Self {
        Self { bytes: Vec::new(), pending: Vec::new(), second, signed }
    }

    pub(super) fn push(&mut self, value: i64) {
        self.pending.push(value);
        if self.pending.len() == PENDING_MAX {
            self.flushed();
        }
    }

    fn flushed(&mut self) -> usize {
        let pending = std::mem::take(&mut self.pending);
        let (mut at, mut literals) = (0, 0);
        while at < pending.len() {
            let run = self.run(&pending[at..]);
            if run == 0 {
                at += 1;
                continue;
            }
            self.literals(&pending[literals..at]);
            self.steps(&pending[at..at + run]);
            at += run;
            literals = at;
        }
        self.literals(&pending[literals..]);
        self.bytes.len()
    }

    pub(super) fn place(&mut self) -> Place {
        Place { offset: self.flushed(), rest: vec![0] }
    }

    /// Length of the run of equal steps at the front, 0 if it is not worth one.
    fn run(&self, values: &[i64]) -> usize {
        let step = match values {
            [first, second, ..] => second.checked_sub(*first),
            _ => None,
        };
        let Some(step) = step.filter(|step| self.second || i8::try_from(*step).is_ok()) else { return 0 };
        let steps = values.windows(2).take_while(|pair| pair[1].checked_sub(pair[0]) == Some(step)).count();
        let max = if self.second { PENDING_MAX } else { 130 };
        let length = (steps + 1).min(max);
        if length < if step == 0 || !self.second { 3 } else { STEPS_MIN } { 0 } else { length }
    }

    fn steps(&mut self, values: &[i64]) {
        let (first, step) = (values[0], values[1].wrapping_sub(values[0]));
        if !self.second {
            self.bytes.extend([(values.len() - 3) as u8, step as u8]);
            self.number(first);
        } else if step == 0 && values.len() <= 10 {
            let value = self.unsigned(first).to_be_bytes();
            let skipped = value.iter().take(7).take_while(|byte| **byte == 0).count();
            self.bytes.push(((7 - skipped) << 3 | (values.len() - 3)) as u8);
            self.bytes.extend(&value[skipped..]);
        } else {
            self.head(3, 0, values.len());
            self.number(first);
            put_varint(&mut self.bytes, zigzag(step));
        }
    }

    fn literals(&mut self, values: &[i64]) {
        if !self.second {
            for some in values.chunks(128) {
                self.bytes.push((256 - some.len()) as u8);
                some.iter().for_each(|value| self.number(*value));
            }
            return;
        }
        if values.is_empty() {
            return;
        }
        let widest = values.iter().map(|value| 64 - self.unsigned(*value).leading_zeros()).max().unwrap_or(0);
        let width = closest(widest);
        self.head(1, code(width), values.len());
        let (mut held, mut bits) = (0_u128, 0);
        for value in values {
            held = held << width | u128::from(self.unsigned(*value));
            bits += width;
            while bits >= 8 {
                bits -= 8;
                self.bytes.push((held >> bits) as u8);
                held &= (1 << bits) - 1;
            }
        }
        if bits > 0 {
            self.bytes.push((held << (8 - bits)) as u8);
        }
    }

    fn head(&mut self, kind: u8, code: u8, length: usize) {
        let length = length - 1;
        self.bytes.extend([kind << 6 | code << 1 | (length >> 8) as u8, length as u8]);
    }

    fn unsigned(&self, value: i64) -> u64 {
        if self.signed { zigzag(value) } else { value.cast_unsigned() }
    }

    fn number(&mut self, value: i64) {
        let value = self.unsigned(value);
        put_varint(&mut self.bytes, value);
    }
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

/// The code of a width of the second version.
fn code(width: u32) -> u8 {
    (match width {
        0..=24 => width.saturating_sub(1),
        25..=32 => 24 + (width - 26) / 2,
        _ => 28 + (width - 40) / 8,
    }) as u8
}

/// Appends a number of seven bits a byte.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the same of up to 128 bits.
pub(super) fn put_long_varint(out: &mut Vec<u8>, mut value: u128) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes as they are stored, and where each chunk of a block begins, the end last.
pub(super) struct Stored {
    pub(super) bytes: Vec<u8>,
    starts: Vec<usize>,
    block: usize,
}

impl Stored {
    pub(super) fn new(codec: Codec, bytes: Vec<u8>) -> Result<Self, FormatError> {
        if codec.kind == Kind::None {
            return Ok(Self { bytes, starts: Vec::new(), block: 0 });
        }
        let (mut stored, mut starts) = (Vec::new(), vec![0]);
        for block in bytes.chunks(codec.block) {
            let packed = compress(codec.kind, block)?;
            let (flag, chunk) = if packed.len() < block.len() { (0, packed.as_slice()) } else { (1, block) };
            stored.extend(&((chunk.len() as u32) << 1 | flag).to_le_bytes()[..3]);
            stored.extend(chunk);
            starts.push(stored.len());
        }
        Ok(Self { bytes: stored, starts, block: codec.block })
    }

    /// A place as an index has it.
    pub(super) fn position(&self, place: &Place, out: &mut Vec<u64>) {
        match place.offset.checked_div(self.block) {
            // Without compression there are no chunks.
            None => out.push(place.offset as u64),
            Some(chunk) => {
                let end = self.starts.last().copied().unwrap_or(0);
                // At the end there is no chunk to be in.
                let inside = if chunk + 1 < self.starts.len() { place.offset % self.block } else { 0 };
                out.extend([self.starts.get(chunk).copied().unwrap_or(end) as u64, inside as u64]);
            }
        }
        out.extend(&place.rest);
    }
}

fn compress(kind: Kind, block: &[u8]) -> Result<Vec<u8>, FormatError> {
    Ok(match kind {
        Kind::None => block.to_vec(),
        Kind::Zlib => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(block)?;
            encoder.finish()?
        }
        Kind::Zstd => zstd::bulk::compress(block, 0)?,
        Kind::Snappy => snap::raw::Encoder::new().compress_vec(block).map_err(|_| damaged("a chunk"))?,
        Kind::Lz4 => lz4_flex::block::compress(block),
        Kind::Lzo => lzokay_native::compress(block).map_err(|_| damaged("a chunk"))?,
    })
}
