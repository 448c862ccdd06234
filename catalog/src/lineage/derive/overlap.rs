//! Tables whose sketches overlap: one of each content, and which pairs of them are worth comparing.
//!
//! Equal tables are told by `equal`; here the most original of them stands for all, so that a product of a table is
//! not said to come from each of its copies. Whatever too many tables share (numbers from one on, ages, countries)
//! leads from one to the other no longer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::direction::Signed;
use super::equal::{classes, most_original_first};
use super::flow::Flows;
use crate::model::{BlobId, ColumnSketch, ContentSketch, Sample};

/// Tables of fewer rows share them by chance.
pub(super) const ROWS_MIN: u64 = 5;
/// Tables that share an element; of more, it tells nothing.
const SHARED_MAX: usize = 64;
/// Different values from which on a column's content tells a table.
pub(super) const TELLING_DISTINCT_MIN: u64 = 16;
/// Different values from which on a column equal to another is more than a category.
const EQUAL_DISTINCT_MIN: u64 = 8;
/// Elements of columns that two tables share before they are compared for that alone.
const SHARED_VALUES_MIN: u32 = 3;

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table<'a, 'b> {
    /// The blob.
    pub(super) signed: &'b Signed<'a>,
    /// The sketch of its rows.
    pub(super) sketch: &'a ContentSketch,
    /// Its name and those of its copies.
    pub(super) stems: Vec<&'b str>,
}

impl Table<'_, '_> {
    /// How much of its name the name of a product repeats, 0 to 1; the copies' names count too.
    pub(super) fn named_in(&self, child: &Self) -> f64 {
        let name = child.signed.stem();
        let repeated = self.stems.iter().filter(|stem| stem.len() >= 3 && name.starts_with(**stem));
        repeated.map(|stem| stem.len() as f64 / name.len() as f64).fold(0.0, f64::max)
    }
}

/// Tables and pairs of them.
#[derive(Debug, Default)]
pub(super) struct Overlap<'a, 'b> {
    /// One of each content.
    pub(super) tables: Vec<Table<'a, 'b>>,
    /// Positions of tables that share rows.
    pub(super) rows: BTreeSet<(usize, usize)>,
    /// Positions of tables that share whole columns.
    pub(super) columns: BTreeSet<(usize, usize)>,
    /// Positions of tables that share values of columns.
    pub(super) values: BTreeSet<(usize, usize)>,
}

impl<'a, 'b> Overlap<'a, 'b> {
    /// Finds what overlaps.
    pub(super) fn of(facts: &'b [Signed<'a>]) -> Self {
        let mut copies: BTreeSet<BlobId> = BTreeSet::new();
        let mut stems: HashMap<BlobId, Vec<&str>> = HashMap::new();
        for class in classes(facts) {
            let class = most_original_first(&Flows::default(), class);
            stems.insert(class[0].blob, class.iter().map(|copy| copy.stem()).collect());
            copies.extend(class[1..].iter().map(|copy| copy.blob));
        }
        let originals = facts.iter().filter(|facts| !copies.contains(&facts.blob));
        let mut table = |signed: &'b Signed<'a>| {
            let stems = stems.remove(&signed.blob).unwrap_or_else(|| vec![signed.stem()]);
            Some(Table { signed, sketch: signed.sketch?, stems })
        };
        let tables: Vec<Table<'_, '_>> =
            originals.filter_map(&mut table).filter(|table| table.sketch.rows >= ROWS_MIN).collect();
        let rows = sharing(&tables, 1, |table, found| found.extend(&table.sketch.sample.elements));
        let columns = sharing(&tables, 1, |table, found| {
            let telling = |column: &&ColumnSketch| column.distinct >= EQUAL_DISTINCT_MIN;
            found.extend(table.sketch.columns.iter().filter(telling).map(|column| column.whole));
        });
        let values = sharing(&tables, SHARED_VALUES_MIN, |table, found| {
            for column in table.sketch.columns.iter().filter(|column| is_telling(column)) {
                found.extend(&column.sample.elements);
            }
        });
        Self { tables, rows, columns, values }
    }
}

/// Pairs that share at least `min` of the numbers that each table gives.
fn sharing(
    tables: &[Table<'_, '_>],
    min: u32,
    numbers: impl Fn(&Table<'_, '_>, &mut Vec<u64>),
) -> BTreeSet<(usize, usize)> {
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, table) in tables.iter().enumerate() {
        let mut found = Vec::new();
        numbers(table, &mut found);
        found.sort_unstable();
        found.dedup();
        found.into_iter().for_each(|number| holders.entry(number).or_default().push(at));
    }
    let mut counts: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    for holders in holders.values().filter(|holders| (2..=SHARED_MAX).contains(&holders.len())) {
        for (place, one) in holders.iter().enumerate() {
            for other in &holders[place + 1..] {
                *counts.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    // A snapshot a day repeats the rows of the day before, and is no product of it.
    let beside = |(one, other): (usize, usize)| tables[one].signed.is_partition_beside(tables[other].signed);
    let pairs = counts.into_iter().filter(|(_, count)| *count >= min).map(|(pair, _)| pair);
    pairs.filter(|pair| !beside(*pair)).collect()
}

/// Whether a column's values tell a table from others: many, and not just numbered.
pub(super) fn is_telling(column: &ColumnSketch) -> bool {
    column.distinct >= TELLING_DISTINCT_MIN && !column.serial
}

/// Of the elements of one sample that another could hold, how many it holds, and how many there are.
pub(super) fn held(of: &Sample, by: &Sample) -> (usize, usize) {
    let level = of.level.max(by.level);
    let there: Vec<u64> = of.from_level(level).collect();
    let hits = there.iter().filter(|element| by.elements.binary_search(element).is_ok()).count();
    (hits, there.len())
}

/// Positions of the columns of a table by name.
pub(super) fn by_name(sketch: &ContentSketch) -> HashMap<&str, &ColumnSketch> {
    sketch.columns.iter().map(|column| (column.name.as_str(), column)).collect()
}
