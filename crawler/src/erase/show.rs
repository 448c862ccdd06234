//! Requests, plans and their states, for people: `erase list` and `erase show`.

use catalog::AsOf;
use catalog::erasure::plan::{parse_units, read as read_plan};
use catalog::erasure::request::days_left;
use catalog::erasure::{audit, seal::SealKey};
use catalog::model::{
    Approval, Certificate, ErasureRequest, Method, Plan, PlanBody, PlanId, Replacement, RequestId,
    RequestStatus, Role, StepJournal, Verification,
};
use catalog::store::record::Index;

use super::Desk;
use super::answer::{ApprovalAnswer, HitLine, RequestLine, ShowAnswer, StepLine, VerifyAnswer};
use super::names::{readable, unsearched};
use crate::error::{Error, Result};

/// Requests as they were at a time, the latest last.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer or an approver.
pub fn list(desk: &Desk, as_of: AsOf) -> Result<Vec<RequestLine>> {
    reader(desk, "list erasure requests")?;
    let mut requests = desk.ctx.catalog.all::<ErasureRequest>(as_of)?;
    requests.sort_by_key(|request| request.received);
    requests.iter().map(|request| request_line_at(desk, request, as_of)).collect()
}

/// All about one request as it was at a time, named by its id or by a plan's. What was sealed can be read while its key lives.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer or an approver; `NotFound` if there is neither.
pub fn show(desk: &Desk, request_or_plan: &str, as_of: AsOf) -> Result<ShowAnswer> {
    reader(desk, "show erasure request")?;
    let catalog = &desk.ctx.catalog;
    let request = resolve_at(desk, request_or_plan, as_of)?;
    let key = desk.keys.request_key(&request.id).ok();
    let plan: Option<Plan> = match &request.plan {
        Some(plan) => catalog.get(plan, as_of)?,
        None => None,
    };
    let body = plan.as_ref().map(read_plan).transpose()?;
    let mut journal: Vec<StepJournal> = Vec::new();
    for (body, step) in body.iter().flat_map(|body| body.steps.iter().map(move |step| (body, step))) {
        journal.extend(catalog.get(&(body.id.clone(), step.number), as_of)?);
    }
    let approved: Option<Approval> = match &request.plan {
        Some(plan) => catalog.get(plan, as_of)?,
        None => None,
    };
    let verified: Option<Verification> = catalog.get(&request.id, as_of)?;
    Ok(ShowAnswer {
        legal_basis: request.legal_basis.clone(),
        approval: approved.as_ref().map(approval),
        steps: body.as_ref().map(|body| steps(desk, body, &journal, key.as_ref())).unwrap_or_default(),
        verification: verified.as_ref().map(|one| verification(desk, one, key.as_ref())),
        certified: catalog.get::<Certificate>(&request.id, as_of)?.is_some(),
        next: next(request.status),
        request: request_line_at(desk, &request, as_of)?,
        body,
    })
}

fn reader(desk: &Desk, operation: &'static str) -> Result<()> {
    match desk.by.may(Role::PrivacyOfficer) || desk.by.may(Role::Approver) {
        true => Ok(()),
        false => Err(Error::denied(operation, "only a privacy officer or an approver may")),
    }
}

fn next(status: RequestStatus) -> &'static str {
    match status {
        RequestStatus::Received => "plan it",
        RequestStatus::Planned => "have somebody else approve the plan by its hash",
        RequestStatus::Approved => "run the plan by its hash",
        RequestStatus::Running => "run the plan again; it goes on from where it stopped",
        RequestStatus::Executed => "verify; if a step was refused, plan again",
        RequestStatus::Verified => "take the certificate; if verification found something, plan again",
        RequestStatus::Certified | RequestStatus::CertifiedInPart => "nothing; it is certified",
        RequestStatus::Refused => "tell the person why, and where to complain (Art. 12(4) GDPR)",
    }
}

/// The request of an id, or of a plan's id.
///
/// # Errors
/// `NotFound` if there is neither.
pub(super) fn resolve(desk: &Desk, request_or_plan: &str) -> Result<ErasureRequest> {
    resolve_at(desk, request_or_plan, AsOf::Now)
}

fn resolve_at(desk: &Desk, request_or_plan: &str, as_of: AsOf) -> Result<ErasureRequest> {
    let catalog = &desk.ctx.catalog;
    let plan: Option<Plan> = catalog.get(&PlanId(request_or_plan.to_owned()), as_of)?;
    let request = plan.map_or_else(|| RequestId(request_or_plan.to_owned()), |plan| plan.request);
    let found = catalog.get(&request, as_of)?;
    found.ok_or_else(|| Error::not_found("read erasure request", request_or_plan.to_owned()))
}

/// How far the steps of a plan are, in order.
///
/// # Errors
/// What the catalog fails with.
pub(super) fn journal_of(desk: &Desk, plan: &PlanId) -> Result<Vec<StepJournal>> {
    let mut journal = desk.ctx.catalog.find::<StepJournal>(Index::OfRequest, plan.0.as_bytes())?;
    journal.sort_by_key(|entry| entry.number);
    Ok(journal)
}

/// How far one step is.
///
/// # Errors
/// `NotFound` if it has no entry.
pub(super) fn journal_entry(desk: &Desk, plan: &PlanId, number: u32) -> Result<StepJournal> {
    desk.ctx.catalog.require(&(plan.clone(), number), "read erasure journal", &format!("{plan}/{number}"))
}

pub(super) fn request_line(desk: &Desk, request: &ErasureRequest) -> Result<RequestLine> {
    request_line_at(desk, request, AsOf::Now)
}

