//! Who is on duty, office by office. What was set by API takes the place of an office's shifts in the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use super::{
    Flow, Parts, Unavailable,
    parts::parse,
    record::{Decision, json, rfc3339},
};
use crate::{
    domain::roster::{self, Duty, Fault, OFFICE, Officer, Shift, ShiftForm},
    store::{self, Commit, Expect, Key, Put, Space, Stored, Urgency},
};

/// What stands before an office in the key of its record; records of other kinds share the space.
const PREFIX: &str = "office/";

/// Where the shifts of an office come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RosterSource {
    Configuration,
    Api,
}

/// The shifts of an office as the store keeps them.
#[derive(Serialize, Deserialize)]
struct OfficeRecord {
    shifts: Vec<ShiftForm>,
    /// Id of the key that set them.
    by: String,
    at_ms: i64,
}

#[derive(Clone)]
struct Office {
    source: RosterSource,
    forms: Arc<Vec<ShiftForm>>,
    shifts: Arc<Vec<Shift>>,
}

/// The shifts of every office that has some.
#[derive(Default)]
pub(crate) struct Rosters {
    offices: RwLock<BTreeMap<String, Office>>,
    /// Held while shifts are replaced: memory follows the store in its order.
    writing: tokio::sync::Mutex<()>,
}

/// Somebody who is on duty at an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) officer: Officer,
    pub(crate) roles: Vec<Duty>,
    pub(crate) deputies: Vec<Officer>,
    /// Unix seconds.
    pub(crate) until: i64,
}

impl Rosters {
    /// Takes the configuration, and over it what was set by API.
    pub(super) async fn load(&self, parts: &Parts) -> Result<(), Unavailable> {
        let mut offices: BTreeMap<String, Office> =
            parts.config.roster.iter().filter_map(|(id, forms)| Some((id.clone(), configured(id, forms)?))).collect();
        store::each(&parts.store, Space::Roster, Some(PREFIX.into()), |key, stored| {
            let Some(id) = std::str::from_utf8(&key.0).ok().and_then(|key| key.strip_prefix(PREFIX)) else {
                return Ok(());
            };
            let record: OfficeRecord = parse(&stored.value)?;
            match roster::shifts(id, &record.shifts) {
                Ok(shifts) => {
                    drop(offices.insert(id.to_owned(), Office::new(RosterSource::Api, record.shifts, shifts)))
                }
                Err(faults) => tracing::error!(office = id, ?faults, "stored shifts are passed over"),
            }
            Ok::<(), Unavailable>(())
        })
        .await?;
        *self.offices.write() = offices;
        Ok(())
    }

    /// Takes in the shifts that another node was given.
    pub(super) fn hear(&self, parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
        let Some(id) = std::str::from_utf8(&key.0).ok().and_then(|key| key.strip_prefix(PREFIX)) else {
            return Ok(());
        };
        let set = match stored {
            Some(stored) => {
                let record: OfficeRecord = parse(&stored.value)?;
                roster::shifts(id, &record.shifts)
                    .ok()
                    .map(|shifts| Office::new(RosterSource::Api, record.shifts, shifts))
            }
            None => parts.config.roster.get(id).and_then(|forms| configured(id, forms)),
        };
        self.replace(id, set);
        parts.bell.notify_one();
        Ok(())
    }

    fn replace(&self, office: &str, set: Option<Office>) {
        let mut offices = self.offices.write();
        match set {
            Some(set) => drop(offices.insert(office.to_owned(), set)),
            None => drop(offices.remove(office)),
        }
    }

    /// Whether no office has shifts.
    pub(crate) fn is_empty(&self) -> bool {
        self.offices.read().is_empty()
    }

    /// Every office that has shifts.
    pub(crate) fn offices(&self) -> Vec<String> {
        self.offices.read().keys().cloned().collect()
    }

