use std::{fmt, path::PathBuf};

use fenghuo_http::{HttpKit, Target};
use ipnet::IpNet;

use crate::secret::Key;

/// A partner's system. `url` and `secret_files` must be given.
///
/// ```toml
/// url = "https://hooks.city.example/warnings"
/// secret_files = ["/run/credentials/city.whsec"]
/// ```
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where events are posted. `https`, or `http` where the way is safe by other means; any port.
    pub url: String,
    /// Files with one secret each (`whsec_…`), the current one first; every one of them signs.
    pub secret_files: Vec<PathBuf>,
    /// Networks of the inside that the partner may be in, for example `["10.20.0.0/16"]`. Default none.
    #[serde(default)]
    pub allow_private: Vec<IpNet>,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Time to connect, TLS included, milliseconds. Default 5000.
    #[serde(default = "five_seconds")]
    pub connect_timeout_ms: u64,
    /// Time for a whole call at most, milliseconds; a shorter budget of the submit wins. Default 15000.
    #[serde(default = "fifteen_seconds")]
    pub timeout_ms: u64,
}

fn five_seconds() -> u64 {
    5000
}

fn fifteen_seconds() -> u64 {
    15_000
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// What is needed to call.
pub(crate) struct Ready {
    pub(crate) kit: HttpKit,
    pub(crate) target: Target,
    pub(crate) keys: Vec<Key>,
}

impl Settings {
    /// Reads the secrets and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut wrong = Vec::new();
        let mut keys = Vec::new();
        if self.secret_files.is_empty() {
            wrong.push("secret_files: at least one secret must sign".to_owned());
        }
        for file in &self.secret_files {
            match Key::read(file) {
                Ok(key) => keys.push(key),
                Err(fault) => wrong.push(format!("secret_files: {} {fault}", file.display())),
            }
        }
        let kit = HttpKit::new(self.outbound());
        let target = kit.as_ref().ok().map(|kit| kit.target(&self.url));
        if let Some(Err(fault)) = &target {
            wrong.push(format!("url: {fault}"));
        }
        match (kit, target) {
            (Ok(kit), Some(Ok(target))) if wrong.is_empty() => Ok(Ready { kit, target, keys }),
            (Err(fault), _) => {
                wrong.push(fault.to_string());
                Err(SettingsFault(wrong))
            }
            _ => Err(SettingsFault(wrong)),
        }
    }

    /// The address was written by whoever runs this gateway, so its own port and scheme may be used; where it leads is
    /// guarded all the same. What a partner answers says nothing beyond its head, so no body is read.
    fn outbound(&self) -> fenghuo_http::Settings {
        let uri: Option<http::Uri> = self.url.parse().ok();
        let port = uri.as_ref().and_then(http::Uri::port_u16);
        let plain = uri.as_ref().and_then(http::Uri::scheme_str) == Some("http");
        fenghuo_http::Settings {
            connect_timeout_ms: self.connect_timeout_ms,
            timeout_ms: self.timeout_ms,
            answer_max: 0,
            ports: vec![port.unwrap_or(if plain { 80 } else { 443 })],
            allow_plain: plain,
            allow_private: self.allow_private.clone(),
            ca_file: self.ca_file.clone(),
            ..fenghuo_http::Settings::default()
        }
    }
}

/// The path of a webhook's address is often its secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("secrets", &self.secret_files.len()).finish_non_exhaustive()
    }
}
