//! Bytes of logs as their writers write them, and the files that must be read out of them.

use std::sync::Arc;

use catalog::model::{FeatureType, LogRole};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::content::Content;
use crate::format::tree::{Visit, walk};

const URL: &str = "s3://lake";

fn source() -> SourceId {
    SourceId("s".into())
}

fn ids(paths: &[&str]) -> Vec<BlobId> {
    paths.iter().map(|path| BlobId::of(&source(), path)).collect()
}

fn read_log(path: &str, bytes: &[u8]) -> Option<TableLog> {
    let (bounds, source) = (Bounds::default(), source());
    let mut found = None;
    walk(&Content::from(bytes.to_vec()), path, &bounds, &mut |visit| {
        if let Visit::Part(node) = visit
            && node.member.is_empty()
        {
            let log = Log { path, source: &source, url: URL, node: &node, bounds: &bounds };
            found = read(&log).unwrap_or_default();
        }
        Ok(())
    })
    .unwrap();
    found
}

/// Rows of JSON as Parquet, with the columns that the rows have.
fn parquet(rows: &str) -> Vec<u8> {
    let (schema, _) = arrow_json::reader::infer_json_schema(std::io::Cursor::new(rows), None).unwrap();
    let schema = Arc::new(schema);
    let reader =
        arrow_json::ReaderBuilder::new(Arc::clone(&schema)).build(std::io::Cursor::new(rows)).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    reader.for_each(|batch| writer.write(&batch.unwrap()).unwrap());
    writer.close().unwrap();
    bytes
}

const METADATA: &str = r#"{"metaData":{"id":"x","partitionColumns":["day","shop"],"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"day\",\"type\":\"date\"},{\"name\":\"shop\",\"type\":\"long\"},{\"name\":\"n\",\"type\":{\"type\":\"array\"}}]}"}}"#;

#[test]
fn a_delta_commit_names_files_by_escaped_paths_and_uris() {
    let rows = format!(
        "{{\"commitInfo\":{{\"operation\":\"WRITE\"}}}}\n{METADATA}\n{}\n{}\n{}\n",
        r#"{"add":{"path":"day=2024-05-01/shop=a%2520b/p-0.parquet","size":5,"stats":"{}"}}"#,
        r#"{"add":{"path":"s3a://lake/silver/t/p-1.parquet","size":5}}"#,
        r#"{"remove":{"path":"p-9.parquet","dataChange":true}}"#,
    );
    let log = read_log("silver/t/_delta_log/00000000000000000012.json", rows.as_bytes()).unwrap();
    assert_eq!(log.role, LogRole::DeltaCommit { version: 12 });
    let added = ["silver/t/day=2024-05-01/shop=a%20b/p-0.parquet", "silver/t/p-1.parquet"];
    assert_eq!(log.added, ids(&added));
    assert_eq!(log.removed, ids(&["silver/t/p-9.parquet"]));
    let keys: Vec<_> = log.keys.unwrap().into_iter().map(|key| (key.name, key.kind)).collect();
    assert_eq!(keys, [("day".into(), FeatureType::Date), ("shop".into(), FeatureType::Int)]);
}

#[test]
fn a_torn_commit_is_no_commit() {
    let rows = b"{\"add\":{\"path\":\"a\"}}\n{\"add\":{\"pa";
    assert_eq!(read_log("t/_delta_log/00000000000000000001.json", rows), None);
    assert_eq!(read_log("t/_delta_log/00000000000000000001.json.tmp", rows), None);
}

