//! Who leads: the node that has the role, until it dies or stops. It takes over what the dead left.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{catch_up, claims, takeover};
use crate::{
    flow::{Parts, Unavailable, deliver::observe},
    store::{Cluster, NodeId},
};

/// The role of the leader.
pub(super) const ROLE: &str = "leader";
/// How often it is asked who leads and who lives.
const EVERY: Duration = Duration::from_millis(500);

/// Asks for the lead until the soft stop, and does what a leader owes the dead.
pub(super) async fn run(parts: Arc<Parts>, cluster: Arc<dyn Cluster>) {
    let stop = parts.lifecycle.stopping();
    let mut known = Vec::new();
    while !stop.is_cancelled() {
        if !parts.nodes.leads() {
            tidy(&parts).await;
        }
        match cluster.hold(ROLE).await {
            Ok(false) if parts.nodes.leads() => return parts.nodes.begin_anew("another node leads"),
            Ok(held) => {
                if let Err(fault) = look(&parts, &*cluster, held, &mut known).await {
                    tracing::warn!(%fault, "what a dead node left is not yet taken over, repeating");
                    known.clear();
                }
            }
            Err(fault) => tracing::debug!(%fault, "not known who leads"),
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = parts.clock.sleep(EVERY) => {}
        }
    }
}

/// What the stages and the looking after what is over do of a node's own besides.
async fn tidy(parts: &Parts) {
    let now_ms = parts.clock.unix_ms();
    parts.write_plans().await;
    observe::routes(parts);
    parts.projection.references.forget_old(now_ms);
    parts.projection.folded.tidy(now_ms);
}

async fn look(
    parts: &Arc<Parts>,
    cluster: &dyn Cluster,
    held: bool,
    known: &mut Vec<NodeId>,
) -> Result<(), Unavailable> {
    let alive = cluster.nodes().await?;
    parts.nodes.living.store(alive.len(), Ordering::Relaxed);
    if held && (alive != *known || !parts.nodes.leads()) {
        // The dead commit nothing any more: what is not known by now was never committed.
        catch_up(parts).await?;
        takeover::take(parts, &alive).await?;
        known.clone_from(&alive);
    }
    if held && !parts.nodes.leads() {
        tracing::info!(node = %cluster.node(), "this node leads");
        parts.nodes.leads.send_replace(true);
        parts.screens_change();
        claims::waited(parts);
    }
    Ok(())
}
