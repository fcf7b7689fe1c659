//! The whole core: plan, lanes, pacing, leases, simulated provider, durable outcomes, projection; addresses made up.

use crate::{
    machine,
    report::{Goal, Report, Row, median},
    world::{self, World},
};

/// Medians of this many runs.
const RUNS: u32 = 5;

/// One million deliveries of one warning, from its submission to the durable outcome of the last.
pub(crate) fn million(report: &mut Report) {
    let runtime = world::runtime();
    let directory = world::directory(2_000_000);
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let world = runtime.block_on(World::start(&directory, world::provider(), ""));
        let before = machine::cpu();
        let (took, deliveries) = runtime.block_on(world.deliver(&format!("core-{run}"), 1));
        rates.push(deliveries as f64 / took.as_secs_f64());
        costs.push((machine::cpu() - before).as_secs_f64() * 1e6 / deliveries as f64);
        runtime.block_on(world.stop());
    }
    let row = |name: &str, value, unit, goal| Row { name: name.to_owned(), value, unit, yardstick: None, goal };
    report.row(&row("core: 1 M deliveries, durable", median(rates), "deliveries/s", Goal::AtLeast(1e6)));
    report.row(&row("core: processor time of a delivery", median(costs), "µs", Goal::AtMost(1.0)));
}

/// The same work in warnings of ten thousand and in one of ten million: does a delivery cost the same, and what memory
/// does it take?
pub(crate) fn growth(report: &mut Report) {
    let runtime = world::runtime();
    let small = per_delivery(&runtime, 10_000, 100).0;
    let (large, bytes) = per_delivery(&runtime, 10_000_000, 1);
    report.row(&Row {
        name: "growth: time of a delivery, 1 × 10 M".to_owned(),
        value: large,
        unit: "µs",
        yardstick: Some(("100 × 10 k", small)),
        goal: Goal::RatioAtMost(1.2),
    });
    report.row(&Row {
        name: "memory: of a delivery, 10 M accepted".to_owned(),
        value: bytes,
        unit: "bytes",
        yardstick: None,
        goal: Goal::AtMost(16.0),
    });
}

/// Microseconds and resident bytes of a delivery.
fn per_delivery(runtime: &tokio::runtime::Runtime, audience: u32, warnings: u32) -> (f64, f64) {
    let directory = world::directory(audience * 2);
    let world = runtime.block_on(World::start(&directory, world::provider(), ""));
    // What the process needs once, however many follow: a first warning for three in ten of them.
    runtime.block_on(world.deliver_to("residents", "first", 1));
    let before = machine::resident();
    let (took, deliveries) = runtime.block_on(world.deliver("growth", warnings));
    let bytes = machine::resident().saturating_sub(before);
    runtime.block_on(world.stop());
    (took.as_secs_f64() * 1e6 / deliveries as f64, bytes as f64 / deliveries as f64)
}
