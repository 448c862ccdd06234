//! Runs: sorted pairs under one number, written once, a block after the other.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalog::store_error;
use crate::error::{Error, Result};
use crate::store::{Entry, Store, key};

use super::Pair;
use super::block::{self, BLOCK_PAIRS, decode};

/// Name of the list of runs among the counters.
const MANIFEST: &str = "subject_runs";
/// Blocks read from the store at a time.
const PAGE_BLOCKS: usize = 16;

/// The runs that count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Number of the next run to be written.
    pub(crate) next: u32,
    /// The runs, oldest first.
    pub(crate) runs: Vec<Run>,
}

/// A run that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) number: u32,
    pub(crate) pairs: u64,
}

impl Manifest {
    /// The list as it is; empty where there is none yet.
    ///
    /// # Errors
    /// `Corrupt` if it is damaged.
    pub(crate) fn read(store: &dyn Store) -> Result<Self> {
        let bytes = store.get(&key::meta(MANIFEST)).map_err(|e| store_error("read the subject index", e))?;
        let decode = |bytes: Vec<u8>| rmp_serde::from_slice(&bytes);
        let manifest = bytes.map(decode).transpose();
        let damaged = |e| Error::corrupt("read the subject index", "its list of runs").with_source(e);
        Ok(manifest.map_err(damaged)?.unwrap_or_default())
    }

    /// The write that makes it the list.
    ///
    /// # Errors
    /// `Internal` if it does not fit MessagePack, which is a defect.
    pub(crate) fn write(&self) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let bytes = rmp_serde::to_vec(self)
            .map_err(|e| Error::internal("write the subject index", "its list of runs").with_source(e))?;
        Ok((key::meta(MANIFEST), Some(bytes)))
    }
}

/// Turns sorted pairs into the blocks of a run.
pub(crate) struct Builder {
    number: u32,
    pairs: Vec<Pair>,
    written: u64,
    last: Option<Pair>,
    /// Blocks that are complete.
    pub(crate) blocks: Vec<Entry>,
}

impl Builder {
    pub(crate) fn new(number: u32) -> Self {
        Self { number, pairs: Vec::with_capacity(BLOCK_PAIRS), written: 0, last: None, blocks: Vec::new() }
    }

    /// Takes the next pair; one that is the same as the one before is not taken twice.
    pub(crate) fn push(&mut self, pair: Pair) {
        debug_assert!(self.last.is_none_or(|last| last <= pair), "pairs come in order");
        if self.last == Some(pair) {
            return;
        }
        self.last = Some(pair);
        self.pairs.push(pair);
        if self.pairs.len() == BLOCK_PAIRS {
            self.close_block();
        }
    }

    fn close_block(&mut self) {
        if let Some(last) = self.pairs.last() {
            self.written += self.pairs.len() as u64;
            self.blocks.push((block_key(self.number, *last), block::encode(&self.pairs)));
            self.pairs.clear();
        }
    }

    /// Completes the last block; what the list of runs says of it.
    pub(crate) fn finish(&mut self) -> Run {
        self.close_block();
        Run { number: self.number, pairs: self.written }
    }
}

/// Key of the block that ends with a pair: whoever looks for a pair finds its block as the first at or after it.
pub(super) fn block_key(run: u32, last: Pair) -> Vec<u8> {
    let mut key = key::subject_run(run);
    key.extend_from_slice(&last.token.to_be_bytes()[2..]);
    key.extend_from_slice(&last.artifact.to_be_bytes());
    key
}

/// Adds the artifacts that a run pairs with a token.
pub(super) fn find(store: &dyn Store, run: u32, token: u64, artifacts: &mut BTreeSet<u64>) -> Result<()> {
    let mut from = block_key(run, Pair { token, artifact: 0 });
    let end = key::end_of(&key::subject_run(run));
    loop {
        let found = store.scan(&from, &end, 1).map_err(|e| store_error("read the subject index", e))?;
        let Some((stored, bytes)) = found.first() else { return Ok(()) };
        let pairs = decode(bytes)?;
        let first = pairs.partition_point(|pair| pair.token < token);
        artifacts
            .extend(pairs[first..].iter().take_while(|pair| pair.token == token).map(|pair| pair.artifact));
        if pairs.last().is_none_or(|last| last.token > token) {
            return Ok(());
        }
        from = [stored, &[0][..]].concat();
    }
}

/// Walks over a run's blocks in order, some of them in memory at a time.
pub(super) struct Blocks<'a> {
    store: &'a dyn Store,
    from: Vec<u8>,
    end: Vec<u8>,
    page: std::vec::IntoIter<Entry>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(store: &'a dyn Store, run: u32) -> Self {
        let from = key::subject_run(run);
        let end = key::end_of(&from);
        Self { store, from, end, page: Vec::new().into_iter() }
    }

    /// The next block with its key.
    ///
    /// # Errors
    /// `Corrupt` if it is damaged.
    pub(super) fn next(&mut self) -> Result<Option<(Vec<u8>, Vec<Pair>)>> {
        if self.page.len() == 0 {
            let page = self.store.scan(&self.from, &self.end, PAGE_BLOCKS);
            let page = page.map_err(|e| store_error("read the subject index", e))?;
            if let Some((last, _)) = page.last() {
                self.from = [last, &[0][..]].concat();
            }
            self.page = page.into_iter();
        }
        let Some((stored, bytes)) = self.page.next() else { return Ok(None) };
        let pairs = decode(&bytes)?;
        Ok(Some((stored, pairs)))
    }
}
