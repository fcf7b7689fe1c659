//! JPush 极光 (REST API v3): one call for many devices.
//!
//! - An address is a registration id, `alias:…` or `tag:…`. Those of a kind go out together, up to `recipients_per_call`.
//! - An answer speaks of the whole call. That no device of it is known (1011) holds for each; a parameter that is wrong
//!   (1003) is the address's fault when the answer speaks of the audience, and then of those it quotes; the others were
//!   not taken and are tried again.
//! - A repeat is recognised by a `cid`. The documentation wants it fetched beforehand, so one of our own making is sent only
//!   where the settings say that it was tried with the account.
//! - JPush counts what was received by message, not by device: no receipts come.
//! - The link test has a push validated (`/v3/push/validate`), which sends nothing.

mod answer;
mod document;
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
    Adapter, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Item, Profile, RateUnit, ReceiptStyle, Verdict,
};
use fenghuo_http::{Answer, Call, Target};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::{Now, SettingsFault, answers, form};
use document::{Document, Kind};
pub use settings::Settings;

/// Codes that say nobody of the audience is known.
const UNKNOWN: [&str; 1] = ["1011"];

/// The adapter; the documentation of the module says how it works.
pub struct JPush {
    profile: Profile,
    ready: settings::Ready,
    now: Now,
    closed: AtomicBool,
}

/// Items that go out in one call, by their places in the batch.
struct Group<'a> {
    kind: Kind,
    items: Vec<(usize, &'a Item)>,
}

impl JPush {
    /// An adapter for one app. Reads the secret and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, now: Now) -> Result<Self, SettingsFault> {
        let by_token = settings.cid_of_our_own && settings.recipients_per_call == 1;
        let profile = Profile {
            channel: Channel::Push,
            batch_max: settings.recipients_per_call.clamp(1, 256),
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: if by_token { Deduplication::ByToken } else { Deduplication::None },
            rate_unit: RateUnit::Calls,
            window: 4,
        };
        Ok(Self { profile, ready: settings.ready()?, now, closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) { Err(answers::closed()) } else { Ok(()) }
    }

    /// The verdicts on one call's items, with their places.
    async fn push(&self, group: &Group<'_>, document: &Document, budget: Duration) -> Vec<(usize, Verdict)> {
        let addresses: Vec<&str> =
            group.items.iter().map(|(_, item)| group.kind.name(item.address.without_kind("jpush"))).collect();
        let alone = match &group.items[..] {
            [(_, item)] => item.confirm.as_deref(),
            _ => None,
        };
        let tokens = group.items.iter().map(|(_, item)| item.token);
        let cid = self.ready.own_cid.then(|| format!("{}-{}", self.ready.app_key, form::uuid_of_all(tokens)));
        let body = document.to(group.kind, &addresses, alone, cid.as_deref());
        let verdicts = match self.post(&self.ready.push, body, budget).await {
            Ok(answer) => answer::read(&self.ready.codes, &answer, &addresses),
            Err(fault) => vec![fault.verdict(); addresses.len()],
        };
        group.items.iter().map(|(place, _)| *place).zip(verdicts).collect()
    }

    async fn post(&self, target: &Target, body: Bytes, budget: Duration) -> Result<Answer, Fault> {
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(header::AUTHORIZATION, self.ready.authorization.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.ready.kit.call(Call { method: Method::POST, target: target.clone(), headers, body }, budget).await
    }

    /// Items by kind, in calls of a size; those without an address are left out.
    fn groups<'a>(&self, items: &'a [Item]) -> Vec<Group<'a>> {
        let placed = || items.iter().enumerate();
        let of_kind = |kind: Kind| {
            let fits = |item: &Item| {
                let address = item.address.without_kind("jpush");
                Kind::of(address) == kind && !kind.name(address).is_empty()
            };
            let chosen: Vec<(usize, &Item)> = placed().filter(|(_, item)| fits(item)).collect();
            let most = self.ready.recipients_per_call.min(kind.most());
            chosen.chunks(most).map(|items| Group { kind, items: items.to_vec() }).collect::<Vec<_>>()
        };
        Kind::ALL.into_iter().flat_map(of_kind).collect()
    }
}

#[async_trait]
impl Adapter for JPush {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        matches!(kind, "" | "jpush" | "registration_id" | "alias" | "tag")
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let document = match Document::of(&self.ready.style, &batch.content, (self.now)()) {
            Ok(document) => document,
            Err(cause) => return Ok(answers::refused(cause, batch.items.len())),
        };
        let empty = Verdict::RefusedRecipient(Cause::new("1003", "the address is empty"));
        let mut verdicts = vec![empty; batch.items.len()];
        let groups = self.groups(&batch.items);
        for (place, verdict) in join_all(groups.iter().map(|group| self.push(group, &document, budget))).await.concat()
        {
            verdicts[place] = verdict;
        }
        answers::acquit_content(&mut verdicts);
        let text = "nearly no device is known: is it another app, or apns_production wrong?";
        answers::blame_us_if_nearly_all(&mut verdicts, |verdict| answers::refusal(verdict, &UNKNOWN), text);
        Ok(verdicts)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        document::fitting(&self.ready.style, content).map(|text| Fit { segments: 1, text: text.to_owned() })
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let document = Document::of(&self.ready.style, &Content { text: "test".to_owned(), ..Content::default() }, 0);
        let addresses = ["fenghuo-link-test"];
        let body = document.map_err(Fault::Misconfigured)?.to(Kind::RegistrationId, &addresses, None, None);
        let answer = self.post(&self.ready.validate, body, Duration::from_secs(3600)).await?;
        match answer::read(&self.ready.codes, &answer, &addresses).swap_remove(0) {
            // The account is right; that nobody has this id is what was expected.
            Verdict::RefusedRecipient(_) => Ok(()),
            other => answers::fault(other),
        }
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
