use proptest::prelude::*;

use super::{CORRECTION, Change, Member, Place, Stand, ends, is_correction, is_lift, place, reference, references};
use crate::domain::{
    finding::Weight,
    message::{Info, Kind, Message, ResponseType, Severity},
    moment::Moment,
};

/// Minutes after the first message of every table.
fn at(minute: i64) -> Moment {
    Moment::china(1_800_000_000 + 60 * minute)
}

fn message(identifier: &str, kind: Kind, minute: i64, named: &[&Message]) -> Message {
    let mut message: Message = serde_json::from_str(
        r#"{"identifier":"","sender":"flood@songbei.example","sent":"2026-07-15T14:40:00+08:00","status":"exercise",
        "kind":"alert","scope":"public","infos":[{"language":"zh-CN","categories":["met"],"event":"暴雨","urgency":"immediate",
        "severity":"moderate","certainty":"observed","description":"雨","areas":[{"description":"松北区"}]}]}"#,
    )
    .expect("valid");
    message.identifier = identifier.to_owned();
    (message.kind, message.sent) = (kind, at(minute));
    message.infos[0].expires = Some(at(minute + 600));
    message.references = named.iter().map(|named| reference(named)).collect();
    message
}

fn with(mut message: Message, change: impl Fn(&mut Info)) -> Message {
    message.infos.iter_mut().for_each(change);
    message
}

fn level(message: Message, severity: Severity) -> Message {
    with(message, |info| info.severity = severity)
}

fn member<'m>(event: &'static str, message: &'m Message, stand: Stand) -> Member<'m, &'static str> {
    Member { event, message, stand }
}

fn codes(place: &Place<&'static str>) -> Vec<(&'static str, bool)> {
    place.findings.iter().map(|finding| (finding.code, finding.weight == Weight::Refuse)).collect()
}

