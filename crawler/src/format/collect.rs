//! A sink for tests that keeps what it is given, and the law of removal that every rewriting format obeys.

use std::collections::BTreeMap;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, Value};
use roaring::RoaringTreemap;

use super::{At, Bounds, Format, FormatError, Head, Removal, Rewritten, Sink, TAIL_BYTES};
use crate::content::Content;

/// Everything that was read: cells as `table/path=value`, with the unit and row of each.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) features: Vec<(String, Option<FeatureType>)>,
    pub(super) cells: Vec<Cell>,
    pub(super) rows: u64,
    pub(super) anomalies: Vec<(AnomalyKind, String)>,
    table: String,
    paths: Vec<FeaturePath>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) table: String,
    pub(super) path: String,
    pub(super) at: At,
    pub(super) value: String,
}

impl Sink for Collected {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.paths.clear();
    }
    fn feature(&mut self, path: &FeaturePath, kind: Option<FeatureType>) -> usize {
        self.features.push((path.to_string(), kind));
        self.paths.push(path.clone());
        self.paths.len() - 1
    }
    fn row(&mut self, _: u64) {
        self.rows += 1;
    }
    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        let path = self.paths[feature].to_string();
        self.cells.push(Cell { table: self.table.clone(), path, at, value: format!("{value:?}") });
    }
    fn anomaly(&mut self, kind: AnomalyKind, reason: String) {
        self.anomalies.push((kind, reason));
    }
}

impl Collected {
    /// `path=value` of every cell that is not null, sorted: the multiset that a rewrite keeps.
    pub(super) fn multiset(&self) -> Vec<String> {
        let cells = self.cells.iter().filter(|cell| cell.value != "Null");
        let mut lines: Vec<_> =
            cells.map(|cell| format!("{}/{}={}", cell.table, cell.path, cell.value)).collect();
        lines.sort();
        lines
    }

    pub(super) fn values(&self, path: &str) -> Vec<&str> {
        self.cells.iter().filter(|cell| cell.path == path).map(|cell| cell.value.as_str()).collect()
    }
}

pub(super) fn read(format: &Format, content: &Content) -> (Collected, Result<(), FormatError>) {
    read_within(format, content, &Bounds::default())
}

pub(super) fn read_within(
    format: &Format,
    content: &Content,
    bounds: &Bounds,
) -> (Collected, Result<(), FormatError>) {
    let mut collected = Collected::default();
    let read = format.read.unwrap();
    let outcome = read(content, &Dialect::default(), bounds, &mut collected);
    (collected, outcome)
}

pub(super) fn rewrite(
    format: &Format,
    content: &Content,
    removal: &Removal,
) -> Result<(Content, Rewritten), FormatError> {
    let mut out = Vec::new();
    let rewritten = format.rewrite.unwrap()(content, &Dialect::default(), removal, &mut out)?;
    Ok((out.into(), rewritten))
}

pub(super) fn sniffed(format: &Format, bytes: &[u8], name: &str) -> Option<f32> {
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
    let head = Head::new(bytes, tail, bytes.len() <= super::HEAD_BYTES, name);
    (format.sniff)(&head).map(|sniff| sniff.confidence)
}

/// Reads, removes every `nth` unit, reads again: what remains is what was there minus the cells of those units.
/// Units nest only in JSON, whose tests name their units themselves.
pub(super) fn assert_removal_law(format: &Format, content: &Content, nth: usize) {
    let (before, outcome) = read(format, content);
    outcome.unwrap();
    assert_eq!(before.anomalies, [], "good files have no anomalies");
    let mut units: BTreeMap<String, RoaringTreemap> = BTreeMap::new();
    for cell in &before.cells {
        units.entry(cell.table.clone()).or_default().insert(cell.at.unit);
    }
    let removal = Removal {
        units: units.into_iter().map(|(table, all)| (table, all.iter().step_by(nth).collect())).collect(),
    };
    let (rewritten, counts) = rewrite(format, content, &removal).unwrap();
    assert_eq!(counts.removed, removal.units.values().map(RoaringTreemap::len).sum::<u64>());
    let (after, outcome) = read(format, &rewritten);
    outcome.unwrap();
    assert_eq!(after.anomalies, []);
    let kept = Collected {
        cells: before
            .cells
            .into_iter()
            .filter(|cell| !removal.units[&cell.table].contains(cell.at.unit))
            .collect(),
        ..Collected::default()
    };
    assert_eq!(after.multiset(), kept.multiset());
}

/// The files of a format's fixtures folder whose names begin with `prefix`.
pub(super) fn fixtures(format: &Format, prefix: &str) -> Vec<(String, Content)> {
    let folder = format!("{}/../fixtures/formats/{}", env!("CARGO_MANIFEST_DIR"), format.id);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix))
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap().into())
        })
        .collect();
    files.sort_by(|one: &(String, Content), other| one.0.cmp(&other.0));
    assert!(!files.is_empty(), "no {prefix} files for {}", format.id);
    files
}
