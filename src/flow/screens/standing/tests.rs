use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{Showing, Standing, StandingText};
use crate::{
    domain::{level::Level, purpose::Purpose},
    flow::{
        record::WarningId,
        screens::{Screen, ScreenDocument},
    },
};

const NOW: i64 = 1_784_097_600;

fn screen(drill: bool, language: &str) -> Screen {
    let area = "230109005000".parse().expect("an area code");
    Screen { language: language.to_owned(), drill, ..Screen::new("tower-1", "世茂大道东口", area) }
}

fn text(language: &str, title: &str) -> StandingText {
    StandingText {
        language: language.to_owned(),
        title: title.to_owned(),
        text: format!("{title}。请注意防范。"),
        issuer: "松北区气象局".to_owned(),
    }
}

fn standing(id: &str, level: Level, released_s: i64) -> Standing {
    Standing {
        warning: WarningId(id.to_owned()),
        level,
        purpose: Purpose::Actual,
        lift: false,
        correction: false,
        released_ms: (NOW + released_s) * 1000,
        expires_unix: NOW + 3600,
        thread: id.to_owned(),
        released_at: NOW + released_s,
        texts: vec![text("zh-CN", id), text("en", &format!("{id} in English"))],
        audience: RoaringBitmap::from_iter([7]),
    }
}

fn showing(standing: impl IntoIterator<Item = Standing>) -> Showing {
    let showing = Showing::new(NOW);
    showing.set(standing.into_iter().map(Arc::new).collect(), NOW);
    showing
}

impl Showing {
    fn document(&self, screen: &Screen, row: u32, now_unix: i64) -> Arc<ScreenDocument> {
        self.document_again(screen, row, now_unix, &mut None)
    }
}

fn shown(document: &ScreenDocument) -> Vec<&str> {
    document.notices.iter().map(|notice| notice.warning.as_str()).collect()
}

#[test]
fn shows_what_is_meant_first_the_higher_level_the_newer_and_lifts_last() {
    let drill = Standing { purpose: Purpose::Exercise, ..standing("drill", Level::Red, 60) };
    let lift = Standing { lift: true, ..standing("lift", Level::Red, 50) };
    let set = [
        drill,
        lift,
        standing("old-blue", Level::Blue, 0),
        standing("orange", Level::Orange, 10),
        standing("old-red", Level::Red, 20),
        standing("new-red", Level::Red, 30),
    ];
    let document = showing(set).document(&screen(true, "zh-CN"), 7, NOW);
    assert_eq!(shown(&document), ["new-red", "old-red", "orange", "old-blue", "lift", "drill"]);
}

#[test]
fn a_drill_stays_on_screens_marked_for_drills() {
    let as_purpose = |id, purpose| Standing { purpose, ..standing(id, Level::Red, 0) };
    let showing = showing([
        as_purpose("actual", Purpose::Actual),
        as_purpose("exercise", Purpose::Exercise),
        as_purpose("test", Purpose::Test),
    ]);
    assert_eq!(shown(&showing.document(&screen(false, "zh-CN"), 7, NOW)), ["actual"]);
    let document = showing.document(&screen(true, "zh-CN"), 7, NOW);
    assert_eq!(shown(&document), ["actual", "exercise", "test"]);
    let marks: Vec<bool> = document.notices.iter().map(|notice| notice.drill).collect();
    assert_eq!(marks, [false, true, true]);
}

#[test]
fn who_is_not_in_the_audience_shows_nothing() {
    let showing = showing([standing("a", Level::Red, 0)]);
    assert!(showing.document(&screen(true, "zh-CN"), 8, NOW).notices.is_empty());
}

#[test]
fn an_expired_warning_is_gone_in_the_second_of_its_expiry_and_the_waiting_are_told() {
    let short = Standing { expires_unix: NOW + 60, ..standing("short", Level::Red, 0) };
    let showing = showing([short, standing("long", Level::Blue, 0)]);
    let mut changes = showing.changes();
    let before = showing.document(&screen(false, "zh-CN"), 7, NOW + 59);
    assert_eq!(shown(&before), ["short", "long"]);
    assert!(!changes.has_changed().expect("open"));
    let after = showing.document(&screen(false, "zh-CN"), 7, NOW + 60);
    assert_eq!(shown(&after), ["long"]);
    assert_ne!(before.etag, after.etag);
    assert!(changes.has_changed().expect("open"));
    assert_eq!(*changes.borrow_and_update(), 2, "one change to set, one to drop, however often it is read");
    assert_eq!(showing.next_change(), Some(NOW + 3600));
}

