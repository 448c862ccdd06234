//! One opened source: what is listed in it and how it is named. Reading is in `fetch.rs`, changing in `write.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use catalog::dataset::{Correction, Corrections};
use catalog::model::{SourceId, Timestamp};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use object_store::ObjectStore;
use object_store::path::Path;

use super::fetch::Flight;
use super::guard::{Guard, Limits};
use super::pages::Pages;
use super::{Opened, SCHEMES, TAGS_LEFT_OUT, Versions, local, open};
use crate::error::{self, Error, Result};

/// How a source is opened and which of its blobs count.
#[derive(Clone, Default, PartialEq)]
pub struct SourceOptions {
    /// Globs of paths to take; none: all. `*` stays within a folder, `**` does not.
    pub include: Vec<String>,
    /// Globs of paths to leave out.
    pub exclude: Vec<String>,
    /// What people say about the grouping of its blobs.
    pub corrections: Vec<Correction>,
    /// Settings of the store's client that override the environment: `endpoint`, `region`, `skip_signature`.
    pub settings: BTreeMap<String, String>,
    /// Retries, back-off and requests at a time.
    pub limits: Limits,
    /// Whether tags of objects are left out, which cost a request an object.
    pub leave_tags_out: bool,
}

impl fmt::Debug for SourceOptions {
    /// Names settings but never prints their values, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SourceOptions");
        shown.field("include", &self.include).field("exclude", &self.exclude);
        shown.field("corrections", &self.corrections);
        shown.field("settings", &self.settings.keys()).field("limits", &self.limits);
        shown.field("leave_tags_out", &self.leave_tags_out).finish()
    }
}

/// An object as the store lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Path relative to the source. Ends with `/` if it is a folder that could not be looked into.
    pub path: String,
    /// Stored bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: Option<String>,
    /// Store version, if the listing tells.
    pub version: Option<String>,
    /// When it was written.
    pub modified: Timestamp,
    /// Why it cannot be read, if the listing alone shows that; for people, without its name.
    pub problem: Option<&'static str>,
}

impl Listed {
    /// Something that is there but cannot be read.
    pub(crate) fn unreadable(path: String, problem: &'static str) -> Self {
        Self { path, size: 0, etag: None, version: None, modified: Timestamp(0), problem: Some(problem) }
    }
}

/// One opened source.
#[derive(Clone)]
pub struct Lake {
    pub(super) url: String,
    pub(super) folder: Option<PathBuf>,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) limits: Limits,
    pub(super) flight: Arc<Flight>,
    pub(super) versions: Option<Arc<dyn Versions>>,
    pub(super) reads_tags: bool,
    unseen: Option<&'static str>,
    pages: Option<Pages>,
    only: Option<String>,
    include: Option<GlobSet>,
    exclude: GlobSet,
    corrections: Arc<Corrections>,
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lake({})", self.source_id())
    }
}

impl Lake {
    /// Opens the source at a URL or a plain path.
    ///
    /// # Errors
    /// `Invalid` if no store takes the URL, `NotFound` if it is a folder that is not there.
    pub fn open(url: &str, options: &SourceOptions) -> Result<Self> {
        let parsed = open::parse(url)?;
        let scheme = SCHEMES.iter().find(|(scheme, _)| *scheme == parsed.scheme());
        let (_, open) = scheme.ok_or_else(|| {
            let known: Vec<_> = SCHEMES.iter().map(|(scheme, _)| *scheme).collect();
            Error::invalid("open source", format!("its scheme is none of {}", known.join(", ")))
        })?;
        Self::new(open(&parsed, options)?, options)
    }

    /// A lake over a store that is open already, for tests and embedding; `url` only names it.
    ///
    /// # Errors
    /// `Invalid` if a glob is none.
    pub fn over(url: &str, store: Arc<dyn ObjectStore>, options: &SourceOptions) -> Result<Self> {
        let url = url.trim_end_matches('/').to_owned();
        let opened = Opened {
            url,
            store,
            prefix: String::new(),
            folder: None,
            only: None,
            versions: None,
            requests: None,
            unseen: None,
            pages: None,
        };
        Self::new(opened, options)
    }

    /// The same lake with another way to its versions.
    #[must_use]
    pub fn with_versions(mut self, versions: Arc<dyn Versions>) -> Self {
        self.versions = Some(versions);
        self
    }

    fn new(opened: Opened, options: &SourceOptions) -> Result<Self> {
        let store: Arc<dyn ObjectStore> = match opened.prefix.is_empty() {
            true => opened.store,
            false => Arc::new(object_store::prefix::PrefixStore::new(opened.store, opened.prefix)),
        };
        let requests = opened.requests.unwrap_or_else(|| options.limits.requests());
        Ok(Self {
            url: opened.url,
            folder: opened.folder,
            store: Arc::new(Guard::new(store, options.limits, requests)),
            limits: options.limits,
            flight: Arc::new(Flight::new(options.limits.bytes_in_flight_max)),
            versions: opened.versions,
            reads_tags: !options.leave_tags_out,
            unseen: opened.unseen,
            pages: opened.pages,
            only: opened.only,
            include: (!options.include.is_empty()).then(|| globs(&options.include)).transpose()?,
            exclude: globs(&options.exclude)?,
            corrections: Arc::new(Corrections::new(&options.corrections)?),
        })
    }

