//! Bytes: listing, sniffing, reading, rewriting and deleting the blobs of a data lake, and when to crawl what.
//!
//! It decides little; what can be a function from values to values lives in `catalog`. It knows no HTTP route,
//! no command line and no SQL.

pub mod content;
pub mod ctx;
pub mod erase;
pub mod error;
pub mod format;
pub mod pipeline;
pub mod recognise;
pub mod schedule;
pub mod source;
pub mod stage;
pub mod table_log;
