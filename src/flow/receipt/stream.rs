//! Outcomes and receipts as a stream without gaps, read from the journal: what stands there once is told at the same
//! place for ever, whoever asks and however often.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use fenghuo_contract::Token;
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Flow, Parts, Unavailable,
        parts::parse,
        projection::{
            Plan,
            codec::{Outcome, Outcomes, Record},
        },
        record::{PlanRecord, WarningId, rfc3339},
        target::bitmap,
    },
    store::{EntryKind, JournalRow, Space},
};

/// Rows of the journal read at a time.
const ROWS: usize = 256;
/// Plans of which the audience is kept while reading.
const PLANS: usize = 64;

/// A place in the journal: row, entry of the row, record of the entry. Written `ROW.ENTRY.RECORD`; a row alone stands
/// before its first record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    row: u64,
    /// Counted from 1.
    entry: u32,
    /// Counted from 1.
    record: u32,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.row, self.entry, self.record)
    }
}

/// The text is no place in the journal.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor")]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let mut parts = text.split('.');
        let row = parts.next().and_then(|row| row.parse().ok()).ok_or(NoCursor)?;
        let mut next = || parts.next().map_or(Ok(0), |part| part.parse().map_err(|_| NoCursor));
        let cursor = Self { row, entry: next()?, record: next()? };
        if parts.next().is_some() { Err(NoCursor) } else { Ok(cursor) }
    }
}

/// One outcome or receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ReceiptLine {
    /// Where it stands; pass the last one back as `since`.
    pub cursor: String,
    /// `outcome` (an attempt ended it), `again` (an attempt failed, another follows), `receipt` (later word), `outdated`
    /// (a report about an earlier round, without effect), `reopened` (ordered to be sent again).
    pub kind: &'static str,
    pub warning: WarningId,
    pub channel: &'static str,
    /// `{plan}-{index}` in hex, the name of the delivery.
    pub delivery: String,
    /// External id of the recipient.
    pub recipient: String,
    /// What this word alone says; words merge, so a later `failed` does not undo a `delivered`.
    pub state: State,
    pub reason: Reason,
    /// The provider's own code.
    pub provider: Option<String>,
    /// Route, or `screen`, `app`, `person` for their own word.
    pub route: Option<String>,
    /// RFC 3339.
    pub at: String,
    /// Attempts of its round known when the line was written out.
    pub attempts: u32,
    /// An earlier attempt may have arrived, as known when the line was written out.
    pub maybe_doubled: bool,
}

/// A reader of the stream. What it has read it does not keep.
pub struct Receipts {
    parts: Arc<Parts>,
    /// Only deliveries of this issuer's warnings.
    issuer: Option<String>,
    /// The last place looked at.
    at: Cursor,
    plans: BTreeMap<u64, Option<Arc<Known>>>,
}

/// What a line says about a plan.
struct Known {
    record: PlanRecord,
    audience: RoaringBitmap,
    plan: Option<Arc<Plan>>,
}

impl Flow {
    /// Outcomes and receipts after `since`, of one issuer's warnings or of all.
    #[must_use]
    pub fn receipts(&self, since: Cursor, issuer: Option<String>) -> Receipts {
        Receipts { parts: Arc::clone(&self.0), issuer, at: since, plans: BTreeMap::new() }
    }
}

impl Receipts {
    /// The next lines, at most `most`; fewer only at the end of what is durable now.
    ///
    /// # Errors
    /// When the store cannot be read; the same call may be repeated.
    pub async fn next(&mut self, most: usize) -> Result<Vec<ReceiptLine>, Unavailable> {
        let mut lines = Vec::new();
        while lines.len() < most {
            let rows = self.parts.store.journal(self.at.row.max(1), ROWS).await?;
            let before = self.at;
            for row in &rows {
                self.row(row, most, &mut lines).await?;
                if lines.len() >= most {
                    break;
                }
            }
            if self.at == before {
                break;
            }
        }
        self.name(&mut lines).await?;
        Ok(lines.into_iter().map(|(line, _)| line).collect())
    }

