//! What the writer, the beat and the callers share: what is known of the store, and whether it takes commits.

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    bounds::{FULL_SHARE, LOW_SHARE},
    keys::Keys,
};
use crate::{
    clock::Clock,
    store::{
        chain::Head,
        contract::{CommitFault, Health, ReadFault, Room, Urgency},
    },
};

/// Who this node is in the store, from one opening to its end.
pub(super) struct Identity {
    pub(super) node: u64,
    /// Tells this node from one that a store which lost rows gave the same number.
    pub(super) token: String,
    /// The random name of the installation.
    pub(super) installation: String,
}

pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) keys: Keys,
    pub(super) identity: Identity,
    known: Mutex<Known>,
    state: Mutex<State>,
    /// Ends for good when nothing may be built on the store by this node any more.
    pub(super) fenced: CancellationToken,
    /// Tells the writer that the store is to be come back to.
    pub(super) wake: Notify,
}

/// The newest row this node has seen.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) head: Head,
    pub(super) epoch: u64,
    /// The newest row this node has answered for.
    pub(super) acknowledged: u64,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// Since when the server is away, and why.
    away: Option<Away>,
    /// Since when nothing may be built on the store any more, and why.
    ended: Option<(i64, String)>,
    shortage: Shortage,
    short_since_ms: i64,
    room: Room,
}

struct Away {
    since_ms: i64,
    error: String,
    /// Whether it can still be read.
    readable: bool,
}

/// How short the memory of the server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortage {
    #[default]
    None,
    Low,
    Full,
}

impl Shared {
    pub(super) fn new(clock: Clock, keys: Keys, identity: Identity, known: Known) -> Self {
        let (known, state) = (Mutex::new(known), Mutex::default());
        Self { clock, keys, identity, known, state, fenced: CancellationToken::new(), wake: Notify::new() }
    }

    pub(super) fn known(&self) -> Known {
        *self.known.lock()
    }

    /// A newer row was seen.
    pub(super) fn saw(&self, head: Head) {
        let mut known = self.known.lock();
        if head.sequence > known.head.sequence {
            known.head = head;
        }
    }

    /// The store has moved to another epoch, with everything this node knows in it.
    pub(super) fn enter_epoch(&self, epoch: u64) {
        let mut known = self.known.lock();
        if epoch > known.epoch {
            tracing::warn!(epoch, "rows that others had seen are lost; everything this node knows stands");
            known.epoch = epoch;
        }
    }

    /// Rows up to this one were answered for.
    pub(super) fn acknowledged(&self, sequence: u64) {
        let mut known = self.known.lock();
        known.acknowledged = known.acknowledged.max(sequence);
    }

    /// The first arguments of every script.
    pub(super) fn sign(&self, call: &mut redis::Cmd) {
        let Identity { node, token, installation } = &self.identity;
        call.arg(node).arg(token).arg(installation).arg(self.known().epoch);
    }

    pub(super) fn health(&self) -> Health {
        let state = self.state.lock();
        if let Some((since_ms, error)) = &state.ended {
            return Health::Poisoned { since_ms: *since_ms, error: error.clone() };
        }
        if let Some(away) = &state.away {
            return Health::Poisoned { since_ms: away.since_ms, error: away.error.clone() };
        }
        match state.shortage {
            Shortage::None => Health::Healthy,
            Shortage::Low => Health::Low { since_ms: state.short_since_ms },
            Shortage::Full => Health::Full { since_ms: state.short_since_ms },
        }
    }

    /// Whether a commit of this urgency may be tried, as far as is known.
    pub(super) fn admit(&self, urgency: Urgency) -> Result<(), CommitFault> {
        let state = self.state.lock();
        if let Some((_, error)) = &state.ended {
            return Err(CommitFault::Unavailable(error.clone()));
        }
        if let Some(away) = &state.away {
            return Err(CommitFault::Unavailable(away.error.clone()));
        }
        let admitted = match state.shortage {
            Shortage::None => true,
            Shortage::Low => urgency > Urgency::Ordinary,
            Shortage::Full => urgency == Urgency::Reserved,
        };
        if admitted { Ok(()) } else { Err(CommitFault::Full) }
    }

