//! The process environment, read once. The only place of the program that looks at it, besides the command line's own
//! options.
//!
//! A setting is named `FENGHUO_` and its path, in capitals, two underscores between the parts:
//! `FENGHUO_SERVER__LISTEN=0.0.0.0:12379`, `FENGHUO_ROUTES__SMS_CMCC__RATE_PER_S=200` (characters of a name that are
//! neither letters nor digits become one underscore). Lists are separated by commas or written as in the file.
//! Variables with a single underscore (`FENGHUO_SERVER`, `FENGHUO_KEY_FILE`, `FENGHUO_CONFIG`) are options of the
//! command line, not settings.

use std::collections::BTreeMap;

/// Prefix of every variable that concerns us.
pub const PREFIX: &str = "FENGHUO_";

/// A copy of the environment. Variables that are not Unicode are left out.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment this process was started with.
    #[must_use]
    pub fn of_process() -> Self {
        let unicode =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(unicode.collect())
    }

    /// One variable; an empty one counts as unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Settings among the variables: name and value, by name.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.0.iter().filter(|(name, _)| name.starts_with(PREFIX) && name[PREFIX.len()..].contains("__"));
        named.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
