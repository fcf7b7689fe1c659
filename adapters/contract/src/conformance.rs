//! The suite that executes the written [`specification`](crate::specification). It needs a tokio runtime with time.
//!
//! ```text
//! conformance::run(|| async { Arc::new(MyAdapter::new(…)) as Arc<dyn Adapter> }, &samples).await.assert();
//! ```

mod callbacks;
mod submits;
mod withdraws;

use std::{fmt, sync::Arc, time::Duration};

use crate::{Adapter, Address, Batch, Cause, Content, Fault, Item, Token, Verdict};

/// Time a submit of the suite may take; only rule S15 gives less.
const BUDGET: Duration = Duration::from_secs(10);

/// What rule S15 tolerates past the budget.
const GRACE: Duration = Duration::from_secs(1);

/// What the suite sends.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Content the provider accepts.
    pub content: Content,
    /// At least two different addresses that the provider accepts, again and again.
    pub addresses: Vec<Address>,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Number of the rule, for example `S10`.
    pub rule: &'static str,
    /// What was seen.
    pub seen: String,
}

/// Everything the suite found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Broken rules, in the order found; empty = the adapter conforms.
    pub violations: Vec<Violation>,
}

impl Report {
    /// For tests: fails with every broken rule.
    ///
    /// # Panics
    /// When a rule is broken.
    pub fn assert(&self) {
        assert!(self.violations.is_empty(), "{self}");
    }

    fn broken(&mut self, rule: &'static str, seen: impl Into<String>) {
        self.violations.push(Violation { rule, seen: seen.into() });
    }

    fn must(&mut self, holds: bool, rule: &'static str, seen: impl FnOnce() -> String) {
        if !holds {
            self.broken(rule, seen());
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rule(s) of the adapter specification broken:", self.violations.len())?;
        self.violations.iter().try_for_each(|violation| writeln!(f, "{}: {}", violation.rule, violation.seen))
    }
}

/// Runs every check against adapters made by `make` (each call must give a fresh, working one).
///
/// # Panics
/// When the samples hold fewer than two addresses.
pub async fn run<M, F>(make: M, samples: &Samples) -> Report
where
    M: Fn() -> F,
    F: Future<Output = Arc<dyn Adapter>>,
{
    assert!(samples.addresses.len() >= 2, "the suite needs two addresses at least");
    let mut report = Report::default();
    let adapter = make().await;
    let before = format!("{:?}", adapter.profile());
    profile(&*adapter, &mut report);
    submits::run(&*adapter, samples, &mut report).await;
    withdraws::run(&*adapter, samples, &mut report).await;
    callbacks::run(&*adapter, &mut report);
    probe(&*adapter, samples, &mut report).await;
    let after = format!("{:?}", adapter.profile());
    report.must(before == after, "S4", || format!("the profile changed from {before} to {after}"));
    close(&*adapter, samples, &mut report).await;
    let unused = make().await;
    end(&*unused, &mut report, "an unused adapter").await;
    report
}

fn profile(adapter: &dyn Adapter, report: &mut Report) {
    let profile = adapter.profile();
    report.must(profile.batch_max >= 1, "S4", || "batch_max is 0".to_owned());
    report.must(profile.window >= 1, "S4", || "window is 0".to_owned());
    report.must(profile.text_max != Some(0), "S4", || "text_max is 0".to_owned());
}

async fn probe(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    match tokio::time::timeout(BUDGET, adapter.probe()).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => report.broken("S40", format!("the probe of a working adapter failed: {fault}")),
        Err(_) => report.broken("S40", format!("the probe did not end within {BUDGET:?}")),
    }
    submits::accepts(adapter, samples, report, "S40", "after a probe").await;
}

async fn close(adapter: &dyn Adapter, samples: &Samples, report: &mut Report) {
    end(adapter, report, "a used adapter").await;
    let answer = adapter.submit(&batch(samples, 1, 1), BUDGET).await;
    report.must(matches!(answer, Err(Fault::Transient(_))), "S41", || {
        format!("a submit after close answered {answer:?}")
    });
    withdraws::closed(adapter, samples, report).await;
    end(adapter, report, "a closed adapter").await;
}

async fn end(adapter: &dyn Adapter, report: &mut Report, which: &str) {
    if tokio::time::timeout(Duration::from_secs(5), adapter.close()).await.is_err() {
        report.broken("S41", format!("closing {which} took more than five seconds"));
    }
}

/// A batch of `count` items over the sample addresses, with tokens of their own in plan `plan`.
fn batch(samples: &Samples, plan: u64, count: usize) -> Batch {
    let addresses = samples.addresses.iter().cycle();
    let item = |(index, address): (u32, &Address)| Item {
        token: Token::new(plan, index),
        address: address.clone(),
        attempt: 1,
        confirm: None,
    };
    let items = (0..).zip(addresses).take(count).map(item).collect();
    Batch { content: Arc::new(samples.content.clone()), items, urgent: false }
}

/// The words of a verdict, when it has some.
fn cause(verdict: &Verdict) -> Option<&Cause> {
    match verdict {
        Verdict::Accepted(_) => None,
        Verdict::RefusedRecipient(cause)
        | Verdict::RefusedContent(cause)
        | Verdict::Misconfigured(cause)
        | Verdict::Throttled { cause, .. }
        | Verdict::Transient(cause)
        | Verdict::InDoubt(cause) => Some(cause),
    }
}

#[cfg(test)]
mod tests;
