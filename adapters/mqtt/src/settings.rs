use std::{
    fmt,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fenghuo_contract::CodeTable;
use rustls::ClientConfig;

use crate::{
    codes,
    topics::{Topics, is_prefix},
};

/// The broker and our place in it. `host` and `keys_url` must be given.
///
/// ```toml
/// host = "broker.songbei.example"
/// keys_url = "https://warn.songbei.example/screens/keys.json"
/// username = "fenghuo"
/// password_file = "/run/credentials/broker-password"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name or address of the broker. Its certificate must be for this name.
    pub host: String,
    /// Its port. Default: 8883, or 1883 with `tls = false`.
    #[serde(default)]
    pub port: Option<u16>,
    /// Version of the protocol, `"5"` or `"3.1.1"`. With 3.1.1 messages do not expire at the broker, refusals of single
    /// messages are not told, and words of screens sent while the connection was down are lost. Default `"5"`.
    #[serde(default)]
    pub version: Version,
    /// Whether the connection is protected by TLS. Default yes.
    #[serde(default = "yes")]
    pub tls: bool,
    /// Allow `tls = false` to a broker that is not this machine: the password travels in the clear. What is shown is public
    /// and signed. Default no.
    #[serde(default)]
    pub allow_plain: bool,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Account to log in with. Default: no log-in; then words of screens count as unsigned.
    #[serde(default)]
    pub username: Option<String>,
    /// File that holds the password and nothing else (a line end is ignored). Required with `username`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The name of this gateway at the broker, different for every node: two of one name throw each other out. Letters,
    /// digits, `-`, `_` and `.`, at most 64. Default `fenghuo`.
    #[serde(default = "fenghuo")]
    pub client_id: String,
    /// What all topics begin with, without a slash at the end. Default `fenghuo`.
    #[serde(default = "fenghuo")]
    pub prefix: String,
    /// Where the keys are published with which screens check the signature (`…/screens/keys.json` of this gateway).
    pub keys_url: String,
    /// Characters of text the screens can show; longer text is refused when the warning is released. Default: no limit.
    #[serde(default)]
    pub text_max: Option<usize>,
    /// Seconds of silence after which the broker is asked whether it is there, 5 to 3600. Default 30.
    #[serde(default = "thirty")]
    pub keep_alive_s: u16,
    /// Time to connect, TLS and log-in included, seconds, 1 to 60. Default 10.
    #[serde(default = "ten")]
    pub connect_timeout_s: u64,
    /// Longest pause between two attempts to connect, milliseconds, at least 100; the first is 100, each next twice as long.
    /// Default 10000.
    #[serde(default = "ten_thousand")]
    pub reconnect_max_ms: u64,
    /// File with meanings of reason codes that count before the built-in ones; its form is that of
    /// `config/codes/mqtt.toml`. Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub enum Version {
    /// MQTT 5.0.
    #[default]
    #[serde(rename = "5")]
    V5,
    /// MQTT 3.1.1.
    #[serde(rename = "3.1.1")]
    V3,
}

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// Settings made usable.
#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) version: Version,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) login: Option<Login>,
    pub(crate) client_id: String,
    pub(crate) topics: Topics,
    pub(crate) keys_url: String,
    pub(crate) keep_alive: Duration,
    pub(crate) connect_timeout_s: u64,
    pub(crate) reconnect_max: Duration,
    /// What reason codes mean.
    pub(crate) codes: Arc<CodeTable>,
    /// Who only looks whether he is let in leaves nothing at the broker, no word of his end either.
    pub(crate) only_looks: bool,
}

impl Broker {
    /// The same for somebody who only looks, under a name of his own: he does not throw out the gateway that runs.
    pub(crate) fn only_looking(&self) -> Self {
        Self { client_id: format!("{}-probe", self.client_id), only_looks: true, ..self.clone() }
    }
}

