//! Browsers, and with them UnifiedPush: RFC 8030, bodies encrypted by RFC 8291, ourselves identified by RFC 8292 (VAPID).
//!
//! - An address is a subscription as the browser gives it out: JSON with `endpoint`, `keys.p256dh` and `keys.auth`, with
//!   `webpush:` before it or not. An app that speaks UnifiedPush has the same three.
//! - Endpoints are written by whoever subscribes, so nothing one of them answers may hurt the others: it can neither stop a
//!   warning (no content is refused on its word) nor a route (it throttles itself alone; that *we* are refused is believed
//!   when nearly a whole submit says so). Only push services of the settings' list are called, and nothing inside.
//! - What is encrypted is JSON: `title`, `body`, `tag` (the thread), `url`, `level`, `expires` (seconds since 1970), filled up
//!   so that its length says little.
//! - A later message of a thread takes the place of one still waiting (Topic), and of one shown (tag, by the service worker).
//! - The link test signs, and calls nobody: there is no provider to ask.

mod encrypt;
mod settings;
mod subscription;
mod vapid;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Item, Profile, RateUnit, ReceiptStyle, Urgency,
    Verdict,
};
use fenghuo_http::{Answer, Call, Exchange, Target, retry_after};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, Method, header, uri::PathAndQuery};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Position;

use crate::{
    Now, SettingsFault, answers,
    form::{self, OWN_ROOM, whole_or_short},
};
pub use settings::{KeyFileFault, Settings, public_key};
use subscription::Subscription;

/// The longest time a message is kept for a browser that is away, seconds: four weeks.
const TTL_MAX: i64 = 28 * 24 * 3600;

/// Bytes of the address of a page in JSON at most: what is kept free for it.
const PAGE_MAX: usize = OWN_ROOM - 8;

/// Characters of a topic (RFC 8030 §5.4).
const TOPIC: usize = 32;

/// The adapter; the documentation of the module says how it works.
pub struct WebPush {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    closed: AtomicBool,
}

/// What the items of a submit share.
struct Round {
    /// The JSON up to its `url`.
    plain: String,
    /// The page that is opened, in JSON.
    url: String,
    headers: HeaderMap,
    /// With who we are to each push service.
    signed: Mutex<HashMap<String, Arc<HeaderMap>>>,
    now: i64,
    budget: Duration,
    urgent: bool,
    deadline: Instant,
}

