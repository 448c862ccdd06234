//! Schemas of datasets: shown, compared over time, validated against what was observed, pinned by people.

use catalog::model::{BlobVersion, Dataset, Principal, Schema, Statistics, Timestamp};
use catalog::schema::{diff, validate};
use catalog::store::record::Index;
use catalog::{AsOf, Catalog, Change, Error, Result};
use serde_json::{Value, json};

use super::datasets::{feature_row, find};
use super::{Answer, Paging};

/// Schemas of all datasets.
pub(super) fn list(catalog: &Catalog, as_of: AsOf, paging: &Paging) -> Result<Answer> {
    let mut datasets: Vec<Dataset> = catalog.all(as_of)?;
    datasets.sort_by(|one, other| one.name.cmp(&other.name));
    let mut rows = Vec::new();
    for dataset in &datasets {
        if let Some(schema) = of_dataset(catalog, dataset, as_of)? {
            rows.push(row(dataset, &schema));
        }
    }
    paging.cut(rows)
}

pub(super) fn show(catalog: &Catalog, which: &str, history: bool, as_of: AsOf) -> Result<Answer> {
    let dataset = find(catalog, which, as_of)?;
    if history {
        return versions(catalog, &dataset);
    }
    let schema = require(catalog, &dataset, as_of, "show schema")?;
    Ok(Answer::one(row(&dataset, &schema)))
}

/// Each schema that the dataset has had, newest first, with what it changed.
fn versions(catalog: &Catalog, dataset: &Dataset) -> Result<Answer> {
    let mut versions: Vec<(Timestamp, Schema)> = Vec::new();
    for (at, version) in catalog.history::<Dataset>(&dataset.id)?.into_iter().rev() {
        let Some(id) = version.and_then(|version| version.schema) else { continue };
        if versions.last().is_some_and(|(_, known)| known.id == id) {
            continue;
        }
        versions.extend(catalog.get::<Schema>(&id, AsOf::Now)?.map(|schema| (at, schema)));
    }
    let mut rows = Vec::new();
    for (place, (at, schema)) in versions.iter().enumerate() {
        let changes = match place.checked_sub(1).and_then(|before| versions.get(before)) {
            Some((_, before)) => diff(before, schema),
            None => Vec::new(),
        };
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        rows.push(json!({
            "dataset": dataset.name, "id": schema.id, "since": at, "features": schema.features.len(),
            "pinned": schema.pinned, "changes": changes,
        }));
    }
    rows.reverse();
    Ok(Answer::rows(rows))
}

/// What changed from one state to another: of one dataset over time, or from one dataset to the next.
pub(super) fn compare(catalog: &Catalog, old: (&str, AsOf), new: (&str, AsOf)) -> Result<Answer> {
    let old_dataset = find(catalog, old.0, old.1)?;
    let new_dataset = find(catalog, new.0, new.1)?;
    let old = require(catalog, &old_dataset, old.1, "compare schemas")?;
    let new = require(catalog, &new_dataset, new.1, "compare schemas")?;
    let changes = diff(&old, &new);
    let breaking = changes.iter().filter(|change| change.breaking).count();
    let mut rows = Vec::new();
    for change in &changes {
        let mut row = serde_json::to_value(change)
            .map_err(|error| Error::internal("compare schemas", "").with_source(error))?;
        row["text"] = json!(change.to_string());
        rows.push(row);
    }
    let mut answer = Answer { rows, ..Answer::default() };
    answer = match changes.len() {
        0 => answer.say("no difference"),
        count => answer.say(format!("{count} changes, {breaking} of which may break readers")).nothing(),
    };
    Ok(answer)
}

/// Where observed statistics part from the schema; findings left if they do.
pub(super) fn check(
    catalog: &Catalog,
    which: &str,
    environment: Option<&str>,
    as_of: AsOf,
) -> Result<Answer> {
    let dataset = find(catalog, which, as_of)?;
    let schema = require(catalog, &dataset, as_of, "validate schema")?;
    let (mut rows, mut parts) = (Vec::new(), 0_u64);
    for id in &dataset.blobs {
        let Some(blob) = catalog.get::<BlobVersion>(id, as_of)? else { continue };
        for statistics in catalog.find::<Statistics>(Index::StatisticsOfBlob, &id.0)? {
            parts += 1;
            for anomaly in validate(&schema, statistics.rows, &statistics.features, environment) {
                rows.push(json!({
                    "path": blob.path, "member": statistics.member.join("!/"), "kind": anomaly.kind,
                    "feature": anomaly.feature, "reason": anomaly.reason,
                }));
            }
        }
    }
    let pinned = if schema.pinned.is_some() { "the pinned schema" } else { "the merged schema" };
    let message = format!("{} anomalies in {parts} parts against {pinned}", rows.len());
    let answer = Answer { rows, ..Answer::default() }.say(message);
    Ok(if answer.rows.is_empty() { answer } else { answer.nothing() })
}

/// Pins a dataset's schema, or lets it widen again.
pub(super) fn pin(catalog: &Catalog, who: &Principal, which: &str, unpin: bool) -> Result<Answer> {
    let dataset = find(catalog, which, AsOf::Now)?;
    let mut schema = require(catalog, &dataset, AsOf::Now, "pin schema")?;
    schema.pinned = (!unpin).then(|| catalog.env().clock.now());
    let action = if unpin { "unpin schema" } else { "pin schema" };
    let audit = Change::audit(action, format!("dataset {}", dataset.id), "ok");
    catalog.commit_durably(who, &[Change::put(&schema)?, audit])?;
    Ok(Answer::one(row(&dataset, &schema)))
}

fn of_dataset(catalog: &Catalog, dataset: &Dataset, as_of: AsOf) -> Result<Option<Schema>> {
    match &dataset.schema {
        Some(id) => catalog.get(id, as_of),
        None => Ok(None),
    }
}

fn require(catalog: &Catalog, dataset: &Dataset, as_of: AsOf, operation: &'static str) -> Result<Schema> {
    of_dataset(catalog, dataset, as_of)?
        .ok_or_else(|| Error::not_found(operation, format!("dataset {} has no rows", dataset.name)))
}

fn row(dataset: &Dataset, schema: &Schema) -> Value {
    let feature = |feature: &catalog::model::Feature| {
        let mut row = feature_row(feature);
        row["presence"] = json!(feature.presence);
        if !feature.domain.is_empty() {
            row["domain"] = json!(feature.domain);
        }
        if !feature.not_in_environment.is_empty() {
            row["not_in_environment"] = json!(feature.not_in_environment);
        }
        row
    };
    let features: Vec<_> = schema.features.iter().map(feature).collect();
    json!({"dataset": dataset.name, "id": schema.id, "pinned": schema.pinned, "schema": features})
}
