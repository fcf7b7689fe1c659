//! Looks each second for what is stuck, silent or unable to go, and raises alarms. It looks at numbers that are kept
//! anyway; nothing of it is on the send path.

mod receipts;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use fenghuo_contract::Channel;
use tokio::time::Instant;

use super::{
    Parts,
    alarms::{AlarmCode, Seen, Subject, Told},
    deliver::{self, EndsBy, Route, RouteState},
    projection::{Plan, Snapshot},
    record::{Stage, rfc3339},
    schedule::Outlook,
};
use crate::domain::{
    delivery::{Reason, State},
    level::Level,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// Looks until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut watch = Watch::default();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(EVERY) => {}
        }
        let seen = watch.look(&parts);
        parts.alarms.seen(seen, parts.config.alarms.clear_s);
    }
}

/// What was seen of each plan before.
#[derive(Default)]
struct Watch {
    plans: BTreeMap<u64, Tracked>,
}

/// A plan under way.
struct Tracked {
    /// Deliveries that had ended.
    ended: u64,
    /// When that number last grew, or there was last nothing that could have ended.
    progress: (Instant, i64),
    /// Since when no route of it runs.
    no_route: Option<(Instant, i64)>,
}

/// A plan that is looked at now.
struct Looked<'a> {
    plan: &'a Arc<Plan>,
    snapshot: Snapshot,
    waiting: Option<&'a Outlook>,
}

impl<'a> Looked<'a> {
    /// A plan of which something is open.
    fn new(plan: &'a Arc<Plan>, waiting: &BTreeMap<u64, &'a Outlook>) -> Option<Self> {
        let snapshot = plan.snapshot();
        let waiting = waiting.get(&plan.record.number).copied();
        (snapshot.open() > 0).then_some(Self { plan, snapshot, waiting })
    }

    /// Deliveries that could end if all were well.
    fn has_work(&self) -> bool {
        self.in_lanes() > 0 || self.snapshot.count(State::InFlight) > 0
    }

    fn in_lanes(&self) -> u64 {
        self.waiting.map_or(0, |waiting| waiting.ready + waiting.later)
    }

    /// Whether something ought to end within this time.
    fn is_due(&self, now: Instant, within: Duration) -> bool {
        let soon = |waiting: &Outlook| waiting.ready > 0 || waiting.next_due.is_some_and(|due| due < now + within);
        self.snapshot.count(State::InFlight) > 0 || self.waiting.is_some_and(soon)
    }

    fn subject(&self) -> Subject {
        Subject {
            warning: Some(self.plan.record.warning.clone()),
            channel: Some(self.plan.record.channel.name().to_owned()),
            route: None,
        }
    }
}

impl Watch {
    fn look(&mut self, parts: &Parts) -> Seen {
        let mut seen = Seen::new();
        let plans = parts.projection.all();
        let mut by_channel: BTreeMap<Channel, Vec<&Arc<Plan>>> = BTreeMap::new();
        plans.iter().for_each(|plan| by_channel.entry(plan.record.channel).or_default().push(plan));
        let mut tracked = BTreeSet::new();
        for (channel, plans) in by_channel {
            let outlook = parts.lanes(channel).outlook();
            let waiting: BTreeMap<u64, &Outlook> =
                outlook.iter().map(|waiting| (waiting.plan.record.number, waiting)).collect();
            let look = |plan| Looked::new(plan, &waiting);
            let looked: Vec<Looked<'_>> = plans.into_iter().filter_map(look).collect();
            tracked.extend(looked.iter().map(|looked| looked.plan.record.number));
            self.channel(parts, &looked, &mut seen);
        }
        self.plans.retain(|number, _| tracked.contains(number));
        refused(parts, &plans, &mut seen);
        stopped(parts, &mut seen);
        receipts::look(parts, &plans, &mut seen);
        seen
    }

