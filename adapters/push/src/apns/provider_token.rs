//! The provider token: one for all submits and, byte for byte, for all nodes.

use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use serde_json::json;

use crate::jwt::Es256;

/// A token is used for this long, seconds: Apple wants it changed not before 20 minutes and before 60.
const PERIOD: i64 = 40 * 60;

/// How long after the beginning of its period a token comes into use, seconds: a clock of Apple's that is slow must not see
/// it come from the future.
const LAG: i64 = 5 * 60;

/// Not changed again before this, seconds.
const LEAST: i64 = 20 * 60;

/// Makes and keeps the token.
pub(crate) struct Tokens {
    key: Es256,
    key_id: String,
    team_id: String,
    current: Mutex<Option<Signed>>,
}

/// A token signed.
#[derive(Clone)]
pub(crate) struct Signed {
    /// The value of `authorization`.
    pub(crate) header: HeaderValue,
    /// Its `iat`.
    issued: i64,
    /// It took the place of one Apple called expired.
    renewed: bool,
}

impl Tokens {
    pub(crate) fn new(key: Es256, key_id: &str, team_id: &str) -> Self {
        Self { key, key_id: key_id.to_owned(), team_id: team_id.to_owned(), current: Mutex::default() }
    }

    /// The token to use at this time.
    pub(crate) fn current(&self, now: i64) -> Signed {
        let begins = (now - LAG).div_euclid(PERIOD) * PERIOD;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(known) if known.issued == begins || known.renewed && in_order(known.issued, begins, now) => {
                known.clone()
            }
            _ => current.insert(self.sign(begins, false)).clone(),
        }
    }

    /// The token to use instead of `refused`, which Apple called expired; `None` when that was already the second one.
    pub(crate) fn renewed(&self, now: i64, refused: &Signed) -> Option<Signed> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*current
            && known.header != refused.header
        {
            return Some(known.clone());
        }
        if refused.renewed {
            return None;
        }
        Some(current.insert(self.sign(now, true)).clone())
    }

    fn sign(&self, issued: i64, renewed: bool) -> Signed {
        let header = json!({ "alg": "ES256", "kid": self.key_id });
        let token = self.key.sign(&header, &json!({ "iss": self.team_id, "iat": issued }));
        let mut header = HeaderValue::try_from(format!("bearer {token}")).unwrap_or(HeaderValue::from_static("bearer"));
        header.set_sensitive(true);
        Signed { header, issued, renewed }
    }
}

/// A token signed out of turn is kept until the period after it begins, and at least as long as it must be.
fn in_order(issued: i64, begins: i64, now: i64) -> bool {
    (issued > begins || issued + LEAST > now) && issued <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn tokens() -> Tokens {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        Tokens::new(Es256::pem_or_number(&URL_SAFE_NO_PAD.encode(KEY)).unwrap(), "KEY1234567", "TEAM123456")
    }

    /// Three days in steps of a minute: no token is older than an hour, none changes within twenty minutes, and another
    /// node has the same.
    #[test]
    fn changes_between_twenty_and_sixty_minutes_and_is_the_same_on_every_node() {
        let (one, other) = (tokens(), tokens());
        let (mut known, mut since) = (one.current(1_795_478_400), 1_795_478_400);
        for now in (0..3 * 24 * 60).map(|minute| 1_795_478_400 + minute * 60) {
            let token = one.current(now);
            assert_eq!(token.header, other.current(now).header);
            assert!((LAG..60 * 60).contains(&(now - token.issued)), "{}", now - token.issued);
            if token.header != known.header {
                assert!(now - since >= LEAST || since == 1_795_478_400, "changed after {} s", now - since);
                (known, since) = (token, now);
            }
        }
    }

    #[test]
    fn is_renewed_once_for_all_when_apple_calls_it_expired() {
        for start in (0..80).map(|minute| 1_795_478_400 + minute * 60) {
            let tokens = tokens();
            let first = tokens.current(start);
            let second = tokens.renewed(start, &first).unwrap();
            assert_ne!(first.header, second.header);
            assert_eq!(tokens.renewed(start, &first).unwrap().header, second.header, "others get the same");
            assert!(tokens.renewed(start, &second).is_none(), "the clock is wrong, not the token");
            let mut now = start;
            while tokens.current(now).header == second.header {
                now += 1;
            }
            assert!((LEAST..60 * 60).contains(&(now - start)), "kept for {} s", now - start);
        }
    }
}
