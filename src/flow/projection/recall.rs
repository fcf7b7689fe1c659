//! Folded plans: what they came to is known, single deliveries are read again when somebody asks.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;

use super::{
    Plan,
    block::{self, Damaged, Details, Head, Kind},
    gate::Writing,
};
use crate::{
    flow::{Parts, Unavailable, schedule},
    store::Space,
};

/// Bytes of recalled plans that stay for the next question, at most; the one asked for last always stays.
const KEPT_BYTES: u64 = 64 << 20;
/// How long they stay, milliseconds.
const KEPT_MS: i64 = 60_000;

/// What is known of folded plans.
#[derive(Default)]
pub(crate) struct Folded(Mutex<Known>);

#[derive(Default)]
struct Known {
    heads: BTreeMap<u64, Arc<Head>>,
    /// Plans that somebody holds.
    recalled: HashMap<u64, Weak<Plan>>,
    /// Recalled plans and when they were asked for, the newest last.
    kept: VecDeque<(i64, Arc<Plan>)>,
}

impl Folded {
    pub(crate) fn insert(&self, head: Head) {
        let mut known = self.0.lock();
        known.drop_plan(head.plan);
        known.heads.insert(head.plan, Arc::new(head));
    }

    pub(crate) fn head(&self, plan: u64) -> Option<Arc<Head>> {
        self.0.lock().heads.get(&plan).cloned()
    }

    /// What is known of every folded plan, the newest first.
    pub(crate) fn heads(&self) -> Vec<Arc<Head>> {
        self.0.lock().heads.values().rev().cloned().collect()
    }

    pub(super) fn recalled(&self, plan: u64) -> Option<Arc<Plan>> {
        self.0.lock().recalled.get(&plan).and_then(Weak::upgrade)
    }

    /// Keeps a recalled plan a while; another one that was recalled meanwhile goes before it.
    fn keep(&self, plan: Plan, now_ms: i64) -> Arc<Plan> {
        let number = plan.record.number;
        let mut known = self.0.lock();
        let plan = known.recalled.get(&number).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(plan));
        known.recalled.insert(number, Arc::downgrade(&plan));
        known.kept.retain(|(_, other)| other.record.number != number);
        known.kept.push_back((now_ms, Arc::clone(&plan)));
        let size = |plan: &Plan| 2 * u64::from(plan.size());
        let mut bytes: u64 = known.kept.iter().map(|(_, plan)| size(plan)).sum();
        while bytes > KEPT_BYTES
            && known.kept.len() > 1
            && let Some((_, dropped)) = known.kept.pop_front()
        {
            bytes -= size(&dropped);
        }
        plan
    }

    /// Gives back what nobody has asked for lately.
    pub(crate) fn tidy(&self, now_ms: i64) {
        let mut known = self.0.lock();
        known.kept.retain(|(asked_ms, _)| *asked_ms > now_ms - KEPT_MS);
        known.recalled.retain(|_, plan| plan.strong_count() > 0);
    }
}

impl Known {
    fn drop_plan(&mut self, number: u64) {
        self.recalled.remove(&number);
        self.kept.retain(|(_, plan)| plan.record.number != number);
    }
}

/// Brings these plans into the projection for as long as the answer is held, as far as they are folded; the others are
/// there anyway.
pub(crate) async fn recall(parts: &Parts, numbers: &[u64]) -> Result<Vec<Arc<Plan>>, Unavailable> {
    let mut held = Vec::new();
    for number in numbers {
        if let Some(plan) = parts.projection.plan(*number) {
            held.push(plan);
        } else if let Some(head) = parts.projection.folded.head(*number) {
            let plan = read(parts, head).await?;
            held.push(parts.projection.folded.keep(plan, parts.clock.unix_ms()));
        }
    }
    Ok(held)
}

