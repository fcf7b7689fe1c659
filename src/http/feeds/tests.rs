use askama::Template;
use bytes::Bytes;

use super::{atom, kiosk::Kiosk};
use crate::{
    domain::{
        level::Level,
        message::{Kind, Scope, Status},
    },
    flow::{
        intake::WarningView,
        record::{Stage, WarningId},
        screens::{Notice, Screen, ScreenDocument},
    },
};

const BASE: &str = "https://warn.songbei.example";
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;]]>\u{202e}";

/// Seconds since 1970 of 2026-07-15T14:40:00+08:00.
const NOW: i64 = 1_784_097_600;

fn at(offset_s: i64) -> String {
    crate::domain::moment::Moment::china(NOW + offset_s).to_string()
}

fn view(id: &str) -> WarningView {
    let message = serde_json::json!({
        "identifier": format!("songbei {id}"), "sender": "flood@songbei.example", "sent": at(-7200),
        "status": "actual", "kind": "alert", "scope": "public",
        "infos": [{
            "language": "zh-CN", "categories": ["met"], "event": "暴雨", "urgency": "immediate", "severity": "extreme",
            "certainty": "observed", "sender_name": "松北区防汛抗旱指挥部", "headline": "暴雨红色预警",
            "description": "强降雨仍将持续。", "areas": [{"description": "松北区"}, {"description": "呼兰区"}]
        }]
    });
    WarningView {
        id: WarningId(id.to_owned()),
        stage: Stage::Finished,
        level: Level::Red,
        status: Status::Actual,
        kind: Kind::Alert,
        scope: Scope::Public,
        hazard: None,
        headline: "暴雨红色预警".to_owned(),
        issuer: Some("flood".to_owned()),
        event: WarningId(id.to_owned()),
        received_at: at(-7200),
        released_at: Some(at(-7200)),
        finished_at: None,
        expires_at: Some(at(3600)),
        ended: None,
        ended_by: None,
        change: crate::domain::chain::Change::First,
        digest: "sha256:00".to_owned(),
        message: serde_json::from_value(message).expect("a message"),
        notice: None,
    }
}

fn feed(views: Vec<WarningView>) -> String {
    let body: Bytes = atom::document(BASE, "松北预警", views, NOW).body;
    String::from_utf8(body.to_vec()).expect("UTF-8")
}

fn ids(feed: &str) -> Vec<&str> {
    feed.split("<entry>")
        .skip(1)
        .map(|entry| entry.split("<id>").nth(1).expect("an id").split('<').next().expect("text"))
        .collect()
}

#[test]
fn an_entry_is_named_by_the_address_of_its_cap_document() {
    let feed = feed(vec![view("a")]);
    assert_eq!(ids(&feed), [format!("{BASE}/cap/songbei%20a.xml")]);
    for part in [
        "<cap:identifier>songbei a</cap:identifier>",
        "<cap:sent>2026-07-15T12:40:00+08:00</cap:sent>",
        "<cap:expires>2026-07-15T15:40:00+08:00</cap:expires>",
        "<updated>2026-07-15T12:40:00+08:00</updated>",
        "<cap:areaDesc>松北区; 呼兰区</cap:areaDesc>",
        "<link rel=\"alternate\" type=\"application/cap+xml\" href=\"https://warn.songbei.example/cap/songbei%20a.xml\"/>",
    ] {
        assert!(feed.contains(part), "{part}\n{feed}");
    }
}

#[test]
fn drills_private_and_unreleased_warnings_are_never_in_the_feed() {
    let exercise = WarningView { status: Status::Exercise, ..view("exercise") };
    let test = WarningView { status: Status::Test, ..view("test") };
    let private = WarningView { scope: Scope::Private, ..view("private") };
    let restricted = WarningView { scope: Scope::Restricted, ..view("restricted") };
    let unreleased = WarningView { released_at: None, ..view("unreleased") };
    let ack = WarningView { kind: Kind::Ack, ..view("ack") };
    assert!(ids(&feed(vec![exercise, test, private, restricted, unreleased, ack])).is_empty());
}

#[test]
fn what_is_in_force_is_never_trimmed_and_what_ended_stays_two_days() {
    let old = |id: &str| WarningView { released_at: Some(at(-40 * 86400)), ..view(id) };
    let many: Vec<WarningView> = (0..700).map(|number| old(&number.to_string())).collect();
    assert_eq!(ids(&feed(many)).len(), 700);
    let ended = |id: &str, ended_s: i64| WarningView {
        ended: Some("expired".to_owned()),
        expires_at: Some(at(ended_s)),
        ..old(id)
    };
    let feed = feed(vec![ended("recent", -47 * 3600), ended("gone", -49 * 3600)]);
    assert_eq!(ids(&feed), [format!("{BASE}/cap/songbei%20recent.xml")]);
    assert!(feed.contains(&format!("<updated>{}</updated>", at(-47 * 3600))), "it changed when it ended");
}

