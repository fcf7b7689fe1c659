//! What the screens of the building get: the addresses of the gateway, with the age of every word.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

use super::{
    Building, Post,
    kept::{Kept, Told},
};
use crate::{
    domain::area::AreaCode,
    flow::screens::{KIOSK_PARAMETER, PublicKey, Screen, WAIT_MAX, etag_of, names},
    http::follower,
};

/// Bytes of what a screen says at most.
const SAID_MAX: usize = 64 * 1024;
/// How often a listening screen is told how things are.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Since when nothing was heard of the gateway, Unix seconds; present when the line is cut.
const CUT_SINCE: HeaderName = HeaderName::from_static("fenghuo-cut-since");

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    k: String,
    /// Seconds to wait for a change.
    #[serde(default)]
    wait: u64,
}

pub(super) fn router(building: Arc<Building>) -> Router {
    Router::new()
        .route("/screens/keys.json", get(keys))
        .route("/screens/{id}", get(page))
        .route("/screens/{id}/feed.json", get(feed))
        .route("/screens/{id}/events", get(events))
        .route("/screens/{id}/feed.txt", get(plain))
        .route("/screens/{id}/current.cap", get(merged))
        .route("/screens/{id}/ack", post(ack))
        .route("/screens/{id}/heartbeat", post(heartbeat))
        .route("/assets/{name}", get(follower::asset))
        .layer(DefaultBodyLimit::max(SAID_MAX))
        .with_state(building)
}

impl Building {
    /// The screen whose token this is; whoever has none learns nothing about which screens there are.
    fn opened(&self, id: &str, asked: &Asked) -> Result<&Post, StatusCode> {
        let post = self.posts.get(id).filter(|post| bool::from(post.token.as_bytes().ct_eq(asked.k.as_bytes())));
        post.ok_or(StatusCode::NOT_FOUND)
    }

    fn told(&self, post: &Post) -> Option<(Arc<Kept>, Told)> {
        let kept = post.kept.borrow().clone()?;
        let told = kept.told(self.clock.unix(), post.is_refused())?;
        Some((kept, told))
    }

    /// When nothing is known that still counts: not that all is calm, but that we do not know.
    fn unknown(&self, post: &Post) -> Response {
        let since = post.kept.borrow().as_ref().map(|kept| kept.created);
        let title = if post.is_refused() {
            "上级网关已注销此屏幕，现状不明 · The gateway lets this screen in no more: what stands now is not known"
        } else {
            "上级网关失联，现状不明 · Cut off from the gateway: what stands now is not known"
        };
        let words = json!({"title": title});
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::RETRY_AFTER, "5"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, headers, words.to_string()).into_response();
        response.headers_mut().extend(since.map(|since| (CUT_SINCE, HeaderValue::from(since))));
        response
    }
}

async fn feed(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let post = building.opened(&id, &asked)?;
    let held = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let held = held.filter(|held| held.len() <= 1000).unwrap_or_default();
    post.claim.send_replace(Some(held.to_owned()));
    let mut changes = post.kept.subscribe();
    let holds =
        |told: &Option<(Arc<Kept>, Told)>| told.as_ref().is_some_and(|(_, told)| names(held, &told.document.etag));
    let mut told = building.told(post);
    if asked.wait > 0 && holds(&told) {
        let change = async {
            while holds(&told) && changes.changed().await.is_ok() {
                told = building.told(post);
            }
        };
        // A wait that ends without a change is answered with what stands.
        let _changed = timeout(Duration::from_secs(asked.wait).min(WAIT_MAX), change).await.is_ok();
        told = building.told(post);
    }
    let Some((kept, told)) = told else { return Ok(building.unknown(post)) };
    Ok(answer(&kept, told, held, building.clock.unix()))
}

fn answer(kept: &Kept, told: Told, held: &str, now: i64) -> Response {
    let same = names(held, &told.document.etag);
    let body = if same { Body::empty() } else { Body::from(told.document.body) };
    let mut response = Response::new(body);
    *response.status_mut() = if same { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::AGE, HeaderValue::from((now - kept.created).max(0)));
    headers.extend(told.cut_since.map(|since| (CUT_SINCE, HeaderValue::from(since))));
    headers.extend(HeaderValue::try_from(told.document.etag).ok().map(|etag| (header::ETAG, etag)));
    if told.signed {
        for (name, text) in [("signature-input", &kept.input), ("signature", &kept.signature)] {
            headers.extend(HeaderValue::try_from(text).ok().map(|text| (HeaderName::from_static(name), text)));
        }
    }
    response
}

/// Lines of text for controllers of LED lines, as the gateway gives them.
async fn plain(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let text = |kept: &Kept, told: &Told, _: i64| {
        let room = kept.about.characters.map(|characters| characters as usize);
        Some(follower::lines(&told.document, room))
    };
    let post = building.opened(&id, &asked)?;
    Ok(building.player(post, &headers, "text/plain; charset=utf-8", text))
}

