//! Files whose names differ in words, not in numbers, and that are parts of one dataset all the same: random codes
//! that look like words, one file a language or country, one file an entity.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::layout::Entry;
use super::name::{Name, Varies};
use super::{similar, words};

/// Families with random codes that others are compared with.
const COMPARED_MAX: usize = 100;
/// Codes of languages or countries that make a family; of fewer, the word may mean something else.
const PLACES_MIN: usize = 3;
/// Files of one folder that make a dataset for having the same columns, whatever they are called.
const ENTITIES_MIN: usize = 8;
/// So many, where words name blobs of many rows each: streams keep the same envelope around rows of any table.
const WORDED_MIN: usize = 24;
/// Columns that those share.
const ENTITIES_ALIKE_MIN: f64 = 0.9;

/// Blobs by the pattern of their names.
pub(super) type Patterns<'a, 'b> = BTreeMap<Box<str>, Vec<Entry<'a, 'b>>>;

/// A random code may by chance have no digit, or all of them at its end, and then looks like a word: names shaped like
/// those of a family with such codes, that are the same but for the code, belong to it.
pub(super) fn join_random(patterns: &mut Patterns<'_, '_>) {
    let random =
        |entries: &Vec<Entry<'_, '_>>| entries.iter().any(|entry| entry.name.varies == Varies::Random);
    let families: Vec<Box<str>> =
        patterns.iter().filter(|(_, entries)| random(entries)).map(|(pattern, _)| pattern.clone()).collect();
    for family in families.iter().take(COMPARED_MAX) {
        let Some((before, behind)) = family.split_once('#') else { continue };
        let Some(known) = patterns.get(family) else { continue };
        let shapes: BTreeSet<String> = known.iter().map(|entry| shape(entry.plain)).collect();
        let alike = |entry: &Entry<'_, '_>| {
            let name = entry.plain.to_lowercase();
            let code = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
            shapes.contains(&shape(&name))
                && code.is_some_and(|code| code.contains(|c: char| c.is_ascii_alphanumeric()))
                && similar::is_uniform([known[0].facts, entry.facts].into_iter())
        };
        let others =
            patterns.iter().filter(|(pattern, entries)| *pattern != family && entries.iter().all(alike));
        let joined: Vec<Box<str>> = others.map(|(pattern, _)| pattern.clone()).collect();
        for pattern in joined.into_iter().filter(|_| before.contains(char::is_alphabetic)) {
            join(patterns, &pattern, family, Varies::Random);
        }
    }
}

/// A name with one letter for all letters and digits.
fn shape(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { 'a' } else { c }).collect()
}

/// Puts the blobs of one pattern with those of another.
fn join(patterns: &mut Patterns<'_, '_>, pattern: &str, family: &str, varies: Varies) {
    let mut entries = patterns.remove(pattern).unwrap_or_default();
    for entry in &mut entries {
        let extension = entry.name.extension.clone();
        entry.name = Rc::new(Name { pattern: family.into(), extension, varies });
    }
    patterns.entry(family.into()).or_default().extend(entries);
}

/// Joins names that differ in the code of a language, country or region or in one letter alone, and have the same
/// columns: `orders_de.csv`, `orders_fr.csv`, `orders_it.csv`.
pub(super) fn join_codes(patterns: &mut Patterns<'_, '_>) {
    let mut families: BTreeMap<String, Vec<Box<str>>> = BTreeMap::new();
    for (pattern, entries) in patterns.iter() {
        for family in without_code(pattern, &entries[0].name.extension) {
            families.entry(family).or_default().push(pattern.clone());
        }
    }
    families.retain(|_, places| places.len() >= PLACES_MIN);
    let mut families: Vec<_> = families.into_iter().collect();
    families.sort_by_key(|(family, places)| (std::cmp::Reverse(places.len()), family.clone()));
    for (family, places) in families {
        let entries = || places.iter().filter_map(|place| patterns.get(place)).flatten();
        let left = places.iter().filter(|place| patterns.contains_key(*place)).count();
        let alike = entries().all(|entry| entry.facts.look.schema.is_some())
            && similar::is_uniform(entries().map(|entry| entry.facts));
        if left >= PLACES_MIN && alike {
            for place in places.iter().filter(|place| ***place != *family) {
                if patterns.contains_key(place) {
                    join(patterns, place, &family, Varies::Counted);
                }
            }
        }
    }
}

/// A pattern with such a code taken out: once for each of its words that is one.
fn without_code(pattern: &str, extension: &str) -> Vec<String> {
    let stem = pattern.len() - if extension.is_empty() { 0 } else { extension.len() + 1 };
    let mut found = Vec::new();
    let mut at = 0;
    let spans: Vec<(usize, usize)> = pattern[..stem]
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| {
            let span = (at, at + word.len());
            // Words are parted by one character, of whatever length.
            at = span.1 + pattern[span.1..].chars().next().map_or(0, char::len_utf8);
            span
        })
        .collect();
    let is_code = |span: &(usize, usize)| {
        let word = &pattern[span.0..span.1];
        words::is_place(word) || (word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let mut next = 0;
    while let Some(span) = spans.get(next) {
        next += 1;
        if !is_code(span) {
            continue;
        }
        // `pt-br` is one code.
        let pair = spans.get(next).filter(|second| second.1 - second.0 == 2 && is_code(second));
        next += usize::from(pair.is_some());
        let end = pair.map_or(span.1, |second| second.1);
        if stem > end - span.0 {
            found.push(format!("{}#{}", &pattern[..span.0], &pattern[end..]));
        }
    }
    found
}

/// Takes out of a folder's blobs, grouped by name, those of one kind: names so many that each must be of one entity, all
/// with the same columns (`users/ada.json`, `stations/KJFK.csv`), if hardly any other blob is beside them.
pub(super) fn take_entities<'a, 'b>(
    groups: &mut Vec<Vec<Entry<'a, 'b>>>,
    in_folder: usize,
) -> Option<Vec<Entry<'a, 'b>>> {
    let small = |group: &Vec<Entry<'_, '_>>| group.len() < ENTITIES_MIN;
    let (tried, mut others): (Vec<_>, Vec<_>) = std::mem::take(groups).into_iter().partition(small);
    let (found, left) = similar::most_alike(tried, |group| group[0].facts, ENTITIES_ALIKE_MIN);
    let blobs: usize = found.iter().map(Vec::len).sum();
    others.extend(left);
    let min = if found.iter().flatten().all(is_worded) { WORDED_MIN } else { ENTITIES_MIN };
    if found.len() < min || blobs * 5 < in_folder * 4 {
        others.extend(found);
        *groups = others;
        return None;
    }
    *groups = others;
    let mut entities: Vec<Entry<'_, '_>> = found.into_iter().flatten().collect();
    entities.sort_by_key(|entry| entry.facts.path);
    for entry in &mut entities {
        let extension = entry.name.extension.clone();
        let pattern = if extension.is_empty() { "#".into() } else { format!("#.{extension}").into() };
        entry.name = Rc::new(Name { pattern, extension, varies: Varies::Counted });
    }
    Some(entities)
}

/// Whether a blob of a format that keeps rows is named by words in lower case, as tables are.
fn is_worded(entry: &Entry<'_, '_>) -> bool {
    let wordy = |c: char| c.is_lowercase() || !c.is_alphanumeric();
    matches!(entry.facts.look.format, "ndjson" | "avro" | "parquet" | "orc" | "arrow")
        && entry.plain.chars().all(wordy)
}
