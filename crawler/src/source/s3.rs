//! S3's versions, locks, tags and unfinished uploads, signed with the credentials of `object_store`'s client.
//!
//! Requests and answers follow the Amazon S3 API Reference (2006-03-01): ListObjectsV2, ListObjectVersions,
//! GetBucketVersioning, HeadObject, DeleteObject, GetObjectTagging, ListMultipartUploads, AbortMultipartUpload; `acl` has access lists,
//! `upload` and `tags` have those that write. `connector` shows `object_store` what it has no name for.
//! What a compatible server does not know (501) counts as a feature that is off.

mod acl;
mod connector;
mod request;
mod tags;
mod upload;
mod xml;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::model::Timestamp;
use futures::stream::BoxStream;
use object_store::aws::AwsCredentialProvider;
use reqwest::Method;

use super::spread::{self, Entry, Keys, Pages};
use super::{Attached, Hold, Listed, ObjectVersion, Upload, Versioning, Versions};
use crate::error::{Error, Kind, Result};
use request::{Client, encode};
use xml::Element;

pub(super) use connector::Connector;
pub(super) use request::{Place, Trying};

/// A bucket, or a prefix of one.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    client: Client,
    /// With a slash at its end, or empty.
    prefix: String,
}

impl Bucket {
    /// A bucket in a region, with credentials unless nothing is signed.
    pub(super) fn new(
        place: Place,
        prefix: String,
        signing: (String, Option<AwsCredentialProvider>),
        trying: Trying,
    ) -> Result<Self> {
        let prefix = if prefix.is_empty() { prefix } else { format!("{prefix}/") };
        Ok(Self { client: Client::new(place, signing, trying)?, prefix })
    }

    fn object(&self, path: &str) -> String {
        encode(&format!("{}{path}", self.prefix), true)
    }

    async fn xml(&self, operation: &'static str, query: &str) -> Result<Element> {
        let answer = self.client.send(operation, Method::GET, "", query).await?;
        xml::parse(&answer.body)
            .ok_or_else(|| Error::unavailable(operation, "the store's answer is not understood"))
    }

    /// One page of current objects, and in which order they stand.
    async fn page(&self, query: &str) -> Result<Element> {
        self.xml("list source", &format!("encoding-type=url&list-type=2{query}")).await
    }

    /// The key of an item as it is, and what is listed of it.
    fn keyed(&self, page: &Element, item: &Element) -> Option<(String, Option<Listed>)> {
        Some((key_of(page, item.text("Key")?), self.listed(page, item)))
    }

    fn listed(&self, page: &Element, item: &Element) -> Option<Listed> {
        let path = self.path_of(page, item)?;
        let size = item.number("Size");
        if path.is_empty() || (path.ends_with('/') && size == 0) {
            return None; // what consoles make to show a folder
        }
        let problem = super::Lake::key(&path).is_err().then_some("the store's client cannot spell its name");
        // A trailing slash would read as a folder that could not be looked into.
        let path = path.strip_suffix('/').map_or(path.clone(), |stem| format!("{stem}%2F"));
        Some(Listed {
            path,
            size,
            etag: item.text("ETag").map(str::to_owned),
            version: None,
            modified: item.time("LastModified"),
            problem,
        })
    }

    fn path_of(&self, page: &Element, item: &Element) -> Option<String> {
        key_of(page, item.text("Key")?).strip_prefix(&self.prefix).map(str::to_owned)
    }

    /// One page of versions from a place on, and the place of the next.
    async fn versions_page(
        &self,
        prefix: &str,
        from: Option<(String, String)>,
    ) -> Result<(Vec<(String, ObjectVersion)>, Option<(String, String)>)> {
        let mut query = format!("encoding-type=url&prefix={}", encode(prefix, false));
        let is_first = from.is_none();
        if let Some((key, version)) = from {
            // Both markers come back as they were given, already encoded where the page says so.
            query = format!("{query}&key-marker={}", encode(&key, false));
            if !version.is_empty() {
                query = format!("{query}&version-id-marker={}", encode(&version, false));
            }
        }
        let page = match self.xml("list versions", &format!("{query}&versions=")).await {
            // Only the first answer can say that the server knows no versions; a later one would cut the list short.
            Err(error) if error.kind == Kind::Invalid && is_first => return Ok((Vec::new(), None)),
            page => page?,
        };
        let items = page.children.iter().filter(|child| matches!(&*child.name, "Version" | "DeleteMarker"));
        let versions =
            items.filter_map(|item| Some((self.path_of(&page, item)?, version_of(item)))).collect();
        if page.text("IsTruncated") != Some("true") {
            return Ok((versions, None));
        }
        let marker = |name| page.text(name).unwrap_or_default();
        let key = match page.text("EncodingType") {
            Some("url") => xml::decode_url(marker("NextKeyMarker")),
            _ => marker("NextKeyMarker").to_owned(),
        };
        if key.is_empty() {
            return Err(no_next("list versions"));
        }
        Ok((versions, Some((key, marker("NextVersionIdMarker").to_owned()))))
    }

