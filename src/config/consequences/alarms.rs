//! What the times and shares of alarms would do, and what a unit costs.

use super::Pass;

pub(super) fn check(pass: &mut Pass<'_>) {
    let alarms = &pass.config.alarms;
    for (name, span) in [("stuck_s", alarms.stuck_s), ("receipts_wait_s", alarms.receipts_wait_s)] {
        if span.is_zero() {
            pass.refuse("config-alarm-zero", &["alarms", name], Vec::new());
        }
    }
    for (name, share) in [("slow_share", alarms.slow_share), ("missing_share", alarms.missing_share)] {
        if !(0.0..=1.0).contains(&share) {
            pass.refuse("config-alarm-share", &["alarms", name], vec![("got", share.to_string())]);
        }
    }
    if alarms.slow_factor < 1.0 {
        let args = vec![("got", alarms.slow_factor.to_string())];
        pass.refuse("config-alarm-factor", &["alarms", "slow_factor"], args);
    }
    for (route, config) in &pass.config.routes {
        if let Some(cost) = config.cost_per_unit.filter(|cost| *cost < 0.0) {
            let args = vec![("route", route.clone()), ("got", cost.to_string())];
            pass.refuse("config-cost-negative", &["routes", route, "cost_per_unit"], args);
        }
    }
}
