//! One pass over the rows of a part: its schema, its statistics and the digest of its rows, in bounded memory.
//!
//! Knows nothing of I/O: the crawler declares features and shows cells as its reader meets them. Declared types win;
//! the types of untyped text are inferred by `column.rs`. Values stay in here until [`super::withhold()`] has
//! taken out what may be personal; only what it leaves may be recorded.

mod column;

use crate::model::{FeaturePath, FeatureStatistics, FeatureType, RowsDigest, Schema, Value};
use crate::sketch::rows::{self, RowsHasher, cell_digest};
use crate::sketch::shape::Shape;

use column::Column;

/// Features up to this number get a distinct sketch of full precision, later ones a small one: wide tables are many
/// columns of few bytes each, and their sketches must not weigh more than their cells.
const PRECISE_FEATURES: usize = 1_024;

/// Features profiled at most: JSON objects used as maps make one a key, without end. The rest counts in the digest only.
const FEATURES_MAX: usize = 20_000;

/// What was learnt of the rows of one part.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Number of rows.
    pub rows: u64,
    /// Inferred schema; its id is the digest of its content.
    pub schema: Schema,
    /// One entry a feature that holds values of its own, in the order of declaration.
    pub features: Vec<FeatureStatistics>,
    /// Features beyond the documented bound of 20,000, which are in no schema.
    pub features_left_out: u64,
    /// Digest of the rows whatever their order and format.
    pub rows_digest: RowsDigest,
}

/// Watches rows stream by.
#[derive(Clone, Debug, Default)]
pub struct Profiler {
    columns: Vec<Column>,
    /// Seeds of the features beyond the bound.
    left_out: Vec<u64>,
    rows: u64,
    digest: RowsHasher,
}

impl Profiler {
    /// Starts with no features and no rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a feature and returns its number, dense from 0; the order is the schema's. `declared` if the format types it.
    pub fn feature(&mut self, path: &FeaturePath, declared: Option<FeatureType>) -> usize {
        if self.columns.len() == FEATURES_MAX {
            self.left_out.push(rows::seed(path));
            return FEATURES_MAX + self.left_out.len() - 1;
        }
        let precise = self.columns.len() < PRECISE_FEATURES;
        self.columns.push(Column::new(path.clone(), declared, precise));
        self.columns.len() - 1
    }

    /// The next row begins.
    pub fn row(&mut self) {
        if self.rows > 0 {
            self.digest.end_row();
        }
        self.rows += 1;
    }

    /// A cell of the current row; several of one feature are the items of a list. An undeclared number is ignored.
    pub fn cell(&mut self, feature: usize, value: &Value<'_>) {
        if self.rows == 0 {
            self.row();
        }
        let shape = Shape::of(value);
        let seed = match self.columns.get(feature) {
            Some(column) => column.seed,
            None => match feature.checked_sub(FEATURES_MAX).and_then(|place| self.left_out.get(place)) {
                Some(seed) => *seed,
                None => return,
            },
        };
        let digest = cell_digest(seed, &shape);
        if let Some(digest) = digest {
            self.digest.digested(digest);
        }
        if let Some(column) = self.columns.get_mut(feature) {
            column.cell(self.rows, value, &shape, digest);
        }
    }

    /// Number of rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Sums up.
    pub fn finish(mut self) -> Profile {
        if self.rows > 0 {
            self.digest.end_row();
        }
        let rows = self.rows;
        let features: Vec<_> = self.columns.into_iter().map(|column| column.finish(rows)).collect();
        let schema = super::infer::schema_of(rows, &features);
        let features_left_out = self.left_out.len() as u64;
        Profile { rows, schema, features, features_left_out, rows_digest: self.digest.finish() }
    }
}

#[cfg(test)]
mod tests;
