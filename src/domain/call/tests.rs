use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;
const TIMES: Times =
    Times { confirm_within_ms: 3 * MINUTE, deputy_after_ms: 10 * MINUTE, telephone_after_ms: 20 * MINUTE };

fn minutes(own: usize, deputy: usize) -> Vec<(i64, Step)> {
    steps(TIMES, Reach { own, deputy }).into_iter().map(|(at, step)| (at / MINUTE, step)).collect()
}

#[test]
fn the_steps_come_at_their_times() {
    use Step::{Deputy, Own, Telephone};
    assert_eq!(
        minutes(2, 2),
        [(0, Own(0)), (3, Own(1)), (10, Deputy(0)), (13, Deputy(1)), (20, Telephone)],
        "channel by channel, then the deputy, then the telephone"
    );
    assert_eq!(minutes(1, 0), [(0, Own(0)), (10, Telephone)], "nobody stands in: the telephone in his place");
    assert_eq!(minutes(5, 0).last(), Some(&(15, Telephone)), "every channel has its time first");
    assert_eq!(minutes(0, 1), [(0, Deputy(0)), (10, Telephone)]);
    assert_eq!(minutes(0, 0), [(0, Telephone)]);
}

fn word() -> impl Strategy<Value = (By, Word)> {
    let how = prop_oneof![Just(How::Link), Just(How::Reply), Just(How::Console), Just(How::Earlier)];
    let by = prop_oneof![Just(By::Officer), Just(By::Deputy)];
    (by, 0..40 * MINUTE, how).prop_map(|(by, at_ms, how)| (by, Word { at_ms, how }))
}

fn heard(said: &[(By, Word)]) -> Words {
    let mut words = Words::default();
    said.iter().for_each(|(by, word)| words.hear(*by, *word));
    words
}

proptest! {
    #[test]
    fn order_and_repetition_of_words_do_not_matter(
        said in prop::collection::vec(word(), 0..8),
        other in prop::collection::vec(word(), 0..8),
        order: prop::sample::Index,
    ) {
        let all: Vec<_> = said.iter().chain(&other).copied().collect();
        let mut turned = all.clone();
        if !turned.is_empty() {
            let at = order.index(turned.len());
            turned.rotate_left(at);
            turned.push(turned[0]);
        }
        prop_assert_eq!(heard(&all), heard(&turned));
        let (mut ab, mut ba) = (heard(&said), heard(&other));
        ab.merge(&heard(&other));
        ba.merge(&heard(&said));
        prop_assert_eq!(ab, ba, "commutative");
        let once = ab;
        ab.merge(&once);
        prop_assert_eq!(ab, once, "idempotent");
        prop_assert_eq!(ab, heard(&all));
    }

    #[test]
    fn time_only_adds_steps_and_a_word_stops_them(
        own in 0_usize..5, deputy in 0_usize..4,
        said in prop::collection::vec(word(), 0..3),
        end in prop::option::of(0..40 * MINUTE),
        now in 0..40 * MINUTE, later in 0..40 * MINUTE,
    ) {
        let (reach, words) = (Reach { own, deputy }, heard(&said));
        let made = due(TIMES, reach, 0, &words, end, now);
        let then = due(TIMES, reach, 0, &words, end, now + later);
        prop_assert_eq!(&then[..made.len()], &made[..], "what was made stays made");
        let stop = [words.first_ms(), end].into_iter().flatten().min();
        prop_assert!(then.iter().all(|(at, _)| stop.is_none_or(|stop| *at < stop)));
        let telephones = steps(TIMES, reach).iter().filter(|(_, step)| *step == Step::Telephone).count();
        prop_assert_eq!(telephones, 1, "every call ends at the telephone, once");
        match state(TIMES, reach, 0, &words, end, now) {
            State::Confirmed { by, word } => prop_assert!(said.contains(&(by, word))),
            State::Over => prop_assert!(end.is_some_and(|end| end <= now)),
            State::Called { since_ms, .. } | State::Telephone { since_ms } => {
                prop_assert!(since_ms <= now && said.is_empty());
            }
        }
    }

    #[test]
    fn the_officers_own_word_counts_before_his_deputys(said in prop::collection::vec(word(), 1..6)) {
        let own = said.iter().any(|(by, _)| *by == By::Officer);
        let counts = heard(&said).counts();
        prop_assert_eq!(counts.map(|(by, _)| by == By::Officer), Some(own));
    }
}
