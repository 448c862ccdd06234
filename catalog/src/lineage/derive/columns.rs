//! Columns of one table in another with as many rows: projections, renamings, masked and derived columns.
//!
//! Tables of one number of rows that share whole columns are one family. Its members are put in one order, most
//! original first, and each gets the one parent before it that it is most alike to.

use std::collections::{BTreeMap, BTreeSet};

use super::direction::{Direction, weigh};
use super::equal::{finish, most_original_first};
use super::flow::Flows;
use super::overlap::{Overlap, Table, by_name, is_telling};
use super::subset::version_share;
use super::{InferredEdge, Known};
use crate::model::ColumnSketch;

/// Columns that must be equal, of those that tell something.
const TELLING_MIN: usize = 2;
/// Log-odds that the table with more columns is the parent: leaving out is commoner than adding.
const LEFT_OUT: f64 = 0.4;
/// Log-odds that columns whose names say so were added.
const ADDED: f64 = 2.0;
/// Log-odds that the table with the plainer names was first.
const RENAMED: f64 = 3.0;
/// How much likelier the most original of equally alike tables is.
const ORIGIN: f64 = 0.3;
/// Parts of names of columns that are computed from others.
const COMPUTED: [&str; 24] = [
    "feat",
    "feature",
    "log",
    "norm",
    "normalized",
    "scaled",
    "zscore",
    "pred",
    "prediction",
    "score",
    "label",
    "bucket",
    "bin",
    "flag",
    "hi",
    "lo",
    "ratio",
    "rank",
    "diff",
    "lag",
    "rolling",
    "encoded",
    "embedding",
    "derived",
];

/// How the columns of two tables compare.
#[derive(Debug, Default)]
struct Compared<'a> {
    /// Equal under the same name.
    same: usize,
    /// Equal under another name.
    moved: usize,
    /// How many more of those have a plainer name in the second.
    plainer: i64,
    /// Equal ones that tell something.
    telling: usize,
    /// In the first only.
    left: Vec<&'a ColumnSketch>,
    /// In the second only.
    right: Vec<&'a ColumnSketch>,
}

/// Finds products by columns.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let overlap = &known.overlap;
    let mut families: BTreeMap<usize, BTreeMap<usize, Compared<'_>>> = BTreeMap::new();
    for (one, other) in &overlap.columns {
        let (a, b) = (&overlap.tables[*one], &overlap.tables[*other]);
        if a.sketch.rows != b.sketch.rows || version_share(a, b).is_some() {
            continue;
        }
        let compared = compare(a, b);
        if compared.telling < TELLING_MIN && !is_wholly_alike(&compared) {
            continue;
        }
        families.entry(*one).or_default().insert(*other, compared);
        families.entry(*other).or_default().insert(*one, compare(b, a));
    }
    let members: Vec<_> = families.keys().map(|at| overlap.tables[*at].signed).collect();
    let order: BTreeMap<_, _> = most_original_first(flows, members)
        .into_iter()
        .enumerate()
        .map(|(rank, signed)| (signed.blob, rank))
        .collect();
    let mut edges = Vec::new();
    for (child, others) in &families {
        if known.joins.iter().any(|join| join.child == *child) {
            continue;
        }
        let below = &overlap.tables[*child];
        let first = others.keys().map(|other| order[&overlap.tables[*other].signed.blob]).min().unwrap_or(0);
        let score = |(parent, compared): &(&usize, &Compared<'_>)| {
            let above = &overlap.tables[**parent];
            let common = compared.same as f64 + 0.8 * compared.moved as f64;
            let all = common + (compared.left.len() + compared.right.len()) as f64;
            let odds = direction(flows, below, above, compared).odds.clamp(-3.0, 3.0) / 6.0;
            let origin = if order[&above.signed.blob] == first { ORIGIN } else { 0.0 };
            2.0 * common / all.max(1.0) + odds + above.named_in(below) + origin
        };
        let before = |parent: usize, compared: &Compared<'_>| {
            let odds = direction(flows, below, &overlap.tables[parent], compared).odds;
            let rank = |at: usize| order[&overlap.tables[at].signed.blob];
            odds > 0.0 || (odds == 0.0 && rank(parent) < rank(*child))
        };
        let joined =
            |parent: usize| known.joins.iter().any(|join| (join.child, join.fact) == (parent, *child));
        let parents =
            others.iter().filter(|(parent, compared)| !joined(**parent) && before(**parent, compared));
        let best = parents.max_by(|a, b| score(a).total_cmp(&score(b)).then(b.0.cmp(a.0)));
        if let Some((parent, compared)) = best {
            edges.extend(edge(overlap, flows, *parent, *child, compared));
        }
    }
    edges
}

