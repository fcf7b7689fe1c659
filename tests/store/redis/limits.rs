//! Parts of limits that all nodes share.

use std::{sync::Arc, time::Duration};

use fenghuo::{
    clock::Clock,
    store::{RateAsk, redis::Redis},
};
use proptest::prelude::*;
use tokio::time::Instant;

use super::rig::{at, cluster, node};
use crate::support::redis::RedisServer;

const RATE: f64 = 1_000.0;

fn now() -> Instant {
    Clock::system().instant()
}

/// What each node believes it may use, and until when.
struct Believed {
    nodes: Vec<Arc<Redis>>,
    parts: Vec<Vec<(f64, Instant)>>,
}

impl Believed {
    fn new(nodes: &[Arc<Redis>]) -> Self {
        Self { nodes: nodes.to_vec(), parts: vec![Vec::new(); nodes.len()] }
    }

    /// A node asks; nobody believes afterwards that more than the limit may be used. What it was given before holds good
    /// to its end too: the answer might still be on its way.
    async fn ask(&mut self, number: usize, wants: f64) {
        let ask = RateAsk { limit: "sms".to_owned(), rate: RATE, wants };
        let asked = now();
        let part = cluster(&self.nodes[number]).rates(&[ask]).await.unwrap().remove(0);
        assert!(part.rate <= wants && part.rate >= 0.0, "{part:?} of {wants}");
        if wants == 0.0 {
            self.parts[number].clear();
        }
        self.parts[number].push((part.rate, asked + part.valid));
        // It can be used from here on.
        let held = self.most(now());
        assert!(held <= RATE * (1.0 + 1e-9), "{held} may be used of {RATE}: {:?}", self.parts);
    }

    /// The most that may be used at a moment.
    fn most(&self, now: Instant) -> f64 {
        let node = |parts: &Vec<(f64, Instant)>| {
            parts.iter().filter(|(_, until)| *until > now).map(|(rate, _)| *rate).fold(0.0, f64::max)
        };
        self.parts.iter().map(node).sum()
    }

    /// What was given last comes to.
    fn given(&self) -> f64 {
        self.parts.iter().filter_map(|parts| parts.last()).map(|(rate, _)| *rate).sum()
    }
}

async fn nodes(server: &RedisServer, count: usize) -> Vec<Arc<Redis>> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(node(&at(&server.url())).await);
    }
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_never_come_to_more_than_the_limit_and_soon_to_all_of_it() {
    let server = RedisServer::start();
    let nodes = nodes(&server, 4).await;
    for count in [1, 2, 4] {
        let mut believed = Believed::new(&nodes[..count]);
        let until = now() + Duration::from_secs(20);
        loop {
            for number in 0..count {
                believed.ask(number, 1e9).await;
            }
            let even = RATE / count as f64;
            let fair = believed.parts.iter().all(|parts| parts.last().is_some_and(|(rate, _)| *rate >= even * 0.98));
            if fair && believed.given() >= RATE * 0.98 {
                break;
            }
            assert!(now() < until, "{count} nodes share {} of {RATE}", believed.given());
        }
        for number in 0..count {
            believed.ask(number, 0.0).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_little_leaves_the_rest_to_the_others() {
    let server = RedisServer::start();
    let nodes = nodes(&server, 3).await;
    let mut believed = Believed::new(&nodes);
    let until = now() + Duration::from_secs(20);
    loop {
        for (number, wants) in [100.0, 1e9, 1e9].into_iter().enumerate() {
            believed.ask(number, wants).await;
        }
        let last: Vec<f64> = believed.parts.iter().map(|parts| parts.last().unwrap().0).collect();
        if last.iter().zip([100.0, 450.0, 450.0]).all(|(got, due)| (got - due).abs() < 1.0) {
            break;
        }
        assert!(now() < until, "{last:?}");
    }
    // A node that says nothing any more loses its part by itself.
    loop {
        believed.ask(1, 1e9).await;
        if believed.parts[1].last().unwrap().0 >= RATE * 0.98 {
            break;
        }
        assert!(now() < until);
    }
}

#[test]
fn no_order_of_asking_gives_more_than_the_limit() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = RedisServer::start();
    let nodes = runtime.block_on(nodes(&server, 4));
    let wants = prop_oneof![Just(0.0), Just(1e9), 0.0..2_000.0];
    let asks = proptest::collection::vec((0..4_usize, wants, 0..40_u64), 1..40);
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    let believed = tokio::sync::Mutex::new(Believed::new(&nodes));
    let held = proptest::test_runner::TestRunner::new(config).run(&asks, |asks| {
        runtime.block_on(async {
            for (number, wants, pause) in asks {
                believed.lock().await.ask(number, wants).await;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        });
        Ok(())
    });
    held.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_most_is_reserved_by_all_together() {
    let server = RedisServer::start();
    let nodes = nodes(&server, 4).await;
    let keep = Duration::from_secs(3_600);
    let reserving = nodes.iter().map(|node| async move {
        let mut given = 0;
        for _ in 0..10 {
            given += cluster(node).reserve("sms 2026-11-30", 1_000, 30, keep).await.unwrap();
        }
        given
    });
    let given: u64 = futures_util::future::join_all(reserving).await.into_iter().sum();
    assert_eq!(given, 1_000, "1,200 were asked for");
    assert_eq!(cluster(&nodes[0]).reserve("sms 2026-11-30", 1_000, 1, keep).await.unwrap(), 0);
    assert_eq!(cluster(&nodes[0]).reserve("sms 2026-11-30", 1_010, 30, keep).await.unwrap(), 10, "the most was raised");
    assert_eq!(cluster(&nodes[0]).reserve("sms 2026-12-01", 1_000, 30, keep).await.unwrap(), 30);
    let left: i64 = server.cli(&["PTTL", "{fenghuo}:reserved:sms 2026-11-30"]).parse().unwrap();
    assert!(left > 3_500_000, "{left}");
}
