//! Robots in group chats: WeCom (企业微信群机器人), DingTalk (钉钉), Feishu (飞书). What differs between them is their preset.

mod preset;
mod settings;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Item, Profile, RateUnit, ReceiptStyle, Scope,
    Verdict,
};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::Said,
    api::{deadline, json_call, no_time},
    bytes::text_within_bytes,
    clock::{self, Now},
    problems::SettingsFault,
};
pub use preset::Preset;
pub use settings::{Form, Group, Settings};

/// Time a probe may take.
const PROBE: Duration = Duration::from_secs(3600);

/// The adapter; the documentation of the crate says how it works.
pub struct Robot {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    closed: AtomicBool,
}

impl Robot {
    /// An adapter for the robots of some groups. Reads the secrets and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, now: Now) -> Result<Self, SettingsFault> {
        let profile = Profile {
            channel: Channel::Wechat,
            batch_max: settings.batch_max,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: Deduplication::None,
            rate_unit: RateUnit::Recipients,
            window: settings.window,
        };
        Ok(Self { profile, ready: settings.ready()?, now, closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    async fn send_one(&self, text: &str, item: &Item, deadline: Instant) -> Verdict {
        let name = item.address.without_kind("robot");
        let Some(group) = self.ready.groups.get(name) else {
            return Verdict::RefusedRecipient(Cause::new("ADDRESS", "the settings name no such group"));
        };
        let now = (self.now)();
        if let Err(after) = self.ready.rates.take(name, now) {
            let cause = Cause::new("group-rate", "the messages of this group's minute are used up");
            return Verdict::Throttled { scope: Scope::Recipient, after: Some(after), cause };
        }
        match self.call(text, group, now, deadline).await {
            Ok(said) => said.verdict(Verdict::Accepted(None)),
            Err(fault) => fault.verdict(),
        }
    }

    async fn call(&self, text: &str, group: &settings::Keys, now: i64, deadline: Instant) -> Result<Said, Fault> {
        if timeout_at(deadline, tokio::task::yield_now()).await.is_err() {
            return Err(no_time());
        }
        let preset = self.ready.preset;
        let signature = group.secret.as_ref().map(|secret| preset.sign(secret, now));
        let target = self.ready.kit.target(&preset.url(&self.ready.base, &group.key, signature.as_ref()));
        let target = target.map_err(|fault| Fault::Misconfigured(Cause::new("ENDPOINT", &fault.to_string())))?;
        let call = json_call(target, Some(&preset.body(text, self.ready.form, signature.as_ref())));
        let answer = timeout_at(deadline, self.ready.kit.call(call, PROBE)).await;
        let answer = answer.unwrap_or_else(|_| Err(Fault::InDoubt(Cause::new("TIMEOUT", "no answer in time"))))?;
        let mut said = Said::read(&answer, &self.ready.codes, preset.fields(), &[group.key.expose()])?;
        said.after = said.after.or_else(|| preset.wait(&said.code));
        Ok(said)
    }
}

#[async_trait]
impl Adapter for Robot {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "robot")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let text = match text_within_bytes(&batch.content, self.ready.text_bytes) {
            Ok(text) => text,
            Err(cause) => return Ok(vec![Verdict::RefusedContent(cause); batch.items.len()]),
        };
        let crowded = clock::crowded((self.now)()).filter(|_| self.ready.avoid_crowded_minutes && !batch.urgent);
        if let Some(after) = crowded.filter(|_| !batch.items.is_empty()) {
            return Err(clock::crowded_fault(after));
        }
        let deadline = deadline(budget);
        Ok(join_all(batch.items.iter().map(|item| self.send_one(text, item, deadline))).await)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        let text = text_within_bytes(content, self.ready.text_bytes)?;
        Ok(Fit { segments: 1, text: text.to_owned() })
    }

    /// A robot has no call without effect: this shows whether its provider can be reached at all.
    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let target = self.ready.kit.target(&self.ready.base);
        let target = target.map_err(|fault| Fault::Misconfigured(Cause::new("ENDPOINT", &fault.to_string())))?;
        match self.ready.kit.call(json_call(target, None), PROBE).await {
            Ok(_) => Ok(()),
            Err(Fault::InDoubt(cause)) => Err(Fault::Transient(cause)),
            Err(fault) => Err(fault),
        }
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
