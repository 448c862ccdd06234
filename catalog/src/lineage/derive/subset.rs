//! Rows of one table within another's: filters, samples, splits, concatenations, and versions of a table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::direction::{Direction, Signed, weigh};
use super::equal::{finish, most_original_first};
use super::flow::Flows;
use super::overlap::{Overlap, ROWS_MIN, Table, by_name, held};
use super::{InferredEdge, Known};
use crate::dataset;
use crate::model::RowsDigest;

/// Versions share so much of all their rows.
const VERSION_SHARE_MIN: f64 = 0.5;
/// Rows of a sample that must be looked at before a share is believed.
const LOOKED_MIN: usize = 8;
/// Rows from which on a missing category says something.
const MISSED_ROWS_MIN: u64 = 6;
/// Log-odds that the larger table is the parent: selecting is commoner than appending, all the more of a few rows.
const SELECTED: f64 = 2.0;
const SELECTED_FEW: f64 = 4.0;
/// Parts named for their role in training are split off; numbered parts of a table are put together.
const SPLIT: f64 = 4.0;
const PUT_TOGETHER: f64 = 1.5;
/// Places that are tried for the parts of one table.
const PLACES_MAX: usize = 64;
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
    for whole in partitions(known, &supersets) {
        explained.extend(whole.parts.iter().map(|part| part.blob));
        edges.extend(whole_and_parts(overlap, flows, &whole));
    }
    for (part, wholes) in &supersets {
        if !explained.contains(&overlap.tables[*part].signed.blob) {
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

/// A table and the blobs that together are all of its rows.
struct Whole<'a, 'b> {
    whole: usize,
    parts: Vec<&'b Signed<'a>>,
}

/// Tables with sets of other blobs that together are all of their rows: the parts of one family of paths, of one folder,
/// or whatever lies within the table. Parts too small to be compared one by one count too.
fn partitions<'a, 'b>(known: &Known<'a, 'b>, supersets: &Supersets) -> Vec<Whole<'a, 'b>> {
    let overlap = &known.overlap;
    let mut inside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (part, wholes) in supersets {
        wholes.iter().for_each(|whole| inside.entry(*whole).or_default().push(*part));
    }
    let mut fellows: HashMap<String, Vec<&Signed<'_>>> = HashMap::new();
    if !inside.is_empty() {
        for signed in known.facts.iter().filter(|signed| signed.version.root().rows_digest.is_some()) {
            places(signed).into_iter().for_each(|place| fellows.entry(place).or_default().push(signed));
        }
    }
    let little = |signed: &&Signed<'_>| signed.sketch.is_some_and(|sketch| sketch.rows < ROWS_MIN);
    let small: Vec<&Signed<'_>> = known.facts.iter().filter(little).collect();
    let mut found = Vec::new();
    for (whole, parts) in inside {
        let mut tried: BTreeSet<String> = BTreeSet::new();
        let mut best = all_within(overlap, whole, &parts, &small);
        for place in parts.iter().flat_map(|part| places(overlap.tables[*part].signed)) {
            let known = best.as_ref().map_or(0, |best| best.parts.len());
            if known > 0 || !tried.insert(place.clone()) || tried.len() > PLACES_MAX {
                continue;
            }
            best = fellows.get(&place).and_then(|fellows| of_place(overlap, whole, fellows)).or(best);
        }
        found.extend(best);
    }
    found
}

/// Where the fellows of a part lie.
fn places(signed: &Signed<'_>) -> BTreeSet<String> {
    let folder = signed.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let [base, _] = signed.places();
    [format!("{folder}/"), format!("{base}/"), dataset::family_path(signed.path)].into()
}

fn all_within<'a, 'b>(
    overlap: &Overlap<'a, 'b>,
    whole: usize,
    parts: &[usize],
    small: &[&'b Signed<'a>],
) -> Option<Whole<'a, 'b>> {
    let mut parts: Vec<&Signed<'_>> = parts.iter().map(|part| overlap.tables[*part].signed).collect();
    if add_up(overlap.tables[whole].signed, &parts) {
        return (parts.len() > 1).then_some(Whole { whole, parts });
    }
    let all = &overlap.tables[whole].sketch.sample;
    let rows: u64 = parts.iter().filter_map(|part| part.version.root().rows).sum();
    let missing = overlap.tables[whole].sketch.rows.saturating_sub(rows);
    let within = |signed: &&&Signed<'_>| {
        let sample = signed.sketch.map(|sketch| held(&sketch.sample, all));
        sample.is_some_and(|(hits, looked)| looked > 0 && hits == looked)
    };
    if rows == 0 || missing == 0 || missing >= rows {
        return None;
    }
    parts.extend(small.iter().filter(within));
    (parts.len() > 1 && add_up(overlap.tables[whole].signed, &parts)).then_some(Whole { whole, parts })
}

/// The blobs of one place that have the columns of the whole, if they are all of it.
fn of_place<'a, 'b>(
    overlap: &Overlap<'a, 'b>,
    whole: usize,
    fellows: &[&'b Signed<'a>],
) -> Option<Whole<'a, 'b>> {
    let all = &overlap.tables[whole];
    let columns = by_name(all.sketch);
    let alike = |signed: &&&Signed<'_>| {
        let sketch = signed.sketch.filter(|_| signed.blob != all.signed.blob);
        sketch.is_some_and(|sketch| {
            sketch.rows < all.sketch.rows
                && sketch.columns.len() == columns.len()
                && sketch.columns.iter().all(|column| columns.contains_key(column.name.as_str()))
        })
    };
    let parts: Vec<&Signed<'_>> = fellows.iter().filter(alike).copied().collect();
    (parts.len() > 1 && add_up(all.signed, &parts)).then_some(Whole { whole, parts })
}

