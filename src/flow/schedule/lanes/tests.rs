use std::cell::Cell;

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        projection::Closing,
        record::{PlanRecord, WarningId},
    },
};

#[expect(clippy::disallowed_methods, reason = "lanes compare moments and read no clock")]
fn now() -> Instant {
    Instant::now()
}

/// Level, lift, seconds left, size.
type Spec = (usize, bool, i64, u32);

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let left = prop::sample::select(vec![100, 2_000, 10_000, 100_000]);
    prop::collection::vec((0..Level::ALL.len(), any::<bool>(), left, 1u32..300), 1..12)
}

fn plan(number: u64, (level, lift, left, size): Spec) -> Arc<Plan> {
    let record = PlanRecord {
        number,
        warning: WarningId(number.to_string()),
        event: WarningId(number.to_string()),
        issuer: None,
        channel: fenghuo_contract::Channel::Sms,
        level: Level::ALL[level],
        lift,
        purpose: crate::domain::purpose::Purpose::Exercise.into(),
        deadline: left,
        size,
        routes: Vec::new(),
        refused: Vec::new(),
        created_ms: 0,
        ladder: None,
        closing: None,
    };
    Arc::new(Plan::new(record, (0..size).collect::<RoaringBitmap>(), Vec::new(), Vec::new()))
}

/// Lanes with these plans, numbered from 0.
fn lanes(specs: &[Spec]) -> (Lanes, Vec<Arc<Plan>>) {
    let plans: Vec<_> = (0..).zip(specs).map(|(number, spec)| plan(number, *spec)).collect();
    let lanes = Lanes::default();
    plans.iter().for_each(|plan| lanes.push(Work::new(Arc::clone(plan), 0, Vec::new()), 0));
    (lanes, plans)
}

/// The order of service in other words than those of the lanes.
fn before(spec: Spec) -> (Reverse<Level>, bool, usize) {
    let (level, lift, left, _) = spec;
    (Reverse(Level::ALL[level]), !lift, [900, 3_600, 21_600].iter().filter(|bound| left > **bound).count())
}

fn waiting(lanes: &Lanes) -> u64 {
    lanes.waiting(|_| true).values().sum()
}

proptest! {
    /// The highest lane first; within a lane whoever had least, however large the slices; everybody once.
    #[test]
    fn service_is_in_order_and_fair(specs in specs(), quanta in prop::collection::vec(1u32..64, 1..8)) {
        let (lanes, _plans) = lanes(&specs);
        let mut had = vec![0_u32; specs.len()];
        for quantum in quanta.iter().cycle() {
            let slice = match lanes.serve(now(), |_| Ask::Take(*quantum)) {
                Served::Slice(slice) => slice,
                Served::Wait(until) => {
                    prop_assert_eq!(until, None);
                    break;
                }
            };
            let at = usize::try_from(slice.plan.record.number).expect("small");
            prop_assert!(slice.ranks.len() <= *quantum as usize);
            prop_assert_eq!(&slice.ranks, &(had[at]..had[at] + slice.ranks.len() as u32).collect::<Vec<_>>());
            for (other, spec) in specs.iter().enumerate().filter(|(other, spec)| had[*other] < spec.3) {
                prop_assert!(before(specs[at]) <= before(*spec));
                prop_assert!(before(specs[at]) < before(*spec) || had[at] <= had[other]);
            }
            had[at] += slice.ranks.len() as u32;
        }
        prop_assert_eq!(had, specs.iter().map(|spec| spec.3).collect::<Vec<_>>());
    }

    /// A plan that is closed and taken out is out at once: what was never tried, what waits, and what comes back later.
    #[test]
    fn what_is_taken_out_stays_out(specs in specs(), slices in 0usize..20, out in 0usize..12) {
        let (lanes, plans) = lanes(&specs);
        let closed = &plans[out % plans.len()];
        let number = closed.record.number;
        let mut taken = Vec::new();
        for _ in 0..slices {
            if let Served::Slice(slice) = lanes.serve(now(), |_| Ask::Take(7)) {
                taken.push(slice);
            }
        }
        let back = |plan: &Arc<Plan>, ranks: &[u32], due| {
            let ranks: Vec<_> = ranks.iter().map(|rank| (*rank, due)).collect();
            lanes.put_back(plan, &ranks, 0);
        };
        taken.iter().for_each(|slice| back(&slice.plan, &slice.ranks[..1], Some(now() + Duration::from_secs(60))));
        let others = |slices: &[Slice]| slices.iter().filter(|slice| slice.plan.record.number != number).count() as u64;
        let open: u64 = specs.iter().map(|spec| u64::from(spec.3)).sum::<u64>() - u64::from(specs[out % specs.len()].3);
        let gone: u64 = taken.iter().filter(|slice| slice.plan.record.number != number).map(|slice| slice.ranks.len() as u64).sum();

        closed.close(&Closing { state: State::Withdrawn, reason: Reason::Lifted, at_ms: 0, by: None });
        lanes.remove(number);
        prop_assert_eq!(waiting(&lanes), open - gone + others(&taken));
        taken.iter().for_each(|slice| back(&slice.plan, &slice.ranks[1..], None));
        prop_assert_eq!(waiting(&lanes), open);
        while let Served::Slice(slice) = lanes.serve(now() + Duration::from_secs(61), |_| Ask::Take(64)) {
            prop_assert!(slice.plan.record.number != number);
        }
    }
}

#[test]
fn who_comes_later_neither_catches_up_nor_waits() {
    let (lanes, _plans) = lanes(&[(0, false, 100_000, 10_000)]);
    let serve = || match lanes.serve(now(), |_| Ask::Take(10)) {
        Served::Slice(slice) => slice.plan.record.number,
        Served::Wait(_) => panic!("there is work"),
    };
    assert!((0..50).all(|_| serve() == 0));
    lanes.push(Work::new(plan(1, (0, false, 100_000, 10_000)), 0, Vec::new()), 0);
    let later = (0..100).filter(|_| serve() == 1).count();
    assert!((49..=51).contains(&later), "{later} of 100");
}

#[test]
fn a_crowd_that_is_held_back_is_asked_once_a_turn() {
    let mut specs = vec![(1, false, 100_000, 10); 1_000];
    specs.push((0, false, 100_000, 10));
    let (lanes, _plans) = lanes(&specs);
    let asked = Cell::new(0);
    let served = lanes.serve(now(), |plan| {
        asked.set(asked.get() + 1);
        if plan.record.number == 1_000 { Ask::Take(1) } else { Ask::Pass }
    });
    assert!(matches!(served, Served::Slice(slice) if slice.plan.record.number == 1_000));
    assert!(asked.get() <= 1_001, "{}", asked.get());
}
