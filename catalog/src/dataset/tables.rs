//! Tables that keep a log of themselves: Delta Lake, Apache Hudi and Apache Iceberg, known by the folders of their logs.
//!
//! What the crawl read of a log ([`TableLog`]) says which files the table's current version holds. Where a part of
//! the log is missing or could not be read, paths alone tell the table's files, and the dataset says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{BlobFacts, similar};
use crate::model::{BlobId, PartitionKey, SourceId, TableLog};

mod delta;
mod hudi;
mod iceberg;
mod listed;

/// Columns that files of a directory kept by content share to be one dataset.
const DIRECTORY_ALIKE_MIN: f64 = 0.5;

/// A table and its data files.
#[derive(Debug)]
pub(super) struct Table<'a, 'b> {
    /// Its folder, without a slash at the end.
    pub(super) root: &'a str,
    /// `delta`, `hudi`, `iceberg`; of a directory kept by content, its files'.
    pub(super) format: &'a str,
    /// Its data files.
    pub(super) data: Vec<&'b BlobFacts<'a>>,
    /// Its partition keys, if its log tells them; a kind that it does not tell is `Unknown`.
    pub(super) keys: Option<Vec<PartitionKey>>,
    /// Why its log could not be followed.
    pub(super) broken: Option<String>,
}

/// A log's folder below the table's root, and how a file in it ends if any folder of that name would do.
const LOGS: [(&str, &[&str], &str); 3] = [
    ("_delta_log", &[".json", ".checkpoint.parquet", "_last_checkpoint"], "delta"),
    (".hoodie", &[""], "hudi"),
    ("metadata", &[".metadata.json", "version-hint.text"], "iceberg"),
];

/// Roots of all tables with their formats.
fn roots<'a>(blobs: &[BlobFacts<'a>]) -> BTreeMap<&'a str, &'static str> {
    let mut roots = BTreeMap::new();
    for facts in blobs {
        let Some((folders, name)) = facts.path.rsplit_once('/') else { continue };
        for (log, endings, format) in LOGS {
            if !endings.iter().any(|ending| name.ends_with(ending)) {
                continue;
            }
            let root = match format {
                "iceberg" => {
                    root_before(folders, log).filter(|root| root.len() + 1 + log.len() >= folders.len())
                }
                _ => root_before(folders, log),
            };
            if let Some(root) = root {
                roots.insert(root, format);
            }
        }
    }
    let guessed: Vec<_> = blobs.iter().filter_map(|facts| hudi_root(facts.path, &roots)).collect();
    for root in guessed {
        roots.entry(root).or_insert("hudi");
    }
    roots
}

/// The folder of the table that a file called as Hudi's are lies in, where no timeline above it tells.
fn hudi_root<'a>(path: &'a str, logged: &BTreeMap<&'a str, &'static str>) -> Option<&'a str> {
    let (folders, name) = path.rsplit_once('/')?;
    let is_slice = hudi::slice(name).is_some() && name.ends_with(".parquet");
    if !is_slice || root_of(path, logged).is_some_and(|root| logged[root] == "hudi") {
        return None;
    }
    let table = folders.split('/').take_while(|folder| !folder.contains('=')).map(|f| f.len() + 1);
    let length = table.sum::<usize>().saturating_sub(1);
    Some(&folders[..length])
}

/// What lies before a folder of a name.
fn root_before<'a>(folders: &'a str, log: &str) -> Option<&'a str> {
    let mut start = 0;
    for folder in folders.split('/') {
        if folder == log {
            return Some(folders[..start].trim_end_matches('/'));
        }
        start += folder.len() + 1;
    }
    None
}

/// Which files a table holds, as its log says.
#[derive(Debug, Default)]
struct State {
    live: BTreeSet<BlobId>,
    keys: Option<Vec<PartitionKey>>,
}

