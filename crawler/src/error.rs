//! The error of this crate: the catalog's own, so that one table of kinds reaches from a store to an exit code.
//!
//! A second enum would hold the same eight kinds and a conversion in every signature that touches both crates.
//! What this file adds is how failures of object stores and files become kinds. Messages name no path: paths can
//! be personal, and who calls knows which blob it asked for.

pub use catalog::error::{Error, Kind, Result};

/// Says what a caller can do about a failure of an object store.
pub fn of_store(operation: &'static str, error: object_store::Error) -> Error {
    use object_store::Error as Store;
    let (kind, context) = match &error {
        Store::NotFound { .. } => (Kind::NotFound, "no such object"),
        Store::Precondition { .. } | Store::NotModified { .. } | Store::AlreadyExists { .. } => {
            (Kind::Conflict, "the object is another one than was expected")
        }
        Store::PermissionDenied { .. } => (Kind::Denied, "the store refused; grant its role the right"),
        Store::Unauthenticated { .. } => (Kind::Denied, "the store does not accept the credentials"),
        Store::NotSupported { .. } | Store::NotImplemented { .. } => {
            (Kind::Invalid, "the store cannot do this")
        }
        Store::InvalidPath { .. } | Store::UnknownConfigurationKey { .. } => {
            (Kind::Invalid, "the store takes no such path or setting")
        }
        _ => (Kind::Unavailable, "the store failed or did not answer"),
    };
    Error::new(kind, operation, context).with_source(Quiet::of(&error))
}

/// Says what a caller can do about a failure of a file.
pub fn of_file(operation: &'static str, error: std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    let kind = match error.kind() {
        Io::NotFound | Io::NotADirectory => Kind::NotFound,
        Io::PermissionDenied => Kind::Denied,
        Io::FileTooLarge => Kind::Limit,
        Io::InvalidInput | Io::InvalidFilename | Io::IsADirectory => Kind::Invalid,
        _ => Kind::Unavailable,
    };
    Error::new(kind, operation, error.kind()).with_source(error)
}

/// The innermost cause of a store's error, as text: the outer ones print paths and signed URLs.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Quiet(String);

impl Quiet {
    fn of(error: &object_store::Error) -> Self {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let text = cause.to_string();
        let names_place = text.contains("://") || text.contains('/') || text.len() > 200;
        Self(if names_place { "no more is said, since the cause names a place".into() } else { text })
    }
}
