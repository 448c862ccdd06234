//! What outside bytes go through, given any bytes: sniffing, reading, looking for cells and rewriting of each row of the
//! table of formats, layers and containers around them, and logs of tables.
//!
//! Fuzz targets call it, and so does `crawler/tests/hostile.rs`, which needs no fuzzer. A panic is a finding, and so is
//! memory or time that grows with what the bytes promise instead of what they are.

use std::collections::BTreeMap;
use std::io;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, SourceId, Value};
use headwater_crawler::content::Content;
use headwater_crawler::format::tree::{self, MemberRemoval, Node, TreeRemoval, Visit};
use headwater_crawler::format::{
    At, Bounds, Edit, Format, HEAD_BYTES, Head, Removal, Sink, TAIL_BYTES, WHOLE, locate_by_reading,
};
use headwater_crawler::table_log::{self, Log};

/// Units that are tried to be removed.
const UNITS_MAX: usize = 8;

/// Bounds as tight as tests need them.
pub fn bounds() -> Bounds {
    Bounds {
        decoded_bytes_max: 4 << 20,
        members_max: 64,
        rows_max: 2_000,
        record_bytes_max: 1 << 16,
        ..Bounds::default()
    }
}

/// Keeps the first units of what is read.
#[derive(Default)]
struct Units {
    table: String,
    features: usize,
    first: BTreeMap<String, Vec<u64>>,
}

impl Sink for Units {
    fn table(&mut self, name: &str) {
        name.clone_into(&mut self.table);
        self.features = 0;
    }
    fn feature(&mut self, _: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.features += 1;
        self.features - 1
    }
    fn row(&mut self, _: u64) {}
    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        assert!(feature < self.features, "a cell of a feature that was not declared");
        let _ = value.text();
        let units = self.first.entry(self.table.clone()).or_default();
        if at.unit != WHOLE && units.len() < UNITS_MAX && units.last() != Some(&at.unit) {
            units.push(at.unit);
        }
    }
    fn remark(&mut self, at: At, _: &'static str, text: &str) {
        if self.features == 0 {
            self.features = 1;
        }
        self.cell(0, at, Value::Text(text.into()));
    }
    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}

/// Bytes at rest as all stages meet them: told, opened, read; then written again without some units and members.
pub fn blob(name: &str, bytes: &[u8]) {
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
    let head = &bytes[..bytes.len().min(4 * HEAD_BYTES)];
    let _ = tree::sniff_head(head, tail, head.len() == bytes.len(), name);
    let content = Content::from(bytes.to_vec());
    let mut removals: Vec<TreeRemoval> = Vec::new();
    let walked = tree::walk(&content, name, &bounds(), &mut |visit| {
        if let Visit::Part(node) = visit {
            part(&node, &mut removals);
        }
        Ok(())
    });
    assert!(walked.is_ok(), "{name}: nothing but the bytes can be wrong here");
    for removal in removals.iter().take(UNITS_MAX) {
        let _ = tree::rewrite(&content, name, &bounds(), removal, &mut io::sink());
    }
}

fn part(node: &Node<'_>, removals: &mut Vec<TreeRemoval>) {
    let mut units = Units::default();
    if let Some(read) = node.format.read {
        let _ = read(node.content, node.dialect, &bounds(), &mut units);
    }
    let found = units.first.values().any(|units| !units.is_empty());
    let removal = if found { MemberRemoval::Units(removal(&units)) } else { MemberRemoval::Whole };
    removals.push([(node.member.to_vec(), removal)].into());
}

fn removal(units: &Units) -> Removal {
    let some =
        |(table, units): (&String, &Vec<u64>)| (table.clone(), units.iter().step_by(2).copied().collect());
    Removal { units: units.first.iter().map(some).collect() }
}

/// One row of the table of formats, whether it would claim the bytes or not.
pub fn format(format: &Format, name: &str, bytes: &[u8]) {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
    let told = (format.sniff)(&Head::new(head, tail, head.len() == bytes.len(), name));
    let dialect = told.map_or_else(Dialect::default, |sniff| sniff.dialect);
    let content = Content::from(bytes.to_vec());
    if let Some(read) = format.read {
        let mut units = Units::default();
        let _ = read(&content, &dialect, &bounds(), &mut units);
        let mut count = 0_u32;
        let mut third = |_: &FeaturePath, value: &Value<'_>| {
            let _ = value.text();
            count += 1;
            count.is_multiple_of(3)
        };
        let _ = match format.locate {
            Some(locate) => locate(read, &content, &dialect, &bounds(), &mut third),
            None => locate_by_reading(read, &content, &dialect, &bounds(), &mut third),
        };
        if let Some(rewrite) = format.rewrite {
            let removal = removal(&units);
            let mut out = Vec::new();
            if rewrite(&content, &dialect, &removal, &mut out).is_ok() {
                let _ = read(&out.into(), &dialect, &bounds(), &mut Units::default());
            }
            let _ = rewrite(&content, &dialect, &Removal::default(), &mut io::sink());
        }
    }
    if let Some(container) = &format.container {
        let mut edits: BTreeMap<String, Edit> = BTreeMap::new();
        let _ = (container.members)(&content, &bounds(), &mut |member| {
            if edits.len() < UNITS_MAX {
                let edit = match edits.len() % 2 {
                    0 => Edit::Remove,
                    _ => Edit::Replace(Content::from(b"other bytes".to_vec())),
                };
                edits.insert(member.name, edit);
            }
            Ok(())
        });
        let _ = (container.rewrite)(&content, &edits, &mut io::sink());
    }
}

/// Names under which bytes are logs of tables, one a kind.
pub const LOGS: [&str; 13] = [
    "t/_delta_log/00000000000000000003.json",
    "t/_delta_log/00000000000000000003.checkpoint.parquet",
    "t/_delta_log/_sidecars/0a1b2c3d-0000-4000-8000-000000000000.parquet",
    "t/metadata/00003-0a1b2c3d-0000-4000-8000-000000000000.metadata.json",
    "t/metadata/version-hint.text",
    "t/metadata/0a1b2c3d-0000-4000-8000-000000000000-m0.avro",
    "t/.hoodie/hoodie.properties",
    "t/.hoodie/20240501000000000.replacecommit",
    "t/_committed_1234567890123456789",
    "t/export_manifest",
    "t/_symlink_format_manifest/manifest",
    "t/data.dvc",
    "store/files/md5/ab/cdef.dir",
];

/// Bytes under the name of a table's log.
pub fn log(path: &str, bytes: &[u8]) {
    let (bounds, source) = (bounds(), SourceId("s".into()));
    let _ = tree::walk(&Content::from(bytes.to_vec()), path, &bounds, &mut |visit| {
        if let Visit::Part(node) = visit
            && node.member.is_empty()
        {
            let log = Log { path, source: &source, url: "s3://lake", node: &node, bounds: &bounds };
            let _ = table_log::read(&log);
        }
        Ok(())
    });
}
