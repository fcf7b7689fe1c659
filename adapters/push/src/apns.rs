//! Apple's push service: HTTP/2, `POST /3/device/{token}`.
//!
//! - An address is a device token, with `apns:` before it where other routes share the channel.
//! - The provider token (ES256) is signed for a fixed half of every eighty minutes, so that all nodes of an installation use
//!   the same one, byte for byte, without a word between them; when Apple says it has expired, it is signed anew, once.
//! - Messages of one thread share a collapse id: a later one, and a repeat, takes the place of the earlier one.
//! - Red and orange break through a focus (`time-sensitive`); red rings through the mute switch when the app has Apple's
//!   entitlement and the settings say so (`critical`).
//! - When nearly a whole submit is told `BadDeviceToken` or `DeviceTokenNotForTopic`, tokens of one environment or app went
//!   to the other: that is a matter of the settings, and no token is given up.
//! - The link test asks with a valid provider token and without a device token: Apple checks the one and misses the other,
//!   and no device is concerned.

mod answer;
mod payload;
mod provider_token;
mod settings;

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Item, Profile, RateUnit, ReceiptStyle, Verdict,
};
use fenghuo_http::Exchange;
use futures_util::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, uri::PathAndQuery};
use tokio::time::Instant;

use crate::{Now, SettingsFault, answers, form};
use answer::Said;
use payload::Payload;
use provider_token::Signed;
pub use settings::{Environment, Settings};

/// Characters of a device token at most; today's have 64.
const TOKEN_MAX: usize = 200;

/// Reasons that say a token belongs to another environment or app.
const NOT_OURS: [&str; 2] = ["BadDeviceToken", "DeviceTokenNotForTopic"];

/// Reasons that say nothing but that no device was named.
const NO_DEVICE: [&str; 2] = ["MissingDeviceToken", "BadPath"];

/// The adapter; the documentation of the module says how it works.
pub struct Apns {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    closed: AtomicBool,
}

/// What the items of a submit share.
struct Round {
    payload: Payload,
    headers: Arc<HeaderMap>,
    token: Signed,
    urgent: bool,
    deadline: Instant,
}

impl Apns {
    /// An adapter for one app. Reads the key and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, now: Now) -> Result<Self, SettingsFault> {
        let profile = Profile {
            channel: Channel::Push,
            batch_max: 256,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: Deduplication::ByToken,
            rate_unit: RateUnit::Recipients,
            window: 8 * settings.connections.max(1),
        };
        Ok(Self { profile, ready: settings.ready()?, now, closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) { Err(answers::closed()) } else { Ok(()) }
    }

    /// Headers of every item, but for the one that names the delivery.
    fn headers(&self, content: &Content, token: &Signed) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::AUTHORIZATION, token.header.clone());
        headers.insert("apns-topic", self.ready.topic.clone());
        headers.insert("apns-push-type", HeaderValue::from_static("alert"));
        let priority = if form::wakes(content.urgency) { "10" } else { "5" };
        headers.insert("apns-priority", HeaderValue::from_static(priority));
        headers.insert("apns-expiration", HeaderValue::from(content.expires_at.max(0)));
        let thread = HeaderValue::try_from(form::thread(content)).ok();
        headers.extend(thread.map(|thread| (HeaderName::from_static("apns-collapse-id"), thread)));
        headers
    }

    async fn attempt(&self, item: &Item, round: &Round) -> Verdict {
        let device = item.address.without_kind("apns");
        if device.is_empty() || device.len() > TOKEN_MAX || !device.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Verdict::RefusedRecipient(Cause::new("BadDeviceToken", "this is not a device token"));
        }
        let id = form::uuid(item.token);
        let Ok(path) = PathAndQuery::try_from(format!("/3/device/{device}")) else {
            return Verdict::RefusedRecipient(Cause::new("BadDeviceToken", "this is not a device token"));
        };
        let body = round.payload.for_item(item);
        let said = self.ask(path.clone(), Arc::clone(&round.headers), &id, body.clone(), round).await;
        if !said.expired {
            return said.verdict;
        }
        let Some(token) = self.ready.tokens.renewed((self.now)(), &round.token) else { return said.verdict };
        let mut headers = HeaderMap::clone(&round.headers);
        headers.insert(header::AUTHORIZATION, token.header);
        self.ask(path, Arc::new(headers), &id, body, round).await.verdict
    }

    async fn ask(&self, path: PathAndQuery, headers: Arc<HeaderMap>, id: &str, body: Bytes, round: &Round) -> Said {
        let own = HeaderValue::try_from(id).ok().map(|id| (HeaderName::from_static("apns-id"), id));
        let exchange = Exchange { method: Method::POST, path, headers, own, body };
        match self.ready.links.call(exchange, round.urgent, round.deadline).await {
            Ok(answer) => answer::read(&self.ready.codes, &answer, id),
            Err(fault) => Said { verdict: fault.verdict(), expired: false },
        }
    }

    fn round(&self, content: &Content, payload: Payload, urgent: bool, budget: Duration) -> Round {
        let token = self.ready.tokens.current((self.now)());
        let headers = Arc::new(self.headers(content, &token));
        let budget = budget.min(self.ready.timeout);
        Round { payload, headers, token, urgent, deadline: tokio::time::sleep(budget).deadline() }
    }
}

#[async_trait]
impl Adapter for Apns {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "apns")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let payload = match Payload::of(&self.ready.style, &batch.content) {
            Ok((payload, _)) => payload,
            Err(cause) => return Ok(answers::refused(cause, batch.items.len())),
        };
        let round = self.round(&batch.content, payload, batch.urgent, budget);
        let mut verdicts = join_all(batch.items.iter().map(|item| self.attempt(item, &round))).await;
        let text = "nearly every token is refused: tokens of another environment (sandbox, production) or app";
        answers::blame_us_if_nearly_all(&mut verdicts, |verdict| answers::refusal(verdict, &NOT_OURS), text);
        Ok(verdicts)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        Payload::of(&self.ready.style, content).map(|(_, text)| Fit { segments: 1, text: text.to_owned() })
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let content = Content::default();
        let (payload, _) = Payload::of(&self.ready.style, &content).map_err(Fault::Misconfigured)?;
        let body = payload.plain();
        let round = self.round(&content, payload, true, self.ready.timeout);
        let path = PathAndQuery::from_static("/3/device/");
        let said =
            self.ask(path, Arc::clone(&round.headers), "00000000-0000-8000-8000-000000000000", body, &round).await;
        match said.verdict {
            Verdict::RefusedContent(cause) | Verdict::Misconfigured(cause) if NO_DEVICE.contains(&&*cause.code) => {
                Ok(())
            }
            other => answers::fault(other),
        }
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.ready.links.close().await;
    }
}
