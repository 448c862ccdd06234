//! Carries an operation out: right first, then the work away from the async threads, then the answer.

use std::sync::Arc;

use catalog::model::{Principal, Timestamp};
use catalog::{AsOf, Error, Result};

use super::{Answer, Operation, datasets, history, tokens};
use crate::compose::{App, Open};

impl Operation {
    /// Carries it out for a principal.
    ///
    /// # Errors
    /// `Denied` without the right; else whatever the work fails with.
    pub(crate) async fn run(self, app: &Arc<App>, who: &Principal) -> Result<Answer> {
        self.admit(who)?;
        let lease = app.lease().await;
        let who = who.clone();
        blocking(move || self.run_blocking(&lease, &who)).await
    }

    /// The operations that only read or write the catalog.
    fn run_blocking(self, open: &Open, who: &Principal) -> Result<Answer> {
        match self {
            Self::Datasets { which, files, as_of: at, paging } => {
                datasets::list(open, which.as_deref(), files, as_of(at), &paging)
            }
            Self::DatasetShow { which, as_of: at } => datasets::show(open, &which, as_of(at)),
            Self::Runs { as_of: at, paging } => history::runs(open, as_of(at), &paging),
            Self::RunShow { id, as_of: at } => history::run_show(open, id, as_of(at)),
            Self::Audit { paging } => history::audit(open, &paging),
            Self::AuditVerify => history::verify(open),
            Self::TokenCreate { name, roles } => tokens::create(open, who, &name, roles),
            Self::TokenList => tokens::list(open),
            Self::TokenRevoke { which } => tokens::revoke(open, who, &which),
        }
    }
}

/// The state that a read sees.
pub(super) fn as_of(time: Option<Timestamp>) -> AsOf {
    time.map_or(AsOf::Now, AsOf::Time)
}

/// Runs work that blocks on a thread made for it.
///
/// # Errors
/// What the work fails with; `Internal` if it panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Error::internal("answer", "the work broke off").with_source(error)),
    }
}
