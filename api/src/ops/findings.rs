//! Findings of personal data: what was found where and why, what people decided of it, and the record of processing that
//! follows from both (GDPR Art. 30).

use std::collections::{BTreeMap, BTreeSet};

use catalog::model::{Category, Dataset, Findings, Principal, Ruling, Source};
use catalog::ruling::Rulings;
use catalog::{AsOf, Catalog, Change, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Answer;
use super::datasets::{find, round};

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

/// Which datasets hold which kinds, with reasons: one row a dataset that holds any.
pub(super) fn record(catalog: &Catalog, as_of: AsOf) -> Result<Answer> {
    let rulings = Rulings::load(catalog, as_of)?;
    let sources: Vec<Source> = catalog.all(as_of)?;
    let mut rows = Vec::new();
    for dataset in datasets(catalog, None, as_of)? {
        let mut kinds: BTreeMap<String, (BTreeSet<String>, String)> = BTreeMap::new();
        for ((feature, kind), sum) in sums(catalog, &dataset, &rulings, as_of)? {
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
        rows.push(json!({
            "dataset": dataset.name, "source": source, "root": dataset.root, "format": dataset.format,
            "blobs": dataset.blobs.len(), "rows": dataset.rows, "special": special, "kinds": kinds,
        }));
    }
    Ok(Answer::rows(rows))
}

/// Records what somebody decided, or forgets it.
///
/// # Errors
/// `NotFound` if there is no such dataset, `Invalid` if a rejected finding was never made.
pub(super) fn rule(
    catalog: &Catalog,
    who: &Principal,
    (which, feature, kind): (&str, &str, &str),
    decision: Decision,
) -> Result<Answer> {
    const OPERATION: &str = "rule on finding";
    let dataset = find(catalog, which, AsOf::Now)?;
    let kind = kind.to_ascii_uppercase();
    let ruling = Ruling {
        dataset: dataset.id.clone(),
        feature: feature.to_owned(),
        kind: kind.clone(),
        confirmed: decision == Decision::Confirm,
        by: who.name.clone(),
        at: catalog.env().clock.now(),
    };
    let rulings = Rulings::load(catalog, AsOf::Now)?;
    let found = sums(catalog, &dataset, &rulings, AsOf::Now)?;
    if decision == Decision::Reject && !found.contains_key(&(feature.to_owned(), kind.clone())) {
        let context = "nothing of this kind was found there; see `headwater findings`";
        return Err(Error::not_found(OPERATION, context));
    }
    let (change, said) = match decision {
        Decision::Confirm => (Change::put(&ruling)?, "confirmed"),
        Decision::Reject => (Change::put(&ruling)?, "rejected"),
        Decision::Forget => {
            let id = (ruling.dataset.clone(), ruling.feature.clone(), ruling.kind.clone());
            (Change::close::<Ruling>(&id), "forgotten")
        }
    };
    let audit = Change::audit(OPERATION, format!("{said} {kind} in dataset {}", dataset.id), "ok");
    catalog.commit_durably(who, &[change, audit])?;
    Ok(Answer::one(json!({"dataset": dataset.name, "feature": feature, "kind": kind, "ruling": said})))
}
