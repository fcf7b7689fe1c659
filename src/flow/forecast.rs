//! How long it takes, and who will be too late: at the limits and with the queues of this moment.
//!
//! A forecast knows what the lanes know: the pace of every route that may carry a plan, what waits ahead of it, red's
//! share and the deadlines. It does not know what will fail and be tried again, nor what will come in.

mod audience;
mod beyond;
mod conflicts;
mod fluid;
mod streets;
mod usual;

use std::{collections::BTreeMap, sync::Arc};

use fenghuo_contract::{Channel, RateUnit};
use serde::{Deserialize, Serialize};

use self::fluid::{Cap, End, Load, Way};
use super::{
    Parts, deliver,
    deliver::Route,
    fit, nodes,
    projection::Plan,
    record::{PlanRecord, rfc3339},
    schedule::LaneKey,
};
use crate::domain::level::Level;

pub(crate) use audience::{Draft, draft};
pub(crate) use beyond::{advice as advice_beyond, beyond, beyond_of};
pub use conflicts::{Conflict, ConflictKind};
pub use streets::StreetForecast;
pub use usual::UsualAudience;

/// What a warning would do, before it is released.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Forecast {
    /// When this was true, RFC 3339.
    pub as_of: String,
    /// Persons on at least one channel.
    pub people: u64,
    /// Deliveries on all channels.
    pub deliveries: u64,
    /// Of these, deliveries that nobody gets: their address is suppressed, because a provider refused it for good.
    pub suppressed: u64,
    /// By channel name.
    pub channels: BTreeMap<String, ChannelForecast>,
    /// By street, the one with the most people first.
    pub streets: Vec<StreetForecast>,
    /// What stands already and does not go together with it.
    pub conflicts: Vec<Conflict>,
    /// When the last channel is through, RFC 3339; `null` when one of them never is or cannot be foretold.
    pub finish_at: Option<String>,
    /// Deliveries that will not have left at the deadline.
    pub will_miss: u64,
    /// What it costs, in the currency of whoever pays, as far as routes state what a unit costs.
    pub cost: Option<f64>,
    /// The issuer's usual audience; `null` when it has released nothing yet.
    pub usual: Option<UsualAudience>,
}

/// What a warning would do on one channel.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct ChannelForecast {
    pub people: u64,
    /// Of these, whoever gets nothing here because his address is suppressed; not among those told at once.
    pub suppressed: u64,
    /// By language of the reader.
    pub by_language: BTreeMap<String, u64>,
    /// Those told at once; the others only if no earlier channel of their ladder gets an answer.
    pub at_once: u64,
    /// Segments of all messages told at once, for sms.
    pub segments: Option<u64>,
    /// Deliveries a second it may go at; `null` when no limit is configured.
    pub rate_per_s: Option<f64>,
    /// Deliveries that wait ahead of it or beside it.
    pub ahead: u64,
    /// Seconds until those told at once are through, and when that is, RFC 3339; `null` when that never happens or
    /// cannot be foretold.
    pub finish_s: Option<u64>,
    pub finish_at: Option<String>,
    /// Nothing is sent at or after this moment, RFC 3339.
    pub deadline_at: String,
    /// Deliveries that will not have left by then.
    pub will_miss: u64,
    pub cost: Option<f64>,
}

/// When what waits of a running plan will be through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Running {
    /// `None` when that never happens or cannot be foretold.
    pub(crate) finish_s: Option<u64>,
    pub(crate) will_miss: u64,
}

/// The same as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RunningForecast {
    /// When everything that waits will have left at the limits and with the queues of this moment, RFC 3339; `null` when
    /// that never happens or cannot be foretold.
    pub finish_at: Option<String>,
    /// Deliveries that will not have left at their deadline.
    pub will_miss: u64,
}

impl RunningForecast {
    pub(crate) fn new(running: Running, now_ms: i64) -> Self {
        Self { finish_at: running.finish_s.map(|seconds| in_seconds(now_ms, seconds)), will_miss: running.will_miss }
    }
}

pub(crate) fn in_seconds(now_ms: i64, seconds: u64) -> String {
    rfc3339(now_ms.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX / 4_000).saturating_mul(1_000)))
}

/// What one delivery of a plan is made of.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Segments of the longest content, by route of the channel.
    pub(crate) segments: Vec<f64>,
    pub(crate) contents: f64,
}

impl Shape {
    fn of(plan: &Plan, routes: &[Arc<Route>]) -> Self {
        let segments = routes.iter().map(|route| f64::from(fit::of_plan(route, plan).segments));
        Self { segments: segments.collect(), contents: plan.contents.len() as f64 }
    }

    /// What a delivery costs where this is counted, on one route or on the dearest. `per_call` = deliveries of one call.
    fn units(&self, unit: RateUnit, per_call: f64, route: Option<usize>) -> f64 {
        match unit {
            RateUnit::Recipients => 1.0,
            RateUnit::Segments => match route {
                Some(at) => self.segments.get(at).copied().unwrap_or(1.0),
                None => self.segments.iter().copied().fold(1.0, f64::max),
            },
            RateUnit::Calls => (self.contents / per_call.max(1.0)).min(1.0),
        }
    }
}

/// The ways of a channel and what waits there.
struct Model {
    routes: Vec<Arc<Route>>,
    ways: Vec<Way>,
    /// Routes whose pace nobody knows: no limit, and nothing carried yet.
    unknown: Vec<bool>,
    loads: Vec<Load<LaneKey>>,
    /// Number of the plan of each load, and its issuer.
    of: Vec<(u64, Option<String>)>,
    shapes: Vec<Shape>,
}

/// A pace that nothing known keeps from being fast.
const FAST: f64 = 1e9;
const DAY_S: i64 = 86_400;
const CHINA_S: i64 = 8 * 3_600;

