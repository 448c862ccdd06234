//! Carries an operation out: right first, then the work away from the async threads, then the answer.

use std::sync::Arc;

use catalog::model::{Principal, Timestamp};
use catalog::{AsOf, Change, Error, Result};

use super::{
    Answer, Operation, annotate, crawl, datasets, findings, history, index_keys, lineage, people, schemas,
    search, shown, sql, tokens, upkeep,
};
use crate::compose::App;

/// Hits of a search unless the caller asks for another number.
const SEARCH_HITS: usize = 50;
/// Values of each facet unless the caller asks for another number.
const FACET_VALUES: usize = 20;
/// Suggestions unless the caller asks for another number.
const SUGGESTIONS: usize = 10;

impl Operation {
    /// Carries it out for a principal.
    ///
    /// # Errors
    /// `Denied` without the right; else whatever the work fails with.
    pub(crate) async fn run(self, app: &Arc<App>, who: &Principal) -> Result<Answer> {
        if let Err(refused) = self.admit(who) {
            self.note_refusal(app, who, &refused).await;
            return Err(refused);
        }
        let hides = self.shows_names();
        let answer = self.carry_out(app, who).await?;
        if !hides {
            return Ok(answer);
        }
        let (app, who) = (app.clone(), who.clone());
        blocking(move || shown::without_persons(answer, &app.catalog, &who)).await
    }

    async fn carry_out(self, app: &Arc<App>, who: &Principal) -> Result<Answer> {
        match self {
            Self::Sql { query } => sql::run(app, who, &query).await,
            Self::Crawl { urls, depth } => crawl::run(app, who, urls, depth).await,
            Self::SubjectFind { .. }
            | Self::SubjectPackage { .. }
            | Self::ErasePlan { .. }
            | Self::EraseList { .. }
            | Self::EraseShow { .. }
            | Self::EraseApprove { .. }
            | Self::EraseRun { .. }
            | Self::EraseDryRun { .. }
            | Self::EraseExtend { .. }
            | Self::EraseRefuse { .. }
            | Self::EraseReplay { .. }
            | Self::EraseVerify { .. }
            | Self::EraseHolds { .. }
            | Self::EraseHold { .. }
            | Self::EraseLift { .. }
            | Self::EraseCertificate { .. } => people::run(app, who, self).await,
            other => {
                let (app, who) = (app.clone(), who.clone());
                blocking(move || other.run_blocking(&app, &who)).await
            }
        }
    }

    /// Writes into the audit log who tried what about a person without the right; others are counted in metrics only.
    async fn note_refusal(&self, app: &Arc<App>, who: &Principal, refused: &Error) {
        let is_about_people = matches!(
            self,
            Self::SubjectFind { .. }
                | Self::SubjectPackage { .. }
                | Self::ErasePlan { .. }
                | Self::EraseApprove { .. }
                | Self::EraseRun { .. }
                | Self::EraseDryRun { .. }
                | Self::EraseExtend { .. }
                | Self::EraseRefuse { .. }
                | Self::EraseReplay { .. }
                | Self::EraseVerify { .. }
                | Self::EraseHold { .. }
                | Self::EraseLift { .. }
                | Self::EraseCertificate { .. }
        );
        if !is_about_people {
            return;
        }
        let entry = Change::audit(self.name(), "", format!("refused: {refused}"));
        let (app, who) = (app.clone(), who.clone());
        if let Err(error) = blocking(move || app.catalog.commit(&who, &[entry])).await {
            tracing::error!(%error, "a refusal could not be written into the audit log");
        }
    }

    /// The operations that only read or write the catalog.
    fn run_blocking(self, app: &App, who: &Principal) -> Result<Answer> {
        let catalog = &*app.catalog;
        match self {
            Self::Search { query, limit, facets, as_of: at } => search::search(
                app,
                (&query, shown::sight(who)),
                limit.unwrap_or(SEARCH_HITS),
                facets,
                as_of(at),
            ),
            Self::SearchFacets { query, values, as_of: at } => {
                search::facets(app, (&query, shown::sight(who)), values.unwrap_or(FACET_VALUES), as_of(at))
            }
            Self::SearchSuggest { beginning, limit } => {
                search::suggest(app, &beginning, limit.unwrap_or(SUGGESTIONS))
            }
            Self::Annotations { which, column, history, as_of: at, paging } => {
                annotate::list(catalog, (which.as_deref(), column.as_deref()), history, as_of(at), &paging)
            }
            Self::Annotate { which, column, saying } => {
                annotate::say(catalog, who, (&which, &column), &saying)
            }
            Self::Lineage { query, as_of: at, paging } => {
                let hide = shown::names(catalog, who, as_of(at))?;
                lineage::edges(catalog, &query, as_of(at), (&paging, &hide))
            }
            Self::LineageReport { event } => lineage::report(catalog, who, &event),
            Self::Datasets { which, files, as_of: at, paging } => {
                datasets::list(catalog, which.as_deref(), files, as_of(at), &paging)
            }
            Self::DatasetShow { which, as_of: at } => datasets::show(catalog, &which, as_of(at)),
            Self::Findings { which, as_of: at } => findings::list(catalog, which.as_deref(), as_of(at)),
            Self::FindingRule { which, feature, kind, decision, spread } => {
                findings::rule(catalog, who, (&which, &feature, &kind), decision, spread)
            }
            Self::ProcessingRecord { as_of: at } => {
                findings::record(catalog, &app.config.processing, as_of(at))
            }
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
            Self::KeyList => index_keys::list(app),
            Self::KeyRotate => index_keys::rotate(app, who),
            Self::KeyDestroy { epoch, anyway } => index_keys::destroy(app, who, epoch, anyway),
            Self::CatalogExport { path } => upkeep::export_to(catalog, who, &path),
            Self::CatalogCheck => upkeep::check_store(catalog),
            Self::CatalogRewrite => upkeep::rewrite(catalog, who),
            other => Err(Error::internal("answer", format!("{} does not block", other.name()))),
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
