//! One person: found, planned, approved, erased, verified, certified. Rights are checked here by the table and again by
//! the desk that acts; audit entries are the desk's.

use std::sync::Arc;

use catalog::erasure::audit;
use catalog::model::{Hold, HoldScope, PlanId, Principal, RequestId, Source};
use catalog::{AsOf, Change, Error, Result};
use crawler::erase::{self, Desk, FindOptions, Identifier, PlanOptions, Rows};
use serde::Serialize;
use serde_json::{Value, json};

use super::crawl::refresh_index;
use super::{Answer, Operation};
use crate::compose::App;

/// Carries out an operation on a person.
///
/// # Errors
/// What the desk fails with.
pub(super) async fn run(app: &Arc<App>, who: &Principal, operation: Operation) -> Result<Answer> {
    let desk = app.desk(who)?;
    match operation {
        Operation::SubjectFind { ids, scan, expand, as_of } => {
            admit(app, who, ids.len())?;
            let options = FindOptions { scan, expand, as_of: super::run::as_of(as_of), rows: None };
            find(&desk, &identifiers(&ids)?, options).await
        }
        Operation::SubjectPackage { ids, scan, expand, keep_others } => {
            admit(app, who, ids.len())?;
            let rows = Some(if keep_others { Rows::KeepOthers } else { Rows::MaskOthers });
            let options = FindOptions { scan, expand, rows, ..FindOptions::default() };
            super::package::make(&desk, &app.config.processing, &identifiers(&ids)?, options).await
        }
        Operation::ErasePlan { ids, request, legal_basis, rectify, with, received, scan } => {
            let request = request.map(RequestId);
            let options = PlanOptions { legal_basis, request, received, scan, ..PlanOptions::default() };
            let mut ids = identifiers(&ids)?;
            ids.extend(to_put_right(rectify.as_deref(), with.as_deref())?);
            plan(&desk, &ids, options).await
        }
        Operation::EraseShow { which, as_of } => {
            let shown = erase::show(&desk, &which, super::run::as_of(as_of))?;
            let next = format!("next: {}", shown.next);
            Ok(Answer::one(value(&shown)?).say(next))
        }
        Operation::EraseList { as_of } => {
            let lines = erase::list(&desk, super::run::as_of(as_of))?;
            Ok(Answer::rows(lines.iter().map(value).collect::<Result<_>>()?))
        }
        Operation::EraseApprove { plan, hash } => {
            let approved = erase::approve(&desk, &PlanId(plan), &hash).await?;
            let message =
                format!("approved by {} until {}; next: headwater erase run", approved.by, approved.expires);
            Ok(Answer::one(value(&approved)?).say(message))
        }
        Operation::EraseRun { plan, hash } => execute(app, &desk, &PlanId(plan), &hash).await,
        Operation::EraseDryRun { plan, hash } => rehearse(&desk, &PlanId(plan), &hash).await,
        Operation::EraseExtend { which, reason } => {
            let line = erase::extend(&desk, &which, &reason).await?;
            let message =
                "tell the person of it, with the reason, within a month of receipt (Art. 12(3) GDPR)";
            Ok(Answer::one(value(&line)?).say(message))
        }
        Operation::EraseRefuse { which, ground, reason } => {
            let line = erase::refuse(&desk, &which, ground, &reason).await?;
            clean(app).await?;
            let message = "tell the person why, and where to complain or sue, within a month of receipt (Art. 12(4) GDPR)";
            Ok(Answer::one(value(&line)?).say(message))
        }
        Operation::EraseReplay { scan } => replayed(&desk, scan).await,
        Operation::EraseVerify { which } => verify(&desk, &which).await,
        Operation::EraseCertificate { which } => {
            let is_new = !erase::show(&desk, &which, AsOf::Now)?.certified;
            let document = erase::certificate(&desk, &which).await?;
            if is_new {
                // What was sealed for the request is gone from the record; now from the files too.
                clean(app).await?;
            }
            Ok(Answer::text(document))
        }
        Operation::EraseHolds { as_of } => {
            let mut holds: Vec<Hold> = app.catalog.all(super::run::as_of(as_of))?;
            holds.sort_by_key(|hold| hold.at);
            Ok(Answer::rows(holds.iter().map(value).collect::<Result<_>>()?))
        }
        Operation::EraseHold { ids, under, reason } => {
            let mut answer = Answer::default();
            for scope in scopes(app, &ids, under.as_deref())? {
                let id = erase::hold(&desk, scope, &reason).await?;
                answer.rows.push(json!({"hold": id}));
            }
            Ok(answer.say("plans leave out what is held; lift it with headwater erase lift"))
        }
        Operation::EraseLift { hold } => {
            erase::lift(&desk, &hold).await?;
            Ok(Answer::one(json!({"hold": hold, "lifted": true})))
        }
        other => Err(Error::internal("answer", format!("{} is no operation on a person", other.name()))),
    }
}

