//! How the program ends. The numbers are a promise to scripts; `fenghuo help exit-codes` prints them.

/// The exit code of a run. A script takes any other number for a failure; more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    /// Some of it was not delivered, or some lines were not taken.
    Partly = 3,
    /// No key, or not the right one.
    NotAllowed = 4,
    /// Try the same again.
    Temporary = 5,
    /// By the rules, the preflight or the sign-off.
    Refused = 6,
    Unreachable = 10,
    Interrupted = 130,
}

impl Exit {
    /// Every one, in order.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Partly,
        Self::NotAllowed,
        Self::Temporary,
        Self::Refused,
        Self::Unreachable,
        Self::Interrupted,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Id of its text.
    #[must_use]
    pub fn message(self) -> String {
        format!("exit-{}", self.code())
    }
}
