//! Tables whose log only their own engine can write: Iceberg (<https://iceberg.apache.org/spec/>) and Hudi. Their logs name files with
//! their sizes, so a file that is rewritten in place cannot be read any more, and an entry of a log that names a person names
//! a file of others. What a plan can do is to say which statements the engine has to run.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::path::Path;

use super::search::Found;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::source::Lake;
use crate::stage::masked;

/// Objects of a folder of metadata that are looked at for a table's own.
const LISTED_MAX: usize = 1_000;
/// Bytes at the beginning of a table's metadata that say what it is.
const HEAD_BYTES: usize = 64 << 10;

/// Cells whose columns a statement names.
const COLUMNS_MAX: usize = 100;

/// An engine's kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Iceberg,
    Hudi,
}

/// Why a blob that holds the person must be left to an engine, and what that has to run; nothing if it is of no such table.
///
/// # Errors
/// If the folders around it cannot be looked into.
pub(super) async fn needed(lake: &Lake, path: &str, found: &Found) -> Result<Option<String>> {
    let mut root = path;
    while let Some((folder, _)) = root.rsplit_once('/').or((!root.is_empty()).then_some(("", root))) {
        root = folder;
        let within = path[root.len()..].trim_start_matches('/');
        if may_be_iceberg(within) && is_iceberg(lake, root).await? {
            return Ok(Some(statements(Kind::Iceberg, &columns(found))));
        }
        if may_be_hudi(within) && is_there(lake, &below(root, ".hoodie/hoodie.properties")).await? {
            return Ok(Some(statements(Kind::Hudi, &columns(found))));
        }
    }
    Ok(None)
}

fn below(root: &str, path: &str) -> String {
    if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") }
}

fn is_data(path: &str) -> bool {
    [".parquet", ".orc", ".avro"].iter().any(|ending| path.ends_with(ending))
}

fn may_be_iceberg(within: &str) -> bool {
    within.starts_with("metadata/") || is_data(within)
}

/// Log files are hidden ones: `.<file id>_<instant>.log.<version>_<token>`.
fn may_be_hudi(within: &str) -> bool {
    let name = within.rsplit('/').next().unwrap_or(within);
    within.starts_with(".hoodie/") || is_data(within) || name.starts_with('.') && name.contains(".log.")
}

async fn is_there(lake: &Lake, path: &str) -> Result<bool> {
    match lake.fetch(path, None, None).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a folder holds a table's metadata: many things are called so, and only a table's has a version of its format.
async fn is_iceberg(lake: &Lake, root: &str) -> Result<bool> {
    let failed = |error| crate::error::of_store("look for a table's metadata", error);
    let folder = Path::parse(below(root, "metadata")).map_err(|_| {
        Error::invalid("look for a table's metadata", "the store's client cannot spell its name")
    })?;
    let mut listed = lake.store().list(Some(&folder));
    for _ in 0..LISTED_MAX {
        let Some(object) = listed.try_next().await.map_err(failed)? else { return Ok(false) };
        let path = object.location.as_ref();
        if path.trim_end_matches(".gz").ends_with(".metadata.json") {
            let fetched = match lake.fetch(path, None, None).await {
                Err(error) if error.kind == ErrorKind::NotFound => continue,
                fetched => fetched?,
            };
            let head = fetched.content.range(0, HEAD_BYTES);
            let head = head.map_err(|error| crate::error::of_file("look for a table's metadata", error))?;
            let is_packed = path.ends_with(".gz") || head.starts_with(&[0x1f, 0x8b]);
            return Ok(is_packed || memchr::memmem::find(&head, b"\"format-version\"").is_some());
        }
    }
    Ok(false)
}

/// Columns in which the person stands, as far as the blob has any; a name that is personal itself is left out, since it is kept
/// with the plan.
fn columns(found: &Found) -> BTreeSet<String> {
    let mut spans = Vec::new();
    let cells = found.parts.iter().flat_map(|part| &part.cells);
    let plain = cells.filter(|cell| masked(&cell.feature, &mut spans) == cell.feature);
    plain.map(|cell| cell.feature.to_string()).take(COLUMNS_MAX).collect()
}

fn statements(kind: Kind, columns: &BTreeSet<String>) -> String {
    let condition: Vec<_> = columns.iter().map(|column| format!("{column} = 'VALUE'")).collect();
    let condition = if condition.is_empty() { "COLUMN = 'VALUE'".to_owned() } else { condition.join(" OR ") };
    let (name, then) = match kind {
        Kind::Iceberg => (
            "an Iceberg",
            "CALL system.rewrite_data_files(table => 'TABLE', options => map('delete-file-threshold', '1')); \
             CALL system.expire_snapshots(table => 'TABLE', older_than => current_timestamp(), retain_last => 1); \
             CALL system.remove_orphan_files(table => 'TABLE')",
        ),
        Kind::Hudi => (
            "a Hudi",
            "CALL run_compaction(op => 'run', table => 'TABLE'); \
             CALL run_clean(table => 'TABLE', clean_policy => 'KEEP_LATEST_FILE_VERSIONS', file_versions_retained => 1)",
        ),
    };
    format!(
        "it is of {name} table, whose log has to know of every change: it needs its engine. Run there \
         DELETE FROM TABLE WHERE {condition}; {then}; then crawl and plan again"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_columns_and_no_value() {
        let columns = BTreeSet::from(["email".to_owned(), "note".to_owned()]);
        let iceberg = statements(Kind::Iceberg, &columns);
        assert!(iceberg.contains("DELETE FROM TABLE WHERE email = 'VALUE' OR note = 'VALUE'; CALL system."));
        assert!(statements(Kind::Hudi, &BTreeSet::new()).contains("WHERE COLUMN = 'VALUE'"));
    }
}
