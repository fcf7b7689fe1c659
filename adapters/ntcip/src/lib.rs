//! Road signs of NTCIP 1203 v03 (dynamic message signs) over SNMP.
//!
//! An address is `ntcip:host:port` of a sign (port 161 when none is given; without `ntcip:` where signs are all there is on
//! the channel), inside one of the configured networks. For each sign a
//! message is written into one row of its table, kept for us: ask for the row (`modifyReq`), write text, owner and run-time
//! priority, have it validated (`validateReq`), compare the CRC with that of the text that was meant, order it onto the face
//! (`dmsActivateMessage`: minutes until the content expires, priority, row, CRC, our address), and look whether it is there.
//! **Accepted** means that the sign says it shows it.
//!
//! - The text is MULTI, set by the size of the signs: headline first, then the whole text, else its signed short form, else
//!   the headline alone where the settings allow it. Nothing is cut; pages stand as long as reading takes. Asked before
//!   sign-off, [`fit`](fenghuo_contract::Adapter::fit) answers with the words the sign will show.
//! - Priorities follow the level of the warning. A sign that shows something higher refuses, and is asked again later. A
//!   newer message about the same event takes the place of ours whatever the levels.
//! - **Lifts** come over the display channel as one more content of the same thread. A content whose values say
//!   `change` = `lift` or `correction` blanks the sign when it shows our message about that thread, known by the owner that
//!   stands with it, and leaves any other message alone. With `on_lift = "text"`, and where the values do not say, the text of
//!   the lift is shown instead and takes the place of the warning.
//! - A sign forgets by itself: the minutes of the order end when the content expires.
//! - One dialogue at a time for each sign, all signs of a batch at once. The same packet is sent again when an answer is
//!   missing; a repeat of a submit shows the same message again.
//!
//! A wrong community is answered by silence (RFC 1157 §4.1) and looks like a sign that is off: transient. Signs of this
//! version of the standard speak SNMPv1, some 2c too; SNMPv3 is not spoken here. The community travels in the clear, so signs
//! belong in a network of their own.
//!
//! Errors of signs are classed by `config/codes/ntcip.toml`.

mod ber;
mod codes;
mod link;
mod multi;
mod objects;
mod settings;
mod sign;
mod snmp;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fenghuo_contract::{
    Adapter, Address, Batch, Cause, Channel, Content, Deduplication, Fault, Fit, Profile, RateUnit, ReceiptStyle,
    Verdict,
};
use futures_util::future::join_all;
pub use settings::{Letters, Memory, OnLift, Priorities, Settings, SettingsFault};
pub use snmp::Version;

use crate::{
    link::{Link, LinkFault},
    multi::{Composed, compose},
    settings::Signs,
    sign::{Early, Order, Sign, classed},
};

/// What the address of a sign begins with, where other screens are on the channel too.
const KIND: &str = "ntcip";
/// Signs spoken to at a time.
const BATCH_MAX: usize = 32;
/// The port of SNMP agents.
const PORT: u16 = 161;
/// Minutes a message may stand at most; one more means for ever.
const MINUTES_MAX: i64 = 65_534;

/// Gives the time, seconds since 1970: a sign is told for how many minutes a message stands.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The adapter; the documentation of the crate says how it works.
pub struct Ntcip {
    profile: Profile,
    signs: Signs,
    now: Now,
    /// Held during a dialogue with a sign.
    talking: Mutex<HashMap<SocketAddr, Arc<tokio::sync::Mutex<()>>>>,
    closed: AtomicBool,
}

