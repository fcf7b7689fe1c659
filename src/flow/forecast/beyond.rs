//! Whether a warning is more than its issuer may release alone, whatever the sign-off rules ask.

use fenghuo_contract::Channel;
use roaring::RoaringBitmap;

use crate::{
    domain::{
        area::AreaCode,
        finding::{Finding, code},
        message::{Area, Scope, Status},
        shape::Shape,
        signoff::Beyond,
        warning::Warning,
    },
    flow::{Parts, Unavailable, target},
};

/// Why the emergency office has to sign an actual warning of an issuer; `None` for drills and for what ends an event.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) async fn beyond(
    parts: &Parts,
    issuer: Option<&str>,
    warning: &Warning,
) -> Result<Option<Beyond>, Unavailable> {
    // Whom it reaches is worked out only where there is a ceiling to compare with.
    let counts = asks(warning) && ceiling(parts, issuer).is_some();
    let people = if counts { people(parts, issuer, warning).await? } else { 0 };
    Ok(beyond_of(parts, issuer, warning, people))
}

/// The same of a warning whose audience is known: `people` on at least one channel.
pub(crate) fn beyond_of(parts: &Parts, issuer: Option<&str>, warning: &Warning, people: u64) -> Option<Beyond> {
    if !asks(warning) {
        return None;
    }
    if warning.scope() != Scope::Private && !says_where(warning) {
        return Some(Beyond::NoPlace);
    }
    ceiling(parts, issuer).filter(|most| people > *most).map(|most| Beyond::Audience { people, most })
}

fn asks(warning: &Warning) -> bool {
    warning.status() == Status::Actual && !warning.is_lift()
}

fn ceiling(parts: &Parts, issuer: Option<&str>) -> Option<u64> {
    parts.config.issuers.get(issuer?)?.audience_max
}

/// Persons on at least one channel.
async fn people(parts: &Parts, issuer: Option<&str>, warning: &Warning) -> Result<u64, Unavailable> {
    let named = target::Named::of(parts, warning, issuer).await?;
    let mut people = RoaringBitmap::new();
    for channel in Channel::ALL.into_iter().filter(|channel| channel.reaches_persons()) {
        if !target::routes(parts, channel, warning.status()).is_empty() {
            people |= target::proposed(parts, warning, &named, channel).await?;
        }
    }
    Ok(people.len())
}

/// The same as a person who looks before it is handed in is told it.
pub(crate) fn advice(beyond: Beyond) -> Finding {
    match beyond {
        Beyond::Audience { people, most } => {
            Finding::advise(code::AUDIENCE_ABOVE_CEILING, "").arg("count", people).arg("most", most)
        }
        Beyond::NoPlace => Finding::advise(code::AREA_ONLY_NAMED, ""),
    }
}

fn says_where(warning: &Warning) -> bool {
    let coded = |area: &Area| AreaCode::of_area(area).next().is_some() || Shape::of_area(area).next().is_some();
    warning.message().infos.iter().flat_map(|info| &info.areas).any(coded)
}
