//! Receipts that are late or do not come at all: a channel that fell silent behind an "accepted".

use std::{collections::BTreeMap, sync::Arc};

use fenghuo_contract::ReceiptStyle;

use super::told;
use crate::flow::{
    Parts,
    alarms::{AlarmCode, Seen, Subject},
    projection::Plan,
    record::WarningId,
};

/// The part of all receipts that "usual" speaks of.
const USUAL: f64 = 0.95;
/// What comes within this time is not slow, whatever is usual.
const NEVER_SLOW_MS: i64 = 10_000;
/// Fewer accepted deliveries say nothing of a route.
const ENOUGH: u64 = 20;
/// Fewer without a receipt are people whose telephone is off.
const SOME: u64 = 10;

/// Accepted deliveries of some age, and those of them without later word.
#[derive(Default)]
struct Share {
    accepted: u64,
    left: u64,
    /// When the oldest of those left was accepted.
    since_ms: Option<i64>,
}

impl Share {
    fn add(&mut self, accepted: u32, left: u32, at_ms: i64) {
        self.accepted += u64::from(accepted);
        self.left += u64::from(left);
        if left > 0 {
            self.since_ms = Some(self.since_ms.map_or(at_ms, |known| known.min(at_ms)));
        }
    }

    fn exceeds(&self, part: f64) -> bool {
        self.left as f64 > self.accepted as f64 * part
    }
}

pub(super) fn look(parts: &Parts, plans: &[Arc<Plan>], seen: &mut Seen) {
    let alarms = &parts.config.alarms;
    let now_ms = parts.clock.unix_ms();
    let silent_ms = i64::try_from(alarms.receipts_wait_s.as_millis()).unwrap_or(i64::MAX);
    let mut slow: BTreeMap<String, Share> = BTreeMap::new();
    let mut missing: BTreeMap<(WarningId, String), Share> = BTreeMap::new();
    let slow_after: BTreeMap<&str, i64> = parts
        .routes
        .values()
        .filter(|route| route.adapter.profile().receipts == ReceiptStyle::Delivery)
        .map(|route| (route.name.as_str(), slow_after(parts, &route.name)))
        .collect();
    for plan in plans {
        plan.awaited(|route, awaited| {
            let Some(slow_after) = slow_after.get(route) else { return };
            let age = now_ms - awaited.at_ms;
            if age >= silent_ms {
                let key = (plan.record.warning.clone(), route.to_owned());
                missing.entry(key).or_default().add(awaited.accepted, awaited.left, awaited.at_ms);
            } else if age >= *slow_after {
                slow.entry(route.to_owned()).or_default().add(awaited.accepted, awaited.left, awaited.at_ms);
            }
        });
    }
    let channel = |route: &str| parts.routes.get(route).map(|route| route.channel.name().to_owned());
    let facts = |share: &Share| [("count", share.left.to_string()), ("accepted", share.accepted.to_string())];
    for (route, share) in slow.into_iter().filter(|(_, share)| share.accepted >= ENOUGH) {
        if share.exceeds(alarms.slow_share) {
            let told = told(share.since_ms.unwrap_or(now_ms), facts(&share));
            let subject = Subject { warning: None, channel: channel(&route), route: Some(route) };
            seen.insert((AlarmCode::ReceiptsSlow, subject), told);
        }
    }
    for ((warning, route), share) in missing.into_iter().filter(|(_, share)| share.left >= SOME) {
        if share.exceeds(alarms.missing_share) {
            let told = told(share.since_ms.unwrap_or(now_ms), facts(&share));
            let subject = Subject { warning: Some(warning), channel: channel(&route), route: Some(route) };
            seen.insert((AlarmCode::ReceiptsMissing, subject), told);
        }
    }
}

/// After so many milliseconds a receipt of a route is slow.
fn slow_after(parts: &Parts, route: &str) -> i64 {
    let usual = parts.projection.usual.quantile(route, USUAL);
    usual.map_or(i64::MAX, |usual| {
        let slow = usual as f64 * parts.config.alarms.slow_factor.max(1.0);
        (slow as i64).max(NEVER_SLOW_MS)
    })
}