impl Ntcip {
    /// An adapter for signs of one model. Reads the community; speaks to no sign.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: &Settings, now: Now) -> Result<Self, SettingsFault> {
        let signs = settings.signs()?;
        let profile = Profile {
            channel: Channel::Display,
            batch_max: BATCH_MAX,
            text_max: None,
            receipts: ReceiptStyle::None,
            deduplication: Deduplication::ByToken,
            rate_unit: RateUnit::Recipients,
            window: 4,
            withdraw_max: 0,
        };
        Ok(Self { profile, signs, now, talking: Mutex::default(), closed: AtomicBool::new(false) })
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the adapter is closed")));
        }
        Ok(())
    }

    /// Minutes until a content expires, as a sign counts them.
    fn minutes(&self, content: &Content) -> u16 {
        let left = content.expires_at.saturating_sub((self.now)());
        let minutes = (left.saturating_add(59) / 60).clamp(1, MINUTES_MAX);
        u16::try_from(minutes).unwrap_or(u16::MAX)
    }

    /// The whole dialogue with one sign. Dropped when time is over, it has said how far it came.
    async fn serve(&self, address: &Address, content: &Content, composed: &Composed, budget: Duration) -> Verdict {
        let ordered = AtomicBool::new(false);
        match tokio::time::timeout(budget, self.talk(address, content, composed, &ordered)).await {
            Ok(verdict) => verdict,
            Err(_) => out_of_time(ordered.load(Ordering::Acquire)),
        }
    }

    async fn talk(&self, address: &Address, content: &Content, composed: &Composed, ordered: &AtomicBool) -> Verdict {
        let sign = match self.find(address.without_kind(KIND)).await {
            Ok(sign) => sign,
            Err(refusal) => return refusal,
        };
        let turn = self.turn(sign);
        let _talking = turn.lock().await;
        let link = match Link::open(&self.signs, sign).await {
            Ok(link) => link,
            Err(_) => return Verdict::Transient(Cause::new("IO", "no way to the sign")),
        };
        let owner = format!("{}-{:08x}", self.signs.owner, digest(&content.thread));
        let dialogue = Sign::new(&self.signs, link, ordered);
        let said = if self.blanks(content) {
            dialogue.blank(&owner).await
        } else {
            let priority = self.signs.priorities.of(content.urgency);
            let minutes = self.minutes(content);
            dialogue.show(&Order { multi: &composed.multi, owner: &owner, priority, minutes }).await
        };
        said.unwrap_or_else(|early| self.verdict(early, ordered.load(Ordering::Acquire)))
    }

    fn verdict(&self, early: Early, ordered: bool) -> Verdict {
        match early {
            Early::Said(verdict) => verdict,
            Early::Link(LinkFault::Status(status)) => classed(&self.signs, &format!("snmp {status}")),
            Early::Link(LinkFault::Silent) => out_of_time(ordered),
            Early::Link(LinkFault::Io) if ordered => out_of_time(ordered),
            Early::Link(LinkFault::Io) => Verdict::Transient(Cause::new("IO", "the network does not reach the sign")),
        }
    }

    fn blanks(&self, content: &Content) -> bool {
        let change = content.values.get("change").map_or("", String::as_str);
        self.signs.on_lift == OnLift::Blank && matches!(change, "lift" | "correction")
    }

    /// The address of a sign, inside the networks; every address its name has must be.
    async fn find(&self, text: &str) -> Result<SocketAddr, Verdict> {
        let refused = |code, text| Verdict::RefusedRecipient(Cause::new(code, text));
        let name = with_port(text).ok_or_else(|| refused("NO-SIGN", "this is not host and port of a sign"))?;
        let found = tokio::net::lookup_host(name).await;
        let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
        let Some(sign) = found.first() else {
            return Err(Verdict::Transient(Cause::new("NO-NAME", "the name of the sign is not known")));
        };
        let allowed = |sign: &SocketAddr| self.signs.networks.iter().any(|network| network.contains(&sign.ip()));
        if found.iter().all(allowed) { Ok(*sign) } else { Err(refused("OUTSIDE", "the sign is outside the networks")) }
    }

    fn turn(&self, sign: SocketAddr) -> Arc<tokio::sync::Mutex<()>> {
        let mut talking = self.talking.lock().unwrap_or_else(PoisonError::into_inner);
        talking.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(talking.entry(sign).or_default())
    }
}

/// `host:port`; without a port that of SNMP. `None` when it is not of that form.
fn with_port(text: &str) -> Option<String> {
    let good = |host: &str| {
        !host.is_empty() && host.chars().all(|sign| sign.is_ascii_alphanumeric() || "-._:[]".contains(sign))
    };
    if text.parse::<SocketAddr>().is_ok() {
        return Some(text.to_owned());
    }
    if let Ok(address) = text.parse() {
        return Some(SocketAddr::new(address, PORT).to_string());
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "161"));
    (good(host) && port.parse::<u16>().is_ok()).then(|| format!("{host}:{port}"))
}

/// A short name for a thread: FNV-1a, 32 bits. Two events on one sign at a time are told apart by it.
fn digest(thread: &str) -> u32 {
    thread.bytes().fold(0x811c_9dc5, |digest, byte| (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn out_of_time(ordered: bool) -> Verdict {
    if ordered {
        Verdict::InDoubt(Cause::new("UNANSWERED", "the sign was told to show it and did not answer"))
    } else {
        Verdict::Transient(Cause::new("SILENT", "the sign does not answer: off, unreachable, or another community"))
    }
}

#[async_trait]
impl Adapter for Ntcip {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn carries(&self, kind: &str) -> bool {
        kind == KIND
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.check_open()?;
        let content = &*batch.content;
        let composed = match compose(content, &self.signs.capacity) {
            Ok(composed) => composed,
            Err(cause) => return Ok(vec![Verdict::RefusedContent(cause); batch.items.len()]),
        };
        let signs = batch.items.iter().map(|item| self.serve(&item.address, content, &composed, budget));
        Ok(join_all(signs).await)
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        let composed = compose(content, &self.signs.capacity)?;
        Ok(Fit { segments: 1, text: composed.words })
    }

    /// Asks the sign named for it what kind of sign it is.
    async fn probe(&self) -> Result<(), Fault> {
        self.check_open()?;
        let Some(address) = &self.signs.probe_sign else { return Ok(()) };
        let transient = |code, text| Fault::Transient(Cause::new(code, text));
        let sign =
            self.find(address).await.map_err(|_| transient("NO-SIGN", "probe_sign names no sign in the networks"))?;
        let link = Link::open(&self.signs, sign).await.map_err(|_| transient("IO", "no way to the sign"))?;
        match Sign::new(&self.signs, link, &AtomicBool::new(false)).greet().await {
            Ok(()) => Ok(()),
            Err(LinkFault::Status(_)) => Err(transient("PROBE", "the sign does not answer the probe as it should")),
            Err(_) => Err(transient("SILENT", "the sign does not answer: off, unreachable, or another community")),
        }
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
