use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Reached;
use crate::{config::RecipientLimit, domain::level::Level};

fn reached(per_hour: u16, per_day: u16) -> Reached {
    let limit = RecipientLimit { per_hour: Some(per_hour), per_day: Some(per_day), up_to: Level::Orange };
    Reached { limit, kept: usize::from(per_hour.max(per_day)), pages: super::HashMap::new() }
}

#[test]
fn nobody_is_reached_more_often_than_allowed_and_nobody_waits_longer_than_needed() {
    let mut person = reached(2, 3);
    assert_eq!(person.claim(70_000, 1_000), None);
    assert_eq!(person.claim(70_000, 1_010), None);
    assert_eq!(person.claim(70_000, 1_020), Some(1_061), "an hour after the first");
    assert_eq!(person.claim(70_001, 1_020), None, "another person");
    assert_eq!(person.claim(70_000, 1_061), None);
    assert_eq!(person.claim(70_000, 1_200), Some(1_000 + 1_441), "a day after the first");
    person.forget(70_000, 1_061);
    assert_eq!(person.claim(70_000, 1_200), None, "one did not get through after all");
}

proptest! {
    /// Never more than allowed in any hour or day, whatever the order of attempts and failures.
    #[test]
    fn the_limit_holds_in_every_window(steps in prop::collection::vec((1u32..40, any::<bool>()), 1..200)) {
        let (mut person, mut minute) = (reached(3, 5), 100_000);
        let mut kept: BTreeMap<u32, u32> = BTreeMap::new();
        for (pause, fails) in steps {
            minute += pause;
            if person.claim(7, minute).is_none() {
                if fails { person.forget(7, minute) } else { *kept.entry(minute).or_default() += 1 }
            }
            let within = |span: u32| kept.range(minute + 1 - span..=minute).map(|(_, times)| times).sum::<u32>();
            prop_assert!(within(60) <= 3 && within(1440) <= 5);
        }
    }
}
