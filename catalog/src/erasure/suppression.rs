//! The ledger of erased identifiers: keyed digests only. A crawl that meets one again raises an alarm.

use crate::catalog::Change;
use crate::error::Result;
use crate::model::{ErasureRequest, SubjectIdentifier, Suppression, Timestamp};

/// Entries for a request's identifiers, as the subject index knows them: what a crawl meets is compared with the ledger.
///
/// # Errors
/// `Internal` if an entry cannot be encoded.
pub fn entries(
    request: &ErasureRequest,
    indexed: &[SubjectIdentifier],
    since: Timestamp,
) -> Result<Vec<Change>> {
    let entry = |identifier: &SubjectIdentifier| {
        Change::put(&Suppression {
            kind: identifier.kind.clone(),
            digest: identifier.digest,
            request: request.id.clone(),
            since,
        })
    };
    indexed.iter().map(entry).collect()
}
