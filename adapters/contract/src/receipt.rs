use crate::{Cause, Reference};

/// Later word from the provider, the screen or the person about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The reference the submit was answered with.
    pub reference: Reference,
    /// What became of it.
    pub state: ReceiptState,
    /// When it happened by the provider's clock, milliseconds since 1970; `None` when it does not say.
    pub at: Option<i64>,
    /// How far the word can be trusted.
    pub origin: Origin,
}

/// What became of a delivery. These never add up with "accepted": they are later states of the same delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    /// It reached the device.
    Delivered,
    /// A person confirmed it.
    Confirmed,
    /// It will not be delivered; the provider's own code says why.
    Failed(Cause),
}

/// How far a receipt can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Signed by the provider, or come over a link it logged in to.
    Signed,
    /// Only the address of the callback was secret.
    Unsigned,
}

/// Takes receipts from adapters whose links push them.
#[async_trait::async_trait]
pub trait ReceiptSink: Send + Sync + 'static {
    /// Returns once the receipts are durable: only then may the provider be acknowledged.
    ///
    /// # Errors
    /// [`NotTaken`]: the provider must not be acknowledged, so that it repeats them.
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken>;
}

/// The receipts were not made durable; do not acknowledge them.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("receipts were not taken; do not acknowledge them")]
pub struct NotTaken;
