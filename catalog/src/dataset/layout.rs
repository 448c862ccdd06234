//! Where blobs lie: each path's folders by meaning, and the template that blobs of one layout share.

use std::collections::{BTreeMap, BTreeSet};

use super::BlobFacts;
use super::name::{Name, name};
use super::segment::{Segment, segments};
use super::similar;

/// A blob with its path understood.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a, 'b> {
    /// The blob.
    pub(super) facts: &'b BlobFacts<'a>,
    /// Its folder, without a slash at the end.
    pub(super) folder: &'a str,
    /// Meaning of each folder, outermost first.
    pub(super) segments: Vec<Segment>,
    /// Its name understood.
    pub(super) name: Name,
}

impl Entry<'_, '_> {
    /// What blobs of one layout and format share.
    pub(super) fn template(&self) -> String {
        let mut template = String::new();
        for (folder, segment) in self.folders() {
            match segment {
                Segment::Name => template.push_str(folder),
                Segment::Key { key, .. } => template.push_str(&format!("{key}=")),
                Segment::Date { part, .. } => template.push_str(&format!("{{{part}}}")),
                Segment::Id => template.push_str("{id}"),
                Segment::Number => template.push_str("{number}"),
                Segment::Sibling => template.push_str("{folder}"),
            }
            template.push('/');
        }
        template
    }

    /// Folders with their meanings, outermost first.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &Segment)> {
        self.folder.split('/').filter(|folder| !folder.is_empty()).zip(&self.segments)
    }

    /// Its format, with formats that are often mistaken for each other taken as one.
    pub(super) fn family(&self) -> String {
        match self.facts.format {
            "csv" | "tsv" | "delimited" => "csv".into(),
            "json" | "ndjson" | "jsonl" => "json".into(),
            "text" | "log" => "text".into(),
            "unknown" => format!("unknown.{}", self.name.extension),
            format => format.into(),
        }
    }
}

/// The folder above a path's partitions: its folders up to the first that is no plain name.
pub(crate) fn base_folder(path: &str) -> &str {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut end = 0;
    let names = segments(folder.split('/').filter(|folder| !folder.is_empty()));
    for (name, segment) in folder.split('/').zip(names) {
        if segment != Segment::Name {
            break;
        }
        end += name.len() + 1;
    }
    &folder[..end.saturating_sub(1).min(folder.len())]
}

/// Blobs by template and family.
pub(super) type Layouts<'a, 'b> = BTreeMap<(String, String), Vec<Entry<'a, 'b>>>;

/// Joins layouts of one table whose partitions got another key over time: `dt=…/` and later `dt=…/hour=…/`.
pub(super) fn join_grown<'a, 'b>(layouts: Layouts<'a, 'b>) -> Layouts<'a, 'b> {
    let mut joined: Layouts<'_, '_> = BTreeMap::new();
    for ((template, family), entries) in layouts {
        let shorter = |end: usize| (template[..end].to_string(), family.clone());
        let keyed = |part: &str| part.ends_with('=');
        // The shortest of the templates above that end in a key, as long as only keys follow.
        let mut above = None;
        let mut end = template.trim_end_matches('/').len();
        while template[..end].rsplit('/').next().is_some_and(keyed) {
            let Some(parent) = template[..end].rfind('/') else { break };
            if template[..parent].rsplit('/').next().is_some_and(keyed)
                && joined.contains_key(&shorter(parent + 1))
            {
                above = Some(shorter(parent + 1));
            }
            end = parent;
        }
        joined.entry(above.unwrap_or((template, family))).or_default().extend(entries);
    }
    joined
}

/// Folders that hold the same files for one tenant, device or bucket each: at least so many of them.
const SIBLINGS_MIN: usize = 3;
/// Folders with short codes for names, over which a store's writer spread its files: at least so many of them.
const BUCKETS_MIN: usize = 8;
/// Names of folders that tell stages, splits and copies apart, which are datasets of their own.
const STAGES: [&str; 40] = [
    "raw",
    "bronze",
    "silver",
    "gold",
    "platinum",
    "landing",
    "staging",
    "stage",
    "curated",
    "clean",
    "cleaned",
    "refined",
    "trusted",
    "processed",
    "archive",
    "archived",
    "backup",
    "backups",
    "export",
    "exports",
    "ingest",
    "input",
    "output",
    "in",
    "out",
    "prod",
    "production",
    "dev",
    "test",
    "train",
    "validation",
    "val",
    "eval",
    "old",
    "new",
    "copy",
    "latest",
    "current",
    "incoming",
    "sandbox",
];
/// Words of names that say nothing about a table; siblings that share only such names are tables of their own.
const SPLITS: [&str; 12] = [
    "train",
    "test",
    "valid",
    "validation",
    "val",
    "eval",
    "dev",
    "holdout",
    "index",
    "main",
    "readme",
    "config",
];

/// Understands the paths of blobs.
pub(super) fn entries<'a, 'b>(blobs: Vec<&'b BlobFacts<'a>>) -> Vec<Entry<'a, 'b>> {
    let mut entries: Vec<Entry<'_, '_>> = blobs
        .into_iter()
        .map(|facts| {
            let (folder, file) = facts.path.rsplit_once('/').unwrap_or(("", facts.path));
            let segments = segments(folder.split('/').filter(|folder| !folder.is_empty()));
            Entry { facts, folder, segments, name: name(file) }
        })
        .collect();
    mark_siblings(&mut entries);
    entries
}

