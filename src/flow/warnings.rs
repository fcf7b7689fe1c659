//! Every warning that is here, and the questions the stages ask of all of them, answered without looking through all.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use super::{
    notice::{About, NoticeKind, NoticeOf},
    record::{Stage, WarningId, WarningRecord},
};
use crate::domain::{level::Level, message::MessageRef, national, short_code::ShortCode};

/// Where a warning stands among those under way: red first, then in order of arrival.
pub(crate) type Turn = (Reverse<Level>, i64, WarningId);

/// Warnings by id, with what they are found by.
#[derive(Default)]
pub(crate) struct Warnings {
    by_id: BTreeMap<WarningId, Arc<WarningRecord>>,
    by_event: HashMap<WarningId, BTreeSet<WarningId>>,
    /// By CAP identifier, whoever sent it.
    by_identifier: HashMap<String, BTreeSet<WarningId>>,
    /// By the code residents type.
    by_code: HashMap<ShortCode, BTreeSet<WarningId>>,
    /// Notices by the warning they are about.
    by_about: HashMap<WarningId, BTreeSet<WarningId>>,
    /// Warnings of which somebody is still to be told.
    owed: BTreeSet<WarningId>,
    /// Those that refer to a CAP identifier, whoever sent it.
    by_reference: HashMap<String, BTreeSet<WarningId>>,
    /// On their way to being delivered.
    advancing: BTreeSet<Turn>,
    /// Being delivered.
    delivering: BTreeSet<WarningId>,
    /// Not ended, by the second in which they expire.
    unended: BTreeSet<(i64, WarningId)>,
}

impl Warnings {
    /// Keeps a record as it now stands.
    pub(crate) fn insert(&mut self, record: WarningRecord) {
        let id = record.id.clone();
        let turn = (Reverse(record.level), record.received_ms, id.clone());
        match record.stage {
            Stage::Delivering => self.delivering.insert(id.clone()),
            _ => self.delivering.remove(&id),
        };
        if matches!(record.stage, Stage::Delivering | Stage::Finished | Stage::Recorded) {
            self.advancing.remove(&turn);
        } else {
            self.advancing.insert(turn);
        }
        let until = (record.expires_unix().unwrap_or(i64::MAX), id.clone());
        if record.ended.is_none() {
            self.unended.insert(until);
        } else {
            self.unended.remove(&until);
        }
        self.settle(&record);
        // What a stranger refers to is never a notice.
        if !self.by_id.contains_key(&id) && record.notice.is_none() {
            self.by_event.entry(record.event.clone()).or_default().insert(id.clone());
            self.by_identifier.entry(record.message.identifier.clone()).or_default().insert(id.clone());
            if let Some(code) = ShortCode::of_digest(&record.digest) {
                self.by_code.entry(code).or_default().insert(id.clone());
            }
            for reference in &record.message.references {
                self.by_reference.entry(reference.identifier.clone()).or_default().insert(id.clone());
            }
        }
        self.by_id.insert(id, Arc::new(record));
    }

    /// Keeps account of whom something is still to be told.
    fn settle(&mut self, record: &WarningRecord) {
        match &record.notice {
            Some(notice) => {
                let About::Warning(about) = &notice.about else { return };
                self.by_about.entry(about.clone()).or_default().insert(record.id.clone());
                if notice.kind.settles() {
                    self.owed.remove(about);
                }
            }
            None => {
                let settled = |notice: &Arc<WarningRecord>| notice.notice.as_ref().is_some_and(|of| of.kind.settles());
                if record.owes_notice() && !self.notices_of(&record.id).any(settled) {
                    self.owed.insert(record.id.clone());
                }
            }
        }
    }

    /// Notices about a warning, oldest first.
    pub(crate) fn notices_of(&self, about: &WarningId) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.by_about.get(about).into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    /// Whether a notice of a kind and round about a warning was made.
    pub(crate) fn has_notice(&self, about: &WarningId, kind: NoticeKind, round: &str) -> bool {
        let same = |of: &NoticeOf| of.kind == kind && of.round == round;
        self.notices_of(about).any(|told| told.notice.as_ref().is_some_and(same))
    }

    /// Warnings of which somebody is still to be told, oldest first.
    pub(crate) fn owed(&self) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.owed.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Whether somebody is still to be told of a warning.
    pub(crate) fn owes(&self, id: &WarningId) -> bool {
        self.owed.contains(id)
    }

    /// Nobody is to be told of it any more.
    pub(crate) fn forgive(&mut self, id: &WarningId) {
        self.owed.remove(id);
    }

    pub(crate) fn get(&self, id: &WarningId) -> Option<&Arc<WarningRecord>> {
        self.by_id.get(id)
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Arc<WarningRecord>> {
        self.by_id.values()
    }

    /// Those older than one, newest first; without one, all of them.
    pub(crate) fn before(&self, id: Option<&WarningId>) -> impl Iterator<Item = &Arc<WarningRecord>> {
        let end = id.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        self.by_id.range((Bound::Unbounded, end)).rev().map(|(_, record)| record)
    }

    /// Every warning of an event, oldest first.
    pub(crate) fn of_event(&self, event: &WarningId) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.by_event.get(event).into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    /// Those with a CAP identifier, newest first.
    pub(crate) fn with_identifier(&self, identifier: &str) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.by_identifier.get(identifier).into_iter().flatten().rev().filter_map(|id| self.by_id.get(id))
    }

    /// Those with a short code, newest first.
    pub(crate) fn with_code(&self, code: ShortCode) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.by_code.get(&code).into_iter().flatten().rev().filter_map(|id| self.by_id.get(id))
    }

    /// Those that refer to a CAP identifier, oldest first.
    pub(crate) fn referring(&self, identifier: &str) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.by_reference.get(identifier).into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    /// The newest warning with the identity a reference names. The national form names no time of sending.
    pub(crate) fn referenced(&self, reference: &MessageRef) -> Option<&Arc<WarningRecord>> {
        self.with_identifier(&reference.identifier).find(|known| {
            let known = &known.message;
            let sent = known.sent.unix() == reference.sent.unix() || national::is_bare(reference);
            known.sender == reference.sender && sent
        })
    }

    /// Those that are not yet being delivered, in the order in which they are served.
    pub(crate) fn advancing(&self) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.advancing.iter().filter_map(|(_, _, id)| self.by_id.get(id))
    }

    /// Those being delivered, oldest first.
    pub(crate) fn delivering(&self) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.delivering.iter().filter_map(|id| self.by_id.get(id))
    }

    /// Those that were not ended, the first to expire first.
    pub(crate) fn unended(&self) -> impl Iterator<Item = &Arc<WarningRecord>> {
        self.unended.iter().filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Those that stand now, oldest first; notices are no warnings.
    pub(crate) fn standing(&self, now_unix: i64) -> Vec<Arc<WarningRecord>> {
        let unended = self.unended.range((now_unix, WarningId(String::new()))..);
        let known = unended.filter_map(|(_, id)| self.by_id.get(id));
        let mut standing: Vec<_> =
            known.filter(|record| record.notice.is_none() && record.stands(now_unix)).cloned().collect();
        standing.sort_by(|a, b| a.id.cmp(&b.id));
        standing
    }
}
