//! The half of erasure that touches bytes: `lookup → plan → (check) → approve → execute → verify → certify`.
//!
//! | file | does |
//! |---|---|
//! | [`identifier`] | reads what a person is named by |
//! | [`keys`] | the folder of keys, apart from the catalog |
//! | [`search`] | one blob, read in full; [`raw`] looks at bytes, [`rows`] digests what stays |
//! | [`lookup`] | places of a person through the index, confirmed in the bytes; [`expand`] follows their rows |
//! | [`policy`] | what the configuration asks to be done where; [`replace`] decides cell by cell what stands there instead |
//! | [`gather`] | evidence over the lake as it is now; [`attempts`] tries what a policy asks for |
//! | [`mod@plan`] | has the catalog decide and check, and records the plan |
//! | [`replay`] | recognises erased persons who came back, and plans anew |
//! | [`delta`] | what the log of a Delta table has to be told |
//! | [`engine`] | tables that only their own engine can change |
//! | [`requests`] | extends and refuses requests |
//! | [`execute`] | the only place that overwrites or deletes blobs; [`forget`] takes them out of the catalog's history |
//! | [`mod@verify`] | a fresh look that never reads the plan |
//! | [`certify`] | the certificate, the ledger, the end of the key |
//!
//! The functions re-exported here are what command line and HTTP call; each takes a [`Desk`] and returns something that
//! can be serialised. What is decided without bytes is in `catalog::erasure`.

pub mod answer;
mod attempts;
pub mod certify;
mod delta;
mod engine;
pub mod execute;
mod expand;
mod forget;
mod gather;
pub mod identifier;
pub mod keys;
pub mod lookup;
mod names;
pub mod package;
pub mod plan;
pub mod policy;
mod raw;
mod replace;
mod replay;
mod requests;
mod rewrite;
mod rows;
pub mod search;
pub mod show;
pub mod verify;
mod wanted;

pub use certify::{certificate, public_key};
pub use execute::{dry_run, run};
pub use identifier::Identifier;
pub use keys::KeyRing;
pub use lookup::{FindOptions, Rows, find};
pub use plan::{PlanOptions, approve, hold, lift, plan};
pub use policy::Policy;
pub use replay::replay;
pub use requests::{extend, refuse};
pub use show::{list, show};
pub use verify::verify;

use std::sync::Arc;

use catalog::Change;
use catalog::model::{Principal, SourceId};

use crate::ctx::Ctx;
use crate::error::{Kind as ErrorKind, Result};
use crate::source::Lake;

/// Who acts, on which lakes, with which keys.
#[derive(Clone)]
pub struct Desk {
    /// The catalog and its bounds.
    pub ctx: Ctx,
    /// Every source that was crawled, opened; what is missing here is reported as not searched.
    pub lakes: Vec<Lake>,
    /// The folder of keys.
    pub keys: KeyRing,
    /// What is done with persons' data where.
    pub policy: Arc<Policy>,
    /// Who acts; its roles are checked here, for every caller.
    pub by: Principal,
}

impl Desk {
    fn lake(&self, source: &SourceId) -> Option<&Lake> {
        self.lakes.iter().find(|lake| lake.source_id() == *source)
    }

    /// Commits off the async threads. Durably: a step acts on blobs the moment its journal entry is committed, and an entry that
    /// a kill takes back would make what the step wrote look like somebody else's.
    async fn commit(&self, changes: Vec<Change>) -> Result<u64> {
        let (catalog, by) = (self.ctx.catalog.clone(), self.by.clone());
        self.ctx.blocking(move || catalog.commit_durably(&by, &changes)).await
    }

    /// Hands an outcome on, and writes into the audit log if a rule refused what was asked for: who tries what they may not
    /// do is as telling as who does it. A refusal stands even if it cannot be written down.
    async fn audited<T>(
        &self,
        action: &'static str,
        subject: impl Into<String>,
        outcome: Result<T>,
    ) -> Result<T> {
        if let Err(error) = &outcome
            && matches!(error.kind, ErrorKind::Denied | ErrorKind::Conflict)
        {
            let entry = Change::audit(action, subject.into(), format!("refused: {error}"));
            if let Err(error) = self.commit(vec![entry]).await {
                tracing::error!(%error, "a refusal could not be written into the audit log");
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
