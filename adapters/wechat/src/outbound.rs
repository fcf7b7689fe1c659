//! Where a provider is called, and how.

use std::path::PathBuf;

use fenghuo_http::{HttpKit, Target};
use ipnet::IpNet;

use crate::problems::Problems;

/// Bytes of an answer that are kept: a thousand refused members.
const ANSWER_MAX: usize = 256 * 1024;

/// How a provider is called: the table `outbound` of the settings, for example `outbound = { timeout_ms = 5000 }`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// Where the provider is called, `https` or, where the way is safe by other means, `http`; any port. Default: the
    /// provider's own address.
    pub endpoint: Option<String>,
    /// Networks of the inside that the provider may be in, for private clouds and proxies. Default none.
    pub allow_private: Vec<IpNet>,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    pub ca_file: Option<PathBuf>,
    /// Time to connect, TLS included, milliseconds. Default 5000.
    pub connect_timeout_ms: u64,
    /// Time for a whole call at most, milliseconds; a shorter budget of the submit wins. Default 15000.
    pub timeout_ms: u64,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { endpoint: None, allow_private: Vec::new(), ca_file: None, connect_timeout_ms: 5000, timeout_ms: 15_000 }
    }
}

impl Outbound {
    /// A client, and the address everything begins with: `own` unless the settings name another.
    pub(crate) fn ready(&self, own: &str, problems: &mut Problems) -> Option<(HttpKit, String)> {
        for (key, value) in
            [("outbound.connect_timeout_ms", self.connect_timeout_ms), ("outbound.timeout_ms", self.timeout_ms)]
        {
            problems.unless(value >= 1, key, "须至少为 1", "must be at least 1");
        }
        let base = self.endpoint.as_deref().unwrap_or(own).trim_end_matches('/').to_owned();
        let kit = HttpKit::new(self.kit(&base)).map_err(|fault| fault.to_string());
        let kit = problems.or("outbound.ca_file", "无法建立 TLS 信任", kit)?;
        target(&kit, &base, "outbound.endpoint", problems)?;
        Some((kit, base))
    }

    /// The address was written by whoever runs this gateway, so its own port and scheme may be used; where it leads is
    /// guarded all the same.
    fn kit(&self, base: &str) -> fenghuo_http::Settings {
        let uri: Option<http::Uri> = base.parse().ok();
        let port = uri.as_ref().and_then(http::Uri::port_u16);
        let plain = uri.as_ref().and_then(http::Uri::scheme_str) == Some("http");
        fenghuo_http::Settings {
            connect_timeout_ms: self.connect_timeout_ms,
            timeout_ms: self.timeout_ms,
            answer_max: ANSWER_MAX,
            ports: vec![port.unwrap_or(if plain { 80 } else { 443 })],
            allow_plain: plain,
            allow_private: self.allow_private.clone(),
            ca_file: self.ca_file.clone(),
            ..fenghuo_http::Settings::default()
        }
    }
}

/// An address that may be called.
pub(crate) fn target(kit: &HttpKit, url: &str, key: &str, problems: &mut Problems) -> Option<Target> {
    problems.or(key, "不可调用", kit.target(url).map_err(|fault| fault.to_string()))
}
