//! Partners: other systems that get every released warning that concerns them, and what concerns somebody.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use fenghuo_contract::Channel;
use serde::Deserialize;

use super::{Breaker, Config, Route, authority::matches, pace::default_red_share};
use crate::domain::{area::AreaCode, level::Level, message::Message};

/// A partner's system and what it wants to hear of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Where events are posted.
    pub url: String,
    /// Files with one secret each (`whsec_…`), the current one first; every one of them signs.
    #[serde(default)]
    pub secret_files: Vec<PathBuf>,
    /// Hazard codes, `*` at the end matches any rest.
    #[serde(default = "everything")]
    pub hazards: Vec<String>,
    #[serde(default = "every_level")]
    pub levels: Vec<Level>,
    /// Area codes; a warning concerns a partner when an area of one contains one of the other.
    #[serde(default = "everything")]
    pub areas: Vec<String>,
    /// Gets exercises and tests too.
    #[serde(default)]
    pub drills: bool,
    /// Gets anything at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// Networks of the inside that its address may be in.
    #[serde(default)]
    pub allow_private: Vec<String>,
    /// PEM file with certificate authorities trusted besides those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How long one call may take.
    #[serde(default = "fifteen_seconds", with = "super::seconds")]
    pub timeout_s: Duration,
    /// A signed ping after so long without a delivery; 0 = none.
    #[serde(default = "one_hour", with = "super::seconds")]
    pub ping_s: Duration,
}

pub(super) fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

fn every_level() -> Vec<Level> {
    Level::ALL.to_vec()
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn fifteen_seconds() -> Duration {
    Duration::from_secs(15)
}

fn one_hour() -> Duration {
    Duration::from_secs(3600)
}

impl Partner {
    /// Whether a message at a level concerns the partner by hazard, level and area.
    #[must_use]
    pub fn is_concerned(&self, message: &Message, level: Level) -> bool {
        self.levels.contains(&level)
            && is_of_hazard(&self.hazards, message)
            && is_of_area(&self.areas, message) != Some(false)
    }

    /// The one route that leads to the partner: paused, tested, paced and taken out of service like any other, and
    /// without a part in what others carry.
    fn route(&self, name: &str) -> Route {
        let files = self.secret_files.iter().map(|file| file.display().to_string().into()).collect();
        let nets = self.allow_private.iter().map(|net| net.clone().into()).collect();
        let timeout_ms = i64::try_from(self.timeout_s.as_millis()).unwrap_or(i64::MAX);
        let mut settings = toml::Table::from_iter([
            ("url".to_owned(), self.url.clone().into()),
            ("secret_files".to_owned(), toml::Value::Array(files)),
            ("allow_private".to_owned(), toml::Value::Array(nets)),
            ("timeout_ms".to_owned(), timeout_ms.into()),
        ]);
        settings.extend(self.ca_file.iter().map(|file| ("ca_file".to_owned(), file.display().to_string().into())));
        Route {
            channel: Channel::Webhook,
            adapter: "webhook".to_owned(),
            drill: self.drills,
            actual: true,
            rate_per_s: None,
            rate_unit: None,
            per_minute: None,
            per_day: None,
            hard_cap: false,
            red_share: default_red_share(),
            batch: None,
            window: None,
            red_window: None,
            timeout_s: self.timeout_s,
            callback_secret_file: None,
            callback_signatures: fenghuo_contract::SignatureCheck::default(),
            standby: false,
            canary_s: self.ping_s,
            breaker: Breaker::default(),
            cost_per_unit: None,
            settings,
            partner: Some(name.to_owned()),
        }
    }
}

/// The name of the route that leads to a partner.
#[must_use]
pub fn route_name(partner: &str) -> String {
    format!("{}.{partner}", Channel::Webhook)
}

impl Config {
    /// With a route for every active partner. Done twice it changes nothing more.
    #[must_use]
    pub fn with_partner_routes(mut self) -> Self {
        let active = self.partners.iter().filter(|(_, partner)| partner.active);
        let routes: BTreeMap<String, Route> =
            active.map(|(name, partner)| (route_name(name), partner.route(name))).collect();
        for (name, route) in routes {
            self.routes.entry(name).or_insert(route);
        }
        self
    }
}

/// Whether a message is about one of some hazards; `*` alone also means messages that name none.
#[must_use]
pub fn is_of_hazard(patterns: &[String], message: &Message) -> bool {
    let mut codes = message.infos.iter().flat_map(|info| &info.event_codes);
    patterns.iter().any(|pattern| pattern == "*")
        || codes.any(|code| patterns.iter().any(|pattern| matches(pattern, &code.value)))
}

/// Whether a message is about one of some areas: one contains the other. `None` when it cannot be said, because the
/// message names places only in ways that are no area codes.
#[must_use]
pub fn is_of_area(areas: &[String], message: &Message) -> Option<bool> {
    if areas.iter().any(|area| area == "*") {
        return Some(true);
    }
    let own: Vec<AreaCode> = areas.iter().filter_map(|area| area.parse().ok()).collect();
    let named: Vec<AreaCode> = message.infos.iter().flat_map(|info| &info.areas).flat_map(AreaCode::of_area).collect();
    let touches = |area: &AreaCode| own.iter().any(|own| own.contains(*area) || area.contains(*own));
    (!named.is_empty()).then(|| named.iter().any(touches))
}
