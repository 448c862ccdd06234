//! From flat feature statistics to a schema's tree, and a schema's id from its content.
//!
//! Presence and valency are inferred as TensorFlow Data Validation infers them: a feature that every row held is
//! required, any other is optional; one value a row stays one value a row, several are unbounded.

use serde::Serialize;

use crate::model::{
    Feature, FeaturePath, FeatureStatistics, FeatureType, Presence, Schema, SchemaId, Segment,
};

/// As many values as there are.
pub const UNBOUNDED: u64 = u64::MAX;

/// The schema that some rows' statistics speak for.
pub fn schema_of(rows: u64, statistics: &[FeatureStatistics]) -> Schema {
    let entries: Vec<_> = statistics.iter().map(|statistics| (&statistics.path.0[..], statistics)).collect();
    schema(features_of(rows, &entries))
}

/// A schema of these features, with the id of its content.
pub fn schema(features: Vec<Feature>) -> Schema {
    Schema { id: id_of(&features), features, pinned: None }
}

/// The id of a schema: BLAKE3 over its features as the store encodes them, cut to 16 bytes. Being pinned is no content.
pub fn id_of(features: &[Feature]) -> SchemaId {
    /// Named fields, so that a later layout can tell itself apart.
    #[derive(Serialize)]
    struct Content<'a> {
        layout: u8,
        features: &'a [Feature],
    }
    let content = rmp_serde::to_vec_named(&Content { layout: 1, features });
    let content = content.expect("features are plain data");
    let mut id = [0; 16];
    id.copy_from_slice(&blake3::hash(&content).as_bytes()[..16]);
    SchemaId(id)
}

type Entry<'a> = (&'a [Segment], &'a FeatureStatistics);

/// Features under one parent, in the order of their first entry.
fn features_of(rows: u64, entries: &[Entry<'_>]) -> Vec<Feature> {
    let mut groups: Vec<(&Segment, Vec<Entry<'_>>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (path, statistics) in entries {
        let Some((head, rest)) = path.split_first() else { continue };
        let place = *places.entry(head).or_insert_with(|| {
            groups.push((head, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push((rest, statistics));
    }
    groups.into_iter().map(|(head, entries)| feature_of(rows, head, &entries)).collect()
}

fn feature_of(rows: u64, head: &Segment, entries: &[Entry<'_>]) -> Feature {
    let name = match head {
        Segment::Name(name) => name.clone(),
        // A row that is a list itself: its items are its only feature.
        Segment::Items => "[]".to_owned(),
    };
    let kind = match head {
        Segment::Name(_) => type_of(rows, entries),
        Segment::Items => FeatureType::List(Box::new(type_of(rows, entries))),
    };
    let present = entries.iter().map(|(_, statistics)| statistics.rows_present).max().unwrap_or(0);
    let most = entries.iter().map(|(_, statistics)| statistics.valency.1).max().unwrap_or(0);
    // Of no rows every row held it: an empty blob makes nothing optional when schemas are merged.
    let required = present >= rows;
    Feature {
        name,
        kind,
        presence: Presence {
            min_fraction: if required { 1.0 } else { 0.0 },
            min_values: u64::from(required),
            max_values: if most <= 1 { 1 } else { UNBOUNDED },
        },
        domain: Vec::new(),
        not_in_environment: Vec::new(),
        semantic: None,
    }
}

/// The type of what stands at one path: its own values', or that of what is nested in it. Where rows disagree on whether
/// it is nested (JSON allows that), it is a string unless nested rows are more.
fn type_of(rows: u64, entries: &[Entry<'_>]) -> FeatureType {
    let own: Vec<_> = entries.iter().filter(|(rest, _)| rest.is_empty()).collect();
    let nested: Vec<Entry<'_>> = entries.iter().filter(|(rest, _)| !rest.is_empty()).copied().collect();
    let own_kind = own.first().map(|(_, statistics)| &statistics.kind);
    let held = |entries: &mut dyn Iterator<Item = &Entry<'_>>| {
        entries.map(|(_, statistics)| statistics.rows_present).max().unwrap_or(0)
    };
    let own_rows = held(&mut own.iter().copied());
    if nested.is_empty() {
        return own_kind.cloned().unwrap_or(FeatureType::Unknown);
    }
    if own_rows > 0
        && own_rows >= held(&mut nested.iter())
        && !matches!(own_kind, Some(FeatureType::Struct(_) | FeatureType::List(_)))
    {
        return FeatureType::String;
    }
    let (items, fields): (Vec<Entry<'_>>, Vec<Entry<'_>>) =
        nested.into_iter().partition(|(rest, _)| rest[0] == Segment::Items);
    if items.is_empty() {
        return FeatureType::Struct(features_of(rows, &fields));
    }
    let items: Vec<_> = items.into_iter().map(|(rest, statistics)| (&rest[1..], statistics)).collect();
    FeatureType::List(Box::new(type_of(rows, &items)))
}

/// The leaves of a schema with their paths, in order: what statistics speak of.
pub fn leaves(features: &[Feature]) -> Vec<(FeaturePath, &Feature)> {
    fn walk<'a>(
        path: &FeaturePath,
        feature: &'a Feature,
        kind: &'a FeatureType,
        out: &mut Vec<(FeaturePath, &'a Feature)>,
    ) {
        match kind {
            FeatureType::Struct(fields) => {
                for field in fields {
                    walk(&path.field(&field.name), field, &field.kind, out);
                }
            }
            FeatureType::List(item) => walk(&path.items(), feature, item, out),
            _ => out.push((path.clone(), feature)),
        }
    }
    let mut out = Vec::new();
    for feature in features {
        let path = match (&feature.kind, feature.name.as_str()) {
            (FeatureType::List(_), "[]") => FeaturePath::default(),
            _ => FeaturePath::column(&feature.name),
        };
        walk(&path, feature, &feature.kind, &mut out);
    }
    out
}
