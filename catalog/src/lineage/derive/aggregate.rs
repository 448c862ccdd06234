//! Aggregates: a row for each value of a column of another table, with columns that count or sum up its rows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::direction::weigh;
use super::equal::{finish, most_original_first};
use super::flow::Flows;
use super::overlap::Table;
use super::{InferredEdge, Known};
use crate::model::{ColumnSketch, Sample};

/// Groups that an aggregate has at least.
const GROUPS_MIN: u64 = 3;
/// Values of a column that together with another makes groups.
const CATEGORIES_MIN: u64 = 2;
/// How much less sure grouping by several columns is.
const SEVERAL: f32 = 0.95;
/// Tables with the same set of values in a column; of more, the set is a code list that anybody may use.
const HOLDERS_MAX: usize = 256;
/// Log-odds that what has a row a group came second.
const SUMMED_UP: f64 = 4.0;

/// Finds aggregates.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let tables = &known.overlap.tables;
    let mut holders: HashMap<(&str, &Sample), Vec<usize>> = HashMap::new();
    for (at, table) in tables.iter().enumerate() {
        for column in table.sketch.columns.iter().filter(|column| column.distinct >= CATEGORIES_MIN) {
            holders.entry((&column.name, &column.sample)).or_default().push(at);
        }
    }
    let mut edges = Vec::new();
    for (at, child) in tables.iter().enumerate() {
        // Parents by the columns whose values they share wholly.
        let mut shared: BTreeMap<usize, Vec<&ColumnSketch>> = BTreeMap::new();
        for column in &child.sketch.columns {
            let holders = holders.get(&(column.name.as_str(), &column.sample)).map_or(&[][..], Vec::as_slice);
            let holders = holders.iter().filter(|holder| **holder != at && holders.len() <= HOLDERS_MAX);
            holders.for_each(|holder| shared.entry(*holder).or_default().push(column));
        }
        let sure = |(parent, columns): (usize, Vec<&ColumnSketch>)| {
            grouped_by(child, &columns, &tables[parent]).map(|sure| (parent, sure))
        };
        let found: Vec<(usize, f32)> = shared.into_iter().filter_map(sure).collect();
        if let Some((parent, sure)) = most_likely(tables, flows, child, &found) {
            let mut direction = weigh(flows, parent.signed, child.signed);
            direction.odds += SUMMED_UP;
            let what = format!("one row for each of {} values or sets of values", child.sketch.rows);
            edges.push(finish(parent.signed, child.signed, "aggregate", sure, what, &direction));
        }
    }
    edges
}

/// The surest parent; of several one whose name the child's repeats, then the most original.
fn most_likely<'t, 'a, 'b>(
    tables: &'t [Table<'a, 'b>],
    flows: &Flows<'_>,
    child: &Table<'_, '_>,
    found: &[(usize, f32)],
) -> Option<(&'t Table<'a, 'b>, f32)> {
    let score = |(parent, sure): &(usize, f32)| (*sure, tables[*parent].named_in(child));
    let best = found.iter().map(score).max_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal))?;
    let equal: Vec<&Table<'_, '_>> =
        found.iter().filter(|found| score(found) == best).map(|(parent, _)| &tables[*parent]).collect();
    let first = most_original_first(flows, equal.iter().map(|table| table.signed).collect()).first()?.blob;
    equal.into_iter().find(|table| table.signed.blob == first).map(|table| (table, best.0))
}

/// How sure it is that a table has a row for each value of one of the columns that it shares with another, or for each
/// set of values of several; none if it has not, or if nothing says that the others sum up rows.
fn grouped_by(child: &Table<'_, '_>, columns: &[&ColumnSketch], parent: &Table<'_, '_>) -> Option<f32> {
    let single = columns.iter().filter(|column| column.distinct >= GROUPS_MIN && is_key(column, child));
    let single = single.filter_map(|group| evidence(&[group], child, parent));
    let best = single.max_by(|a, b| a.total_cmp(b));
    if best.is_some() || columns.len() < 2 {
        return best;
    }
    let whole = |column: &&&ColumnSketch| column.values == child.sketch.rows && column.sample.level == 0;
    let groups: Vec<&ColumnSketch> = columns.iter().filter(whole).copied().collect();
    let sets = groups.iter().fold(1_u64, |sets, column| sets.saturating_mul(column.distinct));
    let fits = groups.len() > 1 && child.sketch.rows <= sets && groups.len() < child.sketch.columns.len();
    fits.then(|| evidence(&groups, child, parent)).flatten().map(|sure| sure * SEVERAL)
}

/// Whether each row has a value of its own, and the sample shows enough of them to compare.
fn is_key(column: &ColumnSketch, table: &Table<'_, '_>) -> bool {
    let rows = table.sketch.rows;
    let all = column.sample.level > 0 || column.sample.elements.len() as u64 == rows;
    column.values == rows && all && column.distinct * 20 >= rows * 19 && rows >= GROUPS_MIN
}

/// How sure it is that the other columns sum up the parent's rows; none if nothing says so. Those that neither count nor
/// sum up nor bear the name of one of the parent's columns speak against it.
fn evidence(groups: &[&ColumnSketch], child: &Table<'_, '_>, parent: &Table<'_, '_>) -> Option<f32> {
    if parent.sketch.rows < child.sketch.rows * 2 {
        return None;
    }
    let is_group = |name: &str| groups.iter().any(|group| group.name == name);
    let others: Vec<&ColumnSketch> =
        child.sketch.columns.iter().filter(|column| !is_group(&column.name)).collect();
    let counts = |column: &ColumnSketch| column.total == Some(parent.sketch.count);
    let sums = |column: &ColumnSketch| {
        column.total.is_some()
            && parent.sketch.columns.iter().any(|of| of.total == column.total && !of.serial)
    };
    let extends = |column: &ColumnSketch| {
        parent.sketch.columns.iter().any(|of| {
            of.name.len() >= 2
                && !is_group(&of.name)
                && column.name.len() > of.name.len()
                && (column.name.starts_with(&of.name) || column.name.ends_with(&of.name))
        })
    };
    let any = |says: &dyn Fn(&ColumnSketch) -> bool| others.iter().any(|column| says(column));
    let base = match (any(&counts), any(&sums), any(&extends)) {
        (true, true, _) | (true, _, true) | (_, true, true) => 0.97,
        (true, _, _) | (_, true, _) => 0.9,
        (_, _, true) => 0.7,
        _ => return None,
    };
    let explained = others.iter().filter(|column| counts(column) || sums(column) || extends(column)).count();
    let share = explained as f32 / others.len() as f32;
    // What only names suggest must hold for all columns, and so must what rests on several groups.
    if (base < 0.9 || groups.len() > 1) && explained < others.len() {
        return None;
    }
    Some(base * (0.7 + 0.3 * share))
}
