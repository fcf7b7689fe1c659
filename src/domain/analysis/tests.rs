use proptest::prelude::*;

use super::{Analysis, AreaCode, Change, Level, Measures, Period, Reach, Sample, Spread};

const DAY: i64 = 86_400_000;
/// 2026-07-15T00:00:00+08:00.
const START: i64 = 1_784_044_800_000;

fn area(text: &str) -> AreaCode {
    text.parse().expect("a code")
}

fn sample(hazard: &str, areas: &[&str], from: i64, until: i64) -> Sample {
    Sample {
        received_ms: START + from - 60_000,
        released_ms: Some(START + from),
        stood_until_ms: Some(START + until),
        hazard: hazard.to_owned(),
        areas: areas.iter().map(|text| area(text)).collect(),
        ..Sample::default()
    }
}

#[test]
fn the_middle_and_the_late_are_times_that_were_measured() {
    let seconds = |range: std::ops::RangeInclusive<i64>| range.map(|s| s * 1_000).collect::<Vec<_>>();
    let told = Spread::of(seconds(1..=100)).expect("some");
    assert_eq!((told.count, told.median_s, told.p95_s, told.longest_s), (100, 50.0, 95.0, 100.0));
    let one = Spread::of(vec![1_500]).expect("one");
    assert_eq!((one.median_s, one.p95_s), (1.5, 1.5));
    assert_eq!(Spread::of(Vec::new()), None);
}

#[test]
fn hazards_that_stood_together_are_found_in_the_streets_they_share() {
    let district = sample("11B03", &["230109000000"], 0, 10 * DAY);
    let street = sample("11A01", &["230109005000"], 2 * DAY, 4 * DAY);
    let elsewhere = sample("11A01", &["230111001000"], 2 * DAY, 4 * DAY);
    let told = Analysis::of(&[district, street, elsewhere], Period::Month, START + 20 * DAY).overlaps;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].area, told[0].hazards.len()), (area("230109005000"), 2));
    assert_eq!((told[0].from_ms, told[0].until_ms), (START + 2 * DAY, START + 4 * DAY));
}

#[test]
fn an_update_of_the_same_hazard_is_no_overlap_and_does_not_cut_one() {
    let street = ["230109005000"];
    let samples = [
        sample("11B03", &street, 0, 2 * DAY),
        Sample { change: Change::Update, ..sample("11B03", &street, 2 * DAY, 5 * DAY) },
        sample("11A01", &street, DAY, 4 * DAY),
        Sample { change: Change::Lift, ..sample("11B03", &street, 5 * DAY, 6 * DAY) },
    ];
    let told = Analysis::of(&samples, Period::Month, START + 20 * DAY).overlaps;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].from_ms, told[0].until_ms), (START + DAY, START + 4 * DAY));
}

#[test]
fn what_still_stands_is_open_until_now() {
    let samples = [
        Sample { stood_until_ms: None, ..sample("a", &["230109005000"], 0, 0) },
        sample("b", &["230109005000"], DAY, 90 * DAY),
    ];
    let told = Analysis::of(&samples, Period::Month, START + 3 * DAY).overlaps;
    assert_eq!((told[0].from_ms, told[0].until_ms), (START + DAY, START + 3 * DAY));
}

#[test]
fn periods_are_those_of_china() {
    // 23:30 of the 31st of July in UTC is the first of August in China.
    let late = sample("a", &[], 17 * DAY + 60_000 - 1_800_000, 18 * DAY);
    for (period, key) in [(Period::Day, "2026-07-31"), (Period::Month, "2026-07"), (Period::Year, "2026")] {
        let told = Analysis::of(std::slice::from_ref(&late), period, START);
        assert_eq!(told.by_period.keys().collect::<Vec<_>>(), [key]);
    }
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let one = (
        0..400_i64,
        prop::option::of(0..10_000_i64),
        prop::option::of(0..10_000_i64),
        0..3_usize,
        prop::sample::subsequence(vec!["230109005000", "230109002000", "230111001000"], 0..3),
        (0..50_u64, 0..50_u64),
        prop::sample::select(vec![None, Some("returned"), Some("unsigned"), Some("lifted"), Some("corrected")]),
    );
    let sample = one.prop_map(|(day, released, finished, kind, areas, (addressed, failed), ended)| {
        let received_ms = START + day * DAY / 4;
        let released_ms = released.map(|after| received_ms + after);
        Sample {
            received_ms,
            released_ms,
            finished_ms: released_ms.zip(finished).map(|(released, after)| released + after),
            stood_until_ms: released_ms.map(|released| released + DAY),
            change: [Change::First, Change::Update, Change::Lift][kind],
            ended: ended.map(str::to_owned),
            hazard: format!("h{}", day % 3),
            level: Level::ALL[kind],
            issuer: format!("i{}", day % 5),
            areas: areas.into_iter().map(area).collect(),
            reach: Reach { addressed, failed, ..Reach::default() },
            measures: Measures { asked: addressed, done: failed.min(addressed), ..Measures::default() },
        }
    });
    prop::collection::vec(sample, 0..40)
}

proptest! {
    #[test]
    fn the_groups_add_up_to_the_whole_in_any_order(samples in samples()) {
        let told = Analysis::of(&samples, Period::Day, START + 500 * DAY);
        let sum = |groups: Vec<&super::Tally>| groups.iter().map(|tally| (tally.warnings, tally.released, tally.reach.addressed))
            .fold((0, 0, 0), |all, one| (all.0 + one.0, all.1 + one.1, all.2 + one.2));
        let whole = (told.total.warnings, told.total.released, told.total.reach.addressed);
        prop_assert_eq!(whole.0, samples.len() as u64);
        prop_assert_eq!(sum(told.by_period.values().collect()), whole);
        prop_assert_eq!(sum(told.by_hazard.values().collect()), whole);
        prop_assert_eq!(sum(told.by_level.values().collect()), whole);
        prop_assert_eq!(sum(told.by_issuer.values().collect()), whole);
        prop_assert_eq!(told.total.first + told.total.updates + told.total.lifts, whole.0);
        let mut turned = samples.clone();
        turned.reverse();
        prop_assert_eq!(Analysis::of(&turned, Period::Day, START + 500 * DAY), told);
    }

    #[test]
    fn every_overlap_is_one(samples in samples()) {
        let now = START + 500 * DAY;
        for overlap in Analysis::of(&samples, Period::Day, now).overlaps {
            prop_assert!(overlap.hazards.len() > 1 && overlap.from_ms < overlap.until_ms);
            for hazard in &overlap.hazards {
                let stands = samples.iter().any(|sample| sample.hazard == *hazard && sample.change != Change::Lift
                    && sample.areas.iter().any(|area| area.contains(overlap.area))
                    && sample.released_ms.is_some_and(|from| from <= overlap.from_ms)
                    && sample.stood_until_ms.is_some_and(|until| until > overlap.from_ms));
                prop_assert!(stands, "{hazard} {overlap:?}");
            }
        }
    }
}
