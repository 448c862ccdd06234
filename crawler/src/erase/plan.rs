//! Gathers evidence over the lake as it is now, has the catalog decide and check, and records the plan.
//!
//! The lake is listed afresh. Read are: blobs that the index names, blobs that are new or changed since their crawl, blobs
//! that were not searched in full, blobs whose path names the person, and every old version, which no index covers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use catalog::erasure::plan::{Evidence, Input, PartEvidence, decide, freeze, names, read as read_plan};
use catalog::erasure::request::{DEFAULT_BASIS, receive, with_status};
use catalog::erasure::{approve as approval, audit, check, journal};
use catalog::model::{
    Approval, BlobId, BlobVersion, Digest, ErasureRequest, Hold, HoldScope, NotSearched, Plan, PlanBody,
    PlanId, RequestId, RequestStatus, Role, Searched, SourceId,
};
use catalog::store::record::Index;
use catalog::{AsOf, Change};
use futures::{StreamExt, stream};

use super::answer::{ApprovalAnswer, PlanAnswer};
use super::identifier::Identifier;
use super::lookup::{READS_AT_ONCE, blobs_with_tokens, officer};
use super::names as naming;
use super::search::{Found, FoundPart, Sought};
use super::{Desk, show};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::source::{Lake, Listed, ObjectVersion};
use crate::stage::recognised;

/// How a plan is made.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Ground under Art. 17(1) GDPR; a request of the data subject if none is given.
    pub legal_basis: Option<String>,
    /// Plan anew for a request that is there already.
    pub request: Option<RequestId>,
    /// Read every blob instead of those that the index names.
    pub scan: bool,
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
        let basis = options.legal_basis.as_deref().unwrap_or(DEFAULT_BASIS);
        let id = RequestId(env.name());
        return Ok((receive(id, &desk.by, env.clock.now(), basis, subjects(&all))?, all));
    };
    let mut request: ErasureRequest = desk.ctx.catalog.require(id, audit::PLAN, &id.0)?;
    if request.status.is_certified() {
        return Err(Error::conflict(audit::PLAN, format!("request {id} is certified; make a new one")));
    }
    refuse_half_done(desk, &request)?;
    let sealed = sealed_identifiers(desk, &request)?;
    all.extend(sealed.into_iter().filter(|one| !identifiers.contains(one)));
    request.identifiers = subjects(&all);
    request.identifiers.sort();
    request.identifiers.dedup();
    Ok((request, all))
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

/// Everything that was looked at for a plan.
#[derive(Default)]
struct Gathered {
    evidence: Vec<Evidence>,
    not_searched: Vec<Missed>,
}

/// Something that could not be read at all.
struct Missed {
    source: SourceId,
    path: String,
    version: Option<String>,
    reason: String,
    named: bool,
}

impl Missed {
    fn record(&self, seal: &dyn Fn(&[u8]) -> String) -> NotSearched {
        NotSearched {
            source: self.source.clone(),
            blob: BlobId::of(&self.source, &self.path),
            names: names(&self.path, Vec::new(), self.named, seal),
            store_version: self.version.clone(),
            reason: self.reason.clone(),
        }
    }
}

async fn gather(desk: &Desk, sought: Arc<Sought>, scan: bool) -> Result<Gathered> {
    let tokens = {
        let (desk, sought) = (desk.clone(), sought.clone());
        desk.ctx.clone().blocking(move || blobs_with_tokens(&desk, &sought, AsOf::Now)).await?
    };
    let mut gathered = Gathered::default();
    for source in unopened(desk)? {
        let reason = "the source is not open; nothing in it was searched".to_owned();
        gathered.not_searched.push(Missed {
            source,
            path: String::new(),
            version: None,
            reason,
            named: false,
        });
    }
    let outdated = outdated(desk)?;
    for lake in &desk.lakes {
        let mut of_path: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        // The index may lack what was read otherwise then.
        let scan = scan || outdated.contains(&lake.source_id());
        current(desk, lake, &sought, &tokens, scan, &mut of_path, &mut gathered.not_searched).await?;
        old_versions(desk, lake, &sought, &mut of_path, &mut gathered.not_searched).await?;
        gathered.evidence.extend(of_path.into_values().flatten());
    }
    Ok(gathered)
}

