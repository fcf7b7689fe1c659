//! Who gets a warning: by polygon, circle and area code, by group, duty and language, and by what recipients chose.

use std::time::Duration;

use fenghuo::{
    config::Issuer,
    domain::{finding::Finding, level::Level, opt_out::OptOut, position::Position},
    flow::{
        authorize::{Actor, Role},
        intake::{Form, Submission},
        preflight::Preflight,
        status::DeliveryFilter,
        target::directory::Recipient,
    },
};
use fenghuo_contract::Channel;
use serde_json::{Value, json};

use crate::support::{
    engine::{Engine, Plan},
    message::{OTHER_STREET, STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A box around the hall of the district.
fn around_the_hall() -> Value {
    json!([[45.79, 126.55], [45.79, 126.58], [45.81, 126.58], [45.81, 126.55], [45.79, 126.55]])
}

fn hall() -> Option<Position> {
    Position::new(45.802_346, 126.567_891).ok()
}

fn elsewhere() -> Option<Position> {
    Position::new(45.85, 126.567_891).ok()
}

/// Somebody in a street with the telephone number 1380000 and four digits more, for drills and for the real thing.
fn person(number: u32, street: &str, position: Option<Position>) -> Recipient {
    Recipient {
        external_id: format!("p{number}"),
        areas: vec![street.parse().unwrap()],
        endpoints: [(Channel::Sms, format!("1380000{number:04}"))].into(),
        drill: true,
        position,
        ..Recipient::default()
    }
}

fn world(recipients: impl IntoIterator<Item = Recipient>) -> Plan {
    let world = Plan::new(1).route("sms.a", Channel::Sms, |route, _| route.actual = true);
    recipients.into_iter().fold(world, Plan::recipient)
}

/// A warning that names no area but what is drawn.
fn drawn(identifier: &str, level: &str, polygons: Value, circles: Value) -> Value {
    let mut message = warning(identifier, level);
    message["infos"][0]["areas"] = json!([{"description": "区政府周边", "polygons": polygons, "circles": circles}]);
    message
}

fn coded(mut message: Value, code: &str) -> Value {
    message["infos"][0]["areas"][0]["geocodes"] = json!([{"name": "CN-STAT-CODE", "value": code}]);
    message
}

/// The external ids of everybody a warning was sent to, each as often as it was.
async fn reached(engine: &Engine, message: &Value) -> Vec<String> {
    let id = engine.post(message).await;
    engine.until_done(&id, MINUTE).await;
    let page = engine.flow.deliveries(&id, &DeliveryFilter::default(), None, 1_000).await.unwrap().unwrap();
    let mut ids: Vec<String> = page.items.into_iter().map(|delivery| delivery.recipient).collect();
    ids.sort_unstable();
    ids
}

async fn foretold(engine: &Engine, message: &Value, actor: Actor) -> Preflight {
    let submission = Submission {
        form: Form::Json,
        media_type: "application/json".to_owned(),
        body: message.to_string().into(),
        actor,
        idempotency_key: None,
    };
    engine.flow.dry_run(submission).await.expect("good")
}

/// The advice about shapes: code, how many, and how many inside.
fn about_shapes(preflight: &Preflight) -> Vec<(&'static str, String, String)> {
    let about = preflight.advice.iter().filter(|finding| finding.code.starts_with("shape-"));
    let arg = |finding: &Finding, name: &str| {
        finding.args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    about.map(|finding| (finding.code, arg(finding, "count"), arg(finding, "inside"))).collect()
}

fn three() -> [Recipient; 3] {
    [person(1, STREET, hall()), person(2, STREET, elsewhere()), person(3, OTHER_STREET, None)]
}

#[tokio::test(start_paused = true)]
async fn a_polygon_and_a_circle_choose_by_position() {
    let engine = world(three()).start().await;
    let polygon = drawn("W1", "red", json!([around_the_hall()]), json!([]));
    assert_eq!(reached(&engine, &polygon).await, ["p1"]);
    let circle = json!([{"centre": [45.85, 126.567891], "radius_km": 1.0}]);
    assert_eq!(reached(&engine, &drawn("W2", "red", json!([]), circle.clone())).await, ["p2"]);
    let both = drawn("W3", "red", json!([around_the_hall(), around_the_hall()]), circle);
    assert_eq!(reached(&engine, &both).await, ["p1", "p2"]);
}

#[tokio::test(start_paused = true)]
async fn a_polygon_beside_an_area_code_is_a_union_and_nobody_gets_two() {
    let engine = world(three()).start().await;
    let polygons = json!([around_the_hall()]);
    let message = coded(drawn("W1", "red", polygons.clone(), json!([])), OTHER_STREET);
    assert_eq!(reached(&engine, &message).await, ["p1", "p3"]);
    let twice = coded(drawn("W2", "red", polygons, json!([])), STREET);
    assert_eq!(reached(&engine, &twice).await, ["p1", "p2"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_first_learns_whom_a_shape_cannot_choose() {
    let engine = world(three()).recipient(person(4, STREET, None)).start().await;
    let polygons = json!([around_the_hall()]);
    let alone = foretold(&engine, &drawn("W1", "red", polygons.clone(), json!([])), engine.actor()).await;
    assert_eq!((alone.audience["sms"], about_shapes(&alone)), (1, vec![found("shape-unplaced", 1, 1)]));
    let beside = coded(drawn("W1", "red", polygons, json!([])), STREET);
    let beside = foretold(&engine, &beside, engine.actor()).await;
    assert_eq!((beside.audience["sms"], about_shapes(&beside)), (3, vec![found("shape-widened", 1, 1)]));
    let coded = foretold(&engine, &warning("W1", "red"), engine.actor()).await;
    assert_eq!((coded.audience["sms"], about_shapes(&coded)), (4, vec![]));
}

fn found(code: &'static str, count: u32, inside: u32) -> (&'static str, String, String) {
    (code, count.to_string(), inside.to_string())
}

#[tokio::test(start_paused = true)]
async fn an_issuer_reaches_nobody_outside_its_areas_by_drawing_there() {
    let held = Issuer {
        name: "街道".to_owned(),
        senders: Vec::new(),
        hazards: vec!["*".to_owned()],
        levels: Level::ALL.to_vec(),
        areas: vec![OTHER_STREET.to_owned()],
        relay: false,
        audience_max: None,
    };
    let people = [person(1, STREET, hall()), person(2, OTHER_STREET, hall()), person(3, OTHER_STREET, elsewhere())];
    let world = world(people).configured(|config| {
        config.issuers.insert("street".to_owned(), held);
        config.areas.insert(OTHER_STREET.parse().unwrap(), "松浦街道".to_owned());
        config.areas.insert(TINY.parse().unwrap(), "一个社区".to_owned());
    });
    let engine = world.start().await;
    let actor = Actor::new("k2", Role::Issuer, Some("street".to_owned()));
    let message = coded(drawn("W1", "red", json!([around_the_hall()]), json!([])), TINY);
    let preflight = foretold(&engine, &message, actor.clone()).await;
    assert_eq!((preflight.audience["sms"], about_shapes(&preflight)), (1, vec![found("shape-beyond", 1, 1)]));
    let id = engine.post_as(&message, actor).await;
    assert_eq!(engine.until_done(&id, MINUTE).await.channels["sms"].audience, 1);
}

/// A community of the other street where nobody lives.
const TINY: &str = "230109002001";

#[tokio::test(start_paused = true)]
async fn choices_hold_below_orange_and_never_for_those_with_a_duty_or_in_drills() {
    let choosing = |number, choice, duty| Recipient { opt_out_below: choice, duty, ..person(number, STREET, None) };
    let people = [
        choosing(1, None, false),
        choosing(2, Some(OptOut::Yellow), false),
        choosing(3, Some(OptOut::Orange), false),
        choosing(4, Some(OptOut::Orange), true),
    ];
    let engine = world(people).start().await;
    let all: &[&str] = &["p1", "p2", "p3", "p4"];
    let expected: [(&str, &[&str]); 5] =
        [("red", all), ("orange", all), ("yellow", &["p1", "p2", "p4"]), ("blue", &["p1", "p4"]), ("unknown", all)];
    for (level, wanted) in expected {
        let mut message = warning(&format!("A-{level}"), level);
        message["status"] = "actual".into();
        assert_eq!(reached(&engine, &message).await, wanted, "{level}");
        assert_eq!(reached(&engine, &warning(&format!("E-{level}"), level)).await, all, "a drill, {level}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lowered_warning_still_reaches_those_who_got_the_higher_one() {
    let quiet = Recipient { opt_out_below: Some(OptOut::Orange), ..person(1, STREET, None) };
    let engine = world([quiet, person(2, STREET, None)]).start().await;
    let mut orange = warning("W1", "orange");
    orange["status"] = "actual".into();
    assert_eq!(reached(&engine, &orange).await, ["p1", "p2"]);
    let mut lowered = following(&orange, "W2", "update");
    lowered["infos"][0]["level"] = "blue".into();
    assert_eq!(reached(&engine, &lowered).await, ["p1", "p2"], "they must learn of the change");
}

#[tokio::test(start_paused = true)]
async fn a_restriction_names_groups_duty_and_language() {
    let of = |number, group: &str, duty, language: &str| Recipient {
        groups: vec![group.to_owned()],
        duty,
        language: language.to_owned(),
        ..person(number, STREET, None)
    };
    let people = [
        of(1, "officials", true, "zh-CN"),
        of(2, "officials", false, "en-GB"),
        of(3, "rescue", true, "en"),
        of(4, "residents", true, "en"),
    ];
    let engine = world(people).start().await;
    let named: [(&str, &[&str]); 6] = [
        ("officials", &["p1", "p2"]),
        ("officials、rescue", &["p1", "p2", "p3"]),
        ("officials rescue duty:yes", &["p1", "p3"]),
        ("duty:yes", &["p1", "p3", "p4"]),
        ("language:en", &["p2", "p3", "p4"]),
        ("officials language:en duty:yes", &[]),
    ];
    for (number, (restriction, wanted)) in named.into_iter().enumerate() {
        let mut message = warning(&format!("W{number}"), "red");
        message["scope"] = "restricted".into();
        message["restriction"] = restriction.into();
        assert_eq!(reached(&engine, &message).await, wanted, "{restriction}");
    }
    let mut private = warning("W9", "red");
    private["scope"] = "private".into();
    private["addresses"] = json!(["p4", "officials"]);
    assert_eq!(reached(&engine, &private).await, ["p1", "p2", "p4"]);
}
