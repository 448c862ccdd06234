//! Findings of personal data: what was found where and why, what people decided of it, and the record of processing that
//! follows from both (GDPR Art. 30).

use std::collections::{BTreeMap, BTreeSet};

use catalog::lineage::walk::{self, Start, Way};
use catalog::model::{
    Artifact, BlobId, BlobVersion, Category, Dataset, DatasetId, Findings, Principal, Ruling, Schema, Source,
    Timestamp,
};
use catalog::processing::{self, Processing};
use catalog::ruling::Rulings;
use catalog::schema::infer::leaves;
use catalog::{AsOf, Catalog, Change, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Answer;
use super::datasets::{find, round};

/// Datasets that lineage leads to, shown of one.
const NEIGHBOURS_MAX: usize = 100;

/// What somebody decides of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// It is there.
    Confirm,
    /// It is a false alarm.
    Reject,
    /// Nothing; recognisers decide again.
    Forget,
}

/// One kind in one feature, over all blobs of a dataset.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) confidence: f32,
    blobs: u64,
    why: String,
    /// What somebody decided.
    pub(super) ruling: Option<bool>,
}

/// Kinds of personal data by feature and kind; what was confirmed is there even if no recogniser saw it.
///
/// # Errors
/// If the catalog cannot be read.
pub(super) fn sums(
    catalog: &Catalog,
    dataset: &Dataset,
    rulings: &Rulings,
    as_of: AsOf,
) -> Result<BTreeMap<(String, String), Sum>> {
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    for id in &dataset.blobs {
        for finding in catalog.get::<Findings>(id, as_of)?.into_iter().flat_map(|found| found.findings) {
            let feature = finding.feature.map(|path| path.to_string()).unwrap_or_default();
            let sum = sums.entry((feature, finding.kind)).or_default();
            sum.count += finding.count;
            sum.blobs += 1;
            if finding.confidence > sum.confidence {
                (sum.confidence, sum.why) = (finding.confidence, finding.why);
            }
        }
    }
    for (feature, kind) in rulings.confirmed(&dataset.id) {
        let sum = sums.entry((feature.to_owned(), kind.to_owned())).or_default();
        sum.confidence = 1.0;
        let said = "somebody confirmed it";
        sum.why = if sum.why.is_empty() { said.to_owned() } else { format!("{said}; {}", sum.why) };
    }
    for ((feature, kind), sum) in &mut sums {
        sum.ruling = rulings.of(&dataset.id, feature, kind);
    }
    Ok(sums)
}

fn datasets(catalog: &Catalog, which: Option<&str>, as_of: AsOf) -> Result<Vec<Dataset>> {
    match which {
        Some(which) => Ok(vec![find(catalog, which, as_of)?]),
        None => {
            let mut all: Vec<Dataset> = catalog.all(as_of)?;
            all.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(all)
        }
    }
}

/// One row a kind in a feature, false alarms that somebody rejected included and marked.
pub(super) fn list(catalog: &Catalog, which: Option<&str>, as_of: AsOf) -> Result<Answer> {
    let rulings = Rulings::load(catalog, as_of)?;
    let mut rows = Vec::new();
    for dataset in datasets(catalog, which, as_of)? {
        for ((feature, kind), sum) in sums(catalog, &dataset, &rulings, as_of)? {
            let ruling = sum.ruling.map(|confirmed| if confirmed { "confirmed" } else { "rejected" });
            rows.push(json!({
                "dataset": dataset.name, "feature": feature, "kind": kind, "category": Category::of(&kind).name(),
                "cells": sum.count, "blobs": sum.blobs, "confidence": round(sum.confidence), "ruling": ruling, "why": sum.why,
            }));
        }
    }
    Ok(Answer::rows(rows))
}