/// An account with its secret.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Settings {
    /// The defaults, for one broker.
    #[must_use]
    pub fn of(host: &str, keys_url: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            version: Version::default(),
            tls: yes(),
            allow_plain: false,
            ca_file: None,
            username: None,
            password_file: None,
            client_id: fenghuo(),
            prefix: fenghuo(),
            keys_url: keys_url.to_owned(),
            text_max: None,
            keep_alive_s: thirty(),
            connect_timeout_s: ten(),
            reconnect_max_ms: ten_thousand(),
            codes_file: None,
        }
    }

    /// Checks everything, reads the secrets.
    pub(crate) fn broker(&self) -> Result<Broker, SettingsFault> {
        let mut problems = Problems(Vec::new());
        self.check_names(&mut problems);
        self.check_numbers(&mut problems);
        let login = self.login(&mut problems);
        let codes = self.codes(&mut problems);
        let tls = self.client(&mut problems);
        if !problems.0.is_empty() {
            return Err(SettingsFault(problems.0));
        }
        Ok(Broker {
            host: self.host.clone(),
            port: self.port.unwrap_or(if self.tls { 8883 } else { 1883 }),
            version: self.version,
            tls,
            login,
            client_id: self.client_id.clone(),
            topics: Topics::new(&self.prefix),
            keys_url: self.keys_url.clone(),
            keep_alive: Duration::from_secs(self.keep_alive_s.into()),
            connect_timeout_s: self.connect_timeout_s,
            reconnect_max: Duration::from_millis(self.reconnect_max_ms),
            codes,
            only_looks: false,
        })
    }

    fn check_names(&self, problems: &mut Problems) {
        problems.unless(!self.host.trim().is_empty(), "host", "不可为空", "must not be empty");
        let id = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
        let good = (1..=64).contains(&self.client_id.len()) && self.client_id.chars().all(id);
        let english = "must be 1 to 64 letters, digits, -, _ or .";
        problems.unless(good, "client_id", "须为 1 至 64 个字母、数字或 -、_、.", english);
        let english = "must be levels of letters, digits, -, _ and . parted by /, without one at the end";
        problems.unless(is_prefix(&self.prefix), "prefix", "须为用 / 分开的若干级，末尾不带 /", english);
        let url = self.keys_url.starts_with("https://") || self.keys_url.starts_with("http://");
        problems.unless(url, "keys_url", "须为 http 或 https 地址", "must be an address of http or https");
        problems.unless(
            self.tls || self.allow_plain || is_this_machine(&self.host),
            "tls",
            "明文会使口令在途中可读；仅限本机，或设置 allow_plain = true",
            "without TLS the password can be read on the way; only for this machine, or with allow_plain = true",
        );
    }

    fn check_numbers(&self, problems: &mut Problems) {
        problems.unless(self.text_max != Some(0), "text_max", "须至少为 1", "must be at least 1");
        let good = (5..=3600).contains(&self.keep_alive_s);
        problems.unless(good, "keep_alive_s", "须为 5 至 3600", "must be 5 to 3600");
        let good = (1..=60).contains(&self.connect_timeout_s);
        problems.unless(good, "connect_timeout_s", "须为 1 至 60", "must be 1 to 60");
        problems.unless(self.reconnect_max_ms >= 100, "reconnect_max_ms", "须至少为 100", "must be at least 100");
    }

    fn client(&self, problems: &mut Problems) -> Option<Arc<ClientConfig>> {
        if !self.tls {
            return None;
        }
        match fenghuo_tls::client(self.ca_file.as_deref()) {
            Ok(client) => Some(Arc::new(client)),
            Err(fault) => {
                problems.unless(false, "ca_file", "TLS 无法使用", &fault.to_string());
                None
            }
        }
    }

    fn codes(&self, problems: &mut Problems) -> Arc<CodeTable> {
        let built_in = Arc::clone(&codes::BUILT_IN);
        let Some(path) = &self.codes_file else { return built_in };
        let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
        match own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string())) {
            Ok(own) => Arc::new(own.over(&built_in)),
            Err(fault) => {
                let english = format!("cannot be used: {}: {fault}", path.display());
                problems.unless(false, "codes_file", "无法使用", &english);
                built_in
            }
        }
    }

    fn login(&self, problems: &mut Problems) -> Option<Login> {
        let key = "password_file";
        let Some(username) = &self.username else {
            problems.unless(self.password_file.is_none(), key, "缺少 username", "there is no username");
            return None;
        };
        let Some(path) = &self.password_file else {
            problems.unless(false, key, "设置 username 时必填", "required with username");
            return None;
        };
        match secret(path) {
            Ok(password) => Some(Login { username: username.clone(), password }),
            Err(error) => {
                problems.unless(false, key, "无法读取", &format!("cannot be read: {error}"));
                None
            }
        }
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, holds: bool, key: &str, zh: &str, en: &str) {
        if !holds {
            self.0.push(format!("{key}: {zh} / {en}"));
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Bytes of a password file at most.
const SECRET_MAX: u64 = 4096;

fn secret(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn yes() -> bool {
    true
}

fn fenghuo() -> String {
    "fenghuo".to_owned()
}

fn ten() -> u64 {
    10
}

fn thirty() -> u16 {
    30
}

fn ten_thousand() -> u64 {
    10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let settings = Settings {
            tls: false,
            username: Some("fenghuo".to_owned()),
            client_id: "a b".to_owned(),
            prefix: "fenghuo/".to_owned(),
            text_max: Some(0),
            keep_alive_s: 4,
            connect_timeout_s: 0,
            reconnect_max_ms: 99,
            codes_file: Some("/nowhere/codes.toml".into()),
            ..Settings::of("broker.example", "keys.json")
        };
        let SettingsFault(problems) = settings.broker().err().unwrap();
        for key in [
            "tls",
            "password_file",
            "client_id",
            "prefix",
            "keys_url",
            "text_max",
            "keep_alive_s",
            "connect_timeout_s",
            "reconnect_max_ms",
            "codes_file",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
        }
    }

    #[test]
    fn the_documented_sample_is_read_and_unknown_keys_are_not() {
        let sample =
            "host = \"broker.songbei.example\"\nkeys_url = \"https://warn.songbei.example/screens/keys.json\"\n";
        let settings: Settings = toml::from_str(sample).unwrap();
        assert_eq!(settings, Settings::of("broker.songbei.example", "https://warn.songbei.example/screens/keys.json"));
        assert_eq!(settings.broker().unwrap().port, 8883);
        let old: Settings = toml::from_str(&format!("{sample}version = \"3.1.1\"\n")).unwrap();
        assert_eq!(old.version, Version::V3);
        let unknown = toml::from_str::<Settings>(&format!("{sample}password = \"x\"\n")).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `password`"), "{unknown}");
    }
}
