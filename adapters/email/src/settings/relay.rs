use std::{fmt, net::IpAddr, path::PathBuf, sync::Arc};

use fenghuo_contract::{Cause, CodeTable, Fault};
use tokio_rustls::TlsConnector;

use super::problems::{Problems, secret};

/// A relay, and how it is spoken to. `host` must be given.
///
/// ```toml
/// host = "relay-b.songbei.example"
/// username = "warning"
/// password_file = "/run/credentials/relay-b-password"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaySettings {
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
    /// File that holds the password and nothing else (a line end is ignored). With `username` this or `token_file` is required.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// File that holds an OAuth access token and nothing else, for `xoauth2`. Whoever renews the token writes it there; it is
    /// read again at every log-in.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Log-in mechanisms in order of preference; the first that the relay offers and that there is a secret for is used.
    /// Default `plain`, `login`, `xoauth2`.
    #[serde(default = "mechanisms")]
    pub auth: Vec<Mechanism>,
    /// Connections to this relay at most. Default 8.
    #[serde(default = "eight")]
    pub connections: usize,
    /// Messages over one connection before it is replaced; relays often stop at 100. Default 100.
    #[serde(default = "hundred")]
    pub messages_per_connection: usize,
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
    /// AUTH XOAUTH2, as Gmail and Microsoft 365 speak it.
    Xoauth2,
}

/// A relay made usable.
pub(crate) struct Relay {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
    pub(crate) connector: Option<TlsConnector>,
    pub(crate) login: Option<Login>,
    pub(crate) hello_name: String,
    pub(crate) connections: usize,
    pub(crate) messages_per_connection: usize,
    /// What replies mean.
    pub(crate) codes: Arc<CodeTable>,
}

/// An account with its secret.
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    /// Those there is a secret for.
    pub(crate) mechanisms: Vec<Mechanism>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    pub(crate) fn password(&self) -> Result<&str, Fault> {
        self.password.as_deref().ok_or_else(|| no_secret("there is no password"))
    }

    /// The access token as it stands in its file now.
    pub(crate) fn token(&self) -> Result<String, Fault> {
        let path = self.token_file.as_ref().ok_or_else(|| no_secret("there is no token"))?;
        secret(path).map_err(|error| no_secret(&format!("the token cannot be read: {error}")))
    }
}

fn no_secret(text: &str) -> Fault {
    Fault::Misconfigured(Cause::new("NO-SECRET", text))
}

impl RelaySettings {
    /// The defaults for one relay.
    #[must_use]
    pub fn of(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            tls: Tls::default(),
            allow_plain: false,
            ca_file: None,
            username: None,
            password_file: None,
            token_file: None,
            auth: mechanisms(),
            connections: eight(),
            messages_per_connection: hundred(),
        }
    }

    /// Checks everything, reads the secrets. `under` stands before the names of the keys.
    pub(crate) fn relay(
        &self,
        under: &str,
        hello_name: String,
        codes: Arc<CodeTable>,
        problems: &mut Problems,
    ) -> Relay {
        let mut own = Problems::default();
        self.check(&mut own);
        let login = self.login(&mut own);
        let connector = self.connector(&mut own);
        problems.0.extend(own.0.into_iter().map(|problem| format!("{under}{problem}")));
        Relay {
            host: self.host.clone(),
            port: self.usual_port(),
            tls: self.tls,
            connector,
            login,
            hello_name,
            connections: self.connections,
            messages_per_connection: self.messages_per_connection,
            codes,
        }
    }

    fn usual_port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::None => 25,
            Tls::Starttls => 587,
            Tls::Implicit => 465,
        })
    }

    fn check(&self, problems: &mut Problems) {
        problems.unless(!self.host.trim().is_empty(), "host", "不可为空", "must not be empty");
        problems.unless((1..=1000).contains(&self.connections), "connections", "须为 1 至 1000", "must be 1 to 1000");
        let key = "messages_per_connection";
        problems.unless(self.messages_per_connection >= 1, key, "须至少为 1", "must be at least 1");
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
        let client = fenghuo_tls::client(self.ca_file.as_deref());
        problems.good(client, "ca_file", "无法建立 TLS 信任", "no trust for TLS").map(|client| Arc::new(client).into())
    }

    fn login(&self, problems: &mut Problems) -> Option<Login> {
        let password = problems.secret("password_file", self.password_file.as_ref());
        problems.secret("token_file", self.token_file.as_ref());
        let Some(username) = &self.username else {
            for (key, file) in [("password_file", &self.password_file), ("token_file", &self.token_file)] {
                problems.unless(file.is_none(), key, "缺少 username", "there is no username");
            }
            return None;
        };
        problems.unless(
            self.password_file.is_some() || self.token_file.is_some(),
            "password_file",
            "设置 username 时此项或 token_file 必填",
            "this or token_file is required with username",
        );
        let has_secret = |mechanism: &Mechanism| match mechanism {
            Mechanism::Plain | Mechanism::Login => self.password_file.is_some(),
            Mechanism::Xoauth2 => self.token_file.is_some(),
        };
        let mechanisms: Vec<_> = self.auth.iter().copied().filter(has_secret).collect();
        let (zh, en) = ("没有一种登录方式有相应的密码或令牌", "no mechanism has the password or token it needs");
        problems.unless(!mechanisms.is_empty(), "auth", zh, en);
        Some(Login { username: username.clone(), password, token_file: self.token_file.clone(), mechanisms })
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn mechanisms() -> Vec<Mechanism> {
    vec![Mechanism::Plain, Mechanism::Login, Mechanism::Xoauth2]
}

pub(super) fn eight() -> usize {
    8
}

pub(super) fn hundred() -> usize {
    100
}
