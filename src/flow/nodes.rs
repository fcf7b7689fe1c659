//! Several nodes that share one store, one flow: who does what, and how each knows what the others did.
//!
//! Every node takes warnings, signatures, receipts and questions, and sends its part of every plan. What the others
//! commit it reads from the store, row by row ([`follow`]), and takes into memory like what it replayed at its start
//! ([`hear`]); so every node shows the whole. What may be done only once, one node does: the leader ([`lead`]). Who sends
//! what is claimed block by block ([`claims`]); what a dead node had claimed the leader sets free ([`takeover`]). Limits
//! are shared by asking the store for a part of each ([`rates`]).
//!
//! A node that was taken for dead, or missed something, stops and begins anew: nothing it holds is worth more than what
//! the store says. A gateway whose store is its own is alone: it leads, has claimed everything, and has every limit whole.

mod barrier;
mod claims;
mod follow;
mod hear;
mod lead;
mod own;
mod rates;
mod sightings;
mod takeover;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::Channel;
use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use self::{barrier::Barrier, claims::Claims, own::Own};
pub(crate) use self::{
    claims::{enter, freed, reopened},
    rates::Shares,
};
use super::{
    Flow, Parts, Unavailable,
    schedule::{LaneKey, Outlook},
    start::Reading,
};
use crate::{
    domain::delivery::State,
    store::{Cluster, NodeId, Store},
};

/// A node that has heard nothing from the store for this long does not know what was ended meanwhile: it sends nothing.
const CURRENT: Duration = Duration::from_secs(1);
/// Set in the number of a lease of a node that shares its store; then its node, then what it counted.
const SHARED: u64 = 1 << 63;
/// Where the node begins in such a number.
const NODE: u32 = 40;

/// What one node knows of itself and the others.
pub(crate) struct Nodes {
    cluster: Option<Arc<dyn Cluster>>,
    /// What this node committed and has not seen come back yet.
    own: Option<Arc<Own>>,
    leads: watch::Sender<bool>,
    /// The last row that is taken in.
    followed: watch::Sender<u64>,
    /// When the store answered last.
    heard: Mutex<Instant>,
    living: AtomicUsize,
    leases: AtomicU64,
    reading: tokio::sync::Mutex<Reading>,
    barrier: Barrier,
    claims: Claims,
    pub(crate) shares: Shares,
    anew: CancellationToken,
}

impl Nodes {
    /// Of a gateway on this store; gives the store through which it must commit.
    pub(crate) fn on(store: Store, now: Instant) -> (Self, Store) {
        let cluster = store.cluster();
        let own = cluster.is_some().then(|| Arc::new(Own::new(Arc::clone(&store))));
        let nodes = Self {
            leads: watch::Sender::new(cluster.is_none()),
            cluster,
            own: own.clone(),
            followed: watch::Sender::new(0),
            heard: Mutex::new(now),
            living: AtomicUsize::new(1),
            leases: AtomicU64::new(1),
            reading: tokio::sync::Mutex::default(),
            barrier: Barrier::default(),
            claims: Claims::default(),
            shares: Shares::default(),
            anew: CancellationToken::new(),
        };
        (nodes, own.map_or(store, |own| own as Store))
    }

    /// Whether the store is this gateway's own.
    pub(crate) fn is_alone(&self) -> bool {
        self.cluster.is_none()
    }

    /// Whether this node does what only one may do.
    pub(crate) fn leads(&self) -> bool {
        *self.leads.borrow()
    }

    /// Whether what was ended elsewhere is known here.
    pub(crate) fn is_current(&self, now: Instant) -> bool {
        self.is_alone() || now.duration_since(*self.heard.lock()) <= CURRENT
    }

    /// How many nodes live, this one among them.
    fn living(&self) -> usize {
        self.living.load(Ordering::Relaxed).max(1)
    }

    /// The number of a new lease; `None` when numbers need not tell nodes apart.
    pub(crate) fn next_lease(&self) -> Option<u64> {
        let node = self.cluster.as_ref()?.node().0;
        Some(SHARED | node << NODE | self.leases.fetch_add(1, Ordering::Relaxed))
    }

    /// The last row that is taken in; `None` of a gateway that is alone.
    pub(crate) fn followed(&self) -> Option<u64> {
        self.cluster.is_some().then(|| *self.followed.borrow())
    }

    /// Ends when this node begins anew.
    pub(crate) async fn is_abandoned(&self) {
        self.anew.cancelled().await;
    }

    /// Stops this node: it begins anew from what the store says.
    pub(crate) fn begin_anew(&self, why: &str) {
        if !self.anew.is_cancelled() {
            tracing::error!(why, "this node begins anew from what the store holds");
            self.anew.cancel();
        }
    }
}

/// The node a lease belongs to; `None` of a gateway that was alone.
fn node_of(lease: u64) -> Option<NodeId> {
    (lease & SHARED != 0).then_some(NodeId((lease & !SHARED) >> NODE))
}

