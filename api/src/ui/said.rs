//! What people say of a dataset, as its page shows it and takes it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{Form, Path, State as Of};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use catalog::model::Role;
use catalog::{Error, Result};
use serde_json::Value;

use super::pages::visitor;
use super::session::is_ours;
use super::{Visitor, grid, wrong};
use crate::ops::{Operation, Saying};
use crate::routes::State;

/// Tags, owners and the description of a dataset.
pub(crate) struct SaidView {
    pub(crate) tags: Vec<(String, String)>,
    /// As the form shows them: with commas between.
    pub(crate) tags_text: String,
    pub(crate) owners_text: String,
    pub(crate) description: String,
    /// Where the form goes; empty for who may not send it.
    pub(crate) action: String,
}

/// Reads it off a dataset's row.
pub(crate) fn view(row: &Value, visitor: &Visitor) -> SaidView {
    let tags = texts(&row["tags"]);
    let search = |tag: &String| (tag.clone(), grid::path("/ui?q=", &format!("tag:{tag}")));
    let may = visitor.session.is_some() && visitor.who.may(Role::Steward);
    let id = row["id"].as_str().unwrap_or_default();
    SaidView {
        tags: tags.iter().map(search).collect(),
        tags_text: join(&tags),
        owners_text: join(&texts(&row["owners"])),
        description: row["description"].as_str().unwrap_or_default().to_owned(),
        action: if may { grid::path("/ui/datasets/", id) + "/annotate" } else { String::new() },
    }
}

/// What people say of a column: its tags, then its description.
pub(crate) fn of_column(row: &Value, name: &str) -> String {
    let columns = row["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(said) = columns.iter().find(|column| column["name"] == name) else { return String::new() };
    let tags = texts(&said["tags"]).into_iter().collect::<Vec<_>>();
    let parts = [tags.join(", "), said["description"].as_str().unwrap_or_default().to_owned()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Takes the form: what stands in it is all that is said from now on.
pub(super) async fn annotate(
    Of(state): Of<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    if !is_ours(&visitor, &headers, &fields) {
        let error = Error::denied("annotate", "this form is not from this session; load the page anew");
        return wrong(&visitor, &error);
    }
    match say(&visitor, &id, &fields).await {
        Ok(()) => Redirect::to(&grid::path("/ui/datasets/", &id)).into_response(),
        Err(error) => wrong(&visitor, &error),
    }
}

async fn say(visitor: &Visitor, id: &str, fields: &HashMap<String, String>) -> Result<()> {
    let shown = visitor.ask(Operation::DatasetShow { which: id.to_owned(), as_of: None }).await?;
    let row = shown.rows.into_iter().next().unwrap_or_default();
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let (tags, owners) = (texts(&row["tags"]), texts(&row["owners"]));
    let (new_tags, new_owners) = (split(field("tags")), split(field("owners")));
    let saying = Saying {
        tags: new_tags.difference(&tags).cloned().collect(),
        untag: tags.difference(&new_tags).cloned().collect(),
        owners: new_owners.difference(&owners).cloned().collect(),
        disown: owners.difference(&new_owners).cloned().collect(),
        description: Some(field("description").to_owned()),
    };
    let operation = Operation::Annotate { which: id.to_owned(), column: String::new(), saying };
    visitor.ask(operation).await.map(drop)
}

fn texts(value: &Value) -> BTreeSet<String> {
    let texts = value.as_array().map_or(&[][..], Vec::as_slice);
    texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn join(texts: &BTreeSet<String>) -> String {
    texts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn split(text: &str) -> BTreeSet<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
