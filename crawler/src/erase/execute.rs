//! Carries out an approved plan: the only place in Headwater that overwrites or deletes blobs.
//!
//! Each step is journaled before and after each thing that it does, every change is bound to the etag that was planned, and
//! what was written is read back before anything old is deleted. So a step can be repeated after a kill at any point: what
//! was begun is recognised by the digest of what was meant. If reality moved, the step is refused and the request planned again.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalog::erasure::request::with_status;
use catalog::erasure::{approve, audit, check, journal, seal::SealKey};
use catalog::model::{
    Approval, BesideEntry, Digest, ErasureRequest, Hold, HoldScope, How, Method, PartRemoval, Plan, PlanBody,
    PlanId, RequestStatus, SourceId, Step, StepJournal, StepState,
};
use catalog::{AsOf, Change};

use super::answer::{RunAnswer, StepProblem};
use super::lookup::officer;
use super::plan::{load, sealed_identifiers};
use super::rewrite::{self, Made, Meant};
use super::search::{Sought, without};
use super::{Desk, delta, forget, names, show};
use crate::content::Content;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::pipeline::crawl;
use crate::source::{Fetched, Lake, New, ObjectVersion};

mod beside;
mod dry;

pub use dry::dry_run;

/// Why a step does not go on.
enum Stop {
    /// The catalog failed: the whole run ends, as by a kill.
    Catalog(Error),
    /// Reality moved, or a rule forbids it: nothing was changed.
    Refuse(String),
    /// It cannot be done.
    Fail(String),
    /// The store does not answer: the step stays as it is, and a repeat goes on from there.
    Wait(String),
}

type Going<T> = std::result::Result<T, Stop>;

struct Run<'a> {
    desk: &'a Desk,
    body: &'a PlanBody,
    key: SealKey,
    sought: Arc<Sought>,
}

/// Runs a plan, or goes on with it.
///
/// # Errors
/// `Denied` without the role or a valid approval, `Conflict` for a hash that is not the plan's or a superseded plan,
/// `Unavailable` if the catalog fails. A step that cannot be done is no error: the answer tells of it.
pub async fn run(desk: &Desk, plan: &PlanId, hash: &str) -> Result<RunAnswer> {
    let allowed = may_run(desk, plan, hash);
    let (plan, body, request) = desk.audited(audit::RUN, format!("plan {plan}"), allowed).await?;
    let catalog = &desk.ctx.catalog;
    let run = Run {
        desk,
        body: &body,
        key: desk.keys.request_key(&request.id)?,
        sought: Arc::new(Sought::new(sealed_identifiers(desk, &request)?)),
    };
    let running = with_status(&request, RequestStatus::Running)?;
    let entry = audit::plan(audit::RUN, &plan.id, format!("hash {}", plan.hash));
    desk.commit(vec![Change::put(&running)?, entry]).await?;

    let mut answer = RunAnswer { plan: plan.id.0.clone(), ..RunAnswer::default() };
    let mut touched = BTreeSet::new();
    for step in &body.steps {
        if run.step(step, &mut answer).await? {
            touched.insert(step.source.clone());
        }
    }
    let gone = forget::gone(catalog, &run.sought)?;
    answer.needs_rewrite = answer.done > 0 || !gone.is_empty();
    if !gone.is_empty() {
        desk.commit(gone).await?;
    }
    answer.touched_sources = touched.iter().map(|source: &SourceId| source.0.clone()).collect();
    let status = if answer.open.is_empty() { RequestStatus::Executed } else { RequestStatus::Running };
    let outcome = format!(
        "{} done, {} reported, {} refused, {} failed, {} open",
        answer.done,
        answer.reported,
        answer.refused.len(),
        answer.failed.len(),
        answer.open.len()
    );
    let ended = with_status(&running, status)?;
    desk.commit(vec![Change::put(&ended)?, audit::plan(audit::EXECUTED, &plan.id, outcome)]).await?;
    catalog.flush()?;
    // The catalog forgot the blobs as they were; now it learns what they are.
    for lake in desk.lakes.iter().filter(|lake| touched.contains(&lake.source_id())) {
        if let Err(error) = crawl(&desk.ctx, lake).await {
            tracing::warn!(%error, "the crawl after an erasure failed; crawl again");
            answer.not_crawled.push(lake.source_id().0);
        }
    }
    Ok(answer)
}

