//! Which blobs of one layout and format are one dataset: by the families of their names, by where they stand in
//! the partitions, and by their schemas.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::fellow::Patterns;
use super::layout::{Entry, is_part_word};
use super::name::Varies;
use super::segment::Segment;
use super::{fellow, similar};

/// Alike enough for files whose names hardly tie them together.
const EQUAL_MIN: f64 = 0.9;
/// Files with random names in one flat folder that make a dataset.
const RANDOM_MIN: usize = 3;
/// Families of names whose partitions are compared with each other; more are told apart by name alone.
const COMPARED_MAX: usize = 100;

/// Blobs found to be one dataset.
#[derive(Debug)]
pub(super) struct Cluster<'a, 'b> {
    /// Its blobs, in path order.
    pub(super) entries: Vec<Entry<'a, 'b>>,
    /// The pattern of its names; `None` if they say nothing about the table, so that its folder names it.
    pub(super) stem: Option<String>,
    /// What tells it from others of the same layout and stem, stable while blobs come and go.
    pub(super) mark: String,
}

/// Clusters blobs of one template and family.
pub(super) fn clusters<'a, 'b>(entries: Vec<Entry<'a, 'b>>) -> Vec<Cluster<'a, 'b>> {
    let (addressed, entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_content_addressed);
    let mut found: Vec<Cluster<'_, '_>> = addressed.into_iter().map(single).collect();
    let folders: BTreeSet<&str> = entries.iter().map(Entry::folder).collect();
    let keyed = entries
        .first()
        .is_some_and(|entry| entry.segments().iter().any(|segment| matches!(segment, Segment::Key { .. })));
    let families =
        if keyed || folders.len() > 1 { over_partitions(entries, keyed) } else { in_folder(entries) };
    for family in families {
        let stem = (!family.main).then(|| family.entries[0].name.pattern.to_string());
        for (compression, entries) in split_compressed_twins(family.entries) {
            found.extend(split_schemas(entries, stem.as_deref(), &compression, family.loose));
        }
    }
    found
}

/// Entries that names tie together.
struct Family<'a, 'b> {
    entries: Vec<Entry<'a, 'b>>,
    /// Whether their names say nothing about the table.
    main: bool,
    /// Whether only equal schemas make them one dataset.
    loose: bool,
}

fn by_pattern<'a, 'b>(entries: Vec<Entry<'a, 'b>>) -> Patterns<'a, 'b> {
    let mut patterns = Patterns::new();
    for entry in entries {
        match patterns.get_mut(&entry.name.pattern) {
            Some(same) => same.push(entry),
            None => {
                patterns.insert(entry.name.pattern.clone(), vec![entry]);
            }
        }
    }
    fellow::join_random(&mut patterns);
    fellow::join_codes(&mut patterns);
    patterns
}

/// One flat folder: only names that count make families, and one kind of blob that fills the folder.
fn in_folder<'a, 'b>(entries: Vec<Entry<'a, 'b>>) -> Vec<Family<'a, 'b>> {
    let in_folder = entries.len();
    let (mut main, mut counted, mut families) = (Vec::new(), Vec::new(), Vec::new());
    for (_, entries) in by_pattern(entries) {
        match entries[0].name.varies {
            Varies::Counted if is_generic(&entries[0]) => main.extend(entries),
            Varies::Random if entries.len() >= RANDOM_MIN => {
                families.push(Family { entries, main: false, loose: true });
            }
            Varies::Counted => counted.push(entries),
            _ => counted.extend(entries.into_iter().map(|entry| vec![entry])),
        }
    }
    let entities = fellow::take_entities(&mut counted, in_folder);
    counted.extend(entities);
    families.extend(counted.into_iter().map(|entries| Family { entries, main: false, loose: false }));
    if !main.is_empty() {
        families.push(Family { entries: main, main: true, loose: false });
    }
    families
}

/// Many partitions: names that say nothing, and names that come once, are the table of the folder; names that come
/// again in every partition are tables of their own, unless they stand in for each other.
fn over_partitions<'a, 'b>(entries: Vec<Entry<'a, 'b>>, keyed: bool) -> Vec<Family<'a, 'b>> {
    let mut main = Vec::new();
    let mut once = Vec::new();
    let mut recurring: Vec<Vec<Entry<'_, '_>>> = Vec::new();
    for (_, entries) in by_pattern(entries) {
        if is_generic(&entries[0]) {
            main.extend(entries);
        } else if entries.len() == 1 {
            once.extend(entries);
        } else {
            recurring.push(entries);
        }
    }
    let crowded = once.len() * 2 > folders_of(&once).len() * 3;
    let mut families = Vec::new();
    if keyed || (!crowded && folders_of(&once).len() + folders_of(&main).len() >= 3) {
        main.extend(once);
    } else {
        families.extend(once.into_iter().map(|entry| Family {
            entries: vec![entry],
            main: false,
            loose: false,
        }));
    }
    for entries in join_alternates(recurring) {
        if !main.is_empty() && stand_in(&entries, &main) {
            main.extend(entries);
        } else {
            families.push(Family { entries, main: false, loose: false });
        }
    }
    if !main.is_empty() {
        families.push(Family { entries: main, main: true, loose: false });
    }
    families
}

