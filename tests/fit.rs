//! What a channel can carry is known before anybody signs: nothing is cut, and nothing is found out on the way.

use std::time::Duration;

use fenghuo::{
    config::SignOffRule,
    domain::{
        finding::Weight,
        level::Level,
        signoff::{Answer, Step},
    },
    flow::{
        approve::{SignOffFault, SignOrder},
        authorize::{Actor, Role},
        intake::{Lift, SubmitFault, Submitted},
    },
};
use fenghuo_contract::{Channel, RateUnit};

use crate::support::{
    engine::{Plan, submission},
    message::{following, warning},
};

const STREET: &str = "230109001000";
const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

/// Two routes for short messages that take at most so many characters.
fn world(seed: u64, most: [Option<usize>; 2]) -> Plan {
    Plan::new(seed)
        .route("sms.a", Channel::Sms, |_, settings| settings.text_max = most[0])
        .route("sms.b", Channel::Sms, |_, settings| settings.text_max = most[1])
        .recipients(STREET, Channel::Sms, numbers(40))
}

#[tokio::test(start_paused = true)]
async fn a_text_that_no_route_of_a_channel_can_carry_keeps_the_warning_out() {
    let engine = world(1401, [Some(20), Some(10)]).start().await;
    let message = warning("W1", "yellow");
    let looked = engine.flow.dry_run(submission(&message, engine.actor())).await.map(|_| ());
    for answer in [looked, engine.submit(&message).await.map(|_| ())] {
        let Err(SubmitFault::Rejected(findings)) = answer else { panic!("{answer:?}") };
        let refusing: Vec<_> = findings.iter().filter(|finding| finding.weight == Weight::Refuse).collect();
        let [finding] = refusing[..] else { panic!("{findings:?}") };
        assert_eq!(finding.code, "channel-cannot-carry");
        let causes = &finding.args.iter().find(|(name, _)| *name == "causes").expect("causes").1;
        assert!(causes.contains("sms.a: TOO-LONG") && causes.contains("at most 10"), "{causes}");
    }
    assert!(
        engine
            .flow
            .warnings(&fenghuo::flow::intake::WarningFilter::default(), None, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    // Where nobody is to be reached by short message, nobody misses one.
    let mut elsewhere = warning("W2", "yellow");
    elsewhere["infos"][0]["areas"][0]["geocodes"][0]["value"] = "230111000000".into();
    engine.post(&elsewhere).await;
}

#[tokio::test(start_paused = true)]
async fn what_some_routes_can_carry_goes_out_over_them() {
    let engine = world(1402, [Some(20), None]).start().await;
    let message = warning("W1", "yellow");
    let looked = engine.flow.dry_run(submission(&message, engine.actor())).await.expect("good");
    let advice: Vec<&str> = looked.advice.iter().map(|finding| finding.code).collect();
    assert!(advice.contains(&"route-cannot-carry"), "{advice:?}");
    let routes = &looked.texts[0].routes;
    let refusing: Vec<(&str, bool)> = routes.iter().map(|text| (&*text.route, text.refusal.is_some())).collect();
    assert_eq!(refusing, [("sms.a", true), ("sms.b", false)]);
    assert_eq!((routes[0].segments, looked.texts[0].segments), (None, routes[1].segments));
    let id = engine.post(&message).await;
    let status = engine.until_done(&id, MINUTE).await;
    assert_eq!(status.channels["sms"].delivered, 40, "{status:?}");
    assert_eq!(engine.ledgers["sms.a"].taken(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_lift_is_never_kept_out_for_its_length() {
    let mut engine = world(1403, [None, None]).start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.until_done(&id, MINUTE).await;
    engine = engine.restart_with(|settings| settings.text_max = Some(10)).await;
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    let status = engine.until(&lift, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].failed_by_reason["content_refused"], 40, "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_signs_what_cannot_be_carried() {
    let mut engine = world(1404, [None, None])
        .configured(|config| {
            let rule = SignOffRule {
                hazards: vec!["*".to_owned()],
                levels: vec![Level::Red],
                issuers: vec!["*".to_owned()],
                drills: true,
                steps: vec![Step::Sign],
                expires_s: 30 * MINUTE,
                second_within_s: Duration::ZERO,
            };
            config.sign_off.insert("red".to_owned(), rule);
        })
        .start()
        .await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    engine = engine.restart_with(|settings| settings.text_max = Some(10)).await;
    let waits = engine.flow.sign_off(&id).await.expect("read").expect("waits");
    let refusals = waits.carried[0].routes.iter().filter(|route| route.refusal.is_some()).count();
    assert_eq!(refusals, 2, "{:?}", waits.carried);
    let looked = engine.flow.preflight_of(&id).await.expect("read").expect("waits");
    assert!(looked.advice.iter().any(|finding| finding.code == "channel-cannot-carry"), "{:?}", looked.advice);
    let approver =
        Actor { person: Some("wang".to_owned()), ..Actor::new("key-of-wang".to_owned(), Role::Approver, None) };
    let order = |answer| SignOrder {
        step: Step::Sign,
        answer,
        reason: Some("太长".to_owned()),
        digest: waits.digest.clone().expect("waits"),
        emergency: false,
    };
    let refused = engine.flow.sign(&id, order(Answer::Approve), &approver).await;
    let Err(SignOffFault::NotCarried(findings)) = refused else { panic!("{refused:?}") };
    assert_eq!(findings[0].code, "channel-cannot-carry");
    // It can still go back to whoever wrote it.
    engine.flow.sign(&id, order(Answer::Return), &approver).await.expect("taken");
}

#[tokio::test(start_paused = true)]
async fn a_limit_in_segments_counts_what_its_own_route_makes_of_the_text() {
    let engine = Plan::new(1405)
        .route("sms.a", Channel::Sms, |route, settings| {
            (route.rate_per_s, route.red_share) = (Some(60), 0.0);
            settings.rate_unit = RateUnit::Segments;
        })
        .route("push.a", Channel::Push, |route, settings| {
            (route.rate_per_s, route.red_share) = (Some(60), 0.0);
            settings.rate_unit = RateUnit::Segments;
        })
        .people(STREET, (0..600).map(|n| vec![(Channel::Sms, format!("138{n:08}")), (Channel::Push, format!("p{n}"))]))
        .start()
        .await;
    let mut message = warning("W1", "yellow");
    message["infos"][0]["description"] = "雨".repeat(180).into();
    let looked = engine.flow.dry_run(submission(&message, engine.actor())).await.expect("good");
    let finish = |channel: &str| looked.forecast.channels[channel].finish_s.expect("known");
    assert_eq!(looked.texts[0].segments, Some(4));
    assert!((9..=11).contains(&finish("push")) && (38..=42).contains(&finish("sms")), "{:?}", looked.forecast);
}

#[tokio::test(start_paused = true)]
async fn where_the_text_does_not_fit_its_signed_short_form_goes_out() {
    let mut world = world(1406, [Some(45), Some(45)]);
    world = world.route("push.a", Channel::Push, |_, _| {}).people(STREET, [vec![(Channel::Push, "p1".to_owned())]]);
    let engine = world.start().await;
    let first = warning("W1", "yellow");
    let looked = engine.flow.dry_run(submission(&first, engine.actor())).await.expect("good");
    let text = looked.texts.iter().find(|text| text.channel == "sms").expect("sms");
    let short = "【松北预警】【演练】松北区防汛抗旱指挥部发布暴雨预警【演练】";
    assert_eq!((&*text.short, text.routes[0].text.as_deref()), (short, Some(short)));
    let id = engine.post(&first).await;
    engine.until_done(&id, MINUTE).await;
    let seen = |name: &str| engine.arrivals[name].all().into_iter().map(|arrival| arrival.text).collect::<Vec<_>>();
    assert!(seen("sms.a").iter().chain(&seen("sms.b")).all(|text| text == short), "{:?}", seen("sms.a"));
    assert!(seen("push.a")[0].contains("100 毫米"), "{:?}", seen("push.a"));
    // What would lift it was signed with it, in both forms.
    let prepared = engine.flow.prepared(&id).await.expect("read").expect("prepared");
    let lift = prepared.lift.iter().find(|text| text.channel == "sms").expect("sms");
    assert!(lift.short.contains("预警解除") && lift.short.len() < lift.text.len(), "{lift:?}");
    let ended = engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    let Submitted::Created(ended) = ended else { panic!("{ended:?}") };
    engine.until_done(&ended.id, MINUTE).await;
    assert!(seen("sms.a").iter().chain(&seen("sms.b")).any(|text| *text == lift.short), "{:?}", seen("sms.b"));
}

#[tokio::test(start_paused = true)]
async fn providers_of_templates_get_every_value_and_mails_get_none() {
    let world = Plan::new(1407)
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("email.a", Channel::Email, |_, _| {})
        .people(STREET, [vec![(Channel::Sms, "13800000001".to_owned()), (Channel::Email, "a@example.org".to_owned())]]);
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until_done(&id, MINUTE).await;
    let sent = |name: &str| engine.arrivals[name].all().remove(0);
    assert!(sent("email.a").values.is_empty());
    let values = sent("sms.a").values;
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    for (name, wanted) in [
        ("hazard", "11B03"),
        ("hazard_name", "暴雨"),
        ("level", "yellow"),
        ("level_name", "黄色"),
        ("change", "first"),
        ("drill", "yes"),
        ("event", "暴雨"),
        ("headline", "【演练】松北区防汛抗旱指挥部发布暴雨预警"),
        ("title", "【演练】松北区防汛抗旱指挥部发布暴雨预警"),
        ("warning_name", "【演练】暴雨黄色预警"),
        ("summary", "【演练】暴雨黄色预警（Ⅲ级/较重）"),
        ("issuer", "松北区防汛抗旱指挥部"),
        ("area", "松北区"),
        ("sent", "2026年11月24日8时00分"),
        ("language", "zh-CN"),
        // A drill is nothing for the site.
        ("code", ""),
        ("short", "【松北预警】【演练】松北区防汛抗旱指挥部发布暴雨预警【演练】"),
    ] {
        assert_eq!(value(name), wanted, "{name}");
    }
    assert!(!value("expires").is_empty() && !value("released_at").is_empty());
    assert_eq!(values.len(), 19, "{values:?}");
}
