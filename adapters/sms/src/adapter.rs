//! The contract's adapter over a protocol and its links.

mod verdicts;
mod withdrawals;

use std::{
    mem::discriminant,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Item, Profile, RateUnit, ReceiptSink,
    ReceiptStyle, Token, Verdict, Withdrawal, Withdrawn,
};

use futures_util::future::join_all;

use crate::{
    link::{Courier, Line, Links, Reception, Work},
    protocol::{Message, Protocol, Role},
    receipt::{Correlation, tail},
    settings::Text,
    text::Plan,
};

/// Seconds since 1970; asked only for how long a message has still to live.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Recipients handed over at a time.
const BATCH_MAX: usize = 256;
/// Messages withdrawn at a time.
const WITHDRAW_MAX: usize = 64;

/// What a protocol module makes of its settings.
pub(crate) struct Parts {
    pub(crate) protocol: Arc<dyn Protocol>,
    pub(crate) line: Line,
    /// What each of the `binds` consists of: one transceiver, or a transmitter and a receiver.
    pub(crate) roles: &'static [Role],
    pub(crate) text: Text,
    /// Whether reports are asked for.
    pub(crate) receipts: bool,
}

/// A route to a carrier; the documentation of the crate says how it works.
pub struct Sms {
    profile: Profile,
    protocol: Arc<dyn Protocol>,
    text: Text,
    links: Links,
    correlation: Arc<Correlation>,
    closed: AtomicBool,
}

impl Sms {
    /// `seed` makes the waits before reconnecting differ from one process to the next. Opens no connection; the first
    /// submit or probe does.
    pub(crate) fn assemble(parts: Parts, sink: Arc<dyn ReceiptSink>, seed: u64) -> Self {
        let Parts { protocol, line, roles, text, receipts } = parts;
        let profile = Profile {
            channel: Channel::Sms,
            batch_max: BATCH_MAX,
            text_max: Some(text.characters_max()),
            receipts: if receipts { ReceiptStyle::Delivery } else { ReceiptStyle::None },
            deduplication: Deduplication::None,
            rate_unit: RateUnit::Segments,
            window: (line.binds * line.window).max(2),
            withdraw_max: if protocol.withdraws() { WITHDRAW_MAX } else { 0 },
        };
        let by_number = protocol.destinations_max() > 1;
        let correlation = Correlation::new(by_number, text.segments_remembered);
        let correlation = Arc::new(if protocol.withdraws() { correlation.naming() } else { correlation });
        let courier = Arc::new(Courier::new(sink, Arc::clone(&correlation)));
        let links = Links::new(&protocol, line, roles, &courier, seed);
        Self { profile, protocol, text, links, correlation, closed: AtomicBool::new(false) }
    }

    /// The same, with a place where the carrier brings its reports.
    pub(crate) fn receiving(mut self, reception: Reception) -> Self {
        self.links.receive(reception);
        self
    }

    /// One text for all of the batch.
    async fn submit_all(
        &self,
        batch: &Batch,
        plan: Result<Plan<'_>, Cause>,
        budget: Duration,
    ) -> Result<Vec<Verdict>, Fault> {
        let Some(first) = batch.items.first() else { return Ok(Vec::new()) };
        let plan = match plan {
            Ok(plan) => plan,
            Err(cause) => return Ok(vec![Verdict::RefusedContent(cause); batch.items.len()]),
        };
        let message = self.protocol.message(&plan, &batch.content, long_reference(first.token));
        drop(plan);
        let numbers: Vec<_> = batch.items.iter().map(|item| self.protocol.destination(&item.address)).collect();
        let again = batch.items.iter().zip(&numbers).filter(|(_, number)| number.is_some());
        let again: Vec<bool> = again.map(|(item, _)| item.attempt > 1).collect();
        if again.len() == numbers.len() {
            return self.send(message, numbers.into_iter().flatten().collect(), &again, batch, budget).await;
        }
        let good: Vec<Box<str>> = numbers.iter().flatten().cloned().collect();
        let sent = if good.is_empty() { Vec::new() } else { self.send(message, good, &again, batch, budget).await? };
        let mut verdicts = sent.into_iter();
        let verdict = |number: &Option<Box<str>>| number.as_ref().and_then(|_| verdicts.next());
        Ok(numbers
            .iter()
            .map(verdict)
            .map(|verdict| verdict.unwrap_or_else(|| Verdict::RefusedRecipient(no_number())))
            .collect())
    }