fn request_line_at(desk: &Desk, request: &ErasureRequest, as_of: AsOf) -> Result<RequestLine> {
    let plan: Option<Plan> = match &request.plan {
        Some(plan) => desk.ctx.catalog.get(plan, as_of)?,
        None => None,
    };
    let mut kinds: Vec<String> = audit::kinds(&request.identifiers).map(str::to_owned).collect();
    kinds.dedup();
    Ok(RequestLine {
        request: request.id.0.clone(),
        plan: request.plan.as_ref().map(|plan| plan.0.clone()),
        hash: plan.map(|plan| plan.hash.to_string()),
        status: request.status,
        kinds,
        requester: request.requester.clone(),
        received: request.received,
        due: request.due,
        days_left: (!request.status.has_ended())
            .then(|| days_left(request, desk.ctx.catalog.env().clock.now())),
        asks_for: request.kind,
        replays: request.replays.as_ref().map(|request| request.0.clone()),
        extension: request.extension.clone(),
        refusal: request.refusal.clone(),
    })
}

/// Steps for people; names open while the request's key lives.
pub(super) fn steps(
    desk: &Desk,
    body: &PlanBody,
    journal: &[StepJournal],
    key: Option<&SealKey>,
) -> Vec<StepLine> {
    let line = |step: &catalog::model::Step| {
        let names = readable(&step.names, key);
        let (path, members) = match names {
            Some((path, members)) => (Some(path), members),
            None => (None, Vec::new()),
        };
        let (rows_removed, rows_kept) = match &step.method {
            Method::RemoveUnits { parts, .. } => (
                parts.iter().map(|part| part.rows_removed).sum(),
                parts.iter().map(|part| part.rows_kept).sum(),
            ),
            _ => (0, 0),
        };
        let reason = match &step.method {
            Method::RemoveUnits { parts, .. } => parts.iter().find_map(instead),
            Method::DeleteBlob { reason, rows_lost: 0 } => Some(reason.clone()),
            Method::DeleteBlob { reason, rows_lost } => {
                Some(format!("{reason}; {rows_lost} rows go with it"))
            }
            Method::DeleteVersion { reason } | Method::Report { reason } => Some(reason.clone()),
        };
        let lake = desk.lake(&step.source);
        let members = members.iter().filter(|member| !member.is_empty());
        StepLine {
            step: step.number,
            uri: path.as_ref().and_then(|path| lake.map(|lake| lake.uri(path))),
            path,
            method: step.method.name(),
            reason,
            members: members.map(|member| member.join("!/")).collect(),
            version: step.store_version.clone(),
            beside: beside(&step.method),
            rows_removed,
            rows_kept,
            values_replaced: replaced(&step.method, |one| one.values),
            rows_shared: replaced(&step.method, shared),
            downstream: step.downstream.clone(),
            state: journal.iter().find(|entry| entry.number == step.number).map(|entry| entry.state.clone()),
        }
    };
    body.steps.iter().map(line).collect()
}

fn replaced(method: &Method, count: impl Fn(&Replacement) -> u64) -> u64 {
    match method {
        Method::RemoveUnits { parts, .. } => {
            parts.iter().filter_map(|part| part.replacement.as_ref()).map(count).sum()
        }
        _ => 0,
    }
}

fn shared(replacement: &Replacement) -> u64 {
    let units = replacement.shared.values().filter_map(|units| parse_units(units).ok());
    units.map(|units| units.len()).sum()
}

/// What goes beside the bytes, by name where that is not personal.
fn beside(method: &Method) -> Vec<String> {
    let Method::RemoveUnits { beside, .. } = method else { return Vec::new() };
    let unnamed = |tag| if tag { "a tag whose name is personal" } else { "metadata whose name is personal" };
    beside.iter().map(|one| one.name.clone().unwrap_or_else(|| unnamed(one.tag).to_owned())).collect()
}

/// Why rows go where the policy asks for their values to be replaced.
fn instead(part: &catalog::model::PartRemoval) -> Option<String> {
    let why = part.instead.as_ref()?;
    if part.replacement.is_some() {
        return Some(why.clone());
    }
    Some(format!("rows go instead of being changed as the policy asks: {why}"))
}

/// An approval for people.
pub(super) fn approval(approval: &Approval) -> ApprovalAnswer {
    ApprovalAnswer {
        plan: approval.plan.0.clone(),
        hash: approval.hash.to_string(),
        by: approval.by.clone(),
        expires: approval.expires,
    }
}

/// A verification for people.
pub(super) fn verification(desk: &Desk, one: &Verification, key: Option<&SealKey>) -> VerifyAnswer {
    let line = |hit: &catalog::model::VerificationHit| {
        let path = match readable(&hit.names, key) {
            Some((path, members)) => {
                let member = members.first().map(|member| format!("!/{}", member.join("!/")));
                format!("{path}{}", member.unwrap_or_default())
            }
            None => hit.blob.map_or_else(|| "catalog".to_owned(), |blob| format!("blob {blob}")),
        };
        HitLine {
            path,
            version: hit.store_version.clone(),
            kind: hit.kind.clone(),
            place: hit.place.clone(),
            count: hit.count,
        }
    };
    VerifyAnswer {
        request: one.request.0.clone(),
        hits: one.hits.iter().map(|hit| hit.count).sum(),
        blobs: one.blobs,
        old_versions: one.old_versions,
        bytes: one.bytes,
        catalog_records: one.catalog_records,
        places: one.hits.iter().map(line).collect(),
        not_searched: one.not_searched.iter().map(|one| unsearched(desk, one, key)).collect(),
    }
}
