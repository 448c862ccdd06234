//! Run-length encodings: of bytes, of bits, and both versions of that of integers. A run gives at most 512 values, so that a decoder
//! holds little whatever the bytes say.

use super::chunks::Stream;
use super::damaged;
use crate::format::FormatError;

/// Bytes in runs and literals.
pub(super) struct Runs {
    stream: Stream,
    left: usize,
    repeated: Option<u8>,
}

impl Runs {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, left: 0, repeated: None }
    }

    pub(super) fn next(&mut self) -> Result<u8, FormatError> {
        if self.left == 0 {
            let control = self.stream.byte()?;
            if control < 128 {
                (self.left, self.repeated) = (usize::from(control) + 3, Some(self.stream.byte()?));
            } else {
                (self.left, self.repeated) = (256 - usize::from(control), None);
            }
        }
        self.left -= 1;
        self.repeated.map_or_else(|| self.stream.byte(), Ok)
    }
}

/// Bits, highest first, in runs of bytes.
pub(super) struct Bools {
    bytes: Runs,
    byte: u8,
    left: u32,
}

impl Bools {
    pub(super) fn new(stream: Stream) -> Self {
        Self { bytes: Runs::new(stream), byte: 0, left: 0 }
    }

    pub(super) fn next(&mut self) -> Result<bool, FormatError> {
        if self.left == 0 {
            (self.byte, self.left) = (self.bytes.next()?, 8);
        }
        self.left -= 1;
        Ok(self.byte >> self.left & 1 == 1)
    }
}

/// Integers of either version.
pub(super) struct Ints {
    stream: Stream,
    second: bool,
    signed: bool,
    run: Vec<i64>,
    at: usize,
}

impl Ints {
    pub(super) fn new(stream: Stream, second: bool, signed: bool) -> Self {
        Self { stream, second, signed, run: Vec::new(), at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<i64, FormatError> {
        if self.at == self.run.len() {
            self.run.clear();
            self.at = 0;
            if self.second { self.second_run()? } else { self.first_run()? }
        }
        let value = self.run.get(self.at).copied().ok_or_else(|| damaged("a run"))?;
        self.at += 1;
        Ok(value)
    }

    fn number(&mut self) -> Result<i64, FormatError> {
        let value = self.stream.varint()?;
        Ok(self.sign(value))
    }

    fn sign(&self, value: u64) -> i64 {
        if self.signed { unzigzag(value) } else { value.cast_signed() }
    }

    fn first_run(&mut self) -> Result<(), FormatError> {
        let control = self.stream.byte()?;
        if control >= 128 {
            for _ in 0..256 - usize::from(control) {
                let value = self.number()?;
                self.run.push(value);
            }
            return Ok(());
        }
        let delta = i64::from(self.stream.byte()?.cast_signed());
        let mut value = self.number()?;
        for _ in 0..usize::from(control) + 3 {
            self.run.push(value);
            value = value.wrapping_add(delta);
        }
        Ok(())
    }

    fn second_run(&mut self) -> Result<(), FormatError> {
        let first = self.stream.byte()?;
        if first >> 6 == 0 {
            let value = self.big_endian(usize::from(first >> 3 & 7) + 1)?;
            self.run = vec![self.sign(value); usize::from(first & 7) + 3];
            return Ok(());
        }
        let code = first >> 1 & 31;
        let length = (usize::from(first & 1) << 8 | usize::from(self.stream.byte()?)) + 1;
        match first >> 6 {
            1 => {
                for value in self.packed(length, width(code))? {
                    let value = self.sign(value);
                    self.run.push(value);
                }
                Ok(())
            }
            2 => self.patched(length, width(code)),
            _ => self.delta(length, if code == 0 { 0 } else { width(code) }),
        }
    }

    fn big_endian(&mut self, count: usize) -> Result<u64, FormatError> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 8 | u64::from(self.stream.byte()?);
        }
        Ok(value)
    }

    /// Numbers of `width` bits each, highest bit first, filled up to a byte.
    fn packed(&mut self, count: usize, width: u32) -> Result<Vec<u64>, FormatError> {
        let mut bytes = Vec::new();
        self.stream.take((count * width as usize).div_ceil(8), &mut bytes)?;
        let (mut values, mut held, mut bits) = (Vec::with_capacity(count), 0_u128, 0_u32);
        let mut bytes = bytes.into_iter();
        for _ in 0..count {
            while bits < width {
                held = held << 8 | u128::from(bytes.next().unwrap_or(0));
                bits += 8;
            }
            bits -= width;
            values.push((held >> bits) as u64);
            held &= (1 << bits) - 1;
        }
        Ok(values)
    }

    /// Most values narrow, the bits that a few have above kept apart.
    fn patched(&mut self, length: usize, width_of_values: u32) -> Result<(), FormatError> {
        let (third, fourth) = (self.stream.byte()?, self.stream.byte()?);
        let base_bytes = usize::from(third >> 5) + 1;
        let (patch_width, gap_width) = (width(third & 31), u32::from(fourth >> 5) + 1);
        let patches = usize::from(fourth & 31);
        let sign = 1_u64 << (base_bytes * 8 - 1);
        let base = self.big_endian(base_bytes)?;
        let magnitude = (base & !sign).cast_signed();
        let base = if base & sign == 0 { magnitude } else { magnitude.wrapping_neg() };
        let mut values = self.packed(length, width_of_values)?;
        let entry = closest(gap_width + patch_width);
        if gap_width + patch_width > 64 || patches == 0 && width_of_values == 0 {
            return Err(damaged("a run"));
        }
        let mut at = 0_usize;
        for patch in self.packed(patches, entry)? {
            let (gap, bits) = if patch_width == 64 {
                (0, patch)
            } else {
                (patch >> patch_width, patch & ((1 << patch_width) - 1))
            };
            at = at.saturating_add(gap as usize);
            // A gap too wide for its bits is put as patches of nothing.
            if bits == 0 && gap == 255 {
                continue;
            }
            let value = values.get_mut(at).ok_or_else(|| damaged("a run"))?;
            *value |= bits.checked_shl(width_of_values).unwrap_or(0);
        }
        self.run.extend(values.into_iter().map(|value| base.wrapping_add(value.cast_signed())));
        Ok(())
    }

    /// A first value, a first difference, and how the others grow in its direction.
    fn delta(&mut self, length: usize, width: u32) -> Result<(), FormatError> {
        let mut value = self.number()?;
        let step = unzigzag(self.stream.varint()?);
        self.run.push(value);
        if length == 1 {
            return Ok(());
        }
        value = value.wrapping_add(step);
        self.run.push(value);
        if width == 0 {
            for _ in 2..length {
                value = value.wrapping_add(step);
                self.run.push(value);
            }
            return Ok(());
        }
        for difference in self.packed(length - 2, width)? {
            let difference = difference.cast_signed();
            value = if step < 0 { value.wrapping_sub(difference) } else { value.wrapping_add(difference) };
            self.run.push(value);
        }
        Ok(())
    }
}

/// Bits of a width's code in the second version.
fn width(code: u8) -> u32 {
    match code {
        0..=23 => u32::from(code) + 1,
        24..=27 => 26 + 2 * u32::from(code - 24),
        _ => 40 + 8 * u32::from(code.min(31) - 28),
    }
}

/// The least width with a code that holds so many bits.
pub(super) fn closest(bits: u32) -> u32 {
    match bits {
        0 => 1,
        1..=24 => bits,
        25..=32 => bits.next_multiple_of(2),
        _ => bits.next_multiple_of(8).min(64),
    }
}

pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
