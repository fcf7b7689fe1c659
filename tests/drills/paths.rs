//! Every path by which a drill could come to the public, tried, and the reverse: the real thing over what is for drills.

use std::time::Duration;

use fenghuo::{
    config::{Ladder, Until},
    domain::{area::AreaCode, delivery::Reason, level::Level},
    flow::{intake::Lift, record::WarningId, retry::Retry, screens::Screen, screens::Viewer, status::StatusView},
    store::{Commit, Expect, Key, Put, Space},
};
use fenghuo_contract::Channel;
use serde_json::{Value, json};

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn numbers(first: u32, count: u32) -> Vec<String> {
    (first..first + count).map(|n| format!("138{n:08}")).collect()
}

/// A route for drills and one for the public on sms; ten people who take part in drills and ten who do not.
fn world(seed: u64) -> Plan {
    let mut plan = Plan::new(seed)
        .route("sms.drill", Channel::Sms, |_, _| {})
        .route("sms.public", Channel::Sms, |route, _| (route.drill, route.actual) = (false, true))
        .recipients(STREET, Channel::Sms, numbers(0, 10));
    for (at, number) in numbers(100, 10).into_iter().enumerate() {
        plan = plan.recipient(person(&format!("public-{at}"), number, false));
    }
    plan
}

fn person(id: &str, number: String, drill: bool) -> fenghuo::flow::target::directory::Recipient {
    fenghuo::flow::target::directory::Recipient {
        external_id: id.to_owned(),
        areas: vec![STREET.parse().expect("an area code")],
        language: "zh-CN".to_owned(),
        endpoints: [(Channel::Sms, number)].into(),
        drill,
        ..Default::default()
    }
}

fn actual(mut message: Value) -> Value {
    message["status"] = "actual".into();
    message
}

/// What the two routes have seen.
fn seen(engine: &Engine) -> (u64, u64) {
    (engine.ledgers["sms.drill"].seen(), engine.ledgers["sms.public"].seen())
}

fn gate(status: &StatusView) -> u64 {
    status.channels["sms"].failed_by_reason.get("drill_gate").copied().unwrap_or_default()
}

/// Nobody of the public was reached, over whatever route.
fn no_public(engine: &Engine) {
    assert_eq!(engine.ledgers["sms.public"].seen(), 0, "a route of the public carried a drill");
    for number in numbers(100, 10) {
        let line = engine.ledgers["sms.drill"].line(&fenghuo_contract::Address::new(number));
        assert!(line.is_none_or(|line| line.seen == 0), "somebody who takes part in no drill was reached");
    }
}

#[tokio::test(start_paused = true)]
async fn exercises_and_tests_stay_on_what_is_for_drills_and_the_real_thing_off_it() {
    let engine = world(1).start().await;
    for status in ["exercise", "test"] {
        let mut drill = warning(status, "red");
        drill["status"] = status.into();
        let id = engine.post(&drill).await;
        assert_eq!(engine.until_done(&id, MINUTE).await.channels["sms"].delivered, 10, "{status}");
    }
    no_public(&engine);
    assert_eq!(seen(&engine), (20, 0));
    let id = engine.post(&actual(warning("real", "red"))).await;
    engine.until_done(&id, MINUTE).await;
    assert_eq!(seen(&engine), (20, 20), "the real thing goes to everybody, over the route of the public alone");
}

#[tokio::test(start_paused = true)]
async fn a_broken_drill_route_does_not_send_drills_over_a_public_one() {
    let engine = world(2)
        .configured(|config| {
            let public = config.routes.get_mut("sms.public").expect("a route");
            public.standby = true;
        })
        .start()
        .await;
    engine.flow.pause_route("sms.drill", "k1", "repair").await.expect("stored");
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(10 * MINUTE).await;
    assert_eq!((seen(&engine), engine.status(&id).await.channels["sms"].pending), ((0, 0), 10), "it waits");
    engine.flow.resume_route("sms.drill", "k1").await.expect("stored");
    engine.until_done(&id, MINUTE).await;
    assert_eq!(seen(&engine), (10, 0));
    no_public(&engine);
}

#[tokio::test(start_paused = true)]
async fn what_is_real_waits_rather_than_going_over_a_drill_route() {
    let engine = world(3).start().await;
    engine.flow.pause_route("sms.public", "k1", "repair").await.expect("stored");
    let id = engine.post(&actual(warning("W1", "red"))).await;
    engine.clock.sleep(10 * MINUTE).await;
    assert_eq!((seen(&engine), engine.status(&id).await.channels["sms"].pending), ((0, 0), 20));
}

