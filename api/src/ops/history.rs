//! What ran and who did what: executions of the graph, and the hash-chained audit log.

use std::collections::HashMap;

use catalog::lineage::graph;
use catalog::model::{Digest, Event, Execution, ExecutionId, ExecutionState, Type, TypeId};
use catalog::{AsOf, Catalog, Error, Result};
use serde_json::{Value, json};

use super::{Answer, Paging};

/// Audit entries read at a time while the chain is checked.
const AUDIT_PAGE_ENTRIES: usize = 4_096;

/// Executions, newest first; edges that a detector inferred are no runs.
pub(super) fn runs(catalog: &Catalog, as_of: AsOf, paging: &Paging) -> Result<Answer> {
    let names: HashMap<TypeId, String> =
        catalog.all::<Type>(as_of)?.into_iter().map(|of| (of.id, of.name)).collect();
    let type_name = |of: TypeId| names.get(&of).map_or("unknown", String::as_str);
    let mut executions: Vec<Execution> = catalog.all(as_of)?;
    executions.retain(|execution| type_name(execution.type_id) != graph::INFERRED_EDGE.name);
    executions.sort_by_key(|execution| std::cmp::Reverse((execution.started, execution.id)));
    paging.cut(executions.iter().map(|execution| row(execution, type_name(execution.type_id))).collect())
}

/// One execution with what it read and wrote.
pub(super) fn run_show(catalog: &Catalog, id: i64, as_of: AsOf) -> Result<Answer> {
    let execution: Execution = catalog
        .get(&ExecutionId(id), as_of)?
        .ok_or_else(|| Error::not_found("show run", format!("no run {id}; see `headwater runs`")))?;
    let of: Option<Type> = catalog.get(&execution.type_id, as_of)?;
    let events: Vec<Event> = graph::events_of_execution(catalog, ExecutionId(id))?;
    let mut row = row(&execution, of.as_ref().map_or("unknown", |of| &of.name));
    let (inputs, outputs): (Vec<&Event>, Vec<&Event>) =
        events.iter().partition(|event| event.kind.is_input());
    row["inputs"] = json!(inputs.len());
    row["outputs"] = json!(outputs.len());
    Ok(Answer::one(row))
}

fn row(execution: &Execution, of: &str) -> Value {
    let state = match execution.state {
        // A run that never said how it ended is no longer running if its process is not; the reader can tell by the time.
        ExecutionState::Running => "running",
        ExecutionState::Complete => "complete",
        ExecutionState::Failed => "failed",
        ExecutionState::Canceled => "canceled",
        ExecutionState::Cached => "cached",
        ExecutionState::New => "new",
        ExecutionState::Unknown => "unknown",
    };
    let seconds = execution.ended.map(|ended| (ended.0 - execution.started.0) as f64 / 1e6);
    json!({
        "id": execution.id,
        "type": of,
        "name": execution.name,
        "state": state,
        "started": execution.started,
        "ended": execution.ended,
        "seconds": seconds,
        "properties": execution.properties,
    })
}

/// Audit entries, newest first.
pub(super) fn audit(catalog: &Catalog, paging: &Paging) -> Result<Answer> {
    let mut entries = catalog.audit(1, usize::MAX)?;
    entries.reverse();
    let row = |entry: &catalog::model::AuditEntry| {
        json!({
            "number": entry.number,
            "at": entry.at,
            "principal": entry.principal,
            "action": entry.action,
            "thing": entry.thing,
            "outcome": entry.outcome,
            "hash": entry.hash,
        })
    };
    paging.cut(entries.iter().map(row).collect())
}

/// Walks the chain from its beginning; any changed, missing or moved entry breaks it.
pub(super) fn verify(catalog: &Catalog) -> Result<Answer> {
    let mut previous = Digest([0; 32]);
    let mut number = 0;
    loop {
        let entries = catalog.audit(number + 1, AUDIT_PAGE_ENTRIES)?;
        for entry in &entries {
            let whole = entry.number == number + 1
                && entry.previous == previous
                && entry.expected_hash() == entry.hash;
            if !whole {
                let row =
                    json!({"holds": false, "entries": number, "broken_at": number + 1, "head": previous});
                return Ok(Answer::one(row)
                    .say(format!("the chain breaks at entry {}: entries were changed or lost", number + 1))
                    .nothing());
            }
            (number, previous) = (entry.number, entry.hash);
        }
        if entries.len() < AUDIT_PAGE_ENTRIES {
            break;
        }
    }
    let row = json!({"holds": true, "entries": number, "head": previous});
    Ok(Answer::one(row).say(format!("{number} entries, and the chain holds")))
}
