//! Approval: somebody else's consent to exactly one plan, for a while.

use crate::error::{Error, Result};
use crate::model::{Approval, Digest, ErasureRequest, Plan, PlanBody, Principal, Role, Timestamp};

/// How long an approval counts: long enough for a weekend and a holiday, short enough that the lake is still the one that was looked at.
pub const APPROVAL_DAYS: i64 = 14;

const OPERATION: &str = "approve erasure plan";

/// Approves a plan.
///
/// # Errors
/// `Denied` without the role, or if the principal asked for or planned the erasure; `Conflict` if the hash is not the
/// plan's, the plan is superseded or the request is past approval.
pub fn approve(
    plan: &Plan,
    body: &PlanBody,
    request: &ErasureRequest,
    hash: Digest,
    by: &Principal,
    now: Timestamp,
) -> Result<Approval> {
    if !by.may(Role::Approver) {
        return Err(Error::denied(OPERATION, "only an approver may"));
    }
    if by.name == request.requester || by.name == body.by {
        return Err(Error::denied(
            OPERATION,
            "whoever asked for or planned an erasure cannot approve it; ask somebody else",
        ));
    }
    if plan.hash != hash {
        return Err(Error::conflict(
            OPERATION,
            format!("the hash is not that of plan {}; look at it again", plan.id),
        ));
    }
    is_current(plan, request)?;
    let expires = Timestamp(now.0 + APPROVAL_DAYS * 86_400_000_000);
    Ok(Approval { plan: plan.id.clone(), hash, by: by.name.clone(), at: now, expires })
}

/// Whether the request still goes by this plan.
///
/// # Errors
/// `Conflict` if not.
pub fn is_current(plan: &Plan, request: &ErasureRequest) -> Result<()> {
    if request.plan.as_ref() != Some(&plan.id) {
        return Err(Error::conflict(OPERATION, format!("plan {} was superseded by a later one", plan.id)));
    }
    if request.status.has_ended() {
        return Err(Error::conflict(OPERATION, format!("request {} has ended", request.id)));
    }
    Ok(())
}

/// Whether a plan may be run now, by the hash that the operator holds.
///
/// # Errors
/// `Conflict` if the hash or the approval is another plan's; `Denied` if there is no approval or it has expired.
pub fn may_run(plan: &Plan, hash: Digest, approval: Option<&Approval>, now: Timestamp) -> Result<()> {
    const OPERATION: &str = "run erasure plan";
    if plan.hash != hash {
        return Err(Error::conflict(
            OPERATION,
            format!("the hash is not that of plan {}; look at it again", plan.id),
        ));
    }
    let Some(approval) = approval else {
        // The right is there, the state is not: nobody else has approved yet.
        return Err(Error::conflict(OPERATION, format!("plan {} is not approved", plan.id)));
    };
    if approval.plan != plan.id || approval.hash != plan.hash {
        return Err(Error::conflict(OPERATION, format!("the approval is not of plan {}", plan.id)));
    }
    if approval.expires <= now {
        return Err(Error::denied(
            OPERATION,
            format!("the approval of plan {} expired on {}; plan again", plan.id, approval.expires),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::erasure::plan::tests::{evidence, part, plan_of, request};
    use crate::model::{PlanId, RequestStatus};

    fn who(name: &str, role: Role) -> Principal {
        Principal { name: name.into(), roles: vec![role] }
    }

    #[test]
    fn somebody_else_approves_exactly_one_plan_for_a_while() {
        let body = plan_of(&[evidence("a.csv", vec![part(&[], 10, &[3])])], &[]);
        let plan = crate::erasure::plan::freeze(&body).unwrap();
        let second = who("local:second", Role::Approver);
        let approve = |request: &ErasureRequest, hash, by: &Principal| {
            approve(&plan, &body, request, hash, by, Timestamp(0)).map_err(|error| error.kind)
        };
        assert_eq!(approve(&request(), plan.hash, &who("x", Role::Admin)), Err(ErrorKind::Denied));
        let own = who("local:officer", Role::Approver);
        assert_eq!(approve(&request(), plan.hash, &own), Err(ErrorKind::Denied));
        assert_eq!(approve(&request(), Digest([0; 32]), &second), Err(ErrorKind::Conflict));
        let replanned = ErasureRequest { plan: Some(PlanId("later".into())), ..request() };
        assert_eq!(approve(&replanned, plan.hash, &second), Err(ErrorKind::Conflict));
        let certified = ErasureRequest { status: RequestStatus::Certified, ..request() };
        assert_eq!(approve(&certified, plan.hash, &second), Err(ErrorKind::Conflict));

        let approval = approve(&request(), plan.hash, &second).unwrap();
        let may_run = |hash, approval, now| may_run(&plan, hash, approval, now).map_err(|error| error.kind);
        assert_eq!(may_run(plan.hash, Some(&approval), Timestamp(1)), Ok(()));
        assert_eq!(may_run(plan.hash, None, Timestamp(1)), Err(ErrorKind::Conflict));
        assert_eq!(may_run(Digest([0; 32]), Some(&approval), Timestamp(1)), Err(ErrorKind::Conflict));
        assert_eq!(may_run(plan.hash, Some(&approval), approval.expires), Err(ErrorKind::Denied));
        let stale = Approval { hash: Digest([0; 32]), ..approval.clone() };
        assert_eq!(may_run(plan.hash, Some(&stale), Timestamp(1)), Err(ErrorKind::Conflict));
    }
}
