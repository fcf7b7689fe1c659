use std::time::Duration;

use fenghuo_contract::NotTaken;
use tokio::sync::watch;

/// Knows what the screens of every group must show at this moment, and says when that changes.
///
/// The adapter never builds a picture out of single messages: what it publishes is what it finds here.
#[async_trait::async_trait]
pub trait StateSource: Send + Sync + 'static {
    /// Whether it can be asked. Until it can, nothing is published and no connection is kept; that it can from now on is told
    /// as a change.
    fn is_ready(&self) -> bool {
        true
    }

    /// The groups that have a topic, each of the form [`is_group`](crate::is_group) asks for.
    async fn groups(&self) -> Vec<String>;

    /// What a group must show now, freshly signed; `None` when there is no such group. A group with nothing to show has a
    /// state that says so. It is asked often and should answer from memory.
    async fn state(&self, group: &str) -> Option<GroupState>;

    /// Changes its number whenever a group came or went, or may have to show something else: a release, a lift, an expiry.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Takes what a screen of a group says; returns once that is durable. `false` when it proves nothing: there is no such
    /// group, or it neither shows the warning nor ever did.
    ///
    /// # Errors
    /// It could not be stored: the broker is to repeat it.
    async fn said(&self, group: &str, said: &Said) -> Result<bool, NotTaken>;
}

/// The word of a screen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Said {
    /// What the screen calls itself; several may stand behind one group.
    pub screen: String,
    /// What it speaks of.
    #[serde(flatten)]
    pub about: About,
}

/// What a screen speaks of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged)]
pub enum About {
    /// What it did with a warning.
    Warning {
        /// The name of the warning in the document.
        warning: String,
        /// What it did.
        state: Did,
    },
    /// The document it shows now: a sign of life, and proof of everything in it.
    Holds {
        /// Its ETag, with quotes.
        etag: String,
    },
}

/// What a screen did with a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// It has it.
    Received,
    /// It showed all of it.
    Shown,
    /// It took it away.
    Removed,
    /// It cannot show it.
    Failed,
}

/// Everything the screens of a group must show now, and the signature that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    /// The document as screens get it over HTTP (`feed.json`), byte for byte: the ETag is its digest.
    pub document: String,
    /// Its strong ETag, with quotes.
    pub etag: String,
    /// The value of `Signature-Input` (RFC 9421).
    pub signature_input: String,
    /// The value of `Signature`.
    pub signature: String,
    /// How long the signature counts from now on. The message expires with it, and is replaced when half of it is over.
    pub counts_for: Duration,
    /// The decisions that stand in the document.
    pub shown: Vec<Shown>,
}

/// A decision that stands in a document: a warning, or a lift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The name of the warning in the document; acknowledgements carry it.
    pub warning: String,
    /// [`Content::thread`](fenghuo_contract::Content::thread).
    pub thread: String,
    /// [`Content::released_at`](fenghuo_contract::Content::released_at), seconds since 1970.
    pub released_at: i64,
}

impl GroupState {
    /// Whether a decision about a thread, or a later one of the same thread, stands in it.
    pub(crate) fn shows(&self, thread: &str, released_at: i64) -> bool {
        self.shown.iter().any(|shown| shown.thread == thread && shown.released_at >= released_at)
    }
}
