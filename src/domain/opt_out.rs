//! What a recipient may choose not to get.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::level::Level;

/// The level below which a recipient wants no warnings. Orange and red always reach, so there is no higher choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptOut {
    /// No blue warnings.
    Yellow,
    /// No blue and no yellow warnings.
    Orange,
}

impl OptOut {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Yellow, Self::Orange];

    /// The level it names.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Yellow => Level::Yellow,
            Self::Orange => Level::Orange,
        }
    }

    /// Whether a warning of this level is not wanted. One without a level may be grave and always is.
    #[must_use]
    pub fn refuses(self, level: Level) -> bool {
        level != Level::Unknown && level < self.level()
    }
}

impl fmt::Display for OptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level().name())
    }
}

/// The text names no level that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither yellow nor orange")]
pub struct NotAnOptOut;

impl FromStr for OptOut {
    type Err = NotAnOptOut;

    fn from_str(text: &str) -> Result<Self, NotAnOptOut> {
        Self::ALL.into_iter().find(|choice| choice.level().name() == text).ok_or(NotAnOptOut)
    }
}

#[cfg(test)]
mod tests {
    use super::OptOut;
    use crate::domain::level::Level;

    #[test]
    fn orange_red_and_what_has_no_level_always_reach() {
        let refused =
            |choice: OptOut| Level::ALL.into_iter().filter(|level| choice.refuses(*level)).collect::<Vec<_>>();
        assert_eq!(refused(OptOut::Yellow), [Level::Blue]);
        assert_eq!(refused(OptOut::Orange), [Level::Yellow, Level::Blue]);
        assert!("red".parse::<OptOut>().is_err() && "blue".parse::<OptOut>().is_err());
        assert!(OptOut::ALL.into_iter().all(|choice| choice.to_string().parse() == Ok(choice)));
    }
}
