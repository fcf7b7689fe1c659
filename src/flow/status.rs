//! Stage 9: what happened so far, in numbers that carry their age.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod deliveries;
mod events;
mod numbers;
mod people;
mod routes;

pub(in crate::flow) use self::routes::hear as hear_route;

use super::{
    Flow, Page, Parts, Unavailable,
    alarms::AlarmView,
    call::CallCounts,
    deliver::RouteLimits,
    forecast::RunningForecast,
    projection::recall,
    record::{Decision, Stage, WarningId, WarningRecord, rfc3339},
    retention,
};
use crate::{
    domain::delivery::{Reason, State},
    store::EntryKind,
};

pub(crate) use events::{Progress, tell};

/// Progress of one warning.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StatusView {
    pub warning: WarningId,
    pub stage: Stage,
    /// When these numbers were true, RFC 3339 with offset.
    pub as_of: String,
    /// When a number last changed.
    pub last_progress_at: Option<String>,
    /// By channel name.
    pub channels: BTreeMap<String, ChannelStatus>,
    pub people: People,
    /// Every delivery is in a terminal state.
    pub done: bool,
    /// Accepted deliveries of which the provider has still to say what became of them.
    pub receipts_awaited: u64,
    /// What the limits and the queues say of what waits on all channels; `null` when nothing does.
    pub forecast: Option<RunningForecast>,
    /// Officers who have to confirm it; `null` when nobody has to.
    pub calls: Option<CallCounts>,
    /// Alarms about this warning or a route that carries it.
    pub alarms: Vec<AlarmView>,
}

/// Progress on one channel. `audience` is the sum of the states; accepted, delivered and confirmed are disjoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChannelStatus {
    pub audience: u64,
    pub pending: u64,
    pub in_flight: u64,
    pub accepted: u64,
    pub delivered: u64,
    pub confirmed: u64,
    pub failed: u64,
    pub expired: u64,
    pub withdrawn: u64,
    pub superseded: u64,
    /// Failed ones by reason name.
    pub failed_by_reason: BTreeMap<String, u64>,
    /// Attempts beyond the first of a delivery whose earlier attempt may have arrived.
    pub maybe_doubled: u64,
    /// Deliveries that left pending per second, over the last seconds.
    pub rate_per_s: f64,
    /// Seconds until nothing is pending at this rate; `null` when it cannot be said.
    pub eta_s: Option<u64>,
    /// What the limits and the queues say of what waits; `null` when nothing does.
    #[serde(default)]
    pub forecast: Option<RunningForecast>,
}

/// Persons, over all channels. Screens are not persons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct People {
    /// In at least one audience.
    pub addressed: u64,
    /// Accepted or better on at least one channel.
    pub reached_by_one: u64,
    /// Accepted or better on at least two channels.
    pub reached_by_two: u64,
    /// Confirmed by the person on at least one channel.
    pub confirmed: u64,
    /// By channel name: those whom this channel reached first. Together they are `reached_by_one`.
    pub first_channel: BTreeMap<String, u64>,
    /// Addressed and not reached by any channel.
    pub unreached: u64,
    /// Of these, those for whom something is still under way.
    pub unreached_waiting: u64,
    /// Of these, the others by reason name; of several channels the first says it.
    pub unreached_by_reason: BTreeMap<String, u64>,
    /// When the last two were counted, RFC 3339; `null` before the first time.
    pub unreached_as_of: Option<String>,
}

/// One delivery as an operator sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryView {
    /// `{plan}-{index}` in hex, the name of the delivery in logs and in provider requests.
    pub token: String,
    /// External id of the recipient.
    pub recipient: String,
    pub channel: String,
    /// Masked.
    pub address: String,
    pub state: State,
    pub reason: Reason,
    /// The provider's own code and words.
    pub provider: Option<String>,
    pub route: Option<String>,
    pub attempts: u32,
    /// When the state was reached, RFC 3339.
    pub at: Option<String>,
    pub maybe_doubled: bool,
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    pub channel: Option<String>,
    pub state: Option<State>,
    pub reason: Option<Reason>,
}