/// A row: the message, what is here, the event and the change it gets, and what is found.
fn row(
    message: &Message,
    members: &[Member<'_, &'static str>],
    event: Option<&'static str>,
    change: Change,
    found: &[(&'static str, bool)],
) {
    let place = place(message, members);
    let what =
        format!("{} among {:?}", message.identifier, members.iter().map(|m| &m.message.identifier).collect::<Vec<_>>());
    assert_eq!((place.event, place.change), (event, change), "{what}");
    assert_eq!(codes(&place), found, "{what}");
}

#[test]
fn a_level_above_or_below_what_stands_is_a_raise_or_a_lowering() {
    let first = message("A", Kind::Alert, 0, &[]);
    let second = level(message("B", Kind::Update, 1, &[&first]), Severity::Severe);
    let here = [member("e", &first, Stand::Superseded), member("e", &second, Stand::Standing)];
    for (severity, change) in [
        (Severity::Extreme, Change::Raise),
        (Severity::Severe, Change::Update),
        (Severity::Minor, Change::Lower),
        (Severity::Unknown, Change::Update),
    ] {
        row(&level(message("C", Kind::Update, 2, &[&first]), severity), &here, Some("e"), change, &[]);
    }
    // The highest that stands counts, whichever is named; what waits or ran out stands no more.
    let both = [member("e", &first, Stand::Standing), member("e", &second, Stand::Expired)];
    row(&level(message("C", Kind::Update, 2, &[&second]), Severity::Severe), &both, Some("e"), Change::Raise, &[]);
    let none = [member("e", &first, Stand::Waiting), member("e", &second, Stand::Expired)];
    row(&level(message("C", Kind::Update, 2, &[&second]), Severity::Extreme), &none, Some("e"), Change::Update, &[]);
}

#[test]
fn what_ends_an_event_is_told_by_kind_time_or_all_clear() {
    let first = message("A", Kind::Alert, 0, &[]);
    let here = [member("e", &first, Stand::Standing)];
    let cancel = message("B", Kind::Cancel, 1, &[&first]);
    row(&cancel, &here, Some("e"), Change::Lift, &[]);
    row(&Message { infos: Vec::new(), ..cancel.clone() }, &here, Some("e"), Change::Lift, &[]);
    let expired = with(message("B", Kind::Update, 1, &[&first]), |info| info.expires = Some(at(1)));
    row(&expired, &here, Some("e"), Change::Lift, &[]);
    let clear =
        with(message("B", Kind::Update, 1, &[&first]), |info| info.response_types = vec![ResponseType::AllClear]);
    row(&clear, &here, Some("e"), Change::Lift, &[]);
    let correction = Message { codes: vec![CORRECTION.to_owned()], ..clear.clone() };
    row(&correction, &here, Some("e"), Change::Correction, &[]);
    assert!(is_correction(&correction) && is_lift(&correction) && !is_correction(&clear));
    // Words alone end nothing: an Update that still warns somebody, and a Cancel, is no correction.
    let partly = with(clear.clone(), |info| info.response_types.push(ResponseType::Shelter));
    assert!(!is_lift(&partly) && !is_correction(&Message { codes: correction.codes.clone(), ..partly }));
    assert!(!is_correction(&Message { codes: correction.codes.clone(), ..cancel }));
    assert!(!is_lift(&Message { kind: Kind::Alert, ..expired }), "an Alert ends nothing");
}

#[test]
fn alerts_and_words_of_strangers_begin_events_and_replies_change_none() {
    let first = message("A", Kind::Alert, 0, &[]);
    let here = [member("e", &first, Stand::Standing)];
    row(&message("B", Kind::Alert, 1, &[&first]), &here, None, Change::First, &[]);
    let stranger = Message { sender: "other@songbei.example".to_owned(), ..message("B", Kind::Update, 1, &[&first]) };
    row(&stranger, &here, None, Change::First, &[]);
    row(&Message { kind: Kind::Cancel, ..stranger }, &here, None, Change::Lift, &[]);
    row(&message("B", Kind::Ack, 1, &[&first]), &here, Some("e"), Change::First, &[]);
}

#[test]
fn unknown_messages_are_told_of_and_what_they_name_comes_too_late() {
    let first = message("A", Kind::Alert, 0, &[]);
    let update = message("B", Kind::Update, 1, &[&first]);
    let unknown = ("reference-unknown", false);
    row(&update, &[], None, Change::First, &[unknown]);
    row(&message("B", Kind::Cancel, 1, &[&first]), &[], None, Change::Lift, &[unknown]);
    // Half of it is known.
    let third = message("C", Kind::Update, 2, &[&first, &update]);
    row(&third, &[member("u", &update, Stand::Standing)], Some("u"), Change::Update, &[unknown]);
    // Then comes what the update named.
    let late = ("event-newer-stands", true);
    row(&first, &[member("u", &update, Stand::Standing)], None, Change::First, &[late]);
    let cancel = message("B", Kind::Cancel, 1, &[&first]);
    row(&first, &[member("u", &cancel, Stand::Standing)], None, Change::First, &[late]);
    // What waits or was not released has told nobody.
    for stand in [Stand::Waiting, Stand::Unsaid] {
        row(&first, &[member("u", &update, stand)], None, Change::First, &[]);
    }
}

#[test]
fn the_time_of_sending_orders_what_is_not_named() {
    let first = message("A", Kind::Alert, 0, &[]);
    let newer = message("B", Kind::Update, 10, &[&first]);
    let here = [member("e", &first, Stand::Superseded), member("e", &newer, Stand::Standing)];
    let stands = |refused| ("event-newer-stands", refused);
    row(&message("C", Kind::Update, 5, &[&first]), &here, Some("e"), Change::Update, &[stands(true)]);
    row(&message("C", Kind::Update, 10, &[&first]), &here, Some("e"), Change::Update, &[]);
    row(&message("C", Kind::Update, 11, &[&first]), &here, Some("e"), Change::Update, &[]);
    // A reference says more than a clock.
    row(&message("C", Kind::Update, 5, &[&newer]), &here, Some("e"), Change::Update, &[]);
    // Nothing stops a lift; it leaves what it does not know of.
    let lift = message("C", Kind::Cancel, 5, &[&first]);
    row(&lift, &here, Some("e"), Change::Lift, &[stands(false)]);
    assert!(ends((&lift, 3), (&first, 1)) && !ends((&lift, 3), (&newer, 2)));
    assert!(ends((&message("C", Kind::Cancel, 5, &[&newer]), 3), (&newer, 2)));
    // Of the same moment the one that came later is the newer one.
    let same = message("C", Kind::Update, 10, &[&first]);
    assert!(ends((&same, 3), (&newer, 2)) && !ends((&newer, 2), (&same, 3)));
}

#[test]
fn what_is_over_is_not_taken_up_again() {
    let first = message("A", Kind::Alert, 0, &[]);
    let lift = message("L", Kind::Cancel, 10, &[&first]);
    let here = [member("e", &first, Stand::Lifted), member("e", &lift, Stand::Standing)];
    let over = |code, refused| (code, refused);
    row(&message("C", Kind::Update, 11, &[&first]), &here, None, Change::First, &[over("event-lifted", false)]);
    row(&message("C", Kind::Update, 9, &[&first]), &here, None, Change::First, &[over("event-lifted-since", true)]);
    row(&message("C", Kind::Cancel, 9, &[&first]), &here, None, Change::Lift, &[over("event-lifted", false)]);
    let ran_out = [member("e", &first, Stand::Expired)];
    row(&message("C", Kind::Update, 700, &[&first]), &ran_out, Some("e"), Change::Update, &[]);
    // Of an event that is over and one that is not, the latter.
    let other = message("B", Kind::Alert, 1, &[]);
    let mut two = here.to_vec();
    two.push(member("f", &other, Stand::Standing));
    row(&message("C", Kind::Update, 20, &[&first, &other]), &two, Some("f"), Change::Update, &[]);
    let open = [member("e", &first, Stand::Standing), member("f", &other, Stand::Standing)];
    for kind in [Kind::Update, Kind::Cancel] {
        let change = if kind == Kind::Update { Change::First } else { Change::Lift };
        row(&message("C", kind, 20, &[&first, &other]), &open, None, change, &[over("event-several", true)]);
    }
}

#[test]
fn what_is_given_out_names_every_message_that_has_not_expired() {
    let first = message("A", Kind::Alert, 0, &[]);
    let second = message("B", Kind::Update, 1, &[&first]);
    let over = with(message("C", Kind::Update, 2, &[&first]), |info| info.expires = Some(at(3)));
    let ack = message("D", Kind::Ack, 3, &[&first]);
    let update = message("E", Kind::Update, 4, &[&second]);
    let named = references(&update, [&first, &second, &over, &ack].into_iter());
    assert_eq!(named, [reference(&second), reference(&first)], "those it came with first");
    assert_eq!(references(&first, [&second].into_iter()), []);
}

proptest! {
    /// In whatever order two updates of an event come in, the same one ends the other.
    #[test]
    fn order_of_arrival_decides_nothing_but_a_tie(a in 0_i64..20, b in 0_i64..20, first_came in any::<bool>()) {
        let first = message("A", Kind::Alert, 0, &[]);
        let (one, two) = (message("B", Kind::Update, a, &[&first]), message("C", Kind::Update, b, &[&first]));
        let (came_one, came_two) = if first_came { (1, 2) } else { (2, 1) };
        let (ends_two, ends_one) = (ends((&one, came_one), (&two, came_two)), ends((&two, came_two), (&one, came_one)));
        prop_assert!(ends_one != ends_two, "exactly one of them stands");
        if a != b {
            prop_assert_eq!(ends_two, a > b);
        }
    }

    /// A lift is never refused by what stands, unless it names two events.
    #[test]
    fn nothing_that_stands_stops_a_lift(sent in 0_i64..30, stands in proptest::collection::vec((0_i64..30, 0_usize..6), 1..6)) {
        let stand = [Stand::Waiting, Stand::Standing, Stand::Expired, Stand::Superseded, Stand::Lifted, Stand::Unsaid];
        let messages: Vec<Message> =
            stands.iter().enumerate().map(|(n, (minute, _))| message(&format!("M{n}"), Kind::Update, *minute, &[])).collect();
        let members: Vec<_> =
            messages.iter().zip(&stands).map(|(message, (_, how))| member("e", message, stand[*how])).collect();
        let place = place(&message("L", Kind::Cancel, sent, &[&messages[0]]), &members);
        prop_assert!(place.findings.iter().all(|finding| finding.weight == Weight::Advise), "{:?}", place.findings);
        prop_assert_eq!(place.change, Change::Lift);
    }
}
