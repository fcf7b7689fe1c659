use std::collections::HashMap;

use proptest::prelude::*;

use super::{
    Early, References,
    early::{Keep, Waiting},
    table::Table,
};
use crate::domain::delivery::{Reason, State, Word};

fn early(state: State) -> Early {
    Early { word: Word { state, reason: Reason::None }, code: "".into(), at_ms: 0 }
}

#[derive(Clone, Debug)]
enum Step {
    Learn { plan: u64, route: usize, reference: u16, rank: u32 },
    Receipt { route: usize, reference: u16 },
    Forget { plan: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u64..3, 0usize..2, 0u16..60, 0u32..50).prop_map(|(plan, route, reference, rank)| Step::Learn { plan, route, reference, rank }),
        4 => (0usize..2, 0u16..60).prop_map(|(route, reference)| Step::Receipt { route, reference }),
        1 => (0u64..3).prop_map(|plan| Step::Forget { plan }),
    ]
}

proptest! {
    /// Whatever is learned, found, kept and forgotten: as maps would have it. A plan looked at first is the one that
    /// came to the route last.
    #[test]
    fn as_maps_would_have_it(steps in prop::collection::vec(step(), 0..300)) {
        const ROUTES: [&str; 2] = ["sms.a", "sms.b"];
        let references = References::default();
        (0..3).for_each(|plan| references.open(plan, 50));
        let mut known: HashMap<(u64, usize, u16), u32> = HashMap::new();
        let mut order: Vec<Vec<u64>> = vec![Vec::new(); 2];
        let mut waiting: HashMap<(usize, u16), Early> = HashMap::new();
        for step in steps {
            match step {
                Step::Learn { plan, route, reference, rank } => {
                    let came = references.learn(ROUTES[route], &reference.to_be_bytes(), plan, rank);
                    known.insert((plan, route, reference), rank);
                    if !order[route].contains(&plan) {
                        order[route].push(plan);
                    }
                    prop_assert_eq!(came, waiting.remove(&(route, reference)));
                }
                Step::Receipt { route, reference } => {
                    let found = references.find_or_keep(ROUTES[route], &reference.to_be_bytes(), 0, early(State::Delivered));
                    let plans = order[route].iter().rev();
                    let mut expected = plans.filter_map(|plan| Some((*plan, *known.get(&(*plan, route, reference))?)));
                    let expected = expected.next();
                    if expected.is_none() {
                        waiting.insert((route, reference), early(State::Delivered));
                    }
                    prop_assert_eq!(found, expected);
                }
                Step::Forget { plan } => {
                    references.forget(plan);
                    references.open(plan, 50);
                    known.retain(|(of, _, _), _| *of != plan);
                    order.iter_mut().for_each(|plans| plans.retain(|of| *of != plan));
                }
            }
        }
    }

    /// Digests that collide in place and fingerprint: references are told apart all the same.
    #[test]
    fn no_reference_is_taken_for_another(learned in prop::collection::vec((0u64..4, 0u8..40, 0u32..30), 0..200)) {
        // A reference has one digest, so it is derived from it here; only four digests exist.
        let digest = |reference: u8| u64::from(reference % 4) << 20;
        let mut table = Table::new(30);
        let mut model: HashMap<u8, u32> = HashMap::new();
        for (_, reference, rank) in learned {
            table.learn(digest(reference), "r", &[reference], rank);
            model.insert(reference, rank);
        }
        for (reference, rank) in model {
            let found = table.find(digest(reference), "r", &[reference]);
            // The first of each digest stands in the table under its fingerprint alone.
            prop_assert_eq!(found, Some(rank));
        }
    }
}

#[test]
fn a_table_filled_with_its_audience_costs_less_than_nine_bytes_a_delivery() {
    let references = References::default();
    let size = 100_000;
    let mut table = Table::new(size);
    for rank in 0..size {
        let reference = format!("provider-{rank}");
        table.learn(references.digest("sms.a", reference.as_bytes()), "sms.a", reference.as_bytes(), rank);
    }
    assert!(table.bytes() <= 8_900 * 100, "{} bytes", table.bytes());
    for rank in 0..size {
        let reference = format!("provider-{rank}");
        let digest = references.digest("sms.a", reference.as_bytes());
        assert_eq!(table.find(digest, "sms.a", reference.as_bytes()), Some(rank));
    }
    let strangers = (0..size).filter(|n| {
        let reference = format!("stranger-{n}");
        table.find(references.digest("sms.a", reference.as_bytes()), "sms.a", reference.as_bytes()).is_some()
    });
    assert_eq!(strangers.count(), 0);
}

#[test]
fn second_references_of_repeated_deliveries_find_room() {
    let references = References::default();
    references.open(7, 100);
    for attempt in 0..5 {
        for rank in 0..100 {
            references.learn("sms.a", format!("{rank}/{attempt}").as_bytes(), 7, rank);
        }
    }
    for attempt in 0..5 {
        for rank in 0..100 {
            let reference = format!("{rank}/{attempt}");
            let found = references.find_or_keep("sms.a", reference.as_bytes(), 0, early(State::Delivered));
            assert_eq!(found, Some((7, rank)), "{reference}");
        }
    }
}

#[test]
fn what_is_learned_for_a_plan_that_is_not_here_is_dropped() {
    let references = References::default();
    assert_eq!(references.learn("sms.a", b"x", 7, 1), None);
    assert_eq!(references.find_or_keep("sms.a", b"x", 0, early(State::Delivered)), None);
}

#[test]
fn early_receipts_are_merged_not_replaced() {
    let references = References::default();
    references.open(7, 10);
    for state in [State::Confirmed, State::Delivered] {
        assert_eq!(references.find_or_keep("sms.a", b"x", 0, early(state)), None);
    }
    assert_eq!(references.learn("sms.a", b"x", 7, 1), Some(early(State::Confirmed)));
    assert_eq!(references.learn("sms.a", b"x", 7, 1), None);
}

#[test]
fn receipts_nobody_claims_are_given_up_by_age_and_by_number() {
    let Keep { most, ms } = Keep::default();
    let mut waiting = Waiting::default();
    waiting.keep(1, "r", b"1", 1_000, early(State::Delivered));
    waiting.forget_old(1_000 + ms - 1);
    assert_eq!(waiting.expired(), 0);
    waiting.forget_old(1_000 + ms);
    assert_eq!(waiting.expired(), 1);
    assert_eq!(waiting.take(1, "r", b"1"), None);
    for n in 0..most as u64 + 5 {
        waiting.keep(n, "r", &n.to_be_bytes(), 2_000 + ms, early(State::Delivered));
    }
    assert_eq!(waiting.expired(), 6);
    assert_eq!(waiting.take(4, "r", &4u64.to_be_bytes()), None);
    assert_eq!(waiting.take(5, "r", &5u64.to_be_bytes()), Some(early(State::Delivered)));
}

#[test]
fn each_receipt_that_waits_is_shown_once() {
    let references = References::default();
    references.forget_old(1_000);
    references.find_or_keep("sms.a", b"x", 1_000, early(State::Delivered));
    assert!(references.unclaimed(5_000, 10).is_empty());
    references.forget_old(6_000);
    assert_eq!(references.unclaimed(5_000, 10), [("sms.a".into(), b"x"[..].into())]);
    assert!(references.unclaimed(5_000, 10).is_empty());
    assert_eq!(references.claim("sms.a", b"x"), Some(early(State::Delivered)));
    assert_eq!(references.claim("sms.a", b"x"), None);
}