    /// What people say about the grouping of its blobs.
    pub(crate) fn corrections(&self) -> Arc<Corrections> {
        Arc::clone(&self.corrections)
    }

    /// Its id in the catalog.
    pub fn source_id(&self) -> SourceId {
        SourceId::of(&self.url)
    }

    /// Its canonical URL, without credentials and without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The full URI of a path in it, as people and other programs name it: not percent-encoded, but for what would
    /// break a line.
    pub fn uri(&self, path: &str) -> String {
        let spelled = path.replace('\n', "%0A").replace('\r', "%0D");
        format!("{}/{spelled}", self.url)
    }

    /// The guarded store, paths relative to the source.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The folder, if its blobs are files of this machine.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// What its store can beyond `object_store`, if it keeps versions.
    pub fn versioned(&self) -> Option<&Arc<dyn Versions>> {
        self.versions.as_ref()
    }

    /// What its store may keep of objects that were overwritten or deleted, if nothing here sees it: for people.
    pub fn unseen(&self) -> Option<&'static str> {
        self.unseen
    }

    /// Why tags are not searched in it, if the configuration leaves them out.
    pub(crate) fn tags_left_out(&self) -> Option<&'static str> {
        (self.versions.is_some() && !self.reads_tags).then_some(TAGS_LEFT_OUT)
    }

    /// Whether its objects carry something beside their bytes; files do not.
    pub(crate) fn has_beside(&self) -> bool {
        self.folder.is_none()
    }

    /// Whether a path is among those that count: included, not excluded, not being written by us.
    pub fn accepts(&self, path: &str) -> bool {
        let only = self.only.as_deref().is_none_or(|only| only == path);
        let included = self.include.as_ref().is_none_or(|globs| globs.is_match(path));
        only && included
            && !self.exclude.is_match(path)
            && !local::is_being_written(self.folder.as_deref(), path)
    }

    /// Whether its globs leave a path out that would count without them.
    fn leaves_out(&self, path: &str) -> bool {
        let included = self.include.as_ref().is_none_or(|globs| globs.is_match(path));
        let left_out = !included || self.exclude.is_match(path);
        left_out && self.only.is_none() && !local::is_leftover(path)
    }

    /// Lists what is in it now.
    pub fn list(&self) -> BoxStream<'_, Result<Listed>> {
        let counts = |listed: &Listed| self.accepts(&listed.path) || listed.path.ends_with('/');
        self.list_all().try_filter(move |listed| std::future::ready(counts(listed))).boxed()
    }

    /// Lists what is in it now by path, and how many objects its globs leave out: whoever says that nothing is there any more says
    /// that, too.
    ///
    /// # Errors
    /// What listing fails with.
    pub async fn list_and_left_out(&self) -> Result<(Vec<Listed>, u64)> {
        let (mut listed, mut left_out) = (Vec::new(), 0);
        let mut all = self.list_all();
        while let Some(one) = all.try_next().await? {
            if self.accepts(&one.path) || one.path.ends_with('/') {
                listed.push(one);
            } else {
                left_out += u64::from(self.leaves_out(&one.path));
            }
        }
        listed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((listed, left_out))
    }

    fn list_all(&self) -> BoxStream<'_, Result<Listed>> {
        match (&self.folder, &self.versions) {
            (Some(folder), _) => local::list(folder.clone()),
            (None, Some(versions)) => versions.list(),
            (None, None) => match &self.pages {
                Some(pages) => pages.list(Arc::clone(&self.store)),
                None => self.store.list(None).map_ok(of_meta).map_err(list_error).boxed(),
            },
        }
    }

    /// Versions of one object, newest first; none if the store keeps none.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn versions(&self, path: &str) -> Result<Vec<super::ObjectVersion>> {
        match &self.versions {
            Some(versions) => versions.of(path).await,
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn key(path: &str) -> Result<Path> {
        let key = Path::parse(path).ok().filter(|key| key.as_ref() == path);
        key.ok_or_else(|| Error::invalid("read blob", "the store's client cannot spell its name"))
    }
}

fn list_error(error: object_store::Error) -> Error {
    error::of_store("list source", error)
}

pub(super) fn of_meta(meta: object_store::ObjectMeta) -> Listed {
    Listed {
        path: meta.location.into(),
        size: meta.size,
        etag: meta.e_tag.map(spelled),
        version: meta.version,
        modified: Timestamp(meta.last_modified.timestamp_micros()),
        problem: None,
    }
}

/// An etag as a read of the object gives it: Azure lists it without the quotation marks that it has in headers.
fn spelled(etag: String) -> String {
    if etag.starts_with("0x") { format!("\"{etag}\"") } else { etag }
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let invalid = |error: globset::Error| Error::invalid("open source", "a glob is none").with_source(error);
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(GlobBuilder::new(pattern).literal_separator(true).build().map_err(invalid)?);
    }
    set.build().map_err(invalid)
}

#[cfg(test)]
mod tests;
