//! The memory of the engine: what a delivery takes there, what questions over all of them cost, and how long a start
//! takes that reads ten million outcomes again.

use std::{hint::black_box, io::Write};

use fenghuo::flow::Measured;

use crate::{
    machine,
    report::{Goal, Report, Row, median},
    world::{self, World},
};

const SLICE: u32 = 256;
const RUNS: usize = 5;
/// Deliveries whose entries are made at a time.
const PIECE: u32 = 100_000;

/// Ranks, and the journal entry with their outcomes.
type Slice = (Vec<u32>, bytes::Bytes);

/// Memory of a delivery of ten million, all accepted and their receipts awaited.
pub(crate) fn memory(report: &mut Report) {
    const SIZE: u32 = 10_000_000;
    let before = machine::resident();
    let measured = filled(SIZE, |_| false);
    let bytes = machine::resident().saturating_sub(before) as f64 / f64::from(SIZE);
    assert_eq!(measured.counts()[2], u64::from(SIZE));
    report.row(&Row {
        name: "projection: a delivery of 10 M, all accepted".to_owned(),
        value: bytes,
        unit: "bytes",
        yardstick: None,
        goal: Goal::AtMost(16.0),
    });
}

/// Counts, the failed among a million, and persons reached; beside SQL over rows.
pub(crate) fn counts(report: &mut Report) {
    const SIZE: u32 = 1_000_000;
    let measured = filled(SIZE, |rank| rank % 1_000 == 7);
    let look = milliseconds(1_000, || {
        black_box(measured.counts());
    });
    let list = milliseconds(1, || assert_eq!(black_box(measured.failed(0, usize::MAX)).len(), 1_000));
    let people = milliseconds(1, || assert_eq!(black_box(measured.reached()), 999_000));
    let rows = rows(SIZE);
    let grouped = milliseconds(1, || {
        let sql = "SELECT state, count(*) FROM delivery GROUP BY state";
        let mut statement = rows.prepare_cached(sql).expect("a statement");
        let counts = statement.query_map([], |row| row.get::<_, i64>(1)).expect("rows").count();
        assert_eq!(counts, 2);
    });
    let listed = milliseconds(1, || {
        let mut statement = rows.prepare_cached("SELECT rank FROM delivery WHERE state = 5").expect("a statement");
        let failed = statement.query_map([], |row| row.get::<_, i64>(0)).expect("rows").count();
        assert_eq!(failed, 1_000);
    });
    let row = |name: &str, value, yardstick, goal| Row { name: name.to_owned(), value, unit: "ms", yardstick, goal };
    report.row(&row("counts: of 1 M", look, Some(("SQL GROUP BY over rows", grouped)), Goal::AtMost(1.0)));
    report.row(&row("counts: list the failed of 1 M", list, Some(("SQL over rows", listed)), Goal::AtMost(10.0)));
    report.row(&row("counts: persons reached of 1 M", people, None, Goal::Shown));
}

/// Outcomes with references, in order; then receipts that find them, shuffled. In plans of ten thousand and of ten
/// million.
pub(crate) fn apply(report: &mut Report) {
    let (small, small_receipts) = nanoseconds(10_000, 100);
    let (large, large_receipts) = nanoseconds(10_000_000, 1);
    let row = |name: &str, value, yardstick| Row {
        name: name.to_owned(),
        value,
        unit: "ns",
        yardstick: Some(("plans of 10 k", yardstick)),
        goal: Goal::Shown,
    };
    report.row(&row("apply: an outcome with its reference, 10 M", large, small));
    report.row(&row("apply: a receipt, shuffled, 10 M", large_receipts, small_receipts));
}

/// From nothing to ready with ten million outcomes in the journal, beside reading their bytes.
pub(crate) fn ready(report: &mut Report) {
    const SIZE: u32 = 10_000_000;
    let runtime = world::runtime();
    let directory = world::directory(SIZE * 2);
    let mut world = runtime.block_on(World::start(&directory, world::provider(), ""));
    runtime.block_on(world.deliver("ready", 1));
    let packed = tempfile::NamedTempFile::new().expect("a file");
    let mut copy = std::io::BufWriter::new(packed.as_file());
    let mut write = |row: fenghuo::store::JournalRowRef<'_>| {
        row.entries().for_each(|entry| copy.write_all(entry.data).expect("written"));
    };
    runtime.block_on(world.store.replay(1, &mut write)).expect("a journal");
    copy.flush().expect("written");
    drop(copy);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (next, took) = runtime.block_on(world.again(&directory, world::provider()));
        world = next;
        ours.push(took.as_secs_f64());
        let began = world::now();
        black_box(crc32fast::hash(&std::fs::read(packed.path()).expect("read")));
        theirs.push(began.elapsed().as_secs_f64());
    }
    runtime.block_on(world.stop());
    let yardstick = Some(("reading the packed bytes with crc", median(theirs)));
    let (name, value) = ("ready: after 10 M outcomes".to_owned(), median(ours));
    report.row(&Row { name: name.clone(), value, unit: "s", yardstick: None, goal: Goal::AtMost(1.0) });
    report.row(&Row { name, value, unit: "s", yardstick, goal: Goal::RatioAtMost(2.0) });
}