    async fn head(
        &self,
        operation: &'static str,
        path: &str,
        version: Option<&str>,
    ) -> Result<request::Answer> {
        let query = version.map(|version| format!("versionId={}", encode(version, false)));
        self.client.send(operation, Method::HEAD, &self.object(path), &query.unwrap_or_default()).await
    }
}

/// The query for the tags of a version, or of the current one; parameters in the order of their names, as they are signed.
fn tagging(version: Option<&str>) -> String {
    match version {
        Some(version) => format!("tagging=&versionId={}", encode(version, false)),
        None => "tagging=".to_owned(),
    }
}

/// A list that goes on and does not say where: taking it for whole would leave blobs unsearched that nobody misses.
fn no_next(operation: &'static str) -> Error {
    Error::unavailable(operation, "the store cuts its list and does not say where it goes on")
}

fn version_of(item: &Element) -> ObjectVersion {
    ObjectVersion {
        version: item.text("VersionId").unwrap_or("null").to_owned(),
        is_latest: item.text("IsLatest") == Some("true"),
        is_delete_marker: item.name == "DeleteMarker",
        etag: item.text("ETag").map(str::to_owned),
        size: item.number("Size"),
        modified: item.time("LastModified"),
    }
}

/// What a server that lacks a feature answers counts as its being off.
fn or_off<T: Default>(outcome: Result<T>) -> Result<T> {
    match outcome {
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::NotFound) => Ok(T::default()),
        outcome => outcome,
    }
}

/// A key as a page spells it.
fn key_of(page: &Element, key: &str) -> String {
    match page.text("EncodingType") {
        Some("url") => xml::decode_url(key),
        _ => key.to_owned(),
    }
}

#[async_trait]
impl Pages for Bucket {
    async fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Keys> {
        let mut query = format!("&prefix={}", encode(prefix, false));
        if let Some(after) = after {
            query.push_str(&format!("&start-after={}", encode(after, false)));
        }
        let page = self.page(&query).await?;
        let keys = page.all("Contents").filter_map(|item| self.keyed(&page, item)).collect();
        Ok(Keys { keys, more: page.text("IsTruncated") == Some("true") })
    }

    async fn level(&self, prefix: &str) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = format!("&delimiter=%2F&prefix={}", encode(prefix, false));
            if let Some(token) = &token {
                query.push_str(&format!("&continuation-token={}", encode(token, false)));
            }
            let page = self.page(&query).await?;
            let objects = page.all("Contents").filter_map(|item| self.keyed(&page, item));
            entries.extend(objects.map(|(key, listed)| Entry::Object(key, listed)));
            let folders = page.all("CommonPrefixes").filter_map(|item| item.text("Prefix"));
            entries.extend(folders.map(|folder| Entry::Folder(key_of(&page, folder))));
            if page.text("IsTruncated") != Some("true") {
                entries.sort_by(|a, b| a.key().cmp(b.key()));
                return Ok(entries);
            }
            let next = page.text("NextContinuationToken").ok_or_else(|| no_next("list source"))?;
            token = Some(next.to_owned());
        }
    }
}

