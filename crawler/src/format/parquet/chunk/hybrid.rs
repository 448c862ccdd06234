//! Parquet's hybrid of run lengths and bit packing, in which levels and dictionary indexes are written.
//!
//! Specification: "Run Length Encoding / Bit-Packing Hybrid", <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.

use parquet::errors::{ParquetError, Result};

/// Groups of eight in one bit-packed run: as many as have a header of one byte, which every writer keeps to.
const GROUPS_MAX: usize = 63;

fn damaged() -> ParquetError {
    ParquetError::General("a run of levels or indexes is damaged".into())
}

/// Appends `count` values; trailing bytes are no matter.
pub(super) fn decode(bytes: &[u8], width: u8, count: usize, out: &mut Vec<u32>) -> Result<()> {
    if width > 32 {
        return Err(damaged());
    }
    let value_bytes = usize::from(width).div_ceil(8);
    let (mut at, end) = (0, out.len() + count);
    // Memory is for what is there, not for what a header says.
    out.reserve(count.min(bytes.len().saturating_mul(8).max(1 << 16)));
    while out.len() < end {
        let (header, used) = varint(bytes.get(at..).unwrap_or_default())?;
        at += used;
        let left = end - out.len();
        if header & 1 == 0 {
            let run = usize::try_from(header >> 1).map_err(|_| damaged())?;
            if run == 0 {
                return Err(damaged());
            }
            let value = bytes.get(at..at + value_bytes).ok_or_else(damaged)?;
            let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            at += value_bytes;
            out.resize(out.len() + run.min(left), value);
        } else {
            let groups = usize::try_from(header >> 1).map_err(|_| damaged())?;
            let run = groups.checked_mul(8).ok_or_else(damaged)?.min(left);
            if run == 0 {
                return Err(damaged());
            }
            let rest = bytes.get(at..).unwrap_or_default();
            // The last group may be cut short where the values end.
            if rest.len() < (run * usize::from(width)).div_ceil(8) {
                return Err(damaged());
            }
            unpack(rest, width, run, out);
            at = at.saturating_add(groups.saturating_mul(usize::from(width)));
        }
    }
    Ok(())
}

fn varint(bytes: &[u8]) -> Result<(u64, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place).min(63);
        if *byte < 0x80 {
            return Ok((value, place + 1));
        }
    }
    Err(damaged())
}

/// Appends `count` values of `width` bits each, the lowest bit first. There are as many bytes as that takes.
pub(super) fn unpack(bytes: &[u8], width: u8, count: usize, out: &mut Vec<u32>) {
    let width = usize::from(width);
    let mask = (1_u64 << width) - 1;
    // Values that can be loaded as eight bytes, then those at the end.
    let whole =
        if bytes.len() < 8 || width == 0 { 0 } else { ((bytes.len() - 8) * 8 / width + 1).min(count) };
    let load = |bytes: &[u8], bit: usize| {
        let eight: [u8; 8] = bytes[bit / 8..bit / 8 + 8].try_into().expect("a slice of eight");
        (u64::from_le_bytes(eight) >> (bit % 8) & mask) as u32
    };
    out.extend((0..whole).map(|place| load(bytes, place * width)));
    let first = (whole * width / 8).min(bytes.len());
    let mut tail = bytes[first..].iter().copied().take(32).collect::<Vec<u8>>();
    tail.resize(tail.len() + 8, 0);
    out.extend((whole..count).map(|place| load(&tail, place * width - first * 8)));
}

/// Appends the values, runs of eight and more as runs.
pub(super) fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut at, mut literal) = (0, 0);
    while at < values.len() {
        let value = values[at];
        let run = values[at..].iter().take_while(|next| **next == value).count();
        // Literals come in groups of eight: a run first fills up the group before it.
        let fill = (8 - (at - literal) % 8) % 8;
        if run >= fill + 8 {
            literals(&values[literal..at + fill], width, out);
            put_varint(((run - fill) as u64) << 1, out);
            out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
            literal = at + run;
        }
        at += run;
    }
    literals(&values[literal..], width, out);
}

fn literals(values: &[u32], width: u8, out: &mut Vec<u8>) {
    for part in values.chunks(GROUPS_MAX * 8) {
        let groups = part.len().div_ceil(8);
        put_varint((groups as u64) << 1 | 1, out);
        let start = out.len();
        pack(part, width, out);
        out.resize(start + groups * usize::from(width), 0);
    }
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends values of `width` bits each, the lowest bit first.
pub(super) fn pack(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut bits, mut held) = (0_u64, 0);
    for value in values {
        bits |= u64::from(*value) << held;
        held += u32::from(width);
        if held >= 32 {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            held -= 32;
        }
    }
    while held > 0 {
        out.push(bits as u8);
        bits >>= 8;
        held = held.saturating_sub(8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(width in 0_u8..=32, runs in prop::collection::vec((any::<u32>(), 1_usize..40), 0..40)) {
            let mask = ((1_u64 << width) - 1) as u32;
            let values: Vec<u32> = runs.iter().flat_map(|(value, count)| vec![value & mask; *count]).collect();
            let mut bytes = Vec::new();
            encode(&values, width, &mut bytes);
            let mut decoded = Vec::new();
            decode(&bytes, width, values.len(), &mut decoded).unwrap();
            prop_assert_eq!(&decoded, &values);
            let (mut packed, mut unpacked) = (Vec::new(), Vec::new());
            pack(&values, width, &mut packed);
            prop_assert_eq!(packed.len(), (values.len() * usize::from(width)).div_ceil(8));
            unpack(&packed, width, values.len(), &mut unpacked);
            prop_assert_eq!(unpacked, values);
        }

        #[test]
        fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..60), width in 0_u8..40, count in 0_usize..500) {
            let mut out = Vec::new();
            if decode(&bytes, width, count, &mut out).is_ok() {
                prop_assert_eq!(out.len(), count);
            }
        }
    }

    #[test]
    fn long_runs_are_short() {
        let mut bytes = Vec::new();
        encode(&[vec![1; 100], vec![0; 3], vec![1; 1_000_000]].concat(), 1, &mut bytes);
        assert!(bytes.len() <= 12, "{bytes:?}");
    }
}
