//! 汇总、分析和研判: what a set of warnings came to, by period, hazard, level, issuer and area. Pure: samples in, numbers
//! out, the same for the same samples in any order.

mod overlap;
mod spread;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{area::AreaCode, level::Level};

pub use overlap::Overlap;
pub use spread::Spread;

/// One warning, as far as analysis asks.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Milliseconds since 1970, like every time here.
    pub received_ms: i64,
    pub released_ms: Option<i64>,
    /// Every delivery had ended.
    pub finished_ms: Option<i64>,
    /// It stood until then: lifted, superseded or expired.
    pub stood_until_ms: Option<i64>,
    pub change: Change,
    /// `returned`, `rejected` or `unsigned` when it was never released; `lifted`, `superseded`, `corrected` when something
    /// ended it.
    pub ended: Option<String>,
    /// Code of the hazard, or its name where it has none.
    pub hazard: String,
    pub level: Level,
    /// Id of the issuer, or the CAP sender where there is none.
    pub issuer: String,
    /// Streets it was about; larger areas as they are.
    pub areas: Vec<AreaCode>,
    pub reach: Reach,
    pub measures: Measures,
}

/// What a message did to its event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The first of its event.
    #[default]
    First,
    Update,
    Lift,
}

/// Whom a warning reached. Sums over several warnings count a person once for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reach {
    /// Persons in at least one audience.
    pub addressed: u64,
    /// Accepted or better on at least one channel.
    pub by_one: u64,
    /// Accepted or better on at least two channels.
    pub by_two: u64,
    /// Confirmed by the person.
    pub confirmed: u64,
    /// Deliveries on all channels, screens included.
    pub deliveries: u64,
    /// Of these, those that failed.
    pub failed: u64,
}

impl Reach {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            addressed: self.addressed + other.addressed,
            by_one: self.by_one + other.by_one,
            by_two: self.by_two + other.by_two,
            confirmed: self.confirmed + other.confirmed,
            deliveries: self.deliveries + other.deliveries,
            failed: self.failed + other.failed,
        }
    }
}

/// What departments had to do about a warning, each thing with the warning that brought it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Measures {
    /// Everything that was to be done.
    pub asked: u64,
    /// Done, in time or late.
    pub done: u64,
    /// Of these, done after their time.
    pub late: u64,
    /// Neither done nor ended, and its time is over.
    pub overdue: u64,
    /// Said not to apply.
    pub not_applicable: u64,
    /// Ended with the event before it was done.
    pub ended: u64,
}

impl Measures {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            done: self.done + other.done,
            late: self.late + other.late,
            overdue: self.overdue + other.overdue,
            not_applicable: self.not_applicable + other.not_applicable,
            ended: self.ended + other.ended,
        }
    }
}

/// What some warnings came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Tally {
    pub warnings: u64,
    /// The first of their event, updates, and lifts.
    pub first: u64,
    pub updates: u64,
    pub lifts: u64,
    pub released: u64,
    /// Never released: returned, rejected, or not signed in time.
    pub returned: u64,
    pub rejected: u64,
    pub unsigned: u64,
    /// Corrected after their release.
    pub corrected: u64,
    /// From received to released: what people took. `null` where nothing was released.
    pub human: Option<Spread>,
    /// From released until every delivery had ended: what the machine took. `null` where nothing has finished.
    pub machine: Option<Spread>,
    pub reach: Reach,
    pub measures: Measures,
}

/// A tally of what has something in common.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Group {
    /// Code, id or first day of the period.
    pub key: String,
    /// Its name where the configuration has one, else the key.
    pub name: String,
    #[serde(flatten)]
    pub tally: Tally,
}

/// How long a period of the analysis is. Days are China's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    Day,
    #[default]
    Month,
    Year,
}

