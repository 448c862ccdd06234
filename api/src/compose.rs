//! The only place that opens things: the store, the catalog, keys, the clock and entropy of the system.
//!
//! One [`App`] serves one process, a command or the daemon. The SQL engine, sources and schedules hang on it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use catalog::env::{Clock, Entropy, Env, SubjectHasher};
use catalog::model::{Principal, Role, Source, Timestamp};
use catalog::search::Index;
use catalog::store::StoreError;
use catalog::store::sled::SledStore;
use catalog::{AsOf, Catalog, Error, Result};
use crawler::ctx::{Ctx, Progress};
use crawler::erase::{Desk, KeyRing};
use crawler::recognise::hide_persons;
use crawler::source::{Lake, SourceOptions};

use crate::config::{Config, grouping};
use crate::keys::Keys;
use crate::throttle::Throttle;

/// All that a process has open.
pub(crate) struct App {
    /// The configuration it was opened with.
    pub(crate) config: Config,
    /// The folder of keys.
    pub(crate) keys: Keys,
    /// The catalog.
    pub(crate) catalog: Arc<Catalog>,
    /// What stages and desks share.
    pub(crate) ctx: Ctx,
    /// How many identifiers principals may look up.
    pub(crate) lookups: Throttle,
    ring: KeyRing,
    index: OnceLock<Index>,
}

