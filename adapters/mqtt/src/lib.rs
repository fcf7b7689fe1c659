//! Panels and smart poles behind an MQTT broker.
//!
//! A screen shows **state, never deltas**. For each group of screens the broker keeps one retained message,
//! `{prefix}/{group}`: everything the group must show now, or the signed statement that it is nothing. It is taken from a
//! [`StateSource`], never put together from single deliveries, so a controller that was off learns all of it with the first
//! message after it connects. An address is the name of a group, `group:plaza` or `plaza`.
//!
//! The message is JSON: `document` (the body of `feed.json`, as text, byte for byte), `etag`, `signature_input` and
//! `signature` (HTTP Message Signatures, RFC 9421, over the ETag, with the time until which it counts), `keys` (where the keys
//! are). A controller checks that the ETag is `"` + the first 32 hex digits of the document's SHA-256 + `"`, and the signature
//! over it; what has run out it stops showing. In MQTT 5 the message itself expires with the signature: a broker that heard
//! nothing from us has nothing to say, which is another thing than "nothing to show".
//!
//! - A task of the adapter keeps every topic equal to the source: after each connection, on each change, and when half of
//!   the time is over for which the signature counts. QoS 1.
//! - A submit is **accepted** once the broker acknowledged a state in which the decision stands (its thread, released not
//!   earlier). It is in doubt when such a state was written and not acknowledged in time, transient when the broker is away
//!   or the source does not show the decision yet. A group without a topic is a refused recipient.
//! - Of a group that is gone nothing more is published: what the broker holds runs out with its signature.
//! - `{prefix}/gateway` tells, retained, whether this gateway is there; the last will says that it is not.
//! - Screens say `{"screen","warning","state"}` on `{prefix}/{group}/ack`; `state` is `received`, `shown`, `removed` or
//!   `failed`. They say `{"screen","etag"}` there, the ETag of what they show, at least every half minute: it is their sign of
//!   life, as the question is of a screen that asks over HTTP. Each word is told to the source and acknowledged to the broker
//!   once it is durable. What cannot be understood is ignored and counted in the log.
//!
//! Who may write to which topic is for the broker's access list: this gateway alone to `{prefix}/gateway` and
//! `{prefix}/{group}`, screens to `{prefix}/{group}/ack`.
//!
//! Reason codes are classed by `config/codes/mqtt.toml`. A broker of version 3.1.1 acknowledges messages it drops for want of
//! a right; prefer version 5.

mod acks;
mod board;
mod codes;
mod publisher;
mod session;
mod settings;
mod state;
mod topics;
mod wire;

#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Item, Profile, RateUnit, ReceiptStyle, Verdict,
};
pub use settings::{Settings, SettingsFault, Version};
pub use state::{About, Did, GroupState, Said, Shown, StateSource};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
pub use topics::{is_group, reference_for};

use crate::{
    board::{Board, Link},
    publisher::Publisher,
    settings::Broker,
    topics::group_of,
};

/// Groups handed over at a time.
const BATCH_MAX: usize = 256;
/// Bytes of a reference the contract keeps; a group and thread that need more would not be told apart.
const REFERENCE_MAX: usize = 255;
/// Digits of a time in a reference, and the signs between its parts.
const REFERENCE_EXTRA: usize = 22;
/// Time the task has to end.
const CLOSE: Duration = Duration::from_secs(4);

/// The adapter; the documentation of the crate says how it works.
pub struct Mqtt {
    profile: Profile,
    source: Arc<dyn StateSource>,
    looking: Broker,
    board: watch::Receiver<Board>,
    closing: CancellationToken,
    task: Mutex<JoinSet<()>>,
}

