//! Links that are cut at random, counted on the carrier's side.
//!
//! The suite carries it to 20,000 people; `FENGHUO_CUT_RECIPIENTS=100000 cargo test --test integration carriers::cut` does the
//! same with as many as it says.

use std::collections::BTreeSet;

use fenghuo_centre::{Behaviour, Keep, Protocol};
use serde_json::Value;

use super::{Carrier, deliveries, number, people, saying, sent};

fn recipients() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "a person asks for a larger run; nothing is configured")]
    let asked = std::env::var("FENGHUO_CUT_RECIPIENTS");
    asked.ok().and_then(|count| count.parse().ok()).unwrap_or(20_000)
}

/// One warning to everybody while each link dies within `most` submits: what we say of each number against what its phone saw.
async fn cut(protocol: Protocol, level: &str, most: u64, count: u32) -> (Carrier, Vec<(u32, Value)>) {
    let behaviour = Behaviour { cut_within: Some(most), seed: 5, keep: Keep::Counts, ..Behaviour::default() };
    let carrier = Carrier::start(protocol, behaviour).await;
    let world = carrier.gateway(", binds = 3, reconnect_max_ms = 200", "").await;
    for first in (0..count).step_by(10_000) {
        people(&world, first..count.min(first + 10_000)).await;
    }
    let id = sent(&world, &saying("C1", level, "exercise", 0)).await;
    let mut done = false;
    for _ in 0..40 {
        let told = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
        done = told["done"] == true;
        if done {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    assert!(done, "not within two minutes");
    let told = deliveries(&world, &id).await;
    assert_eq!(told.len(), count as usize);
    let cuts = carrier.centre.counts().cuts;
    assert!(cuts >= 3, "only {cuts} links were cut: nothing is shown");
    let reached = |number: &str| carrier.centre.reached(number).max(carrier.centre.reached(&format!("86{number}")));
    let told = told.into_iter().map(|(number, delivery)| (reached(&number), delivery)).collect();
    (carrier, told)
}

fn is(delivery: &Value, state: &str) -> bool {
    delivery["state"] == state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn red_reaches_everybody_and_twice_only_who_was_in_doubt() {
    let count = recipients();
    let (carrier, told) = cut(Protocol::Smpp, "red", u64::from(count) / 10, count).await;
    let mut in_doubt = 0;
    for (reached, delivery) in &told {
        // Three attempts whose answers were lost: whether he has it nobody can know, and so it is said.
        let is_in_doubt = delivery["reason"] == "in_doubt" && delivery["attempts"] == 3;
        in_doubt += usize::from(is_in_doubt);
        let is_reached = is(delivery, "accepted") || is(delivery, "delivered");
        assert!(is_in_doubt || (*reached >= 1 && is_reached), "reached {reached} times: {delivery:#}");
        assert!(*reached == 1 || delivery["maybe_doubled"] == true, "reached {reached} times: {delivery:#}");
    }
    assert!(in_doubt * 1_000 <= told.len(), "{in_doubt} are in doubt to the end");
    let doubled: BTreeSet<String> = carrier.centre.doubled().into_keys().collect();
    let counted = told.iter().filter(|(reached, _)| *reached > 1).count();
    assert_eq!(doubled.len(), counted, "{doubled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yellow_reaches_nobody_twice_and_misses_only_who_is_in_doubt() {
    let (carrier, told) = cut(Protocol::Smpp, "yellow", 500, 5_000).await;
    assert!(carrier.centre.doubled().is_empty(), "{:?}", carrier.centre.doubled());
    let mut in_doubt = 0;
    for (reached, delivery) in &told {
        if delivery["reason"] == "in_doubt" {
            in_doubt += 1;
        } else {
            assert!(*reached == 1 && !is(delivery, "failed"), "reached {reached} times: {delivery:#}");
        }
    }
    assert!(in_doubt > 0, "no submit was unanswered when its link was cut: nothing is shown");
    assert!(told.iter().all(|(reached, _)| *reached <= 1));
    // Named by a number that nobody has, the centre has seen nothing.
    assert_eq!(carrier.centre.reached(&number(u32::MAX)), 0);
}
