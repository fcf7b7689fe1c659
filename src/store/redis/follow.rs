//! Following what all nodes commit.

use std::{sync::Arc, time::Duration};

use redis::Value;
use tokio::sync::Mutex;

use super::{
    bounds::{ANSWER, FOLLOW, PAGE_BYTES, PAGE_ROWS},
    fault::Fault,
    link::{Link, patience_for},
    reader::{RawRow, as_fault},
    record, reply,
    script::SCRIPTS,
    state::Shared,
    writer::{Strange, understand},
};
use crate::store::{
    cluster::{Change, FollowFault, NodeId},
    contract::ReadFault,
};

pub(super) struct Follower {
    pub(super) shared: Arc<Shared>,
    /// One waits on it at a time.
    pub(super) waiting: Mutex<Link>,
    pub(super) reading: Arc<Link>,
}

impl Follower {
    pub(super) async fn changes(&self, after: u64, wait: Duration) -> Result<Vec<Change>, FollowFault> {
        let until = self.shared.clock.instant() + wait;
        loop {
            if let Some(ended) = self.shared.ended() {
                return Err(FollowFault::Strange(ended));
            }
            self.shared.readable()?;
            let page = self.page(after).await?;
            let left = until.saturating_duration_since(self.shared.clock.instant());
            if !page.is_empty() || left.is_zero() {
                return Ok(page);
            }
            self.wait(after, left.min(FOLLOW)).await?;
        }
    }

    /// Waits until there is a row above `after`.
    async fn wait(&self, after: u64, patience: Duration) -> Result<(), ReadFault> {
        let Ok(link) = tokio::time::timeout(patience, self.waiting.lock()).await else { return Ok(()) };
        let mut command = redis::cmd("XREAD");
        // 0 would be for ever.
        command.arg("COUNT").arg(1).arg("BLOCK").arg((patience.as_millis() as u64).max(1));
        command.arg("STREAMS").arg(self.shared.keys.changes()).arg(format!("{after}-0"));
        link.ask_within(&command, patience + ANSWER).await?;
        Ok(())
    }

    async fn page(&self, after: u64) -> Result<Vec<Change>, FollowFault> {
        let keys = &self.shared.keys;
        let mut call = SCRIPTS.follow.call(&[keys.head(), keys.nodes(), keys.changes(), keys.journal()]);
        self.shared.sign(&mut call);
        call.arg(after).arg(PAGE_ROWS).arg(PAGE_BYTES);
        let answer = self.reading.run_within(&SCRIPTS.follow, &call, patience_for(PAGE_BYTES)).await;
        let (word, rest) = answer.and_then(reply::word).map_err(ReadFault::from)?;
        match &*word {
            "rows" => self.read(rest).map_err(|fault| ReadFault::from(fault).into()),
            "gone" => Err(FollowFault::Gone { after }),
            "behind" => Err(FollowFault::Strange(format!("it ends before row {after}"))),
            _ => match understand(&self.shared, &word, rest).map_err(ReadFault::from)? {
                Strange::NewEpoch => {
                    let text = "the store has moved to another epoch".to_owned();
                    self.shared.away(text.clone());
                    Err(ReadFault(text).into())
                }
                Strange::Ended(text) | Strange::Lost(_, text) => Err(FollowFault::Strange(text)),
            },
        }
    }

    fn read(&self, rows: std::vec::IntoIter<Value>) -> Result<Vec<Change>, Fault> {
        let mut changes = Vec::with_capacity(rows.len());
        for row in rows {
            let mut parts = reply::array(row, "a row")?.into_iter();
            let row = RawRow::of(&mut parts).map_err(as_fault)?;
            let node = NodeId(reply::number(reply::next(&mut parts), "a node")?);
            let packed = reply::shared(reply::next(&mut parts), "what a row changed")?;
            let puts = record::changes(packed).map_err(as_fault)?;
            let entries = row.entries().map_err(|fault| as_fault(fault.into()))?;
            self.shared.saw(row.head);
            changes.push(Change { sequence: row.head.sequence, at_ms: row.at_ms, node, puts, entries });
        }
        Ok(changes)
    }
}
