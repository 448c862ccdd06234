//! Order-independent digests of multisets of rows: equal whatever the order of rows and columns and whatever the
//! format, and able to subtract, so that `digest(before) - digest(removed) = digest(after)`.
//!
//! A value is hashed and multiplied by a number that stands for its feature, the cells of a row are summed, the sum is mixed, the rows are
//! summed modulo 2^128. Nulls and empty cells are left out, so an absent column equals an empty one.
//!
//! What counts as equal (see [`Shape`]): numbers of one value (`1.50`, `1.5`, 1.5, `15e-1`); `true`, `True`, `TRUE`
//! and 1, since SQLite has no booleans, and likewise false and 0; points in time of one UTC microsecond, and a date
//! and its midnight, since data frames write one for the other; `user.email` nested and as a flat name; text byte by byte.
//! Text that looks like a number, a date or a boolean counts as one, since CSV cannot say which it was: `007` stays text.
//!
//! Limits: integers beyond 64 bits equal only their own digits; decimals of more than 15 digits are compared as
//! doubles; a time recorded as a number of seconds is a number; items of a list have no order. The hash is
//! XXH3-128: proof against accidents, not against somebody who chooses rows to collide.

use std::ops::{Add, AddAssign, Sub};

use twox_hash::XxHash3_128;

use crate::model::{FeaturePath, RowsDigest, Value};

use super::shape::{Number, Shape};

/// Seeds that keep kinds of values apart.
const NUMBER: u64 = 0x6e75_6d62_6572_0001;
const TIME: u64 = 0x7469_6d65_0000_0002;
const BINARY: u64 = 0x6269_6e61_7279_0003;
/// Spreads a seed over twice its bits: the golden ratio of 2^128.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
const ROW: u64 = 0x726f_7773_0000_0004;
const MICROS_A_DAY: i64 = 86_400_000_000;

/// Digests rows cell by cell.
#[derive(Clone, Debug, Default)]
pub struct RowsHasher {
    row: u128,
    rows: u128,
}

impl RowsHasher {
    /// Starts with no rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a cell of the current row. Whoever has many rows computes [`seed`] once a feature and calls `digested`.
    pub fn cell(&mut self, path: &FeaturePath, value: &Value<'_>) {
        if let Some(digest) = cell_digest(seed(path), &Shape::of(value)) {
            self.digested(digest);
        }
    }

    /// Takes a cell of the current row by its digest.
    pub fn digested(&mut self, cell: u128) {
        self.row = self.row.wrapping_add(cell);
    }

    /// Ends the current row; a row without any cell counts too.
    pub fn end_row(&mut self) {
        self.end_digested_row();
    }

    /// Ends the current row and gives its digest.
    pub(crate) fn end_digested_row(&mut self) -> u128 {
        let mixed = XxHash3_128::oneshot_with_seed(ROW, &self.row.to_le_bytes());
        self.rows = self.rows.wrapping_add(mixed);
        self.row = 0;
        mixed
    }

    /// The digest of all rows that were ended.
    pub fn finish(&self) -> RowsDigest {
        RowsDigest(self.rows.to_be_bytes())
    }
}

/// What stands for a feature in the digests of its cells.
pub fn seed(path: &FeaturePath) -> u64 {
    XxHash3_128::oneshot(path.to_string().as_bytes()) as u64
}

/// Digest of one cell under its feature's seed; none if it is empty.
pub fn cell_digest(seed: u64, shape: &Shape<'_>) -> Option<u128> {
    value_digest(shape).map(|value| placed(seed, value))
}

/// The digest of a cell of a feature whose value has this digest. The product of an odd number loses nothing, and a sum
/// of two such cells is that of two others as rarely as any two digests are equal.
pub(crate) fn placed(seed: u64, value: u128) -> u128 {
    let seed = u128::from(seed);
    value.wrapping_mul((seed << 64 ^ seed.wrapping_mul(SPREAD)) | 1)
}

/// Digest of a value wherever it stands; none if it is empty.
pub(crate) fn value_digest(shape: &Shape<'_>) -> Option<u128> {
    let time = |micros: i64| XxHash3_128::oneshot_with_seed(TIME, &micros.to_le_bytes());
    Some(match shape {
        Shape::Null | Shape::Na => return None,
        Shape::Bool(value) => number_digest(u64::from(*value), 0, false),
        Shape::Number(Number { negative, mantissa, exponent, .. }) => {
            number_digest(*mantissa, *exponent, *negative)
        }
        Shape::Infinite(positive) => number_digest(1, i16::MAX, !positive),
        Shape::Date(days) => time(i64::from(*days).saturating_mul(MICROS_A_DAY)),
        Shape::Timestamp(micros) => time(*micros),
        Shape::Padded(text) | Shape::Text(text) => XxHash3_128::oneshot(text.as_bytes()),
        Shape::Binary(bytes) => XxHash3_128::oneshot_with_seed(BINARY, bytes),
    })
}

fn number_digest(mantissa: u64, exponent: i16, negative: bool) -> u128 {
    let mut bytes = [0; 11];
    bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&exponent.to_le_bytes());
    bytes[10] = u8::from(negative);
    XxHash3_128::oneshot_with_seed(NUMBER, &bytes)
}

impl RowsDigest {
    /// The digest of no rows.
    pub const EMPTY: Self = Self([0; 16]);

    fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl Add for RowsDigest {
    type Output = Self;

    /// The digest of both multisets of rows together.
    fn add(self, other: Self) -> Self {
        Self(self.number().wrapping_add(other.number()).to_be_bytes())
    }
}

impl AddAssign for RowsDigest {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for RowsDigest {
    type Output = Self;

    /// The digest of what remains when the other rows are taken out.
    fn sub(self, other: Self) -> Self {
        Self(self.number().wrapping_sub(other.number()).to_be_bytes())
    }
}

#[cfg(test)]
mod tests;
