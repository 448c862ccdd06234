//! Delta Lake's log: commits, checkpoints of one or several parts or with sidecars.
//!
//! <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>

use catalog::dataset::unescape;
use catalog::model::{FeatureType, LogRole, PartitionKey, TableLog};
use serde::Deserialize;

use super::{Log, push};
use crate::format::FormatError;

const FOLDER: &str = "_delta_log";
/// Columns of a checkpoint in Parquet.
const COLUMNS: [&str; 5] =
    ["add.path", "remove.path", "metaData.partitionColumns[]", "metaData.schemaString", "sidecar.path"];

#[derive(Deserialize)]
struct Action {
    add: Option<File>,
    remove: Option<File>,
    #[serde(rename = "metaData")]
    metadata: Option<Metadata>,
    sidecar: Option<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    partition_columns: Vec<String>,
    #[serde(default)]
    schema_string: String,
}

#[derive(Deserialize, Default)]
struct TableSchema {
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: serde_json::Value,
}

fn is_log(folder: &str) -> bool {
    folder == FOLDER || folder.ends_with("/_delta_log")
}

/// The version in a file's name, which has twenty digits, and what follows.
fn version(name: &str) -> Option<(u64, &str)> {
    let (digits, rest) = name.split_once('.')?;
    (digits.len() == 20).then_some(())?;
    Some((digits.parse().ok()?, rest))
}

pub(super) fn is_commit(folder: &str, name: &str) -> bool {
    is_log(folder) && version(name).is_some_and(|(_, rest)| rest == "json")
}

pub(super) fn is_checkpoint(folder: &str, name: &str) -> bool {
    let ending = |rest: &str| rest.ends_with(".parquet") || rest.ends_with(".json");
    is_log(folder) && version(name).is_some_and(|(_, rest)| rest.starts_with("checkpoint.") && ending(rest))
}

pub(super) fn is_sidecar(folder: &str, name: &str) -> bool {
    folder.strip_suffix("/_sidecars").is_some_and(is_log) && name.ends_with(".parquet")
}

pub(super) fn commit(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let name = log.path.rsplit('/').next().unwrap_or(log.path);
    let Some((version, _)) = version(name) else { return Ok(None) };
    let mut table = TableLog::of(LogRole::DeltaCommit { version });
    log.each_json(&mut |action| take(log, &mut table, action))?;
    Ok(Some(table))
}

pub(super) fn checkpoint(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let name = log.path.rsplit('/').next().unwrap_or(log.path);
    let Some((version, rest)) = version(name) else { return Ok(None) };
    let numbers: Vec<u32> =
        rest.split('.').filter(|word| word.len() == 10).filter_map(|word| word.parse().ok()).collect();
    let (part, parts) = match numbers[..] {
        [part, parts] => (part, parts),
        _ => (1, 1),
    };
    let mut table = TableLog::of(LogRole::DeltaCheckpoint { version, part, parts });
    if name.ends_with(".json") {
        log.each_json(&mut |action| take(log, &mut table, action))?;
    } else {
        columns(log, &mut table)?;
    }
    // Tombstones in a checkpoint are history: what it adds is all there is.
    table.removed.clear();
    Ok(Some(table))
}

pub(super) fn sidecar(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let mut table = TableLog::of(LogRole::DeltaSidecar);
    columns(log, &mut table)?;
    table.removed.clear();
    Ok(Some(table))
}

fn columns(log: &Log<'_>, table: &mut TableLog) -> Result<(), FormatError> {
    log.each_row(&COLUMNS, &mut |cells| {
        let one = |column: usize| cells.iter().find(|(at, _)| *at == column).map(|(_, text)| text.clone());
        let file = |column: usize| one(column).map(|path| File { path });
        let partition_columns =
            cells.iter().filter(|(at, _)| *at == 2).map(|(_, text)| text.clone()).collect();
        let metadata = one(3).map(|schema_string| Metadata { partition_columns, schema_string });
        take(log, table, Action { add: file(0), remove: file(1), metadata, sidecar: file(4) })
    })
}

fn take(log: &Log<'_>, table: &mut TableLog, action: Action) -> Result<(), FormatError> {
    let root = log.root_above(FOLDER);
    if let Some(File { path }) = action.add {
        push(&mut table.added, log.named(&unescape(&path), root))?;
    }
    if let Some(File { path }) = action.remove {
        push(&mut table.removed, log.named(&unescape(&path), root))?;
    }
    if let Some(File { path }) = action.sidecar {
        let name = path.rsplit('/').next().unwrap_or(&path);
        push(&mut table.logs, log.blob(format!("{root}/{FOLDER}/_sidecars/{name}").trim_start_matches('/')))?;
    }
    if let Some(metadata) = action.metadata {
        table.keys = Some(keys(&metadata));
    }
    Ok(())
}

/// Partition columns in the order of the metadata, which is that of the folders, with their types in the schema.
fn keys(metadata: &Metadata) -> Vec<PartitionKey> {
    let schema: TableSchema = serde_json::from_str(&metadata.schema_string).unwrap_or_default();
    let kind = |name: &str| {
        let field = schema.fields.iter().find(|field| field.name == name);
        field.and_then(|field| field.kind.as_str()).map_or(FeatureType::Unknown, kind)
    };
    let key = |name: &String| PartitionKey { name: name.clone(), kind: kind(name) };
    metadata.partition_columns.iter().map(key).collect()
}

/// A primitive type by the name that Delta Lake and Iceberg give it.
pub(super) fn kind(name: &str) -> FeatureType {
    match name {
        "byte" | "short" | "integer" | "int" | "long" => FeatureType::Int,
        "float" | "double" => FeatureType::Float,
        "boolean" => FeatureType::Bool,
        "date" => FeatureType::Date,
        "string" | "uuid" => FeatureType::String,
        name if name.starts_with("timestamp") => FeatureType::Timestamp,
        name if name.starts_with("decimal") => FeatureType::Float,
        _ => FeatureType::Unknown,
    }
}
