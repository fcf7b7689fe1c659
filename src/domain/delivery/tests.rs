use proptest::prelude::*;

use super::{Reason, State, Word, merge};

fn word() -> impl Strategy<Value = Word> {
    let reached = prop::sample::select(vec![State::Accepted, State::Delivered, State::Confirmed])
        .prop_map(|state| Word { state, reason: Reason::None });
    let failed = (1u8..12)
        .prop_map(|number| Word { state: State::Failed, reason: Reason::from_number(number).expect("in range") });
    let unsent = prop::sample::select(vec![
        Word { state: State::Expired, reason: Reason::Expired },
        Word { state: State::Withdrawn, reason: Reason::Lifted },
        Word { state: State::Withdrawn, reason: Reason::AnsweredElsewhere },
        Word { state: State::Superseded, reason: Reason::Superseded },
    ]);
    prop_oneof![reached, failed, unsent]
}

const NOTHING: Word = Word { state: State::Pending, reason: Reason::None };

proptest! {
    /// Any order, any repetition, the same end.
    #[test]
    fn order_and_repetition_do_not_matter(words in prop::collection::vec(word(), 1..6), swaps in prop::collection::vec((0usize..6, 0usize..6), 0..8), again in 0usize..6) {
        let end = |words: &[Word]| words.iter().fold(NOTHING, |known, word| merge(known, *word));
        let expected = end(&words);
        let mut shuffled = words.clone();
        for (a, b) in swaps {
            let n = shuffled.len();
            shuffled.swap(a % n, b % n);
        }
        let repeated = shuffled[again % shuffled.len()];
        shuffled.push(repeated);
        prop_assert_eq!(end(&shuffled), expected);
    }

    /// A delivery that reached a device never moves back.
    #[test]
    fn delivered_is_never_taken_back(words in prop::collection::vec(word(), 0..6)) {
        let delivered = Word { state: State::Delivered, reason: Reason::None };
        let end = words.iter().fold(delivered, |known, word| merge(known, *word));
        prop_assert!(matches!(end.state, State::Delivered | State::Confirmed));
    }
}

#[test]
fn a_report_of_failure_outweighs_acceptance_only() {
    let undelivered = Word { state: State::Failed, reason: Reason::ReportedUndelivered };
    let accepted = Word { state: State::Accepted, reason: Reason::None };
    assert_eq!(merge(accepted, undelivered), undelivered);
    assert_eq!(merge(undelivered, accepted), undelivered);
    let refused = Word { state: State::Failed, reason: Reason::RecipientRefused };
    assert_eq!(merge(refused, accepted), accepted);
}
