//! Sees the blobs of the source together: datasets with their merged schemas, contexts in the graph, inferred lineage.
//!
//! What belongs together is decided in `catalog` (`dataset`, `schema`, `lineage`); this stage fetches what those
//! decisions need and records what came of them. It looks at all current blobs, not at what this run read, so that it
//! can be repeated and an interrupted one is made good by the next.

mod facts;
mod schema;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use catalog::dataset::{Corrections, group, keep_names};
use catalog::lineage::graph;
use catalog::lineage::record::{CHANGES_AN_EDGE, edges_changes};
use catalog::model::{
    BlobId, ContextId, Dataset, DatasetId, Execution, ExecutionId, Principal, Properties, SourceId, TypeId,
};
use catalog::{AsOf, Catalog, Change};

use self::facts::{Fact, Facts};
use super::{Recorded, Run};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::pipeline::CrawlReport;

/// Changes in one commit.
const CHANGES_A_COMMIT: usize = 512;
/// Records taken from the catalog at a time.
const PAGE_RECORDS: usize = 1_024;
/// Edges in one commit: whole ones, since half an edge would look like an execution without an end.
const EDGES_A_COMMIT: usize = 170;

/// Groups and links; gives the run's report.
///
/// # Errors
/// If the catalog fails.
pub async fn link(ctx: &Ctx, run: &Run, recorded: Recorded) -> Result<CrawlReport> {
    let catalog = Arc::clone(&ctx.catalog);
    let link = Link {
        source: run.source.clone(),
        run: run.id,
        everything: run.after_a_failure,
        corrections: Arc::clone(&run.corrections),
        twins_of_gone: recorded.twins_of_gone,
        unchanged: recorded.report.read == 0 && recorded.report.deleted == 0,
    };
    let (datasets, edges) = ctx.blocking(move || link_all(&catalog, &link)).await?;
    ctx.progress.done("grouped and linked");
    Ok(CrawlReport { datasets, edges, ..recorded.report })
}

/// Blobs around which lineage may be another than before: those that this run read and the twins of content that is
/// gone; or all, if the crawl before this one broke off and nobody knows what it left undone.
fn to_relink(facts: &Facts, link: &Link) -> Vec<BlobId> {
    let read_now = |blob: &&Fact| link.everything || blob.run == link.run;
    let mut blobs: Vec<_> = facts.blobs.iter().filter(read_now).map(|blob| blob.blob).collect();
    blobs.extend(&link.twins_of_gone);
    blobs
}

/// What to link.
struct Link {
    source: SourceId,
    run: ExecutionId,
    everything: bool,
    corrections: Arc<Corrections>,
    twins_of_gone: Vec<BlobId>,
    /// Whether this run found nothing new, changed or gone.
    unchanged: bool,
}

fn link_all(catalog: &Catalog, link: &Link) -> Result<(u64, u64)> {
    let facts = Facts::load(catalog, &link.source)?;
    let datasets = link_datasets(catalog, link, &facts)?;
    let edges = if link.unchanged && !link.everything {
        count_edges(catalog)?
    } else {
        link_lineage(catalog, &to_relink(&facts, link))?
    };
    Ok((datasets, edges))
}

fn link_datasets(catalog: &Catalog, link: &Link, facts: &Facts) -> Result<u64> {
    let source = &link.source;
    let mut datasets = group(source, &facts.of_blobs(), &link.corrections);
    let current = catalog.all::<Dataset>(AsOf::Now)?;
    keep_names(&mut datasets, &current);
    let blobs: HashMap<_, _> = facts.blobs.iter().map(|blob| (blob.blob, blob)).collect();
    let context_type = graph::ensure(catalog, &graph::DATASET)?;
    let known: HashMap<&DatasetId, &Dataset> = current.iter().map(|known| (&known.id, known)).collect();
    let mut writer = Writer { catalog, changes: Vec::new() };
    for dataset in &mut datasets {
        let members: Vec<&Fact> = dataset.blobs.iter().filter_map(|id| blobs.get(id).copied()).collect();
        let known = known.get(&dataset.id).copied();
        schema::settle(catalog, &mut writer, dataset, known, &members, facts)?;
        let rows: Option<Vec<u64>> = members.iter().map(|blob| blob.rows).collect();
        dataset.rows = rows.map(|rows| rows.iter().sum());
        dataset.context = Some(link_context(catalog, &mut writer, context_type, dataset)?);
        if known != Some(dataset) {
            writer.push(Change::put(dataset)?)?;
        }
    }
    let live: BTreeSet<&DatasetId> = datasets.iter().map(|dataset| &dataset.id).collect();
    for gone in current.iter().filter(|known| known.source == *source && !live.contains(&known.id)) {
        writer.push(Change::close::<Dataset>(&gone.id))?;
    }
    schema::forget(catalog, &mut writer, &facts.blobs, &datasets)?;
    writer.flush()?;
    Ok(datasets.len() as u64)
}

/// The dataset's context; that the artifacts of its blobs belong to it, the dataset itself says.
fn link_context(
    catalog: &Catalog,
    writer: &mut Writer<'_>,
    of: TypeId,
    dataset: &Dataset,
) -> Result<ContextId> {
    let properties = [
        ("dataset", &dataset.id.0),
        ("name", &dataset.name),
        ("root", &dataset.root),
        ("format", &dataset.format),
    ];
    let properties: Properties =
        properties.into_iter().map(|(name, value)| (name.to_owned(), graph::text(value))).collect();
    let (context, changes) = graph::put_context(catalog, of, &dataset.id.0, properties)?;
    for change in changes {
        writer.push(change)?;
    }
    Ok(context)
}

/// Brings the inferred edges around some blobs up to date; gives the number of all inferred edges.
fn link_lineage(catalog: &Catalog, changed: &[BlobId]) -> Result<u64> {
    let changes = edges_changes(catalog, changed)?;
    for changes in changes.chunks(CHANGES_AN_EDGE * EDGES_A_COMMIT) {
        catalog.commit(&Principal::system(), changes)?;
    }
    count_edges(catalog)
}

fn count_edges(catalog: &Catalog) -> Result<u64> {
    let inferred = graph::ensure(catalog, &graph::INFERRED_EDGE)?;
    let (mut edges, mut after) = (0, None);
    loop {
        let page = catalog.list::<Execution>(AsOf::Now, after.as_deref(), PAGE_RECORDS)?;
        edges += page.records.iter().filter(|execution| execution.type_id == inferred).count() as u64;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(edges),
        }
    }
}

/// Gathers changes into commits of a bearable size.
pub(super) struct Writer<'a> {
    catalog: &'a Catalog,
    changes: Vec<Change>,
}

impl Writer<'_> {
    /// Takes a change.
    pub(super) fn push(&mut self, change: Change) -> Result<()> {
        self.changes.push(change);
        if self.changes.len() >= CHANGES_A_COMMIT {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            self.catalog.commit(&Principal::system(), &changes)?;
        }
        Ok(())
    }
}
