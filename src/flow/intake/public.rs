//! What anybody may ask: public warnings, never a drill, a notice or anything that was not released.

use std::{cmp::Reverse, sync::Arc};

use super::{WarningView, view};
use crate::{
    domain::{message::Kind, short_code::ShortCode},
    flow::{
        Flow, Page,
        record::{WarningId, WarningRecord},
    },
};

/// Records looked through for one page at most.
const LOOKED_THROUGH: usize = 20_000;

/// Whether residents are told of it.
fn is_told(record: &WarningRecord) -> bool {
    let told = matches!(record.message.kind, Kind::Alert | Kind::Update | Kind::Cancel);
    told && record.is_public() && record.notice.is_none()
}

impl Flow {
    /// Public warnings and lifts in force, the gravest first, the newest first among equals.
    #[must_use]
    pub fn public_current(&self) -> Vec<WarningView> {
        let mut standing = self.0.warnings.read().standing(self.0.clock.unix());
        standing.retain(|record| is_told(record));
        standing.sort_by_key(|record| Reverse((record.level, record.released_ms, record.id.clone())));
        standing.iter().map(|record| view::view(&self.0, record)).collect()
    }

    /// Public warnings released since a moment (milliseconds since 1970), newest first; the cursor is the id of the last one
    /// shown.
    #[must_use]
    pub fn public_since(&self, since_ms: i64, cursor: Option<&str>, limit: usize) -> Page<WarningView> {
        let before = cursor.map(|id| WarningId(id.to_owned()));
        let warnings = self.0.warnings.read();
        let recent = |record: &&Arc<WarningRecord>| record.received_ms >= since_ms;
        let mut told =
            warnings.before(before.as_ref()).take(LOOKED_THROUGH).take_while(recent).filter(|record| is_told(record));
        let shown: Vec<Arc<WarningRecord>> = told.by_ref().take(limit).cloned().collect();
        let next = told.next().and_then(|_| shown.last().map(|last| last.id.0.clone()));
        drop(told);
        drop(warnings);
        Page { items: shown.iter().map(|record| view::view(&self.0, record)).collect(), next }
    }

    /// One public warning.
    #[must_use]
    pub fn public_by_id(&self, id: &WarningId) -> Option<WarningView> {
        self.0.warning_record(id).filter(|record| is_told(record)).map(|record| view::view(&self.0, &record))
    }

    /// Every public message of an event, oldest first.
    #[must_use]
    pub fn public_event(&self, event: &WarningId) -> Vec<WarningView> {
        let records: Vec<_> =
            self.0.warnings.read().of_event(event).filter(|record| is_told(record)).cloned().collect();
        records.iter().map(|record| view::view(&self.0, record)).collect()
    }

    /// Public warnings with a short code, newest first: one, unless two codes fell together.
    #[must_use]
    pub fn public_with_code(&self, code: ShortCode) -> Vec<WarningView> {
        let records: Vec<_> =
            self.0.warnings.read().with_code(code).filter(|record| is_told(record)).cloned().collect();
        records.iter().map(|record| view::view(&self.0, record)).collect()
    }
}
