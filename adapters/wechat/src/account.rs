//! A WeChat official account, or a mini program: one adapter for each way of sending.

mod message;
mod sending;
mod settings;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Answer, Batch, Callback, CallbackFault, Cause, Channel, Content, Deduplication, Fault, Fit, Inbound,
    Profile, RateUnit, ReceiptStyle, Verdict,
};

use crate::{
    api::deadline,
    clock::{self, Now},
    problems::SettingsFault,
    quota::{MassQuota, MassUse},
    token::Tokens,
};
pub(crate) use settings::seal;
pub use settings::{Draft, Mass, Settings, Way};

/// The adapter; the documentation of the crate says how it works.
pub struct OfficialAccount {
    profile: Profile,
    ready: settings::Ready,
    quota: Arc<dyn MassQuota>,
    now: Now,
    /// The speed of mass messages was set.
    paced: tokio::sync::OnceCell<()>,
    closed: AtomicBool,
}

/// The mass messages of a month, to be shown to whoever signs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassView {
    /// The month of Beijing, `2026-11`.
    pub month: String,
    /// How many a follower may get.
    pub monthly: u32,
    /// What was used, by audience.
    pub used: MassUse,
}

impl OfficialAccount {
    /// An adapter for one account and one way of sending. Reads the secrets and the certificate authorities; opens no
    /// connection. `tokens` and `quota` are shared by everybody who uses the account.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(
        settings: &Settings,
        tokens: Arc<dyn Tokens>,
        quota: Arc<dyn MassQuota>,
        now: Now,
    ) -> Result<Self, SettingsFault> {
        let way = settings.way;
        let profile = Profile {
            channel: Channel::Wechat,
            batch_max: settings.batch_max(),
            text_max: settings.free_text(),
            receipts: match way {
                Way::Template | Way::Mass => ReceiptStyle::Delivery,
                _ => ReceiptStyle::None,
            },
            deduplication: if way == Way::Mass { Deduplication::ByToken } else { Deduplication::None },
            rate_unit: if way == Way::MassList { RateUnit::Calls } else { RateUnit::Recipients },
            window: settings.window,
        };
        let ready = settings.ready(tokens, &now)?;
        Ok(Self { profile, ready, quota, now, paced: tokio::sync::OnceCell::new(), closed: AtomicBool::new(false) })
    }

    /// The mass messages used in this month.
    ///
    /// # Errors
    /// A [`Fault`] when the counter cannot be asked.
    pub async fn mass_view(&self) -> Result<MassView, Fault> {
        let month = clock::month((self.now)());
        let used = self.quota.used(&self.ready.app_id, &month).await?;
        Ok(MassView { month, monthly: self.ready.mass.monthly, used })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }
}

#[async_trait]
impl Adapter for OfficialAccount {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        match self.ready.way {
            Way::Draft => kind == "draft",
            Way::Mass => matches!(kind, "" | "tag" | "wechat"),
            _ => matches!(kind, "" | "wechat"),
        }
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let message = match self.ready.message(&batch.content) {
            Ok(message) => message,
            Err(cause) => return Ok(vec![Verdict::RefusedContent(cause); batch.items.len()]),
        };
        if batch.items.is_empty() {
            return Ok(Vec::new());
        }
        let deadline = deadline(budget);
        self.ready.api.ready(deadline).await?;
        Ok(self.send(&message, &batch.items, deadline).await)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        Ok(Fit { segments: 1, text: self.ready.message(content)?.seen() })
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        self.ready.mailbox.as_ref().ok_or(CallbackFault::Unexpected)?.read(callback)
    }

    fn answer_with(&self, callback: &Callback<'_>, text: &str) -> Option<Answer> {
        self.ready.mailbox.as_ref()?.answer(callback, text)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        self.ready.api.probe().await
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
