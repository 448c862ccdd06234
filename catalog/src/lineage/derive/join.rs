//! Joins: all columns of one table, and beside them columns whose values stand in another.

use std::collections::{BTreeMap, BTreeSet};

use super::direction::weigh;
use super::equal::{finish, most_original_first};
use super::flow::Flows;
use super::overlap::{Overlap, Table, by_name, held, is_telling};
use super::{InferredEdge, Known};
use crate::model::ColumnSketch;

/// Share of the fact table's columns that the result still has.
const KEPT_MIN: f64 = 0.8;
/// Values that must have been looked at before a column counts as contained.
const LOOKED_MIN: usize = 4;
/// Share of them that the other table holds.
const HELD_MIN: f64 = 0.95;

/// Log-odds that what has the columns of two tables came from them: a table is rarely taken apart so.
const JOINED: f64 = 4.0;

/// A join that was found: its result, its fact table, its other tables.
pub(super) struct Join {
    /// The result.
    pub(super) child: usize,
    /// The table that it has the rows of.
    pub(super) fact: usize,
    others: Vec<usize>,
}

/// Finds joins.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let overlap = &known.overlap;
    let mut edges = Vec::new();
    for Join { child, fact, others } in &known.joins {
        let below = &overlap.tables[*child];
        for parent in std::iter::once(fact).chain(others).copied() {
            let above = &overlap.tables[parent];
            let mut direction = weigh(flows, above.signed, below.signed);
            direction.odds += JOINED;
            if direction.odds < 0.0 {
                continue;
            }
            let what = if parent == *fact {
                "all of its columns, with those of another table beside them".to_string()
            } else {
                "the columns beside another table's have its values".to_string()
            };
            edges.push(finish(above.signed, below.signed, "join", 0.95, what, &direction));
        }
    }
    edges
}

/// Joins among tables; which way data flows in the lake does not matter to them.
pub(super) fn joins(overlap: &Overlap<'_, '_>) -> Vec<Join> {
    let flows = &Flows::default();
    let mut near: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (one, other) in overlap.columns.iter().chain(&overlap.values) {
        near.entry(*one).or_default().insert(*other);
        near.entry(*other).or_default().insert(*one);
    }
    let mut found = Vec::new();
    for (child, near) in &near {
        if near.iter().any(|other| holds_all(overlap, *child, *other)) {
            continue; // a selection, which needs no second table
        }
        let facts: Vec<_> =
            near.iter().filter_map(|fact| Some((*fact, added(overlap, *child, *fact)?))).collect();
        // What one table alone explains as well as two do came from that one.
        let fewest = facts.iter().map(|(_, added)| added.len()).min().unwrap_or(0);
        let joins = facts.into_iter().filter_map(|(fact, added)| {
            let (others, open) = sources(overlap, near, *child, fact, &added)?;
            if open >= fewest {
                return None;
            }
            let odds = weigh(flows, overlap.tables[fact].signed, overlap.tables[*child].signed).odds;
            if odds + JOINED < 0.0 {
                return None; // then the narrow one is a projection of the wide one
            }
            Some((added.len(), odds, Join { child: *child, fact, others }))
        });
        let best = joins.min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        found.extend(best.map(|(_, _, join)| join));
    }
    found
}

/// The columns that a table has beyond those of a fact table; none if it is no extension of that.
fn added<'a>(overlap: &Overlap<'a, '_>, child: usize, fact: usize) -> Option<Vec<&'a ColumnSketch>> {
    let (below, above) = (overlap.tables[child].sketch, overlap.tables[fact].sketch);
    let names = by_name(above);
    let mut telling = 0;
    let (mut kept, mut added) = (0, Vec::new());
    for column in &below.columns {
        match names.get(column.name.as_str()) {
            Some(of_fact) if is_kept(column, of_fact, below.rows == above.rows) => {
                kept += 1;
                telling += usize::from(is_telling(column));
            }
            _ => added.push(column),
        }
    }
    let enough = kept as f64 >= above.columns.len() as f64 * KEPT_MIN;
    let wider = below.columns.len() > above.columns.len() && below.rows <= above.rows;
    (enough && wider && telling >= 2 && !added.is_empty()).then_some(added)
}

/// Whether a column of the result is the fact table's: as a whole if no row was lost, else its values.
fn is_kept(column: &ColumnSketch, of_fact: &ColumnSketch, all_rows: bool) -> bool {
    if all_rows {
        return column.whole == of_fact.whole;
    }
    let (hits, looked) = held(&column.sample, &of_fact.sample);
    hits == looked
}

