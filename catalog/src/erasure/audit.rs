//! The vocabulary of the audit log for personal data: who looked whom up, planned, approved, executed.
//!
//! An entry names ids and kinds of identifiers. Keyed digests stay out too: the log is kept longer than the key.

use crate::catalog::{Catalog, Change};
use crate::error::{Error, Result};
use crate::model::{AuditEntry, PlanId, RequestId, SubjectIdentifier};
use crate::store::key;

/// A lookup.
pub const LOOK_UP: &str = "look up subject";
/// A package of the person's data was made.
pub const PACKAGE: &str = "package subject's data";
/// A request was recorded.
pub const RECEIVE: &str = "receive erasure request";
/// A plan was made.
pub const PLAN: &str = "plan erasure";
/// A plan was approved.
pub const APPROVE: &str = "approve erasure plan";
/// Execution of a plan began or went on.
pub const RUN: &str = "run erasure plan";
/// All of a run but for its writes.
pub const DRY_RUN: &str = "rehearse erasure plan";
/// The deadline of a request was extended.
pub const EXTEND: &str = "extend erasure request";
/// A request was refused.
pub const REFUSE: &str = "refuse erasure request";
/// Past erasures were looked for in what came back.
pub const REPLAY: &str = "replay erasures";
/// Execution of a plan came to its end.
pub const EXECUTED: &str = "finish erasure run";
/// A fresh look for the person.
pub const VERIFY: &str = "verify erasure";
/// A certificate was signed.
pub const CERTIFY: &str = "certify erasure";
/// A hold was placed.
pub const HOLD: &str = "place hold";
/// A hold was lifted.
pub const LIFT: &str = "lift hold";

/// Entry about a lookup by kinds of identifiers.
pub fn lookup<'a>(kinds: impl IntoIterator<Item = &'a str>, outcome: impl Into<String>) -> Change {
    let kinds: Vec<_> = kinds.into_iter().collect();
    Change::audit(LOOK_UP, kinds.join(" "), outcome)
}

/// Entry about a request.
pub fn request(action: &'static str, id: &RequestId, outcome: impl Into<String>) -> Change {
    Change::audit(action, format!("request {id}"), outcome)
}

/// Entry about a plan.
pub fn plan(action: &'static str, id: &PlanId, outcome: impl Into<String>) -> Change {
    Change::audit(action, format!("plan {id}"), outcome)
}

/// Kinds of some identifiers, for people.
pub fn kinds(identifiers: &[SubjectIdentifier]) -> impl Iterator<Item = &str> {
    identifiers.iter().map(|identifier| identifier.kind.as_str())
}

/// The last entry of the audit log.
///
/// # Errors
/// `Corrupt` if it is damaged.
pub fn head(catalog: &Catalog) -> Result<Option<AuditEntry>> {
    const OPERATION: &str = "read the head of the audit log";
    let failed = |error| Error::unavailable(OPERATION, "the catalog's store failed").with_source(error);
    let bytes = catalog.store().get(&key::meta("audit_head")).map_err(failed)?;
    let decode = |bytes: Vec<u8>| rmp_serde::from_slice(&bytes);
    bytes.map(decode).transpose().map_err(|error| Error::corrupt(OPERATION, "").with_source(error))
}
