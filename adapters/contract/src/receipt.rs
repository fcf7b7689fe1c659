use bytes::Bytes;

use crate::{Address, Cause, Reference};

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

/// What a person wrote back: a confirmation, a wish to be left in peace, anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Whom it is from, as the provider writes the address.
    pub from: Address,
    /// What was written, whole: parts are put together by the adapter.
    pub text: String,
    /// When it was written by the provider's clock, milliseconds since 1970; `None` when it does not say.
    pub at: Option<i64>,
    /// How far it can be trusted.
    pub origin: Origin,
}

/// Somebody began or ended to follow what this route sends: whoever keeps the directory adds or retires the address.
///
/// Like receipts it may come twice and out of order; of two about one address the later [`at`](Self::at) counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Who, as the provider writes the address.
    pub address: Address,
    /// Whether he came or went.
    pub state: FollowState,
    /// When, by the provider's clock, milliseconds since 1970; `None` when it does not say.
    pub at: Option<i64>,
    /// How far it can be trusted.
    pub origin: Origin,
}

/// Whether somebody came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowState {
    /// Messages may be sent to the address.
    Followed,
    /// The provider refuses every message to the address.
    Left,
}

/// What a call of the provider says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// Later word about deliveries.
    pub receipts: Vec<Receipt>,
    /// What people wrote back.
    pub replies: Vec<Reply>,
    /// Who began or ended to follow.
    pub followers: Vec<Follow>,
    /// What the provider wants to read as answer, once all of it is durable; `None` = nothing in particular.
    pub answer: Option<Answer>,
}

impl From<Vec<Receipt>> for Inbound {
    fn from(receipts: Vec<Receipt>) -> Self {
        Self { receipts, ..Self::default() }
    }
}

/// What a provider wants to read when its call was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// Takes receipts and replies from adapters whose links push them.
#[async_trait::async_trait]
pub trait ReceiptSink: Send + Sync + 'static {
    /// Returns once the receipts are durable: only then may the provider be acknowledged.
    ///
    /// # Errors
    /// [`NotTaken`]: the provider must not be acknowledged, so that it repeats them.
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken>;

    /// Returns once what people wrote back is durable in all it changes: only then may the provider be acknowledged. It may
    /// come twice.
    ///
    /// # Errors
    /// [`NotTaken`]: the provider must not be acknowledged, so that it repeats them.
    async fn reply(&self, replies: Vec<Reply>) -> Result<(), NotTaken>;
}

/// They were not made durable; do not acknowledge them.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not taken; do not acknowledge it")]
pub struct NotTaken;
