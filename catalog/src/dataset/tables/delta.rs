//! Delta Lake: the files of the newest version, replayed from the newest complete checkpoint and the commits after it.
//!
//! <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>, "Action Reconciliation".

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use crate::dataset::BlobFacts;
use crate::model::{BlobId, LogRole, TableLog};

/// Replays a log; an error says in words for people why it cannot be trusted.
pub(super) fn replay(logs: &[&BlobFacts<'_>]) -> Result<State, String> {
    let read = || logs.iter().filter_map(|facts| Some((facts.blob, facts.table_log?)));
    let mut commits: BTreeMap<u64, &TableLog> = BTreeMap::new();
    let mut checkpoints: BTreeMap<u64, Vec<(u32, u32, &TableLog)>> = BTreeMap::new();
    let sidecars: BTreeMap<BlobId, &TableLog> =
        read().filter(|(_, log)| log.role == LogRole::DeltaSidecar).collect();
    for (_, log) in read() {
        match log.role {
            LogRole::DeltaCommit { version } => {
                commits.insert(version, log);
            }
            LogRole::DeltaCheckpoint { version, part, parts } => {
                checkpoints.entry(version).or_default().push((part, parts, log));
            }
            _ => {}
        }
    }
    let newest = commits.keys().last().copied().max(checkpoints.keys().last().copied());
    let Some(newest) = newest else { return Err("no version of its log could be read".to_string()) };
    let start = checkpoints
        .iter()
        .rev()
        .find_map(|(version, parts)| whole(parts, &sidecars).map(|logs| (*version, logs)));
    let mut state = State::default();
    let first = match &start {
        Some((version, logs)) => {
            logs.iter().for_each(|log| apply(log, &mut state));
            version + 1
        }
        None => 0,
    };
    for version in first..=newest {
        let Some(commit) = commits.get(&version) else {
            return Err(format!("version {version} of its log is missing or could not be read"));
        };
        apply(commit, &mut state);
    }
    Ok(state)
}

/// The parts of a checkpoint with their sidecars, if all are there. Several writers may have made one each.
fn whole<'a>(
    parts: &[(u32, u32, &'a TableLog)],
    sidecars: &BTreeMap<BlobId, &'a TableLog>,
) -> Option<Vec<&'a TableLog>> {
    let counts: BTreeSet<u32> = parts.iter().map(|(_, count, _)| *count).collect();
    counts.into_iter().find_map(|count| {
        let mut logs: Vec<&TableLog> = Vec::new();
        for wanted in 1..=count {
            let (_, _, log) = parts.iter().find(|(part, of, _)| (*part, *of) == (wanted, count))?;
            logs.push(log);
            for sidecar in &log.logs {
                logs.push(sidecars.get(sidecar)?);
            }
        }
        Some(logs)
    })
}

/// Takes out before it takes in: a commit that gives a file another deletion vector does both.
fn apply(log: &TableLog, state: &mut State) {
    for gone in &log.removed {
        state.live.remove(gone);
    }
    state.live.extend(&log.added);
    if log.keys.is_some() {
        state.keys.clone_from(&log.keys);
    }
}
