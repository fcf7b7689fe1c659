//! What is over leaves memory and is answered for all the same: folding, replay from where it is needed, receipts that
//! come after, erasure, and a store that fails at any step of it.

mod faulty;

use std::{sync::Arc, time::Duration};

use fenghuo::{
    clock::Clock,
    domain::delivery::State,
    flow::{record::WarningId, status::DeliveryFilter},
    store::{Space, Store},
};
use fenghuo_contract::Channel;
use fenghuo_simulator::Settings;
use serde_json::{Value, json};

use self::faulty::Faulty;
use crate::support::{
    engine::{Engine, Plan, START_MS},
    message::{STREET, following, warning},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A warning over at 08:05.
fn short(identifier: &str, level: &str) -> Value {
    let mut message = warning(identifier, level);
    message["infos"][0]["expires"] = "2026-11-24T08:05:00+08:00".into();
    message
}

/// Every kind of answer among ordinary ones.
fn addresses(count: u32) -> Vec<String> {
    let mut addresses: Vec<String> = (0..count).map(|n| format!("138{n:08}")).collect();
    let special = (9001..=9014).filter(|behaviour| ![9002, 9007, 9012].contains(behaviour));
    for (place, behaviour) in special.enumerate() {
        addresses.insert(place * 50 % addresses.len(), format!("1990000{behaviour}"));
    }
    addresses
}

/// Puts things away a minute after they are over, and waits for receipts for two.
async fn tidy(mut engine: Engine) -> Engine {
    engine.config.retention.fold_after_s = MINUTE;
    engine.config.retention.receipts_wait_s = 2 * MINUTE;
    engine.config.receipts.unknown_keep_s = 10 * MINUTE;
    engine.restart().await
}

async fn world(seed: u64, count: u32, change: impl FnOnce(&mut Settings)) -> Engine {
    let world = Plan::new(seed).route("sms.a", Channel::Sms, |route, settings| {
        route.rate_per_s = Some(1_000);
        settings.receipts = 0.9;
        change(settings);
    });
    let world = world.route("email.a", Channel::Email, |_, _| {});
    let mails = (0..20).map(|n| format!("r{n}@songbei.example"));
    let world = world.recipients(STREET, Channel::Sms, addresses(count)).recipients(STREET, Channel::Email, mails);
    tidy(world.start().await).await
}

/// Everything that can be asked about a warning, without what is about the moment of asking.
async fn answers(engine: &Engine, id: &WarningId) -> Value {
    let mut status = serde_json::to_value(engine.status(id).await).expect("a status");
    status["as_of"] = Value::Null;
    status["people"]["unreached_as_of"] = Value::Null;
    status["alarms"] = Value::Null;
    status["forecast"] = Value::Null;
    for channel in status["channels"].as_object_mut().expect("channels").values_mut() {
        channel["rate_per_s"] = Value::Null;
    }
    let all = DeliveryFilter::default();
    let failed = DeliveryFilter { state: Some(State::Failed), ..all.clone() };
    let mail = DeliveryFilter { channel: Some("email".to_owned()), ..all.clone() };
    let timeline = engine.flow.timeline(id).await.expect("a store");
    json!({
        "status": status,
        "all": list(engine, id, &all, 300).await,
        "failed": list(engine, id, &failed, 3).await,
        "mail": list(engine, id, &mail, 7).await,
        "timeline": timeline,
    })
}

/// A whole list, page by page.
async fn list(engine: &Engine, id: &WarningId, filter: &DeliveryFilter, page: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let found = engine.flow.deliveries(id, filter, cursor.as_deref(), page).await.expect("a store").expect("known");
        all.extend(found.items.into_iter().map(|view| serde_json::to_value(view).expect("a view")));
        cursor = found.next;
        if cursor.is_none() {
            return all;
        }
    }
}

/// Keys of the store's records of folded plans: heads, and parts with their generation.
async fn folded(store: &Store) -> (usize, Vec<u32>) {
    let records = store.list(Space::PlanFolded, None, 10_000).await.expect("a store");
    let generation = |key: &[u8]| key.get(8..12)?.try_into().ok().map(u32::from_be_bytes);
    let mut generations: Vec<u32> = records.iter().filter_map(|(key, _)| generation(&key.0)).collect();
    let heads = records.len() - generations.len();
    generations.dedup();
    (heads, generations)
}

