//! What is indexed of a dataset and of a blob: names, columns, formats, kinds and sizes; no value of either.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::catalog::{AsOf, Catalog};
use crate::error::Result;
use crate::model::{
    AnomalyKind, BlobId, BlobVersion, Dataset, Feature, FeatureType, Findings, SchemaId, Source, SourceId,
};
use crate::store::record::Record;

use super::words::tokenized;

/// Blobs of a dataset whose findings are looked at for its kinds; blobs of one dataset are alike.
const BLOBS_ASKED_FOR_KINDS: usize = 256;
/// Columns indexed of one thing.
const COLUMNS_MAX: usize = 10_000;

/// The index's fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) key: Field,
    pub(super) what: Field,
    pub(super) id: Field,
    pub(super) title: Field,
    pub(super) name: Field,
    pub(super) path: Field,
    pub(super) column: Field,
    pub(super) source: Field,
    pub(super) format: Field,
    pub(super) layer: Field,
    pub(super) kind: Field,
    pub(super) anomaly: Field,
    pub(super) size: Field,
    pub(super) rows: Field,
}

/// The schema of the index with its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_tokenizer("default");
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        key: schema.add_text_field("key", STRING | STORED),
        what: schema.add_text_field("is", STRING | STORED),
        id: schema.add_text_field("id", STRING | STORED),
        title: schema.add_text_field("title", STORED),
        name: schema.add_text_field("name", text.clone()),
        path: schema.add_text_field("path", text.clone()),
        column: schema.add_text_field("column", text.clone()),
        source: schema.add_text_field("source", text),
        format: schema.add_text_field("format", STRING | STORED),
        layer: schema.add_text_field("layer", STRING),
        kind: schema.add_text_field("kind", STRING),
        anomaly: schema.add_text_field("anomaly", STRING),
        size: schema.add_u64_field("size", INDEXED | FAST),
        rows: schema.add_u64_field("rows", INDEXED | FAST),
    };
    (schema.build(), fields)
}

/// The key under which a record's document is found again.
pub(super) fn key_of<R: Record>(id: &[u8]) -> String {
    format!("{}{}", R::KIND as char, hex::encode(id))
}

/// Makes documents; remembers schemas and sources, which many things share.
pub(super) struct Documents<'a> {
    catalog: &'a Catalog,
    as_of: AsOf,
    fields: Fields,
    schemas: HashMap<SchemaId, Arc<Columns>>,
    sources: HashMap<SourceId, String>,
}

#[derive(Debug, Default)]
struct Columns {
    names: Vec<String>,
    kinds: BTreeSet<String>,
}

impl<'a> Documents<'a> {
    pub(super) fn new(catalog: &'a Catalog, fields: Fields, as_of: AsOf) -> Self {
        Self { catalog, as_of, fields, schemas: HashMap::new(), sources: HashMap::new() }
    }

    pub(super) fn dataset(&mut self, dataset: &Dataset) -> Result<TantivyDocument> {
        let fields = self.fields;
        let columns = self.columns(dataset.schema)?;
        let mut kinds = columns.kinds.clone();
        for blob in dataset.blobs.iter().take(BLOBS_ASKED_FOR_KINDS) {
            kinds.extend(self.kinds(blob)?);
        }
        let mut document = TantivyDocument::default();
        document.add_text(fields.key, key_of::<Dataset>(dataset.id.0.as_bytes()));
        document.add_text(fields.what, "dataset");
        document.add_text(fields.id, &dataset.id.0);
        document.add_text(fields.title, &dataset.name);
        document.add_pre_tokenized_text(fields.name, tokenized([dataset.name.as_str()]));
        document.add_pre_tokenized_text(fields.path, tokenized([dataset.root.as_str()]));
        let keys = dataset.partition_keys.iter().map(|key| key.name.as_str());
        document.add_pre_tokenized_text(
            fields.column,
            tokenized(columns.names.iter().map(String::as_str).chain(keys)),
        );
        self.source(&dataset.source, &mut document)?;
        document.add_text(fields.format, &dataset.format);
        dataset.compression.iter().for_each(|layer| document.add_text(fields.layer, layer));
        kinds.iter().for_each(|kind| document.add_text(fields.kind, kind.to_lowercase()));
        document.add_u64(fields.size, dataset.bytes);
        dataset.rows.iter().for_each(|rows| document.add_u64(fields.rows, *rows));
        Ok(document)
    }

