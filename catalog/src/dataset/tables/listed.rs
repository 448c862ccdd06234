//! Folders with books of a smaller kind: the manifest of an export, the transactions of a folder, directories that
//! are kept by content.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::dataset::BlobFacts;
use crate::dataset::name::name;
use crate::model::{BlobId, LogRole};

/// Drops what the books of its folder say is not data any longer, or not yet.
pub(super) fn drop_dead(all: &[BlobFacts<'_>], data: &mut Vec<&BlobFacts<'_>>) {
    let mut dead: BTreeSet<BlobId> = BTreeSet::new();
    for log in all.iter().filter_map(|facts| facts.table_log) {
        if log.role == LogRole::Transaction {
            dead.extend(&log.removed);
        }
    }
    dead.extend(leftovers(all));
    let open = open_transactions(all);
    data.retain(|facts| {
        let (folder, file) = facts.path.rsplit_once('/').unwrap_or(("", facts.path));
        let uncommitted = open.get(folder).is_some_and(|ids| ids.iter().any(|id| file.contains(id)));
        !uncommitted && !dead.contains(&facts.blob)
    });
}

/// Transactions (`_started_<id>`) that were never committed (`_committed_<id>`), by folder.
fn open_transactions<'a>(all: &[BlobFacts<'a>]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut open: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let marks = |mark: &'static str| {
        all.iter().filter_map(move |facts| {
            let (folder, file) = facts.path.rsplit_once('/').unwrap_or(("", facts.path));
            let id = file.strip_prefix(mark)?;
            (id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_digit())).then_some((folder, id))
        })
    };
    for (folder, id) in marks("_started_") {
        open.entry(folder).or_default().insert(id);
    }
    for (folder, id) in marks("_committed_") {
        open.entry(folder).or_default().remove(id);
    }
    open
}

/// Files of an earlier, larger export to the same place: named like those that the manifest lists, and older than it.
/// Younger ones may be of an export that writes right now.
fn leftovers(all: &[BlobFacts<'_>]) -> Vec<BlobId> {
    let manifests = || {
        let logs = all.iter().filter_map(|facts| Some((facts, facts.table_log?)));
        logs.filter(|(_, log)| log.role == LogRole::Manifest)
    };
    if manifests().next().is_none() {
        return Vec::new();
    }
    let by_id: HashMap<BlobId, &BlobFacts<'_>> = all.iter().map(|facts| (facts.blob, facts)).collect();
    let key = |path: &str| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        (folder.to_string(), name(file).pattern)
    };
    let mut listed: BTreeSet<BlobId> = BTreeSet::new();
    let mut written: BTreeMap<(String, Box<str>), crate::model::Timestamp> = BTreeMap::new();
    for (facts, log) in manifests() {
        listed.extend(&log.added);
        for file in log.added.iter().filter_map(|id| by_id.get(id)) {
            let when = written.entry(key(file.path)).or_insert(facts.modified);
            *when = (*when).max(facts.modified);
        }
    }
    if written.is_empty() {
        return Vec::new();
    }
    let left = |facts: &&BlobFacts<'_>| {
        !listed.contains(&facts.blob)
            && written.get(&key(facts.path)).is_some_and(|written| facts.modified < *written)
    };
    all.iter().filter(left).map(|facts| facts.blob).collect()
}

/// Directories kept by content, the newest first: their own paths and their files, each file in one of them only.
pub(super) fn directories<'a, 'b>(
    all: &'b [BlobFacts<'a>],
    data: &mut Vec<&'b BlobFacts<'a>>,
) -> Vec<(&'a str, Vec<&'b BlobFacts<'a>>)> {
    let mut books: Vec<_> = all
        .iter()
        .filter_map(|facts| Some((facts, facts.table_log.filter(|log| log.role == LogRole::Directory)?)))
        .collect();
    if books.is_empty() {
        return Vec::new();
    }
    books.sort_by(|(a, _), (b, _)| (b.modified, a.path).cmp(&(a.modified, b.path)));
    let mut free: BTreeMap<BlobId, &BlobFacts<'_>> = data.iter().map(|facts| (facts.blob, *facts)).collect();
    let mut found = Vec::new();
    for (facts, log) in books {
        free.remove(&facts.blob);
        let mut files: Vec<_> = log.added.iter().filter_map(|id| free.remove(id)).collect();
        files.sort_by_key(|facts| facts.path);
        if !files.is_empty() {
            found.push((facts.path, files));
        }
    }
    data.retain(|facts| free.contains_key(&facts.blob));
    found
}
