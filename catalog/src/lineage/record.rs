//! Inferred edges as executions of type `headwater.InferredEdge`, each with one input and one output event.
//!
//! Linking infers the edges among all blobs afresh, and gives the changes from what is recorded to what holds. In a lake
//! too large for that it walks the indexes of digests from the blobs that changed to all that share content with them.
//! An edge between versions that are no longer current stays: that one came from the other remains true.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::derive::{ContentFacts, InferredEdge, derive, is_telling};
use super::graph::{self, INFERRED_EDGE};
use crate::catalog::{AsOf, Catalog, Change};
use crate::error::Result;
use crate::model::{
    Artifact, ArtifactId, BlobId, BlobVersion, ContentSketch, Event, EventKind, Execution, ExecutionId,
    ExecutionState, Properties, Property, TypeId,
};
use crate::store::record::Index;

/// Blobs that one linking looks at; blobs of one content beyond it are linked when they change themselves.
const RELATED_MAX: usize = 50_000;

/// Changed blobs from which on it is quicker to read the indexes of digests through than to ask for each blob.
const SCANNED_MIN: usize = 10_000;

/// Changes that make or end one inferred edge; they stand together, so that commits of a multiple hold whole edges.
pub const CHANGES_AN_EDGE: usize = 3;

/// The changes that bring the inferred edges around some changed blobs up to date; none if they are.
///
/// # Errors
/// `Corrupt` if a record is damaged, `Unavailable` if the store fails.
pub fn edges_changes(catalog: &Catalog, changed: &[BlobId]) -> Result<Vec<Change>> {
    let of = graph::ensure(catalog, &INFERRED_EDGE)?;
    let (related, whole) = related(catalog, changed)?;
    let sketches = sketches(catalog, &related)?;
    let facts: Vec<ContentFacts<'_>> = related
        .values()
        .map(|version| ContentFacts {
            blob: version.blob,
            artifact: version.artifact,
            path: &version.path,
            modified: version.modified,
            version,
            sketch: sketches.get(&version.blob),
        })
        .collect();
    let recorded = recorded(catalog, of, &related)?;
    let mut kept: BTreeSet<&Ends> = BTreeSet::new();
    let mut wanted: BTreeMap<Ends, InferredEdge> = BTreeMap::new();
    for edge in derive(&facts) {
        let (from, to) = (related[&edge.from].artifact, related[&edge.to].artifact);
        // What a larger linking was surer of is not turned around by a smaller one that saw fewer blobs.
        let reversed = recorded
            .range((to, from, String::new())..)
            .take_while(|(ends, _)| (ends.0, ends.1) == (to, from));
        match reversed
            .into_iter()
            .find(|(_, known)| !whole && confidence(known) >= f64::from(edge.confidence))
        {
            Some((ends, _)) => {
                kept.insert(ends);
            }
            None => {
                wanted.insert((from, to, edge.kind.to_string()), edge);
            }
        }
    }
    let mut changes = Vec::new();
    for (ends, known) in &recorded {
        if !wanted.contains_key(ends) && !kept.contains(ends) {
            changes.extend(close(known.id, ends));
        }
    }
    let fresh = wanted.keys().filter(|ends| !recorded.contains_key(*ends)).count() as u64;
    let mut next = if fresh > 0 { catalog.reserve_ids(fresh)? } else { 0 };
    for (ends, edge) in &wanted {
        let known = recorded.get(ends);
        let id = known.map_or(ExecutionId(next), |known| known.id);
        next += i64::from(known.is_none());
        changes.extend(put(catalog, of, id, known, ends, edge)?);
    }
    Ok(changes)
}

/// Parent, child and kind of an edge.
type Ends = (ArtifactId, ArtifactId, String);

