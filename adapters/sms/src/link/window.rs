//! How many submits may be unanswered: halved when the peer says "too fast", grown back by a share a second.

use std::time::Duration;

use tokio::time::Instant;

/// What the window loses nothing for after it was halved: the answers of one flight count once, and growth waits so long.
const HOLD: Duration = Duration::from_secs(1);

/// Share of the full window it grows by in a second.
const GROWTH: f64 = 0.05;

/// Congestion from which the window does not grow (SMPP 5.0 §4.8.4.18: 80 to 99 is the load the peer likes best).
const LOADED: u8 = 80;

/// Congestion at which the peer is about to throttle.
const CONGESTED: u8 = 100;

#[derive(Debug)]
pub(super) struct Window {
    most: f64,
    size: f64,
    hold_until: Option<Instant>,
    grown_at: Option<Instant>,
}

impl Window {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most as f64, size: most as f64, hold_until: None, grown_at: None }
    }

    /// The places there are now, at least one.
    pub(super) fn size(&self) -> usize {
        self.size as usize
    }

    /// The places batches that are not urgent may have, where urgent ones have no link of their own.
    pub(super) fn usual(&self) -> usize {
        let size = self.size();
        let kept = if size > 1 { (size / 8).max(1) } else { 0 };
        size - kept
    }

    pub(super) fn throttled(&mut self, now: Instant) {
        if self.hold_until.is_some_and(|until| now < until) {
            return;
        }
        self.size = (self.size / 2.0).floor().max(1.0);
        self.hold(now);
    }

    pub(super) fn congestion(&mut self, level: u8, now: Instant) {
        if level >= CONGESTED {
            self.throttled(now);
        } else if level >= LOADED {
            self.hold(now);
        }
    }

    /// Grows by the time since it was last called.
    pub(super) fn grow(&mut self, now: Instant) {
        let since = self.grown_at.replace(now).unwrap_or(now);
        if self.hold_until.is_some_and(|until| now < until) {
            return;
        }
        self.hold_until = None;
        let grown = self.most * GROWTH * now.duration_since(since).as_secs_f64();
        self.size = (self.size + grown).min(self.most);
    }

    fn hold(&mut self, now: Instant) {
        self.hold_until = Some(now + HOLD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn halves_once_a_flight_and_grows_back() {
        let start = tokio::time::sleep(Duration::ZERO).deadline();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut window = Window::new(64);
        assert_eq!((window.size(), window.usual()), (64, 56));
        window.grow(at(0));
        window.throttled(at(0));
        window.throttled(at(500));
        assert_eq!(window.size(), 32, "one flight of answers counts once");
        window.throttled(at(1_000));
        assert_eq!(window.size(), 16);
        window.grow(at(1_900));
        assert_eq!(window.size(), 16, "growth waits a second");
        for tenth in 20..=120 {
            window.grow(at(tenth * 100));
        }
        assert_eq!(window.size(), 48, "3.2 places a second over ten seconds");
        window.congestion(85, at(12_000));
        window.grow(at(12_900));
        assert_eq!(window.size(), 48);
        window.congestion(100, at(14_000));
        assert_eq!(window.size(), 24);
        (0..10).for_each(|second| window.throttled(at(20_000 + second * 1_000)));
        assert_eq!((window.size(), window.usual()), (1, 1), "never shut");
    }
}
