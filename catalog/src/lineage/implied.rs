//! What the graph says of blobs and datasets without a record of its own: a blob's current version implies its artifact
//! and that the crawl made it; a dataset implies that its blobs' artifacts belong to its context.
//!
//! Records of their own have the artifacts of versions that are no longer current ([`kept`]) and those that somebody wrote more to.

use super::graph::{BLOB_VERSION, CRAWL_RUN, DATASET, find_type, text};
use crate::catalog::{AsOf, Catalog, Change};
use crate::error::Result;
use crate::model::{
    Artifact, ArtifactId, BlobVersion, Context, ContextId, Dataset, DatasetId, Event, EventKind, Execution,
    ExecutionId, Properties, Property, TypeId, TypeKind,
};
use crate::store::record::Index;

/// Blobs looked at at a time.
const PAGE_RECORDS: usize = 1_024;

/// The artifact that a blob's version is.
pub(crate) fn artifact(catalog: &Catalog, id: ArtifactId, as_of: AsOf) -> Result<Option<Artifact>> {
    if let AsOf::Time(time) = as_of {
        // It may have been written down later than it came to be.
        let known: Option<Artifact> = catalog.get(&id, AsOf::Now)?;
        return Ok(known.filter(|known| known.blob.is_some() && known.created <= time));
    }
    let Some(version) = version_of(catalog, id)? else { return Ok(None) };
    of_version(catalog, &version).map(Some)
}

/// The event by which a crawl made the current version of a blob known.
pub(crate) fn event(catalog: &Catalog, id: ArtifactId, as_of: AsOf) -> Result<Option<Event>> {
    let version = version_of(catalog, id)?;
    let seen = |version: &BlobVersion| match as_of {
        AsOf::Now => true,
        AsOf::Time(time) => version.crawled <= time,
    };
    Ok(version.filter(seen).map(|version| event_of(&version)))
}

/// The artifact of a current version: its own record, if it has one, or what the version implies.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub(super) fn of_version(catalog: &Catalog, version: &BlobVersion) -> Result<Artifact> {
    let of = find_type(catalog, TypeKind::Artifact, BLOB_VERSION.name)?.map_or(TypeId(0), |of| of.id);
    Ok(artifact_of(of, version))
}

/// Events of a crawl, one a blob whose current version it read.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub(super) fn events_of_crawl(catalog: &Catalog, id: ExecutionId) -> Result<Vec<Event>> {
    let of = find_type(catalog, TypeKind::Execution, CRAWL_RUN.name)?.map(|of| of.id);
    let execution: Option<Execution> = catalog.get(&id, AsOf::Now)?;
    if execution.is_none_or(|execution| Some(execution.type_id) != of) {
        return Ok(Vec::new());
    }
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = catalog.list::<BlobVersion>(AsOf::Now, after.as_deref(), PAGE_RECORDS)?;
        events.extend(page.records.iter().filter(|version| version.run == id).map(event_of));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(events),
        }
    }
}

/// Artifacts of the blobs of the dataset that a context stands for.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub(super) fn artifacts_of_context(catalog: &Catalog, id: ContextId) -> Result<Vec<ArtifactId>> {
    let Some(context) = catalog.get::<Context>(&id, AsOf::Now)? else { return Ok(Vec::new()) };
    let of = find_type(catalog, TypeKind::Context, DATASET.name)?.map(|of| of.id);
    let Some(Property::String(dataset)) = context.properties.get("dataset") else { return Ok(Vec::new()) };
    if of != Some(context.type_id) {
        return Ok(Vec::new());
    }
    let dataset: Option<Dataset> = catalog.get(&DatasetId(dataset.clone()), AsOf::Now)?;
    let mut artifacts = Vec::new();
    for blob in
        dataset.filter(|dataset| dataset.context == Some(id)).iter().flat_map(|dataset| &dataset.blobs)
    {
        artifacts.extend(catalog.get::<BlobVersion>(blob, AsOf::Now)?.map(|version| version.artifact));
    }
    Ok(artifacts)
}

/// Contexts of the datasets that an artifact's blob belongs to.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub(super) fn contexts_of_artifact(catalog: &Catalog, id: ArtifactId) -> Result<Vec<ContextId>> {
    let Some(version) = version_of(catalog, id)? else { return Ok(Vec::new()) };
    let datasets: Vec<Dataset> = catalog.find(Index::DatasetOfBlob, &version.blob.0)?;
    Ok(datasets.into_iter().filter_map(|dataset| dataset.context).collect())
}

/// Changes that write down what a version implies, before it is no longer the current one.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn kept(catalog: &Catalog, version: &BlobVersion) -> Result<Vec<Change>> {
    let artifact: Option<Artifact> = catalog.get(&version.artifact, AsOf::Now)?;
    let artifact = artifact.as_ref().map(Change::put).transpose()?;
    Ok(artifact.into_iter().chain([Change::put(&event_of(version))?]).collect())
}

fn version_of(catalog: &Catalog, id: ArtifactId) -> Result<Option<BlobVersion>> {
    let versions: Vec<BlobVersion> = catalog.find(Index::BlobOfArtifact, &id.0.to_be_bytes())?;
    Ok(versions.into_iter().next())
}

fn event_of(version: &BlobVersion) -> Event {
    Event {
        artifact: version.artifact,
        execution: version.run,
        kind: EventKind::InternalOutput, // the run made the record, not the blob
        path: Vec::new(),
        time: version.crawled,
    }
}

fn artifact_of(type_id: TypeId, version: &BlobVersion) -> Artifact {
    let mut properties = Properties::from([
        ("source".to_owned(), text(&version.source.0)),
        ("path".to_owned(), text(&version.path)),
        ("format".to_owned(), text(&version.root().format)),
        ("size".to_owned(), Property::Int(version.size as i64)),
    ]);
    properties.extend(version.digest.map(|digest| ("digest".to_owned(), text(digest.to_string()))));
    Artifact {
        id: version.artifact,
        type_id,
        name: None,
        uri: None,
        blob: Some(version.blob),
        properties,
        custom_properties: Properties::new(),
        created: version.crawled,
    }
}
