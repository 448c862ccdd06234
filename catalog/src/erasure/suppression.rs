//! The ledger of erased identifiers: keyed digests only. A crawl that meets one again raises an alarm.

use crate::catalog::Change;
use crate::error::Result;
use crate::model::{ErasureRequest, SubjectIdentifier, Suppression, Timestamp, TokenDigest};

/// Entries for a request's identifiers, each with what the subject index knows it by: what a crawl meets is compared with
/// the ledger.
///
/// # Errors
/// `Internal` if an entry cannot be encoded.
pub fn entries(
    request: &ErasureRequest,
    indexed: &[(SubjectIdentifier, Vec<TokenDigest>)],
    since: Timestamp,
) -> Result<Vec<Change>> {
    let entry = |(identifier, tokens): &(SubjectIdentifier, Vec<TokenDigest>)| {
        Change::put(&Suppression {
            kind: identifier.kind.clone(),
            digest: identifier.digest,
            tokens: tokens.clone(),
            request: request.id.clone(),
            since,
        })
    };
    indexed.iter().map(entry).collect()
}
