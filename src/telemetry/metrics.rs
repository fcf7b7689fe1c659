//! Every metric there is: name, unit, labels, what it counts.

use std::sync::{OnceLock, atomic::AtomicU64};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

/// Declares sets of labels.
macro_rules! labels {
    ($($name:ident { $($label:ident),+ })+) => {
        $(
            #[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
            pub(super) struct $name { $(pub(super) $label: String),+ }
        )+
    };
}

labels! {
    Request { method, route, status }
    Code { code }
    ByResult { result }
    ByState { state }
    Delivery { route, level, state }
    Undelivered { route, reason }
    Verdict { route, verdict }
    Lane { route, lane }
    Route { route }
    RouteState { route, state }
    Trip { route, reason }
    Channel { channel }
    Reply { route, result }
}

type Rate = Gauge<f64, AtomicU64>;

/// The metrics of one gateway.
pub(super) struct Metrics {
    pub(super) request_seconds: Family<Request, Histogram, fn() -> Histogram>,
    /// Of these the ones that tell screens that nothing changed.
    pub(super) screen_stands: OnceLock<Histogram>,
    pub(super) connections: Gauge,
    pub(super) problems: Family<Code, Counter>,
    pub(super) intake: Family<ByResult, Counter>,
    pub(super) screens: Family<ByState, Gauge>,
    pub(super) deliveries: Family<Delivery, Counter>,
    pub(super) undelivered: Family<Undelivered, Counter>,
    pub(super) attempts: Family<Verdict, Counter>,
    pub(super) withdrawals: Family<Reply, Counter>,
    pub(super) alarms: Family<Code, Gauge>,
    pub(super) receipts: Family<Route, Counter>,
    pub(super) receipts_unmatched: Gauge,
    pub(super) receipts_unsigned: Family<Route, Counter>,
    pub(super) receipts_not_taken: Counter,
    pub(super) replies: Family<Reply, Counter>,
    pub(super) receipts_kept: Gauge,
    pub(super) receipts_waiting_kib: Gauge,
    pub(super) queue: Family<Lane, Gauge>,
    pub(super) in_flight: Family<Route, Gauge>,
    pub(super) route_limit: Family<Route, Rate>,
    pub(super) route_state: Family<RouteState, Gauge>,
    pub(super) route_share: Family<Route, Rate>,
    pub(super) route_breaker: Family<Trip, Gauge>,
    pub(super) route_trips: Family<Trip, Counter>,
    pub(super) canary_age: Family<Route, Rate>,
    pub(super) canary_ok: Family<Route, Gauge>,
    pub(super) channel_down: Family<Channel, Gauge>,
    pub(super) store_state: Family<ByState, Gauge>,
    pub(super) disk_free: Gauge,
    pub(super) disk_low_mark: Gauge,
    pub(super) reserve: Gauge,
    pub(super) reserve_whole: Gauge,
    pub(super) commit_queue: Gauge,
    pub(super) commit_queue_overflows: Gauge,
    pub(super) outcomes_refused: Counter,
}

