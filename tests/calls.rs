//! 叫应: officers who have to confirm a warning are called until somebody has, each call once, whatever is interrupted.

mod outside;

use std::time::Duration;

use fenghuo::{
    config::CallRule,
    domain::{
        call::{By, How},
        roster::{Officer, ShiftForm},
    },
    flow::{
        call::{CallFault, CallView, CallsView, Replied},
        notice::NoticeKind,
        receipt::Confirmation,
        record::WarningId,
        target::directory::Recipient,
    },
};
use fenghuo_contract::{Address, Channel};

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const SECOND: Duration = Duration::from_secs(1);
/// In none of the areas a warning of the district names.
const ELSEWHERE: &str = "110101001000";

/// Channels have three minutes, the deputy is called after five, the telephone after ten.
fn rule() -> CallRule {
    toml::from_str(
        r#"
        levels = ["red", "orange"]
        groups = ["officials"]
        channels = ["sms", "wechat"]
        confirm_within_s = 180
        deputy_after_s = 300
        telephone_after_s = 600
        "#,
    )
    .expect("a rule")
}

fn person(id: &str, area: &str, endpoints: &[(Channel, &str)]) -> Recipient {
    Recipient {
        external_id: id.to_owned(),
        name: format!("name of {id}"),
        areas: vec![area.parse().expect("an area")],
        endpoints: endpoints.iter().map(|(channel, address)| (*channel, (*address).to_owned())).collect(),
        drill: true,
        ..Recipient::default()
    }
}

fn official(id: &str, endpoints: &[(Channel, &str)], deputy: Option<&str>) -> Recipient {
    let groups = vec!["officials".to_owned()];
    Recipient { groups, deputy: deputy.map(str::to_owned), ..person(id, STREET, endpoints) }
}

const SMS: &str = "13800000001";
const WECHAT: &str = "openid-1";
const DEPUTY: &str = "13900000001";

/// One official with two channels and a deputy who is not in the area.
fn world(seed: u64) -> Plan {
    Plan::new(seed)
        .configured(|config| {
            config.call.insert("officials".to_owned(), rule());
            config.receipts.confirm_links = vec![Channel::Sms, Channel::Wechat];
        })
        .route("sms.a", Channel::Sms, |route, _| route.actual = true)
        .route("wechat.a", Channel::Wechat, |route, _| route.actual = true)
        .recipient(official("o1", &[(Channel::Sms, SMS), (Channel::Wechat, WECHAT)], Some("d1")))
        .recipient(person("d1", ELSEWHERE, &[(Channel::Sms, DEPUTY)]))
}

async fn calls(engine: &Engine, id: &WarningId) -> CallsView {
    engine.flow.calls(id).await.expect("read").expect("known")
}

