//! OpenLineage events (spec 2-0-2) as changes of the graph: a run is an execution, its job a context, datasets are
//! artifacts, and what it read and wrote are events.
//!
//! Events of one run come in any order and more than once: they merge into one execution, and a delivery that says
//! nothing new changes nothing. A dataset that is one of our blobs is that blob's current version, so that reported
//! and inferred lineage meet; others are artifacts known by their URI.

use std::collections::BTreeMap;

use serde_json::Value;

use self::event::{Named, Received, Run};
use super::graph::{self, EXTERNAL_DATASET, NewArtifact, NewExecution, OPENLINEAGE_JOB, OPENLINEAGE_RUN};
use crate::catalog::{AsOf, Catalog, Change};
use crate::error::Result;
use crate::model::{
    Artifact, ArtifactId, BlobId, BlobVersion, ContextId, EventKind, ExecutionId, ExecutionState, Properties,
    Source,
};

mod event;
mod facet;

/// What an event comes to.
#[derive(Debug)]
pub struct Accepted {
    /// The run's execution, of a run event.
    pub execution: Option<ExecutionId>,
    /// Commit these.
    pub changes: Vec<Change>,
}

/// Turns an event (RunEvent, JobEvent or DatasetEvent) into changes.
///
/// # Errors
/// `Invalid`, with the field that is wrong; `Unavailable` if the store fails.
pub fn accept(catalog: &Catalog, body: &Value) -> Result<Accepted> {
    let received = event::read(body)?;
    let mut datasets = Datasets { catalog, sources: catalog.all(AsOf::Now)?, found: BTreeMap::new() };
    let mut events = Vec::new();
    for (named, kind) in received
        .inputs
        .iter()
        .map(|named| (named, EventKind::Input))
        .chain(received.outputs.iter().map(|named| (named, EventKind::Output)))
    {
        events.push((datasets.artifact(named)?, kind, Vec::new()));
    }
    if let Some(named) = &received.dataset {
        datasets.artifact(named)?;
    }
    let mut changes = Vec::new();
    let mut job = None;
    if let Some(named) = &received.job {
        let (context, change) = put_job(catalog, named)?;
        job = Some(context);
        changes.extend(change);
    }
    changes.extend(datasets.changes()?);
    let mut execution = None;
    if let Some(run) = &received.run {
        let (id, change) = put_run(catalog, &received, run, job, events)?;
        execution = Some(id);
        changes.extend(change);
    }
    Ok(Accepted { execution, changes })
}

fn put_job(catalog: &Catalog, job: &Named) -> Result<(ContextId, Vec<Change>)> {
    let of = graph::ensure(catalog, &OPENLINEAGE_JOB)?;
    let mut properties = Properties::new();
    properties.insert("namespace".into(), graph::text(&job.namespace));
    properties.insert("name".into(), graph::text(&job.name));
    properties.extend(job.facets.clone());
    graph::put_context(catalog, of, &format!("{}/{}", job.namespace, job.name), properties)
}

fn put_run(
    catalog: &Catalog,
    received: &Received,
    run: &Run,
    job: Option<ContextId>,
    events: Vec<(ArtifactId, EventKind, Vec<String>)>,
) -> Result<(ExecutionId, Vec<Change>)> {
    let of = graph::ensure(catalog, &OPENLINEAGE_RUN)?;
    let known = graph::execution_named(catalog, of, &run.id)?;
    let mut state = run.state.unwrap_or(ExecutionState::Unknown);
    let mut started = received.time;
    let mut ended = is_final(state).then_some(received.time);
    if let Some(known) = &known {
        started = started.min(known.started);
        // An end stands against starts that arrive late; of two ends the later one holds.
        let stands = match (is_final(known.state), is_final(state)) {
            (true, true) => known.ended > ended,
            (true, false) => true,
            (false, true) => false,
            (false, false) => state == ExecutionState::Unknown,
        };
        if stands {
            (state, ended) = (known.state, known.ended);
        }
    }
    let mut properties = Properties::new();
    if let Some(named) = &received.job {
        properties.insert("job_namespace".into(), graph::text(&named.namespace));
        properties.insert("job_name".into(), graph::text(&named.name));
    }
    properties.insert("producer".into(), graph::text(&received.producer));
    let new = NewExecution {
        name: Some(run.id.clone()),
        state,
        properties,
        custom_properties: run.facets.clone(),
        started,
        ended,
        events,
        contexts: job.into_iter().collect(),
    };
    graph::put_execution(catalog, of, new)
}

