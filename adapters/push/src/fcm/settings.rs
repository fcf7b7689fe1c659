use std::{path::PathBuf, sync::LazyLock, time::Duration};

use fenghuo_contract::CodeTable;
use fenghuo_http::{HttpKit, Links, Shared};
use http::uri::PathAndQuery;

use super::{
    access::{Access, Account},
    message::Style,
};
use crate::{Network, SettingsFault, jwt::Rs256, problems::Problems};

static CODES: LazyLock<CodeTable> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/fcm.toml");
    CodeTable::parse(text).expect("the built-in table is parsed by a test")
});

/// A project at Firebase. `account_file` must be given.
///
/// ```toml
/// account_file = "/run/credentials/firebase.json"
/// android_channel = "warnings"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// File of the service account as Google gives it out (JSON with `project_id`, `client_email`, `private_key`).
    pub account_file: PathBuf,
    /// The app's notification channel on Android; the app decides there how it rings. Default: the app's own.
    #[serde(default)]
    pub android_channel: Option<String>,
    /// Bytes of a message at most, without its address. Google counts a little less than the message it gets, and half of
    /// it for topics. Default 4000.
    #[serde(default = "four_thousand")]
    pub payload_max: usize,
    /// Connections, 1 to 16; with two or more, one is for urgent batches alone. Default 4.
    #[serde(default = "four")]
    pub connections: usize,
    /// Requests under way on a connection at most, whatever Google allows. Default 500.
    #[serde(default = "five_hundred")]
    pub streams: usize,
    /// Address called instead of `https://fcm.googleapis.com/`. Default none.
    #[serde(default)]
    pub url: Option<String>,
    /// Address that gives access tokens, instead of the account's `token_uri`. Default none.
    #[serde(default)]
    pub token_uri: Option<String>,
    /// File with meanings of codes that count before the built-in ones of `config/codes/fcm.toml`. Default none.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
    /// How Google is reached.
    #[serde(default)]
    pub network: Network,
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) links: Links,
    pub(crate) path: PathAndQuery,
    pub(crate) access: Access,
    pub(crate) style: Style,
    pub(crate) codes: CodeTable,
    pub(crate) timeout: Duration,
}

impl Settings {
    /// Reads the account and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        problems.unless((1..=16).contains(&self.connections), "connections", "须为 1 至 16", "must be 1 to 16");
        problems.unless(self.streams >= 1, "streams", "须至少为 1", "must be at least 1");
        problems.unless(self.payload_max >= 1024, "payload_max", "须至少为 1024", "must be at least 1024");
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let url = self.url.as_deref().unwrap_or("https://fcm.googleapis.com/");
        let links = Links::new(&self.network.to(url), url, self.connections, self.streams);
        let links = problems.take("url", "无法连接", links);
        let access = self.access(&mut problems);
        let style = Style { android_channel: self.android_channel.clone(), payload_max: self.payload_max };
        let timeout = Duration::from_millis(self.network.timeout_ms);
        let ready = links.zip(access);
        problems.none_or(ready.map(|(links, (access, path))| Ready { links, path, access, style, codes, timeout }))
    }

    /// The access, and where the project's messages go.
    fn access(&self, problems: &mut Problems) -> Option<(Access, PathAndQuery)> {
        let text = problems.secret("account_file", &self.account_file)?;
        // What the parser says may quote the key.
        let account = serde_json::from_str::<Account>(&text).map_err(|_| "is not the JSON file of a service account");
        let account = problems.take("account_file", "不是服务账号文件", account)?;
        let key = problems.take("account_file", "密钥不可用", Rs256::pem(&account.private_key));
        let path = format!("/v1/projects/{}/messages:send", account.project_id);
        let path = problems.take("account_file", "project_id 不可用", PathAndQuery::try_from(path));
        let uri = self.token_uri.as_deref().unwrap_or(&account.token_uri);
        let kit = problems.take("network", "无法建立客户端", HttpKit::new(self.network.to(uri)))?;
        let target = problems.take("token_uri", "不可访问", kit.target(uri));
        key.zip(path).zip(target).map(|((key, path), target)| {
            let Account { private_key_id, client_email, token_uri, .. } = account;
            let (key_id, email, audience) = (private_key_id, client_email, token_uri);
            (Access { kit, target, key, key_id, email, audience, shared: Shared::default() }, path)
        })
    }
}

fn four() -> usize {
    4
}

fn five_hundred() -> usize {
    500
}

fn four_thousand() -> usize {
    4000
}
