//! Tables with logs, as what was read of them says: each case names its blobs and what the table then holds.

use super::*;
use crate::dataset::Look;
use crate::model::{Anomaly, AnomalyKind, Dialect, FeatureType, LogRole, Timestamp};

struct Blob {
    path: String,
    format: &'static str,
    modified: i64,
    log: Option<TableLog>,
}

fn source() -> SourceId {
    SourceId("s".into())
}

fn ids(paths: &str) -> Vec<BlobId> {
    paths.split_whitespace().map(|path| BlobId::of(&source(), path)).collect()
}

fn data(paths: &str) -> Vec<Blob> {
    let blob = |path: &str| Blob { path: path.into(), format: "parquet", modified: 5, log: None };
    paths.split_whitespace().map(blob).collect()
}

fn log(path: &str, role: LogRole, added: &str, removed: &str, logs: &str) -> Blob {
    let mut log = TableLog::of(role);
    (log.added, log.removed, log.logs) = (ids(added), ids(removed), ids(logs));
    Blob { path: path.into(), format: "json", modified: 5, log: Some(log) }
}

/// Groups; gives each dataset as `root format: files | anomalies`.
fn grouped(blobs: &[Blob]) -> Vec<String> {
    let dialect = Dialect::default();
    let none: [Anomaly; 0] = [];
    let look = |blob: &Blob| Look { format: blob.format, layers: &[], dialect: &dialect, schema: None };
    let looks: Vec<Look<'_>> = blobs.iter().map(look).collect();
    let facts: Vec<BlobFacts<'_>> = blobs
        .iter()
        .zip(&looks)
        .map(|(blob, look)| BlobFacts {
            blob: BlobId::of(&source(), &blob.path),
            path: &blob.path,
            size: 100,
            modified: Timestamp(blob.modified),
            look,
            anomalies: &none,
            table_log: blob.log.as_ref(),
        })
        .collect();
    let path = |id: &BlobId| facts.iter().find(|facts| facts.blob == *id).unwrap().path;
    let say = |dataset: &crate::model::Dataset| {
        let files: Vec<_> = dataset.blobs.iter().map(path).collect();
        let broken = dataset.anomalies.iter().map(|anomaly| {
            assert_eq!(anomaly.kind, AnomalyKind::TableLogIncomplete);
            " !"
        });
        format!("{} {}: {}{}", dataset.root, dataset.format, files.join(" "), broken.collect::<String>())
    };
    crate::dataset::group(&source(), &facts, &crate::dataset::Corrections::default())
        .iter()
        .map(say)
        .collect()
}

fn commit(version: u64, added: &str, removed: &str) -> Blob {
    let path = format!("t/_delta_log/{version:020}.json");
    log(&path, LogRole::DeltaCommit { version }, added, removed, "")
}

fn with(mut blobs: Vec<Blob>, more: impl IntoIterator<Item = Blob>) -> Vec<Blob> {
    blobs.extend(more);
    blobs
}

#[test]
fn a_delta_table_holds_what_its_commits_left() {
    let files = || data("t/a.parquet t/b.parquet t/c.parquet t/orphan.parquet other/x.parquet");
    let log = [commit(0, "t/a.parquet t/b.parquet", ""), commit(1, "t/c.parquet", "t/a.parquet")];
    assert_eq!(
        grouped(&with(files(), log)),
        ["other/x.parquet parquet: other/x.parquet", "t delta: t/b.parquet t/c.parquet"]
    );
    // A deletion vector takes a file out and in again in one commit.
    let log = [commit(0, "t/a.parquet", ""), commit(1, "t/a.parquet", "t/a.parquet")];
    assert_eq!(grouped(&with(files(), log))[1], "t delta: t/a.parquet");
    let restored = [
        commit(0, "t/a.parquet", ""),
        commit(1, "t/b.parquet", "t/a.parquet"),
        commit(2, "t/a.parquet", "t/b.parquet"),
    ];
    assert_eq!(grouped(&with(files(), restored))[1], "t delta: t/a.parquet");
}

#[test]
fn what_no_table_is_made_of_stays_beside_it() {
    let csv = |path: &str| Blob { format: "csv", ..data(path).remove(0) };
    let blobs =
        with(data("t/a.parquet t/dead.parquet"), [commit(0, "t/a.parquet", ""), csv("t/reports/x.csv")]);
    assert_eq!(grouped(&blobs), ["t delta: t/a.parquet", "t/reports/x.csv csv: t/reports/x.csv"]);
}

