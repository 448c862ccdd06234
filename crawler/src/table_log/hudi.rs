//! Hudi's books: the table's properties and actions that replaced groups of files. That others completed stands in
//! the names of the timeline's files, which the catalog reads.
//!
//! <https://hudi.apache.org/tech-specs/>

use std::collections::BTreeMap;

use catalog::model::{FeatureType, LogRole, PartitionKey, TableLog};
use serde::Deserialize;

use super::{Log, push};
use crate::format::FormatError;

const FOLDER: &str = ".hoodie";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    #[serde(default)]
    partition_to_replace_file_ids: BTreeMap<String, Vec<String>>,
}

pub(super) fn is_properties(folder: &str, name: &str) -> bool {
    folder.rsplit('/').next() == Some(FOLDER) && name == "hoodie.properties"
}

pub(super) fn is_replacement(folder: &str, name: &str) -> bool {
    folder.split('/').any(|folder| folder == FOLDER) && name.ends_with(".replacecommit")
}

pub(super) fn properties(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let document = log.document()?;
    let mut table = TableLog::of(LogRole::HudiProperties);
    let fields = String::from_utf8_lossy(&document)
        .lines()
        .find_map(|line| line.trim().strip_prefix("hoodie.table.partition.fields=").map(str::to_owned));
    // `country:SIMPLE` names the way that values are made, from 1.0 on.
    table.keys = fields.map(|fields| {
        let names = fields.split(',').map(|field| field.split(':').next().unwrap_or(field).trim());
        let key = |name: &str| PartitionKey { name: name.to_owned(), kind: FeatureType::Unknown };
        names.filter(|name| !name.is_empty()).map(key).collect()
    });
    Ok(Some(table))
}

pub(super) fn replacement(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let replaced: Replacement = log.json()?;
    let root = log.root_above(FOLDER);
    let mut table = TableLog::of(LogRole::HudiReplacement);
    for (partition, groups) in replaced.partition_to_replace_file_ids {
        for group in groups {
            let path: Vec<&str> =
                [root, &partition, &group].into_iter().filter(|part| !part.is_empty()).collect();
            push(&mut table.removed, log.blob(&path.join("/")))?;
        }
    }
    Ok(Some(table))
}
