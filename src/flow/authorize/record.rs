//! A key as the store holds it.

use serde::{Deserialize, Serialize};

use super::{Actor, KeyView, Role};
use crate::domain::moment::Moment;

/// The record of one key. The secret itself stands nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeyRecord {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) person: Option<String>,
    pub(super) note: String,
    /// Milliseconds since 1970.
    pub(super) created_ms: i64,
    /// Id of the key of whoever made it, `local` for the machine itself.
    pub(super) created_by: String,
    pub(super) revoked_ms: Option<i64>,
    pub(super) revoked_by: Option<String>,
    /// Digest of the secret, hex, with its algorithm: `sha256:…`.
    pub(super) secret: String,
}

/// Names a digest with its algorithm.
pub(super) fn named_digest(digest: &[u8; 32]) -> String {
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// RFC 3339 in China's time.
fn shown(ms: i64) -> String {
    Moment::china(ms.div_euclid(1000)).to_string()
}

impl KeyRecord {
    pub(super) fn view(&self) -> KeyView {
        KeyView {
            id: self.id.clone(),
            role: self.role,
            subject: self.subject.clone(),
            person: self.person.clone(),
            note: self.note.clone(),
            created_at: shown(self.created_ms),
            revoked_at: self.revoked_ms.map(shown),
        }
    }

    pub(super) fn actor(&self) -> Actor {
        Actor {
            key: self.id.clone(),
            role: self.role,
            subject: self.subject.clone(),
            person: self.person.clone(),
            made_by: self.created_by.clone(),
        }
    }
}