/// Which datasets hold which kinds, with reasons, why and how long they are kept, and who gets them: one row a dataset that
/// holds any.
pub(super) fn record(catalog: &Catalog, rules: &[Processing], as_of: AsOf) -> Result<Answer> {
    let rulings = Rulings::load(catalog, as_of)?;
    let sources: Vec<Source> = catalog.all(as_of)?;
    let now = match as_of {
        AsOf::Now => catalog.env().clock.now(),
        AsOf::Time(then) => then,
    };
    let all = datasets(catalog, None, as_of)?;
    let lineage = Neighbours::of(&all);
    let (mut rows, mut past) = (Vec::new(), 0);
    for dataset in &all {
        let mut kinds: BTreeMap<String, (BTreeSet<String>, String)> = BTreeMap::new();
        for ((feature, kind), sum) in sums(catalog, dataset, &rulings, as_of)? {
            if sum.ruling != Some(false) {
                let (features, why) = kinds.entry(kind).or_insert_with(|| (BTreeSet::new(), sum.why));
                features.insert(if feature.is_empty() { "(path)".to_owned() } else { feature });
                why.truncate(why.floor_char_boundary(240));
            }
        }
        // What is personal only beside other data makes no dataset one of persons.
        if kinds.keys().all(|kind| Category::of(kind) == Category::Indirect) {
            continue;
        }
        let special = kinds.keys().any(|kind| Category::of(kind) == Category::Special);
        let source = sources.iter().find(|source| source.id == dataset.source).map(|source| &source.url);
        let kinds: Vec<Value> = kinds
            .into_iter()
            .map(|(kind, (features, why))| {
                json!({"kind": kind, "category": Category::of(&kind).name(), "features": features, "why": why})
            })
            .collect();
        let rule = processing::of(rules, &dataset.name);
        let kept = rule.map(|rule| kept_too_long(catalog, dataset, rule, now, as_of)).transpose()?.flatten();
        past += u64::from(kept.is_some());
        rows.push(json!({
            "dataset": dataset.name, "source": source, "root": dataset.root, "format": dataset.format,
            "blobs": dataset.blobs.len(), "rows": dataset.rows, "special": special, "kinds": kinds,
            "purpose": rule.and_then(|rule| rule.purpose.as_ref()),
            "retention_days": rule.and_then(|rule| rule.retention_days), "past_retention": kept,
            "recipients": rule.map(|rule| &rule.recipients).into_iter().flatten().collect::<Vec<_>>(),
            "passed_on_to": lineage.names(catalog, dataset, Way::Down, as_of)?,
            "received_from": lineage.names(catalog, dataset, Way::Up, as_of)?,
        }));
    }
    let answer = Answer::rows(rows);
    Ok(if past > 0 { answer.say(format!("{past} datasets hold blobs past their retention")) } else { answer })
}

/// Blobs of a dataset that should be gone: how many, and when the oldest was written.
fn kept_too_long(
    catalog: &Catalog,
    dataset: &Dataset,
    rule: &Processing,
    now: Timestamp,
    as_of: AsOf,
) -> Result<Option<Value>> {
    let (mut blobs, mut oldest) = (0_u64, None);
    for id in &dataset.blobs {
        let Some(blob) = catalog.get::<BlobVersion>(id, as_of)? else { continue };
        if rule.is_past(blob.modified, now) {
            blobs += 1;
            oldest = Some(oldest.map_or(blob.modified, |oldest: Timestamp| oldest.min(blob.modified)));
        }
    }
    Ok((blobs > 0).then(|| json!({"blobs": blobs, "oldest": oldest})))
}

/// Datasets by their blobs, to tell what lineage leads to.
struct Neighbours<'d> {
    of_blob: BTreeMap<BlobId, &'d Dataset>,
}

impl<'d> Neighbours<'d> {
    fn of(datasets: &'d [Dataset]) -> Self {
        let blobs = |dataset: &'d Dataset| dataset.blobs.iter().map(move |blob| (*blob, dataset));
        Self { of_blob: datasets.iter().flat_map(blobs).collect() }
    }

    /// Other datasets, and things outside of the lake by their own names, that a dataset leads to or comes from.
    fn reached(
        &self,
        catalog: &Catalog,
        dataset: &Dataset,
        way: Way,
        as_of: AsOf,
    ) -> Result<(BTreeMap<DatasetId, &'d Dataset>, BTreeSet<String>)> {
        let (mut datasets, mut others) = (BTreeMap::new(), BTreeSet::new());
        let start = Start::Dataset(dataset.id.clone());
        let walked = match walk::walk(catalog, &start, way, walk::DEPTH_DEFAULT, as_of) {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok((datasets, others)),
            walked => walked?,
        };
        for edge in walked.edges {
            for (artifact, name) in [(edge.from_artifact, edge.from), (edge.to_artifact, edge.to)] {
                let blob = catalog.get::<Artifact>(&artifact, as_of)?.and_then(|artifact| artifact.blob);
                match blob.map(|blob| self.of_blob.get(&blob)) {
                    Some(Some(other)) if other.id == dataset.id => {}
                    Some(Some(other)) => drop(datasets.insert(other.id.clone(), *other)),
                    // A blob that is of no dataset, or no longer there; its path may be personal.
                    Some(None) => {}
                    None => drop(others.insert(name)),
                }
            }
        }
        Ok((datasets, others))
    }

