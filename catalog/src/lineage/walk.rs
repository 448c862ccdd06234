//! Walks through the graph, up to where content came from and down to where it went, over all events whoever
//! reported them.
//!
//! A walk goes from artifact to artifact through executions, version by version; where it starts at a blob or
//! dataset it starts at all of their versions. Renderings stand in [`super::render`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use self::place::Places;
use super::graph::{self, INFERRED_EDGE};
use crate::catalog::{AsOf, Catalog};
use crate::error::{Error, Result};
use crate::model::{
    Artifact, ArtifactId, BlobId, BlobVersion, Dataset, DatasetId, Event, Execution, ExecutionId, Properties,
    Property, Type,
};

mod place;

/// Edges that one walk returns at most; reaching it is told in [`Walk::truncated`].
pub const EDGES_MAX: usize = 10_000;
/// Executions read at a time while listing all edges.
const EXECUTIONS_PAGE: usize = 1_000;
/// Depth of a walk if nobody asks for another.
pub const DEPTH_DEFAULT: usize = 32;

/// Where a walk starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// One artifact.
    Artifact(ArtifactId),
    /// All versions of a blob.
    Blob(BlobId),
    /// All versions of all blobs of a dataset.
    Dataset(DatasetId),
    /// Artifacts at a URI.
    Uri(String),
}

/// Which way to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To what it came from.
    Up,
    /// To what came from it.
    Down,
    /// Both, without turning.
    Both,
}

/// A step between two artifacts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// The parent: a blob's path, a URI or a name.
    pub from: String,
    /// The child.
    pub to: String,
    /// Kind of an inferred edge; `run` of a reported one.
    pub kind: String,
    /// Whether parent and child are told apart for sure.
    pub direction_known: bool,
    /// `headwater` for inferred edges, else the type of the execution.
    pub reported_by: String,
    /// 1 for reported edges.
    pub confidence: f64,
    /// Why, or which run.
    pub evidence: String,
    /// The parent's artifact.
    #[serde(skip)]
    pub from_artifact: ArtifactId,
    /// The child's artifact.
    #[serde(skip)]
    pub to_artifact: ArtifactId,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    /// Its edges, nearest first.
    pub edges: Vec<Edge>,
    /// Whether a bound ended it before the graph did.
    pub truncated: bool,
}

/// Walks from a start, at most `depth` steps.
///
/// # Errors
/// `NotFound` if the start is not in the catalog.
pub fn walk(catalog: &Catalog, start: &Start, way: Way, depth: usize, as_of: AsOf) -> Result<Walk> {
    let starts = artifacts(catalog, start, as_of)?;
    if starts.is_empty() {
        return Err(Error::not_found("walk lineage", "the thing is not in the catalog"));
    }
    let mut walker = Walker::new(catalog, as_of)?;
    let mut walk = Walk::default();
    if way != Way::Down {
        walker.go(&starts, true, depth, &mut walk)?;
    }
    if way != Way::Up {
        walker.go(&starts, false, depth, &mut walk)?;
    }
    Ok(walk)
}

/// All edges of the graph, oldest execution first, `limit` at most.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn all(catalog: &Catalog, as_of: AsOf, limit: usize) -> Result<Walk> {
    let mut walker = Walker::new(catalog, as_of)?;
    let mut walk = Walk::default();
    let mut after = None;
    loop {
        let page = catalog.list::<Execution>(as_of, after.as_deref(), EXECUTIONS_PAGE)?;
        for execution in &page.records {
            let events = walker.events_of_execution(execution.id)?;
            let (inputs, outputs): (Vec<&Event>, Vec<&Event>) =
                events.iter().partition(|event| event.kind.is_input());
            for (input, output) in
                inputs.iter().flat_map(|input| outputs.iter().map(move |output| (input, output)))
            {
                if walk.edges.len() == limit {
                    walk.truncated = true;
                    return Ok(walk);
                }
                walk.edges.extend(walker.edge(execution.id, input.artifact, output.artifact)?);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(walk),
        }
    }
}

