//! Makes plans: has evidence gathered over the lake as it is now, has the catalog decide and check, and records the plan.
//! Approvals and holds are recorded here too.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalog::erasure::plan::{Input, decide, freeze, read as read_plan};
use catalog::erasure::request::{Terms, receive, with_status};
use catalog::erasure::{approve as approval, audit, check, journal};
use catalog::model::{
    Approval, ErasureRequest, Hold, HoldScope, Plan, PlanBody, PlanId, RequestId, RequestKind, RequestStatus,
    Role, Timestamp,
};
use catalog::{AsOf, Change};

use super::answer::{ApprovalAnswer, PlanAnswer};
use super::gather::gather;
use super::identifier::Identifier;
use super::lookup::officer;
use super::names as naming;
use super::search::Sought;
use super::{Desk, show};
use crate::error::{Error, Result};
use crate::source::Lake;

/// How a plan is made.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Ground under Art. 17(1) GDPR; a request of the data subject if none is given.
    pub legal_basis: Option<String>,
    /// Plan anew for a request that is there already.
    pub request: Option<RequestId>,
    /// Read every blob instead of those that the index names.
    pub scan: bool,
    /// When the request reached the controller, if not now.
    pub received: Option<Timestamp>,
    /// The certified request that is run again over what came back.
    pub replays: Option<RequestId>,
}

/// Plans the erasure of a person: records the request (or takes it up again) and an immutable plan. The lake is not touched.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `Conflict` if the request is certified or a step is half done.
pub async fn plan(desk: &Desk, identifiers: &[Identifier], options: PlanOptions) -> Result<PlanAnswer> {
    let subject = options.request.as_ref().map_or_else(String::new, |id| format!("request {id}"));
    let outcome = make(desk, identifiers, options).await;
    desk.audited(audit::PLAN, subject, outcome).await
}

async fn make(desk: &Desk, identifiers: &[Identifier], options: PlanOptions) -> Result<PlanAnswer> {
    officer(desk, audit::PLAN)?;
    let (request, identifiers) = take_up(desk, identifiers, &options)?;
    let key = desk.keys.make_request_key(&request.id)?;
    let gathered = gather(desk, Arc::new(Sought::new(identifiers.clone())), options.scan).await?;
    let catalog = &desk.ctx.catalog;
    let holds = catalog.all::<Hold>(AsOf::Now)?;
    let env = catalog.env();
    let seal = |plain: &[u8]| hex::encode(key.seal(env, plain));
    let not_searched = gathered.not_searched.iter().map(|one| one.record(&seal)).collect();
    let body = decide(&Input {
        id: PlanId(env.name()),
        request: &request,
        by: &desk.by.name,
        created: env.clock.now(),
        sources: desk.lakes.iter().map(Lake::source_id).collect(),
        evidence: &gathered.evidence,
        not_searched,
        holds: &holds,
        seal: &seal,
        policy: desk.policy.rules(),
    });
    let plan = freeze(&body)?;
    let open = |sealed: &str| naming::open(&key, sealed);
    check::refuse(&check::check(&plan, &gathered.evidence, &holds, &open)?)?;

    let mut request = with_status(&request, RequestStatus::Planned)?;
    request.plan = Some(plan.id.clone());
    let values = serde_json::to_vec(&identifiers).map_err(|_| Error::internal("seal identifiers", ""))?;
    request.sealed = key.seal(env, &values);
    let mut changes = vec![Change::put(&request)?, Change::put(&plan)?];
    for entry in journal::begin(&body, body.created) {
        changes.push(Change::put(&entry)?);
    }
    let kinds = audit::kinds(&request.identifiers).collect::<BTreeSet<_>>();
    let kinds = kinds.into_iter().collect::<Vec<_>>().join(" ");
    changes.push(audit::request(audit::RECEIVE, &request.id, kinds));
    changes.push(audit::plan(
        audit::PLAN,
        &plan.id,
        format!("{} steps, hash {}", body.steps.len(), plan.hash),
    ));
    desk.commit(changes).await?;
    Ok(PlanAnswer {
        plan: plan.id.0.clone(),
        request: request.id.0.clone(),
        hash: plan.hash.to_string(),
        due: request.due,
        steps: show::steps(desk, &body, &[], Some(&key)),
        not_searched: body.not_searched.iter().map(|one| naming::unsearched(desk, one, Some(&key))).collect(),
        bytes_read: body.bytes_read,
        bytes_written: body.bytes_written,
    })
}

/// The request to plan for: a new one, or one that is there with its sealed identifiers and those named now.
fn take_up(
    desk: &Desk,
    identifiers: &[Identifier],
    options: &PlanOptions,
) -> Result<(ErasureRequest, Vec<Identifier>)> {
    let env = desk.ctx.catalog.env();
    let mut all = identifiers.to_vec();
    let subjects = |all: &[Identifier]| all.iter().flat_map(|one| one.subjects(env)).collect::<Vec<_>>();
    let Some(id) = &options.request else {
        let terms = Terms {
            kind: kind_of(&all)?,
            legal_basis: options.legal_basis.clone(),
            received: options.received,
            replays: options.replays.clone(),
        };
        let id = RequestId(env.name());
        return Ok((receive(id, &desk.by, env.clock.now(), &terms, subjects(&all))?, all));
    };
    let mut request: ErasureRequest = desk.ctx.catalog.require(id, audit::PLAN, &id.0)?;
    if request.status.has_ended() {
        return Err(Error::conflict(audit::PLAN, format!("request {id} has ended; make a new one")));
    }
    refuse_half_done(desk, &request)?;
    let sealed = sealed_identifiers(desk, &request)?;
    all.extend(sealed.into_iter().filter(|one| !identifiers.contains(one)));
    if kind_of(&all)? != request.kind {
        return Err(Error::invalid(audit::PLAN, "the request is of another kind; make a new one"));
    }
    request.identifiers = subjects(&all);
    request.identifiers.sort();
    request.identifiers.dedup();
    Ok((request, all))
}

