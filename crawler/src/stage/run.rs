//! A crawl as an execution in the graph: begun, counted, ended; one that a kill left under way is marked failed.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use catalog::dataset::Corrections;
use catalog::lineage::graph;
use catalog::model::{
    BlobId, Digest, Execution, ExecutionId, ExecutionState, IndexKey, Principal, Properties, Property,
    Source, SourceId, Suppression, Timestamp, TokenDigest, TypeId,
};
use catalog::{AsOf, Catalog, Change};

use super::name::Names;
use super::token::Keyed;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::pipeline::CrawlReport;
use crate::recognise::fingerprint;
use crate::source::{Lake, TAGS_DENIED};

/// So many blobs one after the other that the store fails to give mean that it is down.
const FAILED_READS_MAX: u32 = 20;

/// One crawl of one source while it runs.
#[derive(Debug)]
pub struct Run {
    /// Its execution.
    pub id: ExecutionId,
    /// The source.
    pub source: SourceId,
    /// When it began.
    pub started: Timestamp,
    /// Identifiers of erased persons.
    suppressed: Arc<HashSet<TokenDigest>>,
    pub(super) seen: Seen,
    pub(super) names: Arc<Names>,
    /// What people say about the grouping of the source's blobs.
    pub(super) corrections: Arc<Corrections>,
    /// Whether the crawl before this one did not come to its end.
    pub(super) after_a_failure: bool,
    /// Whether identifiers were read otherwise when the source's blobs were, or indexed under an older key, so that they are
    /// to be read again.
    pub(super) reread: bool,
    /// How identifiers are read now.
    recognised: Digest,
    /// The newest key of the index when the crawl began.
    index_key: IndexKey,
    run_type: TypeId,
}

/// What the listing showed so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) listed: AtomicU64,
    pub(super) unchanged: AtomicU64,
    /// Whether a blob was left as an earlier, deeper crawl recorded it, though it should be read again.
    pub(super) left_stale: AtomicBool,
    /// Half of each id: enough to tell them apart, and ten million of them take some 200 MB.
    blobs: Mutex<HashSet<u64>>,
    closed_folders: Mutex<Vec<String>>,
    /// Whether tags of some object could be read, and of some other not.
    tags_read: AtomicBool,
    tags_denied: AtomicBool,
    failed_reads: AtomicU32,
}

/// The blobs that were listed.
pub(super) struct SeenBlobs(HashSet<u64>);

impl SeenBlobs {
    pub(super) fn contains(&self, blob: BlobId) -> bool {
        self.0.contains(&half(blob))
    }
}

fn half(BlobId(id): BlobId) -> u64 {
    id[12..].iter().fold(0, |half, byte| half << 8 | u64::from(*byte))
}

impl Seen {
    pub(super) fn blobs(&self, blobs: impl Iterator<Item = BlobId>) {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).extend(blobs.map(half));
    }

    pub(super) fn gone(&self, blob: BlobId) {
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).remove(&half(blob));
    }

    pub(super) fn closed_folder(&self, path: String) {
        self.closed_folders.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }

    /// All blobs seen, and folders that could not be looked into.
    pub(super) fn take(&self) -> (SeenBlobs, Vec<String>) {
        let blobs = std::mem::take(&mut *self.blobs.lock().unwrap_or_else(PoisonError::into_inner));
        let folders = self.closed_folders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (SeenBlobs(blobs), folders)
    }

    /// Takes note of whether an object's tags could be read.
    pub(super) fn tags(&self, not_searched: Option<&'static str>) {
        match not_searched {
            None => self.tags_read.store(true, Ordering::Relaxed),
            Some(TAGS_DENIED) => self.tags_denied.store(true, Ordering::Relaxed),
            Some(_) => {}
        }
    }

    pub(super) fn read_went_well(&self) {
        self.failed_reads.store(0, Ordering::Relaxed);
    }

    /// Counts a blob that the store failed to give.
    ///
    /// # Errors
    /// `Unavailable` once they are so many that the store must be down.
    pub(super) fn read_failed(&self) -> Result<()> {
        match self.failed_reads.fetch_add(1, Ordering::Relaxed) + 1 < FAILED_READS_MAX {
            true => Ok(()),
            false => Err(Error::unavailable("crawl", "the store fails to give any blob; try again later")),
        }
    }
}

impl Run {
    /// Records that a crawl begins.
    ///
    /// # Errors
    /// If the catalog fails.
    pub async fn begin(ctx: &Ctx, lake: &Lake) -> Result<Self> {
        let (catalog, source, url) = (Arc::clone(&ctx.catalog), lake.source_id(), lake.url().to_owned());
        let recognised = recognised(lake);
        let mut run = ctx.blocking(move || begin(&catalog, source, url, recognised)).await?;
        run.corrections = lake.corrections();
        tracing::info!(run = run.id.0, source = %run.source, "crawl starts");
        Ok(run)
    }

