//! Files that a table's log took out, or never took in: what they were written from, and what of them was written anew,
//! is the table's own history, which its log tells better. They neither come from other blobs nor lead to them.

use std::collections::{BTreeMap, BTreeSet};

use super::ContentFacts;
use crate::dataset::{self, BlobFacts, Look};
use crate::model::{BlobId, SourceId};

/// The dead files among all facts.
pub(super) fn dead(facts: &[ContentFacts<'_>]) -> BTreeSet<BlobId> {
    let mut sources: BTreeMap<&SourceId, Vec<&ContentFacts<'_>>> = BTreeMap::new();
    for facts in facts {
        sources.entry(&facts.version.source).or_default().push(facts);
    }
    // Without a log there is no table to be dead in.
    sources.retain(|_, facts| facts.iter().any(|facts| facts.version.table_log.is_some()));
    sources.into_iter().flat_map(|(source, facts)| of_source(source, &facts)).collect()
}

fn of_source(source: &SourceId, facts: &[&ContentFacts<'_>]) -> BTreeSet<BlobId> {
    let looks: Vec<Look<'_>> = facts.iter().map(|facts| look(facts)).collect();
    let blobs: Vec<BlobFacts<'_>> = facts
        .iter()
        .zip(&looks)
        .map(|(facts, look)| BlobFacts {
            blob: facts.blob,
            path: facts.path,
            size: facts.version.size,
            modified: facts.modified,
            look,
            anomalies: &facts.version.anomalies,
            table_log: facts.version.table_log.as_ref(),
        })
        .collect();
    dataset::dead(source, &blobs)
}

fn look<'a>(facts: &ContentFacts<'a>) -> Look<'a> {
    let root = facts.version.root();
    Look { format: &root.format, layers: &root.layers, dialect: &root.dialect, schema: None }
}
