//! Folders that differ only by whom or what they are of: tenants, regions, devices, and buckets of a store's writer.
//!
//! A single path does not tell them from folders of tables; their neighbours do, by holding the same files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::layout::{Entry, is_part_word};
use super::name::{Name, Varies, name};
use super::segment::Segment;
use super::shared::{Folder, Shared, by_folder};
use super::{Look, similar};

/// Folders that hold the same files for one tenant, device or bucket each: at least so many of them.
const SIBLINGS_MIN: usize = 3;
/// Folders with short codes for names, over which a store's writer spread its files: at least so many of them.
const BUCKETS_MIN: usize = 8;
/// Columns that files of one kind share over all siblings.
const ALIKE_MIN: f64 = 0.8;
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

/// What a file is called below a folder, whoever the folder is of: the folders in between and its name's pattern, and
/// its format.
type Kind = (String, String);

/// Marks the folders of files that differ only by whom they are of: `tenants/acme/orders.csv`, `tenants/zenith/orders.csv`.
pub(super) fn mark<'a>(entries: &mut [Entry<'a, '_>], shared: &mut Shared<'a>) {
    let folders = by_folder(entries);
    // Parent folder → child folder → folders anywhere below the child, and itself.
    let mut parents: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (at, (folder, _)) in folders.iter().enumerate() {
        let mut start = 0;
        for (part, segment) in folder.path.split('/').zip(&folder.segments) {
            if matches!(segment, Segment::Name | Segment::Number) {
                let parent = folder.path[..start].trim_end_matches('/');
                parents.entry(parent).or_default().entry(part).or_default().push(at);
            }
            start += part.len() + 1;
        }
    }
    let mut marked = Vec::new();
    for (parent, children) in &parents {
        if children.len() < SIBLINGS_MIN {
            continue;
        }
        let depth = parent.split('/').filter(|folder| !folder.is_empty()).count();
        let alike = if are_buckets(children.keys().copied()) {
            let below = children.values().flatten().flat_map(|at| &folders[*at].1);
            below.copied().collect()
        } else if children.keys().all(|child| child.bytes().all(|byte| byte.is_ascii_digit())) {
            Vec::new()
        } else {
            siblings(&Held { entries, folders: &folders }, children, depth)
        };
        marked.extend(alike.into_iter().map(|position| (position, depth)));
    }
    let mut folders_marked: HashMap<(*const Folder<'_>, usize), Rc<Folder<'_>>> = HashMap::new();
    for (position, depth) in marked {
        let entry = &mut entries[position];
        let marked = folders_marked.entry((Rc::as_ptr(&entry.folder), depth));
        let marked = marked.or_insert_with(|| Rc::new(entry.folder.with(depth, Segment::Sibling)));
        let mut name = Name::clone(&entry.name);
        name.forget(entry.folder().split('/').nth(depth).unwrap_or(""));
        entry.name = shared.keep(name);
        entry.folder = Rc::clone(marked);
    }
}

/// Blobs with the folders that hold them.
struct Held<'h, 'a, 'b> {
    entries: &'h [Entry<'a, 'b>],
    folders: &'h [(Rc<Folder<'a>>, Vec<usize>)],
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

/// Names that count on: `dev-00017`, `dev-00042`. Versions count too, but each is a table of its own.
fn are_numbered<'a>(children: impl Iterator<Item = &'a str>) -> bool {
    let mut patterns = BTreeSet::new();
    for child in children {
        let child = name(child);
        let version = child.words().any(|word| matches!(word, "v" | "ver" | "version" | "rev"));
        if child.varies != Varies::Counted || child.words().next().is_none() || version {
            return false;
        }
        patterns.insert(child.pattern);
    }
    patterns.len() == 1
}

/// Words of a folder that say whom or what the folders in it are of, in the singular.
const WHOSE: [&str; 32] = [
    "tenant",
    "customer",
    "client",
    "account",
    "region",
    "country",
    "market",
    "store",
    "shop",
    "site",
    "device",
    "sensor",
    "station",
    "user",
    "partner",
    "vendor",
    "supplier",
    "merchant",
    "branch",
    "org",
    "organization",
    "organisation",
    "company",
    "host",
    "server",
    "node",
    "workspace",
    "machine",
    "plant",
    "warehouse",
    "location",
    "city",
];

/// `tenants/`, `countries/`, `by_region/`.
fn says_whose(parent: &str) -> bool {
    let parent = parent.to_lowercase();
    let last = parent.rsplit(['_', '-', '.']).next().unwrap_or(&parent);
    let singular = [
        last.strip_suffix('s').unwrap_or(last).to_string(),
        format!("{}y", last.strip_suffix("ies").unwrap_or("?")),
    ];
    parent.starts_with("by_")
        || parent.starts_with("by-")
        || WHOSE.contains(&last)
        || singular.iter().any(|word| WHOSE.contains(&word.as_str()))
        || last.strip_suffix("es").is_some_and(|word| WHOSE.contains(&word))
}

