//! Pairs and classes with known ends, and what must hold for any facts.

mod tables;

use proptest::prelude::*;

use super::*;
use crate::model::{Dialect, Digest, ExecutionId, RowsDigest, Searched, SourceId};

/// A version as a line says: `path format[+layer] day bytes peeled rows [member=digest]…`; digests are small numbers, `-` is none.
pub(crate) fn version(line: &str) -> BlobVersion {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |word: &str| word.parse::<u8>().ok();
    let digest = |word: &str| number(word).map(|number| Digest([number; 32]));
    let (format, layer) = words[1].split_once('+').map_or((words[1], None), |(f, l)| (f, Some(l)));
    let part = |member: Vec<String>, content: Option<Digest>, rows: Option<u8>| Part {
        member,
        format: format.into(),
        media_type: String::new(),
        confidence: 1.0,
        layers: layer.map(str::to_string).into_iter().collect(),
        dialect: Dialect::default(),
        size: 10_000,
        digest: content,
        rows: rows.map(|rows| u64::from(rows) * 10),
        rows_digest: rows.map(|rows| RowsDigest([rows; 16])),
        schema: None,
    };
    let mut parts = vec![part(Vec::new(), digest(words[4]), number(words[5]))];
    for member in &words[6..] {
        let (name, content) = member.split_once('=').unwrap();
        parts.push(part(vec![name.into()], digest(content), None));
    }
    let source = SourceId("s".into());
    let blob = BlobId::of(&source, words[0]);
    BlobVersion {
        blob,
        source,
        path: words[0].into(),
        size: 10_000,
        etag: None,
        store_version: None,
        modified: Timestamp(words[2].parse::<i64>().unwrap() * 86_400_000_000),
        crawled: Timestamp(0),
        run: ExecutionId(1),
        artifact: ArtifactId(i64::from(blob.0[0]) << 8 | i64::from(blob.0[1])),
        digest: digest(words[3]),
        parts,
        anomalies: Vec::new(),
        searched: Searched::Full,
        table_log: None,
        depth: Default::default(),
    }
}

fn facts(versions: &[BlobVersion]) -> Vec<ContentFacts<'_>> {
    fn facts_of(version: &BlobVersion) -> ContentFacts<'_> {
        let BlobVersion { blob, artifact, path, modified, .. } = version;
        ContentFacts { blob: *blob, artifact: *artifact, path, modified: *modified, version, sketch: None }
    }
    versions.iter().map(facts_of).collect()
}

/// Derives and says `from -> to kind`, sorted.
fn edges(lines: &str) -> Vec<String> {
    let versions: Vec<BlobVersion> =
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(version).collect();
    let path = |blob| versions.iter().find(|version| version.blob == blob).unwrap().path.as_str();
    let say = |edge: InferredEdge| format!("{} -> {} {}", path(edge.from), path(edge.to), edge.kind);
    let mut said: Vec<String> = derive(&facts(&versions)).into_iter().map(say).collect();
    said.sort();
    said
}

#[test]
fn each_kind_of_equal_content_has_its_edge() {
    let found = edges(
        "raw/a.csv csv 1 1 1 1
         backups/x7 csv 2 1 1 1
         raw/a.csv.gz csv+gzip 3 2 1 1
         silver/a.parquet parquet 4 3 3 1
         users/a_sorted.csv csv 5 4 4 1
         cold/all.zip zip 6 5 5 - a.csv=1 other.csv=9",
    );
    assert_eq!(
        found,
        [
            "raw/a.csv -> backups/x7 copy",
            "raw/a.csv -> cold/all.zip archive_member",
            "raw/a.csv -> raw/a.csv.gz compress",
            "raw/a.csv -> silver/a.parquet convert",
            "raw/a.csv -> users/a_sorted.csv reorder",
        ]
    );
}

#[test]
fn names_and_folders_overrule_a_wrong_time() {
    let found = edges(
        "backups/old.csv csv 1 1 1 1
         raw/orders.csv csv 2 1 1 1",
    );
    assert_eq!(found, ["raw/orders.csv -> backups/old.csv copy"]);
    let found = edges("x/report_copy.csv csv 1 1 1 1\n x/report.csv csv 2 1 1 1");
    assert_eq!(found, ["x/report.csv -> x/report_copy.csv copy"]);
    // A columnar file needs no layer around it: that it has none does not make it the first.
    let found = edges("x/a.json.gz ndjson+gzip 1 1 1 1\n y/b.parquet parquet 2 2 2 1");
    assert_eq!(found, ["x/a.json.gz -> y/b.parquet convert"]);
    // Nothing but time speaks: it decides.
    assert_eq!(edges("x/b.csv csv 1 1 1 1\n y/a.csv csv 2 1 1 1"), ["x/b.csv -> y/a.csv copy"]);
}

