//! Observed statistics of a part of a blob; counts and shapes only where a feature is or may be personal.

use serde::{Deserialize, Serialize};

use super::{BlobId, FeaturePath, FeatureType};

/// Statistics of the rows of one part of one blob version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// The blob.
    pub blob: BlobId,
    /// The part's place in its container; empty for the blob itself.
    pub member: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// One entry a feature, nested ones too.
    pub features: Vec<FeatureStatistics>,
}

/// What was observed of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureStatistics {
    /// Where it stands in a row.
    pub path: FeaturePath,
    /// The type that its values agree on.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// Values that are there and not null (an empty cell of an untyped format counts as null).
    pub values: u64,
    /// Present but null.
    pub nulls: u64,
    /// Rows that hold at least one value of it.
    pub rows_present: u64,
    /// Smallest and largest number of values a row.
    pub valency: (u64, u64),
    /// Values that do not fit `kind` (a word in a column of numbers).
    pub mistyped: u64,
    /// Estimated number of distinct values (HyperLogLog).
    pub distinct: u64,
    /// Mean length of the text, in characters.
    pub mean_length: f64,
    /// Whether values below were left out since the feature is or may be personal.
    pub withheld: bool,
    /// Smallest value: of a date in days, of a time in microseconds since the epoch.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest value, likewise.
    #[serde(default)]
    pub max: Option<f64>,
    /// Mean of the numbers.
    #[serde(default)]
    pub mean: Option<f64>,
    /// Standard deviation of the numbers.
    #[serde(default)]
    pub deviation: Option<f64>,
    /// Estimated quantiles 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 of the numbers; empty otherwise.
    #[serde(default)]
    pub quantiles: Vec<f64>,
    /// Most frequent values with their counts, where every one stands for many rows and none is personal.
    #[serde(default)]
    pub top: Vec<(String, u64)>,
}
