//! The lineage graph: how it is written, what is inferred into it, and how it is walked.
//!
//! | file | owns |
//! |---|---|
//! | [`graph`] | ML Metadata's operations on types, artifacts, executions, contexts and events |
//! | [`implied`] | artifacts, events and ties that blobs and datasets imply |
//! | [`mod@derive`] | edges inferred from facts about content; pure |
//! | [`record`] | inferred edges as executions, replaced when they no longer hold |
//! | [`walk`] | up- and downstream walks, origins, renderings |
//! | [`openlineage`] | OpenLineage events as changes |

pub mod derive;
pub mod graph;
pub mod implied;
pub mod openlineage;
pub mod record;
pub mod render;
pub mod walk;
