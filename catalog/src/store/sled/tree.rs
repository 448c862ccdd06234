//! The store's entries in sled: changes gather in memory and in a log, and are worked into blocks once they are many.
//!
//! | sled's key | value |
//! |---|---|
//! | `V` | version of this layout |
//! | `B`, first key | a block of neighbouring entries, or where its pieces are |
//! | `O`, number, piece | a piece of a block that is too large for sled's pages |
//! | `L`, number, piece | a batch that was committed and is not in the blocks yet |
//!
//! Changes that are far apart (an index of digests) cost one rewriting of a block for many of them. A kill while they are
//! worked in does no harm: the log says what a key's value is, not how it changes, and goes last, oldest batch first.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::{Batch, Entry, StoreError};
use super::block::{self, Block, Builder, damaged};
use super::cache::Cache;
use super::cursor::Cursor;
use super::translate;

const VERSION_KEY: &[u8] = b"V";
const VERSION: u8 = 2;
pub(super) const BLOCK: u8 = b'B';
const OVERFLOW: u8 = b'O';
const LOG: u8 = b'L';

/// A block is within its value.
const INLINE: u8 = 0;
/// A block is in pieces of its own.
const IN_PIECES: u8 = 1;
/// Bytes of a log's or a block's piece. sled moves what is larger than a quarter of a segment into a file of its own.
const PIECE_BYTES: usize = 16 << 10;
/// What a change in memory takes beside its bytes.
const CHANGE_OVERHEAD: usize = 96;
/// Changes worked into blocks at a time, while nobody reads.
const CHANGES_A_STEP: usize = 2_048;
/// Blocks written to sled at a time. It frees what it replaced when it is next asked for something, a little each time.
const BLOCKS_A_BATCH: usize = 32;

/// Sizes that decide how often what is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Bytes of a block that was just made.
    pub(super) block: usize,
    /// Bytes of a block that is split.
    pub(super) block_max: usize,
    /// Bytes of changes in memory before they are worked into blocks.
    pub(super) pending_max: usize,
    /// Bytes of blocks kept decoded.
    pub(super) cache: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { block: 8 << 10, block_max: 12 << 10, pending_max: 16 << 20, cache: 16 << 20 }
    }
}

/// An opened sled database with what is not in its blocks yet.
pub(super) struct Tree {
    pub(super) database: sled::Db,
    sizes: Sizes,
    pending: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pending_bytes: usize,
    log_next: u64,
    overflow_next: u64,
    cache: Mutex<Cache>,
}

/// A block that is about to be replaced.
struct Target {
    key: Option<Vec<u8>>,
    block: Arc<Block>,
    pieces: Vec<sled::IVec>,
    /// Where the next block begins.
    end: Option<Vec<u8>>,
}

impl Tree {
    /// Reads the log of a database; makes an empty one ready.
    pub(super) fn open(database: sled::Db, sizes: Sizes) -> Result<Self, StoreError> {
        match database.get(VERSION_KEY).map_err(translate)? {
            Some(version) if version.as_ref() == [VERSION] => {}
            Some(_) => {
                return Err(StoreError::Corrupt("its files are of another release; import an export".into()));
            }
            None if database.is_empty() => {
                database.insert(VERSION_KEY, &[VERSION]).map_err(translate)?;
            }
            None => {
                return Err(StoreError::Corrupt("its files are of an earlier release; crawl anew".into()));
            }
        }
        let mut tree = Self {
            database,
            sizes,
            pending: BTreeMap::new(),
            pending_bytes: 0,
            log_next: 0,
            overflow_next: 0,
            cache: Mutex::new(Cache::new(sizes.cache)),
        };
        tree.replay()?;
        let last = tree.database.scan_prefix([OVERFLOW]).next_back().transpose().map_err(translate)?;
        tree.overflow_next = last.map_or(Ok(0), |(key, _)| Ok(number_of(&key)?.0 + 1))?;
        Ok(tree)
    }

