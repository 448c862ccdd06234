//! Rows or footers → schema and statistics; schemas and statistics → what changed and what is wrong.
//!
//! [`profile`] watches rows stream by; [`withhold`] strips what may be personal before anything is recorded.

pub mod profile;
pub mod tree;
pub mod withhold;

pub use profile::{Profile, Profiler};
pub use withhold::withhold;
