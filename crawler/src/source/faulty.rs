//! A store that misbehaves by a seed, for tests and simulation: busy answers, time-outs after success and before it, torn bodies,
//! objects that vanish, conditions that are said to be unmet, slow answers, and somebody else who writes in between.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

mod versions;

pub use versions::FaultyVersions;

/// Longest wait for a slow answer.
const SLOW_MICROSECONDS_MAX: u64 = 500;
/// Requests within which a write that came late has been done.
const LATE_REQUESTS_MAX: u64 = 6;

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
    /// A condition is said to be unmet though nothing changed.
    pub conflict: u8,
    /// A write is given up by who asked, and done some requests later.
    pub late: u8,
    /// The answer takes its time.
    pub slow: u8,
    /// Somebody else writes right before the request is done.
    pub foreign: u8,
}

/// What somebody else does to an object right before a request for it is done.
pub type Meddle = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Busy,
    Lost,
    Torn(u8),
    Gone,
    Conflict,
    Late(u8),
}

/// Decides about faults by a seed, and counts those that happened; shared by all doors to one store.
pub struct Dice {
    faults: Faults,
    seed: u64,
    requests: AtomicU64,
    happened: Mutex<BTreeMap<&'static str, u64>>,
    meddle: Option<Meddle>,
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dice").field("faults", &self.faults).field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Dice {
    /// Dice of a seed; `meddle` is what somebody else does.
    pub fn new(faults: Faults, seed: u64, meddle: Option<Meddle>) -> Arc<Self> {
        let (requests, happened) = (AtomicU64::new(0), Mutex::default());
        Arc::new(Self { faults, seed, requests, happened, meddle })
    }

    /// How often each fault happened so far.
    pub fn happened(&self) -> BTreeMap<&'static str, u64> {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, fault: &'static str) {
        *self.happened.lock().unwrap_or_else(PoisonError::into_inner).entry(fault).or_default() += 1;
    }

    /// What happens to the next request, of all that can happen to it.
    fn fault(&self, can: impl Fn(Fault) -> bool) -> Fault {
        let dice = self.roll();
        let Faults { busy, lost, torn, gone, conflict, late, .. } = self.faults;
        let faults = [
            (dice[0] < busy, Fault::Busy, "busy"),
            (dice[1] < lost, Fault::Lost, "lost"),
            (dice[2] < torn, Fault::Torn(dice[4]), "torn"),
            (dice[3] < gone, Fault::Gone, "gone"),
            (dice[5] < conflict, Fault::Conflict, "conflict"),
            (dice[6] < late, Fault::Late(dice[4]), "late"),
        ];
        let Some((_, fault, name)) = faults.into_iter().find(|(falls, fault, _)| *falls && can(*fault))
        else {
            return Fault::None;
        };
        self.count(name);
        fault
    }

    fn roll(&self) -> [u8; 32] {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        *blake3::hash(&[self.seed.to_be_bytes(), request.to_be_bytes()].concat()).as_bytes()
    }

    /// What comes between: time, and somebody else.
    async fn come_between(&self, location: &str) {
        let Faults { slow, foreign, .. } = self.faults;
        if slow == 0 && foreign == 0 {
            return;
        }
        let dice = self.roll();
        if dice[0] < slow {
            self.count("slow");
            tokio::time::sleep(Duration::from_micros(SLOW_MICROSECONDS_MAX * u64::from(dice[1]) / 255)).await;
        }
        if let Some(meddle) = self.meddle.as_ref().filter(|_| dice[2] < foreign) {
            self.count("foreign");
            meddle(location.to_owned()).await;
        }
    }
}

/// A write that is done after some more requests.
struct Held {
    due: u64,
    write: BoxFuture<'static, ()>,
}

/// A store with faults in it.
pub struct Faulty {
    store: Arc<dyn ObjectStore>,
    dice: Arc<Dice>,
    held: Mutex<Vec<Held>>,
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("store", &self.store).field("dice", &self.dice).finish_non_exhaustive()
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faulty {}", self.store)
    }
}

