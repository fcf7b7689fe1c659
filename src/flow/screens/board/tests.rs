use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use roaring::RoaringBitmap;

use super::*;
use crate::{
    domain::{level::Level, purpose::Purpose},
    flow::screens::{Holds, StandingText},
    store::{memory::Memory, seal::Vault},
};

/// Keeps what it is told; refuses while `down`.
#[derive(Default)]
struct Told {
    shown: Mutex<Vec<(String, u32, String)>>,
    down: std::sync::atomic::AtomicBool,
}

#[async_trait::async_trait]
impl ShownSink for Told {
    async fn shown(&self, screen: &str, row: u32, warnings: &[WarningId]) -> Result<(), Unavailable> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Unavailable::new("down".to_owned()));
        }
        self.shown.lock().extend(warnings.iter().map(|warning| (screen.to_owned(), row, warning.0.clone())));
        Ok(())
    }
}

struct World {
    store: Store,
    directory: Arc<Directory>,
    clock: Clock,
    told: Arc<Told>,
    screens: Arc<Screens>,
}

impl World {
    async fn new() -> Self {
        let clock = Clock::simulated(1_784_097_600_000, 7);
        let store: Store = Arc::new(Memory::new(clock.clone()));
        let vault = Arc::new(Vault::with_key(&[7; 32]));
        let directory = Arc::new(Directory::open(Arc::clone(&store), vault, clock.clone()).await.expect("a directory"));
        let told = Arc::new(Told::default());
        let screens = open(&store, &directory, &clock, &told).await;
        Self { store, directory, clock, told, screens }
    }

    async fn restart(self) -> Self {
        let screens = open(&self.store, &self.directory, &self.clock, &self.told).await;
        Self { screens, ..self }
    }

    async fn put(&self, id: &str) -> u32 {
        self.screens.put(screen(id)).await.expect("stored");
        self.screens.registry.get(id).expect("registered").row
    }

    fn stands(&self, warnings: &[Arc<Standing>]) {
        self.screens.set_standing(warnings.to_vec());
    }

    fn standing(&self, id: &str, rows: &[u32], lasts_s: i64) -> Arc<Standing> {
        let text = StandingText {
            language: "zh-CN".to_owned(),
            title: "暴雨红色预警".to_owned(),
            text: "请注意防范".to_owned(),
            issuer: "松北区气象局".to_owned(),
        };
        Arc::new(Standing {
            warning: WarningId(id.to_owned()),
            level: Level::Red,
            purpose: Purpose::Actual,
            lift: false,
            correction: false,
            released_ms: self.clock.unix_ms(),
            expires_unix: self.clock.unix() + lasts_s,
            thread: id.to_owned(),
            released_at: self.clock.unix(),
            texts: vec![text],
            audience: RoaringBitmap::from_iter(rows.iter().copied()),
        })
    }

    async fn ask(&self, id: &str, holds: Option<&str>) -> Arc<ScreenDocument> {
        self.screens.document(id, Viewer::Screen { holds }).await.expect("a document")
    }

    fn told(&self) -> Vec<String> {
        self.told.shown.lock().iter().map(|(screen, _, warning)| format!("{screen} {warning}")).collect()
    }
}

async fn open(store: &Store, directory: &Arc<Directory>, clock: &Clock, told: &Arc<Told>) -> Arc<Screens> {
    let mac: Mac = Arc::new(|words| {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(words);
        digest.into()
    });
    let sink: Arc<dyn ShownSink> = Arc::clone(told) as _;
    let url = "https://warn.songbei.example/".to_owned();
    let screens = Screens::open(Arc::clone(store), Arc::clone(directory), clock.clone(), mac, url, sink).await;
    Arc::new(screens.expect("screens"))
}

fn screen(id: &str) -> Screen {
    serde_json::from_value(serde_json::json!({"id": id, "name": "政务大厅", "area": "230109005000"})).expect("a screen")
}

