//! Changes stored bytes, each change bound to the etag of what it replaces. Only the eraser may call this
//! (`erase/execute.rs`): nothing else in Headwater writes to a lake.
//!
//! Every change can be repeated: one whose answer was lost finds its own bytes there and is content with them.
//! Files: written beside the old one, synced, renamed over it; mode and owner are kept, the time is honestly new.
//! S3: `If-Match` on the put; user metadata, headers, tags, storage class and keys of encryption are kept but for entries that have to go,
//! and so is an access list of the object's own. A large blob, and one with such a list, goes up in parts, which are joined with `If-Match`; its
//! etag is looked at once more right before, for servers that do not know the condition, and for stores other than S3, which `object_store` gives none.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bytes::Bytes;
use catalog::model::Timestamp;
use object_store::{
    Attribute, Attributes, GetOptions, MultipartUpload, ObjectMeta, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, TagSet, UpdateVersion,
};

use super::beside::{is_attribute, is_told};
use super::fetch::blocking;
use super::{Attached, Entry, EntryKind, Lake, Upload, Versions, Without, local};
use crate::content::Content;
use crate::error::{self, Error, Kind, Result};

/// Smallest part of an upload in parts.
const PART_BYTES_MIN: u64 = 8 << 20;
/// Parts of one upload; S3 takes 10,000.
const PARTS_MAX: u64 = 9_000;
/// Age from which an upload that nobody finished counts as given up: nobody writes one object for a day.
const UPLOAD_GIVEN_UP_MICROSECONDS: i64 = 24 * 60 * 60 * 1_000_000;

/// What takes an object's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct New<'a> {
    /// Its bytes.
    pub(crate) content: &'a Content,
    /// What stands beside the old one's bytes and is not kept.
    pub(crate) without: &'a Without,
    /// Whether something is kept that `object_store` cannot write.
    pub(crate) needs_own_client: bool,
}

impl<'a> New<'a> {
    /// Other bytes, all else as it is.
    pub(crate) fn of(content: &'a Content) -> Self {
        static NOTHING: Without = Without::new();
        Self { content, without: &NOTHING, needs_own_client: false }
    }
}

impl Lake {
    /// Begins an upload in parts of what is too large to be put at once, or carries what only our own client can write; whoever
    /// begins it keeps its id until it has ended, to drop it after a kill.
    ///
    /// # Errors
    /// As [`Lake::replace`].
    pub(crate) async fn begin_upload(
        &self,
        path: &str,
        expect_etag: &str,
        new: &New<'_>,
    ) -> Result<Option<String>> {
        let Some(versions) = &self.versions else { return Ok(None) };
        let grants = match versions.grants(path).await {
            Err(error) if error.kind == Kind::Denied => {
                tracing::warn!(
                    "the store does not let access lists be read: what is written anew gets the usual one"
                );
                Vec::new()
            }
            grants => grants?,
        };
        let is_small = new.content.len() <= self.limits.single_put_bytes_max;
        if is_small && !new.needs_own_client && grants.is_empty() {
            return Ok(None);
        }
        let (_, attached) = self.beside("begin upload", path, expect_etag, new.without).await?;
        versions.begin_upload(path, &Attached { grants, ..attached }).await.map(Some)
    }

    /// Puts another object in the place of one, if it still is the one with `expect_etag`; gives the new etag. `upload` is
    /// what [`Lake::begin_upload`] gave.
    ///
    /// # Errors
    /// `Conflict` if it is another one now, `NotFound` if it is gone, `Invalid` if the store cannot write.
    pub(crate) async fn replace(
        &self,
        path: &str,
        expect_etag: &str,
        new: &New<'_>,
        upload: Option<&str>,
    ) -> Result<String> {
        let outcome = match self.folder.clone() {
            Some(folder) => {
                let (path, expected) = (path.to_owned(), expect_etag.to_owned());
                let content = new.content.clone();
                blocking(move || replace_file(&folder, &path, &expected, content)).await
            }
            None => self.replace_object(path, expect_etag, new, upload).await,
        };
        match outcome {
            Err(error) if matches!(error.kind, Kind::Conflict | Kind::Unavailable) => {
                match self.settled(path, new).await {
                    Some(etag) => Ok(etag),
                    None => Err(self.or_passing(path, expect_etag, error).await),
                }
            }
            outcome => outcome,
        }
    }

