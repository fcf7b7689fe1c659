//! Alarms: each is raised when its cause is there, ends when it is gone, and none is raised when all is well.

use std::time::Duration;

use fenghuo_contract::Channel;

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

fn codes(engine: &Engine) -> Vec<String> {
    engine.flow.alarms().into_iter().map(|alarm| alarm.code).collect()
}

/// Sleeps until these alarms stand, at most `limit`; says how long.
async fn until(engine: &Engine, limit: Duration, wanted: &[&str]) -> Duration {
    let mut waited = Duration::ZERO;
    while codes(engine) != wanted {
        assert!(waited < limit, "not within {limit:?}: {:?}", engine.flow.alarms());
        engine.clock.sleep(SECOND).await;
        waited += SECOND;
    }
    waited
}

#[tokio::test(start_paused = true)]
async fn none_when_all_is_well() {
    let world = Plan::new(71)
        .route("sms.a", Channel::Sms, |route, settings| {
            route.rate_per_s = Some(20);
            settings.receipts_after_ms = 3_000;
        })
        .route("push.a", Channel::Push, |_, _| {})
        .people(
            STREET,
            (0..2_000).map(|n| {
                let number = match n % 50 {
                    // Some fail, some are slow, some must be tried again: that is how it is.
                    0 => format!("1990000900{}", [1, 4, 6, 7][n as usize / 50 % 4]),
                    _ => format!("138{n:08}"),
                };
                vec![(Channel::Sms, number), (Channel::Push, format!("token-{n}"))]
            }),
        );
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    // A red one overtakes: the yellow one waits its turn, and is not stuck.
    engine.clock.sleep(20 * SECOND).await;
    engine.post(&warning("RED", "red")).await;
    for _ in 0..300 {
        engine.clock.sleep(SECOND).await;
        assert_eq!(codes(&engine), Vec::<String>::new(), "{:?}", engine.flow.alarms());
        assert!(engine.status(&id).await.alarms.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_warning_that_makes_no_progress() {
    let world = Plan::new(72).route("sms.a", Channel::Sms, |route, _| route.per_day = Some(100)).recipients(
        STREET,
        Channel::Sms,
        numbers(1_000),
    );
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "orange")).await;
    // The day's limit is used up at once, and the route claims to run.
    let waited = until(&engine, 2 * MINUTE, &["warning-stuck"]).await;
    assert!((58 * SECOND..70 * SECOND).contains(&waited), "{waited:?}");
    let alarm = &engine.flow.alarms()[0];
    assert_eq!((alarm.warning.as_ref(), alarm.channel.as_deref()), (Some(&id), Some("sms")));
    assert_eq!(engine.status(&id).await.alarms.len(), 1);
    let since = alarm.since.clone();
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.flow.alarms()[0].since, since, "raised once");
    let more = fenghuo::flow::deliver::RouteLimits { per_day: Some(5_000), ..Default::default() };
    engine.flow.limit_route("sms.a", "k1", Some(more), "test").await.expect("stored");
    let waited = until(&engine, MINUTE, &[]).await;
    assert!(waited >= 15 * SECOND, "not before its cause was gone for a while: {waited:?}");
    engine.until_done(&id, MINUTE).await;
}

#[tokio::test(start_paused = true)]
async fn a_warning_without_a_running_route_and_red_on_a_paused_one() {
    let world = Plan::new(73).route("sms.a", Channel::Sms, |_, _| {}).recipients(STREET, Channel::Sms, numbers(100));
    let engine = world.start().await;
    engine.flow.pause_route("sms.a", "k1", "works").await.expect("stored");
    let yellow = engine.post(&warning("W1", "yellow")).await;
    let waited = until(&engine, MINUTE, &["warning-no-route"]).await;
    assert!(waited >= 25 * SECOND, "{waited:?}");
    let red = engine.post(&warning("W2", "red")).await;
    let waited = until(&engine, MINUTE, &["red-paused", "warning-no-route"]).await;
    assert!(waited <= 15 * SECOND, "{waited:?}");
    assert_eq!(engine.status(&red).await.alarms[0].route.as_deref(), Some("sms.a"));
    assert_eq!(engine.status(&yellow).await.alarms[0].code, "warning-no-route");
    engine.flow.resume_route("sms.a", "k1").await.expect("stored");
    until(&engine, MINUTE, &[]).await;
    engine.until_done(&red, MINUTE).await;
}

