//! What was said last about single deliveries: from the journal, or from the block of a folded plan.

use std::collections::BTreeMap;

use super::{
    Plan,
    block::{Damaged, Details, Kind},
    codec::OutcomesRef,
    recall::stored,
};
use crate::{
    flow::{Parts, Unavailable},
    store::EntryKind,
};

/// What was said last about a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// When the state was reached, milliseconds since 1970.
    pub(crate) at_ms: Option<i64>,
    pub(crate) route: Option<String>,
    /// The provider's own code, empty when there is none.
    pub(crate) code: String,
    /// The provider's name for it, where this was its answer to a submit; empty when there is none.
    pub(crate) reference: Box<[u8]>,
}

/// What was said last about these deliveries, in the order asked for. Each row of the journal and each part of a block
/// is read once.
pub(crate) async fn said(parts: &Parts, plan: &Plan, ranks: &[u32]) -> Result<Vec<Said>, Unavailable> {
    let mut answers = vec![Said::default(); ranks.len()];
    let mut rows: BTreeMap<u64, BTreeMap<(u32, u32), usize>> = BTreeMap::new();
    let mut folded: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let block = plan.block.as_ref().filter(|head| !head.is_erased());
    for (place, rank) in ranks.iter().enumerate() {
        if let Some(at) = plan.entry(*rank) {
            rows.entry(at.sequence).or_default().insert((at.offset, *rank), place);
        } else if let Some(part) = block.and_then(|head| head.detail_of(*rank)) {
            folded.entry(part).or_default().push(place);
        }
    }
    for (sequence, wanted) in rows {
        from_row(parts, sequence, &wanted, &mut answers).await?;
    }
    for (part, places) in folded {
        let Some(head) = block else { break };
        let bytes = stored(parts, head, Kind::Details, part).await?;
        let details = Details::read(&bytes)?;
        for place in places {
            let detail = details.get((ranks[place] - head.details[part]) as usize).ok_or(Damaged)?;
            let route = detail.route.and_then(|route| head.routes.get(usize::from(route)).cloned());
            let code = String::from_utf8_lossy(detail.code).into_owned();
            answers[place] = Said { at_ms: detail.at_ms, route, code, reference: detail.reference.into() };
        }
    }
    Ok(answers)
}

/// Fills in what one row says; `wanted` are places by offset of the entry and rank.
async fn from_row(
    parts: &Parts,
    sequence: u64,
    wanted: &BTreeMap<(u32, u32), usize>,
    answers: &mut [Said],
) -> Result<(), Unavailable> {
    let rows = parts.store.journal(sequence, 1).await?;
    let entries = rows.iter().filter(|row| row.sequence == sequence).flat_map(|row| &row.entries);
    for (offset, entry) in entries.filter(|(_, entry)| entry.kind == EntryKind::Outcomes) {
        if wanted.range((*offset, 0)..=(*offset, u32::MAX)).next().is_none() {
            continue;
        }
        let Ok(mut outcomes) = OutcomesRef::read(&entry.data) else { continue };
        while let Ok(Some(record)) = outcomes.next() {
            if let Some(place) = wanted.get(&(*offset, record.rank)) {
                answers[*place] = Said {
                    at_ms: Some(outcomes.base_ms + i64::from(record.delay_ms)),
                    route: Some(outcomes.route.to_owned()),
                    code: String::from_utf8_lossy(record.code).into_owned(),
                    reference: record.reference.into(),
                };
            }
        }
    }
    Ok(())
}
