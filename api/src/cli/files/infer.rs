//! `headwater schema infer`: one schema that the rows of some files fit, without a catalog.

use catalog::model::{FeaturePath, FeatureType, Schema, Value};
use catalog::schema::{Profiler, merge};
use catalog::{Error, Result};
use crawler::content::Content;
use crawler::format::tree::{Visit, walk};
use crawler::format::{At, Bounds, FormatError, Sink};
use serde_json::json;

use super::inputs::Inputs;
use crate::cli::render::{self, Column, Look};
use crate::cli::say;

const COLUMNS: &[Column] = &[
    ("feature", "/name", Look::Plain),
    ("type", "/type", Look::Plain),
    ("required", "/required", Look::Plain),
    ("domain", "/domain", Look::Plain),
];

/// Prints the merged schema.
///
/// # Errors
/// If a file cannot be read.
pub(crate) async fn run(paths: Vec<String>, bounds: Bounds, as_json: bool) -> Result<u8> {
    let (mut schemas, mut rows) = (Vec::new(), 0);
    let looked = Inputs { paths }
        .each(&mut |path, content| {
            for (part_rows, schema) in schemas_of(path, content, &bounds)? {
                rows += part_rows;
                schemas.push(schema);
            }
            Ok(())
        })
        .await;
    let Some(schema) = merge(&schemas) else {
        looked?;
        say("no rows were found");
        return Ok(crate::error::EXIT_NOTHING);
    };
    let features: Vec<_> = schema.features.iter().map(crate::ops::feature_row).collect();
    if as_json {
        let line = json!({"id": schema.id, "rows": rows, "parts": schemas.len(), "schema": features});
        render::write_stdout(format!("{line}\n").as_bytes())?;
    } else {
        render::write_stdout(render::table(&features, COLUMNS).as_bytes())?;
        say(&format!("{rows} rows in {} parts", schemas.len()));
    }
    looked.map(|()| 0)
}

/// Rows and schema of each part that has rows.
fn schemas_of(path: &str, content: &Content, bounds: &Bounds) -> Result<Vec<(u64, Schema)>> {
    let mut schemas = Vec::new();
    walk(content, path, bounds, &mut |visit| {
        match visit {
            Visit::Part(node) => {
                let Some(read) = node.format.read else { return Ok(()) };
                let mut profiling = Profiling { profiler: Profiler::new(), done: Vec::new(), path };
                match read(node.content, node.dialect, bounds, &mut profiling) {
                    Err(FormatError::Io(error)) => return Err(FormatError::Io(error)),
                    Err(error) => say(&format!("{path}: {error}")),
                    Ok(()) => {}
                }
                profiling.table("");
                schemas.append(&mut profiling.done);
            }
            Visit::Anomaly(anomaly) => say(&format!("{path}: {}", anomaly.reason)),
        }
        Ok(())
    })
    .map_err(|error| Error::unavailable("read file", "").with_source(error))?;
    Ok(schemas)
}

struct Profiling<'a> {
    profiler: Profiler,
    done: Vec<(u64, Schema)>,
    path: &'a str,
}

impl Sink for Profiling<'_> {
    fn table(&mut self, _: &str) {
        let profile = std::mem::take(&mut self.profiler).finish();
        if !profile.schema.features.is_empty() {
            self.done.push((profile.rows, profile.schema));
        }
    }

    fn feature(&mut self, path: &FeaturePath, kind: Option<FeatureType>) -> usize {
        self.profiler.feature(path, kind)
    }

    fn row(&mut self, _: u64) {
        self.profiler.row();
    }

    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        self.profiler.cell(feature, &value);
    }

    fn anomaly(&mut self, _: catalog::model::AnomalyKind, reason: String) {
        say(&format!("{}: {reason}", self.path));
    }
}