fn parsed(hash: &str) -> Result<Digest> {
    hash.parse().map_err(|_| Error::invalid(audit::RUN, "the hash is 64 hexadecimal digits"))
}

/// The plan, if it may be run now and by whom asks.
fn may_run(desk: &Desk, plan: &PlanId, hash: &str) -> Result<(Plan, PlanBody, ErasureRequest)> {
    officer(desk, audit::RUN)?;
    let catalog = &desk.ctx.catalog;
    let (plan, body, request) = load(desk, plan)?;
    let hash = parsed(hash)?;
    approve::is_current(&plan, &request)?;
    let approval: Option<Approval> = catalog.get(&plan.id, AsOf::Now)?;
    approve::may_run(&plan, hash, approval.as_ref(), catalog.env().clock.now())?;
    Ok((plan, body, request))
}

impl Run<'_> {
    /// Brings one step to its end, if that can be; tells whether its blob was changed, now or earlier.
    async fn step(&self, step: &Step, answer: &mut RunAnswer) -> Result<bool> {
        if !step.method.acts() {
            answer.reported += 1;
            return Ok(false);
        }
        let mut entry: StepJournal = show::journal_entry(self.desk, &self.body.id, step.number)?;
        if !entry.state.has_ended() {
            match self.go(step, &mut entry).await {
                Ok(()) => {}
                Err(Stop::Catalog(error)) => return Err(error),
                Err(Stop::Wait(reason)) => answer.open.push(StepProblem { step: step.number, reason }),
                // Nothing is refused once it was written: a repeat makes good what is left.
                Err(Stop::Refuse(reason)) if was_written(&entry) => {
                    answer.open.push(StepProblem { step: step.number, reason });
                }
                Err(Stop::Refuse(reason)) => self.end(&mut entry, StepState::Refused(reason)).await?,
                Err(Stop::Fail(reason)) => self.end(&mut entry, StepState::Failed(reason)).await?,
            }
        }
        let problem = |reason: &String| StepProblem { step: step.number, reason: reason.clone() };
        match &entry.state {
            StepState::Done => answer.done += 1,
            StepState::Refused(reason) => answer.refused.push(problem(reason)),
            StepState::Failed(reason) => answer.failed.push(problem(reason)),
            _ => {}
        }
        Ok(!matches!(entry.state, StepState::Planned | StepState::Refused(_)))
    }

    async fn end(&self, entry: &mut StepJournal, state: StepState) -> Result<()> {
        match self.advance(entry, state, Vec::new()).await {
            Err(Stop::Catalog(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Commits the next state, with other changes if they belong to it.
    async fn advance(&self, entry: &mut StepJournal, to: StepState, mut with: Vec<Change>) -> Going<()> {
        let now = self.desk.ctx.catalog.env().clock.now();
        let next = journal::advance(entry, to, now).map_err(Stop::Catalog)?;
        with.push(Change::put(&next).map_err(Stop::Catalog)?);
        self.desk.commit(with).await.map_err(Stop::Catalog)?;
        *entry = next;
        Ok(())
    }

    async fn go(&self, step: &Step, entry: &mut StepJournal) -> Going<()> {
        let lake = self.desk.lake(&step.source).ok_or_else(|| Stop::Wait("its source is not open".into()))?;
        let open = |sealed: &str| names::open(&self.key, sealed);
        let (path, members) = check::names_of(&step.names, &open).map_err(Stop::Catalog)?;
        if matches!(entry.state, StepState::Planned | StepState::Started) {
            self.may_begin(step, &path)?;
            match &step.method {
                Method::RemoveUnits { beside, .. } if !step.method.rewrites() => {
                    self.remove_tags(lake, step, (&path, beside), entry).await?;
                }
                Method::RemoveUnits { parts, beside } => {
                    let meant = self.meant(&path, members, parts)?;
                    self.replace(lake, step, (meant, beside), entry).await?;
                }
                Method::DeleteBlob { .. } => self.delete_blob(lake, step, &path, entry).await?,
                Method::DeleteVersion { .. } => self.delete_version(lake, step, &path, entry).await?,
                Method::Report { .. } => return Ok(()),
            }
        }
        if entry.state == StepState::Replaced {
            if step.transacts {
                self.tell_table(lake, &path).await?;
            }
            self.delete_left_behind(lake, step, &path).await?;
            self.advance(entry, StepState::OldVersionsDeleted, Vec::new()).await?;
        }
        if entry.state == StepState::OldVersionsDeleted {
            let changes = match step.current {
                true => forget::changes(&self.desk.ctx.catalog, &step.blob, &path, &self.sought),
                false => Ok(Vec::new()),
            };
            self.advance(entry, StepState::Done, changes.map_err(Stop::Catalog)?).await?;
        }
        Ok(())
    }

    /// What is to become of a blob; the key of pseudonyms is asked for only where some are written.
    fn meant(&self, path: &str, members: Vec<Vec<String>>, parts: &[PartRemoval]) -> Going<Meant> {
        let is_keyed =
            |part: &PartRemoval| part.replacement.as_ref().is_some_and(|one| one.how == How::Pseudonymise);
        let key = match parts.iter().any(is_keyed) {
            true => self.desk.keys.pseudonym_key().map_err(Stop::Catalog)?,
            false => [0; 32],
        };
        Ok(Meant { path: path.to_owned(), members, parts: parts.to_vec(), key })
    }

    /// Holds count until the moment before the write; an old version waits for its replacement.
    fn may_begin(&self, step: &Step, path: &str) -> Going<()> {
        self.is_held(step, path)?;
        let Some(after) = step.after else { return Ok(()) };
        let before = show::journal_entry(self.desk, &self.body.id, after).map_err(Stop::Catalog)?;
        match before.state {
            StepState::Done => Ok(()),
            StepState::Refused(_) | StepState::Failed(_) => {
                Err(Stop::Refuse(format!("step {after}, which has to come first, was not done")))
            }
            _ => Err(Stop::Wait(format!("it waits for step {after}"))),
        }
    }

    fn is_held(&self, step: &Step, path: &str) -> Going<()> {
        let on = |hold: &&Hold| match &hold.scope {
            HoldScope::Subject(digest) => self.body.identifiers.iter().any(|id| id.digest == *digest),
            HoldScope::Path { source, prefix } => *source == step.source && path.starts_with(prefix.as_str()),
        };
        // Read anew for every step: a run takes hours, and a hold that came meanwhile counts.
        let holds: Vec<Hold> = self.desk.ctx.catalog.all(AsOf::Now).map_err(Stop::Catalog)?;
        if let Some(hold) = holds.iter().find(on) {
            return Err(Stop::Refuse(format!("hold {} is on it: {}", hold.id, hold.reason)));
        }
        Ok(())
    }

    /// Writes the blob anew without the person, in its bytes and beside them, and reads it back.
    async fn replace(
        &self,
        lake: &Lake,
        step: &Step,
        (meant, beside): (Meant, &[BesideEntry]),
        entry: &mut StepJournal,
    ) -> Going<()> {
        let path = meant.path.clone();
        if let Some(upload) = entry.upload.take() {
            lake.abort_upload(&path, &upload).await.map_err(of_store)?;
        }
        let current = match lake.fetch_all(&path, None, None).await {
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Err(Stop::Refuse("the blob is gone since it was planned; plan again".into()));
            }
            current => current.map_err(of_store)?,
        };
        // The answer of an earlier write was lost, or its journal entry was: what was meant is there. Bytes that stay as they are
        // do not tell, nor does an etag that is of bytes alone.
        let is_meant =
            entry.intended == Some(current.digest) && self.sought.beside(&current.beside).is_empty();
        let written = entry.state == StepState::Started && is_meant;
        if written {
            entry.new_etag = current.etag.clone();
            entry.new_version = current.version.clone();
            return self.advance(entry, StepState::Replaced, Vec::new()).await;
        }
        if current.etag != step.etag {
            return Err(Stop::Refuse("the blob changed since it was planned; plan again".into()));
        }
        let planned = step.etag.clone().ok_or_else(|| Stop::Fail("the store gives no entity tags".into()))?;
        let found = self.beside_as_planned(&current.beside, beside)?;
        let made = self.made(lake, &current, meant).await?;
        entry.intended = Some(made.digest);
        let without = without(&found);
        let needs_own_client = current.beside.needs_own_client(&without);
        let new = New { content: &made.content, without: &without, needs_own_client };
        entry.upload = lake.begin_upload(&path, &planned, &new).await.map_err(of_store)?;
        self.advance(entry, StepState::Started, Vec::new()).await?;
        let replaced = lake.replace(&path, &planned, &new, entry.upload.as_deref()).await;
        replaced.map_err(of_store)?;
        // Not bound to its etag: what was written is ours to finish, so a repeat has to find out what is there by now.
        let back = lake.fetch_all(&path, None, None).await.map_err(to_repeat)?;
        if back.digest != made.digest || !self.sought.beside(&back.beside).is_empty() {
            return Err(Stop::Wait("what was read back is not what was written".into()));
        }
        entry.upload = None;
        entry.new_etag = back.etag;
        entry.new_version = back.version;
        self.advance(entry, StepState::Replaced, Vec::new()).await
    }

    /// The bytes without the person; the same ones where only what stands beside them changes.
    async fn made(&self, lake: &Lake, current: &Fetched, meant: Meant) -> Going<Made> {
        if meant.parts.is_empty() {
            return Ok(Made { content: current.content.clone(), digest: current.digest });
        }
        refuse_open_database(lake, &meant.path, &current.content).await?;
        let (content, bounds, sought) = (current.content.clone(), self.desk.ctx.bounds, self.sought.clone());
        let rewritten = move || rewrite::rewritten(&content, &meant, &bounds, &sought);
        self.desk.ctx.blocking(rewritten).await.map_err(Stop::Fail)
    }

    /// Commits the new size of a rewritten file to the log of its table; one that was told already is not told again.
    async fn tell_table(&self, lake: &Lake, path: &str) -> Going<()> {
        let roots = delta::roots_around(lake, path).await.map_err(of_store)?;
        let Some(root) = delta::table_of(path, &roots) else { return Ok(()) };
        let size = match lake.fetch(path, None, None).await {
            Err(error) if error.kind == ErrorKind::NotFound => None,
            there => Some(there.map_err(of_store)?.size),
        };
        for _ in delta::tries() {
            let (add, next) = match delta::entry(lake, root, path).await.map_err(of_store)? {
                // Compacted or removed meanwhile: what was read from it shows when the erasure is verified.
                delta::Entry::Apart => return Ok(()),
                delta::Entry::Unknown(reason) => return Err(Stop::Wait(reason.into())),
                delta::Entry::Live { add, next } => (add, next),
            };
            if delta::says(&add, size) {
                return Ok(());
            }
            let now = self.desk.ctx.catalog.env().clock.now().0 / 1_000;
            let (commit, content) = delta::commit(root, next, &add, size, now);
            match lake.create(&commit, &content).await {
                Ok(()) => return Ok(()),
                Err(error) if error.kind == ErrorKind::Conflict => {} // another writer was quicker
                Err(error) => return Err(of_store(error)),
            }
        }
        Err(Stop::Wait("other writers kept taking the next version of its table; run again".into()))
    }

    async fn delete_blob(&self, lake: &Lake, step: &Step, path: &str, entry: &mut StepJournal) -> Going<()> {
        let planned = step.etag.clone().ok_or_else(|| Stop::Fail("the store gives no entity tags".into()))?;
        let gone = match lake.fetch(path, None, None).await {
            Err(error) if error.kind == ErrorKind::NotFound => true,
            Err(error) => return Err(of_store(error)),
            Ok(current) if current.etag != step.etag => {
                return Err(Stop::Refuse("the blob changed since it was planned; plan again".into()));
            }
            Ok(_) => false,
        };
        let resumed = entry.state == StepState::Started;
        self.advance(entry, StepState::Started, Vec::new()).await?;
        if !gone {
            lake.delete(path, &planned).await.map_err(of_store)?;
            match lake.fetch(path, None, None).await {
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(of_store(error)),
                Ok(_) => return Err(Stop::Wait("it is still there after it was deleted".into())),
            }
        }
        if !gone || resumed {
            self.uncover_what_came_between(lake, step, path).await?;
        }
        self.advance(entry, StepState::Replaced, Vec::new()).await
    }

    /// A version that somebody wrote between the last look and the deletion is hidden by our delete marker: that goes again.
    async fn uncover_what_came_between(&self, lake: &Lake, step: &Step, path: &str) -> Going<()> {
        let versions = lake.versions(path).await.map_err(of_store)?;
        let planned = |one: &ObjectVersion| Some(&one.version) == step.store_version.as_ref();
        let newest = versions.iter().find(|one| !one.is_delete_marker);
        let marker = versions.iter().find(|one| one.is_delete_marker && one.is_latest);
        let came_between = newest.is_some_and(|one| !planned(one))
            && versions.iter().any(|one| !one.is_delete_marker && planned(one));
        let Some(marker) = marker.filter(|_| came_between) else { return Ok(()) };
        lake.delete_version(path, &marker.version).await.map_err(of_store)?;
        Err(Stop::Refuse("the blob changed since it was planned; plan again".into()))
    }

    async fn delete_version(
        &self,
        lake: &Lake,
        step: &Step,
        path: &str,
        entry: &mut StepJournal,
    ) -> Going<()> {
        let Some(version) = &step.store_version else {
            return Err(Stop::Fail("the plan names no version".into()));
        };
        let versions = lake.versions(path).await.map_err(of_store)?;
        let there = versions.iter().find(|one| one.version == *version);
        if there.is_some_and(|one| one.is_latest && !one.is_delete_marker) {
            return Err(Stop::Refuse("the old version is the current one by now; plan again".into()));
        }
        if there.is_some_and(|one| one.etag != step.etag && !one.is_delete_marker) {
            return Err(Stop::Refuse("the old version is another one by now; plan again".into()));
        }
        self.advance(entry, StepState::Started, Vec::new()).await?;
        lake.delete_version(path, version).await.map_err(of_store)?;
        self.advance(entry, StepState::Replaced, Vec::new()).await
    }

    /// What a write leaves in a store that keeps versions: the version that it replaced, unfinished uploads, and delete
    /// markers that hide nothing any more. On files: temporary files of killed rewrites.
    async fn delete_left_behind(&self, lake: &Lake, step: &Step, path: &str) -> Going<()> {
        lake.sweep(path).await.map_err(of_store)?;
        let now = self.desk.ctx.catalog.env().clock.now();
        lake.abort_given_up(path, now).await.map_err(of_store)?;
        let versions = lake.versions(path).await.map_err(of_store)?;
        if step.current {
            // `null`, the version of a bucket that kept none, may name the new bytes by now: then it is the latest.
            let replaced = |one: &&ObjectVersion| {
                Some(&one.version) == step.store_version.as_ref() && !one.is_latest && !one.is_delete_marker
            };
            for old in versions.iter().filter(replaced) {
                lake.delete_version(path, &old.version).await.map_err(of_store)?;
            }
        }
        let left = lake.versions(path).await.map_err(of_store)?;
        if left.iter().all(|one| one.is_delete_marker) {
            for marker in &left {
                lake.delete_version(path, &marker.version).await.map_err(of_store)?;
            }
        }
        Ok(())
    }
}

/// A database with a log beside it is open or was left by a crash: a new file under that log would be damaged by it.
async fn refuse_open_database(lake: &Lake, path: &str, content: &Content) -> Going<()> {
    let head = content.range(0, 16).map_err(|_| Stop::Wait("its bytes could not be read".into()))?;
    if head.as_ref() != b"SQLite format 3\0" {
        return Ok(());
    }
    for log in ["-wal", "-journal"] {
        match lake.fetch(&format!("{path}{log}"), None, None).await {
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(of_store(error)),
            Ok(log) if log.size == 0 => {}
            Ok(_) => {
                let reason = "a log lies beside the database, which would damage a new file; close the database, or \
                              checkpoint it, and plan again";
                return Err(Stop::Fail(reason.into()));
            }
        }
    }
    Ok(())
}

fn was_written(entry: &StepJournal) -> bool {
    matches!(entry.state, StepState::Replaced | StepState::OldVersionsDeleted)
}

/// What an error of the store means after a write: the journal knows what was meant, so a repeat goes on.
fn to_repeat(error: Error) -> Stop {
    Stop::Wait(format!("run again: {error}"))
}

/// What an error of the store means for a step. The guard has retried what was worth it.
fn of_store(error: Error) -> Stop {
    match error.kind {
        ErrorKind::Conflict | ErrorKind::NotFound => {
            Stop::Refuse("the blob changed while it was worked on; plan again".into())
        }
        ErrorKind::Unavailable | ErrorKind::Internal => Stop::Wait(format!("run again: {error}")),
        _ => Stop::Fail(error.to_string()),
    }
}
