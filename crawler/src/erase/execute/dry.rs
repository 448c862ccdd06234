//! A dry run: all that a run does but for what it writes. Blobs are read and written anew into nowhere, holds, locks and etags are
//! looked at; neither lake nor journal changes. It needs no approval, since an approver may want to see it first.

use catalog::erasure::{approve, audit, check};
use catalog::model::{Method, PlanId, Step, StepState};

use super::super::answer::{DryRunAnswer, DryStep};
use super::super::gather::lock;
use super::super::lookup::officer;
use super::super::plan::{load, sealed_identifiers};
use super::super::{Desk, names, show};
use super::{Going, Run, Stop, of_store, parsed};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::source::Lake;
use std::sync::Arc;

/// Does all that a run would do, but writes nothing.
///
/// # Errors
/// `Denied` without the role, `Conflict` for a hash that is not the plan's or a superseded plan.
pub async fn dry_run(desk: &Desk, plan: &PlanId, hash: &str) -> Result<DryRunAnswer> {
    officer(desk, audit::DRY_RUN)?;
    let (plan, body, request) = load(desk, plan)?;
    approve::is_current(&plan, &request)?;
    if parsed(hash)? != plan.hash {
        let context = format!("the hash is not that of plan {}; look at it again", plan.id);
        return Err(Error::conflict(audit::DRY_RUN, context));
    }
    let run = Run {
        desk,
        body: &body,
        key: desk.keys.request_key(&request.id)?,
        sought: Arc::new(super::Sought::new(sealed_identifiers(desk, &request)?)),
    };
    let mut answer = DryRunAnswer { plan: plan.id.0.clone(), ..DryRunAnswer::default() };
    for step in &body.steps {
        let line = run.rehearsed(step, &answer).await?;
        answer.bytes_read += line.bytes_read;
        answer.bytes_written += line.bytes_written;
        answer.rows_removed += line.rows_removed;
        answer.steps.push(line);
    }
    let stopped =
        answer.steps.iter().filter(|step| step.reason.is_some() && step.outcome != REPORTED).count();
    answer.would_stop = stopped as u64;
    let outcome = format!("{} steps, {stopped} would not be done", answer.steps.len());
    desk.commit(vec![audit::plan(audit::DRY_RUN, &plan.id, outcome)]).await?;
    Ok(answer)
}

const REPORTED: &str = "reported";
const WOULD_BE_DONE: &str = "would be done";

/// Bytes that a step reads and would write.
#[derive(Default)]
struct Cost {
    read: u64,
    written: u64,
}

impl Run<'_> {
    async fn rehearsed(&self, step: &Step, before: &DryRunAnswer) -> Result<DryStep> {
        let mut line = DryStep { step: step.number, method: step.method.name(), ..DryStep::default() };
        if let Method::Report { reason } = &step.method {
            return Ok(DryStep { outcome: REPORTED, reason: Some(reason.clone()), ..line });
        }
        let entry = show::journal_entry(self.desk, &self.body.id, step.number)?;
        match &entry.state {
            StepState::Done => return Ok(DryStep { outcome: "done already", ..line }),
            StepState::Refused(reason) | StepState::Failed(reason) => {
                return Ok(DryStep { outcome: "ended without", reason: Some(reason.clone()), ..line });
            }
            StepState::Replaced | StepState::OldVersionsDeleted => {
                return Ok(DryStep { outcome: "would be finished", ..line });
            }
            StepState::Planned | StepState::Started => {}
        }
        let waits_for_nothing = step.after.and_then(|after| {
            before.steps.iter().find(|one| one.step == after && one.reason.is_some()).map(|one| one.step)
        });
        let tried = match waits_for_nothing {
            Some(after) => {
                Err(Stop::Refuse(format!("step {after}, which has to come first, would not be done")))
            }
            None => self.rehearse(step).await,
        };
        let (outcome, reason) = match tried {
            Ok(cost) => {
                (line.bytes_read, line.bytes_written) = (cost.read, cost.written);
                if let Method::RemoveUnits { parts, .. } = &step.method {
                    line.rows_removed = parts.iter().map(|part| part.rows_removed).sum();
                }
                (WOULD_BE_DONE, None)
            }
            Err(Stop::Catalog(error)) => return Err(error),
            Err(Stop::Refuse(reason)) => ("would be refused", Some(reason)),
            Err(Stop::Fail(reason)) => ("would fail", Some(reason)),
            Err(Stop::Wait(reason)) => ("would wait", Some(reason)),
        };
        Ok(DryStep { outcome, reason, ..line })
    }

    async fn rehearse(&self, step: &Step) -> Going<Cost> {
        let lake = self.desk.lake(&step.source).ok_or_else(|| Stop::Wait("its source is not open".into()))?;
        let open = |sealed: &str| names::open(&self.key, sealed);
        let (path, members) = check::names_of(&step.names, &open).map_err(Stop::Catalog)?;
        self.is_held(step, &path)?;
        let locked = lock(self.desk, lake, &path, step.store_version.as_deref()).await.map_err(of_store)?;
        if let Some(reason) = locked {
            return Err(Stop::Fail(reason));
        }
        match &step.method {
            Method::RemoveUnits { beside, .. } if !step.method.rewrites() => {
                let carried = self.unmoved_beside(lake, step, &path).await?;
                self.beside_as_planned(&carried, beside)?;
                Ok(Cost::default())
            }
            Method::RemoveUnits { parts, beside } => {
                let current = self.unmoved(lake, step, &path).await?;
                self.beside_as_planned(&current.beside, beside)?;
                let made = self.made(lake, &current, self.meant(&path, members, parts)?).await?;
                Ok(Cost { read: current.size, written: made.content.len() })
            }
            Method::DeleteBlob { .. } => {
                let current = self.unmoved(lake, step, &path).await?;
                Ok(Cost { read: current.size, written: 0 })
            }
            Method::DeleteVersion { .. } => {
                let versions = lake.versions(&path).await.map_err(of_store)?;
                let there = versions.iter().find(|one| Some(&one.version) == step.store_version.as_ref());
                let moved = there
                    .is_some_and(|one| !one.is_delete_marker && (one.is_latest || one.etag != step.etag));
                match moved {
                    true => Err(Stop::Refuse("the old version is another one by now; plan again".into())),
                    false => Ok(Cost::default()),
                }
            }
            Method::Report { .. } => Ok(Cost::default()),
        }
    }

    /// The blob as it was planned.
    async fn unmoved(&self, lake: &Lake, step: &Step, path: &str) -> Going<crate::source::Fetched> {
        match lake.fetch_all(path, None, None).await {
            Err(error) if error.kind == ErrorKind::NotFound => {
                Err(Stop::Refuse("the blob is gone since it was planned; plan again".into()))
            }
            Err(error) => Err(of_store(error)),
            Ok(current) if current.etag != step.etag => {
                Err(Stop::Refuse("the blob changed since it was planned; plan again".into()))
            }
            Ok(_) if step.etag.is_none() => Err(Stop::Fail("the store gives no entity tags".into())),
            Ok(current) => Ok(current),
        }
    }
}