/// Lets a principal look up so many identifiers now, or refuses and writes that down.
fn admit(app: &App, who: &Principal, identifiers: usize) -> Result<()> {
    let admitted = app.lookups.take(who, identifiers, app.catalog.env().clock.now());
    if let Err(refused) = &admitted {
        let outcome = format!("refused: {refused}");
        app.catalog
            .commit(who, &[Change::audit(audit::LOOK_UP, format!("{identifiers} identifiers"), outcome)])?;
    }
    admitted
}

/// What a hold is on: every normal form of a person's identifiers, or all blobs below a URI.
fn scopes(app: &App, ids: &[String], under: Option<&str>) -> Result<Vec<HoldScope>> {
    let env = app.catalog.env();
    let mut scopes = Vec::new();
    for identifier in identifiers(ids)? {
        scopes.extend(identifier.digests(env).into_iter().map(HoldScope::Subject));
    }
    if let Some(under) = under {
        let sources: Vec<Source> = app.catalog.all(AsOf::Now)?;
        let within = sources.iter().find_map(|source| {
            let url = source.url.trim_end_matches('/');
            let local = url.strip_prefix("file://").unwrap_or(url);
            let rest = [url, local].into_iter().find_map(|root| under.strip_prefix(root))?;
            let is_whole = rest.is_empty() || rest.starts_with('/');
            is_whole.then(|| (source.id.clone(), rest.trim_start_matches('/').to_owned()))
        });
        let (source, prefix) = within.ok_or_else(|| {
            Error::not_found("place hold", "no source that was crawled holds this place; give its full URI")
        })?;
        scopes.push(HoldScope::Path { source, prefix });
    }
    match scopes.is_empty() {
        true => Err(Error::invalid("place hold", "say on whom (ids) or on what (a URI)")),
        false => Ok(scopes),
    }
}

fn identifiers(ids: &[String]) -> Result<Vec<Identifier>> {
    ids.iter().map(|id| Identifier::parse(id)).collect()
}

pub(super) fn value(answer: &impl Serialize) -> Result<Value> {
    serde_json::to_value(answer).map_err(|error| Error::internal("answer", "").with_source(error))
}

async fn find(desk: &Desk, identifiers: &[Identifier], options: FindOptions) -> Result<Answer> {
    let found = erase::find(desk, identifiers, options).await?;
    let mut answer = Answer::rows(found.places.iter().map(value).collect::<Result<_>>()?);
    answer = answer.say(format!("{} places in {} blobs read", found.places.len(), found.blobs_read));
    for expansion in &found.expansions {
        answer.rows.push(json!({"expansion": value(expansion)?}));
    }
    if !found.expansions.is_empty() {
        let message = format!(
            "{} more keys stand in the person's rows; accept one by passing its id as --id",
            found.expansions.len()
        );
        answer = answer.say(message);
    }
    // What was not looked at is part of the answer: silence would read as "nothing there".
    for unsearched in &found.not_searched {
        answer = answer.say(format!("not searched: {}: {}", unsearched.uri, unsearched.reason));
    }
    Ok(answer)
}

async fn plan(desk: &Desk, identifiers: &[Identifier], options: PlanOptions) -> Result<Answer> {
    let planned = erase::plan(desk, identifiers, options).await?;
    let lines = [
        format!("plan {} of request {}, due {}", planned.plan, planned.request, planned.due),
        format!("hash {}", planned.hash),
        format!(
            "{} steps; {} blobs could not be searched; nothing was changed",
            planned.steps.len(),
            planned.not_searched.len()
        ),
        format!("next: somebody else runs headwater erase approve {} --hash {}", planned.plan, planned.hash),
    ];
    let mut answer = Answer::one(value(&planned)?);
    answer.messages.extend(lines);
    Ok(if planned.steps.is_empty() { answer.nothing() } else { answer })
}

