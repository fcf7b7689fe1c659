//! A screen's picture of itself: what it really looks like, for whoever looks after it. Optional, the last one, in memory.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::screen::unknown;
use crate::{
    domain::moment::Moment,
    http::{
        Site, body,
        problem::{Problem, ProblemCode},
    },
};

/// Bytes of a picture at most.
const MOST: usize = 512 * 1024;
const ALLOWED: &str = "image/png, image/jpeg";

/// `POST /screens/{id}/screenshot`
pub(super) async fn take(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let received = body::read(&site, &headers, body, MOST).await?;
    if site.flow.screen(&id).is_none() {
        return Err(unknown(&id));
    }
    let kept = site.flow.keep_screenshot(&id, received.bytes.clone());
    let refused = || Problem::new(ProblemCode::MediaTypeUnsupported).with("got", "?").with("allowed", ALLOWED);
    kept.map(|()| StatusCode::NO_CONTENT.into_response()).ok_or_else(refused)
}

/// `GET /screens/{id}/screenshot`: to look at it is no sign of life of the screen.
pub(super) async fn show(State(site): State<Site>, Path(id): Path<String>) -> Result<Response, Problem> {
    let picture = site.flow.screenshot(&id).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let mut response = Response::new(Body::from(picture.bytes.clone()));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, picture.media_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let taken = Moment::china(picture.at_ms.div_euclid(1000)).to_string();
    headers.extend(HeaderValue::from_str(&taken).ok().map(|taken| (HeaderName::from_static("x-taken-at"), taken)));
    Ok(response)
}
