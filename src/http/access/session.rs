//! Sessions of the console: a cookie that names a session held here, which names the key it was opened with.
//!
//! A session is as good as its key: every request looks the key up again, so revoking it ends the session at once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::{
    clock::Clock,
    flow::authorize::{TokenFault, secret_digest},
    http::Site,
};

/// A session nobody uses ends after this time.
const IDLE: Duration = Duration::from_secs(2 * 3600);

/// Every session ends after this time: a shift and its handover.
const LIFE: Duration = Duration::from_secs(13 * 3600);

/// The most sessions held; beyond them the one longest unused ends.
const SESSIONS_MAX: usize = 1_000;

/// Who is signed in to the console.
#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<HashMap<[u8; 32], Session>>>);

struct Session {
    /// Digest of the secret of the key it was opened with.
    key: [u8; 32],
    opened: Instant,
    used: Instant,
}

impl Sessions {
    fn open(&self, key: [u8; 32], clock: &Clock) -> String {
        let token = URL_SAFE_NO_PAD.encode(clock.random::<32>());
        let now = clock.instant();
        let mut sessions = self.0.lock();
        sessions.retain(|_, session| session.stands(now));
        if sessions.len() >= SESSIONS_MAX
            && let Some(oldest) = sessions.iter().min_by_key(|(_, session)| session.used).map(|(name, _)| *name)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(name_of(&token), Session { key, opened: now, used: now });
        token
    }

    /// Digest of the key a request's session was opened with; `None` without a session that stands.
    pub(super) fn key_of(&self, headers: &HeaderMap, clock: &Clock) -> Option<[u8; 32]> {
        let name = name_of(cookie(headers)?);
        let now = clock.instant();
        let mut sessions = self.0.lock();
        let session = sessions.get_mut(&name)?;
        if !session.stands(now) {
            sessions.remove(&name);
            return None;
        }
        session.used = now;
        Some(session.key)
    }
}

impl Session {
    fn stands(&self, now: Instant) -> bool {
        now.duration_since(self.used) < IDLE && now.duration_since(self.opened) < LIFE
    }
}

/// Sessions are found by a digest, so that looking one up tells nothing about the token by its duration.
fn name_of(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Over TLS the cookie is bound to this host by its name; without TLS a browser would refuse such a cookie.
fn cookie_form(site: &Site) -> (&'static str, &'static str) {
    let tls = site.config.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if tls { ("__Host-fenghuo", "; Secure") } else { ("fenghuo", "") }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| matches!(name, "__Host-fenghuo" | "fenghuo").then_some(value))
}

/// Opens a session for the holder of a key; the answer is the `Set-Cookie` header.
///
/// # Errors
/// When the key is not accepted.
pub async fn sign_in(site: &Site, key: &str) -> Result<HeaderValue, TokenFault> {
    site.flow.authenticate(key).await?;
    let token = site.sessions.open(secret_digest(key), &site.clock);
    let (name, secure) = cookie_form(site);
    let life = LIFE.as_secs();
    let text = format!("{name}={token}; Path=/; Max-Age={life}; HttpOnly; SameSite=Strict{secure}");
    Ok(HeaderValue::from_str(&text).expect("name, base64 and number are header text"))
}

/// Ends the session of a request; the answer is the `Set-Cookie` header that removes the cookie.
#[must_use]
pub fn sign_out(site: &Site, headers: &HeaderMap) -> HeaderValue {
    if let Some(token) = cookie(headers) {
        site.sessions.0.lock().remove(&name_of(token));
    }
    let (name, secure) = cookie_form(site);
    let text = format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).expect("name and attributes are header text")
}
