//! What linking knows of all blobs of a source at once: little of each, since there may be millions.

use std::collections::{BTreeSet, HashMap};

use catalog::dataset::{self, BlobFacts};
use catalog::model::{
    Anomaly, BlobId, BlobVersion, Dialect, ExecutionId, Schema, SchemaId, SourceId, TableLog, Timestamp,
};
use catalog::{AsOf, Catalog};

use super::PAGE_RECORDS;
use crate::error::Result;

/// All that the decisions look at.
pub(super) struct Facts {
    /// Current blobs of the source, in order of their paths.
    pub(super) blobs: Vec<Fact>,
    /// Schemas of their root parts.
    pub(super) schemas: HashMap<SchemaId, Schema>,
    looks: Vec<Look>,
    /// Positions of blobs in order of their ids.
    order: Vec<u32>,
}

/// What is known of one blob.
pub(super) struct Fact {
    pub(super) blob: BlobId,
    pub(super) path: Box<str>,
    pub(super) size: u64,
    pub(super) modified: Timestamp,
    /// Rows of its root part.
    pub(super) rows: Option<u64>,
    /// Which of the looks it has.
    look: u32,
    odd: Option<Box<Odd>>,
}

/// What many blobs have in common.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Look {
    format: String,
    layers: Vec<String>,
    dialect: Dialect,
    schema: Option<SchemaId>,
    /// The run that read it.
    run: ExecutionId,
}

/// What few blobs have.
struct Odd {
    anomalies: Vec<Anomaly>,
    table_log: Option<TableLog>,
}

impl Fact {
    /// What is wrong with it.
    pub(super) fn anomalies(&self) -> &[Anomaly] {
        self.odd.as_ref().map_or(&[], |odd| &odd.anomalies)
    }
}

impl Facts {
    /// Reads what is current, some at a time.
    pub(super) fn load(catalog: &Catalog, source: &SourceId) -> Result<Self> {
        let mut facts =
            Self { blobs: Vec::new(), schemas: HashMap::new(), looks: Vec::new(), order: Vec::new() };
        let (mut looks, mut after) = (HashMap::new(), None);
        loop {
            let page = catalog.list::<BlobVersion>(AsOf::Now, after.as_deref(), PAGE_RECORDS)?;
            for version in page.records.into_iter().filter(|version| version.source == *source) {
                let fact = facts.fact(&mut looks, version);
                facts.blobs.push(fact);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        facts.blobs.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        facts.order = (0..facts.blobs.len() as u32).collect();
        let blobs = &facts.blobs;
        facts.order.sort_unstable_by_key(|at| blobs[*at as usize].blob);
        let ids: BTreeSet<SchemaId> = facts.looks.iter().filter_map(|look| look.schema).collect();
        for id in ids {
            facts.schemas.extend(catalog.get::<Schema>(&id, AsOf::Now)?.map(|schema| (id, schema)));
        }
        Ok(facts)
    }

    fn fact(&mut self, looks: &mut HashMap<Look, u32>, version: BlobVersion) -> Fact {
        let root = version.root();
        let look = Look {
            format: root.format.clone(),
            layers: root.layers.clone(),
            dialect: root.dialect.clone(),
            schema: root.schema,
            run: version.run,
        };
        let rows = root.rows;
        let look = *looks.entry(look).or_insert_with_key(|look| {
            self.looks.push(look.clone());
            self.looks.len() as u32 - 1
        });
        let is_odd = !version.anomalies.is_empty() || version.table_log.is_some();
        let odd = Odd { anomalies: version.anomalies, table_log: version.table_log };
        Fact {
            blob: version.blob,
            path: version.path.into(),
            size: version.size,
            modified: version.modified,
            rows,
            look,
            odd: is_odd.then(|| Box::new(odd)),
        }
    }

    /// Where a blob stands in `blobs`.
    pub(super) fn position(&self, blob: BlobId) -> Option<usize> {
        let at = self.order.binary_search_by_key(&blob, |at| self.blobs[*at as usize].blob).ok()?;
        Some(self.order[at] as usize)
    }

    /// What is known of a blob.
    pub(super) fn find(&self, blob: BlobId) -> Option<&Fact> {
        self.position(blob).map(|at| &self.blobs[at])
    }

    fn look(&self, fact: &Fact) -> &Look {
        &self.looks[fact.look as usize]
    }

    /// The run that read a blob.
    pub(super) fn run_of(&self, fact: &Fact) -> ExecutionId {
        self.look(fact).run
    }

    /// The schema of a blob's root part.
    pub(super) fn schema_of(&self, fact: &Fact) -> Option<SchemaId> {
        self.look(fact).schema
    }

    /// How blobs look, as grouping sees it.
    pub(super) fn looks<'a>(&'a self) -> Vec<dataset::Look<'a>> {
        let look = |Look { format, layers, dialect, schema, .. }: &'a Look| {
            let schema = schema.and_then(|id| self.schemas.get(&id));
            dataset::Look { format, layers, dialect, schema }
        };
        self.looks.iter().map(look).collect()
    }

    /// Blobs as grouping sees them, with their looks.
    pub(super) fn of_blobs<'a>(&'a self, looks: &'a [dataset::Look<'a>]) -> Vec<BlobFacts<'a>> {
        let of_blob = |fact: &'a Fact| BlobFacts {
            blob: fact.blob,
            path: &fact.path,
            size: fact.size,
            modified: fact.modified,
            look: &looks[fact.look as usize],
            anomalies: fact.anomalies(),
            table_log: fact.odd.as_ref().and_then(|odd| odd.table_log.as_ref()),
        };
        self.blobs.iter().map(of_blob).collect()
    }
}
