//! The seam below the catalog: ordered keys, atomic batches; bytes in, bytes out.
//!
//! [`sled`] is the embedded default, [`memory`] serves tests and try-outs. Both pass [`contract`].
//! Typed reads and writes live above, once for every store: keys in [`key`], records in [`record`].

pub mod check;
pub mod contract;
pub mod export;
pub mod key;
pub mod memory;
pub mod record;
mod record_access;
mod record_annotation;
mod record_blob;
mod record_erasure;
mod record_ruling;
mod rewrite;
pub mod sled;

pub(crate) use rewrite::remove as wipe_directory;

/// What went wrong below the catalog.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The precondition of a batch did not hold: somebody else wrote first.
    #[error("another writer was first")]
    Conflict,
    /// Another process holds the catalog.
    #[error("the catalog is open in another process")]
    Locked,
    /// Stored bytes are damaged.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// The disk or database failed.
    #[error("the store failed")]
    Io(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Key and value, as stored.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Writes that happen all or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// A key and the value that it must have (`None`: must be absent) for the batch to apply.
    pub expect: Option<(Vec<u8>, Option<Vec<u8>>)>,
    /// Keys with their new values; `None` removes.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// An ordered key-value store with atomic batches.
pub trait Store: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Entries with `from <= key < to`, in order, at most `limit`.
    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError>;
    /// Applies a batch atomically.
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;
    /// Returns once all that was committed would survive a loss of power.
    fn flush(&self) -> Result<(), StoreError>;
    /// Leaves no byte of removed and overwritten values anywhere in the store's files.
    fn rewrite(&self) -> Result<(), StoreError>;
}
