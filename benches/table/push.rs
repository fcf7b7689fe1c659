//! Notifications end to end over HTTP/2 and TLS, durable, beside a bare client that sends the same request to the same sink.
//!
//! For FCM and APNs the provider's answer is all that ever comes, so a delivery is over with it. A browser's notification is
//! encrypted for its browser alone: there the bare client encrypts each too, and does nothing else.

mod bare;
mod devices;
mod provider;
mod sink;

use std::{sync::Arc, time::Duration};

use fenghuo_contract::Adapter;
use tokio::runtime::Runtime;

use self::{devices::Devices, provider::Provider, sink::Sink};
use crate::{
    machine,
    report::{Goal, Report, Row, median},
    world::{self, World},
};

/// Connections of the route, and of the bare client.
const CONNECTIONS: usize = 4;
/// Medians of this many runs.
const RUNS: u32 = 3;
/// Names the threads of the sink.
const PEER: &str = "sink";

/// What a run came to.
struct Run {
    per_s: f64,
    /// Processor time of a message, microseconds.
    cpu_us: f64,
}

/// Google's service, Apple's and that of browsers.
pub(crate) fn push(report: &mut Report) {
    let runtime = world::runtime();
    for provider in Provider::ALL {
        let (mut ours, mut bare, mut costs, mut bare_costs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let sink = Sink::start(PEER);
            let run = end_to_end(&runtime, provider, &sink);
            ours.push(run.per_s);
            costs.push(run.cpu_us);
            let run = bare_client(&runtime, provider, &sink);
            bare.push(run.per_s);
            bare_costs.push(run.cpu_us);
        }
        let (name, cost) = (provider.name(), median(costs));
        let encrypts = provider == Provider::WebPush;
        let against = if encrypts { "bare client that encrypts" } else { "bare client" };
        let (yardstick, goal) = (Some((against, median(bare))), Goal::RatioAtLeast(0.7));
        report.row(&row(format!("push: {name}, end to end"), median(ours), "messages/s", yardstick, goal));
        let yardstick = Some((against, median(bare_costs)));
        report.row(&row(format!("push: {name}, processor time of a message"), cost, "µs", yardstick, Goal::Shown));
        let goal = if encrypts { Goal::Shown } else { Goal::AtLeast(20e3) };
        report.row(&row(format!("push: {name}, of one core of ours"), 1e6 / cost, "messages/s", None, goal));
    }
}

fn row(name: String, value: f64, unit: &'static str, yardstick: Option<(&'static str, f64)>, goal: Goal) -> Row {
    Row { name, value, unit, yardstick, goal }
}

/// From a warning's submission to the durable outcome of the last message.
fn end_to_end(runtime: &Runtime, provider: Provider, sink: &Sink) -> Run {
    let directory = world::directory(provider.recipients());
    let adapter: Arc<dyn Adapter> = Arc::new(Devices::of(provider, sink));
    let world = runtime.block_on(World::start(&directory, Arc::clone(&adapter), ""));
    let before_all = sink.taken();
    let (took, count, cpu) = runtime.block_on(async {
        // Connections are opened, and a first warning is behind us.
        let warm = world.post(&world::message("warm", "yellow", "residents")).await;
        world.accepted(&warm).await;
        let (before, started) = (machine::cpu_besides(PEER), world::now());
        let id = world.post(&world::message("all", "yellow", "public")).await;
        let count = world.accepted(&id).await;
        (started.elapsed(), count, machine::cpu_besides(PEER).saturating_sub(before))
    });
    assert!(sink.taken() - before_all >= count, "{} of {count}", sink.taken());
    runtime.block_on(async {
        world.stop().await;
        adapter.close().await;
    });
    run(count, took, cpu)
}

/// The request the sink got first, as often.
fn bare_client(runtime: &Runtime, provider: Provider, sink: &Sink) -> Run {
    let each = provider.recipients() / 8 / CONNECTIONS as u32;
    let browser = (provider == Provider::WebPush).then(|| devices::browsers().swap_remove(0));
    let (before, started) = (machine::cpu_besides(PEER), world::now());
    runtime.block_on(async {
        let mut connections = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            connections.spawn(bare::connection(sink.address(), sink.trusting(), sink.first(), each, browser.clone()));
        }
        while let Some(ended) = connections.join_next().await {
            ended.expect("no panic").expect("no fault");
        }
    });
    let cpu = machine::cpu_besides(PEER).saturating_sub(before);
    run(u64::from(each) * CONNECTIONS as u64, started.elapsed(), cpu)
}

fn run(count: u64, took: Duration, cpu: Duration) -> Run {
    Run { per_s: count as f64 / took.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / count as f64 }
}
