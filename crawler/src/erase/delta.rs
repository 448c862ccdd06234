//! Delta Lake tables: what an erasure has to tell their log. <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>
//!
//! A log names each file with its size, by which readers find its footer: a file that was rewritten in place is unreadable until the log
//! says its new size. So a rewritten file is added again under its path by a commit of its own, as files are whose
//! statistics are computed anew, with `dataChange` false, since no stream has to read its rows once more. Its statistics keep counts
//! and lose bounds, which quote values. Bounds in older commits lose theirs the same way; versions of before cannot be read
//! back for that file, which is what an erasure is for.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::content::Content;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::source::Lake;

const FOLDER: &str = "_delta_log/";
/// Bytes of one commit that are held at once.
const COMMIT_BYTES_MAX: u64 = 256 << 20;
/// Times that another writer may take the next version before us.
const TRIES_MAX: usize = 20;
/// What the kind of a statistics column is called in a plan: its bounds are dropped.
pub(super) const STATISTICS: &str = "DELTA_STATISTICS";
/// Where commits keep statistics, as a JSON text.
pub(super) const STATISTICS_FEATURE: &str = "add.stats";

/// Table features (writer version 7) under which a file may be added again as it is.
const FEATURES: [&str; 5] = ["appendOnly", "invariants", "checkConstraints", "columnMapping", "timestampNtz"];

/// What a table's log says of a file.
pub(super) enum Entry {
    /// It is part of the table: the action that added it, and the version that comes next.
    Live { add: Box<Value>, next: u64 },
    /// It is not: removed, or never added.
    Apart,
    /// That cannot be told, or not be told anew; why.
    Unknown(&'static str),
}

/// The tables in which a path may lie: folders above it that have a log.
///
/// # Errors
/// If a folder cannot be listed.
pub(super) async fn roots_around(lake: &Lake, path: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if !path.ends_with(".parquet") {
        return Ok(found);
    }
    let failed = |error| crate::error::of_store("list a table's log", error);
    let mut above = path;
    while let Some((folder, _)) = above.rsplit_once('/').or((!above.is_empty()).then_some(("", above))) {
        let log = if folder.is_empty() { "_delta_log".to_owned() } else { format!("{folder}/_delta_log") };
        let mut listed = lake.store().list(Some(&object_store::path::Path::from(log.as_str())));
        if let Some(object) = listed.try_next().await.map_err(failed)? {
            drop(object);
            found.insert(folder.to_owned());
        }
        above = folder;
    }
    Ok(found)
}

/// The table that a file lies in, if it lies in one and is not of its log.
pub(super) fn table_of<'r>(path: &str, roots: &'r BTreeSet<String>) -> Option<&'r str> {
    let within = |root: &&String| {
        let rest = if root.is_empty() { Some(path) } else { path.strip_prefix(&format!("{root}/")) };
        rest.is_some_and(|rest| !rest.starts_with('_') && rest.ends_with(".parquet"))
    };
    roots.iter().filter(within).max_by_key(|root| root.len()).map(String::as_str)
}

/// Whether a path is of a table's log: commits and what sums them up.
pub(super) fn is_log(path: &str) -> bool {
    path.split_once(FOLDER).is_some_and(|(root, _)| root.is_empty() || root.ends_with('/'))
}

/// Whether a path is of a commit.
pub(super) fn is_commit(path: &str) -> bool {
    is_log(path) && version(path).is_some()
}

fn version(path: &str) -> Option<u64> {
    let name = path.rsplit('/').next()?.strip_suffix(".json")?;
    (name.len() == 20).then_some(())?;
    name.parse().ok()
}

/// What the log of a table says of a file.
///
/// # Errors
/// If the log cannot be listed or read.
pub(super) async fn entry(lake: &Lake, root: &str, path: &str) -> Result<Entry> {
    let (mut commits, mut summed_up) = (Vec::new(), false);
    let folder = if root.is_empty() { "_delta_log".to_owned() } else { format!("{root}/_delta_log") };
    let mut listed = lake.store().list(Some(&object_store::path::Path::from(folder.as_str())));
    let failed = |error| crate::error::of_store("list a table's log", error);
    while let Some(object) = listed.try_next().await.map_err(failed)? {
        match version(object.location.as_ref()) {
            Some(version) => commits.push((version, object.location.to_string())),
            None => summed_up |= object.location.as_ref().contains(".checkpoint."),
        }
    }
    commits.sort();
    let Some(next) = commits.last().map(|(version, _)| version + 1) else { return Ok(Entry::Apart) };
    let name = if root.is_empty() { path } else { &path[root.len() + 1..] };
    let (mut found, mut protocol) = (None, None);
    for (_, commit) in commits.iter().rev() {
        for action in actions(lake, commit).await? {
            let names = |kind: &str| {
                action
                    .pointer(&format!("/{kind}/path"))
                    .and_then(Value::as_str)
                    .map(catalog::dataset::unescape)
            };
            if found.is_none() && names("remove").as_deref() == Some(name) {
                found = Some(None);
            }
            if names("add").as_deref() == Some(name) && !matches!(found, Some(Some(_))) {
                found = found.or_else(|| Some(Some(action["add"].clone())));
            }
            if protocol.is_none() && action["protocol"].is_object() {
                protocol = Some(action["protocol"].clone());
            }
        }
    }
    Ok(match (found, protocol) {
        (Some(None), _) => Entry::Apart,
        (None, _) if summed_up => Entry::Unknown("only a checkpoint of its table says what it is"),
        (None, _) => Entry::Apart,
        (Some(Some(_)), None) => {
            Entry::Unknown("only a checkpoint of its table says which protocol it keeps to")
        }
        (Some(Some(add)), _) if !add["deletionVector"].is_null() => {
            Entry::Unknown("it has a deletion vector, which counts its rows")
        }
        (Some(Some(_)), Some(protocol)) if !is_known(&protocol) => {
            Entry::Unknown("its table keeps to a protocol with features that are not known here")
        }
        (Some(Some(add)), Some(_)) => Entry::Live { add: Box::new(add), next },
    })
}

