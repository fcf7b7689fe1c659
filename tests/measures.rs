//! What departments have to do about a warning: made with its release, told in time and once, settled by people.

use std::time::Duration;

use fenghuo::{
    config::{Config, MeasureItem, MeasureRule, SignOffRule},
    domain::{
        level::Level,
        measures::{MeasureKind, MeasureState, SayFault},
        message::Status,
        roster::{Officer, ShiftForm},
        signoff::Step,
    },
    flow::{
        authorize::{Actor, Role},
        intake::Lift,
        measures::{MeasureFault, MeasuresView, SayOrder},
        notice::{NoticeKind, NoticeView, Unreached},
        record::WarningId,
        target::directory::Recipient,
    },
};
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    engine::{Engine, Plan},
    gateway::TestGateway,
    message::{following, warning},
};

const STREET: &str = "230109001000";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn always(person: &str, deputies: &[&str]) -> ShiftForm {
    let officer = |name: &str| Officer { person: name.to_owned(), recipient: format!("duty-{name}") };
    ShiftForm {
        person: person.to_owned(),
        recipient: format!("duty-{person}"),
        roles: vec!["duty".to_owned()],
        days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(str::to_owned).to_vec(),
        hours: Some("00:00-24:00".to_owned()),
        deputies: deputies.iter().map(|name| officer(name)).collect(),
        ..ShiftForm::default()
    }
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

fn item(office: &str, kind: MeasureKind, text: &str, minutes: u32) -> MeasureItem {
    MeasureItem {
        office: office.to_owned(),
        kind,
        text_zh: text.to_owned(),
        text_en: format!("measure {text}"),
        due_s: minutes * MINUTE,
    }
}

fn rules() -> Vec<MeasureRule> {
    let rule = |levels: &[Level], items: Vec<MeasureItem>| MeasureRule {
        hazards: vec!["11B0*".to_owned()],
        levels: levels.to_vec(),
        items,
    };
    vec![
        rule(
            &[Level::Red, Level::Yellow],
            vec![
                item("flood", MeasureKind::Duty, "值班到岗", 30),
                item("flood", MeasureKind::ReportUp, "上报预警", 60),
                item("fire", MeasureKind::Duty, "水源前置", 60),
            ],
        ),
        rule(
            &[Level::Red],
            vec![
                item("flood", MeasureKind::NotifyNeighbours, "通报毗邻", 60),
                item("flood", MeasureKind::Duty, "值班到岗", 10),
            ],
        ),
    ]
}

/// `fire` has no roster: the district is told for it.
fn configured(config: &mut Config) {
    for id in ["flood", "fire"] {
        let issuer = config.issuers["relay"].clone();
        config.issuers.insert(id.to_owned(), issuer);
    }
    config.roster.insert("relay".to_owned(), vec![always("tao", &[])]);
    config.roster.insert("flood".to_owned(), vec![always("qin", &["fang"])]);
    config.roster.insert("office".to_owned(), vec![always("an", &[])]);
    config.measures = rules();
    config.tasks.neighbours = vec!["呼兰区".to_owned()];
}

fn plan(seed: u64) -> Plan {
    Plan::new(seed)
        .configured(configured)
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, (0..5).map(|n| format!("138{n:08}")))
        .recipient(person("tao", 1, true))
        .recipient(person("qin", 2, true))
        .recipient(person("fang", 3, true))
        .recipient(person("an", 4, true))
}

async fn sheet(engine: &Engine, id: &WarningId) -> MeasuresView {
    engine.flow.measures(id).await.expect("read").expect("a warning")
}

async fn notices(engine: &Engine, id: &WarningId) -> Vec<NoticeView> {
    engine.flow.notices(id).await.expect("read").expect("known")
}

/// Kind and persons of each notice, in order of kind and office.
async fn told(engine: &Engine, id: &WarningId) -> Vec<(NoticeKind, Vec<String>)> {
    let told = |notice: NoticeView| (notice.kind, notice.to.into_iter().filter_map(|to| to.person).collect());
    let mut told: Vec<_> = notices(engine, id).await.into_iter().map(told).collect();
    told.sort();
    told
}

