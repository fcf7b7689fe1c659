//! Single deliveries, for the operator's lists: who was not reached, and why.

use std::sync::Arc;

use fenghuo_contract::Token;

use super::{DeliveryFilter, DeliveryView};
use crate::{
    domain::delivery::Word,
    flow::{
        Page, Parts, Unavailable,
        projection::{Plan, recall, said},
        record::{WarningRecord, rfc3339},
    },
};

/// A page of deliveries in the order of channel and rank. The cursor names the next one: `{plan}-{rank}` in hex.
pub(super) async fn page(
    parts: &Parts,
    warning: &WarningRecord,
    filter: &DeliveryFilter,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page<DeliveryView>, Unavailable> {
    let (first_plan, mut first_rank) = cursor.and_then(position).unwrap_or_default();
    let mut items = Vec::new();
    let mut plans = recall::recall(parts, &warning.plans).await?;
    plans.sort_by_key(|plan| plan.record.number);
    for plan in plans.into_iter().filter(|plan| plan.record.number >= first_plan) {
        if filter.channel.as_ref().is_some_and(|channel| channel != plan.record.channel.name()) {
            continue;
        }
        let from = if plan.record.number == first_plan { first_rank } else { 0 };
        let wanted = |word: Word| {
            filter.state.is_none_or(|state| state == word.state)
                && filter.reason.is_none_or(|reason| reason == word.reason)
        };
        let found = plan.find(from, limit - items.len() + 1, wanted);
        let fits = (limit - items.len()).min(found.len());
        items.extend(views(parts, &plan, &found[..fits]).await?);
        if let Some((rank, _)) = found.get(fits) {
            return Ok(Page { items, next: Some(format!("{:x}-{rank:x}", plan.record.number)) });
        }
        first_rank = 0;
    }
    Ok(Page { items, next: None })
}

fn position(cursor: &str) -> Option<(u64, u32)> {
    let (plan, rank) = cursor.split_once('-')?;
    Some((u64::from_str_radix(plan, 16).ok()?, u32::from_str_radix(rank, 16).ok()?))
}

async fn views(parts: &Parts, plan: &Arc<Plan>, found: &[(u32, Word)]) -> Result<Vec<DeliveryView>, Unavailable> {
    let ranks: Vec<u32> = found.iter().map(|(rank, _)| *rank).collect();
    let rows = plan.rows(&ranks);
    let recipients = parts.directory.views(&rows).await?;
    let said = said::said(parts, plan, &ranks).await?;
    let mut views = Vec::with_capacity(found.len());
    for (((rank, word), recipient), said) in found.iter().zip(recipients).zip(said) {
        let channel = plan.record.channel.name();
        views.push(DeliveryView {
            token: Token::new(plan.record.number, *rank).to_string(),
            recipient: recipient.as_ref().map(|known| known.external_id.clone()).unwrap_or_default(),
            channel: channel.to_owned(),
            address: recipient.and_then(|known| known.endpoints.get(channel).cloned()).unwrap_or_default(),
            state: word.state,
            reason: word.reason,
            provider: Some(said.code).filter(|code| !code.is_empty()),
            at: said.at_ms.map(rfc3339),
            route: said.route,
            attempts: u32::from(plan.attempts(*rank)),
            maybe_doubled: plan.maybe_doubled(*rank),
        });
    }
    Ok(views)
}
