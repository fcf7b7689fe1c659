//! How often strangers may ask for a subscription: per network address, per mail address, and all together.
//!
//! Kept in memory, by digest; it forgets after the window, and takes no more names than it has room for. A proxy on this machine
//! stands for everybody behind it, so the machine itself is only counted with all.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// Requests of one network address in an hour: a mobile network hides many residents behind one.
const PER_PEER: u32 = 60;
/// Requests of everybody in an hour.
const OF_ALL: u32 = 20_000;
/// Questions to one mail address in a day.
const PER_MAILBOX: u32 = 3;
/// Questions to all mail addresses in an hour: mail nobody asked for is what makes relays refuse the rest.
const MAILBOXES: u32 = 1_000;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Names that are counted at the same time.
const NAMES: usize = 100_000;

/// See the module. Cheap to clone.
#[derive(Clone, Default)]
pub struct Throttle(Arc<Mutex<HashMap<[u8; 16], Count>>>);

struct Count {
    until: Instant,
    count: u32,
}

impl Throttle {
    /// Whether a network address may ask once more.
    pub(super) fn admits_peer(&self, peer: Option<IpAddr>, now: Instant) -> bool {
        let near = peer.is_none_or(|peer| peer.is_loopback());
        let own = near || self.admits(&format!("peer {}", network(peer)), PER_PEER, HOUR, now);
        own && self.admits("all", OF_ALL, HOUR, now)
    }

    /// Whether a mail address may be asked once more.
    pub(super) fn admits_mailbox(&self, address: &str, now: Instant) -> bool {
        let address = address.trim().to_lowercase();
        self.admits(&format!("mailbox {address}"), PER_MAILBOX, DAY, now)
            && self.admits("mailboxes", MAILBOXES, HOUR, now)
    }

    fn admits(&self, name: &str, most: u32, window: Duration, now: Instant) -> bool {
        let digest: [u8; 32] = Sha256::digest(name).into();
        let Some(name) = digest.first_chunk::<16>() else { return false };
        let mut counts = self.0.lock();
        if counts.len() >= NAMES && !counts.contains_key(name) {
            counts.retain(|_, count| count.until > now);
            if counts.len() >= NAMES {
                return false;
            }
        }
        let count = counts.entry(*name).or_insert(Count { until: now + window, count: 0 });
        if count.until <= now {
            *count = Count { until: now + window, count: 0 };
        }
        count.count = count.count.saturating_add(1);
        count.count <= most
    }
}

/// One subscriber's network: of IPv6 the first half, for he may choose the second himself.
fn network(peer: Option<IpAddr>) -> String {
    match peer {
        Some(IpAddr::V6(address)) => address.segments().iter().take(4).map(|segment| format!("{segment:x}:")).collect(),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_asks_often_enough_and_no_more_until_the_hour_is_over() {
        let (throttle, now) = (Throttle::default(), crate::clock::Clock::simulated(0, 7).instant());
        let ask = |peer: &str, now| throttle.admits_peer(Some(peer.parse().unwrap()), now);
        assert!((0..PER_PEER).all(|_| ask("192.0.2.7", now)));
        assert!(!ask("192.0.2.7", now) && ask("192.0.2.8", now));
        assert!(ask("192.0.2.7", now + HOUR));
        assert!((0..PER_PEER).all(|n| ask(&format!("2001:db8:1:2::{n:x}"), now)));
        assert!(!ask("2001:db8:1:2:ffff::1", now), "the same network");
        assert!((0..2 * PER_PEER).all(|_| ask("127.0.0.1", now)), "a proxy speaks for many");
    }

    #[test]
    fn a_mailbox_is_asked_three_times_a_day_however_it_is_written() {
        let (throttle, now) = (Throttle::default(), crate::clock::Clock::simulated(0, 7).instant());
        assert!(["a@b.example", "A@b.example", " a@B.example "].iter().all(|text| throttle.admits_mailbox(text, now)));
        assert!(
            !throttle.admits_mailbox("a@b.example", now + HOUR) && throttle.admits_mailbox("a@b.example", now + DAY)
        );
    }
}
