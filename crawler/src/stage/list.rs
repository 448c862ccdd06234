//! Which listed blobs are read: those that are new, those that differ from what is recorded, and those whose reading
//! did not work out last time. The others are passed over without a byte read.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use catalog::model::{AnomalyKind, BlobId, BlobVersion, Depth};
use catalog::{AsOf, Catalog};
use futures::stream::{self, Stream, TryStreamExt};

use super::Run;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::source::{Lake, Listed};

/// Listed blobs that are looked up in the catalog at a time.
const LOOKUPS_AT_A_TIME: usize = 256;

/// A blob that is read now.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Its id.
    pub blob: BlobId,
    /// As listed.
    pub listed: Listed,
    /// Whether an earlier version is recorded.
    pub known: bool,
}

/// Whether nothing about a blob says that it should be read again, at least so deeply.
fn is_unchanged(listed: &Listed, known: &BlobVersion, depth: Depth) -> bool {
    let same_version = match (&listed.version, &known.store_version) {
        (Some(listed), Some(known)) => listed == known,
        _ => true, // most listings do not tell versions
    };
    let passing = |kind| matches!(kind, AnomalyKind::ChangedWhileRead | AnomalyKind::Unreadable);
    let worth_another_try =
        listed.problem.is_none() && known.anomalies.iter().any(|anomaly| passing(anomaly.kind));
    listed.etag == known.etag
        && listed.size == known.size
        && listed.modified == known.modified
        && same_version
        && !worth_another_try
        && known.depth >= depth
}

/// Streams what is new or changed; counts what it sees on the way.
pub fn list<'a>(ctx: &'a Ctx, lake: &'a Lake, run: &'a Run) -> impl Stream<Item = Result<Changed>> + 'a {
    let chunks = lake.list().try_ready_chunks(LOOKUPS_AT_A_TIME).map_err(|broken| broken.1);
    chunks
        .and_then(async move |listed| {
            let (blobs, folders): (Vec<_>, Vec<_>) =
                listed.into_iter().partition(|listed| !listed.path.ends_with('/'));
            folders.into_iter().for_each(|folder| run.seen.closed_folder(folder.path));
            let bytes = blobs.iter().map(|blob| blob.size).sum();
            ctx.progress.listed(blobs.len() as u64, bytes);
            run.seen.listed.fetch_add(blobs.len() as u64, Ordering::Relaxed);
            let (catalog, source) = (Arc::clone(&ctx.catalog), run.source.clone());
            run.seen.blobs(blobs.iter().map(|listed| BlobId::of(&run.source, &listed.path)));
            let looked_up = ctx.blocking(move || look_up(&catalog, &source, blobs)).await?;
            let changed: Vec<_> =
                looked_up.into_iter().filter_map(|blob| pick(ctx, run, blob)).map(Ok).collect();
            Ok(stream::iter(changed))
        })
        .try_flatten()
}

type LookedUp = (BlobId, Listed, Option<BlobVersion>);

fn look_up(
    catalog: &Catalog,
    source: &catalog::model::SourceId,
    listed: Vec<Listed>,
) -> Result<Vec<LookedUp>> {
    let known = |listed: Listed| {
        let blob = BlobId::of(source, &listed.path);
        Ok((blob, listed, catalog.get(&blob, AsOf::Now)?))
    };
    listed.into_iter().map(known).collect()
}

fn pick(ctx: &Ctx, run: &Run, (blob, listed, known): LookedUp) -> Option<Changed> {
    let unchanged = known.as_ref().filter(|known| is_unchanged(&listed, known, ctx.depth));
    let deeper = unchanged.is_some_and(|known| known.depth > ctx.depth);
    if run.reread && deeper {
        run.seen.left_stale.store(true, Ordering::Relaxed);
    }
    if unchanged.is_some() && (deeper || !run.reread) {
        run.seen.unchanged.fetch_add(1, Ordering::Relaxed);
        ctx.progress.read(1, listed.size);
        return None;
    }
    Some(Changed { blob, listed, known: known.is_some() })
}