/// Joins families that never stand in one folder together and have the same columns.
fn join_alternates<'a, 'b>(families: Vec<Vec<Entry<'a, 'b>>>) -> Vec<Vec<Entry<'a, 'b>>> {
    if families.len() > COMPARED_MAX {
        return families;
    }
    let mut joined: Vec<Vec<Entry<'_, '_>>> = Vec::new();
    for family in families {
        match joined.iter_mut().find(|other| stand_in(&family, other)) {
            Some(other) => other.extend(family),
            None => joined.push(family),
        }
    }
    joined
}

/// Whether the ones never stand beside the others and have the same columns.
fn stand_in(ones: &[Entry<'_, '_>], others: &[Entry<'_, '_>]) -> bool {
    let both = || ones.iter().chain(others).map(|entry| entry.facts);
    folders_of(ones).is_disjoint(&folders_of(others))
        && both().all(|facts| facts.look.schema.is_some())
        && similar::is_uniform(both())
}

fn folders_of<'a>(entries: &[Entry<'a, '_>]) -> BTreeSet<&'a str> {
    entries.iter().map(Entry::folder).collect()
}

/// Whether a name says nothing beyond what its folders say.
fn is_generic(entry: &Entry<'_, '_>) -> bool {
    let known = |word: &str| {
        is_part_word(word)
            || *word == *entry.name.extension
            || entry.folders().any(|(folder, segment)| *segment == Segment::Name && says(folder, word))
    };
    entry.name.words().all(known)
}

fn says(folder: &str, word: &str) -> bool {
    let folder = folder.to_lowercase();
    let mut words = folder.split(|c: char| !c.is_alphanumeric());
    words.any(|said| {
        said == word || said.strip_suffix('s') == Some(word) || word.strip_suffix('s') == Some(said)
    })
}

/// Stores that name a file by its hash (Git, DVC) keep unrelated files side by side: two digits, then the rest.
fn is_content_addressed(entry: &Entry<'_, '_>) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let folder = entry.folder().rsplit('/').next().unwrap_or("");
    let file = entry.plain;
    folder.len() == 2 && hex(folder) && matches!(file.len(), 30 | 38 | 62) && hex(file)
}

/// A blob as a dataset of its own.
pub(super) fn single<'a, 'b>(entry: Entry<'a, 'b>) -> Cluster<'a, 'b> {
    let mark = entry.facts.path.to_string();
    Cluster { stem: Some(entry.name.pattern.to_string()), entries: vec![entry], mark }
}

/// The same file compressed and not, or compressed twice, is a copy, not a part: then each compression is a dataset.
/// Where no file stands twice, old parts were compressed in place and the family is one.
fn split_compressed_twins<'a, 'b>(entries: Vec<Entry<'a, 'b>>) -> Vec<(String, Vec<Entry<'a, 'b>>)> {
    // No two of them share a path: only names with an extension of a compression can be the same without it.
    let peeled = |entry: &Entry<'_, '_>| !entry.facts.path.ends_with(entry.plain);
    let twins = || {
        let mut seen = HashSet::new();
        entries.iter().any(|entry| !seen.insert((entry.folder(), entry.plain)))
    };
    if !entries.iter().any(peeled) || !twins() {
        return vec![(String::new(), entries)];
    }
    let mut split: BTreeMap<String, Vec<Entry<'_, '_>>> = BTreeMap::new();
    for entry in entries {
        split.entry(entry.facts.look.layers.join("+")).or_default().push(entry);
    }
    split.into_iter().collect()
}

fn split_schemas<'a, 'b>(
    entries: Vec<Entry<'a, 'b>>,
    stem: Option<&str>,
    compression: &str,
    loose: bool,
) -> Vec<Cluster<'a, 'b>> {
    let threshold = if loose { EQUAL_MIN } else { similar::DRIFT_MIN };
    let sets = similar::split(entries, |entry| entry.facts, threshold);
    let mut found = Vec::new();
    for (rank, entries) in sets.into_iter().enumerate() {
        let fixed = entries[0].name.varies == Varies::No && entries.len() == 1 && stem.is_some();
        if (loose && entries.len() < RANDOM_MIN) || fixed {
            found.extend(entries.into_iter().map(single));
            continue;
        }
        // The largest keeps the plain mark, so that its id stays when another schema turns up beside it.
        let mark = if rank == 0 { String::new() } else { entries[0].facts.path.to_string() };
        found.push(Cluster {
            entries,
            stem: stem.map(str::to_string),
            mark: format!("{compression}\0{mark}"),
        });
    }
    found
}
