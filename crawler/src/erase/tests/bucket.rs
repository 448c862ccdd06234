//! A bucket in memory that keeps versions and can be told to die at its n-th write, before or after doing it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use catalog::model::Timestamp;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, AttributeValue, Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload,
    ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result, TagSet,
};

use crate::source::{Attached, Hold, Listed, ObjectVersion, Upload, Versioning, Versions};

#[derive(Clone, Debug)]
struct Kept {
    id: String,
    etag: String,
    marker: bool,
    size: u64,
    tags: Vec<(String, String)>,
    grants: Grants,
}

/// Headers that give an object an access list of its own.
pub(super) type Grants = Vec<(&'static str, String)>;

/// Versions of each path, oldest first; their bytes lie in `inner` under path and version.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    inner: InMemory,
    kept: Mutex<BTreeMap<String, Vec<Kept>>>,
    next: AtomicU64,
    writes: AtomicU64,
    /// Write at which it dies; 0: never. Odd half-steps: `2n` dies before the n-th write, `2n+1` after it.
    dies: AtomicU64,
    dead: AtomicU64,
    pub(super) locked: Mutex<Option<String>>,
    pub(super) tags_denied: AtomicU64,
    /// Unfinished uploads by id.
    uploads: Mutex<BTreeMap<String, Begun>>,
}

/// Path and parts of an upload, and what its object is to carry.
type Begun = (String, Vec<Bytes>, Attached);

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bucket")
    }
}

fn failed() -> Error {
    Error::Generic { store: "bucket", source: "killed by the test".into() }
}

fn gone(path: &str) -> Error {
    Error::NotFound { path: path.to_owned(), source: "no such key".into() }
}

impl Bucket {
    pub(super) fn dies_at(&self, half_step: u64) {
        self.dead.store(0, Ordering::SeqCst);
        let now = 2 * self.writes.load(Ordering::SeqCst);
        self.dies.store(if half_step == 0 { 0 } else { now + half_step }, Ordering::SeqCst);
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst) == 1
    }

    /// Whether this write dies before it, or after it.
    fn write_begins(&self) -> Result<bool> {
        if self.is_dead() {
            return Err(failed());
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let dies = self.dies.load(Ordering::SeqCst);
        let (before, after) = (dies > 0 && dies == 2 * number, dies > 0 && dies == 2 * number + 1);
        if before || after {
            self.dead.store(1, Ordering::SeqCst);
        }
        if before { Err(failed()) } else { Ok(after) }
    }

    pub(super) async fn put(&self, path: &str, bytes: &[u8]) {
        self.add(path, Some(bytes.to_vec().into()), PutOptions::default()).await.unwrap();
    }

    /// Puts an object that carries something beside its bytes; tags as S3's header has them.
    pub(super) async fn put_carrying(&self, path: &str, bytes: &[u8], attributes: Attributes, tags: &str) {
        let options = PutOptions { attributes, tags: tag_set(tags), ..PutOptions::default() };
        self.add(path, Some(bytes.to_vec().into()), options).await.unwrap();
    }

    /// Gives the latest version of an object an access list of its own.
    pub(super) fn grant(&self, path: &str, grants: &Grants) {
        let mut kept = self.kept.lock().unwrap();
        kept.get_mut(path).and_then(|versions| versions.last_mut()).unwrap().grants.clone_from(grants);
    }

    pub(super) async fn mark_deleted(&self, path: &str) {
        self.add(path, None, PutOptions::default()).await.unwrap();
    }

    async fn add(&self, path: &str, payload: Option<PutPayload>, options: PutOptions) -> Result<Kept> {
        let id = format!("v{}", self.next.fetch_add(1, Ordering::SeqCst));
        let (mut size, mut etag, marker) = (0, String::new(), payload.is_none());
        if let Some(payload) = payload {
            size = payload.content_length() as u64;
            let attributes = options.attributes.clone();
            let carrying = PutOptions { attributes, ..PutOptions::default() };
            self.inner.put_opts(&at(path, &id), payload.clone(), carrying).await?;
            // Of the bytes alone, as S3's is.
            etag = etag_of(&payload);
        }
        let tags = url::form_urlencoded::parse(options.tags.encoded().as_bytes()).into_owned().collect();
        let kept = Kept { id, etag, marker, size, tags, grants: Vec::new() };
        self.kept.lock().unwrap().entry(path.to_owned()).or_default().push(kept.clone());
        Ok(kept)
    }

    /// A version, or the latest one.
    fn version(&self, path: &str, version: Option<&str>) -> Result<Kept> {
        let Some(id) = version else { return self.latest(path) };
        let kept = self.kept.lock().unwrap();
        let found = kept.get(path).and_then(|all| all.iter().find(|one| one.id == id && !one.marker));
        found.cloned().ok_or_else(|| gone(path))
    }

    fn latest(&self, path: &str) -> Result<Kept> {
        let kept = self.kept.lock().unwrap();
        let latest = kept.get(path).and_then(|versions| versions.last());
        latest.filter(|latest| !latest.marker).cloned().ok_or_else(|| gone(path))
    }

    /// Bytes of every version of every path, old ones by their number; markers without bytes.
    pub(super) async fn all_bytes(&self) -> BTreeMap<(String, bool), Vec<Vec<u8>>> {
        let kept = self.kept.lock().unwrap().clone();
        let mut all: BTreeMap<(String, bool), Vec<Vec<u8>>> = BTreeMap::new();
        for (path, versions) in kept {
            for (place, version) in versions.iter().enumerate() {
                let bytes = match version.marker {
                    true => Vec::new(),
                    false => {
                        self.inner.get(&at(&path, &version.id)).await.unwrap().bytes().await.unwrap().to_vec()
                    }
                };
                all.entry((path.clone(), place + 1 == versions.len())).or_default().push(bytes);
            }
        }
        all
    }
}