/// Codes of countries (`DE`, `USA`) and of regions of clouds (`eu-west-1`, `europe-west4`, `us-east1`).
fn are_codes<'a>(mut children: impl Iterator<Item = &'a str>) -> bool {
    let country =
        |name: &str| matches!(name.len(), 2 | 3) && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let region = |name: &str| {
        let words = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        words.len() < name.len()
            && words.contains('-')
            && words
                .split('-')
                .all(|word| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    children.all(|name| country(name) || region(name))
}

/// Blobs below children of one parent that nearly all hold the same names with the same columns; what one child holds
/// beyond that is not among them.
fn siblings(held: &Held<'_, '_, '_>, children: &BTreeMap<&str, Vec<usize>>, depth: usize) -> Vec<usize> {
    let entries = held.entries;
    if children.keys().any(|child| STAGES.contains(&child.to_lowercase().as_str())) {
        return Vec::new();
    }
    let kinds_of: BTreeMap<&str, BTreeMap<Kind, Vec<usize>>> =
        children.iter().map(|(child, below)| (*child, kinds(held, below, depth))).collect();
    let mut counts: BTreeMap<&Kind, usize> = BTreeMap::new();
    for kind in kinds_of.values().flat_map(BTreeMap::keys) {
        *counts.entry(kind).or_default() += 1;
    }
    let most = |count: usize| count >= SIBLINGS_MIN && count * 5 >= children.len() * 4;
    let shared: BTreeSet<&Kind> =
        counts.into_iter().filter(|(_, count)| most(*count)).map(|(kind, _)| kind).collect();
    let mut alike: BTreeMap<&Kind, Vec<usize>> = BTreeMap::new();
    let mut of_kind = 0;
    for kinds in kinds_of.values() {
        let common: Vec<_> = kinds.iter().filter(|(kind, _)| shared.contains(kind)).collect();
        if common.is_empty() || common.len() * 2 < kinds.len() {
            continue;
        }
        of_kind += 1;
        for (kind, positions) in common {
            alike.entry(kind).or_default().extend(positions);
        }
    }
    let facts = |positions: &Vec<usize>| positions.iter().map(|at| entries[*at].facts).collect::<Vec<_>>();
    let uniform = || {
        alike.values().all(|positions| similar::split(facts(positions), |facts| *facts, ALIKE_MIN).len() <= 1)
    };
    let parent = children.values().flatten().next().map_or("", |at| held.folders[*at].0.path);
    let parent = depth.checked_sub(1).and_then(|above| parent.split('/').nth(above)).unwrap_or("");
    let said =
        says_whose(parent) || are_codes(children.keys().copied()) || are_numbered(children.keys().copied());
    let firsts = || alike.values().map(|positions| &entries[positions[0]]);
    let telling = || firsts().any(|entry| is_telling(entry, depth)) || (said && !firsts().any(is_of_split));
    if most(of_kind) && telling() && uniform() { alike.into_values().flatten().collect() } else { Vec::new() }
}

/// Blobs below one child by kind, each in order of paths.
fn kinds(held: &Held<'_, '_, '_>, below: &[usize], depth: usize) -> BTreeMap<Kind, Vec<usize>> {
    let mut kinds: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    for (folder, positions) in below.iter().map(|at| &held.folders[*at]) {
        let template = folder.template();
        let inside = template.splitn(depth + 2, '/').last().unwrap_or("");
        let child = folder.path.split('/').nth(depth).unwrap_or("");
        // Blobs of one name and look are of one kind, which is then made once.
        let mut alike: HashMap<(*const Name, *const Look<'_>), Vec<usize>> = HashMap::new();
        for at in positions {
            let entry = &held.entries[*at];
            alike.entry((Rc::as_ptr(&entry.name), entry.facts.look)).or_default().push(*at);
        }
        for positions in alike.into_values() {
            let entry = &held.entries[positions[0]];
            let mut name = Name::clone(&entry.name);
            name.forget(child);
            kinds.entry((format!("{inside}{}", name.pattern), entry.family())).or_default().extend(positions);
        }
    }
    kinds.values_mut().for_each(|positions| positions.sort_unstable());
    kinds
}

/// Whether a blob's name, or a folder between it and the child, says what table it is of.
fn is_telling(entry: &Entry<'_, '_>, depth: usize) -> bool {
    let tells = |word: &str| !is_part_word(word) && !SPLITS.contains(&word) && *word != *entry.name.extension;
    let inside = entry.folders().skip(depth + 1);
    let mut named = inside.filter(|(_, segment)| **segment == Segment::Name).map(|(folder, _)| folder);
    entry.facts.look.schema.is_some()
        && (entry.name.words().any(tells) || named.any(|folder| tells(&folder.to_lowercase())))
}

fn is_of_split(entry: &Entry<'_, '_>) -> bool {
    entry.facts.look.schema.is_none() || entry.name.words().any(|word| SPLITS.contains(&word))
}