/// A plan of which everything was sent, slice by slice.
fn filled(size: u32, failed: impl Fn(u32) -> bool + Copy) -> Measured {
    let measured = Measured::new(size);
    for first in (0..size).step_by(PIECE as usize) {
        send(&measured, &slices(first..size.min(first + PIECE), failed));
    }
    measured
}

/// The ranks and the outcomes of each slice of some ranks.
fn slices(ranks: std::ops::Range<u32>, failed: impl Fn(u32) -> bool + Copy) -> Vec<Slice> {
    let end = ranks.end;
    let slice = |first: u32| {
        let ranks: Vec<u32> = (first..end.min(first + SLICE)).collect();
        let entry = Measured::accepted(&ranks, failed);
        (ranks, entry)
    };
    ranks.step_by(SLICE as usize).map(slice).collect()
}

fn send(measured: &Measured, slices: &[Slice]) {
    for (row, (ranks, entry)) in (1..).zip(slices) {
        measured.lease(ranks);
        measured.take(row, entry);
    }
}

/// Nanoseconds an outcome in order and a receipt shuffled take in this many plans of this size.
fn nanoseconds(size: u32, plans: u32) -> (f64, f64) {
    let deliveries = f64::from(size) * f64::from(plans);
    let plans: Vec<Measured> = (0..plans).map(|_| Measured::new(size)).collect();
    let mut outcomes = std::time::Duration::ZERO;
    for measured in &plans {
        // Entries are made piece by piece: ten million at once would be what is measured.
        for first in (0..size).step_by(PIECE as usize) {
            let piece = slices(first..size.min(first + PIECE), |_| false);
            let began = world::now();
            send(measured, &piece);
            outcomes += began.elapsed();
        }
    }
    let began = world::now();
    for measured in &plans {
        // A step without a common factor visits every rank once, far from the one before.
        let ranks = (0..u64::from(size)).map(|n| (n * 6_700_417 % u64::from(size)) as u32);
        let ranks: Vec<u32> = ranks.collect();
        for (row, ranks) in (1_000_000..).zip(ranks.chunks(1_000)) {
            assert_eq!(measured.receipts(row, ranks), ranks.len());
        }
    }
    let receipts = began.elapsed();
    (outcomes.as_secs_f64() * 1e9 / deliveries, receipts.as_secs_f64() * 1e9 / deliveries)
}

/// The median time of one of `times` calls.
fn milliseconds(times: u32, call: impl Fn()) -> f64 {
    let run = || {
        let began = world::now();
        (0..times).for_each(|_| call());
        began.elapsed().as_secs_f64() * 1e3 / f64::from(times)
    };
    median((0..RUNS).map(|_| run()).collect())
}

/// A row a delivery, as a table of SQLite in memory.
fn rows(size: u32) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open_in_memory().expect("a database");
    let table = "CREATE TABLE delivery(rank INTEGER PRIMARY KEY, state INTEGER NOT NULL, reason INTEGER NOT NULL,
        attempts INTEGER NOT NULL, at_ms INTEGER NOT NULL, reference BLOB NOT NULL)";
    connection.execute_batch(table).expect("a table");
    connection.execute_batch("BEGIN").expect("begun");
    let mut insert = connection.prepare("INSERT INTO delivery VALUES (?1, ?2, ?3, 1, ?4, ?5)").expect("a statement");
    for rank in 0..size {
        let (state, reason) = if rank % 1_000 == 7 { (5, 1) } else { (2, 0) };
        let values = rusqlite::params![rank, state, reason, i64::from(rank), u128::from(rank).to_be_bytes()];
        insert.execute(values).expect("a row");
    }
    drop(insert);
    connection.execute_batch("COMMIT").expect("committed");
    connection
}
