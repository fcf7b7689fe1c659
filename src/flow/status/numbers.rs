//! The numbers of one warning, from the projection.

use std::collections::BTreeMap;

use fenghuo_contract::ReceiptStyle;

use super::{ChannelStatus, StatusView, people};
use crate::{
    domain::delivery::State,
    flow::{
        Parts,
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
    for plan in &plans {
        let snapshot = plan.snapshot();
        changed_ms = changed_ms.max(snapshot.changed_ms);
        receipts_awaited += awaited(parts, plan, &snapshot);
        open += snapshot.open();
        let rate = parts.progress.rate(plan.record.number, snapshot.open(), now);
        channels.insert(plan.record.channel.name().to_owned(), channel(&snapshot, rate));
    }
    Some(StatusView {
        warning: id.clone(),
        stage: warning.stage,
        as_of: rfc3339(parts.clock.unix_ms()),
        last_progress_at: (changed_ms > 0).then(|| rfc3339(changed_ms)),
        channels,
        people: people::now(parts, id, &plans),
        done: warning.stage >= crate::flow::record::Stage::Delivering && open == 0,
        receipts_awaited,
    })
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
    }
}