async fn execute(app: &Arc<App>, desk: &Desk, plan: &PlanId, hash: &str) -> Result<Answer> {
    let run = erase::run(desk, plan, hash).await?;
    if run.needs_rewrite {
        clean(app).await?;
    }
    let mut answer =
        Answer::one(value(&run)?).say(format!("{} steps done, {} only reported", run.done, run.reported));
    for (what, problems) in [("refused", &run.refused), ("failed", &run.failed), ("open", &run.open)] {
        for problem in problems {
            answer = answer.say(format!("step {} {what}: {}", problem.step, problem.reason));
        }
    }
    let whole = run.refused.is_empty() && run.failed.is_empty() && run.open.is_empty();
    Ok(if whole { answer.say(format!("next: headwater erase verify {plan}")) } else { answer.nothing() })
}

/// A wrong value and the right one, which come together.
fn to_put_right(rectify: Option<&str>, with: Option<&str>) -> Result<Option<Identifier>> {
    match (rectify, with) {
        (None, None) => Ok(None),
        (Some(wrong), Some(right)) => Ok(Some(Identifier::parse(wrong)?.rectified(right)?)),
        _ => Err(Error::invalid("plan rectification", "name the wrong value and the right one")),
    }
}

async fn rehearse(desk: &Desk, plan: &PlanId, hash: &str) -> Result<Answer> {
    let dry = erase::dry_run(desk, plan, hash).await?;
    let mut answer = Answer::one(value(&dry)?).say(format!(
        "{} steps, of which {} would not be done; {} bytes read, {} would be written; nothing was changed",
        dry.steps.len(),
        dry.would_stop,
        dry.bytes_read,
        dry.bytes_written
    ));
    for step in dry.steps.iter().filter(|step| step.reason.is_some()) {
        let reason = step.reason.as_deref().unwrap_or_default();
        answer = answer.say(format!("step {} {}: {reason}", step.step, step.outcome));
    }
    Ok(if dry.would_stop > 0 { answer.nothing() } else { answer })
}

/// Exit 1 says that somebody came back: there is something to approve.
pub(super) async fn replayed(desk: &Desk, scan: bool) -> Result<Answer> {
    let replay = erase::replay(desk, scan).await?;
    let mut answer = Answer::one(value(&replay)?).say(format!(
        "{} erased identifiers known, {} blobs read, {} requests met again",
        replay.erased,
        replay.blobs_read,
        replay.replayed.len()
    ));
    for one in &replay.replayed {
        answer = answer.say(match (&one.plan, &one.why_not) {
            (Some(plan), _) => format!(
                "request {} again: plan {} with {} steps; next: somebody else runs headwater erase approve {} --hash {}",
                one.erased_by,
                plan.plan,
                plan.steps.len(),
                plan.plan,
                plan.hash
            ),
            (None, why) => {
                format!("request {} again, not planned: {}", one.erased_by, why.as_deref().unwrap_or_default())
            }
        });
    }
    for unsearched in &replay.not_searched {
        answer = answer.say(format!("not searched: {}: {}", unsearched.uri, unsearched.reason));
    }
    for source in &replay.sources_closed {
        answer = answer.say(format!("not searched: source {source}, which cannot be opened"));
    }
    Ok(if replay.replayed.is_empty() { answer } else { answer.nothing() })
}

async fn verify(desk: &Desk, which: &str) -> Result<Answer> {
    let verified = erase::verify(desk, which).await?;
    let mut answer = Answer::one(value(&verified)?).say(format!(
        "{} places left; read {} blobs and {} old versions afresh, and {} records of the catalog",
        verified.hits, verified.blobs, verified.old_versions, verified.catalog_records
    ));
    for unsearched in &verified.not_searched {
        answer = answer.say(format!("not searched: {}: {}", unsearched.uri, unsearched.reason));
    }
    Ok(match verified.hits {
        0 => answer.say(format!("next: headwater erase certificate {which}")),
        _ => answer.say("the person is still there; plan again").nothing(),
    })
}

/// Takes what was purged out of the files too: the store's, by a rewrite, and the search index's, which is made anew.
async fn clean(app: &Arc<App>) -> Result<()> {
    let catalog = app.catalog.clone();
    super::run::blocking(move || {
        catalog.flush()?;
        catalog.store().rewrite().map_err(|error| {
            let context = "the old files are as they were; run `headwater catalog rewrite`";
            Error::unavailable("rewrite catalog", context).with_source(error)
        })
    })
    .await?;
    refresh_index(app).await
}
