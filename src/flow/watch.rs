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
    call, custody,
    deliver::{self, EndsBy, Route, RouteState},
    drills, measures, partners,
    projection::{Plan, Snapshot},
    record::{Stage, rfc3339},
    schedule::Outlook,
    suppress, upstream,
};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
        signoff::Standing,
    },
    store::Health,
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
    /// When that number last grew.
    progress: Instant,
    /// Since when it ought to have grown.
    since: (Instant, i64),
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
        unsigned(parts, &mut seen);
        drills::skipped(parts, &mut seen);
        call::unconfirmed(parts, &mut seen);
        measures::overdue(parts, &mut seen);
        store(parts, &mut seen);
        partners::seen(parts, &mut seen);
        upstream::seen(parts, &mut seen);
        custody::seen(parts, &mut seen);
        suppress::seen(parts, &mut seen);
        receipts::look(parts, &plans, &mut seen);
        seen
    }

    /// What waits on one channel.
    fn channel(&mut self, parts: &Parts, looked: &[Looked<'_>], seen: &mut Seen) {
        let now = (parts.clock.instant(), parts.clock.unix_ms());
        for looked in looked {
            self.track(parts, looked, seen);
        }
        let goes_on = |looked: &&Looked<'_>| {
            let known = self.plans.get(&looked.plan.record.number);
            known.is_some_and(|known| now.0.duration_since(known.progress) < parts.config.alarms.stuck_s)
        };
        let lane = |looked: &Looked<'_>| looked.waiting.map(|waiting| waiting.lane);
        let first = looked
            .iter()
            .filter(goes_on)
            .filter_map(|looked| Some((lane(looked)?, looked)))
            .min_by_key(|(lane, _)| *lane);
        let first = first.map(|(lane, looked)| (lane, looked.plan.record.number));
        for stuck in looked {
            let number = stuck.plan.record.number;
            let Some(known) = self.plans.get_mut(&number) else { continue };
            // Something that is served before it goes on: it waits its turn, and has all its time when that comes.
            if first.is_some_and(|(first, other)| other != number && lane(stuck).is_some_and(|own| first <= own)) {
                known.since = now;
            }
            let (since, since_ms) = known.since;
            let within = stuck_after(parts, stuck.plan);
            if now.0.duration_since(since) >= within && stuck.is_due(now.0, within) {
                let seconds = (now.1 - since_ms) / 1_000;
                let facts = [("count", stuck.snapshot.open().to_string()), ("seconds", seconds.to_string())];
                seen.insert((AlarmCode::WarningStuck, stuck.subject()), told(since_ms, facts));
            }
        }
    }

    /// Notes how far a plan has come, and whether it can go at all.
    fn track(&mut self, parts: &Parts, looked: &Looked<'_>, seen: &mut Seen) {
        let now = (parts.clock.instant(), parts.clock.unix_ms());
        let ended = u64::from(looked.plan.size()) - looked.snapshot.open();
        let known = self.plans.entry(looked.plan.record.number);
        let known = known.or_insert(Tracked { ended, progress: now.0, since: now, no_route: None });
        let routes: Vec<&Arc<Route>> =
            parts.routes.values().filter(|route| deliver::can_carry(route, looked.plan)).collect();
        let runs = routes.iter().any(|route| runs(&route.state()));
        if ended != known.ended {
            (known.ended, known.progress) = (ended, now.0);
            known.since = now;
        } else if !looked.has_work() || !runs {
            known.since = now;
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
            Some(route) if looked.plan.record.level == Level::Red && for_so_long >= alarms.red_paused_s => {
                let subject = Subject { route: Some(route.name.clone()), ..looked.subject() };
                seen.insert((AlarmCode::RedPaused, subject), told(since_ms, facts));
            }
            Some(_) if looked.plan.record.level == Level::Red => {}
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
        let RouteState::Tripped(trip) = route.state() else { continue };
        if trip.cause.ends_by() != EndsBy::Probe {
            continue;
        }
        let subject =
            Subject { warning: None, channel: Some(route.channel.name().to_owned()), route: Some(route.name.clone()) };
        let facts = [("reason".to_owned(), trip.provider.to_string())].into();
        seen.insert((AlarmCode::RouteStopped, subject), Told { since_ms: Some(trip.since_ms), facts });
    }
}

/// A store that does not take everything.
fn store(parts: &Parts, seen: &mut Seen) {
    let (code, since_ms, facts) = match parts.store.health() {
        Health::Healthy => return,
        Health::Poisoned { since_ms, error } => {
            (AlarmCode::StorePoisoned, since_ms, [("reason".to_owned(), error)].into())
        }
        Health::Low { since_ms } => (AlarmCode::StoreLow, since_ms, BTreeMap::new()),
        Health::Full { since_ms } => (AlarmCode::StoreFull, since_ms, BTreeMap::new()),
    };
    seen.insert((code, Subject::default()), Told { since_ms: Some(since_ms), facts });
}

/// Signatures that are late: the second of an emergency, and every one of a red warning.
fn unsigned(parts: &Parts, seen: &mut Seen) {
    /// So long a person needs to read what he signs.
    const READING_MS: i64 = 60_000;
    let now_ms = parts.clock.unix_ms();
    let warnings = parts.warnings.read();
    for record in warnings.unended() {
        let Some(sign_off) = &record.sign_off else { continue };
        let subject = Subject { warning: Some(record.id.clone()), ..Subject::default() };
        match sign_off.standing(now_ms) {
            Standing::Owed(step) => {
                if let Some(due) = sign_off.second_due_ms().filter(|due| *due <= now_ms) {
                    let facts = [("step", step.name().to_owned()), ("due", rfc3339(due))];
                    seen.insert((AlarmCode::SecondSignatureMissing, subject), told(due, facts));
                }
            }
            Standing::Waiting(step) if record.level == Level::Red && sign_off.waits_ms(now_ms) >= READING_MS => {
                let facts = [("step", step.name().to_owned()), ("expires", rfc3339(sign_off.expires_ms))];
                let since = now_ms - sign_off.waits_ms(now_ms);
                seen.insert((AlarmCode::RedUnsigned, subject), told(since, facts));
            }
            _ => {}
        }
    }
}