    /// Whoever is on duty at an office at a moment; `None` when the office has no shifts at all.
    pub(crate) fn on_duty(&self, office: &str, unix: i64) -> Option<Vec<Standing>> {
        let shifts = Arc::clone(&self.offices.read().get(office)?.shifts);
        let standing = |on: roster::OnDuty<'_>| Standing {
            officer: on.shift.officer.clone(),
            roles: on.shift.roles.clone(),
            deputies: on.shift.deputies.clone(),
            until: on.until,
        };
        Some(roster::on_duty(&shifts, unix).into_iter().map(standing).collect())
    }

    /// Those of them who have one of these duties, else all of them.
    pub(crate) fn answering(&self, office: &str, duties: &[Duty], unix: i64) -> Option<Vec<Standing>> {
        let mut all = self.on_duty(office, unix)?;
        let has = |standing: &Standing| standing.roles.iter().any(|role| duties.contains(role));
        if all.iter().any(has) {
            all.retain(has);
        }
        Some(all)
    }

    /// Those of them who have a duty.
    pub(crate) fn on_duty_for(&self, office: &str, duty: Duty, unix: i64) -> Option<Vec<Standing>> {
        let mut standing = self.on_duty(office, unix)?;
        standing.retain(|standing| standing.roles.contains(&duty));
        Some(standing)
    }
}

impl Office {
    fn new(source: RosterSource, forms: Vec<ShiftForm>, shifts: Vec<Shift>) -> Self {
        Self { source, forms: Arc::new(forms), shifts: Arc::new(shifts) }
    }
}

/// The shifts of an office as configured; `None` when it has none. Broken ones have kept the gateway from starting.
fn configured(id: &str, forms: &[ShiftForm]) -> Option<Office> {
    let shifts = roster::shifts(id, forms).ok().filter(|shifts| !shifts.is_empty())?;
    Some(Office::new(RosterSource::Configuration, forms.to_vec(), shifts))
}

/// Whoever is on duty.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RosterView {
    /// The moment it is about, RFC 3339.
    pub at: String,
    /// Every office that has shifts.
    pub offices: Vec<OfficeView>,
}

/// The roster of one office.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct OfficeView {
    /// Id of an issuer, or `office`.
    pub office: String,
    pub name: String,
    pub source: RosterSource,
    /// Whoever is on duty at that moment; empty when nobody is.
    pub on_duty: Vec<OnDutyView>,
    /// Whoever comes on duty next; empty when no shift begins again.
    pub next: Vec<OnDutyView>,
    /// Every shift, as it was written.
    pub shifts: Vec<ShiftForm>,
    /// External ids in the shifts that the directory does not know: nobody is reached by them.
    pub unknown_recipients: Vec<String>,
}

/// Somebody who is on duty.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct OnDutyView {
    pub person: String,
    /// External id in the directory of recipients.
    pub recipient: String,
    pub roles: Vec<Duty>,
    /// When his stretch begins, RFC 3339.
    pub from: String,
    /// When it ends.
    pub until: String,
    /// Who stands in, the first first.
    pub deputies: Vec<Officer>,
}

impl OnDutyView {
    fn new(on: roster::OnDuty<'_>) -> Self {
        let time = |unix: i64| rfc3339(unix.saturating_mul(1000));
        Self {
            person: on.shift.officer.person.clone(),
            recipient: on.shift.officer.recipient.clone(),
            roles: on.shift.roles.clone(),
            from: time(on.from),
            until: time(on.until),
            deputies: on.shift.deputies.clone(),
        }
    }
}

/// Why shifts are not taken.
#[derive(Debug, thiserror::Error)]
pub enum RosterFault {
    /// There is no such office.
    #[error("no such office")]
    NoOffice,
    /// Something in them is wrong; nothing has changed.
    #[error("{} faults in the shifts", .0.len())]
    Wrong(Vec<Fault>),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Flow {
    /// Who is on duty at a moment (Unix seconds), now when `None`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn roster(&self, at: Option<i64>) -> Result<RosterView, Unavailable> {
        let at = at.unwrap_or_else(|| self.0.clock.unix());
        let mut offices = Vec::new();
        for office in self.0.rosters.offices() {
            offices.extend(self.office(&office, at).await?);
        }
        Ok(RosterView { at: rfc3339(at.saturating_mul(1000)), offices })
    }

