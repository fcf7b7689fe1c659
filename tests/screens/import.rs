//! Many screens at once, from the tables that cities keep.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::gateway::{Answer, TestGateway};

const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];
const NDJSON: [(&str, &str); 1] = [("content-type", "application/x-ndjson")];

async fn import(world: &TestGateway, query: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let path = format!("/v1/screens/import{query}");
    let answer = world.ask(Method::POST, &path, &world.operator, headers, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

async fn screens(world: &TestGateway) -> Vec<Value> {
    world.get("/v1/screens", &world.operator).await.json()["items"].as_array().expect("a list").clone()
}

fn counts(report: &Value) -> [u64; 5] {
    ["lines", "created", "changed", "unchanged", "rejected"].map(|name| report[name].as_u64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_in_gb18030_with_shifted_coordinates_is_read_and_every_broken_row_told() {
    let world = TestGateway::start().await;
    let text = "编号,名称,类别,区划,纬度,经度,坐标系,分组,宽,高,视距,演练,责任人,责任人编号\n\
                east,市民广场东屏,square,230109005000,45.804511,126.574223,gcj02,plaza;east,384,216,12,是,张建国,guard-07\n\
                moon,月亮,moon,23,,126.5,,,,,,也许,李四,\n\
                east,又一块,square,230109005000,,,,,,,,,,\n\
                west,西屏,,230109005000,45.8,126.5,,,,,,否,,\n";
    let bytes = encoding_rs::GB18030.encode(text).0.into_owned();
    let dry = import(&world, "?dry_run=true", &CSV, bytes.clone()).await.json();
    assert_eq!((counts(&dry), screens(&world).await.len()), ([4, 2, 0, 0, 2], 0), "{dry:#}");
    let report = import(&world, "", &CSV, bytes.clone()).await.json();
    assert_eq!((report["encoding"].as_str(), counts(&report)), (Some("gb18030"), [4, 2, 0, 0, 2]));
    let errors = report["errors"].as_array().expect("a list").iter();
    let mut told: Vec<_> = errors.map(|one| (one["line"].as_u64().unwrap(), one["column"].as_str().unwrap())).collect();
    told.sort_unstable();
    let wanted = [(3, "area"), (3, "class"), (3, "custodian_recipient"), (3, "drill"), (3, "latitude"), (4, "id")];
    assert_eq!(told, wanted, "{report:#}");
    let east = &screens(&world).await[0];
    assert_eq!(
        (&east["id"], &east["groups"], &east["drill"]),
        (&json!("east"), &json!(["plaza", "east"]), &json!(true))
    );
    assert_eq!(east["custodian"], json!({"name": "张建国", "recipient": "guard-07"}));
    assert_eq!(east["panel"], json!({"width_cm": 384, "height_cm": 216, "distance_m": 12}));
    let latitude = east["position"]["latitude"].as_f64().expect("degrees");
    assert!((latitude - 45.804_511).abs() > 0.001 && (latitude - 45.8).abs() < 0.01, "turned into WGS-84: {latitude}");
    let again = import(&world, "", &CSV, bytes).await.json();
    assert_eq!(counts(&again), [4, 0, 0, 2, 2], "what stands is not written again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_json_are_the_bodies_of_the_api() {
    let world = TestGateway::start().await;
    let line = json!({"id": "hall", "name": "大厅", "area": "230109005000", "position": {"latitude": 45.8, "longitude": 126.5}});
    let body = format!("{line}\n[]\n{{\"id\":\"x y\",\"colour\":1}}\n");
    let report = import(&world, "", &NDJSON, body.into_bytes()).await.json();
    assert_eq!(counts(&report), [3, 1, 0, 0, 2], "{report:#}");
    let columns: Vec<_> = report["errors"].as_array().unwrap().iter().map(|one| one["column"].clone()).collect();
    assert_eq!(columns, json!([null, "id", "name", "area", "colour"]).as_array().unwrap().clone());
    let changed = json!({"id": "hall", "name": "新大厅", "area": "230109005000"}).to_string();
    let report = import(&world, "", &NDJSON, changed.into_bytes()).await.json();
    assert_eq!((counts(&report), &screens(&world).await[0]["name"]), ([1, 0, 1, 0, 0], &json!("新大厅")));
}
