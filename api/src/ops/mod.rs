//! Everything that can be asked of Headwater, once: command line, HTTP and pages are faces of [`Operation`].
//!
//! | file | answers |
//! |---|---|
//! | [`datasets`] | what lies in the lake |
//! | [`history`] | runs and the audit log |
//! | [`tokens`] | who may ask |
//!
//! [`access`] says who may ask what, [`run`] checks that and carries it out, [`answer`] is what comes back.

pub(crate) mod access;
pub(crate) mod answer;
mod datasets;
mod history;
mod run;
mod tokens;

use catalog::model::{Role, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use answer::{Answer, Outcome, Paging};

/// One thing that can be asked. It travels as JSON between the command line and the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Operation {
    /// Datasets of the catalog.
    Datasets {
        /// Only those with this name, root or id.
        #[serde(default)]
        which: Option<String>,
        /// With the paths of their blobs.
        #[serde(default)]
        files: bool,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// One dataset with its statistics, anomalies and blobs.
    DatasetShow {
        /// Its name, root or id.
        which: String,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// Crawls, pipeline runs and erasures, newest first.
    Runs {
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// One run with what it read and wrote.
    RunShow {
        /// Its number.
        id: i64,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// The audit log, newest first.
    Audit {
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// Whether the chain of the audit log holds.
    AuditVerify,
    /// Makes a token.
    TokenCreate {
        /// The principal's name.
        name: String,
        /// What it may do.
        roles: Vec<Role>,
    },
    /// All tokens, without their secrets.
    TokenList,
    /// Ends tokens.
    TokenRevoke {
        /// A name or a short id.
        which: String,
    },
}
