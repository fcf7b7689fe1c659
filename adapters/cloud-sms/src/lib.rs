//! Short messages through a cloud provider's HTTP interface: Aliyun, Tencent Cloud, Huawei Cloud, Twilio.
//!
//! - One adapter; what differs between the providers is in one file each, pure: it writes calls and reads answers. How a batch
//!   becomes calls, how long they take and what goes wrong on the way is the same for all.
//! - The mainland's providers carry approved templates only. The settings list them with conditions, approved text and
//!   parameters; [`fit`](fenghuo_contract::Adapter::fit) fills the one that serves a message and says what a reader will see
//!   and how many messages it makes, so that a text no template serves is refused before anybody signs it. A drill gets only
//!   templates that say 【演练】 themselves, and no other message gets those. Twilio carries the text as it is, or its short form.
//! - A call holds numbers of the mainland or others, never both, and no number twice. A call refused because of one number it
//!   does not name is parted until that number stands alone: nobody else waits for it.
//! - Providers that drop no repeats: an answer that did not come leaves the items in doubt.
//! - Reports come as callbacks. Twilio signs them; the others do not, so theirs are unsigned, may be limited to networks, and
//!   count only for references this route was given.
//!
//! What codes mean is in `config/codes/{aliyun,tencent,huawei,twilio}.toml`.

mod aliyun;
mod answer;
mod callback;
mod calls;
mod codes;
mod dialect;
mod huawei;
mod number;
mod segments;
mod settings;
mod signature;
mod template;
mod tencent;
mod twilio;

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
use fenghuo_contract::{
    Adapter, Batch, Callback, CallbackFault, Cause, Channel, Content, Deduplication, Fault, Fit, Inbound, Profile,
    RateUnit, ReceiptStyle, Verdict,
};
use jiff::Timestamp;

use crate::{
    calls::Carriage,
    dialect::{Message, Moment},
};
pub use crate::{
    settings::{Auth, Provider, Settings, SettingsFault},
    template::{Parameter, Template},
};

/// Time a probe may take.
const PROBE: Duration = Duration::from_secs(3600);

/// Seconds since 1970: the time a call is signed at.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Sixteen bytes of chance, for what no two calls may have in common.
pub type Chance = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// The adapter; the documentation of the crate says how it works.
pub struct CloudSms {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    chance: Chance,
    closed: AtomicBool,
}

impl CloudSms {
    /// An adapter for one account. Reads the secrets and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, now: Now, chance: Chance) -> Result<Self, SettingsFault> {
        let is_twilio = settings.provider == Provider::Twilio;
        let reports = !is_twilio || settings.callback_url.is_some();
        let profile = Profile {
            channel: Channel::Sms,
            batch_max: settings.batch_max(),
            text_max: is_twilio.then(|| settings.text_max()),
            receipts: if reports { ReceiptStyle::Delivery } else { ReceiptStyle::None },
            deduplication: Deduplication::None,
            rate_unit: match settings.provider {
                Provider::Aliyun | Provider::Tencent => RateUnit::Calls,
                Provider::Huawei => RateUnit::Recipients,
                Provider::Twilio => RateUnit::Segments,
            },
            window: settings.window,
            withdraw_max: 0,
        };
        Ok(Self { profile, ready: settings.ready()?, now, chance, closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    /// The message a content becomes.
    fn message(&self, content: &Content) -> Result<Message, Cause> {
        let most = self.ready.text_max;
        let expires_at = content.expires_at;
        let Some(templates) = &self.ready.templates else {
            let link = content.confirm_sample.chars().count();
            let room = most.saturating_sub(if link == 0 { 0 } else { link + 1 });
            let (id, id_abroad, values, confirm) = (String::new(), String::new(), Vec::new(), Vec::new());
            let text = content.text_within(Some(room))?.to_owned();
            return Ok(Message { id, id_abroad, values, confirm, text, expires_at });
        };
        let filled = templates.fill(content)?;
        let text = format!("【{}】{}", self.ready.dialect.signature(), filled.text);
        let long = text.chars().count();
        if long > most {
            let told = format!("the filled template has {long} characters with the signature, at most {most} fit");
            return Err(Cause::new("TOO-LONG", &told));
        }
        let template::Filled { id, id_abroad, values, confirm, .. } = filled;
        Ok(Message { id, id_abroad, values, confirm, text, expires_at })
    }

    /// The time and the chance of one call.
    fn moment(&self) -> Moment {
        let now = Timestamp::from_second((self.now)()).unwrap_or(Timestamp::UNIX_EPOCH);
        Moment { now, nonce: signature::hex(&(self.chance)()) }
    }
}

#[async_trait]
impl Adapter for CloudSms {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        match self.message(&batch.content) {
            Ok(message) if !message.confirm.is_empty() && batch.items.iter().any(|item| item.confirm.is_none()) => {
                let refused = Verdict::refused_content("NO-VALUE", "confirm: nobody is given an address to confirm at");
                Ok(vec![refused; batch.items.len()])
            }
            Ok(message) => Carriage::new(self, &message, budget).carry(batch).await,
            Err(cause) => Ok(vec![Verdict::RefusedContent(cause); batch.items.len()]),
        }
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        let mut text = self.message(content)?.text;
        if self.ready.templates.is_none() && !content.confirm_sample.is_empty() {
            text = format!("{text}\n{}", content.confirm_sample);
        }
        let segments = self.ready.dialect.count().segments(&text);
        Ok(Fit { segments, text })
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let from = &self.ready.callback_from;
        if !from.is_empty() && !from.iter().any(|network| network.contains(&callback.peer)) {
            return Err(CallbackFault::Forged);
        }
        self.ready.dialect.read_callback(callback)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let dialect = &self.ready.dialect;
        let unwritten = || Fault::Misconfigured(Cause::new("REQUEST", "the call cannot be written"));
        let call = dialect.probe(&self.moment()).ok_or_else(unwritten)?;
        let answer = self.ready.kit.call(call, PROBE).await?;
        dialect.read_probe(&answer, &self.ready.codes).probe()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
