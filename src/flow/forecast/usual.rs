//! How an audience compares with what its issuer usually reaches: an echo that stops a mistake.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    domain::{chain, warning::Warning},
    flow::{
        Parts,
        record::{Stage, WarningRecord},
    },
};

/// Warnings compared with at most.
const COMPARED: usize = 20;
/// With fewer of the same kind, all of the issuer's are compared with.
const ALIKE: usize = 3;

/// The audiences of an issuer's last warnings: of each the largest of its channels.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct UsualAudience {
    /// How many warnings are compared with.
    pub warnings: u64,
    /// They have the same status and the same class of hazard; else they are all of the issuer's.
    pub alike: bool,
    pub median: u64,
    pub largest: u64,
    /// The largest channel of this one.
    pub this: u64,
    /// So many times the median.
    pub ratio: f64,
}

/// Compares; `None` when the issuer has released nothing that reached somebody.
pub(super) fn compare(parts: &Parts, warning: &Warning, issuer: Option<&str>, this: u64) -> Option<UsualAudience> {
    let sender = &warning.message().sender;
    let own = |record: &Arc<WarningRecord>| {
        let same = record.issuer.as_deref().is_some_and(|known| Some(known) == issuer);
        record.notice.is_none()
            && (same || record.message.sender == *sender)
            && record.stage >= Stage::Targeted
            && record.released_ms.is_some()
    };
    let class = |code: Option<&str>| Some(parts.config.hazards.get(code?)?.class);
    let kind = class(warning.hazard());
    let warnings = parts.warnings.read();
    let known: Vec<(bool, u64)> = warnings
        .before(None)
        .filter(|record| own(record))
        .filter_map(|record| {
            let code = record.message.infos.iter().find_map(crate::domain::hazard::national_code);
            let alike = record.status == warning.status() && class(code) == kind;
            audience(parts, record).map(|size| (alike, size))
        })
        .take(COMPARED * 10)
        .collect();
    drop(warnings);
    let alike: Vec<u64> = known.iter().filter(|(alike, _)| *alike).map(|(_, size)| *size).take(COMPARED).collect();
    let (alike, mut sizes) = if alike.len() >= ALIKE {
        (true, alike)
    } else {
        (false, known.into_iter().map(|(_, size)| size).take(COMPARED).collect())
    };
    sizes.sort_unstable();
    let (median, largest) = (*sizes.get(sizes.len() / 2)?, *sizes.last()?);
    let ratio = this as f64 / median.max(1) as f64;
    Some(UsualAudience { warnings: sizes.len() as u64, alike, median, largest, this, ratio })
}

/// The largest channel of a warning; `None` when it went to nobody, or only to those an earlier one had told.
fn audience(parts: &Parts, record: &WarningRecord) -> Option<u64> {
    let lift = chain::is_lift(&record.message);
    let size = |number: &u64| {
        let live = parts.projection.live(*number).map(|plan| plan.size());
        live.or_else(|| parts.projection.folded.head(*number).map(|head| head.size)).map(u64::from)
    };
    record.plans.iter().filter_map(size).max().filter(|size| *size > 0 && !lift)
}
