//! A store that misbehaves by a seed, for tests and simulation: busy answers, time-outs after success, torn bodies,
//! objects that vanish.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// How often, out of 256 requests, each fault happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Answered as by a busy store, nothing done.
    pub busy: u8,
    /// Done, but the answer is lost.
    pub lost: u8,
    /// A body ends early, with an error or silently.
    pub torn: u8,
    /// The object is said not to be there.
    pub gone: u8,
}

/// A store with faults in it.
#[derive(Debug)]
pub struct Faulty {
    store: Arc<dyn ObjectStore>,
    faults: Faults,
    seed: u64,
    requests: AtomicU64,
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faulty {}", self.store)
    }
}

enum Fault {
    None,
    Busy,
    Lost,
    Torn(u8),
    Gone,
}

impl Faulty {
    /// Puts faults into a store.
    pub fn new(store: Arc<dyn ObjectStore>, faults: Faults, seed: u64) -> Self {
        Self { store, faults, seed, requests: AtomicU64::new(0) }
    }

    fn fault(&self) -> Fault {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        let hash = blake3::hash(&[self.seed.to_be_bytes(), request.to_be_bytes()].concat());
        let dice = hash.as_bytes();
        let Faults { busy, lost, torn, gone } = self.faults;
        match () {
            () if dice[0] < busy => Fault::Busy,
            () if dice[1] < lost => Fault::Lost,
            () if dice[2] < torn => Fault::Torn(dice[4]),
            () if dice[3] < gone => Fault::Gone,
            () => Fault::None,
        }
    }

    async fn write<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        match self.fault() {
            Fault::Busy => Err(failed("503 slow down")),
            Fault::Lost => request.await.and(Err(failed("the answer was lost"))),
            _ => request.await,
        }
    }
}

fn failed(reason: &'static str) -> Error {
    Error::Generic { store: "faulty", source: reason.into() }
}

fn tear(got: GetResult, dice: u8) -> GetResult {
    let GetResult { payload, meta, range, attributes } = got;
    let length = range.end - range.start;
    let keep = length * u64::from(dice) / 256;
    let whole =
        GetResult { payload, meta: meta.clone(), range: range.clone(), attributes: attributes.clone() };
    let body = whole.into_stream().scan(keep, |left, chunk| {
        let chunk = chunk.map(|bytes| bytes.slice(..bytes.len().min(*left as usize)));
        *left -= chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
        std::future::ready(Some(chunk))
    });
    let end = stream::iter(dice.is_multiple_of(2).then(|| Err(failed("connection reset"))));
    let payload = GetResultPayload::Stream(body.chain(end).boxed());
    GetResult { payload, meta, range, attributes }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.write(self.store.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.write(self.store.put_multipart_opts(location, options)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        match self.fault() {
            Fault::Busy | Fault::Lost => Err(failed("503 slow down")),
            Fault::Gone => {
                Err(Error::NotFound { path: location.to_string(), source: "it has vanished".into() })
            }
            Fault::Torn(dice) if !head => Ok(tear(self.store.get_opts(location, options).await?, dice)),
            _ => self.store.get_opts(location, options).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.fault() {
            Fault::Busy => stream::once(async { Err(failed("503 slow down")) }).boxed(),
            Fault::Lost => {
                let answers = self.store.delete_stream(locations);
                answers.map(|answer| answer.and(Err(failed("the answer was lost")))).boxed()
            }
            _ => self.store.delete_stream(locations),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let items = self.store.list(prefix);
        match self.fault() {
            Fault::Busy | Fault::Lost => stream::once(async { Err(failed("503 slow down")) }).boxed(),
            Fault::Torn(dice) => {
                let end = stream::once(async { Err(failed("connection reset")) });
                items.take(usize::from(dice % 16)).chain(end).boxed()
            }
            _ => items,
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.write(self.store.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.write(self.store.copy_opts(from, to, options)).await
    }
}
