//! Search over datasets and blobs; the index is brought up to date before each question.

use catalog::annotation::Annotations;
use catalog::model::{BlobVersion, Dataset, DatasetId};
use catalog::search::{Facets, Index, Sight};
use catalog::{AsOf, Result};
use crawler::recognise::hide_persons;
use serde_json::{Value, json};

use super::datasets::{source_urls, uri};
use super::{Answer, annotate, round};
use crate::compose::App;

/// Facets whose values are told beside hits, and how many of each.
const FACETS_TOLD: [&str; 6] = ["format", "tag", "owner", "kind", "anomaly", "source"];
const VALUES_TOLD: usize = 5;

/// Asks an index of the catalog as it is or was.
fn asking<T>(app: &App, as_of: AsOf, ask: impl FnOnce(&Index) -> Result<T>) -> Result<T> {
    match as_of {
        AsOf::Now => {
            let index = app.index()?;
            index.refresh(&app.catalog)?;
            ask(index)
        }
        past => ask(&Index::past(&app.catalog, past, hide_persons)?),
    }
}

/// How what fits spreads: the total, then one row a value of a facet.
pub(super) fn facets(app: &App, (query, sight): (&str, Sight), values: usize, as_of: AsOf) -> Result<Answer> {
    let facets = asking(app, as_of, |index| index.facets(query, values, sight))?;
    let mut rows = vec![json!({"facet": "total", "value": "", "count": facets.total, "query": query})];
    rows.extend(facets.counts.iter().map(|count| json!(count)));
    Ok(if facets.total == 0 { Answer::rows(Vec::new()).say("nothing fits") } else { Answer::rows(rows) })
}

/// How a query may go on, one row a suggestion.
pub(super) fn suggest(app: &App, beginning: &str, limit: usize) -> Result<Answer> {
    let suggestions = asking(app, AsOf::Now, |index| index.suggest(beginning, limit))?;
    Ok(Answer::rows(suggestions.iter().map(|suggestion| json!(suggestion)).collect()))
}

/// `1234 fit` and a line a facet that tells them apart.
fn tell(facets: &Facets) -> Vec<String> {
    let mut lines = vec![format!("{} fit", facets.total)];
    for facet in FACETS_TOLD {
        let counts: Vec<_> = facets.counts.iter().filter(|count| count.facet == facet).collect();
        if counts.is_empty() || counts.len() == 1 && counts[0].count == facets.total {
            continue;
        }
        let some = counts.iter().take(VALUES_TOLD).map(|count| format!("{} {}", count.value, count.count));
        let more = if counts.len() > VALUES_TOLD { ", …" } else { "" };
        lines.push(format!("{facet}: {}{more}", some.collect::<Vec<_>>().join(", ")));
    }
    lines
}

pub(super) fn search(
    app: &App,
    (query, sight): (&str, Sight),
    limit: usize,
    with_facets: bool,
    as_of: AsOf,
) -> Result<Answer> {
    let catalog = &app.catalog;
    let (hits, facets) = asking(app, as_of, |index| {
        let hits = index.search(query, limit, sight)?;
        let facets = with_facets && hits.len() > 1;
        Ok((hits, facets.then(|| index.facets(query, VALUES_TOLD + 1, sight)).transpose()?))
    })?;
    let annotations = Annotations::load(catalog, as_of)?;
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
            annotate::add(&mut row, annotations.of_dataset(&dataset.id));
        } else if let Some(blob) = blob {
            row["path"] = json!(blob.path);
            row["uri"] = json!(uri(&urls, &blob.source, &blob.path));
            row["bytes"] = json!(blob.size);
            annotate::add(&mut row, annotations.of_blob(&blob.blob));
        }
        row["score"] = json!(round(hit.score));
        rows.push(row);
    }
    let mut answer = Answer::rows(rows);
    answer.messages.extend(facets.iter().flat_map(tell));
    Ok(if answer.rows.is_empty() { answer.say("nothing fits; `*` is everything") } else { answer })
}
