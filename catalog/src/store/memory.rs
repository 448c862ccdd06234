//! A store in memory, for tests and try-outs; it can be told to fail before its n-th commit, and to lose what was not
//! flushed, as a kill would.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use super::{Batch, Entry, Store, StoreError};

/// A key, and the value that it had.
type Before = (Vec<u8>, Option<Vec<u8>>);

/// An ordered map behind a lock.
#[derive(Default)]
pub struct MemoryStore {
    entries: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
    /// What the entries were that changed since the last flush, oldest first.
    unflushed: Mutex<Vec<Before>>,
    commits: AtomicU64,
    fail_from: AtomicU64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `commits` more commits through, then refuses all, as if the process had been killed; 0 lifts it.
    pub fn fail_after(&self, commits: u64) {
        let from = if commits == 0 { 0 } else { self.commits.load(Ordering::SeqCst) + commits };
        self.fail_from.store(from, Ordering::SeqCst);
    }

    /// Takes back every commit since the last flush: what an embedded store may lose when its process is killed.
    pub fn lose_unflushed(&self) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let mut unflushed = self.unflushed.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((key, before)) = unflushed.pop() {
            match before {
                Some(value) => entries.insert(key, value),
                None => entries.remove(&key),
            };
        }
    }

    /// How many batches were applied.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let range = entries.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        Ok(range.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let fail_from = self.fail_from.load(Ordering::SeqCst);
        if fail_from > 0 && self.commits.load(Ordering::SeqCst) >= fail_from {
            return Err(StoreError::Io("killed by the test".into()));
        }
        if let Some((key, value)) = &batch.expect
            && entries.get(key) != value.as_ref()
        {
            return Err(StoreError::Conflict);
        }
        let mut unflushed = self.unflushed.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in &batch.writes {
            let before = match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
            unflushed.push((key.clone(), before));
        }
        self.commits.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.unflushed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn rewrite(&self) -> Result<(), StoreError> {
        // A map keeps nothing of what was removed.
        Ok(())
    }
}
