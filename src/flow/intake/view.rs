//! Warnings as the outside sees them.

use std::sync::Arc;

use super::{WarningFilter, WarningView};
use crate::{
    config::partners::{is_of_area, is_of_hazard},
    domain::{hazard, message::Scope, message::Status},
    flow::{
        Page, Parts,
        record::{Stage, WarningId, WarningRecord, rfc3339},
    },
};

impl WarningRecord {
    /// Seconds since 1970 at which the last of its infos ends, when all of them have an end.
    pub(crate) fn expires_unix(&self) -> Option<i64> {
        let ends: Option<Vec<i64>> = self.message.infos.iter().map(|info| info.expires.map(|end| end.unix())).collect();
        ends?.into_iter().max()
    }

    /// Whether anybody may read it: released, actual, public.
    pub(crate) fn is_public(&self) -> bool {
        self.released_ms.is_some() && self.status == Status::Actual && self.message.scope == Scope::Public
    }

    /// Whether it stands at a moment: released, not ended, not expired.
    pub(crate) fn stands(&self, now_unix: i64) -> bool {
        self.released_ms.is_some()
            && self.stage != Stage::Recorded
            && self.ended.is_none()
            && self.expires_unix().is_none_or(|end| end > now_unix)
    }
}

/// A record as the outside sees it.
pub(super) fn view(parts: &Parts, record: &WarningRecord) -> WarningView {
    let first = record.message.infos.first();
    let headline = first.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default();
    WarningView {
        id: record.id.clone(),
        stage: record.stage,
        level: record.level,
        status: record.status,
        kind: record.message.kind,
        scope: record.message.scope,
        hazard: record.message.infos.iter().find_map(hazard::national_code).map(str::to_owned),
        headline,
        issuer: record.issuer.clone(),
        event: record.event.clone(),
        received_at: rfc3339(record.received_ms),
        released_at: record.released_ms.map(rfc3339),
        finished_at: record.finished_ms.map(rfc3339),
        expires_at: record.expires_unix().map(|end| rfc3339(end * 1000)),
        ended: record.ended.clone(),
        ended_by: record.ended_by.clone(),
        digest: record.digest.clone(),
        notice: record.notice.clone(),
        change: record.change,
        message: parts.given_out(record),
    }
}

/// Warnings, newest first. The cursor is the id of the last one shown.
pub(super) fn page(parts: &Parts, filter: &WarningFilter, cursor: Option<&str>, limit: usize) -> Page<WarningView> {
    let now = parts.clock.unix();
    let area = filter.area.map(|area| vec![area.to_string()]);
    let warnings = parts.warnings.read();
    let before = cursor.map(|id| WarningId(id.to_owned()));
    let mut wanted = warnings.before(before.as_ref()).filter(|record| {
        filter.level.is_none_or(|level| record.level == level)
            && filter.status.is_none_or(|status| record.status == status)
            && filter.stage.is_none_or(|stage| record.stage == stage)
            && filter.issuer.as_ref().is_none_or(|issuer| record.issuer.as_ref() == Some(issuer))
            && (!filter.active || record.stands(now))
            && filter.event.as_ref().is_none_or(|event| record.event == *event)
            && filter.hazard.as_ref().is_none_or(|hazard| is_of_hazard(std::slice::from_ref(hazard), &record.message))
            && area.as_ref().is_none_or(|area| is_of_area(area, &record.message) == Some(true))
            && (filter.notices || record.notice.is_none())
    });
    let shown: Vec<Arc<WarningRecord>> = wanted.by_ref().take(limit).cloned().collect();
    let next = wanted.next().and_then(|_| shown.last().map(|last| last.id.0.clone()));
    drop(wanted);
    drop(warnings);
    let items = shown.iter().map(|record| view(parts, record)).collect();
    Page { items, next }
}
