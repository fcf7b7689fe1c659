use fenghuo_contract::Cause;

use super::*;

fn name(id: &str) -> Reference {
    Reference::new(id)
}

fn held(id: &str, state: State) -> Held {
    Held::new(Report { id: name(id), to: "8613812341234".into(), state, at: None }, Ack::default())
}

fn failed() -> State {
    State::Failed(Cause::new("EXPIRED", ""))
}

/// Receipts, acknowledgements that wait for them, acknowledgements at once; what stays held.
fn judge(correlation: &Correlation, held: &mut Vec<Held>) -> (Vec<(String, bool)>, usize, usize) {
    let mut judged = correlation.judge(held);
    let receipts = std::mem::take(&mut judged.receipts);
    correlation.taken(&judged);
    let seen = |receipt: Receipt| {
        let name = String::from_utf8(receipt.reference.into_bytes().into()).unwrap();
        (name, receipt.state == ReceiptState::Delivered)
    };
    (receipts.into_iter().map(seen).collect(), judged.final_acks.len(), judged.other_acks.len())
}

fn one(correlation: &Correlation, id: &str, state: State) -> (Vec<(String, bool)>, usize, usize) {
    let mut all = vec![held(id, state)];
    let judged = judge(correlation, &mut all);
    assert!(all.is_empty(), "{id} is held back");
    judged
}

fn receipt(id: &str, delivered: bool) -> (Vec<(String, bool)>, usize, usize) {
    (vec![(id.to_owned(), delivered)], 1, 0)
}

const PARTIAL: (Vec<(String, bool)>, usize, usize) = (Vec::new(), 0, 1);

#[test]
fn a_short_message_needs_no_memory() {
    let correlation = Correlation::new(false, 10);
    assert_eq!(one(&correlation, "a", State::Delivered), receipt("a", true));
    assert_eq!(one(&correlation, "a", failed()), receipt("a", false));
    assert_eq!(one(&correlation, "a", State::Pending), PARTIAL);
}

#[test]
fn a_long_message_is_delivered_when_all_of_it_is() {
    let correlation = Correlation::new(false, 10);
    let flight = correlation.begin();
    flight.accepted(&[name("a1"), name("a2"), name("a3")]);
    drop(flight);
    assert_eq!(one(&correlation, "a3", State::Delivered), PARTIAL);
    assert_eq!(one(&correlation, "a1", State::Delivered), PARTIAL);
    assert_eq!(one(&correlation, "a1", State::Delivered), PARTIAL, "the same one again");
    assert_eq!(one(&correlation, "other", State::Delivered), receipt("other", true));
    assert_eq!(one(&correlation, "a2", State::Delivered), receipt("a1", true));
    assert_eq!(one(&correlation, "a1", State::Delivered), receipt("a1", true), "what is whole is forgotten");
    assert!(correlation.known().groups.is_empty() && correlation.known().segments.is_empty());
}

#[test]
fn a_long_message_has_failed_when_any_of_it_has() {
    let correlation = Correlation::new(false, 10);
    correlation.begin().accepted(&[name("a1"), name("a2")]);
    assert_eq!(one(&correlation, "a2", failed()), receipt("a1", false));
    assert_eq!(one(&correlation, "a1", State::Delivered), PARTIAL, "half a message is not delivered");
}

#[test]
fn a_receipt_the_sink_refused_is_there_again_when_it_is_repeated() {
    let correlation = Correlation::new(false, 10);
    correlation.begin().accepted(&[name("a1"), name("a2")]);
    assert_eq!(one(&correlation, "a1", State::Delivered), PARTIAL);
    for _refused_by_the_sink in 0..2 {
        let judged = correlation.judge(&mut vec![held("a2", State::Delivered)]);
        assert_eq!(judged.receipts[0].reference, name("a1"));
    }
    assert_eq!(one(&correlation, "a2", State::Delivered), receipt("a1", true));
}

#[test]
fn reports_that_overtake_their_answer_wait_for_it() {
    let correlation = Correlation::new(false, 10);
    let (first, second) = (correlation.begin(), correlation.begin());
    let mut all = vec![held("a1", State::Delivered), held("b1", State::Delivered), held("old", State::Delivered)];
    assert_eq!(judge(&correlation, &mut all), (Vec::new(), 0, 0));
    assert_eq!(all.len(), 3);
    first.accepted(&[name("a1"), name("a2")]);
    drop(first);
    assert_eq!(judge(&correlation, &mut all), PARTIAL);
    let third = correlation.begin();
    second.accepted(&[name("b1"), name("b2")]);
    drop(second);
    let (receipts, last, _) = judge(&correlation, &mut all);
    assert_eq!((receipts, last), (vec![("old".to_owned(), true)], 1), "what flies since need not be waited for");
    assert!(all.is_empty());
    drop(third);
    assert_eq!(one(&correlation, "a2", State::Delivered), receipt("a1", true));
}

#[test]
fn memory_is_bounded_and_the_oldest_goes_first() {
    let correlation = Correlation::new(false, 10);
    let flight = correlation.begin();
    for message in 0..20 {
        flight.accepted(&[name(&format!("{message}-1")), name(&format!("{message}-2"))]);
    }
    drop(flight);
    assert_eq!(correlation.known().segments.len(), 10);
    assert_eq!(one(&correlation, "19-2", State::Delivered), PARTIAL);
    assert_eq!(one(&correlation, "0-1", State::Delivered), receipt("0-1", true), "as after a restart");
}

#[test]
fn several_recipients_of_a_submit_are_told_apart_by_number() {
    let correlation = Correlation::new(true, 10);
    let mine = reference(&name("a"), Some("13812341234"));
    assert_eq!(one(&correlation, "a", State::Delivered).0[0].0.as_bytes(), mine.as_bytes());
    assert_ne!(mine, reference(&name("a"), Some("13812341235")));
    for same in ["8613812341234", "+8613812341234", "008613812341234", "138-1234-1234"] {
        assert_eq!(reference(&name("a"), Some(same)), mine, "{same}");
    }
    assert_eq!(reference(&name("a"), None), name("a"));
    assert!(!format!("{mine:?}").contains("1234"), "no number can be read in it: {mine:?}");
}
