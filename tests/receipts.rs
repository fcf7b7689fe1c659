//! Later word about deliveries, and deliveries sent again on order.

mod api;
mod current;
mod merged;
mod reply;
mod retry;

use fenghuo::flow::{
    record::WarningId,
    status::{DeliveryFilter, DeliveryView},
};
use fenghuo_contract::{Cause, Origin, Receipt, ReceiptSink, ReceiptState, Reference};

use crate::support::engine::Engine;

/// Every delivery of a warning.
pub async fn deliveries(engine: &Engine, id: &WarningId) -> Vec<DeliveryView> {
    let page = engine.flow.deliveries(id, &DeliveryFilter::default(), None, 10_000).await;
    page.expect("a store").expect("a warning").items
}

/// The only delivery of a warning.
pub async fn only(engine: &Engine, id: &WarningId) -> DeliveryView {
    let mut all = deliveries(engine, id).await;
    assert_eq!(all.len(), 1);
    all.pop().expect("one")
}

/// What the simulated provider calls a delivery in a round.
pub fn reference(delivery: &DeliveryView, round: u8) -> String {
    let (plan, index) = delivery.token.split_once('-').expect("plan and index");
    let hex = |text: &str| u64::from_str_radix(text, 16).expect("hex");
    let round = if round == 0 { String::new() } else { format!(".{round:x}") };
    format!("{:x}.{:x}{round}", hex(plan), hex(index))
}

pub fn receipt(reference: &str, state: ReceiptState) -> Receipt {
    Receipt { reference: Reference::new(reference), state, at: None, origin: Origin::Signed }
}

pub fn undelivered(code: &str) -> ReceiptState {
    ReceiptState::Failed(Cause::new(code, "not delivered"))
}

impl Engine {
    /// Receipts in one call of the provider of `sms.a`; says whether they were taken.
    pub async fn report(&self, receipts: impl IntoIterator<Item = (String, ReceiptState)>) -> bool {
        let receipts = receipts.into_iter().map(|(reference, state)| receipt(&reference, state));
        self.inboxes["sms.a"].accept(receipts.collect()).await.is_ok()
    }
}
