//! One turn at a time: what waits is made durable in one commit, applied, and answered.
//!
//! Orders that send deliveries again take a turn as well. So a report is always held against the round its delivery is
//! in, and the journal has both in the order in which they were applied.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fenghuo_contract::NotTaken;
use parking_lot::Mutex;
use tokio::sync::{MutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};

use super::{About, Heard, kept};
use crate::{
    domain::delivery::State,
    flow::{
        Parts, Unavailable,
        deliver::observe,
        projection::{
            Plan, Writing,
            codec::{Outcome, Outcomes, Record},
            recall,
        },
        suppress,
    },
    store::{Appended, Commit, Entry, EntryKind},
};

/// KiB of receipts that wait to be durable at most.
const ROOM_KIB: usize = 32 * 1024;
/// One commit takes no further receipts above this many.
const TOGETHER: usize = 20_000;

/// How long a turn waits for answers at most: strangers may have filled the room as well.
const PATIENCE: Duration = Duration::from_secs(1);

/// What waits, and whose turn it is.
pub(crate) struct Turn {
    room: Arc<Semaphore>,
    queue: Mutex<Queue>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Somebody empties it.
    running: bool,
}

struct Waiting {
    heard: Vec<Heard>,
    answer: oneshot::Sender<Result<(), NotTaken>>,
    _room: OwnedSemaphorePermit,
}

