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
    if warning.status() != Status::Actual || warning.is_lift() {
        return Ok(None);
    }
    if warning.scope() != Scope::Private && !says_where(warning) {
        return Ok(Some(Beyond::NoPlace));
    }
    let ceiling = issuer.and_then(|issuer| parts.config.issuers.get(issuer)?.audience_max);
    let Some(most) = ceiling else { return Ok(None) };
    let named = target::Named::of(parts, warning, issuer).await?;
    let mut people = RoaringBitmap::new();
    for channel in Channel::ALL.into_iter().filter(|channel| channel.reaches_persons()) {
        if !target::routes(parts, channel, warning.status()).is_empty() {
            people |= target::proposed(parts, warning, &named, channel).await?;
        }
    }
    let people = people.len();
    Ok((people > most).then_some(Beyond::Audience { people, most }))
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
