//! Stage 8: later word. Receipts find their delivery by the provider's reference and merge into its state; they come
//! late, twice, out of order, and before the answer to the submit.
//!
//! Everything that comes in goes the same way: it takes room, waits its turn, becomes durable together with whatever
//! else waits, is applied, and only then is it acknowledged. When there is no room it is not taken, and whoever sent it
//! sends it again.

mod callback;
mod confirm;
mod current;
mod follow;
mod kept;
mod link;
mod reply;
mod stream;
mod turn;
mod unsubscribe;

use std::sync::{Arc, OnceLock, Weak};

use fenghuo_contract::{Channel, NotTaken, Origin, Receipt, ReceiptSink, ReceiptState, Reply};

pub use self::{
    callback::{CallbackAnswer, CallbackSecrets, SecretFault},
    confirm::{ConfirmView, Confirmation, Officers},
    link::Links,
    stream::{Cursor, ReceiptLine, Receipts},
    unsubscribe::{Unsealed, Unsubscribed},
};
pub(super) use self::{
    kept::{Claimed, replay as replay_kept},
    turn::Turn,
};
use super::{Parts, Unavailable, projection::Early, record::WarningId, screens::ShownSink};
use crate::domain::delivery::{Reason, State, Word};

/// Later word about one delivery, before it is durable.
#[derive(Clone)]
pub(super) struct Heard {
    about: About,
    word: Early,
}

/// How the delivery is named.
#[derive(Clone)]
enum About {
    /// By what the provider of a route called it.
    Reference { route: Arc<str>, reference: Box<[u8]> },
    /// By ourselves; `source` stands where else the route does.
    Delivery { source: Arc<str>, plan: u64, rank: u32 },
}

impl About {
    /// The plan, when the delivery is named by ourselves.
    fn plan(&self) -> Option<u64> {
        match self {
            Self::Reference { .. } => None,
            Self::Delivery { plan, .. } => Some(*plan),
        }
    }
}

impl Heard {
    pub(super) fn about(source: &str, plan: u64, rank: u32, word: Early) -> Self {
        Self { about: About::Delivery { source: source.into(), plan, rank }, word }
    }

    /// Bytes it takes while it waits, roughly.
    fn size(&self) -> usize {
        let named = match &self.about {
            About::Reference { reference, .. } => reference.len(),
            About::Delivery { .. } => 0,
        };
        size_of::<Self>() + named + self.word.code.len()
    }
}

/// Takes the receipts of one route. Made before the gateway that it belongs to, and connected to it afterwards.
pub struct Inbox {
    route: String,
    parts: OnceLock<Weak<Parts>>,
}

impl Inbox {
    /// The inbox of a route, not yet connected: until it is, nothing is acknowledged.
    #[must_use]
    pub fn new(route: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { route: route.into(), parts: OnceLock::new() })
    }

    pub(crate) fn connect(&self, parts: &Arc<Parts>) {
        // A second connection would be to the same gateway.
        let _second = self.parts.set(Arc::downgrade(parts));
    }
}

#[async_trait::async_trait]
impl ReceiptSink for Inbox {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        let parts = self.parts.get().and_then(Weak::upgrade).ok_or(NotTaken)?;
        take(&parts, &self.route, receipts).await
    }

    async fn reply(&self, replies: Vec<Reply>) -> Result<(), NotTaken> {
        let parts = self.parts.get().and_then(Weak::upgrade).ok_or(NotTaken)?;
        reply::take(&parts, &self.route, replies).await
    }
}

/// Takes what screens prove they hold. Made before the gateway that it belongs to, like [`Inbox`].
#[derive(Default)]
pub struct ScreenInbox(OnceLock<Weak<Parts>>);

impl ScreenInbox {
    pub(crate) fn connect(&self, parts: &Arc<Parts>) {
        // A second connection would be to the same gateway.
        let _second = self.0.set(Arc::downgrade(parts));
    }
}

#[async_trait::async_trait]
impl ShownSink for ScreenInbox {
    async fn shown(&self, _screen: &str, row: u32, warnings: &[WarningId]) -> Result<(), Unavailable> {
        let parts = self.0.get().and_then(Weak::upgrade);
        let parts = parts.ok_or_else(|| Unavailable::new("the gateway is starting or stopping".to_owned()))?;
        let heard = seen(&parts, row, warnings);
        turn::take(&parts, heard).await.map_err(|NotTaken| Unavailable::new("receipts are not taken now".to_owned()))
    }
}

/// Takes receipts of one route; returns once they are durable and counted.
async fn take(parts: &Arc<Parts>, route: &str, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
    let now_ms = parts.clock.unix_ms();
    let route: Arc<str> = route.into();
    let heard = receipts.into_iter().map(|receipt| {
        let (word, code) = read(&receipt);
        let about = About::Reference { route: Arc::clone(&route), reference: receipt.reference.as_bytes().into() };
        Heard { about, word: Early { word, code, at_ms: sane(receipt.at, now_ms) } }
    });
    turn::take(parts, heard.collect()).await
}

/// Deliveries to a screen that hold these warnings and were not known to.
fn seen(parts: &Parts, row: u32, warnings: &[WarningId]) -> Vec<Heard> {
    let mut heard = Vec::new();
    for warning in warnings.iter().filter_map(|id| parts.warning_record(id)) {
        for plan in parts.projection.plans(&warning.plans) {
            let rank = plan.rank(row).filter(|_| plan.record.channel == Channel::Display);
            if let Some(rank) = rank.filter(|rank| plan.state(*rank).state < State::Delivered) {
                let word = Word { state: State::Delivered, reason: Reason::None };
                let word = Early { word, code: "".into(), at_ms: parts.clock.unix_ms() };
                heard.push(Heard::about("screen", plan.record.number, rank, word));
            }
        }
    }
    heard
}

/// The oldest a provider's word about time is believed, milliseconds: receipts come up to three days late.
const OLDEST_MS: i64 = 10 * 24 * 3_600_000;

/// When it happened by the provider's clock, unless that clock is of no use.
fn sane(at: Option<i64>, now_ms: i64) -> i64 {
    at.filter(|at| (now_ms - OLDEST_MS..=now_ms).contains(at)).unwrap_or(now_ms)
}

fn read(receipt: &Receipt) -> (Word, Box<str>) {
    let none = |state| Word { state, reason: Reason::None };
    match &receipt.state {
        ReceiptState::Delivered => (none(State::Delivered), "".into()),
        // Whoever knows a callback's address can say anything; that a person confirmed is worth more than that.
        ReceiptState::Confirmed if receipt.origin == Origin::Unsigned => (none(State::Delivered), "".into()),
        ReceiptState::Confirmed => (none(State::Confirmed), "".into()),
        ReceiptState::Failed(cause) => {
            (Word { state: State::Failed, reason: Reason::ReportedUndelivered }, cause.code.clone())
        }
    }
}
