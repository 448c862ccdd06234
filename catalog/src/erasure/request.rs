//! Requests: what one is, when it is due, and what it may become next.

use crate::error::{Error, Result};
use crate::model::{
    ErasureRequest, Extension, Ground, Principal, Refusal, RequestId, RequestKind, RequestStatus, Role,
    SubjectIdentifier, Timestamp,
};

/// The legal basis when none is given: the person withdrew or objected, and asks.
pub const DEFAULT_BASIS: &str = "Art. 17(1) GDPR: request of the data subject";

/// The legal basis of a rectification when none is given.
pub const RECTIFICATION_BASIS: &str = "Art. 16 GDPR: request of the data subject";

/// What is asked for, and since when.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Erasure or rectification.
    pub kind: RequestKind,
    /// Ground, as the requester puts it; the usual one if none is given.
    pub legal_basis: Option<String>,
    /// When it reached the controller, if not now: the month runs from then.
    pub received: Option<Timestamp>,
    /// The certified request that it runs again.
    pub replays: Option<RequestId>,
}

/// Records a request.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `Invalid` without an identifier, or for a receipt in the future.
pub fn receive(
    id: RequestId,
    requester: &Principal,
    now: Timestamp,
    terms: &Terms,
    mut identifiers: Vec<SubjectIdentifier>,
) -> Result<ErasureRequest> {
    const OPERATION: &str = "receive erasure request";
    officer(OPERATION, requester)?;
    if identifiers.is_empty() {
        return Err(Error::invalid(OPERATION, "name the person by at least one identifier"));
    }
    let received = terms.received.unwrap_or(now);
    if received > now {
        return Err(Error::invalid(OPERATION, "a request cannot be received in the future"));
    }
    identifiers.sort();
    identifiers.dedup();
    let basis = match terms.kind {
        RequestKind::Erasure => DEFAULT_BASIS,
        RequestKind::Rectification => RECTIFICATION_BASIS,
    };
    Ok(ErasureRequest {
        id,
        requester: requester.name.clone(),
        received,
        due: months_after(received, 1),
        legal_basis: terms.legal_basis.clone().unwrap_or_else(|| basis.into()),
        identifiers,
        sealed: Vec::new(),
        status: RequestStatus::Received,
        plan: None,
        kind: terms.kind,
        extension: None,
        refusal: None,
        replays: terms.replays.clone(),
    })
}

fn officer(operation: &'static str, principal: &Principal) -> Result<()> {
    match principal.may(Role::PrivacyOfficer) {
        true => Ok(()),
        false => Err(Error::denied(operation, "only a privacy officer may")),
    }
}

/// The same day some months later, or that month's last day (Regulation 1182/71, Art. 3(2)(c)).
fn months_after(start: Timestamp, months: i64) -> Timestamp {
    let span = jiff::Span::new().months(months);
    let due = jiff::Timestamp::from_microsecond(start.0)
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).checked_add(span));
    due.map_or(start, |due| Timestamp(due.timestamp().as_microsecond()))
}

/// Days until an answer is due, rounded down; below zero once it is late.
pub fn days_left(request: &ErasureRequest, now: Timestamp) -> i64 {
    const DAY: i64 = 86_400_000_000;
    (request.due.0 - now.0).div_euclid(DAY)
}

/// The request with two more months, for its complexity or the number of requests (Art. 12(3) GDPR).
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `Invalid` without a reason; `Conflict` if it was extended before, has ended,
/// or the first month, within which the person has to be told, is over.
pub fn extend(
    request: &ErasureRequest,
    by: &Principal,
    now: Timestamp,
    reason: &str,
) -> Result<ErasureRequest> {
    const OPERATION: &str = "extend erasure request";
    officer(OPERATION, by)?;
    let conflict = |why: &str| Err(Error::conflict(OPERATION, format!("request {} {why}", request.id)));
    if reason.trim().is_empty() {
        return Err(Error::invalid(OPERATION, "say why it takes longer; the person has to be told"));
    }
    if request.status.has_ended() {
        return conflict("has ended");
    }
    if request.extension.is_some() {
        return conflict("was extended before; the law knows no second extension");
    }
    if request.due < now {
        return conflict("is late already; only within the first month can it be extended");
    }
    let extension = Extension { reason: reason.trim().into(), by: by.name.clone(), at: now };
    Ok(ErasureRequest {
        due: months_after(request.received, 3),
        extension: Some(extension),
        ..request.clone()
    })
}

