//! Addresses that providers refused for good: what is below red is not sent to them again for a while.
//!
//! An address is learned from a refusal of the recipient and from later word whose code the tables class as the
//! recipient's; only on routes that carry the real thing, for what a simulator refuses says nothing about a number. Where
//! most of a slice, or of what a route sent lately, was refused the provider is not believed: an alarm stands and nothing is
//! learned, for tokens of another environment all look dead. A delivery to such an address fails with
//! [`Reason::Suppressed`] in the place of an attempt, so it is counted, journaled and listed like any other. Red goes out all
//! the same, a doubtful address is worth a try then; so do calls and other notices to persons on duty, and what is
//! sent again on somebody's order.
//!
//! An address of which the tables say that it has ended (the token of an app that was removed, a subscription that was
//! cancelled) leaves the directory, with the provider's code in the journal and in the list of suppressed addresses; whoever
//! registers it again is believed.
//!
//! Nothing of the address is kept but its keyed hash. What was heard and not yet written when the gateway stops is learned
//! again with the next refusal.

mod doubt;
mod view;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use fenghuo_contract::{Address, Channel, Class, CodeMeaning};
use parking_lot::{Mutex, RwLock};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub(crate) use self::doubt::seen;
pub use self::view::SuppressionView;
use super::{
    Parts, Unavailable,
    deliver::Route,
    parts::parse,
    projection::{
        Plan,
        codec::{Outcome, Record},
    },
    record::{Decision, hex, json},
    target::directory::Endpoint,
};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
        provider_codes,
    },
    store::{self, Commit, Expect, Key, Put, Space},
};

/// Refusals that wait to be written at most; what is beyond is learned another time.
const WAITING: usize = 10_000;
/// Addresses of one commit.
const TOGETHER: usize = 100;
/// How often what is over is cleared away.
const EVERY: Duration = Duration::from_secs(3_600);

/// What is known of one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Suppressed {
    channel: Channel,
    /// Directory rows that had the address.
    rows: Vec<u32>,
    route: String,
    /// The provider's code.
    code: String,
    since_ms: i64,
    /// It has ended, and left the directory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
}

/// An address that a provider refused, not yet written down.
struct Refusal {
    channel: Channel,
    row: u32,
    route: String,
    code: String,
    /// The code says that it has ended.
    gone: bool,
}

type Digest = [u8; 16];

/// The suppressed addresses of one gateway.
#[derive(Default)]
pub(crate) struct Suppressions {
    known: RwLock<Known>,
    heard: Mutex<Vec<Refusal>>,
    bell: Notify,
    /// What routes came to lately, by name.
    lately: doubt::Lately,
}

#[derive(Default)]
struct Known {
    by_digest: BTreeMap<Digest, Suppressed>,
    rows: HashMap<(Channel, u32), Digest>,
}

impl Known {
    fn insert(&mut self, digest: Digest, suppressed: Suppressed) {
        self.remove(&digest);
        self.rows.extend(suppressed.rows.iter().map(|row| ((suppressed.channel, *row), digest)));
        self.by_digest.insert(digest, suppressed);
    }

    fn remove(&mut self, digest: &Digest) {
        if let Some(old) = self.by_digest.remove(digest) {
            self.rows.retain(|_, of| of != digest);
            tracing::debug!(channel = %old.channel, "an address is suppressed no more");
        }
    }
}

/// How long an address stays, milliseconds; 0 = nothing is suppressed.
fn span_ms(parts: &Parts) -> i64 {
    i64::from(parts.config.receipts.suppress_days) * 24 * 3_600_000
}

impl Suppressions {
    fn hear(&self, refusals: impl IntoIterator<Item = Refusal>) {
        let mut heard = self.heard.lock();
        let before = heard.len();
        heard.extend(refusals);
        heard.truncate(WAITING);
        if heard.len() > before {
            self.bell.notify_one();
        }
    }

    /// Rows among these endpoints to which a plan is not sent.
    pub(crate) fn among(&self, parts: &Parts, plan: &Plan, endpoints: &[Endpoint]) -> RoaringBitmap {
        let mut rows = RoaringBitmap::new();
        if plan.record.level == Level::Red {
            return rows;
        }
        let since_ms = parts.clock.unix_ms() - span_ms(parts);
        let channel = plan.record.channel;
        let known = self.known.read();
        if known.rows.is_empty() {
            return rows;
        }
        for endpoint in endpoints {
            let Some(digest) = known.rows.get(&(channel, endpoint.row)) else { continue };
            let stands = known.by_digest.get(digest).is_some_and(|of| of.since_ms > since_ms && !of.gone);
            // Whoever has another address by now is reached at that.
            let address = endpoint.address.as_ref().filter(|_| stands);
            if address.is_some_and(|address| parts.directory.address_digest(channel, address.expose()) == *digest) {
                rows.insert(endpoint.row);
            }
        }
        if !rows.is_empty() && is_notice(parts, plan) {
            rows.clear();
        }
        rows
    }
}