    /// Puts an object where none is.
    ///
    /// # Errors
    /// `Conflict` if there is one with other bytes.
    pub(crate) async fn create(&self, path: &str, content: &Content) -> Result<()> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let bytes = read_range(content, 0, content.len()).await?;
        let put = self.store.put_opts(&Self::key(path)?, bytes.into(), options).await;
        match put {
            Ok(_) => Ok(()),
            // The answer of an earlier try may have been lost.
            Err(_) if self.settled(path, &New::of(content)).await.is_some() => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => {
                Err(Error::conflict("create blob", "there is another one by now"))
            }
            Err(error) => Err(error::of_store("create blob", error)),
        }
    }

    /// A condition that is said to be unmet though the object is still the one expected is a fault that passes: S3 answers so to writes
    /// that meet (409 ConditionalRequestConflict).
    async fn or_passing(&self, path: &str, expect_etag: &str, error: Error) -> Error {
        if error.kind == Kind::Conflict && self.look("replace blob", path, expect_etag).await.is_ok() {
            return Error::unavailable("replace blob", "the store refused a write whose condition is met");
        }
        error
    }

    /// The etag of the object if it holds just these bytes, and nothing beside them that had to go.
    async fn settled(&self, path: &str, new: &New<'_>) -> Option<String> {
        let content = new.content.clone();
        let wanted = blocking(move || digest(content).map_err(|e| error::of_file("read new bytes", e)));
        let there = self.fetch_all(path, None, None).await.ok()?;
        let stays = |entry: &Entry| new.without.contains(&(entry.kind, entry.name.clone()));
        let is_meant = there.digest == wanted.await.ok()? && !there.beside.entries.iter().any(stays);
        is_meant.then_some(there.etag).flatten()
    }

    /// Takes tags from a version of an object; its bytes and all else beside them stay.
    ///
    /// # Errors
    /// `Invalid` if the store has no tags; what it fails with.
    pub(crate) async fn remove_tags(
        &self,
        path: &str,
        version: Option<&str>,
        without: &Without,
    ) -> Result<()> {
        let none = || Error::invalid("write tags", "the store has no tags");
        let versions = self.versions.as_ref().ok_or_else(none)?;
        let mut tags = versions.tags(path, version).await?;
        let before = tags.len();
        tags.retain(|(key, _)| !without.contains(&(EntryKind::Tag, key.clone())));
        match tags.len() < before {
            true => versions.put_tags(path, version, &tags).await,
            false => Ok(()),
        }
    }

    /// Deletes an object, if it still is the one with `expect_etag`; one that is gone already is no error. A store
    /// that keeps versions hides it only: see [`Lake::delete_version`].
    ///
    /// # Errors
    /// `Conflict` if it is another one now.
    pub(crate) async fn delete(&self, path: &str, expect_etag: &str) -> Result<()> {
        let outcome = match self.folder.clone() {
            Some(folder) => {
                let (path, expected) = (path.to_owned(), expect_etag.to_owned());
                blocking(move || delete_file(&folder, &path, &expected)).await
            }
            None => self.delete_object(path, expect_etag).await,
        };
        match outcome {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes one version of an object for good; one that is gone already is no error.
    ///
    /// # Errors
    /// `Invalid` if the store keeps no versions, `Denied` if a lock or a missing right forbids it.
    pub(crate) async fn delete_version(&self, path: &str, version: &str) -> Result<()> {
        let none = || Error::invalid("delete version", "the store keeps no versions");
        self.versions.as_ref().ok_or_else(none)?.delete(path, version).await
    }

    /// Drops an upload that a killed process of ours began.
    ///
    /// # Errors
    /// What the store fails with.
    pub(crate) async fn abort_upload(&self, path: &str, id: &str) -> Result<()> {
        match &self.versions {
            Some(versions) => versions.abort(path, id).await,
            None => Ok(()),
        }
    }

    /// Drops uploads to a path that somebody began and gave up, which may hold old bytes; younger ones may be some writer's that
    /// lives. Tells how many there were.
    ///
    /// # Errors
    /// What the store fails with.
    pub(crate) async fn abort_given_up(&self, path: &str, now: Timestamp) -> Result<usize> {
        let Some(versions) = &self.versions else { return Ok(0) };
        let given_up =
            |upload: &Upload| upload.path == path && now.0 - upload.begun.0 > UPLOAD_GIVEN_UP_MICROSECONDS;
        let uploads: Vec<_> = versions.uploads().await?.into_iter().filter(given_up).collect();
        for upload in &uploads {
            versions.abort(path, &upload.id).await?;
        }
        Ok(uploads.len())
    }

    /// Removes what killed replacements left in the folder of a path: what no living writer holds a lock on.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) async fn sweep(&self, path: &str) -> Result<usize> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let path = path.to_owned();
        blocking(move || {
            let place = local::resolve(&folder, &path)?;
            sweep(place.parent().unwrap_or(&folder)).map_err(|e| error::of_file("remove leftovers", e))
        })
        .await
    }

    /// What the object is now, provided it is the one expected, and what stays beside its bytes but for grants: attributes and tags.
    async fn beside(
        &self,
        operation: &'static str,
        path: &str,
        expect_etag: &str,
        without: &Without,
    ) -> Result<(ObjectMeta, Attached)> {
        let (meta, read) = self.look(operation, path, expect_etag).await?;
        let kept = read.iter().filter(|(attribute, _)| !is_attribute(attribute, without));
        let mut attributes: Attributes = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut tags = TagSet::default();
        if let Some(versions) = &self.versions {
            for (key, value) in versions.tags(path, None).await? {
                if !without.contains(&(EntryKind::Tag, key.clone())) {
                    tags.push(&key, &value);
                }
            }
            if let Some(class) = versions.storage_class(path).await? {
                attributes.insert(Attribute::StorageClass, class.into());
            }
        }
        Ok((meta, Attached { attributes, tags, grants: Vec::new() }))
    }

    async fn replace_object(
        &self,
        path: &str,
        expect_etag: &str,
        &New { content, without, .. }: &New<'_>,
        upload: Option<&str>,
    ) -> Result<String> {
        if let (Some(versions), Some(id)) = (&self.versions, upload) {
            return self.join_parts(&**versions, path, expect_etag, content, id).await;
        }
        let operation = "replace blob";
        let (meta, Attached { attributes, tags, .. }) =
            self.beside(operation, path, expect_etag, without).await?;
        if content.len() > self.limits.single_put_bytes_max {
            let options = PutMultipartOptions { tags, attributes, ..PutMultipartOptions::default() };
            return self.put_parts(path, expect_etag, content, options).await;
        }
        let written = attributes.iter().filter(|(attribute, _)| !is_told(attribute));
        let attributes = written.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mode = PutMode::Update(UpdateVersion { e_tag: meta.e_tag, version: meta.version });
        let options = PutOptions { mode, tags, attributes, ..PutOptions::default() };
        let bytes = read_range(content, 0, content.len()).await?;
        let put = self.store.put_opts(&Self::key(path)?, bytes.into(), options).await;
        new_etag(operation, put.map_err(|e| error::of_store(operation, e))?)
    }

    async fn join_parts(
        &self,
        versions: &dyn Versions,
        path: &str,
        expect_etag: &str,
        content: &Content,
        id: &str,
    ) -> Result<String> {
        let joined = async {
            let mut parts = Vec::new();
            let mut at = 0;
            // No bytes are one part without any.
            while at < content.len() || parts.is_empty() {
                let bytes = read_range(content, at, part_bytes(content)).await?;
                at += bytes.len() as u64;
                parts.push(versions.put_part(path, id, parts.len() as u32 + 1, bytes).await?);
            }
            self.look("replace blob in parts", path, expect_etag).await?;
            versions.join_upload(path, id, &parts, expect_etag).await
        };
        let outcome = joined.await;
        if outcome.is_err() && versions.abort(path, id).await.is_err() {
            tracing::warn!("an unfinished upload is left in the store; verification tells of it");
        }
        outcome
    }

    /// What the object is now, provided it is the one expected.
    async fn look(
        &self,
        operation: &'static str,
        path: &str,
        expect_etag: &str,
    ) -> Result<(ObjectMeta, Attributes)> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        let got = self.store.get_opts(&Self::key(path)?, options).await;
        let got = got.map_err(|e| error::of_store(operation, e))?;
        if got.meta.e_tag.as_deref() != Some(expect_etag) {
            return Err(Error::conflict(operation, "the object is another one than was planned for"));
        }
        Ok((got.meta, got.attributes))
    }

    async fn put_parts(
        &self,
        path: &str,
        expect_etag: &str,
        content: &Content,
        options: PutMultipartOptions,
    ) -> Result<String> {
        let operation = "replace blob in parts";
        let failed = |e| error::of_store(operation, e);
        let mut upload = self.store.put_multipart_opts(&Self::key(path)?, options).await.map_err(failed)?;
        let joined = async {
            send_parts(&mut *upload, content).await?;
            self.look(operation, path, expect_etag).await?;
            upload.complete().await.map_err(failed)
        };
        match joined.await {
            Ok(put) => new_etag(operation, put),
            Err(error) => {
                if upload.abort().await.is_err() {
                    tracing::warn!("an unfinished upload is left in the store; verification removes it");
                }
                Err(error)
            }
        }
    }

    async fn delete_object(&self, path: &str, expect_etag: &str) -> Result<()> {
        let operation = "delete blob";
        self.look(operation, path, expect_etag).await?;
        self.store.delete(&Self::key(path)?).await.map_err(|e| error::of_store(operation, e))
    }
}

