//! What is foretold against what then happens.

use std::time::Duration;

use fenghuo::flow::{
    intake::{Form, Submission},
    preflight::Preflight,
    target::directory::Recipient,
};
use fenghuo_contract::{Channel, RateUnit};
use serde_json::Value;

use crate::support::{
    engine::{Engine, Plan},
    message::{OTHER_STREET, STREET, following, warning},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn numbers(first: u32, count: u32) -> impl Iterator<Item = String> {
    (first..first + count).map(|n| format!("138{n:08}"))
}

fn of_street(mut message: Value, street: &str) -> Value {
    message["infos"][0]["areas"][0]["geocodes"][0]["value"] = street.into();
    message
}

fn submission(engine: &Engine, message: &Value) -> Submission {
    Submission {
        form: Form::Json,
        media_type: "application/json".to_owned(),
        body: message.to_string().into(),
        actor: engine.actor(),
        idempotency_key: None,
    }
}

async fn foretell(engine: &Engine, message: &Value) -> Preflight {
    engine.flow.dry_run(submission(engine, message)).await.expect("good")
}

/// Seconds until everything of a warning has left, from now.
async fn takes(engine: &Engine, message: &Value) -> f64 {
    let start = engine.clock.unix_ms();
    let id = engine.post(message).await;
    engine
        .until(&id, 60 * MINUTE, |status| {
            let open: u64 = status.channels.values().map(|channel| channel.pending + channel.in_flight).sum();
            status.done && open == 0
        })
        .await;
    (engine.clock.unix_ms() - start) as f64 / 1e3
}

/// Within two parts of a hundred or a second: the forecast speaks in whole seconds.
fn agree(foretold: Option<u64>, really: f64) {
    let foretold = foretold.expect("a time") as f64;
    assert!((foretold - really).abs() <= (really * 0.02).max(1.0), "foretold {foretold}, really {really}");
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_its_own() {
    let world = Plan::new(81).route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(50)).recipients(
        STREET,
        Channel::Sms,
        numbers(0, 2_000),
    );
    let engine = world.start().await;
    let message = warning("W1", "yellow");
    let before = engine.store.head().await.expect("a head");
    let foretold = foretell(&engine, &message).await;
    // Nothing is stored by looking.
    assert_eq!(engine.store.head().await.expect("a head"), before);
    assert_eq!(engine.ledgers["sms.a"].seen(), 0);
    let sms = &foretold.forecast.channels["sms"];
    assert_eq!((sms.people, sms.at_once, sms.ahead, sms.will_miss), (2_000, 2_000, 0, 0));
    assert_eq!(sms.rate_per_s, Some(40.0), "a fifth is red's");
    assert_eq!((foretold.forecast.people, foretold.forecast.deliveries), (2_000, 2_000));
    agree(sms.finish_s, takes(&engine, &message).await);
}

#[tokio::test(start_paused = true)]
async fn red_behind_blue_and_blue_behind_red() {
    let world = Plan::new(82)
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(50))
        .recipients(OTHER_STREET, Channel::Sms, numbers(0, 1_500))
        .recipients(STREET, Channel::Sms, numbers(10_000, 600));
    let engine = world.start().await;
    let blue = engine.post(&of_street(warning("BLUE", "blue"), OTHER_STREET)).await;
    engine.clock.sleep(5 * SECOND).await;
    let message = of_street(warning("RED", "red"), STREET);
    let foretold = foretell(&engine, &message).await;
    assert_eq!(foretold.forecast.channels["sms"].ahead, 0, "red overtakes");
    let start = engine.clock.unix_ms();
    agree(foretold.forecast.channels["sms"].finish_s, takes(&engine, &message).await);
    // What was foretold of blue when red was in, and what became of it.
    let red = of_street(warning("RED2", "red"), STREET);
    engine.post(&red).await;
    engine.clock.sleep(SECOND).await;
    let status = engine.status(&blue).await;
    let told = status.channels["sms"].forecast.clone().expect("it waits");
    assert_eq!(status.forecast.expect("it waits").finish_at, told.finish_at);
    let at = |text: &str| text.parse::<jiff::Timestamp>().expect("RFC 3339").as_millisecond();
    let finish = at(&told.finish_at.expect("a time"));
    engine.until(&blue, 10 * MINUTE, |status| status.done).await;
    let really = engine.clock.unix_ms();
    let off = (finish - really).abs() as f64 / 1e3;
    let took = (really - start) as f64 / 1e3;
    assert!(off <= (took * 0.02).max(1.5), "{off} s off in {took} s");
}

