//! Records blobs, a batch a commit, each whole or not at all; then ends the record of those that have vanished.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use catalog::lineage::implied::kept;
use catalog::model::{
    Anomaly, ArtifactId, BlobId, BlobVersion, ContentSketch, Depth, Digest, Findings, Principal, Statistics,
};
use catalog::store::record::{Index, Record};
use catalog::{AsOf, Catalog, Change};
use futures::stream::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::{Classified, Run};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::pipeline::CrawlReport;
use crate::source::Lake;

/// Blobs recorded in one commit.
const BATCH_BLOBS_MAX: usize = 1_024;
/// Identifiers recorded in one commit.
const BATCH_TOKENS_MAX: usize = 200_000;
/// A batch waits no longer for more blobs.
const BATCH_WAIT: Duration = Duration::from_secs(1);
/// Blobs that wait for the catalog, with what was read of them.
const QUEUE_LENGTH: usize = 64;
/// Blobs that wait, if nothing was read of them.
const QUEUE_LENGTH_AT_HEAD: usize = 2 * BATCH_BLOBS_MAX;
/// Records taken from the catalog at a time.
const PAGE_RECORDS: usize = 1_024;

/// What the run did so far, and what `link` goes on with.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Counts.
    pub report: CrawlReport,
    /// Blobs that share content with one that has vanished or was overwritten.
    pub twins_of_gone: Vec<BlobId>,
}

/// What is remembered of recorded blobs to tell moved ones.
#[derive(Default)]
struct Tally {
    report: CrawlReport,
    twins_of_gone: Vec<BlobId>,
    new_digests: BTreeMap<Digest, u64>,
}

/// The name of a kind as its own serialisation spells it.
fn spelled(anomaly: &Anomaly) -> String {
    match serde_json::to_value(anomaly.kind) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{:?}", anomaly.kind),
    }
}

impl Tally {
    fn count(&mut self, blob: &Classified) {
        let report = &mut self.report;
        report.read += 1;
        let kind = if blob.changed.known { &mut report.changed } else { &mut report.new };
        *kind += 1;
        report.bytes_read += blob.digest.map_or(0, |_| blob.changed.listed.size);
        for anomaly in &blob.anomalies {
            *report.anomalies.entry(spelled(anomaly)).or_default() += 1;
        }
        *report.formats.entry(blob.parts[0].format.clone()).or_default() += 1;
        for finding in &blob.findings.findings {
            *report.findings.entry(finding.kind.clone()).or_default() += 1;
        }
        if let Some(digest) = blob.digest.filter(|_| !blob.changed.known) {
            *self.new_digests.entry(digest).or_default() += 1;
        }
    }

    fn vanished(&mut self, digest: Option<Digest>) {
        self.report.deleted += 1;
        let twin = digest.and_then(|digest| self.new_digests.get_mut(&digest)).filter(|count| **count > 0);
        if let Some(count) = twin {
            *count -= 1;
            self.report.moved += 1;
        }
    }
}

/// Records what comes, batch by batch, while more is being read.
///
/// # Errors
/// If the source or the catalog fails.
pub async fn record(
    ctx: &Ctx,
    lake: &Lake,
    run: &Run,
    classified: impl Stream<Item = Result<Option<Classified>>>,
) -> Result<Recorded> {
    let queue_length = if ctx.depth == Depth::Head { QUEUE_LENGTH_AT_HEAD } else { QUEUE_LENGTH };
    let (sender, receiver) = mpsc::channel(queue_length);
    let reading = async move {
        let mut classified = std::pin::pin!(classified);
        while let Some(blob) = classified.next().await {
            if let Some(blob) = blob?
                && sender.send(blob).await.is_err()
            {
                break; // the catalog failed, which the other half tells
            }
        }
        Ok(())
    };
    let (read, tally) = futures::join!(reading, record_batches(ctx, run, receiver));
    let mut tally = tally?;
    read?;
    ctx.progress.done("read all blobs");
    // Only here is the listing known to be complete.
    vanish(ctx, lake, run, &mut tally).await?;
    tally.report.listed = run.seen.listed.load(Ordering::Relaxed);
    tally.report.unchanged = run.seen.unchanged.load(Ordering::Relaxed);
    Ok(Recorded { report: tally.report, twins_of_gone: tally.twins_of_gone })
}