/// Attributes with grants, and tags, of every version that has any, by path and place of the version, oldest first.
pub(super) type Carried = BTreeMap<(String, usize), (Vec<(String, String)>, Vec<(String, String)>)>;

impl Bucket {
    pub(super) async fn all_carried(&self) -> Carried {
        let kept = self.kept.lock().unwrap().clone();
        let mut all = Carried::new();
        for (path, versions) in kept {
            for (place, version) in versions.iter().enumerate().filter(|(_, version)| !version.marker) {
                let got = self.inner.get(&at(&path, &version.id)).await.unwrap();
                let shown =
                    |(name, value): (&Attribute, &AttributeValue)| (format!("{name:?}"), value.to_string());
                let mut attributes: Vec<_> = got.attributes.iter().map(shown).collect();
                attributes.extend(version.grants.iter().map(|(name, to)| ((*name).to_owned(), to.clone())));
                attributes.sort();
                all.insert((path.clone(), place), (attributes, version.tags.clone()));
            }
        }
        all
    }
}

fn tag_set(query: &str) -> TagSet {
    let mut tags = TagSet::default();
    url::form_urlencoded::parse(query.as_bytes()).for_each(|(key, value)| tags.push(&key, &value));
    tags
}

fn etag_of(payload: &PutPayload) -> String {
    let mut hasher = blake3::Hasher::new();
    for bytes in payload {
        hasher.update(bytes);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

fn at(path: &str, id: &str) -> Path {
    Path::from(format!("{path}#{id}"))
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let dies_after = self.write_begins()?;
        if let PutMode::Update(expected) = &options.mode
            && self.latest(location.as_ref()).ok().map(|latest| latest.etag) != expected.e_tag
        {
            return Err(Error::Precondition { path: location.to_string(), source: "another etag".into() });
        }
        let kept = self.add(location.as_ref(), Some(payload), options).await?;
        if dies_after {
            return Err(failed());
        }
        Ok(PutResult { e_tag: Some(kept.etag), version: Some(kept.id) })
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented { operation: "multipart".into(), implementer: "bucket".into() })
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if self.is_dead() {
            return Err(failed());
        }
        let path = location.as_ref();
        let kept = self.version(path, options.version.as_deref())?;
        if options.if_match.as_ref().is_some_and(|expected| *expected != kept.etag) {
            return Err(Error::Precondition { path: path.to_owned(), source: "another etag".into() });
        }
        let options = GetOptions { version: None, if_match: None, ..options };
        let got = self.inner.get_opts(&at(path, &kept.id), options).await?;
        let meta = ObjectMeta {
            location: location.clone(),
            version: Some(kept.id),
            e_tag: Some(kept.etag),
            ..got.meta.clone()
        };
        let (range, attributes) = (got.range.clone(), got.attributes.clone());
        let payload = GetResultPayload::Stream(got.into_stream());
        Ok(GetResult { payload, meta, range, attributes })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        // One after the other, and at once: the tests delete one object at a time.
        let locations: Vec<_> = futures::executor::block_on(locations.collect());
        let deleted = locations.into_iter().map(|location| {
            let location = location?;
            let dies_after = self.write_begins()?;
            futures::executor::block_on(self.add(location.as_ref(), None, PutOptions::default()))?;
            if dies_after { Err(failed()) } else { Ok(location) }
        });
        stream::iter(deleted.collect::<Vec<_>>()).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(async { Err(failed()) }).boxed() // it is listed through its versions
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(failed())
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(failed())
    }
}

