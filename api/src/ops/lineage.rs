//! Lineage: all edges, or those up and down from one thing; and run events that pipelines report.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use catalog::lineage::openlineage;
use catalog::lineage::render::to_dot;
use catalog::lineage::walk::{DEPTH_DEFAULT, Edge, Start, Way, all, walk};
use catalog::model::{ArtifactId, BlobId, BlobVersion, Dataset, Principal, Source};
use catalog::{AsOf, Catalog, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shown::Names;
use super::{Answer, Paging};

/// Which way to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// To what it came from.
    Up,
    /// To what came from it.
    Down,
    /// Both.
    #[default]
    Both,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LineageQuery {
    /// A path, a URI, a dataset's name or an artifact's number; everything if absent.
    pub(crate) thing: Option<String>,
    /// Which way.
    pub(crate) direction: Direction,
    /// How many steps.
    pub(crate) depth: Option<usize>,
    /// As a Graphviz digraph.
    pub(crate) dot: bool,
}

pub(super) fn edges(
    catalog: &Catalog,
    query: &LineageQuery,
    as_of: AsOf,
    (paging, names): (&Paging, &Names),
) -> Result<Answer> {
    let way = match query.direction {
        Direction::Up => Way::Up,
        Direction::Down => Way::Down,
        Direction::Both => Way::Both,
    };
    let (edges, truncated) = match &query.thing {
        Some(thing) => {
            let start = start(catalog, thing, as_of)?;
            let found = walk(catalog, &start, way, query.depth.unwrap_or(DEPTH_DEFAULT), as_of)?;
            (found.edges, found.truncated)
        }
        None => {
            let found = all(catalog, as_of, usize::MAX)?;
            (found.edges, found.truncated)
        }
    };
    let mut edges = once(edges);
    for edge in &mut edges {
        [&mut edge.from, &mut edge.to, &mut edge.evidence].into_iter().for_each(|name| names.show(name));
    }
    let mut answer = if query.dot {
        let mut answer = Answer::text(to_dot(&edges));
        answer.outcome = if edges.is_empty() { super::Outcome::Nothing } else { super::Outcome::Done };
        answer
    } else {
        paging.cut(edges.iter().map(row).collect())?
    };
    if edges.is_empty() {
        answer = answer.say("no edge is known; it has no known origin and nothing is known to come from it");
    }
    Ok(if truncated {
        answer.say("there are more edges than one answer holds; start nearer")
    } else {
        answer
    })
}

/// Each edge between two names once, as it was last told: versions of a blob and repeated runs tell the same one again.
fn once(edges: Vec<Edge>) -> Vec<Edge> {
    let mut places: HashMap<(String, String, String, String), usize> = HashMap::new();
    let mut kept: Vec<Edge> = Vec::new();
    for edge in edges {
        let key = (edge.from.clone(), edge.to.clone(), edge.kind.clone(), edge.reported_by.clone());
        match places.entry(key) {
            Entry::Occupied(place) => kept[*place.get()] = edge,
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(edge);
            }
        }
    }
    kept
}

/// Takes an OpenLineage event. Deliveries are many and repeated, so they stand in the journal, not in the audit log.
pub(super) fn report(catalog: &Catalog, who: &Principal, event: &Value) -> Result<Answer> {
    let accepted = openlineage::accept(catalog, event)?;
    let changes = accepted.changes.len();
    if changes > 0 {
        catalog.commit_durably(who, &accepted.changes)?;
    }
    Ok(Answer::one(json!({"run": accepted.execution, "changes": changes})))
}

/// What a person means by a thing.
fn start(catalog: &Catalog, thing: &str, as_of: AsOf) -> Result<Start> {
    for source in catalog.all::<Source>(as_of)? {
        let url = source.url.trim_end_matches('/');
        let local = url.strip_prefix("file://").unwrap_or(url);
        let within = [url, local].into_iter().find_map(|root| thing.strip_prefix(root)?.strip_prefix('/'));
        let blob = BlobId::of(&source.id, within.unwrap_or(thing));
        // One that was deleted still has a lineage.
        if !catalog.history::<BlobVersion>(&blob)?.is_empty() {
            return Ok(Start::Blob(blob));
        }
    }
    let mut datasets: Vec<Dataset> = catalog.all(as_of)?;
    datasets.retain(|dataset| {
        dataset.name == thing || dataset.id.0 == thing || dataset.root == thing.trim_end_matches('/')
    });
    if let [dataset] = &datasets[..] {
        return Ok(Start::Dataset(dataset.id.clone()));
    }
    if let Ok(number) = thing.parse() {
        return Ok(Start::Artifact(ArtifactId(number)));
    }
    if thing.contains("://") {
        return Ok(Start::Uri(thing.to_owned()));
    }
    let context = match datasets.len() {
        0 => {
            "no blob, dataset or artifact has this name; give a path as `headwater datasets --files` shows it"
        }
        _ => "several datasets have this root; ask by name",
    };
    Err(Error::not_found("show lineage", context))
}

fn row(edge: &Edge) -> Value {
    json!({
        "from": edge.from, "to": edge.to, "kind": edge.kind, "direction_known": edge.direction_known,
        "reported_by": reporter(&edge.reported_by), "confidence": edge.confidence, "evidence": edge.evidence,
    })
}

/// Who reported: the family of the execution's type, `openlineage` of `openlineage.Run`.
fn reporter(type_name: &str) -> &str {
    type_name.split('.').next().unwrap_or(type_name)
}
