//! ML Metadata's operations over the catalog: types are ensured, executions are put with their events as one list
//! of changes, nodes are found by type and name or by URI, ties are made and read.
//!
//! Putting is idempotent: what has a name of its type is found again and updated, so that a repeated crawl, link
//! or delivery leaves one node. What the nodes mean is left to the callers: the crawl stages, [`super::record`],
//! [`super::openlineage`] and the ML Metadata service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::implied;
use crate::catalog::{AsOf, Catalog, Change};
use crate::error::{Error, Result};
use crate::model::{
    Artifact, ArtifactId, Association, Attribution, BlobId, BlobVersion, Context, ContextId, Event,
    EventKind, Execution, ExecutionId, ExecutionState, Principal, Properties, Property, Timestamp, Type,
    TypeId, TypeKind,
};
use crate::store::record::{Index, Record, node_name_key, type_name_key};

/// A type that we register ourselves, with its declared properties.
#[derive(Clone, Copy, Debug)]
pub struct TypeSpec {
    /// What it is a type of.
    pub of: TypeKind,
    /// Its name.
    pub name: &'static str,
    /// Names and value types (`INT`, `DOUBLE`, `STRING`, `STRUCT`, `BOOLEAN`) of its properties.
    pub properties: &'static [(&'static str, &'static str)],
}

/// One version of one blob.
pub const BLOB_VERSION: TypeSpec = TypeSpec {
    of: TypeKind::Artifact,
    name: "headwater.BlobVersion",
    properties: &[
        ("source", "STRING"),
        ("path", "STRING"),
        ("digest", "STRING"),
        ("format", "STRING"),
        ("size", "INT"),
    ],
};
/// A dataset that somebody else named and that is no blob of ours.
pub const EXTERNAL_DATASET: TypeSpec = TypeSpec {
    of: TypeKind::Artifact,
    name: "openlineage.Dataset",
    properties: &[("namespace", "STRING"), ("name", "STRING")],
};
/// One crawl of one source.
pub const CRAWL_RUN: TypeSpec = TypeSpec {
    of: TypeKind::Execution,
    name: "headwater.CrawlRun",
    properties: &[("source", "STRING"), ("blobs", "INT"), ("bytes", "INT"), ("anomalies", "INT")],
};
/// One erasure of one person.
pub const ERASURE: TypeSpec = TypeSpec {
    of: TypeKind::Execution,
    name: "headwater.Erasure",
    properties: &[("plan", "STRING"), ("certificate", "STRING")],
};
/// An edge that a detector inferred.
pub const INFERRED_EDGE: TypeSpec = TypeSpec {
    of: TypeKind::Execution,
    name: "headwater.InferredEdge",
    properties: &[
        ("kind", "STRING"),
        ("confidence", "DOUBLE"),
        ("evidence", "STRING"),
        ("direction_known", "BOOLEAN"),
    ],
};
/// A run that an OpenLineage sender reported.
pub const OPENLINEAGE_RUN: TypeSpec = TypeSpec {
    of: TypeKind::Execution,
    name: "openlineage.Run",
    properties: &[("job_namespace", "STRING"), ("job_name", "STRING"), ("producer", "STRING")],
};
/// Blobs with one meaning.
pub const DATASET: TypeSpec = TypeSpec {
    of: TypeKind::Context,
    name: "headwater.Dataset",
    properties: &[("dataset", "STRING"), ("name", "STRING"), ("root", "STRING"), ("format", "STRING")],
};
/// A job that an OpenLineage sender reported.
pub const OPENLINEAGE_JOB: TypeSpec = TypeSpec {
    of: TypeKind::Context,
    name: "openlineage.Job",
    properties: &[("namespace", "STRING"), ("name", "STRING")],
};

/// All types that we register.
pub const TYPES: [&TypeSpec; 8] = [
    &BLOB_VERSION,
    &EXTERNAL_DATASET,
    &CRAWL_RUN,
    &ERASURE,
    &INFERRED_EDGE,
    &OPENLINEAGE_RUN,
    &DATASET,
    &OPENLINEAGE_JOB,
];

/// Registers one of our types if it is not there yet.
///
/// # Errors
/// `Unavailable` if the store fails.
pub fn ensure(catalog: &Catalog, spec: &TypeSpec) -> Result<TypeId> {
    let properties = spec.properties.iter().map(|(name, kind)| ((*name).into(), (*kind).into())).collect();
    ensure_type(catalog, spec.of, spec.name, &properties)
}

