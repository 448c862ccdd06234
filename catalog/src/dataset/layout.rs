//! Where blobs lie: each path's folders by meaning, and the template that blobs of one layout share.

use std::collections::BTreeMap;

use super::BlobFacts;
use super::name::{Name, name};
use super::segment::{Segment, segments};
use super::{sibling, similar};

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
                Segment::Date { part, word, .. } => template.push_str(&format!("{word}{{{part}}}")),
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

/// The path of a blob with all that varies taken out, as far as a single path shows: equal for the parts of one table.
pub(crate) fn family_path(path: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folders = || folder.split('/').filter(|folder| !folder.is_empty());
    let mut family = String::new();
    for (folder, segment) in folders().zip(segments(folders())) {
        match segment {
            Segment::Key { key, .. } => family.push_str(&key),
            Segment::Name => family.push_str(&name(folder).pattern),
            _ => family.push('#'),
        }
        family.push('/');
    }
    family + &name(file).pattern
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

/// Understands the paths of blobs whose folders are just that: none is a partition.
pub(super) fn flat_entries<'a, 'b>(blobs: Vec<&'b BlobFacts<'a>>) -> Vec<Entry<'a, 'b>> {
    let mut entries: Vec<Entry<'_, '_>> = blobs.into_iter().map(entry).collect();
    entries.iter_mut().for_each(|entry| entry.segments.fill(Segment::Name));
    entries
}

fn entry<'a, 'b>(facts: &'b BlobFacts<'a>) -> Entry<'a, 'b> {
    let (folder, file) = facts.path.rsplit_once('/').unwrap_or(("", facts.path));
    let segments = segments(folder.split('/').filter(|folder| !folder.is_empty()));
    Entry { facts, folder, segments, name: name(file) }
}

/// Understands the paths of blobs.
pub(super) fn entries<'a, 'b>(blobs: Vec<&'b BlobFacts<'a>>) -> Vec<Entry<'a, 'b>> {
    let mut entries: Vec<Entry<'_, '_>> = blobs.into_iter().map(entry).collect();
    sibling::mark(&mut entries);
    name_tables(&mut entries);
    entries
}

/// Keys whose values are tables by their word alone, whatever their columns.
const TABLE_KEYS: [&str; 7] = ["table", "table_name", "entity", "stream", "dataset", "collection", "object"];
/// Values of one key that are compared with each other; with more it is a partition's.
const TABLES_MAX: usize = 200;

/// Takes `entity=orders`, `entity=customers` for names where each value has columns of its own: such a key tells
/// tables, not partitions of one.
fn name_tables(entries: &mut [Entry<'_, '_>]) {
    // Folder above and key → value → blobs.
    let mut keys: BTreeMap<(&str, String), BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        let mut start = 0;
        for (folder, segment) in entry.folder.split('/').zip(&entry.segments) {
            if let Segment::Key { key, value } = segment {
                let above = (entry.folder[..start].trim_end_matches('/'), key.clone());
                keys.entry(above).or_default().entry(value.clone()).or_default().push(position);
            }
            start += folder.len() + 1;
        }
    }
    let mut named = Vec::new();
    for ((above, key), values) in &keys {
        let by_word = TABLE_KEYS.contains(&key.to_lowercase().as_str());
        if by_word || ((2..=TABLES_MAX).contains(&values.len()) && are_tables(entries, values)) {
            let depth = above.split('/').filter(|folder| !folder.is_empty()).count();
            named.extend(values.values().flatten().map(|position| (*position, depth)));
        }
    }
    for (position, depth) in named {
        entries[position].segments[depth] = Segment::Name;
    }
}

fn are_tables(entries: &[Entry<'_, '_>], values: &BTreeMap<String, Vec<usize>>) -> bool {
    let mut value_of: BTreeMap<&str, &str> = BTreeMap::new();
    let mut facts: Vec<&BlobFacts<'_>> = Vec::new();
    for (value, positions) in values {
        let with_rows = positions.iter().map(|at| entries[*at].facts).filter(|facts| facts.schema.is_some());
        let before = facts.len();
        facts.extend(with_rows);
        if facts.len() == before {
            return false;
        }
        value_of.extend(facts[before..].iter().map(|facts| (facts.path, value.as_str())));
    }
    let sets = similar::split(facts, similar::DRIFT_MIN);
    let of_one =
        |set: &Vec<&BlobFacts<'_>>| set.iter().all(|facts| value_of[facts.path] == value_of[set[0].path]);
    sets.len() == values.len() && sets.iter().all(of_one)
}

/// Words with which writers name the parts of anything.
const PART_WORDS: [&str; 44] = [
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
    "upload",
    "dump",
    "import",
    "result",
    "results",
    "stream",
    "messages",
];

/// Whether a word of a name says nothing about the table.
pub(super) fn is_part_word(word: &str) -> bool {
    PART_WORDS.contains(&word)
}
