//! Whether two schemas can be two versions of one table's: drift against difference.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{BlobFacts, Look};

/// Schemas that one is compared with in each set before it founds its own; bounds the work on a folder of thousands.
const COMPARED_MAX: usize = 32;

/// Alike enough to be one table's schema over time.
pub(super) const DRIFT_MIN: f64 = 0.5;

/// What of a schema tells tables apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// Names of its columns, in lower case; empty if nobody named them.
    names: BTreeSet<String>,
    /// How many columns.
    columns: usize,
}

/// The shape of a blob's rows; `None` if it has no schema.
fn shape(facts: &BlobFacts<'_>) -> Option<Shape> {
    let features = &facts.look.schema?.features;
    if features.is_empty() {
        return None;
    }
    let named = facts.look.dialect.header != Some(false);
    let names = features.iter().filter(|_| named).map(|feature| feature.name.trim().to_lowercase());
    Some(Shape { names: names.collect(), columns: features.len() })
}

/// Share of the columns of both that both have, 0 to 1. Where one of them has no names, their number must do.
fn similarity(a: &Shape, b: &Shape) -> f64 {
    if a.names.is_empty() || b.names.is_empty() {
        let (few, many) = (a.columns.min(b.columns), a.columns.max(b.columns));
        return if few == many { 1.0 } else { 0.5 * few as f64 / many as f64 };
    }
    let common = a.names.intersection(&b.names).count();
    let all = a.names.len() + b.names.len() - common;
    common as f64 / all as f64
}

/// Whether all rows have one shape, names and all; blobs without rows do not count.
pub(super) fn is_uniform<'a>(blobs: impl Iterator<Item = &'a BlobFacts<'a>>) -> bool {
    let mut looks: HashSet<*const Look<'_>> = HashSet::new();
    let mut first = None;
    for facts in blobs {
        if looks.insert(facts.look)
            && let Some(shape) = shape(facts)
            && shape != *first.get_or_insert_with(|| shape.clone())
        {
            return false;
        }
    }
    true
}

/// Splits blobs into sets whose schemas are linked by drift: each schema is at least `threshold` alike to another of
/// its set. Blobs without a schema go with the largest set. Largest first, then by first path; each in order of paths.
pub(super) fn split<'a: 'b, 'b, T>(
    blobs: Vec<T>,
    facts: impl Fn(&T) -> &'b BlobFacts<'a>,
    threshold: f64,
) -> Vec<Vec<T>> {
    let path = |blob: &T| facts(blob).path;
    let mut by_shape: BTreeMap<Shape, Vec<T>> = BTreeMap::new();
    let mut bare = Vec::new();
    for (shape, members) in by_look(blobs, &facts) {
        match shape {
            Some(shape) => by_shape.entry(shape).or_default().extend(members),
            None => bare.extend(members),
        }
    }
    let mut sets: Vec<(Vec<Shape>, Vec<T>)> = Vec::new();
    for (shape, members) in by_shape {
        let alike = |set: &(Vec<Shape>, Vec<T>)| {
            let recent = set.0.iter().rev().take(COMPARED_MAX);
            recent.into_iter().any(|known| similarity(known, &shape) >= threshold)
        };
        let (linked, others): (Vec<_>, Vec<_>) = sets.into_iter().partition(alike);
        let mut union = (vec![shape], members);
        for set in linked {
            union.0.extend(set.0);
            union.1.extend(set.1);
        }
        sets = others;
        sets.push(union);
    }
    let mut split: Vec<Vec<T>> = sets.into_iter().map(|set| set.1).collect();
    for set in &mut split {
        set.sort_by_key(path);
    }
    split.sort_by_key(|set| (std::cmp::Reverse(set.len()), path(&set[0])));
    match split.first_mut() {
        Some(largest) if !bare.is_empty() => {
            largest.extend(bare);
            largest.sort_by_key(path);
        }
        Some(_) => {}
        None if bare.is_empty() => {}
        None => {
            bare.sort_by_key(path);
            split.push(bare);
        }
    }
    split
}

/// Parts blobs into those whose columns are at least `threshold` alike to the most common set of columns among them,
/// and the others. Unlike [`split`] it compares each schema once, however many there are.
pub(super) fn most_alike<'a: 'b, 'b, T>(
    blobs: Vec<T>,
    facts: impl Fn(&T) -> &'b BlobFacts<'a>,
    threshold: f64,
) -> (Vec<T>, Vec<T>) {
    let mut by_shape: BTreeMap<Option<Shape>, Vec<T>> = BTreeMap::new();
    for (shape, members) in by_look(blobs, &facts) {
        by_shape.entry(shape).or_default().extend(members);
    }
    let shapes = by_shape.iter().rev().filter_map(|(shape, members)| Some((shape.as_ref()?, members.len())));
    let common = shapes.max_by_key(|(_, members)| *members).map(|(shape, _)| shape.clone());
    let (mut alike, mut others) = (Vec::new(), Vec::new());
    for (shape, members) in by_shape {
        let near = common.as_ref().zip(shape.as_ref()).is_some_and(|(a, b)| similarity(a, b) >= threshold);
        if near { alike.extend(members) } else { others.extend(members) }
    }
    (alike, others)
}

/// Blobs by their looks, with the shape of each: a shape is made once for all that share a look.
fn by_look<'a: 'b, 'b, T>(
    blobs: Vec<T>,
    facts: &impl Fn(&T) -> &'b BlobFacts<'a>,
) -> Vec<(Option<Shape>, Vec<T>)> {
    let mut known: HashMap<*const Look<'_>, usize> = HashMap::new();
    let mut looks: Vec<(Option<Shape>, Vec<T>)> = Vec::new();
    for blob in blobs {
        let of = facts(&blob);
        let at = *known.entry(of.look).or_insert_with(|| {
            looks.push((shape(of), Vec::new()));
            looks.len() - 1
        });
        looks[at].1.push(blob);
    }
    looks
}
