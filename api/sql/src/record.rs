//! The catalog's nouns as tables of schema `headwater`: how the catalog stands when a query is planned.
//!
//! They hold no personal value by the catalog's own rule, but for paths that name a person: a principal without the right
//! sees `***` in the place of such names.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use catalog::Result;
use catalog::lineage::walk;
use catalog::model::{
    BlobId, BlobVersion, Category, Dataset, Execution, Findings, Schema, Searched, Source, Timestamp, Type,
};
use catalog::ruling::Rulings;
use catalog::schema::infer::leaves;
use catalog::store::record::Record;
use crawler::recognise::hide_persons;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::common::ScalarValue;

use crate::{Access, Masking, ask};

/// Records asked for at a time.
const PAGE_RECORDS: usize = 1_024;
/// Edges of `headwater.lineage`.
const EDGES_MAX: usize = 1_000_000;

/// Schema `headwater`.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) access: Access,
}

/// A table of records: its columns, and what fills them.
struct RecordTable {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    fill: fn(&Reading<'_>, &mut Rows) -> Result<()>,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int,
    Float,
    Bool,
    Time,
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        }
    }
}

use Kind::{Bool, Float, Int, Text, Time};

static TABLES: &[RecordTable] = &[
    RecordTable {
        name: "anomalies",
        columns: &[
            ("source", Text),
            ("path", Text),
            ("member", Text),
            ("feature", Text),
            ("kind", Text),
            ("reason", Text),
        ],
        fill: anomalies,
    },
    RecordTable {
        name: "blobs",
        columns: &[
            ("source", Text),
            ("path", Text),
            ("size", Int),
            ("etag", Text),
            ("version", Text),
            ("modified", Time),
            ("crawled", Time),
            ("format", Text),
            ("media_type", Text),
            ("layers", Text),
            ("rows", Int),
            ("digest", Text),
            ("schema_id", Text),
            ("searched", Text),
            ("anomalies", Int),
            ("dataset", Text),
        ],
        fill: blobs,
    },
    RecordTable {
        name: "datasets",
        columns: &[
            ("name", Text),
            ("source", Text),
            ("root", Text),
            ("format", Text),
            ("compression", Text),
            ("partition_keys", Text),
            ("blobs", Int),
            ("rows", Int),
            ("bytes", Int),
            ("schema_id", Text),
        ],
        fill: datasets,
    },
    RecordTable {
        name: "features",
        columns: &[
            ("dataset", Text),
            ("position", Int),
            ("name", Text),
            ("type", Text),
            ("required", Bool),
            ("semantic", Text),
        ],
        fill: features,
    },
    RecordTable {
        name: "findings",
        columns: &[
            ("source", Text),
            ("path", Text),
            ("member", Text),
            ("feature", Text),
            ("kind", Text),
            ("category", Text),
            ("confidence", Float),
            ("count", Int),
            ("why", Text),
            ("dataset", Text),
            ("ruling", Text),
        ],
        fill: findings,
    },
    RecordTable {
        name: "lineage",
        columns: &[
            ("from", Text),
            ("to", Text),
            ("kind", Text),
            ("direction_known", Bool),
            ("reported_by", Text),
            ("confidence", Float),
            ("evidence", Text),
        ],
        fill: lineage,
    },
    RecordTable {
        name: "runs",
        columns: &[
            ("id", Int),
            ("type", Text),
            ("name", Text),
            ("state", Text),
            ("started", Time),
            ("ended", Time),
        ],
        fill: runs,
    },
];

/// What fills tables reads through.
struct Reading<'a> {
    access: &'a Access,
    sources: BTreeMap<String, String>,
    /// Blobs whose path names a person.
    hidden: HashSet<BlobId>,
}

impl<'a> Reading<'a> {
    fn new(access: &'a Access) -> Result<Self> {
        let sources = access.catalog.all::<Source>(access.as_of)?;
        let mut reading = Self {
            access,
            sources: sources.into_iter().map(|source| (source.id.0, source.url)).collect(),
            hidden: HashSet::new(),
        };
        if matches!(access.masking, Masking::Personal(_)) {
            let mut hidden = HashSet::new();
            reading.each(&mut |found: Findings| {
                let tells = |kind: &str| Category::of(kind) != Category::Indirect;
                if found.findings.iter().any(|finding| finding.feature.is_none() && tells(&finding.kind)) {
                    hidden.insert(found.blob);
                }
                Ok(())
            })?;
            reading.hidden = hidden;
        }
        Ok(reading)
    }

    fn each<R: Record>(&self, each: &mut dyn FnMut(R) -> Result<()>) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.access.catalog.list::<R>(self.access.as_of, after.as_deref(), PAGE_RECORDS)?;
            page.records.into_iter().try_for_each(&mut *each)?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn source(&self, blob: &BlobVersion) -> ScalarValue {
        text(self.sources.get(&blob.source.0))
    }

    fn path(&self, blob: &BlobVersion) -> ScalarValue {
        text(Some(self.shown(&blob.blob, &blob.path)))
    }