impl Mqtt {
    /// An adapter for one broker. Reads the password and the certificate authorities, and starts the task that connects and
    /// publishes once the source can be asked; must be called within a runtime.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, source: Arc<dyn StateSource>) -> Result<Self, SettingsFault> {
        let broker = settings.broker()?;
        let profile = Profile {
            channel: Channel::Display,
            batch_max: BATCH_MAX,
            text_max: settings.text_max,
            receipts: ReceiptStyle::Acknowledgement,
            deduplication: Deduplication::ByToken,
            rate_unit: RateUnit::Recipients,
            window: 4,
            withdraw_max: 0,
        };
        let looking = broker.only_looking();
        let (board, watching) = watch::channel(Board::default());
        let closing = CancellationToken::new();
        let publisher = Publisher {
            broker,
            source: Arc::clone(&source),
            board,
            closing: closing.clone(),
            lasted: false,
            garbage: 0,
        };
        let mut task = JoinSet::new();
        task.spawn(publisher.run());
        Ok(Self { profile, source, looking, board: watching, closing, task: Mutex::new(task) })
    }

    /// The group of each item, or why it has none.
    async fn groups<'a>(&self, batch: &'a Batch) -> Vec<Result<&'a str, Verdict>> {
        let known: HashSet<String> = self.source.groups().await.into_iter().collect();
        let thread = &batch.content.thread;
        batch.items.iter().map(|item| group(item, thread, &known)).collect()
    }
}

fn group<'a>(item: &'a Item, thread: &str, known: &HashSet<String>) -> Result<&'a str, Verdict> {
    let refused = |code, text| Verdict::RefusedRecipient(Cause::new(code, text));
    let group = group_of(&item.address).filter(|group| known.contains(*group));
    let group = group.ok_or_else(|| refused("NO-GROUP", "there is no group of screens of this name"))?;
    if group.len() + thread.len() + REFERENCE_EXTRA > REFERENCE_MAX {
        return Err(refused("LONG-NAME", "the names of group and thread are too long"));
    }
    Ok(group)
}

/// Whether every group has its answer, or none will get one.
fn is_settled(board: &Board, groups: &[Result<&str, Verdict>], content: &Content) -> bool {
    board.fault().is_some() || groups.iter().flatten().all(|group| board.verdict(group, content).is_some())
}

#[async_trait]
impl Adapter for Mqtt {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "group")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        if self.closing.is_cancelled() {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        if !self.source.is_ready() {
            return Err(Fault::Transient(Cause::new("STARTING", "what groups show is not known yet")));
        }
        let content = &*batch.content;
        if let Err(refusal) = self.fit(content) {
            return Ok(vec![Verdict::RefusedContent(refusal); batch.items.len()]);
        }
        let groups = self.groups(batch).await;
        let mut board = self.board.clone();
        // Both outcomes of the wait are read off the board.
        let settled = tokio::time::timeout(budget, board.wait_for(|board| is_settled(board, &groups, content))).await;
        drop(settled);
        let board = self.board.borrow();
        if let Some(fault) = board.fault().filter(|_| groups.iter().any(Result::is_ok)) {
            return Err(fault);
        }
        let answer = |group| board.overdue(group, content);
        Ok(groups.into_iter().map(|group| group.map_or_else(|refusal| refusal, answer)).collect())
    }

    /// Waits for the first attempt to connect to end, or for the connection that stands; changes nothing. Where no source
    /// can be asked, it logs in under another name and goes again.
    async fn probe(&self) -> Result<(), Fault> {
        if !self.source.is_ready() {
            return publisher::look_in(&self.looking).await.map_err(|broken| broken.fault(&self.looking.codes));
        }
        let mut board = self.board.clone();
        match board.wait_for(|board| board.link != Link::Trying).await {
            Ok(board) => board.fault().map_or(Ok(()), Err),
            Err(_) => Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed"))),
        }
    }

    async fn close(&self) {
        self.closing.cancel();
        let mut task = std::mem::take(&mut *self.task.lock().unwrap_or_else(PoisonError::into_inner));
        if tokio::time::timeout(CLOSE, task.join_next()).await.is_err() {
            task.shutdown().await;
        }
    }
}
