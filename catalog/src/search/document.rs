//! What is indexed of a dataset and of a blob: names, columns, formats, kinds and sizes; no value of either.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::annotation::Annotations;
use crate::catalog::{AsOf, Catalog};
use crate::error::Result;
use crate::model::{
    Annotation, AnomalyKind, BlobId, BlobVersion, Category, Dataset, Feature, FeatureType, Findings,
    SchemaId, Source, SourceId,
};
use crate::store::record::Record;

use super::HidePersons;
use super::words::tokenized;

/// Blobs of a dataset whose findings are looked at for its kinds; blobs of one dataset are alike.
const BLOBS_ASKED_FOR_KINDS: usize = 256;
/// Columns indexed of one thing.
const COLUMNS_MAX: usize = 10_000;
/// Columns of one dataset that facets count.
const COLUMNS_COUNTED_MAX: usize = 256;

/// The index's fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) key: Field,
    pub(super) what: Field,
    pub(super) title: Field,
    pub(super) name: Field,
    /// A dataset's name as one word.
    pub(super) whole: Field,
    pub(super) path: Field,
    /// Names and paths that tell of somebody, whole: found by those who may see them, and neither suggested nor counted. The
    /// other fields hold them without the segments that tell.
    pub(super) named: Field,
    pub(super) column: Field,
    /// Columns of a dataset as one word each.
    pub(super) counted: Field,
    pub(super) source: Field,
    /// URL of the source, and first folder below it.
    pub(super) store: Field,
    pub(super) folder: Field,
    pub(super) tag: Field,
    pub(super) owner: Field,
    pub(super) description: Field,
    pub(super) format: Field,
    pub(super) layer: Field,
    pub(super) kind: Field,
    pub(super) anomaly: Field,
    pub(super) size: Field,
    pub(super) rows: Field,
    /// Seconds since 1970.
    pub(super) modified: Field,
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
        what: schema.add_text_field("is", STRING | FAST),
        title: schema.add_text_field("title", STORED),
        name: schema.add_text_field("name", text.clone()),
        whole: schema.add_text_field("whole", STRING),
        path: schema.add_text_field("path", text.clone()),
        named: schema.add_text_field("named", text.clone()),
        column: schema.add_text_field("column", text.clone()),
        counted: schema.add_text_field("counted", STRING | FAST),
        source: schema.add_text_field("source", text.clone()),
        store: schema.add_text_field("store", FAST),
        folder: schema.add_text_field("folder", FAST),
        tag: schema.add_text_field("tag", STRING | FAST),
        owner: schema.add_text_field("owner", STRING | FAST),
        description: schema.add_text_field("description", text),
        format: schema.add_text_field("format", STRING | STORED | FAST),
        layer: schema.add_text_field("layer", STRING | FAST),
        kind: schema.add_text_field("kind", STRING | FAST),
        anomaly: schema.add_text_field("anomaly", STRING | FAST),
        // Ranges are read off the columns; terms of numbers would only take room.
        size: schema.add_u64_field("size", FAST),
        rows: schema.add_u64_field("rows", FAST),
        modified: schema.add_u64_field("modified", FAST),
    };
    (schema.build(), fields)
}

/// The key under which a record's document is found again.
pub(super) fn key_of<R: Record>(id: &[u8]) -> String {
    format!("{}{}", R::KIND as char, hex::encode(id))
}

/// What a key leads to: `dataset` or `blob`, and its id.
pub(super) fn thing_of(key: &str) -> (&'static str, String) {
    let id = key.get(1..).unwrap_or_default();
    if key.as_bytes().first() == Some(&Dataset::KIND) {
        let bytes = hex::decode(id).unwrap_or_default();
        ("dataset", String::from_utf8(bytes).unwrap_or_default())
    } else {
        ("blob", id.to_owned())
    }
}

/// Makes documents; remembers schemas and sources, which many things share.
pub(super) struct Documents<'a> {
    catalog: &'a Catalog,
    as_of: AsOf,
    fields: Fields,
    schemas: HashMap<SchemaId, Arc<Columns>>,
    sources: HashMap<SourceId, String>,
    annotations: Annotations,
    hide: HidePersons,
}

/// What the crawl found in a blob.
#[derive(Debug, Default)]
struct Found {
    kinds: BTreeSet<String>,
    /// Whether its path, or the name of a member, does.
    names_somebody: bool,
}

#[derive(Debug, Default)]
struct Columns {
    names: Vec<String>,
    kinds: BTreeSet<String>,
}

impl<'a> Documents<'a> {
    pub(super) fn new(
        catalog: &'a Catalog,
        fields: Fields,
        (as_of, hide): (AsOf, HidePersons),
    ) -> Result<Self> {
        let annotations = Annotations::load(catalog, as_of)?;
        let (schemas, sources) = (HashMap::new(), HashMap::new());
        Ok(Self { catalog, as_of, fields, schemas, sources, annotations, hide })
    }

