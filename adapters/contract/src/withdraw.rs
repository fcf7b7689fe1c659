use crate::{Address, Cause, Reference};

/// A message the provider accepted and is to withdraw, as long as it has not delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The reference its submit was answered with.
    pub reference: Reference,
    /// Whom it was for, as the directory has the address now.
    pub address: Address,
}

/// What the provider says about a message it is to withdraw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It will not be delivered, says the provider.
    Gone,
    /// The provider does not withdraw it: it was delivered, is on its way, or is not known any more. Its words say which.
    Kept(Cause),
    /// It was asked, and no answer came: either may be true.
    Unknown(Cause),
}
