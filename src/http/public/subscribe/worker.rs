//! `/push-worker.js`: what runs in a subscribed browser when a warning comes. It stands at the root because a worker answers for
//! the folder it stands in.

use axum::{
    body::Body,
    http::{HeaderMap, Response},
};

use crate::http::feeds::tag::Tagged;

/// `GET /push-worker.js`
pub(in crate::http::public) async fn script(headers: HeaderMap) -> Response<Body> {
    Tagged::of(include_str!("push-worker.js").into(), "text/javascript; charset=utf-8", None).answer(&headers)
}
