//! The nouns of a data lake, their rules and their durable record.
//!
//! Synchronous and pure but for the [`store`]: it knows no network, no file format and no clock of its own
//! (see [`mod@env`]). Every mutation is a [`Change`] that [`Catalog::commit`] applies in one atomic batch;
//! nothing recorded is overwritten, so that every read can be asked as of a past time.

pub mod annotation;
pub mod catalog;
pub mod dataset;
pub mod env;
pub mod erasure;
pub mod error;
pub mod lineage;
pub mod masking;
pub mod model;
pub mod processing;
pub mod ruling;
pub mod schema;
pub mod search;
pub mod sketch;
pub mod store;
pub mod subject;

pub use catalog::{AsOf, Catalog, Change, Page};
pub use env::Env;
pub use error::{Error, Kind as ErrorKind, Result};
