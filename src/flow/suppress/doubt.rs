//! Whether what a provider says of addresses is believed: not when it refuses most of those it is given.
//!
//! Tokens of another environment or app, a number plan that changed, an account that ended: everybody looks dead then. The
//! adapters say so of a submit that was refused nearly whole; here it is the share of what a route sent lately, which many
//! small submits make too.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::flow::{
    Parts,
    alarms::{AlarmCode, Seen, Subject, Told},
};

/// Of so many refused together the provider is doubted when they are more than half of a slice.
const TOGETHER: u64 = 8;
/// The same of what was sent lately.
const LATELY: u64 = 20;
/// Answers that count as lately, more or less: what is older counts half each time there are as many again.
const SPAN: u64 = 1_000;

/// What routes came to lately.
#[derive(Default)]
pub(super) struct Lately(Mutex<BTreeMap<String, Tally>>);

#[derive(Default)]
struct Tally {
    answered: u64,
    refused: u64,
    /// Milliseconds since 1970.
    doubted_since_ms: Option<i64>,
}

impl Lately {
    /// Counts what a slice came to, and says whether its refusals are believed.
    pub(super) fn believes(&self, route: &str, answered: usize, refused: usize, now_ms: i64) -> bool {
        let mut tallies = self.0.lock();
        let tally = tallies.entry(route.to_owned()).or_default();
        let (answered, refused) = (answered as u64, refused as u64);
        tally.answered += answered;
        tally.refused += refused;
        if tally.answered > SPAN {
            tally.answered /= 2;
            tally.refused /= 2;
        }
        let most = |refused: u64, answered: u64, least: u64| refused >= least && refused * 2 > answered;
        let doubted = most(refused, answered, TOGETHER) || most(tally.refused, tally.answered, LATELY);
        if doubted {
            if tally.doubted_since_ms.is_none() {
                tracing::warn!(route, refused, "most of what was sent is refused: no address is given up");
            }
            tally.doubted_since_ms.get_or_insert(now_ms);
        } else if refused < answered {
            tally.doubted_since_ms = None;
        }
        !doubted
    }
}

/// The routes whose refusals are not believed.
pub(crate) fn seen(parts: &Parts, seen: &mut Seen) {
    for (route, tally) in &*parts.suppressions.lately.0.lock() {
        let Some(since_ms) = tally.doubted_since_ms else { continue };
        let channel = parts.routes.get(route).map(|route| route.channel.name().to_owned());
        let subject = Subject { warning: None, channel, route: Some(route.clone()) };
        let numbers =
            [("route", route.clone()), ("refused", tally.refused.to_string()), ("count", tally.answered.to_string())];
        let facts = numbers.map(|(name, value)| (name.to_owned(), value)).into();
        seen.insert((AlarmCode::AddressesDoubted, subject), Told { since_ms: Some(since_ms), facts });
    }
}

#[cfg(test)]
mod tests {
    use super::Lately;

    #[test]
    fn a_provider_that_refuses_most_is_not_believed_however_little_it_gets_at_a_time() {
        let lately = Lately::default();
        assert!(lately.believes("a", 64, 7, 1), "some are always dead");
        assert!(!lately.believes("b", 10, 8, 1), "a slice");
        let believed = (0..100).filter(|at| lately.believes("c", 4, 3, *at)).count();
        assert_eq!(believed, 6, "eighteen of twenty-four, and no more");
        assert!(lately.believes("d", 4, 3, 1), "one route says nothing about another");
    }

    #[test]
    fn it_is_believed_again_when_most_are_taken() {
        let lately = Lately::default();
        assert!(!lately.believes("a", 40, 40, 1));
        assert!(!lately.believes("a", 10, 1, 2), "not at once");
        assert!(lately.believes("a", 500, 2, 3));
        assert_eq!(lately.0.lock()["a"].doubted_since_ms, None);
    }
}
