//! A screen's feed as Server-Sent Events: the whole document at once and whenever it changes, and every fifteen seconds,
//! signed, that it still stands. State, never deltas: a reader that was away or slow gets the newest, and nothing queues for
//! it. The id of an event is the ETag, so whoever resumes with it and holds what stands is told just that.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::screen::{unknown, viewer};
use crate::{
    flow::{
        authorize::Actor,
        screens::{ScreenDocument, Viewer, Watching, names},
    },
    http::{
        Site,
        access::Admission,
        problem::{Problem, ProblemCode},
    },
};

/// How often a screen is told that what it holds still stands.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Shortest and longest wait before a reader comes back, so that all of them do not come at once.
const RETRY_MS: (f64, f64) = (500.0, 5_000.0);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// `GET /screens/{id}/events`
pub(super) async fn events(
    State(site): State<Site>,
    actor: Actor,
    admission: Admission,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let permit = Arc::clone(&site.screen_streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(ProblemCode::Overloaded).with("what", "screen streams"))?;
    let held = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(|id| format!("\"{id}\""));
    let viewer = match viewer(&actor, &headers) {
        Viewer::Screen { .. } => Viewer::Screen { holds: held.as_deref() },
        Viewer::Onlooker => Viewer::Onlooker,
    };
    // Before looking: what changes in between is not missed.
    let mut watching = site.flow.screen_watching();
    let document = site.flow.screen_document(&id, viewer).await?.ok_or_else(|| unknown(&id))?;
    let retry = RETRY_MS.0 + (RETRY_MS.1 - RETRY_MS.0) * site.clock.fraction();
    let stopping = site.stopping.clone();
    let held = held.filter(|held| names(held, &document.etag));
    let greeting = format!("retry: {retry:.0}\n\n");
    let first = [Bytes::from(greeting), event(&site, &document, held.is_some())];
    watching.was_told(document);
    let reader = Reader { site, id, watching, admission, _permit: permit };
    let events = stream::iter(first).chain(stream::unfold(reader, Reader::next));
    Ok(answer(events.take_until(stopping.cancelled_owned())))
}

fn answer(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events.map(Ok::<_, Infallible>)));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Somebody who listens for what a screen must show.
struct Reader {
    site: Site,
    id: String,
    watching: Watching,
    admission: Admission,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event: another document as soon as there is one, else after a while that this one stands. Ends when the
    /// screen is gone, its key or address was revoked, or the server stops.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            let held = self.watching.holds().cloned();
            let document = self.site.flow.screen_next(&self.id, &mut self.watching, HEARTBEAT).await?;
            let same = held.is_some_and(|held| held.etag == document.etag);
            let put_out = self.watching.was_anybody_put_out();
            // At a change thousands are told at once: each is looked at when somebody was put out, and between changes.
            if (put_out || same) && !self.admission.still_opens(&self.site, &self.id).await {
                return None;
            }
            if self.site.stopping.is_cancelled() {
                return None;
            }
            // That somebody else was put out is nothing to be told.
            if !(put_out && same) {
                return Some((event(&self.site, &document, same), self));
            }
        }
    }
}

/// `document` with all of it, or `stands` to a reader that holds it; each after its signature.
fn event(site: &Site, document: &ScreenDocument, holds: bool) -> Bytes {
    let stamped = site.flow.stamped(document, false);
    let [whole, stands] = stamped.served.get_or_init(|| {
        let id = document.etag.trim_matches('"');
        let signed = json!({"signature_input": stamped.input, "signature": stamped.signature});
        let head = format!("event: signed\ndata: {signed}\n\nid: {id}\n");
        let body = String::from_utf8_lossy(&document.body);
        let event = |kind, data: &str| Bytes::from(format!("{head}event: {kind}\ndata: {data}\n\n"));
        [event("document", &body), event("stands", id)]
    });
    if holds { stands.clone() } else { whole.clone() }
}
