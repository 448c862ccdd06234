//! Rows of one table within another's: filters, samples, splits, concatenations, and versions of a table.

use std::collections::{BTreeMap, BTreeSet};

use super::direction::{Direction, weigh};
use super::equal::{finish, most_original_first};
use super::flow::Flows;
use super::overlap::{Overlap, Table, by_name, held};
use super::{InferredEdge, Known};
use crate::model::RowsDigest;

/// Versions share so much of all their rows.
const VERSION_SHARE_MIN: f64 = 0.5;
/// Rows of a sample that must be looked at before a share is believed.
const LOOKED_MIN: usize = 8;
/// Log-odds that the larger table is the parent: selecting is commoner than appending, all the more of a few rows.
const SELECTED: f64 = 2.0;
const SELECTED_FEW: f64 = 4.0;
/// Parts named for their role in training are split off; numbered parts of a table are put together.
const SPLIT: f64 = 4.0;
const PUT_TOGETHER: f64 = 1.5;
/// Words of names that say a role in training.
const ROLES: [&str; 9] =
    ["train", "training", "test", "valid", "validation", "val", "eval", "holdout", "dev"];

/// Which table holds all rows of which: child position → parent positions.
type Supersets = BTreeMap<usize, Vec<usize>>;

/// Finds subsets and versions.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let overlap = &known.overlap;
    let supersets = supersets(overlap);
    let mut edges = Vec::new();
    let mut explained = BTreeSet::new();
    for (whole, parts) in partitions(overlap, &supersets) {
        explained.extend(parts.iter().copied());
        edges.extend(whole_and_parts(overlap, flows, whole, &parts));
    }
    for (part, wholes) in &supersets {
        if !explained.contains(part) {
            edges.extend(selection(overlap, flows, *part, wholes));
        }
    }
    edges.extend(versions(overlap, flows, &supersets));
    edges
}

fn supersets(overlap: &Overlap<'_, '_>) -> Supersets {
    let mut found = Supersets::new();
    for (one, other) in &overlap.rows {
        for (part, whole) in [(*one, *other), (*other, *one)] {
            if is_within(&overlap.tables[part], &overlap.tables[whole]) {
                found.entry(part).or_default().push(whole);
            }
        }
    }
    found
}

fn is_within(part: &Table<'_, '_>, whole: &Table<'_, '_>) -> bool {
    let (hits, looked) = held(&part.sketch.sample, &whole.sketch.sample);
    let columns = by_name(whole.sketch);
    let values_within = || {
        part.sketch.columns.iter().all(|column| {
            let Some(other) = columns.get(column.name.as_str()) else { return column.values == 0 };
            let (hits, looked) = held(&column.sample, &other.sample);
            hits == looked
        })
    };
    looked > 0 && hits == looked && part.sketch.rows < whole.sketch.rows && values_within()
}

/// Tables with sets of other tables that together are all of their rows.
fn partitions(overlap: &Overlap<'_, '_>, supersets: &Supersets) -> Vec<(usize, Vec<usize>)> {
    let mut inside: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
    for (part, wholes) in supersets {
        for whole in wholes {
            let signed = overlap.tables[*part].signed;
            let folder = signed.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            inside.entry((*whole, folder)).or_default().push(*part);
            if signed.places()[0] != folder {
                inside.entry((*whole, signed.places()[0])).or_default().push(*part);
            }
        }
    }
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for ((whole, _), mut parts) in inside {
        parts.sort_unstable();
        parts.dedup();
        let known = found.get(&whole).map_or(0, Vec::len);
        if parts.len() > 1 && parts.len() > known && add_up(overlap, whole, &parts) {
            found.insert(whole, parts);
        }
    }
    found.into_iter().collect()
}

fn add_up(overlap: &Overlap<'_, '_>, whole: usize, parts: &[usize]) -> bool {
    let root = |at: usize| overlap.tables[at].signed.version.root();
    let sum = parts.iter().try_fold(RowsDigest::EMPTY, |sum, part| Some(sum + root(*part).rows_digest?));
    sum.is_some() && sum == root(whole).rows_digest
}

fn whole_and_parts(
    overlap: &Overlap<'_, '_>,
    flows: &Flows<'_>,
    whole: usize,
    parts: &[usize],
) -> Vec<InferredEdge> {
    let all = overlap.tables[whole].signed;
    let roles = parts.iter().filter(|part| has_role(&overlap.tables[**part])).count();
    let mean = parts.iter().map(|part| weigh(flows, overlap.tables[*part].signed, all).odds).sum::<f64>()
        / parts.len() as f64;
    let said = if roles * 2 > parts.len() { -SPLIT } else { PUT_TOGETHER * (parts.len() as f64).ln() };
    let together = Direction::of(mean + said, "adds up to it with its fellows");
    let what = |part: &Table<'_, '_>| {
        format!("its {} rows are among the other's {}", part.sketch.rows, overlap.tables[whole].sketch.rows)
    };
    let edge = |part: &usize| {
        let part = &overlap.tables[*part];
        if together.odds >= 0.0 {
            finish(part.signed, all, "concat", 0.97, what(part), &together)
        } else {
            finish(all, part.signed, "split", 0.97, what(part), &together.reversed())
        }
    };
    parts.iter().map(edge).collect()
}

