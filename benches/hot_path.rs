//! The hot path, piece by piece: what a warning costs between its bytes and its place in the journal.
//!
//! `cargo bench --bench hot_path`. Figures are for comparing two versions on one machine; the claims are made by the
//! bench `table`, as ratios.

use std::{hint::black_box, sync::Arc, time::Duration};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fenghuo::{
    clock::Clock,
    config::Config,
    domain::{
        area::AreaCode,
        cap,
        message::{Area, Circle, Polygon},
        rules,
        shape::Shape,
        warning::Warning,
    },
    flow::{
        render::templates::{Context, Templates, Variant},
        target::directory::{Directory, Selection},
    },
    store::{
        Commit, Engine, Entry, EntryKind,
        embedded::{Embedded, Options},
    },
};
use fenghuo_contract::Channel;

const CAP: &[u8] = include_bytes!("../config/demo/red-drill.xml");

fn warning() -> Warning {
    Warning::new(cap::read(CAP).message.expect("the demo's own warning")).expect("keeps the rules")
}

fn cap_documents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cap");
    group.throughput(Throughput::Bytes(CAP.len() as u64));
    group.bench_function("read", |bench| bench.iter(|| cap::read(black_box(CAP))));
    let warning = warning();
    group.bench_function("check", |bench| bench.iter(|| rules::check(black_box(warning.message()))));
    group.bench_function("write", |bench| bench.iter(|| cap::write(black_box(warning.message()))));
    group.finish();
}

fn targeting(criterion: &mut Criterion) {
    let area: AreaCode = "230109000000".parse().expect("a code");
    let streets: Vec<AreaCode> = (2..=8).filter_map(|n| format!("23010900{n}000").parse().ok()).collect();
    let clock = Clock::simulated(0, 1);
    let mut group = criterion.benchmark_group("target");
    for (name, size) in [("1M", 1_000_000), ("10M", 10_000_000)] {
        let directory = Directory::synthetic(size, &streets, clock.clone());
        let groups = vec!["residents".to_owned()];
        let selection = Selection { areas: vec![area], groups, drill_only: true, ..Selection::default() };
        group.bench_function(name, |bench| bench.iter(|| directory.select(black_box(&selection), Channel::Sms)));
    }
    group.finish();
}

/// A polygon of a hundred corners and a circle, each around some hundred thousand of ten million positions.
fn drawing(criterion: &mut Criterion) {
    let streets: Vec<AreaCode> = (2..=8).filter_map(|n| format!("23010900{n}000").parse().ok()).collect();
    let directory = Directory::synthetic(10_000_000, &streets, Clock::simulated(0, 1)).scattered();
    let corner = |step: u32| f64::from(step % 100) / 100.0 * std::f64::consts::TAU;
    let ring = (0..=100).map(corner).map(|turn| [45.74 + 0.03 * turn.sin(), 126.4 + 0.05 * turn.cos()]).collect();
    let area = |polygons, circles| Area {
        description: String::new(),
        polygons,
        circles,
        geocodes: Vec::new(),
        altitude_ft: None,
        ceiling_ft: None,
    };
    let polygon = area(vec![Polygon(ring)], Vec::new());
    let circle = area(Vec::new(), vec![Circle { centre: [45.715, 126.33], radius_km: 2.5 }]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut group = criterion.benchmark_group("shape of 10M");
    for (name, area) in [("polygon", polygon), ("circle", circle)] {
        let shapes: Vec<Shape> = Shape::of_area(&area).collect();
        group.bench_function(name, |bench| bench.to_async(&runtime).iter(|| directory.within(black_box(&shapes))));
    }
    group.finish();
}

fn rendering(criterion: &mut Criterion) {
    let (config, warning) = (Config::default(), warning());
    let templates = Templates::load(&config).expect("built-in templates");
    let mut group = criterion.benchmark_group("render");
    for channel in [Channel::Sms, Channel::Email, Channel::Display] {
        group.bench_function(channel.name(), |bench| {
            bench.iter(|| {
                let context = Context::new(&config, &warning, "zh-CN", 1_795_478_400, 1_795_482_000);
                templates.render(channel, "zh-CN", Variant::First, &context)
            });
        });
    }
    group.finish();
}

/// One commit of 1,000 packed outcomes, durable, on the disk the bench runs on.
fn journal(criterion: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(directory.path(), Clock::system(), Options::default()).expect("a store");
    let store = Arc::new(store);
    let outcomes = Bytes::from(vec![0x5a; 26_000]);
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(1_000)).measurement_time(Duration::from_secs(3));
    group.bench_function("append 1,000 outcomes", |bench| {
        bench.to_async(&runtime).iter_batched(
            || Commit { puts: Vec::new(), entries: vec![Entry { kind: EntryKind::Outcomes, data: outcomes.clone() }] },
            |commit| {
                let store = Arc::clone(&store);
                async move { store.commit(commit).await.expect("durable") }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, cap_documents, targeting, drawing, rendering, journal);
criterion_main!(benches);