/// All current versions, as long as they can be looked at together: a part or a product of a table shares no digest with
/// it that an index could lead to. Of more, the changed blobs and all that share content with them, directly or
/// through others. Tells whether it is all.
fn related(catalog: &Catalog, changed: &[BlobId]) -> Result<(BTreeMap<BlobId, BlobVersion>, bool)> {
    let page = catalog.list::<BlobVersion>(AsOf::Now, None, RELATED_MAX + 1)?;
    if page.records.len() <= RELATED_MAX && page.next.is_none() {
        return Ok((page.records.into_iter().map(|version| (version.blob, version)).collect(), true));
    }
    drop(page);
    let mut sharing = Sharing { catalog, found: BTreeMap::new(), asked: BTreeSet::new() };
    let worth_it = if changed.len() >= SCANNED_MIN { Some(Shared::load(catalog)?) } else { None };
    for blob in changed {
        if sharing.found.len() >= RELATED_MAX {
            break;
        }
        if worth_it.as_ref().is_some_and(|shared| !shared.may_have(*blob)) {
            continue;
        }
        if let Some(version) = catalog.get::<BlobVersion>(blob, AsOf::Now)? {
            sharing.follow(version)?;
        }
    }
    Ok((sharing.found, false))
}

/// Blobs that share a digest with another, as the indexes show in one go; one or two that do not may be among them.
struct Shared(HashSet<u64>);

impl Shared {
    fn load(catalog: &Catalog) -> Result<Self> {
        // What one has as stored bytes another may have behind a layer.
        let mut entries: Vec<(u64, u64)> = Vec::new();
        for index in [Index::Digest, Index::PartDigest, Index::RowsDigest] {
            let mut visit = |value: &[u8], blob| {
                if let Some(start) = value.first_chunk() {
                    entries.push((u64::from_be_bytes(*start), end_of(blob)));
                }
            };
            catalog.blobs_by(index, &mut visit)?;
        }
        entries.sort_unstable();
        entries.dedup();
        let sharing = entries.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1);
        Ok(Self(sharing.flatten().map(|entry| entry.1).collect()))
    }

    fn may_have(&self, blob: BlobId) -> bool {
        self.0.contains(&end_of(blob))
    }
}

fn end_of(BlobId(id): BlobId) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = id;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Blobs that share content with others, as they are found.
struct Sharing<'a> {
    catalog: &'a Catalog,
    found: BTreeMap<BlobId, BlobVersion>,
    asked: BTreeSet<(u8, Vec<u8>)>,
}

impl Sharing<'_> {
    /// Takes a blob with all that share content with it, directly or through others; not one that is alone.
    fn follow(&mut self, first: BlobVersion) -> Result<()> {
        let mut queue = vec![first];
        while let Some(version) = queue.pop() {
            if self.found.contains_key(&version.blob) || self.found.len() >= RELATED_MAX {
                continue;
            }
            let mut alone = true;
            for (index, value) in content_keys(&version) {
                if self.asked.contains(&(index as u8, value.clone())) {
                    alone = false;
                    continue;
                }
                let sharing: Vec<BlobVersion> = self.catalog.find(index, &value)?;
                if sharing.iter().any(|other| other.blob != version.blob) {
                    alone = false;
                    self.asked.insert((index as u8, value));
                    queue.extend(sharing.into_iter().filter(|other| !self.found.contains_key(&other.blob)));
                }
            }
            if !alone {
                self.found.insert(version.blob, version);
            }
        }
        Ok(())
    }
}

/// Sketches of blobs.
fn sketches(
    catalog: &Catalog,
    related: &BTreeMap<BlobId, BlobVersion>,
) -> Result<BTreeMap<BlobId, ContentSketch>> {
    let mut sketches = BTreeMap::new();
    for blob in related.keys() {
        sketches.extend(catalog.get::<ContentSketch>(blob, AsOf::Now)?.map(|sketch| (*blob, sketch)));
    }
    Ok(sketches)
}

