//! A dataset's schema: merged over its blobs with the semantic types found in them; or the one that a person pinned,
//! against which the blobs are then validated.

use std::collections::{BTreeMap, BTreeSet};

use catalog::model::{
    Anomaly, AnomalyKind, BlobId, BlobVersion, Dataset, Feature, FeaturePath, FeatureType, Findings, Schema,
    Statistics,
};
use catalog::ruling::Rulings;
use catalog::schema::{infer, merge, validate};
use catalog::{AsOf, Catalog, Change};

use super::{Fact, Facts, Members, PAGE_RECORDS, Writer};
use crate::error::Result;

/// Findings less sure than this name no semantic type.
const SEMANTIC_MIN: f32 = 0.8;

/// Whether an anomaly comes from comparing with a schema: those are told of a feature, and made here only.
fn is_of_schema(anomaly: &Anomaly) -> bool {
    anomaly.feature.is_some() && !matches!(anomaly.kind, AnomalyKind::SuppressedSubject)
}

/// Gives a dataset its schema and records it; validates its blobs if the schema is pinned.
pub(super) fn settle(
    writer: &mut Writer<'_>,
    dataset: &mut Dataset,
    known: Option<&Dataset>,
    members: &Members<'_>,
) -> Result<()> {
    let (catalog, facts) = (writer.catalog, members.facts);
    let current = match known.and_then(|known| known.schema) {
        Some(id) => catalog.get::<Schema>(&id, AsOf::Now)?,
        None => None,
    };
    if let Some(pinned) = current.filter(|schema| schema.pinned.is_some()) {
        dataset.schema = Some(pinned.id);
        return validate_members(writer, &pinned, members.blobs);
    }
    let ids: BTreeSet<_> = members.blobs.iter().filter_map(|blob| facts.schema_of(blob)).collect();
    // A blob's own schema counts as it was inferred, even if a dataset of equal content has it pinned.
    let inferred: Vec<Schema> = ids
        .iter()
        .filter_map(|id| facts.schemas.get(id))
        .map(|schema| Schema { pinned: None, ..schema.clone() })
        .collect();
    let Some(merged) = merge(&inferred) else { return Ok(()) };
    let schema = infer::schema(with_semantics(merged.features, &members.semantics));
    dataset.schema = Some(schema.id);
    if catalog.get::<Schema>(&schema.id, AsOf::Now)?.is_none() {
        writer.push(Change::put(&schema)?)?;
    }
    Ok(())
}

/// How sure all blobs of a dataset together are of each kind in each feature.
pub(super) type Votes = BTreeMap<FeaturePath, BTreeMap<String, f32>>;

/// Reads what was found in the blobs of each dataset, in the order in which the catalog keeps it.
pub(super) fn votes(catalog: &Catalog, datasets: &[Dataset], facts: &Facts) -> Result<Vec<Votes>> {
    let mut votes = vec![Votes::new(); datasets.len()];
    let mut home: Vec<Option<u32>> = vec![None; facts.blobs.len()];
    for (number, dataset) in datasets.iter().enumerate() {
        for position in dataset.blobs.iter().filter_map(|blob| facts.position(*blob)) {
            home[position] = Some(number as u32);
        }
    }
    let rulings = Rulings::load(catalog, AsOf::Now)?;
    let mut after = None;
    loop {
        let page = catalog.list::<Findings>(AsOf::Now, after.as_deref(), PAGE_RECORDS)?;
        for found in page.records {
            let Some(number) = facts.position(found.blob).and_then(|position| home[position]) else {
                continue;
            };
            let votes = &mut votes[number as usize];
            for finding in found.findings {
                let Some(path) = finding.feature.filter(|_| finding.member.is_empty()) else { continue };
                let ruling = rulings.of(&datasets[number as usize].id, &path.to_string(), &finding.kind);
                let sure = finding.confidence >= SEMANTIC_MIN && finding.kind != "FREE_TEXT_PII";
                if ruling.unwrap_or(sure) {
                    *votes.entry(path).or_default().entry(finding.kind).or_default() += finding.confidence;
                }
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(votes),
        }
    }
}

/// The surest kind of each feature; blobs that agree add up.
pub(super) fn semantics(votes: Votes) -> BTreeMap<FeaturePath, String> {
    let most = |kinds: BTreeMap<String, f32>| {
        kinds.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0))).map(|(kind, _)| kind)
    };
    votes.into_iter().filter_map(|(path, kinds)| Some((path, most(kinds)?))).collect()
}

fn with_semantics(features: Vec<Feature>, semantics: &BTreeMap<FeaturePath, String>) -> Vec<Feature> {
    let top = |mut feature: Feature| {
        name_types(&mut feature, &FeaturePath::default(), semantics);
        feature
    };
    features.into_iter().map(top).collect()
}

fn name_types(feature: &mut Feature, parent: &FeaturePath, semantics: &BTreeMap<FeaturePath, String>) {
    let mut path = parent.field(&feature.name);
    let mut kind = &mut feature.kind;
    loop {
        match kind {
            FeatureType::List(item) => {
                path = path.items();
                kind = item;
            }
            FeatureType::Struct(children) => {
                children.iter_mut().for_each(|child| name_types(child, &path, semantics));
                break;
            }
            _ => break,
        }
    }
    if let Some(semantic) = semantics.get(&path) {
        feature.semantic = Some(semantic.clone());
    }
}

fn validate_members(writer: &mut Writer<'_>, pinned: &Schema, members: &[&Fact]) -> Result<()> {
    for blob in members {
        let statistics = writer.catalog.get::<Statistics>(&(blob.blob, Vec::new()), AsOf::Now)?;
        let anomalies = statistics
            .map_or(Vec::new(), |statistics| validate(pinned, statistics.rows, &statistics.features, None));
        amend(writer, blob, anomalies)?;
    }
    Ok(())
}

/// Takes back what comparisons with schemas said of blobs that are in no pinned dataset any more.
pub(super) fn forget(writer: &mut Writer<'_>, blobs: &[Fact], datasets: &[Dataset]) -> Result<()> {
    let mut held: BTreeSet<BlobId> = BTreeSet::new();
    for dataset in datasets {
        let Some(id) = dataset.schema else { continue };
        if writer.catalog.get::<Schema>(&id, AsOf::Now)?.is_some_and(|schema| schema.pinned.is_some()) {
            held.extend(&dataset.blobs);
        }
    }
    for blob in blobs.iter().filter(|blob| !held.contains(&blob.blob)) {
        amend(writer, blob, Vec::new())?;
    }
    Ok(())
}

/// Puts these in the place of all that earlier comparisons said.
fn amend(writer: &mut Writer<'_>, blob: &Fact, of_schema: Vec<Anomaly>) -> Result<()> {
    let mut anomalies: Vec<Anomaly> =
        blob.anomalies().iter().filter(|anomaly| !is_of_schema(anomaly)).cloned().collect();
    anomalies.extend(of_schema);
    if anomalies != blob.anomalies()
        && let Some(version) = writer.catalog.get::<BlobVersion>(&blob.blob, AsOf::Now)?
    {
        writer.push(Change::put(&BlobVersion { anomalies, ..version })?)?;
    }
    Ok(())
}
