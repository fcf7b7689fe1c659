//! One warning over each of the carriers' protocols, and what people write back.

use fenghuo_centre::{Behaviour, Protocol, Receipts, Rule, State};

use super::{Carrier, deliveries, number, people, saying, sent, until};

/// The last two numbers: one the centre refuses, one it takes and reports as not delivered.
const REFUSED: u32 = 98;
const LOST: u32 = 99;

/// The status that refuses a number.
fn wrong_number(protocol: Protocol) -> u32 {
    match protocol {
        Protocol::Smpp => 0x0B,
        Protocol::Cmpp => 13,
        Protocol::Sgip => 6,
        Protocol::Smgp => 47,
    }
}

/// A drill and an actual warning in several segments to a hundred people, two of whom are not reached; then one confirms the
/// actual one, and one wants no more.
async fn story(protocol: Protocol) {
    let rules = vec![Rule::refuse("98", wrong_number(protocol)), Rule::end("99", State::Undeliverable, 12)];
    let carrier = Carrier::start(protocol, Behaviour { rules, ..Behaviour::default() }).await;
    let world = carrier.gateway("", "").await;
    people(&world, 0..100).await;
    let mut before = 0;
    for (name, status, mark) in [("S1", "exercise", "【演练】"), ("S2", "actual", "")] {
        let id = sent(&world, &saying(name, "red", status, 150)).await;
        let told = world.until_done(&id).await;
        let sms = &told["channels"]["sms"];
        assert_eq!(sms["delivered"], 98, "{told:#}");
        assert_eq!(sms["failed_by_reason"]["recipient_refused"], 1, "{told:#}");
        assert_eq!(sms["failed_by_reason"]["reported_undelivered"], 1, "{told:#}");
        let all = deliveries(&world, &id).await;
        assert_eq!(all[&number(REFUSED)]["reason"], "recipient_refused");
        assert_eq!(all[&number(LOST)]["reason"], "reported_undelivered");
        // Where submits name many numbers a bad one spoils the first for all of them, which none of them got then.
        let most = if protocol == Protocol::Smpp { 1 } else { 3 };
        let attempts = |delivery: &serde_json::Value| delivery["attempts"].as_u64().unwrap_or(u64::MAX);
        assert!(all.values().all(|delivery| attempts(delivery) <= most), "{all:#?}");
        assert!(all.values().all(|delivery| delivery["maybe_doubled"] == false), "{all:#?}");
        // What our side says is what the centre saw: everybody but the refused one, whole, once.
        let arrived = carrier.centre.arrived_since(before);
        before += arrived.len();
        assert_eq!(arrived.len(), 99);
        let mut reached: Vec<&str> = arrived.iter().map(|arrived| local(&arrived.to)).collect();
        reached.sort_unstable();
        let wanted: Vec<String> = (0..100).filter(|n| *n != REFUSED).map(number).collect();
        assert_eq!(reached, wanted);
        let words = format!("【松北预警】{mark}");
        for one in &arrived {
            assert!(one.text.starts_with(&words) && !one.text[words.len()..].contains("【松北预警】"), "{}", one.text);
            assert!(one.text.contains(&"雨".repeat(150)) && one.text.ends_with(mark), "{}", one.text);
            assert_eq!(one.text.contains("演练"), status == "exercise", "{}", one.text);
            assert!(one.segments >= 3 && one.receipt && !one.validity.is_empty(), "{one:?}");
        }
        if protocol == Protocol::Smpp {
            assert!(arrived.iter().all(|one| one.priority == 3 && one.from == "12379"), "{:?}", arrived[0]);
        }
        if status == "actual" {
            answered(&carrier, &world, &id).await;
        }
    }
    let counts = carrier.centre.counts();
    assert_eq!(
        (counts.malformed, counts.incomplete, counts.unwelcome, counts.segments_again),
        (0, 0, 0, 0),
        "{counts:?}"
    );
}

/// The number as the directory has it.
fn local(number: &str) -> &str {
    number.strip_prefix("86").unwrap_or(number)
}

async fn answered(carrier: &Carrier, world: &crate::support::gateway::TestGateway, id: &str) {
    carrier.centre.say(&number(1), "收到");
    // Said to a drill it would confirm; here it does not.
    carrier.centre.say(&number(2), "演练收到");
    carrier.centre.say(&number(3), "TD");
    until("one confirms and one opts out", async || {
        let all = deliveries(world, id).await;
        let recipients = world.get("/v1/recipients?limit=1000", &world.operator).await.json();
        let out = recipients["items"].as_array().expect("a list").iter().filter(|one| one["opt_out_below"] == "orange");
        let out: Vec<&str> = out.filter_map(|one| one["external_id"].as_str()).collect();
        let confirmed = all.iter().filter(|(_, delivery)| delivery["state"] == "confirmed");
        let confirmed: Vec<&String> = confirmed.map(|(number, _)| number).collect();
        confirmed == [&number(1)] && out == [format!("sms-{}", number(3))]
    })
    .await;
    let yellow = sent(world, &saying("S3", "yellow", "actual", 0)).await;
    let told = world.until_done(&yellow).await;
    // He who opted out is not asked, and the number the carrier refused is not tried again; that a message was not delivered
    // says nothing about the next where the code is not the number's.
    let all = deliveries(world, &yellow).await;
    assert!(!all.contains_key(&number(3)), "{told:#}");
    assert_eq!(all[&number(REFUSED)]["reason"], "suppressed", "{told:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_goes_all_the_way_by_smpp() {
    story(Protocol::Smpp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_goes_all_the_way_by_cmpp() {
    story(Protocol::Cmpp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_goes_all_the_way_by_sgip() {
    story(Protocol::Sgip).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_goes_all_the_way_by_smgp() {
    story(Protocol::Smgp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_segment_fails_the_message() {
    let receipts = Receipts { failing_segment: Some(2), ..Receipts::default() };
    let carrier = Carrier::start(Protocol::Smpp, Behaviour { receipts, ..Behaviour::default() }).await;
    let world = carrier.gateway("", "").await;
    people(&world, 0..10).await;
    let id = sent(&world, &saying("S1", "red", "exercise", 150)).await;
    let told = world.until_done(&id).await;
    assert_eq!(told["channels"]["sms"]["failed_by_reason"]["reported_undelivered"], 10, "{told:#}");
    assert_eq!(carrier.centre.counts().arrived, 10);
}
