//! E-mail over SMTP (RFC 5321) to a relay.
//!
//! - One message for each recipient by default, with a Message-ID made from the delivery's token, so that a repeat has
//!   the same one. Texts, attachments and headers are written once per batch (with `lettre`), only the lines that name
//!   the recipient differ.
//! - Every RCPT has its own answer; the accepted ones get the message even when others are refused.
//! - Commands go out in groups where the relay allows it (RFC 2920): two round trips a message instead of four. `TCP_NODELAY`
//!   is set and the content leaves in one write, because a split last write costs some 40 ms of delayed acknowledgement each.
//! - Connections are kept, without NOOP: one that turns out dead before anything of a message was sent is replaced once.
//! - STARTTLS is never given up when it is missing, what was said before it is forgotten, and bytes slipped in before the
//!   handshake end the connection.
//! - A connection lost after the final dot leaves the recipients in doubt; lost before, they were not reached.
//!
//! What replies mean is in one table, by enhanced code first and basic code second (`config/codes/email.toml`). One judgement needs the
//! whole batch: `5.7.1` to a recipient is the account's fault unless the same batch had recipients accepted; then it is a
//! rule of that recipient, and must not stop the route.

mod codes;
mod dispatch;
mod letter;
mod personal;
mod pool;
mod reply;
mod session;
mod settings;
mod tls;
mod transaction;
mod wire;

#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Deduplication, Fault, Item, Profile, RateUnit, ReceiptStyle, Verdict,
};
use lettre::Address;
pub use settings::{Mechanism, Settings, SettingsFault, Tls};

use crate::{dispatch::Dispatch, letter::Letter, pool::Pool, transaction::Envelope};

/// Recipients handed over at a time.
const BATCH_MAX: usize = 256;

/// Characters of an address at most (RFC 5321 §4.5.3.1.3, less the angle brackets).
const ADDRESS_MAX: usize = 254;

/// The adapter; the documentation of the crate says how it works.
pub struct Email {
    profile: Profile,
    pool: Pool,
    per_message: usize,
    closed: AtomicBool,
}

impl Email {
    /// An adapter for one relay. Reads the password and the certificate authorities; opens no connection.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings) -> Result<Self, SettingsFault> {
        let relay = settings.relay()?;
        let own_message = settings.recipients_per_message == 1;
        let profile = Profile {
            channel: Channel::Email,
            batch_max: BATCH_MAX,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: if own_message { Deduplication::ByToken } else { Deduplication::None },
            rate_unit: RateUnit::Recipients,
            window: settings.connections,
        };
        let timeout = Duration::from_millis(settings.connect_timeout_ms);
        let pool = Pool::new(relay, settings.connections, settings.messages_per_connection, timeout);
        Ok(Self { profile, pool, per_message: settings.recipients_per_message, closed: AtomicBool::new(false) })
    }

    /// Bytes of the longest address to confirm at. A message for several recipients carries none: it would be everybody's.
    fn links(&self, batch: &Batch) -> usize {
        if self.per_message > 1 {
            return 0;
        }
        batch.items.iter().filter_map(|item| item.confirm.as_ref()).map(|link| link.len()).max().unwrap_or_default()
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }
}

#[async_trait]
impl Adapter for Email {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let deadline = tokio::time::sleep(budget).deadline();
        let addresses: Vec<Option<Address>> = batch.items.iter().map(address).collect();
        let recipients: Vec<Envelope<'_>> = batch
            .items
            .iter()
            .zip(&addresses)
            .filter_map(|(item, address)| Some(Envelope { item, address: address.clone()? }))
            .collect();
        if recipients.is_empty() {
            return Ok(vec![no_address(); batch.items.len()]);
        }
        let Ok(letter) = Letter::new(&batch.content, self.pool.relay(), self.links(batch)) else {
            let refusal = Verdict::refused_content("UNWRITABLE", "the content cannot be made into a message");
            return Ok(vec![refusal; batch.items.len()]);
        };
        let mut verdicts = Dispatch::new(&self.pool, &letter, &recipients, self.per_message, deadline).run().await?;
        judge_by_the_batch(&mut verdicts);
        let mut verdicts = verdicts.into_iter();
        let answer =
            |address: &Option<Address>| address.as_ref().and_then(|_| verdicts.next()).unwrap_or_else(no_address);
        Ok(addresses.iter().map(answer).collect())
    }

    /// Connects, protects, logs in, and says farewell. When every connection is at work, the link is known to work.
    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let Some(slot) = self.pool.free_slot() else { return Ok(()) };
        slot.fresh().await?.quit().await;
        Ok(())
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.pool.close().await;
    }
}

/// The address as it may stand in a command.
fn address(item: &Item) -> Option<Address> {
    let text = item.address.expose();
    let clean = text.len() <= ADDRESS_MAX && !text.chars().any(|sign| sign.is_control() || " <>".contains(sign));
    if clean { text.parse().ok() } else { None }
}

fn no_address() -> Verdict {
    Verdict::RefusedRecipient(Cause::new("5.1.3", "this is not a mail address"))
}

/// A rule against one recipient must not look like a rule against us.
fn judge_by_the_batch(verdicts: &mut [Verdict]) {
    if !verdicts.iter().any(|verdict| matches!(verdict, Verdict::Accepted(_))) {
        return;
    }
    for verdict in verdicts {
        if let Verdict::Misconfigured(cause) = verdict
            && cause.code.ends_with(" 5.7.1")
        {
            *verdict = Verdict::RefusedRecipient(cause.clone());
        }
    }
}
