//! The last look before the wire, and the only way onto it.
//!
//! Nothing is handed to an adapter without [`Cleared`], and only [`last_look`] gives one: made per batch, after the
//! addresses were read, right before the submit.

use std::time::Duration;

use fenghuo_contract::{Batch, Cause, Fault, Verdict};

use super::{Route, gate};
use crate::{
    domain::delivery::{Reason, State},
    flow::{Parts, projection::Plan},
};

/// What an adapter gets beyond its budget to bring an answer home that was on its way.
const GRACE: Duration = Duration::from_secs(1);

/// Leave to submit one batch now, for at most this long.
pub(super) struct Cleared(Duration);

/// Why a batch does not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// Its deliveries end so: the plan is closed, expired, or met a route of the other kind.
    Ended(State, Reason),
    /// They go back: the route does not send now, or its provider refused the content.
    Back,
}

/// Whether a batch of a plan may go out now over a route.
pub(super) fn last_look(parts: &Parts, route: &Route, plan: &Plan) -> Result<Cleared, Halt> {
    if let Some(closing) = plan.closing() {
        return Err(Halt::Ended(closing.state, closing.reason));
    }
    let left = left(parts, plan);
    if left.is_zero() {
        return Err(Halt::Ended(State::Expired, Reason::Expired));
    }
    if !gate(route, plan) {
        return Err(Halt::Ended(State::Failed, Reason::DrillGate));
    }
    if !route.is_running() || plan.refused_by(&route.name) {
        return Err(Halt::Back);
    }
    Ok(Cleared(route.config.timeout_s.min(left)))
}

/// Time until nothing more of a plan may be sent.
pub(super) fn left(parts: &Parts, plan: &Plan) -> Duration {
    let left = plan.record.deadline.saturating_mul(1000).saturating_sub(parts.clock.unix_ms());
    Duration::from_millis(u64::try_from(left).unwrap_or_default())
}

/// Hands a batch to the adapter; gives one verdict per item.
pub(super) async fn submit(route: &Route, batch: &Batch, cleared: Cleared) -> Result<Vec<Verdict>, Fault> {
    let Cleared(budget) = cleared;
    let answer = tokio::time::timeout(budget + GRACE, route.adapter.submit(batch, budget)).await;
    let mut verdicts = answer.unwrap_or_else(|_| Err(Fault::InDoubt(Cause::new("timeout", "no answer in time"))))?;
    if verdicts.len() != batch.items.len() {
        tracing::error!(route = route.name, "adapter answered {} of {} items", verdicts.len(), batch.items.len());
        let missing = Verdict::InDoubt(Cause::new("no-verdict", "the adapter gave no verdict"));
        verdicts.resize(batch.items.len(), missing);
    }
    Ok(verdicts)
}
