//! The token in every form that changes something: known only to pages of the session that sends it. The session's
//! cookie is not sent by other sites, and the table checks the origin; this is the third bolt.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The token of a request's session: a digest of its cookie, so that nothing needs storing.
pub(super) fn token(headers: &HeaderMap) -> String {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let session = cookies
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| matches!(*name, "fenghuo" | "__Host-fenghuo"));
    let digest =
        Sha256::new_with_prefix("fenghuo form 1").chain_update(session.map_or("", |(_, value)| value)).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a form came from a page of the same session. A caller with a key in `Authorization` has no session, and
/// nobody else's page can send that header.
pub(super) fn stands(headers: &HeaderMap, given: &str) -> bool {
    headers.contains_key(header::AUTHORIZATION) || token(headers).as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{stands, token};

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_token_belongs_to_one_session() {
        let (a, b) = (with(header::COOKIE, "fh_lang=en; fenghuo=aaaa"), with(header::COOKIE, "fenghuo=bbbb"));
        assert!(stands(&a, &token(&a)) && !stands(&b, &token(&a)) && !stands(&a, ""));
        let other_cookies = with(header::COOKIE, "fenghuo=aaaa; other=1");
        assert!(stands(&other_cookies, &token(&a)), "other cookies do not matter");
        assert!(stands(&with(header::AUTHORIZATION, "Bearer fh_x"), ""));
    }
}
