//! A dataset as a table: columns of its schema and its partition keys; filters on partition keys decide which blobs are read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use async_trait::async_trait;
use catalog::catalog::AsOf;
use catalog::masking::Treatment;
use catalog::model::{BlobVersion, Dataset, Part, Schema, SchemaId, Searched, Source};
use catalog::{Catalog, Error, Result};
use crawler::format::arrow::{arrow_schema, data_type};
use crawler::recognise::hide_persons;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::mask::{self, Mask};
use crate::scan::{Blob, BlobStream, Output, Plan};
use crate::{Access, MEMBER_SEPARATOR, Masking, ask};

/// A dataset, or a member that its blobs have in common.
#[derive(Debug)]
pub(crate) struct DatasetTable {
    access: Access,
    dataset: Dataset,
    member: Vec<String>,
    data: SchemaRef,
    schema: SchemaRef,
    mask: Arc<Mask>,
}

/// Names of members for SQL without quotes, each of them once; of members that are called after somebody, without her.
fn member_names(access: &Access, members: impl Iterator<Item = Vec<String>>) -> Vec<(Vec<String>, String)> {
    let mut taken = HashSet::new();
    let name = |member: Vec<String>| {
        let joined = member.join("_").to_lowercase();
        let shown = match access.masking {
            Masking::Off => Cow::from(&joined),
            Masking::Personal(_) => hide_persons(&joined),
        };
        let plain: String =
            shown.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect();
        let (mut name, mut number) = (plain.clone(), 1);
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{plain}_{number}");
        }
        (member, name)
    };
    members.map(name).collect()
}

/// The blobs of a dataset that still are.
fn blobs(access: &Access, dataset: &Dataset) -> Result<Vec<BlobVersion>> {
    let mut found = Vec::with_capacity(dataset.blobs.len());
    for blob in &dataset.blobs {
        found.extend(access.catalog.get::<BlobVersion>(blob, access.as_of)?);
    }
    Ok(found)
}

/// Members with rows of their own, and their schemas.
fn members(blobs: &[BlobVersion]) -> BTreeMap<Vec<String>, BTreeSet<SchemaId>> {
    let mut members: BTreeMap<Vec<String>, BTreeSet<SchemaId>> = BTreeMap::new();
    let own = |part: &&Part| !part.member.is_empty();
    for part in blobs.iter().flat_map(|blob| &blob.parts).filter(own) {
        if let Some(schema) = part.schema {
            members.entry(part.member.clone()).or_default().insert(schema);
        }
    }
    members
}

/// Names of the tables that a dataset is.
pub(crate) fn table_names(access: &Access, dataset: &Dataset) -> Result<Vec<String>> {
    if dataset.schema.is_some() {
        return Ok(vec![dataset.name.clone()]);
    }
    let members = members(&blobs(access, dataset)?);
    let names = member_names(access, members.into_keys()).into_iter();
    Ok(names.map(|(_, name)| format!("{}{MEMBER_SEPARATOR}{name}", dataset.name)).collect())
}

/// Opens a dataset, or the member of this name; `None` if it has no rows.
pub(crate) fn open(access: Access, dataset: Dataset, member: Option<&str>) -> Result<Option<DatasetTable>> {
    let catalog = &access.catalog;
    let (member, schema) = match (member, dataset.schema) {
        (None, Some(id)) => (Vec::new(), catalog.require::<Schema>(&id, "run query", "of a dataset")?),
        (None, None) => {
            // A dataset of one member, such as a database of one table, needs no second name.
            let mut members = members(&blobs(&access, &dataset)?).into_iter();
            match (members.next(), members.next()) {
                (Some(only), None) => merged(catalog, only)?,
                _ => return Ok(None),
            }
        }
        (Some(name), _) => {
            let members = members(&blobs(&access, &dataset)?);
            let mut names = member_names(&access, members.keys().cloned()).into_iter();
            let Some((member, _)) = names.find(|(_, known)| known == name) else { return Ok(None) };
            let schemas = members[&member].clone();
            merged(catalog, (member, schemas))?
        }
    };
    let data = arrow_schema(&schema);
    let mask = Arc::new(mask::of(&access, &dataset, &member, &schema)?);
    let mut fields = data.fields().to_vec();
    for key in &dataset.partition_keys {
        // A column of the data says more than the folder, and a table has each name once.
        if data.index_of(&key.name).is_err() {
            fields.push(Arc::new(Field::new(&key.name, data_type(&key.kind), true)));
        }
    }
    let schema = Arc::new(ArrowSchema::new(fields));
    Ok(Some(DatasetTable { access, dataset, member, data, schema, mask }))
}

fn merged(
    catalog: &Catalog,
    (member, ids): (Vec<String>, BTreeSet<SchemaId>),
) -> Result<(Vec<String>, Schema)> {
    let mut schemas = Vec::new();
    for id in ids {
        schemas.push(catalog.require::<Schema>(&id, "run query", "of a member")?);
    }
    let merged = catalog::schema::merge(&schemas);
    Ok((member, merged.ok_or_else(|| Error::not_found("run query", "the member has no schema"))?))
}

impl DatasetTable {
    /// The place of a column among the partition keys, if it is one.
    fn partition_key(&self, name: &str) -> Option<usize> {
        match self.data.index_of(name) {
            Ok(_) => None,
            Err(_) => self.dataset.partition_keys.iter().position(|key| key.name == name),
        }
    }