#[tokio::test(start_paused = true)]
async fn two_routes_and_a_queue_ahead_in_the_same_lane() {
    let world = Plan::new(83)
        .route("sms.a", Channel::Sms, |route, _| {
            route.rate_per_s = Some(40);
            route.red_share = 0.0;
        })
        .route("sms.b", Channel::Sms, |route, _| {
            route.rate_per_s = Some(20);
            route.red_share = 0.0;
        })
        .recipients(OTHER_STREET, Channel::Sms, numbers(0, 1_200))
        .recipients(STREET, Channel::Sms, numbers(10_000, 600));
    let engine = world.start().await;
    engine.post(&of_street(warning("W1", "yellow"), OTHER_STREET)).await;
    engine.clock.sleep(2 * SECOND).await;
    let message = of_street(warning("W2", "yellow"), STREET);
    let foretold = foretell(&engine, &message).await;
    let sms = &foretold.forecast.channels["sms"];
    assert!((1_050..=1_100).contains(&sms.ahead), "{sms:?}");
    agree(sms.finish_s, takes(&engine, &message).await);
}

#[tokio::test(start_paused = true)]
async fn segments_cost_and_whoever_is_too_late() {
    let world = Plan::new(84)
        .route("sms.a", Channel::Sms, |route, settings| {
            route.rate_per_s = Some(60);
            route.red_share = 0.0;
            route.cost_per_unit = Some(0.05);
            settings.rate_unit = RateUnit::Segments;
        })
        .recipients(STREET, Channel::Sms, numbers(0, 1_000));
    let engine = world.start().await;
    let mut message = warning("W1", "yellow");
    message["infos"][0]["expires"] = "2026-11-24T08:00:10+08:00".into();
    let foretold = foretell(&engine, &message).await;
    let texts: Vec<u32> = foretold.texts.iter().filter_map(|text| text.segments).collect();
    let sms = &foretold.forecast.channels["sms"];
    assert_eq!(sms.segments, Some(1_000 * u64::from(texts[0])), "everybody reads Chinese");
    assert_eq!(sms.by_language.clone().into_iter().collect::<Vec<_>>(), [("zh-CN".to_owned(), 1_000)]);
    assert_eq!(sms.finish_s, None);
    let longest = f64::from(*texts.iter().max().expect("texts"));
    let cost = sms.cost.expect("told");
    assert!((cost - 600.0 * 0.05).abs() < 1.0, "{cost}: ten seconds of sixty segments");
    assert!(foretold.advice.iter().any(|finding| finding.code == "deadline-missed"), "{:?}", foretold.advice);
    let id = engine.post(&message).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    let expired = status.channels["sms"].expired;
    assert!(sms.will_miss.abs_diff(expired) <= 20, "foretold {}, really {expired}; {longest} segments", sms.will_miss);
}

#[tokio::test(start_paused = true)]
async fn a_paused_route_has_no_end() {
    let world = Plan::new(85).route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(50)).recipients(
        STREET,
        Channel::Sms,
        numbers(0, 100),
    );
    let engine = world.start().await;
    engine.flow.pause_route("sms.a", "k1", "works").await.expect("stored");
    let foretold = foretell(&engine, &warning("W1", "yellow")).await;
    assert_eq!(foretold.forecast.channels["sms"].finish_s, None);
    assert_eq!(foretold.forecast.finish_at, None);
    assert_eq!(foretold.forecast.will_miss, 100, "at the deadline, if it stays so");
}

