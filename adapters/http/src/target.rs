use std::{fmt, net::IpAddr};

use url::{Host, Url};

use crate::{Guard, Settings};

/// Characters of a URL at most.
const URL_MAX: usize = 2048;

/// A URL that may be called, checked by [`HttpKit::target`](crate::HttpKit::target).
///
/// It may carry secrets in path and query, so `Debug` and `Display` show `https://host/…`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Target(Url);

/// Why a URL may not be called. The URL itself is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// More than 2048 characters.
    #[error("the URL is longer than 2048 characters")]
    Long,
    /// Not a URL.
    #[error("this is not a URL: {0}")]
    Malformed(String),
    /// Neither `https` nor allowed plain `http`.
    #[error("the scheme {0:?} may not be called")]
    Scheme(String),
    /// A user name or password in the URL.
    #[error("the URL carries a user name or password; credentials belong into headers")]
    UserInfo,
    /// No host, or one that names this machine.
    #[error("the host may not be called")]
    Host,
    /// The host is an address of the inside.
    #[error("the address {0} may not be called")]
    Address(IpAddr),
    /// A port that is not on the list.
    #[error("the port {0} may not be called")]
    Port(u16),
}

impl Target {
    pub(crate) fn check(text: &str, settings: &Settings, guard: &Guard) -> Result<Self, TargetFault> {
        if text.len() > URL_MAX {
            return Err(TargetFault::Long);
        }
        let url = Url::parse(text).map_err(|error| TargetFault::Malformed(error.to_string()))?;
        if !(url.scheme() == "https" || url.scheme() == "http" && settings.allow_plain) {
            return Err(TargetFault::Scheme(url.scheme().chars().take(20).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetFault::UserInfo);
        }
        check_host(&url, guard)?;
        let port = url.port_or_known_default().unwrap_or(0);
        if !settings.ports.contains(&port) {
            return Err(TargetFault::Port(port));
        }
        Ok(Self(url))
    }

    /// The URL, for the wire and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// Host in ASCII, for metrics and grouping.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

fn check_host(url: &Url, guard: &Guard) -> Result<(), TargetFault> {
    let address = match url.host().ok_or(TargetFault::Host)? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        // What a name resolves to is checked when it is resolved; these never mean anything but this machine.
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let local = name.is_empty() || name == "localhost" || name.ends_with(".localhost");
            return if local && !guard.allows(IpAddr::from([127, 0, 0, 1])) { Err(TargetFault::Host) } else { Ok(()) };
        }
    };
    if guard.allows(address) { Ok(()) } else { Err(TargetFault::Address(address)) }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/…", self.0.scheme(), self.host())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
