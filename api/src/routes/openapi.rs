//! The table of routes as an OpenAPI 3.1 document; `docs/openapi.json` is this, checked in and compared.

use serde_json::{Map, Value, json};

use super::table::ROUTES;
use super::{Parameter, Route, Shape};

/// The document.
pub(crate) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Headwater",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "A data-lake catalog that knows blobs by their bytes and erases one person's data with proof.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer", "description": "From `headwater token create`.",
            }},
            "schemas": {
                "Error": {
                    "type": "object", "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string", "description": "Stable; what programs tell errors apart by."},
                        "message": {"type": "string"},
                    },
                },
                "Items": {
                    "type": "object", "required": ["items"],
                    "properties": {
                        "items": {"type": "array", "items": {"type": "object"}},
                        "next": {"type": ["string", "null"], "description": "Pass it as `after` for the next page."},
                        "messages": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path);
    parameters.extend(route.query.iter().map(query_parameter));
    if route.shape == Shape::Page {
        parameters.push(json!({"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}));
        parameters.push(json!({"name": "after", "in": "query", "schema": {"type": "string"}, "description": "The cursor of the page before."}));
    }
    let mut operation = json!({"summary": route.summary, "operationId": operation_id(route)});
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if !route.body.is_empty() {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": body(route.body)}}});
    }
    operation["responses"] = responses(route.shape);
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/v1/").replace(['{', '}'], "").replace('/', "_");
    format!("{}_{words}", route.method.to_lowercase())
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect()
}

fn query_parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name, "in": "query", "required": parameter.required,
        "schema": schema(parameter.kind), "description": parameter.about,
    })
}

fn body(fields: &[Parameter]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = schema(field.kind);
        schema["description"] = json!(field.about);
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

fn schema(kind: &str) -> Value {
    match kind {
        "strings" => json!({"type": "array", "items": {"type": "string"}}),
        "time" => json!({"type": "string", "format": "date-time"}),
        other => json!({"type": other}),
    }
}

fn responses(shape: Shape) -> Value {
    let object = json!({"application/json": {"schema": {"type": "object"}}});
    let error = json!({"description": "What went wrong.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}});
    let done = match shape {
        Shape::Page | Shape::Items => {
            json!({"200": {"description": "Done.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Items"}}}}})
        }
        Shape::One => json!({"200": {"description": "Done.", "content": object}}),
        Shape::Made => json!({"201": {"description": "Made.", "content": object}}),
        Shape::Long => json!({
            "200": {"description": "Done.", "content": object},
            "202": {"description": "It takes longer and goes on.", "content": object},
        }),
    };
    let mut responses = done;
    responses["default"] = error;
    responses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_document_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let text = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let checked_in = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            checked_in == text,
            "routes changed: run UPDATE=1 cargo test -p headwater openapi, and read the diff"
        );
    }

    #[test]
    fn operation_ids_are_unique() {
        let mut ids: Vec<_> = ROUTES.iter().map(operation_id).collect();
        ids.sort();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