#[tokio::test(start_paused = true)]
async fn a_route_that_stopped() {
    let mut addresses: Vec<String> = numbers(10).collect();
    addresses.insert(0, "19900009012".to_owned());
    let world = Plan::new(74)
        .configured(|config| config.alarms.no_route_s = 3_600 * SECOND)
        .route("sms.a", Channel::Sms, |route, _| route.batch = Some(1))
        .recipients(STREET, Channel::Sms, addresses);
    let engine = world.start().await;
    let first = warning("W1", "orange");
    let id = engine.post(&first).await;
    until(&engine, 10 * SECOND, &["route-stopped"]).await;
    let status = engine.status(&id).await;
    assert_eq!(status.alarms[0].route.as_deref(), Some("sms.a"), "{status:?}");
    assert!(!status.alarms[0].facts["reason"].is_empty());
    // Its probe succeeds, and nothing stops it any more.
    engine.post(&following(&first, "W2", "cancel")).await;
    until(&engine, 2 * MINUTE, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_content_that_is_refused_for_as_long_as_the_warning_stands() {
    let mut addresses: Vec<String> = numbers(200).collect();
    addresses.insert(0, "19900009002".to_owned());
    let world = Plan::new(75).route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(100)).recipients(
        STREET,
        Channel::Sms,
        addresses,
    );
    let engine = world.start().await;
    let first = warning("W1", "orange");
    let id = engine.post(&first).await;
    until(&engine, 30 * SECOND, &["content-refused"]).await;
    engine.clock.sleep(2 * MINUTE).await;
    assert_eq!(engine.status(&id).await.alarms[0].code, "content-refused");
    engine.post(&following(&first, "W2", "cancel")).await;
    until(&engine, MINUTE, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn receipts_that_are_slower_than_usual() {
    let slow = (0..200).map(|_| "19900009007".to_owned());
    let world = Plan::new(76)
        .route("sms.a", Channel::Sms, |route, settings| {
            route.rate_per_s = Some(100);
            settings.late_ms = 90_000;
        })
        .recipients(STREET, Channel::Sms, numbers(500))
        .recipients(crate::support::message::OTHER_STREET, Channel::Sms, slow);
    let engine = world.start().await;
    let of_street = |identifier: &str, street: &str| {
        let mut message = warning(identifier, "yellow");
        message["infos"][0]["areas"][0]["geocodes"][0]["value"] = street.into();
        message
    };
    // Fifty milliseconds are usual.
    let first = engine.post(&of_street("W1", STREET)).await;
    engine.until_done(&first, MINUTE).await;
    assert_eq!(codes(&engine), Vec::<String>::new());
    let second = engine.post(&of_street("W2", crate::support::message::OTHER_STREET)).await;
    let waited = until(&engine, MINUTE, &["receipts-slow"]).await;
    assert!(waited >= 8 * SECOND, "{waited:?}");
    assert_eq!(engine.flow.alarms()[0].route.as_deref(), Some("sms.a"));
    engine.until_done(&second, 3 * MINUTE).await;
    until(&engine, MINUTE, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn receipts_that_never_come() {
    let silent = (0..30).map(|_| "19900009006".to_owned());
    let world = Plan::new(77)
        .configured(|config| {
            config.alarms.receipts_wait_s = 5 * MINUTE;
            config.retention.fold_after_s = 10 * SECOND;
            config.retention.receipts_wait_s = 20 * MINUTE;
        })
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, numbers(100))
        .recipients(STREET, Channel::Sms, silent);
    let mut engine = world.start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.clock.sleep(4 * MINUTE).await;
    assert!(!codes(&engine).contains(&"receipts-missing".to_owned()));
    until(&engine, 2 * MINUTE, &["receipts-missing"]).await;
    let alarm = engine.status(&id).await.alarms.remove(0);
    assert_eq!(alarm.facts["count"], "30");
    // A restart knows it again.
    engine = engine.restart().await;
    until(&engine, 10 * SECOND, &["receipts-missing"]).await;
    // It ends when nothing is awaited any more: the warning is over and put away. The lift is as silent, and stands.
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    for _ in 0..40 {
        engine.clock.sleep(MINUTE).await;
    }
    let about: Vec<_> = engine.flow.alarms().into_iter().filter_map(|alarm| alarm.warning).collect();
    assert_eq!(about, [lift]);
}
