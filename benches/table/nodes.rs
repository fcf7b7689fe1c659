//! Several nodes on one Redis that syncs before it answers: deliveries a second, what Redis holds for each, and how well a
//! limit is kept that all of them share.
//!
//! All nodes run in this process and on this machine, beside Redis: what more nodes bring is shown by what does not get
//! worse, not by growth. The yardstick is what gateways do that keep each delivery as an entry of a stream of its own: it
//! is added, read by a consumer group and acknowledged, all in batches of 256 on one connection.

#[path = "../../tests/support/redis.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests need more of it, from everywhere")]
mod server;

use std::{sync::Arc, time::Duration};

use fenghuo::{
    clock::Clock,
    store::{
        Commit, Entry, EntryKind, Expect, Put, Space, Store,
        redis::{Options, Redis},
    },
};

use bytes::Bytes;
use redis::{Client, Cmd, Pipeline, Value, aio::MultiplexedConnection};
use tokio::runtime::Runtime;

use self::server::RedisServer;
use crate::{
    report::{Goal, Report, Row, median},
    world::{self, World},
};

/// Medians of this many runs.
const RUNS: u32 = 3;
/// Recipients, of whom half have a number.
const RECIPIENTS: u32 = 1_000_000;
/// Entries of the yardstick.
const ENTRIES: u64 = 100_000;
/// Entries of the yardstick that go over together.
const BATCH: u64 = 256;
/// The shared limit, messages a second, and for how many seconds there is work.
const RATE: u32 = 5_000;
const SECONDS: u32 = 6;

pub(crate) fn nodes(report: &mut Report) {
    let runtime = world::runtime();
    let entry_each = median((0..RUNS).map(|_| one_entry_each(&runtime)).collect());
    for count in [1, 2, 4] {
        let runs: Vec<Run> = (0..RUNS).map(|_| deliver(&runtime, count)).collect();
        let of = |what: fn(&Run) -> f64| median(runs.iter().map(what).collect());
        let yardstick = Some(("an entry for each", entry_each));
        let row = |name: String, value, unit, yardstick, goal| Row { name, value, unit, yardstick, goal };
        let name = format!("nodes: {count} on one Redis, durable");
        report.row(&row(name, of(|run| run.per_s), "deliveries/s", yardstick, Goal::RatioAtLeast(8.0)));
        let name = format!("nodes: {count}, queue in Redis of a delivery, at its most");
        report.row(&row(name, of(|run| run.queue), "bytes", None, Goal::AtMost(8.0)));
        let name = format!("nodes: {count}, journal in Redis of a delivery");
        report.row(&row(name, of(|run| run.journal), "bytes", None, Goal::AtMost(40.0)));
    }
    for (count, callers) in [(1, 1), (1, 64), (4, 64)] {
        let name = format!("nodes: commits of {count} with {callers} callers each");
        let value = median((0..RUNS).map(|_| commits(&runtime, count, callers)).collect());
        report.row(&Row { name, value, unit: "commits/s", yardstick: None, goal: Goal::Shown });
    }
    for count in [1, 2, 4] {
        let part = paced(&runtime, count) / f64::from(RATE);
        let row = |name: String, goal| Row { name, value: part, unit: "of the limit", yardstick: None, goal };
        report.row(&row(format!("nodes: {count} share {RATE} a second, over {SECONDS} s"), Goal::AtLeast(0.98)));
        report.row(&row(format!("nodes: {count} share {RATE} a second, not above"), Goal::AtMost(1.005)));
    }
}

/// What a run came to, each for one delivery.
struct Run {
    per_s: f64,
    queue: f64,
    journal: f64,
}

async fn store(server: &RedisServer) -> Store {
    let options = Options::at(server.url().parse().expect("an address"));
    Arc::new(Box::pin(Redis::open(Clock::system(), options)).await.expect("a store"))
}

/// Nodes with a provider each.
async fn open(server: &RedisServer, count: usize, limits: &str) -> Vec<World> {
    let directory = world::directory(RECIPIENTS);
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(Box::pin(World::start_on(store(server).await, &directory, world::provider(), limits)).await);
    }
    nodes
}

/// One warning for all, handed to the first node.
fn deliver(runtime: &Runtime, count: usize) -> Run {
    let server = RedisServer::start();
    runtime.block_on(async {
        let nodes = open(&server, count, "").await;
        let before = memory(&server, "{fenghuo}:journal");
        let (took, deliveries) = nodes[0].deliver("all", 1).await;
        let journal = memory(&server, "{fenghuo}:journal").saturating_sub(before);
        // What says how far a plan is claimed and by whom: a record a plan, whatever it has of deliveries.
        let queue = memory(&server, "{fenghuo}:r:37") + memory(&server, "{fenghuo}:k:37");
        for node in nodes {
            node.stop().await;
        }
        let each = |bytes: u64| bytes as f64 / deliveries as f64;
        Run { per_s: deliveries as f64 / took.as_secs_f64(), queue: each(queue), journal: each(journal) }
    })
}

