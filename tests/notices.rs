//! Who is on duty, and what they are told: reminders, witnesses, deputies; each once, whatever is interrupted.

mod pages;

use std::time::Duration;

use fenghuo::{
    config::{SignOffRule, Witnessed},
    domain::{
        analysis::Period,
        level::Level,
        message::Status,
        roster::{Officer, ShiftForm},
        signoff::{Answer, Standing, Step},
    },
    flow::{
        analysis::AnalysisOrder,
        approve::{SignOffFault, SignOffView, SignOrder},
        authorize::{Actor, KeyOrder, Role},
        intake::WarningFilter,
        notice::{NoticeKind, NoticeView, Unreached},
        record::{Stage, WarningId},
        roster::{RosterFault, RosterSource},
        target::directory::Recipient,
    },
};
use fenghuo_contract::{Address, Channel};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{
    engine::{Engine, Plan},
    gateway::TestGateway,
    message::{following, warning},
};

const STREET: &str = "230109001000";
const MINUTE: Duration = Duration::from_secs(60);

/// Somebody with this duty all week.
fn always(person: &str, roles: &[&str], deputies: &[&str]) -> ShiftForm {
    ShiftForm {
        person: person.to_owned(),
        recipient: format!("duty-{person}"),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(str::to_owned).to_vec(),
        hours: Some("00:00-24:00".to_owned()),
        deputies: deputies.iter().map(|name| officer(name)).collect(),
        ..ShiftForm::default()
    }
}

fn officer(person: &str) -> Officer {
    Officer { person: person.to_owned(), recipient: format!("duty-{person}") }
}

fn person(name: &str, number: u32, drill: bool) -> Recipient {
    Recipient {
        external_id: format!("duty-{name}"),
        areas: vec!["230109002000".parse().expect("an area")],
        endpoints: [(Channel::Sms, format!("139{number:08}"))].into(),
        drill,
        ..Recipient::default()
    }
}

fn rule() -> SignOffRule {
    SignOffRule {
        hazards: vec!["*".to_owned()],
        levels: vec![Level::Red],
        issuers: vec!["*".to_owned()],
        drills: true,
        steps: vec![Step::Review, Step::Office],
        expires_s: 30 * MINUTE,
        second_within_s: 10 * MINUTE,
    }
}

/// Four offices: the issuer `relay`, `flood` and `fire` beside it, and the district's. Nobody at `fire` can be reached.
fn plan(seed: u64) -> Plan {
    let drills = |name: &str, number| person(name, number, true);
    Plan::new(seed)
        .configured(|config| {
            for id in ["flood", "fire"] {
                let issuer = config.issuers["relay"].clone();
                config.issuers.insert(id.to_owned(), issuer);
            }
            config.sign_off.insert("red".to_owned(), rule());
            let relay = vec![always("li", &["review"], &["fang"]), always("tao", &["duty"], &[])];
            let fire = vec![always("ghost", &["duty"], &[]), always("mute", &["duty"], &[])];
            config.roster.insert("relay".to_owned(), relay);
            config.roster.insert("flood".to_owned(), vec![always("qin", &["duty"], &[])]);
            config.roster.insert("fire".to_owned(), fire);
            config.roster.insert("office".to_owned(), vec![always("an", &["office", "duty"], &["ning"])]);
        })
        .route("sms.a", Channel::Sms, |route, _| route.actual = true)
        .recipients(STREET, Channel::Sms, (0..20).map(|n| format!("138{n:08}")))
        .recipient(drills("li", 1))
        .recipient(drills("fang", 2))
        .recipient(drills("tao", 3))
        .recipient(drills("qin", 4))
        .recipient(drills("an", 5))
        .recipient(drills("ning", 6))
        .recipient(Recipient { endpoints: [(Channel::Email, "m@x.example".to_owned())].into(), ..drills("mute", 0) })
}

