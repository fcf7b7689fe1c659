//! Signatures before the release: nothing leaves without them, and what left is what was signed.

use std::time::Duration;

use fenghuo::{
    config::SignOffRule,
    domain::{
        level::Level,
        signoff::{Answer, Beyond, SignFault, Standing, Step},
    },
    flow::{
        approve::{SignOffFault, SignOffView, SignOrder},
        authorize::{Actor, Role},
        record::WarningId,
    },
};
use fenghuo_contract::Channel;

use crate::support::{
    engine::{Engine, Plan},
    message::{following, warning},
};

const STREET: &str = "230109001000";
const MINUTE: Duration = Duration::from_secs(60);

fn rule(steps: &[Step], second_within_s: u64) -> SignOffRule {
    SignOffRule {
        hazards: vec!["*".to_owned()],
        levels: vec![Level::Red, Level::Yellow],
        issuers: vec!["*".to_owned()],
        drills: true,
        steps: steps.to_vec(),
        expires_s: 30 * MINUTE,
        second_within_s: Duration::from_secs(second_within_s),
    }
}

async fn world(seed: u64, second_within_s: u64) -> Engine {
    Plan::new(seed)
        .configured(|config| {
            config.sign_off.insert("all".to_owned(), rule(&Step::ALL, second_within_s));
        })
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, (0..20).map(|n| format!("138{n:08}")))
        .start()
        .await
}

fn approver(person: &str) -> Actor {
    Actor { person: Some(person.to_owned()), ..Actor::new(format!("key-of-{person}"), Role::Approver, None) }
}

fn order(step: Step, answer: Answer, digest: &str) -> SignOrder {
    let reason = (answer != Answer::Approve).then(|| "错别字".to_owned());
    SignOrder { step, answer, reason, digest: digest.to_owned(), emergency: false }
}

/// How the sign-off of a warning stands, once it has begun.
async fn begun(engine: &Engine, id: &WarningId) -> SignOffView {
    for _ in 0..100 {
        if let Some(view) = engine.flow.sign_off(id).await.expect("read") {
            return view;
        }
        engine.clock.sleep(Duration::from_millis(10)).await;
    }
    panic!("no sign-off began");
}

async fn sign(engine: &Engine, id: &WarningId, order: SignOrder, person: &str) -> Result<SignOffView, SignOffFault> {
    engine.flow.sign(id, order, &approver(person)).await.map(|view| view.expect("known"))
}

fn seen(engine: &Engine) -> u64 {
    engine.ledgers["sms.a"].seen()
}

