//! Short messages end to end over SMPP, durable and with a receipt for each, beside a bare session with the same message centre.

mod session;

use std::{sync::Arc, time::Duration};

use fenghuo::{app::adapters::Adapters, clock::Clock, config::Route, flow::receipt::Inbox};
use fenghuo_centre::{Behaviour, Centre, Keep};
use fenghuo_contract::{Adapter, ReceiptSink};
use tokio::runtime::Runtime;

use crate::{
    machine,
    report::{Goal, Report, Row, median},
    world::{self, World},
};

/// Recipients, of whom half have a number.
const RECIPIENTS: u32 = 400_000;
/// Medians of this many runs.
const RUNS: u32 = 3;
/// Submits one connection may have unanswered.
const WINDOW: usize = 256;
/// Names the threads of the message centre.
const PEER: &str = "smsc";

/// A message centre on a thread of its own.
struct Smsc {
    centre: Option<Centre>,
    runtime: Runtime,
}

impl Smsc {
    fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name(PEER).enable_all().build().expect("a runtime");
        let behaviour = Behaviour { keep: Keep::Counts, ..Behaviour::default() };
        let centre = runtime.block_on(async { Centre::smpp(behaviour).start().await });
        Self { centre: Some(centre), runtime }
    }

    fn centre(&self) -> &Centre {
        self.centre.as_ref().expect("running")
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        if let Some(centre) = self.centre.take() {
            self.runtime.block_on(centre.stop());
        }
    }
}

/// What a run came to.
struct Run {
    per_s: f64,
    cpu_us: f64,
}

/// Everything of one to sixty-four connections; the goals are those of four.
pub(crate) fn smpp(report: &mut Report) {
    let runtime = world::runtime();
    let mut first = None;
    for binds in [1, 4, 16, 64] {
        let (mut ours, mut bare, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            bare.push(bare_session(&runtime, binds));
            let run = end_to_end(&runtime, binds);
            ours.push(run.per_s);
            costs.push(run.cpu_us);
        }
        let (ours, bare) = (median(ours), median(bare));
        let yardstick = Some(("bare session", bare));
        let goal = if binds == 4 { Goal::RatioAtLeast(0.4) } else { Goal::Shown };
        report.row(&row(format!("sms: SMPP, {binds} connections, end to end"), ours, "messages/s", yardstick, goal));
        let cpu = median(costs);
        report.row(&row(format!("sms: processor time of a message, {binds}"), cpu, "µs", None, Goal::Shown));
        if binds == 4 {
            let name = "sms: SMPP, 4 connections, absolute".to_owned();
            report.row(&row(name, ours, "messages/s", None, Goal::AtLeast(1e5)));
        }
        first.get_or_insert(ours);
        if binds == 64 {
            let one = first.map(|one| ("1 connection", one));
            report.row(&row("sms: growth from 1 to 64 connections".to_owned(), ours, "messages/s", one, Goal::Shown));
        }
    }
}

fn row(name: String, value: f64, unit: &'static str, yardstick: Option<(&'static str, f64)>, goal: Goal) -> Row {
    Row { name, value, unit, yardstick, goal }
}

/// From a warning's submission to the durable receipt of the last message.
fn end_to_end(runtime: &Runtime, binds: usize) -> Run {
    let (smsc, directory) = (Smsc::start(), world::directory(RECIPIENTS));
    let inbox = Inbox::new("sms.bench");
    let adapter = runtime.block_on(async { adapter(smsc.centre(), binds, &inbox) });
    let world = runtime.block_on(World::start(&directory, adapter, ""));
    world.flow.connect(&inbox);
    let peer = || format!("{:?}, {} wait", smsc.centre().counts(), smsc.centre().waiting());
    let (took, count, cpu) = runtime.block_on(async {
        // Links are opened, and a first warning is behind us.
        let warm = world.post(&world::message("warm", "red", "residents")).await;
        world.delivered(&warm, peer).await;
        let (before, started) = (machine::cpu_besides(PEER), world::now());
        let id = world.post(&world::message("all", "red", "public")).await;
        let count = world.delivered(&id, peer).await;
        (started.elapsed(), count, machine::cpu_besides(PEER).saturating_sub(before))
    });
    let counts = smsc.centre().counts();
    assert_eq!((counts.refused, counts.cuts, counts.unwelcome), (0, 0, 0), "{counts:?}");
    runtime.block_on(world.stop());
    Run { per_s: count as f64 / took.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / count as f64 }
}

fn adapter(centre: &Centre, binds: usize, inbox: &Arc<Inbox>) -> Arc<dyn Adapter> {
    let folder = tempfile::tempdir().expect("a directory");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").expect("written");
    let address = centre.address();
    let route = format!(
        "channel = 'sms'\nadapter = 'smpp'\ndrill = true\n[settings]\nsystem_id = '900001'\npassword_file = '{}'\n\
         link = {{ host = '{}', port = {}, binds = {binds}, window = {WINDOW} }}",
        secret.display(),
        address.ip(),
        address.port()
    );
    let route: Route = toml::from_str(&route).expect("a route");
    let adapters = Adapters::new(&Clock::system());
    adapters.build(&route, Arc::clone(inbox) as Arc<dyn ReceiptSink>).expect("good settings")
}

/// The same number of messages, their answers and receipts, with nothing behind the session.
fn bare_session(runtime: &Runtime, binds: usize) -> f64 {
    let smsc = Smsc::start();
    let address = smsc.centre().address();
    let each = RECIPIENTS / 2 / u32::try_from(binds).unwrap_or(u32::MAX);
    let started = world::now();
    runtime.block_on(async {
        let mut sessions = tokio::task::JoinSet::new();
        for number in 0..binds {
            sessions.spawn(session::run(address, number as u32 * each, each));
        }
        while let Some(ended) = sessions.join_next().await {
            ended.expect("no panic").expect("no fault");
        }
    });
    let took: Duration = started.elapsed();
    f64::from(each) * binds as f64 / took.as_secs_f64()
}
