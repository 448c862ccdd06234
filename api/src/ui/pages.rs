//! The pages: each asks its operation and draws the answer.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State as Of};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use catalog::model::Role;
use catalog::{Error, Result};
use serde_json::Value;

use super::grid::{FeatureView, Grid, NO_LINK, facts, features, path};
use super::said::{self, SaidView};
use super::{Frame, Visitor, page, wrong};
use crate::ops::{Direction, LineageQuery, Operation, Paging};
use crate::routes::State;
use crate::view::{Column, Look};

/// Rows that a page shows.
const ROWS: usize = 200;

const SEARCH: &[Column] = &[
    ("name", "/name", Look::Plain),
    ("what", "/kind", Look::Plain),
    ("format", "/format", Look::Plain),
    ("size", "/bytes", Look::Bytes),
    ("where", "/uri", Look::Plain),
];
const DATASETS: &[Column] = &[
    ("dataset", "/name", Look::Plain),
    ("root", "/root", Look::Plain),
    ("format", "/format", Look::Plain),
    ("blobs", "/blobs", Look::Count),
    ("rows", "/rows", Look::Count),
    ("size", "/bytes", Look::Bytes),
];
const DATASET: &[Column] = &[
    ("where", "/uri", Look::Plain),
    ("format", "/format", Look::Plain),
    ("packed", "/compression", Look::Plain),
    ("partitions", "/partition_keys", Look::Plain),
    ("blobs", "/blobs", Look::Plain),
    ("rows", "/rows", Look::Plain),
    ("size", "/bytes", Look::Bytes),
];
const ANOMALIES: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("anomaly", "/kind", Look::Plain),
    ("feature", "/feature", Look::Plain),
    ("reason", "/reason", Look::Plain),
];
const FILES: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("format", "/format", Look::Plain),
    ("layers", "/layers", Look::Plain),
    ("rows", "/rows", Look::Count),
    ("size", "/size", Look::Bytes),
    ("modified", "/modified", Look::Time),
];
const LINEAGE: &[Column] = &[
    ("from", "/from", Look::Plain),
    ("to", "/to", Look::Plain),
    ("kind", "/kind", Look::Plain),
    ("confidence", "/confidence", Look::Count),
    ("evidence", "/evidence", Look::Plain),
];
const RUNS: &[Column] = &[
    ("run", "/id", Look::Plain),
    ("type", "/type", Look::Plain),
    ("state", "/state", Look::Plain),
    ("started", "/started", Look::Time),
    ("seconds", "/seconds", Look::Count),
    ("about", "/properties", Look::Plain),
];
const RUN: &[Column] = &[
    ("type", "/type", Look::Plain),
    ("name", "/name", Look::Plain),
    ("state", "/state", Look::Plain),
    ("started", "/started", Look::Time),
    ("ended", "/ended", Look::Time),
    ("seconds", "/seconds", Look::Count),
    ("read", "/inputs", Look::Plain),
    ("written", "/outputs", Look::Plain),
];
const PROPERTY: &[Column] = &[("property", "/0", Look::Plain), ("value", "/1", Look::Plain)];
const REQUESTS: &[Column] = &[
    ("request", "/request", Look::Plain),
    ("status", "/status", Look::Plain),
    ("kinds", "/kinds", Look::Plain),
    ("requested by", "/requester", Look::Plain),
    ("received", "/received", Look::Time),
    ("due", "/due", Look::Time),
];
const REQUEST: &[Column] = &[
    ("status", "/status", Look::Plain),
    ("plan", "/plan", Look::Plain),
    ("hash", "/hash", Look::Plain),
    ("kinds of identifiers", "/kinds", Look::Plain),
    ("requested by", "/requester", Look::Plain),
    ("received", "/received", Look::Time),
    ("due", "/due", Look::Time),
    ("basis", "/legal_basis", Look::Plain),
    ("approved by", "/approval/by", Look::Plain),
    ("approved until", "/approval/expires", Look::Time),
    ("places left", "/verification/hits", Look::Plain),
];
/// Without paths and members: they can name the person.
const STEPS: &[Column] = &[
    ("step", "/step", Look::Count),
    ("method", "/method", Look::Plain),
    ("rows go", "/rows_removed", Look::Count),
    ("rows stay", "/rows_kept", Look::Count),
    ("state", "/state", Look::Plain),
    ("reason", "/reason", Look::Plain),
];

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    query: String,
    wrong: String,
    heading: String,
    facets: Vec<FacetView>,
    grid: Grid,
}

/// A facet beside the hits: its name, and values with counts and links.
struct FacetView {
    name: String,
    values: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "dataset.html")]
