//! Logging in and out, and forms that change something: taken only with the session's own guard.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State as Of};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use catalog::Error;

use super::pages::{draw_request, visitor};
use super::{Frame, Visitor, page};
use crate::ops::Operation;
use crate::routes::State;
use crate::routes::server::is_https;

type Fields = HashMap<String, String>;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    wrong: String,
}

fn login(wrong: &str, status: StatusCode) -> Response {
    let frame = Frame { title: "Log in".into(), who: String::new(), guard: String::new(), privacy: false };
    page(&LoginPage { frame, wrong: wrong.into() }, status)
}

/// The form for a token.
pub(super) async fn login_page() -> Response {
    login("", StatusCode::OK)
}

/// Begins a session.
pub(super) async fn log_in(
    Of(state): Of<Arc<State>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    // A foreign page could otherwise log a visitor in as somebody else and watch what is typed.
    if is_foreign(&headers) {
        return login("this form came from another site", StatusCode::FORBIDDEN);
    }
    let secret = fields.get("token").map(String::as_str).unwrap_or_default();
    match state.guard.log_in(&state.app.catalog, secret, is_https(&headers)) {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/ui")).into_response(),
        Err(_) => login("this token is unknown or revoked", StatusCode::UNAUTHORIZED),
    }
}

/// Ends a session.
pub(super) async fn log_out(
    Of(state): Of<Arc<State>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    if !is_ours(&visitor, &headers, &fields) {
        return login("this form is not from this session", StatusCode::FORBIDDEN);
    }
    ([(header::SET_COOKIE, state.guard.log_out(&headers))], Redirect::to("/ui/login")).into_response()
}

/// Approves a plan whose hash the approver looked at and typed the beginning of.
pub(super) async fn approve(
    Of(state): Of<Arc<State>>,
    Path(plan): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let visitor = match visitor(&state, &headers) {
        Ok(visitor) => visitor,
        Err(login) => return *login,
    };
    if !is_ours(&visitor, &headers, &fields) {
        let error =
            Error::denied("approve erasure plan", "this form is not from this session; load the page anew");
        return draw_request(&visitor, &plan, Some(error)).await;
    }
    let field = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let (typed, hash) = (field("typed").to_lowercase(), field("hash"));
    if typed.len() < 8 || !hash.starts_with(&typed) {
        let error =
            Error::conflict("approve erasure plan", "the characters typed are not the hash's first ones");
        return draw_request(&visitor, &plan, Some(error)).await;
    }
    match visitor.ask(Operation::EraseApprove { plan: plan.clone(), hash }).await {
        Ok(_) => Redirect::to(&super::grid::path("/ui/requests/", &plan)).into_response(),
        Err(error) => draw_request(&visitor, &plan, Some(error)).await,
    }
}

/// Whether a form was drawn by us, for this session.
pub(super) fn is_ours(visitor: &Visitor, headers: &HeaderMap, fields: &Fields) -> bool {
    let Some(session) = &visitor.session else { return false };
    !is_foreign(headers) && fields.get("guard").is_some_and(|guard| *guard == session.form_guard)
}

/// Browsers say from where a request comes (Fetch Metadata); what says nothing is no browser of today.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}