fn is_final(state: ExecutionState) -> bool {
    matches!(state, ExecutionState::Complete | ExecutionState::Failed | ExecutionState::Canceled)
}

/// The URI of a dataset by OpenLineage's naming: namespace and name with one slash between; files are `file:///…`.
pub fn uri(namespace: &str, name: &str) -> String {
    let namespace = match namespace {
        "file" | "file:" | "file://" => "file://",
        other => other.trim_end_matches('/'),
    };
    format!("{namespace}/{}", name.trim_matches('/'))
}

/// Datasets of one event, each once.
struct Datasets<'a> {
    catalog: &'a Catalog,
    sources: Vec<Source>,
    found: BTreeMap<String, Found>,
}

/// An artifact that is there or is to be made, and facets that the event adds to it.
struct Found {
    id: ArtifactId,
    new: Option<NewArtifact>,
    facets: Properties,
}

impl Datasets<'_> {
    /// The artifact of a dataset: a blob's current version, one known by its URI, or a new one.
    fn artifact(&mut self, named: &Named) -> Result<ArtifactId> {
        let uri = uri(&named.namespace, &named.name);
        if let Some(found) = self.found.get_mut(&uri) {
            found.facets.extend(named.facets.clone());
            return Ok(found.id);
        }
        let known = match self.blob(&uri)? {
            Some(version) => Some(version.artifact),
            None => graph::artifacts_at(self.catalog, &uri)?.into_iter().map(|artifact| artifact.id).min(),
        };
        let found = match known {
            Some(id) => Found { id, new: None, facets: named.facets.clone() },
            None => {
                let mut properties = Properties::new();
                properties.insert("namespace".into(), graph::text(&named.namespace));
                properties.insert("name".into(), graph::text(&named.name));
                let (name, at) = (Some(uri.clone()), Some(uri.clone()));
                let new = NewArtifact { name, uri: at, properties, ..NewArtifact::default() };
                let id = ArtifactId(self.catalog.reserve_ids(1)?);
                Found { id, new: Some(new), facets: named.facets.clone() }
            }
        };
        let id = found.id;
        self.found.insert(uri, found);
        Ok(id)
    }

    /// The current version of the blob at a URI.
    fn blob(&self, uri: &str) -> Result<Option<BlobVersion>> {
        for source in &self.sources {
            let below =
                uri.strip_prefix(source.url.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
            let Some(path) = below else { continue };
            let version: Option<BlobVersion> = self.catalog.get(&BlobId::of(&source.id, path), AsOf::Now)?;
            if version.is_some() {
                return Ok(version);
            }
        }
        Ok(None)
    }

    fn changes(self) -> Result<Vec<Change>> {
        let of = graph::ensure(self.catalog, &EXTERNAL_DATASET)?;
        let mut changes = Vec::new();
        for found in self.found.into_values() {
            let artifact = match (found.new, self.catalog.get::<Artifact>(&found.id, AsOf::Now)?) {
                (Some(new), _) => Some(Artifact {
                    id: found.id,
                    type_id: of,
                    name: new.name,
                    uri: new.uri,
                    blob: None,
                    properties: new.properties,
                    custom_properties: found.facets,
                    created: self.catalog.env().clock.now(),
                }),
                (None, Some(mut known)) => {
                    known.custom_properties.extend(found.facets);
                    Some(known)
                }
                (None, None) => None,
            };
            changes.extend(artifact.as_ref().map(Change::put).transpose()?);
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests;
