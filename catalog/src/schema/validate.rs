//! Where statistics part from a schema: the anomalies that TensorFlow Data Validation names, by its names.
//!
//! Lenient where a lake must be: an integer fits a float, a date fits a time, and any plain value fits text, since untyped
//! text of only digits is inferred to be numbers. Reasons hold counts and types, never values.

use std::collections::{HashMap, HashSet};

use crate::model::{
    Anomaly, AnomalyKind, Feature, FeaturePath, FeatureStatistics, FeatureType, Schema, Segment,
};

use super::infer::leaves;
use super::merge::join_types;

/// Compares the statistics of one part with a schema. `environment`: features that the schema does not expect there may be absent.
pub fn validate(
    schema: &Schema,
    rows: u64,
    statistics: &[FeatureStatistics],
    environment: Option<&str>,
) -> Vec<Anomaly> {
    let expected = leaves(&schema.features);
    let expected_at = Places::of(expected.iter().map(|(path, _)| path));
    // A null says nothing of nesting: it stands where a struct may stand.
    let held = statistics.iter().filter(|statistics| statistics.values > 0);
    let seen_at = Places::of(held.map(|statistics| &statistics.path));
    let seen: HashMap<&FeaturePath, &FeatureStatistics> =
        statistics.iter().map(|statistics| (&statistics.path, statistics)).collect();
    let mut anomalies = Vec::new();
    for (path, feature) in &expected {
        let unexpected_here =
            environment.is_some_and(|here| feature.not_in_environment.iter().any(|not| not == here));
        match seen.get(path) {
            Some(statistics) => compare(feature, rows, statistics, &mut anomalies),
            None if unexpected_here || rows == 0 => {}
            None if seen_at.around(path) || seen_at.inside(path) => {
                let reason = "nested otherwise than the schema says".to_owned();
                anomalies.push(anomaly(AnomalyKind::ValueNestednessMismatch, path, reason));
            }
            None if feature.presence.min_fraction > 0.0 => {
                let reason = "required by the schema, not in the data".to_owned();
                anomalies.push(anomaly(AnomalyKind::SchemaMissingColumn, path, reason));
            }
            None => {}
        }
    }
    // What is nested otherwise was told of the schema's feature. A null where a struct may stand is nothing new.
    let is_new = |path: &FeaturePath| {
        !expected_at.leaves.contains(path.0.as_slice())
            && !expected_at.around(path)
            && !expected_at.inside(path)
    };
    for statistics in statistics.iter().filter(|statistics| is_new(&statistics.path)) {
        let reason = format!("not in the schema; its values are {}", statistics.kind.name());
        anomalies.push(anomaly(AnomalyKind::SchemaNewColumn, &statistics.path, reason));
    }
    anomalies
}

/// Paths of features that hold values, and of all that they are nested in.
struct Places<'a> {
    leaves: HashSet<&'a [Segment]>,
    parents: HashSet<&'a [Segment]>,
}

impl<'a> Places<'a> {
    fn of(paths: impl Iterator<Item = &'a FeaturePath>) -> Self {
        let mut places = Self { leaves: HashSet::new(), parents: HashSet::new() };
        for path in paths {
            places.leaves.insert(&path.0);
            places.parents.extend((1..path.0.len()).map(|end| &path.0[..end]));
        }
        places
    }

    /// Whether one of the places stands around a path: a plain value where the path says that something is nested.
    fn around(&self, path: &FeaturePath) -> bool {
        (1..path.0.len()).any(|end| self.leaves.contains(&path.0[..end]))
    }

    /// Whether one of the places stands inside a path.
    fn inside(&self, path: &FeaturePath) -> bool {
        self.parents.contains(path.0.as_slice())
    }
}

fn compare(feature: &Feature, rows: u64, seen: &FeatureStatistics, anomalies: &mut Vec<Anomaly>) {
    let mut push = |kind, reason| anomalies.push(anomaly(kind, &seen.path, reason));
    let expected = leaf_type(&feature.kind);
    if seen.values > 0 && !fits(expected, &seen.kind) {
        let reason = format!("expected {}, found {}", expected.name(), seen.kind.name());
        push(AnomalyKind::UnexpectedDataType, reason);
    } else if seen.mistyped > 0 && *expected != FeatureType::String {
        let kind = match expected {
            FeatureType::Int => AnomalyKind::IntTypeNotIntString,
            FeatureType::Float => AnomalyKind::FloatTypeStringNotFloat,
            FeatureType::Bool => AnomalyKind::BoolTypeUnexpectedString,
            _ => AnomalyKind::UnexpectedDataType,
        };
        push(kind, format!("{} of {} values are no {}", seen.mistyped, seen.values, expected.name()));
    }
    let share = if rows == 0 { 1.0 } else { seen.rows_present as f64 / rows as f64 };
    if share < feature.presence.min_fraction {
        let reason = format!(
            "in {} of {rows} rows, expected in at least {} %",
            seen.rows_present,
            feature.presence.min_fraction * 100.0
        );
        push(AnomalyKind::FeatureTypeLowFractionPresent, reason);
    }
    let (least, most) = seen.valency;
    if most > feature.presence.max_values {
        let reason = format!("up to {most} values a row, expected at most {}", feature.presence.max_values);
        push(AnomalyKind::FeatureTypeHighNumberValues, reason);
    }
    // Rows without the feature are a matter of presence, not of the number of values.
    if seen.rows_present == rows && least < feature.presence.min_values {
        let reason =
            format!("as few as {least} values a row, expected at least {}", feature.presence.min_values);
        push(AnomalyKind::FeatureTypeLowNumberValues, reason);
    }
    if !feature.domain.is_empty() {
        let listed: u64 = seen
            .top
            .iter()
            .filter(|(value, _)| !feature.domain.contains(value))
            .map(|(_, count)| count)
            .sum();
        // The estimate is exact at the size of a domain, and known even where values are withheld.
        if listed > 0 || seen.distinct > feature.domain.len() as u64 {
            let reason = format!("{} distinct values, {} allowed", seen.distinct, feature.domain.len());
            push(AnomalyKind::EnumTypeUnexpectedStringValues, reason);
        }
    }
}

fn leaf_type(kind: &FeatureType) -> &FeatureType {
    match kind {
        FeatureType::List(item) => leaf_type(item),
        other => other,
    }
}

fn fits(expected: &FeatureType, found: &FeatureType) -> bool {
    use FeatureType::{Bytes, List, String, Struct, Unknown};
    match (expected, found) {
        (Unknown, _) | (_, Unknown) => true,
        (String, Struct(_) | List(_) | Bytes) => false,
        (expected, found) => join_types(expected.clone(), found) == *expected,
    }
}

fn anomaly(kind: AnomalyKind, path: &FeaturePath, reason: String) -> Anomaly {
    Anomaly { kind, member: Vec::new(), feature: Some(path.to_string()), reason }
}

#[cfg(test)]
mod tests;