#[tokio::test(start_paused = true)]
async fn a_retry_an_update_and_a_lift_of_a_drill_stay_drills() {
    let engine = world(4).recipients(STREET, Channel::Sms, ["19900009010".to_owned()]).start().await;
    let first = warning("W1", "red");
    let id = engine.post(&first).await;
    engine.until_done(&id, MINUTE).await;
    let retry =
        Retry { nonce: "again".to_owned(), channel: None, reasons: vec![Reason::ReportedUndelivered], reason: None };
    engine.flow.retry(&id, retry, &engine.actor()).await.expect("ordered").expect("known");
    engine.until_done(&id, MINUTE).await;
    let update = engine.post(&following(&first, "W2", "update")).await;
    engine.until_done(&update, MINUTE).await;
    engine.flow.lift(&update, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    engine.clock.sleep(MINUTE).await;
    let (drill, public) = seen(&engine);
    assert!(drill >= 11 + 1 + 11 + 10 && public == 0, "{drill} {public}");
    no_public(&engine);
}

#[tokio::test(start_paused = true)]
async fn later_steps_of_a_ladder_stay_drills() {
    let channels = vec![Channel::Push, Channel::Sms];
    let ladder = Ladder { channels, wait_s: MINUTE, until: Until::Confirmed };
    let people = (0..10).map(|n| vec![(Channel::Push, format!("token-{n}")), (Channel::Sms, format!("137{n:08}"))]);
    let engine = world(5)
        .configured(|config| drop(config.ladder.insert(Level::Blue, ladder)))
        .route("push.drill", Channel::Push, |_, _| {})
        .people(STREET, people)
        .start()
        .await;
    let id = engine.post(&warning("W1", "blue")).await;
    engine.until_done(&id, 10 * MINUTE).await;
    assert_eq!(seen(&engine), (20, 0), "ten by the first step, ten by the second");
    no_public(&engine);
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_taking_part_between_targeting_and_sending_is_left_out() {
    let engine = world(6).start().await;
    engine.flow.pause_route("sms.drill", "k1", "until the audience is frozen").await.expect("stored");
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.channels.contains_key("sms")).await;
    let left = numbers(0, 4).into_iter().enumerate().map(|(at, number)| person(&format!("r{at}"), number, false));
    engine.flow.directory().put(left.collect()).await.expect("stored");
    engine.flow.resume_route("sms.drill", "k1").await.expect("stored");
    let status = engine.until_done(&id, MINUTE).await;
    assert_eq!((gate(&status), status.channels["sms"].delivered, seen(&engine)), (4, 6, (6, 0)));
}

/// Changes what the store says of the plan of a warning on sms, as somebody would who has the file in hand.
async fn doctor(engine: &Engine, space: Space, change: impl FnOnce(&mut Value)) {
    let mut plans = engine.store.list(space, None, 10).await.expect("read");
    let (key, stored) = plans.pop().expect("a plan");
    let mut record: Value = serde_json::from_slice(&stored.value).expect("JSON");
    change(&mut record);
    put(engine, space, key, serde_json::to_vec(&record).expect("JSON")).await;
}

async fn put(engine: &Engine, space: Space, key: Key, value: Vec<u8>) {
    let put = Put { space, key, value: Some(value.into()), expect: Expect::Any };
    engine.store.commit(Commit { puts: vec![put], entries: Vec::new() }).await.expect("stored");
}

/// A warning whose plan is frozen and unsent, since its routes are paused; doctored, then started again and let go.
async fn doctored(seed: u64, message: Value, change: impl FnOnce(&mut Value)) -> (Engine, WarningId) {
    let engine = world(seed).start().await;
    for route in ["sms.drill", "sms.public"] {
        engine.flow.pause_route(route, "k1", "until it is doctored").await.expect("stored");
    }
    let id = engine.post(&message).await;
    engine.until(&id, MINUTE, |status| status.channels.contains_key("sms")).await;
    doctor(&engine, Space::Plan, change).await;
    let engine = engine.restart().await;
    for route in ["sms.drill", "sms.public"] {
        engine.flow.resume_route(route, "k1").await.expect("stored");
    }
    engine.clock.sleep(2 * MINUTE).await;
    (engine, id)
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_names_a_public_route_does_not_use_it() {
    let (engine, id) = doctored(7, warning("W1", "red"), |plan| plan["routes"] = json!(["sms.public"])).await;
    assert_eq!((seen(&engine), engine.status(&id).await.channels["sms"].pending), ((0, 0), 10));
    let both = json!(["sms.public", "sms.drill"]);
    let (engine, _) = doctored(8, warning("W1", "red"), |plan| plan["routes"] = both).await;
    assert_eq!(seen(&engine), (10, 0));
    no_public(&engine);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_claims_to_be_something_else_ends_unsent() {
    let claims: [fn(&mut Value); 4] = [
        |plan| (plan["drill"], plan["purpose"]) = (false.into(), "actual".into()),
        |plan| plan["drill"] = false.into(),
        |plan| plan["purpose"] = "actual".into(),
        |plan| plan["purpose"] = "test".into(),
    ];
    for claim in claims {
        let (engine, id) = doctored(9, warning("W1", "red"), |plan| {
            plan["routes"] = json!(["sms.public", "sms.drill"]);
            claim(plan);
        })
        .await;
        let status = engine.status(&id).await;
        assert_eq!((seen(&engine), gate(&status), status.done), ((0, 0), 10, true), "{status:#?}");
    }
    // And the real thing that claims to be a drill.
    let (engine, id) = doctored(10, actual(warning("W1", "red")), |plan| {
        plan["routes"] = json!(["sms.public", "sms.drill"]);
        (plan["drill"], plan["purpose"]) = (true.into(), "exercise".into());
    })
    .await;
    assert_eq!((seen(&engine), gate(&engine.status(&id).await)), ((0, 0), 20));
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_before_the_word_is_still_carried() {
    for status in ["exercise", "test"] {
        let mut message = warning("W1", "red");
        message["status"] = status.into();
        let (engine, id) = doctored(11, message, |plan| {
            plan.as_object_mut().expect("a record").remove("purpose");
        })
        .await;
        assert_eq!((seen(&engine), engine.status(&id).await.channels["sms"].delivered), ((10, 0), 10), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_audience_with_somebody_of_the_public_does_not_reach_them() {
    let engine = world(12).start().await;
    engine.flow.pause_route("sms.drill", "k1", "until it is doctored").await.expect("stored");
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.channels.contains_key("sms")).await;
    // The audience of the real thing in the place of the drill's.
    let real = engine.post(&actual(warning("W2", "red"))).await;
    engine.until_done(&real, MINUTE).await;
    let audiences = engine.store.list(Space::PlanAudience, None, 10).await.expect("read");
    let plans = engine.store.list(Space::Plan, None, 10).await.expect("read");
    let of_drill = |value: &[u8]| serde_json::from_slice::<Value>(value).expect("JSON")["drill"] == true;
    let (drill, plan) = plans.iter().find(|(_, plan)| of_drill(&plan.value)).expect("the drill's");
    let everybody = audiences.iter().find(|(key, _)| key != drill).expect("the other's").1.value.to_vec();
    put(&engine, Space::PlanAudience, drill.clone(), everybody).await;
    let mut record: Value = serde_json::from_slice(&plan.value).expect("JSON");
    record["size"] = 20.into();
    put(&engine, Space::Plan, drill.clone(), serde_json::to_vec(&record).expect("JSON")).await;
    let engine = engine.restart().await;
    engine.flow.resume_route("sms.drill", "k1").await.expect("stored");
    let status = engine.until_done(&id, MINUTE).await;
    assert_eq!((gate(&status), status.channels["sms"].delivered, seen(&engine)), (10, 10, (10, 0)));
    no_public(&engine);
}

#[tokio::test(start_paused = true)]
async fn exercise_test_and_the_real_thing_are_events_of_their_own() {
    let engine = world(13).start().await;
    let statuses = ["actual", "exercise", "test"];
    for first in statuses {
        let mut earlier = warning(&format!("first-{first}"), "orange");
        earlier["status"] = first.into();
        let id = engine.post(&earlier).await;
        engine.until_done(&id, MINUTE).await;
        for second in statuses {
            for kind in ["update", "cancel"] {
                let mut later = following(&earlier, &format!("{kind}-{first}-{second}"), kind);
                later["status"] = second.into();
                let submitted = engine.submit(&later).await;
                if first == second {
                    continue;
                }
                let codes = match submitted {
                    Err(fenghuo::flow::intake::SubmitFault::Forbidden(found)) => {
                        found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
                    }
                    other => panic!("{kind} of {first} by {second}: {other:?}"),
                };
                assert!(codes.contains(&"event-status-differs"), "{kind} of {first} by {second}: {codes:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_screen_of_the_public_never_shows_a_drill() {
    let engine = Plan::new(14).route("display.drill", Channel::Display, |_, _| {}).start().await;
    let area: AreaCode = STREET.parse().expect("an area code");
    let screen = |id: &str, drill: bool| Screen { drill, ..Screen::new(id, "东屏", area) };
    for (id, drill) in [("public", false), ("drill", true)] {
        engine.flow.put_screen(screen(id, drill)).await.expect("stored");
    }
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.channels.contains_key("display")).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    let shown = async |id: &str| {
        let document = engine.flow.screen_document(id, Viewer::Onlooker).await.expect("read").expect("a screen");
        document.notices.len()
    };
    assert_eq!((shown("public").await, shown("drill").await), (0, 1));
    assert!(!engine.flow.screen_ack("public", &id.0, fenghuo::flow::screens::AckState::Shown).await.expect("stored"));
    // A screen that stops taking part shows it no more; one that begins to shows nothing it was not meant for.
    engine.flow.put_screen(screen("drill", false)).await.expect("stored");
    engine.flow.put_screen(screen("public", true)).await.expect("stored");
    assert_eq!((shown("public").await, shown("drill").await), (0, 0));
}
