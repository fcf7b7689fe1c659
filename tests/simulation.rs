//! The engine in worlds made from a seed: directories, routes, disks and providers that fail, crashes and restarts, on a
//! clock that is advanced by sleeping. Whatever happens, the promises hold after every step, and the same seed gives the
//! same bytes.
//!
//! `FENGHUO_SEEDS=from..to` chooses the seeds (both included); with `FENGHUO_LOG=1` worlds tell what happens in them.

mod actions;
mod book;
mod chance;
mod found;
mod invariants;
mod journal;
mod nodes;
mod provider;
mod storage;
mod world;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use world::{Trace, World};

/// Things that happen in one world.
const STEPS: u64 = 16;

/// Runs the world of a seed to its end; says what did not hold.
fn run(seed: u64) -> Result<Trace, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let _told = std::env::var_os("FENGHUO_LOG").map(|_| {
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(std::io::stderr);
        tracing::subscriber::set_default(lines.without_time().with_ansi(false).finish())
    });
    let lived = catch_unwind(AssertUnwindSafe(|| runtime.block_on(Box::pin(live(seed)))));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
    })
}

async fn live(seed: u64) -> Result<Trace, String> {
    let mut world = World::new(seed).await;
    for number in 0..STEPS {
        tracing::info!(seed, number, at_ms = world.book.now(), "step");
        actions::step(&mut world, number).await;
        if let Some(broken) = world.book.broken() {
            return Err(format!("after step {number}: {broken}"));
        }
    }
    actions::end(&mut world).await;
    let (trace, broken) = (world.trace().await, world.book.broken());
    world.end().await;
    broken.map_or(Ok(trace), |broken| Err(format!("at the end: {broken}")))
}

/// `run` for every seed of a range, as many at a time as there are cores.
fn every(seeds: std::ops::RangeInclusive<u64>, run: impl Fn(u64) -> Result<(), String> + Sync) {
    let next = AtomicU64::new(*seeds.start());
    let failed: Mutex<Vec<(u64, String)>> = Mutex::default();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > *seeds.end() {
                return;
            }
            if let Err(why) = run(seed) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).push((seed, why));
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|(seed, _)| *seed);
    let told: Vec<String> = failed.iter().take(20).map(|(seed, why)| format!(
        "seed {seed}: {why}\n    again: FENGHUO_SEEDS={seed}..{seed} cargo nextest run -p fenghuo simulation::the_promises_hold"
    )).collect();
    assert!(failed.is_empty(), "{} seeds failed:\n{}", failed.len(), told.join("\n"));
}

/// The seeds that were asked for, else `first..=last`.
fn seeds(first: u64, last: u64) -> std::ops::RangeInclusive<u64> {
    let Some(asked) = std::env::var_os("FENGHUO_SEEDS") else { return first..=last };
    let asked = asked.to_string_lossy().into_owned();
    let (from, to) = asked.split_once("..").expect("FENGHUO_SEEDS=from..to");
    from.parse().expect("a number")..=to.trim_start_matches('=').parse().expect("a number")
}

#[test]
fn the_promises_hold_in_a_thousand_worlds() {
    every(seeds(0, 999), |seed| run(seed).map(drop));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    every(seeds(1_000, 1_059), |seed| {
        let (first, second) = (run(seed)?, run(seed)?);
        if first == second { Ok(()) } else { Err(format!("{first:x?} and then {second:x?}")) }
    });
}
