use proptest::prelude::*;

use super::*;

/// 2026-11-24T08:00:00+08:00, a Tuesday.
const TUESDAY: i64 = 1_795_478_400;

fn form(days: &[&str], hours: &str) -> ShiftForm {
    ShiftForm {
        person: "张三".to_owned(),
        recipient: "duty-zhang".to_owned(),
        roles: vec!["duty".to_owned()],
        days: days.iter().map(|day| (*day).to_owned()).collect(),
        hours: Some(hours.to_owned()),
        ..ShiftForm::default()
    }
}

fn one(form: ShiftForm) -> Vec<Shift> {
    shifts("flood", &[form]).expect("a shift")
}

fn faults(form: ShiftForm) -> Vec<(String, FaultKind)> {
    let faults = shifts("flood", &[form]).expect_err("refused");
    faults.into_iter().map(|fault| (fault.field, fault.kind)).collect()
}

#[test]
fn a_night_belongs_to_the_day_it_begins_on() {
    let night = one(form(&["tue"], "20:00-08:00"));
    let hour = 3_600;
    for (after, on) in
        [(11 * hour, false), (12 * hour, true), (16 * hour, true), (24 * hour - 1, true), (24 * hour, false)]
    {
        assert_eq!(!on_duty(&night, TUESDAY + after).is_empty(), on, "{after}");
    }
    let on = on_duty(&night, TUESDAY + 20 * hour);
    assert_eq!((on[0].from, on[0].until), (TUESDAY + 12 * hour, TUESDAY + 24 * hour));
    // A week later again, and not on the morning of the Tuesday itself.
    assert_eq!(on_duty(&night, TUESDAY + WEEK + 13 * hour).len(), 1);
    assert_eq!(on_duty(&night, TUESDAY - 1).len(), 0);
}

