//! Units over every window of a second or a minute, never more than a limit: counted in small buckets, of which one more
//! than the window holds is looked at, so that no window anywhere can have more.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

pub(super) struct Sliding {
    /// `None` = counted only, so that a limit set later knows what went before.
    most: Option<u64>,
    width: Duration,
    buckets: u64,
    origin: Instant,
    /// (bucket number, units), oldest first.
    counts: VecDeque<(u64, u64)>,
    sum: u64,
}

impl Sliding {
    pub(super) fn second(most: Option<u32>, now: Instant) -> Self {
        Self::new(most, Duration::from_millis(5), 200, now)
    }

    pub(super) fn minute(most: Option<u32>, now: Instant) -> Self {
        Self::new(most, Duration::from_millis(250), 240, now)
    }

    fn new(most: Option<u32>, width: Duration, buckets: u64, origin: Instant) -> Self {
        Self { most: most.map(u64::from), width, buckets, origin, counts: VecDeque::new(), sum: 0 }
    }

    /// Limits it otherwise from now on.
    pub(super) fn change(&mut self, most: Option<u32>) {
        self.most = most.map(u64::from);
    }

    fn bucket(&self, now: Instant) -> u64 {
        let passed = now.duration_since(self.origin).as_nanos() / self.width.as_nanos();
        u64::try_from(passed).unwrap_or(u64::MAX)
    }

    fn forget(&mut self, now: Instant) {
        let oldest = self.bucket(now).saturating_sub(self.buckets);
        while let Some((bucket, units)) = self.counts.front().copied()
            && bucket < oldest
        {
            self.counts.pop_front();
            self.sum -= units;
        }
    }

    fn limit(&self, share: f64) -> u64 {
        self.most.map_or(u64::MAX, |most| ((most as f64 * share) as u64).max(1))
    }

    /// Whether it limits anything.
    pub(super) fn is_limited(&self) -> bool {
        self.most.is_some()
    }

    /// Units in the window that ends now.
    pub(super) fn sum(&mut self, now: Instant) -> u64 {
        self.forget(now);
        self.sum
    }

    /// Units that may go now.
    pub(super) fn room(&mut self, share: f64, now: Instant) -> u32 {
        self.forget(now);
        u32::try_from(self.limit(share).saturating_sub(self.sum)).unwrap_or(u32::MAX)
    }

    /// Whether `units` may go now, else after how long. What is more than the whole limit goes when nothing else did.
    pub(super) fn check(&mut self, units: u32, share: f64, now: Instant) -> Result<(), Duration> {
        self.forget(now);
        let limit = self.limit(share);
        let fits = |sum: u64| sum == 0 || sum.saturating_add(u64::from(units)) <= limit;
        let mut sum = self.sum;
        let mut counts = self.counts.iter();
        let mut gone = None;
        while !fits(sum) {
            let Some((bucket, units)) = counts.next() else { break };
            sum -= units;
            gone = Some(*bucket);
        }
        let Some(bucket) = gone else { return Ok(()) };
        let width = u64::try_from(self.width.as_nanos()).unwrap_or(u64::MAX);
        let free = self.origin + Duration::from_nanos(width.saturating_mul(bucket + self.buckets + 1));
        Err(free.duration_since(now).max(Duration::from_micros(100)))
    }

    pub(super) fn add(&mut self, units: u32, now: Instant) {
        let bucket = self.bucket(now);
        self.sum += u64::from(units);
        match self.counts.back_mut() {
            Some((last, count)) if *last == bucket => *count += u64::from(units),
            _ => self.counts.push_back((bucket, u64::from(units))),
        }
    }

    /// Takes the newest units back.
    pub(super) fn take_back(&mut self, units: u32) {
        if let Some((_, count)) = self.counts.back_mut() {
            let back = u64::from(units).min(*count);
            *count -= back;
            self.sum -= back;
        }
    }

    /// Units in the window that ends now, and the limit; `None` without a limit.
    pub(super) fn used(&mut self, now: Instant) -> Option<(u64, u64)> {
        self.forget(now);
        self.most.map(|most| (self.sum, most))
    }
}
