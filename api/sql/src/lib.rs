//! SQL over raw blobs as they lie, with a schema put on them when they are read. The only crate that names DataFusion.
//!
//! Every dataset is a table of schema `lake`, which is the default one: columns of its merged schema, then its partition keys.
//! Members of archives and tables of databases are tables `<dataset>__<member>`. Schema `headwater` holds the catalog itself.
//! Nothing can be changed. Features that hold personal data are hidden unless the principal has the right: the scan itself
//! yields null, or what the policy puts in place, so that no filter, function, view or join sees more.
//!
//! | file | owns |
//! |---|---|
//! | `table` | a dataset as a table: its columns, pruning by partition |
//! | `scan` | reading blobs into batches, lazily and in bounded memory |
//! | `mask` | which features are personal, and hiding them |
//! | `record` | the catalog's nouns as tables |

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use catalog::catalog::AsOf;
use catalog::masking::Policy;
use catalog::model::{Dataset, Source};
use catalog::store::record::Index;
use catalog::{Catalog, Error, ErrorKind, Result};
use crawler::source::Lake;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::Stream;

mod mask;
mod record;
mod scan;
mod table;
#[cfg(test)]
mod tests;

/// Bytes that the operators of one query may hold; a query that needs more fails, since nothing is spilled to disk: files
/// with personal data would have to be found and erased too.
pub const QUERY_BYTES_MAX: usize = 1 << 30;
/// Bytes of a query's text.
pub const QUERY_TEXT_BYTES_MAX: usize = 256 << 10;
/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Blobs read at a time.
const SCANS_MAX: usize = 8;

/// Opens lakes that are in the catalog, with the credentials of whoever serves.
pub trait LakeOpener: Send + Sync {
    /// The lake of a source.
    ///
    /// # Errors
    /// What opening it fails with.
    fn open(&self, source: &Source) -> Result<Arc<Lake>>;
}

/// Which features are hidden.
#[derive(Clone, Debug)]
pub enum Masking {
    /// None: the principal may read personal data, and each query is audited by who calls.
    Off,
    /// Those in which personal data was found, as the policy says.
    Personal(Arc<Policy>),
}

/// What tables read through.
#[derive(Clone)]
struct Access {
    catalog: Arc<Catalog>,
    lakes: Arc<dyn LakeOpener>,
    masking: Masking,
    /// Which state of the catalog the tables are; blobs are then read as they were, or not at all.
    as_of: AsOf,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("masking", &self.masking).finish_non_exhaustive()
    }
}

/// Answers queries of one principal. Cheap to open; it sees the catalog as it is when a query is planned.
pub struct Engine {
    context: SessionContext,
}

impl Engine {
    /// Opens the catalog's datasets and records as tables, as they are or were.
    ///
    /// # Errors
    /// `Internal` if the query engine cannot be set up.
    pub async fn open(
        catalog: Arc<Catalog>,
        lakes: Arc<dyn LakeOpener>,
        masking: Masking,
        as_of: AsOf,
    ) -> Result<Self> {
        let access = Access { catalog, lakes, masking, as_of };
        let config = SessionConfig::new()
            .with_default_catalog_and_schema("headwater", "lake")
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true)
            .with_batch_size(BATCH_ROWS)
            .with_target_partitions(
                std::thread::available_parallelism().map_or(1, usize::from).min(SCANS_MAX),
            );
        let no_disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_limit(QUERY_BYTES_MAX, 1.0)
            .with_disk_manager_builder(no_disk)
            .build_arc()
            .map_err(error)?;
        let state =
            SessionStateBuilder::new().with_config(config).with_runtime_env(runtime).with_default_features();
        let context = SessionContext::new_with_state(state.build());
        let root = MemoryCatalogProvider::new();
        root.register_schema("lake", Arc::new(Datasets { access: access.clone() })).map_err(error)?;
        root.register_schema("headwater", Arc::new(record::Records { access })).map_err(error)?;
        context.register_catalog("headwater", Arc::new(root));
        Ok(Self { context })
    }

    /// Plans a query and begins to answer it; batches come as they are asked for.
    ///
    /// # Errors
    /// `Invalid` if the text is no query or would change something, `Limit` if it is too long.
    pub async fn query(&self, sql: &str) -> Result<Answer> {
        if sql.len() > QUERY_TEXT_BYTES_MAX {
            let context = format!("its text has more than {QUERY_TEXT_BYTES_MAX} bytes");
            return Err(Error::new(ErrorKind::Limit, "run query", context));
        }
        let read_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, read_only).await.map_err(error)?;
        Ok(Answer { batches: frame.execute_stream().await.map_err(error)? })
    }
}