#[tokio::test(start_paused = true)]
async fn a_folded_warning_answers_as_before() {
    for seed in [21, 22] {
        let mut engine = world(seed, 600, |_| {}).await;
        let id = engine.post(&short("W1", "red")).await;
        engine.until(&id, 4 * MINUTE, |status| status.done).await;
        engine.clock.sleep(30 * SECOND).await;
        let live = answers(&engine, &id).await;
        assert_eq!(live["all"].as_array().expect("a list").len(), 631, "{}", live["status"]);
        assert!(live["failed"].as_array().expect("a list").len() > 1);
        engine = engine.restart().await;
        assert_eq!(answers(&engine, &id).await, live, "replayed");
        assert_eq!(folded(&engine.store).await.0, 0, "not while it stands");
        engine.clock.sleep(8 * MINUTE).await;
        assert_eq!(folded(&engine.store).await, (2, vec![1]), "one block a channel");
        let folded_answers = answers(&engine, &id).await;
        for part in ["status", "failed", "mail", "timeline", "all"] {
            assert_eq!(folded_answers[part], live[part], "folded: {part}");
        }
        engine = engine.restart().await;
        assert_eq!(answers(&engine, &id).await, live, "folded and started again");
        // Nobody asked for a while: it is read once more.
        engine.clock.sleep(2 * MINUTE).await;
        assert_eq!(answers(&engine, &id).await, live, "recalled again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lift_of_what_is_folded_goes_to_those_who_were_told() {
    let told = async |fold: bool| {
        let mut engine = world(23, 300, |_| {}).await;
        if !fold {
            engine.config.retention.fold_after_s = 1_000 * MINUTE;
            engine = engine.restart().await;
        }
        let first = short("W1", "yellow");
        let id = engine.post(&first).await;
        engine.until(&id, 4 * MINUTE, |status| status.done).await;
        engine.clock.sleep(9 * MINUTE).await;
        assert_eq!(folded(&engine.store).await.0, if fold { 2 } else { 0 });
        let mut lift = following(&first, "W2", "cancel");
        lift["infos"][0]["expires"] = "2026-11-24T18:00:00+08:00".into();
        let lift = engine.post(&lift).await;
        let status = engine.until(&lift, 4 * MINUTE, |status| status.done).await;
        (status.channels["sms"].audience, status.channels["email"].audience, status.people.addressed)
    };
    let as_live = told(false).await;
    assert!(as_live.0 > 280, "{as_live:?}");
    assert_eq!(told(true).await, as_live);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_after_folding_counts_and_is_folded_too() {
    let world = Plan::new(24).route("sms.a", Channel::Sms, |_, settings| settings.late_ms = 900_000);
    let late = ["19900009007".to_owned(), "19900019007".to_owned()];
    let addresses = addresses(100).into_iter().chain(late);
    let mut engine = tidy(world.recipients(STREET, Channel::Sms, addresses).start().await).await;
    let id = engine.post(&short("W1", "red")).await;
    engine.until(&id, 4 * MINUTE, |status| status.done).await;
    engine.clock.sleep(10 * MINUTE).await;
    let before = engine.status(&id).await.channels["sms"].clone();
    assert_eq!((folded(&engine.store).await, before.accepted), ((1, vec![1]), 3), "two late ones and one silent");
    engine.clock.sleep(6 * MINUTE).await;
    let after = engine.status(&id).await.channels["sms"].clone();
    assert_eq!((after.accepted, after.delivered), (1, before.delivered + 2));
    let live = answers(&engine, &id).await;
    engine = engine.restart().await;
    assert_eq!(answers(&engine, &id).await, live, "replayed over the block");
    engine.clock.sleep(5 * MINUTE).await;
    assert_eq!(folded(&engine.store).await, (1, vec![2]), "the older block is gone");
    assert_eq!(answers(&engine, &id).await, live, "folded again");
    engine = engine.restart().await;
    assert_eq!(answers(&engine, &id).await, live, "folded again and started again");
}

#[tokio::test(start_paused = true)]
async fn replay_begins_behind_what_is_folded() {
    let mut engine = world(25, 3_000, |settings| settings.batch_max = 16).await;
    let id = engine.post(&short("W1", "red")).await;
    engine.until(&id, 4 * MINUTE, |status| status.done).await;
    engine.clock.sleep(MINUTE).await;
    let live = answers(&engine, &id).await;
    let rows = engine.store.head().await.expect("a head").0;
    assert!(rows > 200, "{rows}");
    engine.clock.sleep(30 * MINUTE).await;
    let faulty = Faulty::new(Arc::clone(&engine.store));
    engine.store = Arc::clone(&faulty) as Store;
    engine = engine.restart().await;
    let from = faulty.replayed_from();
    assert!(from + 64 > rows, "replay begins at {from}, the warning took {rows} rows");
    assert_eq!(answers(&engine, &id).await, live, "the timeline too");
    // And what comes now is replayed from there.
    let mut later = short("W2", "red");
    later["sent"] = "2026-11-24T08:40:00+08:00".into();
    later["infos"][0]["expires"] = "2026-11-24T09:40:00+08:00".into();
    let next = engine.post(&later).await;
    engine.until(&next, 4 * MINUTE, |status| status.done).await;
    engine.clock.sleep(MINUTE).await;
    let live = answers(&engine, &next).await;
    engine = engine.restart().await;
    assert_eq!(faulty.replayed_from(), from);
    assert_eq!(answers(&engine, &next).await, live);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_at_any_step_of_folding_leaves_the_truth() {
    let mut engine = world(26, 100, |_| {}).await;
    let id = engine.post(&short("W1", "red")).await;
    engine.until(&id, 4 * MINUTE, |status| status.done).await;
    engine.clock.sleep(30 * SECOND).await;
    let live = answers(&engine, &id).await;
    let healthy = Arc::clone(&engine.store);
    for allowed in 0..8 {
        let faulty = Faulty::new(Arc::clone(&healthy));
        faulty.fail_after(allowed);
        engine.store = faulty as Store;
        engine = engine.restart().await;
        engine.clock.sleep(if allowed == 0 { 8 * MINUTE } else { 5 * SECOND }).await;
        assert_eq!(answers(&engine, &id).await, live, "running, {allowed} commits let through");
        engine.store = Arc::clone(&healthy);
        engine = engine.restart().await;
        assert_eq!(answers(&engine, &id).await, live, "started again after {allowed} commits");
    }
    engine.clock.sleep(120 * SECOND).await;
    assert_eq!(folded(&engine.store).await.0, 2);
    assert_eq!(answers(&engine, &id).await, live);
}

#[tokio::test(start_paused = true)]
async fn details_are_erased_when_their_days_are_over_and_counts_stay() {
    let mut engine = world(27, 200, |_| {}).await;
    let id = engine.post(&short("W1", "red")).await;
    engine.until(&id, 4 * MINUTE, |status| status.done).await;
    engine.clock.sleep(10 * MINUTE).await;
    let before = answers(&engine, &id).await;
    engine.config.retention.details_days = 200;
    const DAY_MS: i64 = 86_400_000;
    engine.clock = Clock::simulated(START_MS + 199 * DAY_MS, 27);
    engine = engine.restart().await;
    engine.clock.sleep(10 * SECOND).await;
    assert_eq!(answers(&engine, &id).await, before, "not before");
    engine.clock = Clock::simulated(START_MS + 201 * DAY_MS, 27);
    // The store fails in the middle of erasing; the next start goes on.
    let healthy = Arc::clone(&engine.store);
    let faulty = Faulty::new(Arc::clone(&healthy));
    faulty.fail_after(2);
    engine.store = faulty as Store;
    engine = engine.restart().await;
    engine.clock.sleep(10 * SECOND).await;
    assert_eq!(answers(&engine, &id).await["status"], before["status"]);
    engine.store = healthy;
    engine = engine.restart().await;
    engine.clock.sleep(10 * SECOND).await;
    for _ in 0..2 {
        let after = answers(&engine, &id).await;
        assert_eq!(after["status"], before["status"], "counts and persons");
        assert_eq!(after["all"], json!([]));
        let told = after["timeline"].as_array().expect("a list").iter().any(|entry| entry["what"] == "details_erased");
        assert!(told, "{}", after["timeline"]);
        assert_eq!(folded(&engine.store).await, (2, vec![]), "heads only");
        assert!(engine.store.list(Space::PlanAudience, None, 10).await.expect("a store").is_empty());
        engine = engine.restart().await;
    }
}

#[tokio::test(start_paused = true)]
async fn how_often_a_person_was_reached_is_known_after_a_restart() {
    let world = Plan::new(29).route("sms.a", Channel::Sms, |_, _| {});
    let addresses = (0..300).map(|n| format!("138{n:08}"));
    let mut engine = tidy(world.recipients(STREET, Channel::Sms, addresses).start().await).await;
    let once = "per_hour = 1\nup_to = \"orange\"";
    engine.config.limits.recipient.insert("sms".to_owned(), toml::from_str(once).expect("a limit"));
    engine = engine.restart().await;
    let first = engine.post(&short("W1", "blue")).await;
    engine.until(&first, 4 * MINUTE, |status| status.done).await;
    engine.clock.sleep(10 * MINUTE).await;
    assert_eq!(folded(&engine.store).await.0, 0, "its outcomes are counted on for a day");
    engine = engine.restart().await;
    let mut second = warning("W2", "blue");
    second["infos"][0]["expires"] = "2026-11-24T09:45:00+08:00".into();
    let second = engine.post(&second).await;
    engine.clock.sleep(10 * MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 0, "nobody twice in an hour");
    engine.clock.sleep(50 * MINUTE).await;
    assert_eq!(engine.status(&second).await.channels["sms"].delivered, 300, "everybody after it");
}
