//! Writes down what nodes of the limit tree reserve of their day, before they spend it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    limit::{Day, DayUse},
    limits::name,
};
use crate::{
    flow::{Parts, Unavailable, parts::parse, record::json},
    store::{Cluster, Commit, Expect, Put, Space, Store, Urgency, each},
};

/// A reservation that could not be written is tried again after this long.
const AGAIN: Duration = Duration::from_millis(200);
/// What was reserved of a day is remembered for so long.
const KEEP: Duration = Duration::from_secs(48 * 3_600);

/// The day's use by node, as the store has it.
pub(crate) async fn known(store: &Store) -> Result<BTreeMap<String, DayUse>, Unavailable> {
    let mut known = BTreeMap::new();
    each(store, Space::LimitUse, None, |key, stored| {
        known.insert(String::from_utf8_lossy(&key.0).into_owned(), parse(&stored.value)?);
        Ok::<(), Unavailable>(())
    })
    .await?;
    Ok(known)
}

/// Writes reservations down until the soft stop.
pub(crate) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.limits.wanting.notified() => {}
        }
        while let wanted = wanted(&parts)
            && !wanted.is_empty()
        {
            if let Some(cluster) = parts.store.cluster() {
                if !share(&parts, &*cluster, &wanted).await {
                    parts.clock.sleep(AGAIN).await;
                }
                continue;
            }
            let durable = write(&parts, &wanted).await;
            for (node, written) in wanted {
                settle(&parts, &node, written, durable);
            }
            if !durable {
                parts.clock.sleep(AGAIN).await;
            }
        }
    }
}

fn wanted(parts: &Parts) -> Vec<(String, DayUse)> {
    let mut wanted = parts.limits.wanted();
    for route in parts.routes.values() {
        let day = route.pacer.lock().node.day().wanted();
        wanted.extend(day.map(|day| (name("route", &route.name), day)));
    }
    wanted
}

async fn write(parts: &Parts, wanted: &[(String, DayUse)]) -> bool {
    let put = |(node, day): &(String, DayUse)| Put {
        space: Space::LimitUse,
        key: node.as_str().into(),
        value: Some(json(day)),
        expect: Expect::Any,
    };
    let commit = Commit { puts: wanted.iter().map(put).collect(), entries: Vec::new() };
    let written = parts.store.commit_as(Urgency::Reserved, commit).await;
    if let Err(fault) = &written {
        tracing::error!(%fault, "the day's use of a limit could not be written down: what it limits waits");
    }
    written.is_ok()
}

/// Reserves of a day that other nodes use too; whether the store answered.
async fn share(parts: &Parts, cluster: &dyn Cluster, wanted: &[(String, DayUse)]) -> bool {
    for (node, asked) in wanted {
        let mut lacks = None;
        day_of(parts, node, |day| lacks = day.asks_for());
        let Some((units, most)) = lacks else { continue };
        let window = format!("day/{node}/{}", asked.day);
        match cluster.reserve(&window, most, units, KEEP).await {
            Ok(given) => day_of(parts, node, |day| day.give(*asked, units, given)),
            Err(fault) => {
                tracing::error!(%fault, "the day's use of a limit could not be reserved: what it limits waits");
                return false;
            }
        }
    }
    parts.routes.values().for_each(|route| route.bell.notify_waiters());
    true
}

fn settle(parts: &Parts, node: &str, written: DayUse, durable: bool) {
    day_of(parts, node, |day| day.settle(written, durable));
    parts.routes.values().for_each(|route| route.bell.notify_waiters());
}

/// Shows the day of a node by its name.
fn day_of(parts: &Parts, node: &str, see: impl FnOnce(&mut Day)) {
    match node.strip_prefix("route/").and_then(|route| parts.routes.get(route)) {
        Some(route) => see(route.pacer.lock().node.day_mut()),
        None => parts.limits.day_of(node, see),
    }
}
