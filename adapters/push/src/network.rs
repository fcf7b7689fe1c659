use std::path::PathBuf;

use ipnet::IpNet;

/// How a provider is reached; the table `network` of a provider's settings.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Networks of the inside that may be called all the same, for example `["10.20.0.0/16"]`. Default none.
    pub allow_private: Vec<IpNet>,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    pub ca_file: Option<PathBuf>,
    /// Time to connect, TLS included, milliseconds. Default 5000.
    pub connect_timeout_ms: u64,
    /// Time for a whole call at most, milliseconds; a shorter budget of the submit wins. Default 15000.
    pub timeout_ms: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self { allow_private: Vec::new(), ca_file: None, connect_timeout_ms: 5000, timeout_ms: 15_000 }
    }
}

impl Network {
    /// For an address that stands in the settings: whoever wrote it chose its port and scheme. Where it leads is guarded
    /// all the same.
    pub(crate) fn to(&self, url: &str) -> fenghuo_http::Settings {
        let uri: Option<http::Uri> = url.parse().ok();
        let port = uri.as_ref().and_then(http::Uri::port_u16);
        let plain = uri.as_ref().and_then(http::Uri::scheme_str) == Some("http");
        let ports = vec![port.unwrap_or(if plain { 80 } else { 443 })];
        self.with(ports, plain)
    }

    pub(crate) fn with(&self, ports: Vec<u16>, allow_plain: bool) -> fenghuo_http::Settings {
        fenghuo_http::Settings {
            connect_timeout_ms: self.connect_timeout_ms,
            timeout_ms: self.timeout_ms,
            ports,
            allow_plain,
            allow_private: self.allow_private.clone(),
            ca_file: self.ca_file.clone(),
            ..fenghuo_http::Settings::default()
        }
    }
}
