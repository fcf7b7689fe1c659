//! Pacing of one route: its node of the limit tree, and a rate that follows throttle answers and the route's health.

use std::time::Duration;

use fenghuo_contract::RateUnit;
use tokio::time::Instant;

use super::limit::{DayUse, Node};
use crate::config::Limit;

/// A throttled route never goes below this part of its configured rate.
const FLOOR: f64 = 0.02;
/// Added to the rate each second without a throttle answer, as a part of the configured rate.
const RECOVERY_PER_S: f64 = 0.05;
/// Without a limit of our own, this long without a throttle answer ends the caution.
const CAUTION: Duration = Duration::from_secs(1_800);

/// The pacer of one route. One consumer per route keeps the order.
pub(crate) struct Pacer {
    limit: Limit,
    pub(crate) node: Node,
    /// The rate after throttle answers, `None` = as configured.
    caution: Option<f64>,
    /// Part of the rate the route may use, for what is measured of it: 0 to 1.
    health: f64,
    throttled_at: Instant,
    adjusted_at: Instant,
    applied: Option<f64>,
}

impl Pacer {
    /// `default_unit` counts where `limit` names none.
    pub(crate) fn new(limit: Limit, default_unit: RateUnit, used: Option<DayUse>, now: Instant) -> Self {
        let node = Node::new(&limit, default_unit, used, now);
        let applied = limit.rate_per_s.map(f64::from);
        let (caution, health) = (None, 1.0);
        Self { limit, node, caution, health, throttled_at: now, adjusted_at: now, applied }
    }

    /// Takes a new limit while running; what was spent stays spent. A new rate forgets what throttle answers taught.
    pub(crate) fn change(&mut self, limit: Limit, now: Instant) {
        if limit == self.limit {
            return;
        }
        self.node.change(&limit, now);
        self.applied = limit.rate_per_s.map(f64::from);
        if limit.rate_per_s != self.limit.rate_per_s {
            self.caution = None;
        }
        self.limit = limit;
        self.apply(now);
    }

    /// Units a second by configuration or order.
    pub(crate) fn configured(&self) -> Option<f64> {
        self.limit.rate_per_s.map(f64::from)
    }

    /// Units a second allowed now.
    pub(crate) fn allowed(&self) -> Option<f64> {
        self.applied
    }

    fn apply(&mut self, now: Instant) {
        let rate = self.caution.or(self.configured()).map(|rate| rate * self.health);
        if rate != self.applied {
            self.applied = rate;
            self.node.set_rate(rate, now);
        }
    }

    /// The provider said "too fast": halve. `measured` is what went out per second when no limit is configured.
    pub(crate) fn throttle(&mut self, now: Instant, measured: f64) {
        let rate = self.caution.or(self.configured()).unwrap_or(measured.max(2.0));
        let floor = self.configured().map_or(1.0, |configured| (configured * FLOOR).max(0.1));
        self.caution = Some((rate / 2.0).max(floor));
        self.throttled_at = now;
        self.adjusted_at = now;
        self.apply(now);
    }

    /// Recovers additively, once a second, and follows the health of the route. `measured` is what a route without a
    /// limit sent per second.
    pub(crate) fn follow(&mut self, now: Instant, health: f64, measured: f64) {
        if (health - self.health).abs() > f64::EPSILON {
            self.health = health;
            if self.configured().is_none() && self.caution.is_none() && health < 1.0 {
                // Something must be there to take a part of.
                self.caution = Some(measured.max(20.0));
                self.throttled_at = now;
            }
            self.apply(now);
        }
        let Some(rate) = self.caution else { return };
        if now.duration_since(self.adjusted_at) < Duration::from_secs(1) {
            return;
        }
        self.adjusted_at = now;
        let recovered = rate + self.configured().unwrap_or(rate.max(20.0)) * RECOVERY_PER_S;
        self.caution = match self.configured() {
            Some(configured) if recovered >= configured => None,
            None if now.duration_since(self.throttled_at) > CAUTION && self.health >= 1.0 => None,
            _ => Some(recovered),
        };
        self.apply(now);
    }
}

#[cfg(test)]
mod tests;
