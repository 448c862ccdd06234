//! Where blobs lie: one opened source, whatever the store.
//!
//! A store is one row in [`SCHEMES`]; all rows get the same guard ([`guard`]) and pass the same tests. Files are
//! listed and opened directly ([`local`]), since `object_store` gives up on names that it cannot spell. What it
//! lacks on S3 (old versions, locks, tags) is behind [`versions::Versions`]. What objects carry beside their bytes is in [`Beside`]. Changing stored bytes is in `write.rs`
//! and visible to this crate's eraser only.

mod beside;
pub mod faulty;
mod fetch;
mod glance;
pub mod guard;
mod lake;
mod local;
mod open;
#[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only web servers have such pages"))]
mod pages;
#[cfg(feature = "s3")]
mod s3;
mod spread;
pub mod versions;
mod write;

pub use beside::{Beside, Entry, EntryKind};
pub(crate) use beside::{TAGS_DENIED, TAGS_LEFT_OUT, Without};
pub use fetch::Fetched;
pub use glance::Glance;
pub use lake::{Lake, Listed, SourceOptions};
pub use versions::{Attached, Hold, ObjectVersion, Upload, Versioning, Versions};
pub(crate) use write::New;

use open::{Open, Opened};

/// URL scheme → how its store is opened.
pub(crate) static SCHEMES: &[(&str, Open)] = &[
    ("file", open::files),
    ("memory", open::memory),
    #[cfg(feature = "s3")]
    ("s3", open::s3),
    #[cfg(feature = "s3")]
    ("s3a", open::s3),
    #[cfg(feature = "gcs")]
    ("gs", open::gcs),
    #[cfg(feature = "azure")]
    ("az", open::azure),
    #[cfg(feature = "azure")]
    ("abfs", open::azure),
    #[cfg(feature = "azure")]
    ("abfss", open::azure),
    #[cfg(feature = "http")]
    ("http", open::http),
    #[cfg(feature = "http")]
    ("https", open::http),
];
