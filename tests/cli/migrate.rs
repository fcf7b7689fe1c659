//! `fenghuo migrate`: a data directory goes to Redis whole, and what was begun there is not opened before it is proved.

use fenghuo::{
    clock::Clock,
    store::{Engine, EntryKind, Space, redis},
};
use fenghuo_contract::Channel;

use super::program::fenghuo;
use crate::support::{
    gateway::TestGateway,
    message::{DISTRICT, warning},
    redis::RedisServer,
};

/// A gateway that has stopped: a warning that is over, keys and recipients are in its data directory.
async fn stopped() -> TestGateway {
    let mut world = TestGateway::start().await;
    world.recipients(DISTRICT, Channel::Sms, (0..300).map(|n| format!("138{n:08}"))).await;
    let id = world.post(&warning("M1", "red")).await.json()["id"].as_str().expect("an id").to_owned();
    world.until_done(&id).await;
    assert!(world.stop().await);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_and_linked_and_the_directory_stays() {
    let world = stopped().await;
    let data = world.data.path().display().to_string();
    let server = RedisServer::start();
    let moved = fenghuo(&["migrate", "--from", &data, "--to", &server.url(), "--json"]);
    assert_eq!(moved.code, 0, "{}", moved.err);
    let told = moved.json();

    let proved = fenghuo(&["verify", "--data", &data, "--json"]).json();
    assert_eq!(told["head"], proved["head"]);
    assert_eq!(told["records"], proved["records"]);

    let options = redis::Options::at(server.url().parse().expect("an address"));
    let store = redis::Redis::open(Clock::system(), options).await.expect("it opens");
    let warnings = store.list(Space::Warning, None, 10).await.expect("read");
    assert_eq!(warnings.len(), 1);
    let mut decisions = 0;
    let count = &mut |row: fenghuo::store::JournalRowRef<'_>| {
        decisions += row.entries().filter(|entry| entry.kind == EntryKind::Decision).count();
    };
    store.replay(1, count).await.expect("whole and linked");
    assert!(decisions > 0);
    store.close().await;

    let settings = world.data.path().join("shared.toml");
    std::fs::write(&settings, format!("[store]\nurl = \"{}\"\n", server.url())).expect("written");
    let settings = settings.display().to_string();
    let proved = fenghuo(&["verify", "--config", &settings, "--json"]);
    assert_eq!((proved.code, &proved.json()["head"]), (0, &told["head"]), "{}", proved.err);
    server.cli(&["XDEL", "{fenghuo}:journal", "2-0"]);
    let broken = fenghuo(&["verify", "--config", &settings, "--json"]);
    assert_eq!((broken.code, &broken.json()["sound"]), (1, &false.into()), "a row is gone: {}", broken.out);

    let again = fenghuo(&["migrate", "--from", &data, "--to", &server.url()]);
    assert_eq!(again.code, 6, "a store that is there is never overwritten: {}", again.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_off_is_opened_by_nobody_and_begun_anew() {
    let world = stopped().await;
    let data = world.data.path().display().to_string();
    let server = RedisServer::start();
    let options = || redis::Options::at(server.url().parse().expect("an address"));
    let begun = redis::Import::begin(&Clock::system(), options()).await.expect("begun");
    drop(begun);
    let opened = redis::Redis::open(Clock::system(), options()).await;
    assert!(matches!(opened, Err(redis::OpenFault::Moving(_))));
    assert_eq!(fenghuo(&["migrate", "--from", &data, "--to", &server.url()]).code, 0);
    assert!(redis::Redis::open(Clock::system(), options()).await.is_ok());
}
