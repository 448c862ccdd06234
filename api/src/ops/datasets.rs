//! Datasets: as a list with their schemas, and one by one with statistics, anomalies and blobs.

use std::collections::HashMap;

use catalog::annotation::Annotations;
use catalog::model::{
    BlobVersion, Category, Dataset, Feature, FeatureStatistics, FeatureType, Schema, Source, SourceId,
    Statistics,
};
use catalog::ruling::Rulings;
use catalog::store::record::Index;
use catalog::{AsOf, Catalog, Error, Result};
use serde_json::{Value, json};

use super::findings::{Sum, sums};
use super::{Answer, Paging, annotate};

/// Blobs that a dataset's page names.
const BLOBS_SHOWN_MAX: usize = 1_000;

pub(super) fn list(
    catalog: &Catalog,
    which: Option<&str>,
    files: bool,
    as_of: AsOf,
    paging: &Paging,
) -> Result<Answer> {
    let urls = source_urls(catalog, as_of)?;
    let mut datasets: Vec<Dataset> = catalog.all(as_of)?;
    if let Some(which) = which {
        datasets.retain(|dataset| is_named(dataset, which));
    }
    datasets.sort_by(|one, other| {
        (&one.source, &one.root, &one.name).cmp(&(&other.source, &other.root, &other.name))
    });
    let annotations = Annotations::load(catalog, as_of)?;
    let said = |mut row: Value, dataset: &Dataset| {
        annotate::add(&mut row, annotations.of_dataset(&dataset.id));
        row
    };
    let rows: Result<Vec<Value>> = datasets
        .iter()
        .map(|dataset| Ok(said(row(catalog, dataset, files, as_of, &urls)?, dataset)))
        .collect();
    let corrected = datasets.iter().filter(|dataset| dataset.corrected).count();
    let mut answer = paging.cut(rows?)?;
    if corrected > 0 {
        answer = answer.say(format!("{corrected} of them as the configuration says (source.dataset)"));
    }
    Ok(match (answer.rows.is_empty(), which) {
        (true, Some(_)) => answer.say("no dataset has this name, root or id"),
        (true, None) => answer.say("there are none yet: headwater crawl FOLDER or URL"),
        _ => answer,
    })
}

pub(super) fn show(catalog: &Catalog, which: &str, as_of: AsOf) -> Result<Answer> {
    let dataset = find(catalog, which, as_of)?;
    let urls = source_urls(catalog, as_of)?;
    let mut row = row(catalog, &dataset, false, as_of, &urls)?;
    annotate::add(&mut row, Annotations::load(catalog, as_of)?.of_dataset(&dataset.id));
    let mut features: Vec<(String, FeatureSum)> = Vec::new();
    let (mut blobs, mut anomalies) = (Vec::new(), Vec::new());
    let of_all = |anomaly: &catalog::model::Anomaly| json!({"path": dataset.root, "kind": anomaly.kind, "reason": anomaly.reason});
    anomalies.extend(dataset.anomalies.iter().map(of_all));
    for id in &dataset.blobs {
        let Some(blob) = catalog.get::<BlobVersion>(id, as_of)? else { continue };
        let reason = |anomaly: &catalog::model::Anomaly| {
            json!({"path": blob.path, "kind": anomaly.kind, "member": anomaly.member.join("!/"),
                   "feature": anomaly.feature, "reason": anomaly.reason})
        };
        anomalies.extend(blob.anomalies.iter().map(reason));
        for statistics in catalog.find::<Statistics>(Index::StatisticsOfBlob, &id.0)? {
            statistics.features.iter().for_each(|feature| add(&mut features, feature));
        }
        if blobs.len() < BLOBS_SHOWN_MAX {
            blobs.push(json!({
                "path": blob.path, "size": blob.size, "modified": blob.modified, "rows": blob.root().rows,
                "format": blob.root().format, "layers": blob.root().layers, "anomalies": blob.anomalies.len(),
            }));
        }
    }
    row["features"] = features.iter().map(|(name, sum)| sum.row(name)).collect();
    row["findings"] = findings(catalog, &dataset, as_of)?;
    row["anomalies"] = Value::Array(anomalies);
    row["files"] = Value::Array(blobs);
    Ok(Answer::one(row))
}

/// The dataset of a name, root or id.
///
/// # Errors
/// `NotFound` if there is none, `Conflict` if there are several.
pub(super) fn find(catalog: &Catalog, which: &str, as_of: AsOf) -> Result<Dataset> {
    let mut found: Vec<Dataset> = catalog.all(as_of)?;
    found.retain(|dataset| is_named(dataset, which));
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Error::not_found("find dataset", "no dataset has this name; see `headwater datasets`")),
        count => {
            let context = format!("{count} datasets have this root; ask by name: {}", names(&found));
            Err(Error::conflict("find dataset", context))
        }
    }
}

fn names(datasets: &[Dataset]) -> String {
    let names: Vec<_> = datasets.iter().take(5).map(|dataset| dataset.name.as_str()).collect();
    names.join(", ")
}

fn is_named(dataset: &Dataset, which: &str) -> bool {
    dataset.id.0 == which
        || dataset.name == which
        || dataset.root.trim_matches('/') == which.trim_matches('/')
}

/// URLs of sources by id.
pub(super) fn source_urls(catalog: &Catalog, as_of: AsOf) -> Result<HashMap<SourceId, String>> {
    Ok(catalog.all::<Source>(as_of)?.into_iter().map(|source| (source.id, source.url)).collect())
}