fn people(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn actor(role: Role, subject: Option<&str>, name: &str) -> Actor {
    Actor { person: Some(name.to_owned()), ..Actor::new(format!("key-of-{name}"), role, subject.map(str::to_owned)) }
}

async fn say(
    engine: &Engine,
    id: &WarningId,
    number: usize,
    state: MeasureState,
    actor: &Actor,
) -> Result<MeasuresView, MeasureFault> {
    let note = (state != MeasureState::Done).then(|| "不归我办".to_owned());
    let said = engine.flow.say_measure(id, SayOrder { number, state, note }, actor).await;
    said.map(|view| view.expect("a warning"))
}

fn alarms(engine: &Engine) -> Vec<String> {
    engine.flow.alarms().into_iter().map(|alarm| alarm.code).collect()
}

fn states(view: &MeasuresView) -> Vec<MeasureState> {
    view.items.iter().map(|item| item.state).collect()
}

#[tokio::test(start_paused = true)]
async fn offices_are_told_at_once_before_it_is_due_and_others_when_it_is_overdue() {
    use NoticeKind::{MeasuresAssigned, MeasuresDue, MeasuresOverdue};
    let engine = plan(501).start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.clock.sleep(3 * SECOND).await;
    let mut expected = vec![(MeasuresAssigned, people(&["an"])), (MeasuresAssigned, people(&["qin"]))];
    assert_eq!(told(&engine, &id).await, expected);
    let all = notices(&engine, &id).await;
    let text = &all.iter().find(|notice| notice.to[0].office == "flood").expect("one").text;
    assert!(text.contains("值班到岗") && text.contains("上报预警") && !text.contains("水源前置"), "{text}");
    // A restart in the middle tells nobody twice.
    let engine = engine.restart().await;
    engine.clock.sleep(19 * MINUTE).await;
    assert_eq!(told(&engine, &id).await, expected);
    engine.clock.sleep(MINUTE).await;
    expected.push((MeasuresDue, people(&["qin"])));
    assert_eq!(told(&engine, &id).await, expected, "ten minutes before the first of them");
    assert_eq!(alarms(&engine), Vec::<String>::new());
    let engine = engine.restart().await;
    engine.clock.sleep(10 * MINUTE).await;
    expected.push((MeasuresOverdue, people(&["qin", "fang", "tao"])));
    assert_eq!(told(&engine, &id).await, expected, "its officer, the deputy, and the issuer's officer");
    assert_eq!(alarms(&engine), ["measures-overdue"]);
    let tasks = engine.flow.tasks(&engine.actor(), None);
    assert!(tasks.is_empty(), "the issuer's own office has none: {tasks:?}");
    let flood = actor(Role::Issuer, Some("flood"), "qin");
    let mine = engine.flow.tasks(&flood, None);
    let mine: Vec<_> = mine.iter().map(|task| (&*task.measure.text_zh, task.measure.overdue)).collect();
    assert_eq!(mine, [("值班到岗", true), ("上报预警", false)]);
    // Done late ends the alarm; the rest done in time is never called for again.
    for number in [1, 2, 3] {
        say(&engine, &id, number, MeasureState::Done, &actor(Role::Operator, None, "op")).await.expect("taken");
    }
    engine.clock.sleep(35 * MINUTE).await;
    assert_eq!(told(&engine, &id).await, expected);
    assert_eq!(alarms(&engine), Vec::<String>::new());
    let view = sheet(&engine, &id).await;
    assert_eq!((view.counts["done"], view.counts["late"], view.counts["open"]), (3, 1, 0));
    assert!(view.items[0].late && !view.items[1].late && view.items[0].by.as_deref() == Some("op"));
    let timeline = engine.flow.timeline(&id).await.expect("read");
    assert_eq!(timeline.iter().filter(|entry| entry.what == "measure_done").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_raise_joins_what_is_new_and_a_lift_ends_what_is_open() {
    use MeasureState::{Done, Ended, NotApplicable, Open};
    let engine = plan(502).start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.clock.sleep(3 * SECOND).await;
    let operator = actor(Role::Operator, None, "op");
    say(&engine, &id, 2, Done, &operator).await.expect("taken");
    say(&engine, &id, 3, NotApplicable, &operator).await.expect("taken");
    let mut update = following(&first, "W2", "update");
    update["infos"][0]["level"] = "red".into();
    let raise = engine.post(&update).await;
    engine.clock.sleep(3 * SECOND).await;
    let engine = engine.restart().await;
    let view = sheet(&engine, &raise).await;
    assert_eq!(states(&view), [Open, Done, NotApplicable, Open], "{view:#?}");
    assert_eq!(view.items.iter().map(|item| &item.from).collect::<Vec<_>>(), [&id, &id, &id, &raise]);
    assert_eq!(view.items[3].to, ["呼兰区"]);
    assert_eq!(sheet(&engine, &id).await.items.len(), 4, "one sheet for the event");
    // Ten minutes after the raise, not thirty after the first: the earlier time counts.
    let early = &view.items[0].due_at;
    assert!(early.as_str() > "2026-11-24T08:10" && early.as_str() < "2026-11-24T08:11", "{early}");
    let before = (notices(&engine, &id).await.len(), notices(&engine, &raise).await.len());
    engine.flow.lift(&raise, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    engine.clock.sleep(3 * SECOND).await;
    let view = sheet(&engine, &id).await;
    assert_eq!(states(&view), [Ended, Done, NotApplicable, Ended], "{view:#?}");
    assert_eq!(engine.flow.tasks(&operator, None).len(), 0);
    let over = say(&engine, &id, 1, Done, &operator).await;
    assert!(matches!(over, Err(MeasureFault::Refused(SayFault::Over))), "{over:?}");
    engine.clock.sleep(65 * MINUTE).await;
    assert_eq!((notices(&engine, &id).await.len(), notices(&engine, &raise).await.len()), before);
    assert_eq!(alarms(&engine), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_office_speaks_for_its_own_items_and_the_issuer_for_all_of_its_warning() {
    let engine = plan(503).start().await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.clock.sleep(3 * SECOND).await;
    let flood = actor(Role::Issuer, Some("flood"), "qin");
    say(&engine, &id, 1, MeasureState::Done, &flood).await.expect("its own");
    let other = say(&engine, &id, 3, MeasureState::Done, &flood).await;
    assert!(matches!(&other, Err(MeasureFault::NotYours(office)) if office == "fire"), "{other:?}");
    for role in [Role::Auditor, Role::Admin, Role::Security] {
        let refused = say(&engine, &id, 3, MeasureState::Done, &actor(role, None, "x")).await;
        assert!(matches!(refused, Err(MeasureFault::NotYours(_))), "{role:?}");
    }
    say(&engine, &id, 3, MeasureState::NotApplicable, &engine.actor()).await.expect("the issuer's own warning");
    let settled = say(&engine, &id, 3, MeasureState::Done, &engine.actor()).await;
    assert!(matches!(settled, Err(MeasureFault::Refused(SayFault::Settled(_)))), "{settled:?}");
    let revised = say(&engine, &id, 3, MeasureState::Open, &engine.actor()).await.expect("opened again");
    assert_eq!((revised.items[2].state, revised.items[2].note.as_deref()), (MeasureState::Open, Some("不归我办")));
    // Many at the same moment: each is taken, none undoes another.
    let approver = actor(Role::Approver, None, "wang");
    let (two, three) = tokio::join!(
        say(&engine, &id, 2, MeasureState::Done, &approver),
        say(&engine, &id, 3, MeasureState::Done, &approver)
    );
    two.expect("taken");
    three.expect("taken");
    assert_eq!(states(&sheet(&engine, &id).await), [MeasureState::Done; 3]);
    let missing = say(&engine, &id, 4, MeasureState::Done, &approver).await;
    assert!(matches!(missing, Err(MeasureFault::Refused(SayFault::Missing))), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn the_tasks_of_a_drill_go_only_to_who_takes_part_in_drills() {
    let engine = plan(504)
        .configured(|config| {
            config.roster.insert("fire".to_owned(), vec![always("lin", &[])]);
        })
        .recipient(person("lin", 9, false))
        .start()
        .await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.clock.sleep(5 * SECOND).await;
    let all = notices(&engine, &id).await;
    let of = |office: &str| all.iter().find(|notice| notice.to[0].office == office).expect("a notice");
    assert_eq!(of("fire").to[0].unreached, Some(Unreached::NotInDrills));
    assert_eq!(of("flood").to[0].unreached, None);
    let seen = |number: u32| {
        let line = engine.ledgers["sms.a"].line(&fenghuo_contract::Address::new(format!("139{number:08}")));
        line.map_or(0, |line| line.seen)
    };
    assert_eq!((seen(2), seen(9)), (2, 0), "the warning and the notice, and neither");
    let tasks = engine.flow.tasks(&actor(Role::Operator, None, "op"), Some("fire"));
    assert!(tasks.len() == 1 && tasks[0].status == Status::Exercise, "{tasks:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_done_is_part_of_what_is_signed() {
    let rule = SignOffRule {
        hazards: vec!["*".to_owned()],
        levels: vec![Level::Red],
        issuers: vec!["*".to_owned()],
        drills: true,
        steps: vec![Step::Sign],
        expires_s: 30 * MINUTE,
        second_within_s: Duration::ZERO,
    };
    let engine = plan(505).configured(|config| drop(config.sign_off.insert("red".to_owned(), rule))).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(SECOND).await;
    let view = engine.flow.sign_off(&id).await.expect("read").expect("waits");
    let texts: Vec<(&str, u64)> = view.measures.iter().map(|one| (one.text_zh.as_str(), one.due_s)).collect();
    assert_eq!(texts, [("值班到岗", 600), ("上报预警", 3600), ("水源前置", 3600), ("通报毗邻", 3600)]);
    assert_eq!(engine.flow.preflight_of(&id).await.expect("read").expect("waits").measures, view.measures);
    assert_eq!(sheet(&engine, &id).await.items.len(), 0, "nothing is to be done before the release");
    // Other measures are another thing to sign; what was released keeps what was signed.
    let mut engine = engine;
    engine.config.measures.pop();
    let engine = engine.restart().await;
    let changed = engine.flow.sign_off(&id).await.expect("read").expect("waits");
    assert_ne!(changed.digest, view.digest);
    assert_eq!(changed.measures.len(), 3);
}

fn http(config: &mut Config) {
    configured(config);
    let issuer = config.issuers["relay"].clone();
    config.issuers.insert("flood".to_owned(), fenghuo::config::Issuer { name: "防汛抗旱指挥部".to_owned(), ..issuer });
}

async fn released(world: &TestGateway, message: &Value) -> String {
    let answer = world.post(message).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    for _ in 0..200 {
        let sheet = world.get(&format!("/v1/warnings/{id}/measures"), &world.operator).await.json();
        if sheet["items"].as_array().is_some_and(|items| !items.is_empty()) {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no sheet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_shows_takes_and_refuses() {
    let world = TestGateway::with(http).await;
    let id = released(&world, &warning("W1", "yellow")).await;
    let path = format!("/v1/warnings/{id}/measures");
    let flood = world.key(Role::Issuer, Some("flood")).await;
    let say = |number: &str, key: &str, body: Value| {
        let (world, path, key) = (&world, format!("{path}/{number}"), key.to_owned());
        async move {
            let json = [("content-type", "application/json")];
            world.ask(Method::POST, &path, &key, &json, body.to_string().into()).await
        }
    };
    let sheet = world.get(&path, &flood).await.json();
    assert_eq!(sheet["items"][1]["kind"], "report_up");
    assert_eq!(sheet["counts"]["open"], 3);
    let wrong = say("1", &flood, json!({"state": "ended", "colour": "red"})).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (StatusCode::BAD_REQUEST, "fields-wrong"), "{}", wrong.text);
    assert_eq!(wrong.json()["errors"].as_array().map(Vec::len), Some(2), "{}", wrong.text);
    let bare = say("1", &flood, json!({"state": "not_applicable"})).await;
    assert_eq!(bare.json()["errors"][0]["pointer"], "/note", "{}", bare.text);
    for number in ["0", "4", "x", "99999999999999999999"] {
        let missing = say(number, &world.operator, json!({"state": "done"})).await;
        let got = (missing.status, missing.problem());
        assert_eq!(got, (StatusCode::NOT_FOUND, "measure-not-found".to_owned()), "{number}");
    }
    let other = say("3", &flood, json!({"state": "done"})).await;
    assert_eq!((other.status, other.problem().as_str()), (StatusCode::FORBIDDEN, "measure-not-yours"));
    for _ in 0..2 {
        let done = say("1", &flood, json!({"state": "done", "note": "09:10 到岗"})).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        assert_eq!(done.json()["items"][0]["note"], "09:10 到岗");
    }
    let settled = say("1", &flood, json!({"state": "not_applicable", "note": "x"})).await;
    assert_eq!((settled.status, settled.problem().as_str()), (StatusCode::CONFLICT, "measure-settled"));
    let tasks = world.get("/v1/tasks", &flood).await.json();
    let tasks: Vec<_> = tasks["items"].as_array().expect("items").iter().map(|task| task["text_zh"].clone()).collect();
    assert_eq!(tasks, [json!("上报预警")]);
    let all = world.get("/v1/tasks?office=fire", &world.operator).await.json();
    assert_eq!(all["items"][0]["n"], 3);
    assert_eq!(world.get("/v1/tasks?place=x", &flood).await.problem(), "parameter-wrong");
    assert_eq!(world.get("/v1/warnings/none/measures", &flood).await.problem(), "warning-not-found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_lists_and_takes_what_is_said() {
    let world = TestGateway::with(http).await;
    let mut message = warning("W1", "yellow");
    message["infos"][0]["headline"] = "暴雨<b>预警</b>".into();
    let id = released(&world, &message).await;
    let path = format!("/console/warnings/{id}/measures");
    let page = world.ask(Method::GET, &path, &world.operator, &[("accept-language", "en")], Vec::new()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for text in ["measure 值班到岗", "Report up", "防汛抗旱指挥部", "data-live"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains("<b>预警"), "{}", page.text);
    let link = world.get(&format!("/console/warnings/{id}"), &world.operator).await;
    assert!(link.text.contains(&path), "{}", link.text);
    let form = |key: &str, body: &'static str| {
        let (world, path, key) = (&world, path.clone(), key.to_owned());
        async move {
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            world.ask(Method::POST, &path, &key, &headers, body.into()).await
        }
    };
    let bare = form(&world.operator, "number=1&state=not_applicable&note=+").await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST);
    assert!(bare.text.contains("role=\"alert\"") && bare.text.contains("都要写明原因"), "{}", bare.text);
    form(&world.operator, "number=1&state=done&note=%E5%88%B0%E5%B2%97").await;
    let page = world.get(&path, &world.operator).await;
    assert!(page.text.contains("办结") && page.text.contains("到岗"), "{}", page.text);
    // An auditor reads and has no buttons; another office has only those of its own items.
    let auditor = world.key(Role::Auditor, None).await;
    let read = world.get(&path, &auditor).await;
    assert!(read.text.contains("值班到岗") && !read.text.contains("name=\"state\""), "{}", read.text);
    let fire = world.key(Role::Issuer, Some("fire")).await;
    let own = world.get(&path, &fire).await;
    assert_eq!(own.text.matches("<option value=\"").count(), 1, "{}", own.text);
    let refused = form(&fire, "number=2&state=done").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let json = world.get(&format!("/v1/warnings/{id}/measures"), &world.operator).await.json();
    assert_eq!((&json["items"][0]["state"], &json["items"][1]["state"]), (&json!("done"), &json!("open")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signer_sees_them_and_the_analysis_counts_what_became_of_them() {
    let world = TestGateway::with(|config| {
        http(config);
        let steps = vec![Step::Sign];
        let rule = SignOffRule {
            hazards: vec!["*".to_owned()],
            levels: Level::ALL.to_vec(),
            issuers: vec!["*".to_owned()],
            drills: true,
            steps,
            expires_s: 10 * MINUTE,
            second_within_s: MINUTE,
        };
        config.sign_off.insert("all".to_owned(), rule);
    })
    .await;
    let id = world.post(&warning("W1", "yellow")).await.json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/warnings/{id}/sign-off");
    let mut digest = Value::Null;
    for _ in 0..200 {
        let shown = world.get(&path, &world.operator).await;
        if shown.status.is_success() {
            digest = shown.json()["digest"].clone();
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let approver = world.key(Role::Approver, None).await;
    let page = world.get(&format!("/console/warnings/{id}/sign-off"), &approver).await;
    for told in ["措施清单", "值班到岗", "防汛抗旱指挥部", "上报", "发布后 "] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let order = json!({"step": "sign", "decision": "approve", "digest": digest});
    let json = [("content-type", "application/json")];
    let signed = world.ask(Method::POST, &path, &approver, &json, order.to_string().into()).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    let path = format!("/v1/warnings/{id}/measures");
    for _ in 0..200 {
        let sheet = world.get(&path, &world.operator).await.json();
        if sheet["items"].as_array().is_some_and(|items| !items.is_empty()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = json!({"state": "done", "note": "x"}).to_string();
    let done = world.ask(Method::POST, &format!("{path}/1"), &world.operator, &json, said.into()).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);

    let told = world.get("/v1/analysis?status=exercise", &world.operator).await.json();
    let expected = json!({"asked": 3, "done": 1, "late": 0, "overdue": 0, "not_applicable": 0, "ended": 0});
    assert_eq!((&told["total"]["measures"], &told["by_level"][0]["measures"]), (&expected, &expected));
    let table = world.get("/v1/analysis?status=exercise&format=csv", &world.operator).await.text;
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (heads, total) = (lines.next().expect("heads"), lines.next().expect("a total"));
    let of = |name: &str| total[heads.iter().position(|head| *head == name).expect("a column")];
    assert_eq!((of("measures_asked"), of("measures_done"), of("measures_overdue")), ("3", "1", "0"));
    let page = world.get("/console/analysis?status=exercise", &world.operator).await;
    assert!(page.text.contains("办结的措施") && page.text.contains("1 (33%)"), "{}", page.text);
}
