//! Response measures: what every department has to do while a warning stands, by when, and whether it was done
//! (Emergency Response Law, 2024, articles 66 and 67).
//!
//! A [`Sheet`] is the checklist of one event. It only grows: a later warning of the event joins what is new to it. What
//! was settled stays settled, and what is open stays open, with the earlier of the two times by which it is due; what has
//! become needless is said to be so by a person, with the reason. A lift ends whatever is open then.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Items of one sheet at most.
pub const ITEMS_MAX: usize = 500;

/// What sort of thing is to be done.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// Something the office does.
    #[default]
    Duty,
    /// Reporting to the superior (Emergency Response Law, articles 62 and 64).
    ReportUp,
    /// Telling the neighbours who may be harmed (article 64).
    NotifyNeighbours,
}

impl MeasureKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Duty, Self::ReportUp, Self::NotifyNeighbours];

    /// Stable name in configuration and API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duty => "duty",
            Self::ReportUp => "report_up",
            Self::NotifyNeighbours => "notify_neighbours",
        }
    }
}

/// Something to be done, as it is signed with a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Planned {
    /// Id of an issuer, or `office`.
    pub office: String,
    pub kind: MeasureKind,
    pub text_zh: String,
    pub text_en: String,
    /// Seconds after the release.
    pub due_s: u64,
    /// Who is told by it: the superior, or the neighbours; empty for other duties.
    pub to: Vec<String>,
}

impl Planned {
    /// Whether two say the same, whenever they are due.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.office, self.kind, &self.text_zh) == (&other.office, other.kind, &other.text_zh)
    }
}

/// Each thing once, at the earliest of its times, in the order they came.
#[must_use]
pub fn unite(planned: impl IntoIterator<Item = Planned>) -> Vec<Planned> {
    let mut once: Vec<Planned> = Vec::new();
    for one in planned {
        match once.iter().position(|known| known.is_same(&one)) {
            Some(known) => once[known].due_s = once[known].due_s.min(one.due_s),
            None if once.len() < ITEMS_MAX => once.push(one),
            None => {}
        }
    }
    once
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureState {
    Open,
    Done,
    /// It need not be done; the note says why.
    NotApplicable,
    /// The event was over before it was done.
    Ended,
}

impl MeasureState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Done, Self::NotApplicable, Self::Ended];
    /// What a person may say about an item.
    pub const SAID: [Self; 3] = [Self::Open, Self::Done, Self::NotApplicable];

    /// Stable name in API and journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::NotApplicable => "not_applicable",
            Self::Ended => "ended",
        }
    }
}

/// What was last said about an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub state: MeasureState,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Who; for an ended item the warning that ended it.
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An item of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    #[serde(flatten)]
    pub what: Planned,
    /// Id of the warning that brought it.
    pub from: String,
    /// When that was released, milliseconds since 1970.
    pub made_ms: i64,
    /// By when it is to be done, milliseconds since 1970.
    pub due_ms: i64,
    /// `None` = nobody has said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

impl Measure {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> MeasureState {
        self.said.as_ref().map_or(MeasureState::Open, |said| said.state)
    }

    /// Whether it is still to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state() == MeasureState::Open
    }

    /// Whether it should have been done by now.
    #[must_use]
    pub fn is_overdue(&self, now_ms: i64) -> bool {
        self.is_open() && now_ms >= self.due_ms
    }

    /// Whether it was done after its time.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.state == MeasureState::Done && said.at_ms > self.due_ms)
    }
}

/// Why what a person says about an item is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SayFault {
    /// There is no such item.
    #[error("no such item")]
    Missing,
    /// The event is over.
    #[error("the event is over")]
    Over,
    /// It was settled otherwise before; it has to be opened again first.
    #[error("settled otherwise")]
    Settled(MeasureState),
    /// It has to be said why.
    #[error("no reason")]
    NoteMissing,
}

/// The checklist of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Grows with every change.
    pub revision: u64,
    /// In the order they came; their numbers, from 1, never change.
    pub items: Vec<Measure>,
}

