//! Iceberg's books: table metadata, version hint, manifest lists and manifests.
//!
//! <https://iceberg.apache.org/spec/>

use std::io::Read;

use catalog::model::{FeatureType, LogRole, PartitionKey, TableLog};
use serde::Deserialize;

use super::{Log, delta, push};
use crate::format::FormatError;

const FOLDER: &str = "metadata";
/// Columns of manifest lists and of manifests.
const COLUMNS: [&str; 4] = ["manifest_path", "data_file.file_path", "status", "data_file.content"];
/// Status of an entry whose file was taken out.
const DELETED: &str = "2";
/// Content of an entry that is a data file, not one of deletes.
const DATA: &str = "0";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    snapshots: Vec<Snapshot>,
    #[serde(default)]
    default_spec_id: i32,
    #[serde(default)]
    partition_specs: Vec<Spec>,
    #[serde(default)]
    partition_spec: Vec<SpecField>,
    #[serde(default)]
    current_schema_id: i32,
    #[serde(default)]
    schemas: Vec<TableSchema>,
    schema: Option<TableSchema>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Snapshot {
    snapshot_id: i64,
    manifest_list: Option<String>,
    #[serde(default)]
    manifests: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Spec {
    spec_id: i32,
    #[serde(default)]
    fields: Vec<SpecField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SpecField {
    name: String,
    transform: String,
    source_id: Option<i32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct TableSchema {
    #[serde(default)]
    schema_id: i32,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    id: i32,
    #[serde(rename = "type")]
    kind: serde_json::Value,
}

fn is_log(folder: &str) -> bool {
    folder == FOLDER || folder.ends_with("/metadata")
}

/// `v3.metadata.json`, `00003-<uuid>.metadata.json`, `v3.gz.metadata.json`, `v3.metadata.json.gz`.
pub(super) fn is_metadata(folder: &str, name: &str) -> bool {
    is_log(folder) && name.trim_end_matches(".gz").ends_with(".metadata.json")
}

pub(super) fn is_hint(folder: &str, name: &str) -> bool {
    is_log(folder) && name == "version-hint.text"
}

pub(super) fn is_manifest(folder: &str, name: &str) -> bool {
    is_log(folder) && name.ends_with(".avro")
}

pub(super) fn metadata(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let name = log.path.rsplit('/').next().unwrap_or(log.path).trim_start_matches('v');
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    let metadata: Metadata = log.json()?;
    let version = digits.parse().unwrap_or(0);
    let mut table = TableLog::of(LogRole::IcebergMetadata { version });
    let current = metadata.current_snapshot_id;
    let snapshot = metadata.snapshots.iter().find(|snapshot| Some(snapshot.snapshot_id) == current);
    let root = log.root_above(FOLDER);
    if let Some(Snapshot { manifest_list, manifests, .. }) = snapshot {
        for uri in manifest_list.iter().chain(manifests) {
            push(&mut table.logs, log.named(uri, root))?;
        }
    }
    table.keys = Some(keys(&metadata));
    Ok(Some(table))
}

/// Fields of the default partition spec; one with the transform `void` was dropped.
fn keys(metadata: &Metadata) -> Vec<PartitionKey> {
    let spec = metadata.partition_specs.iter().find(|spec| spec.spec_id == metadata.default_spec_id);
    let fields = spec.map_or(&metadata.partition_spec, |spec| &spec.fields);
    let schema = metadata.schemas.iter().find(|schema| schema.schema_id == metadata.current_schema_id);
    let schema = schema.or(metadata.schema.as_ref());
    let kind = |field: &SpecField| match field.transform.as_str() {
        "identity" => {
            let source =
                schema.and_then(|schema| schema.fields.iter().find(|f| Some(f.id) == field.source_id));
            source.and_then(|source| source.kind.as_str()).map_or(FeatureType::Unknown, delta::kind)
        }
        transform if transform.starts_with("bucket") => FeatureType::Int,
        _ => FeatureType::Unknown,
    };
    let kept = fields.iter().filter(|field| field.transform != "void");
    kept.map(|field| PartitionKey { name: field.name.clone(), kind: kind(field) }).collect()
}

pub(super) fn hint(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let mut text = String::new();
    log.node.content.clone().take(32).read_to_string(&mut text)?;
    let version = text.trim().parse().ok();
    Ok(version.map(|version| TableLog::of(LogRole::IcebergHint { version })))
}

/// A manifest list or a manifest: their columns tell which.
pub(super) fn manifest(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let root = log.root_above(FOLDER);
    let mut table = TableLog::of(LogRole::IcebergManifest);
    let mut is_list = false;
    log.each_row(&COLUMNS, &mut |cells| {
        let cell = |column: usize| cells.iter().find(|(at, _)| *at == column).map(|(_, text)| text.as_str());
        if let Some(path) = cell(0) {
            is_list = true;
            return push(&mut table.logs, log.named(path, root));
        }
        match cell(1) {
            Some(path) if cell(2) != Some(DELETED) && cell(3).is_none_or(|content| content == DATA) => {
                push(&mut table.added, log.named(path, root))
            }
            _ => Ok(()),
        }
    })?;
    if is_list {
        table.role = LogRole::IcebergManifestList;
    }
    Ok(Some(table))
}
