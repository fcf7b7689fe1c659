//! Reads what the others commit, row by row, and takes it in.

use std::{sync::Arc, time::Duration};

use super::{claims, hear};
use crate::{
    flow::{
        Parts, Unavailable,
        projection::codec::{lease_of, plan_of},
        receipt,
        record::Decision,
        show,
        start::{Reading, learn_entry},
    },
    store::{Appended, Change, Cluster, EntryKind, FollowFault},
};

/// How long is waited for the next row.
const WAIT: Duration = Duration::from_millis(250);
/// Pause before the store is asked again when it did not answer.
const AGAIN: Duration = Duration::from_millis(100);
/// Screens are shown anew not more often than this.
const SHOW_EVERY: Duration = Duration::from_millis(20);

/// Follows until the hard stop: what is under way at a soft one is still part of what the others see.
pub(super) async fn run(parts: Arc<Parts>, cluster: Arc<dyn Cluster>) {
    let fenced = cluster.fenced();
    let stop = parts.lifecycle.stopping();
    let mut shown = parts.clock.instant();
    while !stop.is_cancelled() {
        let after = *parts.nodes.followed.borrow();
        let wait = if parts.nodes.leads() { WAIT } else { WAIT.min(SHOW_EVERY * 5) };
        let changes = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = fenced.cancelled() => return parts.nodes.begin_anew("the others took this node for dead"),
            changes = cluster.changes(after, wait) => changes,
        };
        match changes {
            Ok(changes) => {
                *parts.nodes.heard.lock() = parts.clock.instant();
                for change in changes {
                    if let Err(fault) = take(&parts, &*cluster, &change).await {
                        return parts.nodes.begin_anew(&fault.cause);
                    }
                    parts.nodes.followed.send_replace(change.sequence);
                }
            }
            Err(FollowFault::Unreadable(fault)) => {
                tracing::warn!(%fault, "the others cannot be followed, repeating");
                tokio::select! {
                    () = fenced.cancelled() => {}
                    () = parts.clock.sleep(AGAIN) => {}
                }
            }
            Err(fault) => return parts.nodes.begin_anew(&fault.to_string()),
        }
        // The leader's stages show what they change themselves.
        let now = parts.clock.instant();
        if !parts.nodes.leads() && now.duration_since(shown) >= SHOW_EVERY && parts.screens_are_old() {
            shown = now;
            show::screens(&parts).await;
        }
    }
}

async fn take(parts: &Arc<Parts>, cluster: &dyn Cluster, change: &Change) -> Result<(), Unavailable> {
    let is_own = change.node == cluster.node();
    let mut reading = parts.nodes.reading.lock().await;
    for (offset, entry) in &change.entries {
        let at = Appended { sequence: change.sequence, offset: *offset };
        let read = match entry.kind {
            // Told in the order of the journal, whoever decided.
            EntryKind::Decision => {
                if let Ok(decision) = serde_json::from_slice::<Decision>(&entry.data) {
                    parts.progress.followed(change.sequence, &decision);
                }
                Ok(())
            }
            _ if is_own => Ok(()),
            EntryKind::Leases => reading.lease(parts, at, &entry.data),
            EntryKind::Outcomes => outcomes(parts, &mut reading, at, &entry.data).await,
        };
        if let Err(fault) = read {
            tracing::error!(row = at.sequence, offset = at.offset, %fault, "an entry of another node was passed over");
        }
    }
    drop(reading);
    parts.progress.reaches(change.sequence);
    for (space, key, stored) in &change.puts {
        hear::put(parts, is_own, *space, key, stored.as_ref()).await?;
    }
    Ok(())
}

async fn outcomes(
    parts: &Arc<Parts>,
    reading: &mut Reading,
    at: Appended,
    data: &[u8],
) -> Result<(), crate::flow::projection::codec::Unreadable> {
    if let Some(kept) = receipt::take_kept(parts, data) {
        parts.nodes.claims.waited.lock().join(kept);
        claims::waited(parts);
        return Ok(());
    }
    let known = reading.outcomes(parts, at, data);
    if let Err(fault) = reading.reopen(parts).await {
        tracing::error!(row = at.sequence, %fault, "a folded plan cannot be read");
        parts.nodes.begin_anew(&fault.cause);
    }
    known?;
    let Some(plan) = plan_of(data).and_then(|number| parts.projection.plan(number)) else { return Ok(()) };
    if lease_of(data).is_some_and(|lease| lease != 0) {
        learn_entry(parts, data, &mut parts.nodes.claims.waited.lock());
        claims::waited(parts);
    } else {
        let reopened = reading.reopened();
        if !reopened.is_empty() {
            super::reopened(parts, &plan, &reopened);
        }
    }
    parts.progress.notify(&plan.record.warning);
    Ok(())
}