fn codes(engine: &Engine) -> Vec<String> {
    engine.flow.alarms().into_iter().map(|alarm| alarm.code).collect()
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_before_three_persons_have_signed_and_a_restart_forgets_no_signature() {
    let mut engine = world(401, 0).await;
    let id = engine.post(&warning("W1", "red")).await;
    let digest = begun(&engine, &id).await.digest.expect("waits");
    let text = &begun(&engine, &id).await.texts[0];
    assert!(text.channel == "sms" && text.text.contains("暴雨"), "{text:?}");
    engine.clock.sleep(2 * MINUTE).await;
    assert_eq!((seen(&engine), codes(&engine)), (0, vec!["red-unsigned".to_owned()]));
    sign(&engine, &id, order(Step::Review, Answer::Approve, &digest), "li").await.expect("taken");
    let twice = sign(&engine, &id, order(Step::Sign, Answer::Approve, &digest), "li").await;
    assert!(matches!(twice, Err(SignOffFault::Refused(SignFault::Twice))), "{twice:?}");
    engine = engine.restart().await;
    assert_eq!(begun(&engine, &id).await.standing, Standing::Waiting(Step::Sign));
    let other = sign(&engine, &id, order(Step::Sign, Answer::Approve, "sha256:00"), "wang").await;
    assert!(matches!(other, Err(SignOffFault::Refused(SignFault::Outdated { .. }))), "{other:?}");
    sign(&engine, &id, order(Step::Sign, Answer::Approve, &digest), "wang").await.expect("taken");
    engine.clock.sleep(MINUTE / 2).await;
    assert_eq!(seen(&engine), 0);
    sign(&engine, &id, order(Step::Office, Answer::Approve, &digest), "zhao").await.expect("taken");
    engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(seen(&engine), 20);
    let view = begun(&engine, &id).await;
    let persons: Vec<&str> = view.given.iter().map(|given| given.person.as_str()).collect();
    assert_eq!((view.standing, persons), (Standing::Signed, vec!["li", "wang", "zhao"]));
    assert!(view.given[0].took_s >= 120, "{:?}", view.given);
}

#[tokio::test(start_paused = true)]
async fn whoever_handed_it_in_signs_nothing_with_whatever_key() {
    let engine = world(402, 600).await;
    let zhang = Actor { person: Some("zhang".to_owned()), ..engine.actor() };
    let id = engine.post_as(&warning("W1", "yellow"), zhang).await;
    let digest = begun(&engine, &id).await.digest.expect("waits");
    for emergency in [false, true] {
        let step = if emergency { Step::Sign } else { Step::Review };
        let own = SignOrder { emergency, ..order(step, Answer::Approve, &digest) };
        let refused = sign(&engine, &id, own, "zhang").await;
        assert!(matches!(refused, Err(SignOffFault::Refused(SignFault::Submitter))), "{refused:?}");
    }
    engine.clock.sleep(MINUTE).await;
    assert_eq!(seen(&engine), 0);
}

#[tokio::test(start_paused = true)]
async fn returned_rejected_unsigned_or_lifted_it_never_leaves() {
    for (seed, answer, ended) in
        [(403, Some(Answer::Return), "returned"), (404, Some(Answer::Reject), "rejected"), (405, None, "unsigned")]
    {
        let engine = world(seed, 0).await;
        let id = engine.post(&warning("W1", "red")).await;
        let digest = begun(&engine, &id).await.digest.expect("waits");
        if let Some(answer) = answer {
            sign(&engine, &id, order(Step::Review, answer, &digest), "li").await.expect("taken");
        }
        engine.clock.sleep(31 * MINUTE).await;
        let view = engine.flow.warning(&id).await.expect("read").expect("known");
        assert_eq!((view.ended.as_deref(), view.released_at), (Some(ended), None));
        let late = sign(&engine, &id, order(Step::Review, Answer::Approve, &digest), "wang").await;
        assert!(matches!(late, Err(SignOffFault::NotWaiting)), "{late:?}");
        assert_eq!((seen(&engine), codes(&engine).len()), (0, 0));
    }
    // A lift waits for nobody, and ends what still waits.
    let engine = world(406, 0).await;
    let first = warning("W1", "red");
    let id = engine.post(&first).await;
    begun(&engine, &id).await;
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    engine.until(&lift, MINUTE, |status| status.done).await;
    let view = engine.flow.warning(&id).await.expect("read").expect("known");
    assert_eq!((view.ended.as_deref(), seen(&engine)), (Some("lifted"), 0), "nobody had been told of it");
}

#[tokio::test(start_paused = true)]
async fn in_an_emergency_one_signature_releases_and_the_second_is_owed() {
    let engine = world(407, 600).await;
    let id = engine.post(&warning("W1", "red")).await;
    let digest = begun(&engine, &id).await.digest.expect("waits");
    let now = SignOrder { emergency: true, ..order(Step::Sign, Answer::Approve, &digest) };
    sign(&engine, &id, now, "li").await.expect("taken");
    engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(seen(&engine), 20);
    engine.clock.sleep(5 * MINUTE).await;
    assert_eq!(codes(&engine), Vec::<String>::new(), "there is time yet");
    engine.clock.sleep(6 * MINUTE).await;
    assert_eq!(codes(&engine), ["second-signature-missing"]);
    for (step, person) in [(Step::Review, "wang"), (Step::Office, "zhao")] {
        sign(&engine, &id, order(step, Answer::Approve, &digest), person).await.expect("taken");
    }
    engine.clock.sleep(MINUTE).await;
    assert_eq!((codes(&engine), begun(&engine, &id).await.standing), (Vec::<String>::new(), Standing::Signed));
    assert_eq!(seen(&engine), 20, "and nothing is sent twice");
}

/// A world of one actual route and people who get what is meant.
async fn meant(seed: u64, audience_max: Option<u64>, rule_steps: &[Step]) -> Engine {
    let steps = rule_steps.to_vec();
    Plan::new(seed)
        .configured(|config| {
            if let Some(issuer) = config.issuers.get_mut("relay") {
                issuer.audience_max = audience_max;
            }
            config.authority.hazards.clear();
            if !steps.is_empty() {
                config.sign_off.insert("all".to_owned(), rule(&steps, 600));
            }
        })
        .route("sms.a", Channel::Sms, |route, _| {
            route.actual = true;
            route.drill = false;
        })
        .recipients(STREET, Channel::Sms, (0..20).map(|n| format!("138{n:08}")))
        .start()
        .await
}

fn actual(identifier: &str) -> serde_json::Value {
    let mut message = warning(identifier, "yellow");
    message["status"] = "actual".into();
    message
}

#[tokio::test(start_paused = true)]
async fn above_the_ceiling_the_office_signs_too_and_nobody_releases_it_alone() {
    // At the ceiling it is released as ever.
    let engine = meant(421, Some(20), &[]).await;
    let id = engine.post(&actual("W1")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(seen(&engine), 20);
    // Above it, the office signs where nobody had to, and besides those who had to.
    for (seed, rule, steps) in [
        (422, vec![], vec![Step::Office]),
        (423, vec![Step::Review, Step::Sign], vec![Step::Review, Step::Sign, Step::Office]),
        (424, Step::ALL.to_vec(), Step::ALL.to_vec()),
    ] {
        let engine = meant(seed, Some(19), &rule).await;
        let id = engine.post(&actual("W1")).await;
        let view = begun(&engine, &id).await;
        assert_eq!(view.beyond, Some(Beyond::Audience { people: 20, most: 19 }));
        assert_eq!((&view.steps, view.emergency_allowed), (&steps, false));
        let digest = view.digest.expect("waits");
        for step in [Step::Sign, Step::Office] {
            let alone = SignOrder { emergency: true, ..order(step, Answer::Approve, &digest) };
            assert!(sign(&engine, &id, alone, "li").await.is_err(), "{step:?}");
        }
        let looked = engine.flow.preflight_of(&id).await.expect("read").expect("waits");
        assert!(looked.advice.iter().any(|finding| finding.code == "audience-above-ceiling"), "{:?}", looked.advice);
        for (at, step) in steps.iter().enumerate() {
            assert_eq!(seen(&engine), 0);
            sign(&engine, &id, order(*step, Answer::Approve, &digest), &format!("p{at}")).await.expect("taken");
        }
        engine.until(&id, MINUTE, |status| status.done).await;
        assert_eq!(seen(&engine), 20);
        assert!(engine.flow.preflight_of(&id).await.expect("read").is_none(), "decided");
    }
}

#[tokio::test(start_paused = true)]
async fn an_area_that_is_only_a_name_waits_for_the_office_and_a_drill_never_does() {
    let engine = meant(425, None, &[]).await;
    let mut lost = actual("W1");
    lost["infos"][0]["areas"] = serde_json::json!([{"description": "松北区"}]);
    let id = engine.post(&lost).await;
    let view = begun(&engine, &id).await;
    assert_eq!((view.beyond, view.rule.as_str()), (Some(Beyond::NoPlace), "beyond-issuer"));
    // Its lift waits for nobody.
    let lift = engine.post(&following(&lost, "W2", "cancel")).await;
    engine.until(&lift, MINUTE, |status| status.done).await;
    let view = engine.flow.warning(&id).await.expect("read").expect("known");
    assert_eq!((view.ended.as_deref(), seen(&engine)), (Some("lifted"), 0));
    let drill = Plan::new(426)
        .configured(|config| {
            if let Some(issuer) = config.issuers.get_mut("relay") {
                issuer.audience_max = Some(1);
            }
        })
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, (0..20).map(|n| format!("138{n:08}")));
    let engine = drill.start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(seen(&engine), 20);
}
