//! Tests of validating statistics against a schema.

use std::borrow::Cow;

use super::*;
use crate::model::{Presence, Value};
use crate::schema::merge::tests::feature;
use crate::schema::{Profiler, infer};
use FeatureType as T;

/// Kinds of anomalies and their features, of a table of untyped text against a schema.
fn check(
    features: Vec<Feature>,
    header: &[&str],
    rows: &[&[&str]],
    environment: Option<&str>,
) -> Vec<String> {
    let mut profiler = Profiler::new();
    let numbers: Vec<_> =
        header.iter().map(|name| profiler.feature(&FeaturePath::column(*name), None)).collect();
    for row in rows {
        profiler.row();
        for (number, cell) in numbers.iter().zip(*row) {
            profiler.cell(*number, &Value::Raw(Cow::Borrowed(cell)));
        }
    }
    let profile = profiler.finish();
    let anomalies = validate(&infer::schema(features), profile.rows, &profile.features, environment);
    let line = |anomaly: &Anomaly| {
        let kind = serde_json::to_string(&anomaly.kind).unwrap();
        format!("{} {}", kind.trim_matches('"'), anomaly.feature.as_deref().unwrap_or_default())
    };
    anomalies.iter().map(line).collect()
}

#[test]
fn data_that_fits_has_no_anomaly() {
    let features = vec![feature("id", T::Float), feature("zip", T::String), feature("at", T::Timestamp)];
    let rows: &[&[&str]] = &[&["1", "10115", "2024-01-02"], &["2", "10116", "2024-01-03"]];
    assert!(check(features.clone(), &["id", "zip", "at"], rows, None).is_empty());
    assert!(check(features, &[], &[], None).is_empty(), "no rows miss nothing");
}

#[test]
fn missing_new_mistyped_and_rare_features_are_told() {
    let required = feature("id", T::Int);
    let gone = feature("gone", T::String);
    let label = Feature { not_in_environment: vec!["SERVING".into()], ..feature("label", T::Int) };
    let optional = Feature {
        presence: Presence { min_fraction: 0.0, min_values: 0, max_values: 1 },
        ..feature("optional", T::Int)
    };
    let features = vec![required, gone, label, optional];
    let rows: &[&[&str]] = &[&["x", "1"], &["", "2"]];
    assert_eq!(
        check(features, &["id", "new"], rows, Some("SERVING")),
        [
            "UNEXPECTED_DATA_TYPE id",
            "FEATURE_TYPE_LOW_FRACTION_PRESENT id",
            "SCHEMA_MISSING_COLUMN gone",
            "SCHEMA_NEW_COLUMN new"
        ]
    );
}

#[test]
fn few_bad_values_have_their_own_names() {
    let mut rows: Vec<Vec<&str>> = vec![vec!["1", "1.5", "true"]; 150];
    rows.push(vec!["x", "y", "z"]);
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let features = vec![feature("i", T::Int), feature("f", T::Float), feature("b", T::Bool)];
    assert_eq!(
        check(features, &["i", "f", "b"], &rows, None),
        ["INT_TYPE_NOT_INT_STRING i", "FLOAT_TYPE_STRING_NOT_FLOAT f", "BOOL_TYPE_UNEXPECTED_STRING b"]
    );
}

#[test]
fn values_out_of_the_domain_are_told_even_when_withheld() {
    let state = Feature { domain: vec!["open".into(), "closed".into()], ..feature("state", T::String) };
    let rows: &[&[&str]] = &[&["open"], &["lost"]];
    let anomalies = check(vec![state.clone()], &["state"], rows, None);
    assert_eq!(anomalies, ["ENUM_TYPE_UNEXPECTED_STRING_VALUES state"]);
    let many: &[&[&str]] = &[&["open"], &["closed"], &["lost"]];
    assert_eq!(check(vec![state], &["state"], many, None).len(), 1);
}

#[test]
fn nesting_and_numbers_of_values_are_compared() {
    let mut profiler = Profiler::new();
    let tags = profiler.feature(&FeaturePath::column("tags").items(), None);
    let user = profiler.feature(&FeaturePath::column("user"), None);
    profiler.row();
    profiler.cell(tags, &Value::Int(1));
    profiler.cell(tags, &Value::Int(2));
    profiler.cell(user, &Value::Int(7));
    let note = profiler.feature(&FeaturePath::column("note").field("text"), None);
    profiler.cell(note, &Value::Int(1));
    let empty = profiler.feature(&FeaturePath::column("empty"), None);
    profiler.cell(empty, &Value::Null);
    let profile = profiler.finish();
    let optional = Presence { min_fraction: 0.0, min_values: 0, max_values: 1 };
    let features = vec![
        feature("tags", T::List(Box::new(T::Int))),
        feature("user", T::Struct(vec![feature("id", T::Int)])),
        Feature { presence: optional, ..feature("note", T::String) },
        feature("empty", T::Struct(vec![Feature { presence: optional, ..feature("id", T::Int) }])),
    ];
    let anomalies = validate(&infer::schema(features), 1, &profile.features, None);
    let kinds: Vec<_> = anomalies.iter().map(|anomaly| anomaly.kind).collect();
    let mismatch = AnomalyKind::ValueNestednessMismatch;
    assert_eq!(kinds, [AnomalyKind::FeatureTypeHighNumberValues, mismatch, mismatch]);
}
