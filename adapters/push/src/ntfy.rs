//! ntfy: a topic on one server.
//!
//! - An address is the name of a topic, with `ntfy:` before it where other routes share the channel. It is as good as a password, so messages are published as JSON to the root of the
//!   server: nothing of it stands in a URL.
//! - Longer texts than `message_max` bytes would be turned into files by the server; the short form goes out instead, or the
//!   content is refused.
//! - That one topic is closed to us (403) is believed of the account when nearly a whole submit says so.
//! - An endpoint of UnifiedPush that an ntfy server gave out is not a topic: it is a subscription for
//!   [`webpush`](crate::webpush).
//! - The link test asks the server for its health.

mod settings;

#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Item, Profile, RateUnit, ReceiptStyle,
    Reference, Urgency, Verdict,
};
use fenghuo_http::{Answer, Call, Target, retry_after};
use futures_util::future::join_all;
use http::{HeaderMap, Method, header};
use serde_json::{Value, json};

use crate::{
    SettingsFault, answers,
    form::{colour, whole_or_short},
};
pub use settings::Settings;

/// Characters of a topic at most.
const TOPIC_MAX: usize = 64;

/// The adapter; the documentation of the module says how it works.
pub struct Ntfy {
    profile: Profile,
    ready: settings::Ready,
    closed: AtomicBool,
}

impl Ntfy {
    /// An adapter for one server. Reads the secret and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings) -> Result<Self, SettingsFault> {
        let profile = Profile {
            channel: Channel::Push,
            batch_max: 64,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: Deduplication::None,
            rate_unit: RateUnit::Recipients,
            window: 2,
        };
        Ok(Self { profile, ready: settings.ready()?, closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) { Err(answers::closed()) } else { Ok(()) }
    }

    fn fitting<'a>(&self, content: &'a Content) -> Result<&'a str, Cause> {
        whole_or_short(content, self.ready.message_max, |text| text.to_owned()).map(|(_, text)| text)
    }

    async fn attempt(&self, item: &Item, content: &Content, text: &str, budget: Duration) -> Verdict {
        let topic = item.address.without_kind("ntfy");
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if topic.is_empty() || topic.len() > TOPIC_MAX || !topic.bytes().all(fits) {
            return Verdict::RefusedRecipient(Cause::new("40009", "this is not a topic"));
        }
        let page = item.confirm.as_deref().or(own_page(content)).or(self.ready.page.as_deref());
        let body = Bytes::from(document(topic, content, text, page).to_string());
        match self.call(Method::POST, &self.ready.publish, body, budget).await {
            Ok(answer) => self.read(&answer),
            Err(fault) => fault.verdict(),
        }
    }

    async fn call(&self, method: Method, target: &Target, body: Bytes, budget: Duration) -> Result<Answer, Fault> {
        let mut headers = HeaderMap::with_capacity(1);
        if let Some(authorization) = &self.ready.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        self.ready.kit.call(Call { method, target: target.clone(), headers, body }, budget).await
    }

    fn read(&self, answer: &Answer) -> Verdict {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Verdict::Accepted(body["id"].as_str().map(Reference::new));
        }
        let status = answer.status.as_str();
        let code = body["code"].as_u64().map_or_else(|| status.to_owned(), |code| code.to_string());
        let text = format!("HTTP {status}");
        answers::verdict(&self.ready.codes, &code, status, &text, retry_after(&answer.headers))
    }
}

fn document(topic: &str, content: &Content, text: &str, page: Option<&str>) -> Value {
    let priority = match content.urgency {
        Urgency::Highest => 5,
        Urgency::High => 4,
        Urgency::Medium => 3,
        Urgency::Low | Urgency::Unknown => 2,
    };
    let mut document = json!({ "topic": topic, "message": text, "priority": priority });
    if !content.title.is_empty() {
        document["title"] = content.title.as_str().into();
    }
    // ntfy shows these words as a coloured dot.
    let tag = colour(content.urgency)
        .map(|colour| if colour == "blue" { "large_blue_circle".into() } else { format!("{colour}_circle") });
    if let Some(tag) = tag {
        document["tags"] = json!([tag]);
    }
    if let Some(page) = page {
        document["click"] = page.into();
    }
    document
}

/// The page of the warning, where there is one.
fn own_page(content: &Content) -> Option<&str> {
    Some(content.page.as_str()).filter(|page| !page.is_empty())
}

/// Answers that say a topic is closed to us.
fn closed_topic(verdict: &Verdict) -> Option<&Cause> {
    match verdict {
        Verdict::Transient(cause) if cause.code.starts_with("403") => Some(cause),
        _ => None,
    }
}

#[async_trait]
impl Adapter for Ntfy {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "ntfy")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let text = match self.fitting(&batch.content) {
            Ok(text) => text,
            Err(cause) => return Ok(answers::refused(cause, batch.items.len())),
        };
        let attempts = batch.items.iter().map(|item| self.attempt(item, &batch.content, text, budget));
        let mut verdicts = join_all(attempts).await;
        let text = "nearly every topic is closed to this account";
        answers::blame_us_if_nearly_all(&mut verdicts, closed_topic, text);
        Ok(verdicts)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        self.fitting(content).map(|text| Fit { segments: 1, text: text.to_owned() })
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let answer = self.call(Method::GET, &self.ready.health, Bytes::new(), Duration::from_secs(3600)).await?;
        answers::fault(self.read(&answer))
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