/// Finds tables and takes their files out of `blobs`: data files into the table; dead ones and logs away.
pub(super) fn take_tables<'a, 'b>(
    source: &SourceId,
    all: &'b [BlobFacts<'a>],
    blobs: &mut Vec<&'b BlobFacts<'a>>,
) -> Vec<Table<'a, 'b>> {
    let roots = roots(all);
    let mut logs: BTreeMap<&str, Vec<&BlobFacts<'_>>> = BTreeMap::new();
    for facts in all {
        if let Some(root) = root_of(facts.path, &roots)
            && is_of_log(roots[root], below(facts.path, root))
        {
            logs.entry(root).or_default().push(facts);
        }
    }
    let mut members: BTreeMap<&str, Vec<&BlobFacts<'_>>> = BTreeMap::new();
    blobs.retain(|facts| {
        let Some(root) = root_of(facts.path, &roots) else { return true };
        let is_of_log = is_of_log(roots[root], below(facts.path, root));
        if may_be_data(facts) && !is_of_log {
            members.entry(root).or_default().push(facts);
        }
        // What no table of that kind is made of lies there for another reason, above all where the root is a whole bucket.
        !is_of_log && !may_be_data(facts)
    });
    let mut tables = Vec::new();
    for (root, data) in members {
        let logs = logs.get(root).map_or(&[][..], Vec::as_slice);
        let table = table(source, root, roots[root], logs, data);
        if !table.data.is_empty() {
            tables.push(table);
        }
    }
    listed::drop_dead(all, blobs);
    for (path, data) in listed::directories(all, blobs) {
        for data in similar::split(data, |facts| *facts, DIRECTORY_ALIKE_MIN) {
            let format = data[0].look.format;
            tables.push(Table { root: path, format, data, keys: Some(Vec::new()), broken: None });
        }
    }
    tables
}

/// Whether a blob's format is one that such tables keep data in.
pub(super) fn may_be_data(facts: &BlobFacts<'_>) -> bool {
    matches!(facts.look.format, "parquet" | "orc" | "avro" | "unknown")
}

/// Keeps of a table's files those that its log says it holds.
fn table<'a, 'b>(
    source: &SourceId,
    root: &'a str,
    format: &'static str,
    logs: &[&BlobFacts<'a>],
    mut data: Vec<&'b BlobFacts<'a>>,
) -> Table<'a, 'b> {
    let state = match format {
        "hudi" => {
            let timeline = hudi::timeline(logs);
            timeline.keep_current(source, &mut data);
            return Table { root, format, data, keys: timeline.keys, broken: None };
        }
        "delta" => delta::replay(logs),
        _ => iceberg::replay(logs),
    };
    match state {
        Ok(state) => {
            data.retain(|facts| state.live.contains(&facts.blob));
            Table { root, format, data, keys: state.keys, broken: None }
        }
        Err(reason) => {
            // What any part of the log that could be read takes out, and none takes in, is no data whatever is missing.
            let of = |files: fn(&TableLog) -> &Vec<BlobId>| -> BTreeSet<BlobId> {
                logs.iter().filter_map(|facts| facts.table_log).flat_map(files).copied().collect()
            };
            let (added, removed) = (of(|log| &log.added), of(|log| &log.removed));
            data.retain(|facts| !removed.contains(&facts.blob) || added.contains(&facts.blob));
            Table { root, format, data, keys: None, broken: Some(reason) }
        }
    }
}

/// The path of a table's file below its root.
fn below<'a>(path: &'a str, root: &str) -> &'a str {
    path[root.len()..].trim_start_matches('/')
}

/// Whether a file below a table's root belongs to its log.
fn is_of_log(format: &str, below: &str) -> bool {
    LOGS.iter()
        .any(|(log, _, of)| *of == format && below.strip_prefix(log).is_some_and(|r| r.starts_with('/')))
}

/// The innermost table root that holds a path.
fn root_of<'a>(path: &'a str, roots: &BTreeMap<&'a str, &'static str>) -> Option<&'a str> {
    let mut folder = path;
    while let Some((parent, _)) = folder.rsplit_once('/') {
        if roots.contains_key(parent) {
            return Some(parent);
        }
        folder = parent;
    }
    roots.contains_key("").then_some("")
}

#[cfg(test)]
mod tests;
