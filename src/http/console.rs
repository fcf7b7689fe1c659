//! The operators' pages: rendered on the server, readable without script, nothing from elsewhere.
//!
//! One page a file. Each turns what the flow tells into words and numbers ready to print; the templates stand in
//! `templates/console/`. The one script replaces the live blocks of a page and says when it no longer can.

mod analysis;
pub(crate) mod assets;
mod board;
mod calls;
mod deliveries;
mod education;
mod form;
mod frame;
mod inbox;
mod lift;
mod login;
mod measures;
mod notices;
mod partners;
mod progress;
mod retry;
mod roster;
mod routes;
mod screens;
mod show;
mod sign_off;
mod suppressions;
mod warning;
pub(crate) mod words;

pub(super) use self::{board::escape, warning::is_public};
use super::{
    api::{ANALYSTS, CONFIRMERS, DECIDERS, INBOX_READERS, ORDERERS, TELEPHONISTS},
    routes::{Access, RouteSpec},
};
use crate::flow::authorize::Role;

/// Who sees warnings and their numbers.
const READERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator, Role::Auditor, Role::Admin];
/// Who sees single deliveries, masked, and who is on duty; an issuer only deliveries of its own warnings.
const DELIVERY_READERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator, Role::Auditor];
/// Who lifts and corrects; an issuer only its own warnings.
const LIFTERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator];
/// Who signs.
const SIGNERS: &[Role] = &[Role::Approver];
/// Who sees routes, screens and partners.
const KEEPERS: &[Role] = &[Role::Approver, Role::Operator, Role::Auditor, Role::Admin];
/// Who pauses and resumes routes, tests partners and hands out addresses of screens.
const OPERATORS: &[Role] = &[Role::Operator, Role::Admin];

/// The entries of the route table.
#[must_use]
pub fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/console", Access::public(), login::lead_in),
        RouteSpec::get("/console/login", Access::public(), login::page),
        RouteSpec::post("/console/login", Access::public(), login::sign_in),
        RouteSpec::post("/console/sign-out", Access::page(READERS), login::sign_out),
        RouteSpec::get("/console/", Access::page(READERS), board::page),
        RouteSpec::get("/console/warnings/{id}", Access::page(READERS), warning::page),
        RouteSpec::get("/console/warnings/{id}/deliveries", Access::page(DELIVERY_READERS), deliveries::page),
        RouteSpec::get("/console/warnings/{id}/lift", Access::page(LIFTERS), lift::page),
        RouteSpec::post("/console/warnings/{id}/lift", Access::page(LIFTERS), lift::act),
        RouteSpec::get("/console/warnings/{id}/correct", Access::page(LIFTERS), lift::page_of_correction),
        RouteSpec::post("/console/warnings/{id}/correct", Access::page(LIFTERS), lift::correct),
        RouteSpec::get("/console/warnings/{id}/sign-off", Access::page(READERS), sign_off::page),
        RouteSpec::post("/console/warnings/{id}/sign-off", Access::page(SIGNERS), sign_off::act),
        RouteSpec::get("/console/warnings/{id}/measures", Access::page(READERS), measures::page),
        RouteSpec::post("/console/warnings/{id}/measures", Access::page(LIFTERS), measures::act),
        RouteSpec::get("/console/warnings/{id}/retry", Access::page(ORDERERS), retry::page),
        RouteSpec::post("/console/warnings/{id}/retry", Access::page(ORDERERS), retry::act),
        RouteSpec::get("/console/warnings/{id}/calls", Access::page(DELIVERY_READERS), calls::page),
        RouteSpec::post("/console/warnings/{id}/calls/take", Access::page(TELEPHONISTS), calls::take),
        RouteSpec::post("/console/warnings/{id}/calls/confirm", Access::page(CONFIRMERS), calls::confirm),
        RouteSpec::get("/console/warnings/{id}/notices", Access::page(DELIVERY_READERS), notices::page),
        RouteSpec::get("/console/inbox", Access::page(INBOX_READERS), inbox::page),
        RouteSpec::get("/console/inbox/{id}", Access::page(INBOX_READERS), inbox::item::page),
        RouteSpec::post("/console/inbox/{id}/relay", Access::page(DECIDERS), inbox::item::relay),
        RouteSpec::post("/console/inbox/{id}/dismiss", Access::page(DECIDERS), inbox::item::dismiss),
        RouteSpec::get("/console/roster", Access::page(DELIVERY_READERS), roster::page),
        RouteSpec::get("/console/partners", Access::page(KEEPERS), partners::page),
        RouteSpec::post("/console/partners/test", Access::page(OPERATORS), partners::test),
        RouteSpec::get("/console/analysis", Access::page(ANALYSTS), analysis::page),
        RouteSpec::get("/console/routes", Access::page(KEEPERS), routes::page),
        RouteSpec::post("/console/routes/pause", Access::page(OPERATORS), routes::pause),
        RouteSpec::post("/console/routes/resume", Access::page(OPERATORS), routes::resume),
        RouteSpec::get("/console/screens", Access::page(KEEPERS), screens::page),
        RouteSpec::post("/console/screens/revoke", Access::page(OPERATORS), screens::revoke),
        RouteSpec::get("/console/education", Access::page(KEEPERS), education::page),
        RouteSpec::post("/console/education", Access::page(OPERATORS), education::put),
        RouteSpec::post("/console/education/remove", Access::page(OPERATORS), education::remove),
        RouteSpec::get("/console/suppressions", Access::page(OPERATORS), suppressions::page),
        RouteSpec::post("/console/suppressions/clear", Access::page(OPERATORS), suppressions::clear),
        RouteSpec::get("/assets/{name}", Access::public(), assets::get),
    ]
}

#[cfg(test)]
mod tests;
