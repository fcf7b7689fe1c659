//! Drives warnings from stage to stage, starts what a restart interrupted, and ends what is over.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{
    Assembly, Flow, Parts, Unavailable, approve,
    deliver::{self, Route},
    parts::parse,
    projection::{
        Closing, Plan,
        codec::{Lease, visit_outcomes},
    },
    receipt,
    record::{Decision, Stage, WarningId, WarningRecord},
    render, schedule, status, target,
};
use crate::{
    domain::{
        delivery::{Reason, State},
        warning::Warning,
    },
    store::{Appended, EntryKind, JournalRowRef, Key, Space},
};

/// Records read at a time when starting.
const PAGE: usize = 1_000;
/// How often deadlines, endings and unfinished stages are looked at, whatever rang or did not.
const SWEEP: Duration = Duration::from_millis(200);

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
        load_warnings(&parts).await?;
        load_plans(&parts).await?;
        parts.show_on_screens();
        deliver::start(&parts);
        parts.lifecycle.spawn(schedule::reserve(Arc::clone(&parts)));
        parts.lifecycle.spawn(run(Arc::clone(&parts)));
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

async fn routes(
    assembly: &Assembly,
    limits: &schedule::Limits,
) -> Result<std::collections::BTreeMap<String, Arc<Route>>, Unavailable> {
    let mut routes = std::collections::BTreeMap::new();
    for (name, config) in &assembly.config.routes {
        let Some(adapter) = assembly.adapters.get(name) else { continue };
        let decision = assembly.store.get(Space::RouteDecision, name.as_str().into()).await?;
        let decision = decision.map(|stored| parse::<deliver::RouteDecision>(&stored.value)).transpose()?;
        let (adapter, used) = (Arc::clone(adapter), limits.known(name));
        let route = Route::new(name.clone(), config.clone(), adapter, used, assembly.clock.instant());
        if let Some(decision) = decision {
            route.recall(&decision, assembly.clock.instant());
        }
        routes.insert(name.clone(), Arc::new(route));
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
    let replayed = replay(parts).await?;
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
    replayed.finish(parts).await;
    Ok(())
}

/// Reads the journal from its first row: states of deliveries, and where the decisions about each warning stand.
async fn replay(parts: &Arc<Parts>) -> Result<receipt::Replayed, Unavailable> {
    let mut replayed = receipt::Replayed::default();
    let mut visit = |row: JournalRowRef<'_>| {
        for entry in row.entries() {
            let at = Appended { sequence: row.sequence, offset: entry.offset };
            match entry.kind {
                EntryKind::Leases => replay_lease(parts, entry.data),
                EntryKind::Outcomes => replay_outcomes(parts, at, entry.data, &mut replayed),
                EntryKind::Decision => {
                    if let Ok(decision) = serde_json::from_slice::<Decision>(entry.data) {
                        parts.progress.know(row.sequence, &decision);
                    }
                }
            }
        }
    };
    parts.store.replay(1, &mut visit).await?;
    Ok(replayed)
}

fn replay_lease(parts: &Parts, data: &[u8]) {
    match Lease::decode(data) {
        Ok(lease) => {
            if let Some(plan) = parts.projection.plan(lease.plan) {
                plan.lease(&lease.ranks);
            }
        }
        Err(fault) => tracing::error!(%fault, "a lease of the journal was passed over"),
    }
}

fn replay_outcomes(parts: &Parts, at: Appended, data: &[u8], replayed: &mut receipt::Replayed) {
    if receipt::replay_kept(parts, data, replayed) {
        return;
    }
    let mut records = Vec::new();
    let mut references = Vec::new();
    let head = visit_outcomes(data, |record| {
        if !record.reference.is_empty() {
            references.push((record.rank, record.reference));
        }
        records.push((record.rank, record.outcome, record.reason));
    });
    match head {
        Ok(head) => {
            let Some(plan) = parts.projection.plan(head.plan) else { return };
            for (rank, reference) in references {
                plan.rounds.learn(&head.route, reference, rank);
                if let Some(early) = parts.projection.references.learn(&head.route, reference, head.plan, rank) {
                    replayed.claimed(&head.route, head.plan, rank, early);
                }
            }
            plan.apply(at, head.base_ms, records);
        }
        Err(fault) => tracing::error!(%fault, "outcomes of the journal were passed over"),
    }
}

