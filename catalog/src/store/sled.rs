//! The embedded store: sled 0.34, one tree. One process owns its directory (sled takes an exclusive lock).
//!
//! Entries lie in blocks (`sled/block.rs`) behind a log of what was committed last (`sled/tree.rs`).
//! sled is log-structured: a removed or overwritten value stays readable in its files for a while. Whoever erases
//! must therefore rewrite the catalog into a fresh directory: `rewrite.rs` does that below this store.

mod block;
mod cache;
mod cursor;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Instant;

use super::{Batch, Entry, Store, StoreError, rewrite};
use tree::{Sizes, Tree};

/// A sled tree.
pub struct SledStore {
    /// Gone only while it is rewritten, and for good if it could not be opened again afterwards.
    tree: RwLock<Option<Tree>>,
    /// Held by the one who works changes into blocks.
    settling: Mutex<()>,
    sizes: Sizes,
    /// None if it is temporary.
    directory: Option<PathBuf>,
}

impl SledStore {
    /// Opens a directory, or makes it; finishes a rewrite that was broken off.
    ///
    /// # Errors
    /// `Locked` if another process has it open.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_with(directory, Sizes::default())
    }

    fn open_with(directory: &Path, sizes: Sizes) -> Result<Self, StoreError> {
        // Opened, so locked, before anything beside it is touched: another process may be rewriting right now.
        let database = if rewrite::holds_store(directory) { Some(open(directory)?) } else { None };
        rewrite::recover(directory)?;
        let database = database.map_or_else(|| open(directory), Ok)?;
        Self::over(database, sizes, Some(directory.to_owned()))
    }

    /// A store in a temporary directory that goes with it.
    ///
    /// # Errors
    /// `Io` if there is no room for it.
    pub fn temporary() -> Result<Self, StoreError> {
        let database = sled::Config::new().temporary(true).open().map_err(translate)?;
        Self::over(database, Sizes::default(), None)
    }

    fn over(database: sled::Db, sizes: Sizes, directory: Option<PathBuf>) -> Result<Self, StoreError> {
        let tree = RwLock::new(Some(Tree::open(database, sizes)?));
        Ok(Self { tree, settling: Mutex::new(()), sizes, directory })
    }

    fn with<T>(&self, read: impl FnOnce(&Tree) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        read(tree.as_ref().ok_or_else(lost)?)
    }

    fn with_mut<T>(&self, write: impl FnOnce(&mut Tree) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        write(tree.as_mut().ok_or_else(lost)?)
    }

    /// Works all changes of now into blocks. Between two steps others may read and write.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        let _settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let log_end = self.with(|tree| Ok(tree.log_end()))?;
        let mut from = Some(Vec::new());
        while let Some(key) = from {
            from = self.with_mut(|tree| tree.settle_from(&key))?;
        }
        self.with_mut(|tree| tree.forget_log(log_end))
    }
}

/// Pages that sled keeps; its own default is a gigabyte.
const CACHE_BYTES: u64 = 32 << 20;
/// sled moves a page that is larger than a quarter of this into a file of its own.
const SEGMENT_BYTES: usize = 2 << 20;

pub(super) fn open(directory: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new().path(directory).mode(sled::Mode::HighThroughput);
    config.cache_capacity(CACHE_BYTES).segment_size(SEGMENT_BYTES).open().map_err(translate)
}

/// Opens a directory that this process itself has just closed.
fn reopen(directory: &Path) -> Result<sled::Db, StoreError> {
    let started = Instant::now();
    loop {
        match open(directory) {
            Err(StoreError::Locked) if started.elapsed() < rewrite::LOCK_WAIT => rewrite::pause(),
            opened => return opened,
        }
    }
}

fn lost() -> StoreError {
    StoreError::Io("the catalog could not be opened after its rewrite; start again".into())
}

fn translate(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Corruption { .. } => StoreError::Corrupt(error.to_string()),
        sled::Error::Io(ref io) if io.to_string().contains("lock") => StoreError::Locked,
        other => StoreError::Io(other.into()),
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        *self.tree.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        // sled's threads hold the lock a moment longer; who opens the directory next should not have to know. If it
        // takes too long, they are told that it is locked.
        let _ = self.directory.as_deref().map(rewrite::wait_until_closed);
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|tree| tree.get(key))
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        self.with(|tree| tree.scan(from, to, limit))
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        // Only this process writes, and it holds the lock from the expectation to the batch.
        let is_full = self.with_mut(|tree| tree.commit(batch).map(|()| tree.is_full()))?;
        if is_full { self.settle() } else { Ok(()) }
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.with(|tree| tree.database.flush().map(drop).map_err(translate))
    }

    fn rewrite(&self) -> Result<(), StoreError> {
        // A temporary store's files go with it; nobody else can read them.
        let Some(directory) = &self.directory else { return Ok(()) };
        let _settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        let open_tree = tree.as_mut().ok_or_else(lost)?;
        // The log holds what was removed since.
        let (log_end, mut from) = (open_tree.log_end(), Some(Vec::new()));
        while let Some(key) = from {
            from = open_tree.settle_from(&key)?;
        }
        open_tree.forget_log(log_end)?;
        rewrite::copy(&open_tree.database, directory, open)?;
        *tree = None;
        let swapped = rewrite::swap(directory, &mut |_| Ok(()));
        let recovered = rewrite::recover(directory);
        *tree = Some(Tree::open(reopen(directory)?, self.sizes)?);
        swapped.and(recovered)
    }
}

#[cfg(test)]
mod tests;
