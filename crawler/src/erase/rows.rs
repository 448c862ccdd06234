//! Digests of the rows that stay: what a rewrite promises before, and what is read back after.

use std::collections::BTreeMap;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, RowsDigest, Value};
use catalog::sketch::rows::{RowsHasher, cell_digest, seed};
use catalog::sketch::shape::Shape;
use roaring::RoaringTreemap;

use crate::content::Content;
use crate::format::{At, Bounds, FormatError, ReadFn, Sink};

/// Table → digest of the multiset of its rows but for those of some units.
///
/// # Errors
/// What the reader fails with.
pub(super) fn digests(
    read: ReadFn,
    content: &Content,
    dialect: &Dialect,
    bounds: &Bounds,
    without: &BTreeMap<String, RoaringTreemap>,
) -> Result<BTreeMap<String, RowsDigest>, FormatError> {
    let mut digesting = Digesting::new(without);
    read(content, dialect, bounds, &mut digesting)?;
    digesting.end_row();
    let of_table = |(table, hasher): (String, RowsHasher)| (table, hasher.finish());
    Ok(digesting.tables.into_iter().map(of_table).collect())
}

/// Whether what was read back is what was promised; a table without rows may be missing on either side.
pub(super) fn are_equal(a: &BTreeMap<String, RowsDigest>, b: &BTreeMap<String, RowsDigest>) -> bool {
    let of = |digests: &BTreeMap<String, RowsDigest>, table: &String| {
        digests.get(table).copied().unwrap_or(RowsDigest::EMPTY)
    };
    a.keys().chain(b.keys()).all(|table| of(a, table) == of(b, table))
}

struct Digesting<'a> {
    without: &'a BTreeMap<String, RoaringTreemap>,
    tables: BTreeMap<String, RowsHasher>,
    table: String,
    seeds: Vec<u64>,
    row: Option<RowState>,
}

#[derive(Clone, Copy, PartialEq)]
enum RowState {
    Stays,
    Goes,
}

impl<'a> Digesting<'a> {
    fn new(without: &'a BTreeMap<String, RoaringTreemap>) -> Self {
        Self { without, tables: BTreeMap::new(), table: String::new(), seeds: Vec::new(), row: None }
    }

    fn end_row(&mut self) {
        if self.row.take() == Some(RowState::Stays) {
            self.hasher().end_row();
        }
    }

    fn hasher(&mut self) -> &mut RowsHasher {
        self.tables.entry(self.table.clone()).or_default()
    }
}

impl Sink for Digesting<'_> {
    fn table(&mut self, name: &str) {
        self.end_row();
        self.table = name.to_owned();
        self.seeds.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.seeds.push(seed(path));
        self.seeds.len() - 1
    }

    fn row(&mut self, _: u64) {
        self.end_row();
        self.row = Some(RowState::Stays);
    }

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        if self.without.get(&self.table).is_some_and(|units| units.contains(at.unit)) {
            self.row = Some(RowState::Goes);
        } else if let Some(digest) = cell_digest(self.seeds[feature], &Shape::of(&value)) {
            self.hasher().digested(digest);
        }
    }

    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}
