use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fenghuo_contract::{Cause, Fault, Scope, Verdict};

/// How the whole provider is at the moment, whatever the address.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Condition {
    /// As its settings and the addresses say.
    #[default]
    Fine,
    /// Its link is down: nothing arrives.
    Down,
    /// It takes everything and never answers; given up after this long.
    Mute(Duration),
    /// Every submit takes this long instead of the usual time.
    Slow(Duration),
    /// It refuses this share of the deliveries for the moment, 0 to 1; which ones is chosen anew with every attempt.
    Failing(f64),
    /// It takes nothing and asks for this much time.
    Throttling(Duration),
    /// The account may not send, and the link test says so.
    Locked,
    /// It refuses every content.
    Censoring,
    /// It says that it takes everything, and neither sends nor reports anything.
    Lying,
}

/// Changes the condition of a simulated provider while it runs. Clones change the same one.
#[derive(Clone, Debug, Default)]
pub struct Weather(Arc<Mutex<Condition>>);

impl Weather {
    /// From now on it is so.
    pub fn set(&self, condition: Condition) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = condition;
    }

    /// How it is.
    #[must_use]
    pub fn now(&self) -> Condition {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// What the link answers before anything is looked at.
    pub(crate) fn fault(self) -> Option<Fault> {
        match self {
            Self::Down => Some(Fault::Transient(Cause::new("SIM-DOWN", "the link is down"))),
            Self::Throttling(after) => {
                Some(Fault::Throttled { after: Some(after), cause: Cause::new("SIM-THROTTLE", "too fast") })
            }
            Self::Locked => Some(Fault::Misconfigured(Cause::new("SIM-ACCOUNT", "the account may not send"))),
            _ => None,
        }
    }

    /// What the link test says.
    pub(crate) fn probed(self) -> Result<(), Fault> {
        match self {
            Self::Mute(_) => Err(Fault::InDoubt(Cause::new("SIM-VANISH", "no answer"))),
            condition => condition.fault().map_or(Ok(()), Err),
        }
    }

    /// What every delivery is answered with, when it does not depend on the address. `chance` is drawn for the attempt.
    pub(crate) fn verdict(self, chance: impl FnOnce() -> f64) -> Option<Verdict> {
        match self {
            Self::Failing(share) if chance() < share => {
                Some(Verdict::Transient(Cause::new("SIM-TRANSIENT", "try again later")))
            }
            Self::Mute(_) => Some(Verdict::InDoubt(Cause::new("SIM-VANISH", "no answer"))),
            Self::Censoring => Some(Verdict::refused_content("SIM-CONTENT", "the text is not allowed")),
            _ => None,
        }
    }

    /// How long a submit takes, when it is not the usual time.
    pub(crate) fn takes(self) -> Option<Duration> {
        match self {
            Self::Slow(takes) | Self::Mute(takes) => Some(takes),
            _ => None,
        }
    }
}

/// What a throttle answer to one delivery looks like.
pub(crate) fn throttled(scope: Scope, after_ms: u64) -> Verdict {
    let after = Some(Duration::from_millis(after_ms));
    Verdict::Throttled { scope, after, cause: Cause::new("SIM-THROTTLE", "too fast") }
}
