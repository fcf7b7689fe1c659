//! E-mail end to end over SMTP, durable, beside a bare session and the stock pool of `lettre` at the same relay.
//!
//! Receipts are on: for e-mail these are reports of non-delivery, which come back to the return path, so every message has one
//! of its own with token and signature (VERP), the relay is given the name of each delivery (`ENVID`), asked to return headers
//! only (`RET`) and to report failures about the address as we have it (`NOTIFY`, `ORCPT`), and the adapter listens for the
//! reports. The relay takes everything, so that none come; what they cost is measured with no message.

mod relay;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use fenghuo::{app::adapters::Adapters, clock::Clock, config::Route, flow::receipt::Inbox};
use fenghuo_contract::{Adapter, Address, Batch, Content, Fault, Fit, Profile, ReceiptSink, Verdict};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, address::Envelope, transport::smtp::PoolConfig};
use tokio::runtime::Runtime;

use self::relay::{Relay, session};
use crate::{
    machine,
    report::{Goal, Report, Row, median},
    world::{self, World},
};

/// Recipients, of whom a quarter have a mailbox.
const RECIPIENTS: u32 = 80_000;
/// Messages of the stock pool for each of its connections: it takes some 44 ms each.
const STOCK: u32 = 40;
/// Medians of this many runs.
const RUNS: u32 = 3;
/// Names the threads of the relay.
const PEER: &str = "relay";

/// Everything of one to sixty-four connections; the goals are those of eight.
pub(crate) fn smtp(report: &mut Report) {
    let runtime = world::runtime();
    let mut first = None;
    for connections in [1, 8, 64] {
        let (mut ours, mut bare, mut stock, mut costs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let run = end_to_end(&runtime, connections);
            bare.push(bare_sessions(&runtime, connections, &run.message));
            stock.push(stock_pool(&runtime, connections, &run.message));
            ours.push(run.per_s);
            costs.push(run.cpu_us);
        }
        let ours = median(ours);
        let goal = |goal| if connections == 8 { goal } else { Goal::Shown };
        for (name, than, least) in [("bare session", bare, 0.7), ("stock lettre pool", stock, 20.0)] {
            let yardstick = Some((name, median(than)));
            let name = format!("email: SMTP, {connections} connections, against {name}");
            report.row(&row(name, ours, "messages/s", yardstick, goal(Goal::RatioAtLeast(least))));
        }
        let cpu = median(costs);
        report.row(&row(format!("email: processor time of a message, {connections}"), cpu, "µs", None, Goal::Shown));
        first.get_or_insert(ours);
        if connections == 64 {
            let one = first.map(|one| ("1 connection", one));
            report.row(&row("email: growth from 1 to 64 connections".to_owned(), ours, "messages/s", one, Goal::Shown));
        }
    }
}

fn row(name: String, value: f64, unit: &'static str, yardstick: Option<(&'static str, f64)>, goal: Goal) -> Row {
    Row { name, value, unit, yardstick, goal }
}

/// What a run came to, and one of its messages.
struct Run {
    per_s: f64,
    cpu_us: f64,
    message: Arc<[u8]>,
}

/// From a warning's submission to the durable outcome of the last message.
fn end_to_end(runtime: &Runtime, connections: usize) -> Run {
    let (relay, directory) = (Relay::start(PEER), world::directory(RECIPIENTS));
    let inbox = Inbox::new("email.bench");
    let mailboxes: Arc<dyn Adapter> = Arc::new(Mailboxes(adapter(relay.port, connections, &inbox)));
    let world = runtime.block_on(World::start(&directory, Arc::clone(&mailboxes), ""));
    world.flow.connect(&inbox);
    let (took, count, cpu) = runtime.block_on(async {
        let warm = world.post(&world::message("warm", "yellow", "residents")).await;
        world.accepted(&warm).await;
        let (before, started) = (machine::cpu_besides(PEER), world::now());
        let id = world.post(&world::message("all", "yellow", "public")).await;
        let count = world.accepted(&id).await;
        (started.elapsed(), count, machine::cpu_besides(PEER).saturating_sub(before))
    });
    assert!(relay.taken() >= count, "{} of {count}", relay.taken());
    runtime.block_on(async {
        world.stop().await;
        mailboxes.close().await;
    });
    let message = relay.message();
    Run { per_s: count as f64 / took.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / count as f64, message }
}