/// Sources whose blobs were read when other identifiers were recognised than now: their index may lack some.
pub(super) fn outdated(desk: &Desk) -> Result<Vec<SourceId>> {
    let sources = desk.ctx.catalog.all::<catalog::model::Source>(AsOf::Now)?;
    let outdated = sources.into_iter().filter(|source| source.recognised != Some(recognised()));
    Ok(outdated.map(|source| source.id).collect())
}

/// Sources that the catalog knows and nobody opened.
pub(super) fn unopened(desk: &Desk) -> Result<Vec<SourceId>> {
    let sources = desk.ctx.catalog.all::<catalog::model::Source>(AsOf::Now)?;
    Ok(sources.into_iter().map(|source| source.id).filter(|id| desk.lake(id).is_none()).collect())
}

async fn current(
    desk: &Desk,
    lake: &Lake,
    sought: &Arc<Sought>,
    tokens: &BTreeSet<BlobId>,
    scan: bool,
    of_path: &mut BTreeMap<String, Vec<Evidence>>,
    missed: &mut Vec<Missed>,
) -> Result<()> {
    let (listed, left_out) = lake.list_and_left_out().await?;
    if left_out > 0 {
        missed.push(miss(lake, "", None, &naming::outside_of_globs(left_out), false));
    }
    let mut reads = Vec::new();
    for one in listed {
        let named = sought.in_name(&one.path).is_some();
        if let Some(problem) = one.problem {
            missed.push(miss(lake, &one.path, None, problem, named));
            continue;
        }
        let blob = BlobId::of(&lake.source_id(), &one.path);
        if scan || named || tokens.contains(&blob) || !is_covered(desk, blob, &one)? {
            reads.push(one.path);
        }
    }
    let reads = reads.into_iter().map(|path| async move {
        let read = read(desk, lake, sought, &path, None).await;
        (path, read)
    });
    let mut reads = stream::iter(reads).buffered(READS_AT_ONCE);
    while let Some((path, read)) = reads.next().await {
        keep(lake, sought, (path, None), read, of_path, missed);
    }
    Ok(())
}

/// Whether the index speaks for a blob: crawled as it is now, and searched in full.
fn is_covered(desk: &Desk, blob: BlobId, listed: &Listed) -> Result<bool> {
    let version = desk.ctx.catalog.get::<BlobVersion>(&blob, AsOf::Now)?;
    Ok(version.is_some_and(|version| version.etag == listed.etag && version.searched == Searched::Full))
}

async fn old_versions(
    desk: &Desk,
    lake: &Lake,
    sought: &Arc<Sought>,
    of_path: &mut BTreeMap<String, Vec<Evidence>>,
    missed: &mut Vec<Missed>,
) -> Result<()> {
    let versions = noncurrent(lake).await?;
    let reads = versions.into_iter().map(|(path, version)| async move {
        let read = match version.is_delete_marker {
            true => Ok(marker(lake, sought, &path, &version)),
            false => read(desk, lake, sought, &path, Some(&version)).await,
        };
        ((path, Some(version.version)), read)
    });
    let mut reads = stream::iter(reads).buffered(READS_AT_ONCE);
    let mut markers = Vec::new();
    while let Some((of, read)) = reads.next().await {
        match &read {
            Ok(evidence) if evidence.delete_marker => markers.push((of, read)),
            _ => keep(lake, sought, of, read, of_path, missed),
        }
    }
    for (of, read) in markers {
        keep(lake, sought, of, read, of_path, missed);
    }
    Ok(())
}