/// Registers a type, or adds properties to it; a property never changes its type.
///
/// # Errors
/// `Conflict` if a declared property has another type already, `Invalid` for a name that cannot be kept.
pub fn ensure_type(
    catalog: &Catalog,
    of: TypeKind,
    name: &str,
    properties: &BTreeMap<String, String>,
) -> Result<TypeId> {
    // Two threads that register the same type at once would make twins of it; one process owns the catalog.
    static ENSURING: Mutex<()> = Mutex::new(());
    check_name("register type", name)?;
    let _ensuring = ENSURING.lock().unwrap_or_else(PoisonError::into_inner);
    let known = find_type(catalog, of, name)?;
    let mut changed = known.is_none();
    let mut declared = match known {
        Some(known) => known,
        None => Type {
            id: TypeId(catalog.reserve_ids(1)?),
            of,
            name: name.into(),
            version: None,
            properties: BTreeMap::new(),
        },
    };
    for (property, kind) in properties {
        match declared.properties.get(property) {
            Some(known) if known == kind => {}
            Some(known) => {
                let context = format!("property {property} of {name} is {known}, not {kind}");
                return Err(Error::conflict("register type", context));
            }
            None => {
                declared.properties.insert(property.clone(), kind.clone());
                changed = true;
            }
        }
    }
    if changed {
        catalog.commit(&Principal::system(), &[Change::put(&declared)?])?;
    }
    Ok(declared.id)
}

/// A type by name; the one without a version if there are several.
///
/// # Errors
/// `Corrupt` if its record is damaged.
pub fn find_type(catalog: &Catalog, of: TypeKind, name: &str) -> Result<Option<Type>> {
    let mut found: Vec<Type> = catalog.find(Index::TypeName, &type_name_key(of, name))?;
    found.sort_by_key(|found| (found.version.is_some(), found.id));
    Ok(found.into_iter().next())
}

/// An artifact to put.
#[derive(Clone, Debug, Default)]
pub struct NewArtifact {
    /// Unique with its type; a nameless artifact is always new.
    pub name: Option<String>,
    /// Where it lies, if it is no blob of ours.
    pub uri: Option<String>,
    /// The blob that it is a version of.
    pub blob: Option<BlobId>,
    /// Declared properties.
    pub properties: Properties,
    /// Other properties.
    pub custom_properties: Properties,
}

/// Puts an artifact; one of this type and name is updated, its properties merged over the old ones.
///
/// # Errors
/// `Invalid` for a name that cannot be kept.
pub fn put_artifact(catalog: &Catalog, of: TypeId, new: NewArtifact) -> Result<(ArtifactId, Vec<Change>)> {
    let known = match &new.name {
        Some(name) => {
            check_name("put artifact", name)?;
            artifact_named(catalog, of, name)?
        }
        None => None,
    };
    if let Some(uri) = &new.uri {
        check_name("put artifact", uri)?;
    }
    let mut artifact = match known {
        Some(known) => known,
        None => Artifact {
            id: ArtifactId(catalog.reserve_ids(1)?),
            type_id: of,
            name: new.name,
            uri: None,
            blob: None,
            properties: Properties::new(),
            custom_properties: Properties::new(),
            created: catalog.env().clock.now(),
        },
    };
    artifact.uri = new.uri.or(artifact.uri);
    artifact.blob = new.blob.or(artifact.blob);
    artifact.properties.extend(new.properties);
    artifact.custom_properties.extend(new.custom_properties);
    Ok((artifact.id, vec![Change::put(&artifact)?]))
}

/// An execution to put.
#[derive(Clone, Debug)]
pub struct NewExecution {
    /// Unique with its type; a nameless execution is always new.
    pub name: Option<String>,
    /// Its state.
    pub state: ExecutionState,
    /// Declared properties.
    pub properties: Properties,
    /// Other properties.
    pub custom_properties: Properties,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Artifacts that it used: which, how, and the steps that name it.
    pub events: Vec<(ArtifactId, EventKind, Vec<String>)>,
    /// Contexts that it belongs to.
    pub contexts: Vec<ContextId>,
}

impl NewExecution {
    /// A nameless one that started and ended at a time, without events.
    pub fn done(at: Timestamp) -> Self {
        Self {
            name: None,
            state: ExecutionState::Complete,
            properties: Properties::new(),
            custom_properties: Properties::new(),
            started: at,
            ended: Some(at),
            events: Vec::new(),
            contexts: Vec::new(),
        }
    }
}

