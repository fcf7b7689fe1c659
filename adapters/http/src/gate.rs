//! How many streams of a connection may be open: as many as the peer says at the moment, which changes while it is used.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts the open streams of one connection.
#[derive(Default)]
pub(crate) struct Gate {
    open: AtomicUsize,
    closed: Notify,
}

/// The right to one stream, until it is dropped.
pub(crate) struct Stream<'a>(&'a Gate);

impl Gate {
    /// Waits until fewer streams are open than `limit` says. It is asked again whenever a stream ends.
    pub(crate) async fn enter(&self, limit: impl Fn() -> usize) -> Stream<'_> {
        while !self.try_enter(limit()) {
            self.closed.notified().await;
        }
        // A limit that has grown lets in more than the one that was woken.
        if self.open.load(Ordering::Acquire) < limit() {
            self.closed.notify_one();
        }
        Stream(self)
    }

    fn try_enter(&self, limit: usize) -> bool {
        let one_more = |open| (open < limit).then_some(open + 1);
        self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_ok()
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.closed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, task::Poll};

    use super::*;

    /// Polls a future once.
    async fn ready<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
    }

    #[tokio::test]
    async fn lets_in_as_many_as_the_limit_says_and_more_when_it_grows() {
        let (gate, limit) = (Gate::default(), AtomicUsize::new(1));
        let says = || limit.load(Ordering::Relaxed);
        let first = gate.enter(says).await;
        let (mut second, mut third) = (pin!(gate.enter(says)), pin!(gate.enter(says)));
        assert!(!ready(second.as_mut()).await && !ready(third.as_mut()).await);
        limit.store(3, Ordering::Relaxed);
        drop(first);
        assert!(ready(second.as_mut()).await);
        assert!(ready(third.as_mut()).await, "woken by the second, though no other stream ended");
    }
}
