//! What becomes of a plan besides its outcomes: refused, closed; first in memory, then written down.

use std::sync::Arc;

use super::{Parts, parse};
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Unavailable,
        projection::{Closing, Plan},
        record::{Decision, PlanRecord, json},
    },
    store::{Commit, Expect, Put, Space, Urgency},
};

impl Parts {
    /// Stops a plan whose content the provider refuses for everybody.
    pub(crate) async fn stop_plan(&self, plan: &Arc<Plan>, code: &str) {
        let closing =
            Closing { state: State::Failed, reason: Reason::ContentRefused, at_ms: self.clock.unix_ms(), by: None };
        tracing::error!(
            plan = plan.record.number,
            code,
            "plan stopped: the provider refuses its content for everybody"
        );
        self.close_plan(plan, closing, code).await;
    }

    /// Notes durably that the provider of a route refuses a plan's content, as its memory says already.
    pub(crate) async fn refuse_route(&self, plan: &Arc<Plan>, route: &str, code: &str) {
        tracing::error!(
            plan = plan.record.number,
            route,
            provider = code,
            code = "reason-content-refused",
            "the provider refuses the content for everybody; see /docs/errors/reason-content-refused"
        );
        let decision = Decision {
            at_ms: self.clock.unix_ms(),
            what: "content_refused".to_owned(),
            warning: Some(plan.record.warning.clone()),
            by: None,
            detail: Some(format!("{route} {code}")),
        };
        self.write_plan(plan, &decision).await;
    }

    /// Writes down what has become of a plan, as its memory says. One at a time, so that no write undoes another; what
    /// the store did not take is written with the next [`Self::write_plans`].
    async fn write_plan(&self, plan: &Arc<Plan>, decision: &Decision) {
        let _writing = self.plan_writes.lock().await;
        let put = match self.plan_put(plan).await {
            Ok(put) => put,
            Err(fault) => {
                tracing::error!(plan = plan.record.number, %fault, "change of a plan not yet durable, repeating");
                return self.unwritten.lock().push((Arc::clone(plan), decision.clone()));
            }
        };
        let commit = Commit { puts: vec![put], entries: vec![decision.entry()] };
        match self.store.commit_as(Urgency::Reserved, commit).await {
            Ok(committed) => {
                self.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), decision);
            }
            Err(fault) => {
                tracing::error!(plan = plan.record.number, %fault, "change of a plan not yet durable, repeating");
                self.unwritten.lock().push((Arc::clone(plan), decision.clone()));
            }
        }
    }

    /// The change that writes a plan down. Where others write it too, nothing that they wrote is undone: what ended it
    /// first stands, and whoever ended it otherwise begins anew.
    async fn plan_put(&self, plan: &Plan) -> Result<Put, Unavailable> {
        let mut record = plan.record_now();
        let mut expect = Expect::Any;
        if !self.nodes.is_alone()
            && let Some(stored) = self.store.get(Space::Plan, record.number.into()).await?
        {
            let known: PlanRecord = parse(&stored.value)?;
            for route in known.refused {
                if !record.refused.contains(&route) {
                    record.refused.push(route);
                }
            }
            if let Some(first) = known.closing {
                if record.closing.as_ref().is_some_and(|own| (own.state, own.reason) != (first.state, first.reason)) {
                    self.nodes.begin_anew("a plan was ended elsewhere for another reason at the same moment");
                }
                record.closing = Some(first);
            }
            expect = Expect::Version(stored.version);
        }
        Ok(Put { space: Space::Plan, key: record.number.into(), value: Some(json(&record)), expect })
    }

    /// Writes what the store did not take before.
    pub(crate) async fn write_plans(&self) {
        let unwritten = std::mem::take(&mut *self.unwritten.lock());
        for (plan, decision) in unwritten {
            self.write_plan(&plan, &decision).await;
        }
    }

    /// Whether the store knows of each of these plans what memory knows.
    pub(crate) fn are_written(&self, plans: &[Arc<Plan>]) -> bool {
        let unwritten = self.unwritten.lock();
        !unwritten.iter().any(|(plan, _)| plans.iter().any(|other| other.record.number == plan.record.number))
    }

    /// Ends a plan durably: its record says so, then memory and lanes follow.
    pub(crate) async fn close_plan(&self, plan: &Arc<Plan>, closing: Closing, detail: &str) {
        if plan.closing().is_some() {
            return;
        }
        let decision = Decision {
            at_ms: closing.at_ms,
            what: "closed".to_owned(),
            warning: Some(plan.record.warning.clone()),
            by: None,
            detail: Some(format!("{} {} {detail}", plan.record.channel, closing.reason.name()).trim_end().to_owned()),
        };
        // In memory first: nothing more of it may leave while the disk is slow.
        plan.close(&closing);
        self.lanes(plan.record.channel).remove(plan.record.number);
        self.write_plan(plan, &decision).await;
        self.progress.notify(&plan.record.warning);
    }
}
