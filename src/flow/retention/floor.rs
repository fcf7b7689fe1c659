//! The row of the journal where replay begins: nothing before it is needed by a plan in memory.
//!
//! What else the replay would have known from the rows before it, where the decisions about each warning stand, is
//! written down in the same commit that moves the floor, or in one before.

use std::{collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    flow::{
        Parts, Unavailable,
        parts::parse,
        record::{WarningId, json},
    },
    store::{Commit, Expect, Key, Put, Space, Stored as Recorded},
};

/// Key in [`Space::Meta`].
const FLOOR: &str = "replay_floor";
/// A floor that would move by fewer rows stays.
const ROWS_MIN: u64 = 64;
/// How often the journal is looked at, milliseconds.
const LOOK_MS: i64 = 10_000;
/// Warnings whose decisions are written down at a time.
const AT_ONCE: usize = 500;

#[derive(Serialize, Deserialize)]
struct Stored {
    /// The first row that replay reads.
    sequence: u64,
}

/// Where replay begins, as the store says; the journal's first row when it says nothing.
pub(crate) async fn stored_floor(parts: &Parts) -> Result<u64, Unavailable> {
    if let Some(stored) = parts.store.get(Space::Meta, FLOOR.into()).await? {
        parts.projection.set_floor(parse::<Stored>(&stored.value)?.sequence);
    }
    Ok(parts.projection.floor())
}

/// Takes in that another node moved the floor.
pub(crate) fn hear(parts: &Parts, key: &Key, stored: Option<&Recorded>) -> Result<(), Unavailable> {
    if let Some(stored) = stored.filter(|_| key.0 == FLOOR.as_bytes()) {
        let floor = parse::<Stored>(&stored.value)?.sequence;
        parts.projection.set_floor(floor);
        parts.progress.forget_before(floor);
    }
    Ok(())
}

/// Moves the floor.
///
/// It stays behind the rows of the last minutes: whoever committed them has long said what is in them, and receipts that
/// wait for their reference are still read again.
#[derive(Default)]
pub(super) struct Floor {
    /// When the journal was looked at, and where it ended; the newest last.
    seen: VecDeque<(i64, u64)>,
}

impl Floor {
    /// Moves it as far as the plans in memory allow.
    pub(super) async fn advance(&mut self, parts: &Arc<Parts>, now_ms: i64) -> Result<(), Unavailable> {
        if self.seen.back().is_some_and(|(at, _)| now_ms < at + LOOK_MS) {
            return Ok(());
        }
        let (last, _) = parts.store.head().await?;
        self.seen.push_back((now_ms, last));
        let lag_ms = parts.projection.references.bounds().ms + LOOK_MS;
        let mut behind = None;
        while self.seen.front().is_some_and(|(at, _)| *at <= now_ms - lag_ms) {
            behind = self.seen.pop_front();
        }
        // The head before the plans: a plan that comes in between has its words after it.
        let Some((_, behind)) = behind else { return Ok(()) };
        let mut floor = behind + 1;
        for plan in parts.projection.all() {
            let Some(since) = plan.since() else { return Ok(()) };
            floor = floor.min(since);
        }
        if floor >= parts.projection.floor() + ROWS_MIN { move_to(parts, floor).await } else { Ok(()) }
    }
}

async fn move_to(parts: &Arc<Parts>, floor: u64) -> Result<(), Unavailable> {
    let decisions = parts.progress.decisions_before(floor);
    for some in decisions.chunks(AT_ONCE) {
        let mut puts = Vec::with_capacity(some.len());
        for (warning, rows) in some {
            let value = Some(json(&with_stored(parts, warning, rows.clone()).await?));
            puts.push(Put { space: Space::Timeline, key: warning.0.as_str().into(), value, expect: Expect::Any });
        }
        parts.store.commit(Commit { puts, entries: Vec::new() }).await?;
    }
    let value = Some(json(&Stored { sequence: floor }));
    let put = Put { space: Space::Meta, key: FLOOR.into(), value, expect: Expect::Any };
    parts.store.commit(Commit { puts: vec![put], entries: Vec::new() }).await?;
    parts.projection.set_floor(floor);
    parts.progress.forget_before(floor);
    Ok(())
}

/// Journal rows with decisions about a warning, oldest first.
pub(crate) async fn decisions_of(parts: &Parts, warning: &WarningId) -> Result<Vec<u64>, Unavailable> {
    // First what is here: it is forgotten only after it stands there.
    let here = parts.progress.decisions_of(warning).unwrap_or_default();
    with_stored(parts, warning, here).await
}

async fn with_stored(parts: &Parts, warning: &WarningId, mut rows: Vec<u64>) -> Result<Vec<u64>, Unavailable> {
    if let Some(stored) = parts.store.get(Space::Timeline, warning.0.as_str().into()).await? {
        rows.extend(parse::<Vec<u64>>(&stored.value)?);
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(rows)
}
