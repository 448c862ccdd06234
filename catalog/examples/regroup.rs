//! Groups and links an exported catalog afresh and prints it as `datasets --json --files` and `lineage --json` do, without
//! crawling: `cargo run --release -p headwater-catalog --example regroup -- EXPORT FOLDER`. For measuring.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use headwater_catalog::dataset::{BlobFacts, Corrections, Look, group};
use headwater_catalog::env::fixed;
use headwater_catalog::lineage::derive::{ContentFacts, derive};
use headwater_catalog::model::{BlobVersion, ContentSketch, Dataset, Schema};
use headwater_catalog::schema::merge;
use headwater_catalog::store::export::import;
use headwater_catalog::store::memory::MemoryStore;
use headwater_catalog::{AsOf, Catalog};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(export), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("regroup EXPORT FOLDER".into());
    };
    let store = Arc::new(MemoryStore::new());
    import(store.as_ref(), &mut BufReader::new(File::open(export)?))?;
    let catalog = Catalog::open(store, fixed::env(1))?;
    let blobs = catalog.all::<BlobVersion>(AsOf::Now)?;
    datasets(&catalog, &blobs, &Path::new(&folder).join("datasets.jsonl"))?;
    lineage(&catalog, &blobs, &Path::new(&folder).join("lineage.jsonl"))
}

fn datasets(catalog: &Catalog, blobs: &[BlobVersion], path: &Path) -> Result<(), Box<dyn Error>> {
    let schemas: HashMap<_, _> =
        catalog.all::<Schema>(AsOf::Now)?.into_iter().map(|schema| (schema.id, schema)).collect();
    let by_blob: HashMap<_, _> = blobs.iter().map(|blob| (blob.blob, blob)).collect();
    let looks: Vec<Look<'_>> = blobs
        .iter()
        .map(|blob| Look {
            format: &blob.root().format,
            layers: &blob.root().layers,
            dialect: &blob.root().dialect,
            schema: blob.root().schema.and_then(|id| schemas.get(&id)),
        })
        .collect();
    let facts: Vec<BlobFacts<'_>> = blobs
        .iter()
        .zip(&looks)
        .map(|(blob, look)| BlobFacts {
            blob: blob.blob,
            path: &blob.path,
            size: blob.size,
            modified: blob.modified,
            look,
            anomalies: &blob.anomalies,
            table_log: blob.table_log.as_ref(),
        })
        .collect();
    let Some(first) = blobs.first() else { return Ok(()) };
    let mut out = BufWriter::new(File::create(path)?);
    for dataset in group(&first.source, &facts, &Corrections::default()) {
        let members: Vec<&BlobVersion> = dataset.blobs.iter().map(|id| by_blob[id]).collect();
        let of_members: BTreeMap<_, _> = members
            .iter()
            .filter_map(|blob| blob.root().schema)
            .filter_map(|id| Some((id, schemas.get(&id)?)))
            .collect();
        writeln!(out, "{}", row(&dataset, merge(of_members.into_values()), &members))?;
    }
    Ok(out.flush()?)
}

fn row(dataset: &Dataset, schema: Option<Schema>, members: &[&BlobVersion]) -> Value {
    let keys: Vec<&str> = dataset.partition_keys.iter().map(|key| key.name.as_str()).collect();
    let features = schema.map(|schema| schema.features).unwrap_or_default();
    let schema: Vec<Value> = features
        .iter()
        .map(|feature| json!({"name": feature.name, "type": feature.kind.name(), "semantic": feature.semantic}))
        .collect();
    let files: Vec<&str> = members.iter().map(|blob| blob.path.as_str()).collect();
    let mut row = json!({
        "name": dataset.name, "root": dataset.root, "format": dataset.format, "compression": dataset.compression,
        "partition_keys": keys, "blobs": dataset.blobs.len(), "schema": schema, "files": files,
    });
    if let Some(delimiter) = dataset.dialect.delimiter {
        row["csv"] = json!({"delimiter": delimiter, "header": dataset.dialect.header.unwrap_or(true)});
    }
    row
}

fn lineage(catalog: &Catalog, blobs: &[BlobVersion], path: &Path) -> Result<(), Box<dyn Error>> {
    let sketches: HashMap<_, _> =
        catalog.all::<ContentSketch>(AsOf::Now)?.into_iter().map(|sketch| (sketch.blob, sketch)).collect();
    let facts: Vec<ContentFacts<'_>> = blobs
        .iter()
        .map(|version| ContentFacts {
            blob: version.blob,
            artifact: version.artifact,
            path: &version.path,
            modified: version.modified,
            version,
            sketch: sketches.get(&version.blob),
        })
        .collect();
    let paths: HashMap<_, _> = blobs.iter().map(|blob| (blob.blob, blob.path.as_str())).collect();
    let mut out = BufWriter::new(File::create(path)?);
    for edge in derive(&facts) {
        let row = json!({
            "from": paths[&edge.from], "to": paths[&edge.to], "kind": edge.kind,
            "direction_known": edge.direction_known, "confidence": edge.confidence, "evidence": edge.evidence,
        });
        writeln!(out, "{row}")?;
    }
    Ok(out.flush()?)
}