/// The earliest ancestors of a blob, each with the edges from it down to the blob; none if it has no ancestor.
///
/// # Errors
/// `NotFound` if the blob is not in the catalog.
pub fn origins(catalog: &Catalog, blob: BlobId, as_of: AsOf) -> Result<Vec<(String, Vec<Edge>)>> {
    let walk = walk(catalog, &Start::Blob(blob), Way::Up, DEPTH_DEFAULT, as_of)?;
    let children: BTreeSet<&str> = walk.edges.iter().map(|edge| edge.to.as_str()).collect();
    let starts: BTreeSet<ArtifactId> = artifacts(catalog, &Start::Blob(blob), as_of)?.into_iter().collect();
    let mut origins = BTreeMap::new();
    for edge in walk.edges.iter().filter(|edge| !children.contains(edge.from.as_str())) {
        origins.entry(edge.from.clone()).or_insert_with(|| path_down(&walk.edges, edge, &starts));
    }
    Ok(origins.into_iter().collect())
}

/// The edges from an ancestor's edge down to a start: an upward walk found each artifact's way down first.
fn path_down(edges: &[Edge], first: &Edge, starts: &BTreeSet<ArtifactId>) -> Vec<Edge> {
    let mut path = vec![first.clone()];
    let mut seen = BTreeSet::from([first.from_artifact]);
    let mut at = first.to_artifact;
    while !starts.contains(&at) && seen.insert(at) {
        let Some(edge) = edges.iter().find(|edge| edge.from_artifact == at) else { break };
        path.push(edge.clone());
        at = edge.to_artifact;
    }
    path
}

/// Artifacts that a start stands for.
fn artifacts(catalog: &Catalog, start: &Start, as_of: AsOf) -> Result<Vec<ArtifactId>> {
    let of_blob = |blob| graph::artifacts_of_blob(catalog, blob);
    let found = match start {
        Start::Artifact(id) => catalog.get::<Artifact>(id, as_of)?.into_iter().collect(),
        Start::Blob(blob) => of_blob(*blob)?,
        Start::Uri(uri) => graph::artifacts_at(catalog, uri)?,
        Start::Dataset(id) => {
            let dataset: Option<Dataset> = catalog.get(id, as_of)?;
            let mut found = Vec::new();
            for blob in dataset.iter().flat_map(|dataset| &dataset.blobs) {
                found.extend(of_blob(*blob)?);
            }
            let context = dataset.and_then(|dataset| dataset.context);
            let tied = context.map(|context| graph::artifacts_of_context(catalog, context)).transpose()?;
            for id in tied.unwrap_or_default() {
                found.extend(catalog.get::<Artifact>(&id, as_of)?);
            }
            found
        }
    };
    let ids: BTreeSet<ArtifactId> = found.into_iter().map(|artifact| artifact.id).collect();
    Ok(ids.into_iter().collect())
}

/// Events of a past time, which indexes do not keep: read once, then looked up.
struct Past {
    of_artifact: BTreeMap<ArtifactId, Vec<Event>>,
    of_execution: BTreeMap<ExecutionId, Vec<Event>>,
}

struct Walker<'a> {
    catalog: &'a Catalog,
    as_of: AsOf,
    past: Option<Past>,
    places: Places,
    names: BTreeMap<ArtifactId, String>,
    executions: BTreeMap<ExecutionId, Option<(Execution, String)>>,
}

impl<'a> Walker<'a> {
    fn new(catalog: &'a Catalog, as_of: AsOf) -> Result<Self> {
        let past = match as_of {
            AsOf::Now => None,
            AsOf::Time(_) => {
                let mut past = Past { of_artifact: BTreeMap::new(), of_execution: BTreeMap::new() };
                for event in catalog.all::<Event>(as_of)? {
                    past.of_artifact.entry(event.artifact).or_default().push(event.clone());
                    past.of_execution.entry(event.execution).or_default().push(event);
                }
                Some(past)
            }
        };
        let places = Places::read(catalog, as_of)?;
        Ok(Self { catalog, as_of, past, places, names: BTreeMap::new(), executions: BTreeMap::new() })
    }

    /// Breadth first, each artifact once, so that circles that people reported end.
    fn go(&mut self, starts: &[ArtifactId], up: bool, depth: usize, walk: &mut Walk) -> Result<()> {
        let mut seen: BTreeSet<ArtifactId> = starts.iter().copied().collect();
        let mut queue: VecDeque<(ArtifactId, usize)> = starts.iter().map(|start| (*start, 0)).collect();
        while let Some((artifact, distance)) = queue.pop_front() {
            for (execution, other) in self.neighbours(artifact, up)? {
                if distance == depth || walk.edges.len() == EDGES_MAX {
                    walk.truncated = true;
                    continue;
                }
                let (from, to) = if up { (other, artifact) } else { (artifact, other) };
                walk.edges.extend(self.edge(execution, from, to)?);
                if seen.insert(other) {
                    queue.push_back((other, distance + 1));
                }
            }
        }
        Ok(())
    }

