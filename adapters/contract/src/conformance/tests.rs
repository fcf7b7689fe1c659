//! The suite must find what it looks for: an adapter that keeps every rule, broken in one place at a time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::{
    Callback, CallbackFault, Channel, Deduplication, Inbound, Profile, RateUnit, ReceiptStyle, Reference, Withdrawal,
    Withdrawn,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    OneVerdictMissing,
    FaultOnEmpty,
    SameReference,
    Truncates,
    Overdraws,
    BreaksWhenDropped,
    ProbeFails,
    ServesAfterClose,
    CloseHangs,
    QuotesAddress,
    PanicsOnCallback,
    RemembersCallback,
    RefusesFullBatch,
    RefusesConcurrency,
    WithdrawsUndeclared,
    OneWithdrawnMissing,
    WithdrawsStrangers,
    WithdrawOverdraws,
    WithdrawBreaks,
    WithdrawsAfterClose,
    WithdrawQuotesAddress,
}

struct Flawed {
    flaw: Flaw,
    profile: Profile,
    closed: AtomicBool,
    busy: AtomicBool,
    calls: AtomicU64,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        let profile = Profile {
            channel: Channel::Sms,
            batch_max: 10,
            text_max: Some(70),
            receipts: ReceiptStyle::Delivery,
            deduplication: Deduplication::None,
            rate_unit: RateUnit::Recipients,
            window: 4,
            withdraw_max: if flaw == Flaw::WithdrawsUndeclared { 0 } else { 8 },
        };
        Self { flaw, profile, closed: AtomicBool::new(false), busy: AtomicBool::new(false), calls: AtomicU64::new(0) }
    }

    fn verdict(&self, item: &Item) -> Verdict {
        let reference = match self.flaw {
            Flaw::SameReference => "0".to_owned(),
            _ => item.token.to_string(),
        };
        match self.flaw {
            Flaw::QuotesAddress => Verdict::Transient(Cause::new("450", item.address.expose())),
            _ => Verdict::Accepted(Some(Reference::new(reference))),
        }
    }
}

#[async_trait]
impl Adapter for Flawed {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        let refusal = |code| Err(Fault::Misconfigured(Cause::new(code, "")));
        if self.closed.load(Ordering::SeqCst) && self.flaw != Flaw::ServesAfterClose {
            return Err(Fault::Transient(Cause::new("closed", "")));
        }
        if batch.items.is_empty() && self.flaw == Flaw::FaultOnEmpty {
            return refusal("empty");
        }
        if batch.items.len() == 10 && self.flaw == Flaw::RefusesFullBatch {
            return refusal("too many");
        }
        if batch.content.text_within(self.profile.text_max).is_err() && self.flaw != Flaw::Truncates {
            return Ok(vec![Verdict::refused_content("long", ""); batch.items.len()]);
        }
        if self.flaw == Flaw::Overdraws {
            tokio::time::sleep(budget + GRACE * 2).await;
        }
        if self.busy.swap(true, Ordering::SeqCst)
            && matches!(self.flaw, Flaw::BreaksWhenDropped | Flaw::RefusesConcurrency | Flaw::WithdrawBreaks)
        {
            if self.flaw == Flaw::RefusesConcurrency {
                self.busy.store(false, Ordering::SeqCst);
            }
            return refusal("busy");
        }
        tokio::time::sleep(Duration::from_millis(2).min(budget)).await;
        self.busy.store(false, Ordering::SeqCst);
        let missing = usize::from(self.flaw == Flaw::OneVerdictMissing);
        Ok(batch.items.iter().skip(missing).map(|item| self.verdict(item)).collect())
    }

    async fn withdraw(&self, messages: &[Withdrawal], budget: Duration) -> Result<Vec<Withdrawn>, Fault> {
        if self.closed.load(Ordering::SeqCst) && self.flaw != Flaw::WithdrawsAfterClose {
            return Err(Fault::Transient(Cause::new("closed", "")));
        }
        if self.flaw == Flaw::WithdrawOverdraws {
            tokio::time::sleep(budget + GRACE * 2).await;
        }
        self.busy.store(self.flaw == Flaw::WithdrawBreaks, Ordering::SeqCst);
        let missing = usize::from(self.flaw == Flaw::OneWithdrawnMissing);
        let answer = |message: &Withdrawal| match self.flaw {
            Flaw::WithdrawQuotesAddress => Withdrawn::Kept(Cause::new("17", message.address.expose())),
            Flaw::WithdrawsStrangers => Withdrawn::Gone,
            _ if message.reference.as_bytes() == b"0" => Withdrawn::Kept(Cause::new("17", "no such message")),
            _ => Withdrawn::Gone,
        };
        Ok(messages.iter().skip(missing).map(answer).collect())
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let calls = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.flaw {
            Flaw::PanicsOnCallback => {
                Err(CallbackFault::Unreadable(std::str::from_utf8(callback.body).unwrap().to_owned()))
            }
            Flaw::RemembersCallback => Err(CallbackFault::Unreadable(calls.to_string())),
            _ => Err(CallbackFault::Unexpected),
        }
    }

    async fn probe(&self) -> Result<(), Fault> {
        if self.flaw == Flaw::ProbeFails { Err(Fault::Transient(Cause::new("probe", ""))) } else { Ok(()) }
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if self.flaw == Flaw::CloseHangs {
            std::future::pending::<()>().await;
        }
    }
}

async fn broken_rules(flaw: Flaw) -> Vec<&'static str> {
    let samples = Samples {
        content: Content { text: "请勿外出".to_owned(), ..Content::default() },
        addresses: ["13800000001", "13800000002"].map(Address::new).into(),
    };
    let report = run(|| async { Arc::new(Flawed::new(flaw)) as Arc<dyn Adapter> }, &samples).await;
    report.violations.into_iter().map(|violation| violation.rule).collect()
}

#[tokio::test(start_paused = true)]
async fn finds_nothing_where_nothing_is_wrong() {
    assert_eq!(broken_rules(Flaw::None).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn finds_every_flaw() {
    for (flaw, rule) in [
        (Flaw::OneVerdictMissing, "S10"),
        (Flaw::FaultOnEmpty, "S11"),
        (Flaw::RefusesFullBatch, "S12"),
        (Flaw::Truncates, "S14"),
        (Flaw::Overdraws, "S15"),
        (Flaw::BreaksWhenDropped, "S16"),
        (Flaw::SameReference, "S17"),
        (Flaw::RefusesConcurrency, "S5"),
        (Flaw::PanicsOnCallback, "S30"),
        (Flaw::RemembersCallback, "S30"),
        (Flaw::ProbeFails, "S40"),
        (Flaw::ServesAfterClose, "S41"),
        (Flaw::CloseHangs, "S41"),
        (Flaw::QuotesAddress, "S50"),
        (Flaw::WithdrawsUndeclared, "S35"),
        (Flaw::OneWithdrawnMissing, "S36"),
        (Flaw::WithdrawsStrangers, "S37"),
        (Flaw::WithdrawOverdraws, "S38"),
        (Flaw::WithdrawBreaks, "S38"),
        (Flaw::WithdrawsAfterClose, "S41"),
        (Flaw::WithdrawQuotesAddress, "S50"),
    ] {
        let broken = broken_rules(flaw).await;
        assert!(broken.contains(&rule), "{flaw:?} breaks {rule}, found {broken:?}");
    }
}