impl Model {
    fn new(parts: &Parts, channel: Channel) -> Self {
        let routes: Vec<Arc<Route>> = parts.routes.values().filter(|route| route.channel == channel).cloned().collect();
        let now_unix = parts.clock.unix();
        let ways = routes.iter().map(|route| way(route, now_unix)).collect();
        let unknown = routes.iter().map(|route| route.allowed().is_none() && route.round_trip().is_none()).collect();
        let mut model = Self { routes, ways, unknown, loads: Vec::new(), of: Vec::new(), shapes: Vec::new() };
        for waiting in nodes::outlook(parts, channel) {
            let plan = &waiting.plan;
            let may = |route: &Route| route.is_running() && deliver::may_carry(parts, route, plan);
            let deliveries = (waiting.ready + waiting.later) as f64;
            let shape = Shape::of(plan, &model.routes);
            model.add(&plan.record, waiting.lane, deliveries, shape, now_unix, may);
        }
        model
    }

    fn add(
        &mut self,
        record: &PlanRecord,
        lane: LaneKey,
        deliveries: f64,
        shape: Shape,
        now_unix: i64,
        may: impl Fn(&Route) -> bool,
    ) {
        let units = self.routes.iter().enumerate().map(|(at, route)| {
            may(route).then(|| {
                let unit = route.pacer.lock().node.unit();
                let per_call = f64::from(route.batch()).min(route.adapter.profile().batch_max as f64);
                shape.units(unit, per_call, Some(at))
            })
        });
        self.loads.push(Load {
            lane,
            red: record.level == Level::Red,
            deliveries,
            deadline: (record.deadline - now_unix) as f64,
            units: units.collect(),
        });
        self.of.push((record.number, record.issuer.clone()));
        self.shapes.push(shape);
    }

    /// Limits besides those of the routes.
    fn caps(&self, parts: &Parts, channel: Channel) -> Vec<Cap> {
        let limits = &parts.config.limits;
        let cap = |limit: &crate::config::Limit, under: &dyn Fn(usize) -> bool| {
            let per_s = [limit.rate_per_s.map(f64::from), limit.per_minute.map(|most| f64::from(most) / 60.0)];
            let per_s = per_s.into_iter().flatten().reduce(f64::min)?;
            let unit = limit.rate_unit.unwrap_or(RateUnit::Recipients);
            let units = self.shapes.iter().enumerate();
            let units = units.map(|(at, shape)| under(at).then(|| shape.units(unit, 256.0, None))).collect();
            Some(Cap { per_s, red_share: limit.red_share, units })
        };
        let mut caps: Vec<Cap> = Vec::new();
        caps.extend(limits.channel.get(channel.name()).and_then(|limit| cap(limit, &|_| true)));
        let issuers: std::collections::BTreeSet<&String> =
            self.of.iter().filter_map(|(_, issuer)| issuer.as_ref()).collect();
        for issuer in issuers {
            let limit = limits.issuer.get(issuer).or_else(|| limits.issuer.get("default"));
            caps.extend(limit.and_then(|limit| cap(limit, &|at| self.of[at].1.as_ref() == Some(issuer))));
        }
        caps
    }

    fn run(&self, parts: &Parts, channel: Channel) -> Vec<End> {
        fluid::run(&self.ways, &self.caps(parts, channel), &self.loads)
    }

    /// Whether nobody knows how fast a load goes.
    fn is_unknown(&self, at: usize) -> bool {
        self.loads[at].units.iter().zip(&self.unknown).any(|(units, unknown)| units.is_some() && *unknown)
    }

    fn running(&self, at: usize, end: &End) -> Running {
        let finish_s = end.finish.filter(|_| !self.is_unknown(at)).map(|seconds| seconds.ceil() as u64);
        Running { finish_s, will_miss: end.missed.ceil() as u64 }
    }
}

/// A route's pace as it is now.
fn way(route: &Route, now_unix: i64) -> Way {
    let limit = route.limit_now();
    let batch = (route.batch() as usize).min(route.adapter.profile().batch_max).max(1);
    let by_window =
        route.round_trip().map(|took| route.window_size as f64 * batch as f64 / took.as_secs_f64().max(1e-6));
    let by_rate = route.allowed().map(|rate| if limit.hard_cap { rate * 0.99 } else { rate });
    let by_minute = limit.per_minute.map(|most| f64::from(most) / 60.0);
    let unit = route.pacer.lock().node.unit();
    // The window counts submits, which is not what every limit counts; it bounds only where it counts the same.
    let by_window = by_window.filter(|_| unit == RateUnit::Recipients);
    let per_s = [by_rate, by_minute, by_window].into_iter().flatten().fold(FAST, f64::min);
    let left = {
        let pacer = route.pacer.lock();
        let day = pacer.node.day().used(now_unix);
        day.map(|(used, most)| (most.saturating_sub(used) as f64, most as f64))
    };
    let to_midnight = (DAY_S - (now_unix + CHINA_S).rem_euclid(DAY_S)) as f64;
    let share = 1.0 - limit.red_share;
    let refill = (left.map_or(0.0, |(_, most)| most * share), to_midnight, DAY_S as f64);
    let left = left.map(|(left, most)| (left - most * limit.red_share).max(0.0));
    Way { per_s, red_share: limit.red_share, left, refill }
}

/// When what waits of each plan of a channel will be through, by number of the plan.
pub(crate) fn running(parts: &Parts, channel: Channel) -> BTreeMap<u64, Running> {
    let model = Model::new(parts, channel);
    let ends = model.run(parts, channel);
    ends.iter().enumerate().map(|(at, end)| (model.of[at].0, model.running(at, end))).collect()
}
