//! The numbers of one warning, from the projection.

use std::collections::{BTreeMap, BTreeSet};

use fenghuo_contract::ReceiptStyle;

use super::{ChannelStatus, StatusView, people};
use crate::{
    domain::delivery::State,
    flow::{
        Parts, call,
        forecast::{self, Running, RunningForecast},
        projection::{Plan, Snapshot},
        record::{WarningId, rfc3339},
    },
};

pub(super) fn status(parts: &Parts, id: &WarningId) -> Option<StatusView> {
    let warning = parts.warning_record(id)?;
    let plans = parts.projection.plans(&warning.plans);
    let now = parts.clock.instant();
    let mut channels = BTreeMap::new();
    let (mut changed_ms, mut receipts_awaited, mut open) = (0, 0, 0);
    let mut ahead: Vec<Running> = Vec::new();
    for plan in &plans {
        let snapshot = plan.snapshot();
        changed_ms = changed_ms.max(snapshot.changed_ms);
        receipts_awaited += awaited(parts, plan, &snapshot);
        open += snapshot.open();
        let rate = parts.progress.rate(plan.record.number, snapshot.open(), now);
        let mut channel = channel(&snapshot, rate);
        if let Some(running) = running(parts, plan, &snapshot) {
            channel.forecast = Some(RunningForecast::new(running, parts.clock.unix_ms()));
            ahead.push(running);
        }
        let name = plan.record.channel.name().to_owned();
        // Partners have a plan each on one channel.
        channels.entry(name).and_modify(|whole: &mut ChannelStatus| add(whole, &channel)).or_insert(channel);
    }
    let routes: BTreeSet<&String> = plans.iter().flat_map(|plan| &plan.record.routes).collect();
    Some(StatusView {
        warning: id.clone(),
        stage: warning.stage,
        as_of: rfc3339(parts.clock.unix_ms()),
        last_progress_at: (changed_ms > 0).then(|| rfc3339(changed_ms)),
        channels,
        people: people::now(parts, id, &plans),
        done: warning.stage >= crate::flow::record::Stage::Delivering && open == 0,
        receipts_awaited,
        forecast: together(&ahead).map(|running| RunningForecast::new(running, parts.clock.unix_ms())),
        calls: call::counts(parts, id),
        alarms: parts.alarms.list(|subject| match &subject.warning {
            Some(warning) => warning == id,
            None => subject.route.as_ref().is_some_and(|route| open > 0 && routes.contains(route)),
        }),
    })
}

/// Adds another plan of the same channel.
fn add(whole: &mut ChannelStatus, more: &ChannelStatus) {
    whole.audience += more.audience;
    whole.pending += more.pending;
    whole.in_flight += more.in_flight;
    whole.accepted += more.accepted;
    whole.delivered += more.delivered;
    whole.confirmed += more.confirmed;
    whole.failed += more.failed;
    whole.expired += more.expired;
    whole.withdrawn += more.withdrawn;
    whole.superseded += more.superseded;
    for (reason, count) in &more.failed_by_reason {
        *whole.failed_by_reason.entry(reason.clone()).or_default() += count;
    }
    whole.maybe_doubled += more.maybe_doubled;
    whole.rate_per_s += more.rate_per_s;
    whole.eta_s = whole.eta_s.zip(more.eta_s).map(|(one, other)| one.max(other));
    whole.forecast = match (whole.forecast.take(), more.forecast.clone()) {
        (Some(one), Some(other)) => Some(RunningForecast {
            // All in China's time, so that later ones sort later.
            finish_at: one.finish_at.zip(other.finish_at).map(|(one, other)| one.max(other)),
            will_miss: one.will_miss + other.will_miss,
        }),
        (one, other) => one.or(other),
    };
}

/// When what waits of a plan will be through; `None` when nothing does.
fn running(parts: &Parts, plan: &Plan, snapshot: &Snapshot) -> Option<Running> {
    if snapshot.open() == 0 || plan.closing().is_some() {
        return None;
    }
    let known = forecast::running(parts, plan.record.channel).remove(&plan.record.number);
    // What is in flight has left; what waits in a ladder has not been let in.
    Some(known.unwrap_or(Running { finish_s: Some(0), will_miss: 0 }))
}

/// All channels: the last of them, and those who miss on any.
fn together(ahead: &[Running]) -> Option<Running> {
    let finish_s = ahead.iter().map(|running| running.finish_s).try_fold(0, |last, this| Some(last.max(this?)));
    let will_miss = ahead.iter().map(|running| running.will_miss).sum();
    (!ahead.is_empty()).then_some(Running { finish_s, will_miss })
}

fn awaited(parts: &Parts, plan: &Plan, snapshot: &Snapshot) -> u64 {
    let routes = plan.record.routes.iter().filter_map(|name| parts.routes.get(name));
    let reports = routes.into_iter().any(|route| route.adapter.profile().receipts == ReceiptStyle::Delivery);
    if reports { snapshot.count(State::Accepted) } else { 0 }
}

fn channel(snapshot: &Snapshot, rate_per_s: f64) -> ChannelStatus {
    let failed = snapshot.reasons.iter().filter(|(reason, _)| reason.is_failure());
    let eta_s = match snapshot.open() {
        0 => Some(0),
        open if rate_per_s > 0.01 => Some((open as f64 / rate_per_s).ceil() as u64),
        _ => None,
    };
    ChannelStatus {
        audience: snapshot.counts.iter().sum(),
        pending: snapshot.count(State::Pending),
        in_flight: snapshot.count(State::InFlight),
        accepted: snapshot.count(State::Accepted),
        delivered: snapshot.count(State::Delivered),
        confirmed: snapshot.count(State::Confirmed),
        failed: snapshot.count(State::Failed),
        expired: snapshot.count(State::Expired),
        withdrawn: snapshot.count(State::Withdrawn),
        superseded: snapshot.count(State::Superseded),
        failed_by_reason: failed.map(|(reason, count)| (reason.name().to_owned(), *count)).collect(),
        maybe_doubled: snapshot.doubled,
        rate_per_s,
        eta_s,
        forecast: None,
    }
}
