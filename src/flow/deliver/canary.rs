//! A silent link test of every route that has not shown by itself that it works: a channel that has fallen silent is
//! found before it is needed.

use std::{sync::Arc, time::Duration};

use super::route::Route;
use crate::flow::Parts;

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
    let answer = tokio::time::timeout(route.config.timeout_s, route.adapter.probe()).await;
    let fault = match answer {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => Some(fault.to_string()),
        Err(_) => Some("no answer in time".to_owned()),
    };
    if let Some(fault) = &fault {
        tracing::warn!(route = route.name, fault, "the silent link test failed");
    }
    route.tested(Canary { at_ms: parts.clock.unix_ms(), fault }, parts.clock.instant());
}
