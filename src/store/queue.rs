//! The queue's bound: what waits for the writer, in units, with a part kept for what may use the reserve.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    contract::{CommitFault, Urgency},
    embedded::{QUEUE_UNIT_BYTES, QUEUE_UNITS, QUEUE_UNITS_KEPT, QUEUE_WAIT},
};

/// Units that everybody may take, and units that are kept.
pub(super) struct Queue {
    open: Arc<Semaphore>,
    kept: Arc<Semaphore>,
    overflows: AtomicU64,
}

const OPEN: u32 = QUEUE_UNITS - QUEUE_UNITS_KEPT;

impl Default for Queue {
    fn default() -> Self {
        let units = |units: u32| Arc::new(Semaphore::new(units as usize));
        Self { open: units(OPEN), kept: units(QUEUE_UNITS_KEPT), overflows: AtomicU64::new(0) }
    }
}

impl Queue {
    /// Waits for room for a commit of `bytes`. One that is larger than the queue takes all of it.
    pub(super) async fn enter(&self, urgency: Urgency, bytes: usize) -> Result<OwnedSemaphorePermit, CommitFault> {
        let units = u32::try_from(bytes.div_ceil(QUEUE_UNIT_BYTES)).unwrap_or(OPEN).clamp(1, OPEN);
        let kept = urgency == Urgency::Reserved && units <= QUEUE_UNITS_KEPT;
        let open = Arc::clone(&self.open).acquire_many_owned(units);
        let room = async {
            if kept {
                let kept = Arc::clone(&self.kept).acquire_many_owned(units);
                tokio::select! { biased; room = open => room, room = kept => room }
            } else {
                open.await
            }
        };
        match tokio::time::timeout(QUEUE_WAIT, room).await {
            Ok(room) => room.map_err(|_| CommitFault::Unavailable("closed".to_owned())),
            Err(_) => {
                self.overflows.fetch_add(1, Ordering::Relaxed);
                Err(CommitFault::QueueFull)
            }
        }
    }

    /// KiB taken, and commits refused so far.
    pub(super) fn state(&self) -> (u64, u64) {
        let free = self.open.available_permits() + self.kept.available_permits();
        let taken = (QUEUE_UNITS as usize).saturating_sub(free) * QUEUE_UNIT_BYTES / 1024;
        (taken as u64, self.overflows.load(Ordering::Relaxed))
    }

    /// Nobody enters any more.
    pub(super) fn close(&self) {
        self.open.close();
        self.kept.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_by_name_and_keeps_a_part_for_what_may_not_wait() {
        let queue = Queue::default();
        let mut held = Vec::new();
        for _ in 0..OPEN {
            held.push(queue.enter(Urgency::Ordinary, 1).await.unwrap());
        }
        assert_eq!(queue.enter(Urgency::Pressing, 1).await.unwrap_err(), CommitFault::QueueFull);
        assert_eq!(queue.enter(Urgency::Ordinary, usize::MAX).await.unwrap_err(), CommitFault::QueueFull);
        for _ in 0..QUEUE_UNITS_KEPT {
            held.push(queue.enter(Urgency::Reserved, 1).await.unwrap());
        }
        assert_eq!(queue.state(), (u64::from(QUEUE_UNITS) * 4, 2));
        assert_eq!(queue.enter(Urgency::Reserved, 1).await.unwrap_err(), CommitFault::QueueFull);
        held.clear();
        assert_eq!(queue.state(), (0, 3));
        let _permit =
            queue.enter(Urgency::Ordinary, usize::MAX).await.expect("one larger than the queue has it for itself");
    }
}
