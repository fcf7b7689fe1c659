//! What the writer thread and the callers share: the head, the state of health, the lock on the directory.

use std::fs::File;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::{
    clock::Clock,
    store::{
        chain::Head,
        contract::{CommitFault, Health, Room, Urgency},
    },
};

pub(super) struct Shared {
    pub(super) clock: Clock,
    /// So that a simulated clock shows the writer thread what it shows everybody else.
    runtime: Option<Handle>,
    head: Mutex<Head>,
    state: Mutex<State>,
    /// Held for as long as anything of the store is open.
    lock: File,
}

/// Two things that keep commits away, independent of each other.
#[derive(Default)]
struct State {
    /// Since when, and why.
    poisoned: Option<(i64, String)>,
    shortage: Shortage,
    /// When the shortage began, milliseconds since 1970.
    short_since_ms: i64,
    room: Room,
}

/// How short the disk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortage {
    #[default]
    None,
    /// Below the low mark.
    Low,
    /// A commit found no room, or the reserve is not whole.
    Full,
}

impl Shortage {
    const fn admits(self, urgency: Urgency) -> bool {
        match self {
            Self::None => true,
            Self::Low => !matches!(urgency, Urgency::Ordinary),
            Self::Full => matches!(urgency, Urgency::Reserved),
        }
    }
}

impl Shared {
    pub(super) fn new(clock: Clock, head: Head, lock: File) -> Self {
        let runtime = Handle::try_current().ok();
        Self { clock, runtime, head: Mutex::new(head), state: Mutex::default(), lock }
    }

    /// Milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        let _entered = self.runtime.as_ref().map(Handle::enter);
        self.clock.unix_ms()
    }

    pub(super) fn head(&self) -> Head {
        *self.head.lock()
    }

    pub(super) fn health(&self) -> Health {
        let state = self.state.lock();
        match (&state.poisoned, state.shortage) {
            (Some((since_ms, error)), _) => Health::Poisoned { since_ms: *since_ms, error: error.clone() },
            (None, Shortage::None) => Health::Healthy,
            (None, Shortage::Low) => Health::Low { since_ms: state.short_since_ms },
            (None, Shortage::Full) => Health::Full { since_ms: state.short_since_ms },
        }
    }

    /// What is known of the disk; the queue is not in it.
    pub(super) fn room(&self) -> Room {
        self.state.lock().room
    }

    /// A group is durable.
    pub(super) fn arrive(&self, head: Head) {
        *self.head.lock() = head;
    }

    /// Whether the disk has room for a commit of this urgency, as far as is known.
    pub(super) fn admit(&self, urgency: Urgency) -> Result<(), CommitFault> {
        if self.state.lock().shortage.admits(urgency) { Ok(()) } else { Err(CommitFault::Full) }
    }

    /// The disk was looked at, or a commit found it full.
    pub(super) fn look(&self, shortage: Shortage, room: Room) {
        let mut state = self.state.lock();
        state.room = room;
        if state.shortage == shortage {
            return;
        }
        let Room { free, low_mark, reserve, reserve_whole, .. } = room;
        match shortage {
            Shortage::None => tracing::info!(free, "the disk has room again: the store takes every commit"),
            Shortage::Low => tracing::error!(free, low_mark, "the disk runs short: nothing new below red is taken"),
            Shortage::Full => {
                tracing::error!(free, reserve, reserve_whole, "disk full: only lifts, corrections and outcomes are taken");
            }
        }
        if state.shortage == Shortage::None {
            state.short_since_ms = self.now_ms();
        }
        state.shortage = shortage;
    }

    /// What is on disk is in doubt.
    pub(super) fn poison(&self, error: String) {
        tracing::error!(error, "store takes no commits until it has been reopened");
        let mut state = self.state.lock();
        let since_ms = state.poisoned.as_ref().map_or_else(|| self.now_ms(), |(since_ms, _)| *since_ms);
        state.poisoned = Some((since_ms, error));
    }

    /// What is on disk is known again.
    pub(super) fn heal(&self, head: Head) {
        tracing::info!(sequence = head.sequence, "store reopened: it takes commits again");
        *self.head.lock() = head;
        self.state.lock().poisoned = None;
    }

    /// What a caller hears while nothing is acknowledged.
    pub(super) fn reason(&self) -> String {
        match &self.state.lock().poisoned {
            Some((_, error)) => format!("being reopened after a failed commit: {error}"),
            None => "being reopened".to_owned(),
        }
    }

    /// Runs the writer; one that panics leaves the store poisoned for good, and that is seen.
    pub(super) fn watch(&self, writer: impl FnOnce()) {
        struct Watch<'s>(&'s Shared);
        impl Drop for Watch<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.poison("the writer thread panicked; restart the gateway".to_owned());
                }
            }
        }
        let _watch = Watch(self);
        writer();
    }

    /// Lets another process have the directory.
    pub(super) fn release(&self) {
        // The lock goes with the file at the latest when the process ends.
        drop(self.lock.unlock());
    }
}
