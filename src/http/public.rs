//! The site for residents: what is in force, where, since when and until when; what was; and whether a message is ours.
//!
//! One page a file; the templates stand in `templates/public/`. Every page is whole without script, small and without anything
//! from elsewhere. Nothing on them is about a person, and no drill is ever shown.

mod board;
mod card;
mod frame;
mod history;
mod map;
mod verify;
mod warning;

use super::routes::{Access, RouteSpec};

/// The entries of the route table.
#[must_use]
pub fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/", Access::public(), board::page),
        RouteSpec::get("/history", Access::public(), history::page),
        RouteSpec::get("/warnings/{id}", Access::public(), warning::page),
        RouteSpec::get("/verify", Access::public(), verify::page),
    ]
}
