//! What the writer thread and the callers share: the head, the state of health, the lock on the directory.

use std::fs::File;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::{
    clock::Clock,
    store::{chain::Head, contract::Health},
};

pub(super) struct Shared {
    pub(super) clock: Clock,
    /// So that a simulated clock shows the writer thread what it shows everybody else.
    runtime: Option<Handle>,
    head: Mutex<Head>,
    health: Mutex<Health>,
    /// Held for as long as anything of the store is open.
    lock: File,
}

impl Shared {
    /// The word for a disk without room.
    pub(super) const DISK_FULL: &str = "disk full";

    pub(super) fn new(clock: Clock, head: Head, lock: File) -> Self {
        let runtime = Handle::try_current().ok();
        Self { clock, runtime, head: Mutex::new(head), health: Mutex::default(), lock }
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
        self.health.lock().clone()
    }

    /// A group is durable.
    pub(super) fn arrive(&self, head: Head) {
        *self.head.lock() = head;
        let mut health = self.health.lock();
        if let Health::Full { since_ms } = *health {
            tracing::info!(since_ms, "store takes commits again: the disk has room");
            *health = Health::Healthy;
        }
    }

    /// The disk had no room for a group.
    pub(super) fn fill(&self) {
        let mut health = self.health.lock();
        if *health == Health::Healthy {
            tracing::error!("store takes no commits: disk full");
            *health = Health::Full { since_ms: self.now_ms() };
        }
    }

    /// What is on disk is in doubt.
    pub(super) fn poison(&self, error: String) {
        tracing::error!(error, "store takes no commits until it has been reopened");
        let mut health = self.health.lock();
        let since_ms = match *health {
            Health::Poisoned { since_ms, .. } => since_ms,
            Health::Healthy | Health::Full { .. } => self.now_ms(),
        };
        *health = Health::Poisoned { since_ms, error };
    }

    /// What is on disk is known again.
    pub(super) fn heal(&self, head: Head) {
        tracing::info!(sequence = head.sequence, "store reopened: it takes commits again");
        *self.head.lock() = head;
        *self.health.lock() = Health::Healthy;
    }

    /// What a caller hears while nothing is acknowledged.
    pub(super) fn reason(&self) -> String {
        match &*self.health.lock() {
            Health::Poisoned { error, .. } => format!("being reopened after a failed commit: {error}"),
            Health::Full { .. } => Self::DISK_FULL.to_owned(),
            Health::Healthy => "being reopened".to_owned(),
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
