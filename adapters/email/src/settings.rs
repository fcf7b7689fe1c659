mod bounces;
mod problems;
mod relay;
mod signing;

use std::{path::PathBuf, sync::Arc};

use fenghuo_contract::CodeTable;
use lettre::{Address, message::Mailbox};

use crate::{codes, dkim::Signer};
pub(crate) use bounces::Reports;
pub use bounces::{BounceSettings, Protocol};
use problems::Problems;
pub use problems::SettingsFault;
pub(crate) use relay::{Login, Relay};
pub use relay::{Mechanism, RelaySettings, Tls};
pub(crate) use signing::Unsubscribe;
pub use signing::{DkimSettings, UnsubscribeSettings};

/// The relays that take our mail, and how we appear in it. `from` must be given, and `host` or `relays`. Mail goes to relays
/// only, never straight to the recipients' own servers: that needs a reputation, a queue and a name of its own in the DNS,
/// which a relay has.
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
    /// As in [`RelaySettings`], for the first relay; so are the keys up to `messages_per_connection`. Default: the first of
    /// `relays`.
    #[serde(default)]
    pub host: Option<String>,
    /// See [`RelaySettings::port`].
    #[serde(default)]
    pub port: Option<u16>,
    /// See [`RelaySettings::tls`].
    #[serde(default)]
    pub tls: Tls,
    /// See [`RelaySettings::allow_plain`].
    #[serde(default)]
    pub allow_plain: bool,
    /// See [`RelaySettings::ca_file`].
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// See [`RelaySettings::username`].
    #[serde(default)]
    pub username: Option<String>,
    /// See [`RelaySettings::password_file`].
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// See [`RelaySettings::token_file`].
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// See [`RelaySettings::auth`].
    #[serde(default = "relay::mechanisms")]
    pub auth: Vec<Mechanism>,
    /// See [`RelaySettings::connections`].
    #[serde(default = "relay::eight")]
    pub connections: usize,
    /// See [`RelaySettings::messages_per_connection`].
    #[serde(default = "relay::hundred")]
    pub messages_per_connection: usize,
    /// More relays in order, each a table of [`RelaySettings`]: one steps in when those before it cannot be connected to or
    /// refuse the log-in. Default none.
    #[serde(default)]
    pub relays: Vec<RelaySettings>,
    /// How long a relay that could not be had is passed over while there are others, milliseconds. Default 60000.
    #[serde(default = "a_minute")]
    pub pass_over_ms: u64,
    /// The name we greet with. Default: the domain of `from`.
    #[serde(default)]
    pub hello_name: Option<String>,
    /// Address in From.
    pub from: String,
    /// Name in From. Default none.
    #[serde(default)]
    pub from_name: Option<String>,
    /// Address reports of non-delivery go to. With `bounces`, `+` and a signed token of the delivery are added to the part
    /// before the `@`, which may have 14 characters then. Default: `from`.
    #[serde(default)]
    pub envelope_from: Option<String>,
    /// Domain of the Message-ID. Default: the domain of `from`.
    #[serde(default)]
    pub message_id_domain: Option<String>,
    /// Recipients of one message, 1 to 100. With 1, everybody gets a message of their own with their address in To.
    /// More is faster for very large audiences, hides the recipients from each other, and a relay that drops repeats by
    /// Message-ID no longer can. Default 1.
    #[serde(default = "one")]
    pub recipients_per_message: usize,
    /// Time to connect, TLS and log-in included, milliseconds; a shorter budget wins. Default 10000.
    #[serde(default = "ten_seconds")]
    pub connect_timeout_ms: u64,
    /// What relays that offer it shall report (RFC 3461): `success`, `failure`, `delay`. Default: nothing is asked for, and
    /// they report failures and, mostly, delays.
    #[serde(default)]
    pub notify: Vec<Notify>,
    /// Signatures under every message, each a table of [`DkimSettings`]. Default none: a relay often signs itself.
    #[serde(default)]
    pub dkim: Vec<DkimSettings>,
    /// A link to unsubscribe, a table of [`UnsubscribeSettings`]. Default none.
    #[serde(default)]
    pub unsubscribe: Option<UnsubscribeSettings>,
    /// Where reports of non-delivery come in, a table of [`BounceSettings`]. Default: nowhere, and nothing is known after the
    /// relay took a message.
    #[serde(default)]
    pub bounces: Option<BounceSettings>,
    /// File with meanings of reply codes that count before the built-in ones; its form is that of
    /// `config/codes/email.toml`. Default: the built-in ones alone.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
}

/// An event a relay may report (RFC 3461 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// The message is in the mailbox.
    Success,
    /// It will never be.
    Failure,
    /// It is late.
    Delay,
}

impl Notify {
    pub(crate) const fn keyword(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Delay => "DELAY",
        }
    }
}

/// Settings made usable.
pub(crate) struct Setup {
    /// At least one.
    pub(crate) relays: Vec<Relay>,
    pub(crate) sender: Sender,
}

/// How we appear in mail.
pub(crate) struct Sender {
    pub(crate) from: Mailbox,
    pub(crate) envelope_from: Address,
    /// Of Message-IDs.
    pub(crate) domain: String,
    pub(crate) notify: Vec<Notify>,
    pub(crate) dkim: Vec<Signer>,
    pub(crate) unsubscribe: Option<Unsubscribe>,
    pub(crate) bounces: Option<Reports>,
}

