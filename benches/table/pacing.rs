//! Rates as providers see them, and how soon red leaves a backlog behind.

mod gauge;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fenghuo::{clock::Clock, domain::area::AreaCode, flow::target::directory::Directory};

use self::gauge::{Gauge, Released};
use crate::{
    machine,
    report::{Goal, Report, Row, median},
    world::{self, World},
};

/// How long a rate is watched.
const WATCHED: Duration = Duration::from_secs(5);
/// What is not looked at before.
const WARM_UP: Duration = Duration::from_millis(500);
/// Red warnings sent behind one backlog.
const REDS: u32 = 30;
/// Deliveries a second while red overtakes.
const RATE: u32 = 50_000;

fn row(name: String, value: f64, unit: &'static str, goal: Goal) -> Row {
    Row { name, value, unit, yardstick: None, goal }
}

/// What a provider gets from 1 k to 500 k a second, over five seconds and in the worst one; what the pacing itself costs.
pub(crate) fn pacing(report: &mut Report) {
    let runtime = world::runtime();
    let directory = world::directory(8_000_000);
    for rate in [1_000, 50_000, 500_000] {
        let gauge = Arc::new(Gauge::new(world::provider()));
        let limits = format!("rate_per_s = {rate}\nred_share = 0.0");
        let world = runtime.block_on(World::start(&directory, Arc::clone(&gauge) as _, &limits));
        runtime.block_on(async {
            world.post(&world::message(&format!("pace-{rate}"), "red", "public")).await;
            gauge.first().await;
            tokio::time::sleep(WARM_UP + WATCHED + Duration::from_millis(200)).await;
        });
        let from = gauge.began() + WARM_UP;
        let sent = gauge.between(from, from + WATCHED);
        let target = f64::from(rate) * WATCHED.as_secs_f64();
        let total: u64 = sent.iter().map(|(_, count)| u64::from(*count)).sum();
        let off = (total as f64 / target - 1.0).abs() * 100.0;
        let over = (most_in_a_second(&sent) as f64 / f64::from(rate) - 1.0) * 100.0;
        report.row(&row(format!("pacing: {rate}/s over 5 s, off by"), off, "%", Goal::AtMost(0.5)));
        report.row(&row(format!("pacing: {rate}/s, worst second, over by"), over, "%", Goal::AtMost(1.0)));
        runtime.block_on(world.stop());
        let alone = alone(&runtime, rate);
        report.row(&row(format!("pacing: {rate}/s, processor, alone"), alone, "% of a core", Goal::AtMost(5.0)));
    }
}

/// Processor time of pacing without anything else, as a part of a core.
fn alone(runtime: &tokio::runtime::Runtime, rate: u32) -> f64 {
    let before = machine::cpu();
    let slices = runtime.block_on(fenghuo::flow::paced(&Clock::system(), rate, WATCHED));
    assert!(!slices.is_empty(), "nothing went");
    (machine::cpu() - before).as_secs_f64() / WATCHED.as_secs_f64() * 100.0
}

fn most_in_a_second(sent: &[(Instant, u32)]) -> u64 {
    let (mut first, mut sum, mut most) = (0, 0, 0);
    for (at, count) in sent {
        sum += u64::from(*count);
        while at.duration_since(sent[first].0) >= Duration::from_secs(1) {
            sum -= u64::from(sent[first].1);
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

/// A red warning behind ten million blue deliveries: from the durable end of its planning to its first submit.
pub(crate) fn red(report: &mut Report) {
    let runtime = world::runtime();
    let gauge = Arc::new(Gauge::new(world::provider()));
    let released = Arc::new(Released::default());
    let noted = Arc::clone(&released);
    let limits = format!("rate_per_s = {RATE}");
    let directory = communities(20_000_000, 1_400);
    let started = World::start_with(&directory, Arc::clone(&gauge) as _, &limits, |store| noted.around(store));
    let world = runtime.block_on(started);
    let (mut took, mut in_flight) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        world.post(&world::message("blue", "blue", "public")).await;
        gauge.first().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        for number in 0..REDS {
            let mut message = world::message(&format!("red-{number}"), "red", "public");
            let community = format!("230109002{:03}", number + 1);
            message["infos"][0]["areas"][0]["geocodes"][0]["value"] = community.into();
            let (red_before, released_before) = (gauge.urgent(), released.count());
            in_flight.extend(world.flow.routes().first().map(|route| route.in_flight as f64));
            let id = world.post(&message).await;
            world.accepted(&id).await;
            let first = gauge.urgent_after(red_before);
            let at = released.after(released_before);
            took.extend(first.zip(at).map(|(first, at)| first.saturating_duration_since(at).as_secs_f64() * 1e3));
            // Never at the same place of any rhythm.
            tokio::time::sleep(Duration::from_micros(40_000 + 1_731 * u64::from(number))).await;
        }
    });
    took.sort_by(f64::total_cmp);
    assert!(took.len() >= 20, "only {} of {REDS} were measured", took.len());
    let yardstick = median(in_flight) / f64::from(RATE) * 1e3;
    let (half, worst) = (median(took.clone()), took[(took.len() * 99).div_ceil(100) - 1]);
    let row = |name: &str, value, goal| Row {
        name: format!("red: behind 10 M blue at 50 k/s, {name}"),
        value,
        unit: "ms",
        yardstick: Some(("in flight ÷ rate", yardstick)),
        goal,
    };
    report.row(&row("p50", half, Goal::AtMost(yardstick + 2.0)));
    report.row(&row("p99", worst, Goal::AtMost(10.0)));
    runtime.block_on(world.stop());
}

/// A directory spread over small areas, so that a warning can be for few.
fn communities(recipients: u32, areas: u32) -> Arc<Directory> {
    let code = |n: u32| format!("23010900{}{:03}", n / 200 + 2, n % 200 + 1).parse().ok();
    let areas: Vec<AreaCode> = (0..areas).filter_map(code).collect();
    Arc::new(Directory::synthetic(recipients, &areas, Clock::system()))
}
