//! Search over datasets and blobs; the index is brought up to date before each question.

use catalog::model::{BlobVersion, Dataset, DatasetId};
use catalog::search::Index;
use catalog::{AsOf, Result};
use serde_json::{Value, json};

use super::datasets::{source_urls, uri};
use super::{Answer, round};
use crate::compose::App;

pub(super) fn search(app: &App, query: &str, limit: usize, as_of: AsOf) -> Result<Answer> {
    let catalog = &app.catalog;
    let hits = match as_of {
        AsOf::Now => {
            let index = app.index()?;
            index.refresh(catalog)?;
            index.search(query, limit)?
        }
        past => Index::past(catalog, past)?.search(query, limit)?,
    };
    let urls = source_urls(catalog, as_of)?;
    let mut rows: Vec<Value> = Vec::new();
    for hit in hits {
        let mut row = json!({"kind": hit.kind, "id": hit.id, "name": hit.name, "format": hit.format});
        let dataset = if hit.kind == "dataset" {
            catalog.get::<Dataset>(&DatasetId(hit.id.clone()), as_of)?
        } else {
            None
        };
        let blob = match (hit.kind.as_str(), hit.id.parse()) {
            ("blob", Ok(id)) => catalog.get::<BlobVersion>(&id, as_of)?,
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