    fn shown<'p>(&self, blob: &BlobId, name: &'p str) -> Cow<'p, str> {
        if self.hidden.contains(blob) { hide_persons(name) } else { name.into() }
    }

    /// Members of an archive are named by people too.
    fn member(&self, blob: &BlobVersion, member: &[String]) -> ScalarValue {
        text((!member.is_empty()).then(|| self.shown(&blob.blob, &member.join("!/")).into_owned()))
    }
}

/// Rows as they are filled in.
struct Rows(Vec<Vec<ScalarValue>>);

impl Rows {
    fn push<const N: usize>(&mut self, row: [ScalarValue; N]) {
        for (column, value) in self.0.iter_mut().zip(row) {
            column.push(value);
        }
    }
}

fn text(value: Option<impl ToString>) -> ScalarValue {
    ScalarValue::Utf8(value.map(|value| value.to_string()))
}

fn int(value: u64) -> ScalarValue {
    ScalarValue::Int64(Some(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn count(value: Option<u64>) -> ScalarValue {
    value.map_or(ScalarValue::Int64(None), int)
}

fn float(value: f64) -> ScalarValue {
    ScalarValue::Float64(Some(value))
}

fn time(value: Option<Timestamp>) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(value.map(|time| time.0), Some("+00:00".into()))
}

/// The name of a value that serializes as a plain string.
fn name(value: &impl serde::Serialize) -> ScalarValue {
    text(serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)))
}

fn anomalies(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    reading.each(&mut |blob: BlobVersion| {
        for anomaly in &blob.anomalies {
            rows.push([
                reading.source(&blob),
                reading.path(&blob),
                reading.member(&blob, &anomaly.member),
                text(anomaly.feature.as_ref()),
                name(&anomaly.kind),
                text(Some(&anomaly.reason)),
            ]);
        }
        Ok(())
    })
}

fn blobs(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    let mut datasets: BTreeMap<BlobId, Arc<str>> = BTreeMap::new();
    reading.each(&mut |dataset: Dataset| {
        let name: Arc<str> = dataset.name.into();
        datasets.extend(dataset.blobs.into_iter().map(|blob| (blob, name.clone())));
        Ok(())
    })?;
    reading.each(&mut |blob: BlobVersion| {
        let root = blob.root();
        rows.push([
            reading.source(&blob),
            reading.path(&blob),
            int(blob.size),
            text(blob.etag.as_ref()),
            text(blob.store_version.as_ref()),
            time(Some(blob.modified)),
            time(Some(blob.crawled)),
            text(Some(&root.format)),
            text(Some(&root.media_type)),
            text((!root.layers.is_empty()).then(|| root.layers.join(","))),
            count(root.rows),
            text(blob.digest.as_ref()),
            text(root.schema.as_ref()),
            text(Some(match &blob.searched {
                Searched::Full => "full",
                Searched::Partial(_) => "partial",
                Searched::No(_) => "no",
            })),
            int(blob.anomalies.len() as u64),
            text(datasets.get(&blob.blob)),
        ]);
        Ok(())
    })
}

fn datasets(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    reading.each(&mut |dataset: Dataset| {
        let keys: Vec<&str> = dataset.partition_keys.iter().map(|key| key.name.as_str()).collect();
        let root = dataset.blobs.first().map(|blob| reading.shown(blob, &dataset.root));
        rows.push([
            text(Some(&dataset.name)),
            text(reading.sources.get(&dataset.source.0)),
            text(root),
            text(Some(&dataset.format)),
            text(dataset.compression.as_ref()),
            text((!keys.is_empty()).then(|| keys.join(","))),
            int(dataset.blobs.len() as u64),
            count(dataset.rows),
            int(dataset.bytes),
            text(dataset.schema.as_ref()),
        ]);
        Ok(())
    })
}

fn features(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    reading.each(&mut |dataset: Dataset| {
        let Some(id) = dataset.schema else { return Ok(()) };
        let Some(schema) = reading.access.catalog.get::<Schema>(&id, reading.access.as_of)? else {
            return Ok(());
        };
        for (position, (path, feature)) in leaves(&schema.features).into_iter().enumerate() {
            let mut kind = &feature.kind;
            while let catalog::model::FeatureType::List(item) = kind {
                kind = item;
            }
            rows.push([
                text(Some(&dataset.name)),
                int(position as u64 + 1),
                text(Some(path)),
                text(Some(kind.name())),
                ScalarValue::Boolean(Some(feature.presence.min_fraction >= 1.0)),
                text(feature.semantic.as_ref()),
            ]);
        }
        Ok(())
    })
}

