//! Whose word counts about where a request came from: a load balancer stands between, and names its client in
//! `X-Forwarded-For`. Anybody can write that field, so it is read only from connections of configured proxies, and from
//! its end: what stands left of the first address that is no proxy of ours may be anybody's invention.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Where each proxy on the way writes whom it heard.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies of this installation.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub(super) fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address a request came from. The port is 0 where a proxy did not name it.
    pub(super) fn origin(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.contains(peer.ip()) {
            return peer;
        }
        let lines = headers.get_all(FORWARDED_FOR).into_iter();
        let hops: Vec<&str> = lines.flat_map(|line| line.to_str().unwrap_or("?").split(',')).collect();
        let mut nearest = peer;
        for hop in hops.iter().rev() {
            let Some(address) = read(hop.trim()) else { break };
            nearest = address;
            if !self.contains(address.ip()) {
                break;
            }
        }
        nearest
    }
}

/// An address, with or without a port, version 6 in brackets or not.
fn read(hop: &str) -> Option<SocketAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 0));
    address.or_else(|| hop.parse().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn origin(peer: &str, lines: &[&'static str]) -> String {
        let networks = ["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        Proxies::new(&networks).origin(peer, &headers).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(origin("192.0.2.1", &["198.51.100.9"]), "192.0.2.1:4711");
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_counts() {
        assert_eq!(origin("10.0.0.1", &["198.51.100.9"]), "198.51.100.9:0");
        assert_eq!(origin("10.0.0.1", &["1.1.1.1, 198.51.100.9, 10.0.0.2"]), "198.51.100.9:0");
        assert_eq!(origin("10.0.0.1", &["1.1.1.1", "198.51.100.9"]), "198.51.100.9:0");
        assert_eq!(origin("::1", &["[2001:db8::7]:4000"]), "[2001:db8::7]:4000");
        assert_eq!(origin("::ffff:10.0.0.1", &["2001:db8::7"]), "[2001:db8::7]:0");
    }

    #[test]
    fn what_cannot_be_read_ends_the_search() {
        assert_eq!(origin("10.0.0.1", &[]), "10.0.0.1:4711");
        assert_eq!(origin("10.0.0.1", &["unknown"]), "10.0.0.1:4711");
        assert_eq!(origin("10.0.0.1", &["198.51.100.9, nonsense, 10.0.0.7"]), "10.0.0.7:0");
        assert_eq!(origin("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3:0");
    }
}
