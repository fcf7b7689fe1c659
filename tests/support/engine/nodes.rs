//! Several engines on one store in memory, in front of the same providers. Whatever a provider reports arrives at any of
//! them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fenghuo::{
    clock::Clock,
    flow::{receipt::Inbox, record::WarningId, status::StatusView},
    store::{Engine as _, NodeId, Store, memory::Memory},
};
use fenghuo_contract::{Adapter, NotTaken, Receipt, ReceiptSink, Reply};
use fenghuo_simulator::{Ledger, Simulator, Weather};

use super::{Engine, Plan, START_MS};
use crate::support::arrivals::{Arrivals, Watched};

/// The providers in front of all nodes.
pub(super) struct Providers {
    pub(super) ledgers: BTreeMap<String, Ledger>,
    pub(super) weathers: BTreeMap<String, Weather>,
    pub(super) arrivals: BTreeMap<String, Arrivals>,
    pub(super) adapters: BTreeMap<String, Arc<dyn Adapter>>,
    pub(super) desks: BTreeMap<String, Arc<Desk>>,
}

/// Where a provider reports: one node after the other.
#[derive(Default)]
pub(super) struct Desk {
    inboxes: Mutex<Vec<Arc<Inbox>>>,
    next: AtomicUsize,
}

impl Desk {
    /// One more node takes reports.
    pub(super) fn open(&self, route: &str) -> Arc<Inbox> {
        let inbox = Inbox::new(route);
        self.inboxes.lock().unwrap().push(Arc::clone(&inbox));
        inbox
    }

    fn in_turn(&self) -> Vec<Arc<Inbox>> {
        let mut inboxes = self.inboxes.lock().unwrap().clone();
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % inboxes.len().max(1);
        inboxes.rotate_left(turn);
        inboxes
    }
}

#[async_trait::async_trait]
impl ReceiptSink for Desk {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        for inbox in self.in_turn() {
            if inbox.accept(receipts.clone()).await.is_ok() {
                return Ok(());
            }
        }
        Err(NotTaken)
    }

    async fn reply(&self, replies: Vec<Reply>) -> Result<(), NotTaken> {
        for inbox in self.in_turn() {
            if inbox.reply(replies.clone()).await.is_ok() {
                return Ok(());
            }
        }
        Err(NotTaken)
    }
}

/// Nodes that share one store.
pub struct Nodes {
    pub clock: Clock,
    /// What all of them share.
    pub memory: Memory,
    nodes: Vec<Option<(NodeId, Engine)>>,
    plan: Plan,
    providers: Providers,
}

impl Plan {
    /// Starts this many nodes on one store.
    pub async fn share(mut self, count: usize) -> Nodes {
        let clock = Clock::simulated(START_MS, self.seed);
        let memory = Memory::new(clock.clone());
        let mut providers = Providers {
            ledgers: BTreeMap::new(),
            weathers: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            adapters: BTreeMap::new(),
            desks: BTreeMap::new(),
        };
        for (name, settings) in &self.simulators {
            let desk = Arc::new(Desk::default());
            let simulator = Simulator::new(settings.clone(), Arc::clone(&desk) as _, self.seed).expect("good settings");
            providers.ledgers.insert(name.clone(), simulator.ledger());
            providers.weathers.insert(name.clone(), simulator.weather());
            let arrivals = Arrivals::new(&clock);
            providers.arrivals.insert(name.clone(), arrivals.clone());
            let watched = Watched { inner: Arc::new(simulator), arrivals };
            providers.adapters.insert(name.clone(), Arc::new(watched));
            providers.desks.insert(name.clone(), desk);
        }
        let recipients = std::mem::take(&mut self.recipients);
        let mut nodes = Nodes { clock, memory, nodes: Vec::new(), plan: self, providers };
        for place in 0..count {
            nodes.nodes.push(None);
            nodes.start(place).await;
            if place == 0 && !recipients.is_empty() {
                // The directory of the flow is written; the others read it, or follow it.
                nodes.node(0).flow.directory().put(recipients.clone()).await.expect("stored");
            }
        }
        nodes
    }
}

