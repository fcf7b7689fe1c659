//! Stores on servers of their own or shared by the tests of the contract, each under its own prefix.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use fenghuo::{
    clock::Clock,
    store::{
        Cluster, Engine, Health, Store,
        redis::{Options, Redis},
    },
};

use crate::{
    store::rig::{DurableRig, Rig},
    support::redis::{RedisCluster, RedisServer},
};

/// Settings for the store at `url`.
pub(super) fn at(url: &str) -> Options {
    Options::at(url.parse().unwrap())
}

/// A prefix nobody has used.
fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A node of the store that these settings name.
pub(super) async fn node(options: &Options) -> Arc<Redis> {
    Arc::new(Redis::open(Clock::system(), options.clone()).await.unwrap())
}

/// What a node knows of the others.
pub(super) fn cluster(node: &Arc<Redis>) -> Arc<dyn Cluster> {
    node.cluster().expect("an engine that is shared")
}

/// Asks again and again until it is so, for twenty seconds.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    for _ in 0..2_000 {
        if so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not within twenty seconds: {what}");
}

/// Waits until a node takes commits again.
pub(super) async fn healthy(node: &Arc<Redis>) {
    until("the store is healthy", || async { node.health() == Health::Healthy }).await;
}

/// One server.
pub(in crate::store) struct RedisRig {
    _server: RedisServer,
    options: Options,
    node: Arc<Redis>,
}

impl Rig for RedisRig {
    async fn new() -> Self {
        let server = RedisServer::start();
        let options = at(&server.url());
        let node = node(&options).await;
        Self { _server: server, options, node }
    }

    fn store(&self) -> Store {
        Arc::clone(&self.node) as Store
    }
}

impl DurableRig for RedisRig {
    async fn reopen(&mut self) {
        self.node.close().await;
        self.node = node(&self.options).await;
    }
}

/// A cluster of three.
pub(in crate::store) struct ClusterRig(Arc<Redis>);

impl Rig for ClusterRig {
    async fn new() -> Self {
        static CLUSTER: OnceLock<RedisCluster> = OnceLock::new();
        let url = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(RedisCluster::start).url()).await.unwrap();
        Self(node(&Options { prefix: fresh(), ..at(&url) }).await)
    }

    fn store(&self) -> Store {
        Arc::clone(&self.0) as Store
    }
}

/// A primary with a replica that is waited for.
pub(in crate::store) struct ReplicaRig(Arc<Redis>);

impl Rig for ReplicaRig {
    async fn new() -> Self {
        static PAIR: OnceLock<(RedisServer, RedisServer)> = OnceLock::new();
        let start = || {
            let primary = RedisServer::start();
            let replica = RedisServer::replica_of(&primary);
            (primary, replica)
        };
        let url = tokio::task::spawn_blocking(move || PAIR.get_or_init(start).0.url()).await.unwrap();
        Self(node(&Options { prefix: fresh(), replicas: 1, ..at(&url) }).await)
    }

    fn store(&self) -> Store {
        Arc::clone(&self.0) as Store
    }
}
