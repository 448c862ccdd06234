//! Sketches of rows and columns by which copies, parts and products of a table are recognised without its values.
//!
//! Everything is keyed twice. The hash by which an element is sampled is mixed with a secret, and what leaves is a
//! keyed BLAKE3 of it: whoever reads a catalog without the key can guess neither a rare value nor one of five colours.
//! A sample keeps elements whose hash begins with enough zeros (adaptive sampling after Wegman), so that samples of
//! sets of any size can be compared, and their overlap estimates the overlap of the sets.

use crate::model::{ColumnSketch, Sample};
use crate::sketch::shape::Shape;

/// Different values kept of a column at most; at least half as many of a column with more.
const VALUES_MAX: usize = 16;
/// Rows kept at most.
const ROWS_MAX: usize = 64;
/// Exponents up to which a whole number is summed.
const EXPONENT_MAX: i16 = 18;

/// The secret that sketches of one catalog share.
#[derive(Clone, Copy, Default)]
pub struct SketchKey([u8; 32]);

impl std::fmt::Debug for SketchKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SketchKey")
    }
}

/// What a sealed number stands for, so that equal numbers of different meaning differ.
#[derive(Clone, Copy)]
enum Meaning {
    Element = 1,
    Whole = 2,
    Total = 3,
}

impl SketchKey {
    /// Takes a secret.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The part of the secret that is mixed into hashes while cells stream by.
    pub(crate) fn salt(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *blake3::keyed_hash(&self.0, b"salt").as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    fn seal(&self, meaning: Meaning, words: [u64; 2]) -> u64 {
        let mut bytes = [meaning as u8; 17];
        bytes[1..9].copy_from_slice(&words[0].to_le_bytes());
        bytes[9..].copy_from_slice(&words[1].to_le_bytes());
        let [a, b, c, d, e, f, g, h, ..] = *blake3::keyed_hash(&self.0, &bytes).as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// What the total of a column of whole numbers is sealed as.
    pub fn total(&self, total: i128) -> u64 {
        self.seal(Meaning::Total, [total as u64, (total >> 64) as u64])
    }

    fn sample(&self, sampler: &Sampler) -> Sample {
        let seal =
            |hash: &u64| Sample::element(self.seal(Meaning::Element, [*hash, 0]), hash.leading_zeros());
        let mut elements: Vec<u64> = sampler.hashes.iter().map(seal).collect();
        elements.sort_unstable();
        Sample { level: sampler.level, elements }
    }
}

/// Mixes a digest with the salt so that all of its bits count (finaliser of MurmurHash3).
fn mixed(digest: u128, salt: u64) -> u64 {
    let mut hash = (digest as u64) ^ ((digest >> 64) as u64).rotate_left(23) ^ salt;
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53).wrapping_add(salt.rotate_left(32));
    hash ^ (hash >> 33)
}

/// Keeps those of the hashes that begin with the most zeros.
#[derive(Clone, Debug)]
struct Sampler {
    level: u8,
    max: usize,
    /// Ascending, all different.
    hashes: Vec<u64>,
}

impl Sampler {
    fn new(max: usize) -> Self {
        Self { level: 0, max, hashes: Vec::new() }
    }

    fn add(&mut self, hash: u64) {
        if hash.leading_zeros() < u32::from(self.level) {
            return;
        }
        let Err(place) = self.hashes.binary_search(&hash) else { return };
        self.hashes.insert(place, hash);
        while self.hashes.len() > self.max && self.level < 63 {
            self.level += 1;
            let bound = u64::MAX >> self.level;
            self.hashes.truncate(self.hashes.partition_point(|hash| *hash <= bound));
        }
    }
}

/// Watches the cells of one column.
#[derive(Clone, Debug)]
pub(crate) struct ColumnSketcher {
    whole: u64,
    /// None once a value was no whole number.
    total: Option<i128>,
    sampler: Sampler,
}

impl ColumnSketcher {
    pub(crate) fn new() -> Self {
        Self { whole: 0, total: Some(0), sampler: Sampler::new(VALUES_MAX) }
    }

