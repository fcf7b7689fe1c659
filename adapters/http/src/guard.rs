//! Which addresses may be called: the public Internet and what is allowed by name, nothing else.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// IPv4 that is not a public host (IANA IPv4 Special-Purpose Address Registry, and multicast).
const CLOSED_V4: [([u8; 4], u8); 16] = [
    ([0, 0, 0, 0], 8),          // this network
    ([10, 0, 0, 0], 8),         // private
    ([100, 64, 0, 0], 10),      // carrier-grade NAT
    ([127, 0, 0, 0], 8),        // loopback
    ([169, 254, 0, 0], 16),     // link-local, metadata services
    ([172, 16, 0, 0], 12),      // private
    ([192, 0, 0, 0], 24),       // protocol assignments
    ([192, 0, 2, 0], 24),       // documentation
    ([192, 88, 99, 0], 24),     // 6to4 relays
    ([192, 168, 0, 0], 16),     // private
    ([198, 18, 0, 0], 15),      // benchmarking
    ([198, 51, 100, 0], 24),    // documentation
    ([203, 0, 113, 0], 24),     // documentation
    ([224, 0, 0, 0], 4),        // multicast
    ([240, 0, 0, 0], 4),        // reserved
    ([255, 255, 255, 255], 32), // broadcast
];

/// Everything outside this is closed: loopback, unspecified, mapped, NAT64, unique local, link-local, site-local,
/// multicast, segment routing, discard.
const OPEN_V6: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// IPv6 within 2000::/3 that is not a public host (IANA IPv6 Special-Purpose Address Registry).
const CLOSED_V6: [([u16; 8], u8); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments: Teredo, ORCHID, benchmarking
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4: carries any IPv4
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// Decides about addresses.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
}

impl Guard {
    /// The public Internet without `deny`, and `allow`.
    #[must_use]
    pub fn new(allow: Vec<IpNet>, deny: Vec<IpNet>) -> Self {
        Self { allow, deny }
    }

    /// Whether this address may be called.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        if within(&self.deny) {
            return false;
        }
        within(&self.allow) || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !CLOSED_V4.iter().any(|(net, length)| Ipv4Net::new_assert((*net).into(), *length).contains(&address))
        }
        IpAddr::V6(address) => {
            let within =
                |(net, length): &([u16; 8], u8)| Ipv6Net::new_assert((*net).into(), *length).contains(&address);
            within(&OPEN_V6) && !CLOSED_V6.iter().any(within)
        }
    }
}

/// The name resolves to addresses that may not be called, and to no other.
#[derive(Debug, thiserror::Error)]
#[error("the host resolves only to addresses that may not be called")]
pub(crate) struct Closed;

/// Resolves names, and gives away only addresses that may be called.
pub(crate) struct GuardedResolver(pub(crate) Guard);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> = found.iter().copied().filter(|found| guard.allows(found.ip())).collect();
            if open.is_empty() && !found.is_empty() {
                return Err(Closed.into());
            }
            let addresses: Addrs = Box::new(open.into_iter());
            Ok(addresses)
        })
    }
}