#[tokio::test(start_paused = true)]
async fn the_usual_audience_is_an_echo() {
    let world = Plan::new(86)
        .configured(|config| config.retention.fold_after_s = 5 * SECOND)
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, numbers(0, 30))
        .recipients(OTHER_STREET, Channel::Sms, numbers(10_000, 2_000));
    let mut engine = world.start().await;
    let advice = |preflight: &Preflight| preflight.advice.iter().map(|finding| finding.code).collect::<Vec<_>>();
    let everybody = warning("ALL", "yellow");
    let foretold = foretell(&engine, &everybody).await;
    assert_eq!(foretold.forecast.usual, None);
    assert!(advice(&foretold).contains(&"audience-everyone"), "{:?}", foretold.advice);
    for n in 0..5 {
        let first = of_street(warning(&format!("W{n}"), "yellow"), STREET);
        let id = engine.post(&first).await;
        engine.until_done(&id, MINUTE).await;
        let lift = engine.post(&following(&first, &format!("L{n}"), "cancel")).await;
        engine.until_done(&lift, MINUTE).await;
    }
    let foretold = foretell(&engine, &everybody).await;
    let usual = foretold.forecast.usual.clone().expect("five");
    assert_eq!((usual.warnings, usual.alike, usual.median, usual.largest, usual.this), (5, true, 30, 30, 2_030));
    assert!(usual.ratio > 60.0);
    assert!(advice(&foretold).contains(&"audience-unusual"), "{:?}", foretold.advice);
    // The same is usual.
    let again = foretell(&engine, &of_street(warning("W9", "yellow"), STREET)).await;
    assert!(!advice(&again).iter().any(|code| code.starts_with("audience")), "{:?}", again.advice);
    // It is known after a restart, of those that are put away too.
    engine.clock.sleep(MINUTE).await;
    engine = engine.restart().await;
    assert_eq!(foretell(&engine, &everybody).await.forecast.usual, Some(usual));
    // Nobody lives there.
    let nobody = foretell(&engine, &of_street(warning("W10", "yellow"), "230109102000")).await;
    assert_eq!(advice(&nobody), ["audience-empty"]);
}

#[tokio::test(start_paused = true)]
async fn a_lift_is_foretold_for_those_who_were_told() {
    let world = Plan::new(87).route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(50)).recipients(
        STREET,
        Channel::Sms,
        numbers(0, 400),
    );
    let engine = world.start().await;
    let first = warning("W1", "yellow");
    engine.post(&first).await;
    engine.clock.sleep(3 * SECOND).await;
    let foretold = foretell(&engine, &following(&first, "W2", "cancel")).await;
    let people = foretold.forecast.people;
    assert!((100..=140).contains(&people), "{people}");
    assert_eq!(foretold.audience["sms"], people);
}

