//! The stages of the crawl line, one file each: at the top the pure decision, below it the thin shell that feeds it.
//!
//! | file | takes | gives |
//! |---|---|---|
//! | `list` | a listing and what is recorded | what is new or changed |
//! | `sniff` | an object | its bytes at hand, or why not |
//! | `glance` | an object | what its first and last bytes say, at depth head, where nothing is read |
//! | `read` | bytes | every part with every cell shown to profiler, recognisers and token collection |
//! | `profile` | what the pass saw | schemas and statistics |
//! | `classify` | those and the recognisers' tallies | findings; statistics without personal values |
//! | `record` | whole blobs | commits; the end of vanished blobs |
//! | `link` | all blobs of the source | datasets, merged schemas, lineage |
//!
//! `run` is the execution that they share, `token` the digests of identifiers in one blob, `name` those in names of files,
//! `mask` what keeps personal names of features out of the catalog.

mod classify;
mod glance;
mod link;
mod list;
mod mask;
mod name;
mod profile;
mod read;
mod record;
mod run;
mod sniff;
mod token;

pub use classify::{Classified, classify};
pub use glance::glance;
pub use link::link;
pub use list::{Changed, list};
pub(crate) use mask::masked;
pub use profile::{Profiled, profile};
pub use read::{Read, read, table_name};
pub use record::{Recorded, record};
pub use run::Run;
pub(crate) use run::recognised;
pub use sniff::{Sniffed, sniff};