impl Nodes {
    /// A node that runs.
    pub fn node(&self, place: usize) -> &Engine {
        let (_, engine) = self.nodes[place].as_ref().expect("it runs");
        engine
    }

    /// Those that run.
    pub fn running(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|place| self.nodes[*place].is_some()).collect()
    }

    /// Which of them leads.
    pub fn leader(&self) -> Option<usize> {
        self.running().into_iter().find(|place| self.node(*place).flow.leads())
    }

    pub fn id(&self, place: usize) -> NodeId {
        self.nodes[place].as_ref().expect("it runs").0
    }

    /// Starts a node, under a new number.
    pub async fn start(&mut self, place: usize) {
        let handle = self.memory.join();
        let id = handle.cluster().expect("a cluster").node();
        let (config, simulators) = (self.plan.config.clone(), self.plan.simulators.clone());
        let store: Store = Arc::new(handle);
        let engine = Engine::on(store, self.clock.clone(), config, simulators, self.plan.seed, Some(&self.providers));
        self.nodes[place] = Some((id, Box::pin(engine).await));
    }

    /// The process of a node ends, as by `kill -9`; the others take it for dead some time after.
    pub async fn crash(&mut self, place: usize, after: Duration) {
        if let Some((id, engine)) = self.nodes[place].take() {
            engine.lifecycle.stop(Duration::ZERO).await;
            self.clock.sleep(after).await;
            self.memory.kill(id);
        }
    }

    /// Starts those anew that must begin anew; gives how many.
    pub async fn tend(&mut self) -> usize {
        let mut begun = 0;
        for place in self.running() {
            if self.node(place).flow.begins_anew().is_cancelled() {
                let (id, engine) = self.nodes[place].take().expect("it runs");
                engine.lifecycle.stop(Duration::ZERO).await;
                self.memory.kill(id);
                self.start(place).await;
                begun += 1;
            }
        }
        begun
    }

    /// Sleeps until `wanted` holds of a warning at a node, at most `limit`.
    pub async fn until(&mut self, id: &WarningId, limit: Duration, wanted: impl Fn(&StatusView) -> bool) -> StatusView {
        let step = Duration::from_millis(50);
        let mut waited = Duration::ZERO;
        loop {
            self.tend().await;
            let place = self.running()[0];
            let status = self.node(place).flow.status(id).await.expect("a store");
            if let Some(status) = status.as_ref().filter(|status| wanted(status)) {
                return status.clone();
            }
            assert!(waited < limit, "not within {limit:?}: {status:#?}");
            self.clock.sleep(step).await;
            waited += step;
        }
    }

    /// What every node says of a warning, once all know everything.
    pub async fn statuses(&mut self, id: &WarningId) -> Vec<StatusView> {
        self.clock.sleep(Duration::from_secs(2)).await;
        self.tend().await;
        let mut all = Vec::new();
        for place in self.running() {
            all.push(self.node(place).status(id).await);
        }
        all
    }

    /// Deliveries a node has handed to a route and has no answer for.
    pub fn on_the_wire(&self, place: usize, route: &str) -> u64 {
        let routes = self.node(place).flow.routes();
        routes.into_iter().filter(|view| view.name == route).map(|view| view.in_flight).sum()
    }

    /// Deliveries that a route of a node was given, since it started.
    pub fn sent(&self, place: usize, route: &str) -> u64 {
        let text = self.node(place).telemetry.exposition(false);
        let counted =
            text.lines().filter(|line| line.starts_with("fenghuo_delivery_attempts_total") && line.contains(route));
        counted.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64
    }

    pub fn weather(&self, route: &str) -> &Weather {
        &self.providers.weathers[route]
    }

    pub fn ledger(&self, route: &str) -> &Ledger {
        &self.providers.ledgers[route]
    }

    pub fn arrivals(&self, route: &str) -> &Arrivals {
        &self.providers.arrivals[route]
    }
}