/// One CAP document for content systems that take a single address; empty when it is calm.
async fn merged(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let post = building.opened(&id, &asked)?;
    Ok(building.player(post, &headers, follower::CAP, |kept, told, now| told.cap(kept, now)))
}

impl Building {
    /// What is told in a form that players of others read. What is not known is no empty text: that would say that all is calm.
    fn player(
        &self,
        post: &Post,
        asked: &HeaderMap,
        media_type: &'static str,
        form: impl Fn(&Kept, &Told, i64) -> Option<String>,
    ) -> Response {
        let now = self.clock.unix();
        let told = self.told(post).and_then(|(kept, told)| Some((form(&kept, &told, now)?, kept, told)));
        let Some((text, kept, told)) = told else { return self.unknown(post) };
        let etag = etag_of(text.as_bytes());
        let held = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let same = names(held, &etag);
        let mut response = Response::new(if same { Body::empty() } else { Body::from(text) });
        *response.status_mut() = if same { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::AGE, HeaderValue::from((now - kept.created).max(0)));
        headers.extend(told.cut_since.map(|since| (CUT_SINCE, HeaderValue::from(since))));
        headers.extend(HeaderValue::try_from(etag).ok().map(|etag| (header::ETAG, etag)));
        response
    }
}

impl Post {
    fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

async fn page(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, StatusCode> {
    let post = building.opened(&id, &asked)?;
    let now_ms = building.clock.unix_ms();
    let query = format!("&{KIOSK_PARAMETER}={}", post.token);
    let kept = post.kept.borrow().clone();
    let Some(kept) = kept else {
        let unheard = Screen::new(&id, "", AreaCode::EVERYWHERE);
        return Ok(follower::page(&unheard, None, Some(0), now_ms, query));
    };
    let told = kept.told(now_ms.div_euclid(1000), post.is_refused());
    let (document, cut_since) = match &told {
        Some(told) => (Some(&told.document), told.cut_since),
        None => (None, Some(kept.created)),
    };
    Ok(follower::page(&kept.about, document, cut_since, now_ms, query))
}

async fn keys(State(building): State<Arc<Building>>) -> Response {
    let key = |key: &PublicKey| json!({"kty": "OKP", "crv": "Ed25519", "kid": key.id, "x": key.x, "use": "sig", "alg": "EdDSA"});
    let keys: Vec<_> = building.uplink.keys().iter().map(key).collect();
    ([(header::CONTENT_TYPE, "application/jwk-set+json")], json!({"keys": keys}).to_string()).into_response()
}

async fn ack(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let post = building.opened(&id, &asked)?;
    Ok(building.uplink.pass_on(post, "ack", body, true).await.unwrap_or(StatusCode::ACCEPTED))
}

async fn heartbeat(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let post = building.opened(&id, &asked)?;
    Ok(building.uplink.pass_on(post, "heartbeat", body, false).await.unwrap_or(StatusCode::ACCEPTED))
}

/// The document when it changes, that it stands, or since when the line is cut.
async fn events(
    State(building): State<Arc<Building>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, StatusCode> {
    let post = building.opened(&id, &asked)?;
    let changes = post.kept.subscribe();
    let listener = (Arc::clone(&building), id, changes, String::new());
    let events = stream::unfold(listener, |(building, id, mut changes, mut holds)| async move {
        let post = building.posts.get(&id)?;
        if !holds.is_empty() {
            // Nothing new for a while: the reader is told how things are.
            let news = timeout(HEARTBEAT, changes.changed()).await;
            if matches!(news, Ok(Err(_))) {
                return None;
            }
        }
        let text = event(building.told(post), post, &mut holds);
        Some((Ok::<_, Infallible>(Bytes::from(text)), (building, id, changes, holds)))
    });
    let greeting = stream::iter([Ok(Bytes::from_static(b"retry: 2000\n\n"))]);
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(greeting.chain(events))).into_response())
}

/// One event; `holds` is the ETag of the document the reader was told last.
fn event(told: Option<(Arc<Kept>, Told)>, post: &Post, holds: &mut String) -> String {
    let cut = |since: i64| format!("event: cut\ndata: {since}\n\n");
    let Some((kept, told)) = told else {
        "-".clone_into(holds);
        return cut(post.kept.borrow().as_ref().map_or(0, |kept| kept.created));
    };
    let id = told.document.etag.trim_matches('"').to_owned();
    let mut text = String::new();
    if told.signed {
        let signed = json!({"signature_input": kept.input, "signature": kept.signature});
        text.push_str(&format!("event: signed\ndata: {signed}\n\n"));
    }
    if *holds != told.document.etag {
        let body = String::from_utf8_lossy(&told.document.body);
        text.push_str(&format!("id: {id}\nevent: document\ndata: {body}\n\n"));
    } else if told.cut_since.is_none() {
        text.push_str(&format!("id: {id}\nevent: stands\ndata: {id}\n\n"));
    }
    text.extend(told.cut_since.map(cut));
    holds.clone_from(&told.document.etag);
    text
}
