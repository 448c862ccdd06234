//! Mergeable summaries of streams of values, each a pure data structure, all bounded in memory.
//!
//! [`shape`] says what a value is whatever its format; [`rows`] digests multisets of rows by it;
//! [`content`] keeps samples of keyed digests by which rows and columns are recognised elsewhere;
//! [`distinct`], [`quantile`] and [`frequent`] are thin faces of Apache DataSketches.
//! [`crate::schema::profile`] feeds them; what they say is recorded in [`crate::model::FeatureStatistics`].

pub mod content;
pub mod distinct;
pub mod frequent;
pub mod quantile;
pub mod rows;
pub mod shape;
