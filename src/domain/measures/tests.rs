use proptest::prelude::*;

use super::*;

fn planned() -> impl Strategy<Value = Planned> {
    (0..3_usize, 0..3_usize, 0..4_usize, 1..7_200_u64).prop_map(|(office, kind, text, due_s)| Planned {
        office: ["flood", "snow", "office"][office].to_owned(),
        kind: MeasureKind::ALL[kind],
        text_zh: format!("措施{text}"),
        text_en: format!("measure {text}"),
        due_s,
        to: Vec::new(),
    })
}

fn lists() -> impl Strategy<Value = Vec<Vec<Planned>>> {
    prop::collection::vec(prop::collection::vec(planned(), 0..8), 1..5)
}

fn said(state: MeasureState, at_ms: i64) -> Said {
    Said { state, at_ms, by: "张三".to_owned(), note: Some("因为".to_owned()) }
}

/// A sheet that grew by some lists, with items settled in between.
fn grown(lists: &[Vec<Planned>], settle: &[(usize, bool)]) -> Sheet {
    let mut sheet = Sheet::default();
    for (at, list) in lists.iter().enumerate() {
        sheet.join(list.clone(), &format!("w{at}"), at as i64 * 60_000);
        if let Some((number, done)) = settle.get(at) {
            let state = if *done { MeasureState::Done } else { MeasureState::NotApplicable };
            // What is refused changes nothing.
            sheet.say(number % (sheet.items.len() + 1), said(state, at as i64 * 60_000 + 1)).ok();
        }
    }
    sheet
}

proptest! {
    #[test]
    fn a_sheet_only_grows_and_forgets_nothing(
        lists in lists(), settle in prop::collection::vec((0..20_usize, any::<bool>()), 5), more in prop::collection::vec(planned(), 0..8),
    ) {
        let before = grown(&lists, &settle);
        let mut after = before.clone();
        let changed = after.join(more.clone(), "later", 3_600_000);
        prop_assert_eq!(changed, before.items != after.items);
        prop_assert_eq!(after.revision, before.revision + u64::from(changed));
        for (old, new) in before.items.iter().zip(&after.items) {
            prop_assert_eq!((&old.what, &old.from, &old.said), (&new.what, &new.from, &new.said));
            prop_assert!(new.due_ms <= old.due_ms);
            prop_assert!(old.is_open() || new.due_ms == old.due_ms, "what is settled is judged by its own time");
        }
        // Everything asked for is there, once, and not later than asked.
        for one in &more {
            let same: Vec<_> = after.items.iter().filter(|item| item.what.is_same(one)).collect();
            prop_assert_eq!(same.len(), 1);
            prop_assert!(!same[0].is_open() || same[0].due_ms <= 3_600_000 + one.due_s as i64 * 1_000);
        }
        let mut again = after.clone();
        prop_assert!(!again.join(more, "later", 3_600_000), "joining the same again changes nothing");
        prop_assert_eq!(again, after);
    }

    #[test]
    fn a_lift_ends_what_is_open_and_nothing_else(
        lists in lists(), settle in prop::collection::vec((0..20_usize, any::<bool>()), 5),
    ) {
        let before = grown(&lists, &settle);
        let mut after = before.clone();
        prop_assert_eq!(after.end("lift", 9_000_000), before.is_open());
        prop_assert!(!after.is_open() && after.calls(9_000_000, 600_000).is_empty());
        for (at, (old, new)) in before.items.iter().zip(&after.items).enumerate() {
            if old.is_open() {
                prop_assert_eq!(new.state(), MeasureState::Ended);
                for state in MeasureState::SAID {
                    prop_assert_eq!(after.clone().say(at + 1, said(state, 9_000_001)), Err(SayFault::Over));
                }
            } else {
                prop_assert_eq!(old, new);
            }
        }
    }

    #[test]
    fn every_open_item_is_called_for_by_its_own_office_and_no_settled_one_is(
        lists in lists(), settle in prop::collection::vec((0..20_usize, any::<bool>()), 5), now in 0..12_000_000_i64,
        before in 0..3_600_000_i64,
    ) {
        let sheet = grown(&lists, &settle);
        let calls = sheet.calls(now, before);
        for call in &calls {
            for at in &call.items {
                let item = &sheet.items[*at];
                prop_assert!(item.is_open() && item.what.office == call.office && item.from == call.from);
                prop_assert_eq!(call.kind == CallKind::Overdue, now >= item.due_ms);
            }
        }
        for (at, item) in sheet.items.iter().enumerate().filter(|(_, item)| item.is_open()) {
            let kinds: Vec<_> =
                calls.iter().filter(|call| call.items.contains(&at)).map(|call| call.kind).collect();
            let remind = item.due_ms - before;
            let expected = match now {
                _ if now >= item.due_ms => vec![CallKind::Overdue],
                _ if before > 0 && now >= remind && item.made_ms < remind => vec![CallKind::Assigned, CallKind::DueSoon],
                _ => vec![CallKind::Assigned],
            };
            prop_assert_eq!(kinds, expected);
        }
    }

    #[test]
    fn what_is_settled_is_changed_only_by_opening_it_again(first in 0..3_usize, second in 0..3_usize, note in any::<bool>()) {
        let (first, second) = (MeasureState::SAID[first], MeasureState::SAID[second]);
        let mut sheet = Sheet::default();
        let one = Planned {
            office: "flood".to_owned(), kind: MeasureKind::Duty, text_zh: "巡查".to_owned(), text_en: "patrol".to_owned(),
            due_s: 60, to: Vec::new(),
        };
        sheet.join([one], "w", 0);
        prop_assert_eq!(sheet.say(1, said(first, 70_000)), Ok(first != MeasureState::Open));
        prop_assert_eq!(sheet.items[0].is_late(), first == MeasureState::Done);
        let before = sheet.clone();
        let again = sheet.say(1, Said { note: note.then(|| "因为".to_owned()), ..said(second, 80_000) });
        let expected = match (first, second) {
            (a, b) if a == b => Ok(false),
            (_, MeasureState::Open | MeasureState::NotApplicable) if !note => Err(SayFault::NoteMissing),
            (MeasureState::Open, _) | (_, MeasureState::Open) => Ok(true),
            (known, _) => Err(SayFault::Settled(known)),
        };
        prop_assert_eq!(again, expected);
        prop_assert_eq!(sheet != before, expected == Ok(true));
    }
}

#[test]
fn there_is_no_item_nought_and_none_after_the_last() {
    let mut sheet = Sheet::default();
    for number in [0, 1, usize::MAX] {
        assert_eq!(sheet.say(number, said(MeasureState::Done, 0)), Err(SayFault::Missing));
    }
}

#[test]
fn what_was_due_long_ago_calls_nobody() {
    let mut sheet = Sheet::default();
    let one = Planned {
        office: "flood".to_owned(),
        kind: MeasureKind::ReportUp,
        text_zh: "上报".to_owned(),
        text_en: "report".to_owned(),
        due_s: 60,
        to: Vec::new(),
    };
    sheet.join([one], "w", 0);
    assert_eq!(sheet.calls(60_000 + NEWS_MS - 1, 0).len(), 1);
    assert_eq!(sheet.calls(60_000 + NEWS_MS, 0), []);
}
