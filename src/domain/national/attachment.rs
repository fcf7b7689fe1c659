//! A file that comes with a form: scans of the signed approval, and others.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::parameter;
use crate::domain::message::{Info, Message, NamedValue};

/// A file that comes with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name by the platform's rules, for example `33000041600000_20121025091026_11B01_BLUE_ALERT_P_01.jpg`.
    pub name: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl Attachment {
    /// Whether `name` is its name; the platform's names are the same in upper and lower case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.trim())
    }

    /// Whether a message names it with the digest of these very bytes: what was signed was this file.
    #[must_use]
    pub fn is_of(&self, message: &Message) -> bool {
        let digest = self.sha256();
        let named = |info: &Info| {
            let groups = parameter::groups(&info.parameters, parameter::RESOURCE);
            groups.iter().any(|group| self.is_called(group.value) && group.part("sha256") == Some(&digest))
        };
        message.infos.iter().any(named)
    }

    /// Whether the form's digest is that of another file. A text that is no SHA-1, in hex or base64, says nothing.
    pub(super) fn contradicts(&self, digest: &str) -> bool {
        let own = Sha1::digest(&self.bytes);
        let digest = digest.trim();
        match (digest.len(), STANDARD.decode(digest)) {
            (40, _) if digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => !digest.eq_ignore_ascii_case(&hex(&own)),
            (_, Ok(bytes)) if bytes.len() == own.len() => bytes != own.as_slice(),
            _ => false,
        }
    }

    /// SHA-256, hex.
    pub(super) fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.bytes))
    }

    /// What a message says of a file that its form does not name.
    pub(super) fn parameters(&self) -> [NamedValue; 4] {
        let named = |name: &str, value: String| NamedValue { name: name.to_owned(), value };
        let [size, digest] = parameter::OF_RESOURCE.map(|part| format!("{}.{part}", parameter::RESOURCE));
        [
            named(parameter::RESOURCE, self.name.clone()),
            named(&size, self.bytes.len().to_string()),
            named(&digest, hex(&Sha1::digest(&self.bytes))),
            named(parameter::SHA256, self.sha256()),
        ]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