/// The tables that the added columns come from, and how many come from nowhere; none if most do.
fn sources(
    overlap: &Overlap<'_, '_>,
    near: &BTreeSet<usize>,
    child: usize,
    fact: usize,
    added: &[&ColumnSketch],
) -> Option<(Vec<usize>, usize)> {
    let mut open: Vec<&ColumnSketch> = added.to_vec();
    let mut found = Vec::new();
    loop {
        let matched = |other: &usize| -> Vec<&str> {
            let table = &overlap.tables[*other];
            let matched = |column: &&&ColumnSketch| comes_from(column, table);
            let columns: Vec<&&ColumnSketch> = open.iter().filter(matched).collect();
            let telling = columns.iter().any(|column| is_telling(column));
            if telling && has_key(overlap, child, fact, *other) {
                columns.into_iter().map(|column| column.name.as_str()).collect()
            } else {
                Vec::new()
            }
        };
        let others = near.iter().filter(|other| **other != fact && **other != child);
        let others = others.filter(|other| !is_extension(overlap, child, **other));
        let others = others.map(|other| (matched(other), *other)).filter(|(matched, _)| !matched.is_empty());
        let Some((matched, other)) = most_original(overlap, &open, others.collect()) else { break };
        open.retain(|column| !matched.contains(&column.name.as_str()));
        found.push(other);
        if open.is_empty() {
            break;
        }
    }
    (!found.is_empty() && open.len() * 2 <= added.len()).then_some((found, open.len()))
}

/// The table that most columns come from; of several the one that holds all of their values, then the most original.
fn most_original<'a>(
    overlap: &Overlap<'_, '_>,
    open: &[&ColumnSketch],
    others: Vec<(Vec<&'a str>, usize)>,
) -> Option<(Vec<&'a str>, usize)> {
    let exact = |matched: &[&str], other: usize| {
        let columns = by_name(overlap.tables[other].sketch);
        let whole = |column: &&&ColumnSketch| {
            columns.get(column.name.as_str()).is_some_and(|of| {
                let (hits, looked) = held(&column.sample, &of.sample);
                hits == looked
            })
        };
        open.iter().filter(|column| matched.contains(&column.name.as_str())).filter(whole).count()
    };
    let score = |(matched, other): &(Vec<&str>, usize)| (matched.len(), exact(matched, *other));
    let best = others.iter().map(score).max()?;
    let mut others: Vec<_> = others.into_iter().filter(|other| score(other) == best).collect();
    let signed = others.iter().map(|(_, other)| overlap.tables[*other].signed).collect();
    let first = most_original_first(&Flows::default(), signed).first()?.blob;
    let at = others.iter().position(|(_, other)| overlap.tables[*other].signed.blob == first)?;
    Some(others.swap_remove(at))
}

/// Whether another table holds the values of all columns of a result, and more: more rows, or more columns.
fn holds_all(overlap: &Overlap<'_, '_>, child: usize, other: usize) -> bool {
    let (below, above) = (overlap.tables[child].sketch, overlap.tables[other].sketch);
    let names = by_name(above);
    let within = |column: &ColumnSketch| {
        names.get(column.name.as_str()).is_some_and(|of| {
            let (hits, looked) = held(&column.sample, &of.sample);
            hits == looked
        })
    };
    (below.rows < above.rows || below.columns.len() < above.columns.len()) && below.columns.iter().all(within)
}

/// Whether a column of the fact table holds nothing but keys of the other table.
fn has_key(overlap: &Overlap<'_, '_>, child: usize, fact: usize, other: usize) -> bool {
    let (below, above) = (overlap.tables[child].sketch, overlap.tables[other].sketch);
    let of_fact = by_name(overlap.tables[fact].sketch);
    let keys = above.columns.iter().filter(|column| column.distinct * 10 >= above.rows * 9);
    let refers = |key: &ColumnSketch| {
        let columns = below.columns.iter().filter(|column| of_fact.contains_key(column.name.as_str()));
        columns.filter(|column| column.distinct >= 3 && !column.serial).any(|column| {
            let (hits, looked) = held(&column.sample, &key.sample);
            looked >= 2 && hits == looked
        })
    };
    keys.into_iter().any(refers)
}

/// Whether another table has most of the result's columns itself: a version or a product of it, not a source.
fn is_extension(overlap: &Overlap<'_, '_>, child: usize, other: usize) -> bool {
    let names = by_name(overlap.tables[other].sketch);
    let columns = &overlap.tables[child].sketch.columns;
    let equal = columns.iter().filter(|column| names.contains_key(column.name.as_str())).count();
    equal * 2 > columns.len()
}

/// Whether a column holds values of a table's column whose name it bears, perhaps with something before or behind.
fn comes_from(column: &ColumnSketch, table: &Table<'_, '_>) -> bool {
    table.sketch.columns.iter().any(|of| {
        let named = of.name == column.name
            || (of.name.len() >= 2
                && (column.name.ends_with(&format!("_{}", of.name))
                    || column.name.starts_with(&format!("{}_", of.name))));
        let (hits, looked) = held(&column.sample, &of.sample);
        named
            && of.distinct >= column.distinct / 2
            && looked >= LOOKED_MIN.min(column.sample.elements.len().max(1))
            && hits as f64 >= looked as f64 * HELD_MIN
    })
}
