//! A lift over SMPP, while handsets are off: the message centre is asked to stop what it has not delivered.

use fenghuo_centre::{Behaviour, Protocol, Receipts, When};

use reqwest::Method;

use super::{Carrier, deliveries, number, people, saying, sent};

#[tokio::test]
async fn a_lift_stops_at_the_message_centre_what_was_not_delivered() {
    // Receipts come in an hour: the handsets are off.
    let receipts = Receipts { when: When::After { ms: 3_600_000 }, ..Receipts::default() };
    let carrier = Carrier::start(Protocol::Smpp, Behaviour { receipts, ..Behaviour::default() }).await;
    let world = carrier.gateway("", "").await;
    people(&world, 0..30).await;
    // Three segments each.
    let id = sent(&world, &saying("W1", "yellow", "actual", 150)).await;
    world.until(&id, |told| told["channels"]["sms"]["accepted"] == 30).await;
    let lift = format!("/v1/warnings/{id}/lift");
    let json = [("content-type", "application/json")];
    let lifted = world.ask(Method::POST, &lift, &world.operator, &json, b"{}".to_vec()).await;
    assert_eq!(lifted.status, 201, "{}", lifted.text);
    world.until(&id, |told| told["channels"]["sms"]["withdrawn"] == 30).await;
    let counts = carrier.centre.counts();
    assert_eq!((counts.cancels, counts.stopped, counts.malformed), (90, 90, 0), "{counts:?}");
    let all = deliveries(&world, &id).await;
    assert!(all.values().all(|one| one["state"] == "withdrawn" && one["reason"] == "recalled"), "{all:#?}");
    assert_eq!(all.len(), 30);
    let asked = carrier.centre.cancelled();
    assert!((0..30).all(|n| asked.iter().filter(|one| one.to == number(n)).count() == 3), "{asked:?}");
}
