//! Pointers: small files that stand for content kept elsewhere under the name of its hash.

use std::collections::HashMap;

use super::{ContentFacts, InferredEdge};
use crate::model::LogRole;

/// Finds the content that pointers point to.
pub(super) fn detect(facts: &[ContentFacts<'_>]) -> Vec<InferredEdge> {
    let mut wanted: HashMap<&str, Vec<&ContentFacts<'_>>> = HashMap::new();
    for pointer in facts {
        if let Some(LogRole::Pointer { addresses }) = pointer.version.table_log.as_ref().map(|log| &log.role)
        {
            addresses.iter().for_each(|address| wanted.entry(address).or_default().push(pointer));
        }
    }
    let mut edges = Vec::new();
    for content in facts {
        for pointer in endings(content.path).filter_map(|ending| wanted.get(ending)).flatten() {
            edges.push(InferredEdge {
                from: content.blob,
                to: pointer.blob,
                kind: "pointer",
                direction_known: true,
                confidence: 0.98,
                evidence: "it names the other by the hash of its content".to_string(),
            });
        }
    }
    edges
}

/// The last two and the last three parts of a path.
fn endings(path: &str) -> impl Iterator<Item = &str> {
    let mut slashes = path.rmatch_indices('/').map(|(at, _)| at + 1).skip(1);
    [slashes.next(), slashes.next()].into_iter().flatten().map(|at| &path[at..]).chain(
        // A store at the root of the source has no folder before the first part.
        (path.matches('/').count() <= 2).then_some(path),
    )
}
