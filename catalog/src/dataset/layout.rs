//! Where blobs lie: each path's folders by meaning, and the template that blobs of one layout share.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::BlobFacts;
use super::name::{Name, name, plain};
use super::segment::{Segment, segments};
use super::shared::{Folder, Shared, by_folder};
use super::{sibling, similar};

/// A blob with its path understood.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a, 'b> {
    /// The blob.
    pub(super) facts: &'b BlobFacts<'a>,
    /// Its folder understood.
    pub(super) folder: Rc<Folder<'a>>,
    /// Its name understood.
    pub(super) name: Rc<Name>,
    /// Its name as it is, without its compression's extension.
    pub(super) plain: &'a str,
}

impl<'a> Entry<'a, '_> {
    /// Its folder, without a slash at the end.
    pub(super) fn folder(&self) -> &'a str {
        self.folder.path
    }

    /// Meaning of each folder, outermost first.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.folder.segments
    }

    /// What blobs of one layout and format share.
    pub(super) fn template(&self) -> String {
        self.folder.template()
    }

    /// Folders with their meanings, outermost first.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&'a str, &Segment)> {
        self.folder.parts()
    }

    /// Its format, with formats that are often mistaken for each other taken as one.
    pub(super) fn family(&self) -> String {
        match self.facts.look.format {
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

/// Puts an entry with those of its layout.
pub(super) fn add<'a, 'b>(layouts: &mut Layouts<'a, 'b>, entries: Vec<Entry<'a, 'b>>) {
    // Neighbours mostly share folder and look, and with them the layout.
    let mut entries = entries.into_iter().peekable();
    while let Some(first) = entries.next() {
        let (folder, look, name) = (Rc::clone(&first.folder), first.facts.look, Rc::clone(&first.name));
        let same = |next: &Entry<'_, '_>| {
            Rc::ptr_eq(&next.folder, &folder)
                && std::ptr::eq(next.facts.look, look)
                && next.name.extension == name.extension
        };
        let layout = layouts.entry((first.template(), first.family())).or_default();
        layout.push(first);
        while let Some(next) = entries.next_if(same) {
            layout.push(next);
        }
    }
}

/// Understands the paths of blobs whose folders are just that: none is a partition.
pub(super) fn flat_entries<'a, 'b>(blobs: Vec<&'b BlobFacts<'a>>) -> Vec<Entry<'a, 'b>> {
    let (mut shared, mut flat) = (Shared::default(), HashMap::new());
    let flatten = |facts: &'b BlobFacts<'a>| {
        let mut entry = entry(facts, &mut shared);
        let plain = flat.entry(entry.folder()).or_insert_with(|| {
            let segments = vec![Segment::Name; entry.segments().len()];
            Rc::new(Folder { path: entry.folder(), segments })
        });
        entry.folder = Rc::clone(plain);
        entry
    };
    blobs.into_iter().map(flatten).collect()
}

fn entry<'a, 'b>(facts: &'b BlobFacts<'a>, shared: &mut Shared<'a>) -> Entry<'a, 'b> {
    let (folder, file) = facts.path.rsplit_once('/').unwrap_or(("", facts.path));
    Entry { facts, folder: shared.folder(folder), name: shared.name(file), plain: plain(file) }
}

/// Understands the paths of blobs.
pub(super) fn entries<'a, 'b>(blobs: Vec<&'b BlobFacts<'a>>) -> Vec<Entry<'a, 'b>> {
    let mut shared = Shared::default();
    let mut entries: Vec<Entry<'_, '_>> = blobs.into_iter().map(|facts| entry(facts, &mut shared)).collect();
    sibling::mark(&mut entries, &mut shared);
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
    let folders = by_folder(entries);
    // Folder above and key → value → folders.
    let mut keys: BTreeMap<(&str, &str), BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (at, (folder, _)) in folders.iter().enumerate() {
        let mut start = 0;
        for (part, segment) in folder.path.split('/').zip(&folder.segments) {
            if let Segment::Key { key, value } = segment {
                let above = (folder.path[..start].trim_end_matches('/'), key.as_str());
                keys.entry(above).or_default().entry(value).or_default().push(at);
            }
            start += part.len() + 1;
        }
    }
    let mut named: BTreeMap<usize, Rc<Folder<'_>>> = BTreeMap::new();
    for ((above, key), values) in &keys {
        let by_word = TABLE_KEYS.contains(&key.to_lowercase().as_str());
        if by_word || ((2..=TABLES_MAX).contains(&values.len()) && are_tables(entries, &folders, values)) {
            let depth = above.split('/').filter(|folder| !folder.is_empty()).count();
            for at in values.values().flatten() {
                let folder = named.entry(*at).or_insert_with(|| Rc::clone(&folders[*at].0));
                *folder = Rc::new(folder.with(depth, Segment::Name));
            }
        }
    }
    for (at, folder) in named {
        for position in &folders[at].1 {
            entries[*position].folder = Rc::clone(&folder);
        }
    }
}

fn are_tables<'a>(
    entries: &[Entry<'a, '_>],
    folders: &[(Rc<Folder<'a>>, Vec<usize>)],
    values: &BTreeMap<&str, Vec<usize>>,
) -> bool {
    let mut facts: Vec<(usize, &BlobFacts<'_>)> = Vec::new();
    for (value, held) in values.values().enumerate() {
        let positions = held.iter().flat_map(|at| &folders[*at].1);
        let with_rows = positions.map(|at| entries[*at].facts).filter(|facts| facts.look.schema.is_some());
        let before = facts.len();
        facts.extend(with_rows.map(|facts| (value, facts)));
        if facts.len() == before {
            return false;
        }
    }
    let sets = similar::split(facts, |(_, facts)| *facts, similar::DRIFT_MIN);
    let of_one = |set: &Vec<(usize, &BlobFacts<'_>)>| set.iter().all(|(value, _)| *value == set[0].0);
    sets.len() == values.len() && sets.iter().all(of_one)
}

/// Words with which writers name the parts of anything.
const PART_WORDS: [&str; 45] = [
    "copy", // of warehouses that write a name again: 000000_0_copy_1
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
