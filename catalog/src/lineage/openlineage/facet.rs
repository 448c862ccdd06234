//! The facets that are kept, and of each the fields: what a facet may hold of people (queries, owners, messages,
//! descriptions, assertions on values) is left out by not being on the list.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Properties, Property};

/// A facet and what of it is kept.
#[derive(Debug)]
pub(super) struct Facet {
    name: &'static str,
    fields: Fields,
}

/// Fields that are kept of an object.
#[derive(Debug)]
enum Fields {
    /// Scalars of these names.
    Named(&'static [&'static str]),
    /// A schema: `fields`, each with `name`, `type` and nested `fields`.
    Schema,
    /// Column lineage: `fields` by column, each with `inputFields`; and `dataset`.
    Columns,
    /// The parent run and job.
    Parent,
}

/// Nested schema fields deeper than this are cut.
const DEPTH_MAX: usize = 32;
/// Fields and columns kept of a facet.
const FIELDS_MAX: usize = 10_000;

/// Of runs.
pub(super) const RUN: &[Facet] = &[
    Facet { name: "parent", fields: Fields::Parent },
    Facet { name: "nominalTime", fields: Fields::Named(&["nominalStartTime", "nominalEndTime"]) },
    Facet {
        name: "processing_engine",
        fields: Fields::Named(&["name", "version", "openlineageAdapterVersion"]),
    },
    Facet { name: "errorMessage", fields: Fields::Named(&["programmingLanguage"]) },
];
/// Of jobs.
pub(super) const JOB: &[Facet] =
    &[Facet { name: "jobType", fields: Fields::Named(&["processingType", "integration", "jobType"]) }];
/// Of datasets.
pub(super) const DATASET: &[Facet] = &[
    Facet { name: "schema", fields: Fields::Schema },
    Facet { name: "columnLineage", fields: Fields::Columns },
    Facet { name: "version", fields: Fields::Named(&["datasetVersion"]) },
    Facet { name: "datasetType", fields: Fields::Named(&["datasetType", "subType"]) },
    Facet { name: "storage", fields: Fields::Named(&["storageLayer", "fileFormat"]) },
    Facet { name: "lifecycleStateChange", fields: Fields::Named(&["lifecycleStateChange"]) },
];
/// Of datasets as inputs.
pub(super) const INPUT: &[Facet] = &[
    Facet { name: "inputStatistics", fields: Fields::Named(&["rowCount", "size", "fileCount"]) },
    Facet { name: "dataQualityMetrics", fields: Fields::Named(&["rowCount", "bytes", "fileCount"]) },
];
/// Of datasets as outputs.
pub(super) const OUTPUT: &[Facet] =
    &[Facet { name: "outputStatistics", fields: Fields::Named(&["rowCount", "size", "fileCount"]) }];

/// Keeps what is known of facets.
///
/// # Errors
/// The name of the facet that is no object; empty if the facets themselves are none.
pub(super) fn keep(facets: Option<&Value>, known: &[Facet]) -> Result<Properties, String> {
    let facets = match facets {
        None | Some(Value::Null) => return Ok(Properties::new()),
        Some(Value::Object(facets)) => facets,
        Some(_) => return Err(String::new()),
    };
    let mut kept = Properties::new();
    for facet in known {
        let value = match facets.get(facet.name) {
            None | Some(Value::Null) => continue,
            Some(value) if value.is_object() => value,
            Some(_) => return Err(facet.name.into()),
        };
        let property = match facet.fields {
            Fields::Named(fields) => scalars(value, fields),
            Fields::Schema => structure([("fields", schema(value, DEPTH_MAX))]),
            Fields::Columns => columns(value),
            Fields::Parent => structure([
                ("run", value.get("run").map(|run| scalars(run, &["runId"]))),
                ("job", value.get("job").map(|job| scalars(job, &["namespace", "name"]))),
            ]),
        };
        kept.insert(facet.name.into(), property);
    }
    Ok(kept)
}

fn structure<const N: usize>(fields: [(&str, Option<Property>); N]) -> Property {
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?)));
    Property::Struct(fields.collect())
}

fn scalar(value: &Value) -> Option<Property> {
    match value {
        Value::Bool(value) => Some(Property::Bool(*value)),
        Value::Number(number) => Some(
            number.as_i64().map_or_else(|| Property::Double(number.as_f64().unwrap_or(0.0)), Property::Int),
        ),
        Value::String(text) => Some(Property::String(text.clone())),
        _ => None,
    }
}

fn scalars(value: &Value, fields: &[&str]) -> Property {
    let kept = fields.iter().filter_map(|field| Some(((*field).to_string(), scalar(value.get(*field)?)?)));
    Property::Struct(kept.collect())
}

fn schema(value: &Value, depth: usize) -> Option<Property> {
    let fields = value.get("fields")?.as_array()?.iter().filter(|_| depth > 0).take(FIELDS_MAX);
    let field = |field: &Value| {
        let Property::Struct(mut kept) = scalars(field, &["name", "type"]) else {
            return Property::List(Vec::new());
        };
        kept.extend(schema(field, depth.saturating_sub(1)).map(|nested| ("fields".to_string(), nested)));
        Property::Struct(kept)
    };
    Some(Property::List(fields.map(field).collect()))
}

fn columns(value: &Value) -> Property {
    let inputs = |value: &Value| {
        let input = |input: &Value| {
            let mut kept = scalars(input, &["namespace", "name", "field"]);
            let how = input.get("transformations").and_then(Value::as_array);
            let how =
                how.map(|how| how.iter().map(|one| scalars(one, &["type", "subtype", "masking"])).collect());
            if let (Property::Struct(kept), Some(how)) = (&mut kept, how) {
                kept.insert("transformations".into(), Property::List(how));
            }
            kept
        };
        Property::List(value.as_array().into_iter().flatten().take(FIELDS_MAX).map(input).collect())
    };
    let by_column = value.get("fields").and_then(Value::as_object).map(|fields| {
        let column = |(name, field): (&String, &Value)| {
            let from = field.get("inputFields").map(inputs);
            (name.clone(), structure([("inputFields", from)]))
        };
        Property::Struct(fields.iter().take(FIELDS_MAX).map(column).collect::<BTreeMap<_, _>>())
    });
    structure([("fields", by_column), ("dataset", value.get("dataset").map(inputs))])
}
