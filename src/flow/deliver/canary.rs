//! A silent link test of every route that has not shown by itself that it works: a channel that has fallen silent is
//! found before it is needed.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{Cause, Fault};

use super::{breaker::Now, rest, route::Route};
use crate::flow::{Parts, partners};

/// How often is looked whether a test is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the last test said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    /// Milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// The provider's words when it failed.
    pub(crate) fault: Option<String>,
}

/// Tests routes until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    while !stop.is_cancelled() {
        for (place, route) in parts.routes.values().enumerate() {
            // Spread over the time between two tests, so that not all links are tested in one moment.
            let spread = place as f64 / parts.routes.len() as f64;
            if route.canary_is_due(parts.clock.unix_ms(), spread) {
                parts.lifecycle.spawn(test(Arc::clone(&parts), Arc::clone(route)));
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = parts.clock.sleep(LOOK_EVERY) => {}
        }
    }
}

async fn test(parts: Arc<Parts>, route: Arc<Route>) {
    let (tested, twice) = probe(&parts, &route).await;
    // No chance is drawn: tests of links change nothing about what else is drawn.
    let now = Now { at: parts.clock.instant(), ms: parts.clock.unix_ms(), chance: 0.5 };
    let changed = match tested {
        // A link that says so stands.
        Ok(()) | Err(Fault::Throttled { .. }) => false,
        Err(Fault::Misconfigured(cause)) => {
            route.breaker(|breaker| breaker.misconfigured(breaker.generation(), &cause, now))
        }
        Err(Fault::Transient(cause) | Fault::InDoubt(cause)) => {
            tracing::warn!(route = route.name, provider = %cause, "the silent link test failed");
            twice && route.breaker(|breaker| breaker.canary_failed(&cause, now))
        }
    };
    if changed {
        rest::changed(&parts, &route);
    }
}

/// One silent test, at most as long as a submit may take. Its result is kept, and whether it is the second failure in a
/// row.
pub(super) async fn probe(parts: &Arc<Parts>, route: &Route) -> (Result<(), Fault>, bool) {
    let tested = tokio::time::timeout(route.config.timeout_s, route.adapter.probe()).await;
    let tested = tested.unwrap_or_else(|_| Err(Fault::Transient(Cause::new("timeout", "no answer in time"))));
    if let Err(Fault::Misconfigured(cause)) = &tested {
        partners::refused(parts, route, cause);
    }
    let fault = tested.as_ref().err().map(ToString::to_string);
    let twice = route.tested(Canary { at_ms: parts.clock.unix_ms(), fault });
    (tested, twice)
}