async fn record_batches(ctx: &Ctx, run: &Run, mut blobs: mpsc::Receiver<Classified>) -> Result<Tally> {
    let mut tally = Tally::default();
    while let Some(first) = blobs.recv().await {
        let deadline = Instant::now() + BATCH_WAIT;
        let mut tokens = first.tokens.len();
        let mut batch = vec![first];
        while batch.len() < BATCH_BLOBS_MAX && tokens < BATCH_TOKENS_MAX {
            let Ok(Some(blob)) = timeout_at(deadline, blobs.recv()).await else { break };
            tokens += blob.tokens.len();
            batch.push(blob);
        }
        batch.iter().for_each(|blob| tally.count(blob));
        let catalog = Arc::clone(&ctx.catalog);
        let run = Stamp { run: run.id, source: run.source.clone() };
        let twins = ctx.blocking(move || commit(&catalog, &run, batch)).await?;
        tally.twins_of_gone.extend(twins);
    }
    Ok(tally)
}

/// What all records of a run bear.
struct Stamp {
    run: catalog::model::ExecutionId,
    source: catalog::model::SourceId,
}

/// Records a batch; gives the blobs that share content with what was overwritten.
fn commit(catalog: &Catalog, stamp: &Stamp, batch: Vec<Classified>) -> Result<Vec<BlobId>> {
    let first = catalog.reserve_ids(batch.len() as u64)?;
    let (mut changes, mut overwritten) = (Vec::new(), Vec::new());
    for (blob, number) in batch.into_iter().zip(first..) {
        if blob.changed.known {
            let version: Option<BlobVersion> = catalog.get(&blob.changed.blob, AsOf::Now)?;
            if let Some(version) = version {
                changes.extend(kept(catalog, &version)?);
                overwritten.push(version);
            }
        }
        changes.extend(changes_of(catalog, stamp, blob, ArtifactId(number))?);
    }
    catalog.commit(&Principal::system(), &changes)?;
    catalog.merge_tokens()?;
    let mut twins = Vec::new();
    for gone in &overwritten {
        twins.extend(twins_of(catalog, gone)?);
    }
    Ok(twins)
}

fn changes_of(
    catalog: &Catalog,
    stamp: &Stamp,
    mut blob: Classified,
    artifact: ArtifactId,
) -> Result<Vec<Change>> {
    let now = catalog.env().clock.now();
    let id = blob.changed.blob;
    let mut changes = Vec::new();
    for schema in &blob.schemas {
        // A pinned one is the same content with a person's word on it.
        if catalog.get::<catalog::model::Schema>(&schema.id, AsOf::Now)?.is_none() {
            changes.push(Change::put(schema)?);
        }
    }
    // Of what is not there there is nothing to end.
    let known = blob.changed.known;
    let kept: HashSet<_> = blob.statistics.iter().map(Record::id).collect();
    let stale: Vec<Statistics> =
        if known { catalog.find(Index::StatisticsOfBlob, &id.0)? } else { Vec::new() };
    let stale = stale.iter().map(Record::id).filter(|id| !kept.contains(id));
    changes.extend(stale.map(|id| Change::close::<Statistics>(&id)));
    for statistics in &blob.statistics {
        changes.push(Change::put(statistics)?);
    }
    changes.extend(put_or_close(&blob.findings, !blob.findings.findings.is_empty(), known)?);
    match &blob.sketch {
        Some(sketch) => changes.push(Change::put(sketch)?),
        None if known => changes.push(Change::close::<ContentSketch>(&id)),
        None => {}
    }
    if !blob.tokens.is_empty() {
        changes.push(Change::tokens(artifact, std::mem::take(&mut blob.tokens)));
    }
    changes.push(Change::put(&version_of(stamp, blob, artifact, now))?);
    Ok(changes)
}

/// Keeps a record that says something; ends that of a known blob otherwise.
fn put_or_close<R: Record>(record: &R, says_something: bool, known: bool) -> Result<Option<Change>> {
    Ok(match says_something {
        true => Some(Change::put(record)?),
        false => known.then(|| Change::close::<R>(&record.id())),
    })
}

