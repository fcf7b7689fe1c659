//! Shifts as people write them: everything that is wrong at once.

use super::{Duty, OFFICE, Officer, Shift, ShiftForm, When};
use crate::domain::moment::Moment;

/// Shifts of one office at most.
pub const SHIFTS_MAX: usize = 200;

/// Deputies of one shift at most.
const DEPUTIES_MAX: usize = 10;

/// Characters of a name at most.
const NAME_MAX: usize = 100;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ROLES: [&str; 4] = ["review", "sign", "office", "duty"];

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which shift, 0 = the first.
    pub shift: usize,
    /// Path within the shift: `person`, `roles/1`, `deputies/0/recipient`.
    pub field: String,
    pub kind: FaultKind,
    /// What stood there.
    pub got: String,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not there, or empty.
    Missing,
    /// It is none of these words.
    NotAllowed(&'static [&'static str]),
    /// It should have this form.
    Wrong(&'static str),
}

struct Reader<'a> {
    office: &'a str,
    shift: usize,
    faults: Vec<Fault>,
}

/// The shifts of an office.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn shifts(office: &str, forms: &[ShiftForm]) -> Result<Vec<Shift>, Vec<Fault>> {
    let mut reader = Reader { office, shift: 0, faults: Vec::new() };
    let mut shifts = Vec::with_capacity(forms.len().min(SHIFTS_MAX));
    for (index, form) in forms.iter().enumerate() {
        reader.shift = index;
        if index >= SHIFTS_MAX {
            reader.fault("", FaultKind::Wrong("at most 200 shifts"), &forms.len().to_string());
            break;
        }
        shifts.extend(reader.shift(form));
    }
    if reader.faults.is_empty() { Ok(shifts) } else { Err(reader.faults) }
}

impl Reader<'_> {
    fn fault(&mut self, field: &str, kind: FaultKind, got: &str) {
        self.faults.push(Fault { shift: self.shift, field: field.to_owned(), kind, got: got.to_owned() });
    }

    fn shift(&mut self, form: &ShiftForm) -> Option<Shift> {
        let officer = Officer { person: form.person.clone(), recipient: form.recipient.clone() };
        self.officer("", &officer);
        let roles = self.roles(&form.roles);
        if form.deputies.len() > DEPUTIES_MAX {
            self.fault("deputies", FaultKind::Wrong("at most 10 deputies"), &form.deputies.len().to_string());
        }
        for (index, deputy) in form.deputies.iter().take(DEPUTIES_MAX).enumerate() {
            self.officer(&format!("deputies/{index}/"), deputy);
            if deputy.person == form.person && !form.person.is_empty() {
                self.fault(&format!("deputies/{index}/person"), FaultKind::Wrong("another person"), &deputy.person);
            }
        }
        let when = self.when(form)?;
        Some(Shift { officer, roles, deputies: form.deputies.clone(), when })
    }

    fn officer(&mut self, before: &str, officer: &Officer) {
        for (name, text) in [("person", &officer.person), ("recipient", &officer.recipient)] {
            let field = format!("{before}{name}");
            if text.trim().is_empty() {
                self.fault(&field, FaultKind::Missing, "");
            } else if text.chars().count() > NAME_MAX || text.contains('"') || text.chars().any(char::is_control) {
                self.fault(&field, FaultKind::Wrong("at most 100 characters, no \" and no control characters"), text);
            }
        }
    }

    fn roles(&mut self, words: &[String]) -> Vec<Duty> {
        if words.is_empty() {
            self.fault("roles", FaultKind::Missing, "");
        }
        let mut roles = Vec::new();
        for (index, word) in words.iter().enumerate() {
            match Duty::ALL.into_iter().find(|duty| duty.name() == word) {
                Some(Duty::Office) if self.office != OFFICE => {
                    self.fault(
                        &format!("roles/{index}"),
                        FaultKind::Wrong("office: only at the office \"office\""),
                        word,
                    );
                }
                Some(duty) => roles.push(duty),
                None => self.fault(&format!("roles/{index}"), FaultKind::NotAllowed(&ROLES), word),
            }
        }
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    fn when(&mut self, form: &ShiftForm) -> Option<When> {
        let once = form.from.is_some() || form.until.is_some();
        let weekly = !form.days.is_empty() || form.hours.is_some();
        match (once, weekly) {
            (true, true) => {
                self.fault("from", FaultKind::Wrong("from + until | days + hours"), form.from.as_deref().unwrap_or(""));
                None
            }
            (true, false) => self.once(form),
            _ => self.weekly(form),
        }
    }

    fn once(&mut self, form: &ShiftForm) -> Option<When> {
        let mut moment = |name: &str, text: Option<&String>| match text {
            None => {
                self.fault(name, FaultKind::Missing, "");
                None
            }
            Some(text) => {
                let moment = text.parse::<Moment>().ok();
                if moment.is_none() {
                    self.fault(name, FaultKind::Wrong("YYYY-MM-DDThh:mm:ss+08:00"), text);
                }
                moment.map(Moment::unix)
            }
        };
        let (from, until) = (moment("from", form.from.as_ref()), moment("until", form.until.as_ref()));
        let (from, until) = (from?, until?);
        if until <= from {
            self.fault("until", FaultKind::Wrong("until > from"), form.until.as_deref().unwrap_or_default());
        }
        Some(When::Once { from, until })
    }

    fn weekly(&mut self, form: &ShiftForm) -> Option<When> {
        if form.days.is_empty() {
            self.fault("days", FaultKind::Missing, "");
        }
        let mut days = 0;
        for (index, word) in form.days.iter().enumerate() {
            match DAYS.iter().position(|day| day == word) {
                Some(day) => days |= 1 << day,
                None => self.fault(&format!("days/{index}"), FaultKind::NotAllowed(&DAYS), word),
            }
        }
        let Some(text) = &form.hours else {
            self.fault("hours", FaultKind::Missing, "");
            return None;
        };
        let Some((from, until)) = hours(text) else {
            self.fault("hours", FaultKind::Wrong("HH:MM-HH:MM"), text);
            return None;
        };
        Some(When::Weekly { days, from, until })
    }
}

/// `HH:MM-HH:MM` in minutes after midnight; the end may be `24:00`. `None` for anything else.
#[must_use]
pub fn hours(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    (from < 24 * 60).then_some((from, until))
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u16>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let whole = hours * 60 + minutes;
    (minutes < 60 && whole <= 24 * 60).then_some(whole)
}
