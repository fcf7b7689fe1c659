//! What stands already and does not go together with a new warning: the same hazard in the same place under another
//! event, so that one of the two should have been an update.

use serde::Serialize;

use crate::{
    domain::{
        area::AreaCode,
        chain, hazard,
        level::Level,
        message::{Area, Message},
        shape::Shape,
        warning::Warning,
    },
    flow::{
        Parts,
        record::{WarningId, WarningRecord, rfc3339},
    },
};

/// Conflicts told at most.
const TOLD: usize = 20;

/// A warning that stands for the same hazard in the same place and that the new one neither updates nor ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Conflict {
    pub warning: WarningId,
    pub kind: ConflictKind,
    pub issuer: Option<String>,
    pub level: Level,
    pub headline: String,
    /// RFC 3339.
    pub released_at: Option<String>,
    /// RFC 3339.
    pub expires_at: Option<String>,
}

/// What does not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Another issuer says another level.
    OtherLevel,
    /// The same issuer has warned of it already: this should be an update.
    NotUpdated,
    /// Another issuer has warned of it at the same level.
    Doubled,
}

impl ConflictKind {
    /// Stable name in API and texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherLevel => "other_level",
            Self::NotUpdated => "not_updated",
            Self::Doubled => "doubled",
        }
    }
}

/// Everything that stands and does not go together with a warning, the most pressing first.
pub(super) fn conflicts(parts: &Parts, warning: &Warning, issuer: Option<&str>) -> Vec<Conflict> {
    let message = warning.message();
    if warning.is_lift() {
        return Vec::new();
    }
    let place = Place::of(message);
    let event = parts.event_of(message);
    let standing = parts.warnings.read().standing(parts.clock.unix());
    // A lift stands for a while so that it is shown; it warns of nothing.
    let others = standing.iter().filter(|other| {
        // Whatever is stored of this very message is no conflict with it.
        let same = other.message.sender == message.sender && other.message.identifier == message.identifier;
        !same
            && other.status == warning.status()
            && Some(&other.event) != event.as_ref()
            && !chain::is_lift(&other.message)
    });
    let alike = others.filter(|other| same_hazard(message, &other.message) && place.meets(&Place::of(&other.message)));
    let mut found: Vec<Conflict> = alike.map(|other| conflict(other, warning.level(), issuer)).collect();
    found.sort_by_key(|conflict| (conflict.kind, std::cmp::Reverse(conflict.level)));
    found.truncate(TOLD);
    found
}

fn conflict(other: &WarningRecord, level: Level, issuer: Option<&str>) -> Conflict {
    let info = other.message.infos.first();
    let own = other.issuer.as_deref() == issuer;
    Conflict {
        warning: other.id.clone(),
        kind: match (own, other.level == level) {
            (true, _) => ConflictKind::NotUpdated,
            (false, true) => ConflictKind::Doubled,
            (false, false) => ConflictKind::OtherLevel,
        },
        issuer: other.issuer.clone(),
        level: other.level,
        headline: info.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default(),
        released_at: other.released_ms.map(rfc3339),
        expires_at: other.expires_unix().map(|end| rfc3339(end.saturating_mul(1_000))),
    }
}

/// The same national code, or where one has none, the same name.
fn same_hazard(a: &Message, b: &Message) -> bool {
    let codes = |message: &Message| -> Vec<String> {
        message.infos.iter().filter_map(hazard::national_code).map(str::to_owned).collect()
    };
    let (ours, theirs) = (codes(a), codes(b));
    if ours.is_empty() || theirs.is_empty() {
        return a.infos.iter().any(|info| b.infos.iter().any(|other| other.event == info.event));
    }
    ours.iter().any(|code| theirs.contains(code))
}

/// Where a message is about.
struct Place {
    codes: Vec<AreaCode>,
    shapes: Vec<Shape>,
}

impl Place {
    fn of(message: &Message) -> Self {
        let areas = || message.infos.iter().flat_map(|info| &info.areas);
        Self {
            codes: areas().flat_map(AreaCode::of_area).collect(),
            shapes: areas().flat_map(|area: &Area| Shape::of_area(area)).collect(),
        }
    }

    /// Whether they may have a place in common. Of shapes the frames are compared: a conflict told too often costs a
    /// look, one not told costs more. What is named by codes alone and what is drawn alone cannot be compared.
    fn meets(&self, other: &Self) -> bool {
        let codes = self.codes.iter().any(|a| other.codes.iter().any(|b| a.contains(*b) || b.contains(*a)));
        codes || self.shapes.iter().any(|a| other.shapes.iter().any(|b| a.extent().touches(b.extent())))
    }
}