struct DatasetPage {
    frame: Frame,
    said: SaidView,
    facts: Vec<(&'static str, String)>,
    features: Vec<FeatureView>,
    anomalies: Grid,
    files: Grid,
    lineage: Grid,
}

#[derive(Template)]
#[template(path = "grid.html")]
struct GridPage {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    grid: Grid,
}

#[derive(Template)]
#[template(path = "request.html")]
pub(super) struct RequestPage {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    steps: Grid,
    next: String,
    wrong: String,
    plan: String,
    hash: String,
    hash_start: String,
    may_approve: bool,
}

/// The visitor, or the way to the login.
pub(super) fn visitor(
    state: &Arc<State>,
    headers: &HeaderMap,
) -> std::result::Result<Visitor, Box<Response>> {
    Visitor::of(state, headers).ok_or_else(|| Box::new(Redirect::to("/ui/login").into_response()))
}

/// Search, and all datasets for who searches nothing.
pub(super) async fn search(
    Of(state): Of<Arc<State>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    let query = query.get("q").map(|query| query.trim().to_owned()).unwrap_or_default();
    let paging = Paging { limit: Some(ROWS), after: None };
    let (asked, columns, none) = if query.is_empty() {
        let all = Operation::Datasets { which: None, files: false, as_of: None, paging };
        (visitor.ask(all).await, DATASETS, "Nothing was crawled yet: headwater crawl /data/lake")
    } else {
        let search =
            Operation::Search { query: query.clone(), limit: Some(ROWS), facets: false, as_of: None };
        (visitor.ask(search).await, SEARCH, "Nothing fits; * is everything.")
    };
    let facets = match asked.is_ok() {
        true => facets(&visitor, if query.is_empty() { "*" } else { &query }).await,
        false => Vec::new(),
    };
    let (rows, problem, status) = match asked {
        Ok(answer) => (answer.rows, String::new(), StatusCode::OK),
        Err(error) => (Vec::new(), error.to_string(), StatusCode::BAD_REQUEST),
    };
    let heading =
        if query.is_empty() { format!("{} datasets", rows.len()) } else { format!("{} found", rows.len()) };
    let frame = visitor.frame("Search");
    let grid = Grid::of(&rows, columns, dataset_link, none);
    page(&SearchPage { frame, query, wrong: problem, heading, facets, grid }, status)
}

/// Values of each facet that the page shows.
const VALUES_SHOWN: usize = 8;

/// Facets with more than one value; each value leads to the same query with it.
async fn facets(visitor: &Visitor, query: &str) -> Vec<FacetView> {
    // A term at the end would narrow the last alternative only.
    if query.split_whitespace().any(|term| term == "OR") {
        return Vec::new();
    }
    let asked = Operation::SearchFacets { query: query.to_owned(), values: Some(VALUES_SHOWN), as_of: None };
    let rows = visitor.ask(asked).await.map(|answer| answer.rows).unwrap_or_default();
    let mut facets: Vec<FacetView> = Vec::new();
    for row in rows.iter().skip(1) {
        let name = Look::Plain.text(&row["facet"]);
        let narrowed = format!("{query} {}", Look::Plain.text(&row["query"]));
        let href = path("/ui?q=", narrowed.strip_prefix("* ").unwrap_or(&narrowed));
        let value = (Look::Plain.text(&row["value"]), Look::Count.text(&row["count"]), href);
        match facets.last_mut().filter(|facet| facet.name == name) {
            Some(facet) => facet.values.push(value),
            None => facets.push(FacetView { name, values: vec![value] }),
        }
    }
    facets.retain(|facet| facet.values.len() > 1 || matches!(facet.name.as_str(), "tag" | "owner"));
    facets
}

/// Datasets have a page; blobs have none of their own.
fn dataset_link(row: &Value) -> Option<String> {
    let is_blob = row["kind"] == "blob";
    row["id"].as_str().filter(|_| !is_blob).map(|id| path("/ui/datasets/", id))
}

/// One dataset.
pub(super) async fn dataset(
    Of(state): Of<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    match draw_dataset(&visitor, &id).await {
        Ok(template) => page(&template, StatusCode::OK),
        Err(error) => wrong(&visitor, &error),
    }
}

async fn draw_dataset(visitor: &Visitor, id: &str) -> Result<DatasetPage> {
    let row = first(visitor.ask(Operation::DatasetShow { which: id.to_owned(), as_of: None }).await?.rows)?;
    let query = LineageQuery {
        thing: row["id"].as_str().map(str::to_owned),
        direction: Direction::Both,
        depth: Some(2),
        dot: false,
    };
    let paging = Paging { limit: Some(ROWS), after: None };
    let edges = visitor.ask(Operation::Lineage { query, as_of: None, paging }).await?;
    let list = |key: &str| row[key].as_array().cloned().unwrap_or_default();
    Ok(DatasetPage {
        frame: visitor.frame(Look::Plain.text(&row["name"])),
        said: said::view(&row, visitor),
        facts: facts(&row, DATASET),
        features: features(&row),
        anomalies: Grid::of(&list("anomalies"), ANOMALIES, NO_LINK, "Nothing is wrong with it."),
        files: Grid::of(&list("files"), FILES, NO_LINK, "No blob is left."),
        lineage: Grid::of(&edges.rows, LINEAGE, NO_LINK, "No edge is known."),
    })
}

/// What ran.
pub(super) async fn runs(Of(state): Of<Arc<State>>, headers: HeaderMap) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    let paging = Paging { limit: Some(ROWS), after: None };
    match visitor.ask(Operation::Runs { as_of: None, paging }).await {
        Ok(answer) => {
            let link = |row: &Value| row["id"].as_i64().map(|id| format!("/ui/runs/{id}"));
            let grid = Grid::of(&answer.rows, RUNS, link, "Nothing ran yet.");
            page(&GridPage { frame: visitor.frame("Runs"), facts: Vec::new(), grid }, StatusCode::OK)
        }
        Err(error) => wrong(&visitor, &error),
    }
}