fn is_known(protocol: &Value) -> bool {
    let writer = protocol["minWriterVersion"].as_u64().unwrap_or(u64::MAX);
    let features = protocol["writerFeatures"].as_array().map(Vec::as_slice).unwrap_or_default();
    match writer {
        0..=3 | 5 => true,
        7 => features.iter().all(|feature| feature.as_str().is_some_and(|name| FEATURES.contains(&name))),
        _ => false,
    }
}

async fn actions(lake: &Lake, commit: &str) -> Result<Vec<Value>> {
    let damaged = || Error::corrupt("read a table's log", "a commit is not JSON");
    let fetched = lake.fetch(commit, None, None).await?;
    if fetched.size > COMMIT_BYTES_MAX {
        return Err(Error::new(
            ErrorKind::Limit,
            "read a table's log",
            "a commit is larger than is read at once",
        ));
    }
    let bytes = fetched.content.range(0, COMMIT_BYTES_MAX as usize);
    let bytes = bytes.map_err(|error| crate::error::of_file("read a table's log", error))?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(|_| damaged())).collect()
}

/// The commit that adds a rewritten file again, or removes one that is gone: its name and its bytes.
pub(super) fn commit(
    root: &str,
    next: u64,
    add: &Value,
    size: Option<u64>,
    now_millis: i64,
) -> (String, Content) {
    let action = match size {
        Some(size) => json!({"add": again(add.clone(), size, now_millis)}),
        None => json!({"remove": {
            "path": add["path"], "partitionValues": add["partitionValues"], "size": add["size"],
            "extendedFileMetadata": true, "deletionTimestamp": now_millis, "dataChange": true,
        }}),
    };
    let info = json!({"commitInfo": {
        "timestamp": now_millis, "operation": "ERASURE", "operationParameters": {}, "isBlindAppend": false,
        "engineInfo": concat!("headwater/", env!("CARGO_PKG_VERSION")),
    }});
    let text = format!("{info}\n{action}\n");
    let folder = if root.is_empty() { FOLDER.to_owned() } else { format!("{root}/{FOLDER}") };
    (format!("{folder}{next:020}.json"), Content::from(text.into_bytes()))
}

fn again(mut add: Value, size: u64, now_millis: i64) -> Value {
    add["size"] = json!(size);
    add["modificationTime"] = json!(now_millis);
    add["dataChange"] = json!(false);
    // How many rows are left is not told rather than told wrong: readers count them.
    if let Some(fields) = add.as_object_mut() {
        fields.remove("stats");
        fields.remove("stats_parsed");
    }
    add
}

/// Whether the log says of the file what it is now; one that is gone is not said to be there.
pub(super) fn says(add: &Value, size: Option<u64>) -> bool {
    size.is_some() && add["size"].as_u64() == size
}

/// How often to look for the next version, while others commit too.
pub(super) fn tries() -> std::ops::Range<usize> {
    0..TRIES_MAX
}

/// Statistics without bounds; `None` if the text is none.
pub(super) fn without_bounds(statistics: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(statistics).ok()?;
    let fields = value.as_object_mut()?;
    fields.remove("minValues");
    fields.remove("maxValues");
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_table_are_told_from_its_log() {
        let roots = ["t".to_owned()].into();
        assert_eq!(table_of("t/day=1/a.parquet", &roots), Some("t"));
        for other in
            ["t/_delta_log/1.checkpoint.parquet", "t/_change_data/a.parquet", "u/a.parquet", "ta/b.parquet"]
        {
            assert_eq!(table_of(other, &roots), None, "{other}");
        }
        assert!(
            is_commit("t/_delta_log/00000000000000000007.json")
                && !is_commit("t/_delta_log/_last_checkpoint")
        );
        assert!(is_log("t/_delta_log/_last_checkpoint") && !is_log("t/my_delta_log/a.json"));
    }

    #[test]
    fn statistics_lose_their_bounds_and_keep_their_counts() {
        let text = r#"{"numRecords":2,"minValues":{"e":"ada"},"maxValues":{"e":"bob"},"nullCount":{"e":0}}"#;
        let left: Value = serde_json::from_str(&without_bounds(text).unwrap()).unwrap();
        assert_eq!(left, json!({"numRecords": 2, "nullCount": {"e": 0}}));
        assert_eq!(without_bounds("ada"), None);
    }
}
