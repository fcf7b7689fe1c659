use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use fenghuo_contract::CodeTable;
use fenghuo_http::{HttpKit, Origins};
use serde_json::Value;

use super::{PAGE_MAX, subscription::Subscription, vapid::Vapid};
use crate::{Network, SettingsFault, jwt::Es256, problems::Problems};

static CODES: LazyLock<CodeTable> = LazyLock::new(|| {
    let text = include_str!("../../../../config/codes/webpush.toml");
    CodeTable::parse(text).expect("the built-in table is parsed by a test")
});

/// Connections to each push service, one of them for urgent batches alone.
const CONNECTIONS: usize = 3;

/// Requests under way on each at most.
const STREAMS: usize = 250;

/// Ourselves towards the push services of browsers. `key_file`, `contact` and `page` must be given.
///
/// ```toml
/// key_file = "/run/credentials/vapid.pem"
/// contact = "mailto:warning@songbei.example"
/// page = "https://songbei.example/"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// File with the VAPID key: a private key on P-256 in PEM (PKCS#8), or its 32 bytes in base64url. Who changes it loses
    /// every subscription made with it.
    pub key_file: PathBuf,
    /// Whom a push service may write to: `mailto:…` or `https://…`.
    pub contact: String,
    /// The page a notification opens where the recipient has none of his own; at most 240 bytes.
    pub page: String,
    /// Push services that may be called: names of hosts, with `*.` in front of a domain for all below it; `*` for any on the
    /// public Internet, as UnifiedPush needs where everybody chooses his own. Whoever subscribes writes the endpoint, and one
    /// that answers slowly holds up the others. Default: those of Chrome, Firefox, Safari and Edge.
    #[serde(default = "services")]
    pub services: Vec<String>,
    /// Ports of endpoints that may be called. Default 443 and 8443.
    #[serde(default = "ports")]
    pub ports: Vec<u16>,
    /// Call endpoints without TLS too: for a push server of one's own within the house. Default no.
    #[serde(default)]
    pub allow_plain: bool,
    /// File with meanings of statuses that count before the built-in ones of `config/codes/webpush.toml`. Default none.
    #[serde(default)]
    pub codes_file: Option<PathBuf>,
    /// How push services are reached.
    #[serde(default)]
    pub network: Network,
}

/// Settings made usable.
pub(crate) struct Ready {
    pub(crate) kit: HttpKit,
    pub(crate) origins: Origins,
    pub(crate) timeout: Duration,
    pub(crate) vapid: Vapid,
    pub(crate) url: String,
    pub(crate) services: Vec<String>,
    pub(crate) codes: CodeTable,
}

/// The VAPID key's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the VAPID key {} {why}", path.display())]
pub struct KeyFileFault {
    path: PathBuf,
    why: String,
}

/// The public key that goes with the private one in this file, in base64url: what a page that subscribes hands to
/// `PushManager.subscribe` as `applicationServerKey`.
///
/// # Errors
/// [`KeyFileFault`] when the file cannot be read or holds no such key.
pub fn public_key(key_file: &Path) -> Result<String, KeyFileFault> {
    let fault = |why| KeyFileFault { path: key_file.to_owned(), why };
    let mut problems = Problems::default();
    let text = problems.secret("key_file", key_file).ok_or_else(|| fault(problems.0.concat()))?;
    Es256::pem_or_number(&text).map(|key| key.public()).map_err(|error| fault(error.to_string()))
}

/// Whether a host is on a list of push services.
pub(crate) fn listed(services: &[String], host: &str) -> bool {
    services.iter().any(|service| match service.strip_prefix('*') {
        Some("") => true,
        Some(domain) => host.len() > domain.len() && host.ends_with(domain),
        None => host == service,
    })
}

impl Settings {
    /// Whether this is a subscription (JSON as the browser gives it out) at a push service this route sends to: for the page
    /// that takes subscriptions. Where the host's name leads is checked when it is called.
    #[must_use]
    pub fn takes(&self, subscription: &str) -> bool {
        let endpoint = Subscription::read(subscription.strip_prefix("webpush:").unwrap_or(subscription))
            .and_then(|known| url::Url::parse(&known.endpoint).ok());
        endpoint.is_some_and(|url| url.host_str().is_some_and(|host| listed(&self.services, host)))
    }

    /// Reads the key and the certificate authorities; opens no connection.
    pub(crate) fn ready(&self) -> Result<Ready, SettingsFault> {
        let mut problems = Problems::default();
        let known = self.contact.starts_with("mailto:") || self.contact.starts_with("https://");
        problems.unless(known, "contact", "须以 mailto: 或 https:// 开头", "must begin with mailto: or https://");
        let page = self.page.starts_with("https://") && Value::from(&*self.page).to_string().len() <= PAGE_MAX;
        let (zh, en) = ("须为不超过 240 字节的 https 地址", "must be an https address of at most 240 bytes");
        problems.unless(page, "page", zh, en);
        problems.unless(!self.services.is_empty(), "services", "不可为空", "must not be empty");
        problems.unless(!self.ports.is_empty(), "ports", "不可为空", "must not be empty");
        let key = problems.secret("key_file", &self.key_file);
        let key = key.and_then(|text| problems.take("key_file", "不是可用的密钥", Es256::pem_or_number(&text)));
        let codes = problems.codes(self.codes_file.as_deref(), &CODES);
        let mut outbound = self.network.with(self.ports.clone(), self.allow_plain);
        outbound.answer_max = 0;
        let origins = problems.take("network", "无法建立客户端", Origins::new(&outbound, CONNECTIONS, STREAMS));
        let kit = problems.take("network", "无法建立客户端", HttpKit::new(outbound));
        let ready = key.zip(kit).zip(origins).map(|((key, kit), origins)| Ready {
            kit,
            origins,
            timeout: Duration::from_millis(self.network.timeout_ms),
            vapid: Vapid::new(key, &self.contact),
            url: self.page.clone(),
            services: self.services.clone(),
            codes,
        });
        problems.none_or(ready)
    }
}

fn services() -> Vec<String> {
    let known = ["fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"];
    known.map(str::to_owned).into()
}

fn ports() -> Vec<u16> {
    vec![443, 8443]
}
