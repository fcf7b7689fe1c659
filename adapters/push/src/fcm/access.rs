//! The access token of a service account (RFC 7523): one for all submits.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fenghuo_contract::{Cause, Fault};
use fenghuo_http::{Call, HttpKit, Shared, Target};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::jwt::Rs256;

/// A token is replaced this long before it ends, seconds.
const EARLY: i64 = 5 * 60;

/// The kit's own time-out is shorter; whoever waits has a deadline.
const WHOLE: Duration = Duration::from_secs(3600);

/// What an assertion asks for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// Google's file of a service account, as far as it is needed.
#[derive(serde::Deserialize)]
pub(crate) struct Account {
    pub(crate) project_id: String,
    #[serde(default)]
    pub(crate) private_key_id: String,
    pub(crate) private_key: Zeroizing<String>,
    pub(crate) client_email: String,
    #[serde(default = "google")]
    pub(crate) token_uri: String,
}

fn google() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// Fetches and keeps the token.
pub(crate) struct Access {
    pub(crate) kit: HttpKit,
    pub(crate) target: Target,
    pub(crate) key: Rs256,
    pub(crate) key_id: String,
    pub(crate) email: String,
    /// The address as it stands in the account, which the assertion names.
    pub(crate) audience: String,
    pub(crate) shared: Shared<Held>,
}

/// A token fetched.
#[derive(Debug)]
pub(crate) struct Held {
    /// The value of `authorization`.
    pub(crate) header: HeaderValue,
    /// When it is to be replaced, seconds since 1970.
    until: i64,
}

#[derive(serde::Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
    #[serde(default)]
    expires_in: i64,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Denied {
    error: String,
}

impl Access {
    /// The token to use at this time, by `deadline`.
    pub(crate) async fn current(&self, now: i64, deadline: Instant) -> Result<Arc<Held>, Fault> {
        let current = self.shared.get(|held| held.until > now, || self.fetch(now));
        timeout_at(deadline, current).await.unwrap_or_else(|_| Err(late()))
    }

    /// The token to use instead of one that was refused; somebody may have fetched it.
    pub(crate) async fn instead_of(
        &self,
        refused: &Arc<Held>,
        now: i64,
        deadline: Instant,
    ) -> Result<Arc<Held>, Fault> {
        let other = |held: &Arc<Held>| !Arc::ptr_eq(held, refused) && held.until > now;
        timeout_at(deadline, self.shared.get(other, || self.fetch(now))).await.unwrap_or_else(|_| Err(late()))
    }

    async fn fetch(&self, now: i64) -> Result<Held, Fault> {
        let claims = json!({ "iss": self.email, "scope": SCOPE, "aud": self.audience, "iat": now, "exp": now + 3600 });
        let assertion = self.key.sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id }), &claims);
        let unsigned = || Fault::Misconfigured(Cause::new("OAUTH", "the service account's key does not sign"));
        let assertion = assertion.ok_or_else(unsigned)?;
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let body = Bytes::from(format!("grant_type={grant}&assertion={assertion}"));
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let call = Call { method: Method::POST, target: self.target.clone(), headers, body };
        // No message has left when no token came.
        let unsent = |fault| match fault {
            Fault::InDoubt(cause) => Fault::Transient(cause),
            other => other,
        };
        let answer = self.kit.call(call, WHOLE).await.map_err(unsent)?;
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            let denied: Denied = serde_json::from_slice(&answer.body).unwrap_or_default();
            let code = format!("OAUTH {}", denied.error);
            return Err(Fault::Misconfigured(Cause::new(&code, "the service account gets no access token")));
        }
        if let Some(fault) = fenghuo_http::fault(answer.status, &answer.headers) {
            return Err(fault);
        }
        granted(&answer.body, now).ok_or_else(|| Fault::Transient(Cause::new("OAUTH", "no access token in the answer")))
    }
}

fn late() -> Fault {
    Fault::Transient(Cause::new("OAUTH", "no access token in time"))
}

fn granted(body: &[u8], now: i64) -> Option<Held> {
    let granted: Granted = serde_json::from_slice(body).ok()?;
    let mut header = HeaderValue::try_from(format!("Bearer {}", *granted.access_token)).ok()?;
    header.set_sensitive(true);
    // One that lasts less than what is kept back serves its half.
    let lasts = (granted.expires_in - EARLY).max(granted.expires_in / 2);
    Some(Held { header, until: now + lasts })
}
