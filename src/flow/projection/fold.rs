//! Folding a plan that is over into one block of the store.
//!
//! States are taken from memory. What was said last about each delivery is collected from the journal (and from the
//! block before, when there was one) for a million deliveries at a time, so that memory stays bounded whatever the plan;
//! rows that have nothing for these are not read again.

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::{
    Plan,
    block::{self, Damaged, Detail, Details, Head, Kind, Writer},
    codec::{OutcomesRef, plan_of},
    recall::stored,
};
use crate::{
    flow::{Parts, Unavailable, record::json},
    store::{Appended, Commit, EntryKind, Expect, Put, Space},
};

/// Deliveries collected at a time.
const GROUP: u32 = 1 << 20;
/// Rows of the journal read at a time.
const ROWS: usize = 64;
/// Parts of an older block erased at a time.
const ERASED_AT_ONCE: usize = 4;

/// Folds a plan, unless something about it changes meanwhile; true when it is folded. `people` are the persons of its
/// warning.
pub(crate) async fn fold(
    parts: &Parts,
    plan: &Arc<Plan>,
    finished_ms: i64,
    people: Option<serde_json::Value>,
) -> Result<bool, Unavailable> {
    let number = plan.record.number;
    let before = parts.store.get(Space::PlanFolded, number.into()).await?;
    let generation = match &before {
        Some(stored) => Head::read(number, &stored.value)?.generation + 1,
        None => 1,
    };
    let version = plan.version();
    let mut folding = Folding::new(parts, plan, generation);
    for first in (0..plan.size()).step_by(GROUP as usize) {
        if parts.lifecycle.stopping().is_cancelled() {
            return Ok(false);
        }
        folding.group(first..plan.size().min(first.saturating_add(GROUP))).await?;
    }
    folding.last_details().await?;
    folding.states().await?;
    // What another node said after this row is not in what was read.
    let followed = parts.nodes.followed();
    if !plan.shut(version) {
        return Ok(false);
    }
    // Nobody writes about the plan now: the journal's last row is after everything about it.
    let as_of = match followed {
        Some(followed) => Ok((followed, [0; 32])),
        None => parts.store.head().await,
    };
    let committed = match as_of {
        Ok((as_of, _)) => {
            let head = folding.head(as_of, finished_ms, people);
            let expect = before.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
            let put = Put { space: Space::PlanFolded, key: number.into(), value: Some(json(&head)), expect };
            let commit = Commit { puts: vec![put], entries: Vec::new() };
            parts.store.commit(commit).await.map(|_| head).map_err(Unavailable::from)
        }
        Err(fault) => Err(fault.into()),
    };
    match committed {
        Ok(head) => parts.projection.fold(head),
        Err(fault) => {
            plan.unshut();
            return Err(fault);
        }
    }
    if generation > 1 {
        erase_parts(parts, number, Some(generation)).await?;
    }
    Ok(true)
}

/// Erases the parts of a plan's blocks, but those of the generation that stays.
pub(crate) async fn erase_parts(parts: &Parts, plan: u64, stays: Option<u32>) -> Result<(), Unavailable> {
    let mut after = crate::store::Key::from(plan);
    loop {
        let page = parts.store.list(Space::PlanFolded, Some(after), ERASED_AT_ONCE).await?;
        let generations = page.iter().map_while(|(key, _)| Some((key, block::generation(plan, key)?)));
        let of_plan: Vec<_> = generations.collect();
        let Some((last, _)) = of_plan.last() else { return Ok(()) };
        after = (*last).clone();
        let gone = of_plan.iter().filter(|(_, generation)| Some(*generation) != stays);
        let puts: Vec<Put> = gone
            .map(|(key, _)| Put { space: Space::PlanFolded, key: (*key).clone(), value: None, expect: Expect::Any })
            .collect();
        if puts.is_empty() {
            // Generations are ascending: what stays is the newest.
            return Ok(());
        }
        parts.store.commit(Commit { puts, entries: Vec::new() }).await?;
    }
}

/// A block that is being written.
struct Folding<'p> {
    parts: &'p Parts,
    plan: &'p Plan,
    generation: u32,
    /// Where the plan's entries stand, ascending, each with its number in the plan.
    entries: Vec<(Appended, u32)>,
    /// Rows that have entries of the plan, and the ranks these speak of, once known.
    rows: Vec<(u64, Option<(u32, u32)>)>,
    routes: Vec<String>,
    writer: Writer,
    details: Vec<u32>,
    index: Vec<Vec<u64>>,
}

/// What was said last about some deliveries in a row.
struct Group {
    ranks: Range<u32>,
    /// Number of the entry that says why the state is as it is, plus one.
    entry_of: Vec<u32>,
    said: Vec<Last>,
    references: Vec<u8>,
    codes: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
}

