//! Pages for people, drawn on the server: search, dataset, runs, erasures. No script; every page is one operation or
//! two, asked with the visitor's own rights, so what a token may not see no page shows.
//!
//! | file | owns |
//! |---|---|
//! | [`pages`] | the pages |
//! | [`said`] | tags, owners and descriptions |
//! | [`session`] | logging in and out, forms |
//! | [`grid`] | tables and facts of answers |
//! | `*.html`, `style.css` | what they look like |

pub(crate) mod grid;
mod pages;
mod said;
mod session;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use catalog::model::{Principal, Role};
use catalog::{Error, Result};

use crate::error::face;
use crate::ops::{Answer, Operation};
use crate::routes::State;
use crate::routes::guard::Session;
use crate::routes::server::ask;

/// What every page has around it.
pub(crate) struct Frame {
    /// The title.
    pub(crate) title: String,
    /// The visitor's name; empty before the login.
    pub(crate) who: String,
    /// What forms send back.
    pub(crate) guard: String,
    /// Whether erasures are the visitor's business.
    pub(crate) privacy: bool,
}

/// Someone at a page.
pub(crate) struct Visitor {
    pub(crate) who: Principal,
    pub(crate) session: Option<Session>,
    pub(crate) state: Arc<State>,
}

impl Visitor {
    /// Who sends these headers, if anybody we know.
    fn of(state: &Arc<State>, headers: &HeaderMap) -> Option<Self> {
        let (who, session) = state.guard.visitor(&state.app.catalog, headers)?;
        Some(Self { who, session, state: state.clone() })
    }

    /// Asks with the visitor's rights.
    async fn ask(&self, operation: Operation) -> Result<Answer> {
        match tokio::spawn(ask(self.state.clone(), operation, self.who.clone())).await {
            Ok(ended) => ended,
            Err(error) => Err(Error::internal("answer", "the work broke off").with_source(error)),
        }
    }

    fn frame(&self, title: impl Into<String>) -> Frame {
        Frame {
            title: title.into(),
            who: self.who.name.clone(),
            guard: self.session.as_ref().map(|session| session.form_guard.clone()).unwrap_or_default(),
            privacy: self.who.may(Role::PrivacyOfficer) || self.who.may(Role::Approver),
        }
    }
}

#[derive(Template)]
#[template(path = "wrong.html")]
struct Wrong {
    frame: Frame,
    wrong: String,
}

/// Routes of the pages.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let home = || async { Redirect::to("/ui") };
    let style = || async {
        (
            [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "max-age=3600")],
            include_str!("style.css"),
        )
    };
    Router::new()
        .route("/", get(home))
        .route("/ui/style.css", get(style))
        .route("/ui", get(pages::search))
        .route("/ui/datasets/{id}", get(pages::dataset))
        .route("/ui/datasets/{id}/annotate", post(said::annotate))
        .route("/ui/runs", get(pages::runs))
        .route("/ui/runs/{id}", get(pages::run))
        .route("/ui/requests", get(pages::requests))
        .route("/ui/requests/{id}", get(pages::request))
        .route("/ui/requests/{id}/approve", post(session::approve))
        .route("/ui/login", get(session::login_page).post(session::log_in))
        .route("/ui/logout", post(session::log_out))
        .with_state(state.clone())
}

/// A drawn page.
fn page(template: &impl Template, status: StatusCode) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "page failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says what is wrong.
fn wrong(visitor: &Visitor, error: &Error) -> Response {
    let status = StatusCode::from_u16(face(error.kind).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page(&Wrong { frame: visitor.frame("That did not work"), wrong: error.to_string() }, status)
}
