//! The router: rows of the table, the command line's own door, health, metrics, pages; limits around all of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequestParts as _, Path, Query, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, get, on, post};
use catalog::model::Principal;
use catalog::{Error, Result};
use serde_json::Value;

use super::input::Input;
use super::{Route, Shape, State, answer, openapi, table::ROUTES};
use crate::error::face;
use crate::ops::{Answer, Operation};

/// Bytes of a request's body. OpenLineage events with many facets are the largest that come.
const BODY_BYTES_MAX: usize = 8 << 20;
/// How long a client waits for work that goes on without it.
const LONG_WAIT: Duration = Duration::from_secs(20);
/// How long a client may take to send its body.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// The router over what is open.
pub(crate) fn router(state: Arc<State>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let method = if route.method == "GET" { MethodFilter::GET } else { MethodFilter::POST };
        let state = state.clone();
        let handler = move |request: Request| handle(state.clone(), route, request);
        router = router.route(route.path, on(method, handler));
    }
    let with = |handler: fn(Arc<State>, Request) -> BoxedResponse| {
        let state = state.clone();
        move |request: Request| handler(state.clone(), request)
    };
    router
        .route("/v1/operations", post(with(|state, request| Box::pin(operations(state, request)))))
        .route("/api/v1/lineage", post(with(|state, request| Box::pin(report(state, request)))))
        .route("/v1/openapi.json", get(with(|state, request| Box::pin(document(state, request)))))
        .route("/metrics", get(with(|state, request| Box::pin(metrics(state, request)))))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(with(|state, _| Box::pin(ready(state)))))
        .fallback(|| async {
            answer::refusal(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such route; see /v1/openapi.json",
            )
        })
        .merge(crate::ui::router(&state))
        .layer(middleware::from_fn(harden))
}

type BoxedResponse = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

/// Headers that keep answers out of caches and frames.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

async fn handle(state: Arc<State>, route: &'static Route, request: Request) -> Response {
    let who = match state.guard.bearer(&state.app.catalog, request.headers()) {
        Ok(who) => who,
        Err(error) => return unauthenticated(&error),
    };
    let operation = match read(route, request).await {
        Ok(operation) => operation,
        Err(error) => return answer::failure(&error, false),
    };
    let tell_causes = is_local(&who);
    let running = tokio::spawn(ask(state, operation, who));
    if route.shape == Shape::Long {
        return match tokio::time::timeout(LONG_WAIT, running).await {
            Ok(ended) => respond(ended, route.shape, tell_causes),
            Err(_) => answer::accepted(),
        };
    }
    respond(running.await, route.shape, tell_causes)
}

fn respond(
    ended: std::result::Result<Result<Answer>, tokio::task::JoinError>,
    shape: Shape,
    tell_causes: bool,
) -> Response {
    match ended {
        Ok(Ok(done)) => answer::success(done, shape),
        Ok(Err(error)) => answer::failure(&error, tell_causes),
        Err(error) => {
            let error = Error::internal("answer", "the work broke off").with_source(error);
            answer::failure(&error, tell_causes)
        }
    }
}

/// Carries an operation out and counts it. Always in a task of its own: a client that goes away must not stop an
/// erasure between two steps.
pub(crate) async fn ask(state: Arc<State>, operation: Operation, who: Principal) -> Result<Answer> {
    let (name, began) = (operation.name(), Instant::now());
    let ended = operation.run(&state.app, &who).await;
    let outcome = ended.as_ref().map_or_else(|error| face(error.kind).code, |_| "ok");
    state.metrics.asked(name, outcome, began.elapsed());
    tracing::debug!(operation = name, outcome, "asked");
    ended
}

async fn read(route: &'static Route, request: Request) -> Result<Operation> {
    let wrong = |what: &str| Error::invalid("read request", what);
    let (mut parts, body) = request.into_parts();
    let path: Path<HashMap<String, String>> =
        Path::from_request_parts(&mut parts, &()).await.map_err(|_| wrong("the path is not UTF-8"))?;
    let query: Query<HashMap<String, String>> =
        Query::from_request_parts(&mut parts, &()).await.map_err(|_| wrong("the query cannot be read"))?;
    let body = if parts.method == Method::POST { json_body(body).await? } else { Value::Null };
    let input = Input { path: path.0, query: query.0, body };
    input.refuse_unknown(route.body)?;
    (route.operation)(&input)
}

