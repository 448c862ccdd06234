//! Keeping the index in shape: runs of a size become one, pairs of forgotten versions go, damage is told.
//!
//! A merge writes its blocks under a new number, a few at a time, and counts only once the list of runs names it, in the
//! same batch that no longer names those it was made of. What a kill leaves is in no list, and the next merge removes it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use roaring::RoaringTreemap;

use crate::catalog::store_error;
use crate::error::Result;
use crate::store::{Batch, Store, key};

use super::Pair;
use super::run::{Blocks, Builder, Manifest, Run};

/// Runs of one size that are merged.
const FAN_IN: usize = 8;
/// A run of up to so many pairs is of the smallest size; each next size is `FAN_IN` times as large.
const SMALLEST_PAIRS: u64 = 1 << 18;
/// Blocks written or removed in one batch.
const BATCH_BLOCKS: usize = 256;

fn size_class(run: &Run) -> u32 {
    let (mut class, mut limit) = (0, SMALLEST_PAIRS);
    while run.pairs > limit {
        (class, limit) = (class + 1, limit.saturating_mul(FAN_IN as u64));
    }
    class
}

/// Runs that should become one, if there are such.
fn due(manifest: &Manifest) -> Option<Vec<Run>> {
    let class_of_all = manifest.runs.iter().map(size_class);
    let mut classes: Vec<u32> = class_of_all.collect();
    classes.sort_unstable();
    let class = classes.chunk_by(|a, b| a == b).find(|alike| alike.len() >= FAN_IN)?[0];
    Some(manifest.runs.iter().filter(|run| size_class(run) == class).copied().collect())
}

/// Takes one store write at a time, under the catalog's writer lock, and fails if it cannot.
pub(crate) type Commit<'a> = dyn Fn(&dyn Fn(&mut Batch) -> Result<()>) -> Result<()> + 'a;

/// Merges runs until few are left. `commit` applies one batch, which its argument fills, while nobody else writes.
///
/// # Errors
/// `Corrupt` if a block is damaged; what `commit` fails with.
pub(crate) fn merge(store: &dyn Store, commit: &Commit<'_>) -> Result<()> {
    sweep(store, commit)?;
    while let Some(parts) = due(&Manifest::read(store)?) {
        let number = std::cell::Cell::new(0);
        commit(&|batch| {
            let mut manifest = Manifest::read(store)?;
            number.set(manifest.next);
            manifest.next += 1;
            batch.writes.push(manifest.write()?);
            Ok(())
        })?;
        let merged = merge_into(store, number.get(), &parts, commit)?;
        commit(&|batch| {
            let mut manifest = Manifest::read(store)?;
            manifest.runs.retain(|run| !parts.contains(run));
            manifest.runs.push(merged);
            batch.writes.push(manifest.write()?);
            Ok(())
        })?;
        sweep(store, commit)?;
    }
    Ok(())
}

fn merge_into(store: &dyn Store, number: u32, parts: &[Run], commit: &Commit<'_>) -> Result<Run> {
    let mut sources: Vec<Pairs<'_>> = Vec::new();
    let mut heads = BinaryHeap::new();
    for part in parts {
        let mut pairs = Pairs { blocks: Blocks::new(store, part.number), block: Vec::new().into_iter() };
        heads.extend(pairs.next()?.map(|pair| Reverse((pair, sources.len()))));
        sources.push(pairs);
    }
    let mut builder = Builder::new(number);
    while let Some(Reverse((pair, source))) = heads.pop() {
        builder.push(pair);
        heads.extend(sources[source].next()?.map(|pair| Reverse((pair, source))));
        if builder.blocks.len() >= BATCH_BLOCKS {
            put(commit, &mut builder)?;
        }
    }
    let run = builder.finish();
    put(commit, &mut builder)?;
    Ok(run)
}

fn put(commit: &Commit<'_>, builder: &mut Builder) -> Result<()> {
    let blocks = std::mem::take(&mut builder.blocks);
    commit(&|batch| {
        batch.writes.extend(blocks.iter().map(|(key, block)| (key.clone(), Some(block.clone()))));
        Ok(())
    })
}

/// The pairs of a run, one after the other.
struct Pairs<'a> {
    blocks: Blocks<'a>,
    block: std::vec::IntoIter<Pair>,
}

