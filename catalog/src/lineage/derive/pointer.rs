//! Pointers: small files that stand for content kept elsewhere under the name of its hash.

use std::collections::HashMap;

use super::{ContentFacts, InferredEdge};
use crate::model::LogRole;

/// Finds the content that pointers point to.
pub(super) fn detect(facts: &[ContentFacts<'_>]) -> Vec<InferredEdge> {
    let mut wanted: HashMap<&str, Vec<&ContentFacts<'_>>> = HashMap::new();
    for pointer in facts {
        if let Some(LogRole::Pointer { addresses, .. }) =
            pointer.version.table_log.as_ref().map(|log| &log.role)
        {
            addresses.iter().for_each(|address| wanted.entry(address).or_default().push(pointer));
        }
    }
    let mut edges = by_size(facts);
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

/// Content kept under its own name, too: of the pointer's name and of the size that it tells.
fn by_size(facts: &[ContentFacts<'_>]) -> Vec<InferredEdge> {
    let name = |facts: &ContentFacts<'_>| facts.path.rsplit('/').next().unwrap_or(facts.path).to_string();
    let mut wanted: HashMap<(u64, String), Vec<&ContentFacts<'_>>> = HashMap::new();
    for pointer in facts {
        if let Some(LogRole::Pointer { bytes: Some(bytes), .. }) =
            pointer.version.table_log.as_ref().map(|log| &log.role)
        {
            wanted.entry((*bytes, name(pointer))).or_default().push(pointer);
        }
    }
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found: HashMap<_, &ContentFacts<'_>> = HashMap::new();
    for content in facts {
        for pointer in wanted.get(&(content.version.size, name(content))).into_iter().flatten() {
            let first = found.entry(pointer.blob).or_insert(content);
            if (content.modified, content.path) < (first.modified, first.path) {
                *first = content;
            }
        }
    }
    let edge = |(pointer, content): (crate::model::BlobId, &ContentFacts<'_>)| InferredEdge {
        from: content.blob,
        to: pointer,
        kind: "pointer",
        direction_known: true,
        confidence: 0.95,
        evidence: format!("it names a file of the other's name and {} bytes", content.version.size),
    };
    found.into_iter().map(edge).collect()
}

/// The last two and the last three parts of a path.
fn endings(path: &str) -> impl Iterator<Item = &str> {
    let mut slashes = path.rmatch_indices('/').map(|(at, _)| at + 1).skip(1);
    [slashes.next(), slashes.next()].into_iter().flatten().map(|at| &path[at..]).chain(
        // A store at the root of the source has no folder before the first part.
        (path.matches('/').count() <= 2).then_some(path),
    )
}
