//! Answers and errors as HTTP responses: JSON, one shape for each.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shape;
use crate::error::{Error, chain, face};
use crate::ops::Answer;

/// An answer in the shape of its route.
pub(crate) fn success(answer: Answer, shape: Shape) -> Response {
    if let (Some(text), true) = (&answer.text, answer.rows.is_empty()) {
        return verbatim(text.clone());
    }
    if let Some(bytes) = answer.bytes.as_deref().and_then(|bytes| hex::decode(bytes).ok()) {
        let is_archive = bytes.starts_with(b"PK");
        let kind = if is_archive { "application/zip" } else { "application/vnd.apache.arrow.stream" };
        let kind = HeaderValue::from_static(kind);
        return ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    }
    match shape {
        Shape::Page | Shape::Items => {
            let body = json!({"items": answer.rows, "next": answer.next, "messages": answer.messages});
            Json(body).into_response()
        }
        Shape::One | Shape::Long => Json(one(answer)).into_response(),
        Shape::Made => (StatusCode::CREATED, Json(one(answer))).into_response(),
    }
}

fn one(mut answer: Answer) -> Value {
    if answer.rows.is_empty() { Value::Null } else { answer.rows.swap_remove(0) }
}

/// A text that is JSON, DOT or CSV already.
fn verbatim(text: String) -> Response {
    let kind = match text.as_bytes().first() {
        Some(b'{' | b'[') => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

/// Work that goes on after the response.
pub(crate) fn accepted() -> Response {
    let body = json!({"state": "running", "message": "it goes on; ask for the plan or the runs to see how far it is"});
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

/// An error with its stable code. Causes are for the log and for the owner of the machine.
pub(crate) fn failure(error: &Error, tell_causes: bool) -> Response {
    let face = face(error.kind);
    if face.status >= 500 {
        tracing::error!(code = face.code, error = chain(error), "request failed");
    }
    let message = if tell_causes { chain(error) } else { error.to_string() };
    let status = StatusCode::from_u16(face.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    refusal(status, face.code, &message)
}

/// A refusal with a code of HTTP's own.
pub(crate) fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let mut response = (status, Json(json!({"code": code, "message": message}))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
