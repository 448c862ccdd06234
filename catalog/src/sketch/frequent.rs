//! Which values are frequent: Apache DataSketches' frequent items (Misra & Gries, 1982), bounded in memory.

use datasketches::frequencies::{ErrorType, FrequentItemsSketch};

use crate::error::{Error, Result};

/// Size of the sketch's table at most; it counts three quarters as many values exactly.
const TABLE_ENTRIES_MAX: usize = 256;
/// Longer values are not worth a counter.
const VALUE_BYTES_MAX: usize = 64;

/// Counts the most frequent short texts; exact until there are more than 192 different ones.
#[derive(Clone, Debug)]
pub struct Frequent {
    items: FrequentItemsSketch<String>,
    /// Values too long to be counted.
    long: u64,
}

impl Default for Frequent {
    fn default() -> Self {
        let items = FrequentItemsSketch::new(TABLE_ENTRIES_MAX).expect("the size is a power of two");
        Self { items, long: 0 }
    }
}

impl Frequent {
    /// Shows it a value.
    pub fn add(&mut self, value: &str) {
        if value.len() > VALUE_BYTES_MAX {
            self.long += 1;
        } else {
            self.items.update_ref(value);
        }
    }

    /// Whether every value that it saw was counted, none dropped or too long.
    pub fn is_exact(&self) -> bool {
        self.items.maximum_error() == 0 && self.long == 0
    }

    /// At most `limit` values that are frequent beyond doubt, most frequent first, with a lower bound of their counts.
    pub fn top(&self, limit: usize) -> Vec<(String, u64)> {
        let rows = self.items.frequent_items(ErrorType::NoFalsePositives);
        let mut top: Vec<_> = rows.iter().map(|row| (row.item().clone(), row.lower_bound())).collect();
        top.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        top.truncate(limit);
        top
    }

    /// Takes in what another sketch saw.
    pub fn merge(&mut self, other: &Self) {
        self.items.merge(&other.items);
        self.long += other.long;
    }

    /// Its bytes: the count of long values, then the layout of Apache DataSketches.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.long.to_le_bytes()[..], &self.items.serialize()].concat()
    }

    /// Reads its bytes back.
    ///
    /// # Errors
    /// `Corrupt` if they are no such sketch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::corrupt("read sketch", "the bytes are no frequent items sketch");
        let (long, items) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let items = FrequentItemsSketch::deserialize(items).map_err(|_| wrong())?;
        Ok(Self { items, long: u64::from_le_bytes(*long) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_counted_exactly_and_merge() {
        let (mut left, mut right) = (Frequent::default(), Frequent::default());
        for round in 0..300 {
            left.add(["open", "closed", "open"][round % 3]);
            right.add("closed");
        }
        left.merge(&right);
        assert!(left.is_exact());
        assert_eq!(left.top(1), [("closed".to_owned(), 400)]);
        let copy = Frequent::from_bytes(&left.to_bytes()).unwrap();
        assert_eq!(copy.top(9), [("closed".to_owned(), 400), ("open".to_owned(), 200)]);
        assert!(Frequent::from_bytes(b"short").is_err());
    }

    #[test]
    fn many_values_keep_the_heavy_one_within_bounds() {
        let mut sketch = Frequent::default();
        for number in 0..20_000 {
            sketch.add(&number.to_string());
            sketch.add("heavy");
        }
        assert!(!sketch.is_exact());
        let top = sketch.top(1);
        assert!(top[0].0 == "heavy" && top[0].1 > 15_000 && top[0].1 <= 20_000, "{}", top[0].1);
        let mut long = Frequent::default();
        long.add(&"x".repeat(65));
        assert!(!long.is_exact());
    }
}
