//! How the command line and the daemon on one machine find each other: the content of `serve.json` and of errors.

use serde::{Deserialize, Serialize};

/// How a running daemon is reached.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Reach {
    /// Its URL on this machine.
    pub(crate) url: String,
    /// The secret of the owner of the machine's files.
    pub(crate) secret: String,
}

/// An error as the daemon tells it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ErrorBody {
    /// The stable code.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}
