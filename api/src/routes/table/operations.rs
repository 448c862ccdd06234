//! Operations whose input takes more than a line to read.

use catalog::{Error, Result};
use serde_json::Value;

use crate::auth::parse_role;
use crate::ops::{Decision, Direction, LineageQuery, Operation, SqlFormat, SqlQuery};
use crate::routes::input::Input;

pub(super) fn lineage(input: &Input) -> Result<Operation> {
    let direction = match input.text("direction").as_deref() {
        None | Some("both") => Direction::Both,
        Some("up") => Direction::Up,
        Some("down") => Direction::Down,
        Some(_) => return Err(Error::invalid("read request", "direction is up, down or both")),
    };
    let query = LineageQuery {
        thing: input.text("thing"),
        direction,
        depth: input.number("depth")?,
        dot: input.flag("dot"),
    };
    Ok(Operation::Lineage { query, as_of: input.time("as_of")?, paging: input.paging()? })
}

pub(super) fn sql(input: &Input) -> Result<Operation> {
    let format = match input.body_text("format")?.as_deref() {
        None | Some("json") => SqlFormat::Json,
        Some("csv") => SqlFormat::Csv,
        Some("arrow") => SqlFormat::Arrow,
        Some(_) => return Err(Error::invalid("read request", "format is json, csv or arrow")),
    };
    let limit = match input.body.get("limit") {
        None | Some(Value::Null) => None,
        Some(limit) => {
            let wrong = || Error::invalid("read request", "limit is no number of rows");
            Some(limit.as_u64().ok_or_else(wrong)?)
        }
    };
    Ok(Operation::Sql {
        query: SqlQuery { query: input.body_required("query")?, format, limit, as_of: input.time("as_of")? },
    })
}

pub(super) fn new_token(input: &Input) -> Result<Operation> {
    let roles = input.body_texts("roles")?;
    let roles: std::result::Result<_, String> = roles.iter().map(|role| parse_role(role)).collect();
    let roles = roles.map_err(|reason| Error::invalid("create token", reason))?;
    Ok(Operation::TokenCreate { name: input.body_required("name")?, roles })
}

pub(super) fn finding_rule(input: &Input) -> Result<Operation> {
    let decision = match input.body_required("decision")?.as_str() {
        "confirm" => Decision::Confirm,
        "reject" => Decision::Reject,
        "forget" => Decision::Forget,
        _ => return Err(Error::invalid("read request", "decision is confirm, reject or forget")),
    };
    Ok(Operation::FindingRule {
        which: input.body_required("dataset")?,
        feature: input.body_text("feature")?.unwrap_or_default(),
        kind: input.body_required("kind")?,
        decision,
        spread: input.body_flag("spread")?,
    })
}

pub(super) fn erase_plan(input: &Input) -> Result<Operation> {
    Ok(Operation::ErasePlan {
        ids: input.body_texts("ids")?,
        request: input.body_text("request")?,
        legal_basis: input.body_text("legal_basis")?,
        rectify: input.body_text("rectify")?,
        with: input.body_text("with")?,
        received: input.body_time("received")?,
        scan: input.body_flag("scan")?,
    })
}

pub(super) fn refusal(input: &Input) -> Result<Operation> {
    let ground = serde_json::from_value(Value::String(input.body_required("ground")?));
    let ground = ground.map_err(|_| {
        let known = "expression, legal_obligation, public_health, archiving, legal_claims, unfounded or not_identified";
        Error::invalid("read request", format!("ground is {known}"))
    })?;
    let (which, reason) = (input.part("id")?, input.body_required("reason")?);
    Ok(Operation::EraseRefuse { which, ground, reason })
}

pub(super) fn erase_show(input: &Input) -> Result<Operation> {
    Ok(Operation::EraseShow { which: input.part("id")?, as_of: input.time("as_of")? })
}
