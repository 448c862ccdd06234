//! The crawl line: list → sniff → read → profile → classify → record → link.
//!
//! Blobs stream through it, as many at a time as there are processors, and a bounded queue holds them back while the
//! catalog is busy. A blob is recorded whole or not at all, so a crawl that was killed goes on where it was.

use std::collections::BTreeMap;

use catalog::model::{Depth, ExecutionId};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::source::Lake;
use crate::stage::{self, Changed, Classified, Run};

/// Crawls a source: reads what is new or changed, closes what has vanished, groups and links.
///
/// # Errors
/// Only if the source or the catalog fails, or the source is being crawled already: a bad blob is a fact, not a failure.
pub async fn crawl(ctx: &Ctx, lake: &Lake) -> Result<CrawlReport> {
    let _alone = ctx.alone(&lake.source_id())?;
    let run = Run::begin(ctx, lake).await?;
    let span = tracing::info_span!("crawl", run = run.id.0);
    async {
        let outcome = line(ctx, lake, &run).await;
        run.end(ctx, outcome).await
    }
    .instrument(span)
    .await
}

async fn line(ctx: &Ctx, lake: &Lake, run: &Run) -> Result<CrawlReport> {
    let changed = stage::list(ctx, lake, run); // what is new or changed since last time
    let recorded = match ctx.depth {
        Depth::Head => {
            let glanced = stage::glance(ctx, lake, run, changed); // their first and last bytes only
            stage::record(ctx, lake, run, glanced).await?
        }
        Depth::Sample | Depth::Full => {
            let read = changed.map_ok(|changed| blob(ctx, lake, run, changed)).try_buffered(ctx.workers);
            stage::record(ctx, lake, run, read).await? // one commit a batch, then what has vanished
        }
    };
    stage::link(ctx, run, recorded).await // datasets, their schemas, lineage
}

async fn blob(ctx: &Ctx, lake: &Lake, run: &Run, changed: Changed) -> Result<Option<Classified>> {
    let span = tracing::debug_span!("blob", id = %changed.blob);
    async {
        let Some(sniffed) = stage::sniff(lake, run, changed).await? else { return Ok(None) }; // its bytes at hand
        let read = stage::read(ctx, lake, run, sniffed).await; // one pass over every cell of every part
        let profiled = ctx.blocking(move || stage::profile(read)).await; // schemas and statistics
        Ok(Some(stage::classify(profiled, ctx.depth))) // what is personal; its values go no further
    }
    .instrument(span)
    .await
}

/// What a crawl did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrawlReport {
    /// Its execution in the graph.
    pub run: Option<ExecutionId>,
    /// Blobs listed.
    pub listed: u64,
    /// Of those, read now.
    pub read: u64,
    /// Not read, since nothing about them changed.
    pub unchanged: u64,
    /// Read as new versions of known blobs.
    pub changed: u64,
    /// Read for the first time.
    pub new: u64,
    /// Of the new, those that a vanished blob had the bytes of.
    pub moved: u64,
    /// Vanished.
    pub deleted: u64,
    /// Stored bytes read.
    pub bytes_read: u64,
    /// Anomalies of blobs read now, by kind.
    pub anomalies: BTreeMap<String, u64>,
    /// Blobs read now, by format.
    pub formats: BTreeMap<String, u64>,
    /// Findings in blobs read now, by kind.
    pub findings: BTreeMap<String, u64>,
    /// Datasets of the source after it.
    pub datasets: u64,
    /// Inferred edges in the whole catalog after it.
    pub edges: u64,
    /// How long it took.
    pub seconds: f64,
}

#[cfg(test)]
mod tests;
