use std::{path::PathBuf, sync::LazyLock, time::Duration};

use fenghuo_contract::CodeTable;
use fenghuo_http::Links;
use http::HeaderValue;

use super::{payload::Style, provider_token::Tokens};
use crate::{Network, SettingsFault, jwt::Es256, problems::Problems};

static CODES: LazyLock<CodeTable> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/apns.toml");
    CodeTable::parse(text).expect("the built-in table is parsed by a test")
});

/// An app at Apple's push service. `key_file`, `key_id`, `team_id` and `topic` must be given.
///
/// ```toml
/// key_file = "/run/credentials/apns.p8"
/// key_id = "ABC123DEFG"
/// team_id = "DEF123GHIJ"
/// topic = "cn.gov.songbei.warning"
/// environment = "production"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// File with the signing key as Apple gives it out (`.p8`).
    pub key_file: PathBuf,
    /// The key's id, ten characters.
    pub key_id: String,
    /// The developer team's id, ten characters.
    pub team_id: String,
    /// The app's bundle id.
    pub topic: String,
    /// Where the device tokens come from. Default `production`.
    #[serde(default)]
    pub environment: Environment,
    /// The app has Apple's entitlement for critical alerts: red then rings through mute switch and focus. Default no.
    #[serde(default)]
    pub critical: bool,
    /// The sound, a file of the app or `default`. Default `default`.
    #[serde(default = "default_sound")]
    pub sound: String,
    /// Connections, 1 to 16; with two or more, one is for urgent batches alone. Default 4.
    #[serde(default = "four")]
    pub connections: usize,
    /// Requests under way on a connection at most, whatever Apple allows. Default 500.
    #[serde(default = "five_hundred")]
    pub streams: usize,
    /// Address called instead of Apple's, for example that of a gateway on the way. Default by `environment`.
    #[serde(default)]
    pub url: Option<String>,
    /// File with meanings of reasons that count before the built-in ones of `config/codes/apns.toml`. Default none.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
    /// How Apple is reached.
    #[serde(default)]
    pub network: Network,
}

/// Where device tokens come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Apps from the store and from TestFlight.
    #[default]
    Production,
    /// Apps run from Xcode.
    Sandbox,
}

impl Environment {
    const fn url(self) -> &'static str {
        match self {
            Self::Production => "https://api.push.apple.com/",
            Self::Sandbox => "https://api.sandbox.push.apple.com/",
        }
    }
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) links: Links,
    pub(crate) tokens: Tokens,
    pub(crate) topic: HeaderValue,
    pub(crate) style: Style,
    pub(crate) codes: CodeTable,
    pub(crate) timeout: Duration,
}

impl Settings {
    /// Reads the key and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        problems.words("key_id", &self.key_id);
        problems.words("team_id", &self.team_id);
        problems.words("topic", &self.topic);
        problems.unless((1..=16).contains(&self.connections), "connections", "须为 1 至 16", "must be 1 to 16");
        problems.unless(self.streams >= 1, "streams", "须至少为 1", "must be at least 1");
        let key = problems.secret("key_file", &self.key_file);
        let key = key.and_then(|text| problems.take("key_file", "不是可用的密钥", Es256::pem(&text)));
        let topic = problems.take("topic", "不可用", HeaderValue::try_from(&self.topic));
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let url = self.url.as_deref().unwrap_or(self.environment.url());
        let links = Links::new(&self.network.to(url), url, self.connections, self.streams);
        let links = problems.take("url", "无法连接", links);
        let ready = links.zip(key).zip(topic).map(|((links, key), topic)| Ready {
            links,
            tokens: Tokens::new(key, &self.key_id, &self.team_id),
            topic,
            style: Style { critical: self.critical, sound: self.sound.clone() },
            codes,
            timeout: Duration::from_millis(self.network.timeout_ms),
        });
        problems.none_or(ready)
    }
}

fn default_sound() -> String {
    "default".to_owned()
}

fn four() -> usize {
    4
}

fn five_hundred() -> usize {
    500
}
