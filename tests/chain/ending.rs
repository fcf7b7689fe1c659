//! The lift and the correction that were signed with a warning: what goes out is what was signed.

use std::time::Duration;

use fenghuo::{
    config::SignOffRule,
    domain::{
        level::Level,
        lift::Times,
        moment::Moment,
        signoff::{Answer, Step},
    },
    flow::{
        approve::{SignOffView, SignOrder},
        authorize::{Actor, Role},
        exact::SignedText,
        intake::{Correct, Lift, SubmitFault, Submitted, WarningView},
        record::WarningId,
    },
};
use fenghuo_contract::Channel;
use serde_json::Value;

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn plan(seed: u64) -> Plan {
    Plan::new(seed).route("sms.a", Channel::Sms, |_, _| {}).route("email.a", Channel::Email, |_, _| {}).people(
        STREET,
        (0..10).map(|n| vec![(Channel::Sms, format!("138{n:08}")), (Channel::Email, format!("p{n}@songbei.example"))]),
    )
}

/// Every level waits for one signature.
fn signed(plan: Plan) -> Plan {
    plan.configured(|config| {
        let rule = SignOffRule {
            hazards: vec!["*".to_owned()],
            levels: Level::ALL.to_vec(),
            issuers: vec!["*".to_owned()],
            drills: true,
            steps: vec![Step::Sign],
            expires_s: 30 * MINUTE,
            second_within_s: Duration::ZERO,
        };
        config.sign_off.insert("all".to_owned(), rule);
    })
}

async fn begun(engine: &Engine, id: &WarningId) -> SignOffView {
    for _ in 0..100 {
        if let Some(view) = engine.flow.sign_off(id).await.expect("read") {
            return view;
        }
        engine.clock.sleep(Duration::from_millis(10)).await;
    }
    panic!("no sign-off began");
}

async fn sign(engine: &Engine, id: &WarningId) {
    let digest = begun(engine, id).await.digest.expect("it waits");
    let order = SignOrder { step: Step::Sign, answer: Answer::Approve, reason: None, digest, emergency: false };
    engine.flow.sign(id, order, &Actor::new("approver", Role::Approver, None)).await.expect("taken").expect("known");
}

fn taken(submitted: Result<Option<Submitted>, SubmitFault>) -> WarningView {
    match submitted.expect("taken").expect("known") {
        Submitted::Created(view) | Submitted::Repeated(view) => view,
    }
}

async fn seen(engine: &Engine, id: &WarningId) -> WarningView {
    engine.flow.warning(id).await.expect("read").expect("known")
}

/// Texts that arrived at a provider, the last one.
fn last(engine: &Engine, route: &str) -> String {
    engine.arrivals[route].all().pop().expect("something arrived").text
}

/// The times a message was sent with.
fn times(view: &WarningView) -> Times {
    Times { sent: view.message.sent, end: view.message.infos[0].expires.expect("an end") }
}

fn of<'t>(texts: &'t [SignedText], channel: &str) -> &'t str {
    &texts.iter().find(|text| text.channel == channel && text.language == "zh-CN").expect("a text").text
}

