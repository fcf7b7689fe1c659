use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::{Closing, Plan};
use crate::{
    domain::delivery::{Reason, State, Word},
    flow::{
        projection::codec::Outcome,
        record::{PlanRecord, WarningId},
    },
    store::Appended,
};

pub(in crate::flow::projection) fn record(number: u64, size: u32) -> PlanRecord {
    PlanRecord {
        number,
        warning: WarningId("w".to_owned()),
        event: WarningId("w".to_owned()),
        issuer: None,
        channel: fenghuo_contract::Channel::Sms,
        level: crate::domain::level::Level::Red,
        lift: false,
        purpose: crate::domain::purpose::Purpose::Exercise.into(),
        deadline: i64::MAX,
        size,
        routes: vec!["sms.a".to_owned()],
        refused: Vec::new(),
        created_ms: 1_000,
        ladder: None,
        closing: None,
    }
}

fn plan(audience: RoaringBitmap) -> Plan {
    let size = u32::try_from(audience.len()).expect("small");
    Plan::new(record(1, size), audience, Vec::new(), Vec::new())
}

/// Rows of many containers, some whole, some thin.
fn audience() -> impl Strategy<Value = RoaringBitmap> {
    prop::collection::vec((0u32..400_000, 1u32..3_000), 1..8)
        .prop_map(|runs| runs.into_iter().flat_map(|(first, length)| first..first + length).collect())
}

fn outcome() -> impl Strategy<Value = (Outcome, Reason)> {
    prop::sample::select(vec![
        (Outcome::Reached(State::Accepted), Reason::None),
        (Outcome::Reached(State::Delivered), Reason::None),
        (Outcome::Reached(State::Failed), Reason::RecipientRefused),
        (Outcome::Reached(State::Failed), Reason::ReportedUndelivered),
        (Outcome::Again, Reason::None),
        (Outcome::AgainInDoubt, Reason::None),
        (Outcome::Returned, Reason::None),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rows are those of the ranks, however they are asked for: run after run, again, or here and there.
    #[test]
    fn rows_are_those_of_the_ranks(
        audience in audience(),
        asks in prop::collection::vec((any::<prop::sample::Index>(), 1u32..200, any::<bool>()), 1..20),
    ) {
        let all: Vec<u32> = audience.iter().collect();
        let plan = plan(audience);
        let mut next = 0;
        for (at, length, jump) in asks {
            let first = if jump { at.index(all.len()) as u32 } else { next };
            let ranks: Vec<u32> = (first..plan.size().min(first + length)).collect();
            let rows: Vec<u32> = ranks.iter().map(|rank| all[*rank as usize]).collect();
            prop_assert_eq!(plan.rows(&ranks), rows);
            next = first + ranks.len() as u32;
        }
    }

    /// Whatever is asked over all deliveries agrees with asking each one.
    #[test]
    fn scans_agree_with_single_deliveries(
        audience in audience(),
        steps in prop::collection::vec((any::<u32>(), 1u32..600, outcome()), 0..40),
        closed: bool,
    ) {
        let plan = plan(audience.clone());
        for (at, (first, length, (outcome, reason))) in steps.into_iter().enumerate() {
            let first = first % plan.size();
            let ranks: Vec<u32> = (first..(first + length).min(plan.size())).collect();
            plan.lease(&ranks);
            let words = ranks.iter().filter(|rank| *rank % 7 != 0).map(|rank| (*rank, outcome, reason));
            plan.apply(Appended { sequence: at as u64 + 1, offset: 5 }, 2_000, words);
        }
        if closed {
            let closing = Closing { state: State::Expired, reason: Reason::Expired, at_ms: 3_000, by: None };
            plan.close(&closing);
        }
        let words: Vec<Word> = (0..plan.size()).map(|rank| plan.state(rank)).collect();
        let snapshot = plan.snapshot();
        for state in State::ALL {
            prop_assert_eq!(snapshot.count(state), words.iter().filter(|word| word.state == state).count() as u64);
        }
        for reason in Reason::ALL.into_iter().skip(1) {
            let count = words.iter().filter(|word| word.reason == reason).count() as u64;
            prop_assert_eq!(snapshot.reasons.get(&reason).copied().unwrap_or_default(), count);
        }
        let doubled = (0..plan.size()).filter(|rank| plan.maybe_doubled(*rank)).count();
        prop_assert_eq!(snapshot.doubled, doubled as u64);
        let failed = plan.find(0, usize::MAX, |word| word.state == State::Failed);
        let expected = words.iter().zip(0..).filter(|(word, _)| word.state == State::Failed);
        prop_assert_eq!(failed, expected.map(|(word, rank)| (rank, *word)).collect::<Vec<_>>());
        for or_in_flight in [false, true] {
            let rows = audience.iter().zip(words.iter().zip(0..)).filter(|(_, (word, rank))| {
                let may_have = word.state == State::InFlight || plan.maybe_doubled(*rank);
                word.state.has_reached() || (or_in_flight && may_have)
            });
            prop_assert_eq!(plan.reached(or_in_flight), rows.map(|(row, _)| row).collect::<RoaringBitmap>());
        }
        let (pending, claimed) = plan.pending_claimed();
        let expected = (0..claimed).filter(|rank| words[*rank as usize].state == State::Pending);
        prop_assert_eq!(pending, expected.collect::<Vec<_>>());
        let in_flight: Vec<u32> = (0..plan.size()).filter(|rank| words[*rank as usize].state == State::InFlight).collect();
        prop_assert_eq!(plan.reopen_leased(), in_flight.clone());
        prop_assert!(in_flight.iter().all(|rank| plan.maybe_doubled(*rank)));
        prop_assert_eq!(plan.snapshot().count(State::InFlight), 0);
    }
}

#[test]
fn a_page_begins_where_it_is_told_and_ends_when_it_is_full() {
    let plan = plan((0..200_000).collect());
    let found = plan.find(65_530, 10, |word| word.state == State::Pending);
    assert_eq!(found.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), (65_530..65_540).collect::<Vec<_>>());
    assert!(plan.find(200_000, 10, |_| true).is_empty());
    assert!(plan.find(0, 0, |_| true).is_empty());
}
