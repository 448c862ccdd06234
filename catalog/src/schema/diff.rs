//! What changed from one schema to the next, for people and for programs.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use crate::model::{Feature, FeaturePath, FeatureType, Presence, Schema};

use super::infer::UNBOUNDED;
use super::merge::join_types;

/// One change of one feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SchemaChange {
    /// The feature: `user.email`, `items[].sku`.
    pub feature: String,
    /// What became of it.
    #[serde(flatten)]
    pub what: What,
    /// Whether readers who relied on the old schema may fail on the new one.
    pub breaking: bool,
}

/// What became of a feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum What {
    /// It is new.
    Added {
        /// Its type.
        r#type: &'static str,
    },
    /// It is gone.
    Removed {
        /// The type that it had.
        r#type: &'static str,
    },
    /// It has another type.
    Type {
        /// Old type.
        from: &'static str,
        /// New type.
        to: &'static str,
    },
    /// It must be there more or less often.
    Presence {
        /// Old smallest share of rows.
        from: f64,
        /// New smallest share of rows.
        to: f64,
    },
    /// It holds more or fewer values a row.
    ValueCount {
        /// Old smallest and largest number; no largest if unbounded.
        from: (u64, Option<u64>),
        /// New smallest and largest number.
        to: (u64, Option<u64>),
    },
    /// Other values are allowed. Only counts: the schema itself lists them.
    Domain {
        /// Values newly allowed.
        added: usize,
        /// Values no longer allowed.
        removed: usize,
    },
    /// It means something else.
    Semantic {
        /// Old semantic type.
        from: Option<String>,
        /// New semantic type.
        to: Option<String>,
    },
    /// It is expected in other environments.
    Environments {
        /// Where it was not expected.
        from: Vec<String>,
        /// Where it is not expected now.
        to: Vec<String>,
    },
}

impl fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.feature;
        match &self.what {
            What::Added { r#type } => write!(f, "{name}: added, {type}"),
            What::Removed { r#type } => write!(f, "{name}: removed, was {type}"),
            What::Type { from, to } => write!(f, "{name}: type {from} → {to}"),
            What::Presence { from, to } => {
                write!(f, "{name}: in at least {} % → {} % of rows", from * 100.0, to * 100.0)
            }
            What::ValueCount { from, to } => {
                let range = |(least, most): &(u64, Option<u64>)| match most {
                    Some(most) => format!("{least} to {most}"),
                    None => format!("{least} or more"),
                };
                write!(f, "{name}: {} → {} values a row", range(from), range(to))
            }
            What::Domain { added, removed } => {
                write!(f, "{name}: domain gained {added} and lost {removed} values")
            }
            What::Semantic { from, to } => {
                let text = |semantic: &Option<String>| semantic.clone().unwrap_or_else(|| "nothing".into());
                write!(f, "{name}: means {} → {}", text(from), text(to))
            }
            What::Environments { from, to } => {
                write!(f, "{name}: not in [{}] → not in [{}]", from.join(", "), to.join(", "))
            }
        }?;
        f.write_str(if self.breaking { " (breaking)" } else { "" })
    }
}

/// Lists the changes from `old` to `new`: of features that both have, in the new order; then what is gone.
pub fn diff(old: &Schema, new: &Schema) -> Vec<SchemaChange> {
    let mut changes = Vec::new();
    features(&FeaturePath::default(), &old.features, &new.features, &mut changes);
    changes
}

fn features(parent: &FeaturePath, old: &[Feature], new: &[Feature], changes: &mut Vec<SchemaChange>) {
    let before: HashMap<_, _> = old.iter().map(|feature| (feature.name.as_str(), feature)).collect();
    let after: HashMap<_, _> = new.iter().map(|feature| (feature.name.as_str(), feature)).collect();
    for feature in new {
        let path = parent.field(&feature.name);
        match before.get(feature.name.as_str()) {
            Some(old) => one(&path, old, feature, changes),
            None => push(&path, What::Added { r#type: feature.kind.name() }, false, changes),
        }
    }
    for feature in old.iter().filter(|feature| !after.contains_key(feature.name.as_str())) {
        push(&parent.field(&feature.name), What::Removed { r#type: feature.kind.name() }, true, changes);
    }
}

fn one(path: &FeaturePath, old: &Feature, new: &Feature, changes: &mut Vec<SchemaChange>) {
    types(path, &old.kind, &new.kind, changes);
    let (before, after) = (&old.presence, &new.presence);
    if before.min_fraction != after.min_fraction {
        let what = What::Presence { from: before.min_fraction, to: after.min_fraction };
        push(path, what, after.min_fraction < before.min_fraction, changes);
    }
    // From required to optional is one change to people; the smallest count only echoes it.
    let counts = |presence: &Presence| {
        let most = (presence.max_values != UNBOUNDED).then_some(presence.max_values);
        (presence.min_values, most)
    };
    let echo = before.min_fraction != after.min_fraction && before.max_values == after.max_values;
    if counts(before) != counts(after) && !echo {
        let what = What::ValueCount { from: counts(before), to: counts(after) };
        push(path, what, after.max_values > before.max_values, changes);
    }
    let gained = new.domain.iter().filter(|value| !old.domain.contains(value)).count();
    let lost = old.domain.iter().filter(|value| !new.domain.contains(value)).count();
    if gained + lost > 0 {
        let opened = !old.domain.is_empty() && (gained > 0 || new.domain.is_empty());
        push(path, What::Domain { added: gained, removed: lost }, opened, changes);
    }
    if old.semantic != new.semantic {
        let what = What::Semantic { from: old.semantic.clone(), to: new.semantic.clone() };
        push(path, what, false, changes);
    }
    if old.not_in_environment != new.not_in_environment {
        let what =
            What::Environments { from: old.not_in_environment.clone(), to: new.not_in_environment.clone() };
        push(path, what, false, changes);
    }
}

fn types(path: &FeaturePath, old: &FeatureType, new: &FeatureType, changes: &mut Vec<SchemaChange>) {
    match (old, new) {
        (FeatureType::Struct(old), FeatureType::Struct(new)) => features(path, old, new, changes),
        (FeatureType::List(old), FeatureType::List(new)) => types(&path.items(), old, new, changes),
        (old, new) if old == new => {}
        (old, new) => {
            // A narrower type is read by whoever read the wider one.
            let breaking = join_types(old.clone(), new) != *old;
            push(path, What::Type { from: old.name(), to: new.name() }, breaking, changes);
        }
    }
}

fn push(path: &FeaturePath, what: What, breaking: bool, changes: &mut Vec<SchemaChange>) {
    changes.push(SchemaChange { feature: path.to_string(), what, breaking });
}

#[cfg(test)]
mod tests;
