use proptest::prelude::*;

use super::{Reason, State, Word, merge};

fn word() -> impl Strategy<Value = Word> {
    let reached = prop::sample::select(vec![State::Accepted, State::Delivered, State::Confirmed])
        .prop_map(|state| Word { state, reason: Reason::None });
    let failed = (1u8..Reason::ALL.len() as u8)
        .prop_map(|number| Word { state: State::Failed, reason: Reason::from_number(number).expect("in range") });
    let unsent = prop::sample::select(vec![
        Word { state: State::Expired, reason: Reason::Expired },
        Word { state: State::Withdrawn, reason: Reason::Lifted },
        Word { state: State::Withdrawn, reason: Reason::AnsweredElsewhere },
        Word { state: State::Superseded, reason: Reason::Superseded },
        RECALLED,
    ]);
    prop_oneof![reached, failed, unsent]
}

const RECALLED: Word = Word { state: State::Withdrawn, reason: Reason::Recalled };
const NOTHING: Word = Word { state: State::Pending, reason: Reason::None };

proptest! {
    /// Any order, any repetition, the same end.
    #[test]
    fn order_and_repetition_do_not_matter(words in prop::collection::vec(word(), 1..6), swaps in prop::collection::vec((0usize..6, 0usize..6), 0..8), again in 0usize..6) {
        let expected = end(NOTHING, &words);
        let mut shuffled = words.clone();
        for (a, b) in swaps {
            let n = shuffled.len();
            shuffled.swap(a % n, b % n);
        }
        let repeated = shuffled[again % shuffled.len()];
        shuffled.push(repeated);
        prop_assert_eq!(end(NOTHING, &shuffled), expected);
    }

    /// A delivery that reached a device never moves back.
    #[test]
    fn delivered_is_never_taken_back(words in prop::collection::vec(word(), 0..6)) {
        let delivered = Word { state: State::Delivered, reason: Reason::None };
        let end = end(delivered, &words);
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

#[test]
fn what_the_provider_withdrew_stays_so_unless_it_was_delivered_all_the_same() {
    let undelivered = Word { state: State::Failed, reason: Reason::ReportedUndelivered };
    let accepted = Word { state: State::Accepted, reason: Reason::None };
    let delivered = Word { state: State::Delivered, reason: Reason::None };
    assert_eq!(end(NOTHING, &[accepted, RECALLED, undelivered]), RECALLED);
    assert_eq!(end(NOTHING, &[undelivered, RECALLED]), RECALLED);
    assert_eq!(end(NOTHING, &[RECALLED, delivered]), delivered);
}

/// Every word there can be about a delivery, and the two that say that there is none yet.
fn every_word() -> Vec<Word> {
    let bare = |state| Word { state, reason: Reason::None };
    let failed = Reason::ALL.into_iter().filter(|reason| *reason != Reason::None);
    let mut all = vec![
        NOTHING,
        bare(State::InFlight),
        bare(State::Accepted),
        bare(State::Delivered),
        bare(State::Confirmed),
        Word { state: State::Expired, reason: Reason::Expired },
        Word { state: State::Withdrawn, reason: Reason::Lifted },
        Word { state: State::Superseded, reason: Reason::Superseded },
    ];
    all.extend(failed.map(|reason| Word { state: State::Failed, reason }));
    all
}

fn end(known: Word, words: &[Word]) -> Word {
    words.iter().fold(known, |known, word| merge(known, *word))
}

#[test]
fn merging_is_commutative_associative_and_idempotent_for_every_word() {
    let words = every_word();
    let spoken: Vec<Word> = words.iter().copied().filter(|word| word.state.is_terminal()).collect();
    for a in &spoken {
        assert_eq!(merge(*a, *a), *a);
        for b in &spoken {
            assert_eq!(merge(*a, *b), merge(*b, *a), "{a:?} {b:?}");
            for c in &words {
                assert_eq!(merge(merge(*c, *a), *b), merge(*c, merge(*a, *b)), "{c:?} {a:?} {b:?}");
            }
        }
    }
}

/// One word of each strength in all orders, with all repetitions, up to six words: 300,000 ways to hear them.
#[test]
fn every_interleaving_of_up_to_six_words_ends_the_same() {
    let bare = |state| Word { state, reason: Reason::None };
    let failed = |reason| Word { state: State::Failed, reason };
    // The weakest first: what a set of words ends as is its last one here.
    let words = [
        Word { state: State::Expired, reason: Reason::Expired },
        Word { state: State::Withdrawn, reason: Reason::Lifted },
        failed(Reason::RecipientRefused),
        failed(Reason::InDoubt),
        bare(State::Accepted),
        failed(Reason::ReportedUndelivered),
        bare(State::Delivered),
        bare(State::Confirmed),
    ];
    for length in 1..=6_u32 {
        for number in 0..words.len().pow(length) {
            let heard = (0..length).map(|place| number / words.len().pow(place) % words.len());
            let strongest = heard.clone().max().expect("one word at least");
            let heard: Vec<Word> = heard.map(|index| words[index]).collect();
            assert_eq!(end(NOTHING, &heard), words[strongest], "{heard:?}");
        }
    }
}

proptest! {
    /// Long histories: in any order, cut into any two parts that are merged apart and then together.
    #[test]
    fn long_histories_end_the_same_in_any_order(
        (words, shuffled) in prop::collection::vec(word(), 1..200)
            .prop_flat_map(|words| (Just(words.clone()), Just(words).prop_shuffle())),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = end(NOTHING, &words);
        prop_assert_eq!(end(NOTHING, &shuffled), whole);
        let (first, second) = shuffled.split_at(cut.index(shuffled.len()));
        prop_assert_eq!(merge(end(NOTHING, first), end(NOTHING, second)), whole);
    }
}

#[test]
fn what_may_have_passed_is_a_failure_that_no_list_of_addresses_explains() {
    let passed: Vec<&str> =
        Reason::ALL.into_iter().filter(|reason| reason.may_have_passed()).map(Reason::name).collect();
    assert_eq!(passed, ["attempts_exhausted", "in_doubt", "reported_undelivered", "no_route", "recipient_limit"]);
    assert!(Reason::ALL.into_iter().all(|reason| !reason.may_have_passed() || reason.is_failure()));
}
