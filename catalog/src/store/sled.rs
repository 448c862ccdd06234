//! The embedded store: sled 0.34, one tree. One process owns its directory (sled takes an exclusive lock).
//!
//! sled is log-structured: a removed or overwritten value stays readable in its files for a while. Whoever erases
//! must therefore rewrite the catalog into a fresh directory: `rewrite.rs` does that below this store.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use super::{Batch, Entry, Store, StoreError, rewrite};

/// A sled tree.
pub struct SledStore {
    /// Gone only while it is rewritten, and for good if it could not be opened again afterwards.
    database: RwLock<Option<sled::Db>>,
    /// None if it is temporary.
    directory: Option<PathBuf>,
}

impl SledStore {
    /// Opens a directory, or makes it; finishes a rewrite that was broken off.
    ///
    /// # Errors
    /// `Locked` if another process has it open.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        // Opened, so locked, before anything beside it is touched: another process may be rewriting right now.
        let database = if rewrite::holds_store(directory) { Some(open(directory)?) } else { None };
        rewrite::recover(directory)?;
        let database = database.map_or_else(|| open(directory), Ok)?;
        Ok(Self { database: RwLock::new(Some(database)), directory: Some(directory.to_owned()) })
    }

    /// A store in a temporary directory that goes with it.
    ///
    /// # Errors
    /// `Io` if there is no room for it.
    pub fn temporary() -> Result<Self, StoreError> {
        let database = sled::Config::new().temporary(true).open().map_err(translate)?;
        Ok(Self { database: RwLock::new(Some(database)), directory: None })
    }

    fn with<T>(&self, read: impl FnOnce(&sled::Db) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        read(database.as_ref().ok_or_else(lost)?)
    }
}

/// Pages that sled keeps decoded; its own default is a gigabyte.
const CACHE_BYTES: u64 = 64 << 20;

fn open(directory: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new().path(directory).mode(sled::Mode::HighThroughput);
    config.cache_capacity(CACHE_BYTES).open().map_err(translate)
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

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|database| Ok(database.get(key).map_err(translate)?.map(|value| value.to_vec())))
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let entry = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            entry.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(translate)
        };
        self.with(|database| database.range(from..to).take(limit).map(entry).collect())
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        // Only this process writes and Catalog holds its writer's lock, so reading before the batch is no race.
        if let Some((key, value)) = &batch.expect
            && self.get(key)? != *value
        {
            return Err(StoreError::Conflict);
        }
        let mut writes = sled::Batch::default();
        for (key, value) in &batch.writes {
            match value {
                Some(value) => writes.insert(key.as_slice(), value.as_slice()),
                None => writes.remove(key.as_slice()),
            }
        }
        self.with(|database| database.apply_batch(writes).map_err(translate))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.with(|database| database.flush().map(drop).map_err(translate))
    }

    fn rewrite(&self) -> Result<(), StoreError> {
        // A temporary store's files go with it; nobody else can read them.
        let Some(directory) = &self.directory else { return Ok(()) };
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        rewrite::copy(database.as_ref().ok_or_else(lost)?, directory, open)?;
        *database = None;
        let swapped = rewrite::swap(directory, &mut |_| Ok(()));
        let recovered = rewrite::recover(directory);
        *database = Some(reopen(directory)?);
        swapped.and(recovered)
    }
}
