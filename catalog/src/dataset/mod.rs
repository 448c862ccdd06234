//! Datasets: which blobs have one meaning, told from paths, formats and schemas alone; pure.
//!
//! | file | owns |
//! |---|---|
//! | [`exclude`] | what belongs to no dataset: markers, hidden, temporary, broken |

use crate::model::{Anomaly, BlobId, Dataset, DatasetId, Dialect, Schema, SourceId, Timestamp};

mod exclude;

/// What grouping knows of one blob.
#[derive(Clone, Copy, Debug)]
pub struct BlobFacts<'a> {
    /// The blob.
    pub blob: BlobId,
    /// Its path relative to the source's URL.
    pub path: &'a str,
    /// Stored bytes.
    pub size: u64,
    /// When the store says it was written.
    pub modified: Timestamp,
    /// Id of its format with the layers peeled.
    pub format: &'a str,
    /// Encoding layers around it, outermost first.
    pub layers: &'a [String],
    /// How its text is written.
    pub dialect: &'a Dialect,
    /// Inferred schema of its root part, if it has rows.
    pub schema: Option<&'a Schema>,
    /// What is wrong with it.
    pub anomalies: &'a [Anomaly],
}

/// Groups the blobs of a source into datasets, whatever their order; `schema`, `rows` and `context` are left to `link`.
pub fn group(source: &SourceId, blobs: &[BlobFacts<'_>]) -> Vec<Dataset> {
    let mut data: Vec<&BlobFacts<'_>> = blobs.iter().filter(|facts| !exclude::is_excluded(facts)).collect();
    data.sort_by_key(|facts| facts.path);
    data.into_iter().map(|facts| single(source, facts)).collect()
}

fn single(source: &SourceId, facts: &BlobFacts<'_>) -> Dataset {
    let hash = blake3::hash(format!("{}\0{}\0{}", source.0, facts.path, facts.format).as_bytes());
    Dataset {
        id: DatasetId(hex::encode(&hash.as_bytes()[..8])),
        source: source.clone(),
        name: hex::encode(&hash.as_bytes()[..8]),
        root: facts.path.into(),
        format: facts.format.into(),
        compression: None,
        dialect: facts.dialect.clone(),
        partition_keys: Vec::new(),
        blobs: vec![facts.blob],
        schema: None,
        rows: None,
        bytes: facts.size,
        context: None,
    }
}