fn version_of(
    stamp: &Stamp,
    blob: Classified,
    artifact: ArtifactId,
    crawled: catalog::model::Timestamp,
) -> BlobVersion {
    let listed = blob.changed.listed;
    BlobVersion {
        blob: blob.changed.blob,
        source: stamp.source.clone(),
        path: listed.path,
        size: listed.size,
        etag: listed.etag,
        store_version: listed.version,
        modified: listed.modified,
        crawled,
        run: stamp.run,
        artifact,
        digest: blob.digest,
        parts: blob.parts,
        anomalies: blob.anomalies,
        searched: blob.searched,
        table_log: blob.table_log,
        depth: blob.depth,
    }
}

/// Ends the record of blobs of the source that count and were not listed.
async fn vanish(ctx: &Ctx, lake: &Lake, run: &Run, tally: &mut Tally) -> Result<()> {
    let (seen, closed_folders) = run.seen.take();
    let seen = Arc::new(seen);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let (catalog, seen, source) = (Arc::clone(&ctx.catalog), Arc::clone(&seen), run.source.clone());
        let (lake, closed_folders) = (lake.clone(), closed_folders.clone());
        let from = after.take();
        let (vanished, twins, next) = ctx
            .blocking(move || -> Result<_> {
                let page = catalog.list::<BlobVersion>(AsOf::Now, from.as_deref(), PAGE_RECORDS)?;
                let hidden = |path: &str| closed_folders.iter().any(|folder| path.starts_with(folder));
                let gone = |blob: &BlobVersion| {
                    blob.source == source
                        && !seen.contains(blob.blob)
                        && lake.accepts(&blob.path)
                        && !hidden(&blob.path)
                };
                let vanished: Vec<_> = page.records.into_iter().filter(gone).collect();
                close(&catalog, &vanished)?;
                let twins =
                    vanished.iter().map(|gone| twins_of(&catalog, gone)).collect::<Result<Vec<_>>>()?;
                Ok((vanished, twins, page.next))
            })
            .await?;
        tally.twins_of_gone.extend(twins.into_iter().flatten());
        vanished.iter().for_each(|blob| tally.vanished(blob.digest));
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn close(catalog: &Catalog, vanished: &[BlobVersion]) -> Result<()> {
    let mut changes = Vec::new();
    for version in vanished {
        changes.extend(kept(catalog, version)?);
        changes.extend(end_of(catalog, version.blob)?);
    }
    if !changes.is_empty() {
        catalog.commit(&Principal::system(), &changes)?;
    }
    Ok(())
}

/// Blobs whose bytes, or the bytes or rows of parts of them, are those of one that is gone.
fn twins_of(catalog: &Catalog, gone: &BlobVersion) -> Result<Vec<BlobId>> {
    let mut keys: Vec<(Index, Vec<u8>)> = Vec::new();
    for digest in gone.digest.iter().chain(gone.parts.iter().filter_map(|part| part.digest.as_ref())) {
        keys.extend([(Index::Digest, digest.0.to_vec()), (Index::PartDigest, digest.0.to_vec())]);
    }
    keys.extend(gone.root().rows_digest.map(|rows| (Index::RowsDigest, rows.0.to_vec())));
    let mut twins = Vec::new();
    for (index, value) in keys {
        twins.extend(catalog.find::<BlobVersion>(index, &value)?.into_iter().map(|twin| twin.blob));
    }
    Ok(twins)
}

fn end_of(catalog: &Catalog, blob: BlobId) -> Result<Vec<Change>> {
    let statistics: Vec<Statistics> = catalog.find(Index::StatisticsOfBlob, &blob.0)?;
    let mut changes: Vec<_> =
        statistics.iter().map(|statistics| Change::close::<Statistics>(&statistics.id())).collect();
    changes.push(Change::close::<ContentSketch>(&blob));
    changes.push(Change::close::<Findings>(&blob));
    changes.push(Change::close::<BlobVersion>(&blob));
    Ok(changes)
}
