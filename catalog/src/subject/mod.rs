//! The subject index: which versions of which blobs hold an identifier of a person, by keyed digests.
//!
//! A *pair* is a token (the first 48 bits of an identifier's keyed digest) and the number of the artifact that a version of
//! a blob is. Pairs are kept in sorted *runs*, a commit a run, and runs of a size are merged into one of the next, as in
//! a log-structured merge tree (O'Neil et al., 1996): every pair is written a handful of times, in order, in blocks of two
//! kilobytes, and a lookup is one seek a run. A token is cut short so that a pair takes some seven bytes; among 10^8 pairs
//! one lookup in three million meets another's by chance, and it confirms in the bytes anyway.
//!
//! A pair is of its version for ever: which version is the blob's current one, or was on a day, the blob's own records say.
//! So nothing is written here when a blob changes or goes, and a lookup as of a past day is as quick as one of today.
//!
//! | key | value |
//! |---|---|
//! | `t` `r`, run, last token, last artifact | a block of pairs |
//! | `t` `g`, artifact | empty: its pairs are gone for whoever asks, and from the blocks with the next rewrite |
//! | `m` `subject_runs` | the runs that count, and the next one's number |

mod block;
mod merge;
mod run;

use std::collections::BTreeSet;

use crate::catalog::{AsOf, Catalog, store_error};
use crate::error::Result;
use crate::model::{Artifact, ArtifactId, BlobId, BlobVersion, TokenDigest};
use crate::store::record::Index;
use crate::store::{Store, key};

pub(crate) use merge::{check, forget_gone, merge};
pub(crate) use run::{Builder, Manifest};

/// Bytes of a digest that the index keeps.
const TOKEN_BYTES: usize = 6;

/// What the index keeps of a digest: its first 48 bits.
pub fn token_of(digest: &TokenDigest) -> u64 {
    digest.0[..TOKEN_BYTES].iter().fold(0, |token, byte| token << 8 | u64::from(*byte))
}

/// A token in a version of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) token: u64,
    pub(crate) artifact: u64,
}

impl Pair {
    /// Token and artifact of a digest and an artifact's id.
    pub(crate) fn new(digest: &TokenDigest, artifact: ArtifactId) -> Self {
        Self { token: token_of(digest), artifact: artifact.0 as u64 }
    }
}

/// Blobs that hold one of some identifiers now, or did at a time.
///
/// # Errors
/// `Corrupt` if a block or a record is damaged.
pub(crate) fn blobs(catalog: &Catalog, digests: &[TokenDigest], as_of: AsOf) -> Result<BTreeSet<BlobId>> {
    let store = catalog.store().as_ref();
    let mut blobs = BTreeSet::new();
    for artifact in artifacts(store, digests)? {
        if is_gone(store, artifact)? {
            continue;
        }
        blobs.extend(blob_of(catalog, ArtifactId(artifact as i64), as_of)?);
    }
    Ok(blobs)
}

/// Artifacts that the runs pair with one of some tokens.
fn artifacts(store: &dyn Store, digests: &[TokenDigest]) -> Result<BTreeSet<u64>> {
    let tokens: BTreeSet<u64> = digests.iter().map(token_of).collect();
    loop {
        let manifest = Manifest::read(store)?;
        let mut artifacts = BTreeSet::new();
        for run in &manifest.runs {
            for token in &tokens {
                run::find(store, run.number, *token, &mut artifacts)?;
            }
        }
        // A run that was merged away meanwhile may have lost blocks before they were looked at.
        let after = Manifest::read(store)?;
        if manifest.runs.iter().all(|run| after.runs.contains(run)) {
            return Ok(artifacts);
        }
    }
}

/// Shows every pair of the runs that count.
pub(crate) fn each_pair(store: &dyn Store, visit: &mut dyn FnMut(ArtifactId, u64)) -> Result<()> {
    for run in Manifest::read(store)?.runs {
        let mut blocks = run::Blocks::new(store, run.number);
        while let Some((_, block)) = blocks.next()? {
            block.iter().for_each(|pair| visit(ArtifactId(pair.artifact as i64), pair.token));
        }
    }
    Ok(())
}

/// The blob of which an artifact is the current version, or was the current one then.
fn blob_of(catalog: &Catalog, artifact: ArtifactId, as_of: AsOf) -> Result<Option<BlobId>> {
    let current: Vec<BlobVersion> = catalog.find(Index::BlobOfArtifact, &artifact.0.to_be_bytes())?;
    let current = current.first().map(|version| version.blob);
    if as_of == AsOf::Now {
        return Ok(current);
    }
    let blob = match current {
        Some(blob) => Some(blob),
        None => catalog.get::<Artifact>(&artifact, AsOf::Now)?.and_then(|artifact| artifact.blob),
    };
    let Some(blob) = blob else { return Ok(None) };
    let then: Option<BlobVersion> = catalog.get(&blob, as_of)?;
    Ok(then.filter(|then| then.artifact == artifact).map(|_| blob))
}

fn is_gone(store: &dyn Store, artifact: u64) -> Result<bool> {
    let mark =
        store.get(&key::gone_artifact(artifact)).map_err(|e| store_error("read the subject index", e))?;
    Ok(mark.is_some())
}

#[cfg(test)]
mod tests;