impl Faulty {
    /// Puts faults into a store.
    pub fn new(store: Arc<dyn ObjectStore>, faults: Faults, seed: u64) -> Self {
        Self::by(store, Dice::new(faults, seed, None))
    }

    /// Puts faults into a store, by dice that others share.
    pub fn by(store: Arc<dyn ObjectStore>, dice: Arc<Dice>) -> Self {
        Self { store, dice, held: Mutex::default() }
    }

    /// Does what is late and due by now, or all that is late.
    pub async fn catch_up(&self, all: bool) {
        let now = self.dice.requests.load(Ordering::SeqCst);
        let mut due = Vec::new();
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            due.extend(held.extract_if(.., |held| all || held.due <= now));
        }
        for held in due {
            held.write.await;
        }
    }

    fn hold_back(&self, dice: u8, write: BoxFuture<'static, ()>) {
        let due = self.dice.requests.load(Ordering::SeqCst) + 1 + u64::from(dice) % LATE_REQUESTS_MAX;
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push(Held { due, write });
    }

    async fn write<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        match self.dice.fault(|fault| matches!(fault, Fault::Busy | Fault::Lost)) {
            Fault::Busy => Err(failed("503 slow down")),
            Fault::Lost => request.await.and(Err(failed("the answer was lost"))),
            _ => request.await,
        }
    }
}

fn unmet(location: &Path) -> Error {
    Error::Precondition { path: location.to_string(), source: "412 precondition failed".into() }
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
        self.catch_up(false).await;
        self.dice.come_between(location.as_ref()).await;
        let has_condition = options.mode != PutMode::Overwrite;
        let can = |fault| match fault {
            Fault::Conflict => has_condition,
            fault => matches!(fault, Fault::Busy | Fault::Lost | Fault::Late(_)),
        };
        match self.dice.fault(can) {
            Fault::Busy => Err(failed("503 slow down")),
            Fault::Conflict => Err(unmet(location)),
            Fault::Lost => {
                self.store.put_opts(location, payload, options).await.and(Err(failed("the answer was lost")))
            }
            Fault::Late(dice) => {
                let (store, location) = (Arc::clone(&self.store), location.clone());
                // Nobody waits for its answer any more.
                let write = async move { drop(store.put_opts(&location, payload, options).await) };
                self.hold_back(dice, write.boxed());
                Err(failed("408 request timeout"))
            }
            _ => self.store.put_opts(location, payload, options).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.write(self.store.put_multipart_opts(location, options)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.catch_up(false).await;
        self.dice.come_between(location.as_ref()).await;
        let (head, has_condition) = (options.head, options.if_match.is_some());
        let can = |fault| match fault {
            Fault::Conflict => has_condition,
            Fault::Torn(_) => !head,
            fault => !matches!(fault, Fault::Late(_)),
        };
        match self.dice.fault(can) {
            Fault::Conflict => Err(unmet(location)),
            Fault::Busy | Fault::Lost => Err(failed("503 slow down")),
            Fault::Gone => {
                Err(Error::NotFound { path: location.to_string(), source: "it has vanished".into() })
            }
            Fault::Torn(dice) => Ok(tear(self.store.get_opts(location, options).await?, dice)),
            _ => self.store.get_opts(location, options).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (store, dice) = (Arc::clone(&self.store), Arc::clone(&self.dice));
        let delete = move |location: Result<Path>| {
            let (store, dice) = (Arc::clone(&store), Arc::clone(&dice));
            async move {
                let location = location?;
                dice.come_between(location.as_ref()).await;
                match dice.fault(|fault| matches!(fault, Fault::Busy | Fault::Lost)) {
                    Fault::Busy => Err(failed("503 slow down")),
                    Fault::Lost => store.delete(&location).await.and(Err(failed("the answer was lost"))),
                    _ => store.delete(&location).await.map(|()| location),
                }
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let items = self.store.list(prefix);
        match self.dice.fault(|fault| matches!(fault, Fault::Busy | Fault::Lost | Fault::Torn(_))) {
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
