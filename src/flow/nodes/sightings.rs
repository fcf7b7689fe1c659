//! Which screens ask this node: whoever looks after silent ones must not take a screen for silent that asks another node.

use std::{sync::Arc, time::Duration};

use crate::{
    flow::{
        Parts,
        target::{bitmap, bitmap_bytes},
    },
    store::{Cluster, Commit, Expect, Key, Put, Space, Stored},
};

/// What the names of the records begin with; then the node.
const SEEN: &str = "screens/seen/";
/// How often it is told.
const EVERY: Duration = Duration::from_secs(10);

/// Tells the others until the soft stop.
pub(super) async fn run(parts: Arc<Parts>, cluster: Arc<dyn Cluster>) {
    let stop = parts.lifecycle.stopping();
    let key = format!("{SEEN}{}", cluster.node());
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(EVERY) => {}
        }
        let rows = parts.screens.asked_within(EVERY);
        if rows.is_empty() {
            continue;
        }
        let value = Some(bitmap_bytes(&rows));
        let put = Put { space: Space::Claim, key: key.as_str().into(), value, expect: Expect::Any };
        if let Err(fault) = parts.store.commit(Commit { puts: vec![put], entries: Vec::new() }).await {
            tracing::debug!(%fault, "which screens ask here is not told");
        }
    }
}

/// Takes in which screens asked another node; false when the record is about something else.
pub(super) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> bool {
    if !key.0.starts_with(SEEN.as_bytes()) {
        return false;
    }
    if let Some(rows) = stored.and_then(|stored| bitmap(&stored.value).ok()) {
        parts.screens.asked_elsewhere(&rows);
    }
    true
}
