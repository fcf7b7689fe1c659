//! A screen's feed: complete state with a strong ETag, waiting for news when asked to; its acknowledgements and
//! heartbeats.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::tag::{Tagged, form_of};
use crate::{
    flow::{
        authorize::{Actor, Role},
        screens::{AckState, Heartbeat, ONLOOKER, PublicKey, Screen, ScreenDocument, Viewer, names},
    },
    http::{
        Site,
        access::Admission,
        problem::{Problem, ProblemCode},
    },
};

#[derive(Deserialize)]
pub(super) struct Patience {
    /// Seconds to wait for a change when the reader holds what stands; at most a minute.
    #[serde(default)]
    wait: u64,
}

/// An acknowledgement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ack {
    warning: String,
    state: AckState,
}

/// The value of `If-None-Match`, when it is text of a reasonable length.
pub(in crate::http) fn held(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_NONE_MATCH)?.to_str().ok().filter(|value| value.len() <= 1000)
}

/// Only a screen's own request counts as its own, and only when it does not say that it is not.
pub(super) fn viewer<'a>(actor: &Actor, headers: &'a HeaderMap) -> Viewer<'a> {
    if actor.role == Role::Screen && !headers.contains_key(ONLOOKER) {
        Viewer::Screen { holds: held(headers) }
    } else {
        Viewer::Onlooker
    }
}

pub(in crate::http) fn tagged(site: &Site, document: &Arc<ScreenDocument>) -> Tagged {
    let (flow, signed) = (site.flow.clone(), Arc::clone(document));
    Tagged {
        sign: Some(Box::new(move |packed| flow.stamped(&signed, packed))),
        packed: Arc::clone(&document.packed),
        dated: Arc::clone(&document.dated),
        body: document.body.clone(),
        etag: document.etag.clone(),
        media_type: "application/json",
        changed_at: Some(document.changed_at),
    }
}

pub(super) fn unknown(id: &str) -> Problem {
    Problem::new(ProblemCode::ScreenNotFound).with("id", id)
}

/// `GET /screens/{id}/feed.json`
pub(super) async fn feed(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    admission: Admission,
    Query(patience): Query<Patience>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = site.flow.screen_document(&id, viewer(&actor, &headers)).await?;
    let mut document: Arc<ScreenDocument> = found.ok_or_else(|| unknown(&id))?;
    if let Some(held) = held(&headers)
        && patience.wait > 0
        && names(held, &document.etag)
    {
        document = change(&site, &id, held, Duration::from_secs(patience.wait), &admission).await?;
    }
    Ok(tagged(&site, &document).answer(&headers))
}

/// Waits for another document than `held`, at most `wait`, as long as whoever waits is still let in.
pub(super) async fn change(
    site: &Site,
    id: &str,
    held: &str,
    wait: Duration,
    admission: &Admission,
) -> Result<Arc<ScreenDocument>, Problem> {
    let mut revocations = site.flow.revocations();
    let mut change = pin!(site.flow.screen_change(id, held, wait));
    let changed = loop {
        tokio::select! {
            changed = change.as_mut() => break changed?,
            revoked = revocations.changed() => {
                if revoked.is_err() || !admission.still_opens(site, id).await {
                    return Err(Problem::new(ProblemCode::KeyRevoked));
                }
            }
        }
    };
    if !admission.still_opens(site, id).await {
        return Err(Problem::new(ProblemCode::KeyRevoked));
    }
    changed.ok_or_else(|| unknown(id))
}

/// `POST /screens/{id}/ack`
pub(super) async fn ack(
    State(site): State<Site>,
    Path(id): Path<String>,
    Json(ack): Json<Ack>,
) -> Result<Response, Problem> {
    if site.flow.screen_ack(&id, &ack.warning, ack.state).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(Problem::new(ProblemCode::WarningNotFound).with("id", ack.warning.chars().take(80).collect::<String>()))
}

/// `POST /screens/{id}/heartbeat`
pub(super) async fn heartbeat(
    State(site): State<Site>,
    Path(id): Path<String>,
    Json(heartbeat): Json<Heartbeat>,
) -> Result<Response, Problem> {
    let taken = site.flow.screen_heartbeat(&id, heartbeat);
    if taken { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(unknown(&id)) }
}

/// `GET /screens/{id}/about.json`: what the screen is, for whoever serves it further on. Who looks after it is not said.
pub(super) async fn about(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<Screen>, Problem> {
    let screen = site.flow.screen(&id).ok_or_else(|| unknown(&id))?.screen;
    Ok(Json(Screen { custodian: None, ..screen }))
}

/// `GET /screens/keys.json`: the keys that sign what screens are told, as a JSON Web Key Set (RFC 7517, RFC 8037),
/// signed like what they sign, so that who knows one of them believes the others.
pub(super) async fn keys(State(site): State<Site>, headers: HeaderMap) -> Response {
    let key = |key: &PublicKey| json!({"kty": "OKP", "crv": "Ed25519", "kid": key.id, "x": key.x, "use": "sig", "alg": "EdDSA"});
    let keys: Vec<Value> = site.flow.screen_keys().iter().map(key).collect();
    let mut tagged = Tagged::of(json!({"keys": keys}).to_string().into(), "application/jwk-set+json", None);
    let (flow, etag) = (site.flow.clone(), tagged.etag.clone());
    tagged.sign = Some(Box::new(move |packed| flow.signed_etag(&form_of(&etag, packed))));
    tagged.answer(&headers).into_response()
}
