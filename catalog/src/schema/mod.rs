//! Rows or footers → schema and statistics; schemas and statistics → what changed and what is wrong.
//!
//! [`profile`] watches rows stream by and [`infer`] makes the schema; [`withhold()`] strips what may be personal before
//! anything is recorded; [`merge()`] joins the schemas of a dataset's blobs; [`diff()`] and [`validate()`] compare.

pub mod diff;
pub mod infer;
pub mod merge;
pub mod profile;
pub mod validate;
pub mod withhold;

pub use diff::{SchemaChange, diff};
pub use merge::merge;
pub use profile::{Profile, Profiler, RowsSketch};
pub use validate::validate;
pub use withhold::withhold;