impl Settings {
    /// The defaults, for one relay and one sender.
    #[must_use]
    pub fn of(host: &str, from: &str) -> Self {
        Self {
            host: Some(host.to_owned()),
            port: None,
            tls: Tls::default(),
            allow_plain: false,
            ca_file: None,
            username: None,
            password_file: None,
            token_file: None,
            auth: relay::mechanisms(),
            connections: relay::eight(),
            messages_per_connection: relay::hundred(),
            relays: Vec::new(),
            pass_over_ms: a_minute(),
            hello_name: None,
            from: from.to_owned(),
            from_name: None,
            envelope_from: None,
            message_id_domain: None,
            recipients_per_message: one(),
            connect_timeout_ms: ten_seconds(),
            notify: Vec::new(),
            dkim: Vec::new(),
            unsubscribe: None,
            bounces: None,
            codes_file: None,
        }
    }

    /// The relay of the keys outside of `relays`.
    fn first(&self) -> Option<RelaySettings> {
        Some(RelaySettings {
            host: self.host.clone()?,
            port: self.port,
            tls: self.tls,
            allow_plain: self.allow_plain,
            ca_file: self.ca_file.clone(),
            username: self.username.clone(),
            password_file: self.password_file.clone(),
            token_file: self.token_file.clone(),
            auth: self.auth.clone(),
            connections: self.connections,
            messages_per_connection: self.messages_per_connection,
        })
    }

    /// Checks everything, reads the secrets.
    pub(crate) fn setup(&self) -> Result<Setup, SettingsFault> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        let codes = self.codes(&mut problems);
        let from = problems.address("from", &self.from);
        let of_from = from.as_ref().map(|from| from.domain().to_owned());
        let hello_name = problems.name("hello_name", self.hello_name.clone().or(of_from));
        let relays = self.relays(&hello_name.unwrap_or_default(), &codes, &mut problems);
        let sender = self.sender(from, &mut problems);
        match sender {
            Some(sender) if problems.0.is_empty() => Ok(Setup { relays, sender }),
            _ => Err(SettingsFault(problems.0)),
        }
    }

    fn relays(&self, hello_name: &str, codes: &Arc<CodeTable>, problems: &mut Problems) -> Vec<Relay> {
        let first = self.first();
        let first = first.iter().map(|relay| (String::new(), relay));
        let others = self.relays.iter().enumerate().map(|(number, relay)| (format!("relays[{number}]."), relay));
        let relays: Vec<Relay> = first
            .chain(others)
            .map(|(under, relay)| relay.relay(&under, hello_name.to_owned(), Arc::clone(codes), problems))
            .collect();
        problems.unless(!relays.is_empty(), "host", "需要 host 或 relays", "host or relays is needed");
        relays
    }

    fn sender(&self, from: Option<Address>, problems: &mut Problems) -> Option<Sender> {
        let of_from = from.as_ref().map(|from| from.domain().to_owned());
        let domain = problems.name("message_id_domain", self.message_id_domain.clone().or(of_from.clone()));
        let envelope_from = match &self.envelope_from {
            Some(text) => problems.address("envelope_from", text),
            None => from.clone(),
        };
        let signer = |dkim: &DkimSettings| dkim.signer(of_from.as_deref(), problems);
        let dkim = self.dkim.iter().filter_map(signer).collect();
        let unsubscribe = self.unsubscribe.as_ref().and_then(|settings| settings.unsubscribe(problems));
        let bounces = self.bounces.as_ref().and_then(|settings| settings.reports(problems));
        if let (Some(_), Some(address)) = (&self.bounces, &envelope_from) {
            let (zh, en) = ("@ 之前最多 14 个字符，不含 +", "at most 14 characters before the @, and no + among them");
            let fits = address.user().len() <= 14 && !address.user().contains(['+', '"']);
            problems.unless(fits, "envelope_from", zh, en);
        }
        Some(Sender {
            from: Mailbox::new(self.from_name.clone(), from?),
            envelope_from: envelope_from?,
            domain: domain?,
            notify: self.notify.clone(),
            dkim,
            unsubscribe,
            bounces,
        })
    }

    fn check(&self, problems: &mut Problems) {
        let key = "recipients_per_message";
        problems.unless((1..=100).contains(&self.recipients_per_message), key, "须为 1 至 100", "must be 1 to 100");
        let alone = self.bounces.is_none() || self.recipients_per_message == 1;
        let (zh, en) = (
            "设置 bounces 时须为 1：一封邮件只有一个退信地址",
            "must be 1 with bounces: a message has one return path",
        );
        problems.unless(alone, key, zh, en);
        for (key, value) in [("connect_timeout_ms", self.connect_timeout_ms), ("pass_over_ms", self.pass_over_ms)] {
            problems.unless(value >= 1, key, "须至少为 1", "must be at least 1");
        }
    }

    fn codes(&self, problems: &mut Problems) -> Arc<CodeTable> {
        let built_in = Arc::clone(&codes::BUILT_IN);
        let Some(path) = &self.codes_file else { return built_in };
        let own = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let own = own.and_then(|text| CodeTable::parse(&text).map_err(|fault| fault.to_string()));
        let english = format!("cannot be used: {}", path.display());
        let own = problems.good(own, "codes_file", "无法使用", &english);
        own.map_or(Arc::clone(&built_in), |own| Arc::new(own.over(&built_in)))
    }
}

fn one() -> usize {
    1
}

fn ten_seconds() -> u64 {
    10_000
}

fn a_minute() -> u64 {
    60_000
}

#[cfg(test)]
mod tests;