#[test]
fn what_has_expired_when_it_is_set_is_never_shown() {
    let showing = showing([Standing { expires_unix: NOW, ..standing("late", Level::Red, 0) }]);
    assert!(showing.document(&screen(false, "zh-CN"), 7, NOW).notices.is_empty());
}

#[test]
fn screens_with_the_same_content_share_one_document() {
    let showing = showing([standing("a", Level::Red, 0)]);
    let other = Screen { id: "tower-2".to_owned(), name: "另一块".to_owned(), ..screen(false, "zh-CN") };
    let first = showing.document(&screen(false, "zh-CN"), 7, NOW);
    assert!(Arc::ptr_eq(&first, &showing.document(&other, 7, NOW + 5)));
    assert!(!Arc::ptr_eq(&first, &showing.document(&screen(false, "en"), 7, NOW)));
}

#[test]
fn the_etag_is_the_hash_of_the_body_and_survives_a_restart() {
    let set = || [standing("a", Level::Red, 0), standing("b", Level::Blue, 5)];
    let first = showing(set()).document(&screen(false, "zh-CN"), 7, NOW);
    let reordered = Showing::new(NOW + 999);
    reordered.set(set().into_iter().rev().map(Arc::new).collect(), NOW + 999);
    let second = reordered.document(&screen(false, "zh-CN"), 7, NOW + 1234);
    assert_eq!((&first.etag, &first.body), (&second.etag, &second.body));
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&first.body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(first.etag, format!("\"{}\"", &hex[..32]));
}

#[test]
fn an_unchanged_document_keeps_the_time_of_its_change() {
    let showing = showing([standing("a", Level::Red, 0)]);
    let first = showing.document(&screen(false, "zh-CN"), 7, NOW);
    let elsewhere = Standing { audience: RoaringBitmap::from_iter([8]), ..standing("b", Level::Red, 0) };
    showing.set(vec![Arc::new(standing("a", Level::Red, 0)), Arc::new(elsewhere)], NOW + 100);
    let second = showing.document(&screen(false, "zh-CN"), 7, NOW + 100);
    assert_eq!((first.etag.as_str(), first.changed_at), (second.etag.as_str(), second.changed_at));
    showing.set(Vec::new(), NOW + 200);
    assert_eq!(showing.document(&screen(false, "zh-CN"), 7, NOW + 200).changed_at, NOW + 200);
}

#[test]
fn speaks_the_screens_language_or_its_nearest() {
    let showing = showing([standing("a", Level::Red, 0)]);
    for (language, title) in [("zh-CN", "a"), ("ZH-cn", "a"), ("zh-TW", "a"), ("en-GB", "a in English"), ("ru", "a")] {
        assert_eq!(showing.document(&screen(false, language), 7, NOW).notices[0].title, title, "{language}");
    }
}

#[test]
fn the_body_says_that_there_is_nothing_to_show() {
    let document = Showing::new(NOW).document(&screen(false, "zh-CN"), 7, NOW);
    let body: serde_json::Value = serde_json::from_slice(&document.body).expect("JSON");
    assert_eq!(body["notices"], serde_json::json!([]));
}

#[test]
fn times_in_the_body_are_those_of_the_warning() {
    let document = showing([standing("a", Level::Red, 0)]).document(&screen(false, "zh-CN"), 7, NOW + 1800);
    let body = std::str::from_utf8(&document.body).expect("UTF-8");
    let years: Vec<&str> = body.match_indices("2026-").map(|(at, _)| &body[at..at + 25]).collect();
    assert_eq!(years, ["2026-07-15T14:40:00+08:00", "2026-07-15T15:40:00+08:00"]);
}

#[test]
fn a_clock_that_ran_ahead_for_a_moment_makes_nothing_be_forgotten() {
    let showing = showing([standing("a", Level::Red, 0)]);
    let screen = screen(false, "zh-CN");
    let before = showing.document(&screen, 7, NOW);
    assert!(showing.document(&screen, 7, NOW + 7200).notices.is_empty(), "two hours on it is over");
    let mut changes = showing.changes();
    changes.mark_unchanged();
    let after = showing.document(&screen, 7, NOW + 1);
    assert_eq!((shown(&after), &after.etag), (vec!["a"], &before.etag), "and set back it stands");
    assert!(changes.has_changed().expect("open"), "those who wait are told");
    // A clock set back beyond the release hides nothing either.
    assert_eq!(shown(&showing.document(&screen, 7, NOW - 86_400)), ["a"]);
}