    fn names(&self, catalog: &Catalog, dataset: &Dataset, way: Way, as_of: AsOf) -> Result<Vec<String>> {
        let (datasets, others) = self.reached(catalog, dataset, way, as_of)?;
        let names = datasets.into_values().map(|dataset| dataset.name.clone());
        Ok(names.chain(others).take(NEIGHBOURS_MAX).collect())
    }
}

/// Records what somebody decided, or forgets it; with `spread`, also of the same feature in datasets that lineage connects.
///
/// # Errors
/// `NotFound` if there is no such dataset, or a rejected finding was never made.
pub(super) fn rule(
    catalog: &Catalog,
    who: &Principal,
    (which, feature, kind): (&str, &str, &str),
    decision: Decision,
    spread: bool,
) -> Result<Answer> {
    const OPERATION: &str = "rule on finding";
    let dataset = find(catalog, which, AsOf::Now)?;
    let kind = kind.to_ascii_uppercase();
    let rulings = Rulings::load(catalog, AsOf::Now)?;
    let found = sums(catalog, &dataset, &rulings, AsOf::Now)?;
    if decision == Decision::Reject && !found.contains_key(&(feature.to_owned(), kind.clone())) {
        let context = "nothing of this kind was found there; see `headwater findings`";
        return Err(Error::not_found(OPERATION, context));
    }
    let mut ruled = vec![dataset.clone()];
    if spread {
        let all: Vec<Dataset> = catalog.all(AsOf::Now)?;
        let (connected, _) = Neighbours::of(&all).reached(catalog, &dataset, Way::Both, AsOf::Now)?;
        for other in connected.into_values() {
            if concerns(catalog, other, &rulings, (feature, &kind), decision)? {
                ruled.push(other.clone());
            }
        }
    }
    let (mut changes, mut answer) = (Vec::new(), Answer::default());
    for one in ruled {
        let ruling = Ruling {
            dataset: one.id.clone(),
            feature: feature.to_owned(),
            kind: kind.clone(),
            confirmed: decision == Decision::Confirm,
            by: who.name.clone(),
            at: catalog.env().clock.now(),
        };
        let (change, said) = match decision {
            Decision::Confirm => (Change::put(&ruling)?, "confirmed"),
            Decision::Reject => (Change::put(&ruling)?, "rejected"),
            Decision::Forget => {
                let id = (ruling.dataset, ruling.feature, ruling.kind);
                (Change::close::<Ruling>(&id), "forgotten")
            }
        };
        changes.push(change);
        changes.push(Change::audit(OPERATION, format!("{said} {kind} in dataset {}", one.id), "ok"));
        answer.rows.push(json!({"dataset": one.name, "feature": feature, "kind": kind, "ruling": said}));
    }
    catalog.commit_durably(who, &changes)?;
    Ok(answer)
}

/// Whether a decision of a feature says something of another dataset: it has the feature, and, to be rejected or
/// forgotten, the finding. What its own steward decided there stands.
fn concerns(
    catalog: &Catalog,
    other: &Dataset,
    rulings: &Rulings,
    (feature, kind): (&str, &str),
    decision: Decision,
) -> Result<bool> {
    if decision != Decision::Forget && rulings.of(&other.id, feature, kind).is_some() {
        return Ok(false);
    }
    let sums = sums(catalog, other, rulings, AsOf::Now)?;
    if decision != Decision::Confirm {
        return Ok(sums.contains_key(&(feature.to_owned(), kind.to_owned())));
    }
    let Some(schema) = other.schema else { return Ok(false) };
    let schema = catalog.get::<Schema>(&schema, AsOf::Now)?;
    Ok(schema
        .is_some_and(|schema| leaves(&schema.features).iter().any(|(path, _)| path.to_string() == feature)))
}