fn new_etag(operation: &'static str, put: object_store::PutResult) -> Result<String> {
    put.e_tag.ok_or_else(|| Error::unavailable(operation, "the store gave no etag"))
}

fn part_bytes(content: &Content) -> u64 {
    PART_BYTES_MIN.max(content.len().div_ceil(PARTS_MAX))
}

async fn send_parts(upload: &mut dyn MultipartUpload, content: &Content) -> Result<()> {
    let mut at = 0;
    while at < content.len() {
        let bytes = read_range(content, at, part_bytes(content)).await?;
        at += bytes.len() as u64;
        let sent = upload.put_part(bytes.into()).await;
        sent.map_err(|e| error::of_store("replace blob in parts", e))?;
    }
    Ok(())
}

async fn read_range(content: &Content, at: u64, count: u64) -> Result<Bytes> {
    let content = content.clone();
    blocking(move || content.range(at, count as usize).map_err(|e| error::of_file("read new bytes", e))).await
}

fn digest(mut content: Content) -> io::Result<catalog::model::Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut content)?;
    Ok(catalog::model::Digest(*hasher.finalize().as_bytes()))
}

fn expected_file(folder: &Path, path: &str, expected: &str) -> Result<fs::Metadata> {
    let (_, metadata) = local::open(folder, path)?;
    match local::etag(&metadata) == expected {
        true => Ok(metadata),
        false => Err(Error::conflict("change file", "it is another one than was planned for")),
    }
}

