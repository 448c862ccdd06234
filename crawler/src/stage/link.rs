//! Sees the blobs of the source together: datasets with their merged schemas, contexts in the graph, inferred lineage.
//!
//! What belongs together is decided in `catalog` (`dataset`, `schema`, `lineage`); this stage fetches what those
//! decisions need and records what came of them. It looks at all current blobs, not at what this run read, so that it
//! can be repeated and an interrupted one is made good by the next. Where nothing that it goes by has changed since it
//! was last done, it is left out.

mod facts;
mod schema;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use catalog::annotation;
use catalog::dataset::{Corrections, group, keep_names, name_of_nobody};
use catalog::lineage::graph;
use catalog::lineage::record::{CHANGES_AN_EDGE, edges_changes};
use catalog::model::{
    BlobId, BlobVersion, ContextId, Dataset, DatasetId, Execution, ExecutionId, FeaturePath, Findings,
    Grouped, Principal, Properties, Schema, Source, SourceId, Statistics, TypeId,
};
use catalog::ruling::Rulings;
use catalog::store::record::Record;
use catalog::{AsOf, Catalog, Change};

use self::facts::{Fact, Facts};
use super::{Recorded, Run};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::pipeline::CrawlReport;
use crate::recognise::hide_persons_but;

/// Key writes in one commit, roughly: a dataset is written with an index entry for each of its blobs.
const WRITES_A_COMMIT: usize = 8_192;
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
    let read_now = |blob: &&Fact| link.everything || facts.run_of(blob) == link.run;
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
    let unchanged = link.unchanged && !link.everything;
    if unchanged && is_grouped(catalog, link)? {
        let datasets = catalog.all::<Dataset>(AsOf::Now)?;
        let own = datasets.iter().filter(|dataset| dataset.source == link.source).count();
        return Ok((own as u64, count_edges(catalog)?));
    }
    let facts = Facts::load(catalog, &link.source)?;
    let datasets = link_datasets(catalog, link, &facts)?;
    remember_grouping(catalog, link)?;
    let relink = (!unchanged).then(|| to_relink(&facts, link));
    drop(facts);
    let edges = match relink {
        Some(blobs) => link_lineage(catalog, &blobs)?,
        None => count_edges(catalog)?,
    };
    Ok((datasets, edges))
}

/// Kinds of records that datasets are made of, or that say what they are.
const GROUPED_BY: [&str; 5] =
    [BlobVersion::NAME, Schema::NAME, Findings::NAME, Statistics::NAME, Dataset::NAME];

/// Whether nothing was written since the last grouping that another would go by.
fn is_grouped(catalog: &Catalog, link: &Link) -> Result<bool> {
    let known = catalog.get::<Source>(&link.source, AsOf::Now)?.and_then(|source| source.grouped);
    match known {
        Some(known) if known.corrections == link.corrections.digest() => {
            Ok(!catalog.has_written_since(known.sequence, &GROUPED_BY)?)
        }
        _ => Ok(false),
    }
}

fn remember_grouping(catalog: &Catalog, link: &Link) -> Result<()> {
    let Some(source) = catalog.get::<Source>(&link.source, AsOf::Now)? else { return Ok(()) };
    let grouped = Grouped { sequence: catalog.sequence()?, corrections: link.corrections.digest() };
    catalog.commit(&Principal::system(), &[Change::put(&Source { grouped: Some(grouped), ..source })?])?;
    Ok(())
}

fn link_datasets(catalog: &Catalog, link: &Link, facts: &Facts) -> Result<u64> {
    let source = &link.source;
    let mut datasets = {
        let looks = facts.looks();
        group(source, &facts.of_blobs(&looks), &link.corrections)
    };
    let current = catalog.all::<Dataset>(AsOf::Now)?;
    keep_names(&mut datasets, &current);
    name_after_nobody(catalog, &mut datasets, facts)?;
    let votes = schema::votes(catalog, &datasets, facts)?;
    let context_type = graph::ensure(catalog, &graph::DATASET)?;
    let known: HashMap<&DatasetId, &Dataset> = current.iter().map(|known| (&known.id, known)).collect();
    let mut writer = Writer { catalog, changes: Vec::new(), writes: 0 };
    for (dataset, votes) in datasets.iter_mut().zip(votes) {
        let members: Vec<&Fact> = dataset.blobs.iter().filter_map(|id| facts.find(*id)).collect();
        let known = known.get(&dataset.id).copied();
        let semantics = schema::semantics(votes);
        schema::settle(&mut writer, dataset, known, &Members { blobs: &members, facts, semantics })?;
        let rows: Option<Vec<u64>> = members.iter().map(|blob| blob.rows).collect();
        dataset.rows = rows.map(|rows| rows.iter().sum());
        dataset.context = Some(link_context(catalog, &mut writer, context_type, dataset)?);
        if known != Some(dataset) {
            writer.writes += dataset.blobs.len();
            writer.push(Change::put(dataset)?)?;
        }
    }
    let live: BTreeSet<&DatasetId> = datasets.iter().map(|dataset| &dataset.id).collect();
    let is_gone = |known: &&Dataset| known.source == *source && !live.contains(&known.id);
    let gone: Vec<&Dataset> = current.iter().filter(is_gone).collect();
    // Before the datasets end: what a crawl that breaks off here left behind, the next one moves.
    for change in annotation::follow(catalog, &gone, &datasets)? {
        writer.push(change)?;
    }
    for gone in gone {
        writer.push(Change::close::<Dataset>(&gone.id))?;
    }
    schema::forget(&mut writer, &facts.blobs, &datasets)?;
    writer.flush()?;
    Ok(datasets.len() as u64)
}

/// Renames datasets whose name tells of somebody: a name goes where paths are hidden, into SQL and schemas.
fn name_after_nobody(catalog: &Catalog, datasets: &mut [Dataset], facts: &Facts) -> Result<()> {
    let rulings = Rulings::load(catalog, AsOf::Now)?;
    for dataset in datasets {
        let Some(first) = dataset.blobs.first().and_then(|blob| facts.find(*blob)) else { continue };
        let is_false_alarm = |kind: &str| rulings.rejects(&dataset.id, "", kind);
        let found = catalog.get::<Findings>(&first.blob, AsOf::Now)?;
        if found.is_none_or(|found| found.findings.iter().all(|finding| finding.feature.is_some())) {
            continue;
        }
        let shown = hide_persons_but(&first.path, &is_false_alarm);
        if let Some(name) = name_of_nobody(dataset, &first.path, &shown) {
            dataset.name = name;
        }
    }
    Ok(())
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
    writes: usize,
}

/// The blobs of a dataset, with what is known of them together.
pub(super) struct Members<'a> {
    blobs: &'a [&'a Fact],
    facts: &'a Facts,
    semantics: BTreeMap<FeaturePath, String>,
}

impl Writer<'_> {
    /// Takes a change.
    pub(super) fn push(&mut self, change: Change) -> Result<()> {
        self.changes.push(change);
        self.writes += 1;
        if self.writes >= WRITES_A_COMMIT {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.writes = 0;
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            self.catalog.commit(&Principal::system(), &changes)?;
        }
        Ok(())
    }
}
