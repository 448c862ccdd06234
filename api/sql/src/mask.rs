//! Which features are personal and what a principal sees instead. In doubt a feature is personal: one finding in one blob is
//! enough. The treatment is the scan's, so filters, functions, joins and aggregates see what the principal sees; `values`
//! applies it to arrays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use catalog::Result;
use catalog::env::SubjectHasher;
use catalog::masking::{Policy, Treatment, tells_of_persons};
use catalog::model::{BlobVersion, Dataset, Feature, FeaturePath, FeatureType, Findings, Schema, Segment};
use catalog::ruling::Rulings;
use crawler::recognise::{ColumnTally, recognise};

use crate::{Access, Masking};

pub(crate) mod values;

/// What a principal does not see of a table.
pub(crate) struct Mask {
    /// By what values are hidden; `None` if the principal sees everything.
    policy: Option<Arc<Policy>>,
    hasher: SubjectHasher,
    dataset: String,
    /// Features that are not shown as they are.
    treated: BTreeMap<FeaturePath, Treatment>,
    /// Partition keys that are not shown as they are.
    keys: BTreeMap<String, Treatment>,
    /// Features and kinds of which somebody said that they are false alarms.
    rejected: BTreeSet<(String, String)>,
    /// Whether the rows are of persons.
    of_persons: bool,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").field("features", &self.treated.len()).finish_non_exhaustive()
    }
}

/// The mask of a dataset's member for this access.
pub(crate) fn of(access: &Access, dataset: &Dataset, member: &[String], schema: &Schema) -> Result<Mask> {
    let mut mask = Mask {
        policy: None,
        hasher: access.catalog.env().hasher.clone(),
        dataset: dataset.name.clone(),
        treated: BTreeMap::new(),
        keys: BTreeMap::new(),
        rejected: BTreeSet::new(),
        of_persons: false,
    };
    let Masking::Personal(policy) = &access.masking else { return Ok(mask) };
    mask.policy = Some(policy.clone());
    let rulings = Rulings::load(&access.catalog, access.as_of)?;
    mask.rejected = rulings
        .rejected(&dataset.id)
        .into_iter()
        .map(|(feature, kind)| (feature.to_owned(), kind.to_owned()))
        .collect();
    let mut kinds = Kinds::default();
    for (feature, kind) in rulings.confirmed(&dataset.id) {
        kinds.confirmed.entry(feature.to_owned()).or_default().push(kind.to_owned());
    }
    for blob in &dataset.blobs {
        let findings = access.catalog.get::<Findings>(blob, access.as_of)?;
        for finding in findings.into_iter().flat_map(|findings| findings.findings) {
            match finding.feature {
                Some(feature) if finding.member == member => kinds.add(feature, finding.kind),
                Some(_) => {}
                None => drop(kinds.of_path.insert(finding.kind)),
            }
        }
    }
    let mut leaves = Vec::new();
    for feature in &schema.features {
        kinds.walk(&FeaturePath::column(&feature.name), feature, &mut leaves);
    }
    mask.decide(&kinds, &leaves);
    if !dataset.partition_keys.is_empty() {
        // Which of the keys names the person, a finding in a path does not say.
        let is_named = kinds.of_path.iter().any(|kind| mask.hides_kind("", kind, false));
        mask.decide_keys(access, dataset, is_named)?;
    }
    Ok(mask)
}

/// Kinds of personal data by feature.
#[derive(Default)]
struct Kinds {
    by_feature: BTreeMap<FeaturePath, BTreeSet<String>>,
    /// Kinds in paths.
    of_path: BTreeSet<String>,
    /// Kinds that somebody confirmed, by the feature's path as it is shown.
    confirmed: BTreeMap<String, Vec<String>>,
}

impl Kinds {
    fn add(&mut self, feature: FeaturePath, kind: String) {
        self.by_feature.entry(feature).or_default().insert(kind);
    }

    /// Adds what a recogniser or a person said of features, and collects their paths.
    fn walk(&mut self, path: &FeaturePath, feature: &Feature, paths: &mut Vec<FeaturePath>) {
        if let Some(kind) = &feature.semantic {
            self.add(path.clone(), kind.clone());
        }
        self.confirm(path, paths);
        let (mut kind, mut path) = (&feature.kind, path.clone());
        while let FeatureType::List(item) = kind {
            (kind, path) = (item, path.items());
            self.confirm(&path, paths);
        }
        if let FeatureType::Struct(fields) = kind {
            fields.iter().for_each(|field| self.walk(&path.field(&field.name), field, paths));
        }
    }

    fn confirm(&mut self, path: &FeaturePath, paths: &mut Vec<FeaturePath>) {
        for kind in self.confirmed.get(&path.to_string()).cloned().unwrap_or_default() {
            self.add(path.clone(), kind);
        }
        paths.push(path.clone());
    }
}

