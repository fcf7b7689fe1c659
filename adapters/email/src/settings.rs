use std::{
    fmt,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use fenghuo_contract::CodeTable;
use lettre::{Address, message::Mailbox};
use tokio_rustls::TlsConnector;

use crate::{codes, tls};

/// The relay that takes our mail, and how we appear in it. `host` and `from` must be given.
///
/// ```toml
/// host = "relay.songbei.example"
/// from = "warning@songbei.example"
/// from_name = "松北应急预警"
/// username = "warning"
/// password_file = "/run/credentials/relay-password"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name or address of the relay. Its certificate must be for this name.
    pub host: String,
    /// Its port. Default: 587, or 465 with `tls = "implicit"`, or 25 with `tls = "none"`.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected. Default `starttls`.
    #[serde(default)]
    pub tls: Tls,
    /// Allow `tls = "none"` to a relay that is not this machine: texts, addresses and the password travel in the clear.
    /// Default no.
    #[serde(default)]
    pub allow_plain: bool,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Account to log in with. Default: no log-in.
    #[serde(default)]
    pub username: Option<String>,
    /// File that holds the password and nothing else (a line end is ignored). Required with `username`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Log-in mechanisms in order of preference; the first that the relay offers is used. Default `plain`, `login`.
    #[serde(default = "mechanisms")]
    pub auth: Vec<Mechanism>,
    /// The name we greet with. Default: the domain of `from`.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// Address in From.
    pub from: String,
    /// Name in From. Default none.
    #[serde(default)]
    pub from_name: Option<String>,
    /// Address reports of non-delivery go to. Default: `from`.
    #[serde(default)]
    pub envelope_from: Option<String>,
    /// Domain of the Message-ID. Default: the domain of `from`.
    #[serde(default)]
    pub message_id_domain: Option<String>,
    /// Connections at most. Default 8.
    #[serde(default = "eight")]
    pub connections: usize,
    /// Messages over one connection before it is replaced; relays often stop at 100. Default 100.
    #[serde(default = "hundred")]
    pub messages_per_connection: usize,
    /// Recipients of one message, 1 to 100. With 1, everybody gets a message of their own with their address in To.
    /// More is faster for very large audiences, hides the recipients from each other, and a relay that drops repeats by
    /// Message-ID no longer can. Default 1.
    #[serde(default = "one")]
    pub recipients_per_message: usize,
    /// Time to connect, TLS and log-in included, milliseconds; a shorter budget wins. Default 10000.
    #[serde(default = "ten_seconds")]
    pub connect_timeout_ms: u64,
    /// File with meanings of reply codes that count before the built-in ones; its form is that of
    /// `config/codes/email.toml`. Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Not at all. Only to this machine, unless `allow_plain`.
    None,
    /// STARTTLS (RFC 3207); never without it.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
}

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// AUTH PLAIN (RFC 4616).
    Plain,
    /// AUTH LOGIN.
    Login,
}

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

/// Settings made usable.
pub(crate) struct Relay {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
    pub(crate) connector: Option<TlsConnector>,
    pub(crate) login: Option<Login>,
    pub(crate) hello_name: String,
    pub(crate) from: Mailbox,
    pub(crate) envelope_from: Address,
    pub(crate) domain: String,
    /// What replies mean.
    pub(crate) codes: Arc<CodeTable>,
}

