//! Aggregates: a row for each value of a column of another table, with columns that count or sum up its rows.

use std::collections::HashMap;

use super::direction::weigh;
use super::equal::finish;
use super::flow::Flows;
use super::overlap::Table;
use super::{InferredEdge, Known};
use crate::model::{ColumnSketch, Sample};

/// Groups that an aggregate has at least.
const GROUPS_MIN: u64 = 3;
/// Tables with the same set of values in a column; of more, the set is a code list that anybody may use.
const HOLDERS_MAX: usize = 256;
/// Log-odds that what has a row a group came second.
const SUMMED_UP: f64 = 4.0;

/// Finds aggregates.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let tables = &known.overlap.tables;
    let mut holders: HashMap<(&str, &Sample), Vec<usize>> = HashMap::new();
    for (at, table) in tables.iter().enumerate() {
        for column in table.sketch.columns.iter().filter(|column| column.distinct >= GROUPS_MIN) {
            holders.entry((&column.name, &column.sample)).or_default().push(at);
        }
    }
    let mut edges = Vec::new();
    for (at, child) in tables.iter().enumerate() {
        let groups = child.sketch.columns.iter().filter(|column| is_key(column, child));
        let found = groups.flat_map(|group| {
            let holders = holders.get(&(group.name.as_str(), &group.sample)).map_or(&[][..], Vec::as_slice);
            let holders = if holders.len() <= HOLDERS_MAX { holders } else { &[] };
            holders.iter().map(move |parent| (group, *parent))
        });
        let scored = found.filter(|(_, parent)| *parent != at).filter_map(|(group, parent)| {
            let parent = &tables[parent];
            let sure = evidence(group, child, parent)?;
            let odds = weigh(flows, parent.signed, child.signed).odds;
            Some((sure, odds, parent))
        });
        let best =
            scored.max_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal));
        if let Some((sure, _, parent)) = best {
            let mut direction = weigh(flows, parent.signed, child.signed);
            direction.odds += SUMMED_UP;
            let what = format!("one row for each of {} values of a column", child.sketch.rows);
            edges.push(finish(parent.signed, child.signed, "aggregate", sure, what, &direction));
        }
    }
    edges
}

/// Whether each row has a value of its own, and the sample shows enough of them to compare.
fn is_key(column: &ColumnSketch, table: &Table<'_, '_>) -> bool {
    let rows = table.sketch.rows;
    let all = column.sample.level > 0 || column.sample.elements.len() as u64 == rows;
    column.values == rows && all && column.distinct * 20 >= rows * 19 && rows >= GROUPS_MIN
}

/// How sure it is that the other columns sum up the parent's rows; none if nothing says so.
fn evidence(group: &ColumnSketch, child: &Table<'_, '_>, parent: &Table<'_, '_>) -> Option<f32> {
    if parent.sketch.rows < child.sketch.rows * 2 {
        return None;
    }
    let others = || child.sketch.columns.iter().filter(|column| column.name != group.name);
    let counted = others().any(|column| column.total == Some(parent.sketch.count));
    let summed = others().any(|column| {
        column.total.is_some()
            && parent.sketch.columns.iter().any(|of| of.total == column.total && !of.serial)
    });
    let named = others().any(|column| {
        let extends = |of: &ColumnSketch| {
            of.name.len() >= 2
                && of.name != group.name
                && column.name.len() > of.name.len()
                && (column.name.starts_with(&of.name) || column.name.ends_with(&of.name))
        };
        parent.sketch.columns.iter().any(extends)
    });
    match (counted, summed, named) {
        (true, true, _) | (true, _, true) | (_, true, true) => Some(0.97),
        (true, _, _) | (_, true, _) => Some(0.9),
        (_, _, true) => Some(0.7),
        _ => None,
    }
}