fn approver(person: &str) -> Actor {
    Actor { person: Some(person.to_owned()), ..Actor::new(format!("key-of-{person}"), Role::Approver, None) }
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

async fn sign(engine: &Engine, id: &WarningId, step: Step, person: &str) -> Result<SignOffView, SignOffFault> {
    say(engine, id, step, Answer::Approve, person, false).await
}

async fn say(
    engine: &Engine,
    id: &WarningId,
    step: Step,
    answer: Answer,
    person: &str,
    emergency: bool,
) -> Result<SignOffView, SignOffFault> {
    let digest = begun(engine, id).await.digest.expect("waits");
    let reason = (answer != Answer::Approve).then(|| "错别字".to_owned());
    let order = SignOrder { step, answer, reason, digest, emergency };
    engine.flow.sign(id, order, &approver(person)).await.map(|view| view.expect("known"))
}

async fn notices(engine: &Engine, id: &WarningId) -> Vec<NoticeView> {
    engine.flow.notices(id).await.expect("read").expect("known")
}

fn persons(notice: &NoticeView) -> Vec<&str> {
    notice.to.iter().filter_map(|to| to.person.as_deref()).collect()
}

fn kinds(notices: &[NoticeView]) -> Vec<NoticeKind> {
    notices.iter().map(|notice| notice.kind).collect()
}

/// How many messages went to a number.
fn sent(engine: &Engine, address: &str) -> u32 {
    engine.ledgers["sms.a"].line(&Address::new(address)).map_or(0, |line| line.seen)
}

#[tokio::test(start_paused = true)]
async fn whoever_owes_a_signature_is_reminded_and_then_the_deputy_until_it_is_there() {
    let engine = plan(901).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    let first = begun(&engine, &id).await.reminded;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(
        (first[0].step.as_str(), &*first[0].persons, first[0].deputies),
        ("review", &["li".to_owned()][..], false)
    );
    engine.clock.sleep(5 * MINUTE).await;
    assert_eq!(begun(&engine, &id).await.reminded.len(), 2);
    engine.clock.sleep(5 * MINUTE).await;
    let third = begun(&engine, &id).await.reminded;
    assert_eq!((third.len(), &*third[2].persons), (3, &["li".to_owned(), "fang".to_owned()][..]));
    assert_eq!((sent(&engine, "13900000001"), sent(&engine, "13900000002")), (3, 1));
    // The next step has its own officer, at once, and nobody else is told again.
    sign(&engine, &id, Step::Review, "li").await.expect("on duty");
    engine.clock.sleep(Duration::from_secs(3)).await;
    assert_eq!(begun(&engine, &id).await.reminded[3].persons, ["an"]);
    sign(&engine, &id, Step::Office, "an").await.expect("on duty");
    engine.until(&id, MINUTE, |status| status.done).await;
    engine.clock.sleep(20 * MINUTE).await;
    let all = notices(&engine, &id).await;
    assert_eq!(kinds(&all), [NoticeKind::SignOffReminder; 4], "a drill has no witnesses");
    assert!(all.iter().all(|notice| notice.stage == Stage::Finished), "{all:#?}");
    let text = format!("{} {}", all[0].headline, all[0].text);
    assert!(text.contains("请审核") && text.contains("暴雨"), "{text}");
    let delivery = &all[0].to[0].deliveries[0];
    assert!(delivery.channel == "sms" && delivery.address.contains('*'), "{delivery:?}");
    // It is in the history of the warning, and in no list of warnings.
    let timeline = engine.flow.timeline(&id).await.expect("read");
    assert_eq!(timeline.iter().filter(|entry| entry.what == "notice").count(), 4);
    let listed = engine.flow.warnings(&WarningFilter::default(), None, 50).await.expect("read").items;
    assert_eq!(listed.len(), 1);
    let with = WarningFilter { notices: true, ..WarningFilter::default() };
    assert_eq!(engine.flow.warnings(&with, None, 50).await.expect("read").items.len(), 5);
    let order = AnalysisOrder { from_ms: 0, until_ms: i64::MAX, period: Period::Day, status: Status::Exercise };
    let analysis = format!("{:?}", engine.flow.analysis(order, &approver("an")).await);
    assert!(!analysis.contains("fenghuo"), "notices are no warnings: {analysis}");
    // Nobody takes back what is no warning, and nobody is told of it.
    let lifted = engine.flow.lift(&all[0].id, fenghuo::flow::intake::Lift::default(), engine.actor()).await;
    assert!(matches!(lifted, Ok(None)), "{lifted:?}");
    assert_eq!(notices(&engine, &all[0].id).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_those_on_duty_and_their_deputies_sign_where_there_is_a_roster() {
    let engine = plan(902).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    begun(&engine, &id).await;
    for (step, stranger) in [(Step::Review, "zhao"), (Step::Review, "tao"), (Step::Review, "an")] {
        let refused = sign(&engine, &id, step, stranger).await;
        let Err(SignOffFault::NotOnDuty { office, on_duty }) = refused else { panic!("{refused:?}") };
        assert_eq!((office.as_str(), on_duty), ("relay", vec!["li".to_owned()]), "{stranger}");
    }
    let view = sign(&engine, &id, Step::Review, "fang").await.expect("a deputy");
    assert_eq!(view.given[0].deputy_of.as_deref(), Some("li"));
    let timeline = engine.flow.timeline(&id).await.expect("read");
    let signed = timeline.iter().find(|entry| entry.what == "signed").expect("signed");
    assert!(signed.detail.as_deref().is_some_and(|detail| detail.contains("fang as deputy of li")), "{signed:?}");
    // A deputy of one office is nobody at another.
    assert!(matches!(sign(&engine, &id, Step::Office, "li").await, Err(SignOffFault::NotOnDuty { .. })));
    // No needs no duty; a roster with nobody for the step binds nobody.
    engine.flow.set_roster("office", vec![always("an", &["duty"], &[])], "k").await.expect("stored");
    let view = sign(&engine, &id, Step::Office, "zhao").await.expect("nobody has the step");
    assert_eq!(view.standing, Standing::Signed);
    let other = engine.post(&warning("W2", "red")).await;
    say(&engine, &other, Step::Review, Answer::Return, "zhao", false).await.expect("stopping is easier");
}

#[tokio::test(start_paused = true)]
async fn the_submitters_office_learns_what_became_of_its_warning() {
    let answers = [(Answer::Return, NoticeKind::SignOffReturned), (Answer::Reject, NoticeKind::SignOffRejected)];
    for (seed, (answer, kind)) in (903..).zip(answers) {
        let engine = plan(seed).start().await;
        let id = engine.post(&warning("W1", "red")).await;
        say(&engine, &id, Step::Review, answer, "li", false).await.expect("taken");
        engine.clock.sleep(Duration::from_secs(3)).await;
        let engine = engine.restart().await;
        engine.clock.sleep(Duration::from_secs(3)).await;
        let told: Vec<NoticeView> =
            notices(&engine, &id).await.into_iter().filter(|notice| notice.kind == kind).collect();
        assert_eq!((told.len(), persons(&told[0])), (1, vec!["tao"]));
        assert!(told[0].text.contains("错别字"), "{}", told[0].text);
    }
    let engine = plan(905).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(32 * MINUTE).await;
    let told = kinds(&notices(&engine, &id).await);
    let count = |kind| told.iter().filter(|told| **told == kind).count();
    assert_eq!(
        (count(NoticeKind::SignOffReminder), count(NoticeKind::SignOffExpiring), count(NoticeKind::SignOffExpired)),
        (6, 1, 1),
        "{told:?}"
    );
}

fn actual(identifier: &str, level: &str) -> serde_json::Value {
    let mut message = warning(identifier, level);
    message["status"] = "actual".into();
    message
}

#[tokio::test(start_paused = true)]
async fn releases_and_lifts_are_told_to_the_other_headquarters_with_the_head_of_the_journal() {
    let engine = plan(906).start().await;
    let first = actual("W1", "yellow");
    let id = engine.post(&first).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    let told = notices(&engine, &id).await;
    assert_eq!(kinds(&told), [NoticeKind::WitnessRelease]);
    assert_eq!(persons(&told[0]), ["ghost", "mute", "qin", "an"], "everybody but the issuer itself");
    let unreached: Vec<Option<Unreached>> = told[0].to.iter().map(|to| to.unreached).collect();
    assert_eq!(unreached, [Some(Unreached::RecipientUnknown), Some(Unreached::NoAddress), None, None]);
    // They live in the area too, and get the warning itself besides.
    assert_eq!((sent(&engine, "13900000004"), sent(&engine, "13900000005"), sent(&engine, "13900000003")), (2, 2, 1));
    // What they hold is a row of the journal that holds the release, and its true hash.
    let words: Vec<&str> = told[0].text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let rows = engine.store.journal(1, 1_000).await.expect("read");
    let held = rows.iter().find(|row| {
        let hash: String = row.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        words.contains(&&hash[..16]) && words.contains(&row.sequence.to_string().as_str())
    });
    let held = held.unwrap_or_else(|| panic!("no row of the journal in: {}", told[0].text));
    let released = |data: &[u8]| {
        let text = String::from_utf8_lossy(data);
        text.contains("\"released\"") && text.contains(&id.0)
    };
    assert!(held.entries.iter().any(|(_, entry)| released(&entry.data)));
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    engine.until(&lift, MINUTE, |status| status.done).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    assert_eq!(kinds(&notices(&engine, &lift).await), [NoticeKind::WitnessLift]);
    assert_eq!(sent(&engine, "13900000004"), 4);
    // Again and again started: told once.
    let engine = engine.restart().await.restart().await;
    engine.clock.sleep(MINUTE).await;
    assert_eq!((notices(&engine, &id).await.len(), notices(&engine, &lift).await.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_between_release_and_notice_still_tells_once() {
    for (seed, after_ms) in (910..).zip([0, 1, 2, 5, 20, 100, 400, 1_100]) {
        let engine = plan(seed).start().await;
        let id = engine.post(&actual("W1", "yellow")).await;
        engine.clock.sleep(Duration::from_millis(after_ms)).await;
        let engine = engine.restart().await;
        engine.until(&id, MINUTE, |status| status.done).await;
        engine.clock.sleep(Duration::from_secs(3)).await;
        assert_eq!(kinds(&notices(&engine, &id).await), [NoticeKind::WitnessRelease], "after {after_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn an_emergency_and_a_new_key_are_told_too_and_nothing_where_it_is_not_wanted() {
    let engine = plan(920).start().await;
    let id = engine.post(&actual("W1", "red")).await;
    say(&engine, &id, Step::Office, Answer::Approve, "an", true).await.expect("an emergency");
    engine.until(&id, MINUTE, |status| status.done).await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    let told = notices(&engine, &id).await;
    let emergency = told.iter().find(|notice| notice.kind == NoticeKind::WitnessEmergency).expect("told");
    assert!(emergency.text.contains("an"), "{}", emergency.text);
    let owed = told.iter().find(|notice| notice.kind == NoticeKind::SecondSignature).expect("reminded");
    assert_eq!(persons(owed), ["li"]);
    let order = |role| KeyOrder { person: Some("sun".to_owned()), ..KeyOrder::new(role, None) };
    engine.flow.create_key_by("k", order(Role::Approver)).await.expect("made");
    engine.flow.create_key_by("k", order(Role::Auditor)).await.expect("made");
    // The notice of a key made just before a stop is not forgotten.
    let engine = engine.restart().await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    let engine = engine.restart().await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    let with = WarningFilter { notices: true, ..WarningFilter::default() };
    let listed = engine.flow.warnings(&with, None, 50).await.expect("read").items;
    let grants: Vec<_> = listed
        .iter()
        .filter_map(|view| view.notice.as_ref())
        .filter(|notice| notice.kind == NoticeKind::WitnessGrant)
        .collect();
    assert_eq!(grants.len(), 1, "an auditor has no power");
    assert_eq!(grants[0].to.len(), 5, "all offices: {:?}", grants[0].to);

    let engine = plan(921)
        .configured(|config| {
            config.witnesses.tell = vec![Witnessed::Lift];
            config.sign_off.clear();
        })
        .start()
        .await;
    let id = engine.post(&actual("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(notices(&engine, &id).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_notice_of_a_drill_reaches_nobody_who_takes_no_part_in_drills() {
    let engine = plan(930).start().await.changed("duty-li", |li| li.drill = false).await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    let told = notices(&engine, &id).await;
    assert_eq!((persons(&told[0]), told[0].to[0].unreached), (vec!["li"], Some(Unreached::NotInDrills)));
    assert_eq!(sent(&engine, "13900000001"), 0);
    let marked = engine.flow.warning(&told[0].id).await.expect("read").expect("known");
    assert_eq!(marked.status, Status::Exercise);
}

#[tokio::test(start_paused = true)]
async fn notices_ride_in_the_lane_of_their_warning_keep_the_limits_and_end_in_time() {
    let engine = plan(940)
        .configured(|config| {
            config.sign_off_reminders.every_s = Duration::ZERO;
            config.routes.get_mut("sms.a").expect("the route").rate_per_s = Some(10);
        })
        .recipients(STREET, Channel::Sms, (0..2_000).map(|n| format!("137{n:08}")))
        .start()
        .await;
    // Blue takes more than three minutes; the reminder about a red one overtakes it.
    let blue = engine.post(&warning("W1", "blue")).await;
    engine.clock.sleep(Duration::from_secs(10)).await;
    let red = engine.post(&warning("W2", "red")).await;
    engine.clock.sleep(Duration::from_secs(6)).await;
    assert!(!engine.status(&blue).await.done);
    let reminder = notices(&engine, &red).await.remove(0);
    assert_eq!((reminder.kind, sent(&engine, "13900000001")), (NoticeKind::SignOffReminder, 1));
    assert!(engine.ledgers["sms.a"].seen() <= 10 * 20, "the limit of the route counts for notices too");
    // On a route that is paused it waits, and what is no news any more is not sent.
    engine.flow.pause_route("sms.a", "k", "repair").await.expect("stored");
    sign(&engine, &red, Step::Review, "li").await.expect("on duty");
    engine.clock.sleep(5 * MINUTE).await;
    engine.flow.resume_route("sms.a", "k").await.expect("stored");
    engine.clock.sleep(5 * MINUTE).await;
    let late = notices(&engine, &red).await.remove(1);
    assert_eq!(late.to[0].deliveries[0].state, fenghuo::domain::delivery::State::Expired, "{late:?}");
    assert_eq!(sent(&engine, "13900000005"), 1, "the blue warning only");
}

#[tokio::test(start_paused = true)]
async fn a_stranger_cannot_continue_or_end_a_notice() {
    let engine = plan(931).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    let notice = notices(&engine, &id).await.remove(0);
    let seen = engine.flow.warning(&notice.id).await.expect("read").expect("known");
    let earlier =
        json!({"sender": seen.message.sender, "identifier": seen.message.identifier, "sent": seen.message.sent});
    let mut cancel = following(&warning("W2", "yellow"), "W3", "cancel");
    cancel["sender"] = earlier["sender"].clone();
    cancel["references"] = json!([earlier]);
    let cancel = engine.post(&cancel).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    let after = engine.flow.warning(&notice.id).await.expect("read").expect("known");
    assert_eq!((after.ended, after.event.clone()), (None, notice.id));
    assert_ne!(engine.flow.warning(&cancel).await.expect("read").expect("known").event, after.event);
}

#[tokio::test(start_paused = true)]
async fn a_roster_by_api_wins_survives_a_restart_and_gives_back() {
    let engine = plan(932).start().await;
    let source = |view: &fenghuo::flow::roster::RosterView, office: &str| {
        let found = view.offices.iter().find(|known| known.office == office).expect("an office");
        (found.source, found.on_duty.iter().map(|on| on.person.clone()).collect::<Vec<_>>())
    };
    let view = engine.flow.roster(None).await.expect("read");
    assert_eq!(source(&view, "flood"), (RosterSource::Configuration, vec!["qin".to_owned()]));
    let fire = view.offices.iter().find(|known| known.office == "fire").expect("an office");
    assert_eq!(fire.unknown_recipients, ["duty-ghost"]);
    // Tuesday 08:00 now; the night shift of Monday ended at 08:00.
    let night = ShiftForm {
        days: vec!["mon".to_owned()],
        hours: Some("20:00-08:00".to_owned()),
        ..always("wu", &["duty"], &[])
    };
    engine.flow.set_roster("flood", vec![night], "k").await.expect("stored");
    let engine = engine.restart().await;
    let now = engine.clock.unix();
    let at = |unix| engine.flow.roster(Some(unix));
    assert_eq!(source(&at(now).await.expect("read"), "flood"), (RosterSource::Api, vec![]));
    assert_eq!(source(&at(now - 3_600).await.expect("read"), "flood").1, ["wu"]);
    // With nobody on duty there, that is told instead of a name.
    let id = engine.post(&actual("W1", "yellow")).await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    let told = notices(&engine, &id).await;
    let flood = told[0].to.iter().find(|to| to.office == "flood").expect("a line");
    assert_eq!((flood.person.as_deref(), flood.unreached), (None, Some(Unreached::NobodyOnDuty)));
    engine.flow.set_roster("flood", Vec::new(), "k").await.expect("stored");
    let engine = engine.restart().await;
    assert_eq!(source(&engine.flow.roster(None).await.expect("read"), "flood").0, RosterSource::Configuration);
    assert!(matches!(engine.flow.set_roster("nowhere", Vec::new(), "k").await, Err(RosterFault::NoOffice)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_field_of_a_roster_is_told_at_once() {
    let world = TestGateway::start().await;
    let put = |office: &str, body: serde_json::Value| {
        let (world, path) = (&world, format!("/v1/roster/{office}"));
        async move {
            let json = [("content-type", "application/json")];
            world.ask(Method::PUT, &path, &world.operator, &json, body.to_string().into()).await
        }
    };
    let good =
        json!({"person": "秦守江", "recipient": "duty-1", "roles": ["duty"], "days": ["mon"], "hours": "08:00-20:00"});
    let bad = json!({"shifts": [good, {
        "person": 7, "recipient": "", "roles": ["cook"], "days": ["someday"], "hours": "8-20", "colour": "red",
        "deputies": [{"person": "a"}]
    }], "note": "x"});
    let answer = put("flood", bad).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::BAD_REQUEST, "fields-wrong"),
        "{}",
        answer.text
    );
    let document = answer.json();
    let pointers: Vec<&str> =
        document["errors"].as_array().expect("errors").iter().filter_map(|one| one["pointer"].as_str()).collect();
    for pointer in
        ["/shifts/1/person", "/shifts/1/colour", "/shifts/1/roles/0", "/shifts/1/days/0", "/shifts/1/hours", "/note"]
    {
        assert!(pointers.contains(&pointer), "{pointer}: {pointers:?}");
    }
    assert_eq!(put("nowhere", json!({"shifts": [good]})).await.problem(), "office-not-found");
    let answer = put("flood", json!({"shifts": [good]})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["unknown_recipients"], json!(["duty-1"]));
    let monday = world.get("/v1/roster?at=2026-11-23T12:00:00%2B08:00", &world.operator).await.json();
    assert_eq!(monday["offices"][0]["on_duty"][0]["person"], "秦守江");
    let wrong = world.get("/v1/roster?at=monday", &world.operator).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (StatusCode::BAD_REQUEST, "parameter-wrong"));
}
