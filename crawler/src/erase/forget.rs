//! What an erased blob's version takes with it out of the catalog: its records with all of their history.
//!
//! Personal values are in none of them, but digests of what was deleted can be guessed back, and a path may name the
//! person. The next crawl records the blob as it is now. The catalog's files hold purged bytes until they are rewritten.

use std::collections::BTreeSet;

use catalog::catalog::Changed;
use catalog::lineage::graph;
use catalog::model::{
    Annotation, Artifact, BlobId, BlobVersion, ContentSketch, Context, ContextId, Dataset, DatasetId,
    Execution, FeaturePath, Finding, Findings, Properties, Property, Statistics,
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
        Change::purge::<ContentSketch>(blob),
    ];
    for statistics in catalog.find::<Statistics>(Index::StatisticsOfBlob, &blob.0)? {
        changes.push(Change::purge::<Statistics>(&statistics.id()));
    }
    let named = sought.in_name(path).map(|_| path);
    let mut executions = BTreeSet::new();
    let mut contexts = BTreeSet::new();
    for artifact in graph::artifacts_of_blob(catalog, *blob)? {
        // One that only its version implies would go with it.
        let clean = forgotten(&artifact, named);
        changes.extend([Change::purge::<Artifact>(&artifact.id), Change::put(&clean)?]);
        changes.push(Change::purge_tokens(artifact.id));
        if named.is_some() {
            executions
                .extend(graph::events_of_artifact(catalog, artifact.id)?.iter().map(|event| event.execution));
            contexts.extend(graph::contexts_of_artifact(catalog, artifact.id)?);
        }
    }
    let Some(named) = named else { return Ok(changes) };
    for id in contexts {
        changes.extend(unnamed(catalog, id, named)?);
    }
    for id in executions {
        if let Some(execution) = catalog.get::<Execution>(&id, AsOf::Now)? {
            let mut clean = execution.clone();
            clean.name = clean.name.filter(|name| !name.contains(named));
            drop_naming(&mut clean.properties, named);
            drop_naming(&mut clean.custom_properties, named);
            changes.extend(replaced(&execution, clean)?);
        }
    }
    for dataset in catalog.find::<Dataset>(Index::DatasetOfBlob, &blob.0)? {
        changes.push(Change::purge::<Dataset>(&dataset.id));
    }
    Ok(changes)
}

/// Changes that make the catalog forget blobs and datasets that are gone from the lake and whose path names the person:
/// no step is about them, and their history would name her for ever.
///
/// # Errors
/// What the catalog fails with.
pub(super) fn gone(catalog: &Catalog, sought: &Sought) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for id in closed::<BlobVersion>(catalog)? {
        let Ok(id) = id.as_slice().try_into().map(BlobId) else { continue };
        if let Some(known) =
            last::<BlobVersion>(catalog, &id)?.filter(|known| sought.in_name(&known.path).is_some())
        {
            changes.extend(self::changes(catalog, &id, &known.path, sought)?);
        }
    }
    changes.extend(annotations(catalog, sought)?);
    let of_finding = |one: &Finding| is_named(sought, &one.member, one.feature.as_ref());
    changes.extend(once_named::<Findings>(catalog, &|was| was.findings.iter().any(of_finding))?);
    let of_statistics = |was: &Statistics| {
        let named = |path| is_named(sought, &was.member, Some(path));
        is_named(sought, &was.member, None) || was.features.iter().any(|one| named(&one.path))
    };
    changes.extend(once_named::<Statistics>(catalog, &of_statistics)?);
    for id in closed::<Dataset>(catalog)? {
        let Ok(id) = String::from_utf8(id).map(DatasetId) else { continue };
        let Some(known) =
            last::<Dataset>(catalog, &id)?.filter(|known| sought.in_name(&known.root).is_some())
        else {
            continue;
        };
        changes.push(Change::purge::<Dataset>(&id));
        if let Some(context) = known.context {
            changes.extend(unnamed(catalog, context, &known.root)?);
        }
    }
    Ok(changes)
}

/// Changes that make the catalog forget what records were, where that names the person and what they are does not: members of an
/// archive, or columns, that were gone before an erasure of them was recorded.
fn once_named<R: Record>(catalog: &Catalog, is_named: &dyn Fn(&R) -> bool) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    catalog.pasts::<R>(&mut |was, is| {
        let Some(id) = was.iter().find(|was| is_named(was)).map(R::id) else { return Ok(()) };
        match is {
            Some(is) if is_named(&is) => return Ok(()), // a step is about it, or verification tells of it
            Some(is) => changes.extend([Change::purge::<R>(&id), Change::put(&is)?]),
            None => changes.push(Change::purge::<R>(&id)),
        }
        Ok(())
    })?;
    Ok(changes)
}

fn is_named(sought: &Sought, member: &[String], feature: Option<&FeaturePath>) -> bool {
    let in_name = |name: &str| sought.in_name(name).is_some();
    member.iter().any(|name| in_name(name)) || feature.is_some_and(|path| in_name(&path.to_string()))
}

/// Changes that take the person out of what people said of things, its history included. Personal values are refused when
/// something is said, but recognisers do not know every person.
fn annotations(catalog: &Catalog, sought: &Sought) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for said in catalog.all::<Annotation>(AsOf::Now)? {
        let history = catalog.history::<Annotation>(&said.id())?;
        let is_in = |said: &Annotation| {
            let names =
                said.tags.iter().chain(&said.owners).chain([&said.description, &said.feature, &said.by]);
            names.into_iter().any(|text| sought.in_words(text))
        };
        if history.iter().filter_map(|(_, version)| version.as_ref()).any(is_in) {
            changes.push(Change::purge::<Annotation>(&said.id()));
            let mut clean = said.clone();
            clean.tags.retain(|tag| !sought.in_words(tag));
            clean.owners.retain(|owner| !sought.in_words(owner));
            if sought.in_words(&clean.description) {
                clean.description.clear();
            }
            if !clean.is_empty() && !is_in(&clean) {
                changes.push(Change::put(&clean)?);
            }
        }
    }
    Ok(changes)
}

/// Ids of records of a kind that are closed and not purged.
fn closed<R: Record>(catalog: &Catalog) -> Result<Vec<Vec<u8>>> {
    let mut ids = Vec::new();
    catalog.changed::<R>(0, &mut |id, changed| {
        if matches!(changed, Changed::Closed) {
            ids.push(id.to_vec());
        }
        Ok(())
    })?;
    Ok(ids)
}

/// What a record said last.
fn last<R: Record>(catalog: &Catalog, id: &R::Id) -> Result<Option<R>> {
    Ok(catalog.history::<R>(id)?.into_iter().find_map(|(_, record)| record))
}

/// A context without what names the person in it.
fn unnamed(catalog: &Catalog, id: ContextId, named: &str) -> Result<Vec<Change>> {
    let Some(context) = catalog.get::<Context>(&id, AsOf::Now)? else { return Ok(Vec::new()) };
    let mut clean = context.clone();
    if clean.name.contains(named) {
        clean.name = format!("erased {id}");
    }
    drop_naming(&mut clean.properties, named);
    drop_naming(&mut clean.custom_properties, named);
    replaced(&context, clean)
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
