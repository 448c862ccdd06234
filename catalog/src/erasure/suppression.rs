//! The ledger of erased identifiers: keyed digests only. A crawl that meets one again raises an alarm.

use crate::catalog::{AsOf, Catalog, Change};
use crate::error::Result;
use crate::model::{ErasureRequest, SubjectIdentifier, Suppression, Timestamp, Token, TokenDigest};

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

/// Which of some tokens belong to erased persons, with the ledger's entry.
///
/// # Errors
/// `Unavailable` if the catalog cannot be read.
pub fn suppressed(catalog: &Catalog, tokens: &[Token]) -> Result<Vec<Suppression>> {
    let digests: Vec<TokenDigest> = tokens.iter().map(|token| token.digest).collect();
    let mut found = Vec::new();
    for digest in digests {
        found.extend(catalog.get::<Suppression>(&digest, AsOf::Now)?);
    }
    Ok(found)
}
