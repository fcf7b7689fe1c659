//! Partners as people see them, and the test of one.

use std::sync::{Arc, atomic::Ordering};

use serde::Serialize;

use super::gone;
use crate::{
    config::{Partner, partners::route_name},
    domain::level::Level,
    flow::{
        Parts, Unavailable,
        deliver::{observe, rest},
        record::rfc3339,
    },
};

/// A partner. Its address is shown as far as its host; its secrets are shown as the ids of its keys.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PartnerView {
    pub name: String,
    /// Name of its route, with which it can be paused, resumed and limited.
    pub route: String,
    pub host: String,
    /// `inactive` by configuration, `gone` when it wants no more, else the state of its route: `running`, `trying`,
    /// `throttled`, `resting`, `stopped`, `paused`.
    pub state: String,
    /// Why it gets nothing now, in its own words or those of who paused it.
    pub reason: Option<String>,
    /// Since when it wants no more, RFC 3339.
    pub gone_since: Option<String>,
    pub hazards: Vec<String>,
    pub levels: Vec<Level>,
    pub areas: Vec<String>,
    /// Gets exercises and tests too.
    pub drills: bool,
    /// Deliveries that wait for it or are under way.
    pub pending: u64,
    /// Since the start, RFC 3339; `null` before the first.
    pub last_success_at: Option<String>,
    pub last_error: Option<String>,
    pub last_error_at: Option<String>,
    /// The last ping, RFC 3339; `null` before the first.
    pub last_ping_at: Option<String>,
    /// Whether it was answered with success.
    pub last_ping_ok: Option<bool>,
    /// First eight hexadecimal digits of the SHA-256 of each secret that signs, the current one first.
    pub key_ids: Vec<String>,
    pub as_of: String,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PartnerTest {
    /// The partner answered with success.
    pub ok: bool,
    /// Its words, or ours, when it did not; `inactive` when it gets nothing by configuration.
    pub reason: Option<String>,
    pub took_ms: u64,
}

pub(super) fn view(parts: &Parts, name: &str, partner: &Partner) -> PartnerView {
    let route = parts.routes.get(&route_name(name)).filter(|_| partner.active);
    let gone = parts.partners.gone.read().get(name).cloned();
    let state = match (&route, &gone) {
        (None, _) => "inactive",
        (_, Some(_)) => "gone",
        (Some(route), None) => route.state().name(),
    };
    let waiting = route.map(|route| observe::waiting(parts, route).values().sum::<u64>()).unwrap_or_default();
    let in_flight = route.map(|route| route.in_flight.load(Ordering::Relaxed)).unwrap_or_default();
    let success_ms = route.map(|route| route.last_success_ms.load(Ordering::Relaxed)).filter(|ms| *ms > 0);
    let (error_at, error) = route.and_then(|route| route.last_error()).unzip();
    let ping = route.and_then(|route| route.canary());
    PartnerView {
        name: name.to_owned(),
        route: route_name(name),
        host: host(&partner.url),
        state: state.to_owned(),
        reason: route.and_then(|route| route.state().reason()),
        gone_since: gone.map(|gone| rfc3339(gone.since_ms)),
        hazards: partner.hazards.clone(),
        levels: partner.levels.clone(),
        areas: partner.areas.clone(),
        drills: partner.drills,
        pending: waiting + in_flight,
        last_success_at: success_ms.map(rfc3339),
        last_error: error,
        last_error_at: error_at.map(rfc3339),
        last_ping_at: ping.as_ref().map(|ping| rfc3339(ping.at_ms)),
        last_ping_ok: ping.map(|ping| ping.fault.is_none()),
        key_ids: parts.partners.key_ids.get(name).cloned().unwrap_or_default(),
        as_of: rfc3339(parts.clock.unix_ms()),
    }
}

/// The host of an address; its path may be a secret.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

pub(super) async fn test(parts: &Arc<Parts>, name: &str, by: &str) -> Result<Option<PartnerTest>, Unavailable> {
    if !parts.config.partners.contains_key(name) {
        return Ok(None);
    }
    let Some(route) = parts.routes.get(&route_name(name)) else {
        return Ok(Some(PartnerTest { ok: false, reason: Some("inactive".to_owned()), took_ms: 0 }));
    };
    let began = parts.clock.instant();
    let tested = rest::test(parts, route).await;
    if tested.is_ok() {
        gone::enable(parts, name, by).await?;
    }
    let took = parts.clock.instant().duration_since(began);
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let reason = tested.err().map(|fault| fault.to_string());
    Ok(Some(PartnerTest { ok: reason.is_none(), reason, took_ms }))
}