fn adapter(port: u16, connections: usize, inbox: &Arc<Inbox>) -> Arc<dyn Adapter> {
    let folder = tempfile::tempdir().expect("a directory");
    let key = folder.path().join("key");
    std::fs::write(&key, "the key of the return paths").expect("written");
    let route = format!(
        "channel = 'email'\nadapter = 'email'\ndrill = true\n[settings]\nhost = '127.0.0.1'\nport = {port}\ntls = 'none'\n\
         from = 'warning@songbei.example'\nenvelope_from = 'bounce@songbei.example'\nconnections = {connections}\n\
         notify = ['failure']\nbounces = {{ listen = '127.0.0.1:0', key_file = '{}' }}",
        key.display()
    );
    let route: Route = toml::from_str(&route).expect("a route");
    let adapters = Adapters::new(&Clock::system());
    adapters.build(&route, Arc::clone(inbox) as Arc<dyn ReceiptSink>).expect("good settings")
}

/// As many sessions write the same message as often, each step as RFC 2920 allows, and keep nothing.
fn bare_sessions(runtime: &Runtime, connections: usize, message: &Arc<[u8]>) -> f64 {
    let relay = Relay::start(PEER);
    let each = RECIPIENTS / 4 / connections as u32;
    let started = world::now();
    runtime.block_on(async {
        let mut sessions = tokio::task::JoinSet::new();
        for _ in 0..connections {
            sessions.spawn(session(relay.port, each, Arc::clone(message)));
        }
        while let Some(ended) = sessions.join_next().await {
            ended.expect("no panic").expect("no fault");
        }
    });
    rate(&relay, started.elapsed())
}

/// The same message through the pool of `lettre` as it comes.
fn stock_pool(runtime: &Runtime, connections: usize, message: &Arc<[u8]>) -> f64 {
    let relay = Relay::start(PEER);
    let pool = PoolConfig::new().max_size(connections as u32);
    let took = runtime.block_on(async {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1");
        let transport = transport.port(relay.port).pool_config(pool).build();
        let address = |text: &str| text.parse().expect("an address");
        let from = Some(address("bounce@songbei.example"));
        let envelope = Envelope::new(from, vec![address("a@people.example")]).expect("an envelope");
        let started = world::now();
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let (transport, envelope, message) = (transport.clone(), envelope.clone(), Arc::clone(message));
            senders.spawn(async move {
                for _ in 0..STOCK {
                    transport.send_raw(&envelope, &message).await.expect("taken");
                }
            });
        }
        while let Some(ended) = senders.join_next().await {
            ended.expect("no panic");
        }
        started.elapsed()
    });
    rate(&relay, took)
}

fn rate(relay: &Relay, took: Duration) -> f64 {
    relay.taken() as f64 / took.as_secs_f64()
}

/// Makes mailboxes of the numbers that measures are made with.
struct Mailboxes(Arc<dyn Adapter>);

#[async_trait]
impl Adapter for Mailboxes {
    fn profile(&self) -> &Profile {
        self.0.profile()
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        let mut batch = batch.clone();
        for item in &mut batch.items {
            let number = item.address.expose().trim_start_matches('+').to_owned();
            item.address = Address::new(number + "@people.example");
        }
        self.0.submit(&batch, budget).await
    }

    fn fit(&self, content: &Content) -> Result<Fit, fenghuo_contract::Cause> {
        self.0.fit(content)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.0.probe().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