/// One thing that happened, for the event stream.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// Position; pass it back as `Last-Event-ID`.
    pub id: u64,
    /// `warning` (a decision or a change of stage) or `progress` (numbers).
    pub kind: String,
    /// RFC 3339.
    pub at: String,
    pub warning: WarningId,
    /// For `warning`: what happened, e.g. `received`, `released`, `finished`, `lifted`.
    pub what: Option<String>,
    /// For `progress`: the numbers now.
    pub status: Option<StatusView>,
}

/// A route as an operator sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RouteView {
    pub name: String,
    pub channel: String,
    pub adapter: String,
    /// May carry drills; may carry actual warnings.
    pub drill: bool,
    pub actual: bool,
    /// Gets work only as far as the channel's other routes have lost share.
    pub standby: bool,
    /// `running`, `trying` (one submit at a time after a rest), `throttled`, `resting`, `stopped`, `paused`.
    pub state: String,
    /// What tripped the breaker: `throttled`, `unreached`, `unanswered`, `failing`, `misconfigured`, `canary`.
    pub trip: Option<String>,
    /// Since when that is so, RFC 3339: over repeated trips, the first.
    pub trip_since: Option<String>,
    /// What ends it: `time`, `probe` (a link test that succeeds) or `submit` (one that is let through).
    pub trip_ends_by: Option<String>,
    /// Seconds until it is tried again.
    pub trip_again_in_s: Option<f64>,
    /// Why it is not running, in words of the provider or of who paused it.
    pub reason: Option<String>,
    /// The part of its pace it may use for what is measured of it, 0 (not running) to 1.
    pub share: f64,
    /// What the limits count: `recipients`, `segments` or `calls`.
    pub unit: String,
    /// Units per second by configuration or order, `null` = no limit.
    pub limit_per_s: Option<f64>,
    /// Units per second allowed now, after throttle answers and by its share; `null` = no limit.
    pub allowed_per_s: Option<f64>,
    /// Limits set by order instead of the configuration.
    pub ordered: Option<RouteLimits>,
    /// Units of the last minute and their limit, where there is one.
    pub per_minute: Option<UseView>,
    /// Units of today (China) and their limit, where there is one.
    pub per_day: Option<UseView>,
    /// Deliveries per second now.
    pub rate_per_s: f64,
    /// Smoothed time from submit to answer, `null` before the first.
    pub round_trip_ms: Option<f64>,
    /// Submits that may be unanswered.
    pub window: WindowView,
    pub in_flight: u64,
    /// Waiting deliveries by lane: a level's name, with `_lift` for lifts.
    pub queue: BTreeMap<String, u64>,
    /// The last silent link test, `null` before the first.
    pub canary: Option<CanaryView>,
    pub last_success_at: Option<String>,
    pub last_error: Option<String>,
    pub last_error_at: Option<String>,
    pub as_of: String,
}

/// How much of a limit is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct UseView {
    pub used: u64,
    pub limit: u64,
}

/// The window of a route, in submits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WindowView {
    /// The protocol's or the configured most.
    pub size: usize,
    /// What rate × round trip needs now.
    pub now: usize,
    /// Unanswered now.
    pub used: usize,
    /// Kept for red.
    pub red: usize,
}

/// A silent link test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CanaryView {
    /// RFC 3339.
    pub at: String,
    pub age_s: i64,
    pub ok: bool,
    /// The provider's words when it failed.
    pub fault: Option<String>,
}

/// One line of a warning's history.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TimelineEntry {
    /// RFC 3339.
    pub at: String,
    /// What happened: `received`, `released`, `planned`, `finished`, `lifted`, …
    pub what: String,
    /// Key id or `policy`.
    pub by: Option<String>,
    pub detail: Option<String>,
}

