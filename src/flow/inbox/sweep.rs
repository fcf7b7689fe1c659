//! What time does to the inbox: what nobody decided about expires, and what is long over is forgotten.

use std::{sync::Arc, time::Duration};

use super::{InboxRecord, InboxState, keep, record};
use crate::{
    domain::message::MessageRef,
    flow::{Parts, Unavailable, parts::parse},
    store::{self, Commit, Expect, Key, Put, Space, Stored},
};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);

/// How long a record is kept after it is over, milliseconds: as long as feeds show what is over.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// Records read at a time.
const PAGE: usize = 500;

/// Learns what the store holds. What became a warning just before a crash is relayed.
pub(crate) async fn start(parts: &Parts) -> Result<(), Unavailable> {
    store::each(&parts.store, Space::Inbox, Some(Key::from(record::RECORDS)), |_, stored| {
        let mut record: InboxRecord = parse(&stored.value)?;
        let summary = &record.summary;
        let named =
            MessageRef { sender: summary.sender.clone(), identifier: summary.identifier.clone(), sent: summary.sent };
        if let Some(warning) = parts.referenced(&named).filter(|_| record.state == InboxState::Waiting) {
            record.state = InboxState::Relayed;
            record.warning = Some(warning.id.clone());
        }
        parts.inbox.records.write().insert(record.id.clone(), record);
        Ok(())
    })
    .await
}

/// Takes in what another node decided.
pub(crate) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let Some(id) = std::str::from_utf8(&key.0).ok().and_then(|key| key.strip_prefix(record::RECORDS)) else {
        return Ok(());
    };
    let mut records = parts.inbox.records.write();
    match stored {
        Some(stored) => drop(records.insert(id.to_owned(), parse(&stored.value)?)),
        None => drop(records.remove(id)),
    }
    Ok(())
}

/// Looks until the soft stop.
pub(crate) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    while !stop.is_cancelled() {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(EVERY) => {}
        }
        if let Err(fault) = sweep(&parts).await {
            tracing::error!(fault = fault.cause, "the inbox could not be looked through");
        }
    }
}

async fn sweep(parts: &Parts) -> Result<(), Unavailable> {
    let _turn = parts.inbox.turn.lock().await;
    let (now, now_ms) = (parts.clock.unix(), parts.clock.unix_ms());
    for mut record in parts.inbox.waiting_that(|record| record.expires_unix <= now) {
        record.decided(InboxState::Expired, now_ms, None, None);
        keep(parts, record, None, "inbox_expired", None).await?;
    }
    let over = |record: &InboxRecord| {
        let end = record.expires_unix.saturating_mul(1000).max(record.decided_ms.unwrap_or_default());
        record.state != InboxState::Waiting && end + KEPT_MS < now_ms
    };
    let over: Vec<String> = {
        let records = parts.inbox.records.read();
        records.values().filter(|record| over(record)).map(|record| record.id.clone()).take(PAGE).collect()
    };
    if over.is_empty() {
        return Ok(());
    }
    let gone =
        |key: String| Put { space: Space::Inbox, key: Key::from(key.as_str()), value: None, expect: Expect::Any };
    let puts = over.iter().flat_map(|id| [gone(record::key(id)), gone(record::body_key(id))]).collect();
    parts.store.commit(Commit { puts, entries: Vec::new() }).await?;
    parts.inbox.records.write().retain(|id, _| !over.contains(id));
    Ok(())
}
