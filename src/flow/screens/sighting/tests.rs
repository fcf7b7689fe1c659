use std::time::Duration;

use crate::{
    clock::Clock,
    domain::level::Level,
    flow::{
        record::WarningId,
        screens::{Holds, Notice, ScreenDocument},
    },
};

use super::{SILENT_AFTER, Seen, Sighting, names};

fn document(warnings: &[&str]) -> ScreenDocument {
    let notice = |warning: &&str| Notice {
        warning: (*warning).to_owned(),
        level: Level::Red,
        title: "暴雨红色预警".to_owned(),
        text: "请立即转移".to_owned(),
        language: "zh-CN".to_owned(),
        issuer: "松北区气象局".to_owned(),
        released_at: "2026-07-15T14:40:00+08:00".to_owned(),
        valid_until: None,
        also: Vec::new(),
        shown_s: 6,
        drill: false,
        lift: false,
        correction: false,
    };
    ScreenDocument::new("zh-CN", warnings.iter().map(notice).collect(), 0)
}

fn seen(clock: &Clock) -> Seen {
    Seen { unix_ms: clock.unix_ms(), instant: clock.instant() }
}

#[tokio::test(start_paused = true)]
async fn only_the_etag_of_what_it_must_show_proves_anything_and_only_once() {
    let clock = Clock::simulated(0, 1);
    let (now, older) = (document(&["a", "b"]), document(&["a"]));
    let mut sighting = Sighting::default();
    assert!(sighting.ask(seen(&clock), None, &now).is_empty());
    assert!(sighting.ask(seen(&clock), Some(&older.etag), &now).is_empty());
    assert!(sighting.ask(seen(&clock), Some("*"), &now).is_empty(), "a wildcard holds nothing");
    let ids = |ids: &[&str]| ids.iter().map(|id| WarningId((*id).to_owned())).collect::<Vec<_>>();
    assert_eq!(sighting.ask(seen(&clock), Some(&now.etag), &now), ids(&["a", "b"]));
    assert!(sighting.ask(seen(&clock), Some(&now.etag), &now).is_empty(), "told already");
    sighting.untell(&ids(&["b"]));
    assert_eq!(
        sighting.ask(seen(&clock), Some(&now.etag), &now),
        ids(&["b"]),
        "what did not get through is told again"
    );
}

#[tokio::test(start_paused = true)]
async fn says_what_a_screen_holds_and_when_it_fell_silent() {
    let clock = Clock::simulated(0, 1);
    let now = document(&["a"]);
    let mut sighting = Sighting::default();
    let holds = |sighting: &Sighting, clock: &Clock| sighting.holds(clock.instant(), &now.etag);
    assert_eq!(holds(&sighting, &clock), Holds::Never);
    sighting.ask(seen(&clock), Some("\"0123\""), &now);
    assert_eq!(holds(&sighting, &clock), Holds::Older);
    sighting.ask(seen(&clock), Some(&now.etag), &now);
    assert_eq!(holds(&sighting, &clock), Holds::Current);
    sighting.ask(seen(&clock), None, &now);
    assert_eq!(holds(&sighting, &clock), Holds::Older, "a page that starts again holds nothing yet");
    tokio::time::advance(SILENT_AFTER).await;
    assert_eq!(holds(&sighting, &clock), Holds::Older);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(holds(&sighting, &clock), Holds::Silent);
}

#[test]
fn reads_if_none_match_as_the_standard_compares() {
    for header in ["\"ab\"", "W/\"ab\"", "\"cd\", \"ab\"", " W/\"cd\",W/\"ab\" "] {
        assert!(names(header, "\"ab\""), "{header}");
    }
    for header in ["", "*", "ab", "\"abc\"", "\"AB\""] {
        assert!(!names(header, "\"ab\""), "{header}");
    }
}

#[tokio::test(start_paused = true)]
async fn remembers_a_bounded_number_of_warnings_and_a_bounded_etag() {
    let clock = Clock::simulated(0, 1);
    let mut sighting = Sighting::default();
    for number in 0..1000 {
        sighting.tell(&WarningId(number.to_string()));
    }
    assert!(sighting.has_told(&WarningId("999".to_owned())) && !sighting.has_told(&WarningId("0".to_owned())));
    sighting.ask(seen(&clock), Some(&"x".repeat(10_000)), &document(&[]));
    assert!(sighting.held.expect("an etag").len() <= 64);
}