fn memory(server: &RedisServer, key: &str) -> u64 {
    server.cli(&["MEMORY", "USAGE", key, "SAMPLES", "0"]).trim().trim_start_matches("(integer) ").parse().unwrap_or(0)
}

/// Messages a second that all nodes sent together under one limit, in the time after the parts have settled.
fn paced(runtime: &Runtime, count: usize) -> f64 {
    let server = RedisServer::start();
    let limits = format!("rate_per_s = {RATE}");
    runtime.block_on(async {
        let nodes = open(&server, count, &limits).await;
        let id = nodes[0].post(&world::message("paced", "red", "public")).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (before, began) = (nodes[0].sent(&id).await, world::now());
        tokio::time::sleep(Duration::from_secs(SECONDS.into())).await;
        let (after, took) = (nodes[0].sent(&id).await, began.elapsed());
        for node in nodes {
            node.stop().await;
        }
        (after - before) as f64 / took.as_secs_f64()
    })
}

/// Commits a second of one record and one entry each.
fn commits(runtime: &Runtime, count: usize, callers: u64) -> f64 {
    const FOR: Duration = Duration::from_secs(2);
    let server = RedisServer::start();
    runtime.block_on(async {
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(store(&server).await);
        }
        let began = world::now();
        let mut callers_of_all = tokio::task::JoinSet::new();
        for (node, store) in nodes.iter().enumerate() {
            for caller in 0..callers {
                let (store, key) = (Arc::clone(store), node as u64 * callers + caller);
                callers_of_all.spawn(async move {
                    let mut done = 0_u64;
                    while began.elapsed() < FOR {
                        store.commit(commit(key)).await.expect("durable");
                        done += 1;
                    }
                    done
                });
            }
        }
        let done: u64 = callers_of_all.join_all().await.into_iter().sum();
        let rate = done as f64 / began.elapsed().as_secs_f64();
        for store in nodes {
            store.close().await;
        }
        rate
    })
}

fn commit(key: u64) -> Commit {
    let put =
        Put { space: Space::Meta, key: key.into(), value: Some(Bytes::from_static(b"value")), expect: Expect::Any };
    let entry = Entry { kind: EntryKind::Decision, data: Bytes::from_static(b"{\"what\":\"bench\"}") };
    Commit { puts: vec![put], entries: vec![entry] }
}

/// Deliveries a second as entries of a stream of their own.
fn one_entry_each(runtime: &Runtime) -> f64 {
    let server = RedisServer::start();
    runtime.block_on(async {
        let client = Client::open(server.url()).expect("an address");
        let mut link = client.get_multiplexed_async_connection().await.expect("it answers");
        let mut group = redis::cmd("XGROUP");
        group.arg("CREATE").arg("queue").arg("senders").arg("0").arg("MKSTREAM");
        ask(&mut link, &group).await;
        let started = world::now();
        for first in (0..ENTRIES).step_by(BATCH as usize) {
            let mut added = Pipeline::new();
            for number in first..ENTRIES.min(first + BATCH) {
                added.cmd("XADD").arg("queue").arg("*").arg("plan").arg(1).arg("rank").arg(number).ignore();
            }
            added.query_async::<()>(&mut link).await.expect("added");
            let mut read = redis::cmd("XREADGROUP");
            read.arg("GROUP").arg("senders").arg("node").arg("COUNT").arg(BATCH).arg("STREAMS").arg("queue").arg(">");
            let mut done = redis::cmd("XACK");
            done.arg("queue").arg("senders");
            ids(&ask(&mut link, &read).await).iter().for_each(|id| {
                done.arg(id);
            });
            ask(&mut link, &done).await;
        }
        ENTRIES as f64 / started.elapsed().as_secs_f64()
    })
}

async fn ask(link: &mut MultiplexedConnection, command: &Cmd) -> Value {
    command.query_async(link).await.expect("an answer")
}

/// The ids of the entries in an answer to XREADGROUP: streams, each with its name and its entries.
fn ids(answer: &Value) -> Vec<Vec<u8>> {
    let Value::Array(streams) = answer else { return Vec::new() };
    let Some(Value::Array(stream)) = streams.first() else { return Vec::new() };
    let Some(Value::Array(entries)) = stream.get(1) else { return Vec::new() };
    let id = |entry: &Value| match entry {
        Value::Array(parts) => match parts.first() {
            Some(Value::BulkString(id)) => Some(id.clone()),
            _ => None,
        },
        _ => None,
    };
    entries.iter().filter_map(id).collect()
}
