//! Who we are (RFC 8292): a token for each push service, kept for half of its life.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use http::HeaderValue;
use serde_json::json;

use crate::jwt::Es256;

/// Life of a token, seconds; push services take 24 hours at most.
const LIFE: i64 = 12 * 3600;

/// Push services remembered at most: whoever subscribes names them.
const ORIGINS_MAX: usize = 100;

/// Signs and keeps the tokens.
pub(crate) struct Vapid {
    key: Es256,
    public: String,
    contact: String,
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    header: HeaderValue,
    expires: i64,
}

impl Vapid {
    pub(crate) fn new(key: Es256, contact: &str) -> Self {
        Self { public: key.public(), key, contact: contact.to_owned(), kept: Mutex::default() }
    }

    /// The public key in base64url.
    pub(crate) fn public(&self) -> &str {
        &self.public
    }

    /// The value of `authorization` for a push service.
    pub(crate) fn header(&self, origin: &str, now: i64) -> HeaderValue {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(origin)
            && (now + LIFE / 2..=now + LIFE).contains(&known.expires)
        {
            return known.header.clone();
        }
        if kept.len() >= ORIGINS_MAX {
            kept.clear();
        }
        let (header, expires) = (self.sign(origin, now + LIFE), now + LIFE);
        kept.insert(origin.to_owned(), Kept { header: header.clone(), expires });
        header
    }

    fn sign(&self, origin: &str, expires: i64) -> HeaderValue {
        let claims = json!({ "aud": origin, "exp": expires, "sub": self.contact });
        let token = self.key.sign(&json!({ "typ": "JWT", "alg": "ES256" }), &claims);
        let header = HeaderValue::try_from(format!("vapid t={token},k={}", self.public));
        let mut header = header.unwrap_or(HeaderValue::from_static("vapid"));
        header.set_sensitive(true);
        header
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn a_token_is_kept_for_half_its_life_and_for_one_push_service() {
        let key = Es256::pem_or_number(&URL_SAFE_NO_PAD.encode([7; 32])).unwrap();
        let vapid = Vapid::new(key, "mailto:warning@songbei.example");
        let first = vapid.header("https://a.example", 1000);
        assert_eq!(vapid.header("https://a.example", 1000 + LIFE / 2), first);
        assert_ne!(vapid.header("https://b.example", 1000), first);
        assert_ne!(vapid.header("https://a.example", 1001 + LIFE / 2), first);
        assert_ne!(vapid.header("https://a.example", 0), first, "after the clock was put back");
        for number in 0..=ORIGINS_MAX {
            vapid.header(&format!("https://{number}.example"), 1000);
        }
        assert!(vapid.kept.lock().unwrap().len() <= ORIGINS_MAX);
    }
}
