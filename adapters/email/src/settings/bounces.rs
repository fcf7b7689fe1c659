use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::problems::Problems;
use crate::seal::Seal;

/// Where reports of non-delivery come in. `listen` and `key_file` must be given; `envelope_from` of the route is the address
/// they come to, each recipient's with a signed token of its own behind a `+`. The mail server that is responsible for that
/// domain hands everything for it to us, in Postfix by `transport_maps`: `bounces.songbei.example lmtp:[127.0.0.1]:2526`.
///
/// ```toml
/// listen = "127.0.0.1:2526"
/// protocol = "lmtp"
/// key_file = "/run/credentials/bounce-key"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BounceSettings {
    /// Address and port to listen at, in the clear: this machine, or a private line. It is bound when the route is first used
    /// or probed.
    pub listen: SocketAddr,
    /// What is spoken there. Default `smtp`.
    #[serde(default)]
    pub protocol: Protocol,
    /// File with the key return paths are signed with, 16 bytes or more (a line end is ignored). With a new key no report about
    /// what went out before is believed any more.
    pub key_file: PathBuf,
    /// Addresses of the mail servers that may hand reports over. Default: this machine, `127.0.0.1` and `::1`.
    #[serde(default = "this_machine")]
    pub peers: Vec<IpAddr>,
    /// Connections at the same time at most. Default 16.
    #[serde(default = "sixteen")]
    pub connections: usize,
    /// Bytes of one report at most. The first 256 KiB are read: what is returned behind the report tells nothing new.
    /// Default 33554432.
    #[serde(default = "thirty_two_mebibytes")]
    pub message_bytes: usize,
    /// How long a peer may be silent, milliseconds. Default 60000.
    #[serde(default = "a_minute")]
    pub silence_ms: u64,
}

/// How reports are handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SMTP (RFC 5321).
    #[default]
    Smtp,
    /// LMTP (RFC 2033): one answer for each recipient.
    Lmtp,
}

/// The settings made usable.
#[derive(Clone)]
pub(crate) struct Reports {
    pub(crate) listen: SocketAddr,
    pub(crate) protocol: Protocol,
    pub(crate) peers: Vec<IpAddr>,
    pub(crate) connections: usize,
    pub(crate) message_bytes: usize,
    pub(crate) silence: Duration,
    pub(crate) seal: Seal,
}

impl BounceSettings {
    /// The defaults, with this address and this key.
    #[must_use]
    pub fn of(listen: SocketAddr, key_file: PathBuf) -> Self {
        Self {
            listen,
            protocol: Protocol::default(),
            key_file,
            peers: this_machine(),
            connections: sixteen(),
            message_bytes: thirty_two_mebibytes(),
            silence_ms: a_minute(),
        }
    }

    pub(crate) fn reports(&self, problems: &mut Problems) -> Option<Reports> {
        let key = "bounces.connections";
        problems.unless((1..=1000).contains(&self.connections), key, "须为 1 至 1000", "must be 1 to 1000");
        let key = "bounces.message_bytes";
        problems.unless(self.message_bytes >= 65_536, key, "须至少为 65536", "must be at least 65536");
        problems.unless(self.silence_ms >= 1, "bounces.silence_ms", "须至少为 1", "must be at least 1");
        problems.unless(!self.peers.is_empty(), "bounces.peers", "不可为空", "must not be empty");
        let key = problems.signing_key("bounces.key_file", &self.key_file)?;
        Some(Reports {
            listen: self.listen,
            protocol: self.protocol,
            peers: self.peers.clone(),
            connections: self.connections,
            message_bytes: self.message_bytes,
            silence: Duration::from_millis(self.silence_ms),
            seal: Seal::for_return_paths(key.as_bytes()),
        })
    }
}

fn this_machine() -> Vec<IpAddr> {
    vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
}

fn sixteen() -> usize {
    16
}

fn thirty_two_mebibytes() -> usize {
    32 * 1024 * 1024
}

fn a_minute() -> u64 {
    60_000
}