#[test]
fn the_same_hour_twice_is_a_day_and_so_is_midnight_to_midnight() {
    for hours in ["08:00-08:00", "00:00-24:00", "00:00-00:00"] {
        let all = one(form(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"], hours));
        assert_eq!(gaps(&all, TUESDAY), vec![], "{hours}");
        let day = one(form(&["wed"], hours));
        let hours: i64 = gaps(&day, TUESDAY).iter().map(|(from, until)| (until - from) / 3_600).sum();
        assert_eq!(hours, 6 * 24);
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let all = ShiftForm {
        roles: vec!["office".to_owned(), "cook".to_owned()],
        days: vec!["mon".to_owned(), "monday".to_owned()],
        hours: Some("8-20".to_owned()),
        deputies: vec![Officer { person: String::new(), recipient: "x".to_owned() }],
        ..ShiftForm::default()
    };
    let fields: Vec<String> = faults(all).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["person", "recipient", "roles/0", "roles/1", "deputies/0/person", "days/1", "hours"]);
}

#[test]
fn a_shift_is_once_or_weekly_and_never_both() {
    let once = |from: &str, until: &str| ShiftForm {
        days: Vec::new(),
        hours: None,
        from: Some(from.to_owned()),
        until: Some(until.to_owned()),
        ..form(&[], "")
    };
    let good = once("2026-11-24T08:00:00+08:00", "2026-11-24T00:30:00+00:00");
    assert_eq!(one(good.clone())[0].when, When::Once { from: TUESDAY, until: TUESDAY + 1_800 });
    let order = once("2026-11-24T08:00:00+08:00", "2026-11-24T08:00:00+08:00");
    assert_eq!(faults(order), [("until".to_owned(), FaultKind::Wrong("until > from"))]);
    let both = ShiftForm { days: vec!["mon".to_owned()], ..good.clone() };
    assert_eq!(faults(both)[0].0, "from");
    assert_eq!(faults(ShiftForm { until: None, ..good })[0], ("until".to_owned(), FaultKind::Missing));
    let none = ShiftForm { days: Vec::new(), hours: None, ..form(&[], "") };
    assert_eq!(faults(none).len(), 2);
    for hours in ["24:00-08:00", "08:60-09:00", "8:00-09:00", "08:00", "08:00-24:01", "-1:00-02:00", "0８:00-09:00"] {
        assert_eq!(faults(form(&["mon"], hours))[0].0, "hours", "{hours}");
    }
    let own = ShiftForm {
        deputies: vec![Officer { person: "张三".to_owned(), recipient: "x".to_owned() }],
        ..form(&["mon"], "08:00-20:00")
    };
    assert_eq!(faults(own)[0].0, "deputies/0/person");
}

/// Whether a moment is within, told minute by minute from the words alone.
fn says(when: &When, unix: i64) -> bool {
    match *when {
        When::Once { from, until } => from <= unix && unix < until,
        When::Weekly { days, from, until } => {
            let local = unix + 8 * 3_600;
            let (weekday, minute) = ((local.div_euclid(86_400) + 3).rem_euclid(7), local.rem_euclid(86_400) / 60);
            let (from, until) = (i64::from(from), i64::from(until));
            let day = |weekday: i64| days & (1 << weekday.rem_euclid(7)) != 0;
            if until > from {
                day(weekday) && from <= minute && minute < until
            } else {
                (day(weekday) && minute >= from) || (day(weekday - 1) && minute < until)
            }
        }
    }
}

fn whens() -> impl Strategy<Value = When> {
    prop_oneof![
        (-WEEK / 60..2 * WEEK / 60, 1i64..4_000).prop_map(|(from, minutes)| When::Once {
            from: TUESDAY + from * 60,
            until: TUESDAY + (from + minutes) * 60
        }),
        (0u8..128, 0u16..1_440, 0u16..=1_440).prop_map(|(days, from, until)| When::Weekly { days, from, until }),
    ]
}

proptest! {
    #[test]
    fn gaps_are_exactly_the_minutes_without_anybody(whens in prop::collection::vec(whens(), 0..5), start in 0i64..1_440) {
        let start = TUESDAY + start * 60;
        let officer = Officer { person: "a".to_owned(), recipient: "b".to_owned() };
        let shift = |when| Shift { officer: officer.clone(), roles: vec![Duty::Duty], deputies: Vec::new(), when };
        let shifts: Vec<Shift> = whens.into_iter().map(shift).collect();
        let gaps = gaps(&shifts, start);
        for pair in gaps.windows(2) {
            prop_assert!(pair[0].1 < pair[1].0, "in order and apart: {gaps:?}");
        }
        for minute in (start..start + WEEK).step_by(60 * 7) {
            let told = shifts.iter().any(|shift| says(&shift.when, minute));
            prop_assert_eq!(!on_duty(&shifts, minute).is_empty(), told, "{}", minute);
            let in_gap = gaps.iter().any(|(from, until)| (*from..*until).contains(&minute));
            prop_assert_eq!(in_gap, !told, "{}", minute);
        }
        for shift in &shifts {
            for on in on_duty(std::slice::from_ref(shift), start) {
                prop_assert!(on.from <= start && start < on.until);
                prop_assert!(says(&shift.when, on.from) && says(&shift.when, on.until - 1));
            }
        }
    }

    #[test]
    fn hours_are_read_as_they_are_written(from in 0u16..1_440, until in 0u16..=1_440) {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let shifts = one(form(&["sun"], &format!("{}-{}", clock(from), clock(until))));
        prop_assert_eq!(&shifts[0].when, &When::Weekly { days: 64, from, until });
    }
}

#[test]
fn next_are_those_who_begin_together() {
    let shifts = [one(form(&["mon"], "08:00-20:00")), one(form(&["mon", "tue"], "08:00-12:00"))].concat();
    // Monday 2026-11-23 08:00 in China.
    let monday = 1_795_392_000;
    let begins = |unix: i64| next(&shifts, unix).iter().map(|on| (on.from, on.until)).collect::<Vec<_>>();
    assert_eq!(begins(monday - 1), [(monday, monday + 12 * 3_600), (monday, monday + 4 * 3_600)]);
    assert_eq!(begins(monday), [(monday + DAY, monday + DAY + 4 * 3_600)], "who is on already is not next");
    assert_eq!(begins(monday + DAY)[0].0, monday + WEEK);
    assert!(next(&[], monday).is_empty());
}
