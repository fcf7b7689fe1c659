//! Google's push service (FCM HTTP v1): one message a request over HTTP/2, with an access token of a service account.
//!
//! - An address is `token:…`, `fid:…`, `topic:…` or `condition:…`, with `fcm:` before it or not; without a kind it is a
//!   registration token. Topics and
//!   conditions reach everybody who subscribed to an area, in one request.
//! - The access token is fetched once for all submits, replaced five minutes before it ends, and once when it is refused.
//! - Messages of one thread have the same collapse key and tag: a later one takes the place of the earlier one on the
//!   device.
//! - Answers that find fault with the content of one item, while the same content was taken for another, are no reason to
//!   stop: that item is tried again.
//! - The link test has a message to a topic nobody subscribes to validated, and not sent (`validateOnly`).

mod access;
mod answer;
mod message;
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
use fenghuo_http::{Answer, Exchange};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::time::Instant;

use crate::{Now, SettingsFault, answers};
use access::Held;
use message::Message;
pub use settings::Settings;

/// Codes that say a token belongs to another project.
const NOT_OURS: [&str; 1] = ["403 SENDER_ID_MISMATCH"];

/// The adapter; the documentation of the module says how it works.
pub struct Fcm {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    closed: AtomicBool,
}

/// What the items of a submit share.
struct Round {
    message: Message,
    held: Arc<Held>,
    headers: Arc<HeaderMap>,
    urgent: bool,
    deadline: Instant,
}

impl Fcm {
    /// An adapter for one project. Reads the service account and the certificate authorities; opens no connection.
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

    async fn round(&self, content: &Content, urgent: bool, budget: Duration) -> Result<Result<Round, Cause>, Fault> {
        let now = (self.now)();
        let message = match Message::of(&self.ready.style, content, now) {
            Ok(message) => message,
            Err(cause) => return Ok(Err(cause)),
        };
        let budget = budget.min(self.ready.timeout);
        let deadline = tokio::time::sleep(budget).deadline();
        let held = self.ready.access.current(now, deadline).await?;
        let headers = Arc::new(headers(&held));
        Ok(Ok(Round { message, held, headers, urgent, deadline }))
    }

    async fn attempt(&self, item: &Item, round: &Round) -> Verdict {
        let Some(body) = round.message.to(item.address.without_kind("fcm"), item.confirm.as_deref()) else {
            return Verdict::RefusedRecipient(Cause::new("400 token", "the address is empty"));
        };
        self.send(body, round).await
    }

    /// Sends, with another access token when this one is refused.
    async fn send(&self, body: Bytes, round: &Round) -> Verdict {
        let answer = match self.ask(body.clone(), Arc::clone(&round.headers), round).await {
            Ok(answer) => answer,
            Err(fault) => return fault.verdict(),
        };
        let said = answer::read(&self.ready.codes, &answer);
        if !said.refresh {
            return said.verdict;
        }
        let answer = match self.ready.access.instead_of(&round.held, (self.now)(), round.deadline).await {
            Ok(held) => self.ask(body, Arc::new(headers(&held)), round).await,
            Err(fault) => Err(fault),
        };
        answer.map_or_else(|fault| fault.verdict(), |answer| answer::read(&self.ready.codes, &answer).verdict)
    }

    async fn ask(&self, body: Bytes, headers: Arc<HeaderMap>, round: &Round) -> Result<Answer, Fault> {
        let exchange = Exchange { method: Method::POST, path: self.ready.path.clone(), headers, own: None, body };
        self.ready.links.call(exchange, round.urgent, round.deadline).await
    }
}

fn headers(held: &Held) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(header::AUTHORIZATION, held.header.clone());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
}

#[async_trait]
impl Adapter for Fcm {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "fcm" | "token" | "fid" | "topic" | "condition")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        if batch.items.is_empty() {
            return Ok(Vec::new());
        }
        let round = match self.round(&batch.content, batch.urgent, budget).await? {
            Ok(round) => round,
            Err(cause) => return Ok(answers::refused(cause, batch.items.len())),
        };
        let mut verdicts = join_all(batch.items.iter().map(|item| self.attempt(item, &round))).await;
        answers::acquit_content(&mut verdicts);
        let text = "nearly every token is of another project than the service account";
        answers::blame_us_if_nearly_all(&mut verdicts, |verdict| answers::refusal(verdict, &NOT_OURS), text);
        Ok(verdicts)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        message::fitting(&self.ready.style, content).map(|text| Fit { segments: 1, text: text.to_owned() })
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let round = self.round(&Content::default(), true, self.ready.timeout).await?.map_err(Fault::Misconfigured)?;
        answers::fault(self.send(Bytes::from_static(message::PROBE), &round).await)
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.ready.links.close().await;
    }
}