impl WebPush {
    /// An adapter for one VAPID key. Reads the key and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, now: Now) -> Result<Self, SettingsFault> {
        let profile = Profile {
            channel: Channel::Push,
            batch_max: 128,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: Deduplication::ByToken,
            rate_unit: RateUnit::Recipients,
            window: 16,
        };
        Ok(Self { profile, ready: settings.ready()?, now, closed: AtomicBool::new(false) })
    }

    /// The key subscriptions must be made with (`applicationServerKey`), in base64url.
    #[must_use]
    pub fn public_key(&self) -> &str {
        self.ready.vapid.public()
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) { Err(answers::closed()) } else { Ok(()) }
    }

    async fn attempt(&self, item: &Item, round: &Round) -> Verdict {
        let unusable = |code, text| Verdict::RefusedRecipient(Cause::new(code, text));
        let Some(subscription) = Subscription::read(item.address.without_kind("webpush")) else {
            return unusable("SUBSCRIPTION", "this is not a subscription");
        };
        let Ok(target) = self.ready.kit.target(&subscription.endpoint) else {
            return unusable("ENDPOINT", "the endpoint may not be called");
        };
        if !settings::listed(&self.ready.services, target.host()) {
            return Verdict::Transient(Cause::new("SERVICE", "the push service is not on the list of the settings"));
        }
        let plain = self.plain(round, item);
        let Some(body) = encrypt::encrypt(plain.as_bytes(), &subscription) else {
            return unusable("SUBSCRIPTION", "the subscription's key is not on the curve");
        };
        match self.post(target, body.into(), round).await {
            Ok(answer) => {
                let status = answer.status;
                let text = status.canonical_reason().unwrap_or_default();
                let class = self.ready.codes.class(status.as_str());
                class.verdict(Cause::new(&format!("HTTP {}", status.as_str()), text), retry_after(&answer.headers))
            }
            Err(Fault::Misconfigured(cause)) if &*cause.code == "CLOSED-ADDRESS" => Verdict::RefusedRecipient(cause),
            Err(Fault::Misconfigured(cause)) => Verdict::Transient(cause),
            Err(fault) => fault.verdict(),
        }
    }

    /// Over a connection that is kept, where the push service speaks HTTP/2; over one of the client's else.
    async fn post(&self, target: Target, body: Bytes, round: &Round) -> Result<Answer, Fault> {
        let headers = self.headers(&target, round);
        let url = target.expose();
        if let Ok(path) = PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery]) {
            let (headers, body) = (Arc::clone(&headers), body.clone());
            let exchange = Exchange { method: Method::POST, path, headers, own: None, body };
            let done = self.ready.origins.call(&target, exchange, round.urgent, round.deadline).await;
            if let Some(done) = done {
                return done;
            }
        }
        let headers = HeaderMap::clone(&headers);
        self.ready.kit.call(Call { method: Method::POST, target, headers, body }, round.budget).await
    }

    /// The headers of a round towards one push service.
    fn headers(&self, target: &Target, round: &Round) -> Arc<HeaderMap> {
        let origin = target.expose().origin().ascii_serialization();
        let mut signed = round.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = signed.get(&origin) {
            return Arc::clone(known);
        }
        let mut headers = round.headers.clone();
        headers.insert(header::AUTHORIZATION, self.ready.vapid.header(&origin, round.now));
        let headers = Arc::new(headers);
        signed.insert(origin, Arc::clone(&headers));
        headers
    }

    /// What is encrypted for one item: with its own page, that of the warning, or the one of the settings.
    fn plain(&self, round: &Round, item: &Item) -> String {
        let own = item.confirm.as_deref().map(|url| Value::from(url).to_string());
        let url = own.filter(|url| url.len() <= PAGE_MAX);
        format!("{},\"url\":{}}}", round.plain, url.as_deref().unwrap_or(&round.url))
    }

    /// The page a notification opens where its reader has none of his own, in JSON.
    fn page(&self, content: &Content) -> String {
        let page = Value::from(&*content.page).to_string();
        let has = !content.page.is_empty() && page.len() <= PAGE_MAX;
        if has { page } else { Value::from(&*self.ready.url).to_string() }
    }

    fn round(&self, content: &Content, text: &str, urgent: bool, budget: Duration) -> Round {
        let now = (self.now)();
        let ttl = content.expires_at.saturating_sub(now).clamp(0, TTL_MAX);
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert("ttl", HeaderValue::from(ttl));
        headers.insert("urgency", HeaderValue::from_static(urgency(content.urgency)));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        if let Ok(topic) = HeaderValue::try_from(&form::thread(content)[..TOPIC]) {
            headers.insert("topic", topic);
        }
        let deadline = tokio::time::sleep(budget.min(self.ready.timeout)).deadline();
        let (plain, url) = (open(content, text), self.page(content));
        Round { plain, url, headers, signed: Mutex::default(), now, budget, urgent, deadline }
    }

    fn fitting<'a>(&self, content: &'a Content) -> Result<&'a str, Cause> {
        let most = encrypt::PLAIN_MAX - OWN_ROOM;
        whole_or_short(content, most, |text| open(content, text)).map(|(_, text)| text)
    }
}

/// The JSON up to its `url`.
fn open(content: &Content, text: &str) -> String {
    let tag = form::thread(content);
    let mut document = json!({ "title": content.title, "body": text, "tag": tag, "expires": content.expires_at });
    if let Some(level) = form::colour(content.urgency) {
        document["level"] = level.into();
    }
    let mut document = document.to_string();
    document.pop();
    document
}

/// Its name in RFC 8030 §5.3: `high` reaches a device that saves its battery.
const fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Highest | Urgency::High => "high",
        Urgency::Medium | Urgency::Low | Urgency::Unknown => "normal",
    }
}

/// Answers that say we are not who we say we are.
fn unknown_to_it(verdict: &Verdict) -> Option<&Cause> {
    match verdict {
        Verdict::Transient(cause) if matches!(&*cause.code, "HTTP 401" | "HTTP 403") => Some(cause),
        _ => None,
    }
}

#[async_trait]
impl Adapter for WebPush {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "json" | "webpush")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let text = match self.fitting(&batch.content) {
            Ok(text) => text,
            Err(cause) => return Ok(answers::refused(cause, batch.items.len())),
        };
        let round = self.round(&batch.content, text, batch.urgent, budget);
        let mut verdicts = join_all(batch.items.iter().map(|item| self.attempt(item, &round))).await;
        let text = "nearly every push service refuses the VAPID key: is it another than that of the subscriptions, or the clock wrong?";
        answers::blame_us_if_nearly_all(&mut verdicts, unknown_to_it, text);
        Ok(verdicts)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        self.fitting(content).map(|text| Fit { segments: 1, text: text.to_owned() })
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        self.ready.vapid.header("https://push.example", (self.now)());
        Ok(())
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.ready.origins.close().await;
    }
}