#[test]
fn the_way_that_most_files_flow_corrects_the_odd_one() {
    let mut lines = String::new();
    for day in 1..10 {
        let late = if day == 5 { 0 } else { 20 };
        lines.push_str(&format!("in/sales/dt={day}/p.csv csv {day} {day} {day} {day}\n"));
        let (time, id) = (day + late, 100 + day);
        lines.push_str(&format!("lake/sales_pq/dt={day}/p.parquet parquet {time} {id} {id} {day}\n"));
    }
    // The fifth was written on the same day as its parent's time says: make it earlier.
    let lines = lines.replace("dt=5/p.csv csv 5", "dt=5/p.csv csv 9");
    let found = edges(&lines);
    assert_eq!(found.len(), 9);
    assert!(found.iter().all(|edge| edge.starts_with("in/")), "{found:#?}");
}

#[test]
fn many_equal_blobs_make_a_star_and_backups_stay_with_their_twin() {
    let mut lines = String::from(
        "raw/a.csv csv 1 1 1 1\nexports/b.parquet parquet 3 2 2 1\nbackups/b.parquet.bak parquet 4 2 2 1\n",
    );
    for copy in 0..100 {
        lines.push_str(&format!("team{copy}/a.csv csv {} 1 1 1\n", copy + 5));
    }
    let found = edges(&lines);
    assert_eq!(found.len(), 102);
    assert_eq!(found.iter().filter(|edge| edge.starts_with("raw/a.csv -> ")).count(), 101);
    assert!(found.contains(&"exports/b.parquet -> backups/b.parquet.bak copy".to_string()));
}

#[test]
fn trivial_contents_make_no_edges() {
    let mut versions: Vec<BlobVersion> =
        ["a/x csv 1 1 1 1", "b/x csv 2 1 1 1"].map(version).into_iter().collect();
    assert_eq!(derive(&facts(&versions)).len(), 1);
    for version in &mut versions {
        version.parts[0].rows = Some(1);
    }
    assert!(derive(&facts(&versions)).is_empty());
    assert!(edges("p/LICENSE text 1 1 1 -\n q/LICENSE text 2 1 1 -").is_empty());
    for version in &mut versions {
        version.parts[0].rows = None;
        version.parts[0].size = 20;
    }
    assert!(derive(&facts(&versions)).is_empty());
}

#[test]
fn an_archive_that_was_unpacked_is_the_parent() {
    let found = edges("landing/delivery.zip zip 1 5 5 - a.csv=1\n silver/a.csv csv 3 1 1 1");
    assert_eq!(found, ["landing/delivery.zip -> silver/a.csv archive_member"]);
}

#[test]
fn doubt_about_the_direction_is_told() {
    let versions: Vec<BlobVersion> =
        ["x/b.csv csv 1 1 1 1", "y/a.csv csv 1 1 1 1"].map(version).into_iter().collect();
    let edges = derive(&facts(&versions));
    assert!(!edges[0].direction_known && edges[0].confidence < 0.6, "{edges:?}");
    assert!(!edges[0].evidence.contains(".csv"), "evidence names no path");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the facts: no cycle, one content parent at most, and the same edges in any order.
    #[test]
    fn edges_never_make_a_cycle(
        picks in prop::collection::vec((0..6u8, 0..5u8, 1..4u8, 1..4u8, 1..3u8, 0..4u8), 2..40),
    ) {
        const FOLDERS: [&str; 6] = ["raw", "silver", "backups", "users", "x", "y"];
        const FORMATS: [&str; 5] = ["csv", "parquet", "csv+gzip", "ndjson", "zip"];
        let lines = picks.iter().enumerate().map(|(at, (folder, format, bytes, peeled, rows, member))| {
            let (folder, format) = (FOLDERS[*folder as usize], FORMATS[*format as usize]);
            let member = if format == "zip" { format!("m={member}") } else { String::new() };
            format!("{folder}/f{at} {format} {} {bytes} {peeled} {rows} {member}", at % 7)
        });
        let mut versions: Vec<BlobVersion> = lines.map(|line| version(&line)).collect();
        let edges = derive(&facts(&versions));
        let mut checked = edges.clone();
        acyclic::break_cycles(&mut checked);
        prop_assert_eq!(edges.len(), checked.len());
        let mut parents = std::collections::BTreeMap::new();
        for edge in edges.iter().filter(|edge| edge.kind != "archive_member") {
            prop_assert!(parents.insert(edge.to, edge.from).is_none());
        }
        for edge in &edges {
            prop_assert!((0.0..=1.0).contains(&edge.confidence) && edge.from != edge.to);
        }
        versions.reverse();
        prop_assert_eq!(edges, derive(&facts(&versions)));
    }
}