impl Mask {
    /// Whether anything may be hidden.
    pub(crate) fn is_on(&self) -> bool {
        self.policy.is_some()
    }

    fn treatment(&self, feature: &str, kind: &str, of_persons: bool) -> Treatment {
        let Some(policy) = &self.policy else { return Treatment::Show };
        match self.rejected.contains(&(feature.to_owned(), kind.to_owned())) {
            true => Treatment::Show,
            false => policy.treatment(&self.dataset, feature, kind, of_persons),
        }
    }

    fn hides_kind(&self, feature: &str, kind: &str, of_persons: bool) -> bool {
        self.treatment(feature, kind, of_persons) != Treatment::Show
    }

    fn rejects(&self, feature: &str, kind: &str) -> bool {
        self.rejected.contains(&(feature.to_owned(), kind.to_owned()))
    }

    /// Whether the features tell of persons.
    fn is_of_persons(&self, kinds: &Kinds) -> bool {
        kinds.by_feature.iter().any(|(feature, kinds)| {
            let feature = feature.to_string();
            kinds.iter().any(|kind| tells_of_persons(kind) && !self.rejects(&feature, kind))
        })
    }

    fn decide(&mut self, kinds: &Kinds, paths: &[FeaturePath]) {
        let of_persons = self.is_of_persons(kinds);
        for (feature, kinds) in &kinds.by_feature {
            let name = feature.to_string();
            let strictest = kinds.iter().map(|kind| self.treatment(&name, kind, of_persons)).max();
            self.treat(feature, strictest);
        }
        for path in paths {
            let ruled = self.policy.as_ref().and_then(|p| p.of_feature(&self.dataset, &path.to_string()));
            self.treat(path, ruled);
        }
        self.of_persons = of_persons;
    }

    fn treat(&mut self, path: &FeaturePath, treatment: Option<Treatment>) {
        let Some(treatment) = treatment.filter(|treatment| *treatment != Treatment::Show) else { return };
        let known = self.treated.entry(path.clone()).or_insert(treatment);
        *known = treatment.max(*known);
    }

    /// Weighs each partition key as a column of its values.
    fn decide_keys(&mut self, access: &Access, dataset: &Dataset, is_named: bool) -> Result<()> {
        let mut tallies: Vec<ColumnTally> =
            dataset.partition_keys.iter().map(|key| ColumnTally::new(&key.name)).collect();
        let mut spans = Vec::new();
        for blob in &dataset.blobs {
            let Some(blob) = access.catalog.get::<BlobVersion>(blob, access.as_of)? else { continue };
            let values = catalog::dataset::partition_values(dataset, &blob.path);
            for (tally, value) in tallies.iter_mut().zip(values) {
                let value = value.unwrap_or_default();
                spans.clear();
                recognise(&value, &mut spans);
                tally.cell(&value, &spans);
            }
        }
        for (key, tally) in dataset.partition_keys.iter().zip(tallies) {
            let kinds = tally.verdicts();
            let told =
                kinds.iter().map(|verdict| self.treatment(&key.name, verdict.kind, self.of_persons)).max();
            let ruled = self.policy.as_ref().and_then(|policy| policy.of_feature(&self.dataset, &key.name));
            let named = is_named.then_some(Treatment::Null).filter(|_| ruled != Some(Treatment::Show));
            let strictest = [told, ruled, named].into_iter().flatten().max();
            if let Some(treatment) = strictest.filter(|treatment| *treatment != Treatment::Show) {
                self.keys.insert(key.name.clone(), treatment);
            }
        }
        Ok(())
    }

    /// What becomes of a partition key.
    pub(crate) fn of_key(&self, name: &str) -> Treatment {
        self.keys.get(name).copied().unwrap_or(Treatment::Show)
    }

    /// Whether a column reads as null whatever it holds, so that it need not be read.
    pub(crate) fn hides(&self, column: &str) -> bool {
        self.treated.get(&FeaturePath::column(column)) == Some(&Treatment::Null)
    }

    /// Features within a column that are not shown as they are, itself included.
    pub(crate) fn within(&self, column: &str) -> Vec<(FeaturePath, Treatment)> {
        let first = Segment::Name(column.to_owned());
        let within = self.treated.iter().filter(|(path, _)| path.0.first() == Some(&first));
        within.map(|(path, treatment)| (FeaturePath(path.0[1..].to_vec()), *treatment)).collect()
    }

    /// Whether a text of a feature that nobody searched may be shown.
    fn may_show(&self, feature: &str, text: &str, spans: &mut Vec<crawler::recognise::Span>) -> bool {
        spans.clear();
        recognise(text, spans);
        !spans.iter().any(|span| self.hides_kind(feature, span.kind, self.of_persons))
    }
}
