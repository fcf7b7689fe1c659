//! What screens say: `{"screen","warning","state","at"}` on the topic of their group becomes a receipt of the group's
//! delivery.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use fenghuo_contract::{Cause, Origin, Receipt, ReceiptSink, ReceiptState};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};

use crate::{
    state::Shown,
    topics::reference_for,
    wire::{Client, Unanswered},
};

/// Words that may wait to become durable; as many as the broker leaves unacknowledged fit.
const WAITING_MAX: usize = 4 * crate::wire::WINDOW as usize;
/// Words made durable together.
const TOGETHER: usize = 64;
/// Decisions whose acknowledgements are still understood.
const KNOWN_MAX: usize = 8192;
/// Characters of the names of a screen and of a warning.
const NAME_MAX: usize = 200;

/// The word of a screen about one warning.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Ack {
    screen: String,
    pub(crate) warning: String,
    state: AckState,
    #[serde(default)]
    at: Option<At>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum AckState {
    Received,
    Shown,
    Removed,
    Failed,
}

/// A moment: milliseconds since 1970, or RFC 3339.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged)]
enum At {
    Milliseconds(i64),
    Text(Timestamp),
}

impl Ack {
    /// Reads a word; `None` when it is none.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let ack: Self = serde_json::from_slice(payload).ok()?;
        let named = |name: &str| !name.is_empty() && name.len() <= NAME_MAX;
        (named(&ack.screen) && named(&ack.warning)).then_some(ack)
    }

    /// What it says about the delivery of a decision; nothing when the screen stopped showing it.
    pub(crate) fn receipt(&self, group: &str, decision: &Shown, origin: Origin) -> Option<Receipt> {
        let state = match self.state {
            AckState::Received | AckState::Shown => ReceiptState::Delivered,
            AckState::Failed => ReceiptState::Failed(Cause::new("SCREEN-FAILED", "a screen could not show it")),
            AckState::Removed => return None,
        };
        let at = self.at.as_ref().map(|at| match at {
            At::Milliseconds(at) => *at,
            At::Text(at) => at.as_millisecond(),
        });
        let reference = reference_for(group, &decision.thread, decision.released_at);
        Some(Receipt { reference, state, at, origin })
    }
}

/// The decisions that stood in what was published, the newest [`KNOWN_MAX`], by group and name of the warning.
#[derive(Default)]
pub(crate) struct Decisions {
    known: HashMap<(String, String), Shown>,
    order: VecDeque<(String, String)>,
}

impl Decisions {
    pub(crate) fn learn(&mut self, group: &str, shown: &[Shown]) {
        for decision in shown {
            let name = (group.to_owned(), decision.warning.clone());
            if self.known.insert(name.clone(), decision.clone()).is_none() {
                self.order.push_back(name);
            }
        }
        while self.order.len() > KNOWN_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    pub(crate) fn find(&self, group: &str, warning: &str) -> Option<&Shown> {
        self.known.get(&(group.to_owned(), warning.to_owned()))
    }
}

/// A receipt, and the message that is acknowledged once it is durable.
pub(crate) struct Word {
    pub(crate) receipt: Receipt,
    pub(crate) unanswered: Unanswered,
}

/// The way of words to the sink.
pub(crate) fn queue() -> (mpsc::Sender<Word>, mpsc::Receiver<Word>) {
    mpsc::channel(WAITING_MAX)
}

/// Makes words durable and acknowledges them, until there are no more. When they are not taken `refused` is told: the
/// broker repeats them over a new connection.
pub(crate) async fn carry(
    sink: Arc<dyn ReceiptSink>,
    client: Client,
    mut words: mpsc::Receiver<Word>,
    refused: Arc<Notify>,
) {
    let mut together = Vec::with_capacity(TOGETHER);
    while words.recv_many(&mut together, TOGETHER).await > 0 {
        let receipts = together.iter().map(|word| word.receipt.clone()).collect();
        if sink.accept(receipts).await.is_err() {
            refused.notify_one();
            return;
        }
        for word in together.drain(..) {
            if client.acknowledge(&word.unanswered).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decision() -> Shown {
        Shown { warning: "w-1".to_owned(), thread: "event".to_owned(), released_at: 7 }
    }

    fn state_of(text: &str) -> Option<Receipt> {
        Ack::read(text.as_bytes())?.receipt("plaza", &decision(), Origin::Signed)
    }

    #[test]
    fn a_word_becomes_a_receipt_of_the_group() {
        let shown = state_of(r#"{"screen":"led-7","warning":"w-1","state":"shown","at":"2026-07-15T14:00:00+08:00"}"#);
        let expected = Receipt {
            reference: reference_for("plaza", "event", 7),
            state: ReceiptState::Delivered,
            at: Some(1_784_095_200_000),
            origin: Origin::Signed,
        };
        assert_eq!(shown, Some(expected.clone()));
        let received = state_of(r#"{"screen":"led-7","warning":"w-1","state":"received","at":1784095200000,"x":1}"#);
        assert_eq!(received, Some(expected));
        let failed = state_of(r#"{"screen":"led-7","warning":"w-1","state":"failed"}"#).unwrap();
        assert!(matches!(failed, Receipt { state: ReceiptState::Failed(_), at: None, .. }), "{failed:?}");
        assert_eq!(state_of(r#"{"screen":"led-7","warning":"w-1","state":"removed"}"#), None);
    }

    #[test]
    fn what_is_no_word_is_not_read() {
        let long = format!(r#"{{"screen":"{}","warning":"w","state":"shown"}}"#, "x".repeat(201));
        for text in [
            "",
            "shown",
            "{}",
            r#"{"screen":"","warning":"w","state":"shown"}"#,
            r#"{"screen":"a","warning":"w","state":"broken"}"#,
            r#"{"screen":"a","warning":"w","state":"shown","at":"noon"}"#,
            &long,
        ] {
            assert_eq!(Ack::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_more_decisions_are_known_than_fit() {
        let mut decisions = Decisions::default();
        for number in 0..KNOWN_MAX + 10 {
            decisions.learn("plaza", &[Shown { warning: number.to_string(), ..decision() }]);
        }
        decisions.learn("plaza", &[Shown { warning: "20".to_owned(), released_at: 8, ..decision() }]);
        assert_eq!((decisions.known.len(), decisions.order.len()), (KNOWN_MAX, KNOWN_MAX));
        assert!(decisions.find("plaza", "9").is_none() && decisions.find("plaza", "10").is_some());
        assert_eq!(decisions.find("plaza", "20").unwrap().released_at, 8);
        assert!(decisions.find("other", "20").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Ack::read(&payload).is_some(), false);
        }
    }
}
