//! Receipts that come while the answers they belong to are being written, on a disk that takes its time.

use std::{sync::Arc, time::Duration};

use fenghuo::{
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::level::Level,
    flow::{
        authorize::{Actor, Role},
        receipt::Inbox,
        target::directory::Recipient,
    },
    store::{
        Commit, CommitFault, Committed, Engine, EntryKind, JournalRow, Key, ReadFault, Space, Store, Stored,
        memory::Memory,
    },
};
use fenghuo_contract::{Adapter, Channel};
use fenghuo_simulator::{Settings, Simulator};

use crate::support::{
    assembly::assemble,
    engine::{START_MS, submission},
    message::{STREET, warning},
};

const RECIPIENTS: u32 = 600;
/// What a commit of outcomes takes.
const COMMIT: Duration = Duration::from_secs(2);

/// Keeps everything, outcomes after a while.
struct Slow {
    memory: Memory,
    clock: Clock,
}

#[async_trait::async_trait]
impl Engine for Slow {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        if commit.entries.iter().any(|entry| entry.kind == EntryKind::Outcomes) {
            self.clock.sleep(COMMIT).await;
        }
        self.memory.commit(commit).await
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.memory.get(space, key).await
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        self.memory.get_many(space, keys).await
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        self.memory.list(space, after, limit).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        self.memory.journal(from, limit).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        self.memory.head().await
    }

    async fn close(&self) {}
}

/// Room for ten receipts of strangers.
fn config() -> Config {
    let mut config = Config::default();
    config.receipts.unknown_max = 10;
    let route = "channel = 'sms'\nadapter = 'simulator'\ndrill = true\nactual = false";
    config.routes.insert("sms.a".to_owned(), toml::from_str::<Route>(route).expect("a route"));
    let any = vec!["*".to_owned()];
    let issuer = Issuer {
        name: "转发".to_owned(),
        senders: Vec::new(),
        hazards: any.clone(),
        levels: Level::ALL.to_vec(),
        areas: any,
        relay: true,
        audience_max: None,
    };
    config.issuers.insert("relay".to_owned(), issuer);
    config
}

fn person(n: u32) -> Recipient {
    Recipient {
        external_id: format!("r{n}"),
        areas: vec![STREET.parse().expect("an area code")],
        language: "zh-CN".to_owned(),
        endpoints: [(Channel::Sms, format!("138{n:08}"))].into(),
        drill: true,
        ..Recipient::default()
    }
}

/// All receipts are acknowledged: none of them may be forgotten, however many come before the answers are written, and there
/// is no room for more than ten whose delivery is not known.
#[tokio::test(start_paused = true)]
async fn receipts_that_overtake_the_journal_find_their_deliveries() {
    let clock = Clock::simulated(START_MS, 11);
    let store: Store = Arc::new(Slow { memory: Memory::new(clock.clone()), clock: clock.clone() });
    let settings = Settings { receipts_after_ms: 100, window: 64, ..Settings::of(Channel::Sms) };
    let adapter = |_: &str, inbox: &Arc<Inbox>| {
        let simulator = Simulator::new(settings.clone(), Arc::clone(inbox) as _, 11).expect("good settings");
        Arc::new(simulator) as Arc<dyn Adapter>
    };
    let world = assemble(store, clock.clone(), config(), adapter).await;
    world.flow.directory().put((0..RECIPIENTS).map(person).collect()).await.expect("stored");
    let actor = Actor::new("k1", Role::Issuer, Some("relay".to_owned()));
    let submitted = world.flow.submit(submission(&warning("W1", "red"), actor)).await.expect("taken");
    let (fenghuo::flow::intake::Submitted::Created(view) | fenghuo::flow::intake::Submitted::Repeated(view)) =
        submitted;
    for _ in 0..600 {
        clock.sleep(Duration::from_millis(100)).await;
        let status = world.flow.status(&view.id).await.expect("a store").expect("a warning");
        if status.channels["sms"].delivered == u64::from(RECIPIENTS) {
            world.lifecycle.stop(Duration::from_secs(5)).await;
            return;
        }
    }
    let status = world.flow.status(&view.id).await.expect("a store").expect("a warning");
    panic!("receipts are missing: {:?}", status.channels["sms"]);
}
