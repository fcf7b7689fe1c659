//! How much a store on Redis takes; run by hand: `cargo test --test integration store::redis::measure -- --ignored --nocapture`.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fenghuo::{
    clock::Clock,
    store::{Engine, EntryKind},
};

use super::rig::{at, node};
use crate::{
    store::rig::{entries, entry, numbered},
    support::redis::RedisServer,
};

const FOR: Duration = Duration::from_secs(3);

/// Commits a second of so many nodes with so many callers each.
async fn rate(server: &RedisServer, nodes: usize, callers: usize) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let mut committing = tokio::task::JoinSet::new();
    let mut open = Vec::new();
    for _ in 0..nodes {
        open.push(node(&at(&server.url())).await);
    }
    let began = Clock::system().instant();
    for node in &open {
        for caller in 0..callers as u64 {
            let (node, done) = (Arc::clone(node), Arc::clone(&done));
            committing.spawn(async move {
                while began.elapsed() < FOR {
                    node.commit(numbered(caller)).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }
    committing.join_all().await;
    let rate = done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    for node in open {
        node.close().await;
    }
    rate
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measure"]
async fn commits_a_second() {
    let mut out = std::io::stdout();
    for sync in ["always", "everysec"] {
        let server = RedisServer::with(&["--appendfsync", sync]);
        for (nodes, callers) in [(1, 1), (1, 64), (4, 1), (4, 64)] {
            let rate = rate(&server, nodes, callers).await;
            writeln!(out, "{sync}: {nodes} nodes × {callers} callers: {rate:.0} commits/s").unwrap();
        }
        let node = node(&at(&server.url())).await;
        let outcomes = vec![7; 4_096 * 39];
        let (began, mut rows) = (Clock::system().instant(), 0);
        while began.elapsed() < FOR {
            node.commit(entries([entry(EntryKind::Outcomes, outcomes.clone())])).await.unwrap();
            rows += 1;
        }
        let rate = f64::from(rows) / began.elapsed().as_secs_f64();
        writeln!(out, "{sync}: rows of 4,096 outcomes of 39 bytes: {rate:.0} rows/s, {:.0} outcomes/s", rate * 4096.0)
            .unwrap();
    }
}