/// Why nothing was opened.
pub(crate) enum OpenError {
    /// Another process holds the catalog; if it is a daemon, ask it.
    Locked(Keys),
    /// Anything else.
    Failed(Error),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl App {
    /// Opens the catalog of a configuration, or makes it.
    ///
    /// # Errors
    /// `Locked` if another process holds it.
    pub(crate) fn open(config: Config, progress: Arc<dyn Progress>) -> std::result::Result<Self, OpenError> {
        let keys = Keys::open(&config.keys_dir)?;
        let ring = KeyRing::open(&config.keys_dir, Arc::new(SystemEntropy))?;
        let env = system_env(&ring)?;
        let Some(store) = open_store(&config)? else { return Err(OpenError::Locked(keys)) };
        let catalog = Arc::new(Catalog::open(Arc::new(store), env)?);
        let ctx = Ctx::new(catalog.clone()).with_bounds(config.bounds).with_progress(progress);
        let lookups = Throttle::new(config.lookups_per_hour);
        Ok(Self { config, keys, catalog, ctx, lookups, ring, index: OnceLock::new() })
    }

    /// The search index, opened on first use and then kept.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails.
    pub(crate) fn index(&self) -> Result<&Index> {
        static OPENING: Mutex<()> = Mutex::new(());
        let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = Index::open(&self.config.catalog.join("search"), &self.catalog, hide_persons)?;
        Ok(self.index.get_or_init(|| index))
    }

    /// Opens a source with the options that the configuration has for it.
    ///
    /// # Errors
    /// `Invalid` if no store takes the URL, `NotFound` if it is a folder that is not there.
    pub(crate) fn lake(&self, url: &str) -> Result<Lake> {
        let configured = self.config.sources.iter().find(|source| plain(&source.url) == plain(url));
        let mut options = SourceOptions::default();
        if let Some(source) = configured {
            options.include.clone_from(&source.include);
            options.exclude.clone_from(&source.exclude);
            options.settings.clone_from(&source.options);
            options.limits = source.limits.limits();
            options.leave_tags_out = source.tags == Some(false);
            options.corrections = grouping::corrections(&source.dataset)?;
        }
        Lake::open(url, &options)
    }

    /// The SQL engine over everything crawled.
    ///
    /// # Errors
    /// `Internal` if it cannot be set up.
    #[cfg(feature = "sql")]
    pub(crate) async fn engine(self: &Arc<Self>, masking: sql::Masking, as_of: AsOf) -> Result<sql::Engine> {
        sql::Engine::open(self.catalog.clone(), Arc::new(Lakes(self.clone())), masking, as_of).await
    }

    /// Makes the next key of the subject index and puts it in force.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be written.
    pub(crate) fn make_epoch(&self) -> Result<u32> {
        let epoch = self.ring.make_epoch()?;
        self.catalog.env().hasher.set_epochs(self.ring.index_epochs()?)?;
        Ok(epoch)
    }

    /// Destroys an old key of the subject index.
    ///
    /// # Errors
    /// `Conflict` if it is the newest, `Unavailable` if its file cannot be overwritten.
    pub(crate) fn destroy_epoch(&self, epoch: u32) -> Result<()> {
        self.ring.destroy_epoch(epoch)?;
        self.catalog.env().hasher.set_epochs(self.ring.index_epochs()?)
    }

    /// The desk at which a principal works on people: every source that was crawled and can be opened. One that cannot
    /// is told in each answer as not searched.
    ///
    /// # Errors
    /// What the catalog fails with.
    pub(crate) fn desk(&self, by: &Principal) -> Result<Desk> {
        let sources: Vec<Source> = self.catalog.all(AsOf::Now)?;
        let mut lakes = Vec::new();
        for source in &sources {
            match self.lake(&source.url) {
                Ok(lake) => lakes.push(lake),
                Err(error) => {
                    tracing::warn!(source = %source.id, error = crate::error::chain(&error), "cannot open source")
                }
            }
        }
        Ok(Desk {
            ctx: self.ctx.clone(),
            lakes,
            keys: self.ring.clone(),
            policy: self.config.erasure.clone(),
            by: by.clone(),
        })
    }
}

/// Opens the store of a configuration, or makes it; `None` if another process holds it.
///
/// # Errors
/// `Corrupt` or `Unavailable`, as the disk has it.
pub(crate) fn open_store(config: &Config) -> Result<Option<SledStore>> {
    std::fs::create_dir_all(&config.catalog)
        .map_err(|error| Error::unavailable("make catalog directory", "").with_source(error))?;
    match SledStore::open(&store_directory(&config.catalog)) {
        Ok(store) => Ok(Some(store)),
        Err(StoreError::Locked) => Ok(None),
        Err(error) => Err(open_error(error)),
    }
}

/// Opens lakes for the SQL engine.
#[cfg(feature = "sql")]
struct Lakes(Arc<App>);

#[cfg(feature = "sql")]
impl sql::LakeOpener for Lakes {
    fn open(&self, source: &Source) -> Result<Arc<Lake>> {
        self.0.lake(&source.url).map(Arc::new)
    }
}

/// A URL or path in the form in which two spellings of one source are compared.
fn plain(url: &str) -> String {
    let url = url.strip_prefix("file://").unwrap_or(url);
    let url = if url.contains("://") {
        url.to_owned()
    } else {
        std::path::absolute(url).map_or_else(|_| url.to_owned(), |path| path.to_string_lossy().into_owned())
    };
    url.trim_end_matches('/').to_owned()
}

/// Where the store of a catalog lies in its directory.
pub(crate) fn store_directory(catalog: &Path) -> PathBuf {
    catalog.join("store")
}

fn open_error(error: StoreError) -> Error {
    match error {
        StoreError::Corrupt(_) => {
            let context = "its store is damaged; import the last export into a new directory";
            Error::corrupt("open catalog", context).with_source(error)
        }
        other => Error::unavailable("open catalog", "").with_source(other),
    }
}

/// The doors to time, randomness and secrets of this machine.
///
/// # Errors
/// If the subject key cannot be read or made.
fn system_env(ring: &KeyRing) -> Result<Env> {
    let hasher = SubjectHasher::new(&ring.subject_key()?);
    hasher.set_epochs(ring.index_epochs()?)?;
    Ok(Env { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy), hasher })
}

/// The wall clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's randomness.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives randomness; without it no key is safe")
    }
}

/// Whoever runs this process: the owner of the catalog's files, who therefore holds every role.
pub(crate) fn local_principal() -> Principal {
    let roles =
        vec![Role::Viewer, Role::Analyst, Role::Steward, Role::PrivacyOfficer, Role::Approver, Role::Admin];
    Principal { name: format!("local:{}", user_name()), roles }
}

/// The name of the process's user; from the user id, since anybody can set `USER`.
#[cfg(unix)]
fn user_name() -> String {
    let uid = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid-{uid}"))
}

#[cfg(not(unix))]
fn user_name() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_| "owner".into())
}
