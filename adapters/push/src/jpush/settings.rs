use std::{path::PathBuf, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use fenghuo_contract::CodeTable;
use fenghuo_http::{HttpKit, Target};
use http::HeaderValue;

use super::document::Style;
use crate::{Network, SettingsFault, problems::Problems};

static CODES: LazyLock<CodeTable> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/jpush.toml");
    CodeTable::parse(text).expect("the built-in table is parsed by a test")
});

/// An app at JPush. `app_key` and `master_secret_file` must be given.
///
/// ```toml
/// app_key = "7d431e42dfa6a6d693ac2d04"
/// master_secret_file = "/run/credentials/jpush"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The app's key.
    pub app_key: String,
    /// File that holds the app's master secret and nothing else.
    pub master_secret_file: PathBuf,
    /// Devices named in one call, 1 to 1000 (tags: 20 at most). With 1, everybody can get a page of his own to confirm on.
    /// Default 256.
    #[serde(default = "many")]
    pub recipients_per_call: usize,
    /// Send a `cid` made from the delivery's token, by which JPush drops repeats for a day. Its documentation knows only
    /// ones fetched from it: set this after trying it with the account. Default no.
    #[serde(default)]
    pub cid_of_our_own: bool,
    /// The app on iOS is the one from the store, not a development build. Default yes.
    #[serde(default = "yes")]
    pub apns_production: bool,
    /// The app's notification channel on Android. Default: the app's own.
    #[serde(default)]
    pub android_channel: Option<String>,
    /// Bytes of notification and options at most. Default 3584.
    #[serde(default = "payload")]
    pub payload_max: usize,
    /// Address of the service; apps in the Beijing data centre have another. Default `https://api.jpush.cn`.
    #[serde(default = "service")]
    pub url: String,
    /// File with meanings of codes that count before the built-in ones of `config/codes/jpush.toml`. Default none.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
    /// How JPush is reached.
    #[serde(default)]
    pub network: Network,
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) kit: HttpKit,
    pub(crate) push: Target,
    pub(crate) validate: Target,
    pub(crate) authorization: HeaderValue,
    pub(crate) app_key: String,
    pub(crate) own_cid: bool,
    pub(crate) recipients_per_call: usize,
    pub(crate) style: Style,
    pub(crate) codes: CodeTable,
}

impl Settings {
    /// Reads the secret and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        problems.words("app_key", &self.app_key);
        let key = "recipients_per_call";
        problems.unless((1..=1000).contains(&self.recipients_per_call), key, "须为 1 至 1000", "must be 1 to 1000");
        problems.unless(self.payload_max >= 1024, "payload_max", "须至少为 1024", "must be at least 1024");
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let secret = problems.secret("master_secret_file", &self.master_secret_file);
        let basic = secret.map(|secret| format!("Basic {}", STANDARD.encode(format!("{}:{}", self.app_key, *secret))));
        let authorization =
            basic.and_then(|basic| problems.take("master_secret_file", "不可用", HeaderValue::try_from(basic)));
        let kit = problems.take("network", "无法建立客户端", HttpKit::new(self.network.to(&self.url)));
        let mut target = |path| {
            let url = format!("{}{path}", self.url.trim_end_matches('/'));
            kit.as_ref().and_then(|kit| problems.take("url", "不可访问", kit.target(&url)))
        };
        let targets = target("/v3/push").zip(target("/v3/push/validate"));
        let ready = kit.zip(targets).zip(authorization).map(|((kit, (push, validate)), mut authorization)| {
            authorization.set_sensitive(true);
            Ready {
                kit,
                push,
                validate,
                authorization,
                app_key: self.app_key.clone(),
                own_cid: self.cid_of_our_own,
                recipients_per_call: self.recipients_per_call,
                style: Style {
                    apns_production: self.apns_production,
                    android_channel: self.android_channel.clone(),
                    payload_max: self.payload_max,
                },
                codes,
            }
        });
        problems.none_or(ready)
    }
}

fn many() -> usize {
    256
}

fn yes() -> bool {
    true
}

fn payload() -> usize {
    3584
}

fn service() -> String {
    "https://api.jpush.cn".to_owned()
}
