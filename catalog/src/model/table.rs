//! What one blob of a table's log says of the table: which blobs it holds, which it does not hold any longer.

use serde::{Deserialize, Serialize};

use super::{BlobId, PartitionKey};

/// What was read of a blob that keeps a table's or a directory's books.
///
/// Blobs stand by their ids: a path may be personal, and one that is recorded once is enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableLog {
    /// Its part in the books.
    pub role: LogRole,
    /// Blobs that it takes into the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<BlobId>,
    /// Blobs that it takes out; of Hudi, groups of files by the id of folder and group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<BlobId>,
    /// Blobs of the books that it leads to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<BlobId>,
    /// The table's partition keys, if it tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<PartitionKey>>,
}

/// Parts in the books of tables and directories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogRole {
    /// Delta Lake: one version's changes.
    DeltaCommit {
        /// The version that it makes.
        version: u64,
    },
    /// Delta Lake: all that holds at a version, or one part of it.
    DeltaCheckpoint {
        /// The version that it sums up.
        version: u64,
        /// Which part, from 1.
        part: u32,
        /// Of how many.
        parts: u32,
    },
    /// Delta Lake: files that a checkpoint refers to.
    DeltaSidecar,
    /// Iceberg: a version of the table; leads to the manifest list of its snapshot, or straight to manifests.
    IcebergMetadata {
        /// As its name counts.
        version: u64,
    },
    /// Iceberg: which version is current, in catalogs that are folders.
    IcebergHint {
        /// The current version.
        version: u64,
    },
    /// Iceberg: the manifests of a snapshot.
    IcebergManifestList,
    /// Iceberg: data files.
    IcebergManifest,
    /// Hudi: how the table is laid out.
    HudiProperties,
    /// Hudi: a completed action that took groups of files out.
    HudiReplacement,
    /// The files of one export, as the program that wrote them lists them.
    Manifest,
    /// A transaction on a folder, with what it wrote and what it replaced.
    Transaction,
    /// A directory kept by content: its files, each named by its hash.
    Directory,
    /// Stands for content that is kept elsewhere.
    Pointer {
        /// How the paths of that content end: `cd/2f7c…`.
        addresses: Vec<String>,
        /// How many bytes it has, if that is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
}

impl TableLog {
    /// The books' part that names nothing yet.
    pub fn of(role: LogRole) -> Self {
        Self { role, added: Vec::new(), removed: Vec::new(), logs: Vec::new(), keys: None }
    }
}
