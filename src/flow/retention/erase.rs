//! Single deliveries and audiences are erased when their time is over: the heads of their plans say so first, then the
//! rest goes. Counts stay, and so does the journal, in which a delivery is a plan and a number that nothing leads from
//! to a person any more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use roaring::RoaringBitmap;

use crate::{
    flow::{
        Parts, Unavailable,
        parts::parse,
        projection::{block::Head, fold, recall},
        record::{Decision, WarningId, json},
        render::{PlanContents, VariantContent},
        status,
    },
    store::{Commit, Expect, Put, Space},
};

const DAY_MS: i64 = 86_400_000;

/// Erases what is due.
pub(super) async fn details(parts: &Arc<Parts>, now_ms: i64) -> Result<(), Unavailable> {
    let heads = parts.projection.folded.heads();
    for head in heads.iter().filter(|head| head.erasing) {
        finish(parts, head).await?;
    }
    let days = i64::from(parts.config.retention.details_days);
    if days == 0 {
        return Ok(());
    }
    let live: BTreeSet<u64> = parts.projection.all().iter().map(|plan| plan.record.number).collect();
    let mut due: BTreeMap<&WarningId, Vec<&Arc<Head>>> = BTreeMap::new();
    for head in heads.iter().filter(|head| !head.is_erased() && head.finished_ms + days * DAY_MS <= now_ms) {
        due.entry(&head.warning).or_default().push(head);
    }
    for (warning, heads) in due {
        let whole = parts.warning_record(warning).is_some_and(|record| record.plans.len() == heads.len());
        if whole && !heads.iter().any(|head| live.contains(&head.plan)) {
            begin(parts, warning, &heads, now_ms).await?;
        }
    }
    Ok(())
}

/// Says that the single deliveries of a warning are gone, and how many persons there were.
async fn begin(parts: &Arc<Parts>, warning: &WarningId, heads: &[&Arc<Head>], now_ms: i64) -> Result<(), Unavailable> {
    let numbers: Vec<u64> = heads.iter().map(|head| head.plan).collect();
    let held = recall::recall(parts, &numbers).await?;
    let people = status::people_now(parts, warning).and_then(|people| serde_json::to_value(people).ok());
    drop(held);
    let erased = |head: &&Arc<Head>| Head {
        erased_ms: Some(now_ms),
        erasing: true,
        people: people.clone(),
        ..Head::clone(head)
    };
    let erased: Vec<Head> = heads.iter().map(erased).collect();
    let mut puts: Vec<Put> = erased.iter().map(put).collect();
    for number in numbers {
        puts.push(Put { space: Space::PlanAudience, key: number.into(), value: None, expect: Expect::Any });
        if !parts.nodes.is_alone() {
            puts.push(Put { space: Space::Claim, key: number.into(), value: None, expect: Expect::Any });
        }
        puts.extend(content_for_nobody(parts, number).await?);
    }
    let decision = Decision {
        at_ms: now_ms,
        what: "details_erased".to_owned(),
        warning: Some(warning.clone()),
        by: Some("policy".to_owned()),
        detail: None,
    };
    let committed = parts.store.commit(Commit { puts, entries: vec![decision.entry()] }).await?;
    parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
    for head in erased {
        parts.projection.folded.insert(head.clone());
        finish(parts, &head).await?;
    }
    Ok(())
}

/// The contents of a plan without the rows that each variant was for.
async fn content_for_nobody(parts: &Parts, number: u64) -> Result<Option<Put>, Unavailable> {
    let Some(stored) = parts.store.get(Space::PlanContent, number.into()).await? else { return Ok(None) };
    let contents: PlanContents = parse(&stored.value)?;
    let nobody = RoaringBitmap::new();
    let variants = contents.variants.into_iter().map(|variant| VariantContent::new(variant.content, &nobody));
    let contents = PlanContents { first: contents.first, variants: variants.collect() };
    let expect = Expect::Version(stored.version);
    Ok(Some(Put { space: Space::PlanContent, key: number.into(), value: Some(json(&contents)), expect }))
}

/// Erases the columns of a plan whose head says that they are gone.
async fn finish(parts: &Arc<Parts>, head: &Head) -> Result<(), Unavailable> {
    fold::erase_parts(parts, head.plan, None).await?;
    let head = Head { erasing: false, ..head.clone() };
    parts.store.commit(Commit { puts: vec![put(&head)], entries: Vec::new() }).await?;
    parts.projection.folded.insert(head);
    Ok(())
}

fn put(head: &Head) -> Put {
    Put { space: Space::PlanFolded, key: head.plan.into(), value: Some(json(head)), expect: Expect::Any }
}
