//! Folders that differ only by whom or what they are of: tenants, regions, devices, and buckets of a store's writer.
//!
//! A single path does not tell them from folders of tables; their neighbours do, by holding the same files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::layout::{Entry, is_part_word};
use super::name::{Name, Varies, name};
use super::segment::Segment;
use super::shared::{Folder, Shared, by_folder};
use super::{Look, similar, words};

/// Folders that hold the same files for one tenant, device or bucket each: at least so many of them.
const SIBLINGS_MIN: usize = 3;
/// So many are enough where their parent's or their own names say what they are (`tenants/`, `eu-west-1`).
const SAID_SIBLINGS_MIN: usize = 2;
/// Folders with short codes for names, over which a store's writer spread its files: at least so many of them.
const BUCKETS_MIN: usize = 8;
/// Letters and digits of a folder's name from which on it may be a random code.
const RANDOM_LENGTH_MIN: usize = 5;
/// Columns that files of one kind share over all siblings.
const ALIKE_MIN: f64 = 0.8;
/// Names of folders that tell stages, splits and copies apart, which are datasets of their own.
const STAGES: [&str; 60] = [
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
    "qa",
    "uat",
    "prd",
    "stg",
    "int",
    "sit",
    "preprod",
    "live",
    "demo",
    "failed",
    "rejected",
    "full",
    "incremental",
    "increment",
    "delta",
    "initial",
    "snapshot",
    "snapshots",
    "history",
    "cdc",
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

/// Formats of pictures, sounds and films.
const MEDIA: [&str; 4] = ["image", "svg", "audio", "video"];

/// What a file is called below a folder, whoever the folder is of: the folders in between and its name's pattern, and
/// its format.
type Kind = (String, String);

/// Marks the folders of files that differ only by whom they are of: `tenants/acme/orders.csv`, `tenants/zenith/orders.csv`.
pub(super) fn mark<'a>(entries: &mut [Entry<'a, '_>], shared: &mut Shared<'a>) {
    let mut folders = by_folder(entries);
    let deepest = folders.iter().map(|(folder, _)| folder.segments.len()).max().unwrap_or(0);
    // The innermost first: shops that are siblings of each other are of one kind in all countries.
    for depth in (0..deepest).rev() {
        let held = Held { entries, folders: &folders };
        let alike: Vec<usize> = children_at(&folders, depth)
            .values()
            .flat_map(|children| alike(&held, children, depth))
            .collect();
        if !alike.is_empty() {
            mark_at(entries, shared, &alike, depth);
            folders = by_folder(entries);
        }
    }
}