impl Period {
    /// Every period with its name in the API.
    pub const ALL: [(&'static str, Self); 3] = [("day", Self::Day), ("month", Self::Month), ("year", Self::Year)];

    /// The part of `2026-07-15` that names the period of a day.
    fn of(self, day: &str) -> &str {
        let length = match self {
            Self::Day => 10,
            Self::Month => 7,
            Self::Year => 4,
        };
        day.get(..length).unwrap_or(day)
    }
}

/// What warnings of a span of time came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    pub total: Tally,
    pub by_period: BTreeMap<String, Tally>,
    pub by_hazard: BTreeMap<String, Tally>,
    pub by_level: BTreeMap<Level, Tally>,
    pub by_issuer: BTreeMap<String, Tally>,
    /// A warning about several areas counts in each.
    pub by_area: BTreeMap<AreaCode, Tally>,
    pub overlaps: Vec<Overlap>,
}

impl Analysis {
    /// Analyses samples; those not released count by the day they came in. What still stands is open until `now_ms`.
    #[must_use]
    pub fn of(samples: &[Sample], period: Period, now_ms: i64) -> Self {
        let mut groups = Groups::default();
        for sample in samples {
            let day = super::moment::Moment::china(sample.received_ms.div_euclid(1_000)).to_string();
            groups.total.add(sample);
            groups.by_period.entry(period.of(&day).to_owned()).or_default().add(sample);
            groups.by_hazard.entry(sample.hazard.clone()).or_default().add(sample);
            groups.by_level.entry(sample.level).or_default().add(sample);
            groups.by_issuer.entry(sample.issuer.clone()).or_default().add(sample);
            for area in &sample.areas {
                groups.by_area.entry(*area).or_default().add(sample);
            }
        }
        Self { overlaps: overlap::overlaps(samples, now_ms), ..groups.tallies() }
    }
}

#[derive(Default)]
struct Groups {
    total: Heap,
    by_period: BTreeMap<String, Heap>,
    by_hazard: BTreeMap<String, Heap>,
    by_level: BTreeMap<Level, Heap>,
    by_issuer: BTreeMap<String, Heap>,
    by_area: BTreeMap<AreaCode, Heap>,
}

impl Groups {
    fn tallies(self) -> Analysis {
        fn each<K: Ord>(heaps: BTreeMap<K, Heap>) -> BTreeMap<K, Tally> {
            heaps.into_iter().map(|(key, heap)| (key, heap.tally())).collect()
        }
        Analysis {
            total: self.total.tally(),
            by_period: each(self.by_period),
            by_hazard: each(self.by_hazard),
            by_level: each(self.by_level),
            by_issuer: each(self.by_issuer),
            by_area: each(self.by_area),
            overlaps: Vec::new(),
        }
    }
}

/// A tally that is being added up.
#[derive(Default)]
struct Heap {
    tally: Tally,
    human_ms: Vec<i64>,
    machine_ms: Vec<i64>,
}

impl Heap {
    fn add(&mut self, sample: &Sample) {
        let tally = &mut self.tally;
        tally.warnings += 1;
        *match sample.change {
            Change::First => &mut tally.first,
            Change::Update => &mut tally.updates,
            Change::Lift => &mut tally.lifts,
        } += 1;
        let ended = match sample.ended.as_deref() {
            Some("returned") => Some(&mut tally.returned),
            Some("rejected") => Some(&mut tally.rejected),
            Some("unsigned") => Some(&mut tally.unsigned),
            Some("corrected") => Some(&mut tally.corrected),
            _ => None,
        };
        if let Some(count) = ended {
            *count += 1;
        }
        if let Some(released) = sample.released_ms {
            tally.released += 1;
            self.human_ms.push((released - sample.received_ms).max(0));
            self.machine_ms.extend(sample.finished_ms.map(|finished| (finished - released).max(0)));
        }
        tally.reach = tally.reach.and(sample.reach);
        tally.measures = tally.measures.and(sample.measures);
    }

    fn tally(self) -> Tally {
        Tally { human: Spread::of(self.human_ms), machine: Spread::of(self.machine_ms), ..self.tally }
    }
}