    /// Replaces the shifts of an office, durably; none at all give it back to the configuration. `by` is the id of the
    /// key of whoever asks. Answers how the office stands now.
    ///
    /// # Errors
    /// [`RosterFault`].
    pub async fn set_roster(&self, office: &str, forms: Vec<ShiftForm>, by: &str) -> Result<OfficeView, RosterFault> {
        let parts = &self.0;
        if office != OFFICE && !parts.config.issuers.contains_key(office) {
            return Err(RosterFault::NoOffice);
        }
        let shifts = roster::shifts(office, &forms).map_err(RosterFault::Wrong)?;
        let _writing = parts.rosters.writing.lock().await;
        let at_ms = parts.clock.unix_ms();
        let record = OfficeRecord { shifts: forms, by: by.to_owned(), at_ms };
        let key: Key = format!("{PREFIX}{office}").as_str().into();
        let value = (!record.shifts.is_empty()).then(|| json(&record));
        let decision = Decision {
            at_ms,
            what: "roster_set".to_owned(),
            warning: None,
            by: Some(by.to_owned()),
            detail: Some(format!("{office} {}", String::from_utf8_lossy(&json(&record.shifts)))),
        };
        let put = Put { space: Space::Roster, key, value, expect: Expect::Any };
        let commit = Commit { puts: vec![put], entries: vec![decision.entry()] };
        // Who may sign and who is told must be right also while the disk runs short.
        let committed = parts.store.commit_as(Urgency::Pressing, commit).await.map_err(Unavailable::from)?;
        let set = if record.shifts.is_empty() {
            parts.config.roster.get(office).and_then(|forms| configured(office, forms))
        } else {
            Some(Office::new(RosterSource::Api, record.shifts, shifts))
        };
        parts.rosters.replace(office, set);
        parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
        parts.bell.notify_one();
        let view = self.office(office, parts.clock.unix()).await?;
        Ok(view.unwrap_or_else(|| self.empty(office)))
    }

    async fn office(&self, id: &str, at: i64) -> Result<Option<OfficeView>, Unavailable> {
        let Some(office) = self.0.rosters.offices.read().get(id).cloned() else { return Ok(None) };
        let named = |form: &ShiftForm| {
            let deputies = form.deputies.iter().map(|deputy| deputy.recipient.clone());
            std::iter::once(form.recipient.clone()).chain(deputies).collect::<Vec<_>>()
        };
        let named: BTreeSet<String> = office.forms.iter().flat_map(named).collect();
        let mut unknown_recipients = Vec::new();
        for recipient in named {
            if self.0.directory.find_by_external(&recipient).await?.is_none() {
                unknown_recipients.push(recipient);
            }
        }
        Ok(Some(OfficeView {
            source: office.source,
            on_duty: roster::on_duty(&office.shifts, at).into_iter().map(OnDutyView::new).collect(),
            next: roster::next(&office.shifts, at).into_iter().map(OnDutyView::new).collect(),
            shifts: office.forms.to_vec(),
            unknown_recipients,
            ..self.empty(id)
        }))
    }

    fn empty(&self, id: &str) -> OfficeView {
        OfficeView {
            office: id.to_owned(),
            name: self.0.config.issuers.get(id).map_or_else(|| id.to_owned(), |issuer| issuer.name.clone()),
            source: RosterSource::Configuration,
            on_duty: Vec::new(),
            next: Vec::new(),
            shifts: Vec::new(),
            unknown_recipients: Vec::new(),
        }
    }
}
