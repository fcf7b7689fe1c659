//! What panels get and say, through a real broker.

use fenghuo_contract::{
    Adapter, Fault,
    conformance::{self, Samples},
};

use super::{broker::Mosquitto, controller::Controller, *};
use crate::{Did, Mqtt, Settings, Version, reference_for};

const PLAZA: &str = "fenghuo/plaza";
const GATEWAY: &str = "fenghuo/gateway";

fn adapter(settings: &Settings, source: &Arc<Source>) -> Mqtt {
    Mqtt::new(settings, Arc::clone(source) as _).unwrap()
}

async fn kinds(mqtt: &Mqtt, batch: &Batch) -> Vec<&'static str> {
    match mqtt.submit(batch, BUDGET).await {
        Ok(verdicts) => verdicts.iter().map(kind).collect(),
        Err(Fault::Misconfigured(_)) => vec!["[misconfigured]"],
        Err(Fault::Throttled { .. }) => vec!["[throttled]"],
        Err(Fault::Transient(_)) => vec!["[transient]"],
        Err(Fault::InDoubt(_)) => vec!["[in doubt]"],
    }
}

#[tokio::test]
async fn keeps_the_contract_in_both_versions() {
    let broker = Mosquitto::start().await;
    let source = Source::of(&["plaza", "songbei/gate"]);
    for group in ["plaza", "songbei/gate"] {
        source.show(group, &[("w-1", "event", 7)], 100);
    }
    let samples =
        Samples { content: content("event", 7), addresses: ["group:plaza", "songbei/gate"].map(Address::new).into() };
    for version in [Version::V5, Version::V3] {
        let settings = Settings { version, text_max: Some(200), ..broker.settings() };
        let make = || async { Arc::new(adapter(&settings, &source)) as Arc<dyn Adapter> };
        conformance::run(make, &samples).await.assert();
    }
}

#[tokio::test]
async fn a_controller_that_was_off_learns_all_with_the_first_message() {
    let broker = Mosquitto::start().await;
    let source = Source::of(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7), ("w-2", "storm", 9)], 100);
    let mqtt = adapter(&broker.settings(), &source);
    assert_eq!(kinds(&mqtt, &batch(content("storm", 9), &["group:plaza"])).await, ["accepted"]);

    let mut panel = Controller::start(broker.port, &[PLAZA]).await;
    let message = panel.message(PLAZA).await;
    assert_eq!((&message["retain"], &message["qos"]), (&true.into(), &1.into()), "{message}");
    assert_eq!(message["content_type"], "application/json");
    assert!((1..=100).contains(&message["expiry"].as_i64().unwrap()), "{message}");
    let envelope: serde_json::Value = serde_json::from_str(message["payload"].as_str().unwrap()).unwrap();
    assert_eq!(envelope["document"], r#"{"format":"fenghuo-screen-1","notices":["w-1","w-2"]}"#);
    assert_eq!((&envelope["keys"], &envelope["signature"]), (&KEYS.into(), &"fenghuo=:AA==:".into()));

    // The end of everything is said, not left out.
    source.show("plaza", &[], 100);
    let calm = panel.sees(PLAZA, &[]).await;
    assert_ne!(calm["etag"], envelope["etag"]);
    mqtt.close().await;
    let mut late = Controller::start(broker.port, &[PLAZA]).await;
    late.sees(PLAZA, &[]).await;
}

#[tokio::test]
async fn a_lift_is_accepted_when_the_state_with_the_lift_is_held_not_before() {
    let broker = Mosquitto::start().await;
    let source = Source::of(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7)], 100);
    let mqtt = adapter(&broker.settings(), &source);
    assert_eq!(kinds(&mqtt, &batch(content("flood", 7), &["plaza"])).await, ["accepted"]);
    let lift = batch(content("flood", 20), &["plaza"]);
    let early = mqtt.submit(&lift, Duration::from_millis(50)).await.unwrap();
    assert_eq!(early.iter().map(kind).collect::<Vec<_>>(), ["transient"]);
    let waiting = mqtt.submit(&lift, BUDGET);
    source.show("plaza", &[("l-1", "flood", 20)], 100);
    assert_eq!(waiting.await.unwrap(), [Verdict::Accepted(Some(reference_for("plaza", "flood", 20)))]);
    mqtt.close().await;
}

#[tokio::test]
async fn a_broker_that_lost_everything_is_told_again() {
    let mut broker = Mosquitto::start().await;
    let source = Source::of(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7)], 100);
    let mqtt = adapter(&broker.settings(), &source);
    let flood = batch(content("flood", 7), &["plaza"]);
    assert_eq!(kinds(&mqtt, &flood).await, ["accepted"]);
    broker.stop().await;
    while !matches!(mqtt.probe().await, Err(Fault::Transient(_))) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kinds(&mqtt, &flood).await, ["[transient]"]);
    broker.run().await;
    let mut panel = Controller::start(broker.port, &[PLAZA]).await;
    panel.sees(PLAZA, &["w-1"]).await;
    while mqtt.probe().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kinds(&mqtt, &flood).await, ["accepted"]);
    mqtt.close().await;
}