    fn replay(&mut self) -> Result<(), StoreError> {
        let mut batch: (u64, Vec<u8>) = (0, Vec::new());
        for entry in self.database.scan_prefix([LOG]) {
            let (key, piece) = entry.map_err(translate)?;
            let (number, _) = number_of(&key)?;
            if number != batch.0 {
                self.take_logged(&batch.1)?;
                batch = (number, Vec::new());
            }
            batch.1.extend_from_slice(&piece);
            self.log_next = number + 1;
        }
        self.take_logged(&batch.1)
    }

    fn take_logged(&mut self, mut logged: &[u8]) -> Result<(), StoreError> {
        while !logged.is_empty() {
            let (key, value) = block::take_change(&mut logged)?;
            self.remember(key, value);
        }
        Ok(())
    }

    fn remember(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.pending_bytes += cost(&key, value.as_deref());
        let length = key.len();
        if let Some(old) = self.pending.insert(key, value) {
            self.pending_bytes -= length + old.map_or(0, |old| old.len()) + CHANGE_OVERHEAD;
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(pending) = self.pending.get(key) {
            return Ok(pending.clone());
        }
        let found = self.floor(key)?;
        Ok(found.and_then(|(_, block)| block.get(key).map(<[u8]>::to_vec)))
    }

    pub(super) fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let mut pending =
            self.pending.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to))).peekable();
        let mut stored = Cursor::new(self, from, to)?;
        while entries.len() < limit {
            let next_stored = stored.entry();
            match (pending.peek(), next_stored) {
                (None, None) => break,
                (Some((key, value)), stored_entry)
                    if stored_entry.is_none_or(|(stored, _)| key.as_slice() <= stored) =>
                {
                    let same = stored_entry.is_some_and(|(stored, _)| key.as_slice() == stored);
                    entries.extend(value.as_ref().map(|value| ((*key).clone(), value.clone())));
                    pending.next();
                    if same {
                        stored.advance()?;
                    }
                }
                (_, Some((key, value))) => {
                    entries.push((key.to_vec(), value.to_vec()));
                    stored.advance()?;
                }
                (Some(_), None) => break,
            }
        }
        Ok(entries)
    }

    /// Logs a batch and remembers its changes.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if let Some((key, value)) = &batch.expect
            && self.get(key)? != *value
        {
            return Err(StoreError::Conflict);
        }
        let mut logged = Vec::new();
        for (key, value) in &batch.writes {
            block::put_change(&mut logged, key, value.as_deref());
        }
        let mut writes = sled::Batch::default();
        for (piece, bytes) in logged.chunks(PIECE_BYTES).enumerate() {
            writes.insert(numbered(LOG, self.log_next, piece), bytes);
        }
        self.database.apply_batch(writes).map_err(translate)?;
        self.log_next += 1;
        for (key, value) in &batch.writes {
            self.remember(key.clone(), value.clone());
        }
        Ok(())
    }

    /// Whether changes are so many that they should be worked into the blocks.
    pub(super) fn is_full(&self) -> bool {
        self.pending_bytes >= self.sizes.pending_max
    }

    /// The number of the next batch of the log: all before it can go once all changes of now are in blocks.
    pub(super) fn log_end(&self) -> u64 {
        self.log_next
    }

    /// Works some changes from a key on into blocks; gives the key to go on from, or none if these were the last.
    pub(super) fn settle_from(&mut self, from: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let range = self.pending.range::<[u8], _>((Bound::Included(from), Bound::Unbounded));
        let keys: Vec<Vec<u8>> = range.map(|(key, _)| key.clone()).take(CHANGES_A_STEP + 1).collect();
        let changes = &keys[..keys.len().min(CHANGES_A_STEP)];
        self.work_in(changes)?;
        for key in changes {
            if let Some(value) = self.pending.remove(key) {
                self.pending_bytes -= cost(key, value.as_deref());
            }
        }
        Ok(keys.into_iter().nth(CHANGES_A_STEP))
    }

    /// Removes the batches of the log before a number.
    pub(super) fn forget_log(&mut self, end: u64) -> Result<(), StoreError> {
        let end = numbered(LOG, end, 0);
        loop {
            let range = self.database.range(vec![LOG]..end.clone());
            let keys: Vec<_> =
                range.keys().take(BLOCKS_A_BATCH).collect::<sled::Result<_>>().map_err(translate)?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut writes = sled::Batch::default();
            keys.into_iter().for_each(|key| writes.remove(key));
            self.database.apply_batch(writes).map_err(translate)?;
        }
    }

    fn work_in(&mut self, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        let mut writes = sled::Batch::default();
        let mut written = 0;
        let mut rest = keys;
        while let Some(first) = rest.first() {
            let target = self.target(first)?;
            let within = |key: &Vec<u8>| target.end.as_ref().is_none_or(|end| key < end);
            let (now, later) = rest.split_at(rest.partition_point(within));
            written += self.replace(target, now, &mut writes);
            rest = later;
            // A block that is not written yet must not be looked for: the next one begins after it.
            if written >= BLOCKS_A_BATCH || rest.is_empty() {
                self.database.apply_batch(std::mem::take(&mut writes)).map_err(translate)?;
                written = 0;
            }
        }
        Ok(())
    }

    /// The block that a key belongs to: the one that begins at or before it, else the first of all.
    fn target(&self, key: &[u8]) -> Result<Target, StoreError> {
        let blocks = || self.database.range(vec![BLOCK]..vec![BLOCK + 1]);
        let mut floor = self.database.range(vec![BLOCK]..=named(key));
        let found = match floor.next_back() {
            Some(found) => Some(found),
            None => blocks().next(),
        };
        let Some((stored_key, stored)) = found.transpose().map_err(translate)? else {
            return Ok(Target { key: None, block: Arc::default(), pieces: Vec::new(), end: None });
        };
        let after =
            self.database.range((Bound::Excluded(stored_key.to_vec()), Bound::Excluded(vec![BLOCK + 1])));
        let end = after.keys().next().transpose().map_err(translate)?.map(|end| end[1..].to_vec());
        let pieces = pieces_of(&stored)?.into_iter().flat_map(|(number, pieces)| {
            (0..pieces).map(move |piece| sled::IVec::from(numbered(OVERFLOW, number, piece)))
        });
        let pieces = pieces.collect();
        Ok(Target {
            block: self.read(&stored_key, &stored)?,
            key: Some(stored_key[1..].to_vec()),
            pieces,
            end,
        })
    }

    /// Writes a block's entries with their changes as one or several blocks; gives how many.
    fn replace(&mut self, target: Target, changes: &[Vec<u8>], writes: &mut sled::Batch) -> usize {
        let size = |key: &[u8], value: &[u8]| key.len() + value.len() + 6;
        let merged = Merged { block: &target.block, at: 0, changes, pending: &self.pending };
        let total: usize = merged.map(|(key, value)| size(key, value)).sum();
        let appended = target.block.len().checked_sub(1).and_then(|last| target.block.entry(last));
        let is_appended =
            appended.is_none_or(|(last, _)| changes.first().is_some_and(|first| **first > *last));
        let aim = match total {
            total if total <= self.sizes.block_max => usize::MAX,
            _ if is_appended => self.sizes.block,
            total => total / total.div_ceil(self.sizes.block),
        };
        let mut blocks = Vec::new();
        let mut builder = Builder::default();
        let merged = Merged { block: &target.block, at: 0, changes, pending: &self.pending };
        for (key, value) in merged {
            // A value that fills a block stands alone, so that its neighbours are not rewritten with it.
            if builder.len() > 0 && builder.len() + size(key, value) > self.sizes.block_max.max(aim) {
                blocks.extend(builder.finish());
            }
            builder.push(key, value);
            if builder.len() >= aim {
                blocks.extend(builder.finish());
            }
        }
        blocks.extend(builder.finish());
        if let Some(key) = &target.key {
            self.cache.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
            writes.remove(named(key));
        }
        target.pieces.into_iter().for_each(|piece| writes.remove(piece));
        let count = blocks.len();
        for (first, bytes) in blocks {
            self.put(&first, &bytes, writes);
        }
        count + 1
    }

    fn put(&mut self, first: &[u8], bytes: &[u8], writes: &mut sled::Batch) {
        if bytes.len() <= PIECE_BYTES {
            writes.insert(named(first), [&[INLINE], bytes].concat());
            return;
        }
        let number = self.overflow_next;
        self.overflow_next += 1;
        let mut pieces = 0u32;
        for piece in bytes.chunks(PIECE_BYTES) {
            writes.insert(numbered(OVERFLOW, number, pieces as usize), piece);
            pieces += 1;
        }
        let place = [&[IN_PIECES][..], &number.to_be_bytes(), &pieces.to_be_bytes()].concat();
        writes.insert(named(first), place);
    }

    /// The block that begins at or before a key, with its key in sled.
    pub(super) fn floor(&self, key: &[u8]) -> Result<Option<(sled::IVec, Arc<Block>)>, StoreError> {
        let found = self.database.range(vec![BLOCK]..=named(key)).next_back();
        let Some((stored_key, stored)) = found.transpose().map_err(translate)? else { return Ok(None) };
        let cached = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&stored_key[1..]);
        if let Some(block) = cached {
            return Ok(Some((stored_key, block)));
        }
        let block = self.read(&stored_key, &stored)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.put(stored_key[1..].to_vec(), Arc::clone(&block), block.size());
        Ok(Some((stored_key, block)))
    }

    /// Takes a stored block apart, once its pieces are together.
    pub(super) fn read(&self, key: &[u8], stored: &[u8]) -> Result<Arc<Block>, StoreError> {
        debug_assert_eq!(key.first(), Some(&BLOCK), "only blocks are read as blocks");
        let Some((number, pieces)) = pieces_of(stored)? else {
            return Ok(Arc::new(Block::decode(stored.get(1..).ok_or_else(damaged)?)?));
        };
        let mut whole = Vec::new();
        for piece in 0..pieces {
            let piece = self.database.get(numbered(OVERFLOW, number, piece)).map_err(translate)?;
            whole.extend_from_slice(&piece.ok_or_else(damaged)?);
        }
        Ok(Arc::new(Block::decode(&whole)?))
    }
}