impl Default for Turn {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(ROOM_KIB)), queue: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl Turn {
    /// Waits for the turn; no receipt becomes durable while it is held.
    pub(in crate::flow) async fn wait(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// KiB of receipts that wait.
    pub(in crate::flow) fn waiting_kib(&self) -> usize {
        ROOM_KIB - self.room.available_permits()
    }

    fn next(&self) -> Vec<Waiting> {
        let mut queue = self.queue.lock();
        let mut next = Vec::new();
        let mut receipts = 0;
        while receipts < TOGETHER
            && let Some(waiting) = queue.waiting.pop_front()
        {
            receipts += waiting.heard.len();
            next.push(waiting);
        }
        queue.running = !next.is_empty();
        next
    }
}

/// Takes later word; returns once it is durable and counted.
///
/// # Errors
/// There is no room, or it is not known to be durable: whoever said it must say it again.
pub(super) async fn take(parts: &Arc<Parts>, heard: Vec<Heard>) -> Result<(), NotTaken> {
    if heard.is_empty() {
        return Ok(());
    }
    let kib = heard.iter().map(Heard::size).sum::<usize>().div_ceil(1024);
    let kib = u32::try_from(kib).map_err(|_| NotTaken)?;
    let Ok(room) = Arc::clone(&parts.receipts.room).try_acquire_many_owned(kib) else {
        parts.telemetry.receipts_not_taken(heard.len() as u64);
        return Err(NotTaken);
    };
    let (answer, answered) = oneshot::channel();
    let first = {
        let mut queue = parts.receipts.queue.lock();
        queue.waiting.push_back(Waiting { heard, answer, _room: room });
        !std::mem::replace(&mut queue.running, true)
    };
    if first {
        // On its own: whoever waits may go away in the middle of a commit.
        parts.lifecycle.spawn(empty(Arc::clone(parts)));
    }
    tokio::select! {
        biased;
        taken = answered => taken.unwrap_or(Err(NotTaken)),
        // Nobody empties the queue of a gateway that is abandoned.
        () = parts.nodes.is_abandoned() => Err(NotTaken),
    }
}

async fn empty(parts: Arc<Parts>) {
    // After a start references are learned beside what goes on: nobody's report is taken for a stranger's meanwhile.
    parts.references_are_learned().await;
    loop {
        let next = parts.receipts.next();
        if next.is_empty() {
            return;
        }
        let (heard, answers): (Vec<_>, Vec<_>) =
            next.into_iter().map(|waiting| (waiting.heard, (waiting.answer, waiting._room))).unzip();
        answers_come_in(&parts).await;
        let taken = {
            let _turn = parts.receipts.wait().await;
            write(&parts, heard.into_iter().flatten()).await
        };
        for (answer, _room) in answers {
            // Who does not wait any more will say it again.
            let _gone = answer.send(taken);
        }
    }
}

/// While answers are out, receipts nobody knows yet are mostly theirs. Before these need more than half of the room there is
/// for such receipts, the answers are waited for a moment: what is acknowledged must not give way to what comes after it. The
/// peer gets no acknowledgement meanwhile and slows down.
async fn answers_come_in(parts: &Parts) {
    let references = &parts.projection.references;
    let until = parts.clock.instant() + PATIENCE;
    while references.waiting() > references.bounds().most as u64 / 2
        && parts.routes.values().any(|route| route.in_flight.load(Ordering::Relaxed) > 0)
        && parts.clock.instant() < until
    {
        parts.clock.sleep(Duration::from_millis(5)).await;
    }
}

/// One commit for everything, then it counts.
async fn write(parts: &Arc<Parts>, heard: impl Iterator<Item = Heard>) -> Result<(), NotTaken> {
    let heard: Vec<Heard> = heard.collect();
    let sorted = match folded(parts, &heard).await {
        Ok(_held) => sort(parts, heard.into_iter()),
        Err(fault) => {
            tracing::error!(%fault, "receipts are not taken: a folded plan cannot be read");
            return Err(NotTaken);
        }
    };
    let sorted = enter(parts, sorted).await;
    let outcomes: Vec<&Outcomes> = sorted.known.iter().map(|(_, outcomes)| outcomes).chain(&sorted.unknown).collect();
    let entry = |outcomes: &&Outcomes| Entry { kind: EntryKind::Outcomes, data: outcomes.encode() };
    let entries: Vec<Entry> = outcomes.iter().map(entry).collect();
    if entries.is_empty() {
        return Ok(());
    }
    let committed = match parts.store.commit(Commit { puts: Vec::new(), entries }).await {
        Ok(committed) => committed,
        Err(fault) => {
            tracing::error!(%fault, "receipts are not known to be durable: not acknowledged, they will be repeated");
            return Err(NotTaken);
        }
    };
    for ((plan, outcomes), at) in sorted.known.iter().zip(committed.entries) {
        apply(parts, plan, outcomes, at);
    }
    for outcomes in &sorted.unknown {
        parts.telemetry.receipts(&outcomes.route, outcomes.records.len() as u64);
    }
    Ok(())
}

/// The folded plans that word comes for, held so that they can be looked at.
async fn folded(parts: &Parts, heard: &[Heard]) -> Result<Vec<Arc<Plan>>, Unavailable> {
    let mut numbers: Vec<u64> = heard.iter().filter_map(|heard| heard.about.plan()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    recall::recall(parts, &numbers).await
}

/// Keeps the plans from being folded until what is written about them is applied.
async fn enter(parts: &Parts, sorted: Sorted) -> Entered {
    let mut entered = Entered { known: Vec::new(), unknown: sorted.unknown, _inside: Vec::new() };
    for (plan, outcomes) in sorted.known {
        let (plan, inside) = match plan.enter() {
            Some(inside) => (plan, inside),
            None => recall::enter(parts, plan.record.number).await,
        };
        entered.known.push((plan, outcomes));
        entered._inside.push(inside);
    }
    entered
}

/// Word that may be written.
struct Entered {
    known: Vec<(Arc<Plan>, Outcomes)>,
    unknown: Vec<Outcomes>,
    _inside: Vec<Writing>,
}

/// Word by the delivery it is about.
struct Sorted {
    known: Vec<(Arc<Plan>, Outcomes)>,
    /// Word about references nobody knows yet, by route.
    unknown: Vec<Outcomes>,
}

/// Records, each with when it happened, milliseconds since 1970.
type Timed = Vec<(i64, Record)>;

fn sort(parts: &Parts, heard: impl Iterator<Item = Heard>) -> Sorted {
    let now_ms = parts.clock.unix_ms();
    let mut known: BTreeMap<(u64, Arc<str>), (Arc<Plan>, Timed)> = BTreeMap::new();
    let mut unknown: BTreeMap<Arc<str>, Timed> = BTreeMap::new();
    let mut plans = Plans { parts, last: None };
    for Heard { about, word } in heard {
        let at_ms = word.at_ms;
        let (source, number, rank, outdated) = match about {
            About::Delivery { source, plan, rank } => (source, plan, rank, false),
            About::Reference { route, reference } => {
                let references = &parts.projection.references;
                let Some((plan, rank)) = references.find_or_keep(&route, &reference, now_ms, word.clone()) else {
                    let records = unknown.entry(route).or_default();
                    let number = u32::try_from(records.len()).unwrap_or(u32::MAX);
                    records.push((at_ms, Record { reference, ..word.record(number) }));
                    continue;
                };
                let outdated = |plan: &Arc<Plan>| plan.rounds.about(&route, &reference) < plan.rounds.of(rank);
                let outdated = word.word.state == State::Failed && plans.find(plan).is_some_and(outdated);
                (route, plan, rank, outdated)
            }
        };
        let Some(plan) = plans.find(number) else { continue };
        let mut record = word.record(rank);
        if outdated {
            record.outcome = Outcome::Outdated;
        }
        let group = known.entry((number, source)).or_insert_with(|| (Arc::clone(plan), Vec::new()));
        group.1.push((at_ms, record));
    }
    let known = known.into_iter().map(|((number, source), (plan, records))| {
        let outcomes = pack(number, &source, now_ms, records);
        (plan, outcomes)
    });
    let unknown = unknown.into_iter().map(|(route, records)| pack(kept::PLAN, &route, now_ms, records));
    Sorted { known: known.collect(), unknown: unknown.collect() }
}

/// Plans by number. What comes together is mostly about one of them, so the last is at hand.
struct Plans<'a> {
    parts: &'a Parts,
    last: Option<(u64, Option<Arc<Plan>>)>,
}

impl Plans<'_> {
    fn find(&mut self, number: u64) -> Option<&Arc<Plan>> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != number) {
            self.last = Some((number, self.parts.projection.plan(number)));
        }
        self.last.as_ref().and_then(|(_, plan)| plan.as_ref())
    }
}

/// Records with their times, in the order of ranks.
fn pack(plan: u64, route: &str, now_ms: i64, mut records: Timed) -> Outcomes {
    records.sort_by_key(|(_, record)| record.rank);
    let base_ms = records.iter().map(|(at_ms, _)| *at_ms).min().unwrap_or(now_ms);
    let timed = |(at_ms, record): (i64, Record)| Record {
        delay_ms: u32::try_from(at_ms - base_ms).unwrap_or(u32::MAX),
        ..record
    };
    let records = records.into_iter().map(timed).collect();
    Outcomes { plan, lease: 0, base_ms, route: route.to_owned(), records }
}

fn apply(parts: &Parts, plan: &Arc<Plan>, outcomes: &Outcomes, at: Appended) {
    let records = outcomes.records.iter().map(|record| (record.rank, record.outcome, record.reason));
    let waits = plan.hear(&outcomes.route, at, outcomes.base_ms, records);
    parts.projection.usual.learn(&outcomes.route, &waits);
    observe::heard(parts, &outcomes.route, plan, &outcomes.records);
    suppress::reported(parts, &outcomes.route, plan, &outcomes.records);
    parts.telemetry.receipts(&outcomes.route, outcomes.records.len() as u64);
    parts.progress.notify(&plan.record.warning);
}