async fn details(engine: &Engine, id: &WarningId) -> Vec<(String, String)> {
    let timeline = engine.flow.timeline(id).await.expect("read");
    timeline.into_iter().map(|entry| (entry.what, entry.detail.unwrap_or_default())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_goes_out_is_what_was_signed_whatever_the_templates_have_become() {
    for (seed, correct) in [(611, false), (612, true)] {
        let mut engine = signed(plan(seed)).start().await;
        let id = engine.post(&warning("W1", "yellow")).await;
        let view = begun(&engine, &id).await;
        let prepared = view.prepared.expect("it waits");
        let texts = if correct { prepared.correction } else { prepared.lift };
        let form = of(&texts, "sms").to_owned();
        assert!(form.contains("〔发出时间〕") && form.contains("【松北预警】"), "{form}");
        sign(&engine, &id).await;
        engine.until(&id, MINUTE, |status| status.done).await;

        // Whoever signs years later signs for another service.
        engine.config.texts.signature = "别的名字".to_owned();
        engine = engine.restart().await;
        let actor = engine.actor();
        let ended = if correct {
            taken(engine.flow.correct(&id, Correct::default(), actor).await)
        } else {
            taken(engine.flow.lift(&id, Lift::default(), actor).await)
        };
        engine.until(&ended.id, MINUTE, |status| status.done).await;
        assert_eq!(last(&engine, "sms.a"), times(&ended).fill(&form), "nothing but the time was filled in");
        assert_eq!(last(&engine, "email.a"), times(&ended).fill(of(&texts, "email")));
        let word = if correct { "corrected" } else { "lifted" };
        assert_eq!(seen(&engine, &id).await.ended.as_deref(), Some(word));
        assert!(engine.flow.sign_off(&ended.id).await.expect("read").is_none(), "it waits for nobody");
        let ordered = details(&engine, &ended.id).await;
        let what = if correct { "correction_ordered" } else { "lift_ordered" };
        assert!(ordered.iter().any(|(w, detail)| w == what && detail.contains("sha256:")), "{ordered:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_prepared_texts_are_part_of_what_is_signed() {
    let engine = signed(plan(613)).start().await;
    let mut own = warning("W1", "yellow");
    let plain = engine.post(&own).await;
    own["identifier"] = "W2".into();
    own["infos"][0]["lift_text"] = "雨停了，〔发出时间〕起解除。".into();
    own["infos"][0]["correction_text"] = "刚才的预警发错了。".into();
    let id = engine.post(&own).await;
    let (view, other) = (begun(&engine, &id).await, begun(&engine, &plain).await);
    assert_ne!(view.digest, other.digest);
    let prepared = view.prepared.expect("it waits");
    assert!(of(&prepared.lift, "sms").contains("雨停了，〔发出时间〕起解除。"), "{prepared:?}");
    assert!(of(&prepared.correction, "sms").contains("刚才的预警发错了。"), "{prepared:?}");
    assert!(prepared.lift.iter().all(|text| text.text.starts_with("【演练】") || text.text.contains("演练")));
    sign(&engine, &id).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let lifted = taken(engine.flow.lift(&id, Lift::default(), engine.actor()).await);
    engine.until(&lifted.id, MINUTE, |status| status.done).await;
    let said = format!("雨停了，{}起解除。", lifted.message.sent.chinese());
    assert!(last(&engine, "sms.a").contains(&said), "{}", last(&engine, "sms.a"));
    assert_eq!(lifted.message.infos[0].description.as_deref(), Some(said.as_str()));
}

#[tokio::test(start_paused = true)]
async fn other_words_go_out_at_once_and_the_journal_says_so() {
    let engine = signed(plan(614)).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    sign(&engine, &id).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let order = Lift { text: Some("都回家吧。".to_owned()), reason: Some("雨停".to_owned()) };
    let lifted = taken(engine.flow.lift(&id, order, engine.actor()).await);
    engine.until(&lifted.id, MINUTE, |status| status.done).await;
    assert!(last(&engine, "sms.a").contains("都回家吧。"));
    let ordered = details(&engine, &lifted.id).await;
    assert!(ordered.iter().any(|(_, detail)| detail.ends_with("other-text 雨停")), "{ordered:?}");
    // The same, asked for by somebody else: an event ends once.
    let approver = Actor::new("k2", Role::Approver, None);
    let again = engine.flow.lift(&id, Lift::default(), approver).await;
    assert!(matches!(&again, Ok(Some(Submitted::Repeated(view))) if view.id == lifted.id), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_red_mistake_is_corrected_on_every_channel_of_those_who_may_have_got_it() {
    let engine = plan(615).start().await;
    // E-mail never left: nobody was told there.
    engine.flow.pause_route("email.a", "k1", "until it was seen to be a mistake").await.expect("stored");
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.delivered == 10)).await;
    let corrected = taken(engine.flow.correct(&id, Correct { reason: None }, engine.actor()).await);
    engine.until(&corrected.id, MINUTE, |status| status.channels.contains_key("email")).await;
    engine.flow.resume_route("email.a", "k1").await.expect("stored");
    let status = engine.until(&corrected.id, MINUTE, |status| status.done).await;
    assert_eq!((status.channels["sms"].audience, status.channels["email"].audience), (10, 10));
    assert_eq!(engine.ledgers["email.a"].seen(), 10, "the mistake itself went nowhere by mail");
    assert!(last(&engine, "email.a").contains("更正"), "{}", last(&engine, "email.a"));
    let again = engine.flow.correct(&id, Correct::default(), engine.actor()).await;
    assert!(matches!(&again, Ok(Some(Submitted::Repeated(view))) if view.id == corrected.id), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lifted_warning_can_still_be_called_a_mistake_and_an_unreleased_one_cannot() {
    let engine = signed(plan(616)).start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    begun(&engine, &id).await;
    let early = engine.flow.correct(&id, Correct::default(), engine.actor()).await;
    assert!(matches!(early, Err(SubmitFault::NotReleased)), "{early:?}");
    sign(&engine, &id).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let lifted = taken(engine.flow.lift(&id, Lift::default(), engine.actor()).await);
    engine.until(&lifted.id, MINUTE, |status| status.done).await;
    let corrected = taken(engine.flow.correct(&id, Correct::default(), engine.actor()).await);
    let status = engine.until(&corrected.id, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].audience, 10);
    assert_eq!(seen(&engine, &id).await.ended.as_deref(), Some("corrected"));
}

/// A real warning of another body, passed on.
fn passed_on(identifier: &str) -> Value {
    let mut message = warning(identifier, "yellow");
    message["status"] = "actual".into();
    message["sender"] = "station@weather.example".into();
    message["infos"][0]["sender_name"] = "哈尔滨市气象台".into();
    message
}

#[tokio::test(start_paused = true)]
async fn what_is_passed_on_is_ended_by_its_originator_and_here_only_passed_on_no_more() {
    let world = plan(617).route("sms.real", Channel::Sms, |route, _| (route.drill, route.actual) = (false, true));
    let engine = world.start().await;
    let first = passed_on("S1");
    let id = engine.post(&first).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    for refused in [
        engine.flow.lift(&id, Lift::default(), engine.actor()).await,
        engine.flow.correct(&id, Correct::default(), Actor::new("op", Role::Operator, None)).await,
    ] {
        assert!(!matches!(refused, Ok(Some(_))), "{refused:?}");
    }
    let stopped = taken(engine.flow.lift(&id, Lift::default(), Actor::new("op", Role::Operator, None)).await);
    engine.until(&stopped.id, MINUTE, |status| status.done).await;
    let text = last(&engine, "sms.real");
    assert!(text.contains("停止转发哈尔滨市气象台") && text.contains("以哈尔滨市气象台发布的为准"), "{text}");
    assert_eq!(stopped.message.sender, "relay@fenghuo.local");
    let view = seen(&engine, &id).await;
    assert_eq!((view.ended.as_deref(), view.message.references.len()), (Some("stopped"), 0), "theirs is untouched");
    // Those who were told hear from the originator that it is over.
    let theirs = engine.post(&following(&first, "S2", "cancel")).await;
    let status = engine.until(&theirs, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].audience, 10);
}

#[test]
fn a_blank_is_filled_in_both_languages() {
    let at = |text: &str| text.parse::<Moment>().expect("a moment");
    let times = Times { sent: at("2026-07-15T18:00:00+08:00"), end: at("2026-07-15T19:00:00+08:00") };
    assert_eq!(times.fill("〔发出时间〕—〔截止时间〕"), "2026年7月15日18时00分—2026年7月15日19时00分");
    assert_eq!(times.fill("[time of sending] [time of its end]"), "2026-07-15 18:00 2026-07-15 19:00");
}
