//! Stage 2: may this person or system say this, here?
//!
//! Keys say who is asking; [`authority`] holds what an issuer wants to say against what the configuration lets it say.

mod authority;
mod event;
mod keys;
pub mod offline;
mod record;

use serde::{Deserialize, Serialize};

use super::{Flow, Unavailable};

pub use authority::authority;
pub(in crate::flow) use event::{may, may_end};

/// Every code that says that somebody may not say something.
pub fn codes() -> impl Iterator<Item = &'static str> {
    authority::CODES.into_iter().chain(event::CODES)
}
pub use keys::Keys;

/// What a key may be used for. The matrix of routes × roles is in `http::routes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Issuer,
    Approver,
    Operator,
    Auditor,
    /// Accounts and keys.
    Security,
    /// System.
    Admin,
    Screen,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] =
        [Self::Issuer, Self::Approver, Self::Operator, Self::Auditor, Self::Security, Self::Admin, Self::Screen];

    /// Stable name in API, command line and log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Approver => "approver",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Security => "security",
            Self::Admin => "admin",
            Self::Screen => "screen",
        }
    }

    /// Whether a key of this role belongs to an issuer or a screen.
    #[must_use]
    pub const fn has_subject(self) -> bool {
        matches!(self, Self::Issuer | Self::Screen)
    }
}

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Id of the API key.
    pub key: String,
    pub role: Role,
    /// The issuer (role issuer) or the screen (role screen) the key belongs to.
    pub subject: Option<String>,
    /// The person who holds the key, when it is one person's.
    pub person: Option<String>,
    /// Id of the key of whoever made it, `local` for the machine itself.
    pub made_by: String,
}

impl Actor {
    /// Whoever holds a key that was made on the machine itself and is no one person's.
    #[must_use]
    pub fn new(key: impl Into<String>, role: Role, subject: Option<String>) -> Self {
        Self { key: key.into(), role, subject, person: None, made_by: LOCAL.to_owned() }
    }

    /// The person, or the key where the person is not known: what two signers are told apart by.
    #[must_use]
    pub fn who(&self) -> &str {
        self.person.as_deref().unwrap_or(&self.key)
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct KeyOrder {
    pub role: Role,
    /// The issuer or the screen it belongs to; for these two roles only.
    pub subject: Option<String>,
    /// The person who will hold it, in the words the district knows people by.
    pub person: Option<String>,
    /// What it is for.
    pub note: String,
}

impl KeyOrder {
    /// A key that is no one person's.
    #[must_use]
    pub const fn new(role: Role, subject: Option<String>) -> Self {
        Self { role, subject, person: None, note: String::new() }
    }
}

/// A key as listed: never its secret.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct KeyView {
    pub id: String,
    pub role: Role,
    pub subject: Option<String>,
    pub person: Option<String>,
    pub note: String,
    /// RFC 3339.
    pub created_at: String,
    pub revoked_at: Option<String>,
}

/// A key just made; the secret is shown this once.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct NewKey {
    #[serde(flatten)]
    pub key: KeyView,
    /// `fh_…`
    pub secret: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenFault {
    #[error("no such key")]
    Unknown,
    #[error("key revoked")]
    Revoked,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Who makes or revokes keys from the machine itself, without a key.
const LOCAL: &str = "local";

/// The person who holds a key of this id; the id where the person is not known; `None` for the machine itself and for
/// keys that are not there.
pub(in crate::flow) async fn person_of(parts: &super::Parts, key: &str) -> Result<Option<String>, Unavailable> {
    if key == LOCAL { Ok(None) } else { keys::person(&parts.store, key).await }
}

/// Who holds a key of this id; `None` when there is none or it was revoked.
pub(in crate::flow) async fn holder_of(parts: &super::Parts, key: &str) -> Result<Option<Actor>, Unavailable> {
    keys::holder_of(&parts.store, key).await
}

/// The digest by which a secret is found.
#[must_use]
pub fn secret_digest(secret: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(secret.as_bytes()).into()
}

impl Flow {
    /// Who holds this token (`fh_…`).
    ///
    /// # Errors
    /// [`TokenFault`].
    pub async fn authenticate(&self, token: &str) -> Result<Actor, TokenFault> {
        if !keys::has_form(token) {
            return Err(TokenFault::Unknown);
        }
        self.authenticate_digest(secret_digest(token)).await
    }

    /// Who holds the token with this digest, see [`secret_digest`].
    ///
    /// # Errors
    /// [`TokenFault`].
    pub async fn authenticate_digest(&self, digest: [u8; 32]) -> Result<Actor, TokenFault> {
        self.0.keys.holder(&self.0.store, digest).await
    }

    /// Makes a key, on the machine itself.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn create_key(&self, role: Role, subject: Option<String>, note: String) -> Result<NewKey, Unavailable> {
        self.create_key_by(LOCAL, KeyOrder { role, subject, person: None, note }).await
    }

    /// Makes a key; `by` is the id of the key of whoever asks, for the journal.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn create_key_by(&self, by: &str, order: KeyOrder) -> Result<NewKey, Unavailable> {
        let made = keys::create(&self.0.store, &self.0.clock, by, order).await;
        // Made or perhaps made: whoever is to be told of it is told.
        super::witness::granted(&self.0);
        made
    }

    /// Every key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn keys(&self) -> Result<Vec<KeyView>, Unavailable> {
        keys::list(&self.0.store).await
    }

    /// Revokes a key, on the machine itself; `false` when there is none with this id.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, Unavailable> {
        self.revoke_key_by(LOCAL, id).await
    }

    /// Revokes a key; `by` as in [`Flow::create_key_by`]. When it returns, this process takes the key no more. A key
    /// that is revoked already stays as it is.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn revoke_key_by(&self, by: &str, id: &str) -> Result<bool, Unavailable> {
        let revoked = self.0.keys.revoke(&self.0.store, &self.0.clock, by, id).await;
        self.0.screens.put_out();
        revoked
    }
}
