//! The nouns: plain types without logic beyond naming and ordering themselves.
//!
//! Blob versions, datasets and schemas are ours; artifacts, executions, contexts and events are ML Metadata's.
//! How each is kept stands in [`crate::store::record`].

mod access;
mod annotation;
mod audit;
mod blob;
mod dataset;
mod erasure;
mod feature;
mod finding;
mod graph;
mod id;
mod policy;
mod request;
mod sketch;
mod statistics;
mod table;
mod time;
mod value;

pub use access::AccessToken;
pub use annotation::{Annotated, Annotation};
pub use audit::{AuditEntry, Principal, Role};
pub use blob::{
    Anomaly, AnomalyKind, BlobVersion, Depth, Dialect, Grouped, IndexKey, Part, Searched, Source,
};
pub use dataset::{Dataset, PartitionKey};
pub use erasure::{
    Approval, BesideEntry, Certificate, Hold, HoldScope, Method, Names, NotSearched, PartRemoval, Plan,
    PlanBody, Step, StepJournal, StepState, Suppression, Verification, VerificationHit,
};
pub use feature::{Feature, FeaturePath, FeatureType, Presence, Schema, Segment};
pub use finding::{Category, Finding, Findings, Ruling};
pub use graph::{
    Artifact, Association, Attribution, Context, Event, EventKind, Execution, ExecutionState, Properties,
    Property, Type, TypeKind,
};
pub use id::{
    ArtifactId, BlobId, ContextId, DatasetId, Digest, ExecutionId, PlanId, RequestId, RowsDigest, SchemaId,
    SourceId, TokenDigest, TypeId,
};
pub use policy::{How, Replacement, Rule, RuleMethod};
pub use request::{
    ErasureRequest, Extension, Ground, Refusal, RequestKind, RequestStatus, SubjectIdentifier,
};
pub use sketch::{ColumnSketch, ContentSketch, Sample};
pub use statistics::{FeatureStatistics, Statistics};
pub use table::{LogRole, TableLog};
pub use time::Timestamp;
pub use value::Value;