fn shown(document: &ScreenDocument) -> Vec<&str> {
    document.notices.iter().map(|notice| notice.warning.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_registered_screen_is_a_recipient_and_is_there_after_a_restart() {
    let world = World::new().await;
    let row = world.put("hall").await;
    let everywhere = crate::flow::target::directory::Selection {
        areas: vec!["230109000000".parse().expect("a code")],
        ..Default::default()
    };
    assert!(world.directory.select(&everywhere, fenghuo_contract::Channel::Display).contains(row));
    let world = world.restart().await;
    let after = world.screens.registry.get("hall").expect("still registered");
    assert_eq!((after.row, after.record.screen.clone()), (row, screen("hall")));
    assert!(world.screens.remove("hall").await.expect("removed"));
    assert!(!world.directory.select(&everywhere, fenghuo_contract::Channel::Display).contains(row));
    assert!(!world.screens.remove("hall").await.expect("answered"));
    assert!(world.restart().await.screens.registry.get("hall").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_etag_is_the_same_after_a_restart() {
    let world = World::new().await;
    let row = world.put("hall").await;
    let warning = world.standing("w", &[row], 3600);
    world.stands(&[Arc::clone(&warning)]);
    let before = world.ask("hall", None).await.etag.clone();
    tokio::time::advance(Duration::from_secs(60)).await;
    let world = world.restart().await;
    assert_ne!(world.ask("hall", None).await.etag, before, "nothing stands yet");
    world.stands(&[warning]);
    assert_eq!(world.ask("hall", None).await.etag, before);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_at_the_change_the_expiry_or_its_own_end() {
    let world = World::new().await;
    let row = world.put("hall").await;
    let calm = world.ask("hall", None).await.etag.clone();
    let wait = |etag: String, seconds: u64| {
        let screens = Arc::clone(&world.screens);
        async move { screens.change("hall", &etag, Duration::from_secs(seconds)).await.expect("a document") }
    };
    let began = world.clock.unix();
    let (document, ()) = tokio::join!(wait(calm.clone(), 30), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.stands(&[world.standing("w", &[row], 20)]);
    });
    assert_eq!((shown(&document), world.clock.unix() - began), (vec!["w"], 5));
    let document = wait(document.etag.clone(), 60).await;
    assert_eq!((document.etag.as_str(), world.clock.unix() - began), (calm.as_str(), 25), "gone when it expired");
    wait(calm.clone(), 30).await;
    assert_eq!(world.clock.unix() - began, 55, "unchanged at the end of the wait");
    wait(calm.clone(), 3600).await;
    assert_eq!(world.clock.unix() - began, 115, "nobody waits longer than a minute");
    let (_, ()) = tokio::join!(wait(calm, 30), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.screens.close();
    });
    assert_eq!(world.clock.unix() - began, 116, "the server is stopping");
}

#[tokio::test(start_paused = true)]
async fn many_waiting_screens_are_all_told_of_one_change() {
    let world = World::new().await;
    let row = world.put("hall").await;
    let calm = world.ask("hall", None).await.etag.clone();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..2000 {
        let (screens, etag) = (Arc::clone(&world.screens), calm.clone());
        waiting.spawn(async move { screens.change("hall", &etag, Duration::from_secs(30)).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.stands(&[world.standing("w", &[row], 600)]);
    let documents = waiting.join_all().await;
    let first = documents[0].clone().expect("a document");
    assert_eq!(shown(&first), ["w"]);
    let same = |document: &Option<Arc<ScreenDocument>>| document.as_ref().is_some_and(|one| Arc::ptr_eq(one, &first));
    assert!(documents.iter().all(same), "made once, shared by all");
}

#[tokio::test(start_paused = true)]
async fn what_a_screen_proves_is_told_once_and_only_by_itself() {
    let world = World::new().await;
    let row = world.put("hall").await;
    world.stands(&[world.standing("w", &[row], 600)]);
    let etag = world.ask("hall", None).await.etag.clone();
    let onlooker = world.screens.document("hall", Viewer::Onlooker).await.expect("a document");
    assert_eq!(onlooker.etag, etag);
    assert!(world.told().is_empty(), "sent is not held");
    world.told.down.store(true, Ordering::Relaxed);
    assert_eq!(shown(&*world.ask("hall", Some(&etag)).await), ["w"], "the screen is served whether or not it is told");
    assert!(world.told().is_empty());
    world.told.down.store(false, Ordering::Relaxed);
    for _ in 0..3 {
        world.ask("hall", Some(&etag)).await;
    }
    assert_eq!(world.told(), ["hall w"]);
    assert_eq!(world.told.shown.lock()[0].1, row);
}

#[tokio::test(start_paused = true)]
async fn an_onlooker_does_not_make_a_dead_screen_look_alive() {
    let world = World::new().await;
    world.put("hall").await;
    let view = || world.screens.view_of("hall").expect("a view");
    world.screens.document("hall", Viewer::Onlooker).await.expect("a document");
    assert_eq!((view().holds, view().last_seen_at), (Holds::Never, None));
    let etag = world.ask("hall", None).await.etag.clone();
    world.ask("hall", Some(&etag)).await;
    assert_eq!((view().holds, view().last_seen_at.as_deref()), (Holds::Current, Some("2026-07-15T14:40:00+08:00")));
    tokio::time::advance(Duration::from_secs(91)).await;
    world.screens.document("hall", Viewer::Onlooker).await.expect("a document");
    assert_eq!(view().holds, Holds::Silent);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_counts_for_what_the_screen_shows_or_showed() {
    let world = World::new().await;
    let (hall, gate) = (world.put("hall").await, world.put("gate").await);
    assert_ne!(hall, gate);
    world.stands(&[world.standing("w", &[hall], 600)]);
    let ack = |id: &'static str, warning: &'static str, state| world.screens.ack(id, warning, state);
    assert!(!ack("gate", "w", AckState::Shown).await.expect("answered"), "not its warning");
    assert!(!ack("hall", "x", AckState::Shown).await.expect("answered"), "no such warning");
    assert!(!ack("none", "w", AckState::Shown).await.expect("answered"), "no such screen");
    assert!(ack("hall", "w", AckState::Failed).await.expect("answered"));
    assert_eq!(world.screens.view_of("hall").and_then(|view| view.trouble), Some(WarningId("w".to_owned())));
    assert!(world.told().is_empty());
    assert!(ack("hall", "w", AckState::Shown).await.expect("answered"));
    assert!(ack("hall", "w", AckState::Received).await.expect("answered"));
    assert_eq!(
        (world.told(), world.screens.view_of("hall").and_then(|view| view.trouble)),
        (vec!["hall w".to_owned()], None)
    );
    world.stands(&[]);
    assert!(ack("hall", "w", AckState::Removed).await.expect("answered"), "it showed it once");
}

#[tokio::test(start_paused = true)]
async fn a_revoked_kiosk_address_opens_nothing() {
    let world = World::new().await;
    world.put("hall").await;
    let token = || {
        let url = world.screens.view_of("hall").expect("a view").kiosk_url;
        let (page, token) = url.split_once("?k=").expect("a token");
        assert_eq!(page, "https://warn.songbei.example/screens/hall");
        token.to_owned()
    };
    let old = token();
    assert!(world.screens.token_opens("hall", &old) && !world.screens.token_opens("gate", &old));
    assert!(world.screens.revoke("hall").await.expect("stored"));
    assert!(!world.screens.token_opens("hall", &old) && world.screens.token_opens("hall", &token()));
    world.put("hall").await;
    assert!(!world.screens.token_opens("hall", &old), "a change of the screen brings nothing back");
    let new = token();
    let world = world.restart().await;
    assert!(!world.screens.token_opens("hall", &old) && world.screens.token_opens("hall", &new));
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_tells_how_far_the_screens_clock_is_off() {
    let world = World::new().await;
    world.put("hall").await;
    let clock_ms = Some(world.clock.unix_ms() + 45_500);
    let beat = Heartbeat { player: format!("kiosk\u{7}{}", "x".repeat(500)), clock_ms, ..Heartbeat::default() };
    assert!(world.screens.heartbeat("hall", beat.clone()) && !world.screens.heartbeat("none", beat));
    let view = world.screens.view_of("hall").expect("a view");
    assert_eq!((view.clock_ahead_s, view.holds), (Some(45), Holds::Never), "a heartbeat is no proof of what it shows");
    assert!(view.player.is_some_and(|player| player.len() == 120 && !player.contains('\u{7}')));
}

#[test]
fn ids_are_letters_digits_dash_and_underscore() {
    let with_id =
        |id: &str| serde_json::from_value::<Screen>(serde_json::json!({"id": id, "name": "", "area": "230109"}));
    for id in ["hall", "A-1_b", &"x".repeat(64)] {
        assert!(with_id(id).is_ok(), "{id}");
    }
    for id in ["", "a/b", "屏", "a b", "../x", "a?k=1", &"x".repeat(65)] {
        assert!(with_id(id).is_err(), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_ages_no_screen_and_leaves_no_signature_from_the_future() {
    let world = World::new().await;
    let row = world.put("hall").await;
    world.stands(&[world.standing("w", &[row], 86_400 * 3)]);
    let etag = world.ask("hall", None).await.etag.clone();
    world.ask("hall", Some(&etag)).await;
    let view = |world: &World| world.screens.view_of("hall").expect("a screen");
    for jump_ms in [86_400_000, -2 * 86_400_000] {
        world.clock.jump(jump_ms);
        let document = world.ask("hall", Some(&etag)).await;
        assert_eq!((&document.etag, view(&world).holds), (&etag, Holds::Current), "{jump_ms}");
        let now = world.clock.unix();
        let stamped = world.screens.stamped(&document, false);
        assert!(stamped.created <= now && now < stamped.expires, "{jump_ms}: {stamped:?}");
    }
    // Silence is counted by the clock that nobody sets.
    world.clock.jump(86_400_000);
    assert_eq!(view(&world).holds, Holds::Current);
    world.clock.sleep(Duration::from_secs(91)).await;
    assert_eq!(view(&world).holds, Holds::Silent);
}
