//! Walks over the entries in blocks, in order, a block in memory at a time.

use std::ops::Bound;
use std::sync::Arc;

use super::super::StoreError;
use super::block::Block;
use super::translate;
use super::tree::{BLOCK, Tree, named};

/// Stands at an entry of a range, or at its end.
pub(super) struct Cursor<'a> {
    tree: &'a Tree,
    to: &'a [u8],
    block: Option<Arc<Block>>,
    at: usize,
    /// Key of the block in sled, and the blocks after it once they are asked for.
    key: Vec<u8>,
    rest: Option<sled::Iter>,
}

impl<'a> Cursor<'a> {
    /// Stands at the first entry with `from <= key < to`.
    pub(super) fn new(tree: &'a Tree, from: &'a [u8], to: &'a [u8]) -> Result<Self, StoreError> {
        let floor = tree.floor(from)?;
        let (key, block) = floor.map_or((named(from), None), |(key, block)| (key.to_vec(), Some(block)));
        let at = block.as_ref().map_or(0, |block| block.first_from(from));
        let mut cursor = Self { tree, to, block, at, key, rest: None };
        cursor.enter_next_block()?;
        Ok(cursor)
    }

    /// The entry that it stands at.
    pub(super) fn entry(&self) -> Option<(&[u8], &[u8])> {
        self.block.as_ref()?.entry(self.at).filter(|(key, _)| *key < self.to)
    }

    /// Goes to the next entry.
    pub(super) fn advance(&mut self) -> Result<(), StoreError> {
        self.at += 1;
        self.enter_next_block()
    }

    fn enter_next_block(&mut self) -> Result<(), StoreError> {
        while self.block.as_ref().is_none_or(|block| self.at >= block.len()) {
            let (database, key) = (&self.tree.database, &self.key);
            let rest = self.rest.get_or_insert_with(|| {
                database.range((Bound::Excluded(key.clone()), Bound::Excluded(vec![BLOCK + 1])))
            });
            let Some((key, stored)) = rest.next().transpose().map_err(translate)? else {
                self.block = None;
                return Ok(());
            };
            if &key[1..] >= self.to {
                self.block = None;
                return Ok(());
            }
            self.block = Some(self.tree.read(&key, &stored)?);
            self.at = 0;
        }
        Ok(())
    }
}