fn is_notice(parts: &Parts, plan: &Plan) -> bool {
    parts.warning_record(&plan.record.warning).is_some_and(|record| record.notice.is_some())
}

/// Takes in what a slice came to.
pub(super) fn refused(parts: &Parts, route: &Route, plan: &Plan, records: &[Record]) {
    let refusal = |record: &&Record| {
        record.outcome == Outcome::Reached(State::Failed) && record.reason == Reason::RecipientRefused
    };
    let refused: Vec<&Record> = records.iter().filter(refusal).collect();
    if !teaches(parts, route) {
        return;
    }
    let answered = records.iter().filter(|record| matches!(record.outcome, Outcome::Reached(_))).count();
    let believed = parts.suppressions.lately.believes(&route.name, answered, refused.len(), parts.clock.unix_ms());
    if refused.is_empty() || !believed {
        return;
    }
    learn(parts, route, plan, refused.into_iter());
}

/// Takes in later word about deliveries of a plan.
pub(super) fn reported(parts: &Parts, route: &str, plan: &Plan, records: &[Record]) {
    let Some(route) = parts.routes.get(route).filter(|route| teaches(parts, route)) else { return };
    let failed = records.iter().filter(|record| {
        record.outcome == Outcome::Reached(State::Failed)
            && record.reason == Reason::ReportedUndelivered
            && plan.state(record.rank).state == State::Failed
            && is_for_good(&route.config.adapter, &record.code)
    });
    learn(parts, route, plan, failed);
}

fn teaches(parts: &Parts, route: &Route) -> bool {
    route.config.actual && route.channel.reaches_persons() && parts.config.receipts.suppress_days > 0
}

fn learn<'a>(parts: &Parts, route: &Route, plan: &Plan, records: impl Iterator<Item = &'a Record>) {
    let refusal = |record: &Record| {
        let row = plan.rows(&[record.rank]).into_iter().next()?;
        let (channel, code) = (plan.record.channel, record.code.to_string());
        let gone = says(&route.config.adapter, &code, |meaning| meaning.gone);
        Some(Refusal { channel, row, route: route.name.clone(), code, gone })
    };
    parts.suppressions.hear(records.filter_map(refusal));
}

/// Whether the tables say of a code that it is the recipient's, for good.
fn is_for_good(adapter: &str, code: &str) -> bool {
    says(adapter, code, |meaning| meaning.class == Class::Recipient)
}

/// Whether something holds of a code: by the table of the adapter, else by all that know it.
fn says(adapter: &str, code: &str, holds: impl Fn(&CodeMeaning) -> bool) -> bool {
    if code.is_empty() {
        return false;
    }
    // `HTTP 410` stands as 410 in the tables.
    let ways = [Some(code), code.rsplit_once(' ').map(|(_, last)| last)];
    let own = ways.into_iter().flatten().map(|code| provider_codes::find(&format!("{adapter} {code}")));
    let own = own.map(|found| found.into_iter().filter(|(table, _)| *table == adapter).collect::<Vec<_>>());
    let asked = own.into_iter().find(|found| !found.is_empty()).unwrap_or_else(|| provider_codes::find(code));
    !asked.is_empty() && asked.iter().all(|(_, meaning)| holds(meaning))
}

/// Reads what the store holds.
pub(super) async fn load(parts: &Parts) -> Result<(), Unavailable> {
    let mut known = Known::default();
    store::each(&parts.store, Space::Suppression, None, |key, stored| {
        if let Ok(digest) = Digest::try_from(&key.0[..]) {
            known.insert(digest, parse(&stored.value)?);
        }
        Ok::<(), Unavailable>(())
    })
    .await?;
    *parts.suppressions.known.write() = known;
    Ok(())
}

/// Writes down what was heard, and clears away what is over, until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    loop {
        let heard = std::mem::take(&mut *parts.suppressions.heard.lock());
        let kept = match keep(&parts, heard).await {
            Ok(()) => sweep(&parts).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = kept {
            tracing::warn!(%fault, "suppressed addresses are not written down; they are learned again");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.suppressions.bell.notified() => {}
            () = parts.clock.sleep(EVERY) => {}
        }
    }
}

