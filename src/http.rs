//! The HTTP side: API, feeds, console. Reaches the flow, never the store or an adapter.
//!
//! Every path is an entry of the table in [`routes`]: what it does, and who may do it. A request passes, from outside
//! in: request id and log line, panic to problem, security headers, limits; then the table's own check of
//! [`access`], then the handler.

pub mod access;
pub mod api;
pub mod body;
pub mod console;
mod docs;
pub mod feeds;
pub mod fields;
pub(crate) mod follower;
pub mod openapi;
pub mod problem;
pub mod public;
mod quick;
pub mod request;
pub mod routes;
pub mod serve;

use std::sync::Arc;

use axum::Router;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, config::Config, flow::Flow, telemetry::Telemetry};

/// The most event streams open at the same time.
const STREAMS_MAX: usize = 12_000;

/// The most screens that listen at the same time.
const SCREEN_STREAMS_MAX: usize = 24_000;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// Everything that can be asked for.
    pub flow: Flow,
    pub config: Arc<Config>,
    pub clock: Clock,
    pub telemetry: Telemetry,
    /// Who is signed in to the console.
    pub sessions: access::Sessions,
    /// How often strangers may subscribe.
    pub(crate) subscribers: public::Throttle,
    /// Cancelled when the server stops: streams end, new requests are turned away.
    pub stopping: CancellationToken,
    /// What all bodies being read hold together.
    bodies: body::Room,
    /// One import of recipients at a time.
    import: Arc<Semaphore>,
    /// Event streams open at the same time.
    streams: Arc<Semaphore>,
    /// Screens that listen at the same time.
    screen_streams: Arc<Semaphore>,
}

impl Site {
    /// A site with nobody signed in.
    #[must_use]
    pub fn new(flow: Flow, config: Arc<Config>, clock: Clock, telemetry: Telemetry) -> Self {
        Self {
            flow,
            config,
            clock,
            telemetry,
            sessions: access::Sessions::default(),
            subscribers: public::Throttle::default(),
            stopping: CancellationToken::new(),
            bodies: body::Room::default(),
            import: Arc::new(Semaphore::new(1)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            screen_streams: Arc::new(Semaphore::new(SCREEN_STREAMS_MAX)),
        }
    }

    /// Every route of the table, with everything around it, ready to serve.
    pub fn router(self) -> Router {
        let router = routes::router(routes::table(), &self).fallback(nothing_here);
        request::layers(router, &self).with_state(self)
    }
}

async fn nothing_here() -> problem::Problem {
    problem::Problem::new(problem::ProblemCode::NotFound)
}
