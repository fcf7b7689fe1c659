use std::{fmt, time::Duration};

/// The provider's name for an accepted message; later receipts carry it. At most 255 bytes are kept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(Box<[u8]>);

impl Reference {
    /// Takes a reference as the provider wrote it, cut to 255 bytes.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        Self(bytes[..bytes.len().min(255)].into())
    }

    /// The bytes of the reference, owned.
    #[must_use]
    pub fn into_bytes(self) -> Box<[u8]> {
        self.0
    }

    /// The bytes of the reference.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", String::from_utf8_lossy(&self.0).escape_debug())
    }
}

/// The provider's own words for a refusal: a code for tables, a text for people. Never an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The provider's code, for example `550 5.1.1` or `isv.MOBILE_NUMBER_ILLEGAL`; at most 40 characters.
    pub code: Box<str>,
    /// What it said; at most 200 characters.
    pub text: Box<str>,
}

impl Cause {
    /// Keeps the first 40 characters of `code` and the first 200 of `text`.
    #[must_use]
    pub fn new(code: &str, text: &str) -> Self {
        let cut = |text: &str, most| text.chars().take(most).collect::<String>().into_boxed_str();
        Self { code: cut(code, 40), text: cut(text, 200) }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// Whom a throttle answer concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything sent with this account.
    Account,
    /// This connection only.
    Connection,
    /// This recipient only.
    Recipient,
}

/// The classified answer to one attempt at one address. Who is at fault, and is the result known?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The provider took it. Not "delivered": that is a receipt.
    Accepted(Option<Reference>),
    /// This address cannot be reached by anything we change; other addresses are not concerned.
    RefusedRecipient(Cause),
    /// This content will be refused for every address: the whole audience would get the same answer.
    RefusedContent(Cause),
    /// Credentials, signature, balance or permission are wrong; every later attempt would fail until a person acts.
    Misconfigured(Cause),
    /// Too fast. No attempt is counted; the engine slows down by `scope` and waits `after` when the provider says it.
    Throttled {
        /// Whom it concerns.
        scope: Scope,
        /// How long the provider wants us to wait.
        after: Option<Duration>,
        /// Its words.
        cause: Cause,
    },
    /// It failed and is known not to have been taken; worth another attempt.
    Transient(Cause),
    /// It was written and no answer came: it may have been taken.
    InDoubt(Cause),
}

impl Verdict {
    /// A refusal of the content with a code of our own, for text that does not fit the channel.
    #[must_use]
    pub fn refused_content(code: &str, text: &str) -> Self {
        Self::RefusedContent(Cause::new(code, text))
    }
}

/// An answer for a whole batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// As [`Verdict::Misconfigured`].
    #[error("misconfigured: {0}")]
    Misconfigured(Cause),
    /// As [`Verdict::Throttled`] for the account.
    #[error("throttled: {cause}")]
    Throttled {
        /// How long the provider wants us to wait.
        after: Option<Duration>,
        /// Its words.
        cause: Cause,
    },
    /// As [`Verdict::Transient`]: nothing of the batch was taken.
    #[error("not reached: {0}")]
    Transient(Cause),
    /// As [`Verdict::InDoubt`]: any of the batch may have been taken.
    #[error("no answer: {0}")]
    InDoubt(Cause),
}

impl Fault {
    /// The same answer as the verdict on each single item.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.clone() {
            Self::Misconfigured(cause) => Verdict::Misconfigured(cause),
            Self::Throttled { after, cause } => Verdict::Throttled { scope: Scope::Account, after, cause },
            Self::Transient(cause) => Verdict::Transient(cause),
            Self::InDoubt(cause) => Verdict::InDoubt(cause),
        }
    }
}