    /// A text for each of the batch, because each has an address of its own to confirm at. A fault that all of them met is
    /// the answer.
    async fn submit_each(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        let one = |item: &Item| Batch {
            content: Arc::clone(&batch.content),
            items: vec![item.clone()],
            urgent: batch.urgent,
        };
        let each: Vec<Batch> = batch.items.iter().map(one).collect();
        let sending = each.iter().map(|one| {
            let confirm = one.items.first().and_then(|item| item.confirm.as_deref());
            let plan = match confirm {
                Some(confirm) => Plan::personal(&one.content, &self.text, confirm),
                None => Plan::new(&one.content, &self.text),
            };
            self.submit_all(one, plan, budget)
        });
        let answers = join_all(sending).await;
        if let Some(Err(first)) = answers.first()
            && answers
                .iter()
                .all(|answer| answer.as_ref().is_err_and(|fault| discriminant(fault) == discriminant(first)))
        {
            return Err(first.clone());
        }
        let verdict = |answer: Result<Vec<Verdict>, Fault>| match answer {
            Ok(verdicts) => verdicts.into_iter().next(),
            Err(fault) => Some(fault.verdict()),
        };
        let missing = || Verdict::InDoubt(Cause::new("NO-VERDICT", "nothing is known about it"));
        Ok(answers.into_iter().map(|answer| verdict(answer).unwrap_or_else(missing)).collect())
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    /// Puts numbers together that share submits. What was refused among others stands alone the next time, so that the
    /// answer speaks of it.
    fn groups(&self, to: &[Box<str>], again: &[bool]) -> Vec<usize> {
        let most = self.protocol.destinations_max();
        if most == 1 {
            return (1..=to.len()).collect();
        }
        let (mut ends, mut tails, mut alone) = (Vec::new(), Vec::with_capacity(most), false);
        for (place, (number, again)) in to.iter().zip(again).enumerate() {
            let tail = tail(number);
            let full = alone || *again || tails.len() == most || tails.contains(&tail);
            if full && !tails.is_empty() {
                ends.push(place);
                tails.clear();
            }
            tails.push(tail);
            alone = *again;
        }
        ends.push(to.len());
        ends
    }

    async fn send(
        &self,
        message: Message,
        to: Vec<Box<str>>,
        again: &[bool],
        batch: &Batch,
        budget: Duration,
    ) -> Result<Vec<Verdict>, Fault> {
        let deadline = tokio::time::sleep(budget).deadline();
        let segments = message.segments.len();
        let flight = (segments > 1).then(|| self.correlation.begin());
        let ends = self.groups(&to, again);
        // A submit to several needs the numbers again, to say who was left out.
        let numbers = if self.protocol.destinations_max() > 1 { to.clone() } else { Vec::new() };
        let groups = ends.clone();
        let count = to.len();
        let work = Work::Submit { message: Arc::new(message), to, ends };
        let done = self.links.carry(work, batch.urgent, deadline).await?;
        let reading =
            verdicts::Reading { protocol: &*self.protocol, segments, numbers: &numbers, ends: &groups, count };
        reading.verdicts(done, flight.as_ref())
    }
}

#[async_trait]
impl Adapter for Sms {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        if batch.items.iter().any(|item| item.confirm.is_some()) {
            return self.submit_each(batch, budget).await;
        }
        self.submit_all(batch, Plan::new(&batch.content, &self.text), budget).await
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        Plan::new(content, &self.text).map(|plan| plan.fit())
    }

    async fn withdraw(&self, messages: &[Withdrawal], budget: Duration) -> Result<Vec<Withdrawn>, Fault> {
        self.check_open()?;
        if self.profile.withdraw_max == 0 {
            return Err(Fault::Misconfigured(Cause::new("NO-SUCH-REQUEST", "nothing is withdrawn over this link")));
        }
        let asking = withdrawals::Asking::new(messages, &*self.protocol, &self.correlation);
        if asking.requests.is_empty() {
            return Ok(asking.without_requests());
        }
        let deadline = tokio::time::sleep(budget).deadline();
        let done = self.links.carry(Work::Cancel(asking.requests.clone()), false, deadline).await?;
        asking.answers(done, &*self.protocol)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        self.links.probe().await
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.links.close().await;
    }
}

fn no_number() -> Cause {
    Cause::new("NUMBER", "this is not a telephone number")
}

/// What tells long messages to one recipient apart: the same for repeats of a delivery, so that a handset that has some of
/// the segments completes the message; the next one for the next plan, and another for a round that was ordered.
fn long_reference(token: Token) -> u16 {
    (token.plan as u16).wrapping_add(u16::from(token.round).wrapping_mul(0x6D))
}
