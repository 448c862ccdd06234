//! Carries an operation out: right first, then the work away from the async threads, then the answer.

use std::sync::Arc;

use catalog::model::{Principal, Timestamp};
use catalog::{AsOf, Catalog, Error, Result};

use super::{Answer, Operation, datasets, history, schemas, tokens, upkeep};
use crate::compose::App;

impl Operation {
    /// Carries it out for a principal.
    ///
    /// # Errors
    /// `Denied` without the right; else whatever the work fails with.
    pub(crate) async fn run(self, app: &Arc<App>, who: &Principal) -> Result<Answer> {
        self.admit(who)?;
        let (app, who) = (app.clone(), who.clone());
        blocking(move || self.run_blocking(&app.catalog, &who)).await
    }

    /// The operations that only read or write the catalog.
    fn run_blocking(self, catalog: &Catalog, who: &Principal) -> Result<Answer> {
        match self {
            Self::Datasets { which, files, as_of: at, paging } => {
                datasets::list(catalog, which.as_deref(), files, as_of(at), &paging)
            }
            Self::DatasetShow { which, as_of: at } => datasets::show(catalog, &which, as_of(at)),
            Self::Schemas { as_of: at, paging } => schemas::list(catalog, as_of(at), &paging),
            Self::SchemaShow { which, history, as_of: at } => {
                schemas::show(catalog, &which, history, as_of(at))
            }
            Self::SchemaDiff { which, to, from_time, to_time } => {
                let new = to.as_deref().unwrap_or(&which);
                schemas::compare(catalog, (&which, as_of(from_time)), (new, as_of(to_time)))
            }
            Self::SchemaValidate { which, environment, as_of: at } => {
                schemas::check(catalog, &which, environment.as_deref(), as_of(at))
            }
            Self::SchemaPin { which, unpin } => schemas::pin(catalog, who, &which, unpin),
            Self::Runs { as_of: at, paging } => history::runs(catalog, as_of(at), &paging),
            Self::RunShow { id, as_of: at } => history::run_show(catalog, id, as_of(at)),
            Self::Audit { paging } => history::audit(catalog, &paging),
            Self::AuditVerify => history::verify(catalog),
            Self::TokenCreate { name, roles } => tokens::create(catalog, who, &name, roles),
            Self::TokenList => tokens::list(catalog),
            Self::TokenRevoke { which } => tokens::revoke(catalog, who, &which),
            Self::CatalogExport { path } => upkeep::export_to(catalog, who, &path),
            Self::CatalogCheck => upkeep::check_store(catalog),
            Self::CatalogRewrite => upkeep::rewrite(catalog, who),
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
