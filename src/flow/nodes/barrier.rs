//! Before a lift or an update is sent to whoever was told, everybody must know that the earlier warning is over: a node
//! that does not know yet may still send it. The leader asks, and each node answers with a record once it has taken in
//! the question; whatever it sent before stands in the rows before its answer.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    flow::{Parts, Unavailable, record::json},
    store::{Cluster, Commit, Expect, Key, NodeId, Put, Space, Stored, Urgency},
};

/// The record of the question. Longer than the number of a plan, which may be any eight bytes.
const ASK: &str = "barrier/ask";
/// What the records of the answers begin with.
const HEARD: &str = "barrier/heard/";
/// How long is waited before it is looked again who lives.
const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// What was answered.
#[derive(Default)]
pub(super) struct Barrier {
    /// The newest question each node has taken in.
    heard: Mutex<BTreeMap<NodeId, u64>>,
    bell: Notify,
}

/// Asks, and waits for the answer of every other node that lives.
pub(super) async fn settle(parts: &Parts, cluster: &dyn Cluster) -> Result<(), Unavailable> {
    let others = |alive: Vec<NodeId>| alive.into_iter().filter(|node| *node != cluster.node()).collect::<Vec<_>>();
    if !others(cluster.nodes().await?).is_empty() {
        let put = Put { space: Space::Claim, key: ASK.into(), value: Some(json(&cluster.node())), expect: Expect::Any };
        let commit = Commit { puts: vec![put], entries: Vec::new() };
        let committed = parts.store.commit_as(Urgency::Reserved, commit).await?;
        let asked = committed.versions.first().copied().unwrap_or_default();
        loop {
            let rung = parts.nodes.barrier.bell.notified();
            let waiting = {
                let alive = others(cluster.nodes().await?);
                let heard = parts.nodes.barrier.heard.lock();
                alive.iter().any(|node| heard.get(node).is_none_or(|row| *row < asked))
            };
            if !waiting {
                break;
            }
            if parts.nodes.anew.is_cancelled() || parts.lifecycle.is_stopping() {
                return Err(Unavailable::new("this node stops"));
            }
            tokio::select! {
                () = rung => {}
                () = parts.clock.sleep(LOOK) => {}
            }
        }
    }
    super::catch_up(parts).await
}

/// Takes in a question or an answer; false when the record is neither.
pub(super) async fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> bool {
    let (Ok(name), Some(stored)) = (std::str::from_utf8(&key.0), stored) else { return false };
    if name == ASK {
        answer(parts, stored.version).await;
        return true;
    }
    let Some(node) = name.strip_prefix(HEARD).and_then(|node| node.parse().ok()).map(NodeId) else { return false };
    if let Ok(asked) = serde_json::from_slice::<u64>(&stored.value) {
        let mut heard = parts.nodes.barrier.heard.lock();
        let known = heard.entry(node).or_default();
        *known = asked.max(*known);
        drop(heard);
        parts.nodes.barrier.bell.notify_waiters();
    }
    true
}

async fn answer(parts: &Parts, asked: u64) {
    let Some(cluster) = &parts.nodes.cluster else { return };
    let key = format!("{HEARD}{}", cluster.node());
    let put = Put { space: Space::Claim, key: key.as_str().into(), value: Some(json(&asked)), expect: Expect::Any };
    let commit = Commit { puts: vec![put], entries: Vec::new() };
    // Whoever asked waits until this is there, or this node is taken for dead.
    while !parts.nodes.anew.is_cancelled() && !parts.lifecycle.is_stopping() {
        match parts.store.commit_as(Urgency::Reserved, commit.clone()).await {
            Ok(_) => return,
            Err(fault) => tracing::warn!(%fault, "what was taken in is not yet confirmed, repeating"),
        }
        parts.clock.sleep(LOOK).await;
    }
}