fn replace_file(folder: &Path, path: &str, expected: &str, mut content: Content) -> Result<String> {
    let failed = |error| error::of_file("replace file", error);
    let old = expected_file(folder, path, expected)?;
    let place = local::resolve(folder, path)?;
    let parent = place.parent().unwrap_or(folder);
    let mut new = tempfile::Builder::new()
        .prefix(local::LEFTOVER_PREFIX)
        .suffix(local::LEFTOVER_SUFFIX)
        .tempfile_in(parent)
        .map_err(failed)?;
    new.as_file().lock().map_err(failed)?; // goes with the process: a leftover is told by it
    io::copy(&mut content.by_ref(), new.as_file_mut()).map_err(failed)?;
    let made = new.as_file().metadata().map_err(failed)?;
    if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
        // Only root may give a file away; a file that changes hands would be a change nobody planned.
        std::os::unix::fs::fchown(new.as_file(), Some(old.uid()), Some(old.gid())).map_err(failed)?;
    }
    new.as_file().set_permissions(old.permissions()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    expected_file(folder, path, expected)?;
    let file = new.persist(&place).map_err(|error| failed(error.error))?;
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
    Ok(local::etag(&file.metadata().map_err(failed)?))
}

fn delete_file(folder: &Path, path: &str, expected: &str) -> Result<()> {
    let failed = |error| error::of_file("delete file", error);
    expected_file(folder, path, expected)?;
    let place = local::resolve(folder, path)?;
    fs::remove_file(&place).map_err(failed)?;
    File::open(place.parent().unwrap_or(folder)).and_then(|parent| parent.sync_all()).map_err(failed)
}

fn sweep(folder: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let nobodys = |path: &Path| File::open(path).is_ok_and(|file| file.try_lock().is_ok());
        let leftover = entry.file_name().to_str().is_some_and(local::is_leftover);
        if leftover && nobodys(&entry.path()) {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests;
