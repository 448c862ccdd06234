//! An OpenLineage event read strictly: which field is wrong, and what it should be (spec 2-0-2).

use serde_json::{Map, Value};

use super::facet;
use crate::error::{Error, Result};
use crate::model::{ExecutionState, Properties, Timestamp};

/// Datasets that one event may name.
const DATASETS_MAX: usize = 10_000;
/// Longest name, namespace or producer.
const NAME_BYTES_MAX: usize = 4_096;

/// A dataset as an event names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// Where names are unique: `s3://bucket`, `postgres://host:5432`, `file`.
    pub(super) namespace: String,
    /// Its name there.
    pub(super) name: String,
    /// Known facets.
    pub(super) facets: Properties,
}

/// A run's part of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// A UUID.
    pub(super) id: String,
    /// What the event says about its state.
    pub(super) state: Option<ExecutionState>,
    /// Known facets.
    pub(super) facets: Properties,
}

/// An event of any of the three kinds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Received {
    /// When.
    pub(super) time: Timestamp,
    /// Who made it: a URI.
    pub(super) producer: String,
    /// Of a run event.
    pub(super) run: Option<Run>,
    /// Of a run or job event.
    pub(super) job: Option<Named>,
    /// Datasets read.
    pub(super) inputs: Vec<Named>,
    /// Datasets written.
    pub(super) outputs: Vec<Named>,
    /// Of a dataset event.
    pub(super) dataset: Option<Named>,
}

/// Reads an event.
pub(super) fn read(body: &Value) -> Result<Received> {
    let event = object(body, "the event")?;
    let time = text(event, "", "eventTime")?
        .parse::<Timestamp>()
        .map_err(|_| invalid("eventTime: not a date and time with offset as RFC 3339 has them"))?;
    let producer = text(event, "", "producer")?.to_string();
    let run = event.get("run").map(|run| read_run(event, run)).transpose()?;
    let job = event.get("job").map(|job| named(job, "job", &[("facets", facet::JOB)])).transpose()?;
    let dataset =
        event.get("dataset").map(|one| named(one, "dataset", &[("facets", facet::DATASET)])).transpose()?;
    match (&run, &job, &dataset) {
        (Some(_), Some(_), None) | (None, Some(_), None) | (None, None, Some(_)) => {}
        (Some(_), None, _) => return Err(invalid("job: is missing; a run event names its job")),
        (_, Some(_), Some(_)) => {
            return Err(invalid("dataset: stands beside job; send inputs or outputs instead"));
        }
        (None, None, None) => return Err(invalid("run, job or dataset: one of them must be there")),
    }
    let own = facet::DATASET;
    let inputs = list(event, "inputs", &[("facets", own), ("inputFacets", facet::INPUT)])?;
    let outputs = list(event, "outputs", &[("facets", own), ("outputFacets", facet::OUTPUT)])?;
    Ok(Received { time, producer, run, job, inputs, outputs, dataset })
}

fn read_run(event: &Map<String, Value>, run: &Value) -> Result<Run> {
    let run = object(run, "run")?;
    let id = text(run, "run.", "runId")?.to_ascii_lowercase();
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    if groups != [8, 4, 4, 4, 12] || !id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
        return Err(invalid("run.runId: not a UUID"));
    }
    let state = match event.get("eventType") {
        None | Some(Value::Null) => None,
        Some(kind) => match kind.as_str() {
            Some("START" | "RUNNING") => Some(ExecutionState::Running),
            Some("COMPLETE") => Some(ExecutionState::Complete),
            Some("ABORT") => Some(ExecutionState::Canceled),
            Some("FAIL") => Some(ExecutionState::Failed),
            Some("OTHER") => None,
            _ => return Err(invalid("eventType: not one of START, RUNNING, COMPLETE, ABORT, FAIL, OTHER")),
        },
    };
    let facets =
        facet::keep(run.get("facets"), facet::RUN).map_err(|field| wrong_facet("run.facets", &field))?;
    Ok(Run { id, state, facets })
}

fn list(event: &Map<String, Value>, field: &str, facets: &[(&str, &[facet::Facet])]) -> Result<Vec<Named>> {
    let items = match event.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(invalid(format!("{field}: not an array"))),
    };
    if items.len() > DATASETS_MAX {
        return Err(invalid(format!("{field}: more than {DATASETS_MAX} datasets")));
    }
    items.iter().enumerate().map(|(at, item)| named(item, &format!("{field}[{at}]"), facets)).collect()
}

fn named(value: &Value, place: &str, facets: &[(&str, &[facet::Facet])]) -> Result<Named> {
    let fields = object(value, place)?;
    let prefix = format!("{place}.");
    let mut kept = Properties::new();
    for (field, known) in facets {
        let found = facet::keep(fields.get(*field), known);
        kept.extend(found.map_err(|wrong| wrong_facet(&format!("{place}.{field}"), &wrong))?);
    }
    let namespace = text(fields, &prefix, "namespace")?.to_string();
    Ok(Named { namespace, name: text(fields, &prefix, "name")?.to_string(), facets: kept })
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| invalid(format!("{place}: not an object")))
}

fn text<'a>(fields: &'a Map<String, Value>, prefix: &str, field: &str) -> Result<&'a str> {
    let wrong = |what: &str| Err(invalid(format!("{prefix}{field}: {what}")));
    match fields.get(field) {
        None | Some(Value::Null) => wrong("is missing"),
        Some(Value::String(text)) if text.is_empty() => wrong("is empty"),
        Some(Value::String(text)) if text.len() > NAME_BYTES_MAX => wrong("is longer than 4096 bytes"),
        Some(Value::String(text)) if text.contains('\0') => wrong("holds a zero byte"),
        Some(Value::String(text)) => Ok(text),
        Some(_) => wrong("not a string"),
    }
}

fn wrong_facet(place: &str, field: &str) -> Error {
    invalid(if field.is_empty() {
        format!("{place}: not an object")
    } else {
        format!("{place}.{field}: not an object")
    })
}

fn invalid(context: impl std::fmt::Display) -> Error {
    Error::invalid("take lineage event", context)
}
