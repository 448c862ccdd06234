//! Iceberg: the data files of the current snapshot, by metadata file, manifest list and manifests.
//!
//! <https://iceberg.apache.org/spec/>. Delete files serve the table and are in no dataset.

use std::collections::BTreeMap;

use super::State;
use crate::dataset::BlobFacts;
use crate::model::{BlobId, LogRole, TableLog};

/// Follows the current metadata down; an error says in words for people what is missing.
pub(super) fn replay(logs: &[&BlobFacts<'_>]) -> Result<State, String> {
    let read: BTreeMap<BlobId, &TableLog> =
        logs.iter().filter_map(|facts| Some((facts.blob, facts.table_log?))).collect();
    let hint = read.values().find_map(|log| match log.role {
        LogRole::IcebergHint { version } => Some(version),
        _ => None,
    });
    let versions = logs.iter().filter_map(|facts| {
        let log = facts.table_log?;
        let LogRole::IcebergMetadata { version } = log.role else { return None };
        Some((Some(version) == hint, version, facts.modified, facts.path, log))
    });
    let newest = versions.max_by(|a, b| (a.0, a.1, a.2, a.3).cmp(&(b.0, b.1, b.2, b.3)));
    let Some((.., metadata)) = newest else {
        return Err("no version of its metadata could be read".to_string());
    };
    let mut state = State { keys: metadata.keys.clone(), ..State::default() };
    for first in &metadata.logs {
        let log =
            read.get(first).ok_or("the manifest list of its snapshot is missing or could not be read")?;
        let manifests = match log.role {
            LogRole::IcebergManifest => std::slice::from_ref(first),
            _ => &log.logs[..],
        };
        for manifest in manifests {
            let manifest = read.get(manifest).ok_or("a manifest is missing or could not be read")?;
            state.live.extend(&manifest.added);
        }
    }
    Ok(state)
}
