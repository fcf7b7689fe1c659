//! What a warning is for: the real thing, an exercise, or a test. The three are types of their own, so that no code
//! carries one where another was meant.
//!
//! Whoever holds something that goes out (a plan, a notice) sorts it once by its purpose ([`Sorted::of`]) and from then
//! on holds a [`Meant`]. Whatever it is to use, a route, a recipient, a screen, is asked for through [`Meant::permit`],
//! the one gate; what comes out, a [`Permitted`], is good for that purpose and no other. A function that takes
//! `Permitted<P, …>` for everything it uses cannot be called with a drill's plan and a route of the public:
//!
//! ```
//! use fenghuo::domain::purpose::{Exercise, HasPurpose, Marked, Marks, Meant, Permitted, Purpose, PurposeType, Sorted};
//!
//! struct Plan;
//! impl HasPurpose for Plan {
//!     fn purpose(&self) -> Option<Purpose> {
//!         Some(Purpose::Exercise)
//!     }
//! }
//! struct Route(Marks);
//! impl Marked for Route {
//!     fn marks(&self) -> Marks {
//!         self.0
//!     }
//! }
//! fn send<P: PurposeType>(_plan: &Meant<P, Plan>, _route: &Permitted<P, Route>) {}
//!
//! let Some(Sorted::Exercise(plan)) = Sorted::of(Plan) else { panic!("an exercise") };
//! let route: Permitted<Exercise, Route> = plan.permit(Route(Marks::DRILLS)).expect("marked for drills");
//! send(&plan, &route);
//! assert!(plan.permit(Route(Marks::ACTUAL)).is_none());
//! ```
//!
//! What was permitted for an exercise is not permitted for the real thing, nor for a test:
//!
//! ```compile_fail,E0308
//! use fenghuo::domain::purpose::{Actual, Exercise, Meant, Permitted, PurposeType};
//!
//! struct Plan;
//! struct Route;
//! fn send<P: PurposeType>(_plan: &Meant<P, Plan>, _route: &Permitted<P, Route>) {}
//!
//! fn mix(plan: &Meant<Actual, Plan>, route: &Permitted<Exercise, Route>) {
//!     send(plan, route);
//! }
//! ```
//!
//! ```
//! use fenghuo::domain::purpose::{Exercise, Meant, Permitted, PurposeType};
//!
//! struct Plan;
//! struct Route;
//! fn send<P: PurposeType>(_plan: &Meant<P, Plan>, _route: &Permitted<P, Route>) {}
//!
//! fn keep(plan: &Meant<Exercise, Plan>, route: &Permitted<Exercise, Route>) {
//!     send(plan, route);
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use fenghuo::domain::purpose::{Exercise, Permitted, Test};
//!
//! fn is_for_tests(_route: &Permitted<Test, u8>) {}
//!
//! fn mix(route: &Permitted<Exercise, u8>) {
//!     is_for_tests(route);
//! }
//! ```
//!
//! Nobody but the gate makes a permission, and nobody but the sorting says what something is meant for:
//!
//! ```compile_fail,E0451
//! use std::marker::PhantomData;
//! use fenghuo::domain::purpose::{Actual, Permitted};
//!
//! let route = Permitted::<Actual, &str> { what: "sms.public", purpose: PhantomData };
//! ```
//!
//! ```compile_fail,E0451
//! use std::marker::PhantomData;
//! use fenghuo::domain::purpose::{Exercise, Meant};
//!
//! let plan = Meant::<Exercise, &str> { what: "a plan", purpose: PhantomData };
//! ```
//!
//! ```
//! use fenghuo::domain::purpose::{Actual, Exercise, HasPurpose, Marked, Meant, Permitted, PurposeType, Sorted};
//!
//! fn permission<T: HasPurpose, R: Marked>(plan: T, route: R) -> Option<Permitted<Actual, R>> {
//!     match Sorted::of(plan)? {
//!         Sorted::Actual(plan) => plan.permit(route),
//!         Sorted::Exercise(_) | Sorted::Test(_) => None,
//!     }
//! }
//! ```
//!
//! There is no fourth purpose:
//!
//! ```compile_fail,E0277
//! use fenghuo::domain::purpose::{Purpose, PurposeType};
//!
//! struct Rehearsal;
//! impl PurposeType for Rehearsal {
//!     const PURPOSE: Purpose = Purpose::Actual;
//! }
//! ```
//!
//! ```
//! use fenghuo::domain::purpose::{Actual, Purpose, PurposeType};
//!
//! struct Rehearsal;
//! trait Kind {
//!     const PURPOSE: Purpose;
//! }
//! impl Kind for Rehearsal {
//!     const PURPOSE: Purpose = <Actual as PurposeType>::PURPOSE;
//! }
//! ```

#[cfg(test)]
mod tests;

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use serde::{Deserialize, Serialize};

use super::message::Status;

/// What something that goes out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be acted on.
    Actual,
    /// For those who take part in an exercise.
    Exercise,
    /// A technical test.
    Test,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Actual, Self::Exercise, Self::Test];

    /// The purpose of a message; `None` when it goes to nobody: drafts and messages between systems.
    #[must_use]
    pub const fn of(status: Status) -> Option<Self> {
        match status {
            Status::Actual => Some(Self::Actual),
            Status::Exercise => Some(Self::Exercise),
            Status::Test => Some(Self::Test),
            Status::System | Status::Draft => None,
        }
    }

    /// Exercise or test: what is not to be acted on.
    #[must_use]
    pub const fn is_drill(self) -> bool {
        !matches!(self, Self::Actual)
    }

    /// Stable name in API and store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Exercise => "exercise",
            Self::Test => "test",
        }
    }

    /// The gate: gives back what may be used for this purpose, and nothing else. The real thing goes over what is marked
    /// for it, exercises and tests over what is marked for drills.
    #[must_use]
    pub fn permit<T: Marked>(self, what: T) -> Option<T> {
        what.marks().admit(self).then_some(what)
    }
}

