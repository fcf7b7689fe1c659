//! Start and end of everything that runs: tracked tasks, a soft stop, a hard one.

use std::{future::Future, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The tasks of one gateway. Cheap to clone.
///
/// Soft stop: nothing new is claimed, what is on the wire may finish. Hard stop: whatever still runs is dropped; its
/// leases are open and the next start treats them like those of a crash.
#[derive(Clone, Default)]
pub struct Lifecycle {
    tracker: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Lifecycle {
    /// Runs a task that ends by itself after the soft stop and is dropped at the hard one.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let hard = self.hard.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                biased;
                () = task => {}
                () = hard.cancelled() => {}
            }
        });
    }

    /// Fires at the soft stop.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Whether the soft stop has been given.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Soft stop, at most `patience` of waiting, then the hard stop. Says whether everything ended by itself.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.soft.cancel();
        self.tracker.close();
        let ended = tokio::time::timeout(patience, self.tracker.wait()).await.is_ok();
        self.hard.cancel();
        self.tracker.wait().await;
        ended
    }
}