impl Flow {
    /// Progress of a warning; `None` when there is no such warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn status(&self, id: &WarningId) -> Result<Option<StatusView>, Unavailable> {
        let plans = self.0.warning_record(id).map(|record| record.plans.clone()).unwrap_or_default();
        let held = recall::recall(&self.0, &plans).await?;
        people::count_large(&self.0, id, &held).await;
        Ok(numbers::status(&self.0, id))
    }

    /// Deliveries of a warning; `None` when there is no such warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn deliveries(
        &self,
        id: &WarningId,
        filter: &DeliveryFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Option<Page<DeliveryView>>, Unavailable> {
        let Some(warning) = self.0.warning_record(id) else { return Ok(None) };
        deliveries::page(&self.0, &warning, filter, cursor, limit).await.map(Some)
    }

    /// What happened to a warning, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn timeline(&self, id: &WarningId) -> Result<Vec<TimelineEntry>, Unavailable> {
        let sequences = retention::decisions_of(&self.0, id).await?;
        let mut timeline = Vec::new();
        for sequence in sequences {
            for row in self.0.store.journal(sequence, 1).await?.into_iter().filter(|row| row.sequence == sequence) {
                let decisions = row.entries.iter().filter(|(_, entry)| entry.kind == EntryKind::Decision);
                for decision in decisions.filter_map(|(_, entry)| serde_json::from_slice::<Decision>(&entry.data).ok())
                {
                    if decision.warning.as_ref() == Some(id) {
                        timeline.push(decision.into());
                    }
                }
            }
        }
        Ok(timeline)
    }

    /// Events after `since` (only those from now on when `None`), without gaps: first from the journal, then live. A
    /// receiver that falls behind sees its stream end and resumes by the last id.
    pub fn events(&self, since: Option<u64>) -> std::pin::Pin<Box<dyn futures_util::Stream<Item = Event> + Send>> {
        events::stream(std::sync::Arc::clone(&self.0), since)
    }

    /// Every alarm that stands, the most pressing first.
    #[must_use]
    pub fn alarms(&self) -> Vec<AlarmView> {
        self.0.alarms.list(|_| true)
    }

    /// When these things are true, RFC 3339.
    #[must_use]
    pub fn now(&self) -> String {
        rfc3339(self.0.clock.unix_ms())
    }

    /// Every route.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteView> {
        self.0.routes.values().map(|route| routes::view(&self.0, route)).collect()
    }

    /// Pauses a route, with who and why; `false` when there is none of this name.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn pause_route(&self, name: &str, by: &str, reason: &str) -> Result<bool, Unavailable> {
        routes::order(&self.0, name, by, Some(reason)).await
    }

    /// Lets a paused or stopped route run again; `false` when there is none of this name.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn resume_route(&self, name: &str, by: &str) -> Result<bool, Unavailable> {
        routes::order(&self.0, name, by, None).await
    }

    /// Sets the limits of a route by order, or (`None`) gives it those of the configuration again; `false` when there is
    /// none of this name.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn limit_route(
        &self,
        name: &str,
        by: &str,
        limits: Option<RouteLimits>,
        reason: &str,
    ) -> Result<bool, Unavailable> {
        routes::limit(&self.0, name, by, limits, reason).await
    }

    /// Tests a route's link now. `None` when there is no such route, the fault's words when it fails.
    pub async fn probe_route(&self, name: &str) -> Option<Result<(), String>> {
        let route = self.0.routes.get(name)?;
        Some(route.adapter.probe().await.map_err(|fault| fault.to_string()))
    }
}

/// Persons of a warning, without the reasons why some were not reached: costs little, whether it is folded or not.
pub(crate) fn people_of(parts: &Parts, warning: &WarningRecord) -> People {
    people::counted(parts, warning)
}

/// Persons of a warning, for keeping when it is folded or its audience is erased.
pub(crate) fn people_now(parts: &Parts, id: &WarningId) -> Option<People> {
    let warning = parts.warning_record(id)?;
    Some(people::exactly(parts, id, &parts.projection.plans(&warning.plans)))
}

impl From<Decision> for TimelineEntry {
    fn from(decision: Decision) -> Self {
        Self { at: rfc3339(decision.at_ms), what: decision.what, by: decision.by, detail: decision.detail }
    }
}
