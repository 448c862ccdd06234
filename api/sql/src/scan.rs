//! Reads blobs one after another into batches, each when its turn comes: nothing is fetched that nobody asks for, and at most
//! a few batches wait. Decoding runs on blocking threads and ends when the answer is dropped.

use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::SchemaRef;
use catalog::masking::Treatment;
use catalog::model::{FeaturePath, Part};
use catalog::{Error, ErrorKind};
use crawler::format::arrow::batches;
use crawler::format::tree::{Node, Visit, walk};
use crawler::format::{Bounds, FormatError};
use crawler::source::{Fetched, Lake};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use tokio::sync::mpsc::Sender;

use crate::external;
use crate::mask::Mask;

/// Batches of a stream that may wait.
const BATCHES_WAITING: usize = 2;

/// What all streams of a scan have in common.
pub(crate) struct Plan {
    pub(crate) lake: Arc<Lake>,
    pub(crate) member: Vec<String>,
    /// Columns to read from blobs.
    pub(crate) data: SchemaRef,
    /// What the columns of `target` are.
    pub(crate) outputs: Vec<Output>,
    pub(crate) target: SchemaRef,
    pub(crate) mask: Arc<Mask>,
    pub(crate) limit: Option<usize>,
}

/// What a column of the answer is.
#[derive(Debug)]
pub(crate) enum Output {
    /// A column read from the blob, with the features in it that are not shown as they are.
    Data(usize, Vec<(FeaturePath, Treatment)>),
    /// The value of a partition key, and what becomes of it.
    Partition(usize, Treatment),
    /// Null, whatever it holds.
    Masked,
}

/// A blob to read.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    pub(crate) path: String,
    /// Etag and version in the store that it must be read in.
    pub(crate) as_was: Option<(Option<String>, Option<String>)>,
    /// The entity tag of the bytes of which every cell was searched; `None` if not all were.
    pub(crate) searched: Option<String>,
    /// The part with the rows; `None` if it has none.
    pub(crate) part: Option<Part>,
    pub(crate) partitions: Vec<ScalarValue>,
}

/// Some blobs of a scan.
pub(crate) struct BlobStream {
    pub(crate) plan: Arc<Plan>,
    pub(crate) blobs: Arc<[Blob]>,
}

impl fmt::Debug for BlobStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Paths may be personal.
        f.debug_struct("BlobStream").field("blobs", &self.blobs.len()).finish()
    }
}

impl PartitionStream for BlobStream {
    fn schema(&self) -> &SchemaRef {
        &self.plan.target
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.plan.target.clone(), BATCHES_WAITING);
        let (plan, blobs, sender) = (self.plan.clone(), self.blobs.clone(), builder.tx());
        builder.spawn(async move { scan(plan, blobs, sender).await });
        builder.build()
    }
}

async fn scan(plan: Arc<Plan>, blobs: Arc<[Blob]>, sender: Sender<Result<RecordBatch>>) -> Result<()> {
    let mut wanted = plan.limit.map_or(u64::MAX, |limit| limit as u64);
    for place in 0..blobs.len() {
        if wanted == 0 || sender.is_closed() {
            return Ok(());
        }
        let fetched = fetch(&plan.lake, &blobs[place]).await.map_err(external)?;
        let (plan, blobs, sender) = (plan.clone(), blobs.clone(), sender.clone());
        let read =
            tokio::task::spawn_blocking(move || read_blob(&plan, &blobs[place], &fetched, wanted, &sender));
        let rows = read.await.map_err(|_| external(Error::internal("run query", "a reader ended early")))?;
        wanted = wanted.saturating_sub(rows?);
    }
    Ok(())
}

async fn fetch(lake: &Lake, blob: &Blob) -> catalog::Result<Fetched> {
    let Some((etag, version)) = &blob.as_was else { return lake.fetch(&blob.path, None, None).await };
    let etag = etag.as_deref().filter(|_| version.is_none());
    lake.fetch(&blob.path, etag, version.as_deref()).await.map_err(|error| match error.kind {
        ErrorKind::NotFound | ErrorKind::Conflict => Error::not_found(
            "run query",
            "a blob is no longer as it was then, and the store kept no old version of it",
        ),
        _ => error,
    })
}

/// Sends the batches of one blob, `wanted` rows at most, and answers how many rows there were.
fn read_blob(
    plan: &Plan,
    blob: &Blob,
    fetched: &Fetched,
    wanted: u64,
    sender: &Sender<Result<RecordBatch>>,
) -> Result<u64> {
    let bounds = Bounds::default();
    let name = blob.path.rsplit('/').next().unwrap_or(&blob.path);
    let is_searched = blob.searched.is_some() && blob.searched == fetched.etag;
    let screens = plan.mask.is_on() && !is_searched;
    let mut read: Option<std::result::Result<u64, FormatError>> = None;
    let walked = walk(&fetched.content, name, &bounds, &mut |visit| {
        let Visit::Part(node) = visit else { return Ok(()) };
        let Some(table) = table_of(plan, blob, &node) else { return Ok(()) };
        let bounds = Bounds { rows_max: wanted, ..bounds };
        let mut emit = |batch: RecordBatch| {
            let batch = assemble(plan, blob, &batch, screens);
            let sends = batch.is_ok();
            Ok(sender.blocking_send(batch).is_ok() && sends)
        };
        let dialect = blob.part.as_ref().filter(|part| part.format == node.format.id);
        let dialect = dialect.map_or(node.dialect, |part| &part.dialect);
        let done = batches(node.format, node.content, dialect, table, &plan.data, &bounds, &mut emit);
        read = Some(done.map(|done| done.rows));
        // Other members need not be opened.
        Err(FormatError::Limit("read".into()))
    });
    match (read, walked) {
        (Some(Ok(rows)), _) => Ok(rows),
        (Some(Err(error)), _) | (None, Err(error)) => Err(unreadable(error)),
        (None, Ok(())) => Err(external(Error::conflict(
            "run query",
            "a blob no longer holds the member that was crawled; crawl again",
        ))),
    }
}

fn unreadable(error: FormatError) -> DataFusionError {
    match error {
        FormatError::Io(_) => {
            external(Error::unavailable("run query", "a blob cannot be read").with_source(error))
        }
        error => external(
            Error::corrupt("run query", "a blob changed for the worse; crawl again").with_source(error),
        ),
    }
}

/// Whether a node of the blob holds the wanted rows: as its own ("") or as those of a table of it.
fn table_of<'a>(plan: &'a Plan, blob: &Blob, node: &Node<'_>) -> Option<&'a str> {
    if node.member == plan.member.as_slice() {
        return Some("");
    }
    let (table, member) = plan.member.split_last()?;
    let of_node = blob.part.as_ref().is_some_and(|part| part.format == node.format.id);
    (node.member == member && of_node).then_some(table)
}

/// Puts partition values and nulls beside the columns that were read, and hides what is to be hidden.
fn assemble(plan: &Plan, blob: &Blob, batch: &RecordBatch, screens: bool) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(plan.outputs.len());
    for (output, field) in plan.outputs.iter().zip(plan.target.fields()) {
        columns.push(match output {
            Output::Data(place, hidden) if screens => {
                let screened = plan.mask.screened(batch.column(*place), field.name());
                plan.mask.treated(&screened, hidden)
            }
            Output::Data(place, hidden) => plan.mask.treated(batch.column(*place), hidden),
            Output::Partition(place, treatment) => {
                plan.mask.treated_key(&blob.partitions[*place].to_array_of_size(rows)?, *treatment)
            }
            Output::Masked => new_null_array(field.data_type(), rows),
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(plan.target.clone(), columns, &options)?)
}
