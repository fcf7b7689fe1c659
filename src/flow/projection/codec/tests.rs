use proptest::prelude::*;

use super::{Lease, Outcome, Outcomes, Record};
use crate::domain::delivery::{Reason, State};

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (0u8..9).prop_map(|number| Outcome::Reached(State::from_number(number).expect("in range"))),
        Just(Outcome::Again),
        Just(Outcome::Returned),
        Just(Outcome::AgainInDoubt),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let text = prop::collection::vec(any::<u8>(), 0..40);
    (any::<u32>(), outcome(), 0u8..12, any::<u32>(), text, "[ -~]{0,20}").prop_map(
        |(rank, outcome, reason, delay_ms, reference, code)| Record {
            rank,
            outcome,
            reason: Reason::from_number(reason).expect("in range"),
            delay_ms,
            reference: reference.into(),
            code: code.into(),
        },
    )
}

proptest! {
    #[test]
    fn outcomes_survive(plan: u64, lease: u64, base_ms: i64, route in "[a-z.]{0,20}", mut records in prop::collection::vec(record(), 0..50)) {
        records.sort_by_key(|record| record.rank);
        let outcomes = Outcomes { plan, lease, base_ms, route, records };
        prop_assert_eq!(Outcomes::decode(&outcomes.encode()).expect("readable"), outcomes);
    }

    #[test]
    fn leases_survive(plan: u64, lease: u64, route in "[a-z.]{0,20}", ranks in prop::collection::btree_set(0u32..10_000_000, 0..300)) {
        let lease = Lease { plan, lease, route, ranks: ranks.into_iter().collect() };
        prop_assert_eq!(Lease::decode(&lease.encode()).expect("readable"), lease);
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _read = Outcomes::decode(&bytes);
    }
}

#[test]
fn a_fresh_slice_is_a_few_bytes() {
    let lease = Lease { plan: 1, lease: 2, route: "sms.cmcc".to_owned(), ranks: (1000..1256).collect() };
    assert!(lease.encode().len() <= 32);
}