/// Folders at one depth that may be siblings, by their parent and their own name, with the folders at and below them.
fn children_at<'a>(
    folders: &[(Rc<Folder<'a>>, Vec<usize>)],
    depth: usize,
) -> BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>> {
    let mut parents: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (at, (folder, _)) in folders.iter().enumerate() {
        if !matches!(folder.segments.get(depth), Some(Segment::Name | Segment::Number)) {
            continue;
        }
        let start = folder.path.split('/').take(depth).map(|part| part.len() + 1).sum();
        let part = folder.path[start..].split('/').next().unwrap_or("");
        let parent = folder.path[..start].trim_end_matches('/');
        parents.entry(parent).or_default().entry(part).or_default().push(at);
    }
    parents
}

/// Blobs below children of one parent that are the same for each child.
fn alike(held: &Held<'_, '_, '_>, children: &BTreeMap<&str, Vec<usize>>, depth: usize) -> Vec<usize> {
    if children.len() < SAID_SIBLINGS_MIN {
        return Vec::new();
    }
    if are_buckets(children.keys().copied()) {
        return children.values().flatten().flat_map(|at| held.folders[*at].1.iter().copied()).collect();
    }
    if children.keys().all(|child| child.bytes().all(|byte| byte.is_ascii_digit())) {
        return Vec::new();
    }
    siblings(held, children, depth)
}

fn mark_at<'a>(entries: &mut [Entry<'a, '_>], shared: &mut Shared<'a>, alike: &[usize], depth: usize) {
    let mut marked: HashMap<*const Folder<'_>, Rc<Folder<'_>>> = HashMap::new();
    for position in alike {
        let entry = &mut entries[*position];
        let folder = marked.entry(Rc::as_ptr(&entry.folder));
        let folder = folder.or_insert_with(|| Rc::new(entry.folder.with(depth, Segment::Sibling)));
        let mut name = Name::clone(&entry.name);
        name.forget(entry.folder().split('/').nth(depth).unwrap_or(""));
        entry.name = shared.keep(name);
        entry.folder = Rc::clone(folder);
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

/// Names that count on, by number or letter: `dev-00017`, `dev-00042`; `router-a`, `router-b`. Versions count too, but
/// each is a table of its own.
fn are_numbered<'a>(children: impl Iterator<Item = &'a str>) -> bool {
    let mut patterns = BTreeSet::new();
    for child in children {
        let lettered = child.rsplit_once(['-', '_']).filter(|(words, letter)| {
            words.contains(char::is_alphabetic) && letter.len() == 1 && letter.is_ascii()
        });
        let pattern = match lettered {
            Some((words, _)) => format!("{}#", name(words).pattern),
            None if name(child).varies == Varies::Counted => name(child).pattern.to_string(),
            None => return false,
        };
        if !pattern.contains(char::is_alphabetic) || is_version(child) {
            return false;
        }
        patterns.insert(pattern);
    }
    patterns.len() == 1
}

/// `v2`, `version-3`, `rev_4`.
fn is_version(folder: &str) -> bool {
    let folder = name(folder);
    folder.varies == Varies::Counted
        && folder.words().any(|word| matches!(word, "v" | "ver" | "version" | "rev" | "release"))
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

/// `store_12`, `tenant-b7`: a word that says of what kind it is, and which.
fn is_whose(folder: &str) -> bool {
    let folder = name(folder);
    let mut words = folder.words();
    folder.varies == Varies::Counted && words.next().is_some_and(|word| WHOSE.contains(&word))
}

/// Codes of letters and digits, all of one length: commits, batches, users. By chance some have no digit or no letter.
fn are_random<'a>(children: impl Iterator<Item = &'a str> + Clone) -> bool {
    let mixed = |name: &&str| {
        name.bytes().any(|byte| byte.is_ascii_digit()) && name.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let length = children.clone().map(str::len).next().unwrap_or(0);
    length >= RANDOM_LENGTH_MIN
        && children
            .clone()
            .all(|name| name.len() == length && name.bytes().all(|b| b.is_ascii_alphanumeric()))
        && children.clone().filter(mixed).count() * 2 > children.count()
}

/// Codes of countries (`DE`, `USA`), of languages (`de`, `pt-BR`) and of regions of clouds.
fn are_codes<'a>(children: impl Iterator<Item = &'a str> + Clone) -> bool {
    let country =
        |name: &str| matches!(name.len(), 2 | 3) && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let language = |name: &str| {
        let (language, place) = name.split_once(['-', '_']).unwrap_or((name, ""));
        words::is_language(language) && (place.is_empty() || words::is_place(&place.to_lowercase()))
    };
    children.clone().all(|name| country(name) || is_cloud_region(name)) || children.clone().all(language)
}

/// `eu-west-1`, `europe-west4`, `us-east1`.
fn is_cloud_region(name: &str) -> bool {
    let words = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    words.len() < name.len()
        && words.contains('-')
        && words.split('-').all(|word| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Blobs below children of one parent that nearly all hold the same names with the same columns; what one child holds
/// beyond that is not among them.
fn siblings(held: &Held<'_, '_, '_>, children: &BTreeMap<&str, Vec<usize>>, depth: usize) -> Vec<usize> {
    let entries = held.entries;
    let names = || children.keys().copied();
    if names().any(|child| STAGES.contains(&child.to_lowercase().as_str())) || names().all(is_version) {
        return Vec::new();
    }
    let parent = children.values().flatten().next().map_or("", |at| held.folders[*at].0.path);
    let parent = depth.checked_sub(1).and_then(|above| parent.split('/').nth(above)).unwrap_or("");
    let whose = says_whose(parent) || names().all(is_cloud_region) || names().all(is_whose);
    let below = || children.values().flatten().flat_map(|at| &held.folders[*at].1);
    let labels = below().all(|at| is_medium(&entries[*at]));
    let siblings_min = if whose || labels { SAID_SIBLINGS_MIN } else { SIBLINGS_MIN };
    let kinds_of: BTreeMap<&str, BTreeMap<Kind, Vec<usize>>> =
        children.iter().map(|(child, below)| (*child, kinds(held, below, depth))).collect();
    let mut counts: BTreeMap<&Kind, usize> = BTreeMap::new();
    for kind in kinds_of.values().flat_map(BTreeMap::keys) {
        *counts.entry(kind).or_default() += 1;
    }
    let most = |count: usize| count >= siblings_min && count * 5 >= children.len() * 4;
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
    let said = whose || are_codes(names()) || are_numbered(names()) || are_random(names());
    let firsts = || alike.iter().map(|(kind, positions)| (*kind, &entries[positions[0]]));
    let of_split = || firsts().any(|(_, entry)| is_of_split(entry));
    let telling = || firsts().any(|(kind, entry)| is_telling(kind, entry)) || labels || (said && !of_split());
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

/// Whether a blob's name, or a folder between it and the child, says what table it is of. Names that repeat the child's
/// say nothing beyond it: `orders/orders-001.json` beside `items/items-001.json` are tables, whatever their columns.
fn is_telling((inside, format): &Kind, entry: &Entry<'_, '_>) -> bool {
    let extension = &*entry.name.extension;
    let said = inside.strip_suffix(extension).unwrap_or(inside);
    // Keys and parts of dates say nothing.
    let named = said.split('/').filter(|part| !part.contains('{') && !part.ends_with('='));
    let mut words =
        named.flat_map(|part| part.split(|c: char| !c.is_alphanumeric())).filter(|w| !w.is_empty());
    let tells = |word: &str| !is_part_word(word) && !SPLITS.contains(&word) && word != format;
    entry.facts.look.schema.is_some() && words.any(|word| tells(&word.to_lowercase()))
}

/// Whether a blob is a picture, a sound or a film: folders of these are labels, each of a class of what they show.
fn is_medium(entry: &Entry<'_, '_>) -> bool {
    MEDIA.contains(&entry.facts.look.format)
}

fn is_of_split(entry: &Entry<'_, '_>) -> bool {
    entry.facts.look.schema.is_none() || entry.name.words().any(|word| SPLITS.contains(&word))
}
