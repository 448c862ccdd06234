//! One pass over the rows of a part: its schema, its statistics and the digest of its rows, in bounded memory.
//!
//! Knows nothing of I/O: the crawler declares features and shows cells as its reader meets them. Declared types win;
//! the types of untyped text are inferred by `column.rs`. Values stay in here until [`super::withhold()`] has
//! taken out what may be personal; only what it leaves may be recorded.

mod column;

use crate::model::{
    ColumnSketch, FeaturePath, FeatureStatistics, FeatureType, RowsDigest, Sample, Schema, Value,
};
use crate::sketch::content::{RowSketcher, SketchKey};
use crate::sketch::rows::{self, RowsHasher, placed, value_digest};
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
    /// Samples of the rows and of the first columns, by which they are recognised elsewhere.
    pub sketch: RowsSketch,
}

/// Columns sketched at most; each costs some hundred bytes.
const SKETCHED_FEATURES: usize = 64;

/// What a [`crate::model::ContentSketch`] holds beside its blob.
#[derive(Clone, Debug)]
pub struct RowsSketch {
    /// Digest of the number of rows.
    pub count: u64,
    /// Sample of the rows.
    pub sample: Sample,
    /// Sketches of the columns.
    pub columns: Vec<ColumnSketch>,
}

/// Watches rows stream by.
#[derive(Clone, Debug)]
pub struct Profiler {
    key: SketchKey,
    salt: u64,
    sampled: RowSketcher,
    columns: Vec<Column>,
    /// Seeds of the features beyond the bound.
    left_out: Vec<u64>,
    rows: u64,
    digest: RowsHasher,
}

impl Default for Profiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Profiler {
    /// Starts with no features and no rows.
    pub fn new() -> Self {
        Self::keyed(SketchKey::default())
    }

    /// Starts with the catalog's secret, under which sketches of different blobs can be compared.
    pub fn keyed(key: SketchKey) -> Self {
        Self {
            salt: key.salt(),
            key,
            sampled: RowSketcher::new(),
            columns: Vec::new(),
            left_out: Vec::new(),
            rows: 0,
            digest: RowsHasher::new(),
        }
    }

    /// Declares a feature and returns its number, dense from 0; the order is the schema's. `declared` if the format types it.
    pub fn feature(&mut self, path: &FeaturePath, declared: Option<FeatureType>) -> usize {
        if self.columns.len() == FEATURES_MAX {
            self.left_out.push(rows::seed(path));
            return FEATURES_MAX + self.left_out.len() - 1;
        }
        let precise = self.columns.len() < PRECISE_FEATURES;
        let sketched = self.columns.len() < SKETCHED_FEATURES;
        self.columns.push(Column::new(path.clone(), declared, precise, sketched));
        self.columns.len() - 1
    }

    /// The next row begins.
    pub fn row(&mut self) {
        self.end_row();
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
        let digest = value_digest(&shape);
        if let Some(digest) = digest {
            self.digest.digested(placed(seed, digest));
        }
        if let Some(column) = self.columns.get_mut(feature) {
            column.cell(self.rows, value, &shape, digest, self.salt);
        }
    }

    fn end_row(&mut self) {
        if self.rows > 0 {
            let row = self.digest.end_digested_row();
            self.sampled.row(row, self.salt);
        }
    }

    /// Number of rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Sums up.
    pub fn finish(mut self) -> Profile {
        self.end_row();
        let rows = self.rows;
        let key = self.key;
        let (features, columns): (Vec<_>, Vec<_>) =
            self.columns.into_iter().map(|column| column.finish(rows, &key)).unzip();
        let sketch = RowsSketch {
            count: key.total(i128::from(rows)),
            sample: self.sampled.seal(&key),
            columns: columns.into_iter().flatten().collect(),
        };
        let schema = super::infer::schema_of(rows, &features);
        let features_left_out = self.left_out.len() as u64;
        Profile { rows, schema, features, features_left_out, rows_digest: self.digest.finish(), sketch }
    }
}

#[cfg(test)]
mod tests;
