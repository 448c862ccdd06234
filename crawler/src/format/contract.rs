//! The format contract: what every row of [`FORMATS`] keeps, tried on `fixtures/formats/<id>/` (made by `fixtures/make_formats.py`).
//!
//! A file `good-*` is told as the format that its folder is named after; `truncated-*` and `hostile-*` are anything. All of them,
//! each of their beginnings and seeded changes of their bytes are read within bounds and without a panic. Where a format
//! can be rewritten: without a removal its bytes stay (formats with offsets), and each unit alone can be taken out, so that reading
//! gives what it gave before but for that unit. A new format is thus one file, one row in `FORMATS` and one folder of fixtures:
//! nothing here names a format.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, Value};

use super::tree::{self, Visit};
use super::{At, Bounds, FORMATS, Format, Removal, Sink, WHOLE};
use crate::content::Content;

/// Beginnings and changes tried of one file.
const VARIANTS: usize = 40;

/// Cells as they come: table, unit, feature, text.
#[derive(Default)]
struct Cells {
    table: String,
    names: Vec<String>,
    cells: Vec<(String, u64, String, String)>,
    rows: BTreeMap<u64, Vec<u64>>,
    offsets: bool,
}

impl Sink for Cells {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.names.clear();
    }
    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.names.push(path.to_string());
        self.names.len() - 1
    }
    fn row(&mut self, _: u64) {}
    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        let text = value.text().map_or_else(|| format!("{value:?}"), |text| text.into_owned());
        self.cells.push((self.table.clone(), at.unit, self.names[feature].clone(), text));
        self.rows.entry(at.row).or_default().push(at.unit);
        self.offsets |= at.offset.is_some();
    }
    fn remark(&mut self, at: At, what: &'static str, text: &str) {
        if !text.is_empty() {
            self.cells.push((self.table.clone(), at.unit, what.to_owned(), text.to_owned()));
        }
    }
    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}

fn folder(format: &Format) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/formats").join(format.id)
}

/// File names and bytes of a format's fixtures.
fn fixtures(format: &Format) -> Vec<(String, Vec<u8>)> {
    let entries =
        fs::read_dir(folder(format)).unwrap_or_else(|_| panic!("{}: no folder of fixtures", format.id));
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn bounds() -> Bounds {
    Bounds {
        decoded_bytes_max: 1 << 20,
        members_max: 100,
        rows_max: 10_000,
        record_bytes_max: 1 << 16,
        ..Bounds::default()
    }
}

/// Reads all that can be read of some bytes, as a crawl would.
fn read_all(bytes: Vec<u8>, name: &str) {
    let visited = tree::walk(&bytes.into(), name, &bounds(), &mut |visit| {
        if let Visit::Part(node) = visit
            && let Some(read) = node.format.read
        {
            let _ = read(node.content, node.dialect, &bounds(), &mut Cells::default());
        }
        Ok(())
    });
    visited.unwrap_or_else(|error| panic!("{name}: {error}"));
}

fn cells(format: &Format, content: &Content, dialect: &Dialect) -> Cells {
    let (mut cells, read) = (Cells::default(), format.read.expect("only formats that are read get here"));
    read(content, dialect, &bounds(), &mut cells).unwrap_or_else(|error| panic!("{}: {error}", format.id));
    cells
}

#[test]
fn every_row_has_fixtures_and_tells_its_own() {
    for format in FORMATS {
        let files = fixtures(format);
        for kind in ["good-", "truncated-", "hostile-"] {
            assert!(files.iter().any(|(name, _)| name.starts_with(kind)), "{}: no {kind} file", format.id);
        }
        for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("good-")) {
            let told = tree::sniff_head(bytes, &bytes[bytes.len().saturating_sub(1024)..], true, name);
            assert_eq!(told.format.id, format.id, "{name}");
        }
    }
}

#[test]
fn any_bytes_are_read_within_bounds_and_without_a_panic() {
    for format in FORMATS {
        for (name, bytes) in fixtures(format) {
            read_all(bytes.clone(), &name);
            let mut seed = 0x9e37_79b9_7f4a_7c15_u64 ^ bytes.len() as u64;
            for variant in 0..VARIANTS {
                read_all(bytes[..bytes.len() * variant / VARIANTS].to_vec(), &name);
                let mut changed = bytes.clone();
                for _ in 0..3 {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    if !changed.is_empty() {
                        let place = seed as usize % changed.len();
                        changed[place] = (seed >> 32) as u8;
                    }
                }
                read_all(changed, &name);
            }
        }
    }
}

#[test]
fn each_unit_alone_can_be_removed_and_nothing_else_goes() {
    for format in FORMATS.iter().filter(|format| format.read.is_some()) {
        for (name, bytes) in fixtures(format).into_iter().filter(|(name, _)| name.starts_with("good-")) {
            let content = Content::from(bytes.clone());
            let dialect =
                tree::sniff_head(&bytes, &bytes[bytes.len().saturating_sub(1024)..], true, &name).dialect;
            let before = cells(format, &content, &dialect);
            let Some(rewrite) = format.rewrite else {
                continue;
            };
            if before.offsets {
                let mut same = Vec::new();
                rewrite(&content, &dialect, &Removal::default(), &mut same).unwrap();
                assert_eq!(same, bytes, "{name}: an empty removal changes bytes");
            }
            // Where records hold records (JSON), a unit takes those within it along.
            let nested = before.rows.values().any(|units| units.iter().any(|unit| *unit != units[0]));
            let units: std::collections::BTreeSet<_> = before
                .cells
                .iter()
                .filter(|cell| cell.1 != WHOLE)
                .map(|cell| (cell.0.clone(), cell.1))
                .collect();
            for (table, unit) in units {
                let removal = Removal { units: [(table.clone(), [unit].into_iter().collect())].into() };
                let mut out = Vec::new();
                let done = rewrite(&content, &dialect, &removal, &mut out)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(done.removed, 1, "{name}");
                let after = values(&cells(format, &out.into(), &dialect), None);
                let expected = values(&before, Some((&table, unit)));
                if nested {
                    assert!(
                        after.iter().all(|(value, count)| expected.get(value) >= Some(count)),
                        "{name}: {unit}"
                    );
                } else {
                    assert_eq!(after, expected, "{name}: without {unit}");
                }
            }
        }
    }
}

/// How often each value of each feature is there, one unit left out.
fn values(cells: &Cells, without: Option<(&String, u64)>) -> BTreeMap<(String, String, String), usize> {
    let mut values = BTreeMap::new();
    for (table, unit, name, text) in &cells.cells {
        if without != Some((table, *unit)) {
            *values.entry((table.clone(), name.clone(), text.clone())).or_default() += 1;
        }
    }
    values
}