/// The full URI of a path in a source.
pub(super) fn uri(urls: &HashMap<SourceId, String>, source: &SourceId, path: &str) -> String {
    let url = urls.get(source).map_or("", String::as_str);
    if path.is_empty() { url.to_owned() } else { format!("{}/{path}", url.trim_end_matches('/')) }
}

fn row(
    catalog: &Catalog,
    dataset: &Dataset,
    files: bool,
    as_of: AsOf,
    urls: &HashMap<SourceId, String>,
) -> Result<Value> {
    let schema: Option<Schema> = match &dataset.schema {
        Some(id) => catalog.get(id, as_of)?,
        None => None,
    };
    let keys: Vec<_> = dataset.partition_keys.iter().map(|key| key.name.as_str()).collect();
    let mut row = json!({
        "id": dataset.id,
        "name": dataset.name,
        "root": dataset.root,
        "uri": uri(urls, &dataset.source, &dataset.root),
        "format": dataset.format,
        "compression": dataset.compression,
        "partition_keys": keys,
    });
    if let Some(delimiter) = dataset.dialect.delimiter {
        row["csv"] = json!({"delimiter": delimiter, "header": dataset.dialect.header.unwrap_or(true)});
    }
    if dataset.corrected {
        row["corrected"] = json!(true);
    }
    row["blobs"] = json!(dataset.blobs.len());
    row["rows"] = json!(dataset.rows);
    row["bytes"] = json!(dataset.bytes);
    let features = schema.map(|schema| schema.features).unwrap_or_default();
    row["schema"] = features.iter().map(feature_row).collect();
    if files {
        let mut paths = Vec::with_capacity(dataset.blobs.len());
        for id in &dataset.blobs {
            paths.extend(catalog.get::<BlobVersion>(id, as_of)?.map(|blob| Value::String(blob.path)));
        }
        row["files"] = Value::Array(paths);
    }
    Ok(row)
}

/// A feature as programs read it: name, type, and fields of structures.
pub(crate) fn feature_row(feature: &Feature) -> Value {
    let mut row = json!({"name": feature.name, "type": feature.kind.name()});
    match &feature.kind {
        FeatureType::Struct(fields) => row["fields"] = fields.iter().map(feature_row).collect(),
        FeatureType::List(items) => {
            row["items"] = json!(items.name());
            if let FeatureType::Struct(fields) = &**items {
                row["fields"] = fields.iter().map(feature_row).collect();
            }
        }
        _ => {}
    }
    if feature.presence.min_fraction >= 1.0 {
        row["required"] = json!(true);
    }
    if let Some(semantic) = &feature.semantic {
        row["semantic"] = json!(semantic);
    }
    row
}

/// Statistics of one feature added up over a dataset's blobs; what cannot be added is left out.
#[derive(Default)]
struct FeatureSum {
    kind: Option<&'static str>,
    values: u64,
    nulls: u64,
    mistyped: u64,
    distinct_max: u64,
    withheld: bool,
    min: Option<f64>,
    max: Option<f64>,
    total: f64,
    has_mean: bool,
}

fn add(features: &mut Vec<(String, FeatureSum)>, feature: &FeatureStatistics) {
    let name = feature.path.to_string();
    let place = features.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
        features.push((name, FeatureSum::default()));
        features.len() - 1
    });
    let sum = &mut features[place].1;
    let smaller = |one: Option<f64>, other: Option<f64>, pick: fn(f64, f64) -> f64| match (one, other) {
        (Some(one), Some(other)) => Some(pick(one, other)),
        (one, other) => one.or(other),
    };
    sum.kind = sum.kind.or(Some(feature.kind.name()));
    sum.values += feature.values;
    sum.nulls += feature.nulls;
    sum.mistyped += feature.mistyped;
    sum.distinct_max = sum.distinct_max.max(feature.distinct);
    sum.withheld |= feature.withheld;
    sum.min = smaller(sum.min, feature.min, f64::min);
    sum.max = smaller(sum.max, feature.max, f64::max);
    if let Some(mean) = feature.mean {
        sum.total += mean * feature.values as f64;
        sum.has_mean = true;
    }
}

impl FeatureSum {
    fn row(&self, name: &str) -> Value {
        let mean = (self.has_mean && self.values > 0).then(|| self.total / self.values as f64);
        // One blob that withholds is enough: what the others say could be the same people.
        let open = |value: Option<f64>| value.filter(|_| !self.withheld);
        json!({
            "name": name, "type": self.kind, "values": self.values, "nulls": self.nulls, "mistyped": self.mistyped,
            "distinct_at_least": self.distinct_max, "withheld": self.withheld,
            "min": open(self.min), "max": open(self.max), "mean": open(mean),
        })
    }
}

/// Kinds of personal data by feature, with counts over the dataset's blobs; false alarms that somebody rejected are left out.
fn findings(catalog: &Catalog, dataset: &Dataset, as_of: AsOf) -> Result<Value> {
    let sums = sums(catalog, dataset, &Rulings::load(catalog, as_of)?, as_of)?;
    let row = |((feature, kind), sum): ((String, String), Sum)| {
        let category = Category::of(&kind).name();
        json!({"feature": feature, "category": category, "kind": kind, "count": sum.count, "confidence": round(sum.confidence)})
    };
    Ok(sums.into_iter().filter(|(_, sum)| sum.ruling != Some(false)).map(row).collect())
}

/// Two digits are all that a confidence means.
pub(crate) fn round(confidence: f32) -> f64 {
    (f64::from(confidence) * 100.0).round() / 100.0
}
