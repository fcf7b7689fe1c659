//! Starts a flow from what the store holds: what a restart interrupted goes on by the ordinary path.

mod leases;
mod replay;

pub(super) use replay::{Reading, learn_entry};

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Assembly, Flow, Parts, Unavailable, call, custody,
    deliver::{self, Route},
    drills, education, inbox, measures, nodes, notice, partners,
    parts::parse,
    projection::block::Head,
    receipt,
    record::{Stage, WarningRecord},
    retention, schedule,
    screens::ScreenLink,
    show, stages, status, subscribe, suppress, watch,
};
use crate::store::{self, Space};

/// Records read at a time.
const PAGE: usize = 1_000;

impl Flow {
    /// Puts a gateway's flow together from what the store holds and starts it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(assembly: Assembly) -> Result<Self, Unavailable> {
        // Nodes that share a store begin no day with what one of them had reserved: the store adds that up.
        let alone = assembly.store.cluster().is_none();
        let used = if alone { schedule::known(&assembly.store).await? } else { BTreeMap::new() };
        let limits = schedule::Limits::new(&assembly.config.limits, used, assembly.clock.instant());
        let routes = routes(&assembly, &limits).await?;
        let parts = Arc::new(Parts::new(assembly, routes, limits));
        // Before anything is read: whatever is committed from here on is followed.
        let (head, _) = parts.store.head().await?;
        partners::start(&parts).await?;
        parts.rosters.load(&parts).await?;
        load_warnings(&parts).await?;
        let reading = load_plans(&parts, if alone { u64::MAX } else { head }).await?;
        drills::load(&parts).await?;
        call::load(&parts).await?;
        inbox::start(&parts).await?;
        measures::load(&parts).await?;
        suppress::load(&parts).await?;
        custody::load(&parts).await?;
        education::load(&parts).await?;
        nodes::follow(&parts, head, reading).await?;
        show::screens(&parts).await;
        deliver::start(&parts);
        nodes::run(&parts);
        parts.lifecycle.spawn(schedule::reserve(Arc::clone(&parts)));
        parts.lifecycle.spawn(status::tell(Arc::clone(&parts)));
        parts.lifecycle.spawn(suppress::run(Arc::clone(&parts)));
        // Whoever asks any node hears of every alarm.
        parts.lifecycle.spawn(watch::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, schedule::ladder::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, notice::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, call::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, stages::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, retention::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, drills::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, inbox::run(Arc::clone(&parts)));
        nodes::as_leader(&parts, subscribe::run(Arc::clone(&parts)));
        Ok(Self(parts))
    }

    /// Connects the inbox of a route's adapter; until then it acknowledges nothing.
    pub fn connect(&self, inbox: &receipt::Inbox) {
        inbox.connect(&self.0);
    }

    /// Connects a link that carries the states of screens; until then it knows of none.
    pub fn connect_link(&self, link: &Arc<ScreenLink>) {
        link.connect(&self.0);
    }

    /// Connects what screens prove they hold with the deliveries it proves.
    pub fn connect_screens(&self, inbox: &receipt::ScreenInbox) {
        inbox.connect(&self.0);
    }
}

async fn routes(assembly: &Assembly, limits: &schedule::Limits) -> Result<BTreeMap<String, Arc<Route>>, Unavailable> {
    let mut routes = BTreeMap::new();
    let now = assembly.clock.instant();
    for (name, config) in &assembly.config.routes {
        let Some(adapter) = assembly.adapters.get(name) else { continue };
        let decision = assembly.store.get(Space::RouteDecision, name.as_str().into()).await?;
        let route =
            Route::new(name.clone(), config.clone(), deliver::Link::new(Arc::clone(adapter)), limits.known(name), now);
        if let Some(decision) = decision {
            route.recall(&parse(&decision.value)?, now);
        }
        routes.insert(name.clone(), Arc::new(route));
    }
    Ok(routes)
}

async fn load_warnings(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    store::each(&parts.store, Space::Warning, None, |_, stored| {
        parts.remember(parse(&stored.value)?);
        Ok(())
    })
    .await
}

/// What folded plans came to.
async fn load_heads(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let finished = |record: &&Arc<WarningRecord>| record.stage == Stage::Finished;
    let numbers: Vec<u64> =
        parts.warnings.read().all().filter(finished).flat_map(|record| record.plans.clone()).collect();
    for numbers in numbers.chunks(PAGE) {
        let keys = numbers.iter().map(|number| (*number).into()).collect();
        for (number, stored) in numbers.iter().zip(parts.store.get_many(Space::PlanFolded, keys).await?) {
            if let Some(stored) = stored {
                parts.projection.folded.insert(Head::read(*number, &stored.value)?);
            }
        }
    }
    Ok(())
}

/// Loads every plan that is not folded and replays the journal over them up to a row; gives the leases that are open.
async fn load_plans(parts: &Arc<Parts>, to: u64) -> Result<Reading, Unavailable> {
    load_heads(parts).await?;
    let records: Vec<Arc<WarningRecord>> = parts.warnings.read().all().cloned().collect();
    for record in records.iter().filter(|record| record.stage >= Stage::Rendered) {
        for number in record.plans.iter().filter(|number| parts.projection.folded.head(**number).is_none()) {
            match schedule::load(parts, *number).await? {
                Some(plan) => drop(parts.projection.insert(plan)),
                // Ended before its words were written: nothing of it was or will be sent.
                None if record.stage == Stage::Finished => {
                    tracing::debug!(plan = number, "a plan that never began is passed over");
                }
                None => return Err(Unavailable::new(format!("plan {number} has no content"))),
            }
        }
    }
    let floor = retention::stored_floor(parts).await?;
    let reading = replay::replay(parts, floor, to).await?;
    let (last, _) = parts.store.head().await?;
    let last = last.min(to);
    parts.lifecycle.spawn(replay::learn(Arc::clone(parts), floor, last));
    parts.progress.begins_at(last);
    for plan in parts.projection.all() {
        // Nothing was said about it yet, unless the replay knows better.
        plan.begins_at(last + 1);
        if !parts.nodes.is_alone() {
            // What others have leased is theirs; what the dead had, the leader takes over.
            continue;
        }
        let uncertain = plan.reopen_leased();
        if !uncertain.is_empty() {
            tracing::warn!(
                plan = plan.record.number,
                deliveries = uncertain.len(),
                "leased before the restart and never answered: sent again"
            );
        }
        let delivering =
            parts.warning_record(&plan.record.warning).is_some_and(|record| record.stage == Stage::Delivering);
        if delivering {
            schedule::enter(parts, &plan);
        }
    }
    Ok(reading)
}
