//! Messages one member or group may get, where the provider drops what is more without a word.

use std::{
    collections::{HashMap, VecDeque, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// Minutes that count towards an hour: any sixty of them in a row.
const HOUR: i64 = 61;

/// Counts messages by receiver and minute. Two minutes in a row never hold more than one may, so no sixty seconds do.
#[derive(Debug)]
pub(crate) struct Rates {
    per_minute: u32,
    per_hour: u32,
    /// By a keyed hash of the receiver, so that no address is kept: minutes and how many each had, the oldest first.
    receivers: Mutex<Counted>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Counted {
    swept: i64,
    minutes: HashMap<u64, VecDeque<(i64, u32)>>,
}

impl Rates {
    pub(crate) fn new(per_minute: u32, per_hour: u32) -> Self {
        Self { per_minute, per_hour, receivers: Mutex::default(), hasher: RandomState::new() }
    }

    /// Counts one message.
    ///
    /// # Errors
    /// How long to wait, when one more could be dropped; nothing is counted then.
    pub(crate) fn take(&self, receiver: &str, now: i64) -> Result<(), Duration> {
        let mut counted = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.div_euclid(MINUTE);
        counted.sweep(minute);
        let minutes = counted.minutes.entry(self.hasher.hash_one(receiver)).or_default();
        while minutes.front().is_some_and(|(old, _)| minute - old >= HOUR) {
            minutes.pop_front();
        }
        let since = |first: i64| minutes.iter().filter(move |(old, _)| *old >= first);
        let used = |first: i64| since(first).map(|(_, count)| count).sum::<u32>();
        let wait = |span: i64| {
            let oldest = since(minute - span + 1).map(|(old, _)| *old).next().unwrap_or(minute);
            Duration::from_secs(((oldest + span) * MINUTE - now).unsigned_abs())
        };
        if used(minute - 1) >= self.per_minute {
            return Err(wait(2));
        }
        if used(minute - HOUR + 1) >= self.per_hour {
            return Err(wait(HOUR));
        }
        match minutes.back_mut() {
            Some((last, count)) if *last >= minute => *count += 1,
            _ => minutes.push_back((minute, 1)),
        }
        Ok(())
    }
}

impl Counted {
    /// Forgets, once a minute, whoever got nothing for an hour.
    fn sweep(&mut self, minute: i64) {
        if self.swept != minute {
            self.swept = minute;
            self.minutes.retain(|_, minutes| minutes.back().is_some_and(|(last, _)| minute - last < HOUR));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wait_ends_when_one_more_may_go() {
        let rates = Rates::new(2, 3);
        assert_eq!((rates.take("a", 0), rates.take("a", 59)), (Ok(()), Ok(())));
        assert_eq!(rates.take("a", 61), Err(Duration::from_secs(59)));
        assert_eq!(rates.take("b", 61), Ok(()), "others are not concerned");
        assert_eq!(rates.take("a", 120), Ok(()));
        let wait = rates.take("a", 300).unwrap_err();
        assert_eq!(wait, Duration::from_secs(61 * 60 - 300));
        assert_eq!(rates.take("a", 61 * 60), Ok(()));
        rates.take("c", 4 * 3600).unwrap();
        assert_eq!(rates.receivers.lock().unwrap().minutes.len(), 1, "who got nothing for an hour is forgotten");
    }

    proptest! {
        /// No sixty seconds hold more than a minute's, no 3600 more than an hour's.
        #[test]
        fn no_window_ever_holds_more(steps in prop::collection::vec(0i64..40, 1..200), minute in 1u32..6, hour in 4u32..30) {
            let rates = Rates::new(minute, hour);
            let mut now = 1_000_000;
            let mut taken = Vec::new();
            for step in steps {
                now += step;
                if rates.take("a", now).is_ok() {
                    taken.push(now);
                }
            }
            for (place, first) in taken.iter().enumerate() {
                let within = |span| taken[place..].iter().take_while(|at| **at - first < span).count();
                prop_assert!(within(60) <= minute as usize && within(3600) <= hour as usize);
            }
        }
    }
}
