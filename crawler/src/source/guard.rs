//! What every store is wrapped in: so many requests at a time, retries with jittered back-off, and bodies that are
//! cut short read on from where they broke off, provided the object is still the same.
//!
//! Retried is what `object_store` has no name for (5xx, time-outs, torn connections); a refusal, an absence or an
//! unmet condition is an answer. A conditional write that is retried after it had succeeded fails its condition;
//! `write.rs` looks whether the object is then what it meant to write.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Semaphore;

/// Deletions under way at a time in one stream of them.
const DELETES_AT_A_TIME: usize = 8;

/// How hard a store is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests under way at a time.
    pub requests_max: usize,
    /// Bytes of objects on their way at a time; a larger object goes alone.
    pub bytes_in_flight_max: u64,
    /// Tries after the first one.
    pub retries_max: u32,
    /// Wait before the first retry; doubles with each, half of it by chance.
    pub backoff: Duration,
    /// Longest wait.
    pub backoff_max: Duration,
    /// Largest blob that is put at once, and so held in memory.
    pub single_put_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let (backoff, backoff_max) = (Duration::from_millis(200), Duration::from_secs(10));
        Self {
            requests_max: 32,
            bytes_in_flight_max: 1 << 30,
            retries_max: 5,
            backoff,
            backoff_max,
            single_put_bytes_max: 32 << 20,
        }
    }
}

impl Limits {
    /// What lets so many requests go at a time.
    pub(crate) fn requests(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.requests_max.max(1)))
    }

    /// Waits before a try that follows so many: the full wait or down to half of it. The chance need not be a good one, only another for
    /// each process and call.
    pub(crate) async fn wait(&self, attempt: u32) {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let full = self.backoff.saturating_mul(1 << attempt.min(16)).min(self.backoff_max);
        let call = CALLS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let seed = [&call[..], &std::process::id().to_be_bytes()].concat();
        let share = f64::from(blake3::hash(&seed).as_bytes()[0]) / 255.0;
        tokio::time::sleep(full.mul_f64(0.5 + share / 2.0)).await;
    }
}

/// A guarded store.
#[derive(Clone, Debug)]
pub struct Guard {
    store: Arc<dyn ObjectStore>,
    limits: Limits,
    requests: Arc<Semaphore>,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "guarded {}", self.store)
    }
}

impl Guard {
    /// Guards a store; whoever else holds `requests` shares in them.
    pub fn new(store: Arc<dyn ObjectStore>, limits: Limits, requests: Arc<Semaphore>) -> Self {
        Self { store, limits, requests }
    }

    /// Tries until it succeeds, is answered, or was tried often enough.
    async fn retry<'a, T>(&self, request: impl Fn() -> BoxFuture<'a, Result<T>> + Send) -> Result<T> {
        let mut attempt = 0;
        loop {
            let permit = self.requests.acquire().await;
            let outcome = request().await;
            drop(permit);
            match outcome {
                Err(error) if is_passing(&error) && attempt < self.limits.retries_max => {
                    tracing::debug!(attempt, "store request failed, trying again");
                    self.limits.wait(attempt).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The body with torn ends mended.
    fn mend(&self, location: &Path, options: &GetOptions, got: GetResult) -> GetResult {
        let GetResult { payload: GetResultPayload::Stream(body), meta, range, attributes } = got else {
            return got;
        };
        let mut options = options.clone();
        options.if_match = meta.e_tag.clone();
        (options.if_none_match, options.if_modified_since) = (None, None);
        let body = Body {
            guard: self.clone(),
            location: location.clone(),
            options,
            at: range.start,
            end: range.end,
            attempt: 0,
            body: Some(body),
        };
        let payload = GetResultPayload::Stream(stream::unfold(body, Body::next).boxed());
        GetResult { payload, meta, range, attributes }
    }
}

/// A body as it is read, and how to read on.
struct Body {
    guard: Guard,
    location: Path,
    options: GetOptions,
    at: u64,
    end: u64,
    attempt: u32,
    body: Option<BoxStream<'static, Result<Bytes>>>,
}

impl Body {
    async fn next(mut self) -> Option<(Result<Bytes>, Self)> {
        loop {
            let item = self.body.as_mut()?.next().await;
            let error = match item {
                Some(Ok(bytes)) => {
                    self.at += bytes.len() as u64;
                    return Some((Ok(bytes), self));
                }
                // Also if it ends in an error: all that was announced is here.
                _ if self.at >= self.end => return None,
                None => torn(),
                Some(Err(error)) => error,
            };
            if !is_passing(&error) || self.attempt >= self.guard.limits.retries_max {
                self.body = None;
                return Some((Err(error), self));
            }
            self.guard.limits.wait(self.attempt).await;
            self.attempt += 1;
            self.options.range = Some(GetRange::Bounded(self.at..self.end));
            let again =
                self.guard.retry(|| self.guard.store.get_opts(&self.location, self.options.clone())).await;
            match again {
                Ok(got) => self.body = Some(got.into_stream()),
                Err(error) => {
                    self.body = None;
                    return Some((Err(error), self));
                }
            }
        }
    }
}

fn torn() -> Error {
    Error::Generic { store: "guard", source: "the body ends before its announced length".into() }
}

/// Whether another try may end otherwise.
pub(super) fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Generic { .. } | Error::JoinError { .. })
}

#[async_trait]
impl ObjectStore for Guard {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.retry(|| self.store.put_opts(location, payload.clone(), options.clone())).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.retry(|| self.store.put_multipart_opts(location, options.clone())).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let got = self.retry(|| self.store.get_opts(location, options.clone())).await?;
        Ok(if options.head { got } else { self.mend(location, &options, got) })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.retry(|| self.store.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let guard = self.clone();
        let delete = move |location: Result<Path>| {
            let guard = guard.clone();
            async move {
                let location = location?;
                guard.retry(|| guard.store.delete(&location).boxed()).await?;
                Ok(location)
            }
        };
        locations.map(delete).buffered(DELETES_AT_A_TIME).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listing = Listing {
            guard: self.clone(),
            prefix: prefix.cloned(),
            last: None,
            ordered: true,
            attempt: 0,
            items: Some(self.store.list(prefix)),
        };
        stream::unfold(listing, Listing::next).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.retry(|| self.store.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.retry(|| self.store.copy_opts(from, to, options.clone())).await
    }
}

/// A listing as it is read; one that breaks off goes on after its last item, if items come in order.
struct Listing {
    guard: Guard,
    prefix: Option<Path>,
    last: Option<Path>,
    ordered: bool,
    attempt: u32,
    items: Option<BoxStream<'static, Result<ObjectMeta>>>,
}

impl Listing {
    async fn next(mut self) -> Option<(Result<ObjectMeta>, Self)> {
        loop {
            match self.items.as_mut()?.next().await? {
                Ok(item) => {
                    self.ordered &= self.last.as_ref().is_none_or(|last| *last < item.location);
                    self.last = Some(item.location.clone());
                    return Some((Ok(item), self));
                }
                Err(error)
                    if is_passing(&error) && self.attempt < self.guard.limits.retries_max && self.ordered =>
                {
                    self.guard.limits.wait(self.attempt).await;
                    self.attempt += 1;
                    let store = &self.guard.store;
                    self.items = Some(match &self.last {
                        Some(last) => store.list_with_offset(self.prefix.as_ref(), last),
                        None => store.list(self.prefix.as_ref()),
                    });
                }
                Err(error) => {
                    self.items = None;
                    return Some((Err(error), self));
                }
            }
        }
    }
}