/// A folded plan as it was.
async fn read(parts: &Parts, head: Arc<Head>) -> Result<Plan, Unavailable> {
    let plan = if head.is_erased() {
        schedule::load_erased(parts, head.plan).await?
    } else {
        schedule::load(parts, head.plan).await?
    };
    let plan = plan.ok_or(Damaged)?;
    if plan.size() != head.size && !head.is_erased() {
        return Err(Damaged.into());
    }
    let mut states = Vec::new();
    for (part, (first, _)) in head.states().enumerate().take_while(|_| !head.is_erased()) {
        states.push((first, stored(parts, &head, Kind::States, part).await?));
    }
    let opened: Result<Vec<(u32, &[u8])>, Damaged> =
        states.iter().map(|(first, part)| Ok((*first, block::opened(part)?))).collect();
    Ok(plan.unfold(Arc::clone(&head), opened?)?)
}

/// A part of a block.
pub(super) async fn stored(parts: &Parts, head: &Head, kind: Kind, part: usize) -> Result<bytes::Bytes, Unavailable> {
    let found = parts.store.get(Space::PlanFolded, head.part(kind, part)).await?;
    Ok(found.ok_or(Damaged)?.value)
}

/// Makes a folded plan one of those that are written about; gives the plan that is.
pub(crate) async fn reopen(parts: &Parts, number: u64) -> Result<Arc<Plan>, Unavailable> {
    if let Some(plan) = parts.projection.live(number) {
        return Ok(plan);
    }
    let head =
        parts.projection.folded.head(number).ok_or_else(|| Unavailable::new(format!("there is no plan {number}")))?;
    let plan = read(parts, head).await?;
    // What will be written about it comes after everything that is there now.
    let (last, _) = parts.store.head().await?;
    plan.unshut();
    let plan = parts.projection.insert(plan);
    plan.begins_at(last + 1);
    parts.projection.folded.0.lock().drop_plan(number);
    Ok(plan)
}

/// Goes in to write about a plan that was folded while somebody was about to.
pub(crate) async fn enter(parts: &Parts, number: u64) -> (Arc<Plan>, Writing) {
    loop {
        match reopen(parts, number).await {
            Ok(plan) => {
                if let Some(writing) = plan.enter() {
                    return (plan, writing);
                }
            }
            Err(fault) => tracing::error!(plan = number, %fault, "a folded plan cannot be read, repeating"),
        }
        parts.clock.sleep(Duration::from_millis(20)).await;
    }
}

/// The deliveries of a folded plan that these references belong to: place in `wanted` and rank. Each was compared with
/// the reference itself.
pub(crate) async fn find(
    parts: &Parts,
    head: &Head,
    wanted: &[(Box<str>, Box<[u8]>)],
) -> Result<Vec<(usize, u32)>, Unavailable> {
    let mut by_part: BTreeMap<usize, Vec<(usize, u32)>> = BTreeMap::new();
    let on_route =
        |(_, (route, _)): &(usize, &(Box<str>, Box<[u8]>))| head.routes.iter().any(|known| **known == **route);
    for (at, (route, reference)) in wanted.iter().enumerate().filter(on_route) {
        let crc = block::crc_of(route, reference);
        head.index_of(crc).into_iter().for_each(|part| by_part.entry(part).or_default().push((at, crc)));
    }
    let mut candidates: BTreeMap<usize, Vec<(usize, u32)>> = BTreeMap::new();
    for (part, asked) in by_part {
        let index = stored(parts, head, Kind::Index, part).await?;
        for (at, crc) in asked {
            for rank in block::ranks_of(&index, crc)? {
                let part = head.detail_of(rank).ok_or(Damaged)?;
                candidates.entry(part).or_default().push((at, rank));
            }
        }
    }
    let mut found = Vec::new();
    for (part, candidates) in candidates {
        let details = stored(parts, head, Kind::Details, part).await?;
        let (details, first) = (Details::read(&details)?, head.details[part]);
        let is = |(at, rank): &(usize, u32)| {
            let (route, reference) = &wanted[*at];
            details.get((rank - first) as usize).is_some_and(|detail| {
                let giver = detail.giver.and_then(|giver| head.routes.get(usize::from(giver)));
                *detail.reference == **reference && giver.is_some_and(|giver| **giver == **route)
            })
        };
        found.extend(candidates.into_iter().filter(is));
    }
    Ok(found)
}