/// What a route, a recipient or a screen may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The real thing.
    pub actual: bool,
    /// Exercises and tests.
    pub drill: bool,
}

impl Marks {
    /// For the real thing only.
    pub const ACTUAL: Self = Self { actual: true, drill: false };
    /// For exercises and tests only.
    pub const DRILLS: Self = Self { actual: false, drill: true };

    /// A person or a screen: whoever takes part in drills gets the real thing too.
    #[must_use]
    pub const fn audience(drill: bool) -> Self {
        Self { actual: true, drill }
    }

    /// Whether these marks let something of a purpose through.
    #[must_use]
    pub const fn admit(self, purpose: Purpose) -> bool {
        if purpose.is_drill() { self.drill } else { self.actual }
    }

    /// Whether something of any purpose goes over both.
    #[must_use]
    pub const fn meet(self, other: Self) -> bool {
        (self.drill && other.drill) || (self.actual && other.actual)
    }
}

/// Says what it is marked for.
pub trait Marked {
    /// What it may be used for.
    fn marks(&self) -> Marks;
}

impl<T: Marked> Marked for &T {
    fn marks(&self) -> Marks {
        (**self).marks()
    }
}

/// Says what it is for.
pub trait HasPurpose {
    /// What it is for; `None` when that is in doubt, and then nothing may carry it.
    fn purpose(&self) -> Option<Purpose>;
}

impl<T: HasPurpose> HasPurpose for &T {
    fn purpose(&self) -> Option<Purpose> {
        (**self).purpose()
    }
}

impl<T: HasPurpose> HasPurpose for Arc<T> {
    fn purpose(&self) -> Option<Purpose> {
        (**self).purpose()
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A purpose as a type: one of the three of this module.
pub trait PurposeType: sealed::Sealed + Send + Sync + 'static {
    /// The same as a value.
    const PURPOSE: Purpose;
}

macro_rules! purpose_types {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}
            impl sealed::Sealed for $name {}
            impl PurposeType for $name {
                const PURPOSE: Purpose = Purpose::$name;
            }
        )+
    };
}

purpose_types! {
    /// To be acted on.
    Actual;
    /// For those who take part in an exercise.
    Exercise;
    /// A technical test.
    Test;
}

/// Something that goes out, known to be for `P`.
#[derive(Debug)]
pub struct Meant<P: PurposeType, T> {
    what: T,
    purpose: PhantomData<P>,
}

impl<P: PurposeType, T> Meant<P, T> {
    /// Asks for a route, a recipient or a screen to be used for it; `None` when that is not marked for `P`.
    #[must_use]
    pub fn permit<U: Marked>(&self, what: U) -> Option<Permitted<P, U>> {
        P::PURPOSE.permit(what).map(|what| Permitted { what, purpose: PhantomData })
    }
}

impl<P: PurposeType, T> Deref for Meant<P, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

/// Something that goes out, sorted by what it is for.
#[derive(Debug)]
pub enum Sorted<T> {
    /// To be acted on.
    Actual(Meant<Actual, T>),
    /// For those who take part in an exercise.
    Exercise(Meant<Exercise, T>),
    /// A technical test.
    Test(Meant<Test, T>),
}

impl<T: HasPurpose> Sorted<T> {
    /// Sorts it; `None` when what it is for is in doubt.
    #[must_use]
    pub fn of(what: T) -> Option<Self> {
        Some(match what.purpose()? {
            Purpose::Actual => Self::Actual(Meant { what, purpose: PhantomData }),
            Purpose::Exercise => Self::Exercise(Meant { what, purpose: PhantomData }),
            Purpose::Test => Self::Test(Meant { what, purpose: PhantomData }),
        })
    }
}

/// Something that may be used for `P`.
#[derive(Debug)]
pub struct Permitted<P: PurposeType, T> {
    what: T,
    purpose: PhantomData<P>,
}

impl<P: PurposeType, T> Permitted<P, T> {
    /// What was permitted. From here on only the taker answers for what becomes of it.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.what
    }
}

impl<P: PurposeType, T> Deref for Permitted<P, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

/// What a stored record says it is for: `{"drill": true, "purpose": "exercise"}`. A record without the word is one that
/// tells drills from the real thing only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    drill: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
}

impl Stated {
    /// Whether it says that it is a drill.
    #[must_use]
    pub const fn is_drill(self) -> bool {
        self.drill
    }

    /// What something is for when its record says this and `known` is what it belongs to: the same, or in doubt.
    #[must_use]
    pub fn agreed(self, known: Option<Purpose>) -> Option<Purpose> {
        known.filter(|known| self.drill == known.is_drill() && self.purpose.is_none_or(|said| said == *known))
    }

    /// What it is for by its own words; `None` when they contradict each other. A drill that says no more is an exercise.
    #[must_use]
    pub fn alone(self) -> Option<Purpose> {
        let told = if self.drill { Purpose::Exercise } else { Purpose::Actual };
        self.agreed(Some(self.purpose.unwrap_or(told)))
    }
}

impl From<Purpose> for Stated {
    fn from(purpose: Purpose) -> Self {
        Self { drill: purpose.is_drill(), purpose: Some(purpose) }
    }
}
