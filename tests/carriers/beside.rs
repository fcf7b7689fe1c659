//! A silent, a slow and a lying provider beside a good one.

use std::{collections::BTreeMap, time::Duration};

use fenghuo_centre::{Behaviour, Manner, Protocol};

use super::{Carrier, deliveries, people, route_view, saying, sent, until};
use crate::support::gateway::{TestGateway, route};

const COUNT: u32 = 1_200;

/// Providers by the name of their route.
async fn providers() -> BTreeMap<&'static str, Carrier> {
    let slow = Behaviour { answer_after: Duration::from_millis(400), ..Behaviour::default() };
    let mut all = BTreeMap::new();
    for (name, behaviour) in [
        ("sms.good", Behaviour::default()),
        ("sms.silent", Behaviour { manner: Manner::Silent, ..Behaviour::default() }),
        ("sms.slow", slow),
        ("sms.lying", Behaviour { manner: Manner::Lying, ..Behaviour::default() }),
    ] {
        all.insert(name, Carrier::start(Protocol::Smpp, behaviour).await);
    }
    all
}

/// Everybody goes by the good one, which answers all of them, when it stands alone: what it carries then it carries beside others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_provider_is_not_touched_by_what_others_do() {
    let providers = providers().await;
    let world = TestGateway::with(|config| {
        config.routes.retain(|_, route| !route.channel.reaches_persons());
        for (name, carrier) in &providers {
            let settings = carrier.settings(", answer_timeout_ms = 1500, window = 8", "");
            let mut route = route("sms", "smpp", &settings);
            // Little at a time, so that nobody holds much before it is known how he is.
            (route.batch, route.window) = (Some(20), Some(2));
            config.routes.insert((*name).to_owned(), route);
        }
    })
    .await;
    people(&world, 0..COUNT).await;
    let id = sent(&world, &saying("P1", "red", "exercise", 0)).await;
    until("everything has ended", async || {
        let path = format!("/v1/warnings/{id}/status");
        world.get(&path, &world.operator).await.json()["done"] == true
    })
    .await;
    let good = &providers["sms.good"].centre;
    until("the good one's receipts are in", async || {
        let all = deliveries(&world, &id).await;
        all.values().filter(|one| one["route"] == "sms.good").all(|one| one["state"] == "delivered")
    })
    .await;
    let all = deliveries(&world, &id).await;
    let mut by_route: BTreeMap<&str, Vec<(&String, &serde_json::Value)>> = BTreeMap::new();
    for (number, delivery) in &all {
        by_route.entry(delivery["route"].as_str().unwrap_or_default()).or_default().push((number, delivery));
    }
    let of = |name: &str| by_route.get(name).map_or(0, Vec::len);
    // Each number that went over the good one reached its phone there, once, and is known as delivered.
    for (number, delivery) in &by_route["sms.good"] {
        assert_eq!((good.reached(number), &delivery["state"]), (1, &"delivered".into()), "{delivery:#}");
    }
    assert_eq!(good.counts().arrived as usize, of("sms.good"), "nothing went there in vain");
    assert!(of("sms.good") > of("sms.slow") + of("sms.silent"), "{:?}", counts(&by_route));
    // Whoever the silent one was given moved over, or ended with a reason; nobody is left behind.
    for (number, delivery) in &all {
        let state = delivery["state"].as_str().unwrap_or_default();
        let has_reason = delivery["reason"] != "none";
        assert!(matches!(state, "accepted" | "delivered") || has_reason, "{number}: {delivery:#}");
        let lied = delivery["route"] == "sms.lying";
        assert!(!lied || state == "accepted", "a lie is never a delivery: {delivery:#}");
    }
    assert_eq!(of("sms.silent") + of("sms.slow") + of("sms.lying") + of("sms.good"), COUNT as usize);
    let silent = route_view(&world, "sms.silent").await;
    assert!(silent["last_error"].is_string(), "nobody noticed: {silent:#}");
    assert_eq!(route_view(&world, "sms.good").await["state"], "running");
    // Doubles stand where an unanswered submit had arrived all the same, and we say so.
    for (number, delivery) in &all {
        let phones: u32 = providers.values().map(|provider| provider.centre.reached(number)).sum();
        assert!(phones <= 1 || delivery["maybe_doubled"] == true, "reached {phones} times: {delivery:#}");
    }
}

fn counts<'a>(by_route: &BTreeMap<&'a str, Vec<(&String, &serde_json::Value)>>) -> Vec<(&'a str, usize)> {
    by_route.iter().map(|(name, all)| (*name, all.len())).collect()
}
