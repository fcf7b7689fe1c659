//! The map in a mail: drawn here, signed, shown in its place.

use std::time::Duration;

use fenghuo::{
    config::SignOffRule,
    domain::{
        level::Level,
        signoff::{Answer, Step},
    },
    flow::{
        approve::SignOrder,
        authorize::{Actor, Role},
        intake::Lift,
    },
};
use fenghuo_contract::{Channel, Picture};
use serde_json::{Value, json};

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn world(seed: u64) -> Plan {
    Plan::new(seed)
        .route("email.a", Channel::Email, |_, _| {})
        .route("sms.a", Channel::Sms, |_, _| {})
        .people(STREET, [vec![(Channel::Email, "a@example.org".to_owned()), (Channel::Sms, "13800000001".to_owned())]])
}

/// A warning about a part of the river and a circle.
fn drawn(name: &str, level: &str) -> Value {
    let mut message = warning(name, level);
    let area = &mut message["infos"][0]["areas"][0];
    area["polygons"] = json!([[[45.80, 126.48], [45.83, 126.55], [45.81, 126.62], [45.77, 126.60], [45.80, 126.48]]]);
    area["circles"] = json!([{"centre": [45.79, 126.66], "radius_km": 2.0}]);
    message
}

async fn mailed(engine: &Engine, message: &Value) -> (String, Vec<Picture>) {
    let before = engine.arrivals["email.a"].all().len();
    let id = engine.post(message).await;
    engine.until_done(&id, MINUTE).await;
    let arrival = engine.arrivals["email.a"].all().remove(before);
    (arrival.html, arrival.pictures)
}

#[tokio::test(start_paused = true)]
async fn a_warning_with_an_outline_shows_its_map_in_mails_and_nowhere_else() {
    let engine = world(1701).start().await;
    let (html, pictures) = mailed(&engine, &drawn("W1", "red")).await;
    let [picture] = &pictures[..] else { panic!("{pictures:?}") };
    assert!(html.contains(&format!("src=\"cid:{}\"", picture.id)) && html.contains(&picture.alt), "{html}");
    assert_eq!(picture.alt, "暴雨红色预警的范围图：松北区");
    assert!(picture.body.starts_with(b"\x89PNG") && picture.body.len() <= 20_000, "{} bytes", picture.body.len());
    assert!(engine.arrivals["sms.a"].all()[0].pictures.is_empty());
    if let Some(folder) = std::env::var_os("FENGHUO_KEEP") {
        std::fs::write(std::path::Path::new(&folder).join("map.png"), &picture.body).expect("kept");
    }
    // By code alone there is nothing to draw, and what ends it shows nothing.
    let (html, pictures) = mailed(&engine, &warning("W2", "red")).await;
    assert!(pictures.is_empty() && !html.contains("cid:"));
}

#[tokio::test(start_paused = true)]
async fn a_lift_shows_no_map() {
    let engine = world(1702).start().await;
    let id = engine.post(&drawn("W1", "yellow")).await;
    engine.until_done(&id, MINUTE).await;
    engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    engine.clock.sleep(MINUTE).await;
    let last = engine.arrivals["email.a"].all().pop().expect("a lift");
    assert!(last.html.contains("预警解除") && last.pictures.is_empty(), "{}", last.html);
}

#[tokio::test(start_paused = true)]
async fn an_area_by_code_is_drawn_where_its_outline_is_configured() {
    let outline = "45.70,126.40 45.90,126.40 45.90,126.80 45.70,126.80 45.70,126.40".to_owned();
    let street = "45.75,126.45 45.85,126.45 45.85,126.60 45.75,126.60 45.75,126.45".to_owned();
    let world = world(1703).configured(|config| {
        config.outlines.insert("230109000000".to_owned(), vec![outline]);
        config.outlines.insert(STREET.to_owned(), vec![street]);
    });
    let engine = world.start().await;
    let (_, whole) = mailed(&engine, &warning("W1", "orange")).await;
    assert_eq!(whole.len(), 1, "the district by its code");
    if let Some(folder) = std::env::var_os("FENGHUO_KEEP") {
        std::fs::write(std::path::Path::new(&folder).join("map-code.png"), &whole[0].body).expect("kept");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_signed_is_the_picture_too() {
    let rule = SignOffRule {
        hazards: vec!["*".to_owned()],
        levels: Level::ALL.to_vec(),
        issuers: vec!["*".to_owned()],
        drills: true,
        steps: vec![Step::Sign],
        expires_s: 30 * MINUTE,
        second_within_s: Duration::ZERO,
    };
    let engine = world(1704).configured(|config| drop(config.sign_off.insert("all".to_owned(), rule))).start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    let before = engine.flow.sign_off(&id).await.expect("read").expect("waits").digest;
    // Nothing but the picture differs: an outline was configured since.
    let mut engine = engine;
    let outline = "45.70,126.40 45.90,126.40 45.90,126.80 45.70,126.80 45.70,126.40".to_owned();
    engine.config.outlines.insert("230109000000".to_owned(), vec![outline]);
    let engine = engine.restart().await;
    let after = engine.flow.sign_off(&id).await.expect("read").expect("waits").digest;
    assert_ne!(before, after);
    let order = |digest: Option<String>| SignOrder {
        step: Step::Sign,
        answer: Answer::Approve,
        reason: None,
        digest: digest.expect("waits"),
        emergency: false,
    };
    let approver = Actor::new("approver", Role::Approver, None);
    assert!(engine.flow.sign(&id, order(before), &approver).await.is_err(), "another picture was signed");
    engine.flow.sign(&id, order(after), &approver).await.expect("taken").expect("known");
}