/// Puts an execution with its events and ties; one of this type and name is updated and keeps its other events.
///
/// # Errors
/// `Invalid` for a name that cannot be kept.
pub fn put_execution(catalog: &Catalog, of: TypeId, new: NewExecution) -> Result<(ExecutionId, Vec<Change>)> {
    let known = match &new.name {
        Some(name) => {
            check_name("put execution", name)?;
            execution_named(catalog, of, name)?
        }
        None => None,
    };
    let (id, mut properties, mut custom_properties) = match known {
        Some(known) => (known.id, known.properties, known.custom_properties),
        None => (ExecutionId(catalog.reserve_ids(1)?), Properties::new(), Properties::new()),
    };
    properties.extend(new.properties);
    custom_properties.extend(new.custom_properties);
    let execution = Execution {
        id,
        type_id: of,
        name: new.name,
        state: new.state,
        properties,
        custom_properties,
        started: new.started,
        ended: new.ended,
    };
    let mut changes = vec![Change::put(&execution)?];
    for (artifact, kind, path) in new.events {
        changes.extend(put_event(catalog, id, artifact, kind, path, new.ended.unwrap_or(new.started))?);
    }
    for context in new.contexts {
        changes.push(associate(context, id)?);
    }
    Ok((id, changes))
}

/// Puts an event unless it stands already; the time of the first one is kept.
///
/// # Errors
/// `Corrupt` if the standing one is damaged.
pub fn put_event(
    catalog: &Catalog,
    execution: ExecutionId,
    artifact: ArtifactId,
    kind: EventKind,
    path: Vec<String>,
    time: Timestamp,
) -> Result<Option<Change>> {
    let known: Option<Event> = catalog.get(&(execution, artifact, kind), AsOf::Now)?;
    if known.is_some_and(|known| known.path == path) {
        return Ok(None);
    }
    Ok(Some(Change::put(&Event { artifact, execution, kind, path, time })?))
}

/// Puts a context; one of this type and name is updated, its properties merged over the old ones.
///
/// # Errors
/// `Invalid` for a name that cannot be kept.
pub fn put_context(
    catalog: &Catalog,
    of: TypeId,
    name: &str,
    properties: Properties,
) -> Result<(ContextId, Vec<Change>)> {
    check_name("put context", name)?;
    let mut context = match context_named(catalog, of, name)? {
        Some(known) => known,
        None => Context {
            id: ContextId(catalog.reserve_ids(1)?),
            type_id: of,
            name: name.into(),
            properties: Properties::new(),
            custom_properties: Properties::new(),
            created: catalog.env().clock.now(),
        },
    };
    context.properties.extend(properties);
    Ok((context.id, vec![Change::put(&context)?]))
}

/// Ties an artifact to a context.
///
/// # Errors
/// `Internal` if the tie cannot be encoded.
pub fn attribute(context: ContextId, artifact: ArtifactId) -> Result<Change> {
    Change::put(&Attribution { context, artifact })
}

/// Ties an execution to a context.
///
/// # Errors
/// `Internal` if the tie cannot be encoded.
pub fn associate(context: ContextId, execution: ExecutionId) -> Result<Change> {
    Change::put(&Association { context, execution })
}

/// The artifact of a type and name.
///
/// # Errors
/// `Corrupt` if its record is damaged.
pub fn artifact_named(catalog: &Catalog, of: TypeId, name: &str) -> Result<Option<Artifact>> {
    Ok(catalog.find(Index::NodeName, &node_name_key(TypeKind::Artifact, of, name))?.into_iter().next())
}

/// The execution of a type and name.
///
/// # Errors
/// `Corrupt` if its record is damaged.
pub fn execution_named(catalog: &Catalog, of: TypeId, name: &str) -> Result<Option<Execution>> {
    Ok(catalog.find(Index::NodeName, &node_name_key(TypeKind::Execution, of, name))?.into_iter().next())
}

/// The context of a type and name.
///
/// # Errors
/// `Corrupt` if its record is damaged.
pub fn context_named(catalog: &Catalog, of: TypeId, name: &str) -> Result<Option<Context>> {
    Ok(catalog.find(Index::NodeName, &node_name_key(TypeKind::Context, of, name))?.into_iter().next())
}

/// Artifacts at a URI.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn artifacts_at(catalog: &Catalog, uri: &str) -> Result<Vec<Artifact>> {
    catalog.find(Index::ArtifactUri, uri.as_bytes())
}

