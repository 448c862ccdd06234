//! Books of folders: manifests of exports (Redshift, S3 Inventory), transactions on a folder (Databricks),
//! directories kept by content (DVC).

use catalog::model::{LogRole, TableLog};
use serde::Deserialize;

use super::{Log, push};
use crate::format::FormatError;

/// `{"entries":[{"url":…}]}` of Redshift, `{"files":[{"key":…}]}` of S3 Inventory.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    entries: Vec<Entry>,
    #[serde(default)]
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "key")]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Transaction {
    #[serde(default)]
    removed: Vec<String>,
}

#[derive(Deserialize)]
struct Member {
    md5: String,
}

pub(super) fn is_manifest(_: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("manifest") || name.ends_with("manifest.json")
}

pub(super) fn is_transaction(_: &str, name: &str) -> bool {
    name.starts_with("_committed_")
}

/// `files/md5/ab/cdef….dir`, and `ab/cdef….dir` of DVC before 3.0.
pub(super) fn is_directory(folder: &str, name: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let first = folder.rsplit('/').next().unwrap_or(folder);
    name.strip_suffix(".dir").is_some_and(|rest| rest.len() == 30 && hex(rest))
        && first.len() == 2
        && hex(first)
}

/// Many files are called manifest; one that lists no files is not read as one.
pub(super) fn manifest(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let Ok(manifest) = log.json::<Manifest>() else { return Ok(None) };
    let folder = log.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut table = TableLog::of(LogRole::Manifest);
    for url in manifest.entries.iter().chain(&manifest.files).filter_map(|entry| entry.url.as_deref()) {
        push(&mut table.added, log.named(url, folder))?;
    }
    Ok((!table.added.is_empty()).then_some(table))
}

pub(super) fn transaction(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let transaction: Transaction = log.json()?;
    let folder = log.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut table = TableLog::of(LogRole::Transaction);
    for name in &transaction.removed {
        push(&mut table.removed, log.named(name, folder))?;
    }
    Ok(Some(table))
}

pub(super) fn directory(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let Ok(members) = log.json::<Vec<Member>>() else { return Ok(None) };
    let folder = log.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let store = folder.rsplit_once('/').map_or(String::new(), |(store, _)| format!("{store}/"));
    let mut table = TableLog::of(LogRole::Directory);
    for Member { md5 } in &members {
        if let Some((first, rest)) = md5.split_at_checked(2) {
            push(&mut table.added, log.blob(&format!("{store}{first}/{rest}")))?;
        }
    }
    table.added.sort_unstable();
    table.added.dedup();
    Ok(Some(table))
}