/// What recognisers found, marked with what somebody decided of it; what was confirmed and not found has no path.
fn findings(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    let rulings = Rulings::load(&reading.access.catalog, reading.access.as_of)?;
    let mut datasets: HashMap<BlobId, Arc<Dataset>> = HashMap::new();
    let mut confirmed = BTreeMap::new();
    reading.each(&mut |dataset: Dataset| {
        let dataset = Arc::new(dataset);
        for (feature, kind) in rulings.confirmed(&dataset.id) {
            confirmed.insert((dataset.id.clone(), feature.to_owned(), kind.to_owned()), dataset.clone());
        }
        datasets.extend(dataset.blobs.iter().map(|blob| (*blob, dataset.clone())));
        Ok(())
    })?;
    reading.each(&mut |found: Findings| {
        let Some(blob) = reading.access.catalog.get::<BlobVersion>(&found.blob, reading.access.as_of)? else {
            return Ok(());
        };
        let dataset = datasets.get(&found.blob);
        for finding in &found.findings {
            let feature = finding.feature.as_ref().map(ToString::to_string).unwrap_or_default();
            let ruling = dataset.and_then(|dataset| rulings.of(&dataset.id, &feature, &finding.kind));
            if let Some(dataset) = dataset {
                confirmed.remove(&(dataset.id.clone(), feature, finding.kind.clone()));
            }
            rows.push([
                reading.source(&blob),
                reading.path(&blob),
                reading.member(&blob, &finding.member),
                text(finding.feature.as_ref()),
                text(Some(&finding.kind)),
                text(Some(Category::of(&finding.kind).name())),
                float(f64::from(finding.confidence)),
                int(finding.count),
                text(Some(&finding.why)),
                text(dataset.map(|dataset| &dataset.name)),
                text(ruling.map(|confirmed| if confirmed { "confirmed" } else { "rejected" })),
            ]);
        }
        Ok(())
    })?;
    for ((_, feature, kind), dataset) in confirmed {
        rows.push([
            text(reading.sources.get(&dataset.source.0)),
            text(None::<String>),
            text(None::<String>),
            text((!feature.is_empty()).then_some(feature)),
            text(Some(&kind)),
            text(Some(Category::of(&kind).name())),
            float(1.0),
            int(0),
            text(Some("somebody confirmed it")),
            text(Some(&dataset.name)),
            text(Some("confirmed")),
        ]);
    }
    Ok(())
}

fn lineage(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    let open = matches!(reading.access.masking, Masking::Off);
    let shown = |end: String| text(Some(if open { end } else { hide_persons(&end).into_owned() }));
    for edge in walk::all(&reading.access.catalog, reading.access.as_of, EDGES_MAX)?.edges {
        rows.push([
            shown(edge.from),
            shown(edge.to),
            text(Some(edge.kind)),
            ScalarValue::Boolean(Some(edge.direction_known)),
            text(Some(edge.reported_by)),
            float(edge.confidence),
            text(Some(edge.evidence)),
        ]);
    }
    Ok(())
}

fn runs(reading: &Reading<'_>, rows: &mut Rows) -> Result<()> {
    let mut types = BTreeMap::new();
    reading.each(&mut |kind: Type| {
        types.insert(kind.id, kind.name);
        Ok(())
    })?;
    let inferred = catalog::lineage::graph::INFERRED_EDGE.name;
    reading.each(&mut |run: Execution| {
        let kind = types.get(&run.type_id);
        // Edges that were inferred did not run; they are in `headwater.lineage`.
        if kind.is_some_and(|kind| kind == inferred) {
            return Ok(());
        }
        rows.push([
            ScalarValue::Int64(Some(run.id.0)),
            text(kind),
            text(run.name.as_ref()),
            name(&run.state),
            time(Some(run.started)),
            time(run.ended),
        ]);
        Ok(())
    })
}

fn read(access: &Access, table: &RecordTable) -> Result<(SchemaRef, RecordBatch)> {
    let fields: Vec<Field> =
        table.columns.iter().map(|(name, kind)| Field::new(*name, kind.data_type(), true)).collect();
    let schema = Arc::new(ArrowSchema::new(fields));
    let mut rows = Rows(vec![Vec::new(); table.columns.len()]);
    (table.fill)(&Reading::new(access)?, &mut rows)?;
    if rows.0.iter().all(Vec::is_empty) {
        return Ok((schema.clone(), RecordBatch::new_empty(schema)));
    }
    let columns = rows.0.into_iter().map(ScalarValue::iter_to_array);
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(crate::error)?;
    let batch = RecordBatch::try_new(schema.clone(), columns);
    Ok((schema, batch.map_err(|error| crate::error(error.into()))?))
}

#[async_trait]
impl SchemaProvider for Records {
    fn table_names(&self) -> Vec<String> {
        TABLES.iter().map(|table| table.name.to_owned()).collect()
    }

    async fn table(&self, name: &str) -> datafusion::error::Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = TABLES.iter().find(|table| table.name == name) else { return Ok(None) };
        let access = self.access.clone();
        let (schema, batch) = ask(move || read(&access, table)).await?;
        Ok(Some(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?)))
    }

    fn table_exist(&self, name: &str) -> bool {
        TABLES.iter().any(|table| table.name == name)
    }
}
