//! What every stage is given: the catalog, bounds, where progress goes, and a door to threads that may block.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use catalog::Catalog;
use catalog::model::{Depth, SourceId};

use crate::error::{Error, Result};
use crate::format::Bounds;

/// Hears how far long work is. All numbers are what came on top since the last call.
pub trait Progress: Send + Sync {
    /// So many more blobs with so many bytes were listed.
    fn listed(&self, blobs: u64, bytes: u64);
    /// So many more of them are dealt with: read, or found unchanged.
    fn read(&self, blobs: u64, bytes: u64);
    /// A part of the work is done, as a phrase for people.
    fn done(&self, what: &str);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn listed(&self, _: u64, _: u64) {}
    fn read(&self, _: u64, _: u64) {}
    fn done(&self, _: &str) {}
}

/// What the stages of a crawl or an erasure share. Clones share it all.
#[derive(Clone)]
pub struct Ctx {
    /// The record.
    pub catalog: Arc<Catalog>,
    /// What reading one blob may cost.
    pub bounds: Bounds,
    /// Who hears how far it is.
    pub progress: Arc<dyn Progress>,
    /// Blobs read at a time.
    pub workers: usize,
    /// How much of each blob a crawl reads.
    pub depth: Depth,
    crawled: Arc<Mutex<BTreeSet<SourceId>>>,
}

impl Ctx {
    /// Over a catalog, with default bounds, silent, reading as many blobs at a time as there are processors.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        let progress = Arc::new(Silent);
        let crawled = Arc::default();
        Self { catalog, bounds: Bounds::default(), progress, workers, depth: Depth::Full, crawled }
    }

    /// The same with somebody to hear of progress.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The same with crawls that read so much of each blob.
    #[must_use]
    pub fn with_depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }

    /// Runs blocking work where it holds up nobody. A panic in it is a panic here.
    pub async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => std::future::pending().await, // the runtime shuts down, and this task with it
            },
        }
    }

    /// Makes this the only crawl of a source in this process, until what is returned goes.
    ///
    /// # Errors
    /// `Conflict` if it is being crawled.
    pub fn alone(&self, source: &SourceId) -> Result<Alone> {
        let mut crawled = self.crawled.lock().unwrap_or_else(PoisonError::into_inner);
        match crawled.insert(source.clone()) {
            true => Ok(Alone { source: source.clone(), crawled: Arc::clone(&self.crawled) }),
            false => Err(Error::conflict("crawl", "the source is being crawled already; wait for its end")),
        }
    }
}

/// Marks a source as being crawled, while it lives.
#[derive(Debug)]
pub struct Alone {
    source: SourceId,
    crawled: Arc<Mutex<BTreeSet<SourceId>>>,
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.crawled.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.source);
    }
}