fn has_role(table: &Table<'_, '_>) -> bool {
    let file = table.signed.path.rsplit('/').next().unwrap_or_default().to_lowercase();
    file.split(|c: char| !c.is_alphabetic()).any(|word| ROLES.contains(&word))
}

/// The edge to a part from the one of its wholes that it most likely was selected from.
fn selection(
    overlap: &Overlap<'_, '_>,
    flows: &Flows<'_>,
    part: usize,
    wholes: &[usize],
) -> Option<InferredEdge> {
    let child = &overlap.tables[part];
    let score = |whole: &usize| {
        let parent = &overlap.tables[*whole];
        let odds = weigh(flows, parent.signed, child.signed).odds.clamp(-3.0, 3.0) / 3.0;
        odds + 3.0 * parent.named_in(child)
            + (parent.sketch.rows as f64 / child.sketch.rows as f64).ln().min(3.0) / 3.0
    };
    let whole = wholes.iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    let parent = &overlap.tables[*whole];
    let mut direction = weigh(flows, parent.signed, child.signed);
    let few = child.sketch.rows * 2 < parent.sketch.rows;
    direction.odds += if few { SELECTED_FEW } else { SELECTED };
    let what = format!("all of {} rows are among {}", child.sketch.rows, parent.sketch.rows);
    // How many rows two samples can be compared by says how sure it is.
    let (_, looked) = held(&child.sketch.sample, &parent.sketch.sample);
    let sure = if looked >= 3 || child.sketch.columns.len() >= 4 { 0.97 } else { 0.85 };
    if direction.odds < 0.0 {
        let reversed = direction.reversed();
        return Some(finish(child.signed, parent.signed, "version", 0.8, what, &reversed));
    }
    let kind = if has_role(child) {
        "split"
    } else if has_fewer_categories(child, parent) {
        "filter"
    } else {
        "sample"
    };
    Some(finish(parent.signed, child.signed, kind, sure, what, &direction))
}

/// Whether a category of the whole is missing in the part although the part has rows enough for it.
fn has_fewer_categories(part: &Table<'_, '_>, whole: &Table<'_, '_>) -> bool {
    let columns = by_name(whole.sketch);
    part.sketch.columns.iter().any(|column| {
        let Some(all) = columns.get(column.name.as_str()) else { return false };
        let categories = all.sample.level == 0 && all.distinct >= 2;
        let expected = part.sketch.rows >= 4 * all.distinct;
        categories && expected && column.sample.elements.len() < all.sample.elements.len()
    })
}

/// The share of rows that two tables have in common, if it makes them versions of each other.
pub(super) fn version_share(one: &Table<'_, '_>, other: &Table<'_, '_>) -> Option<f64> {
    let (a, b) = (&one.sketch.sample, &other.sketch.sample);
    let ((hits, looked), (_, others)) = (held(a, b), held(b, a));
    let share = hits as f64 / (looked + others - hits).max(1) as f64;
    (looked.min(others) >= LOOKED_MIN && share >= VERSION_SHARE_MIN).then_some(share)
}

/// Tables of the same columns that share most rows, none of them selected from another: the original, then each
/// other one from what it shares most with.
fn versions(overlap: &Overlap<'_, '_>, flows: &Flows<'_>, supersets: &Supersets) -> Vec<InferredEdge> {
    let mut alike: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
    for (one, other) in &overlap.rows {
        if supersets.contains_key(one) || supersets.contains_key(other) {
            continue;
        }
        if let Some(share) = version_share(&overlap.tables[*one], &overlap.tables[*other]) {
            alike.entry(*one).or_default().push((*other, share));
            alike.entry(*other).or_default().push((*one, share));
        }
    }
    let members: Vec<_> = alike.keys().map(|at| overlap.tables[*at].signed).collect();
    let order: BTreeMap<_, _> = most_original_first(flows, members)
        .into_iter()
        .enumerate()
        .map(|(rank, signed)| (signed.blob, rank))
        .collect();
    let rank = |at: usize| order[&overlap.tables[at].signed.blob];
    let edge = |(child, others): (&usize, &Vec<(usize, f64)>)| {
        let earlier = others.iter().filter(|(other, _)| rank(*other) < rank(*child));
        let (parent, share) = earlier.max_by(|a, b| a.1.total_cmp(&b.1).then(rank(b.0).cmp(&rank(a.0))))?;
        let (parent, child) = (overlap.tables[*parent].signed, overlap.tables[*child].signed);
        let what = format!("about {:.0} % of the rows of both are the same", share * 100.0);
        Some(finish(parent, child, "version", 0.95, what, &weigh(flows, parent, child)))
    };
    alike.iter().filter_map(edge).collect()
}