impl Sheet {
    /// Joins what a warning of the event asks for. False when nothing changed.
    pub fn join(&mut self, planned: impl IntoIterator<Item = Planned>, from: &str, now_ms: i64) -> bool {
        let before = self.clone();
        for what in unite(planned) {
            let due_ms = i64::try_from(what.due_s).unwrap_or(i64::MAX).saturating_mul(1_000).saturating_add(now_ms);
            let same = |item: &Measure| item.what.is_same(&what) && item.state() != MeasureState::Ended;
            match self.items.iter().position(same) {
                Some(at) if self.items[at].is_open() => self.items[at].due_ms = self.items[at].due_ms.min(due_ms),
                Some(_) => {}
                None if self.items.len() < ITEMS_MAX => {
                    self.items.push(Measure { what, from: from.to_owned(), made_ms: now_ms, due_ms, said: None });
                }
                None => {}
            }
        }
        self.changed(&before)
    }

    /// Ends what is open. False when nothing was.
    pub fn end(&mut self, by: &str, now_ms: i64) -> bool {
        let before = self.clone();
        for item in self.items.iter_mut().filter(|item| item.is_open()) {
            item.said = Some(Said { state: MeasureState::Ended, at_ms: now_ms, by: by.to_owned(), note: None });
        }
        self.changed(&before)
    }

    /// Takes what a person says about item `number`, counted from 1. False when the same was said before.
    ///
    /// # Errors
    /// [`SayFault`]; nothing has changed then.
    pub fn say(&mut self, number: usize, said: Said) -> Result<bool, SayFault> {
        let before = self.clone();
        let item = number.checked_sub(1).and_then(|at| self.items.get_mut(at)).ok_or(SayFault::Missing)?;
        match (item.state(), said.state) {
            (MeasureState::Ended, _) | (_, MeasureState::Ended) => return Err(SayFault::Over),
            (known, new) if known == new => return Ok(false),
            (_, MeasureState::Open | MeasureState::NotApplicable) if said.note.is_none() => {
                return Err(SayFault::NoteMissing);
            }
            (MeasureState::Open, _) | (_, MeasureState::Open) => item.said = Some(said),
            (known, _) => return Err(SayFault::Settled(known)),
        }
        Ok(self.changed(&before))
    }

    fn changed(&mut self, before: &Self) -> bool {
        let changed = self.items != before.items;
        self.revision += u64::from(changed);
        changed
    }

    /// Whether anything is still to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.items.iter().any(Measure::is_open)
    }

    /// What the offices are to be told at a moment. What was told before is not known here: the caller tells each
    /// [`Call`] once, by its warning, office, kind and time.
    #[must_use]
    pub fn calls(&self, now_ms: i64, remind_before_ms: i64) -> Vec<Call> {
        let mut calls: BTreeMap<(&str, &str, CallKind, i64), Vec<usize>> = BTreeMap::new();
        for (at, item) in self.items.iter().enumerate().filter(|(_, item)| item.is_open()) {
            let mut add = |kind, due_ms| {
                calls.entry((&item.from, &item.what.office, kind, due_ms)).or_default().push(at);
            };
            if now_ms >= item.due_ms {
                // Of what is long past, nobody is told out of the blue: the list and the alarm say it.
                if now_ms - item.due_ms < NEWS_MS {
                    add(CallKind::Overdue, item.due_ms);
                }
                continue;
            }
            add(CallKind::Assigned, 0);
            // Where the whole time is shorter than that, being told of it is the reminder.
            let remind_ms = item.due_ms - remind_before_ms;
            if remind_before_ms > 0 && now_ms >= remind_ms && item.made_ms < remind_ms {
                add(CallKind::DueSoon, item.due_ms);
            }
        }
        let call = |((from, office, kind, due_ms), items): ((&str, &str, CallKind, i64), Vec<usize>)| Call {
            from: from.to_owned(),
            office: office.to_owned(),
            kind,
            due_ms,
            items,
        };
        calls.into_iter().map(call).collect()
    }
}

/// So long after its time somebody is still told that an item is overdue, and an alarm stands: a day.
pub const NEWS_MS: i64 = 24 * 3_600_000;

/// Why an office is told of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// They are its own from now on.
    Assigned,
    /// They are due soon.
    DueSoon,
    /// They were due.
    Overdue,
}

/// Items of one office that somebody is to be told of together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Id of the warning that brought them.
    pub from: String,
    pub office: String,
    pub kind: CallKind,
    /// When they are due, milliseconds since 1970; 0 for a new assignment, whose items have each their own time.
    pub due_ms: i64,
    /// Their places in the sheet, counted from 0.
    pub items: Vec<usize>,
}