/// Values are put right, or a person is erased: not both by one request, since one keeps what the other removes.
fn kind_of(identifiers: &[Identifier]) -> Result<RequestKind> {
    let to_put_right = identifiers.iter().filter(|one| one.right.is_some()).count();
    match to_put_right {
        0 => Ok(RequestKind::Erasure),
        all if all == identifiers.len() => Ok(RequestKind::Rectification),
        _ => Err(Error::invalid(audit::PLAN, "erase and rectify by two requests")),
    }
}

/// A step between its write and its end must be finished by its own plan, whose journal knows what was meant.
fn refuse_half_done(desk: &Desk, request: &ErasureRequest) -> Result<()> {
    use catalog::model::StepState::{OldVersionsDeleted, Replaced, Started};
    let Some(plan) = &request.plan else { return Ok(()) };
    let half_done = show::journal_of(desk, plan)?
        .into_iter()
        .find(|entry| matches!(entry.state, Started | Replaced | OldVersionsDeleted));
    match half_done {
        None => Ok(()),
        Some(entry) => {
            let context = format!("step {} of plan {plan} is half done; run that plan first", entry.number);
            Err(Error::conflict(audit::PLAN, context))
        }
    }
}

/// A request's identifiers, opened with its key.
///
/// # Errors
/// `NotFound` once the key was destroyed.
pub(super) fn sealed_identifiers(desk: &Desk, request: &ErasureRequest) -> Result<Vec<Identifier>> {
    let plain = desk.keys.request_key(&request.id)?.open(&request.sealed)?;
    serde_json::from_slice(&plain)
        .map_err(|_| Error::corrupt("open a request", format!("request {}", request.id)))
}

/// Approves a plan for somebody else's request.
///
/// # Errors
/// `Denied` without the role or for an own request; `Conflict` if the hash is not the plan's.
pub async fn approve(desk: &Desk, plan: &PlanId, hash: &str) -> Result<ApprovalAnswer> {
    let outcome = consent(desk, plan, hash).await;
    desk.audited(audit::APPROVE, format!("plan {plan}"), outcome).await
}

async fn consent(desk: &Desk, plan: &PlanId, hash: &str) -> Result<ApprovalAnswer> {
    let catalog = &desk.ctx.catalog;
    let (plan, body, request) = load(desk, plan)?;
    let hash =
        hash.parse().map_err(|_| Error::invalid(audit::APPROVE, "the hash is 64 hexadecimal digits"))?;
    let approved: Approval =
        approval::approve(&plan, &body, &request, hash, &desk.by, catalog.env().clock.now())?;
    let mut changes = vec![Change::put(&approved)?];
    if request.status == RequestStatus::Planned {
        changes.push(Change::put(&with_status(&request, RequestStatus::Approved)?)?);
    }
    changes.push(audit::plan(audit::APPROVE, &plan.id, format!("hash {hash}")));
    desk.commit(changes).await?;
    Ok(show::approval(&approved))
}

/// A plan with its body and its request.
///
/// # Errors
/// `NotFound` if there is none, `Corrupt` if its text is not what was hashed.
pub(super) fn load(desk: &Desk, id: &PlanId) -> Result<(Plan, PlanBody, ErasureRequest)> {
    let plan: Plan = desk.ctx.catalog.require(id, "read erasure plan", &id.0)?;
    let body = read_plan(&plan)?;
    let request = desk.ctx.catalog.require(&plan.request, "read erasure request", &plan.request.0)?;
    Ok((plan, body, request))
}

/// Places a hold (Art. 17(3) GDPR); `reason` is for people and holds no personal value. Gives its name.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer.
pub async fn hold(desk: &Desk, scope: HoldScope, reason: &str) -> Result<String> {
    officer(desk, audit::HOLD)?;
    let env = desk.ctx.catalog.env();
    let (id, at) = (env.name(), env.clock.now());
    let hold = Hold { id: id.clone(), scope, reason: reason.into(), by: desk.by.name.clone(), at };
    let entry = Change::audit(audit::HOLD, format!("hold {id}"), "ok");
    desk.commit(vec![Change::put(&hold)?, entry]).await?;
    Ok(id)
}

/// Lifts a hold.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer or an approver; `NotFound` if there is none.
pub async fn lift(desk: &Desk, id: &str) -> Result<()> {
    if !desk.by.may(Role::PrivacyOfficer) && !desk.by.may(Role::Approver) {
        return Err(Error::denied(audit::LIFT, "only a privacy officer or an approver may"));
    }
    let hold: Hold = desk.ctx.catalog.require(&id.to_owned(), audit::LIFT, id)?;
    let entry = Change::audit(audit::LIFT, format!("hold {id}"), "ok");
    desk.commit(vec![Change::close::<Hold>(&hold.id), entry]).await.map(drop)
}
