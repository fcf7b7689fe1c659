//! What the peer tells us of itself: reports and replies go to the sink, and the peer is acknowledged after it.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{ReceiptSink, Reply};
use tokio::sync::mpsc;

use crate::{
    protocol::{Ack, Fragment, Report},
    receipt::{Correlation, Held},
    replies::Assembly,
};

/// Batches of words, or of acknowledgements, on their way between a link and its courier.
pub(super) const ROOM: usize = 8;

/// Words of the peer that wait at a link for room on that way; what is over is refused, so that the peer repeats it. Counted in
/// words: a peer that writes each alone may have as many out as one that writes a thousand at once.
pub(super) const WAITING_MAX: usize = 16_384;

/// Reports held back at most, per link; the peer is to repeat what is over.
const HELD_MAX: usize = 65_536;

/// How often is looked whether a reply lost a part for good.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Acknowledgements to write: `true` = taken.
pub(super) type Acks = Vec<(Ack, bool)>;

/// One thing the peer said, with what it is acknowledged by.
pub(super) type Word = (Said, Ack);

/// What was said.
#[derive(Debug)]
pub(super) enum Said {
    Report(Report),
    Fragment(Fragment),
}

/// What the inboxes of all links of a route share.
pub(crate) struct Courier {
    sink: Arc<dyn ReceiptSink>,
    correlation: Arc<Correlation>,
    assembly: Assembly,
}

impl Courier {
    pub(crate) fn new(sink: Arc<dyn ReceiptSink>, correlation: Arc<Correlation>) -> Self {
        Self { sink, correlation, assembly: Assembly::default() }
    }

    /// Carries words until their channel closes.
    pub(super) async fn carry(&self, mut words: mpsc::Receiver<Vec<Word>>, acks: mpsc::Sender<Acks>) {
        let (mut batch, mut held) = (Vec::new(), Vec::new());
        loop {
            tokio::select! {
                count = words.recv_many(&mut batch, ROOM) => if count == 0 { break },
                () = self.correlation.landed(), if !held.is_empty() => {}
                () = tokio::time::sleep(LOOK_EVERY) => self.overdue().await,
            }
            let mut done = Acks::new();
            let mut fragments = Vec::new();
            for (said, ack) in batch.drain(..).flatten() {
                match said {
                    Said::Report(report) => held.push(Held::new(report, ack)),
                    Said::Fragment(fragment) => fragments.push((fragment, ack)),
                }
            }
            self.reports(&mut held, &mut done).await;
            self.fragments(fragments, &mut done).await;
            if !done.is_empty() {
                // A link that is gone takes none; the peer repeats what it had no answer to.
                let _gone = acks.send(done).await;
            }
        }
    }

    async fn reports(&self, held: &mut Vec<Held>, done: &mut Acks) {
        let mut judged = self.correlation.judge(held);
        let receipts = std::mem::take(&mut judged.receipts);
        if held.len() > HELD_MAX {
            done.extend(held.drain(HELD_MAX..).map(|held| (held.ack(), false)));
        }
        let taken = receipts.is_empty() || self.sink.accept(receipts).await.is_ok();
        if taken {
            self.correlation.taken(&judged);
        }
        done.extend(judged.final_acks.into_iter().map(|ack| (ack, taken)));
        done.extend(judged.other_acks.into_iter().map(|ack| (ack, true)));
    }

    async fn fragments(&self, fragments: Vec<(Fragment, Ack)>, done: &mut Acks) {
        let (mut replies, mut last_acks): (Vec<Reply>, Vec<Ack>) = Default::default();
        for (fragment, ack) in fragments {
            match self.assembly.add(fragment, super::now()) {
                Some(reply) => {
                    replies.push(reply);
                    last_acks.push(ack);
                }
                None => done.push((ack, true)),
            }
        }
        let taken = replies.is_empty() || self.sink.reply(replies).await.is_ok();
        done.extend(last_acks.into_iter().map(|ack| (ack, taken)));
    }

    /// Passes on what there is of replies whose other parts do not come.
    async fn overdue(&self) {
        let overdue = self.assembly.overdue(super::now());
        if overdue.is_empty() {
            return;
        }
        let (places, replies): (Vec<_>, Vec<_>) = overdue.into_iter().unzip();
        if self.sink.reply(replies).await.is_ok() {
            self.assembly.forget(&places);
        }
    }
}
