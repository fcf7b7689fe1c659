//! Public screens, which fetch what they must show.
//!
//! What a screen must show now is state, never a series of messages: it is computed from the durable record of the
//! warnings in force each time a screen asks. Nothing is sent to a screen, so this adapter opens no connection and keeps
//! nothing. It is the place where a delivery to a screen is handed over: it checks that the notice can be shown and
//! answers that it was accepted. *Accepted* therefore means "it stands in the feed of this screen"; *delivered* follows
//! when the screen's next request, or its word, proves that it holds it. That receipt carries [`reference_for`] the
//! screen and the thread.
//!
//! A repeat is harmless: the feed shows a thread once.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Address, Batch, Cause, Channel, Content, Deduplication, Fault, Profile, RateUnit, ReceiptStyle, Reference,
    Verdict,
};

/// Bytes of a reference kept by the contract; a screen and thread that need more would not be told apart.
const REFERENCE_MAX: usize = 255;

/// What the channel can be told. There is nothing a route of screens must be given.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Characters of text a screen can show; longer text is refused when the warning is released. Default: no limit.
    pub text_max: Option<usize>,
    /// Screens handed over at a time. Default 256.
    pub batch_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { text_max: None, batch_max: 256 }
    }
}

/// The hand-over to screens; the documentation of the crate says what it means.
pub struct Display {
    profile: Profile,
    closed: AtomicBool,
}

impl Display {
    /// The channel with these settings; a `batch_max` of 0 counts as 1.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let profile = Profile {
            channel: Channel::Display,
            batch_max: settings.batch_max.max(1),
            text_max: settings.text_max,
            receipts: ReceiptStyle::Acknowledgement,
            deduplication: Deduplication::ByToken,
            rate_unit: RateUnit::Recipients,
            window: 4,
            withdraw_max: 0,
        };
        Self { profile, closed: AtomicBool::new(false) }
    }

    /// Why this content cannot be shown on any screen.
    fn refusal(&self, content: &Content) -> Option<Verdict> {
        if content.title.trim().is_empty() {
            return Some(Verdict::refused_content("NO-TITLE", "a notice needs a title"));
        }
        if content.text.trim().is_empty() {
            return Some(Verdict::refused_content("NO-TEXT", "a notice needs a text"));
        }
        content.text_within(self.profile.text_max).err().map(|too_long| Verdict::RefusedContent(too_long.into()))
    }
}

/// The reference under which a screen holds the notices of a thread: `{address}/{thread}`.
#[must_use]
pub fn reference_for(address: &Address, thread: &str) -> Reference {
    Reference::new(format!("{}/{thread}", address.expose()))
}

fn verdict(address: &Address, thread: &str) -> Verdict {
    let screen = address.expose();
    if screen.trim().is_empty() || screen.contains('/') {
        return Verdict::RefusedRecipient(Cause::new("NO-SCREEN", "this is not the name of a screen"));
    }
    if screen.len() + 1 + thread.len() > REFERENCE_MAX {
        return Verdict::RefusedRecipient(Cause::new("LONG-NAME", "the names of screen and thread are too long"));
    }
    Verdict::Accepted(Some(reference_for(address, thread)))
}

#[async_trait]
impl Adapter for Display {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Screens are known by their ids; signs and groups of panels are for whoever reaches them.
    fn carries(&self, kind: &str) -> bool {
        kind.is_empty()
    }

    async fn submit(&self, batch: &Batch, _budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.probe().await?;
        if let Some(refusal) = self.refusal(&batch.content) {
            return Ok(vec![refusal; batch.items.len()]);
        }
        Ok(batch.items.iter().map(|item| verdict(&item.address, &batch.content.thread)).collect())
    }

    async fn probe(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
