//! What stores can beyond `object_store`: old versions, locks, tags, uploads that were never finished.
//!
//! Old versions, delete markers and unfinished uploads hold a person's bytes after the object itself is gone
//! (GDPR Art. 17 knows no "current version"), so the eraser must see and remove them. S3 implements it (`s3.rs`).

use async_trait::async_trait;
use bytes::Bytes;
use catalog::model::Timestamp;
use futures::stream::BoxStream;
use object_store::{Attributes, TagSet};

use super::Listed;
use crate::error::Result;

/// A version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The store's id of it; `null` on S3 for what was written before the bucket kept versions.
    pub version: String,
    /// Whether a plain read gives this one.
    pub is_latest: bool,
    /// Whether it says that the object is deleted, and has no bytes.
    pub is_delete_marker: bool,
    /// Entity tag.
    pub etag: Option<String>,
    /// Bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// Whether a bucket keeps old versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// It never did.
    Off,
    /// It does.
    On,
    /// It did; the old ones are still there.
    Suspended,
}

/// What forbids the deletion of one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// A legal hold is on.
    pub legal_hold: bool,
    /// Retention ends then.
    pub retain_until: Option<Timestamp>,
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub mode: Option<String>,
}

impl Hold {
    /// Whether deletion is refused at a time.
    pub fn forbids(&self, now: Timestamp) -> bool {
        self.legal_hold || self.retain_until.is_some_and(|until| until > now)
    }
}

/// An upload in parts that was begun and not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Path relative to the source.
    pub path: String,
    /// The store's id of it.
    pub id: String,
    /// When it was begun.
    pub begun: Timestamp,
}

/// What stays beside the bytes of an object that is written anew.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    /// User metadata and headers.
    pub attributes: Attributes,
    /// Tags.
    pub tags: TagSet,
    /// Headers that grant what the object's own access list grants; none for the usual list.
    pub grants: Vec<(&'static str, String)>,
}

/// A store that keeps versions; all paths are relative to the source.
#[async_trait]
pub trait Versions: std::fmt::Debug + Send + Sync {
    /// Current objects. Unlike `object_store`'s listing it does not break off at a key that cannot be spelled.
    fn list(&self) -> BoxStream<'static, Result<Listed>>;
    /// Whether old versions are kept.
    async fn versioning(&self) -> Result<Versioning>;
    /// All versions of one object, newest first, delete markers among them.
    async fn of(&self, path: &str) -> Result<Vec<ObjectVersion>>;
    /// All versions of all objects with their paths, those of deleted objects among them.
    async fn all(&self) -> Result<Vec<(String, ObjectVersion)>>;
    /// Deletes one version for good; one that is gone already is no error.
    async fn delete(&self, path: &str, version: &str) -> Result<()>;
    /// What forbids deletion of a version, or of the current one.
    async fn hold(&self, path: &str, version: Option<&str>) -> Result<Hold>;
    /// Tags of a version, or of the current one.
    ///
    /// # Errors
    /// `Denied` if the store does not let them be read.
    async fn tags(&self, path: &str, version: Option<&str>) -> Result<Vec<(String, String)>>;
    /// Puts other tags in the place of a version's, or of the current one's; its bytes, and all else beside them, stay.
    async fn put_tags(&self, path: &str, version: Option<&str>, tags: &[(String, String)]) -> Result<()>;
    /// Storage class of the current version, if not the standard one.
    async fn storage_class(&self, path: &str) -> Result<Option<String>>;
    /// Unfinished uploads.
    async fn uploads(&self) -> Result<Vec<Upload>>;
    /// Headers that grant what the current version's own access list grants; none if it is the one that every new object has.
    ///
    /// # Errors
    /// `Denied` if the store does not let it be read, `Invalid` if a grant is not understood.
    async fn grants(&self, path: &str) -> Result<Vec<(&'static str, String)>>;
    /// Begins an upload in parts, with what stands beside the object's bytes; gives the store's id of it.
    async fn begin_upload(&self, path: &str, attached: &Attached) -> Result<String>;
    /// Sends a part, from 1; gives its etag.
    async fn put_part(&self, path: &str, id: &str, number: u32, bytes: Bytes) -> Result<String>;
    /// Makes the object of its parts' etags, in order, if it still is the one with `expect_etag`; gives the new etag. A part's repeat
    /// after a lost answer is the same part.
    ///
    /// # Errors
    /// `Conflict` if it is another one now, or if the upload is gone.
    async fn join_upload(&self, path: &str, id: &str, parts: &[String], expect_etag: &str) -> Result<String>;
    /// Whether an unfinished upload holds any bytes; one that is gone holds none.
    async fn has_parts(&self, upload: &Upload) -> Result<bool>;
    /// Drops an unfinished upload; one that is gone already is no error.
    async fn abort(&self, path: &str, id: &str) -> Result<()>;
}