/// An account with its secret.
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) mechanisms: Vec<Mechanism>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Settings {
    /// The defaults, for one relay and one sender.
    #[must_use]
    pub fn of(host: &str, from: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            tls: Tls::default(),
            allow_plain: false,
            ca_file: None,
            username: None,
            password_file: None,
            auth: mechanisms(),
            hello_name: None,
            from: from.to_owned(),
            from_name: None,
            envelope_from: None,
            message_id_domain: None,
            connections: eight(),
            messages_per_connection: hundred(),
            recipients_per_message: one(),
            connect_timeout_ms: ten_seconds(),
            codes_file: None,
        }
    }

    /// Checks everything, reads the secrets.
    pub(crate) fn relay(&self) -> Result<Relay, SettingsFault> {
        let mut problems = Problems(Vec::new());
        self.check_numbers(&mut problems);
        self.check_tls(&mut problems);
        let login = self.login(&mut problems);
        let codes = self.codes(&mut problems);
        let connector = self.connector(&mut problems);
        let from = self.address("from", &self.from, &mut problems);
        let envelope_from = match &self.envelope_from {
            Some(text) => self.address("envelope_from", text, &mut problems),
            None => from.clone(),
        };
        let of_from = from.as_ref().map(|from| from.domain().to_owned());
        let hello_name = self.name("hello_name", self.hello_name.clone().or(of_from.clone()), &mut problems);
        let domain = self.name("message_id_domain", self.message_id_domain.clone().or(of_from), &mut problems);
        match (from, envelope_from, hello_name, domain) {
            (Some(from), Some(envelope_from), Some(hello_name), Some(domain)) if problems.0.is_empty() => Ok(Relay {
                host: self.host.clone(),
                port: self.port(),
                tls: self.tls,
                connector,
                login,
                hello_name,
                from: Mailbox::new(self.from_name.clone(), from),
                envelope_from,
                domain,
                codes,
            }),
            _ => Err(SettingsFault(problems.0)),
        }
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::None => 25,
            Tls::Starttls => 587,
            Tls::Implicit => 465,
        })
    }

    fn check_numbers(&self, problems: &mut Problems) {
        problems.unless(!self.host.trim().is_empty(), "host", "不可为空", "must not be empty");
        problems.unless((1..=1000).contains(&self.connections), "connections", "须为 1 至 1000", "must be 1 to 1000");
        let key = "messages_per_connection";
        problems.unless(self.messages_per_connection >= 1, key, "须至少为 1", "must be at least 1");
        let key = "recipients_per_message";
        problems.unless((1..=100).contains(&self.recipients_per_message), key, "须为 1 至 100", "must be 1 to 100");
        let key = "connect_timeout_ms";
        problems.unless(self.connect_timeout_ms >= 1, key, "须至少为 1", "must be at least 1");
    }

    fn check_tls(&self, problems: &mut Problems) {
        problems.unless(
            self.tls != Tls::None || self.allow_plain || is_this_machine(&self.host),
            "tls",
            "明文会使内容、地址和密码在途中可读；仅限本机，或设置 allow_plain = true",
            "without TLS texts, addresses and the password can be read on the way; only for this machine, or with allow_plain = true",
        );
    }

    fn connector(&self, problems: &mut Problems) -> Option<TlsConnector> {
        if self.tls == Tls::None {
            return None;
        }
        match tls::connector(self.ca_file.as_deref()) {
            Ok(connector) => Some(connector),
            Err(fault) => {
                problems.unless(false, "ca_file", "无法建立 TLS 信任", &fault.to_string());
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
        let Some(username) = &self.username else {
            let key = "password_file";
            problems.unless(self.password_file.is_none(), key, "缺少 username", "there is no username");
            return None;
        };
        problems.unless(!self.auth.is_empty(), "auth", "至少需要一种登录方式", "needs at least one mechanism");
        let Some(path) = &self.password_file else {
            problems.unless(false, "password_file", "设置 username 时必填", "required with username");
            return None;
        };
        match secret(path) {
            Ok(password) => Some(Login { username: username.clone(), password, mechanisms: self.auth.clone() }),
            Err(error) => {
                problems.unless(false, "password_file", "无法读取", &format!("cannot be read: {error}"));
                None
            }
        }
    }

    fn address(&self, key: &str, text: &str, problems: &mut Problems) -> Option<Address> {
        let address = text.parse().ok().filter(|_| text.is_ascii());
        problems.unless(address.is_some(), key, "不是 ASCII 邮件地址", "is not an ASCII mail address");
        address
    }

    /// A domain name or address literal that can stand in a command.
    fn name(&self, key: &str, name: Option<String>, problems: &mut Problems) -> Option<String> {
        let name = name?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        let good = !name.is_empty() && name.len() <= 255 && name.bytes().all(fits);
        problems.unless(good, key, "不是域名", "is not a domain name");
        good.then_some(name)
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

fn mechanisms() -> Vec<Mechanism> {
    vec![Mechanism::Plain, Mechanism::Login]
}

fn one() -> usize {
    1
}

fn eight() -> usize {
    8
}

fn hundred() -> usize {
    100
}

fn ten_seconds() -> u64 {
    10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let settings = Settings {
            tls: Tls::None,
            username: Some("warning".to_owned()),
            auth: Vec::new(),
            hello_name: Some("a b".to_owned()),
            envelope_from: Some("nobody".to_owned()),
            connections: 0,
            messages_per_connection: 0,
            recipients_per_message: 101,
            connect_timeout_ms: 0,
            ..Settings::of("relay.example", "预警@songbei.example")
        };
        let SettingsFault(problems) = settings.relay().err().unwrap();
        for key in [
            "tls",
            "auth",
            "password_file",
            "hello_name",
            "from",
            "envelope_from",
            "connections",
            "messages_per_connection",
            "recipients_per_message",
            "connect_timeout_ms",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
        }
    }

    #[test]
    fn plain_text_stays_on_this_machine_unless_allowed() {
        for (host, allow_plain, good) in [
            ("127.0.0.1", false, true),
            ("::1", false, true),
            ("localhost", false, true),
            ("10.0.0.1", false, false),
            ("10.0.0.1", true, true),
            ("localhost.example", false, false),
        ] {
            let settings = Settings { tls: Tls::None, allow_plain, ..Settings::of(host, "w@songbei.example") };
            assert_eq!(settings.relay().is_ok(), good, "{host} {allow_plain}");
        }
    }

    #[test]
    fn the_documented_sample_is_read_and_unknown_keys_are_not() {
        let sample =
            "host = \"relay.songbei.example\"\nfrom = \"warning@songbei.example\"\nfrom_name = \"松北应急预警\"\n";
        let settings: Settings = toml::from_str(sample).unwrap();
        let relay = settings.relay().unwrap();
        assert_eq!((relay.port, &*relay.hello_name, &*relay.domain), (587, "songbei.example", "songbei.example"));
        let unknown = toml::from_str::<Settings>(&format!("{sample}password = \"x\"\n")).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `password`"), "{unknown}");
    }
}
