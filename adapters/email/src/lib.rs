//! E-mail over SMTP (RFC 5321) to a relay.
//!
//! - One message for each recipient by default, with a Message-ID made from the delivery's token, so that a repeat has
//!   the same one. Texts, attachments and headers are written once per batch (with `lettre`), only the lines that name
//!   the recipient differ.
//! - Every RCPT has its own answer; the accepted ones get the message even when others are refused.
//! - Commands go out in groups where the relay allows it (RFC 2920): two round trips a message instead of four. `TCP_NODELAY`
//!   is set and the content leaves in one write, because a split last write costs some 40 ms of delayed acknowledgement each.
//! - Connections are kept, without NOOP: one that turns out dead before anything of a message was sent is replaced once.
//!   Where there are several, one of them carries urgent batches only.
//! - STARTTLS is never given up when it is missing, what was said before it is forgotten, and bytes slipped in before the
//!   handshake end the connection.
//! - A connection lost after the final dot leaves the recipients in doubt; lost before, they were not reached.
//! - Relays stand in order. One that cannot be connected to, or refuses the log-in, is passed over for a while and the next steps
//!   in, as long as nothing of a message has gone anywhere. One that asks for patience is not gone around, and what one relay has
//!   answered is never taken to another. Recipients' own servers are not spoken to: a relay has the queue, the name and the
//!   reputation that takes.
//! - What a relay offers is used: SIZE, and a message over its limit is refused before it is sent; DSN, so that reports come
//!   without the message and name the delivery; SMTPUTF8 for a part before the `@` beyond ASCII, which is refused as a recipient
//!   (`5.6.7`) by a relay without it. Domains are written as the DNS knows them and need nothing. Our bodies are ASCII by
//!   construction, so BODY=8BITMIME goes with SMTPUTF8 alone.
//!
//! # What becomes of a message
//!
//! With [`Settings::bounces`] every recipient has a return path of its own, `bounce+TOKEN.SIGNATURE@domain` ([`Seal`]), and the
//! adapter listens for what comes back to it over SMTP or LMTP. The reference of an accepted item is the text of its
//! [`Token`](fenghuo_contract::Token), so a report finds its delivery by the address it came to; what is written in it is believed
//! about that delivery alone, and an address without our signature is refused in the dialogue. Reports by the book (RFC 3464)
//! are read, and the prose of qmail, Exchange, Exim and others; delays, automatic replies, complaints, word of reading and reports
//! about reports are taken and say nothing. `Delivered` needs [`Notify::Success`] and a relay and servers that honour it.
//!
//! The [`Cause`] of a failure has the form of the answers in a dialogue (`550 5.1.1`, or `5.2.2` where no basic code is told, or
//! `BOUNCE` where no code is), so the same table says what it means; [`is_hard`] says whether the mailbox is gone for good.
//!
//! # Signatures
//!
//! DKIM ([`DkimSettings`]) covers each message as it goes out, the recipient's own lines included; the rest is made canonical once a
//! batch. Measured on one core with a mail of 8 kB: writing a recipient's copy takes 0.5 µs, with a return path of its own 1 µs,
//! with an Ed25519 signature 25 µs, with one of RSA-2048 620 µs. An audience of a million is signed with RSA for ten minutes of a
//! core: there the relay had better sign, as most do. Below orange a link to unsubscribe with one click is in the headers where
//! [`UnsubscribeSettings`] say so.
//!
//! # Codes
//!
//! What replies mean is in one table, by enhanced code first and basic code second (`config/codes/email.toml`). One judgement needs the
//! whole batch: `5.7.1` to a recipient is the account's fault unless the same batch had recipients accepted; then it is a
//! rule of that recipient, and must not stop the route.

mod bounces;
mod codes;
mod dispatch;
mod dkim;
mod letter;
mod personal;
mod pool;
mod reply;
mod seal;
mod session;
mod settings;
mod transaction;
mod wire;

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
    Adapter, Batch, Cause, Channel, Deduplication, Fault, Item, Profile, RateUnit, ReceiptSink, ReceiptStyle, Verdict,
};
use lettre::Address;

use crate::{
    bounces::Bounces,
    dispatch::Dispatch,
    letter::Letter,
    pool::Relays,
    settings::{Sender, Setup},
    transaction::Envelope,
};
pub use crate::{
    codes::is_hard,
    seal::Seal,
    settings::{
        BounceSettings, DkimSettings, Mechanism, Notify, Protocol, RelaySettings, Settings, SettingsFault, Tls,
        UnsubscribeSettings,
    },
};

