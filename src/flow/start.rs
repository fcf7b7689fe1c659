//! Starts a flow from what the store holds: what a restart interrupted goes on by the ordinary path.

mod leases;
mod replay;

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Assembly, Flow, Parts, Unavailable, call, custody,
    deliver::{self, Route},
    drills, education, inbox, measures, notice, partners,
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
        let used = schedule::known(&assembly.store).await?;
        let limits = schedule::Limits::new(&assembly.config.limits, used, assembly.clock.instant());
        let routes = routes(&assembly, &limits).await?;
        let parts = Arc::new(Parts::new(assembly, routes, limits));
        partners::start(&parts).await?;
        parts.rosters.load(&parts).await?;
        load_warnings(&parts).await?;
        load_plans(&parts).await?;
        drills::load(&parts).await?;
        call::load(&parts).await?;
        inbox::start(&parts).await?;
        measures::load(&parts).await?;
        suppress::load(&parts).await?;
        custody::load(&parts).await?;
        education::load(&parts).await?;
        show::screens(&parts).await;
        deliver::start(&parts);
        parts.lifecycle.spawn(schedule::reserve(Arc::clone(&parts)));
        parts.lifecycle.spawn(schedule::ladder::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(watch::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(notice::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(call::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(stages::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(status::tell(Arc::clone(&parts)));
        parts.lifecycle.spawn(retention::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(drills::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(inbox::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(suppress::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(subscribe::run(Arc::clone(&parts)));
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

/// Loads every plan that is not folded and replays the journal over them.
async fn load_plans(parts: &Arc<Parts>) -> Result<(), Unavailable> {
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
    replay::replay(parts, floor).await?;
    let (last, _) = parts.store.head().await?;
    parts.lifecycle.spawn(replay::learn(Arc::clone(parts), floor, last));
    parts.progress.begins_at(last);
    for plan in parts.projection.all() {
        // Nothing was said about it yet, unless the replay knows better.
        plan.begins_at(last + 1);
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
    Ok(())
}
