//! Requests: what one is, when it is due, and what it may become next.

use crate::error::{Error, Result};
use crate::model::{ErasureRequest, Principal, RequestId, RequestStatus, Role, SubjectIdentifier, Timestamp};

/// The legal basis when none is given: the person withdrew or objected, and asks.
pub const DEFAULT_BASIS: &str = "Art. 17(1) GDPR: request of the data subject";

/// Records a request.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `Invalid` without an identifier.
pub fn receive(
    id: RequestId,
    requester: &Principal,
    now: Timestamp,
    legal_basis: &str,
    mut identifiers: Vec<SubjectIdentifier>,
) -> Result<ErasureRequest> {
    const OPERATION: &str = "receive erasure request";
    if !requester.may(Role::PrivacyOfficer) {
        return Err(Error::denied(OPERATION, "only a privacy officer may"));
    }
    if identifiers.is_empty() {
        return Err(Error::invalid(OPERATION, "name the person by at least one identifier"));
    }
    identifiers.sort();
    identifiers.dedup();
    Ok(ErasureRequest {
        id,
        requester: requester.name.clone(),
        received: now,
        due: due(now),
        legal_basis: legal_basis.into(),
        identifiers,
        sealed: Vec::new(),
        status: RequestStatus::Received,
        plan: None,
    })
}

/// One month after receipt (Art. 12(3) GDPR, counted as Regulation 1182/71 does: the same day of the next month, or its last day).
fn due(received: Timestamp) -> Timestamp {
    let month = jiff::Span::new().months(1);
    let due = jiff::Timestamp::from_microsecond(received.0)
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).checked_add(month));
    due.map_or(received, |due| Timestamp(due.timestamp().as_microsecond()))
}

/// The request with another status.
///
/// # Errors
/// `Conflict` if it is certified: a certificate is the end of a request.
pub fn with_status(request: &ErasureRequest, status: RequestStatus) -> Result<ErasureRequest> {
    if request.status.is_certified() {
        return Err(Error::conflict(
            "change erasure request",
            format!("request {} is certified", request.id),
        ));
    }
    Ok(ErasureRequest { status, ..request.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TokenDigest;

    fn officer() -> Principal {
        Principal { name: "local:officer".into(), roles: vec![Role::PrivacyOfficer] }
    }

    #[test]
    fn a_request_is_due_in_a_month() {
        for (received, expected) in [("2026-01-15", "2026-02-15"), ("2026-01-31", "2026-02-28")] {
            assert_eq!(due(received.parse().unwrap()), expected.parse().unwrap());
        }
    }

    #[test]
    fn needs_an_officer_and_an_identifier() {
        let identifier = SubjectIdentifier { kind: "EMAIL_ADDRESS".into(), digest: TokenDigest([1; 12]) };
        let receive = |who: &Principal, what| receive(RequestId("r".into()), who, Timestamp(0), "", what);
        let twice = vec![identifier.clone(), identifier];
        assert_eq!(receive(&officer(), twice.clone()).unwrap().identifiers.len(), 1);
        assert_eq!(receive(&officer(), vec![]).unwrap_err().kind, crate::ErrorKind::Invalid);
        let admin = Principal { name: "a".into(), roles: vec![Role::Admin] };
        assert_eq!(receive(&admin, twice).unwrap_err().kind, crate::ErrorKind::Denied);
    }
}