    async fn row(
        &mut self,
        row: &JournalRow,
        most: usize,
        lines: &mut Vec<(ReceiptLine, u32)>,
    ) -> Result<(), Unavailable> {
        for ((_, entry), number) in row.entries.iter().zip(1_u32..) {
            let start = Cursor { row: row.sequence, entry: number, record: 0 };
            // All of this entry is behind us when a later one was looked at.
            if entry.kind != EntryKind::Outcomes || (self.at.row, self.at.entry) > (start.row, start.entry) {
                continue;
            }
            let outcomes = match Outcomes::decode(&entry.data) {
                Ok(outcomes) => outcomes,
                Err(fault) => {
                    tracing::error!(%fault, row = row.sequence, "outcomes of the journal were passed over");
                    continue;
                }
            };
            let Some(known) = self.known(outcomes.plan).await? else { continue };
            for (record, number) in outcomes.records.iter().zip(1_u32..) {
                let cursor = Cursor { record: number, ..start };
                if cursor <= self.at {
                    continue;
                }
                if lines.len() >= most {
                    return Ok(());
                }
                self.at = cursor;
                lines.extend(line(&known, &outcomes, record, cursor));
            }
        }
        if lines.len() < most {
            self.at = self.at.max(Cursor { row: row.sequence, entry: u32::MAX, record: 0 });
        }
        Ok(())
    }

    /// What is known of a plan, when its deliveries are told here.
    async fn known(&mut self, number: u64) -> Result<Option<Arc<Known>>, Unavailable> {
        if let Some(known) = self.plans.get(&number) {
            return Ok(known.clone());
        }
        let known = load(&self.parts, number).await?;
        let own = |known: &Known| self.issuer.is_none() || self.issuer == known.record.issuer;
        let known = known.filter(own).map(Arc::new);
        if self.plans.len() >= PLANS {
            self.plans.pop_first();
        }
        self.plans.insert(number, known.clone());
        Ok(known)
    }

    /// Fills in whom the lines are about.
    async fn name(&self, lines: &mut [(ReceiptLine, u32)]) -> Result<(), Unavailable> {
        let mut rows: Vec<u32> = lines.iter().map(|(_, row)| *row).collect();
        rows.sort_unstable();
        rows.dedup();
        let found = self.parts.directory.views(&rows).await?;
        for (line, row) in lines {
            let at = rows.binary_search(row).ok();
            let recipient = at.and_then(|at| found.get(at)).and_then(Option::as_ref);
            line.recipient = recipient.map(|recipient| recipient.external_id.clone()).unwrap_or_default();
        }
        Ok(())
    }
}

async fn load(parts: &Parts, number: u64) -> Result<Option<Known>, Unavailable> {
    if let Some(plan) = parts.projection.plan(number) {
        let (record, audience) = (plan.record.clone(), plan.audience.clone());
        return Ok(Some(Known { record, audience, plan: Some(plan) }));
    }
    let record = parts.store.get(Space::Plan, number.into()).await?;
    let audience = parts.store.get(Space::PlanAudience, number.into()).await?;
    let (Some(record), Some(audience)) = (record, audience) else { return Ok(None) };
    Ok(Some(Known { record: parse(&record.value)?, audience: bitmap(&audience.value)?, plan: None }))
}

fn line(known: &Known, outcomes: &Outcomes, record: &Record, cursor: Cursor) -> Option<(ReceiptLine, u32)> {
    let (kind, state) = match record.outcome {
        Outcome::Reached(state) => (if outcomes.lease == 0 { "receipt" } else { "outcome" }, state),
        Outcome::Again | Outcome::AgainInDoubt => ("again", State::Pending),
        Outcome::Outdated => ("outdated", State::Failed),
        Outcome::Reopened => ("reopened", State::Pending),
        Outcome::Returned => return None,
    };
    let row = known.audience.select(record.rank)?;
    let plan = known.plan.as_ref();
    let line = ReceiptLine {
        cursor: cursor.to_string(),
        kind,
        warning: known.record.warning.clone(),
        channel: known.record.channel.name(),
        delivery: Token::new(outcomes.plan, record.rank).to_string(),
        recipient: String::new(),
        state,
        reason: record.reason,
        provider: (!record.code.is_empty()).then(|| record.code.to_string()),
        route: (!outcomes.route.is_empty()).then(|| outcomes.route.clone()),
        at: rfc3339(outcomes.base_ms + i64::from(record.delay_ms)),
        attempts: plan.map_or(0, |plan| u32::from(plan.attempts(record.rank))),
        maybe_doubled: plan.is_some_and(|plan| plan.maybe_doubled(record.rank)),
    };
    Some((line, row))
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let read = |text: &str| text.parse::<Cursor>().ok().map(|cursor| cursor.to_string());
        assert_eq!(read("12.3.45").as_deref(), Some("12.3.45"));
        assert_eq!(read("12").as_deref(), Some("12.0.0"));
        for wrong in ["", "x", "1.2.3.4", "-1", "1..2", "1.2.99999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let order = ["1.0.0", "1.1.1", "1.1.2", "1.2.1", "2.1.1"].map(|text| text.parse::<Cursor>().expect("one"));
        assert!(order.is_sorted());
    }
}