    pub(super) fn dataset(&mut self, dataset: &Dataset) -> Result<TantivyDocument> {
        let fields = self.fields;
        let columns = self.columns(dataset.schema)?;
        let mut kinds = columns.kinds.clone();
        // What all of its blobs' paths say, the dataset's own may say too.
        let mut names_somebody = !dataset.blobs.is_empty();
        for blob in dataset.blobs.iter().take(BLOBS_ASKED_FOR_KINDS) {
            let found = self.found(blob)?;
            kinds.extend(found.kinds);
            names_somebody &= found.names_somebody;
        }
        let mut document = TantivyDocument::default();
        document.add_text(fields.key, key_of::<Dataset>(dataset.id.0.as_bytes()));
        document.add_text(fields.what, "dataset");
        document.add_text(fields.title, &dataset.name);
        document.add_pre_tokenized_text(fields.name, tokenized([dataset.name.as_str()]));
        document.add_text(fields.whole, dataset.name.to_lowercase());
        self.add_names([dataset.root.as_str()].into_iter(), names_somebody, &mut document);
        let keys = dataset.partition_keys.iter().map(|key| key.name.as_str());
        let names = columns.names.iter().map(String::as_str).chain(keys);
        document.add_pre_tokenized_text(fields.column, tokenized(names));
        for name in columns.names.iter().take(COLUMNS_COUNTED_MAX).collect::<BTreeSet<_>>() {
            document.add_text(fields.counted, name.to_lowercase());
        }
        let is_one_file = dataset.blobs == [BlobId::of(&dataset.source, &dataset.root)];
        let within = if is_one_file { dataset.root.clone() } else { format!("{}/", dataset.root) };
        self.place(&dataset.source, &within, names_somebody, &mut document)?;
        annotated(&fields, self.annotations.of_dataset(&dataset.id), &mut document);
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
        document.add_text(fields.title, &blob.path);
        let members = blob.parts.iter().flat_map(|part| part.member.iter().map(String::as_str));
        let Found { mut kinds, names_somebody } = self.found(&blob.blob)?;
        self.add_names([blob.path.as_str()].into_iter().chain(members), names_somebody, &mut document);
        self.place(&blob.source, &blob.path, names_somebody, &mut document)?;
        annotated(&fields, self.annotations.of_blob(&blob.blob), &mut document);
        document.add_u64(fields.modified, blob.modified.seconds());
        let mut names = Vec::new();
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

    fn found(&self, blob: &BlobId) -> Result<Found> {
        let findings = self.catalog.get::<Findings>(blob, self.as_of)?;
        let mut found = Found::default();
        for finding in findings.into_iter().flat_map(|found| found.findings) {
            let tells = Category::of(&finding.kind) != Category::Indirect;
            found.names_somebody |= finding.feature.is_none() && tells;
            found.kinds.insert(finding.kind);
        }
        Ok(found)
    }

    /// A path and names of members, whole for some and without persons for all.
    fn add_names<'n>(
        &self,
        names: impl Iterator<Item = &'n str> + Clone,
        tell: bool,
        document: &mut TantivyDocument,
    ) {
        if !tell {
            return document.add_pre_tokenized_text(self.fields.path, tokenized(names));
        }
        let shown: Vec<_> = names.clone().map(self.hide).collect();
        document.add_pre_tokenized_text(self.fields.path, tokenized(shown.iter().map(AsRef::as_ref)));
        document.add_pre_tokenized_text(self.fields.named, tokenized(names));
    }

    fn place(
        &mut self,
        id: &SourceId,
        path: &str,
        tells: bool,
        document: &mut TantivyDocument,
    ) -> Result<()> {
        if !self.sources.contains_key(id) {
            let source = self.catalog.get::<Source>(id, self.as_of)?;
            self.sources.insert(id.clone(), source.map(|source| source.url).unwrap_or_default());
        }
        document.add_pre_tokenized_text(
            self.fields.source,
            tokenized([id.0.as_str(), self.sources[id].as_str()]),
        );
        document.add_text(self.fields.store, &self.sources[id]);
        let is_open = |folder: &str| !folder.is_empty() && (!tells || (self.hide)(folder) == folder);
        if let Some((folder, _)) = path.split_once('/').filter(|(folder, _)| is_open(folder)) {
            document.add_text(self.fields.folder, folder);
        }
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

/// What people say of a thing and of its columns.
fn annotated(fields: &Fields, annotations: &[Annotation], document: &mut TantivyDocument) {
    let tags: BTreeSet<_> = annotations.iter().flat_map(|said| &said.tags).collect();
    let owners: BTreeSet<_> = annotations.iter().flat_map(|said| &said.owners).collect();
    tags.into_iter().for_each(|tag| document.add_text(fields.tag, tag.to_lowercase()));
    owners.into_iter().for_each(|owner| document.add_text(fields.owner, owner.to_lowercase()));
    let texts = annotations.iter().map(|said| said.description.as_str()).filter(|text| !text.is_empty());
    document.add_pre_tokenized_text(fields.description, tokenized(texts));
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
