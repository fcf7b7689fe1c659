//! Who is on duty: the shifts of an office, in China's time.
//!
//! A shift is one person with what he may do and who stands in for him, either once (from a moment until another) or
//! every week (some days, some hours). Hours whose end is not after their beginning go over midnight and belong to the
//! day they begin on; the same hour twice is a whole day. The end of a shift is no part of it.

mod read;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::signoff::Step;

pub use read::{Fault, FaultKind, SHIFTS_MAX, hours, shifts};

/// The office that signs for the district: 应急办.
pub const OFFICE: &str = "office";

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
const WEEK: i64 = 7 * DAY;
/// China has one time, eight hours ahead of UTC, all year.
const CHINA: i64 = 8 * 60 * MINUTE;

/// What somebody on duty does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// 审核.
    Review,
    /// 签发.
    Sign,
    /// 应急办签发; at the district's emergency office only.
    Office,
    /// 值班: is told what others do, and what waits.
    Duty,
}

impl Duty {
    /// Every duty.
    pub const ALL: [Self; 4] = [Self::Review, Self::Sign, Self::Office, Self::Duty];

    /// Its name in configuration and API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Sign => "sign",
            Self::Office => "office",
            Self::Duty => "duty",
        }
    }
}

impl From<Step> for Duty {
    fn from(step: Step) -> Self {
        match step {
            Step::Review => Self::Review,
            Step::Sign => Self::Sign,
            Step::Office => Self::Office,
        }
    }
}

/// A person, and how the channels reach him.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// The person, as keys name him.
    pub person: String,
    /// External id in the directory of recipients.
    pub recipient: String,
}

/// One shift as people write it, in configuration and API; [`shifts`] makes shifts of some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftForm {
    /// The person, as keys name him.
    #[serde(default)]
    pub person: String,
    /// External id in the directory of recipients.
    #[serde(default)]
    pub recipient: String,
    /// Some of `review`, `sign`, `office`, `duty`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// RFC 3339; with `until`, and without `days` and `hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Some of `mon` to `sun`: the days on which the hours begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<String>,
    /// `HH:MM-HH:MM`, China's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Who stands in, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deputies: Vec<Officer>,
}

/// One person's shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub officer: Officer,
    pub roles: Vec<Duty>,
    /// Who stands in, the first first.
    pub deputies: Vec<Officer>,
    pub when: When,
}

/// When a shift is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, Unix seconds; the end is no part of it.
    Once { from: i64, until: i64 },
    /// Every week.
    Weekly {
        /// Bit 0 is Monday.
        days: u8,
        /// Minutes after midnight.
        from: u16,
        /// Minutes after midnight; not after `from` means the next day.
        until: u16,
    },
}

impl When {
    /// The shift's stretch around a moment, Unix seconds; `None` when it is not on then.
    #[must_use]
    pub fn around(&self, unix: i64) -> Option<(i64, i64)> {
        match *self {
            Self::Once { from, until } => (from <= unix && unix < until).then_some((from, until)),
            Self::Weekly { .. } => {
                let today = (unix + CHINA).div_euclid(DAY);
                [today, today - 1]
                    .into_iter()
                    .filter_map(|day| self.on(day))
                    .find(|(from, until)| (*from..*until).contains(&unix))
            }
        }
    }

    /// The first stretch that begins after a moment, Unix seconds; `None` when the shift never begins again.
    #[must_use]
    pub fn after(&self, unix: i64) -> Option<(i64, i64)> {
        match *self {
            Self::Once { from, until } => (unix < from).then_some((from, until)),
            Self::Weekly { .. } => {
                let today = (unix + CHINA).div_euclid(DAY);
                (today..=today + 7).filter_map(|day| self.on(day)).find(|(from, _)| unix < *from)
            }
        }
    }

    /// The stretch that begins on a day of China's calendar, counted from 1970-01-01.
    fn on(&self, day: i64) -> Option<(i64, i64)> {
        let Self::Weekly { days, from, until } = *self else { return None };
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7);
        if days & (1 << weekday) == 0 {
            return None;
        }
        let midnight = day * DAY - CHINA;
        let (from, until) = (i64::from(from) * MINUTE, i64::from(until) * MINUTE);
        let until = if until > from { until } else { until + DAY };
        Some((midnight + from, midnight + until))
    }

    /// Every stretch that touches the time between two moments.
    fn between(&self, start: i64, end: i64) -> Vec<(i64, i64)> {
        let stretches = match *self {
            Self::Once { from, until } => vec![(from, until)],
            Self::Weekly { .. } => {
                let day = |unix: i64| (unix + CHINA).div_euclid(DAY);
                (day(start) - 1..=day(end)).filter_map(|day| self.on(day)).collect()
            }
        };
        stretches.into_iter().filter(|(from, until)| *from < end && start < *until).collect()
    }
}

/// Somebody who is on duty at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnDuty<'a> {
    pub shift: &'a Shift,
    /// When this stretch of the shift began, Unix seconds.
    pub from: i64,
    /// When it ends.
    pub until: i64,
}

/// Whoever is on duty at a moment, in the order of the roster.
#[must_use]
pub fn on_duty(shifts: &[Shift], unix: i64) -> Vec<OnDuty<'_>> {
    let around = |shift: &'_ Shift| shift.when.around(unix);
    let on = |shift| around(shift).map(|(from, until)| OnDuty { shift, from, until });
    shifts.iter().filter_map(on).collect()
}

/// Whoever comes on duty next after a moment: those whose stretches begin together, in the order of the roster.
#[must_use]
pub fn next(shifts: &[Shift], unix: i64) -> Vec<OnDuty<'_>> {
    let after = |shift: &'_ Shift| shift.when.after(unix);
    let mut next: Vec<OnDuty<'_>> =
        shifts.iter().filter_map(|shift| after(shift).map(|(from, until)| OnDuty { shift, from, until })).collect();
    let soonest = next.iter().map(|on| on.from).min();
    next.retain(|on| Some(on.from) == soonest);
    next
}

/// The stretches of the week after a moment in which nobody is on duty, in order; they do not touch.
#[must_use]
pub fn gaps(shifts: &[Shift], start: i64) -> Vec<(i64, i64)> {
    let end = start + WEEK;
    let mut covered: Vec<(i64, i64)> = shifts.iter().flat_map(|shift| shift.when.between(start, end)).collect();
    covered.sort_unstable();
    let mut gaps = Vec::new();
    let mut reached = start;
    for (from, until) in covered {
        if from > reached {
            gaps.push((reached, from));
        }
        reached = reached.max(until);
    }
    if reached < end {
        gaps.push((reached, end));
    }
    gaps
}
