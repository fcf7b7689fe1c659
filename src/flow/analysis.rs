//! 汇总、分析和研判: the warnings of a span of time as samples for [`crate::domain::analysis`], from what is in memory;
//! what departments did is in the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Flow, Parts, Unavailable,
    authorize::{Actor, Role},
    parts::parse,
    record::{Stage, WarningRecord},
    status,
};
use crate::{
    domain::{
        analysis::{Analysis, Change, Measures, Period, Reach, Sample},
        area::AreaCode,
        chain,
        delivery::State,
        hazard,
        measures::{Measure, MeasureState, Sheet},
        message::{Kind, Status},
    },
    store::{self, Space},
};

/// Which warnings are analysed.
#[derive(Clone, Copy, Debug)]
pub struct AnalysisOrder {
    /// Received at or after this moment, milliseconds since 1970.
    pub from_ms: i64,
    /// Received before this moment.
    pub until_ms: i64,
    pub period: Period,
    /// Actual ones, exercises or tests: never together.
    pub status: Status,
}

impl Flow {
    /// What the warnings of a span of time came to. An issuer sees released ones of all, others only of its own.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn analysis(&self, order: AnalysisOrder, actor: &Actor) -> Result<Analysis, Unavailable> {
        let parts = &self.0;
        let wanted = |record: &&Arc<WarningRecord>| {
            (order.from_ms..order.until_ms).contains(&record.received_ms)
                && record.status == order.status
                && record.stage != Stage::Recorded
                && record.notice.is_none()
                && (record.released_ms.is_some() || actor.role != Role::Issuer || actor.subject == record.issuer)
        };
        let records: Vec<Arc<WarningRecord>> = parts.warnings.read().all().filter(wanted).cloned().collect();
        let mut measures = measures(parts, &records).await?;
        let with = |record: &Arc<WarningRecord>| Sample {
            measures: measures.remove(&record.id.0).unwrap_or_default(),
            ..sample(parts, record)
        };
        let samples: Vec<Sample> = records.iter().map(with).collect();
        Ok(Analysis::of(&samples, order.period, parts.clock.unix_ms()))
    }
}

/// What departments had to do, by the warning that brought it. Sheets on which nothing is open are in the store only.
async fn measures(parts: &Parts, records: &[Arc<WarningRecord>]) -> Result<BTreeMap<String, Measures>, Unavailable> {
    let events: BTreeSet<&str> = records.iter().map(|record| record.event.0.as_str()).collect();
    let now_ms = parts.clock.unix_ms();
    let mut all: BTreeMap<String, Measures> = BTreeMap::new();
    store::each(&parts.store, Space::Measures, None, |key, stored| {
        if std::str::from_utf8(&key.0).is_ok_and(|event| events.contains(event)) {
            for item in parse::<Sheet>(&stored.value)?.items {
                let sum = all.entry(item.from.clone()).or_default();
                *sum = sum.and(counted(&item, now_ms));
            }
        }
        Ok::<(), Unavailable>(())
    })
    .await?;
    Ok(all)
}

fn counted(item: &Measure, now_ms: i64) -> Measures {
    let state = item.state();
    Measures {
        asked: 1,
        done: u64::from(state == MeasureState::Done),
        late: u64::from(item.is_late()),
        overdue: u64::from(item.is_overdue(now_ms)),
        not_applicable: u64::from(state == MeasureState::NotApplicable),
        ended: u64::from(state == MeasureState::Ended),
    }
}

fn sample(parts: &Parts, record: &WarningRecord) -> Sample {
    let message = &record.message;
    let named = message.infos.iter().find_map(hazard::national_code).map(str::to_owned);
    let name = || message.infos.first().map(|info| info.event.clone()).unwrap_or_default();
    let areas = message.infos.iter().flat_map(|info| &info.areas).flat_map(AreaCode::of_area);
    let mut areas: Vec<AreaCode> = areas.map(AreaCode::street).collect();
    areas.sort_unstable();
    areas.dedup();
    Sample {
        received_ms: record.received_ms,
        released_ms: record.released_ms,
        finished_ms: record.finished_ms.filter(|_| record.released_ms.is_some()),
        stood_until_ms: stood_until(parts, record),
        change: match message.kind {
            _ if chain::is_lift(message) => Change::Lift,
            Kind::Update => Change::Update,
            _ => Change::First,
        },
        ended: record.ended.clone(),
        hazard: named.unwrap_or_else(name),
        level: record.level,
        issuer: record.issuer.clone().unwrap_or_else(|| message.sender.clone()),
        areas,
        reach: reach(parts, record),
        measures: Measures::default(),
    }
}

/// The end of what a warning says: something ended it, or its time was over; `None` when neither is foreseen.
fn stood_until(parts: &Parts, record: &WarningRecord) -> Option<i64> {
    let ended = record.ended_by.as_ref().and_then(|by| parts.warning_record(by)?.released_ms);
    let expires = record.expires_unix().map(|end| end.saturating_mul(1_000));
    ended.into_iter().chain(expires).min()
}

/// Whom a warning has reached so far.
fn reach(parts: &Parts, record: &WarningRecord) -> Reach {
    let people = status::people_of(parts, record);
    let mut counts: BTreeMap<State, u64> = BTreeMap::new();
    for number in &record.plans {
        let count = parts.projection.count_of(*number);
        State::ALL.into_iter().for_each(|state| *counts.entry(state).or_default() += count(state));
    }
    Reach {
        addressed: people.addressed,
        by_one: people.reached_by_one,
        by_two: people.reached_by_two,
        confirmed: people.confirmed,
        deliveries: counts.values().sum(),
        failed: counts.get(&State::Failed).copied().unwrap_or_default(),
    }
}