async fn body_bytes(body: Body) -> Result<Bytes> {
    let read = tokio::time::timeout(BODY_WAIT, to_bytes(body, BODY_BYTES_MAX)).await;
    let read = read.map_err(|_| Error::invalid("read request", "the body did not come in time"))?;
    read.map_err(|_| {
        let context = format!("the body broke off or has more than {} MiB", BODY_BYTES_MAX >> 20);
        Error::new(catalog::ErrorKind::Limit, "read request", context)
    })
}

async fn json_body(body: Body) -> Result<Value> {
    let bytes = body_bytes(body).await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    // Never the parser's own words: they can repeat a piece of the body.
    serde_json::from_slice(&bytes).map_err(|error| {
        let context = format!("the body is no JSON at line {} column {}", error.line(), error.column());
        Error::invalid("read request", context)
    })
}

/// The command line's own door: an operation as it is, to its end.
async fn operations(state: Arc<State>, request: Request) -> Response {
    let who = match state.guard.bearer(&state.app.catalog, request.headers()) {
        Ok(who) => who,
        Err(error) => return unauthenticated(&error),
    };
    let operation = json_body(request.into_body()).await.and_then(|body| {
        serde_json::from_value::<Operation>(body)
            .map_err(|_| Error::invalid("read request", "this is no operation of this version"))
    });
    let operation = match operation {
        Ok(operation) => operation,
        Err(error) => return answer::failure(&error, false),
    };
    let tell_causes = is_local(&who);
    match tokio::spawn(ask(state, operation, who)).await {
        Ok(Ok(done)) => axum::Json(done).into_response(),
        ended => respond(ended, Shape::One, tell_causes),
    }
}

/// OpenLineage's own route: a run, job or dataset event as its clients send it.
async fn report(state: Arc<State>, request: Request) -> Response {
    let who = match state.guard.bearer(&state.app.catalog, request.headers()) {
        Ok(who) => who,
        Err(error) => return unauthenticated(&error),
    };
    let event = match json_body(request.into_body()).await {
        Ok(event) => event,
        Err(error) => return answer::failure(&error, false),
    };
    match tokio::spawn(ask(state, Operation::LineageReport { event }, who)).await {
        Ok(Ok(done)) => answer::success(done, Shape::Made),
        ended => respond(ended, Shape::Made, false),
    }
}

/// The document holds no data, but nothing is served to strangers.
async fn document(state: Arc<State>, request: Request) -> Response {
    match state.guard.bearer(&state.app.catalog, request.headers()) {
        Ok(_) => axum::Json(openapi::document()).into_response(),
        Err(error) => unauthenticated(&error),
    }
}

/// Open to scrapers on the same machine while the daemon listens on loopback alone; else to any holder of a token.
async fn metrics(state: Arc<State>, request: Request) -> Response {
    let near =
        request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|from| from.0.ip().is_loopback());
    if !(state.loopback && near)
        && let Err(error) = state.guard.bearer(&state.app.catalog, request.headers())
    {
        return unauthenticated(&error);
    }
    let text = state.app.catalog.sequence().and_then(|commits| state.metrics.text(commits));
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => answer::failure(&error, false),
    }
}

/// Ready once the catalog answers.
async fn ready(state: Arc<State>) -> Response {
    match state.app.catalog.sequence() {
        Ok(_) => "ready\n".into_response(),
        Err(error) => answer::failure(&error, false),
    }
}

pub(crate) fn unauthenticated(error: &Error) -> Response {
    answer::refusal(StatusCode::UNAUTHORIZED, "unauthenticated", &error.to_string())
}

/// Whether a proxy in front says that the browser speaks HTTPS.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"))
}

fn is_local(who: &Principal) -> bool {
    who.name.starts_with("local:")
}
