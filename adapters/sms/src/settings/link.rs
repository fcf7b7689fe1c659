use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio_rustls::TlsConnector;

use super::{Problems, is_this_machine};
use crate::link::Line;

/// The connections to the carrier: section `link` of a route's settings. `host` must be given.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Name or address of the carrier's message centre. With TLS its certificate must be for this name.
    pub host: String,
    /// Its port. Default: what the protocol says.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected. Default `none`, as carriers offer it on private lines.
    #[serde(default)]
    pub tls: Tls,
    /// Allow `tls = "none"` to a host that is not this machine: texts, numbers and the password travel in the clear, as
    /// these protocols do on a carrier's private line. Default no.
    #[serde(default)]
    pub allow_plain: bool,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Connections that carry submits, 1 to 64. Of two or more, one carries urgent batches only. Default 1.
    #[serde(default = "one")]
    pub binds: usize,
    /// Submits one connection may have unanswered, 1 to 10000: what the carrier allows. It halves when the carrier says
    /// "too fast", and grows back. Default: what the protocol says; 32 with SMPP and SGIP, 16 with CMPP and SMGP.
    #[serde(default)]
    pub window: Option<usize>,
    /// Time to connect and log in, milliseconds. Default 5000.
    #[serde(default = "five_seconds")]
    pub connect_timeout_ms: u64,
    /// How long a submit may stay unanswered before it counts as in doubt, milliseconds. Default: what the protocol says;
    /// 30000 with SMPP and SGIP, 60000 with CMPP and SMGP.
    #[serde(default)]
    pub answer_timeout_ms: Option<u64>,
    /// After so long without a word the peer is asked whether it is there, milliseconds; when it stays silent as long as
    /// `answer_timeout_ms`, the connection is given up. SGIP has no such question: the connection is ended, and opened again
    /// when it is wanted. Default: what the protocol says; 30000 with SMPP and SGIP, 180000 with CMPP and SMGP.
    #[serde(default)]
    pub keepalive_ms: Option<u64>,
    /// The longest wait before a lost connection is tried again, milliseconds. Waits are drawn between nothing and a bound
    /// that doubles from one second up to this. Default 60000.
    #[serde(default = "sixty_seconds")]
    pub reconnect_max_ms: u64,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Not at all. Only to this machine, unless `allow_plain`.
    #[default]
    None,
    /// TLS from the first byte, usually on a port of its own.
    Implicit,
}

/// What a protocol says about connections where the settings do not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    pub(crate) port: u16,
    pub(crate) window: usize,
    pub(crate) answer_timeout_ms: u64,
    pub(crate) keepalive_ms: u64,
}

impl Link {
    /// The defaults, for one message centre.
    #[must_use]
    pub fn of(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: None,
            tls: Tls::default(),
            allow_plain: false,
            ca_file: None,
            binds: one(),
            window: None,
            connect_timeout_ms: five_seconds(),
            answer_timeout_ms: None,
            keepalive_ms: None,
            reconnect_max_ms: sixty_seconds(),
        }
    }

    /// Checks everything.
    pub(crate) fn line(&self, usual: &Usual, problems: &mut Problems) -> Option<Line> {
        let window = self.window.unwrap_or(usual.window);
        let answer_timeout_ms = self.answer_timeout_ms.unwrap_or(usual.answer_timeout_ms);
        let keepalive_ms = self.keepalive_ms.unwrap_or(usual.keepalive_ms);
        problems.unless(!self.host.trim().is_empty(), "link.host", "不可为空", "must not be empty");
        problems.unless((1..=64).contains(&self.binds), "link.binds", "须为 1 至 64", "must be 1 to 64");
        problems.unless((1..=10_000).contains(&window), "link.window", "须为 1 至 10000", "must be 1 to 10000");
        for (key, value) in [
            ("link.connect_timeout_ms", self.connect_timeout_ms),
            ("link.answer_timeout_ms", answer_timeout_ms),
            ("link.keepalive_ms", keepalive_ms),
            ("link.reconnect_max_ms", self.reconnect_max_ms),
        ] {
            let good = (100..=3_600_000).contains(&value);
            problems.unless(good, key, "须为 100 至 3600000", "must be 100 to 3600000");
        }
        problems.unless(
            self.tls != Tls::None || self.allow_plain || is_this_machine(&self.host),
            "link.tls",
            "明文会使内容、号码和密码在途中可读；仅限本机，或设置 allow_plain = true",
            "without TLS texts, numbers and the password can be read on the way; only for this machine, or with allow_plain = true",
        );
        let tls = self.connector(problems)?;
        Some(Line {
            host: self.host.clone(),
            port: self.port.unwrap_or(usual.port),
            tls,
            binds: self.binds,
            window,
            connect_timeout: Duration::from_millis(self.connect_timeout_ms),
            answer_timeout: Duration::from_millis(answer_timeout_ms),
            keepalive: Duration::from_millis(keepalive_ms),
            reconnect_max: Duration::from_millis(self.reconnect_max_ms),
        })
    }

    fn connector(&self, problems: &mut Problems) -> Option<Option<TlsConnector>> {
        if self.tls == Tls::None {
            return Some(None);
        }
        match fenghuo_tls::client(self.ca_file.as_deref()) {
            Ok(client) => Some(Some(Arc::new(client).into())),
            Err(fault) => {
                problems.unless(false, "link.ca_file", "无法建立 TLS 信任", &fault.to_string());
                None
            }
        }
    }
}

fn one() -> usize {
    1
}

fn five_seconds() -> u64 {
    5_000
}

fn sixty_seconds() -> u64 {
    60_000
}
