//! The address of a screen's kiosk page: signed, so that nothing needs typing on a panel; revocable, because a panel can
//! be stolen.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

/// A keyed hash (HMAC-SHA-256) under a key of this installation.
pub type Mac = Arc<dyn Fn(&[u8]) -> [u8; 32] + Send + Sync>;

/// The token that opens a screen's page until its `generation` is raised.
pub(super) fn token(mac: &Mac, id: &str, generation: u64) -> String {
    // The length of the id keeps (id, generation) pairs apart.
    let mut words = b"fenghuo kiosk 1".to_vec();
    words.extend_from_slice(&(id.len() as u64).to_be_bytes());
    words.extend_from_slice(id.as_bytes());
    words.extend_from_slice(&generation.to_be_bytes());
    URL_SAFE_NO_PAD.encode(mac(&words))
}

/// Whether a token is the right one; takes the same time wherever the two differ.
pub(super) fn is(token: &str, given: &str) -> bool {
    token.as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sha2::{Digest, Sha256};

    use super::{Mac, is, token};

    #[test]
    fn a_token_opens_one_screen_of_one_generation() {
        let mac: Mac = Arc::new(|words| Sha256::new_with_prefix("key").chain_update(words).finalize().into());
        let own = token(&mac, "tower-1", 3);
        let opens = |mac: &Mac, id, generation, given: &str| is(&token(mac, id, generation), given);
        assert!(opens(&mac, "tower-1", 3, &own));
        assert!(!opens(&mac, "tower-1", 4, &own), "revoked");
        assert!(!opens(&mac, "tower-2", 3, &own), "another screen");
        assert!(!opens(&mac, "tower-1", 3, &own[1..]) && !opens(&mac, "tower-1", 3, ""));
        let other: Mac = Arc::new(|words| Sha256::new_with_prefix("other").chain_update(words).finalize().into());
        assert!(!opens(&other, "tower-1", 3, &own), "another installation");
    }
}