async fn keep(parts: &Parts, heard: Vec<Refusal>) -> Result<(), Unavailable> {
    for refusals in heard.chunks(TOGETHER) {
        let (mut puts, mut entries, mut news) = (Vec::new(), Vec::new(), BTreeMap::new());
        for refusal in refusals {
            let Some((address, digest, suppressed)) = suppressed(parts, refusal).await? else { continue };
            if news.contains_key(&digest) {
                continue;
            }
            if refusal.gone {
                forget(parts, refusal, &address, &digest).await?;
            }
            puts.push(put(&digest, Some(&suppressed)));
            let detail = format!("{} {} {} {}", hex(&digest), refusal.channel, refusal.route, refusal.code);
            entries.push(decision(parts, "address_suppressed", None, detail).entry());
            news.insert(digest, suppressed);
        }
        if !puts.is_empty() {
            parts.store.commit(Commit { puts, entries }).await?;
            let mut known = parts.suppressions.known.write();
            news.into_iter().for_each(|(digest, suppressed)| known.insert(digest, suppressed));
        }
    }
    Ok(())
}

/// Takes an address that has ended out of the directory, with the reason in the journal. Done again it changes nothing.
async fn forget(parts: &Parts, refusal: &Refusal, address: &Address, digest: &Digest) -> Result<(), Unavailable> {
    let entry = |rows: &[u32]| {
        let rows = rows.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let detail = format!("{} {} {} {} rows {rows}", hex(digest), refusal.channel, refusal.route, refusal.code);
        decision(parts, "address_ended", None, detail).entry()
    };
    parts.directory.forget(refusal.channel, address, entry).await
}

/// The address behind a refusal; `None` when it is gone.
async fn suppressed(parts: &Parts, refusal: &Refusal) -> Result<Option<(Address, Digest, Suppressed)>, Unavailable> {
    let endpoint = parts.addresses.endpoints(&[refusal.row], refusal.channel).await?.pop();
    let Some(address) = endpoint.and_then(|endpoint| endpoint.address) else { return Ok(None) };
    let mut rows = parts.directory.find_by_address(refusal.channel, address.expose()).await?;
    if !rows.contains(&refusal.row) {
        rows.push(refusal.row);
    }
    let digest = parts.directory.address_digest(refusal.channel, address.expose());
    let (route, code, since_ms) = (refusal.route.clone(), refusal.code.clone(), parts.clock.unix_ms());
    let suppressed = Suppressed { channel: refusal.channel, rows, route, code, since_ms, gone: refusal.gone };
    Ok(Some((address, digest, suppressed)))
}

/// Removes those whose time is over.
async fn sweep(parts: &Parts) -> Result<(), Unavailable> {
    let since_ms = parts.clock.unix_ms() - span_ms(parts);
    let over: Vec<Digest> = {
        let known = parts.suppressions.known.read();
        let over = known.by_digest.iter().filter(|(_, suppressed)| suppressed.since_ms <= since_ms);
        over.map(|(digest, _)| *digest).collect()
    };
    for digests in over.chunks(TOGETHER) {
        let puts = digests.iter().map(|digest| put(digest, None)).collect();
        parts.store.commit(Commit { puts, entries: Vec::new() }).await?;
        let mut known = parts.suppressions.known.write();
        digests.iter().for_each(|digest| known.remove(digest));
    }
    Ok(())
}

fn put(digest: &Digest, value: Option<&Suppressed>) -> Put {
    Put { space: Space::Suppression, key: Key(digest.to_vec()), value: value.map(json), expect: Expect::Any }
}

fn decision(parts: &Parts, what: &str, by: Option<&str>, detail: String) -> Decision {
    let by = by.map(str::to_owned);
    Decision { at_ms: parts.clock.unix_ms(), what: what.to_owned(), warning: None, by, detail: Some(detail) }
}

#[cfg(test)]
mod tests {
    use super::{is_for_good, says};

    #[test]
    fn only_codes_of_the_recipient_suppress_an_address() {
        for (adapter, code, is) in [
            ("email", "5.1.1", true),
            ("email", "550 5.1.1", true),
            ("email", "4.2.2", false),
            ("email", "5.7.1", false),
            ("email", "no-such-code", false),
            ("smpp", "", false),
        ] {
            assert_eq!(is_for_good(adapter, code), is, "{adapter} {code}");
        }
    }

    #[test]
    fn only_what_is_said_of_one_token_ends_it() {
        for (adapter, code, is) in [
            ("apns", "Unregistered", true),
            ("apns", "ExpiredToken", true),
            ("apns", "BadDeviceToken", false),
            ("fcm", "404 UNREGISTERED", true),
            ("fcm", "403 SENDER_ID_MISMATCH", false),
            ("webpush", "HTTP 410", true),
            ("webpush", "HTTP 404", true),
            ("webhook", "HTTP 404", false),
            ("jpush", "1011", true),
            ("email", "5.1.1", false),
        ] {
            assert_eq!(says(adapter, code, |meaning| meaning.gone), is, "{adapter} {code}");
        }
    }
}
