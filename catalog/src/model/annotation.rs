//! What people say of things in the catalog: tags, owners, descriptions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{BlobId, DatasetId, Timestamp};

/// What people say of one dataset or blob, or of one of its columns. It stands by the thing and not by a version of it, so
/// later crawls leave it as it is; of a dataset that is grouped anew it goes over to the one that took its blobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// What it is of.
    pub about: Annotated,
    /// Path of the column as it is shown; empty for the thing as a whole.
    #[serde(default)]
    pub feature: String,
    /// Words to sort things by, in small letters.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Teams, roles or principals that answer for it.
    #[serde(default)]
    pub owners: BTreeSet<String>,
    /// What it is, for people; empty if nobody said.
    #[serde(default)]
    pub description: String,
    /// Who said it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A thing of which people say something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Annotated {
    /// A dataset.
    Dataset(DatasetId),
    /// A blob, whatever its version.
    Blob(BlobId),
}

impl Annotation {
    /// Whether nothing is said any more.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.owners.is_empty() && self.description.is_empty()
    }
}