fn of_kept(kept: &Kept, is_latest: bool) -> ObjectVersion {
    ObjectVersion {
        version: kept.id.clone(),
        is_latest,
        is_delete_marker: kept.marker,
        etag: (!kept.marker).then(|| kept.etag.clone()),
        size: kept.size,
        modified: Timestamp(0),
    }
}

type Answer<T> = crate::error::Result<T>;

fn unavailable() -> crate::error::Error {
    crate::error::Error::unavailable("ask the bucket", "killed by the test")
}

#[async_trait]
impl Versions for Bucket {
    fn list(&self) -> BoxStream<'static, Answer<Listed>> {
        if self.is_dead() {
            return stream::once(async { Err(unavailable()) }).boxed();
        }
        let kept = self.kept.lock().unwrap();
        let current = kept.iter().filter_map(|(path, versions)| {
            let latest = versions.last().filter(|latest| !latest.marker)?;
            Some(Ok(Listed {
                path: path.clone(),
                size: latest.size,
                etag: Some(latest.etag.clone()),
                version: None,
                modified: Timestamp(0),
                problem: None,
            }))
        });
        stream::iter(current.collect::<Vec<_>>()).boxed()
    }

    async fn versioning(&self) -> Answer<Versioning> {
        Ok(Versioning::On)
    }

    async fn of(&self, path: &str) -> Answer<Vec<ObjectVersion>> {
        Ok(self.all().await?.into_iter().filter(|(of, _)| of == path).map(|(_, version)| version).collect())
    }

    async fn all(&self) -> Answer<Vec<(String, ObjectVersion)>> {
        if self.is_dead() {
            return Err(unavailable());
        }
        let kept = self.kept.lock().unwrap();
        let mut all = Vec::new();
        for (path, versions) in kept.iter() {
            let newest = versions.iter().rev().enumerate();
            all.extend(newest.map(|(place, one)| (path.clone(), of_kept(one, place == 0))));
        }
        Ok(all)
    }

    async fn delete(&self, path: &str, version: &str) -> Answer<()> {
        if self.locked.lock().unwrap().as_deref() == Some(version) {
            return Err(crate::error::Error::denied("delete version", "the object is locked"));
        }
        let dies_after = self.write_begins().map_err(|_| unavailable())?;
        let mut kept = self.kept.lock().unwrap();
        if let Some(versions) = kept.get_mut(path) {
            versions.retain(|one| one.id != version);
        }
        kept.retain(|_, versions| !versions.is_empty());
        if dies_after { Err(unavailable()) } else { Ok(()) }
    }

    async fn hold(&self, _: &str, version: Option<&str>) -> Answer<Hold> {
        let legal_hold = version.is_some() && self.locked.lock().unwrap().as_deref() == version;
        Ok(Hold { legal_hold, ..Hold::default() })
    }

    async fn tags(&self, path: &str, version: Option<&str>) -> Answer<Vec<(String, String)>> {
        if self.tags_denied.load(Ordering::SeqCst) == 1 {
            return Err(crate::error::Error::denied("read tags", "the store answers 403"));
        }
        if self.is_dead() {
            return Err(unavailable());
        }
        let version = self.version(path, version);
        Ok(version.map_err(|error| crate::error::of_store("read tags", error))?.tags)
    }

    async fn put_tags(&self, path: &str, version: Option<&str>, tags: &[(String, String)]) -> Answer<()> {
        let id = self.version(path, version).map_err(|_| unavailable())?.id;
        let dies_after = self.write_begins().map_err(|_| unavailable())?;
        let mut kept = self.kept.lock().unwrap();
        let versions = kept.get_mut(path).ok_or_else(unavailable)?;
        versions.iter_mut().filter(|one| one.id == id).for_each(|one| one.tags = tags.to_vec());
        if dies_after { Err(unavailable()) } else { Ok(()) }
    }

    async fn storage_class(&self, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }

    async fn uploads(&self) -> Answer<Vec<Upload>> {
        let uploads = self.uploads.lock().unwrap();
        let upload = |(id, (path, ..)): (&String, &Begun)| Upload {
            path: path.clone(),
            id: id.clone(),
            begun: Timestamp(i64::MAX / 2),
        };
        Ok(uploads.iter().map(upload).collect())
    }

    async fn grants(&self, path: &str) -> Answer<Grants> {
        self.latest(path).map(|latest| latest.grants).map_err(|_| unavailable())
    }

    async fn begin_upload(&self, path: &str, attached: &Attached) -> Answer<String> {
        let dies_after = self.write_begins().map_err(|_| unavailable())?;
        let id = format!("u{}", self.next.fetch_add(1, Ordering::SeqCst));
        self.uploads.lock().unwrap().insert(id.clone(), (path.to_owned(), Vec::new(), attached.clone()));
        if dies_after { Err(unavailable()) } else { Ok(id) }
    }

    async fn put_part(&self, _: &str, id: &str, number: u32, bytes: Bytes) -> Answer<String> {
        let dies_after = self.write_begins().map_err(|_| unavailable())?;
        let mut uploads = self.uploads.lock().unwrap();
        let (_, parts, _) = uploads.get_mut(id).ok_or_else(unavailable)?;
        // A part that is sent once more takes its own place.
        assert!((parts.len()..=parts.len() + 1).contains(&(number as usize)), "parts come in order");
        parts.truncate(number as usize - 1);
        parts.push(bytes);
        if dies_after { Err(unavailable()) } else { Ok(format!("p{number}")) }
    }

    async fn join_upload(&self, path: &str, id: &str, parts: &[String], expect_etag: &str) -> Answer<String> {
        let dies_after = self.write_begins().map_err(|_| unavailable())?;
        if self.latest(path).ok().is_none_or(|latest| latest.etag != expect_etag) {
            return Err(crate::error::Error::conflict("join", "another etag"));
        }
        let upload = self.uploads.lock().unwrap().remove(id);
        let gone = || crate::error::Error::conflict("join", "the upload is gone");
        let (of, bytes, Attached { attributes, tags, grants }) = upload.ok_or_else(gone)?;
        assert_eq!((&*of, parts.len()), (path, bytes.len()));
        let carrying = PutOptions { attributes, tags, ..PutOptions::default() };
        let kept = self.add(path, Some(bytes.concat().into()), carrying).await.map_err(|_| unavailable())?;
        self.grant(path, &grants);
        if dies_after { Err(unavailable()) } else { Ok(kept.etag) }
    }

    async fn has_parts(&self, upload: &Upload) -> Answer<bool> {
        Ok(self.uploads.lock().unwrap().get(&upload.id).is_some_and(|(_, parts, _)| !parts.is_empty()))
    }

    async fn abort(&self, _: &str, id: &str) -> Answer<()> {
        let dies_after = self.write_begins().map_err(|_| unavailable())?;
        self.uploads.lock().unwrap().remove(id);
        if dies_after { Err(unavailable()) } else { Ok(()) }
    }
}

/// The bucket shared by a lake and a test.
pub(super) fn shared() -> Arc<Bucket> {
    Arc::new(Bucket::default())
}
