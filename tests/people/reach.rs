//! Persons over all channels.

use std::time::Duration;

use fenghuo::flow::status::People;
use fenghuo_contract::Channel;

use crate::support::{
    engine::Plan,
    message::{STREET, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn three(n: u32, sms: &str, push: &str) -> Vec<(Channel, String)> {
    let address = |word: &str, plain: String| if word.is_empty() { plain } else { format!("{word}-{n}") };
    let number = if sms.is_empty() { format!("138{n:08}") } else { sms.to_owned() };
    vec![
        (Channel::Sms, number),
        (Channel::Push, address(push, format!("token-{n}"))),
        (Channel::Email, format!("r{n}@songbei.example")),
    ]
}

fn adds_up(people: &People) {
    assert_eq!(people.first_channel.values().sum::<u64>(), people.reached_by_one, "{people:?}");
    assert_eq!(people.unreached, people.addressed - people.reached_by_one);
    let explained = people.unreached_waiting + people.unreached_by_reason.values().sum::<u64>();
    assert_eq!(explained, people.unreached, "{people:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_channel_of_everybody_adds_up_to_those_reached() {
    let mut people: Vec<Vec<(Channel, String)>> = (0..200).map(|n| three(n, "", "")).collect();
    // Refused by sms; refused by push; reported undelivered by sms after it was accepted; reached by nothing.
    people.extend((200..220).map(|n| three(n, "19900009001", "")));
    people.extend((220..240).map(|n| three(n, "", "refuse")));
    people.push(three(240, "19900009010", "refuse"));
    people.push(vec![(Channel::Sms, "19900009001".to_owned())]);
    let world = Plan::new(41)
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(40))
        .route("push.a", Channel::Push, |_, settings| settings.latency_ms = 500)
        .route("email.a", Channel::Email, |route, _| route.rate_per_s = Some(10))
        .people(STREET, people);
    let mut engine = world.start().await;
    let id = engine.post(&warning("W1", "orange")).await;
    engine.until(&id, MINUTE, |status| status.people.reached_by_one > 0).await;
    for _ in 0..20 {
        engine.clock.sleep(Duration::from_secs(1)).await;
        adds_up(&engine.status(&id).await.people);
    }
    let status = engine.until_done(&id, 10 * MINUTE).await;
    let people = status.people;
    adds_up(&people);
    assert_eq!((people.addressed, people.reached_by_one, people.unreached_waiting), (242, 241, 0), "{people:?}");
    // Push answers for everybody within a second of the release; by then sms and e-mail have reached some.
    assert!(people.first_channel["push"] > 150, "{people:?}");
    assert!(people.first_channel["sms"] >= 20 && people.first_channel["email"] >= 1, "{people:?}");
    assert_eq!(people.unreached_by_reason.into_iter().collect::<Vec<_>>(), [("recipient_refused".to_owned(), 1)]);
    // The journal says the same.
    let before = engine.status(&id).await.people;
    engine = engine.restart().await;
    assert_eq!(without_age(engine.status(&id).await.people), without_age(before));
}

fn without_age(people: People) -> People {
    People { unreached_as_of: None, ..people }
}

#[tokio::test(start_paused = true)]
async fn whoever_confirms_is_counted_once() {
    let confirming = |n: u32| {
        vec![(Channel::Sms, "19900009011".to_owned()), (Channel::Push, format!("confirm-{n}"))]
    };
    let world = Plan::new(42)
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("push.a", Channel::Push, |_, _| {})
        .people(STREET, (0..30).map(confirming));
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "red")).await;
    let status = engine.until(&id, MINUTE, |status| status.people.confirmed == 30).await;
    assert_eq!(status.people.reached_by_two, 30);
    adds_up(&engine.until_done(&id, MINUTE).await.people);
}

#[tokio::test(start_paused = true)]
async fn numbers_of_persons_stay_when_the_warning_is_folded() {
    let world = Plan::new(43)
        .configured(|config| config.retention.fold_after_s = Duration::from_secs(5))
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(40))
        .route("push.a", Channel::Push, |route, _| route.rate_per_s = Some(60))
        .people(STREET, (0..100).map(|n| three(n, "", "").into_iter().take(2).collect()));
    let mut engine = world.start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    let before = engine.until_done(&id, MINUTE).await.people;
    adds_up(&before);
    // Ended, so that it is folded.
    let lift = engine.post(&crate::support::message::following(&first, "W2", "cancel")).await;
    engine.until_done(&lift, MINUTE).await;
    engine.clock.sleep(MINUTE).await;
    engine = engine.restart().await;
    assert_eq!(without_age(engine.status(&id).await.people), without_age(before));
}