    /// Artifacts one execution away from an artifact or from what stands for the same bytes.
    fn neighbours(&self, artifact: ArtifactId, up: bool) -> Result<Vec<(ExecutionId, ArtifactId)>> {
        let mut same = self.places.aliases(self.catalog, artifact)?;
        same.insert(artifact);
        let mut found = Vec::new();
        for one in &same {
            for event in self.events_of_artifact(*one)?.iter().filter(|event| event.kind.is_input() != up) {
                let others = self.events_of_execution(event.execution)?.into_iter();
                let others =
                    others.filter(|other| other.kind.is_input() == up && !same.contains(&other.artifact));
                found.extend(others.map(|other| (event.execution, other.artifact)));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn events_of_artifact(&self, artifact: ArtifactId) -> Result<Vec<Event>> {
        match &self.past {
            Some(past) => Ok(past.of_artifact.get(&artifact).cloned().unwrap_or_default()),
            None => graph::written_events_of_artifact(self.catalog, artifact),
        }
    }

    fn events_of_execution(&self, execution: ExecutionId) -> Result<Vec<Event>> {
        match &self.past {
            Some(past) => Ok(past.of_execution.get(&execution).cloned().unwrap_or_default()),
            None => graph::written_events_of_execution(self.catalog, execution),
        }
    }

    fn edge(&mut self, execution: ExecutionId, from: ArtifactId, to: ArtifactId) -> Result<Option<Edge>> {
        if let std::collections::btree_map::Entry::Vacant(entry) = self.executions.entry(execution) {
            let found: Option<Execution> = self.catalog.get(&execution, self.as_of)?;
            let named = found
                .map(|found| {
                    let of: Option<Type> = self.catalog.get(&found.type_id, AsOf::Now)?;
                    Ok::<_, Error>((found, of.map_or_else(|| "unknown".to_string(), |of| of.name)))
                })
                .transpose()?;
            entry.insert(named);
        }
        let (from_name, to_name) = (self.name(from)?, self.name(to)?);
        let Some(Some((execution, of))) = self.executions.get(&execution) else { return Ok(None) };
        let inferred = of == INFERRED_EDGE.name;
        let named = || execution.name.clone().unwrap_or_else(|| execution.id.to_string());
        Ok(Some(Edge {
            from: from_name,
            to: to_name,
            kind: string(&execution.properties, "kind").unwrap_or_else(|| "run".into()),
            direction_known: execution.properties.get("direction_known") != Some(&Property::Bool(false)),
            reported_by: if inferred { "headwater".into() } else { of.clone() },
            confidence: match execution.properties.get("confidence") {
                Some(Property::Double(confidence)) => (confidence * 1e4).round() / 1e4,
                _ => 1.0,
            },
            evidence: string(&execution.properties, "evidence")
                .unwrap_or_else(|| format!("{of} {}", named())),
            from_artifact: from,
            to_artifact: to,
        }))
    }

    /// A blob's path, a URI, a name, or a number for want of these.
    fn name(&mut self, id: ArtifactId) -> Result<String> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let artifact: Option<Artifact> = self.catalog.get(&id, self.as_of)?;
        let path = match artifact.as_ref().and_then(|artifact| artifact.blob) {
            Some(blob) => self.path(blob)?,
            None => None,
        };
        let name = path
            .or_else(|| artifact.as_ref().and_then(|artifact| artifact.uri.clone()))
            .or_else(|| artifact.and_then(|artifact| artifact.name))
            .unwrap_or_else(|| format!("artifact {id}"));
        self.names.insert(id, name.clone());
        Ok(name)
    }

    /// The path of a blob, from its last version if it is gone.
    fn path(&self, blob: BlobId) -> Result<Option<String>> {
        if let Some(version) = self.catalog.get::<BlobVersion>(&blob, self.as_of)? {
            return Ok(Some(version.path));
        }
        let history = self.catalog.history::<BlobVersion>(&blob)?;
        Ok(history.into_iter().find_map(|(_, version)| version).map(|version| version.path))
    }
}

fn string(properties: &Properties, name: &str) -> Option<String> {
    match properties.get(name) {
        Some(Property::String(text)) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