#[test]
fn a_delta_log_with_a_gap_says_so_and_still_drops_what_was_removed() {
    let files = data("t/a.parquet t/b.parquet t/c.parquet");
    let log = [commit(0, "t/b.parquet", ""), commit(2, "t/c.parquet", "t/a.parquet")];
    assert_eq!(grouped(&with(files, log)), ["t delta: t/b.parquet t/c.parquet !"]);
}

#[test]
fn a_checkpoint_stands_for_the_commits_before_it_if_it_is_whole() {
    let part = |part, of, added: &str| {
        let path = format!("t/_delta_log/{:020}.checkpoint.{part:010}.{of:010}.parquet", 9);
        let role = LogRole::DeltaCheckpoint { version: 9, part, parts: of };
        log(&path, role, added, "", "")
    };
    let files = || data("t/a.parquet t/b.parquet t/c.parquet t/dead.parquet");
    let last = || commit(10, "t/c.parquet", "");
    let whole = with(files(), [part(1, 2, "t/a.parquet"), part(2, 2, "t/b.parquet"), last()]);
    assert_eq!(grouped(&whole), ["t delta: t/a.parquet t/b.parquet t/c.parquet"]);
    let torn = with(files(), [part(1, 2, "t/a.parquet"), last()]);
    assert!(grouped(&torn)[0].ends_with('!'), "{:?}", grouped(&torn));
    let sidecar = |there: bool| {
        let name = "t/_delta_log/_sidecars/x.parquet";
        let role = LogRole::DeltaCheckpoint { version: 9, part: 1, parts: 1 };
        let checkpoint = log("t/_delta_log/9.checkpoint.x.parquet", role, "t/a.parquet", "", name);
        let sidecar = there.then(|| log(name, LogRole::DeltaSidecar, "t/b.parquet", "", ""));
        grouped(&with(files(), [Some(checkpoint), sidecar, Some(last())].into_iter().flatten()))
    };
    assert_eq!(sidecar(true), ["t delta: t/a.parquet t/b.parquet t/c.parquet"]);
    assert!(sidecar(false)[0].ends_with('!'));
}

#[test]
fn an_iceberg_table_holds_what_its_current_snapshot_lists() {
    let metadata = |version: u64, list: &str| {
        let path = format!("t/metadata/v{version}.metadata.json");
        log(&path, LogRole::IcebergMetadata { version }, "", "", list)
    };
    let list = |path: &str, manifests: &str| log(path, LogRole::IcebergManifestList, "", "", manifests);
    let manifest = |path: &str, files: &str| log(path, LogRole::IcebergManifest, files, "", "");
    let blobs = || {
        let files = data("t/data/a.parquet t/data/b.parquet t/data/c.parquet");
        let logs = [
            metadata(1, "t/metadata/s1.avro"),
            metadata(2, "t/metadata/s2.avro"),
            list("t/metadata/s1.avro", "t/metadata/m1.avro"),
            list("t/metadata/s2.avro", "t/metadata/m1.avro t/metadata/m2.avro"),
            manifest("t/metadata/m1.avro", "t/data/a.parquet"),
            manifest("t/metadata/m2.avro", "t/data/b.parquet"),
        ];
        with(files, logs)
    };
    assert_eq!(grouped(&blobs()), ["t iceberg: t/data/a.parquet t/data/b.parquet"]);
    let hint = log("t/metadata/version-hint.text", LogRole::IcebergHint { version: 1 }, "", "", "");
    assert_eq!(grouped(&with(blobs(), [hint])), ["t iceberg: t/data/a.parquet"]);
    let mut torn = blobs();
    torn.retain(|blob| !blob.path.ends_with("m2.avro"));
    assert_eq!(grouped(&torn), ["t iceberg: t/data/a.parquet t/data/b.parquet t/data/c.parquet !"]);
}

