//! Who looks after a screen is told when it falls silent, while it lasts and when it is back; and nobody is blamed when
//! it is we who could not be heard.

use std::time::Duration;

use fenghuo::flow::{
    intake::WarningFilter,
    notice::{About, NoticeKind},
    screens::{Custodian, Screen, SilenceView, Viewer},
    target::directory::Recipient,
};
use fenghuo_contract::Channel;

use crate::support::{
    engine::{Engine, Plan},
    message::STREET,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Screens `screen-0` … with one custodian, who can be reached.
async fn world(seed: u64, screens: usize) -> Engine {
    let guard = Recipient {
        external_id: "guard-07".to_owned(),
        name: "张建国".to_owned(),
        areas: vec![STREET.parse().expect("an area")],
        endpoints: [(Channel::Sms, "13900000007".to_owned())].into(),
        ..Recipient::default()
    };
    let engine = Plan::new(seed)
        .route("sms.a", Channel::Sms, |route, _| (route.actual, route.drill) = (true, false))
        .recipient(guard)
        .start()
        .await;
    for number in 0..screens {
        let custodian = Custodian { name: "张建国".to_owned(), recipient: "guard-07".to_owned() };
        let screen = Screen::new(&format!("screen-{number}"), "东屏", STREET.parse().expect("an area"));
        engine.flow.put_screen(Screen { custodian: Some(custodian), ..screen }).await.expect("stored");
    }
    engine
}

async fn asks(engine: &Engine, number: usize) {
    let asked = engine.flow.screen_document(&format!("screen-{number}"), Viewer::Screen { holds: None }).await;
    asked.expect("read").expect("a screen");
}

/// Lets so much time go by in which these screens ask every half minute.
async fn passes(engine: &Engine, time: Duration, asking: &[usize]) {
    let step = Duration::from_secs(30);
    for _ in 0..time.as_secs() / step.as_secs() {
        for number in asking {
            asks(engine, *number).await;
        }
        engine.clock.sleep(step).await;
    }
}

/// Kind and screen of every notice, oldest first.
async fn told(engine: &Engine) -> Vec<(NoticeKind, String)> {
    let with = WarningFilter { notices: true, ..WarningFilter::default() };
    let mut listed = engine.flow.warnings(&with, None, 200).await.expect("read").items;
    listed.sort_by(|a, b| a.id.cmp(&b.id));
    let notices = listed.into_iter().filter_map(|view| view.notice);
    let of = |about: About| if let About::Screen(id) = about { id } else { panic!("about a screen: {about:?}") };
    notices.map(|notice| (notice.kind, of(notice.about))).collect()
}

fn silence(engine: &Engine, number: usize) -> Option<SilenceView> {
    engine.flow.screen(&format!("screen-{number}")).expect("a screen").silence
}

fn alarms(engine: &Engine) -> Vec<String> {
    engine.flow.alarms().into_iter().map(|alarm| alarm.code).collect()
}

#[tokio::test(start_paused = true)]
async fn the_custodian_is_told_once_again_each_hour_and_when_it_is_back() {
    use NoticeKind::{ScreenBack, ScreenSilent};
    let engine = world(301, 3).await;
    passes(&engine, 4 * MINUTE, &[0, 1, 2]).await;
    passes(&engine, 4 * MINUTE, &[0, 1]).await;
    assert_eq!(told(&engine).await, [], "not yet");
    passes(&engine, 2 * MINUTE, &[0, 1]).await;
    let silent = || (ScreenSilent, "screen-2".to_owned());
    assert_eq!(told(&engine).await, [silent()]);
    let seen = silence(&engine, 2).expect("silent");
    assert_eq!((seen.custodian.as_deref(), seen.times), (Some("张建国"), 1));
    assert_eq!(silence(&engine, 0).map(|silence| silence.since), None);
    assert_eq!(engine.ledgers["sms.a"].taken(), 1, "by the channels themselves");
    // Neither a look by somebody else nor a restart is a sign of life, nor a reason to tell it anew.
    engine.flow.screen_document("screen-2", Viewer::Onlooker).await.expect("read");
    let engine = engine.restart().await;
    passes(&engine, 30 * MINUTE, &[0, 1]).await;
    assert_eq!(told(&engine).await, [silent()]);
    assert_eq!(silence(&engine, 2).expect("silent").since, seen.since);
    passes(&engine, HOUR, &[0, 1]).await;
    assert_eq!(told(&engine).await, [silent(), silent()]);
    passes(&engine, MINUTE, &[0, 1, 2]).await;
    assert_eq!(told(&engine).await, [silent(), silent(), (ScreenBack, "screen-2".to_owned())]);
    assert!(silence(&engine, 2).is_none());
    assert_eq!(alarms(&engine), Vec::<String>::new());
    passes(&engine, 10 * MINUTE, &[0, 1]).await;
    assert_eq!(told(&engine).await.len(), 4, "another silence is told anew");
}

#[tokio::test(start_paused = true)]
async fn after_a_start_every_screen_has_its_whole_time_again() {
    let engine = world(302, 1).await;
    passes(&engine, 4 * MINUTE, &[]).await;
    let engine = engine.restart().await;
    passes(&engine, 4 * MINUTE, &[]).await;
    assert_eq!(told(&engine).await, [], "eight minutes, of which we know nothing of the first four");
    passes(&engine, 2 * MINUTE, &[]).await;
    assert_eq!(told(&engine).await.len(), 1, "one that never asked is silent too");
}

#[tokio::test(start_paused = true)]
async fn many_at_once_are_one_alarm_and_those_left_are_told_when_it_is_over() {
    let engine = world(303, 10).await;
    let all: Vec<usize> = (0..10).collect();
    passes(&engine, 5 * MINUTE, &all).await;
    passes(&engine, 2 * HOUR, &[0, 1]).await;
    assert_eq!((alarms(&engine), told(&engine).await), (vec!["screens-silent".to_owned()], vec![]));
    let alarm = &engine.flow.alarms()[0];
    assert_eq!((alarm.facts["count"].as_str(), alarm.facts["of"].as_str()), ("8", "10"));
    // The network is whole again, but for three.
    passes(&engine, 2 * MINUTE, &[0, 1, 2, 3, 4, 5, 6]).await;
    let mut silent: Vec<String> = told(&engine).await.into_iter().map(|(_, screen)| screen).collect();
    silent.sort();
    assert_eq!(silent, ["screen-7", "screen-8", "screen-9"]);
    assert_eq!(alarms(&engine), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_silence_without_a_custodian_is_written_down_and_a_removed_screen_is_forgotten() {
    let engine = world(304, 1).await;
    let screen = engine.flow.screen("screen-0").expect("a screen").screen;
    engine.flow.put_screen(Screen { custodian: None, ..screen.clone() }).await.expect("stored");
    passes(&engine, 6 * MINUTE, &[]).await;
    assert_eq!(silence(&engine, 0).expect("silent").custodian, None);
    assert_eq!(told(&engine).await, []);
    let engine = engine.restart().await;
    assert!(silence(&engine, 0).is_some());
    assert!(engine.flow.remove_screen("screen-0").await.expect("removed"));
    engine.flow.put_screen(screen).await.expect("stored");
    let engine = engine.restart().await;
    assert!(silence(&engine, 0).is_none());
}
