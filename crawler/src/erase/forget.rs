//! What an erased blob's version takes with it out of the catalog: its records with all of their history.
//!
//! Personal values are in none of them, but digests of what was deleted can be guessed back, and a path may name the
//! person. The next crawl records the blob as it is now. The catalog's files hold purged bytes until they are rewritten.

use std::collections::BTreeSet;

use catalog::lineage::graph;
use catalog::model::{
    Artifact, BlobId, BlobTokens, BlobVersion, Context, Dataset, Execution, Findings, Properties, Property,
    Statistics,
};
use catalog::store::record::{Index, Record};
use catalog::{AsOf, Catalog, Change};

use super::search::Sought;
use crate::error::Result;

/// Property of a blob version's artifact that holds the digest of its bytes.
const DIGEST: &str = "digest";

/// Changes that make the catalog forget a blob as it was.
///
/// # Errors
/// What the catalog fails with.
pub(super) fn changes(catalog: &Catalog, blob: &BlobId, path: &str, sought: &Sought) -> Result<Vec<Change>> {
    let mut changes = vec![
        Change::purge::<BlobVersion>(blob),
        Change::purge::<Findings>(blob),
        Change::purge::<BlobTokens>(blob),
    ];
    for statistics in catalog.find::<Statistics>(Index::StatisticsOfBlob, &blob.0)? {
        changes.push(Change::purge::<Statistics>(&statistics.id()));
    }
    let named = sought.in_name(path).map(|_| path);
    let mut executions = BTreeSet::new();
    let mut contexts = BTreeSet::new();
    for artifact in graph::artifacts_of_blob(catalog, *blob)? {
        changes.extend(replaced(&artifact, forgotten(&artifact, named))?);
        if named.is_some() {
            executions
                .extend(graph::events_of_artifact(catalog, artifact.id)?.iter().map(|event| event.execution));
            contexts.extend(graph::contexts_of_artifact(catalog, artifact.id)?);
        }
    }
    let Some(named) = named else { return Ok(changes) };
    for id in executions {
        if let Some(execution) = catalog.get::<Execution>(&id, AsOf::Now)? {
            let mut clean = execution.clone();
            clean.name = clean.name.filter(|name| !name.contains(named));
            drop_naming(&mut clean.properties, named);
            drop_naming(&mut clean.custom_properties, named);
            changes.extend(replaced(&execution, clean)?);
        }
    }
    for id in contexts {
        if let Some(context) = catalog.get::<Context>(&id, AsOf::Now)? {
            let mut clean = context.clone();
            if clean.name.contains(named) {
                clean.name = format!("erased {id}");
            }
            drop_naming(&mut clean.properties, named);
            drop_naming(&mut clean.custom_properties, named);
            changes.extend(replaced(&context, clean)?);
        }
    }
    for dataset in catalog.find::<Dataset>(Index::DatasetOfBlob, &blob.0)? {
        changes.push(Change::purge::<Dataset>(&dataset.id));
    }
    Ok(changes)
}

/// The record without its history, if there is anything to forget about it.
fn replaced<R: Record + PartialEq>(record: &R, clean: R) -> Result<Vec<Change>> {
    if *record == clean {
        return Ok(Vec::new());
    }
    Ok(vec![Change::purge::<R>(&record.id()), Change::put(&clean)?])
}

/// The artifact of a version that is no more: it keeps its place in the graph.
fn forgotten(artifact: &Artifact, named: Option<&str>) -> Artifact {
    let mut clean = artifact.clone();
    clean.properties.remove(DIGEST);
    clean.custom_properties.remove(DIGEST);
    if let Some(named) = named {
        clean.name = clean.name.filter(|name| !name.contains(named));
        clean.uri = clean.uri.filter(|uri| !uri.contains(named));
        drop_naming(&mut clean.properties, named);
        drop_naming(&mut clean.custom_properties, named);
    }
    clean
}

fn drop_naming(properties: &mut Properties, named: &str) {
    properties.retain(|_, value| !names(value, named));
}

fn names(value: &Property, named: &str) -> bool {
    match value {
        Property::String(text) => text.contains(named),
        Property::Struct(fields) => fields.values().any(|value| names(value, named)),
        Property::List(items) => items.iter().any(|value| names(value, named)),
        Property::Bool(_) | Property::Int(_) | Property::Double(_) => false,
    }
}