#[derive(Clone, Copy, Default)]
struct Last {
    at_ms: i64,
    reference: u32,
    /// Number of the code, plus one.
    code: u32,
    length: u8,
    /// Number of the route, plus one.
    route: u8,
    /// Number of the route that gave the reference, plus one.
    giver: u8,
    known: bool,
}

impl<'p> Folding<'p> {
    fn new(parts: &'p Parts, plan: &'p Plan, generation: u32) -> Self {
        let mut entries: Vec<(Appended, u32)> = plan.with(|dense| dense.entries().iter().copied().zip(1..).collect());
        entries.sort_unstable();
        let mut rows: Vec<(u64, Option<(u32, u32)>)> = entries.iter().map(|(at, _)| (at.sequence, None)).collect();
        rows.dedup();
        let routes = plan.block.as_ref().map(|head| head.routes.clone()).unwrap_or_default();
        let writer = Writer::new(plan.record.created_ms);
        Self { parts, plan, generation, entries, rows, routes, writer, details: Vec::new(), index: Vec::new() }
    }

    /// Collects and writes the details of some ranks, and their run of the index.
    async fn group(&mut self, ranks: Range<u32>) -> Result<(), Unavailable> {
        let mut group = Group::new(self.plan, ranks);
        self.read_block(&mut group).await?;
        self.read_journal(&mut group).await?;
        let mut index = Vec::new();
        for rank in group.ranks.clone() {
            let detail = group.detail(rank);
            if let Some(route) = detail.giver.and_then(|giver| self.routes.get(usize::from(giver))) {
                index.push(u64::from(block::crc_of(route, detail.reference)) << 32 | u64::from(rank));
            }
            if self.writer.is_full() {
                self.last_details().await?;
            }
            if self.writer.is_empty() {
                self.details.push(rank);
            }
            self.writer.put(&detail);
        }
        self.index.push(Vec::new());
        for (first, part) in block::index_parts(index) {
            let number = self.index.iter().map(Vec::len).sum();
            self.put(Kind::Index, number, part).await?;
            self.index.last_mut().into_iter().for_each(|run| run.push(first));
        }
        Ok(())
    }

    /// Writes the details collected so far as a part.
    async fn last_details(&mut self) -> Result<(), Unavailable> {
        if self.writer.is_empty() {
            return Ok(());
        }
        let part = self.writer.take();
        self.put(Kind::Details, self.details.len() - 1, part).await
    }

    async fn states(&mut self) -> Result<(), Unavailable> {
        for (part, (first, count)) in block::states(self.plan.size()).enumerate() {
            let bytes = self.plan.with(|dense| {
                let (states, reasons) = dense.bytes(first, count);
                [states, reasons].concat()
            });
            self.put(Kind::States, part, block::sealed(bytes)).await?;
        }
        Ok(())
    }

    /// One part, one commit: nobody else's commit waits for more than that.
    async fn put(&self, kind: Kind, part: usize, value: bytes::Bytes) -> Result<(), Unavailable> {
        let key = block::key(self.plan.record.number, self.generation, kind, part);
        let put = Put { space: Space::PlanFolded, key, value: Some(value), expect: Expect::Any };
        self.parts.store.commit(Commit { puts: vec![put], entries: Vec::new() }).await?;
        Ok(())
    }

    /// What an older block of the plan says.
    async fn read_block(&mut self, group: &mut Group) -> Result<(), Unavailable> {
        let Some(head) = self.plan.block.clone() else { return Ok(()) };
        for (part, first) in head.details.iter().enumerate() {
            let end = head.details.get(part + 1).copied().unwrap_or(head.size);
            if end <= group.ranks.start || *first >= group.ranks.end {
                continue;
            }
            let bytes = stored(self.parts, &head, Kind::Details, part).await?;
            let details = Details::read(&bytes)?;
            for rank in group.ranks.start.max(*first)..group.ranks.end.min(end) {
                let detail = details.get((rank - first) as usize).ok_or(Damaged)?;
                group.folded(rank, &detail);
            }
        }
        Ok(())
    }

    /// What the journal says.
    async fn read_journal(&mut self, group: &mut Group) -> Result<(), Unavailable> {
        let mut at = 0;
        while at < self.rows.len() {
            let (sequence, speaks_of) = self.rows[at];
            if speaks_of.is_some_and(|(low, high)| high < group.ranks.start || low >= group.ranks.end) {
                at += 1;
                continue;
            }
            let following = self.rows[at..].iter().zip(sequence..).take(ROWS);
            let count = following.take_while(|((row, _), expected)| row == expected).count();
            let rows = self.parts.store.journal(sequence, count).await?;
            if rows.first().is_none_or(|row| row.sequence != sequence) {
                return Err(Unavailable::new(format!("row {sequence} of the journal is missing")));
            }
            for row in &rows {
                let outcomes = row.entries.iter().filter(|(_, entry)| entry.kind == EntryKind::Outcomes);
                let mut spoken = (u32::MAX, 0);
                for (offset, entry) in
                    outcomes.filter(|(_, entry)| plan_of(&entry.data) == Some(self.plan.record.number))
                {
                    let place = Appended { sequence: row.sequence, offset: *offset };
                    let Ok(known) = self.entries.binary_search_by_key(&place, |(at, _)| *at) else { continue };
                    let (low, high) = group.entry(self.entries[known].1, &entry.data, &mut self.routes);
                    spoken = (spoken.0.min(low), spoken.1.max(high));
                }
                self.rows[at].1 = Some(spoken);
                at += 1;
            }
        }
        Ok(())
    }

