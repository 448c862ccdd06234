//! Search over datasets and blobs; the index is brought up to date before each question.

use catalog::model::{BlobVersion, Dataset, DatasetId};
use catalog::{AsOf, Result};
use serde_json::{Value, json};

use super::datasets::{source_urls, uri};
use super::{Answer, round};
use crate::compose::App;

pub(super) fn search(app: &App, query: &str, limit: usize) -> Result<Answer> {
    let catalog = &app.catalog;
    let index = app.index()?;
    index.refresh(catalog)?;
    let urls = source_urls(catalog, AsOf::Now)?;
    let mut rows: Vec<Value> = Vec::new();
    for hit in index.search(query, limit)? {
        let mut row = json!({"kind": hit.kind, "id": hit.id, "name": hit.name, "format": hit.format});
        let dataset = if hit.kind == "dataset" {
            catalog.get::<Dataset>(&DatasetId(hit.id.clone()), AsOf::Now)?
        } else {
            None
        };
        let blob = match (hit.kind.as_str(), hit.id.parse()) {
            ("blob", Ok(id)) => catalog.get::<BlobVersion>(&id, AsOf::Now)?,
            _ => None,
        };
        if let Some(dataset) = dataset {
            row["root"] = json!(dataset.root);
            row["uri"] = json!(uri(&urls, &dataset.source, &dataset.root));
            row["blobs"] = json!(dataset.blobs.len());
            row["bytes"] = json!(dataset.bytes);
        } else if let Some(blob) = blob {
            row["path"] = json!(blob.path);
            row["uri"] = json!(uri(&urls, &blob.source, &blob.path));
            row["bytes"] = json!(blob.size);
        }
        row["score"] = json!(round(hit.score));
        rows.push(row);
    }
    let answer = Answer::rows(rows);
    Ok(if answer.rows.is_empty() { answer.say("nothing fits; `*` is everything") } else { answer })
}
