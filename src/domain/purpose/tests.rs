use super::{HasPurpose, Marked, Marks, Purpose, Sorted, Stated};
use crate::domain::message::Status;

struct Thing(Marks);

impl Marked for Thing {
    fn marks(&self) -> Marks {
        self.0
    }
}

struct Plan(Option<Purpose>);

impl HasPurpose for Plan {
    fn purpose(&self) -> Option<Purpose> {
        self.0
    }
}

const ALL_MARKS: [Marks; 4] = [
    Marks { actual: false, drill: false },
    Marks { actual: false, drill: true },
    Marks { actual: true, drill: false },
    Marks { actual: true, drill: true },
];

#[test]
fn the_gate_opens_for_the_mark_of_the_purpose_and_for_nothing_else() {
    for marks in ALL_MARKS {
        for purpose in Purpose::ALL {
            let wanted = if purpose == Purpose::Actual { marks.actual } else { marks.drill };
            assert_eq!(purpose.permit(Thing(marks)).is_some(), wanted, "{purpose:?} {marks:?}");
            let typed = match Sorted::of(Plan(Some(purpose))).expect("sorted") {
                Sorted::Actual(plan) => plan.permit(Thing(marks)).is_some(),
                Sorted::Exercise(plan) => plan.permit(Thing(marks)).is_some(),
                Sorted::Test(plan) => plan.permit(Thing(marks)).is_some(),
            };
            assert_eq!(typed, wanted, "{purpose:?} {marks:?}");
        }
    }
    assert!(Sorted::of(Plan(None)).is_none(), "what is in doubt has no purpose");
}

#[test]
fn what_reaches_nobody_has_no_purpose() {
    let purposes = Status::ALL.iter().filter_map(|status| Purpose::of(*status));
    assert_eq!(purposes.count(), 3);
    assert_eq!((Purpose::of(Status::Draft), Purpose::of(Status::System)), (None, None));
}

#[test]
fn a_record_reads_as_it_was_written_and_as_older_ones_were() {
    for purpose in Purpose::ALL {
        let text = serde_json::to_string(&Stated::from(purpose)).expect("text");
        assert_eq!(text, format!(r#"{{"drill":{},"purpose":"{}"}}"#, purpose.is_drill(), purpose.name()));
        let read: Stated = serde_json::from_str(&text).expect("read");
        assert_eq!((read.alone(), read.agreed(Some(purpose))), (Some(purpose), Some(purpose)));
        for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
            assert_eq!(read.agreed(Some(other)), None, "{purpose:?} is not {other:?}");
        }
        assert_eq!(read.agreed(None), None);
    }
    let older: Stated = serde_json::from_str(r#"{"drill":true}"#).expect("read");
    assert_eq!((older.alone(), older.agreed(Some(Purpose::Test))), (Some(Purpose::Exercise), Some(Purpose::Test)));
    assert_eq!(older.agreed(Some(Purpose::Actual)), None);
    for doctored in [r#"{"drill":false,"purpose":"exercise"}"#, r#"{"drill":true,"purpose":"actual"}"#] {
        let read: Stated = serde_json::from_str(doctored).expect("read");
        assert!(Purpose::ALL.into_iter().all(|known| read.agreed(Some(known)).is_none()), "{doctored}");
        assert_eq!(read.alone(), None, "{doctored}");
    }
}

#[test]
fn two_routes_meet_where_something_goes_over_both() {
    let [none, drill, actual, both] = ALL_MARKS;
    assert!(drill.meet(both) && actual.meet(both) && both.meet(both));
    assert!(!drill.meet(actual) && !none.meet(both));
}
