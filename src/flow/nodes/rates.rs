//! Parts of the limits that all nodes share. The store gives them out for a fraction of a second; a node that does not
//! hear from it has none.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    flow::{Parts, deliver::observe, schedule::limit_name},
    store::{Cluster, RateAsk},
};

/// How often parts are asked for while something waits.
const EVERY: Duration = Duration::from_millis(60);
/// A part is given up so long before it ends: what it pays for is under way by then.
const MARGIN: Duration = Duration::from_millis(5);

/// When to ask.
#[derive(Default)]
pub(crate) struct Shares {
    /// Rings when work came in.
    pub(super) bell: Notify,
}

/// Asks for parts until the soft stop.
pub(super) async fn run(parts: Arc<Parts>, cluster: Arc<dyn Cluster>) {
    let stop = parts.lifecycle.stopping();
    let mut held = BTreeSet::new();
    while !stop.is_cancelled() {
        let rung = parts.nodes.shares.bell.notified();
        ask(&parts, &*cluster, &mut held).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = rung => {}
            () = parts.clock.sleep(EVERY) => {}
        }
    }
}

/// Asks for a part of every limit with work waiting, and gives back the others. `held` are those asked for last.
async fn ask(parts: &Parts, cluster: &dyn Cluster, held: &mut BTreeSet<String>) {
    let asks: Vec<RateAsk> =
        asks(parts).into_iter().filter(|ask| ask.wants > 0.0 || held.contains(&ask.limit)).collect();
    if asks.is_empty() {
        return;
    }
    let asked = parts.clock.instant();
    let granted = match cluster.rates(&asks).await {
        Ok(granted) => granted,
        Err(fault) => return tracing::debug!(%fault, "no parts of limits were given"),
    };
    *held = asks.iter().filter(|ask| ask.wants > 0.0).map(|ask| ask.limit.clone()).collect();
    let now = parts.clock.instant();
    let mut changed = false;
    for (ask, part) in asks.iter().zip(granted) {
        let until = asked + part.valid.saturating_sub(MARGIN);
        let rate = if ask.wants > 0.0 { part.rate } else { 0.0 };
        let mut take = |name: &str, node: &mut crate::flow::schedule::LimitNode| {
            if name == ask.limit {
                changed |= node.take_part(rate, until, now);
            }
        };
        for route in parts.routes.values() {
            take(&limit_name("route", &route.name), &mut route.pacer.lock().node);
        }
        parts.limits.each(|kind, what, node| take(&limit_name(kind, what), node));
    }
    if changed {
        parts.routes.values().for_each(|route| route.bell.notify_waiters());
    }
}

/// What every limit could be used for now.
fn asks(parts: &Parts) -> Vec<RateAsk> {
    let mut waiting = BTreeSet::new();
    let mut asks = Vec::new();
    let mut ask = |limit: String, node: &crate::flow::schedule::LimitNode, works: bool| {
        if let Some(rate) = node.to_share() {
            let wants = if works { node.could_use() } else { 0.0 };
            asks.push(RateAsk { limit, rate, wants });
        }
    };
    for route in parts.routes.values() {
        let works = route.is_running() && observe::waiting(parts, route).values().any(|count| *count > 0);
        if works {
            waiting.insert(route.channel);
        }
        ask(limit_name("route", &route.name), &route.pacer.lock().node, works);
    }
    let mut issuers = BTreeSet::new();
    for channel in &waiting {
        issuers.extend(parts.lanes(*channel).outlook().into_iter().filter_map(|wait| wait.plan.record.issuer.clone()));
    }
    parts.limits.meet(issuers.iter().map(String::as_str), parts.clock.instant());
    parts.limits.each(|kind, what, node| {
        let works = match kind {
            "channel" => waiting.iter().any(|channel| channel.name() == what),
            _ => issuers.contains(what),
        };
        ask(limit_name(kind, what), node, works);
    });
    asks
}
