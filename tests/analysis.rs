//! What warnings came to: the same numbers as the status of each, whoever asks, folded or not.

use std::time::Duration;

use fenghuo::{
    domain::{
        analysis::{Analysis, Period},
        message::Status,
    },
    flow::{
        analysis::AnalysisOrder,
        authorize::{Actor, Role},
    },
};
use fenghuo_contract::Channel;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    engine::{Engine, Plan, START_MS},
    gateway::TestGateway,
    message::{OTHER_STREET, STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;

fn numbers(first: u32, count: u32) -> impl Iterator<Item = String> {
    (first..first + count).map(|n| format!("138{n:08}"))
}

async fn told(engine: &Engine) -> Analysis {
    let order = AnalysisOrder {
        from_ms: START_MS - DAY_MS,
        until_ms: START_MS + 30 * DAY_MS,
        period: Period::Day,
        status: Status::Exercise,
    };
    engine.flow.analysis(order, &Actor::new("k".to_owned(), Role::Auditor, None)).await.expect("a store")
}

#[tokio::test(start_paused = true)]
async fn it_says_what_the_status_of_each_says_and_goes_on_saying_it_when_they_are_folded() {
    let world = Plan::new(701)
        .configured(|config| config.retention.fold_after_s = Duration::from_secs(600))
        .configured_validity(10 * MINUTE)
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(10))
        .route("push.a", Channel::Push, |_, _| {})
        .recipients(STREET, Channel::Sms, numbers(0, 30))
        .people(
            OTHER_STREET,
            (0..10).map(|n| vec![(Channel::Sms, format!("139{n:08}")), (Channel::Push, format!("token{n}"))]),
        );
    let engine = world.start().await;
    let first = warning("W1", "orange");
    let mut posted = Vec::new();
    for message in [first.clone(), following(&first, "W2", "update"), following(&first, "W3", "cancel")] {
        let id = engine.post(&message).await;
        engine.until(&id, 10 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
        posted.push(id);
        engine.clock.sleep(MINUTE).await;
    }
    let (mut by_one, mut by_two, mut deliveries) = (0, 0, 0);
    for id in &posted {
        let status = engine.status(id).await;
        by_one += status.people.reached_by_one;
        by_two += status.people.reached_by_two;
        deliveries += status.channels.values().map(|channel| channel.audience).sum::<u64>();
    }
    let fresh = told(&engine).await;
    assert_eq!((fresh.total.warnings, fresh.total.first, fresh.total.updates, fresh.total.lifts), (3, 1, 1, 1));
    let reach = fresh.total.reach;
    assert_eq!((reach.by_one, reach.by_two, reach.deliveries), (by_one, by_two, deliveries));
    assert!(by_one > 80 && by_two >= 20 && deliveries >= 150, "{reach:?}");
    let machine = fresh.total.machine.expect("all have finished");
    // 40 short messages at 8 a second below red.
    assert!(machine.count == 3 && (3.0..30.0).contains(&machine.median_s), "{machine:?}");
    assert_eq!(fresh.total.human.expect("released").count, 3);
    assert_eq!(fresh.by_level.len(), 1);
    engine.clock.sleep(60 * MINUTE).await;
    let folded = told(&engine).await;
    assert_eq!(folded.total.reach, fresh.total.reach, "folding changes no number");
    let engine = engine.restart().await;
    assert_eq!(told(&engine).await.total, folded.total, "nor does a restart");
}

async fn posted(world: &TestGateway, message: &Value) -> String {
    let id = world.post(message).await.json()["id"].as_str().expect("an id").to_owned();
    world.until_done(&id).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_as_json_as_a_table_and_on_paper() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, (0..8).map(|n| format!("138{n:08}"))).await;
    posted(&world, &warning("W1", "red")).await;
    let mut flood = warning("W2", "yellow");
    flood["infos"][0]["hazard"] = "11A01".into();
    flood["infos"][0]["event"] = "=洪水".into();
    flood["infos"][0]["areas"][0]["geocodes"][0]["value"] = STREET.into();
    posted(&world, &flood).await;
    let path = "/v1/analysis?status=exercise&period=year";
    let told = world.get(path, &world.operator).await.json();
    assert_eq!((&told["total"]["warnings"], &told["by_hazard"].as_array().map(Vec::len)), (&2.into(), &Some(2)));
    assert_eq!(told["total"]["reach"]["by_one"], 16);
    let names: Vec<&str> = told["by_level"].as_array().unwrap().iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!(names, ["red", "yellow"], "the highest first");
    // Rain over the district and a flood in one of its streets.
    assert_eq!(told["overlaps"][0]["name"], "松北街道", "{told:#}");
    assert_eq!(told["overlaps"][0]["hazards"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.get("/v1/analysis", &world.operator).await.json()["total"]["warnings"], 0, "no drill is counted");

    let table = world.get(&format!("{path}&format=csv"), &world.operator).await;
    assert!(table.header("content-type").starts_with("text/csv"), "{}", table.header("content-type"));
    let text = table.text.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let heads = rows.headers().expect("heads").clone();
    let column = |name: &str| heads.iter().position(|head| head == name).expect("there");
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let of = |group: &str| {
        rows.iter()
            .filter(|row| &row[0] == group)
            .map(|row| row[column("warnings")].parse::<u64>().expect("a number"))
            .sum::<u64>()
    };
    assert_eq!((of("total"), of("hazard"), of("level"), of("issuer"), of("period")), (2, 2, 2, 2, 2));

    let page = world.get("/console/analysis?status=exercise", &world.operator).await;
    for word in ["汇总和分析", "松北街道", "同时有几种灾害预警", "演练", "format=csv"] {
        assert!(page.text.contains(word), "{word}: {}", page.text);
    }
    for wrong in ["from=2026-13-01", "period=week", "status=draft", "colour=red"] {
        let answer = world.get(&format!("/v1/analysis?{wrong}"), &world.operator).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_sees_the_released_ones_of_all_and_no_draft_of_others() {
    let world = TestGateway::with(|config| {
        let rule = toml::from_str("levels = [\"red\"]\nsteps = [\"review\"]\ndrills = true").expect("a rule");
        config.sign_off.insert("red".to_owned(), rule);
    })
    .await;
    world.recipients(STREET, Channel::Sms, ["13800000001".to_owned()]).await;
    posted(&world, &warning("W1", "yellow")).await;
    world.post(&warning("W2", "red")).await;
    let other = world.key(Role::Issuer, Some("flood")).await;
    let count = async |key: &str| {
        world.get("/v1/analysis?status=exercise", key).await.json()["total"]["warnings"].as_u64().expect("a number")
    };
    assert_eq!((count(&other).await, count(&world.issuer).await, count(&world.operator).await), (1, 2, 2));
}