    /// Whether it is worth asking the server.
    pub(super) fn readable(&self) -> Result<(), ReadFault> {
        let state = self.state.lock();
        match (&state.closed, &state.ended, &state.away) {
            (true, ..) => Err(ReadFault("closed".to_owned())),
            (_, Some((_, error)), _) => Err(ReadFault(error.clone())),
            (_, _, Some(away)) if !away.readable => Err(ReadFault(away.error.clone())),
            _ => Ok(()),
        }
    }

    /// The server does not answer.
    pub(super) fn away(&self, error: String) {
        self.leave(error, false);
    }

    /// It answers, and what is committed there is not safe.
    pub(super) fn unsafe_there(&self, error: String) {
        self.leave(error, true);
    }

    fn leave(&self, error: String, readable: bool) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        match &mut state.away {
            Some(away) => (away.error, away.readable) = (error, readable),
            None => {
                tracing::error!(error, "the store takes no commits until its server answers again");
                state.away = Some(Away { since_ms: self.clock.unix_ms(), error, readable });
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn is_away(&self) -> bool {
        self.state.lock().away.is_some()
    }

    /// The server answers, and what is known of the store stands.
    pub(super) fn back(&self) {
        let away = self.state.lock().away.take();
        if let Some(away) = away {
            let for_ms = self.clock.unix_ms() - away.since_ms;
            tracing::info!(for_ms, "the server of the store answers again");
        }
    }

    /// Nothing may be built on the store by this node any more.
    pub(super) fn end(&self, error: String) {
        let mut state = self.state.lock();
        if state.ended.is_none() && !state.closed {
            tracing::error!(error, "this node takes part no more and has to start again");
            state.ended = Some((self.clock.unix_ms(), error));
        }
        drop(state);
        self.fenced.cancel();
    }

    pub(super) fn ended(&self) -> Option<String> {
        self.state.lock().ended.as_ref().map(|(_, error)| error.clone())
    }

    /// Later calls hear that it is closed; false when it was already.
    pub(super) fn close(&self) -> bool {
        !std::mem::replace(&mut self.state.lock().closed, true)
    }

    pub(super) fn room(&self) -> Room {
        self.state.lock().room
    }

    /// The server said how much memory it has; 0 = as much as there is.
    pub(super) fn look(&self, used: u64, most: u64) {
        let free = most.saturating_sub(used);
        let low_mark = most / LOW_SHARE;
        let mut state = self.state.lock();
        state.room = Room { free, total: most, low_mark, ..Room::default() };
        let shortage = match state.shortage {
            _ if most == 0 => Shortage::None,
            Shortage::Full if free < most / FULL_SHARE => Shortage::Full,
            _ if free < low_mark => Shortage::Low,
            _ => Shortage::None,
        };
        self.short(&mut state, shortage);
    }

    /// A commit was refused for want of memory.
    pub(super) fn found_full(&self) {
        self.short(&mut self.state.lock(), Shortage::Full);
    }

    fn short(&self, state: &mut State, shortage: Shortage) {
        if state.shortage == shortage {
            return;
        }
        let Room { free, total, .. } = state.room;
        match shortage {
            Shortage::None => tracing::info!(free, "the server has memory again: the store takes every commit"),
            Shortage::Low => {
                tracing::error!(free, total, "the server's memory runs short: nothing new below red is taken")
            }
            Shortage::Full => {
                tracing::error!(
                    free,
                    total,
                    "the server's memory is full: only lifts, corrections and outcomes are taken"
                );
            }
        }
        if state.shortage == Shortage::None {
            state.short_since_ms = self.clock.unix_ms();
        }
        state.shortage = shortage;
    }
}
