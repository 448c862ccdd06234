//! Tests of merging schemas: neither order nor grouping matters.

use proptest::prelude::*;

use super::*;
use crate::model::{FeatureType as T, Timestamp};

pub(crate) fn feature(name: &str, kind: T) -> Feature {
    Feature {
        name: name.into(),
        kind,
        presence: Presence { min_fraction: 1.0, min_values: 1, max_values: 1 },
        domain: Vec::new(),
        not_in_environment: Vec::new(),
        semantic: None,
    }
}

#[test]
fn types_widen_and_missing_features_become_optional() {
    let old =
        infer::schema(vec![feature("id", T::Int), feature("day", T::Date), feature("note", T::Unknown)]);
    let new = infer::schema(vec![
        feature("id", T::Float),
        feature("day", T::Timestamp),
        feature("note", T::Bool),
        feature("user", T::Struct(vec![feature("age", T::Int)])),
    ]);
    let merged = merge([&old, &new]).unwrap();
    let kinds: Vec<_> = merged.features.iter().map(|f| (f.name.as_str(), f.kind.name())).collect();
    assert_eq!(kinds, [("id", "float"), ("day", "timestamp"), ("note", "bool"), ("user", "struct")]);
    assert_eq!(merged.features[0].presence.min_fraction, 1.0);
    assert_eq!(merged.features[3].presence.min_fraction, 0.0);
    assert_eq!(merged.id, infer::id_of(&merged.features));
    assert_eq!(merge([&new]).unwrap(), new, "alone it stays what it is");
    let empty = infer::schema(Vec::new());
    assert_eq!(merge([&empty, &new]).unwrap(), new, "an empty blob makes nothing optional");
    // A struct without fields has no leaf either, and yet is a feature.
    let hollow = infer::schema(vec![feature("b", T::Struct(Vec::new()))]);
    assert_eq!(merge([&empty, &hollow]).unwrap(), hollow);
    assert_eq!(merge([&empty]).unwrap(), empty);
    assert_eq!(merge([]), None);
}

#[test]
fn a_pinned_schema_is_not_widened() {
    let mut pinned = infer::schema(vec![feature("id", T::Int)]);
    pinned.pinned = Some(Timestamp(5));
    let other = infer::schema(vec![feature("id", T::String), feature("new", T::Int)]);
    assert_eq!(merge([&other, &pinned]).unwrap(), pinned);
    let mut newer = other.clone();
    newer.pinned = Some(Timestamp(6));
    assert_eq!(merge([&newer, &pinned, &other]).unwrap(), newer);
}

fn types() -> impl Strategy<Value = T> {
    let leaf = prop_oneof![
        Just(T::Unknown),
        Just(T::Bool),
        Just(T::Int),
        Just(T::Float),
        Just(T::String),
        Just(T::Bytes),
        Just(T::Date),
        Just(T::Timestamp)
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            features(inner.clone()).prop_map(T::Struct),
            inner.prop_map(|item| T::List(Box::new(item)))
        ]
    })
}

fn features(kind: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = Vec<Feature>> {
    let domain = prop::collection::btree_set("[xy]", 0..3);
    let one = (kind, any::<bool>(), 1..3u64, domain, prop::option::of("[PQ]"));
    let one = one.prop_map(|(kind, required, max_values, domain, semantic)| Feature {
        presence: Presence {
            min_fraction: f64::from(u8::from(required)),
            min_values: u64::from(required),
            max_values,
        },
        domain: domain.into_iter().collect(),
        semantic,
        ..feature("", kind)
    });
    prop::collection::btree_map("[a-d]", one, 0..4).prop_map(|features| {
        features.into_iter().map(|(name, feature)| Feature { name, ..feature }).collect()
    })
}

/// The same schema whatever the order of its features.
fn sorted(mut features: Vec<Feature>) -> Vec<Feature> {
    fn sort_type(kind: T) -> T {
        match kind {
            T::Struct(fields) => T::Struct(sorted(fields)),
            T::List(item) => T::List(Box::new(sort_type(*item))),
            other => other,
        }
    }
    features.sort_by(|left, right| left.name.cmp(&right.name));
    features.into_iter().map(|feature| Feature { kind: sort_type(feature.kind.clone()), ..feature }).collect()
}

proptest! {
    #[test]
    fn neither_order_nor_grouping_matters(schemas in prop::collection::vec(features(types()).prop_map(infer::schema), 1..5), cut in 0..5usize) {
        let all = merge(&schemas).unwrap();
        let backwards: Vec<_> = schemas.iter().rev().collect();
        prop_assert_eq!(&all, &merge(backwards).unwrap());
        let (left, right) = schemas.split_at(cut.min(schemas.len()));
        let parts: Vec<_> = [merge(left), merge(right)].into_iter().flatten().collect();
        prop_assert_eq!(sorted(all.features.clone()), sorted(merge(&parts).unwrap().features));
        prop_assert_eq!(sorted(merge([&all, &all]).unwrap().features), sorted(all.features));
    }
}
