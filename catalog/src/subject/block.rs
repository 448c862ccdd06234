//! Blocks of the subject index: some hundred sorted pairs in two kilobytes.
//!
//! A block is the smallest artifact number in it as a varint, then a pair each: the varint of the difference to the token
//! before; then, for a new token, the varint of its artifact above the smallest, and for the same token again the
//! difference to the artifact before. Varints are LEB128 (DWARF 5, section 7.6).

use crate::error::{Error, Result};

use super::Pair;

/// Pairs of a block at most: four bytes or so of a token, two or three of an artifact.
pub(super) const BLOCK_PAIRS: usize = 320;

/// Encodes some sorted pairs without doubles.
pub(super) fn encode(pairs: &[Pair]) -> Vec<u8> {
    let base = pairs.iter().map(|pair| pair.artifact).min().unwrap_or(0);
    let mut out = Vec::with_capacity(8 + pairs.len() * 8);
    put_varint(&mut out, base);
    let mut last: Option<Pair> = None;
    for pair in pairs {
        let before = last.map_or(0, |last| last.token);
        put_varint(&mut out, pair.token - before);
        let same = last.filter(|last| last.token == pair.token);
        put_varint(&mut out, pair.artifact - same.map_or(base, |last| last.artifact));
        last = Some(*pair);
    }
    out
}

/// Takes a block apart.
///
/// # Errors
/// `Corrupt` if it cannot have been made by [`encode`].
pub(super) fn decode(mut bytes: &[u8]) -> Result<Vec<Pair>> {
    let base = varint(&mut bytes)?;
    let mut pairs: Vec<Pair> = Vec::with_capacity(BLOCK_PAIRS);
    while !bytes.is_empty() {
        let (further, above) = (varint(&mut bytes)?, varint(&mut bytes)?);
        let last = pairs.last().copied();
        let token = last.map_or(0, |last| last.token).checked_add(further).ok_or_else(damaged)?;
        let same = last.filter(|last| last.token == token);
        let artifact = same.map_or(base, |last| last.artifact).checked_add(above).ok_or_else(damaged)?;
        let pair = Pair { token, artifact };
        if last.is_some_and(|last| last >= pair) || pairs.len() == BLOCK_PAIRS {
            return Err(damaged());
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint(rest: &mut &[u8]) -> Result<u64> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first().ok_or_else(damaged)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged())
}

pub(super) fn damaged() -> Error {
    Error::corrupt("read the subject index", "a block of it cannot be read; run `headwater catalog check`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_block_comes_back_as_it_was(
            mut pairs in prop::collection::vec((0..1u64 << 48, 1..1u64 << 40), 0..BLOCK_PAIRS),
            hot in prop::collection::vec(1..1u64 << 20, 0..40),
        ) {
            pairs.extend(hot.into_iter().map(|artifact| (77, artifact)));
            let mut pairs: Vec<_> = pairs.into_iter().map(|(token, artifact)| Pair { token, artifact }).collect();
            pairs.sort_unstable();
            pairs.dedup();
            pairs.truncate(BLOCK_PAIRS);
            prop_assert_eq!(decode(&encode(&pairs)).unwrap(), pairs);
        }

        #[test]
        fn damage_is_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(pairs) = decode(&bytes) {
                prop_assert!(pairs.is_sorted_by(|a, b| a < b) && pairs.len() <= BLOCK_PAIRS);
            }
        }
    }
}
