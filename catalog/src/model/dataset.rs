//! Datasets: blobs with one meaning.

use serde::{Deserialize, Serialize};

use super::{Anomaly, BlobId, ContextId, DatasetId, Dialect, FeatureType, SchemaId, SourceId};

/// Blobs with one meaning, as grouped after a crawl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Derived from source, root, format and name pattern.
    pub id: DatasetId,
    /// Where it lies.
    pub source: SourceId,
    /// A name unique in the catalog and fit for SQL.
    pub name: String,
    /// Deepest folder that holds all of it, or the path of its only file.
    pub root: String,
    /// Format of its blobs.
    pub format: String,
    /// Compression around its blobs: `gz`, `zst`, or none.
    pub compression: Option<String>,
    /// How its text is written.
    pub dialect: Dialect,
    /// Partition keys, outermost first.
    pub partition_keys: Vec<PartitionKey>,
    /// Its blobs, in path order.
    pub blobs: Vec<BlobId>,
    /// Merged over its blobs.
    pub schema: Option<SchemaId>,
    /// Rows over all of its blobs, if known of each.
    pub rows: Option<u64>,
    /// Stored bytes.
    pub bytes: u64,
    /// Its context in the graph.
    pub context: Option<ContextId>,
    /// What is wrong with it as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
    /// Whether a person said what belongs to it and what it is called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub corrected: bool,
}

/// A key that folders spell out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionKey {
    /// Its name: of `k=v` folders `k`, of date folders `year`, `month`, `day`, `date`, `hour`.
    pub name: String,
    /// Type that all of its values have.
    #[serde(rename = "type")]
    pub kind: FeatureType,
}