#[test]
fn a_delta_checkpoint_is_read_from_parquet_and_json() {
    let rows = format!(
        "{METADATA}\n{}\n{}\n{}\n",
        r#"{"add":{"path":"a%20b.parquet"}}"#,
        r#"{"remove":{"path":"old.parquet"}}"#,
        r#"{"sidecar":{"path":"x.parquet"}}"#,
    );
    let name = "t/_delta_log/00000000000000000010.checkpoint";
    let cases = [
        (format!("{name}.parquet"), parquet(&rows), (1, 1)),
        (format!("{name}.0000000002.0000000003.parquet"), parquet(&rows), (2, 3)),
        (format!("{name}.80a083e8-7026-4e79-81be-64bd76c43a11.json"), rows.clone().into_bytes(), (1, 1)),
    ];
    for (path, bytes, (part, parts)) in cases {
        let log = read_log(&path, &bytes).unwrap_or_else(|| panic!("{path} is read"));
        assert_eq!(log.role, LogRole::DeltaCheckpoint { version: 10, part, parts }, "{path}");
        assert_eq!((log.added, log.removed), (ids(&["t/a b.parquet"]), Vec::new()), "{path}");
        assert_eq!(log.logs, ids(&["t/_delta_log/_sidecars/x.parquet"]), "{path}");
        assert_eq!(log.keys.unwrap().len(), 2, "{path}");
    }
    let sidecar = read_log("t/_delta_log/_sidecars/x.parquet", &parquet(r#"{"add":{"path":"c.parquet"}}"#));
    assert_eq!(sidecar.unwrap().added, ids(&["t/c.parquet"]));
}

#[test]
fn iceberg_metadata_leads_to_the_manifest_list_of_its_snapshot() {
    let json = r#"{"format-version":2,"location":"hdfs://nn/wh/db/t","current-snapshot-id":2,
        "schemas":[{"schema-id":0,"fields":[{"id":1,"name":"at","type":"timestamp"},{"id":2,"name":"shop","type":"int"}]}],
        "current-schema-id":0,"default-spec-id":1,"partition-specs":[{"spec-id":0,"fields":[]},{"spec-id":1,"fields":[
          {"name":"at_day","transform":"day","source-id":1},{"name":"shop","transform":"identity","source-id":2},
          {"name":"old","transform":"void","source-id":2}]}],
        "snapshots":[{"snapshot-id":1,"manifest-list":"hdfs://nn/wh/db/t/metadata/s1.avro"},
                     {"snapshot-id":2,"manifest-list":"hdfs://nn/wh/db/t/metadata/s2.avro"}]}"#;
    for path in ["db/t/metadata/v3.metadata.json", "db/t/metadata/00003-6a.metadata.json"] {
        let log = read_log(path, json.as_bytes()).unwrap();
        assert_eq!(log.role, LogRole::IcebergMetadata { version: 3 });
        assert_eq!(log.logs, ids(&["db/t/metadata/s2.avro"]));
        let keys: Vec<_> = log.keys.unwrap().into_iter().map(|key| (key.name, key.kind)).collect();
        assert_eq!(keys, [("at_day".into(), FeatureType::Unknown), ("shop".into(), FeatureType::Int)]);
    }
    let hint = read_log("db/t/metadata/version-hint.text", b"3\n").unwrap();
    assert_eq!(hint.role, LogRole::IcebergHint { version: 3 });
}

#[test]
fn hudi_tells_its_keys_and_what_was_replaced() {
    let text = b"#props\nhoodie.table.name=t\nhoodie.table.partition.fields=country:SIMPLE,day\n";
    let keys = read_log("t/.hoodie/hoodie.properties", text).unwrap().keys.unwrap();
    assert_eq!(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["country", "day"]);
    let json = br#"{"partitionToReplaceFileIds":{"DE/1":["f-0"],"":["g-0"]},"operationType":"CLUSTER"}"#;
    let log = read_log("t/.hoodie/20240101000000.replacecommit", json).unwrap();
    let mut removed = ids(&["t/DE/1/f-0", "t/g-0"]);
    removed.reverse();
    assert_eq!(log.removed, removed);
}

#[test]
fn manifests_directories_and_pointers_name_their_files() {
    let json = br#"{"entries":[{"url":"s3://lake/u/x_000","mandatory":true},{"url":"s3://lake/u/x_001"}]}"#;
    let log = read_log("u/x_manifest", json).unwrap();
    assert_eq!((log.role, log.added), (LogRole::Manifest, ids(&["u/x_000", "u/x_001"])));
    assert_eq!(read_log("web/manifest.json", br#"{"name":"app","icons":[]}"#), None);

    let json = br#"{"added":["a.parquet"],"removed":["b.parquet"]}"#;
    assert_eq!(read_log("w/_committed_123", json).unwrap().removed, ids(&["w/b.parquet"]));

    let json = br#"[{"md5":"aa11111111111111111111111111111111","relpath":"ada.csv"}]"#;
    let log = read_log("dvc/files/md5/99/000000000000000000000000000000.dir", json).unwrap();
    assert_eq!(log.added, ids(&["dvc/files/md5/aa/11111111111111111111111111111111"]));

    let yaml = b"md5: 00000000000000000000000000000000\ndeps:\n- md5: 11111111111111111111111111111111\nouts:\n- md5: cd2f7cf371c6e7cfb5c6e731435db879.dir\n  size: 5\n  path: data\n";
    let addresses = vec!["cd/2f7cf371c6e7cfb5c6e731435db879.dir".to_owned()];
    assert_eq!(read_log("p/data.dvc", yaml).unwrap().role, LogRole::Pointer { addresses, bytes: None });
    let lfs =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n", "ab".repeat(32));
    let addresses = vec![format!("ab/ab/{}", "ab".repeat(32))];
    assert_eq!(
        read_log("p/model.bin", lfs.as_bytes()).unwrap().role,
        LogRole::Pointer { addresses, bytes: Some(12) }
    );
}
