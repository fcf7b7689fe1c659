//! What providers took and have not delivered when its warning is lifted or replaced: those that can are asked to withdraw
//! it.
//!
//! It starts from what the store says: a plan closed by another warning whose deliveries stand as accepted. So a restart
//! asks again, and nothing is asked once the deadline is past. Each delivery is asked about once. Requests pay the rate of
//! their route, never out of red's share of it or of its window, and wait while red waits. Only what the provider says it
//! withdrew is written down, as a word that merges like any receipt; everything else stands as it stood.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fenghuo_contract::{Fault, Reference, Withdrawal, Withdrawn};
use roaring::RoaringBitmap;

use super::{observe, route::Route, wire};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
    },
    flow::{
        Parts, Unavailable,
        projection::{
            Plan,
            codec::{Outcome, Outcomes, Record},
            said,
        },
        schedule::{At, No},
    },
};

/// How often is looked for plans that have ended.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How soon a route that cannot be asked now is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Deliveries looked at in one go.
const AT_ONCE: usize = 256;
/// Work of one request, as time at the allowed rate: what comes meanwhile waits no longer than this.
const SPAN_S: f64 = 0.05;
/// How often the same messages are asked about when the whole request fails.
const TRIES: u32 = 3;

/// What was asked about a plan on this route.
#[derive(Default)]
struct Asked {
    /// The rank that is looked at next.
    next: u32,
    ranks: RoaringBitmap,
    /// All was looked at once; what was in flight then may have been accepted since.
    once: bool,
    done: bool,
}

