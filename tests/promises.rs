//! One table: every promise about sending, on every channel, by every way a warning comes to be sent. No path goes around
//! the lanes, the limits, the deadline or the drill gate. Each cell is judged by what the simulated provider has seen.

mod cell;
mod entry;

use std::{collections::BTreeSet, panic::AssertUnwindSafe};

use fenghuo_contract::Channel;
use futures_util::FutureExt;

use cell::{Promise, keeps};
use entry::Entry;

/// The table. A cell that is not here fails the test below.
const CELLS: &[(Promise, Entry)] = &[
    (Promise::RedGoesFirst, Entry::Api),
    (Promise::RedGoesFirst, Entry::Update),
    (Promise::RedGoesFirst, Entry::Lift),
    (Promise::RedGoesFirst, Entry::Correct),
    (Promise::RedGoesFirst, Entry::Retry),
    (Promise::RedGoesFirst, Entry::Signed),
    (Promise::RedGoesFirst, Entry::Scheduled),
    (Promise::RedGoesFirst, Entry::Relayed),
    (Promise::RedGoesFirst, Entry::Restart),
    (Promise::LimitsAreKept, Entry::Api),
    (Promise::LimitsAreKept, Entry::Update),
    (Promise::LimitsAreKept, Entry::Lift),
    (Promise::LimitsAreKept, Entry::Correct),
    (Promise::LimitsAreKept, Entry::Retry),
    (Promise::LimitsAreKept, Entry::Signed),
    (Promise::LimitsAreKept, Entry::Scheduled),
    (Promise::LimitsAreKept, Entry::Relayed),
    (Promise::LimitsAreKept, Entry::Restart),
    (Promise::NothingIsLate, Entry::Api),
    (Promise::NothingIsLate, Entry::Update),
    (Promise::NothingIsLate, Entry::Lift),
    (Promise::NothingIsLate, Entry::Correct),
    (Promise::NothingIsLate, Entry::Retry),
    (Promise::NothingIsLate, Entry::Signed),
    (Promise::NothingIsLate, Entry::Scheduled),
    (Promise::NothingIsLate, Entry::Relayed),
    (Promise::NothingIsLate, Entry::Restart),
    (Promise::ADrillStaysADrill, Entry::Api),
    (Promise::ADrillStaysADrill, Entry::Update),
    (Promise::ADrillStaysADrill, Entry::Lift),
    (Promise::ADrillStaysADrill, Entry::Correct),
    (Promise::ADrillStaysADrill, Entry::Retry),
    (Promise::ADrillStaysADrill, Entry::Signed),
    (Promise::ADrillStaysADrill, Entry::Scheduled),
    (Promise::ADrillStaysADrill, Entry::Relayed),
    (Promise::ADrillStaysADrill, Entry::Restart),
];

/// Operations of the API below `/v1/warnings`, `/v1/drills` and `/v1/inbox` that make something be sent, and the entry that
/// stands for each.
const SENDING: &[(&str, Entry)] = &[
    ("POST /v1/warnings", Entry::Api),
    ("POST /v1/warnings/{id}/lift", Entry::Lift),
    ("POST /v1/warnings/{id}/correct", Entry::Correct),
    ("POST /v1/warnings/{id}/sign-off", Entry::Signed),
    ("POST /v1/warnings/{id}/retry", Entry::Retry),
    ("POST /v1/drills", Entry::Scheduled),
    ("POST /v1/inbox/{id}/relay", Entry::Relayed),
];

#[test]
fn every_cell_is_listed() {
    let listed: BTreeSet<(Promise, Entry)> = CELLS.iter().copied().collect();
    let all = Promise::ALL.into_iter().flat_map(|promise| Entry::ALL.map(|entry| (promise, entry)));
    assert_eq!(listed, all.collect(), "every promise by every entry, once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_sends_is_an_entry() {
    let world = crate::support::gateway::TestGateway::start().await;
    let document = world.get("/openapi.json", &world.operator).await.json();
    let paths = document["paths"].as_object().expect("paths");
    let sends = |path: &str| path.starts_with("/v1/warnings") || path.starts_with("/v1/inbox") || path == "/v1/drills";
    // These write down what a person said; a notice that follows from it is the gateway's own and has its own tests.
    let says = |path: &str| ["/dismiss", "/calls", "/measures"].iter().any(|noun| path.contains(noun));
    let below = paths.iter().filter(|(path, _)| sends(path) && !says(path));
    let writing = below.flat_map(|(path, operations)| {
        let writes = |method: &&str| !operations[*method].is_null();
        ["post", "put", "patch", "delete"]
            .iter()
            .copied()
            .filter(move |m| writes(m))
            .map(move |m| format!("{} {path}", m.to_uppercase()))
    });
    let known: BTreeSet<String> = SENDING.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    let writing: BTreeSet<String> = writing.collect();
    assert_eq!(writing, known, "a new way to make something be sent needs its rows in the table");
}

async fn every_channel(promise: Promise) {
    let mut broken = Vec::new();
    for (_, entry) in CELLS.iter().filter(|(listed, _)| *listed == promise) {
        for channel in Channel::ALL {
            let kept = AssertUnwindSafe(keeps(promise, *entry, channel)).catch_unwind().await;
            let why = match kept {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_default(),
            };
            broken.push(format!("{promise:?} × {channel} × {entry:?}: {why}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn red_goes_first_whatever_the_way() {
    every_channel(Promise::RedGoesFirst).await;
}

#[tokio::test(start_paused = true)]
async fn limits_are_kept_whatever_the_way() {
    every_channel(Promise::LimitsAreKept).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_late_whatever_the_way() {
    every_channel(Promise::NothingIsLate).await;
}

#[tokio::test(start_paused = true)]
async fn a_drill_stays_a_drill_whatever_the_way() {
    every_channel(Promise::ADrillStaysADrill).await;
}
