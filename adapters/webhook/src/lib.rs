//! Events to partners' systems: signed HTTP calls as Standard Webhooks 1.0 has them.
//!
//! - The text of the content is the body, byte for byte. `webhook-id` is made from the delivery's token and the same on
//!   every attempt, so that the receiver can drop repeats; `webhook-timestamp` is the time of the attempt;
//!   `webhook-signature` has one `v1` signature for each secret, so that a new one can be introduced before the old goes.
//! - One route is one partner: the address of an item names the partner and is not called; what is called stands in the
//!   settings. A partner that is slow or dead holds up nobody else.
//! - 2xx is *delivered*: the partner's own system has it. No body of an answer is read, and no redirect followed. What the
//!   other statuses mean is in `config/codes/webhook.toml`.
//! - The link test posts a signed event of the type `ping`, which receivers answer like any other and do nothing about.

mod secret;
mod settings;

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, CodeTable, Deduplication, Fault, Item, Origin, Profile, RateUnit, Receipt,
    ReceiptSink, ReceiptState, ReceiptStyle, Reference, Token, Verdict,
};
use fenghuo_http::{Call, fault_by, verdict_by};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

pub use settings::{Settings, SettingsFault};

/// How long an answer waits for the word "delivered" to be written down; when it takes longer, the word follows.
const WORD: Duration = Duration::from_secs(1);

/// Seconds since 1970: the time a call is signed at.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

static CODES: LazyLock<CodeTable> = LazyLock::new(|| {
    let own = CodeTable::parse(include_str!("../../../config/codes/webhook.toml"));
    own.expect("the built-in table is parsed by a test").over(fenghuo_http::statuses())
});

/// The adapter; the documentation of the crate says how it works.
pub struct Webhook {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    receipts: Arc<dyn ReceiptSink>,
    pings: AtomicU64,
    closed: AtomicBool,
}

impl Webhook {
    /// An adapter for one partner. Reads the secrets and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, receipts: Arc<dyn ReceiptSink>, now: Now) -> Result<Self, SettingsFault> {
        let profile = Profile {
            channel: Channel::Webhook,
            batch_max: 1,
            text_max: None,
            receipts: ReceiptStyle::Acknowledgement,
            deduplication: Deduplication::ByToken,
            rate_unit: RateUnit::Calls,
            window: 4,
            withdraw_max: 0,
        };
        let ready = settings.ready()?;
        Ok(Self { profile, ready, now, receipts, pings: AtomicU64::new(0), closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    /// Posts one signed event.
    async fn post(&self, id: &str, body: Bytes, budget: Duration) -> Result<(StatusCode, HeaderMap), Fault> {
        let headers = self.headers(id, &body);
        let headers = headers.ok_or_else(|| Fault::Transient(Cause::new("HEADER", "the event cannot be signed")))?;
        let call = Call { method: Method::POST, target: self.ready.target.clone(), headers, body };
        let answer = self.ready.kit.call(call, budget).await?;
        Ok((answer.status, answer.headers))
    }

    fn headers(&self, id: &str, body: &[u8]) -> Option<HeaderMap> {
        let timestamp = (self.now)().to_string();
        let mut signature = HeaderValue::try_from(secret::signatures(&self.ready.keys, id, &timestamp, body)).ok()?;
        signature.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("fenghuo"));
        headers.insert("webhook-id", HeaderValue::try_from(id).ok()?);
        headers.insert("webhook-timestamp", HeaderValue::try_from(timestamp).ok()?);
        headers.insert("webhook-signature", signature);
        Some(headers)
    }

    async fn attempt(&self, item: &Item, body: Bytes, budget: Duration) -> Result<Verdict, Fault> {
        let id = event_id(item.token);
        let (status, headers) = self.post(&id, body, budget).await?;
        if !status.is_success() {
            return Ok(verdict_by(&CODES, status, &headers));
        }
        let reference = Reference::new(&id);
        self.delivered(reference.clone(), budget.min(WORD)).await;
        Ok(Verdict::Accepted(Some(reference)))
    }

    /// Whoever answered 2xx is the receiver itself. A word that is not taken leaves the delivery accepted.
    async fn delivered(&self, reference: Reference, budget: Duration) {
        let receipt = Receipt { reference, state: ReceiptState::Delivered, at: None, origin: Origin::Signed };
        let _late_or_not_taken = tokio::time::timeout(budget, self.receipts.accept(vec![receipt])).await;
    }
}

/// The `webhook-id` of a delivery.
fn event_id(token: Token) -> String {
    format!("msg_{token}")
}

#[async_trait]
impl Adapter for Webhook {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        if batch.content.text.is_empty() {
            let refusal = Verdict::refused_content("NO-BODY", "there is nothing to post");
            return Ok(vec![refusal; batch.items.len()]);
        }
        let body = Bytes::from(batch.content.text.clone());
        let deadline = tokio::time::sleep(budget).deadline();
        let mut verdicts = Vec::with_capacity(batch.items.len());
        for item in &batch.items {
            let attempt = tokio::time::timeout_at(deadline, self.attempt(item, body.clone(), budget)).await;
            let attempt = attempt.unwrap_or_else(|_| Err(Fault::InDoubt(Cause::new("TIMEOUT", "no answer in time"))));
            match attempt {
                Ok(verdict) => verdicts.push(verdict),
                Err(fault) if batch.items.len() == 1 => return Err(fault),
                Err(fault) => verdicts.push(fault.verdict()),
            }
        }
        Ok(verdicts)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let now = (self.now)();
        let id = format!("ping_{now:x}-{:x}", self.pings.fetch_add(1, Ordering::Relaxed));
        let body = Bytes::from_static(br#"{"type":"ping","data":{"status":"test"}}"#);
        let (status, headers) = self.post(&id, body, Duration::from_secs(3600)).await?;
        if status == StatusCode::GONE {
            let cause = Cause::new("HTTP 410", "the partner wants no more events");
            return Err(Fault::Misconfigured(cause));
        }
        fault_by(&CODES, status, &headers).map_or(Ok(()), Err)
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