#[tokio::test(start_paused = true)]
async fn a_ladder_is_foretold_by_its_first_turns() {
    let ladder = fenghuo::config::Ladder {
        channels: vec![Channel::Push, Channel::Sms],
        wait_s: MINUTE,
        until: fenghuo::config::Until::Delivered,
    };
    let both = |n: u32| vec![(Channel::Push, format!("token-{n}")), (Channel::Sms, format!("138{n:08}"))];
    let world = Plan::new(88)
        .configured(|config| drop(config.ladder.insert(fenghuo::domain::level::Level::Blue, ladder)))
        .route("push.a", Channel::Push, |route, _| route.rate_per_s = Some(100))
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(10))
        .people(STREET, (0..100).map(both))
        .recipients(STREET, Channel::Sms, numbers(10_000, 40));
    let engine = world.start().await;
    let foretold = foretell(&engine, &warning("W1", "blue")).await;
    let (push, sms) = (&foretold.forecast.channels["push"], &foretold.forecast.channels["sms"]);
    assert_eq!((push.people, push.at_once, sms.people, sms.at_once), (100, 100, 140, 40));
    assert_eq!(foretold.forecast.people, 140);
    agree(sms.finish_s, takes(&engine, &warning("W1", "blue")).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_foretold_says_until_when_it_holds_as_what_goes_out_does() {
    let world = Plan::new(88).route("email.a", Channel::Email, |_, _| {}).recipients(
        STREET,
        Channel::Email,
        ["p@songbei.example".to_owned()],
    );
    let validity = Duration::from_secs(36 * 3_600);
    let engine = world.configured(|config| config.delivery.default_validity_s = validity).start().await;
    let mut message = warning("W1", "yellow");
    message["infos"][0].as_object_mut().expect("an info").remove("expires");
    let foretold = foretell(&engine, &message).await;
    let text = &foretold.texts.iter().find(|text| text.language == "zh-CN").expect("a text").text;
    assert!(text.contains("有效至：2026年11月25日20时00分"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn where_they_are_at_home_is_told_by_street() {
    let village = "230109005001";
    let both = Recipient {
        external_id: "both".to_owned(),
        areas: vec![STREET.parse().expect("a code"), OTHER_STREET.parse().expect("a code")],
        endpoints: [(Channel::Sms, "13900000000".to_owned()), (Channel::Push, "token".to_owned())].into(),
        language: "zh-CN".to_owned(),
        drill: true,
        ..Recipient::default()
    };
    let world = Plan::new(88)
        .configured(|config| {
            config.areas.insert(STREET.parse().expect("a code"), "松北街道".to_owned());
        })
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("push.a", Channel::Push, |_, _| {})
        .recipients(STREET, Channel::Sms, numbers(0, 30))
        .recipients(village, Channel::Sms, numbers(100, 5))
        .recipients(OTHER_STREET, Channel::Sms, numbers(200, 7))
        .recipient(both);
    let engine = world.start().await;
    let foretold = foretell(&engine, &warning("W1", "yellow")).await.forecast;
    assert_eq!(foretold.people, 43);
    let told: Vec<_> = foretold
        .streets
        .iter()
        .map(|street| {
            (street.code.map(|code| code.to_string()), street.name.as_deref(), street.people, street.channels["sms"])
        })
        .collect();
    // The village belongs to its street, and whoever gave two streets counts in both.
    assert_eq!(
        told,
        [(Some(STREET.to_owned()), Some("松北街道"), 36, 36), (Some(OTHER_STREET.to_owned()), None, 8, 8)]
    );
    assert_eq!(foretold.streets[0].channels["push"], 1);
    let one = foretell(&engine, &of_street(warning("W2", "yellow"), OTHER_STREET)).await.forecast;
    assert!(one.streets.iter().any(|street| street.people == 8), "{:?}", one.streets);
}

#[tokio::test(start_paused = true)]
async fn what_stands_already_and_does_not_go_together_is_told() {
    let world = Plan::new(89).route("sms.a", Channel::Sms, |_, _| {}).recipients(STREET, Channel::Sms, numbers(0, 3));
    let engine = world.start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let conflicts = async |message: &Value| {
        let foretold = foretell(&engine, message).await;
        let told: Vec<_> = foretold.forecast.conflicts.iter().map(|one| (one.warning == id, one.kind.name())).collect();
        let advised = foretold.advice.iter().filter(|finding| finding.code.starts_with("conflict-")).count();
        assert_eq!(told.len(), advised);
        told
    };
    let other_sender = |identifier: &str, level: &str| {
        let mut message = warning(identifier, level);
        message["sender"] = "other@songbei.example".into();
        message
    };
    // All of them come from one account here: it should have been an update.
    assert_eq!(conflicts(&warning("W2", "orange")).await, [(true, "not_updated")]);
    assert_eq!(conflicts(&of_street(other_sender("W3", "red"), STREET)).await, [(true, "not_updated")]);
    // An update and a lift of it, the same hazard elsewhere, another hazard, a test: none of them.
    let mut fire = warning("W4", "red");
    fire["infos"][0]["hazard"] = "11B25".into();
    fire["infos"][0]["event"] = "森林火险".into();
    let mut test = warning("W5", "red");
    test["status"] = "test".into();
    let elsewhere = of_street(warning("W6", "red"), "230111001000");
    for calm in [following(&first, "W7", "update"), following(&first, "W8", "cancel"), fire, test, elsewhere] {
        assert_eq!(conflicts(&calm).await, [], "{calm}");
    }
    let lift = engine.post(&following(&first, "W9", "cancel")).await;
    engine.until(&lift, MINUTE, |status| status.done).await;
    assert_eq!(conflicts(&warning("W10", "orange")).await, [], "what was lifted is in nobody's way");
}