    /// Records how it ended, and passes that on.
    ///
    /// # Errors
    /// That of the crawl; else if the catalog fails.
    pub async fn end(self, ctx: &Ctx, outcome: Result<CrawlReport>) -> Result<CrawlReport> {
        let ended = ctx.catalog.env().clock.now();
        let outcome = outcome.map(|report| CrawlReport {
            run: Some(self.id),
            seconds: (ended.0 - self.started.0) as f64 / 1e6,
            ..report
        });
        let mut execution = self.execution(ExecutionState::Failed);
        execution.ended = Some(ended);
        if let Ok(report) = &outcome {
            execution.state = ExecutionState::Complete;
            let anomalies: u64 = report.anomalies.values().sum();
            let counts = [("blobs", report.listed), ("bytes", report.bytes_read), ("anomalies", anomalies)];
            let property = |(name, count): (&str, u64)| (name.to_owned(), Property::Int(count as i64));
            execution.properties.extend(counts.map(property));
            execution.name = Some(format!("{} {}", self.source, self.id));
        }
        let has_reread = self.reread && outcome.is_ok() && !self.seen.left_stale.load(Ordering::Relaxed);
        let (catalog, source) = (Arc::clone(&ctx.catalog), self.source.clone());
        let recorded = ctx.blocking(move || -> Result<()> {
            let mut changes = vec![Change::put(&execution)?];
            if let Some(source) = catalog.get::<Source>(&source, AsOf::Now)? {
                let now = self.source_after(&source, has_reread);
                changes.extend((now != source).then(|| Change::put(&now)).transpose()?);
            }
            catalog.commit(&Principal::system(), &changes)?;
            catalog.flush()
        });
        let recorded = recorded.await;
        match &outcome {
            Ok(report) => tracing::info!(
                listed = report.listed,
                read = report.read,
                deleted = report.deleted,
                seconds = report.seconds,
                "crawl ends"
            ),
            Err(error) => tracing::error!(error = %error, "crawl fails"),
        }
        let report = outcome?;
        recorded?;
        Ok(report)
    }

    /// By what the crawl makes digests of identifiers.
    pub(super) fn keyed(&self, ctx: &Ctx) -> Keyed {
        Keyed::new(&ctx.catalog.env().hasher, self.suppressed.clone())
    }

    /// What is known of the source's index once the crawl has ended.
    fn source_after(&self, source: &Source, has_reread: bool) -> Source {
        let mut now = source.clone();
        if has_reread {
            (now.recognised, now.index_key) = (Some(self.recognised), Some(self.index_key));
        }
        if self.seen.tags_denied.load(Ordering::Relaxed) {
            now.tags_denied = true;
        } else if source.tags_denied && self.seen.tags_read.load(Ordering::Relaxed) {
            // The right was granted: objects that were read without it are read again by the next crawl, unless this one did.
            now.tags_denied = false;
            now.recognised = now.recognised.filter(|_| has_reread);
        }
        now
    }

    fn execution(&self, state: ExecutionState) -> Execution {
        let source = ("source".to_owned(), Property::String(self.source.0.clone()));
        Execution {
            id: self.id,
            type_id: self.run_type,
            name: Some(under_way(&self.source)),
            state,
            properties: Properties::from([source]),
            custom_properties: Properties::new(),
            started: self.started,
            ended: None,
        }
    }
}

/// How identifiers of a source are read now. What stands beside the bytes counts where there is any.
pub(crate) fn recognised(lake: &Lake) -> Digest {
    if !lake.has_beside() {
        return Digest(fingerprint());
    }
    let beside = match lake.tags_left_out() {
        None => "user metadata, headers, tags",
        Some(_) => "user metadata, headers",
    };
    Digest(*blake3::Hasher::new_derive_key(beside).update(&fingerprint()).finalize().as_bytes())
}

/// The name of a source's crawl until it is complete. There is one at most: the next crawl finds what a kill or a
/// failure has left under it, and renames it.
fn under_way(source: &SourceId) -> String {
    format!("{source} under way")
}

fn begin(catalog: &Catalog, id: SourceId, url: String, recognised: Digest) -> Result<Run> {
    graph::ensure(catalog, &graph::BLOB_VERSION)?;
    let run_type = graph::ensure(catalog, &graph::CRAWL_RUN)?;
    let started = catalog.env().clock.now();
    let mut changes = Vec::new();
    let source: Option<Source> = catalog.get(&id, AsOf::Now)?;
    let index_key = catalog.env().hasher.index().key;
    let reread = source
        .as_ref()
        .is_some_and(|source| source.recognised != Some(recognised) || source.index_key != Some(index_key));
    if source.is_none() {
        changes.push(Change::put(&Source {
            id: id.clone(),
            url,
            added: started,
            schedule: None,
            grouped: None,
            recognised: Some(recognised),
            index_key: Some(index_key),
            tags_denied: false,
        })?);
    }
    let stale = graph::execution_named(catalog, run_type, &under_way(&id))?;
    let after_a_failure = stale.is_some();
    if let Some(mut stale) = stale {
        tracing::warn!(run = stale.id.0, "the crawl of the source before this one broke off");
        stale.name = Some(format!("{id} {}", stale.id));
        stale.state = ExecutionState::Failed;
        stale.ended = stale.ended.or(Some(started));
        changes.push(Change::put(&stale)?);
    }
    let ledger = catalog.all::<Suppression>(AsOf::Now)?;
    let suppressed = Arc::new(ledger.into_iter().map(|entry| entry.digest).collect());
    let run = Run {
        id: ExecutionId(catalog.reserve_ids(1)?),
        source: id,
        started,
        suppressed,
        seen: Seen::default(),
        names: Arc::default(),
        corrections: Arc::default(),
        after_a_failure,
        reread,
        recognised,
        index_key,
        run_type,
    };
    changes.push(Change::put(&run.execution(ExecutionState::Running))?);
    catalog.commit(&Principal::system(), &changes)?;
    Ok(run)
}
