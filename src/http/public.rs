//! The site for residents: what is in force, where, since when and until when; what was; and whether a message is ours.
//!
//! One page a file; the templates stand in `templates/public/`. Every page is whole without script, small and without anything
//! from elsewhere. Nothing on them is about a person, and no drill is ever shown.

mod board;
mod card;
mod frame;
mod history;
mod map;
mod subscribe;
mod throttle;
mod verify;
mod warning;

pub(in crate::http) use subscribe::{PushLeave, PushOrder};
pub use throttle::Throttle;

use super::routes::{Access, RouteSpec};

/// The entries of the route table.
#[must_use]
pub fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/", Access::public(), board::page),
        RouteSpec::get("/history", Access::public(), history::page),
        RouteSpec::get("/warnings/{id}", Access::public(), warning::page),
        RouteSpec::get("/verify", Access::public(), verify::page),
        RouteSpec::get("/subscribe", Access::public(), subscribe::page),
        RouteSpec::get("/push-worker.js", Access::public(), subscribe::worker),
        RouteSpec::post("/subscribe/push", Access::public(), subscribe::push).described(&subscribe::SUBSCRIBE),
        RouteSpec::delete("/subscribe/push", Access::public(), subscribe::unsubscribe_push)
            .described(&subscribe::UNSUBSCRIBE),
        RouteSpec::post("/subscribe/email", Access::public(), subscribe::mail),
        RouteSpec::get("/subscribe/confirm/{token}", Access::public(), subscribe::ask),
        RouteSpec::post("/subscribe/confirm/{token}", Access::public(), subscribe::say),
    ]
}