/// A block's entries and the changes of some of them as one list.
struct Merged<'a> {
    block: &'a Block,
    at: usize,
    changes: &'a [Vec<u8>],
    pending: &'a BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Iterator for Merged<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let stored = self.block.entry(self.at);
            let Some((change, later)) = self.changes.split_first() else {
                self.at += 1;
                return stored;
            };
            if let Some((key, value)) = stored.filter(|(key, _)| *key < change.as_slice()) {
                self.at += 1;
                return Some((key, value));
            }
            self.at += usize::from(stored.is_some_and(|(key, _)| key == change.as_slice()));
            self.changes = later;
            if let Some(Some(value)) = self.pending.get(change) {
                return Some((change, value));
            }
        }
    }
}

/// Number and count of a block's pieces, if it is in pieces.
fn pieces_of(stored: &[u8]) -> Result<Option<(u64, usize)>, StoreError> {
    match stored.split_first() {
        Some((&INLINE, _)) => Ok(None),
        Some((&IN_PIECES, place)) => {
            let (number, pieces) = place.split_first_chunk().ok_or_else(damaged)?;
            let pieces = u32::from_be_bytes(pieces.try_into().map_err(|_| damaged())?);
            Ok(Some((u64::from_be_bytes(*number), pieces as usize)))
        }
        _ => Err(damaged()),
    }
}

fn cost(key: &[u8], value: Option<&[u8]>) -> usize {
    key.len() + value.map_or(0, <[u8]>::len) + CHANGE_OVERHEAD
}

pub(super) fn named(key: &[u8]) -> Vec<u8> {
    [&[BLOCK], key].concat()
}

fn numbered(space: u8, number: u64, piece: usize) -> Vec<u8> {
    [&[space][..], &number.to_be_bytes(), &(piece as u32).to_be_bytes()].concat()
}

fn number_of(key: &[u8]) -> Result<(u64, u32), StoreError> {
    let (number, piece) = key.get(1..).and_then(<[u8]>::split_first_chunk).ok_or_else(damaged)?;
    Ok((u64::from_be_bytes(*number), u32::from_be_bytes(piece.try_into().map_err(|_| damaged())?)))
}