impl Pairs<'_> {
    fn next(&mut self) -> Result<Option<Pair>> {
        loop {
            if let Some(pair) = self.block.next() {
                return Ok(Some(pair));
            }
            match self.blocks.next()? {
                Some((_, block)) => self.block = block.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// Removes blocks of runs that do not count: merged ones, and what a kill left of a merge.
fn sweep(store: &dyn Store, commit: &Commit<'_>) -> Result<()> {
    let manifest = Manifest::read(store)?;
    let (mut from, end) = (key::subject_run(0), key::end_of(&key::subject_runs()));
    let scan = |from: &[u8], limit| store.scan(from, &end, limit).map_err(|e| store_error("merge runs", e));
    while let Some((stored, _)) = scan(&from, 1)?.pop() {
        let Some(number) = key::parse_subject_run(&stored) else { return Err(super::block::damaged()) };
        let run_end = key::end_of(&key::subject_run(number));
        from = run_end.clone();
        if manifest.runs.iter().any(|run| run.number == number) {
            continue;
        }
        loop {
            let start = key::subject_run(number);
            let blocks =
                store.scan(&start, &run_end, BATCH_BLOCKS).map_err(|e| store_error("merge runs", e))?;
            if blocks.is_empty() {
                break;
            }
            commit(&|batch| {
                batch.writes.extend(blocks.iter().map(|(key, _)| (key.clone(), None)));
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Takes the pairs of forgotten versions out of the blocks. A kill at any point leaves an index that answers the same.
///
/// # Errors
/// `Corrupt` if a block is damaged; what `commit` fails with.
pub(crate) fn forget_gone(store: &dyn Store, commit: &Commit<'_>) -> Result<()> {
    sweep(store, commit)?;
    let gone = gone(store)?;
    if gone.is_empty() {
        return Ok(());
    }
    for run in Manifest::read(store)?.runs {
        let (mut blocks, mut pairs) = (Blocks::new(store, run.number), 0);
        while let Some((stored, block)) = blocks.next()? {
            let (before, mut builder) = (block.len(), Builder::new(run.number));
            block
                .into_iter()
                .filter(|pair| !gone.contains(pair.artifact))
                .for_each(|pair| builder.push(pair));
            let kept = builder.finish().pairs;
            pairs += kept;
            if kept < before as u64 {
                commit(&|batch| {
                    batch.writes.push((stored.clone(), None));
                    let entries = builder.blocks.iter();
                    batch.writes.extend(entries.map(|(key, block)| (key.clone(), Some(block.clone()))));
                    Ok(())
                })?;
            }
        }
        commit(&|batch| {
            let mut manifest = Manifest::read(store)?;
            manifest
                .runs
                .iter_mut()
                .filter(|known| known.number == run.number)
                .for_each(|known| known.pairs = pairs);
            manifest.runs.retain(|known| known.pairs > 0);
            batch.writes.push(manifest.write()?);
            Ok(())
        })?;
    }
    for some in gone.iter().collect::<Vec<_>>().chunks(BATCH_BLOCKS) {
        commit(&|batch| {
            batch.writes.extend(some.iter().map(|artifact| (key::gone_artifact(*artifact), None)));
            Ok(())
        })?;
    }
    Ok(())
}

/// Artifacts whose pairs are to go.
fn gone(store: &dyn Store) -> Result<RoaringTreemap> {
    let mut gone = RoaringTreemap::new();
    let (mut from, end) = (key::gone_artifact(0), key::end_of(&key::gone_artifacts()));
    loop {
        let marks =
            store.scan(&from, &end, BATCH_BLOCKS).map_err(|e| store_error("read the subject index", e))?;
        let Some((last, _)) = marks.last() else { return Ok(gone) };
        from = [last, &[0][..]].concat();
        gone.extend(marks.iter().filter_map(|(mark, _)| key::parse_gone_artifact(mark)));
    }
}

/// Shows every problem of the runs that count, and gives the artifacts that they speak of.
///
/// # Errors
/// `Unavailable` if the store fails.
pub(crate) fn check(store: &dyn Store, problem: &mut dyn FnMut(String)) -> Result<RoaringTreemap> {
    let (mut artifacts, gone) = (RoaringTreemap::new(), gone(store)?);
    for run in Manifest::read(store)?.runs {
        let (mut blocks, mut pairs, mut last) = (Blocks::new(store, run.number), 0, None);
        loop {
            match blocks.next() {
                Ok(None) => break,
                Ok(Some((stored, block))) => {
                    pairs += block.len() as u64;
                    let named = block.last().map(|last| super::run::block_key(run.number, *last));
                    if named.as_ref() != Some(&stored) || block.first().copied() <= last {
                        problem(format!("run {} has a block that is out of order", run.number));
                    }
                    last = block.last().copied();
                    artifacts.extend(block.iter().map(|pair| pair.artifact));
                }
                Err(error) if error.kind == crate::error::Kind::Corrupt => {
                    problem(format!("run {} has a block that does not decode", run.number));
                }
                Err(error) => return Err(error),
            }
        }
        // A rewrite that was broken off has taken some out already.
        if pairs > run.pairs || (pairs < run.pairs && gone.is_empty()) {
            problem(format!("run {} has {pairs} pairs, and should have {}", run.number, run.pairs));
        }
    }
    Ok(artifacts - gone)
}