/// Old versions and delete markers of all objects that count, in order of path.
pub(super) async fn noncurrent(lake: &Lake) -> Result<Vec<(String, ObjectVersion)>> {
    let Some(versions) = lake.versioned() else { return Ok(Vec::new()) };
    let mut all = versions.all().await?;
    all.retain(|(path, version)| lake.accepts(path) && (!version.is_latest || version.is_delete_marker));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn keep(
    lake: &Lake,
    sought: &Sought,
    (path, version): (String, Option<String>),
    read: Result<Evidence>,
    of_path: &mut BTreeMap<String, Vec<Evidence>>,
    missed: &mut Vec<Missed>,
) {
    match read {
        Ok(evidence) => of_path.entry(path).or_default().push(evidence),
        Err(error) if error.kind == ErrorKind::NotFound => {} // gone since it was listed
        Err(error) => {
            let named = sought.in_name(&path).is_some();
            missed.push(miss(lake, &path, version, &format!("it cannot be read: {error}"), named));
        }
    }
}

fn miss(lake: &Lake, path: &str, version: Option<String>, reason: &str, named: bool) -> Missed {
    Missed { source: lake.source_id(), path: path.to_owned(), version, reason: reason.to_owned(), named }
}

fn marker(lake: &Lake, sought: &Sought, path: &str, version: &ObjectVersion) -> Evidence {
    Evidence {
        etag: version.etag.clone(),
        store_version: Some(version.version.clone()),
        current: version.is_latest,
        delete_marker: true,
        ..bare(lake, sought, path)
    }
}

fn bare(lake: &Lake, sought: &Sought, path: &str) -> Evidence {
    let source = lake.source_id();
    Evidence {
        blob: BlobId::of(&source, path),
        source,
        path: path.to_owned(),
        etag: None,
        store_version: None,
        current: true,
        delete_marker: false,
        size: 0,
        path_names_subject: sought.in_name(path).is_some(),
        locked: None,
        parts: Vec::new(),
        not_searched: Vec::new(),
        copies: Vec::new(),
        downstream: Vec::new(),
    }
}

/// Reads one object version and tells what is in it.
async fn read(
    desk: &Desk,
    lake: &Lake,
    sought: &Arc<Sought>,
    path: &str,
    old: Option<&ObjectVersion>,
) -> Result<Evidence> {
    let fetched = lake.fetch(path, None, old.map(|version| version.version.as_str())).await?;
    let mut evidence = bare(lake, sought, path);
    evidence.etag = fetched.etag.clone().or_else(|| old.and_then(|version| version.etag.clone()));
    evidence.store_version = old.map(|version| version.version.clone()).or(fetched.version.clone());
    evidence.current = old.is_none();
    evidence.size = fetched.size;
    let (sought, bounds, content) = (sought.clone(), desk.ctx.bounds, fetched.content.clone());
    let name = path.to_owned();
    let found = desk.ctx.blocking(move || sought.search(&content, &name, &bounds, true)).await;
    fill(&mut evidence, found);
    if evidence.has_hits() {
        evidence.locked = lock(desk, lake, path, &evidence).await?;
    }
    if evidence.has_hits() && evidence.current {
        let (catalog, blob) = (desk.ctx.catalog.clone(), evidence.blob);
        let own = fetched.digest;
        let (kin, copies) = desk
            .ctx
            .blocking(move || {
                Ok::<_, Error>((naming::kin(&catalog, blob, AsOf::Now)?, copies(&catalog, blob, own)?))
            })
            .await?;
        evidence.downstream = kin.downstream;
        evidence.copies = copies;
    }
    Ok(evidence)
}

/// Blobs that had these very bytes when they were last crawled.
fn copies(catalog: &catalog::Catalog, blob: BlobId, digest: Digest) -> Result<Vec<BlobId>> {
    let same = catalog.find::<BlobVersion>(Index::Digest, &digest.0)?;
    Ok(same.into_iter().map(|version| version.blob).filter(|other| *other != blob).collect())
}

async fn lock(desk: &Desk, lake: &Lake, path: &str, evidence: &Evidence) -> Result<Option<String>> {
    let Some(versions) = lake.versioned() else { return Ok(None) };
    let hold = versions.hold(path, evidence.store_version.as_deref()).await?;
    let forbids = hold.forbids(desk.ctx.catalog.env().clock.now());
    let until =
        hold.retain_until.map_or_else(|| "legal hold".to_owned(), |until| format!("locked until {until}"));
    Ok(forbids.then(|| format!("the store forbids it: {until}")))
}

fn fill(evidence: &mut Evidence, found: Found) {
    evidence.not_searched = found.not_searched;
    evidence.parts = found.parts.into_iter().map(part_evidence).collect();
}

fn part_evidence(part: FoundPart) -> PartEvidence {
    let rows_removed = part.units.values().map(roaring::RoaringTreemap::len).sum::<u64>().min(part.rows);
    let elsewhere = if part.units.is_empty() { part.bytes.len() as u64 } else { 0 };
    PartEvidence {
        name_names_subject: part.named.is_some(),
        format: part.format.id.to_owned(),
        can_rewrite: part.can_rewrite(),
        holds_others: part.holds_others,
        rows: part.rows,
        rows_removed,
        elsewhere,
        member: part.member,
        units: part.units,
        rows_after: part.rows_after,
    }
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