#[tokio::test]
async fn a_state_is_signed_anew_in_time_and_goes_with_its_signature() {
    let broker = Mosquitto::start().await;
    let source = Source::of(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7)], 2);
    let mqtt = adapter(&broker.settings(), &source);
    let mut panel = Controller::start(broker.port, &[PLAZA]).await;
    let first = panel.sees(PLAZA, &["w-1"]).await;
    let second = panel.sees(PLAZA, &["w-1"]).await;
    assert_eq!(first["etag"], second["etag"]);
    assert_ne!(first["signature_input"], second["signature_input"]);
    // Nobody signs any more: what is left is the presence, not an old picture.
    drop(mqtt);
    loop {
        let mut late = Controller::start(broker.port, &[PLAZA, GATEWAY]).await;
        // The retained message of the first topic comes before that of the second.
        let presence = "fenghuo/gateway";
        let line = late.next_of(&[PLAZA, presence]).await;
        if line["topic"] == presence {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn the_gateway_says_that_it_is_there_and_the_broker_that_it_is_not() {
    let broker = Mosquitto::start().await;
    let source = Source::of(&["plaza"]);
    let mut panel = Controller::start(broker.port, &[GATEWAY]).await;
    let lost = adapter(&broker.settings(), &source);
    assert_eq!(panel.message(GATEWAY).await["payload"], r#"{"online":true}"#);
    drop(lost);
    assert_eq!(panel.message(GATEWAY).await["payload"], r#"{"online":false}"#, "the last will");
    let closed = adapter(&broker.settings(), &source);
    assert_eq!(panel.message(GATEWAY).await["payload"], r#"{"online":true}"#);
    closed.close().await;
    assert_eq!(panel.message(GATEWAY).await["payload"], r#"{"online":false}"#, "the farewell");
}

#[tokio::test]
async fn words_of_screens_are_told_and_garbage_is_not() {
    let broker = Mosquitto::start().await;
    for version in [Version::V5, Version::V3] {
        let (source, mut heard) = Source::heard(&["plaza"]);
        source.show("plaza", &[("w-1", "flood", 7)], 100);
        let settings = Settings { version, ..broker.settings() };
        let mqtt = adapter(&settings, &source);
        assert_eq!(kinds(&mqtt, &batch(content("flood", 7), &["plaza"])).await, ["accepted"]);
        let mut panel = Controller::start(broker.port, &[PLAZA]).await;
        let ack = |warning, state| format!(r#"{{"screen":"led-7","warning":"{warning}","state":"{state}","at":5}}"#);
        for garbage in ["", "{", "null", &"[".repeat(50_000), &ack("unknown", "shown")] {
            panel.publish("fenghuo/plaza/ack", garbage).await;
        }
        panel.publish("fenghuo/plaza/ack", &ack("w-1", "shown")).await;
        panel.publish("fenghuo/plaza/ack", r#"{"screen":"led-7","etag":"\"1\""}"#).await;
        for about in
            [About::Warning { warning: "w-1".to_owned(), state: Did::Shown }, About::Holds { etag: "\"1\"".to_owned() }]
        {
            let told = heard.recv().await.unwrap();
            assert_eq!(told, ("plaza".to_owned(), Said { screen: "led-7".to_owned(), about }));
        }
        mqtt.close().await;
        assert!(heard.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_word_that_was_not_stored_comes_again() {
    let broker = Mosquitto::start().await;
    let (source, mut heard) = Source::heard(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7)], 100);
    source.takes.store(false, Ordering::SeqCst);
    let mqtt = adapter(&broker.settings(), &source);
    mqtt.probe().await.unwrap();
    assert_eq!(kinds(&mqtt, &batch(content("flood", 7), &["plaza"])).await, ["accepted"]);
    let mut panel = Controller::start(broker.port, &[PLAZA]).await;
    panel.publish("fenghuo/plaza/ack", r#"{"screen":"led-7","warning":"w-1","state":"shown"}"#).await;
    while source.refused.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    source.takes.store(true, Ordering::SeqCst);
    let (group, said) = tokio::time::timeout(BUDGET, heard.recv()).await.expect("the broker repeats it").unwrap();
    assert_eq!((group.as_str(), said.screen.as_str()), ("plaza", "led-7"));
    mqtt.close().await;
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_right_are_for_a_person_to_mend() {
    let broker = Mosquitto::start().await;
    let source = Source::of(&["forbidden", "plaza"]);
    for group in ["forbidden", "plaza"] {
        source.show(group, &[("w-1", "flood", 7)], 100);
    }
    let flood = batch(content("flood", 7), &["plaza", "forbidden", "nowhere", "a/+"]);
    for version in [Version::V5, Version::V3] {
        let settings = Settings { version, username: Some("nobody".to_owned()), ..broker.settings() };
        let mqtt = adapter(&settings, &source);
        assert!(matches!(mqtt.probe().await, Err(Fault::Misconfigured(_))), "{version:?}");
        assert_eq!(kinds(&mqtt, &flood).await, ["[misconfigured]"], "{version:?}");
        mqtt.close().await;
    }
    let mqtt = adapter(&broker.settings(), &source);
    assert_eq!(kinds(&mqtt, &flood).await, ["accepted", "misconfigured", "recipient", "recipient"]);
    mqtt.close().await;
}

#[tokio::test]
async fn the_connection_is_protected_and_the_broker_known() {
    let broker = Mosquitto::start_tls().await;
    let source = Source::of(&["plaza"]);
    source.show("plaza", &[("w-1", "flood", 7)], 100);
    for version in [Version::V5, Version::V3] {
        let mqtt = adapter(&Settings { version, ..broker.settings() }, &source);
        assert_eq!(kinds(&mqtt, &batch(content("flood", 7), &["plaza"])).await, ["accepted"], "{version:?}");
        mqtt.close().await;
        let stranger = adapter(&Settings { version, ca_file: None, ..broker.settings() }, &source);
        assert!(matches!(stranger.probe().await, Err(Fault::Misconfigured(_))), "{version:?}");
        stranger.close().await;
    }
}
