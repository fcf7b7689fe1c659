//! Messages of a WeCom app (企业微信应用消息): one call carries a text to a thousand members.

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
    Adapter, Answer, Batch, Callback, CallbackFault, Cause, Channel, Class, Content, Deduplication, Fault, Fit,
    Inbound, Item, Profile, RateUnit, ReceiptStyle, Reference, Scope, Verdict,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    answer::Said,
    api::deadline,
    bytes::text_within_bytes,
    clock::{self, Now},
    problems::SettingsFault,
    token::Tokens,
};
pub use settings::Settings;

/// Members of a call at most.
const MEMBERS_MAX: usize = 1000;

/// Characters of a member's id at most.
const USERID_MAX: usize = 64;

/// The adapter; the documentation of the crate says how it works.
pub struct WeCom {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    closed: AtomicBool,
}

impl WeCom {
    /// An adapter for one app of a company. Reads the secrets and the certificate authorities; opens no connection.
    /// `tokens` is shared by everybody who uses the app.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, tokens: Arc<dyn Tokens>, now: Now) -> Result<Self, SettingsFault> {
        let profile = Profile {
            channel: Channel::Wechat,
            batch_max: settings.batch_max,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: Deduplication::None,
            rate_unit: RateUnit::Recipients,
            window: settings.window,
        };
        let ready = settings.ready(tokens, &now)?;
        Ok(Self { profile, ready, now, closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    /// What is not urgent waits out the minutes everybody sends in, where the settings say so.
    fn check_minute(&self, batch: &Batch) -> Result<(), Fault> {
        let wait = clock::crowded((self.now)()).filter(|_| self.ready.avoid_crowded_minutes && !batch.urgent);
        wait.map_or(Ok(()), |after| Err(clock::crowded_fault(after)))
    }

    /// Who of the batch may get one more message, and the verdict on those who may not.
    fn sorted<'a>(&self, items: &'a [Item]) -> (Vec<&'a Item>, Vec<Option<Verdict>>) {
        let now = (self.now)();
        let mut to: Vec<&Item> = Vec::with_capacity(items.len());
        let judge = |item: &'a Item| {
            let userid = item.address.without_kind("wecom");
            if !is_userid(userid) {
                return Some(Verdict::RefusedRecipient(Cause::new("ADDRESS", "not the id of a member")));
            }
            if let Err(after) = self.ready.rates.take(&userid.to_ascii_lowercase(), now) {
                return Some(too_often(after));
            }
            to.push(item);
            None
        };
        let verdicts = items.iter().map(judge).collect();
        (to, verdicts)
    }

    async fn send(&self, text: &str, to: &[&Item], deadline: Instant) -> Result<Said, Fault> {
        let mut userids: Vec<&str> = to.iter().map(|item| item.address.without_kind("wecom")).collect();
        userids.sort_unstable();
        userids.dedup();
        // A round that a person ordered repeats the text on purpose.
        let ordered = to.iter().any(|item| item.token.round > 0);
        let seconds = if ordered { 0 } else { self.ready.duplicate_check_s };
        let body = json!({
            "touser": userids.join("|"), "msgtype": "text", "agentid": self.ready.agent_id, "text": { "content": text },
            "enable_duplicate_check": u8::from(seconds > 0), "duplicate_check_interval": seconds.max(1),
        });
        self.ready.api.call("/cgi-bin/message/send", Some(&body), &userids, deadline).await
    }

    /// The verdict on each who was in the call.
    fn read(&self, said: &Said, to: &[&Item]) -> Vec<Verdict> {
        if said.class != Class::Accepted && !(said.class == Class::Recipient && to.len() > 1) {
            return vec![said.clone().verdict(Verdict::Accepted(None)); to.len()];
        }
        let message = said.text("msgid");
        let refused = ["invaliduser", "unlicenseduser"].map(|list| (list, listed(&said.document, list)));
        let verdict = |(place, item): (usize, &&Item)| {
            let is = |userid: &String| userid.eq_ignore_ascii_case(item.address.without_kind("wecom"));
            match refused.iter().find(|(_, listed)| listed.iter().any(is)) {
                Some((list, _)) => {
                    let cause = Cause::new(list, "the answer lists this member");
                    self.ready.api.codes.class(list).verdict(cause, None)
                }
                // Refused as a whole because nobody of the call may be sent to.
                None if said.class == Class::Recipient => Verdict::RefusedRecipient(said.cause.clone()),
                None => Verdict::Accepted(Some(Reference::new(format!("{message}/{place}")))),
            }
        };
        to.iter().enumerate().map(verdict).collect()
    }
}

#[async_trait]
impl Adapter for WeCom {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "wecom")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let text = match text_within_bytes(&batch.content, self.ready.text_bytes) {
            Ok(text) => text,
            Err(cause) => return Ok(vec![Verdict::RefusedContent(cause); batch.items.len()]),
        };
        if batch.items.is_empty() {
            return Ok(Vec::new());
        }
        self.check_minute(batch)?;
        let deadline = deadline(budget);
        self.ready.api.ready(deadline).await?;
        let (to, verdicts) = self.sorted(&batch.items);
        let mut sent = Vec::with_capacity(to.len());
        for to in to.chunks(MEMBERS_MAX) {
            match self.send(text, to, deadline).await {
                Ok(said) => sent.extend(self.read(&said, to)),
                Err(fault) => sent.extend(vec![fault.verdict(); to.len()]),
            }
        }
        let mut sent = sent.into_iter();
        let unsent = || Verdict::Transient(Cause::new("UNSENT", "not in the call"));
        Ok(verdicts.into_iter().map(|verdict| verdict.or_else(|| sent.next()).unwrap_or_else(unsent)).collect())
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        let text = text_within_bytes(content, self.ready.text_bytes)?;
        Ok(Fit { segments: 1, text: text.to_owned() })
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

/// Members an answer lists, parted by bars.
fn listed(document: &Value, name: &str) -> Vec<String> {
    let text = document.get(name).and_then(Value::as_str).unwrap_or_default();
    text.split('|').filter(|userid| !userid.is_empty()).map(str::to_owned).collect()
}

fn is_userid(address: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@.".contains(&byte);
    (1..=USERID_MAX).contains(&address.len()) && address.bytes().all(known) && address != "@all"
}

fn too_often(after: Duration) -> Verdict {
    let told = "the messages of this member's minute or hour are used up";
    Verdict::Throttled { scope: Scope::Recipient, after: Some(after), cause: Cause::new("member-rate", told) }
}