/// A query's answer as it comes.
pub struct Answer {
    batches: SendableRecordBatchStream,
}

impl Answer {
    /// Names and types of its columns.
    pub fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }
}

impl Stream for Answer {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(context).map(|next| next.map(|batch| batch.map_err(error)))
    }
}

/// Says what can be done about the query engine's error. Quoted parts of failures at run time are values, and left out.
fn error(error: DataFusionError) -> Error {
    let error = match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            return self::error(*inner);
        }
        DataFusionError::Shared(inner) => {
            let kind = kind(&inner);
            return Error::new(kind, "run query", without_values(&inner.to_string()));
        }
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(ours) => return *ours,
            Err(inner) => DataFusionError::External(inner),
        },
        error => error,
    };
    let text = error.strip_backtrace();
    let planned = matches!(
        error,
        DataFusionError::SQL(..) | DataFusionError::Plan(_) | DataFusionError::SchemaError(..)
    );
    let context = if planned { text } else { without_values(&text) };
    Error::new(kind(&error), "run query", context)
}

fn kind(error: &DataFusionError) -> ErrorKind {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => ErrorKind::Limit,
        DataFusionError::External(inner) => {
            inner.downcast_ref::<Error>().map_or(ErrorKind::Internal, |ours| ours.kind)
        }
        DataFusionError::Internal(_) | DataFusionError::IoError(_) => ErrorKind::Internal,
        _ => ErrorKind::Invalid,
    }
}

/// A message with all that stands in quotes left out.
fn without_values(message: &str) -> String {
    let mut kept = String::new();
    let mut quote = None;
    for char in message.lines().next().unwrap_or_default().chars() {
        match quote {
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if matches!(char, '\'' | '"' | '`') => {
                quote = Some(char);
                kept.push('…');
            }
            None => kept.push(char),
        }
    }
    kept
}

/// Turns an error of ours into one that passes through the query engine unchanged.
fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Runs what asks the catalog, which is synchronous, where it holds up nobody.
async fn ask<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> datafusion::error::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(external),
        Err(_) => Err(external(Error::internal("run query", "a worker ended early"))),
    }
}

/// Schema `lake`: datasets by name.
#[derive(Debug)]
struct Datasets {
    access: Access,
}

/// Stands between the name of a dataset and the name of a member.
const MEMBER_SEPARATOR: &str = "__";

fn dataset_named(access: &Access, name: &str) -> Result<Option<Dataset>> {
    let found = match access.as_of {
        AsOf::Now => access.catalog.find::<Dataset>(Index::DatasetName, name.as_bytes())?,
        past => access.catalog.all::<Dataset>(past)?, // indexes keep the present only
    };
    Ok(found.into_iter().find(|dataset| dataset.name == name))
}

#[async_trait]
impl SchemaProvider for Datasets {
    fn table_names(&self) -> Vec<String> {
        // Listing is a convenience of clients: what cannot be read is not listed, and asking for it says why.
        let datasets = self.access.catalog.all::<Dataset>(self.access.as_of).unwrap_or_default();
        let names = |dataset: &Dataset| table::table_names(&self.access, dataset).unwrap_or_default();
        let mut names: Vec<String> = datasets.iter().flat_map(names).collect();
        names.sort();
        names
    }

    async fn table(&self, name: &str) -> datafusion::error::Result<Option<Arc<dyn TableProvider>>> {
        let (access, name) = (self.access.clone(), name.to_owned());
        let found = ask(move || {
            if let Some(dataset) = dataset_named(&access, &name)? {
                return table::open(access, dataset, None);
            }
            for (at, _) in name.match_indices(MEMBER_SEPARATOR) {
                if let Some(dataset) = dataset_named(&access, &name[..at])? {
                    let member = &name[at + MEMBER_SEPARATOR.len()..];
                    return table::open(access, dataset, Some(member));
                }
            }
            Ok(None)
        });
        Ok(found.await?.map(|table| Arc::new(table) as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        let is_dataset = |name: &str| matches!(dataset_named(&self.access, name), Ok(Some(_)));
        is_dataset(name) || name.match_indices(MEMBER_SEPARATOR).any(|(at, _)| is_dataset(&name[..at]))
    }
}
