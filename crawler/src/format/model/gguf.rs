//! GGUF: keys with typed values, then the tensors. Numbers are little-endian, or big-endian throughout (version 3).

use catalog::model::Dialect;

use super::{Input, shape};
use crate::content::Content;
use crate::format::facts::{Facts, told};
use crate::format::{Bounds, FormatError, Sink};

/// Longest text; a chat template has some thousand bytes.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Most dimensions of a tensor.
const DIMENSIONS_MAX: u32 = 8;
/// Arrays within each other.
const DEPTH_MAX: u32 = 4;

struct Reading<'f, 's> {
    input: Input,
    big_endian: bool,
    /// Version 1 has lengths of four bytes.
    short: bool,
    facts: &'f mut Facts<'s>,
}

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    _: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    told(sink, |facts| {
        let mut reading = Reading { input: Input::new(content), big_endian: false, short: false, facts };
        reading.input.skip(4)?;
        reading.header()
    })
}

impl Reading<'_, '_> {
    fn header(&mut self) -> Result<(), FormatError> {
        let version = u32::from_le_bytes(self.input.fixed()?);
        self.big_endian = version > 0xffff;
        let version = if self.big_endian { version.swap_bytes() } else { version };
        self.short = version == 1;
        self.facts.add("gguf.version", &version.to_string());
        let (tensors, keys) = (self.len()?, self.len()?);
        for _ in 0..keys {
            let (key, kind) = (self.text()?, self.u32()?);
            let value = self.value(kind, 0)?;
            self.facts.add(&key, &value);
        }
        for _ in 0..tensors {
            let name = self.text()?;
            let dimensions = self.u32()?;
            if dimensions > DIMENSIONS_MAX {
                return Err(FormatError::Corrupt("a tensor has more dimensions than there are".into()));
            }
            let sizes = (0..dimensions).map(|_| self.len()).collect::<Result<Vec<u64>, _>>()?;
            let kind = self.u32()?;
            self.input.skip(8)?;
            self.facts.add(&name, &shape(&format!("type {kind} "), &sizes));
        }
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, FormatError> {
        let bytes = self.input.fixed()?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&mut self) -> Result<u64, FormatError> {
        let bytes = self.input.fixed()?;
        Ok(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    fn len(&mut self) -> Result<u64, FormatError> {
        if self.short { self.u32().map(u64::from) } else { self.u64() }
    }

    fn text(&mut self) -> Result<String, FormatError> {
        let len = self.len()?;
        self.input.text(len, TEXT_BYTES_MAX)
    }

    /// A value as text; of an array its length and, where it holds texts, those.
    fn value(&mut self, kind: u32, depth: u32) -> Result<String, FormatError> {
        Ok(match kind {
            0 => u8::from_le_bytes(self.input.fixed()?).to_string(),
            1 => i8::from_le_bytes(self.input.fixed()?).to_string(),
            2 | 3 => {
                let bytes = self.input.fixed()?;
                let value =
                    if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
                if kind == 2 { value.to_string() } else { value.cast_signed().to_string() }
            }
            4 => self.u32()?.to_string(),
            5 => self.u32()?.cast_signed().to_string(),
            6 => f32::from_bits(self.u32()?).to_string(),
            7 => (self.input.fixed::<1>()? != [0]).to_string(),
            8 => self.text()?,
            9 if depth < DEPTH_MAX => self.array(depth)?,
            10 => self.u64()?.to_string(),
            11 => self.u64()?.cast_signed().to_string(),
            12 => f64::from_bits(self.u64()?).to_string(),
            _ => return Err(FormatError::Corrupt("a value of its header has no known type".into())),
        })
    }

    fn array(&mut self, depth: u32) -> Result<String, FormatError> {
        let (kind, len) = (self.u32()?, self.len()?);
        let width = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            10..=12 => 8,
            _ => 0,
        };
        if width > 0 {
            self.input.skip(len.saturating_mul(width))?;
        } else {
            for _ in 0..len {
                // Vocabularies: passed over, since they are of everybody's words.
                match kind {
                    8 => {
                        let len = self.len()?;
                        self.input.skip(len)?;
                    }
                    _ => {
                        self.value(kind, depth + 1)?;
                    }
                }
            }
        }
        Ok(format!("{len} values"))
    }
}
