//! Starts a flow from what the store holds: what a restart interrupted goes on by the ordinary path.

mod replay;

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Assembly, Flow, Parts, Unavailable,
    deliver::{self, Route, RouteState},
    parts::parse,
    receipt,
    record::{Stage, WarningRecord},
    schedule, stages, status,
};
use crate::store::{Key, Space};

/// Records read at a time.
const PAGE: usize = 1_000;

impl Flow {
    /// Puts a gateway's flow together from what the store holds and starts it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(assembly: Assembly) -> Result<Self, Unavailable> {
        let routes = routes(&assembly).await?;
        let parts = Arc::new(Parts::new(assembly, routes));
        load_warnings(&parts).await?;
        load_plans(&parts).await?;
        parts.show_on_screens();
        deliver::start(&parts);
        parts.lifecycle.spawn(stages::run(Arc::clone(&parts)));
        parts.lifecycle.spawn(status::tell(Arc::clone(&parts)));
        Ok(Self(parts))
    }

    /// Connects the inbox of a route's adapter; until then it acknowledges nothing.
    pub fn connect(&self, inbox: &receipt::Inbox) {
        inbox.connect(&self.0);
    }

    /// Connects what screens prove they hold with the deliveries it proves.
    pub fn connect_screens(&self, inbox: &receipt::ScreenInbox) {
        inbox.connect(&self.0);
    }
}

async fn routes(assembly: &Assembly) -> Result<BTreeMap<String, Arc<Route>>, Unavailable> {
    let mut routes = BTreeMap::new();
    for (name, config) in &assembly.config.routes {
        let Some(adapter) = assembly.adapters.get(name) else { continue };
        let decision = assembly.store.get(Space::RouteDecision, name.as_str().into()).await?;
        let decision = decision.map(|stored| parse::<deliver::RouteDecision>(&stored.value)).transpose()?;
        let state = match decision {
            Some(deliver::RouteDecision { paused_by: Some(by), reason, .. }) => {
                RouteState::Paused { by, reason: reason.unwrap_or_default() }
            }
            _ => RouteState::Running,
        };
        routes.insert(name.clone(), Arc::new(Route::new(name.clone(), config.clone(), Arc::clone(adapter), state)));
    }
    Ok(routes)
}

async fn load_warnings(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let mut after: Option<Key> = None;
    loop {
        let page = parts.store.list(Space::Warning, after.take(), PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let mut warnings = parts.warnings.write();
        for (_, stored) in &page {
            let record: WarningRecord = parse(&stored.value)?;
            warnings.insert(record.id.clone(), Arc::new(record));
        }
    }
}

/// Loads every plan and replays the journal over them.
async fn load_plans(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let records: Vec<Arc<WarningRecord>> = parts.warnings.read().values().cloned().collect();
    for record in records.iter().filter(|record| record.stage >= Stage::Rendered) {
        for number in &record.plans {
            parts.projection.insert(schedule::load(parts, *number).await?);
        }
    }
    replay::replay(parts, 1).await?;
    for plan in parts.projection.all() {
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
