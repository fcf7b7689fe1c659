use proptest::prelude::*;

use super::*;

fn way(per_s: f64) -> Way {
    Way { per_s, red_share: 0.0, left: None, refill: (0.0, f64::INFINITY, 86_400.0) }
}

fn load(lane: u8, deliveries: f64, ways: usize) -> Load<u8> {
    Load { lane, red: false, deliveries, deadline: 1e9, units: vec![Some(1.0); ways] }
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * other.abs().max(1.0)
}

#[test]
fn one_queue_takes_as_long_as_its_pace_says() {
    let ends = run(&[way(50.0), way(30.0)], &[], &[load(1, 800.0, 2)]);
    assert!(near(ends[0].finish.expect("an end"), 10.0), "{ends:?}");
    assert!(near(ends[0].units[0], 500.0) && near(ends[0].units[1], 300.0));
}

#[test]
fn a_higher_lane_goes_first_and_red_takes_its_share_too() {
    let mut ways = [way(100.0)];
    ways[0].red_share = 0.2;
    let red = Load { red: true, ..load(0, 1_000.0, 1) };
    let ends = run(&ways, &[], &[load(1, 800.0, 1), red]);
    assert!(near(ends[1].finish.expect("an end"), 10.0), "{ends:?}");
    assert!(near(ends[0].finish.expect("an end"), 20.0), "{ends:?}");
}

#[test]
fn plans_of_one_lane_share_by_deliveries() {
    let long = Load { units: vec![Some(3.0)], ..load(1, 100.0, 1) };
    let ends = run(&[way(40.0)], &[], &[long, load(1, 200.0, 1)]);
    // Ten a second each until the long one is through; then forty.
    assert!(near(ends[0].finish.expect("an end"), 10.0), "{ends:?}");
    assert!(near(ends[1].finish.expect("an end"), 12.5), "{ends:?}");
}

#[test]
fn what_is_left_at_the_deadline_is_missed_and_makes_room() {
    let short = Load { deadline: 5.0, ..load(0, 1_000.0, 1) };
    let ends = run(&[way(100.0)], &[], &[short, load(1, 100.0, 1)]);
    assert_eq!((ends[0].finish, ends[0].missed), (None, 500.0));
    assert!(near(ends[1].finish.expect("an end"), 6.0), "{ends:?}");
}

#[test]
fn a_day_that_is_used_up_goes_on_tomorrow() {
    let day = Way { left: Some(300.0), refill: (1_000.0, 3_600.0, 86_400.0), ..way(100.0) };
    let ends = run(&[day], &[], &[load(1, 500.0, 1)]);
    assert!(near(ends[0].finish.expect("an end"), 3_602.0), "{ends:?}");
}

#[test]
fn a_cap_over_several_ways_is_kept() {
    let cap = Cap { per_s: 50.0, red_share: 0.2, units: vec![Some(1.0)] };
    let ends = run(&[way(100.0), way(100.0)], &[cap], &[load(1, 400.0, 2)]);
    assert!(near(ends[0].finish.expect("an end"), 10.0), "{ends:?}");
}

#[test]
fn without_a_way_nothing_ever_ends() {
    let ends = run(&[way(0.0)], &[], &[load(1, 10.0, 1)]);
    assert_eq!(ends[0].finish, None);
    let ends = run(&[], &[], &[Load { deadline: 60.0, ..load(1, 10.0, 0) }]);
    assert_eq!((ends[0].finish, ends[0].missed), (None, 10.0));
}

fn loads() -> impl Strategy<Value = Vec<Load<u8>>> {
    let one = (0u8..4, 1.0..5_000.0, 1.0..200.0, 1u8..4).prop_map(|(lane, deliveries, deadline, units)| Load {
        lane,
        red: lane == 0,
        deliveries,
        deadline,
        units: vec![Some(f64::from(units)), Some(1.0)],
    });
    prop::collection::vec(one, 1..8)
}

proptest! {
    /// Every delivery is sent or missed, and none is sent faster than the ways let it.
    #[test]
    fn nothing_is_lost_and_no_way_is_faster_than_it_is(loads in loads(), paces in (1.0..500.0, 1.0..500.0), share in 0.0..0.9) {
        let ways = [Way { red_share: share, ..way(paces.0) }, Way { red_share: share, ..way(paces.1) }];
        let ends = run(&ways, &[], &loads);
        let longest = loads.iter().map(|load| load.deadline).fold(0.0, f64::max);
        for (load, end) in loads.iter().zip(&ends) {
            let sent = end.units[0] / load.units[0].unwrap() + end.units[1];
            prop_assert!(near(sent + end.missed, load.deliveries), "{load:?} {end:?}");
            prop_assert_eq!(end.finish.is_none(), end.missed > 0.0);
            prop_assert!(end.finish.is_none_or(|finish| finish <= load.deadline + 1e-6));
        }
        for (at, way) in ways.iter().enumerate() {
            let used: f64 = ends.iter().map(|end| end.units[at]).sum();
            prop_assert!(used <= way.per_s * longest * (1.0 + 1e-6));
        }
    }

    /// What is in a lower lane never keeps a higher one waiting.
    #[test]
    fn nothing_below_makes_a_higher_lane_later(loads in loads(), paces in (1.0..500.0, 1.0..500.0)) {
        let ways = [way(paces.0), way(paces.1)];
        let all = run(&ways, &[], &loads);
        let top = loads.iter().map(|load| load.lane).min().unwrap();
        let only: Vec<Load<u8>> = loads.iter().filter(|load| load.lane == top).cloned().collect();
        let among = all.iter().zip(&loads).filter(|(_, load)| load.lane == top).map(|(end, _)| end.clone());
        for (one, other) in among.zip(run(&ways, &[], &only)) {
            prop_assert!(near(one.missed, other.missed), "{one:?} {other:?}");
            prop_assert_eq!(one.finish.is_some(), other.finish.is_some());
            prop_assert!(near(one.finish.unwrap_or_default(), other.finish.unwrap_or_default()), "{one:?} {other:?}");
        }
    }
}
