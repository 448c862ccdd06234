//! Tables that keep a log of themselves: Delta Lake, Apache Hudi and Apache Iceberg, known by the folders of their logs.
//!
//! Which files a table's current version holds stands in its log, and reading that is the format's business. Paths
//! alone tell the table's root, its data files and, for Hudi, the newest slice of each file group.

use std::collections::{BTreeMap, BTreeSet};

use super::BlobFacts;

/// A table and its data files.
#[derive(Debug)]
pub(super) struct Table<'a, 'b> {
    /// Its folder, without a slash at the end.
    pub(super) root: &'a str,
    /// `delta`, `hudi`, `iceberg`.
    pub(super) format: &'static str,
    /// Its data files.
    pub(super) data: Vec<&'b BlobFacts<'a>>,
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
        if hudi_slice(name).is_some() && name.ends_with(".parquet") {
            let table = folders.split('/').take_while(|folder| !folder.contains('=')).map(|f| f.len() + 1);
            let length = table.sum::<usize>().saturating_sub(1);
            roots.entry(&folders[..length]).or_insert("hudi");
        }
    }
    roots
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

/// Finds tables and takes their files out of `blobs`: data files into the table, old slices and logs away.
pub(super) fn take_tables<'a, 'b>(
    all: &[BlobFacts<'a>],
    blobs: &mut Vec<&'b BlobFacts<'a>>,
) -> Vec<Table<'a, 'b>> {
    let roots = roots(all);
    let mut members: BTreeMap<&str, Vec<&BlobFacts<'_>>> = BTreeMap::new();
    blobs.retain(|facts| {
        let Some(root) = root_of(facts.path, &roots) else { return true };
        let below = facts.path[root.len()..].trim_start_matches('/');
        let data = matches!(facts.format, "parquet" | "orc" | "avro" | "unknown");
        if data && !(roots[root] == "iceberg" && below.starts_with("metadata/")) {
            members.entry(root).or_default().push(facts);
        }
        false
    });
    let table = |(root, mut data): (&'a str, Vec<&'b BlobFacts<'a>>)| {
        let format = roots[root];
        if format == "hudi" {
            keep_newest_slices(&mut data);
        }
        Table { root, format, data }
    };
    members.into_iter().map(table).collect()
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

/// Hudi's base file name: file id, write token, instant (`<uuid>-0_0-1-0_20240101000000000.parquet`).
fn hudi_slice(name: &str) -> Option<(&str, &str)> {
    let stem = name.rsplit_once('.')?.0;
    let (rest, instant) = stem.rsplit_once('_')?;
    let (file, token) = rest.rsplit_once('_')?;
    let instant_ok = matches!(instant.len(), 14 | 17) && instant.bytes().all(|byte| byte.is_ascii_digit());
    let token_ok = token.split('-').count() == 3 && token.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (instant_ok && token_ok && file.len() >= 36).then_some((file, instant))
}

fn keep_newest_slices(data: &mut Vec<&BlobFacts<'_>>) {
    let slice = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        hudi_slice(name).map(|(file, instant)| ((folder.to_string(), file.to_string()), instant.to_string()))
    };
    let mut newest: BTreeMap<(String, String), String> = BTreeMap::new();
    for (group, instant) in data.iter().filter_map(|facts| slice(facts.path)) {
        let known = newest.entry(group).or_default();
        *known = std::mem::take(known).max(instant);
    }
    let current: BTreeSet<_> = newest.into_iter().collect();
    data.retain(|facts| slice(facts.path).is_none_or(|slice| current.contains(&slice)));
}