    fn head(self, as_of: u64, finished_ms: i64, people: Option<serde_json::Value>) -> Head {
        let (counts, reasons, doubled, changed_ms) =
            self.plan.with(|dense| (dense.counts, dense.reason_counts, dense.doubled, dense.changed_ms));
        Head {
            plan: self.plan.record.number,
            warning: self.plan.record.warning.clone(),
            generation: self.generation,
            size: self.plan.size(),
            as_of,
            folded_ms: self.parts.clock.unix_ms(),
            finished_ms,
            counts: counts.to_vec(),
            reasons: reasons.to_vec(),
            doubled,
            changed_ms,
            routes: self.routes,
            details: self.details,
            index: self.index,
            erased_ms: None,
            erasing: false,
            people,
        }
    }
}

/// The number of a name in a list, which it is put into when it is new; `None` when the list is full.
fn route_number(routes: &mut Vec<String>, name: &str) -> Option<u8> {
    let known = routes.iter().position(|known| known == name);
    let at = known.unwrap_or(routes.len());
    let number = u8::try_from(at).ok().filter(|number| *number < 254)?;
    if known.is_none() {
        routes.push(name.to_owned());
    }
    Some(number)
}

impl Group {
    fn new(plan: &Plan, ranks: Range<u32>) -> Self {
        let count = ranks.len();
        let entry_of = plan.with(|dense| dense.entries_of(ranks.start, count));
        Self {
            ranks,
            entry_of,
            said: vec![Last::default(); count],
            references: Vec::new(),
            codes: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Takes in one entry of the journal; says which ranks it speaks of.
    fn entry(&mut self, number: u32, data: &[u8], routes: &mut Vec<String>) -> (u32, u32) {
        let (mut low, mut high) = (u32::MAX, 0);
        let Ok(mut outcomes) = OutcomesRef::read(data) else { return (low, high) };
        let route = route_number(routes, outcomes.route);
        while let Ok(Some(record)) = outcomes.next() {
            (low, high) = (low.min(record.rank), high.max(record.rank));
            if !self.ranks.contains(&record.rank) {
                continue;
            }
            let at = (record.rank - self.ranks.start) as usize;
            if let Some(giver) = route.filter(|_| !record.reference.is_empty()) {
                self.refer(at, record.reference, giver);
            }
            if self.entry_of.get(at) == Some(&number) {
                let code = self.code(record.code);
                let last = &mut self.said[at];
                last.at_ms = outcomes.base_ms + i64::from(record.delay_ms);
                (last.known, last.code, last.route) = (true, code, route.map_or(0, |route| route + 1));
            }
        }
        (low, high)
    }

    /// Takes in what an older block says, for what the journal does not say more about.
    fn folded(&mut self, rank: u32, detail: &Detail<'_>) {
        let at = (rank - self.ranks.start) as usize;
        if let Some(giver) = detail.giver {
            self.refer(at, detail.reference, giver);
        }
        let code = self.code(detail.code);
        let last = &mut self.said[at];
        (last.at_ms, last.known) = (detail.at_ms.unwrap_or_default(), detail.at_ms.is_some());
        (last.code, last.route) = (code, detail.route.map_or(0, |route| route + 1));
    }

    fn refer(&mut self, at: usize, reference: &[u8], giver: u8) {
        let last = &mut self.said[at];
        last.reference = u32::try_from(self.references.len()).unwrap_or(u32::MAX);
        (last.length, last.giver) = (reference.len() as u8, giver + 1);
        self.references.extend(reference);
    }

    fn code(&mut self, code: &[u8]) -> u32 {
        if code.is_empty() {
            return 0;
        }
        if let Some(number) = self.numbers.get(code) {
            return *number;
        }
        self.codes.push(code.into());
        let number = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        self.numbers.insert(code.into(), number);
        number
    }

    /// What was said last about a rank.
    fn detail(&self, rank: u32) -> Detail<'_> {
        let last = &self.said[(rank - self.ranks.start) as usize];
        let start = last.reference as usize;
        let code = (last.code as usize).checked_sub(1).and_then(|code| self.codes.get(code));
        Detail {
            at_ms: last.known.then_some(last.at_ms),
            route: last.route.checked_sub(1),
            reference: self.references.get(start..start + usize::from(last.length)).unwrap_or_default(),
            giver: last.giver.checked_sub(1),
            code: code.map(|code| &**code).unwrap_or_default(),
        }
    }
}
