//! What happens, as it happens: decisions from the journal without gaps, numbers at most a few times a second.

use std::{
    collections::{BTreeSet, HashMap},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

use super::{Event, numbers, people::Unreached};
use crate::{
    flow::{
        Parts,
        deliver::Meter,
        projection::recall,
        record::{Decision, WarningId, rfc3339},
    },
    store::EntryKind,
};

/// Events a receiver may be behind before its stream ends.
const BACKLOG: usize = 1_024;
/// Numbers of one warning are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Journal rows read at a time when a receiver resumes.
const PAGE: usize = 500;

/// Tells what changes.
pub(crate) struct Progress {
    sender: broadcast::Sender<Arc<Event>>,
    last: AtomicU64,
    /// Decisions are told as they are read back from the store, whoever made them: in the order of the journal.
    follows: bool,
    changed: Mutex<BTreeSet<WarningId>>,
    /// Journal rows with decisions about a warning.
    decisions: Mutex<HashMap<WarningId, Vec<u64>>>,
    meters: Mutex<HashMap<u64, (u64, Meter)>>,
    unreached: Mutex<HashMap<WarningId, Unreached>>,
    /// Rings when numbers changed.
    pub(crate) changes: Notify,
    /// Rings when a warning can take its next stage.
    pub(crate) new_work: Notify,
}

impl Progress {
    /// `follows`: decisions are told only when [`Self::followed`] says so.
    pub(crate) fn new(follows: bool) -> Self {
        Self {
            follows,
            sender: broadcast::channel(BACKLOG).0,
            last: AtomicU64::new(0),
            changed: Mutex::default(),
            decisions: Mutex::default(),
            meters: Mutex::default(),
            unreached: Mutex::default(),
            changes: Notify::new(),
            new_work: Notify::new(),
        }
    }
}

impl Progress {
    /// A decision is durable in this row of the journal.
    pub(crate) fn decided(&self, sequence: u64, decision: &Decision) {
        self.know(sequence, decision);
        if !self.follows {
            self.tell(sequence, decision);
        }
    }

    /// A decision was read back from the store.
    pub(crate) fn followed(&self, sequence: u64, decision: &Decision) {
        self.know(sequence, decision);
        self.reaches(sequence);
        self.tell(sequence, decision);
    }

    /// Everything up to this row was told.
    pub(crate) fn reaches(&self, sequence: u64) {
        self.last.fetch_max(sequence, Ordering::Relaxed);
    }

    fn tell(&self, sequence: u64, decision: &Decision) {
        if let Some(event) = event(sequence, decision) {
            // Nobody listening is no fault.
            let _listeners = self.sender.send(Arc::new(event));
        }
    }

    /// Remembers where a decision stands, without telling anybody.
    pub(crate) fn know(&self, sequence: u64, decision: &Decision) {
        if !self.follows {
            self.reaches(sequence);
        }
        if let Some(warning) = &decision.warning {
            let mut decisions = self.decisions.lock();
            let rows = decisions.entry(warning.clone()).or_default();
            // Nearly always the newest; where several nodes decide, one may be known before an earlier one.
            let place = rows.partition_point(|row| *row < sequence);
            if rows.get(place) != Some(&sequence) {
                rows.insert(place, sequence);
            }
        }
    }

    /// The journal reaches to this row, whatever stands in it.
    pub(crate) fn begins_at(&self, sequence: u64) {
        self.reaches(sequence);
    }

    /// Journal rows before this one with decisions, by warning.
    pub(crate) fn decisions_before(&self, sequence: u64) -> Vec<(WarningId, Vec<u64>)> {
        let decisions = self.decisions.lock();
        let before = decisions.iter().map(|(warning, rows)| {
            (warning.clone(), rows.iter().copied().filter(|row| *row < sequence).collect::<Vec<u64>>())
        });
        before.filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// Forgets rows that stand elsewhere now.
    pub(crate) fn forget_before(&self, sequence: u64) {
        let mut decisions = self.decisions.lock();
        decisions.retain(|_, rows| {
            rows.retain(|row| *row >= sequence);
            !rows.is_empty()
        });
    }

    /// Journal rows with decisions about a warning that are known here, oldest first.
    pub(crate) fn decisions_of(&self, warning: &WarningId) -> Option<Vec<u64>> {
        self.decisions.lock().get(warning).cloned()
    }

    /// Numbers of a warning changed.
    pub(crate) fn notify(&self, warning: &WarningId) {
        let mut changed = self.changed.lock();
        if !changed.contains(warning) {
            changed.insert(warning.clone());
            drop(changed);
            self.changes.notify_one();
        }
    }

    /// Deliveries a second that stopped being open, from what was open before and is now.
    pub(super) fn rate(&self, plan: u64, open: u64, now: Instant) -> f64 {
        let mut meters = self.meters.lock();
        let (before, meter) = meters.entry(plan).or_insert_with(|| (open, Meter::default()));
        meter.add(now, before.saturating_sub(open));
        *before = open;
        meter.rate(now)
    }

    /// Why persons were not reached, as last counted.
    pub(super) fn unreached(&self, warning: &WarningId) -> Option<Unreached> {
        self.unreached.lock().get(warning).cloned()
    }

    pub(super) fn know_unreached(&self, warning: &WarningId, unreached: Unreached) {
        self.unreached.lock().insert(warning.clone(), unreached);
    }
}

fn event(sequence: u64, decision: &Decision) -> Option<Event> {
    Some(Event {
        id: sequence,
        kind: "warning".to_owned(),
        at: rfc3339(decision.at_ms),
        warning: decision.warning.clone()?,
        what: Some(decision.what.clone()),
        status: None,
    })
}

/// Tells changed numbers, until the soft stop.
pub(crate) async fn tell(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    loop {
        tokio::select! {
            biased;
            () = parts.progress.changes.notified() => {}
            () = stop.cancelled() => return,
        }
        let changed = std::mem::take(&mut *parts.progress.changed.lock());
        for warning in changed {
            let plans = parts.warning_record(&warning).map(|record| record.plans.clone()).unwrap_or_default();
            let Ok(_held) = recall::recall(&parts, &plans).await else { continue };
            let Some(status) = numbers::status(&parts, &warning) else { continue };
            if status.done {
                parts.progress.new_work.notify_one();
            }
            let event = Event {
                id: parts.progress.last.load(Ordering::Relaxed),
                kind: "progress".to_owned(),
                at: status.as_of.clone(),
                warning,
                what: None,
                status: Some(status),
            };
            // Nobody listening is no fault.
            let _listeners = parts.progress.sender.send(Arc::new(event));
        }
        parts.clock.sleep(TELL_EVERY).await;
    }
}

/// Events after `since`, then live ones. Live ones are listened to before the journal is read, so nothing falls
/// between; what both say is told once.
pub(super) fn stream(parts: Arc<Parts>, since: Option<u64>) -> Pin<Box<dyn Stream<Item = Event> + Send>> {
    let live = BroadcastStream::new(parts.progress.sender.subscribe());
    let stopping = parts.lifecycle.stopping();
    let live = live
        .take_while(|event| {
            let behind = matches!(event, Err(BroadcastStreamRecvError::Lagged(_)));
            async move { !behind }
        })
        .filter_map(|event| async move { event.ok().map(|event| Event::clone(&event)) })
        .take_until(async move { stopping.cancelled().await });
    let Some(since) = since else { return Box::pin(live) };
    let until = parts.progress.last.load(Ordering::Relaxed);
    let past = past(parts, since, until);
    Box::pin(past.chain(live.filter(move |event| {
        let told = event.kind == "warning" && event.id <= until;
        async move { !told }
    })))
}

/// Decisions of the journal after `since` up to `until`.
fn past(parts: Arc<Parts>, since: u64, until: u64) -> impl Stream<Item = Event> + Send {
    stream::unfold(since + 1, move |from| {
        let parts = Arc::clone(&parts);
        async move {
            if from > until {
                return None;
            }
            let rows = parts.store.journal(from, PAGE).await.ok()?;
            let last = rows.last()?.sequence;
            let mut events = Vec::new();
            for row in rows.iter().filter(|row| row.sequence <= until) {
                for (_, entry) in row.entries.iter().filter(|(_, entry)| entry.kind == EntryKind::Decision) {
                    let decision = serde_json::from_slice::<Decision>(&entry.data).ok();
                    events.extend(decision.and_then(|decision| event(row.sequence, &decision)));
                }
            }
            Some((stream::iter(events), last + 1))
        }
    })
    .flatten()
}