/// Runs a task while this node leads, from when it does; a gateway that is alone always does.
pub(crate) fn as_leader(parts: &Arc<Parts>, task: impl Future<Output = ()> + Send + 'static) {
    let waiting = Arc::clone(parts);
    parts.lifecycle.spawn(async move {
        let stop = waiting.lifecycle.stopping();
        let mut leads = waiting.nodes.leads.subscribe();
        let begins = tokio::select! {
            biased;
            () = stop.cancelled() => false,
            leads = leads.wait_for(|leads| *leads) => leads.is_ok(),
        };
        drop(waiting);
        if begins {
            task.await;
        }
    });
}

/// Begins to follow the others from row `from` on, with what is known of leases up to there; returns when everything is
/// taken in that was committed before.
pub(crate) async fn follow(parts: &Arc<Parts>, from: u64, reading: Reading) -> Result<(), Unavailable> {
    let Some(cluster) = parts.nodes.cluster.clone() else { return Ok(()) };
    *parts.nodes.reading.lock().await = reading;
    parts.nodes.followed.send_replace(from);
    claims::load(parts).await?;
    parts.lifecycle.spawn(follow::run(Arc::clone(parts), cluster));
    // What was opened before it was followed.
    parts.directory.renew().await?;
    parts.screens.renew().await?;
    catch_up(parts).await
}

/// Takes up what a node does that shares its store, once everything is loaded.
pub(crate) fn run(parts: &Arc<Parts>) {
    let Some(cluster) = parts.nodes.cluster.clone() else { return };
    let now = parts.clock.instant();
    parts.limits.share(now);
    parts.routes.values().for_each(|route| route.pacer.lock().node.share(now));
    parts.lifecycle.spawn(lead::run(Arc::clone(parts), Arc::clone(&cluster)));
    parts.lifecycle.spawn(claims::run(Arc::clone(parts), Arc::clone(&cluster)));
    parts.lifecycle.spawn(sightings::run(Arc::clone(parts), Arc::clone(&cluster)));
    parts.lifecycle.spawn(rates::run(Arc::clone(parts), cluster));
}

/// Waits until everything is taken in that is committed by now.
pub(crate) async fn catch_up(parts: &Parts) -> Result<(), Unavailable> {
    if parts.nodes.is_alone() {
        return Ok(());
    }
    let (head, _) = parts.store.head().await?;
    until(parts, head).await
}

async fn until(parts: &Parts, row: u64) -> Result<(), Unavailable> {
    let mut followed = parts.nodes.followed.subscribe();
    let stop = parts.lifecycle.stopping();
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(Unavailable::new("this node stops")),
        () = parts.nodes.anew.cancelled() => Err(Unavailable::new("this node begins anew")),
        // The sender lives as long as the parts do.
        _seen = followed.wait_for(|followed| *followed >= row) => Ok(()),
    }
}

/// What waits on a channel, at whichever node, in the order of service.
pub(crate) fn outlook(parts: &Parts, channel: Channel) -> Vec<Outlook> {
    let here = parts.lanes(channel).outlook();
    if parts.nodes.is_alone() {
        return here;
    }
    let now = parts.clock.unix();
    let records: Vec<_> = parts.warnings.read().delivering().cloned().collect();
    let plans = records.iter().flat_map(|record| parts.projection.plans(&record.plans));
    let waiting = plans.filter(|plan| plan.record.channel == channel && !claims::is_climbing(plan)).map(|plan| {
        let (lane, ready) = (LaneKey::of(&plan.record, now), plan.snapshot().count(State::Pending));
        Outlook { plan, lane, ready, later: 0, next_due: None }
    });
    let mut all: Vec<Outlook> = waiting.filter(|waiting| waiting.ready > 0).collect();
    all.extend(here.into_iter().filter(|waiting| claims::is_climbing(&waiting.plan)));
    all.sort_by_key(|waiting| waiting.lane);
    all
}

/// Waits until every other node that lives knows what was ended by now, and everything is known here that they may have
/// sent before they knew.
pub(crate) async fn settle(parts: &Parts) -> Result<(), Unavailable> {
    match &parts.nodes.cluster {
        Some(cluster) => barrier::settle(parts, &**cluster).await,
        None => Ok(()),
    }
}

impl Flow {
    /// Ends when this gateway must be stopped at once and started again on the same store: it was taken for dead by the
    /// nodes it shares it with, or missed what they did. Nothing of what it has under way may be written any more.
    #[must_use]
    pub fn begins_anew(&self) -> CancellationToken {
        self.0.nodes.anew.clone()
    }

    /// Whether this node does what only one of those that share its store may do.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.0.nodes.leads()
    }

    /// Gives back what only one node may have, after everything of this one has ended.
    pub async fn leave(&self) {
        if let Some(cluster) = &self.0.nodes.cluster
            && let Err(fault) = cluster.give_back(lead::ROLE).await
        {
            // It is free when the store takes this node for dead.
            tracing::debug!(%fault, "the lead could not be given back");
        }
    }
}