async fn begun(engine: &Engine, id: &WarningId) -> CallsView {
    for _ in 0..200 {
        let view = calls(engine, id).await;
        if view.began_at.is_some() && made(engine, id).await.len() >= usize::from(view.counts.called > 0) {
            return view;
        }
        engine.clock.sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody was called");
}

async fn one(engine: &Engine, id: &WarningId) -> CallView {
    let view = calls(engine, id).await;
    view.items.into_iter().find(|item| item.external_id == "o1").expect("on the list")
}

/// Seconds of a moment written as RFC 3339.
fn unix(text: &str) -> i64 {
    text.parse::<fenghuo::domain::moment::Moment>().expect("a moment").unix()
}

/// Every call, with the seconds from the beginning of the list and who was called.
async fn made(engine: &Engine, id: &WarningId) -> Vec<(i64, NoticeKind, Vec<String>)> {
    let began = calls(engine, id).await.began_at.map(|at| unix(&at)).unwrap_or_default();
    let notices = engine.flow.notices(id).await.expect("read").expect("known");
    let calls =
        notices.into_iter().filter(|notice| matches!(notice.kind, NoticeKind::OfficerCall | NoticeKind::DeputyCall));
    calls
        .map(|call| {
            let who = call.to.iter().filter_map(|to| to.recipient.clone()).collect();
            (unix(&call.at) - began, call.kind, who)
        })
        .collect()
}

fn standing(item: &CallView) -> (&str, Option<&str>, bool) {
    (&item.state, item.channel.as_deref(), item.deputy_called)
}

fn seen(engine: &Engine, route: &str, address: &str) -> u32 {
    engine.ledgers[route].line(&Address::new(address)).map_or(0, |line| line.seen)
}

async fn press(engine: &Engine, route: &str, address: &str) {
    let link = engine.ledgers[route].link(&Address::new(address)).expect("a link");
    let token = link.strip_prefix("https://warn.example/c/").expect("of this installation");
    assert!(engine.flow.confirm(token, Confirmation::Confirmed).await.expect("durable"));
}

fn alarms(engine: &Engine) -> bool {
    engine.flow.alarms().iter().any(|alarm| alarm.code == "officers-unconfirmed")
}

async fn history(engine: &Engine, id: &WarningId) -> Vec<String> {
    let timeline = engine.flow.timeline(id).await.expect("read");
    timeline.into_iter().map(|entry| entry.what).filter(|what| what.starts_with("call")).collect()
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_confirm_is_called_on_and_on_at_the_set_times_and_once_each() {
    let mut engine = world(1).start().await;
    let id = engine.post(&warning("W1", "orange")).await;
    let view = begun(&engine, &id).await;
    assert_eq!((view.rule.as_deref(), view.counts.officers, view.counts.called), (Some("officials"), 1, 1));
    assert_eq!(standing(&one(&engine, &id).await), ("called", Some("sms"), false));
    engine.clock.sleep(178 * SECOND).await;
    assert_eq!(standing(&one(&engine, &id).await), ("called", Some("sms"), false));
    // In the middle, and right when a step is due.
    engine = engine.restart().await;
    engine.clock.sleep(4 * SECOND).await;
    assert_eq!(standing(&one(&engine, &id).await), ("called", Some("wechat"), false));
    assert_eq!((seen(&engine, "wechat.a", WECHAT), seen(&engine, "sms.a", DEPUTY)), (1, 0));
    engine = engine.restart().await;
    engine.clock.sleep(120 * SECOND).await;
    let item = one(&engine, &id).await;
    assert_eq!(standing(&item), ("called", Some("sms"), true));
    assert_eq!((item.deputy.as_deref(), item.deputy_name.as_deref()), (Some("d1"), Some("name of d1")));
    assert_eq!((seen(&engine, "sms.a", DEPUTY), seen(&engine, "sms.a", SMS)), (1, 0));
    assert!(!alarms(&engine));
    engine.clock.sleep(302 * SECOND).await;
    let item = one(&engine, &id).await;
    assert_eq!((item.state.as_str(), item.reason.as_deref()), ("telephone", Some("unconfirmed")));
    let (began, since) = (view.began_at.expect("began"), item.since.expect("since"));
    assert_eq!(unix(&since) - unix(&began), 600, "exactly");
    assert!(alarms(&engine));
    engine.clock.sleep(1_000 * SECOND).await;
    let made = made(&engine, &id).await;
    let kinds: Vec<_> = made.iter().map(|(_, kind, who)| (*kind, who.join(" "))).collect();
    let (own, deputy) = (NoticeKind::OfficerCall, NoticeKind::DeputyCall);
    assert_eq!(kinds, [(own, "o1".to_owned()), (own, "o1".to_owned()), (deputy, "d1".to_owned())]);
    for ((at, ..), due) in made.iter().zip([0, 180, 300]) {
        assert!((due..=due + 3).contains(at), "{at} instead of {due}");
    }
    assert_eq!(history(&engine, &id).await, ["calls_began", "call_telephone"]);
    let counts = engine.status(&id).await.calls.expect("counted");
    assert_eq!((counts.officers, counts.called, counts.confirmed, counts.telephone), (1, 0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_at_any_step_ends_his_calling_everywhere() {
    // Seconds after the beginning, where it is confirmed, calls made by then, and what it comes to.
    for (n, (after, route, address, made_by_then, state)) in [
        (5, "sms.a", SMS, 1, "confirmed"),
        (200, "wechat.a", WECHAT, 2, "confirmed"),
        (320, "sms.a", DEPUTY, 3, "by_deputy"),
        (900, "wechat.a", WECHAT, 3, "confirmed"),
    ]
    .into_iter()
    .enumerate()
    {
        let engine = world(10 + n as u64).start().await;
        let id = engine.post(&warning("W1", "red")).await;
        begun(&engine, &id).await;
        engine.clock.sleep(after * SECOND).await;
        assert_eq!(made(&engine, &id).await.len(), made_by_then, "after {after}");
        press(&engine, route, address).await;
        engine.clock.sleep(2 * SECOND).await;
        let item = one(&engine, &id).await;
        assert_eq!((item.state.as_str(), item.how), (state, Some(How::Link)), "after {after}");
        let engine = engine.restart().await;
        engine.clock.sleep(1_000 * SECOND).await;
        assert_eq!(made(&engine, &id).await.len(), made_by_then, "nobody is called after that");
        assert_eq!(one(&engine, &id).await.state, state, "it stays");
        assert!(!alarms(&engine));
        let counts = engine.status(&id).await.calls.expect("counted");
        let by_deputy = u64::from(state == "by_deputy");
        assert_eq!((counts.confirmed, counts.by_deputy, counts.telephone), (1 - by_deputy, by_deputy, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_writes_down_who_said_it_and_a_word_sent_back_counts() {
    let engine = world(20).recipient(official("o2", &[(Channel::Sms, "13800000002")], None)).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    begun(&engine, &id).await;
    let missing = engine.flow.confirm_call(&id, "nobody", By::Officer, "x", "k").await;
    assert!(matches!(missing, Err(CallFault::NotListed)));
    let no_deputy = engine.flow.confirm_call(&id, "o2", By::Deputy, "x", "k").await;
    assert!(matches!(no_deputy, Err(CallFault::NotListed)), "nobody stands in for him");
    let none = engine.flow.confirm_call(&WarningId("absent".to_owned()), "o1", By::Officer, "x", "k").await;
    assert!(matches!(none, Err(CallFault::NoList)));
    let words = &engine.config.receipts;
    let (actual, drill) = (words.confirm_words[0].clone(), words.drill_confirm_words[0].clone());
    let reply = async |address: &str, text: &str| engine.flow.reply(Channel::Sms, address, text).await.expect("stored");
    assert_eq!(reply(SMS, &actual).await, Replied::OtherKind, "the word of the real thing confirms no drill");
    assert_eq!(reply(SMS, "没收到").await, Replied::Nothing);
    assert_eq!(reply("13899999999", &drill).await, Replied::Nothing, "nobody who is called");
    assert_eq!(reply(DEPUTY, &drill).await, Replied::Nothing, "he was not called yet");
    assert_eq!(reply(SMS, &drill).await, Replied::Confirmed(id.clone()));
    assert_eq!(reply(SMS, &drill).await, Replied::Confirmed(id.clone()), "twice is once");
    for note in ["电话，本人", "again"] {
        engine.flow.confirm_call(&id, "o2", By::Officer, note, "key-7").await.expect("stored");
    }
    let engine = engine.restart().await;
    engine.clock.sleep(1_000 * SECOND).await;
    let view = calls(&engine, &id).await;
    let said: Vec<_> = view
        .items
        .iter()
        .map(|item| (item.external_id.as_str(), item.how.expect("confirmed"), item.note.as_deref(), item.by.as_deref()))
        .collect();
    assert_eq!(said, [("o1", How::Reply, None, None), ("o2", How::Console, Some("电话，本人"), Some("key-7"))]);
    assert_eq!(made(&engine, &id).await.len(), 1, "both in one call, and none after it");
    assert_eq!(history(&engine, &id).await, ["calls_began", "call_confirmed", "call_confirmed"]);
}

#[tokio::test(start_paused = true)]
async fn a_drill_calls_only_who_takes_part_in_drills() {
    let not = Recipient { drill: false, ..official("o2", &[(Channel::Sms, "13800000002")], Some("o1")) };
    let lonely = official("o3", &[(Channel::Sms, "13800000003")], Some("d2"));
    let deputy = Recipient { drill: false, ..person("d2", ELSEWHERE, &[(Channel::Sms, "13900000002")]) };
    let engine = world(30).recipient(not).recipient(lonely).recipient(deputy).start().await;
    let drill = engine.post(&warning("W1", "red")).await;
    begun(&engine, &drill).await;
    engine.clock.sleep(700 * SECOND).await;
    let listed: Vec<_> = calls(&engine, &drill).await.items.into_iter().map(|item| item.external_id).collect();
    assert_eq!(listed, ["o1", "o3"]);
    for address in ["13800000002", "13900000002"] {
        assert_eq!(seen(&engine, "sms.a", address), 0, "{address}");
    }
    assert_eq!(calls(&engine, &drill).await.counts.telephone, 2);
    let mut actual = warning("W2", "red");
    actual["status"] = "actual".into();
    let actual = engine.post(&actual).await;
    assert_eq!(begun(&engine, &actual).await.counts.officers, 3);
    engine.clock.sleep(310 * SECOND).await;
    assert_eq!(seen(&engine, "sms.a", "13900000002"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lift_ends_the_list_and_calls_nobody() {
    let engine = world(40).start().await;
    let first = warning("W1", "red");
    let id = engine.post(&first).await;
    begun(&engine, &id).await;
    engine.clock.sleep(100 * SECOND).await;
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    engine.clock.sleep(5 * SECOND).await;
    let engine = engine.restart().await;
    engine.clock.sleep(1_000 * SECOND).await;
    let view = calls(&engine, &id).await;
    assert_eq!((view.ended.as_deref(), view.counts.over, view.counts.called), (Some("lifted"), 1, 0));
    assert_eq!(made(&engine, &id).await.len(), 1);
    assert_eq!(history(&engine, &id).await, ["calls_began", "calls_ended"]);
    let of_lift = calls(&engine, &lift).await;
    assert_eq!((of_lift.rule, of_lift.began_at, of_lift.items.len()), (None, None, 0));
    assert!(made(&engine, &lift).await.is_empty() && !alarms(&engine));
}

#[tokio::test(start_paused = true)]
async fn an_update_calls_who_has_not_confirmed_and_a_raise_everybody() {
    let engine = world(50).recipient(official("o2", &[(Channel::Sms, "13800000002")], None)).start().await;
    let first = warning("W1", "orange");
    let id = engine.post(&first).await;
    begun(&engine, &id).await;
    engine.clock.sleep(5 * SECOND).await;
    press(&engine, "sms.a", SMS).await;
    engine.clock.sleep(2 * SECOND).await;
    let update = following(&first, "W2", "update");
    let second = engine.post(&update).await;
    begun(&engine, &second).await;
    assert_eq!(calls(&engine, &id).await.ended.as_deref(), Some("superseded"));
    let item = one(&engine, &second).await;
    assert_eq!((item.state.as_str(), item.how), ("confirmed", Some(How::Earlier)));
    let who: Vec<String> = made(&engine, &second).await.into_iter().flat_map(|(_, _, who)| who).collect();
    assert_eq!(who, ["o2"]);
    let mut raise = following(&update, "W3", "update");
    raise["sent"] = "2026-11-24T10:00:00+08:00".into();
    raise["infos"][0]["level"] = "red".into();
    let third = engine.post(&raise).await;
    let view = begun(&engine, &third).await;
    assert_eq!((view.counts.called, view.counts.confirmed), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_officer_sees_how_many_have_confirmed_and_nobody_else_does() {
    let resident = "13700000001";
    let engine = world(9).recipients(STREET, Channel::Sms, [resident.to_owned()]).start().await;
    let id = engine.post(&warning("W1", "orange")).await;
    begun(&engine, &id).await;
    engine.clock.sleep(182 * SECOND).await;
    let view = async |route: &str, address: &str| {
        let link = engine.ledgers[route].link(&Address::new(address)).expect("a link");
        let token = link.strip_prefix("https://warn.example/c/").expect("of this installation").to_owned();
        engine.flow.confirm_view(&token, "zh-CN").await.expect("read").expect("ours").officers
    };
    let of = |confirmed| Some(fenghuo::flow::receipt::Officers { confirmed, of: 1 });
    assert_eq!(view("sms.a", resident).await, None, "it is no business of residents");
    assert_eq!(view("wechat.a", WECHAT).await, of(0));
    press(&engine, "wechat.a", WECHAT).await;
    engine.clock.sleep(5 * SECOND).await;
    assert_eq!(view("wechat.a", WECHAT).await, of(1));
}

#[tokio::test(start_paused = true)]
async fn officers_on_duty_and_those_no_channel_reaches() {
    let always = |person: &str, recipient: &str, deputies: Vec<Officer>| ShiftForm {
        person: person.to_owned(),
        recipient: recipient.to_owned(),
        roles: vec!["duty".to_owned()],
        days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(str::to_owned).to_vec(),
        hours: Some("00:00-24:00".to_owned()),
        deputies,
        ..ShiftForm::default()
    };
    let plan = world(60).configured(|config| {
        let rule = config.call.get_mut("officials").expect("the rule");
        rule.offices = vec!["relay".to_owned(), "office".to_owned()];
        let stands_in = vec![Officer { person: "李四".to_owned(), recipient: "d1".to_owned() }];
        config.roster.insert("relay".to_owned(), vec![always("张三", "duty-1", stands_in)]);
        config.roster.insert("office".to_owned(), vec![always("王五", "ghost", Vec::new())]);
    });
    let plan = plan.recipient(person("duty-1", ELSEWHERE, &[(Channel::Email, "a@example.org")]));
    let engine = plan.start().await;
    let id = engine.post(&warning("W1", "red")).await;
    let view = begun(&engine, &id).await;
    let found = |id: &str| view.items.iter().find(|item| item.external_id == id).expect("listed");
    let ghost = found("ghost");
    assert_eq!((ghost.state.as_str(), ghost.reason.as_deref()), ("telephone", Some("recipient_unknown")));
    assert_eq!((ghost.name.as_str(), ghost.office.as_str()), ("王五", "office"));
    let duty = found("duty-1");
    assert_eq!(standing(duty), ("called", Some("sms"), true), "no channel reaches him: his deputy at once");
    assert_eq!((duty.name.as_str(), duty.deputy_name.as_deref()), ("张三", Some("李四")));
    engine.clock.sleep(2 * SECOND).await;
    assert_eq!(seen(&engine, "sms.a", DEPUTY), 1);
    engine.clock.sleep(310 * SECOND).await;
    let item = calls(&engine, &id).await.items.into_iter().find(|item| item.external_id == "duty-1").expect("listed");
    assert_eq!((item.state.as_str(), item.reason.as_deref()), ("telephone", Some("no_address")));
}