    /// Takes a value by its digest, which knows nothing of the column.
    pub(crate) fn value(&mut self, digest: u128, shape: &Shape<'_>, salt: u64) {
        let hash = mixed(digest, salt);
        self.whole = self.whole.wrapping_add(hash);
        self.sampler.add(hash);
        self.total = match (self.total, shape) {
            (Some(total), Shape::Number(number)) if (0..=EXPONENT_MAX).contains(&number.exponent) => {
                let size =
                    i128::from(number.mantissa) * 10_i128.pow(u32::from(number.exponent.unsigned_abs()));
                total.checked_add(if number.negative { -size } else { size })
            }
            _ => None,
        };
    }

    /// Seals what was seen.
    pub(crate) fn seal(&self, key: &SketchKey, name: String, values: u64, distinct: u64) -> ColumnSketch {
        let numbered = |total: i128| {
            let count = i128::from(values);
            2 * total == count * (count + 1) || 2 * total == count * (count - 1)
        };
        ColumnSketch {
            name,
            values,
            distinct,
            whole: key.seal(Meaning::Whole, [self.whole, values]),
            total: self.total.filter(|_| values > 0).map(|total| key.total(total)),
            serial: values > 1 && distinct * 10 >= values * 9 && self.total.is_some_and(numbered),
            sample: key.sample(&self.sampler),
        }
    }
}

/// Watches rows.
#[derive(Clone, Debug)]
pub(crate) struct RowSketcher(Sampler);

impl RowSketcher {
    pub(crate) fn new() -> Self {
        Self(Sampler::new(ROWS_MAX))
    }

    /// Takes a row by its digest.
    pub(crate) fn row(&mut self, digest: u128, salt: u64) {
        self.0.add(mixed(digest, salt));
    }

    /// Seals what was seen.
    pub(crate) fn seal(&self, key: &SketchKey) -> Sample {
        key.sample(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(range: std::ops::Range<u64>) -> Sample {
        let key = SketchKey::new([3; 32]);
        let mut rows = RowSketcher::new();
        range.for_each(|n| {
            rows.row(u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835), key.salt())
        });
        rows.seal(&key)
    }

    proptest! {
        #[test]
        fn a_sample_estimates_overlap_and_survives_being_kept(from in 0_u64..3_000, length in 100_u64..4_000) {
            let (all, part) = (sample(0..5_000), sample(from..(from + length).min(5_000)));
            prop_assert!(all.elements.len() <= ROWS_MAX && all.elements.len() > ROWS_MAX / 5);
            let level = all.level.max(part.level);
            let theirs: Vec<u64> = all.from_level(level).collect();
            // All of the part is in the whole, so all that both look at is.
            prop_assert!(part.from_level(level).all(|element| theirs.contains(&element)));
            let kept: Sample = rmp_serde::from_slice(&rmp_serde::to_vec_named(&all).unwrap()).unwrap();
            prop_assert_eq!(&kept, &all);
            let shown: Sample = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
            prop_assert_eq!(shown, all);
        }
    }

    #[test]
    fn another_key_shows_nothing_of_the_same_values() {
        let sketch = |secret: u8| {
            let key = SketchKey::new([secret; 32]);
            let mut column = ColumnSketcher::new();
            for value in ["red", "green", "blue"] {
                let digest = twox_hash::XxHash3_128::oneshot(value.as_bytes());
                column.value(digest, &Shape::Text(value), key.salt());
            }
            column.seal(&key, "colour".into(), 3, 3)
        };
        let (one, other) = (sketch(1), sketch(2));
        assert_eq!(one, sketch(1));
        assert_ne!(one.whole, other.whole);
        assert!(one.sample.elements.iter().all(|element| !other.sample.elements.contains(element)));
    }
}