/// Whether a table of few telling columns is the other's in all of them.
fn is_wholly_alike(compared: &Compared<'_>) -> bool {
    compared.telling == 1 && compared.same >= 3 && (compared.left.is_empty() || compared.right.is_empty())
}

/// Compares the columns of two tables of the same number of rows, each with one other at most.
fn compare<'a>(one: &Table<'a, '_>, other: &Table<'a, '_>) -> Compared<'a> {
    let names = by_name(other.sketch);
    let mut compared = Compared::default();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut unnamed = Vec::new();
    for column in &one.sketch.columns {
        match names.get(column.name.as_str()) {
            Some(same) if same.whole == column.whole => {
                compared.same += 1;
                compared.telling += usize::from(is_telling(column));
                taken.insert(&same.name);
            }
            _ => unnamed.push(column),
        }
    }
    for column in unnamed {
        let free =
            |other: &&ColumnSketch| other.whole == column.whole && !taken.contains(other.name.as_str());
        match other.sketch.columns.iter().find(free) {
            Some(moved) => {
                compared.moved += 1;
                compared.plainer += plainness(&column.name, &moved.name);
                compared.telling += usize::from(is_telling(column));
                taken.insert(&moved.name);
            }
            None => compared.left.push(column),
        }
    }
    compared.right =
        other.sketch.columns.iter().filter(|column| !taken.contains(column.name.as_str())).collect();
    compared
}

/// Which of two names of one column was there first: 1 if the second, -1 if the first, 0 if nobody knows. A number
/// stands for a name that was lost, and a name with something before or behind for the plain one.
fn plainness(name: &str, other: &str) -> i64 {
    let lost = |name: &str| {
        let name = name.to_lowercase();
        let word = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').trim_start_matches('_');
        let generic = matches!(
            word,
            "" | "c" | "f" | "x" | "v" | "col" | "column" | "field" | "unnamed" | "var" | "attr"
        );
        generic && name.ends_with(|c: char| c.is_ascii_digit())
    };
    let within = |short: &str, long: &str| {
        short.len() >= 2 && (long.ends_with(&format!("_{short}")) || long.starts_with(&format!("{short}_")))
    };
    i64::from(lost(name)) - i64::from(lost(other)) + i64::from(within(other, name))
        - i64::from(within(name, other))
}

/// Which came first, given how the child's columns (`left`) compare with the parent's (`right`).
fn direction(
    flows: &Flows<'_>,
    child: &Table<'_, '_>,
    parent: &Table<'_, '_>,
    compared: &Compared<'_>,
) -> Direction {
    let mut direction = weigh(flows, parent.signed, child.signed);
    let (added, left_out) = (&compared.left, &compared.right);
    let computed = |columns: &[&ColumnSketch]| columns.iter().all(|column| is_computed(&column.name));
    direction.odds += RENAMED * (compared.plainer.signum() as f64);
    direction.odds += match (added.is_empty(), left_out.is_empty()) {
        (true, false) if computed(left_out) => -ADDED,
        (true, false) => LEFT_OUT,
        (false, true) if computed(added) => ADDED,
        (false, true) => -LEFT_OUT,
        _ => 0.0,
    };
    direction
}

fn is_computed(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| COMPUTED.contains(&word))
}

fn edge(
    overlap: &Overlap<'_, '_>,
    flows: &Flows<'_>,
    parent: usize,
    child: usize,
    compared: &Compared<'_>,
) -> Option<InferredEdge> {
    let (above, below) = (&overlap.tables[parent], &overlap.tables[child]);
    let equal = compared.same + compared.moved;
    let (added, left_out) = (compared.left.len(), compared.right.len());
    let names = |columns: &[&ColumnSketch]| -> BTreeSet<String> {
        columns.iter().map(|column| column.name.clone()).collect()
    };
    let renamed = compared.moved > compared.same && added <= equal && left_out <= equal;
    let kind = if renamed || (compared.moved > 0 && added + left_out == 0) {
        "rename"
    } else if added == 0 {
        "project"
    } else if left_out == 0 {
        "derive"
    } else if names(&compared.left) == names(&compared.right) && equal >= added {
        "mask"
    } else if equal > added.max(left_out) {
        "derive"
    } else if equal * 2 >= left_out {
        "project"
    } else {
        return None;
    };
    let sure = if compared.telling >= 3 || added == 0 || left_out == 0 { 0.97 } else { 0.88 };
    let what = format!(
        "{equal} columns of the same {} rows are equal, {} under other names; {added} added, {left_out} left out",
        below.sketch.rows, compared.moved
    );
    let direction = direction(flows, below, above, compared);
    Some(finish(above.signed, below.signed, kind, sure, what, &direction))
}
