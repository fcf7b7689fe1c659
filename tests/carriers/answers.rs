//! What a message centre may do, and what becomes of a warning then.

use fenghuo_centre::{Behaviour, Protocol, Radix, Receipts, Throttle, When};

use super::{Carrier, ROUTE, deliveries, people, route_view, saying, sent, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_come_early_late_twice_and_elsewhere_and_count_once() {
    let carrier = Carrier::start(Protocol::Smpp, Behaviour::default()).await;
    let world = carrier.gateway(", binds = 2", "msgid_format = 'hex_then_decimal'").await;
    people(&world, 0..30).await;
    let receipts = Receipts { answer_ids: Radix::Hex, ..Receipts::default() };
    for (name, receipts) in [
        ("early", Receipts { when: When::BeforeAnswer, ..receipts.clone() }),
        ("late", Receipts { when: When::After { ms: 700 }, ..receipts.clone() }),
        ("twice", Receipts { twice: true, intermediate: true, ..receipts.clone() }),
        ("elsewhere", Receipts { elsewhere: true, ..receipts.clone() }),
    ] {
        carrier.set(Behaviour { receipts, ..Behaviour::default() });
        let id = sent(&world, &saying(name, "red", "exercise", 60)).await;
        let told = world.until_done(&id).await;
        assert_eq!(
            (&told["channels"]["sms"]["delivered"], &told["done"]),
            (&30.into(), &true.into()),
            "{name}: {told:#}"
        );
    }
    carrier.set(Behaviour { receipts: Receipts { when: When::Never, ..receipts }, ..Behaviour::default() });
    let id = sent(&world, &saying("never", "red", "exercise", 0)).await;
    let told = world.until(&id, |status| status["done"] == true).await;
    assert_eq!(told["channels"]["sms"]["accepted"], 30, "what nobody reported is not delivered: {told:#}");
    assert_eq!(told["receipts_awaited"], 30);
    assert_eq!((carrier.centre.counts().arrived, carrier.centre.counts().unwelcome), (150, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_log_in_stops_the_route_and_costs_nobody_an_attempt() {
    let carrier = Carrier::start(Protocol::Smpp, Behaviour { bind_status: 0x0E, ..Behaviour::default() }).await;
    let world = carrier.gateway("", "").await;
    people(&world, 0..10).await;
    let id = sent(&world, &saying("W1", "red", "exercise", 0)).await;
    until("the route is stopped", async || route_view(&world, ROUTE).await["trip"] == "misconfigured").await;
    let told = world
        .until(&id, |status| {
            status["alarms"]
                .as_array()
                .is_some_and(|alarms| alarms.iter().any(|alarm| alarm["code"] == "route-stopped"))
        })
        .await;
    assert_eq!(told["channels"]["sms"]["pending"], 10, "{told:#}");
    let all = deliveries(&world, &id).await;
    assert!(all.values().all(|delivery| delivery["attempts"] == 0), "{all:#?}");
    assert_eq!(carrier.centre.counts().submits, 0);
    // The password is put right, and somebody says so.
    carrier.set(Behaviour::default());
    let path = format!("/v1/routes/{ROUTE}/probe");
    let probed = world.ask(reqwest::Method::POST, &path, &world.operator, &[], Vec::new()).await;
    assert!(probed.status.is_success(), "{}", probed.text);
    let told = world.until_done(&id).await;
    assert_eq!(told["channels"]["sms"]["delivered"], 10, "{told:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_fast_slows_the_route_and_costs_nobody_an_attempt() {
    let throttle = Throttle { per_second: Some(300), ..Throttle::default() };
    let carrier = Carrier::start(Protocol::Smpp, Behaviour { throttle, ..Behaviour::default() }).await;
    let world = carrier.gateway("", "").await;
    people(&world, 0..400).await;
    let id = sent(&world, &saying("W1", "red", "exercise", 0)).await;
    let told = world.until_done(&id).await;
    assert_eq!(told["channels"]["sms"]["delivered"], 400, "{told:#}");
    let counts = carrier.centre.counts();
    assert!(counts.throttled > 0, "{counts:?}");
    assert_eq!((counts.arrived, counts.doubled), (400, 0));
    let all = deliveries(&world, &id).await;
    assert!(all.values().all(|delivery| delivery["attempts"] == 1), "{all:#?}");
}