fn add_up(whole: &Signed<'_>, parts: &[&Signed<'_>]) -> bool {
    let digest = |signed: &Signed<'_>| signed.version.root().rows_digest;
    let sum = parts.iter().try_fold(RowsDigest::EMPTY, |sum, part| Some(sum + digest(part)?));
    sum.is_some() && sum == digest(whole)
}

fn whole_and_parts(overlap: &Overlap<'_, '_>, flows: &Flows<'_>, whole: &Whole<'_, '_>) -> Vec<InferredEdge> {
    let Whole { whole, parts } = whole;
    let all = overlap.tables[*whole].signed;
    let roles = parts.iter().filter(|part| has_role(part)).count();
    let mean = parts.iter().map(|part| weigh(flows, part, all).odds).sum::<f64>() / parts.len() as f64;
    let said = if roles * 2 > parts.len() { -SPLIT } else { PUT_TOGETHER * (parts.len() as f64).ln() };
    let together = Direction::of(mean + said, "adds up to it with its fellows");
    let what = |part: &Signed<'_>| {
        let rows = part.version.root().rows.unwrap_or(0);
        format!("its {rows} rows are among the other's {}", overlap.tables[*whole].sketch.rows)
    };
    let edge = |part: &&Signed<'_>| {
        if together.odds >= 0.0 {
            finish(part, all, "concat", 0.97, what(part), &together)
        } else {
            finish(all, part, "split", 0.97, what(part), &together.reversed())
        }
    };
    parts.iter().map(edge).collect()
}

fn has_role(signed: &Signed<'_>) -> bool {
    let file = signed.path.rsplit('/').next().unwrap_or_default().to_lowercase();
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
    let kind = if has_role(child.signed) {
        "split"
    } else if has_fewer_categories(child, parent) {
        "filter"
    } else {
        "sample"
    };
    Some(finish(parent.signed, child.signed, kind, sure, what, &direction))
}

/// Whether categories of the whole are missing in the part that a sample of so many rows would hardly have missed.
fn has_fewer_categories(part: &Table<'_, '_>, whole: &Table<'_, '_>) -> bool {
    let columns = by_name(whole.sketch);
    part.sketch.columns.iter().any(|column| {
        let Some(all) = columns.get(column.name.as_str()) else { return false };
        let (few, many) = (column.sample.elements.len() as f64, all.sample.elements.len() as f64);
        let categories = all.sample.level == 0 && many >= 2.0 && many * 2.0 <= whole.sketch.rows as f64;
        // Of evenly frequent categories so many show up in a sample of so many rows; some are rare, so much is allowed.
        let expected = many * (1.0 - (1.0 - 1.0 / many).powf(column.values as f64));
        categories && column.values >= MISSED_ROWS_MIN && few * 2.0 <= expected + 0.1
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
