//! How many different values there are: HyperLogLog (Apache DataSketches' HLL, compatible with its other languages).

use datasketches::hll::{HllSketch, HllType, HllUnion};

use crate::error::{Error, Result};

/// Registers of a sketch, as a power of two: 2 KiB and a standard error of 1.3 %.
const LG_REGISTERS: u8 = 12;

/// Estimates the number of distinct values among those it was shown; exact while they are few.
#[derive(Clone, Debug)]
pub struct Distinct(HllSketch);

impl Default for Distinct {
    fn default() -> Self {
        Self::with_precision(LG_REGISTERS)
    }
}

impl Distinct {
    /// A sketch of `2^lg_registers` registers; 4 to 21 are taken, others brought into that range.
    pub fn with_precision(lg_registers: u8) -> Self {
        let lg = lg_registers.clamp(4, 21);
        Self(HllSketch::new(lg, HllType::Hll4).expect("the precision is in range"))
    }

    /// Shows it a value by its digest.
    pub fn add(&mut self, digest: u64) {
        self.0.update(digest);
    }

    /// The estimate, rounded.
    pub fn estimate(&self) -> u64 {
        self.0.estimate().round() as u64
    }

    /// Takes in what another sketch saw; the coarser of the two decides the precision.
    pub fn merge(&mut self, other: &Self) {
        let lg = self.0.lg_config_k().max(other.0.lg_config_k());
        let mut union = HllUnion::new(lg).expect("the precision is in range");
        union.update(&self.0);
        union.update(&other.0);
        self.0 = union.to_sketch(HllType::Hll4);
    }

    /// Its bytes, in the layout of Apache DataSketches.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.serialize()
    }

    /// Reads its bytes back.
    ///
    /// # Errors
    /// `Corrupt` if they are no such sketch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let sketch = HllSketch::deserialize(bytes);
        sketch.map(Self).map_err(|_| Error::corrupt("read sketch", "the bytes are no HyperLogLog sketch"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: std::ops::Range<u64>) -> Distinct {
        let mut sketch = Distinct::default();
        range.for_each(|value| sketch.add(value));
        sketch
    }

    #[test]
    fn estimates_within_five_percent_and_counts_few_exactly() {
        assert_eq!(of(0..100).estimate(), 100);
        let estimate = of(0..200_000).estimate() as f64;
        assert!((estimate / 200_000.0 - 1.0).abs() < 0.05, "{estimate}");
    }

    #[test]
    fn merging_counts_what_both_saw_once() {
        let mut left = of(0..50_000);
        left.merge(&of(25_000..75_000));
        let estimate = left.estimate() as f64;
        assert!((estimate / 75_000.0 - 1.0).abs() < 0.05, "{estimate}");
        let copy = Distinct::from_bytes(&left.to_bytes()).unwrap();
        assert_eq!(copy.estimate(), left.estimate());
        assert!(Distinct::from_bytes(b"not a sketch").is_err());
    }
}