/// Where blobs with the same content are found: by stored bytes, peeled bytes, rows, and bytes of members.
fn content_keys(version: &BlobVersion) -> Vec<(Index, Vec<u8>)> {
    let mut keys = Vec::new();
    let digests = version.digest.iter().filter(|_| is_telling(version.root()));
    let parts = version.parts.iter().filter(|part| is_telling(part)).filter_map(|part| part.digest.as_ref());
    for digest in digests.chain(parts) {
        keys.push((Index::Digest, digest.0.to_vec()));
        keys.push((Index::PartDigest, digest.0.to_vec()));
    }
    let rows = version.root().rows_digest.filter(|_| is_telling(version.root()));
    keys.extend(rows.map(|rows| (Index::RowsDigest, rows.0.to_vec())));
    keys
}

/// Recorded edges into current versions of the related blobs from versions that are current too.
fn recorded(
    catalog: &Catalog,
    of: TypeId,
    related: &BTreeMap<BlobId, BlobVersion>,
) -> Result<BTreeMap<Ends, Execution>> {
    let mut recorded = BTreeMap::new();
    for version in related.values() {
        for event in graph::written_events_of_artifact(catalog, version.artifact)? {
            if event.kind.is_input() {
                continue;
            }
            let Some(execution) = catalog.get::<Execution>(&event.execution, AsOf::Now)? else { continue };
            if execution.type_id != of {
                continue;
            }
            let Some(Property::String(kind)) = execution.properties.get("kind").cloned() else { continue };
            let inputs = graph::written_events_of_execution(catalog, execution.id)?;
            let Some(input) = inputs.iter().find(|event| event.kind.is_input()) else { continue };
            if is_current(catalog, input.artifact)? {
                recorded.insert((input.artifact, event.artifact, kind), execution);
            }
        }
    }
    Ok(recorded)
}

fn is_current(catalog: &Catalog, artifact: ArtifactId) -> Result<bool> {
    let Some(blob) = catalog.get::<Artifact>(&artifact, AsOf::Now)?.and_then(|artifact| artifact.blob) else {
        return Ok(false);
    };
    let version: Option<BlobVersion> = catalog.get(&blob, AsOf::Now)?;
    Ok(version.is_some_and(|version| version.artifact == artifact))
}

fn confidence(execution: &Execution) -> f64 {
    match execution.properties.get("confidence") {
        Some(Property::Double(confidence)) => *confidence,
        _ => 0.0,
    }
}

fn put(
    catalog: &Catalog,
    of: TypeId,
    id: ExecutionId,
    known: Option<&Execution>,
    ends: &Ends,
    edge: &InferredEdge,
) -> Result<Vec<Change>> {
    let (from, to, kind) = ends;
    let now = catalog.env().clock.now();
    let started = known.map_or(now, |known| known.started);
    let mut properties = Properties::new();
    properties.insert("kind".into(), graph::text(kind));
    properties.insert("confidence".into(), Property::Double(f64::from(edge.confidence)));
    properties.insert("evidence".into(), graph::text(&edge.evidence));
    properties.insert("direction_known".into(), Property::Bool(edge.direction_known));
    let execution = Execution {
        id,
        type_id: of,
        name: Some(format!("{kind}:{from}:{to}")),
        state: ExecutionState::Complete,
        properties,
        custom_properties: Properties::new(),
        started,
        ended: Some(started),
    };
    if known == Some(&execution) {
        return Ok(Vec::new());
    }
    let event =
        |artifact: ArtifactId, kind| Event { artifact, execution: id, kind, path: Vec::new(), time: started };
    Ok(vec![
        Change::put(&execution)?,
        Change::put(&event(*from, EventKind::Input))?,
        Change::put(&event(*to, EventKind::Output))?,
    ])
}

fn close(id: ExecutionId, (from, to, _): &Ends) -> [Change; CHANGES_AN_EDGE] {
    [
        Change::close::<Event>(&(id, *from, EventKind::Input)),
        Change::close::<Event>(&(id, *to, EventKind::Output)),
        Change::close::<Execution>(&id),
    ]
}

#[cfg(test)]
pub(super) mod tests;