/// Asks the provider of one route until the gateway stops claiming.
pub(super) async fn run(parts: Arc<Parts>, route: Arc<Route>) {
    let stop = parts.lifecycle.stopping();
    let mut asked: BTreeMap<u64, Asked> = BTreeMap::new();
    while !stop.is_cancelled() {
        let plans = ended(&parts, &route);
        asked.retain(|number, _| plans.iter().any(|plan| plan.record.number == *number));
        for plan in &plans {
            let of_plan = asked.entry(plan.record.number).or_default();
            if let Err(fault) = Box::pin(ask_all(&parts, &route, plan, of_plan)).await {
                tracing::error!(route = route.name, %fault, "not asked to withdraw: what to ask for cannot be read");
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = parts.clock.sleep(LOOK_EVERY) => {}
        }
    }
}

/// Plans of this route that another warning ended before their time.
fn ended(parts: &Parts, route: &Route) -> Vec<Arc<Plan>> {
    let ended = |plan: &Arc<Plan>| {
        let closing = plan.closing().filter(|closing| closing.by.is_some());
        closing.is_some_and(|closing| matches!(closing.state, State::Withdrawn | State::Superseded))
            && plan.record.routes.contains(&route.name)
            && !wire::left(parts, plan).is_zero()
    };
    parts.projection.all().into_iter().filter(ended).collect()
}

/// Asks about everything of a plan that stands as accepted and was not asked about.
async fn ask_all(parts: &Arc<Parts>, route: &Route, plan: &Arc<Plan>, asked: &mut Asked) -> Result<(), Unavailable> {
    let stop = parts.lifecycle.stopping();
    while !asked.done && !stop.is_cancelled() {
        let in_flight = plan.snapshot().count(State::InFlight) > 0;
        if asked.once && in_flight {
            return Ok(());
        }
        let found = plan.find(asked.next, AT_ONCE, |word| word.state == State::Accepted);
        let Some((last, _)) = found.last() else {
            (asked.next, asked.once, asked.done) = (0, true, !in_flight);
            return Ok(());
        };
        let next = last.saturating_add(1);
        let ranks: Vec<u32> =
            found.into_iter().map(|(rank, _)| rank).filter(|rank| !asked.ranks.contains(*rank)).collect();
        asked.done = !ask(parts, route, plan, &ranks).await?;
        asked.ranks.extend(ranks);
        asked.next = next;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Asks about these deliveries, as far as this route carried them; false when asking is of no use for this plan any more.
async fn ask(parts: &Arc<Parts>, route: &Route, plan: &Arc<Plan>, ranks: &[u32]) -> Result<bool, Unavailable> {
    let mut left = &*named(parts, route, plan, ranks).await?;
    while !left.is_empty() {
        let Some(messages) = take(parts, route, plan, left.len()).await else { return Ok(false) };
        let (now, later) = left.split_at(messages);
        if !withdraw(parts, route, plan, now).await {
            return Ok(false);
        }
        left = later;
    }
    Ok(true)
}

/// Deliveries with what their provider calls them, as far as it is this route's.
async fn named(
    parts: &Parts,
    route: &Route,
    plan: &Plan,
    ranks: &[u32],
) -> Result<Vec<(u32, Withdrawal)>, Unavailable> {
    let said = said::said(parts, plan, ranks).await?;
    let of_route = said.into_iter().zip(ranks);
    let of_route: Vec<(u32, Reference)> = of_route
        .filter(|(said, _)| said.route.as_deref() == Some(&*route.name) && !said.reference.is_empty())
        .map(|(said, rank)| (*rank, Reference::new(said.reference)))
        .collect();
    let ranks: Vec<u32> = of_route.iter().map(|(rank, _)| *rank).collect();
    let endpoints = parts.addresses.endpoints(&plan.rows(&ranks), plan.record.channel).await?;
    let named = of_route.into_iter().zip(endpoints);
    let named = named
        .filter_map(|((rank, reference), endpoint)| Some((rank, Withdrawal { reference, address: endpoint.address? })));
    Ok(named.collect())
}

/// Waits until some messages may be asked about, pays for them, and says how many; `None` when it is too late.
async fn take(parts: &Arc<Parts>, route: &Route, plan: &Plan, most: usize) -> Option<usize> {
    let stop = parts.lifecycle.stopping();
    loop {
        if stop.is_cancelled() || wire::left(parts, plan).is_zero() {
            return None;
        }
        let wait = match may_ask(parts, route) {
            true => match pay(parts, route, most) {
                Ok(messages) => return Some(messages),
                Err(No::Wait(wait)) => wait.clamp(Duration::from_millis(1), LOOK_AGAIN),
                Err(No::Reserving) => LOOK_AGAIN,
            },
            false => LOOK_AGAIN,
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = parts.clock.sleep(wait) => {}
        }
    }
}

/// Whether the route works, has a place that is not red's, and no red waits for it.
fn may_ask(parts: &Parts, route: &Route) -> bool {
    let red_waits = || {
        let red = |plan: &Plan| plan.record.level == Level::Red && plan.record.routes.contains(&route.name);
        !parts.lanes(route.channel).waiting(red).is_empty()
    };
    let free = route.window.available_permits();
    let has_place = free > route.red_window() || route.window_size == 1 && free == 1;
    route.is_running() && !route.is_trying() && has_place && !red_waits()
}

fn pay(parts: &Parts, route: &Route, most: usize) -> Result<usize, No> {
    let mut pacer = route.pacer.lock();
    let worth = pacer.allowed().map_or(f64::MAX, |rate| rate * SPAN_S).max(1.0) as usize;
    let messages = most.min(worth).min(route.adapter.profile().withdraw_max);
    let at = At { now: parts.clock.instant(), unix: parts.clock.unix() };
    pacer.node.take_requests(u32::try_from(messages).unwrap_or(u32::MAX), false, at)?;
    Ok(messages)
}

/// One request, repeated a few times while the whole of it fails; false when asking is of no use any more.
async fn withdraw(parts: &Arc<Parts>, route: &Route, plan: &Arc<Plan>, messages: &[(u32, Withdrawal)]) -> bool {
    let asked: Vec<Withdrawal> = messages.iter().map(|(_, message)| message.clone()).collect();
    for again in 1..=TRIES {
        let budget = route.config.timeout_s.min(wire::left(parts, plan));
        let pause = match route.adapter.withdraw(&asked, budget).await {
            Ok(answers) => {
                heard(parts, route, plan, messages, &answers).await;
                return true;
            }
            Err(Fault::Misconfigured(cause)) => {
                parts.telemetry.withdrawals(&route.name, "refused", asked.len() as u64);
                let number = plan.record.number;
                tracing::warn!(route = route.name, plan = number, provider = %cause, "the provider withdraws nothing");
                return false;
            }
            Err(Fault::Throttled { after, .. }) => after.unwrap_or_default().max(Duration::from_secs(1)),
            Err(Fault::Transient(_) | Fault::InDoubt(_)) => Duration::from_secs(1) * 2_u32.pow(again),
        };
        parts.clock.sleep(pause.min(wire::left(parts, plan))).await;
        if again < TRIES && take(parts, route, plan, asked.len()).await.is_none() {
            return false;
        }
    }
    parts.telemetry.withdrawals(&route.name, "unknown", asked.len() as u64);
    true
}

/// Writes down what the provider says it withdrew, and counts what it said.
async fn heard(
    parts: &Arc<Parts>,
    route: &Route,
    plan: &Arc<Plan>,
    messages: &[(u32, Withdrawal)],
    answers: &[Withdrawn],
) {
    let (mut gone, mut kept, mut unknown) = (Vec::new(), 0, 0);
    for ((rank, _), answer) in messages.iter().zip(answers) {
        match answer {
            Withdrawn::Gone => gone.push(*rank),
            Withdrawn::Kept(_) => kept += 1,
            Withdrawn::Unknown(_) => unknown += 1,
        }
    }
    for (result, count) in [("gone", gone.len() as u64), ("kept", kept), ("unknown", unknown)] {
        parts.telemetry.withdrawals(&route.name, result, count);
    }
    let number = plan.record.number;
    tracing::info!(
        route = route.name,
        plan = number,
        gone = gone.len(),
        kept,
        unknown,
        "asked the provider to withdraw"
    );
    let record = |rank| Record {
        rank,
        outcome: Outcome::Reached(State::Withdrawn),
        reason: Reason::Recalled,
        delay_ms: 0,
        reference: Box::default(),
        code: Box::default(),
    };
    let (count, base_ms, route) = (gone.len() as u64, parts.clock.unix_ms(), route.name.clone());
    let records: Vec<Record> = gone.into_iter().map(record).collect();
    if records.is_empty() {
        return;
    }
    let outcomes = Outcomes { plan: number, lease: 0, base_ms, route, records };
    parts.write_outcomes(plan, &outcomes).await;
    observe::reached(parts, &outcomes.route, plan, State::Withdrawn, Reason::Recalled, count);
    parts.progress.notify(&plan.record.warning);
}