    /// What waits on one channel.
    fn channel(&mut self, parts: &Parts, looked: &[Looked<'_>], seen: &mut Seen) {
        let (now, now_ms) = (parts.clock.instant(), parts.clock.unix_ms());
        let alarms = &parts.config.alarms;
        for looked in looked {
            self.track(parts, looked, seen);
        }
        let progress = |looked: &Looked<'_>| self.plans.get(&looked.plan.record.number).map(|known| known.progress);
        for stuck in looked {
            let Some((since, since_ms)) = progress(stuck) else { continue };
            let within = stuck_after(parts, stuck.plan);
            if now.duration_since(since) < within || !stuck.is_due(now, within) {
                continue;
            }
            // Something that is served before it goes on: it waits its turn.
            let outranks = |other: &&Looked<'_>| {
                let (Some(other), Some(own)) = (other.waiting, stuck.waiting) else { return false };
                other.plan.record.number != own.plan.record.number && other.lane <= own.lane && other.ready > 0
            };
            let goes_on = |other: &Looked<'_>| {
                progress(other).is_some_and(|(since, _)| now.duration_since(since) < alarms.stuck_s)
            };
            if looked.iter().filter(outranks).any(goes_on) {
                continue;
            }
            let told = told(since_ms, [
                ("count", stuck.snapshot.open().to_string()),
                ("seconds", ((now_ms - since_ms) / 1_000).to_string()),
            ]);
            seen.insert((AlarmCode::WarningStuck, stuck.subject()), told);
        }
    }

    /// Notes how far a plan has come, and whether it can go at all.
    fn track(&mut self, parts: &Parts, looked: &Looked<'_>, seen: &mut Seen) {
        let now = (parts.clock.instant(), parts.clock.unix_ms());
        let ended = u64::from(looked.plan.size()) - looked.snapshot.open();
        let known = self.plans.entry(looked.plan.record.number);
        let known = known.or_insert(Tracked { ended, progress: now, no_route: None });
        let routes: Vec<&Arc<Route>> =
            parts.routes.values().filter(|route| deliver::can_carry(route, looked.plan)).collect();
        let runs = routes.iter().any(|route| runs(&route.state()));
        if ended != known.ended || !looked.has_work() || !runs {
            (known.ended, known.progress) = (ended, now);
        }
        if runs || looked.in_lanes() == 0 {
            known.no_route = None;
            return;
        }
        let (since, since_ms) = *known.no_route.get_or_insert(now);
        let for_so_long = now.0.duration_since(since);
        let alarms = &parts.config.alarms;
        let paused = routes.iter().find(|route| matches!(route.state(), RouteState::Paused { .. }));
        let facts = [("count", looked.in_lanes().to_string())];
        match paused {
            Some(route) if looked.plan.record.level == Level::Red => {
                if for_so_long >= alarms.red_paused_s {
                    let subject = Subject { route: Some(route.name.clone()), ..looked.subject() };
                    seen.insert((AlarmCode::RedPaused, subject), told(since_ms, facts));
                }
            }
            _ if for_so_long >= alarms.no_route_s => {
                seen.insert((AlarmCode::WarningNoRoute, looked.subject()), told(since_ms, facts));
            }
            _ => {}
        }
    }
}

/// How long a plan may be without progress: longer where a limit of a minute lets it go in bursts.
fn stuck_after(parts: &Parts, plan: &Plan) -> Duration {
    let mut routes = plan.record.routes.iter().filter_map(|name| parts.routes.get(name));
    let bursts = routes.any(|route| route.limit_now().per_minute.is_some());
    parts.config.alarms.stuck_s + if bursts { Duration::from_secs(60) } else { Duration::ZERO }
}

/// Whether a route claims to carry what it is given: a pause the provider asked for is part of running.
fn runs(state: &RouteState) -> bool {
    matches!(state.name(), "running" | "throttled")
}

fn told<const N: usize>(since_ms: i64, facts: [(&str, String); N]) -> Told {
    let mut facts: BTreeMap<String, String> = facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
    facts.insert("since".to_owned(), rfc3339(since_ms));
    Told { since_ms: Some(since_ms), facts }
}

/// Contents that a provider refuses, for as long as the warning stands.
fn refused(parts: &Parts, plans: &[Arc<Plan>], seen: &mut Seen) {
    let now_unix = parts.clock.unix();
    for plan in plans {
        let whole = plan.closing().filter(|closing| closing.reason == Reason::ContentRefused);
        let routes = plan.refusing();
        if whole.is_none() && routes.is_empty() {
            continue;
        }
        let record = parts.warning_record(&plan.record.warning);
        if record.is_none_or(|record| record.ended.is_some() || record.stage < Stage::Delivering)
            || plan.record.deadline <= now_unix
        {
            continue;
        }
        let count = plan.snapshot().reasons.get(&Reason::ContentRefused).copied().unwrap_or_default();
        let subject = Subject {
            warning: Some(plan.record.warning.clone()),
            channel: Some(plan.record.channel.name().to_owned()),
            route: routes.first().cloned(),
        };
        let since_ms = whole.map(|closing| closing.at_ms);
        let facts = [("count".to_owned(), count.to_string())].into();
        seen.insert((AlarmCode::ContentRefused, subject), Told { since_ms, facts });
    }
}

/// Routes that wait for a person.
fn stopped(parts: &Parts, seen: &mut Seen) {
    for route in parts.routes.values() {
        let Some(trip) = route.trip().filter(|trip| trip.cause.ends_by() == EndsBy::Probe) else { continue };
        let subject = Subject {
            warning: None,
            channel: Some(route.channel.name().to_owned()),
            route: Some(route.name.clone()),
        };
        let facts = [("reason".to_owned(), trip.provider.to_string())].into();
        seen.insert((AlarmCode::RouteStopped, subject), Told { since_ms: Some(trip.since_ms), facts });
    }
}
