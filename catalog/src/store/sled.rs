//! The embedded store: sled 0.34, one tree. One process owns its directory (sled takes an exclusive lock).
//!
//! sled is log-structured: a removed or overwritten value stays readable in its files for a while. Whoever erases
//! must therefore rewrite the catalog into a fresh directory.

use std::path::Path;

use super::{Batch, Entry, Store, StoreError};

/// A sled tree.
pub struct SledStore {
    database: sled::Db,
}

impl SledStore {
    /// Opens a directory, or makes it.
    ///
    /// # Errors
    /// `Locked` if another process has it open.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new().path(directory).mode(sled::Mode::HighThroughput);
        Ok(Self { database: config.open().map_err(translate)? })
    }

    /// A store in a temporary directory that goes with it.
    ///
    /// # Errors
    /// `Io` if there is no room for it.
    pub fn temporary() -> Result<Self, StoreError> {
        Ok(Self { database: sled::Config::new().temporary(true).open().map_err(translate)? })
    }
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
        Ok(self.database.get(key).map_err(translate)?.map(|value| value.to_vec()))
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let entry = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            entry.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(translate)
        };
        self.database.range(from..to).take(limit).map(entry).collect()
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
        self.database.apply_batch(writes).map_err(translate)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.database.flush().map(drop).map_err(translate)
    }
}