/// Marks folders that differ only by whom they are of: `tenants/acme/orders.csv`, `tenants/zenith/orders.csv`.
fn mark_siblings(entries: &mut [Entry<'_, '_>]) {
    // Parent folder → child folder → what lies anywhere below the child.
    let mut parents: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        let mut start = 0;
        for (folder, segment) in entry.folder.split('/').zip(&entry.segments) {
            if matches!(segment, Segment::Name | Segment::Number) {
                let parent = entry.folder[..start].trim_end_matches('/');
                parents.entry(parent).or_default().entry(folder).or_default().push(position);
            }
            start += folder.len() + 1;
        }
    }
    let mut marked = Vec::new();
    for (parent, children) in &parents {
        if children.len() < SIBLINGS_MIN {
            continue;
        }
        let depth = parent.split('/').filter(|folder| !folder.is_empty()).count();
        let alike = if are_buckets(children.keys().copied()) {
            children.values().flatten().copied().collect()
        } else if children.keys().all(|child| child.bytes().all(|byte| byte.is_ascii_digit())) {
            Vec::new()
        } else {
            siblings(entries, children, depth)
        };
        marked.extend(alike.into_iter().map(|position| (position, depth)));
    }
    for (position, depth) in marked {
        let entry = &mut entries[position];
        entry.segments[depth] = Segment::Sibling;
        let sibling = entry.folder.split('/').nth(depth).unwrap_or("");
        entry.name.forget(sibling);
    }
}

/// Names of one length, three at most, with digits among them: hash prefixes, not words.
fn are_buckets<'a>(children: impl Iterator<Item = &'a str>) -> bool {
    let names: Vec<&str> = children.collect();
    let length = names[0].len();
    let digits = names.iter().filter(|name| name.bytes().any(|byte| byte.is_ascii_digit())).count();
    names.len() >= BUCKETS_MIN
        && length <= 3
        && digits * 4 >= names.len()
        && names.iter().all(|name| name.len() == length && name.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Blobs below children of one parent that nearly all hold the same names with the same columns.
fn siblings(entries: &[Entry<'_, '_>], children: &BTreeMap<&str, Vec<usize>>, depth: usize) -> Vec<usize> {
    if children.keys().any(|child| STAGES.contains(&child.to_lowercase().as_str())) {
        return Vec::new();
    }
    let holds = |positions: &Vec<usize>| -> BTreeSet<(String, String)> {
        let below =
            |entry: &Entry<'_, '_>| entry.template().splitn(depth + 2, '/').last().unwrap_or("").to_string();
        let file = |at: &usize| {
            let entry = &entries[*at];
            let mut name = entry.name.clone();
            name.forget(entry.folder.split('/').nth(depth).unwrap_or(""));
            (below(entry) + &name.pattern, entry.family())
        };
        positions.iter().map(file).collect()
    };
    let held: BTreeMap<&str, BTreeSet<(String, String)>> =
        children.iter().map(|(child, positions)| (*child, holds(positions))).collect();
    let mut counts: BTreeMap<&BTreeSet<(String, String)>, usize> = BTreeMap::new();
    for holds in held.values() {
        *counts.entry(holds).or_default() += 1;
    }
    let Some((common, count)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return Vec::new() };
    if count < SIBLINGS_MIN || count * 5 < children.len() * 4 {
        return Vec::new();
    }
    let alike: Vec<&usize> =
        children.iter().filter(|(child, _)| held[*child] == *common).flat_map(|(_, at)| at).collect();
    let mut by_pattern: BTreeMap<(String, String), Vec<&Entry<'_, '_>>> = BTreeMap::new();
    for at in &alike {
        let entry = &entries[**at];
        let inside = entry.template().splitn(depth + 2, '/').last().unwrap_or("").to_string();
        let mut name = entry.name.clone();
        name.forget(entry.folder.split('/').nth(depth).unwrap_or(""));
        by_pattern.entry((inside, name.pattern)).or_default().push(entry);
    }
    let tells = |word: &str| !is_part_word(word) && !SPLITS.contains(&word);
    let telling = by_pattern.values().any(|entries| {
        let entry = entries[0];
        let inside = entry.folders().skip(depth + 1);
        let mut named = inside.filter(|(_, segment)| **segment == Segment::Name).map(|(folder, _)| folder);
        entry.facts.schema.is_some()
            && (entry.name.words.iter().any(|word| tells(word))
                || named.any(|folder| tells(&folder.to_lowercase())))
    });
    let uniform =
        by_pattern.values().all(|entries| similar::is_uniform(entries.iter().map(|entry| entry.facts)));
    if telling && uniform { alike.into_iter().copied().collect() } else { Vec::new() }
}

/// Words with which writers name the parts of anything.
const PART_WORDS: [&str; 37] = [
    "load", // of database migration services: LOAD00000001
    "part",
    "parts",
    "data",
    "batch",
    "file",
    "files",
    "chunk",
    "shard",
    "output",
    "out",
    "block",
    "segment",
    "page",
    "partition",
    "slice",
    "c",
    "r",
    "m",
    "snappy",
    "zstd",
    "lz4",
    "gz",
    "gzip",
    "uncompressed",
    "bucket",
    "worker",
    "task",
    "attempt",
    "base",
    "delta",
    "records",
    "rows",
    "run",
    "s",
    "v",
    "export",
];

/// Whether a word of a name says nothing about the table.
pub(super) fn is_part_word(word: &str) -> bool {
    PART_WORDS.contains(&word)
}
