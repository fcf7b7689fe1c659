//! What holds for every request: its id, its one line in the log, the gate in front of all handlers, the headers that
//! every answer carries.

mod linger;

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::{
    Site,
    problem::{self, Problem, ProblemCode},
};
use crate::{clock::Clock, flow::authorize::Actor};

/// Requests whose handlers run at the same time, long polls included.
const HANDLERS_MAX: usize = 32_768;

/// The header that carries a request's id both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Scripts, styles, pictures and connections of this server only; nothing may frame its pages.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// Names one request in its answer, in its problem document and in the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The caller's own id, when it is 1 to 64 letters, digits, `.`, `_` or `-`; a new one otherwise.
    fn of(headers: &HeaderMap, clock: &Clock) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| {
            (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        });
        Self(given.map_or_else(|| uuid::Uuid::from_bytes(clock.random()).simple().to_string().into(), Into::into))
    }
}

/// Puts the layers that hold for every request around a router.
pub fn layers(router: Router<Site>, site: &Site) -> Router<Site> {
    let gate = Arc::new(Semaphore::new(HANDLERS_MAX));
    router
        .layer(from_fn_with_state((gate, site.clone()), admit))
        .layer(from_fn(catch))
        .layer(from_fn(linger::linger))
        .layer(from_fn(problem::write))
        .layer(from_fn_with_state(site.clone(), observe))
}

/// Turns requests away when the server stops or too many are running.
async fn admit(State((gate, site)): State<(Arc<Semaphore>, Site)>, request: Request, next: Next) -> Response {
    if site.stopping.is_cancelled() {
        return Problem::new(ProblemCode::Stopping).into_response();
    }
    let Ok(_permit) = gate.try_acquire() else {
        return Problem::new(ProblemCode::Overloaded).with("what", "requests").into_response();
    };
    next.run(request).await
}

/// A panic of a handler is an answer for its caller and a line in the log, and concerns nobody else.
async fn catch(request: Request, next: Next) -> Response {
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        Problem::internal(format!("panic: {}", words.unwrap_or_default())).into_response()
    })
}

/// Gives the request its id, its answer the common headers, and writes one line and the metrics when it is answered.
async fn observe(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers(), &site.clock);
    request.extensions_mut().insert(id.clone());
    // The template, never the address itself: that may hold the token of a screen or of a callback.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let started = site.clock.instant();
    let mut response = next.run(request).await;
    common_headers(response.headers_mut(), &id);
    let took = started.elapsed();
    let problem = response.extensions_mut().remove::<Problem>();
    let code = problem.as_ref().map_or("", |problem| problem.code().name());
    site.telemetry.request(&method, &route, response.status(), code, took);
    let key = response.extensions().get::<Actor>().map_or("", |actor| actor.key.as_str());
    let (status, took_ms) = (response.status().as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let cause = problem.as_ref().and_then(Problem::cause).unwrap_or_default();
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request = %id.0, %method, route, status, code, cause, key, took_ms, "request failed");
    } else {
        tracing::info!(request = %id.0, %method, route, status, code, cause, key, took_ms, "request");
    }
    response
}

/// Gives an answer that was not made behind these layers the headers they would.
pub(super) fn named(response: &mut Response, asked: &HeaderMap, clock: &Clock) {
    common_headers(response.headers_mut(), &RequestId::of(asked, clock));
}

fn common_headers(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in
        [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "no-referrer"), (CACHE_CONTROL, "no-store")]
    {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