#[async_trait]
impl Versions for Bucket {
    fn list(&self) -> BoxStream<'static, Result<Listed>> {
        spread::list(self.clone(), self.prefix.clone())
    }

    async fn versioning(&self) -> Result<Versioning> {
        let answer = or_off(self.xml("read versioning", "versioning=").await)?;
        Ok(match answer.text("Status") {
            Some("Enabled") => Versioning::On,
            Some("Suspended") => Versioning::Suspended,
            _ => Versioning::Off,
        })
    }

    async fn of(&self, path: &str) -> Result<Vec<ObjectVersion>> {
        let prefix = format!("{}{path}", self.prefix);
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let (versions, next) = self.versions_page(&prefix, from).await?;
            // Keys come in order, and one comes before those that it is a prefix of.
            let others = versions.iter().any(|(other, _)| other != path);
            found.extend(versions.into_iter().filter(|(other, _)| other == path).map(|(_, version)| version));
            match next {
                Some(next) if !others => from = Some(next),
                _ => break,
            }
        }
        // Some servers list all delete markers after all versions.
        found.sort_by_key(|version| (!version.is_latest, std::cmp::Reverse(version.modified)));
        Ok(found)
    }

    async fn all(&self) -> Result<Vec<(String, ObjectVersion)>> {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let (versions, next) = self.versions_page(&self.prefix, from).await?;
            found.extend(versions);
            match next {
                Some(next) => from = Some(next),
                None => return Ok(found),
            }
        }
    }

    async fn delete(&self, path: &str, version: &str) -> Result<()> {
        let query = format!("versionId={}", encode(version, false));
        match self.client.send("delete version", Method::DELETE, &self.object(path), &query).await {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn hold(&self, path: &str, version: Option<&str>) -> Result<Hold> {
        let answer = match self.head("read object lock", path, version).await {
            // A delete marker answers 405 and can hold nothing.
            Err(error) if error.kind == Kind::Invalid => return Ok(Hold::default()),
            answer => answer?,
        };
        let header = |name| answer.header(name);
        Ok(Hold {
            legal_hold: header("x-amz-object-lock-legal-hold").is_some_and(|value| value == "ON"),
            retain_until: header("x-amz-object-lock-retain-until-date").and_then(|at| at.parse().ok()),
            mode: header("x-amz-object-lock-mode").map(str::to_owned),
        })
    }

    async fn tags(&self, path: &str, version: Option<&str>) -> Result<Vec<(String, String)>> {
        let operation = "read tags";
        let answer = self.client.send(operation, Method::GET, &self.object(path), &tagging(version)).await;
        let Some(answer) = or_off(answer.map(Some))? else { return Ok(Vec::new()) };
        let answer = xml::parse(&answer.body)
            .ok_or_else(|| Error::unavailable(operation, "the store's answer is not understood"))?;
        let tags = answer.all("TagSet").flat_map(|set| set.all("Tag"));
        let text = |tag: &Element, name| tag.text(name).unwrap_or_default().to_owned();
        Ok(tags.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect())
    }

    async fn put_tags(&self, path: &str, version: Option<&str>, tags: &[(String, String)]) -> Result<()> {
        self.write_tags(path, &tagging(version), tags).await
    }

    async fn storage_class(&self, path: &str) -> Result<Option<String>> {
        let answer = self.head("read storage class", path, None).await?;
        Ok(answer.header("x-amz-storage-class").filter(|class| *class != "STANDARD").map(str::to_owned))
    }

    async fn uploads(&self) -> Result<Vec<Upload>> {
        let (mut found, mut from) = (Vec::new(), String::new());
        loop {
            let prefix = encode(&self.prefix, false);
            let query = format!("encoding-type=url{from}&prefix={prefix}&uploads=");
            let page = or_off(self.xml("list uploads", &query).await)?;
            let upload = |item: &Element| {
                let id = item.text("UploadId")?.to_owned();
                Some(Upload { path: self.path_of(&page, item)?, id, begun: item.time("Initiated") })
            };
            found.extend(page.all("Upload").filter_map(upload));
            if page.text("IsTruncated") != Some("true") {
                return Ok(found);
            }
            if page.text("NextKeyMarker").unwrap_or_default().is_empty() {
                return Err(no_next("list uploads"));
            }
            let marker = |name| encode(&xml::decode_url(page.text(name).unwrap_or_default()), false);
            let (key, id) = (marker("NextKeyMarker"), marker("NextUploadIdMarker"));
            from = format!("&key-marker={key}&upload-id-marker={id}");
        }
    }

    async fn grants(&self, path: &str) -> Result<Vec<(&'static str, String)>> {
        self.grants_of(path).await
    }

    async fn begin_upload(&self, path: &str, attached: &Attached) -> Result<String> {
        self.begin(path, attached).await
    }

    async fn put_part(&self, path: &str, id: &str, number: u32, bytes: Bytes) -> Result<String> {
        self.part(path, id, number, bytes).await
    }

    async fn join_upload(&self, path: &str, id: &str, parts: &[String], expect_etag: &str) -> Result<String> {
        self.join(path, id, parts, expect_etag).await
    }

    async fn has_parts(&self, upload: &Upload) -> Result<bool> {
        let query = format!("max-parts=1&uploadId={}", encode(&upload.id, false));
        let operation = "list parts";
        match self.client.send(operation, Method::GET, &self.object(&upload.path), &query).await {
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
            // What is not understood may hold something.
            Ok(answer) => Ok(xml::parse(&answer.body).is_none_or(|page| page.all("Part").next().is_some())),
        }
    }

    async fn abort(&self, path: &str, id: &str) -> Result<()> {
        let query = format!("uploadId={}", encode(id, false));
        match self.client.send("abort upload", Method::DELETE, &self.object(path), &query).await {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Element {
    fn number(&self, name: &str) -> u64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn time(&self, name: &str) -> Timestamp {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}
