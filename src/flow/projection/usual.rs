//! How long it usually takes from "accepted" to the provider's later word, by route: a small sketch in buckets a fifth
//! apart that forgets the old as the new comes in.

use std::collections::HashMap;

use parking_lot::Mutex;

/// Buckets of a doubling.
const FINE: f64 = 4.0;
/// Reaches beyond two days.
const BUCKETS: usize = 112;
/// When so many are counted, all counts are halved.
const FULL: u64 = 65_536;
/// Fewer say nothing about what is usual.
const ENOUGH: u64 = 20;

/// The sketches of every route.
#[derive(Default)]
pub(crate) struct Usual(Mutex<HashMap<Box<str>, Sketch>>);

struct Sketch {
    counts: [u32; BUCKETS],
    total: u64,
}

impl Usual {
    /// Later word came after so many milliseconds.
    pub(crate) fn learn(&self, route: &str, waits: &[i64]) {
        if waits.is_empty() {
            return;
        }
        let mut sketches = self.0.lock();
        if !sketches.contains_key(route) {
            sketches.insert(route.into(), Sketch { counts: [0; BUCKETS], total: 0 });
        }
        if let Some(sketch) = sketches.get_mut(route) {
            waits.iter().for_each(|wait| sketch.add(*wait));
        }
    }

    /// Milliseconds within which this part (0 to 1) of the words of a route came; `None` while too few did.
    pub(crate) fn quantile(&self, route: &str, part: f64) -> Option<i64> {
        let sketches = self.0.lock();
        sketches.get(route).filter(|sketch| sketch.total >= ENOUGH).map(|sketch| sketch.quantile(part))
    }
}

impl Sketch {
    fn add(&mut self, wait_ms: i64) {
        let at = (((wait_ms.max(0) + 1) as f64).log2() * FINE) as usize;
        self.counts[at.min(BUCKETS - 1)] += 1;
        self.total += 1;
        if self.total >= FULL {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.total = self.counts.iter().map(|count| u64::from(*count)).sum();
        }
    }

    /// The upper edge of the bucket that holds it.
    fn quantile(&self, part: f64) -> i64 {
        let wanted = (self.total as f64 * part).ceil() as u64;
        let mut below = 0;
        let reached = self.counts.iter().position(|count| {
            below += u64::from(*count);
            below >= wanted
        });
        let edge = (reached.unwrap_or(BUCKETS - 1) + 1) as f64 / FINE;
        edge.exp2() as i64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quantile_is_right_within_a_fifth(mut waits in prop::collection::vec(0i64..100_000_000, 20..400), part in 0.05f64..1.0) {
            let usual = Usual::default();
            usual.learn("sms.a", &waits);
            waits.sort_unstable();
            let exact = waits[((waits.len() as f64 * part).ceil() as usize).clamp(1, waits.len()) - 1];
            let told = usual.quantile("sms.a", part).expect("enough");
            prop_assert!(told >= exact, "{told} {exact}");
            prop_assert!(told as f64 <= (exact + 1) as f64 * 1.19 + 1.0, "{told} {exact}");
        }
    }

    #[test]
    fn what_was_usual_long_ago_is_forgotten() {
        let usual = Usual::default();
        assert_eq!(usual.quantile("sms.a", 0.95), None);
        usual.learn("sms.a", &vec![100_000; 60_000]);
        usual.learn("sms.a", &vec![1_000; 600_000]);
        assert!(usual.quantile("sms.a", 0.9).expect("enough") < 1_300);
    }
}
