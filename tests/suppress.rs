//! Addresses that a provider refused for good are left alone for a while, with a reason, and not by red.

use std::time::Duration;

use fenghuo::{
    domain::delivery::Reason,
    flow::{
        authorize::{Actor, Role},
        record::WarningId,
        retry::Retry,
        suppress::SuppressionView,
    },
};
use fenghuo_contract::{Address, Channel};

use crate::{
    receipts::{deliveries, undelivered},
    support::{
        engine::{Engine, Plan, submission},
        message::{STREET, warning},
    },
};

const MINUTE: Duration = Duration::from_secs(60);
/// The simulator refuses it for good.
const REFUSED: &str = "19900009001";
const DAY_MS: i64 = 24 * 3_600_000;

/// Nine who are reached and one whose number is refused, over a route that carries the real thing too.
async fn world(seed: u64, actual: bool) -> Engine {
    let numbers = (0..9).map(|n| format!("138{n:08}")).chain([REFUSED.to_owned()]);
    let plan = Plan::new(seed).route("sms.a", Channel::Sms, |route, _| route.actual = actual);
    plan.recipients(STREET, Channel::Sms, numbers).start().await
}

/// Posts a warning and gives its failures by reason.
async fn failures(engine: &Engine, name: &str, level: &str) -> (WarningId, Vec<(String, u64)>) {
    let mut message = warning(name, level);
    message["infos"][0]["headline"] = format!("松北区防汛抗旱指挥部发布暴雨预警{name}").into();
    let id = engine.post(&message).await;
    let status = engine.until_done(&id, MINUTE).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    (id, status.channels["sms"].failed_by_reason.clone().into_iter().filter(|(_, count)| *count > 0).collect())
}

fn one(reason: &str) -> Vec<(String, u64)> {
    vec![(reason.to_owned(), 1)]
}

async fn listed(engine: &Engine) -> Vec<SuppressionView> {
    engine.flow.suppressions(None, 100).await.expect("read").items
}

#[tokio::test(start_paused = true)]
async fn a_refused_address_is_left_alone_until_it_is_cleared_or_its_time_is_over() {
    let mut engine = world(1501, true).await;
    assert_eq!(failures(&engine, "W1", "yellow").await.1, one("recipient_refused"));
    engine = engine.restart().await;
    let view = listed(&engine).await.remove(0);
    assert_eq!((&*view.channel, &*view.route, view.recipients.len()), ("sms", "sms.a", 1));
    assert!(view.address.as_deref().is_some_and(|address| address.contains('*')), "{view:?}");
    let (second, failed) = failures(&engine, "W2", "orange").await;
    assert_eq!(failed, one("suppressed"));
    let seen = deliveries(&engine, &second).await.into_iter().find(|one| one.reason.name() == "suppressed");
    assert_eq!(seen.map(|one| one.recipient), Some("r9".to_owned()));
    let line = engine.ledgers["sms.a"].line(&Address::new(REFUSED));
    assert_eq!(line.map_or(0, |line| line.seen), 0, "the provider was not asked");
    // Red tries it again, and so does whoever orders it.
    assert_eq!(failures(&engine, "W3", "red").await.1, one("recipient_refused"));
    let order = Retry { nonce: "n1".to_owned(), channel: None, reasons: vec![Reason::Suppressed], reason: None };
    let operator = Actor::new("operator-1", Role::Operator, None);
    engine.flow.retry(&second, order, &operator).await.expect("taken").expect("known");
    let status = engine.until_done(&second, MINUTE).await;
    assert_eq!(status.channels["sms"].failed_by_reason["recipient_refused"], 1, "{status:?}");
    assert!(engine.flow.clear_suppression(&view.id, "k1").await.expect("stored"));
    assert!(!engine.flow.clear_suppression(&view.id, "k1").await.expect("read"), "it is cleared already");
    assert!(listed(&engine).await.is_empty());
    assert_eq!(failures(&engine, "W4", "yellow").await.1, one("recipient_refused"));
    assert_eq!(listed(&engine).await.len(), 1);
    let later = engine.clock.unix_ms() + 91 * DAY_MS;
    engine = engine.restart_at(later).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    assert!(listed(&engine).await.is_empty(), "its time is over");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_another_number_by_now_is_reached() {
    let mut engine = world(1502, true).await;
    failures(&engine, "W1", "yellow").await;
    engine = engine
        .changed("r9", |recipient| {
            recipient.endpoints.insert(Channel::Sms, "13899999999".to_owned());
        })
        .await;
    assert_eq!(failures(&engine, "W2", "yellow").await.1, Vec::new());
}

#[tokio::test(start_paused = true)]
async fn what_a_route_for_drills_refuses_says_nothing_about_a_number() {
    let engine = world(1503, false).await;
    failures(&engine, "W1", "yellow").await;
    assert!(listed(&engine).await.is_empty());
    assert_eq!(failures(&engine, "W2", "yellow").await.1, one("recipient_refused"));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_nearly_everybody_is_not_believed() {
    let numbers = (0..40).map(|n| format!("199{n:04}9001"));
    let plan = Plan::new(1504).route("sms.a", Channel::Sms, |route, _| route.actual = true);
    let engine = plan.recipients(STREET, Channel::Sms, numbers).start().await;
    assert_eq!(failures(&engine, "W1", "yellow").await.1, [("recipient_refused".to_owned(), 40)]);
    assert!(listed(&engine).await.len() < 8, "{:?}", listed(&engine).await);
}

#[tokio::test(start_paused = true)]
async fn later_word_suppresses_an_address_only_with_a_code_of_the_recipient() {
    // Two who are accepted and never reported, one who is reported delivered at once.
    let numbers = ["19900009006", "19900019006", "13800000001"].map(str::to_owned);
    let plan = Plan::new(1505).route("sms.a", Channel::Sms, |route, _| route.actual = true);
    let engine = plan.recipients(STREET, Channel::Sms, numbers).start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.delivered == 1)).await;
    let named = deliveries(&engine, &id).await;
    let named: Vec<String> = named.iter().map(|one| crate::receipts::reference(one, 0)).collect();
    let codes = [undelivered("5.1.1"), undelivered("no-such-code"), undelivered("5.1.1")];
    assert!(engine.report(named.into_iter().zip(codes)).await);
    engine.clock.sleep(Duration::from_secs(1)).await;
    // What was delivered is not undone by a report that comes after.
    let codes: Vec<String> = listed(&engine).await.into_iter().map(|view| view.code).collect();
    assert_eq!(codes, ["5.1.1"]);
}

#[tokio::test(start_paused = true)]
async fn a_forecast_says_how_many_get_nothing_for_it() {
    let engine = world(1509, true).await;
    failures(&engine, "W1", "yellow").await;
    let looked = async |name: &str, level: &str| {
        let submission = submission(&warning(name, level), engine.actor());
        engine.flow.dry_run(submission).await.expect("good").forecast
    };
    let orange = looked("W2", "orange").await;
    let sms = &orange.channels["sms"];
    assert_eq!((sms.people, sms.suppressed, sms.at_once, orange.suppressed), (10, 1, 9, 1), "{sms:?}");
    // Red goes out to it all the same.
    let red = looked("W3", "red").await;
    assert_eq!((red.channels["sms"].suppressed, red.channels["sms"].at_once), (0, 10));
}
