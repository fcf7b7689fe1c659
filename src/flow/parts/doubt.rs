//! After a commit of which nobody knows whether it is durable: look, and go on from what stands.

use std::{sync::Arc, time::Duration};

use super::{Parts, Unavailable};
use crate::{
    flow::record::{Decision, WarningRecord, json},
    store::{EntryKind, JournalRow, Space},
};

/// Wait before looking again when the store cannot be read.
const AGAIN: Duration = Duration::from_millis(200);
/// How far back a decision is looked for; nothing else commits as much in the time of one commit.
const ROWS: u64 = 4_096;

impl Parts {
    /// Whether the next state of a warning is durable after all; then gives the row its decision stands in. What
    /// follows from a decision follows in memory only when it is known to stand, and must follow then.
    pub(super) async fn look_for(
        &self,
        record: &WarningRecord,
        version: u64,
        decision: &Decision,
        why: String,
    ) -> Result<u64, Unavailable> {
        let stored = loop {
            match self.store.get(Space::Warning, record.id.0.as_str().into()).await {
                Ok(stored) => break stored,
                Err(fault) => {
                    tracing::error!(warning = %record.id, %fault, "not known whether a stage is durable, looking again");
                    self.clock.sleep(AGAIN).await;
                }
            }
        };
        if stored.is_some_and(|stored| stored.version == version + 1 && stored.value == json(record)) {
            return self.row_of(decision).await;
        }
        Err(Unavailable::new(why))
    }

    /// The newest row that holds a decision.
    async fn row_of(&self, decision: &Decision) -> Result<u64, Unavailable> {
        let wanted = decision.entry().data;
        let holds = |row: &&JournalRow| {
            row.entries.iter().any(|(_, entry)| entry.kind == EntryKind::Decision && entry.data == wanted)
        };
        let (head, _) = self.store.head().await?;
        let (mut next, mut found) = (head.saturating_sub(ROWS) + 1, None);
        loop {
            let rows = self.store.journal(next, 1_000).await?;
            found = rows.iter().rev().find(holds).map(|row| row.sequence).or(found);
            let Some(last) = rows.last() else { return Ok(found.unwrap_or(head)) };
            next = last.sequence + 1;
        }
    }

    /// Begins with a warning that is stored and not in memory: the answer to its commit was lost.
    pub(in crate::flow) fn begin(&self, record: &WarningRecord) -> Arc<WarningRecord> {
        if let Some(known) = self.warning_record(&record.id) {
            return known;
        }
        self.remember(record.clone());
        self.progress.new_work.notify_one();
        Arc::new(record.clone())
    }
}
