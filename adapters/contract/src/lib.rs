//! The contract between Fenghuo's engine and the adapters that speak to providers.
//!
//! An adapter carries rendered content to addresses: it makes **one attempt**, classifies the answer, and says so.
//! It knows no warnings, keeps no queue, paces nothing, retries nothing and counts nothing; the engine does. A link
//! that must stay open (SMPP, MQTT, an SMTP session) is kept alive by the adapter itself.
//!
//! The written specification is [`specification`]; the suite that executes it is `conformance` (feature of that name).
//! Every adapter of this repository runs it, and a third party's adapter should.

mod address;
mod callback;
mod codes;
mod content;
mod fit;
mod profile;
mod receipt;
pub mod specification;
mod verdict;
mod when;

#[cfg(feature = "conformance")]
pub mod conformance;

use std::time::Duration;

pub use address::Address;
pub use callback::{Callback, CallbackFault, SignatureCheck};
pub use codes::{Class, CodeMeaning, CodeTable, CodeTableFault};
pub use content::{Attachment, Batch, Content, Item, Token, TooLong, Urgency};
pub use fit::Fit;
pub use profile::{Channel, Deduplication, Profile, RateUnit, ReceiptStyle};
pub use receipt::{Answer, Follow, FollowState, Inbound, NotTaken, Origin, Receipt, ReceiptSink, ReceiptState, Reply};
pub use verdict::{Cause, Fault, Reference, Scope, Verdict};
pub use when::{DRILL_MARK, When};

/// One configured provider account or link, able to make one attempt at a batch of addresses.
///
/// Implementations are shared by all slices of a route and must allow concurrent calls.
#[async_trait::async_trait]
pub trait Adapter: Send + Sync + 'static {
    /// What this adapter can carry and how; constant for the life of the adapter.
    fn profile(&self) -> &Profile;

    /// Makes one attempt at every item of the batch and returns one [`Verdict`] per item, in the order of
    /// [`Batch::items`].
    ///
    /// `budget` is the time this attempt may take; an adapter that runs out of it answers
    /// [`Verdict::InDoubt`] for what was written and [`Verdict::Transient`] for what was not. Dropping the returned
    /// future is safe: it may leave items in doubt, never a broken adapter.
    ///
    /// # Errors
    /// A [`Fault`] speaks for the whole batch: nothing of it reached the provider, or nothing is known about any item
    /// ([`Fault::InDoubt`]).
    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault>;

    /// Whether addresses of a kind ([`Address::kind`], empty for those that name none) are for this adapter. Constant for its
    /// life. On a channel with several routes each gets only what it carries.
    fn carries(&self, kind: &str) -> bool {
        let _ = kind;
        true
    }

    /// What carrying this content takes, and what its reader will see; asked before anybody signs it. Pure: no input or
    /// output, no state changed.
    ///
    /// # Errors
    /// The [`Cause`] for which a submit would answer [`Verdict::RefusedContent`]: the text is too long and so is its short
    /// form, or no approved template of the provider serves it.
    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        let text = content.text_within(self.profile().text_max)?;
        Ok(Fit { segments: 1, text: text.to_owned() })
    }

    /// Verifies and reads a call the provider made to us. Pure: no input or output, no state changed.
    ///
    /// # Errors
    /// [`CallbackFault`] tells a forged call from one that cannot be read, and from one this adapter never expects.
    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let _ = callback;
        Err(CallbackFault::Unexpected)
    }

    /// What the provider is to be answered, instead of [`Inbound::answer`], so that whoever wrote this call reads `text` at
    /// once; `None` where the provider has no such answer, or nobody wrote. Pure but for chance: no input or output.
    fn answer_with(&self, callback: &Callback<'_>, text: &str) -> Option<Answer> {
        let _ = (callback, text);
        None
    }

    /// Tests the link to the provider without any effect a person could notice (a canary).
    ///
    /// # Errors
    /// The same [`Fault`] a submit would have met.
    async fn probe(&self) -> Result<(), Fault>;

    /// Ends the adapter's links politely. Later submits answer [`Fault::Transient`].
    async fn close(&self);
}