/// One run.
pub(super) async fn run(Of(state): Of<Arc<State>>, Path(id): Path<i64>, headers: HeaderMap) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    match visitor.ask(Operation::RunShow { id, as_of: None }).await.and_then(|answer| first(answer.rows)) {
        Ok(row) => {
            let properties = row["properties"].as_object().cloned().unwrap_or_default();
            let properties: Vec<Value> =
                properties.into_iter().map(|(name, value)| Value::Array(vec![name.into(), value])).collect();
            let grid = Grid::of(&properties, PROPERTY, NO_LINK, "It has no properties.");
            let frame = visitor.frame(format!("Run {id}"));
            page(&GridPage { frame, facts: facts(&row, RUN), grid }, StatusCode::OK)
        }
        Err(error) => wrong(&visitor, &error),
    }
}

/// Erasure requests.
pub(super) async fn requests(Of(state): Of<Arc<State>>, headers: HeaderMap) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    match visitor.ask(Operation::EraseList { as_of: None }).await {
        Ok(answer) => {
            let link = |row: &Value| row["request"].as_str().map(|id| path("/ui/requests/", id));
            let grid = Grid::of(&answer.rows, REQUESTS, link, "There is no request.");
            page(&GridPage { frame: visitor.frame("Erasures"), facts: Vec::new(), grid }, StatusCode::OK)
        }
        Err(error) => wrong(&visitor, &error),
    }
}

/// One request with its plan.
pub(super) async fn request(
    Of(state): Of<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match visitor(&state, &headers) {
        Ok(visitor) => draw_request(&visitor, &id, None).await,
        Err(login) => *login,
    }
}

/// The page of a request, perhaps with what went wrong with an approval.
pub(super) async fn draw_request(visitor: &Visitor, id: &str, problem: Option<Error>) -> Response {
    let shown = visitor.ask(Operation::EraseShow { which: id.to_owned(), as_of: None }).await;
    let row = match shown.and_then(|answer| first(answer.rows)) {
        Ok(row) => row,
        Err(error) => return wrong(visitor, &error),
    };
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let is_own =
        row["requester"] == visitor.who.name.as_str() || row["body"]["by"] == visitor.who.name.as_str();
    let hash = text("hash");
    let template = RequestPage {
        frame: visitor.frame(format!("Erasure {}", text("request"))),
        facts: facts(&row, REQUEST),
        steps: Grid::of(
            row["steps"].as_array().map_or(&[], Vec::as_slice),
            STEPS,
            NO_LINK,
            "There is no plan yet.",
        ),
        next: text("next"),
        wrong: problem.as_ref().map(ToString::to_string).unwrap_or_default(),
        plan: text("plan"),
        hash_start: hash.chars().take(8).collect(),
        may_approve: row["status"] == "planned"
            && visitor.who.may(Role::Approver)
            && visitor.session.is_some()
            && !is_own,
        hash,
    };
    let status = if problem.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    page(&template, status)
}

fn first(rows: Vec<Value>) -> Result<Value> {
    rows.into_iter().next().ok_or_else(|| Error::not_found("show page", "there is nothing to show"))
}