/// Recipients handed over at a time.
const BATCH_MAX: usize = 256;

/// Characters of an address at most (RFC 5321 §4.5.3.1.3, less the angle brackets).
const ADDRESS_MAX: usize = 254;

/// The adapter; the documentation of the crate says how it works.
pub struct Email {
    profile: Profile,
    relays: Relays,
    sender: Sender,
    /// `None` when no reports are expected.
    bounces: Option<Bounces>,
    per_message: usize,
    closed: AtomicBool,
}

impl Email {
    /// An adapter for one sender and one or more relays; what reports of non-delivery say goes to `receipts`. Reads the
    /// secrets and the certificate authorities; opens no connection, and listens from the first submit or probe on.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, receipts: Arc<dyn ReceiptSink>) -> Result<Self, SettingsFault> {
        let Setup { relays, sender } = settings.setup()?;
        let own_message = settings.recipients_per_message == 1;
        let duration = Duration::from_millis;
        let relays = Relays::new(relays, duration(settings.connect_timeout_ms), duration(settings.pass_over_ms));
        let reports = sender.bounces.clone();
        let profile = Profile {
            channel: Channel::Email,
            batch_max: BATCH_MAX,
            text_max: None,
            receipts: if reports.is_some() { ReceiptStyle::Delivery } else { ReceiptStyle::None },
            deduplication: if own_message { Deduplication::ByToken } else { Deduplication::None },
            rate_unit: RateUnit::Recipients,
            window: relays.window(),
            withdraw_max: 0,
        };
        let bounces = reports.map(|reports| Bounces::new(reports, sender.envelope_from.clone(), receipts));
        let per_message = settings.recipients_per_message;
        Ok(Self { profile, relays, sender, bounces, per_message, closed: AtomicBool::new(false) })
    }

    /// Listens for reports, if that is wanted and not yet done. That it cannot listen stops no warning: the log says it, and
    /// the next submit tries again.
    async fn listen(&self) {
        if let Some(bounces) = &self.bounces
            && let Err(error) = bounces.listen().await
        {
            tracing::error!(%error, "nobody listens for reports of non-delivery: the address cannot be bound");
        }
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
        self.listen().await;
        let Ok(letter) = Letter::new(&batch.content, &self.sender, self.links(batch)) else {
            let refusal = Verdict::refused_content("UNWRITABLE", "the content cannot be made into a message");
            return Ok(vec![refusal; batch.items.len()]);
        };
        let dispatch = Dispatch::new(&self.relays, &letter, &recipients, self.per_message, deadline, batch.urgent);
        let mut verdicts = dispatch.run().await?;
        judge_by_the_batch(&mut verdicts);
        let mut verdicts = verdicts.into_iter();
        let answer =
            |address: &Option<Address>| address.as_ref().and_then(|_| verdicts.next()).unwrap_or_else(no_address);
        Ok(addresses.iter().map(answer).collect())
    }

    /// Connects, protects, logs in, and says farewell, at every relay: the link is good when one of them is. When every
    /// connection it may have is at work, a relay is known to work.
    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        self.listen().await;
        let mut answer = Err(Fault::Transient(Cause::new("CLOSED", "there is no relay")));
        for (number, pool) in self.relays.in_order().into_iter().enumerate() {
            let probed = match pool.free_slot(false) {
                Some(slot) => match slot.fresh().await {
                    Ok(session) => {
                        session.quit().await;
                        Ok(())
                    }
                    Err(fault) => Err(fault),
                },
                None => Ok(()),
            };
            if number == 0 || probed.is_ok() {
                answer = probed;
            }
        }
        answer
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.relays.close().await;
        if let Some(bounces) = &self.bounces {
            bounces.stop().await;
        }
    }
}

/// The address as it may stand in a command. A domain beyond ASCII is written as the DNS knows it, so that only the part before
/// the `@` can need a relay with SMTPUTF8.
fn address(item: &Item) -> Option<Address> {
    let text = item.address.expose();
    let clean = text.len() <= ADDRESS_MAX && !text.chars().any(|sign| sign.is_control() || " <>".contains(sign));
    let address: Address = if clean { text.parse().ok()? } else { return None };
    if address.domain().is_ascii() {
        return Some(address);
    }
    let domain = idna::domain_to_ascii(address.domain()).ok()?;
    Address::new(address.user(), domain).ok()
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
