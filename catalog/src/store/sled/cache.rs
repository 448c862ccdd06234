//! Decoded blocks that were asked for lately: what was not used since half the cache was filled anew goes.

use std::collections::HashMap;
use std::sync::Arc;

use super::block::Block;

/// Two generations of blocks by their first keys.
pub(super) struct Cache {
    capacity: usize,
    young: HashMap<Vec<u8>, (Arc<Block>, usize)>,
    young_bytes: usize,
    old: HashMap<Vec<u8>, (Arc<Block>, usize)>,
}

impl Cache {
    /// Holds so many bytes at most, but for one block.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, young: HashMap::new(), young_bytes: 0, old: HashMap::new() }
    }

    pub(super) fn get(&mut self, key: &[u8]) -> Option<Arc<Block>> {
        if let Some((block, _)) = self.young.get(key) {
            return Some(Arc::clone(block));
        }
        let (key, (block, size)) = self.old.remove_entry(key)?;
        self.put(key, Arc::clone(&block), size);
        Some(block)
    }

    pub(super) fn put(&mut self, key: Vec<u8>, block: Arc<Block>, size: usize) {
        if self.young_bytes + size > self.capacity / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += size;
        self.young.insert(key, (block, size));
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some((_, size)) = self.young.remove(key) {
            self.young_bytes -= size;
        }
        self.old.remove(key);
    }
}
