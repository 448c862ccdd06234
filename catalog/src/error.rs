//! The one error of this crate: what the caller should do about it, what was being done, and to which thing.

use std::fmt;

/// Result of a catalog operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller can do about an error; never what broke inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The thing named does not exist.
    NotFound,
    /// Somebody else changed it meanwhile, or it is not in the state that the operation needs.
    Conflict,
    /// The request itself is wrong.
    Invalid,
    /// The principal may not do this.
    Denied,
    /// A documented bound was reached.
    Limit,
    /// Stored bytes are not what was written.
    Corrupt,
    /// A dependency does not answer; the only kind that is worth a retry.
    Unavailable,
    /// A defect of ours.
    Internal,
}

/// An error with its operation and the thing it was about; never holds a personal value.
#[derive(Debug)]
pub struct Error {
    /// What the caller can do.
    pub kind: Kind,
    /// What was being done, as a verb phrase: "approve erasure plan".
    pub operation: &'static str,
    /// Which thing, and what the operator can do; lower case, no full stop.
    pub context: String,
    /// The cause, printed by whoever walks the chain.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Builds an error of any kind.
    pub fn new(kind: Kind, operation: &'static str, context: impl fmt::Display) -> Self {
        Self { kind, operation, context: context.to_string(), source: None }
    }

    /// Attaches the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The thing does not exist.
    pub fn not_found(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, operation, context)
    }

    /// The state does not allow it.
    pub fn conflict(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::Conflict, operation, context)
    }

    /// The request is wrong.
    pub fn invalid(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::Invalid, operation, context)
    }

    /// The principal may not.
    pub fn denied(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::Denied, operation, context)
    }

    /// Stored bytes are wrong.
    pub fn corrupt(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::Corrupt, operation, context)
    }

    /// A dependency does not answer.
    pub fn unavailable(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::Unavailable, operation, context)
    }

    /// A defect of ours.
    pub fn internal(operation: &'static str, context: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, operation, context)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.context.is_empty() {
            write!(f, "cannot {}", self.operation)
        } else {
            write!(f, "cannot {}: {}", self.operation, self.context)
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