/// The request with the answer that nothing is erased.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `Invalid` without a reason; `Conflict` once a step may have been carried out.
pub fn refuse(
    request: &ErasureRequest,
    by: &Principal,
    now: Timestamp,
    (ground, reason): (Ground, &str),
) -> Result<ErasureRequest> {
    const OPERATION: &str = "refuse erasure request";
    officer(OPERATION, by)?;
    if reason.trim().is_empty() {
        return Err(Error::invalid(OPERATION, "say why; the person has to be told"));
    }
    let is_untouched =
        matches!(request.status, RequestStatus::Received | RequestStatus::Planned | RequestStatus::Approved);
    if !is_untouched {
        let context = format!("request {} is past refusal: its plan was run, or it has ended", request.id);
        return Err(Error::conflict(OPERATION, context));
    }
    let refusal = Refusal { ground, reason: reason.trim().into(), by: by.name.clone(), at: now };
    Ok(ErasureRequest {
        status: RequestStatus::Refused,
        refusal: Some(refusal),
        sealed: Vec::new(),
        ..request.clone()
    })
}

/// The request with another status.
///
/// # Errors
/// `Conflict` if it has ended: certified, or refused.
pub fn with_status(request: &ErasureRequest, status: RequestStatus) -> Result<ErasureRequest> {
    if request.status.has_ended() {
        let how = if request.status == RequestStatus::Refused { "was refused" } else { "is certified" };
        return Err(Error::conflict("change erasure request", format!("request {} {how}", request.id)));
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
            assert_eq!(months_after(received.parse().unwrap(), 1), expected.parse().unwrap());
        }
        assert_eq!(months_after("2026-11-30".parse().unwrap(), 3), "2027-02-28".parse().unwrap());
    }

    fn request() -> ErasureRequest {
        let identifier = SubjectIdentifier { kind: "EMAIL_ADDRESS".into(), digest: TokenDigest([1; 12]) };
        let now = "2026-01-15".parse().unwrap();
        receive(RequestId("r".into()), &officer(), now, &Terms::default(), vec![identifier]).unwrap()
    }

    #[test]
    fn is_extended_once_within_the_first_month_and_with_a_reason() {
        let request = request();
        let at = |day: &str| day.parse::<Timestamp>().unwrap();
        let extend = |request: &ErasureRequest, day: &str, reason: &str| {
            extend(request, &officer(), at(day), reason).map_err(|error| error.kind)
        };
        assert_eq!(days_left(&request, at("2026-01-20")), 26);
        assert_eq!(days_left(&request, at("2026-02-16")), -1);
        let extended = extend(&request, "2026-02-01", "4,000 blobs in 30 archives").unwrap();
        assert_eq!(extended.due, at("2026-04-15"));
        assert_eq!(extend(&extended, "2026-02-02", "again"), Err(crate::ErrorKind::Conflict));
        assert_eq!(extend(&request, "2026-02-16", "late"), Err(crate::ErrorKind::Conflict));
        assert_eq!(extend(&request, "2026-02-01", " "), Err(crate::ErrorKind::Invalid));
        let ended = ErasureRequest { status: RequestStatus::Certified, ..request };
        assert_eq!(extend(&ended, "2026-02-01", "x"), Err(crate::ErrorKind::Conflict));
    }

    #[test]
    fn is_refused_before_it_runs_and_for_good() {
        let (request, now) = (request(), Timestamp(0));
        let refuse = |request: &ErasureRequest, reason: &str| {
            let kind = |error: Error| error.kind;
            refuse(request, &officer(), now, (Ground::LegalObligation, reason)).map_err(kind)
        };
        let refused = refuse(&request, "kept ten years by tax law").unwrap();
        assert_eq!((refused.status, refused.sealed.len()), (RequestStatus::Refused, 0));
        assert_eq!(refuse(&refused, "again"), Err(crate::ErrorKind::Conflict));
        assert_eq!(refuse(&request, ""), Err(crate::ErrorKind::Invalid));
        let running = ErasureRequest { status: RequestStatus::Running, ..request };
        assert_eq!(refuse(&running, "x"), Err(crate::ErrorKind::Conflict));
        assert!(with_status(&refused, RequestStatus::Planned).is_err());
    }

    #[test]
    fn needs_an_officer_and_an_identifier() {
        let identifier = SubjectIdentifier { kind: "EMAIL_ADDRESS".into(), digest: TokenDigest([1; 12]) };
        let receive = |who: &Principal, what| {
            receive(RequestId("r".into()), who, Timestamp(0), &Terms::default(), what)
        };
        let twice = vec![identifier.clone(), identifier];
        assert_eq!(receive(&officer(), twice.clone()).unwrap().identifiers.len(), 1);
        assert_eq!(receive(&officer(), vec![]).unwrap_err().kind, crate::ErrorKind::Invalid);
        let admin = Principal { name: "a".into(), roles: vec![Role::Admin] };
        assert_eq!(receive(&admin, twice).unwrap_err().kind, crate::ErrorKind::Denied);
    }
}
