use std::net::IpAddr;

/// A call a provider made to `/callbacks/{route}/{secret}`, as it came, the secret already checked.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
    /// The peer that connected, after any trusted proxy.
    pub peer: IpAddr,
    /// Header names in lower case with their values, in the order received.
    pub headers: &'a [(String, String)],
    /// The query string without its question mark.
    pub query: &'a str,
    /// The body, at most 1 MiB.
    pub body: &'a [u8],
    /// What a signature that does not fit means.
    pub signature: SignatureCheck,
}

/// What becomes of a callback whose signature is wrong or missing. Checks are introduced by watching first: a provider
/// that signs otherwise than its manual says must not cost the receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureCheck {
    /// It is read all the same; its receipts are [`Origin::Unsigned`](crate::Origin::Unsigned).
    Observe,
    /// It is [`CallbackFault::Forged`].
    #[default]
    Enforce,
}

/// Why a callback gave no receipts.
#[derive(Debug, thiserror::Error)]
pub enum CallbackFault {
    /// The signature is wrong or missing, or the peer is not on the route's list.
    #[error("the callback is not the provider's")]
    Forged,
    /// Neither the provider's format nor a part of it could be read.
    #[error("the callback cannot be read: {0}")]
    Unreadable(String),
    /// This adapter gets no callbacks.
    #[error("this route expects no callbacks")]
    Unexpected,
}
