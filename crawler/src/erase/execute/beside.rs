//! What stands beside an object's bytes, as a step finds it: it must be what was planned, neither more nor less. Metadata and headers
//! go as the object is written anew ([`Run::replace`]); tags alone are taken away while the object version stays.

use catalog::model::{BesideEntry, Step, StepJournal, StepState};

use super::super::search::{FoundBeside, without};
use super::{Going, Run, Stop, of_store};
use crate::source::{Beside, Lake};

impl Run<'_> {
    /// What holds the person beside the bytes, provided it is what was planned.
    pub(super) fn beside_as_planned(
        &self,
        beside: &Beside,
        planned: &[BesideEntry],
    ) -> Going<Vec<FoundBeside>> {
        let found = self.sought.beside(beside);
        match found.iter().map(|one| &one.entry).eq(planned) {
            true => Ok(found),
            false => Err(Stop::Refuse(
                "what it carries beside its bytes (user metadata, headers, tags) changed since it was planned; plan again"
                    .into(),
            )),
        }
    }

    /// What an object version carries, provided that its bytes are those that were planned for. They are not read.
    pub(super) async fn unmoved_beside(&self, lake: &Lake, step: &Step, path: &str) -> Going<Beside> {
        let version = step.store_version.as_deref();
        let (etag, beside) = lake.look_beside(path, version).await.map_err(of_store)?;
        match etag == step.etag {
            true => Ok(beside),
            false => Err(Stop::Refuse("the blob changed since it was planned; plan again".into())),
        }
    }

    /// Takes tags away from an object version, current or old.
    pub(super) async fn remove_tags(
        &self,
        lake: &Lake,
        step: &Step,
        (path, planned): (&str, &[BesideEntry]),
        entry: &mut StepJournal,
    ) -> Going<()> {
        let beside = self.unmoved_beside(lake, step, path).await?;
        // The answer of an earlier write was lost, or its journal entry was.
        let written = entry.state == StepState::Started && self.sought.beside(&beside).is_empty();
        if !written {
            let found = self.beside_as_planned(&beside, planned)?;
            self.advance(entry, StepState::Started, Vec::new()).await?;
            let version = step.store_version.as_deref();
            lake.remove_tags(path, version, &without(&found)).await.map_err(of_store)?;
            let (_, left) = lake.look_beside(path, version).await.map_err(of_store)?;
            if !self.sought.beside(&left).is_empty() {
                return Err(Stop::Wait("the tags are still there after they were taken away".into()));
            }
        }
        self.advance(entry, StepState::Replaced, Vec::new()).await
    }
}