/// Artifacts of a blob, one a version, oldest first.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn artifacts_of_blob(catalog: &Catalog, blob: BlobId) -> Result<Vec<Artifact>> {
    let mut found: Vec<Artifact> = catalog.find(Index::ArtifactOfBlob, &blob.0)?;
    let current = catalog.get::<BlobVersion>(&blob, AsOf::Now)?;
    if let Some(version) = current.filter(|version| !found.iter().any(|known| known.id == version.artifact)) {
        found.push(implied::of_version(catalog, &version)?);
    }
    found.sort_by_key(|artifact| artifact.id);
    Ok(found)
}

/// Events that touch an artifact.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn events_of_artifact(catalog: &Catalog, artifact: ArtifactId) -> Result<Vec<Event>> {
    let mut events = written_events_of_artifact(catalog, artifact)?;
    let implied = implied::event(catalog, artifact, AsOf::Now)?;
    events.extend(implied.filter(|implied| !events.iter().any(|event| event.id() == implied.id())));
    Ok(events)
}

/// Events of an execution; of a crawl it looks at all blobs for them.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn events_of_execution(catalog: &Catalog, execution: ExecutionId) -> Result<Vec<Event>> {
    let mut events = written_events_of_execution(catalog, execution)?;
    let written: BTreeSet<_> = events.iter().map(Record::id).collect();
    let implied = implied::events_of_crawl(catalog, execution)?.into_iter();
    events.extend(implied.filter(|event| !written.contains(&event.id())));
    Ok(events)
}

/// Events that touch an artifact, but for those of crawls, which lead to no other artifact.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn written_events_of_artifact(catalog: &Catalog, artifact: ArtifactId) -> Result<Vec<Event>> {
    catalog.find(Index::EventsOfArtifact, &artifact.0.to_be_bytes())
}

/// Events of an execution, but for those that only say what a crawl read.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn written_events_of_execution(catalog: &Catalog, execution: ExecutionId) -> Result<Vec<Event>> {
    catalog.find(Index::EventsOfExecution, &execution.0.to_be_bytes())
}

/// Artifacts tied to a context.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn artifacts_of_context(catalog: &Catalog, context: ContextId) -> Result<Vec<ArtifactId>> {
    let ties: Vec<Attribution> = catalog.find(Index::TiesOfContext, &context.0.to_be_bytes())?;
    let mut artifacts: BTreeSet<_> = ties.into_iter().map(|tie| tie.artifact).collect();
    artifacts.extend(implied::artifacts_of_context(catalog, context)?);
    Ok(artifacts.into_iter().collect())
}

/// Executions tied to a context.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn executions_of_context(catalog: &Catalog, context: ContextId) -> Result<Vec<ExecutionId>> {
    let ties: Vec<Association> = catalog.find(Index::TiesOfContext, &context.0.to_be_bytes())?;
    Ok(ties.into_iter().map(|tie| tie.execution).collect())
}

/// Contexts that an artifact is tied to.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn contexts_of_artifact(catalog: &Catalog, artifact: ArtifactId) -> Result<Vec<ContextId>> {
    let ties: Vec<Attribution> = catalog.find(Index::ContextsOfArtifact, &artifact.0.to_be_bytes())?;
    let mut contexts: BTreeSet<_> = ties.into_iter().map(|tie| tie.context).collect();
    contexts.extend(implied::contexts_of_artifact(catalog, artifact)?);
    Ok(contexts.into_iter().collect())
}

/// Contexts that an execution is tied to.
///
/// # Errors
/// `Corrupt` if a record is damaged.
pub fn contexts_of_execution(catalog: &Catalog, execution: ExecutionId) -> Result<Vec<ContextId>> {
    let ties: Vec<Association> = catalog.find(Index::ContextsOfExecution, &execution.0.to_be_bytes())?;
    Ok(ties.into_iter().map(|tie| tie.context).collect())
}

/// A string property.
pub fn text(value: impl Into<String>) -> Property {
    Property::String(value.into())
}

/// Names and URIs are values of indexes, where a zero byte ends them.
fn check_name(operation: &'static str, name: &str) -> Result<()> {
    match name {
        "" => Err(Error::invalid(operation, "a name is empty")),
        name if name.contains('\0') => Err(Error::invalid(operation, "a name holds a zero byte")),
        _ => Ok(()),
    }
}