    pub(super) fn blob(&mut self, blob: &BlobVersion) -> Result<TantivyDocument> {
        let fields = self.fields;
        let mut document = TantivyDocument::default();
        document.add_text(fields.key, key_of::<BlobVersion>(&blob.blob.0));
        document.add_text(fields.what, "blob");
        document.add_text(fields.id, blob.blob.to_string());
        document.add_text(fields.title, &blob.path);
        let members = blob.parts.iter().flat_map(|part| part.member.iter().map(String::as_str));
        document
            .add_pre_tokenized_text(fields.path, tokenized([blob.path.as_str()].into_iter().chain(members)));
        self.source(&blob.source, &mut document)?;
        let mut names = Vec::new();
        let mut kinds: BTreeSet<_> = self.kinds(&blob.blob)?.into_iter().collect();
        for schema in blob.parts.iter().map(|part| part.schema).collect::<BTreeSet<_>>() {
            let columns = self.columns(schema)?;
            names.extend(columns.names.iter().take(COLUMNS_MAX.saturating_sub(names.len())).cloned());
            kinds.extend(columns.kinds.iter().cloned());
        }
        document.add_pre_tokenized_text(fields.column, tokenized(names.iter().map(String::as_str)));
        kinds.iter().for_each(|kind| document.add_text(fields.kind, kind.to_lowercase()));
        let formats: BTreeSet<_> = blob.parts.iter().map(|part| part.format.as_str()).collect();
        // The blob's own format is the one that a hit shows, so it goes first.
        let root = blob.parts.first().map(|part| part.format.as_str());
        for format in root.into_iter().chain(formats.into_iter().filter(|format| Some(*format) != root)) {
            document.add_text(fields.format, format);
        }
        let layers: BTreeSet<_> = blob.parts.iter().flat_map(|part| &part.layers).collect();
        layers.into_iter().for_each(|layer| document.add_text(fields.layer, layer));
        let anomalies: BTreeSet<_> = blob.anomalies.iter().map(|anomaly| anomaly.kind).collect();
        anomalies.into_iter().for_each(|kind| document.add_text(fields.anomaly, anomaly_name(kind)));
        document.add_u64(fields.size, blob.size);
        let rows: Vec<u64> = blob.parts.iter().filter_map(|part| part.rows).collect();
        if !rows.is_empty() {
            document.add_u64(fields.rows, rows.iter().sum());
        }
        Ok(document)
    }

    fn kinds(&self, blob: &BlobId) -> Result<Vec<String>> {
        let findings = self.catalog.get::<Findings>(blob, self.as_of)?;
        let kinds: BTreeSet<_> =
            findings.into_iter().flat_map(|found| found.findings).map(|finding| finding.kind).collect();
        Ok(kinds.into_iter().collect())
    }

    fn source(&mut self, id: &SourceId, document: &mut TantivyDocument) -> Result<()> {
        if !self.sources.contains_key(id) {
            let source = self.catalog.get::<Source>(id, self.as_of)?;
            self.sources.insert(id.clone(), source.map(|source| source.url).unwrap_or_default());
        }
        document.add_pre_tokenized_text(
            self.fields.source,
            tokenized([id.0.as_str(), self.sources[id].as_str()]),
        );
        Ok(())
    }

    fn columns(&mut self, schema: Option<SchemaId>) -> Result<Arc<Columns>> {
        let Some(id) = schema else { return Ok(Arc::default()) };
        if let Some(columns) = self.schemas.get(&id) {
            return Ok(Arc::clone(columns));
        }
        let mut columns = Columns::default();
        if let Some(schema) = self.catalog.get::<crate::model::Schema>(&id, self.as_of)? {
            collect(&schema.features, &mut columns);
        }
        let columns = Arc::new(columns);
        self.schemas.insert(id, Arc::clone(&columns));
        Ok(columns)
    }
}

fn collect(features: &[Feature], columns: &mut Columns) {
    for feature in features {
        if columns.names.len() >= COLUMNS_MAX {
            return;
        }
        columns.names.push(feature.name.clone());
        columns.kinds.extend(feature.semantic.clone());
        let mut kind = &feature.kind;
        while let FeatureType::List(item) = kind {
            kind = item;
        }
        if let FeatureType::Struct(fields) = kind {
            collect(fields, columns);
        }
    }
}

/// `truncated`, `schema_missing_column`: as the record writes it, in small letters.
fn anomaly_name(kind: AnomalyKind) -> String {
    let name = serde_json::to_value(kind).ok();
    name.and_then(|name| name.as_str().map(str::to_lowercase)).unwrap_or_default()
}
