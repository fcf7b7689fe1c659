//! Why a route does not run: the typed reason that operators, metrics and the log read.

/// What tripped the breaker of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trip {
    /// The provider asked for time.
    Throttled,
    /// The link does not come up or broke before anything was taken.
    Unreached,
    /// What was written was not answered.
    Unanswered,
    /// Too many attempts of late were not taken, though the link stands.
    Failing,
    /// Credentials, permission, signature or balance: a person must act.
    Misconfigured,
    /// The silent link test failed twice in a row.
    Canary,
}

impl Trip {
    /// Stable name in API, console and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unreached => "unreached",
            Self::Unanswered => "unanswered",
            Self::Failing => "failing",
            Self::Misconfigured => "misconfigured",
            Self::Canary => "canary",
        }
    }
}