#[test]
fn a_lifted_warning_changed_when_its_lift_was_released() {
    let lift = WarningView { kind: Kind::Cancel, released_at: Some(at(-60)), ..view("lift") };
    let first =
        WarningView { ended: Some("lifted".to_owned()), ended_by: Some(WarningId("lift".to_owned())), ..view("first") };
    let feed = feed(vec![lift, first]);
    assert_eq!(ids(&feed).len(), 2);
    assert_eq!(
        feed.matches(&format!("<updated>{}</updated>", at(-60))).count(),
        3,
        "the feed, the lift and what it lifted"
    );
}

#[test]
fn two_senders_with_one_identifier_get_two_addresses() {
    let mut older = view("older");
    older.released_at = Some(at(-9000));
    older.message.identifier = "songbei newer".to_owned();
    assert_eq!(
        ids(&feed(vec![older, view("newer")])),
        [format!("{BASE}/cap/songbei%20newer.xml"), format!("{BASE}/cap/older.xml")]
    );
}

#[test]
fn the_feed_is_well_formed_whatever_the_texts_say() {
    let mut hostile = view("h");
    hostile.headline = format!("{HOSTILE}\u{0}\u{b}\u{ffff}");
    hostile.message.identifier = format!("{HOSTILE}/../?#");
    let info = &mut hostile.message.infos[0];
    (info.description, info.sender_name) = (Some(HOSTILE.to_owned()), Some(HOSTILE.to_owned()));
    info.areas[0].description = HOSTILE.to_owned();
    let feed = feed(vec![hostile]);
    assert!(!feed.contains("<script") && !feed.contains("<img"));
    let mut reader = quick_xml::Reader::from_str(&feed);
    let mut title = String::new();
    loop {
        match reader.read_event().expect("well formed") {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Text(text) => title.push_str(&text.into_inner()),
            _ => {}
        }
    }
    assert!(!title.contains('\0') && title.contains("alert(1)"));
}

#[test]
fn the_same_warnings_give_the_same_etag_and_an_empty_feed_one_too() {
    let etag = |now| atom::document(BASE, "松北预警", vec![view("a")], now).etag;
    assert_eq!(etag(NOW), etag(NOW + 600));
    let empty = |now| atom::document(BASE, "松北预警", Vec::new(), now).etag;
    assert_eq!(empty(NOW), empty(NOW + 86400));
    assert_ne!(etag(NOW), empty(NOW));
}

fn screen() -> Screen {
    serde_json::from_value(serde_json::json!({"id": "hall", "name": HOSTILE, "area": "230109005000"}))
        .expect("a screen")
}

fn notice(title: &str, drill: bool) -> Notice {
    Notice {
        warning: title.to_owned(),
        level: Level::Red,
        title: title.to_owned(),
        text: "请注意防范".to_owned(),
        language: "zh-CN".to_owned(),
        also: Vec::new(),
        shown_s: 6,
        issuer: "松北区气象局".to_owned(),
        released_at: at(0),
        valid_until: Some(at(3600)),
        drill,
        lift: false,
        correction: false,
    }
}

fn page(notices: Vec<Notice>) -> String {
    let document = ScreenDocument::new("zh-CN", notices, NOW);
    Kiosk::new(&screen(), &document, NOW * 1000, "&k=token".to_owned(), false).render().expect("a page")
}

#[test]
fn the_page_shows_the_headline_without_script_and_says_when_it_is_calm() {
    let page_with = page(vec![notice("暴雨红色预警", false)]);
    for part in [
        "<h1 id=\"title\">暴雨红色预警</h1>",
        "红色预警",
        "Ⅰ级",
        "有效至",
        "07-15 15:40",
        "<body class=\"plain warning\"",
        "http-equiv=\"refresh\"",
    ] {
        assert!(page_with.contains(part), "{part}");
    }
    assert!(page(Vec::new()).contains("<body class=\"plain calm\""));
}

#[test]
fn no_text_becomes_markup_of_the_kiosk_page() {
    let mut hostile = notice(HOSTILE, true);
    (hostile.text, hostile.issuer) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    let page = page(vec![hostile.clone(), hostile]);
    assert!(!page.contains("<script>") && !page.contains("<img") && !page.contains("onerror=alert(2)>\""), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "its own");
}

#[test]
fn while_anything_real_stands_no_drill_and_no_drill_mark_is_shown() {
    let both = page(vec![notice("实战", false), notice("演练", true)]);
    assert!(both.contains("<body class=\"plain warning\"") && !both.contains("<b>红色预警</b> 演练"));
    let drill = page(vec![notice("演练", true)]);
    assert!(drill.contains("<body class=\"plain warning drill\""));
}
