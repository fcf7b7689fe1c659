//! What machines and screens fetch: each screen's feed and kiosk page, the public feed of warnings, CAP documents.

mod atom;
pub(super) mod cap;
mod element;
mod geojson;
pub(super) mod kiosk;
mod listing;
pub(super) mod player;
mod rss;
pub(super) mod screen;
mod screenshot;
mod stream;
pub(super) mod tag;

use super::routes::{Access, RouteSpec};
use crate::{config::Config, flow::authorize::Role};

/// Who may look over a screen's shoulder.
const ONLOOKERS: &[Role] = &[Role::Operator, Role::Auditor];

/// The entries of the route table.
#[must_use]
pub fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/screens/{id}", Access::screen(ONLOOKERS), kiosk::page),
        RouteSpec::get("/screens/{id}/feed.json", Access::screen(ONLOOKERS), screen::feed),
        RouteSpec::get("/screens/{id}/events", Access::screen(ONLOOKERS), stream::events),
        RouteSpec::get("/screens/{id}/current.cap", Access::screen(ONLOOKERS), player::merged),
        RouteSpec::get("/screens/{id}/feed.txt", Access::screen(ONLOOKERS), player::plain),
        RouteSpec::get("/screens/{id}/about.json", Access::screen(ONLOOKERS), screen::about),
        RouteSpec::post("/screens/{id}/ack", Access::screen(&[]), screen::ack),
        RouteSpec::post("/screens/{id}/heartbeat", Access::screen(&[]), screen::heartbeat),
        RouteSpec::post("/screens/{id}/screenshot", Access::screen(&[]), screenshot::take),
        RouteSpec::get("/screens/{id}/screenshot", Access::screen(ONLOOKERS), screenshot::show),
        RouteSpec::get("/screens/keys.json", Access::public(), screen::keys),
        RouteSpec::get("/feeds/warnings.atom", Access::public(), atom::feed),
        RouteSpec::get("/feeds/warnings.rss", Access::public(), rss::feed),
        RouteSpec::get("/feeds/active.geojson", Access::public(), geojson::feed),
        RouteSpec::get("/feeds/cap/{file}", Access::public(), cap::document),
        RouteSpec::get("/cap/{file}", Access::public(), cap::document),
    ]
}

/// How the outside reaches this server, without a slash at the end.
pub(super) fn public_url(config: &Config) -> String {
    let url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{}", config.server.listen));
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests;