    /// Whether a filter may see the values of a partition key as they are.
    fn is_open_key(&self, name: &str) -> bool {
        self.partition_key(name).is_some() && self.mask.of_key(name) == Treatment::Show
    }

    /// Whether blobs can be told by it alone.
    fn prunes(&self, filter: &Expr) -> bool {
        let columns = filter.column_refs();
        !columns.is_empty()
            && !filter.is_volatile()
            && columns.iter().all(|column| self.is_open_key(&column.name))
    }

    fn blob(&self, version: BlobVersion) -> Blob {
        let values = catalog::dataset::partition_values(&self.dataset, &version.path);
        // The present is read as it lies, though it moved on since the crawl; the past only as it was.
        let searched = version.etag.clone().filter(|_| version.searched == Searched::Full);
        let as_was = (self.access.as_of != AsOf::Now).then_some((version.etag, version.store_version));
        let part = version.parts.into_iter().find(|part| part.member == self.member);
        let partitions = values
            .into_iter()
            .zip(&self.dataset.partition_keys)
            .map(|(value, key)| scalar(value, &data_type(&key.kind)))
            .collect();
        Blob { path: version.path, as_was, searched, part, partitions }
    }

    /// Leaves the blobs whose partition passes all filters.
    fn pruned(
        &self,
        state: &dyn Session,
        mut blobs: Vec<Blob>,
        filters: &[Expr],
    ) -> datafusion::error::Result<Vec<Blob>> {
        let filters: Vec<&Expr> = filters.iter().filter(|filter| self.prunes(filter)).collect();
        if filters.is_empty() || blobs.is_empty() {
            return Ok(blobs);
        }
        let keys: Vec<(usize, &str)> = (0..self.dataset.partition_keys.len())
            .map(|place| (place, self.dataset.partition_keys[place].name.as_str()))
            .filter(|(_, name)| self.is_open_key(name))
            .collect();
        let mut columns: Vec<(&str, ArrayRef, bool)> = Vec::new();
        for (place, name) in keys {
            let values = blobs.iter().map(|blob| blob.partitions[place].clone());
            columns.push((name, ScalarValue::iter_to_array(values)?, true));
        }
        let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
        let schema = DFSchema::try_from(batch.schema())?;
        for filter in filters {
            let passes = state.create_physical_expr(filter.clone(), &schema)?;
            let passes = passes.evaluate(&batch)?.into_array(batch.num_rows())?;
            let passes = passes
                .as_any()
                .downcast_ref::<BooleanArray>()
                .ok_or_else(|| DataFusionError::Plan("a filter is no condition".to_owned()))?;
            for (blob, passes) in blobs.iter_mut().zip(passes) {
                blob.part = blob.part.take().filter(|_| passes == Some(true));
            }
        }
        blobs.retain(|blob| blob.part.is_some());
        Ok(blobs)
    }

    /// What stands in each column of the answer.
    fn outputs(&self, target: &SchemaRef) -> (SchemaRef, Vec<Output>) {
        let mut data = Vec::new();
        let mut outputs = Vec::new();
        for field in target.fields() {
            outputs.push(match self.data.index_of(field.name()) {
                Ok(_) if self.mask.hides(field.name()) => Output::Masked,
                Ok(_) => {
                    data.push(field.clone());
                    Output::Data(data.len() - 1, self.mask.within(field.name()))
                }
                Err(_) => {
                    let key = self.partition_key(field.name());
                    key.map_or(Output::Masked, |key| Output::Partition(key, self.mask.of_key(field.name())))
                }
            });
        }
        (Arc::new(ArrowSchema::new(data)), outputs)
    }
}

fn scalar(value: Option<String>, kind: &DataType) -> ScalarValue {
    let null = || ScalarValue::try_from(kind).unwrap_or(ScalarValue::Null);
    value.and_then(|value| ScalarValue::try_from_string(value, kind).ok()).unwrap_or_else(null)
}

#[async_trait]
impl TableProvider for DatasetTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::error::Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match self.prunes(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let target = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        let (access, dataset) = (self.access.clone(), self.dataset.clone());
        let (versions, lake) = ask(move || {
            let versions = blobs(&access, &dataset)?;
            let source = access.catalog.require::<Source>(&dataset.source, "run query", "of a dataset")?;
            Ok((versions, access.lakes.open(&source)?))
        })
        .await?;
        let mut seen = HashSet::new();
        let blobs: Vec<Blob> = versions
            .into_iter()
            .filter(|version| seen.insert(version.blob))
            .map(|version| self.blob(version))
            .filter(|blob| blob.part.is_some())
            .collect();
        let blobs = self.pruned(state, blobs, filters)?;
        let (data, outputs) = self.outputs(&target);
        let member = self.member.clone();
        let (mask, target_schema) = (self.mask.clone(), target.clone());
        let plan = Arc::new(Plan { lake, member, data, outputs, target: target_schema, mask, limit });
        let streams = state.config().target_partitions().min(blobs.len()).max(1);
        let size = blobs.len().div_ceil(streams).max(1);
        let mut partitions: Vec<Arc<dyn PartitionStream>> = Vec::new();
        for chunk in blobs.chunks(size) {
            partitions.push(Arc::new(BlobStream { plan: plan.clone(), blobs: chunk.to_vec().into() }));
        }
        if partitions.is_empty() {
            partitions.push(Arc::new(BlobStream { plan, blobs: Vec::new().into() }));
        }
        Ok(Arc::new(StreamingTableExec::try_new(target, partitions, None, [], false, limit)?))
    }
}
