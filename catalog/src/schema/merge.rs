//! One schema that rows of many blobs fit: the join of theirs.
//!
//! Types widen along one lattice, so that neither order nor grouping matters: nothing → anything; int → float → string;
//! date → timestamp → string; bool → string; structs and lists field by field and item by item, or string where they meet
//! what is not nested (SQL then sees JSON text); bytes above all. A feature that one schema lacks is optional.
//! The order of features is that of the widest schema, then of the next.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Feature, FeatureType, Presence, Schema};

use super::infer;

/// Merges schemas; `None` if there are none. The newest pinned one among them wins unchanged: people decided it, blobs do not widen it.
pub fn merge<'a>(schemas: impl IntoIterator<Item = &'a Schema>) -> Option<Schema> {
    let mut distinct = BTreeMap::new();
    let mut pinned: Option<&Schema> = None;
    for schema in schemas {
        if schema.pinned.is_some()
            && pinned.is_none_or(|best| (schema.pinned, schema.id) > (best.pinned, best.id))
        {
            pinned = Some(schema);
        }
        distinct.insert(schema.id, schema);
    }
    if let Some(pinned) = pinned {
        return Some(pinned.clone());
    }
    // Widest first, then by id: the result is one of the set, not of the order in which it came.
    let mut schemas: Vec<_> = distinct.into_values().collect();
    schemas.sort_by_key(|schema| std::cmp::Reverse(infer::leaves(&schema.features).len()));
    let any = schemas.first()?;
    // A blob without any feature (an empty file) says nothing; it must not make all of them optional, nor be what others join.
    let mut schemas = schemas.iter().filter(|schema| !schema.features.is_empty());
    let first = schemas.next().unwrap_or(any);
    let merged =
        schemas.fold(first.features.clone(), |merged, schema| join_features(merged, &schema.features));
    Some(infer::schema(merged))
}

/// The type that values of both types fit.
pub fn join_types(left: FeatureType, right: &FeatureType) -> FeatureType {
    use FeatureType::{Bytes, Date, Float, Int, List, String, Struct, Timestamp, Unknown};
    match (left, right) {
        (left, Unknown) => left,
        (Unknown, right) => right.clone(),
        (Struct(left), Struct(right)) => Struct(join_features(left, right)),
        (List(left), List(right)) => List(Box::new(join_types(*left, right))),
        (left, right) if left == *right => left,
        (Bytes, _) | (_, Bytes) => Bytes,
        (Int, Float) | (Float, Int) => Float,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        _ => String,
    }
}

fn join_features(mut left: Vec<Feature>, right: &[Feature]) -> Vec<Feature> {
    let places: HashMap<&str, usize> =
        right.iter().enumerate().map(|(place, feature)| (feature.name.as_str(), place)).collect();
    let mut taken = vec![false; right.len()];
    for feature in &mut left {
        match places.get(feature.name.as_str()) {
            Some(place) => {
                taken[*place] = true;
                join_feature(feature, &right[*place]);
            }
            None => optional(&mut feature.presence),
        }
    }
    for (feature, _) in right.iter().zip(&taken).filter(|(_, taken)| !**taken) {
        let mut feature = feature.clone();
        optional(&mut feature.presence);
        left.push(feature);
    }
    left
}

fn join_feature(left: &mut Feature, right: &Feature) {
    left.kind = join_types(std::mem::replace(&mut left.kind, FeatureType::Unknown), &right.kind);
    left.presence = Presence {
        min_fraction: left.presence.min_fraction.min(right.presence.min_fraction),
        min_values: left.presence.min_values.min(right.presence.min_values),
        max_values: left.presence.max_values.max(right.presence.max_values),
    };
    // No domain is every value.
    if left.domain.is_empty() || right.domain.is_empty() {
        left.domain.clear();
    } else {
        left.domain.extend(right.domain.iter().cloned());
        left.domain.sort();
        left.domain.dedup();
    }
    left.not_in_environment.retain(|environment| right.not_in_environment.contains(environment));
    // The smaller of two semantic types, only so that it does not depend on the order.
    left.semantic = match (left.semantic.take(), &right.semantic) {
        (Some(left), Some(right)) => Some(left.min(right.clone())),
        (left, right) => left.or_else(|| right.clone()),
    };
}

fn optional(presence: &mut Presence) {
    presence.min_fraction = 0.0;
    presence.min_values = 0;
}

#[cfg(test)]
pub(crate) mod tests;
