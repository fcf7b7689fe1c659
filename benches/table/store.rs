//! The store alone: outcomes made durable and projected, a thousand a commit by one caller, beside a bare append-only
//! file that takes the same bytes in the same batches, in alternating rounds of the same run.

use std::{
    fs::{self, File},
    io::Write,
    time::Duration,
};

use bytes::Bytes;
use fenghuo::{
    clock::Clock,
    flow::Measured,
    store::{
        Commit, Engine, Entry, EntryKind, Urgency,
        embedded::{Embedded, Options},
    },
};

use crate::{
    report::{Goal, Report, Row, median},
    world,
};

/// Outcomes in one commit.
const BATCH: usize = 1_000;
/// Commits of one side before it is the other's turn.
const ROUND: usize = 250;

/// What was measured.
pub(crate) struct Outcomes {
    /// Outcomes a second: durable, projected and counted.
    pub(crate) per_second: f64,
    /// The same of the bare file: durable only.
    pub(crate) bare_per_second: f64,
    /// The median of the rounds' ratios.
    pub(crate) ratio: f64,
    /// From handing a commit in to hearing that it is durable.
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) p999: Duration,
    pub(crate) max: Duration,
    /// Bytes of one packed outcome.
    pub(crate) information: f64,
    /// Bytes handed to the system by the store for each of them.
    pub(crate) written: f64,
}

/// Makes `count` outcomes durable on both sides. Shuffled: each commit holds deliveries from all over the plan.
pub(crate) fn outcomes(count: u32, shuffled: bool) -> Outcomes {
    let runtime = world::runtime();
    let dir = tempfile::tempdir().expect("a directory");
    let store = {
        let _entered = runtime.enter();
        Embedded::open(&dir.path().join("data"), Clock::system(), Options::default()).expect("a store")
    };
    let mut bare = Bare::create(dir.path());
    let measured = Measured::new(count);
    let mut run = Run::default();
    let batches = (count as usize).div_ceil(BATCH);
    for round in (0..batches).step_by(ROUND) {
        // Made before the clock runs: what is measured is making them durable.
        let made: Vec<(Vec<u32>, Bytes)> = (round..batches.min(round + ROUND))
            .map(|batch| {
                let ranks = ranks(batch, batches, count, shuffled);
                let entry = Measured::accepted(&ranks, |_| false);
                (ranks, entry)
            })
            .collect();
        let before = written();
        let ours = runtime.block_on(run.ours(&store, &measured, &made));
        run.written += written() - before;
        let theirs = run.theirs(&mut bare, &made);
        run.rounds.push((made.iter().map(|(ranks, _)| ranks.len()).sum(), ours, theirs));
    }
    assert_eq!(measured.counts()[2], u64::from(count), "every outcome is counted");
    let before = written();
    runtime.block_on(store.close());
    run.written += written() - before;
    run.result(count)
}

/// The ranks of a batch, ascending: consecutive, or one from each of a thousand stretches of the plan.
fn ranks(batch: usize, batches: usize, count: u32, shuffled: bool) -> Vec<u32> {
    let rank = |n: usize| if shuffled { n * batches + batch } else { batch * BATCH + n };
    (0..BATCH).map(rank).filter_map(|rank| u32::try_from(rank).ok()).filter(|rank| *rank < count).collect()
}

/// Bytes this process has handed to the system for writing.
fn written() -> u64 {
    let text = fs::read_to_string("/proc/self/io").expect("/proc is there");
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|number| number.parse().ok()).expect("a number")
}

#[derive(Default)]
struct Run {
    latencies: Vec<Duration>,
    /// Outcomes, time of the store, time of the bare file.
    rounds: Vec<(usize, Duration, Duration)>,
    written: u64,
    information: u64,
}

impl Run {
    async fn ours(&mut self, store: &Embedded, measured: &Measured, made: &[(Vec<u32>, Bytes)]) -> Duration {
        let began = world::now();
        for (ranks, data) in made {
            let entry = Entry { kind: EntryKind::Outcomes, data: data.clone() };
            let handed = world::now();
            let commit = Commit { puts: Vec::new(), entries: vec![entry] };
            let committed = store.commit_as(Urgency::Reserved, commit).await.expect("durable");
            self.latencies.push(handed.elapsed());
            measured.lease(ranks);
            measured.take(committed.entries[0].sequence, data);
            self.information += data.len() as u64;
        }
        began.elapsed()
    }

    fn theirs(&self, bare: &mut Bare, made: &[(Vec<u32>, Bytes)]) -> Duration {
        let began = world::now();
        made.iter().for_each(|(_, data)| bare.append(data));
        began.elapsed()
    }

    fn result(mut self, count: u32) -> Outcomes {
        self.latencies.sort_unstable();
        let at = |part: f64| self.latencies[((self.latencies.len() - 1) as f64 * part) as usize];
        let total = |of: fn(&(usize, Duration, Duration)) -> Duration| {
            f64::from(count) / self.rounds.iter().map(of).sum::<Duration>().as_secs_f64()
        };
        let ratios = self.rounds.iter().map(|(_, ours, theirs)| theirs.as_secs_f64() / ours.as_secs_f64());
        Outcomes {
            per_second: total(|round| round.1),
            bare_per_second: total(|round| round.2),
            ratio: median(ratios.collect()),
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
            information: self.information as f64 / f64::from(count),
            written: self.written as f64 / f64::from(count),
        }
    }
}

/// The yardstick: length, checksum and bytes appended, then one sync.
struct Bare {
    file: File,
    buffer: Vec<u8>,
}

impl Bare {
    fn create(dir: &std::path::Path) -> Self {
        Self { file: File::create(dir.join("bare")).expect("a file"), buffer: Vec::new() }
    }

    fn append(&mut self, data: &[u8]) {
        self.buffer.clear();
        self.buffer.extend_from_slice(&(data.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(&crc32fast::hash(data).to_le_bytes());
        self.buffer.extend_from_slice(data);
        self.file.write_all(&self.buffer).expect("written");
        self.file.sync_data().expect("synced");
    }
}

/// One and ten million, in order and shuffled.
pub(crate) fn measure(report: &mut Report) {
    for (count, size) in [(1_000_000, "1 M"), (10_000_000, "10 M")] {
        for (shuffled, order) in [(false, "in order"), (true, "shuffled")] {
            let found = outcomes(count, shuffled);
            let mut row = |what: &str, value, unit, yardstick, goal| {
                let name = format!("outcomes: {what}, {size} {order}");
                report.row(&Row { name, value, unit, yardstick, goal });
            };
            let bare = Some(("bare append + crc + fdatasync", found.bare_per_second));
            row("durable and projected", found.per_second, "/s", bare, Goal::Shown);
            row("median ratio of rounds to the bare file", found.ratio, "", None, Goal::AtLeast(0.5));
            let information = Some(("the information", found.information));
            row("bytes written", found.written, "bytes", information, Goal::RatioAtMost(3.0));
            let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
            row("commit p50", ms(found.p50), "ms", None, Goal::Shown);
            row("commit p99", ms(found.p99), "ms", None, Goal::Shown);
            row("commit p99.9", ms(found.p999), "ms", None, Goal::AtMost(50.0));
            row("longest commit", ms(found.max), "ms", None, Goal::Shown);
        }
    }
}