#[test]
fn a_hudi_table_holds_the_newest_completed_slices() {
    let slice = |group: u8, instant: u64| {
        format!("t/p=1/{group:08}-0000-4000-8000-000000000000-0_0-1-0_{instant}.parquet")
    };
    let (old, new, open, gone) = (
        slice(1, 20240101000000),
        slice(1, 20240102000000),
        slice(1, 20240103000000),
        slice(2, 20240101000000),
    );
    let archived = slice(3, 20230101000000);
    let files = data(&format!("{old} {new} {open} {gone} {archived}"));
    let timeline = [
        "t/.hoodie/20240101000000.commit",
        "t/.hoodie/20240102000000.replacecommit",
        "t/.hoodie/20240103000000.commit.requested",
        "t/.hoodie/20240103000000.inflight",
    ];
    let timeline = timeline.map(|path| Blob { path: path.into(), format: "json", modified: 5, log: None });
    let group = format!("t/p=1/{}", "00000002-0000-4000-8000-000000000000-0");
    let replaced = log("t/.hoodie/x.replacecommit", LogRole::HudiReplacement, "", &group, "");
    let mut properties = log("t/.hoodie/hoodie.properties", LogRole::HudiProperties, "", "", "");
    let key = PartitionKey { name: "p".into(), kind: FeatureType::Unknown };
    properties.log.as_mut().unwrap().keys = Some(vec![key]);
    let blobs = with(with(files, timeline), [replaced, properties]);
    assert_eq!(grouped(&blobs), [format!("t hudi: {new} {archived}")]);
}

#[test]
fn a_hudi_table_of_date_folders_is_one_table() {
    let slice = |day: u8, instant: u64| {
        format!("t/2024/04/{day:02}/{day:08}-0000-4000-8000-000000000000-0_0-1-0_{instant}.parquet")
    };
    let (one, two) = (slice(1, 20240101000000), slice(2, 20240101000000));
    let (old, open) = (slice(3, 20240101000000), slice(3, 20240102000000));
    let timeline = ["t/.hoodie/20240101000000.commit", "t/.hoodie/20240102000000.inflight"];
    let timeline = timeline.map(|path| Blob { path: path.into(), format: "json", modified: 5, log: None });
    let files = data(&format!("{one} {two} {old} {open}"));
    assert_eq!(grouped(&with(files, timeline)), [format!("t hudi: {one} {two} {old}")]);

    // Without a timeline the folder alone tells, whatever else keeps a log above it or beside it.
    let beside = ["a/x=1", "a/b/x=1"].map(|folder| one.replace("t/2024/04/01", folder));
    let mut blobs = data(&beside.join(" "));
    blobs.push(log("_delta_log/00000000000000000000.json", LogRole::DeltaCommit { version: 0 }, "", "", ""));
    assert_eq!(grouped(&blobs), [format!("a hudi: {}", beside[0]), format!("a/b hudi: {}", beside[1])]);
}

#[test]
fn leftovers_of_an_export_and_open_transactions_are_no_data() {
    let mut blobs = data("u/x_000 u/x_001 u/x_002 u/x_003");
    blobs[2].modified = 3; // of an earlier, larger export
    blobs[3].modified = 9; // of one that writes now
    blobs.push(log("u/x_manifest", LogRole::Manifest, "u/x_000 u/x_001", "", ""));
    assert_eq!(grouped(&blobs), ["u parquet: u/x_000 u/x_001 u/x_003"]);

    let name = |tid: &str, part: u8| format!("w/part-0000{part}-tid-{tid}-c000.snappy.parquet");
    let (done, open) = ("111111111111", "222222222222");
    let files = [name(done, 0), name(done, 1), name(open, 0)].join(" ");
    let mut blobs = data(&files);
    blobs.extend(data(&format!("w/_started_{done} w/_started_{open}")));
    blobs.push(log(&format!("w/_committed_{done}"), LogRole::Transaction, "", &name(done, 1), ""));
    assert_eq!(grouped(&blobs), [format!("{0} parquet: {0}", name(done, 0))]);
}

#[test]
fn a_directory_kept_by_content_is_one_dataset() {
    let hash = |n: u8| format!("dvc/files/md5/{n:02x}/{:030x}", 7);
    let files = [hash(1), hash(2), hash(3)];
    let mut blobs = data(&files.join(" "));
    let book = format!("dvc/files/md5/99/{:030x}.dir", 5);
    blobs.push(log(&book, LogRole::Directory, &files[..2].join(" "), "", ""));
    let found = grouped(&blobs);
    assert!(found.contains(&format!("{book} parquet: {} {}", files[0], files[1])), "{found:?}");
    assert!(found.contains(&format!("{0} parquet: {0}", files[2])), "{found:?}");
}
