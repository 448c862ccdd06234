//! Hudi: of each group of files the newest slice that a completed action wrote, but for groups that were replaced.
//!
//! <https://hudi.apache.org/tech-specs/>. Which actions completed stands in the names of the timeline's files, up to
//! release 0.15 in `.hoodie/`, from 1.0 on in `.hoodie/timeline/`. Actions older than the timeline were archived, so
//! they completed. Log files of merge-on-read tables are hidden and in no dataset.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::BlobFacts;
use crate::model::{BlobId, PartitionKey, SourceId};

/// A table's timeline.
#[derive(Debug, Default)]
pub(super) struct Timeline<'a> {
    completed: BTreeSet<&'a str>,
    pending: BTreeSet<&'a str>,
    replaced: BTreeSet<BlobId>,
    /// Keys of its partitions, as its properties name them.
    pub(super) keys: Option<Vec<PartitionKey>>,
}

/// Reads a timeline from the names and facts of the files in `.hoodie`.
pub(super) fn timeline<'a>(logs: &[&BlobFacts<'a>]) -> Timeline<'a> {
    let mut timeline = Timeline::default();
    for facts in logs {
        if let Some(log) = facts.table_log {
            timeline.replaced.extend(&log.removed);
            timeline.keys = log.keys.clone().or(timeline.keys);
        }
        let name = facts.path.rsplit('/').next().unwrap_or(facts.path);
        let Some((instant, action)) = name.split_once('.') else { continue };
        let instant = instant.split('_').next().unwrap_or(instant);
        if !matches!(instant.len(), 14 | 17) || !instant.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        match action {
            "commit" | "deltacommit" | "replacecommit" => timeline.completed.insert(instant),
            _ if action.ends_with("inflight") || action.ends_with("requested") => {
                timeline.pending.insert(instant)
            }
            _ => false,
        };
    }
    timeline
}

impl Timeline<'_> {
    fn is_completed(&self, instant: &str) -> bool {
        // Without any timeline there is nothing but the files to go by.
        let Some(first) = self.completed.first() else { return self.pending.is_empty() };
        self.completed.contains(instant) || (instant < *first && !self.pending.contains(instant))
    }

    /// Keeps the current slices.
    pub(super) fn keep_current(&self, source: &SourceId, data: &mut Vec<&BlobFacts<'_>>) {
        let mut newest: BTreeMap<(String, String), String> = BTreeMap::new();
        let current = |path: &str| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let (file, instant) = slice(name)?;
            Some(((folder.to_string(), file.to_string()), instant.to_string()))
        };
        let group_id = |(folder, file): &(String, String)| BlobId::of(source, &format!("{folder}/{file}"));
        let mut kept = |path: &str| {
            let Some((group, instant)) = current(path) else { return true };
            if !self.is_completed(&instant) || self.replaced.contains(&group_id(&group)) {
                return false;
            }
            let known = newest.entry(group).or_default();
            *known = std::mem::take(known).max(instant);
            true
        };
        data.retain(|facts| kept(facts.path));
        data.retain(|facts| {
            current(facts.path).is_none_or(|(group, instant)| newest.get(&group) == Some(&instant))
        });
    }
}

/// A base file's name: file id, write token, instant (`<uuid>-0_0-1-0_20240101000000000.parquet`).
pub(super) fn slice(name: &str) -> Option<(&str, &str)> {
    let stem = name.rsplit_once('.')?.0;
    let (rest, instant) = stem.rsplit_once('_')?;
    let (file, token) = rest.rsplit_once('_')?;
    let instant_ok = matches!(instant.len(), 14 | 17) && instant.bytes().all(|byte| byte.is_ascii_digit());
    let token_ok = token.split('-').count() == 3 && token.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (instant_ok && token_ok && file.len() >= 36).then_some((file, instant))
}