/// Advances what can advance, until the soft stop.
async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut failing: HashMap<WarningId, u32> = HashMap::new();
    while !stop.is_cancelled() {
        let rung = parts.progress.new_work.notified();
        for id in unfinished(&parts) {
            if let Err(fault) = advance(&parts, &id).await {
                let row = failing.entry(id.clone()).and_modify(|row| *row += 1).or_insert(1);
                if row.is_power_of_two() {
                    tracing::error!(warning = %id, %fault, tries = *row, "stage not finished, repeating");
                }
            } else {
                failing.remove(&id);
            }
        }
        expire(&parts).await;
        deliver::observe::routes(&parts);
        tokio::select! {
            biased;
            () = rung => {}
            () = parts.clock.sleep(SWEEP) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn unfinished(parts: &Parts) -> Vec<WarningId> {
    let warnings = parts.warnings.read();
    let mut open: Vec<&Arc<WarningRecord>> =
        warnings.values().filter(|record| !matches!(record.stage, Stage::Finished | Stage::Recorded)).collect();
    // Red first here too; lifts and updates after what they reference, in order of arrival.
    open.sort_by_key(|record| (std::cmp::Reverse(record.level), record.received_ms));
    open.into_iter().map(|record| record.id.clone()).collect()
}

/// Takes a warning through every stage it can pass now.
async fn advance(parts: &Arc<Parts>, id: &WarningId) -> Result<(), Unavailable> {
    loop {
        let known = parts.warning_record(id).map(|record| record.stage);
        if known == Some(Stage::Delivering) {
            return finish(parts, id).await;
        }
        let Some((record, version)) = parts.stored_warning(id).await? else { return Ok(()) };
        let Ok(warning) = Warning::new(record.message.clone()) else {
            return Err(Unavailable("a stored warning does not keep the rules any more".to_owned()));
        };
        match record.stage {
            Stage::Received => approve::step(parts, record, version).await?,
            Stage::Released => target::step(parts, record, version, &warning).await?,
            Stage::Targeted => render::step(parts, record, version, &warning).await?,
            Stage::Rendered => schedule::step(parts, record, version).await?,
            Stage::Delivering | Stage::Finished | Stage::Recorded => {
                parts.remember(record);
                return Ok(());
            }
        }
    }
}

/// Records the end of a warning whose last delivery has ended.
async fn finish(parts: &Arc<Parts>, id: &WarningId) -> Result<(), Unavailable> {
    let Some(known) = parts.warning_record(id) else { return Ok(()) };
    if parts.projection.plans(&known.plans).iter().any(|plan| plan.snapshot().open() > 0) {
        return Ok(());
    }
    let Some((mut record, version)) = parts.stored_warning(id).await? else { return Ok(()) };
    let now_ms = parts.clock.unix_ms();
    record.stage = Stage::Finished;
    record.finished_ms = Some(now_ms);
    let decision =
        Decision { at_ms: now_ms, what: "finished".to_owned(), warning: Some(id.clone()), by: None, detail: None };
    parts.advance(&record, version, Vec::new(), &decision).await?;
    parts.progress.notify(id);
    Ok(())
}

/// Ends plans whose deadline has come.
async fn expire(parts: &Arc<Parts>) {
    let now_ms = parts.clock.unix_ms();
    for plan in due(parts, now_ms.div_euclid(1000)) {
        let closing = Closing { state: State::Expired, reason: Reason::Expired, at_ms: now_ms, by: None };
        parts.close_plan(&plan, closing, "").await;
    }
}

fn due(parts: &Parts, now_unix: i64) -> Vec<Arc<Plan>> {
    fenghuo_contract::Channel::ALL.into_iter().flat_map(|channel| parts.lanes(channel).due(now_unix)).collect()
}
