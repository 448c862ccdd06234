//! The lineage graph in ML Metadata's terms (`ml_metadata/proto/metadata_store.proto`): artifacts, executions,
//! contexts, the events and ties between them, and their declared types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ArtifactId, BlobId, ContextId, ExecutionId, Timestamp, TypeId};

/// A property's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Property {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating point number.
    Double(f64),
    /// A string.
    String(String),
    /// A structure.
    Struct(BTreeMap<String, Property>),
    /// A list, within a structure.
    List(Vec<Property>),
}

/// Named property values.
pub type Properties = BTreeMap<String, Property>;

/// What a type is a type of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeKind {
    /// Of artifacts.
    Artifact,
    /// Of executions.
    Execution,
    /// Of contexts.
    Context,
}

/// A declared type with its properties (`INT`, `DOUBLE`, `STRING`, `STRUCT`, `PROTO`, `BOOLEAN`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Type {
    /// Its number.
    pub id: TypeId,
    /// What it is a type of.
    pub of: TypeKind,
    /// Its name, unique with its version.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// Names and value types of its declared properties.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// Something read or written: a blob version, a dataset named by a pipeline, a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its number.
    pub id: ArtifactId,
    /// Its type.
    pub type_id: TypeId,
    /// Unique with its type, if named.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it lies, for artifacts that are no blob of ours (theirs is known by `blob`).
    #[serde(default)]
    pub uri: Option<String>,
    /// The blob that it is a version of.
    #[serde(default)]
    pub blob: Option<BlobId>,
    /// Declared properties.
    #[serde(default)]
    pub properties: Properties,
    /// Properties that its type does not declare.
    #[serde(default)]
    pub custom_properties: Properties,
    /// When it was recorded.
    pub created: Timestamp,
}

/// State of an execution, as ML Metadata has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionState {
    /// Not known.
    Unknown,
    /// Not started.
    New,
    /// Under way.
    Running,
    /// Done.
    Complete,
    /// Broke off.
    Failed,
    /// Its outputs were reused from an earlier one.
    Cached,
    /// Stopped by someone.
    Canceled,
}

/// Something that ran: a crawl, a pipeline run, a training, an erasure, or an edge that was inferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Its number.
    pub id: ExecutionId,
    /// Its type.
    pub type_id: TypeId,
    /// Unique with its type, if named.
    #[serde(default)]
    pub name: Option<String>,
    /// Its last known state.
    pub state: ExecutionState,
    /// Declared properties. Of an inferred edge: `kind`, `confidence`, `evidence`, `direction_known`.
    #[serde(default)]
    pub properties: Properties,
    /// Properties that its type does not declare.
    #[serde(default)]
    pub custom_properties: Properties,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Timestamp>,
}

/// A group of artifacts and executions: a dataset, a pipeline, an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Its number.
    pub id: ContextId,
    /// Its type.
    pub type_id: TypeId,
    /// Unique with its type.
    pub name: String,
    /// Declared properties.
    #[serde(default)]
    pub properties: Properties,
    /// Properties that its type does not declare.
    #[serde(default)]
    pub custom_properties: Properties,
    /// When it was recorded.
    pub created: Timestamp,
}

/// How an execution used an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// Read, as declared.
    DeclaredInput,
    /// Written, as declared.
    DeclaredOutput,
    /// Read.
    Input,
    /// Written.
    Output,
    /// Read by the system around it.
    InternalInput,
    /// Written by the system around it.
    InternalOutput,
    /// Not written at all in the end.
    PendingOutput,
}

impl EventKind {
    /// Whether the artifact went in.
    pub fn is_input(self) -> bool {
        matches!(self, Self::DeclaredInput | Self::Input | Self::InternalInput)
    }
}

/// An execution read or wrote an artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The artifact.
    pub artifact: ArtifactId,
    /// The execution.
    pub execution: ExecutionId,
    /// How.
    pub kind: EventKind,
    /// Steps that name the artifact among the execution's: keys and indexes.
    #[serde(default)]
    pub path: Vec<String>,
    /// When.
    pub time: Timestamp,
}

/// An artifact belongs to a context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// The context.
    pub context: ContextId,
    /// The artifact.
    pub artifact: ArtifactId,
}

/// An execution belongs to a context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Association {
    /// The context.
    pub context: ContextId,
    /// The execution.
    pub execution: ExecutionId,
}
