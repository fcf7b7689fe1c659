use std::{path::PathBuf, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use fenghuo_contract::CodeTable;
use fenghuo_http::{HttpKit, Target};
use http::HeaderValue;

use crate::{Network, SettingsFault, problems::Problems};

static CODES: LazyLock<CodeTable> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/ntfy.toml");
    CodeTable::parse(text).expect("the built-in table is parsed by a test")
});

/// An ntfy server. `url` must be given.
///
/// ```toml
/// url = "https://ntfy.songbei.example"
/// token_file = "/run/credentials/ntfy"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address of the server, without a path.
    pub url: String,
    /// File that holds an access token and nothing else. Default none.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Account to log in with, instead of a token. Default none.
    #[serde(default)]
    pub username: Option<String>,
    /// File that holds the account's password and nothing else. Required with `username`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The page a notification opens where the recipient has none of his own. Default none.
    #[serde(default)]
    pub page: Option<String>,
    /// Bytes of a text at most; the server's `message-size-limit`. Default 4096.
    #[serde(default = "four_kib")]
    pub message_max: usize,
    /// File with meanings of codes that count before the built-in ones of `config/codes/ntfy.toml`. Default none.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
    /// How the server is reached.
    #[serde(default)]
    pub network: Network,
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) kit: HttpKit,
    pub(crate) publish: Target,
    pub(crate) health: Target,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) page: Option<String>,
    pub(crate) message_max: usize,
    pub(crate) codes: CodeTable,
}

impl Settings {
    /// Reads the secret and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        problems.unless(self.message_max >= 1, "message_max", "须至少为 1", "must be at least 1");
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let authorization = self.authorization(&mut problems);
        let kit = problems.take("network", "无法建立客户端", HttpKit::new(self.network.to(&self.url)));
        let mut target = |path| {
            let url = format!("{}{path}", self.url.trim_end_matches('/'));
            kit.as_ref().and_then(|kit| problems.take("url", "不可访问", kit.target(&url)))
        };
        let targets = target("/").zip(target("/v1/health"));
        let ready = kit.zip(targets).map(|(kit, (publish, health))| Ready {
            kit,
            publish,
            health,
            authorization,
            page: self.page.clone(),
            message_max: self.message_max,
            codes,
        });
        problems.none_or(ready)
    }

    /// The value of `authorization`, when there is an account.
    fn authorization(&self, problems: &mut Problems) -> Option<HeaderValue> {
        let text = match (&self.token_file, &self.username, &self.password_file) {
            (None, None, None) => return None,
            (Some(file), None, None) => format!("Bearer {}", *problems.secret("token_file", file)?),
            (None, Some(username), Some(file)) => {
                let password = problems.secret("password_file", file)?;
                format!("Basic {}", STANDARD.encode(format!("{username}:{}", *password)))
            }
            _ => {
                let english = "either token_file, or username with password_file";
                problems.add("token_file", "只能是 token_file，或 username 与 password_file", english);
                return None;
            }
        };
        let mut header = problems.take("token_file", "不可用", HeaderValue::try_from(text))?;
        header.set_sensitive(true);
        Some(header)
    }
}

fn four_kib() -> usize {
    4096
}