fn request_buckets() -> Histogram {
    Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0])
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            request_seconds: Family::new_with_constructor(request_buckets),
            screen_stands: OnceLock::new(),
            connections: Gauge::default(),
            problems: Family::default(),
            intake: Family::default(),
            screens: Family::default(),
            deliveries: Family::default(),
            undelivered: Family::default(),
            attempts: Family::default(),
            withdrawals: Family::default(),
            alarms: Family::default(),
            receipts: Family::default(),
            receipts_unmatched: Gauge::default(),
            receipts_unsigned: Family::default(),
            receipts_not_taken: Counter::default(),
            replies: Family::default(),
            receipts_kept: Gauge::default(),
            receipts_waiting_kib: Gauge::default(),
            queue: Family::default(),
            in_flight: Family::default(),
            route_limit: Family::default(),
            route_state: Family::default(),
            route_share: Family::default(),
            route_breaker: Family::default(),
            route_trips: Family::default(),
            canary_age: Family::default(),
            canary_ok: Family::default(),
            channel_down: Family::default(),
            store_state: Family::default(),
            disk_free: Gauge::default(),
            disk_low_mark: Gauge::default(),
            reserve: Gauge::default(),
            reserve_whole: Gauge::default(),
            commit_queue: Gauge::default(),
            commit_queue_overflows: Gauge::default(),
            outcomes_refused: Counter::default(),
        };
        registry.register("build", "Version of the program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("alarms", "Alarms that stand, by code", metrics.alarms.clone());
        metrics.register_http(registry);
        metrics.register_deliveries(registry);
        metrics.register_routes(registry);
        metrics.register_store(registry);
        metrics
    }

    fn register_http(&self, registry: &mut Registry) {
        let took = "Time to answer a request";
        registry.register_with_unit("http_request", took, Unit::Seconds, self.request_seconds.clone());
        registry.register("http_connections", "Connections now open", self.connections.clone());
        registry.register("problems", "Problem documents answered, by code", self.problems.clone());
        registry.register("intake_warnings", "Warnings handed in, by result", self.intake.clone());
        registry.register("screens", "Screens, by what they show", self.screens.clone());
    }

    fn register_deliveries(&self, registry: &mut Registry) {
        registry.register("deliveries", "Deliveries that reached a state", self.deliveries.clone());
        registry.register("undelivered", "Deliveries that reached nobody, by reason", self.undelivered.clone());
        registry.register("delivery_attempts", "Attempts, by their outcome", self.attempts.clone());
        let withdrawals = "Messages providers were asked to withdraw, by what they said";
        registry.register("withdrawals", withdrawals, self.withdrawals.clone());
        registry.register("receipts", "Receipts that became durable", self.receipts.clone());
        let unmatched = "Receipts given up whose reference no submit was ever answered with";
        registry.register("receipts_unmatched", unmatched, self.receipts_unmatched.clone());
        let unsigned = "Receipts without a signature that fits";
        registry.register("receipts_unsigned", unsigned, self.receipts_unsigned.clone());
        let not_taken = "Receipts not taken for want of room, to be repeated by their provider";
        registry.register("receipts_not_taken", not_taken, self.receipts_not_taken.clone());
        registry.register("replies", "What people wrote back, by what it came to", self.replies.clone());
        let kept = "Receipts kept until it is known whose they are";
        registry.register("receipts_unknown", kept, self.receipts_kept.clone());
        let waiting = "Receipts that wait to be durable, KiB";
        registry.register("receipts_waiting_kib", waiting, self.receipts_waiting_kib.clone());
    }

    fn register_routes(&self, registry: &mut Registry) {
        registry.register("queue_deliveries", "Deliveries that wait", self.queue.clone());
        registry.register("route_in_flight_deliveries", "Deliveries without answer yet", self.in_flight.clone());
        registry.register("route_rate_limit_per_second", "Rate allowed now, 0 = no limit", self.route_limit.clone());
        registry.register("route_state", "1 for the state the route is in", self.route_state.clone());
        registry.register("route_share", "Part of its share the route may use, 0 to 1", self.route_share.clone());
        let breaker = "1 for the reason the route is out of service for";
        registry.register("route_breaker", breaker, self.route_breaker.clone());
        registry.register("route_trips", "Times a route was taken out of service", self.route_trips.clone());
        let age = "Time since the link was last silently tested";
        registry.register_with_unit("route_canary_age", age, Unit::Seconds, self.canary_age.clone());
        registry.register("route_canary_ok", "1 when that test succeeded", self.canary_ok.clone());
        registry.register("channel_down", "1 while work waits and no route runs", self.channel_down.clone());
    }

    fn register_store(&self, registry: &mut Registry) {
        registry.register("store_state", "1 for the state the store is in", self.store_state.clone());
        let mut bytes = |name, help, gauge: &Gauge| registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        bytes("store_disk_free", "Bytes free on the disk of the data directory", &self.disk_free);
        bytes("store_disk_low_mark", "Below this nothing new below red is taken", &self.disk_low_mark);
        bytes("store_reserve", "Disk kept for lifts, corrections and outcomes", &self.reserve);
        bytes("store_reserve_whole", "What should be kept of it", &self.reserve_whole);
        bytes("store_commit_queue", "Commits that wait for the disk", &self.commit_queue);
        let overflows = "Commits refused so far because the queue stayed full";
        registry.register("store_commit_queue_overflows", overflows, self.commit_queue_overflows.clone());
        let refused = "Outcomes of the journal without an open lease";
        registry.register("outcomes_refused", refused, self.outcomes_refused.clone());
    }
}
