//! The one table from what went wrong to exit code, HTTP status and a code that programs may rely on.
//!
//! Errors are the catalog's [`catalog::Error`] everywhere: kind, operation, context, source. A code, once released,
//! is not renamed.

use std::error::Error as _;
use std::fmt::Write as _;

use catalog::ErrorKind;

pub(crate) use catalog::Error;

/// Exit code of a command that found nothing or left findings.
pub(crate) const EXIT_NOTHING: u8 = 1;

/// How one kind of error shows outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    /// Exit code of a command.
    pub(crate) exit: u8,
    /// HTTP status.
    pub(crate) status: u16,
    /// Stable code in JSON answers and audit entries.
    pub(crate) code: &'static str,
}

/// The face of a kind of error.
pub(crate) fn face(kind: ErrorKind) -> Face {
    let (exit, status, code) = match kind {
        ErrorKind::NotFound => (3, 404, "not_found"),
        ErrorKind::Conflict => (3, 409, "conflict"),
        ErrorKind::Invalid => (2, 400, "invalid"),
        ErrorKind::Denied => (3, 403, "denied"),
        ErrorKind::Limit => (3, 422, "limit"),
        ErrorKind::Corrupt => (3, 500, "corrupt"),
        ErrorKind::Unavailable => (3, 503, "unavailable"),
        ErrorKind::Internal => (3, 500, "internal"),
    };
    Face { exit, status, code }
}

/// The kind behind a code, so that an answer of the daemon is the same error here.
pub(crate) fn kind_of(code: &str) -> ErrorKind {
    const KINDS: [ErrorKind; 7] = [
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Invalid,
        ErrorKind::Denied,
        ErrorKind::Limit,
        ErrorKind::Corrupt,
        ErrorKind::Unavailable,
    ];
    KINDS.into_iter().find(|kind| face(*kind).code == code).unwrap_or(ErrorKind::Internal)
}

/// The error and its causes in one line, each once.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            let _ = write!(text, ": {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_kind() {
        for kind in [
            ErrorKind::NotFound,
            ErrorKind::Conflict,
            ErrorKind::Invalid,
            ErrorKind::Denied,
            ErrorKind::Limit,
            ErrorKind::Corrupt,
            ErrorKind::Unavailable,
            ErrorKind::Internal,
        ] {
            assert_eq!(kind_of(face(kind).code), kind);
            assert!(face(kind).exit >= 2 && face(kind).status >= 400);
        }
        assert_eq!(face(ErrorKind::Invalid).exit, 2, "wrong use is told apart from failure");
    }

    #[test]
    fn a_chain_names_each_cause_once() {
        let cause = std::io::Error::other("disk is full");
        let error = Error::unavailable("open catalog", "disk is full").with_source(cause);
        assert_eq!(chain(&error), "cannot open catalog: disk is full");
        let error = Error::unavailable("open catalog", "").with_source(std::io::Error::other("no room"));
        assert_eq!(chain(&error), "cannot open catalog: no room");
    }
}
