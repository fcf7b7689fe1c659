//! The table of every route and who may use it. The router is built from it, so a route that stands nowhere here cannot
//! exist, and `tests/access.rs` walks it.

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{Site, access, openapi::Operation};
use crate::flow::authorize::Role;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody, without a key.
    Everyone,
    /// Holders of a key or a session of one of these roles.
    Roles(&'static [Role]),
    /// The screen named by the path's `{id}`, by its key or by the token of its kiosk address; and these roles.
    Screen(&'static [Role]),
}

/// How somebody without a key is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// With a problem document, for programs.
    Problem,
    /// To the sign-in page, for people with a browser.
    Page,
}

/// The permission of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub who: Who,
    pub style: Style,
}

impl Access {
    /// Open to everybody.
    #[must_use]
    pub const fn public() -> Self {
        Self { who: Who::Everyone, style: Style::Problem }
    }

    /// For keys and sessions of these roles.
    #[must_use]
    pub const fn roles(roles: &'static [Role]) -> Self {
        Self { who: Who::Roles(roles), style: Style::Problem }
    }

    /// For the screen named by `{id}` in the path, and for keys and sessions of `also`.
    #[must_use]
    pub const fn screen(also: &'static [Role]) -> Self {
        Self { who: Who::Screen(also), style: Style::Problem }
    }

    /// A page of the console for these roles; others are led to the sign-in page.
    #[must_use]
    pub const fn page(roles: &'static [Role]) -> Self {
        Self { who: Who::Roles(roles), style: Style::Page }
    }
}

/// One entry of the table.
pub struct RouteSpec {
    pub method: Method,
    /// As axum writes it: `/v1/warnings/{id}`.
    pub path: &'static str,
    pub access: Access,
    /// What the API description says about it; pages and feeds have none.
    pub operation: Option<&'static Operation>,
    handler: MethodRouter<Site>,
}

impl RouteSpec {
    fn new<H, T>(method: Method, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("the methods below are known to axum");
        Self { method, path, access, operation: None, handler: on(filter, handler) }
    }

    /// Adds it to the API description.
    #[must_use]
    pub fn described(mut self, operation: &'static Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// A `GET` (and `HEAD`) route.
    pub fn get<H: Handler<T, Site>, T: 'static>(path: &'static str, access: Access, handler: H) -> Self {
        Self::new(Method::GET, path, access, handler)
    }

    /// A `POST` route.
    pub fn post<H: Handler<T, Site>, T: 'static>(path: &'static str, access: Access, handler: H) -> Self {
        Self::new(Method::POST, path, access, handler)
    }

    /// A `PUT` route.
    pub fn put<H: Handler<T, Site>, T: 'static>(path: &'static str, access: Access, handler: H) -> Self {
        Self::new(Method::PUT, path, access, handler)
    }

    /// A `DELETE` route.
    pub fn delete<H: Handler<T, Site>, T: 'static>(path: &'static str, access: Access, handler: H) -> Self {
        Self::new(Method::DELETE, path, access, handler)
    }
}

/// Every route of the server.
#[must_use]
pub fn table() -> Vec<RouteSpec> {
    let mut table = super::api::routes();
    table.extend(super::docs::routes());
    table.extend(super::feeds::routes());
    table.extend(super::console::routes());
    table.extend(super::public::routes());
    table
}

/// The router of a table, each route behind its own check.
pub fn router(table: Vec<RouteSpec>, site: &Site) -> Router<Site> {
    table.into_iter().fold(Router::new(), |router, route| {
        let guard = access::Guard { access: route.access, site: site.clone() };
        router.route(route.path, route.handler.route_layer(axum::middleware::from_fn_with_state(guard, access::check)))
    })
}
