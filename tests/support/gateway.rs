//! A whole gateway over HTTP, on a data directory of its own, in one line.

use std::{path::Path, time::Duration};

use fenghuo::{
    app::Gateway,
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::level::Level,
    flow::{authorize::Role, target::directory::Recipient},
};
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// A running gateway and keys to it.
pub struct TestGateway {
    gateway: Option<Gateway>,
    pub data: TempDir,
    config: Config,
    client: reqwest::Client,
    /// `http://127.0.0.1:…`
    pub base: String,
    /// Key of the issuer `relay`, who may say everything.
    pub issuer: String,
    /// Key of an operator.
    pub operator: String,
}

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|fault| panic!("{fault}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The stable code of a problem document, checked to be one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        for language in ["zh-CN", "en"] {
            assert!(problem["messages"][language].as_str().is_some_and(|text| !text.is_empty()), "{problem:#}");
        }
        problem["code"].as_str().expect("a code").to_owned()
    }
}

/// The configuration of a test: every channel simulated but the display, one issuer for everything, one for little.
pub fn config(data: &Path) -> Config {
    let mut config = Config::default();
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.store.data = data.to_owned();
    for channel in ["sms", "wechat", "push", "email"] {
        config.routes.insert(format!("{channel}.sim"), route(channel, "simulator", ""));
    }
    config.routes.insert("display.screens".to_owned(), route("display", "display", ""));
    config.areas.insert("230109000000".parse().expect("a code"), "松北区".to_owned());
    config.areas.insert("230109005000".parse().expect("a code"), "松北街道".to_owned());
    let any = vec!["*".to_owned()];
    config.issuers.insert("relay".to_owned(), issuer(&any, &Level::ALL, &any));
    let small = vec!["11B03".to_owned()];
    let street = vec!["230109005000".to_owned()];
    config.issuers.insert("flood".to_owned(), issuer(&small, &[Level::Blue, Level::Yellow], &street));
    config
}

/// A route for drills and for actual warnings.
pub fn route(channel: &str, adapter: &str, settings: &str) -> Route {
    let text = format!(
        "channel = \"{channel}\"\nadapter = \"{adapter}\"\ndrill = true\nactual = true\n[settings]\n{settings}"
    );
    toml::from_str(&text).expect("a route")
}

fn issuer(hazards: &[String], levels: &[Level], areas: &[String]) -> Issuer {
    Issuer {
        name: "松北区防汛抗旱指挥部".to_owned(),
        senders: Vec::new(),
        hazards: hazards.to_vec(),
        levels: levels.to_vec(),
        areas: areas.to_vec(),
        relay: hazards == ["*"],
        audience_max: None,
    }
}

impl TestGateway {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With a changed configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut config = config(data.path());
        change(&mut config);
        Self::on(data, config).await
    }

    async fn on(data: TempDir, config: Config) -> Self {
        let gateway = Gateway::start(config.clone(), Clock::system()).await.expect("a gateway");
        let base = format!("http://{}", gateway.address());
        let mut world = Self {
            gateway: Some(gateway),
            data,
            config,
            client: client(),
            base,
            issuer: String::new(),
            operator: String::new(),
        };
        world.issuer = world.key(Role::Issuer, Some("relay")).await;
        world.operator = world.key(Role::Operator, None).await;
        world
    }

    /// Stops it in order and starts it again on the same data.
    pub async fn restart(mut self) -> Self {
        self.running().shutdown().await;
        Self::on(self.data, self.config).await
    }

    /// Stops it in order. Says whether everything ended by itself.
    pub async fn stop(&mut self) -> bool {
        self.running().shutdown().await
    }

    fn running(&mut self) -> Gateway {
        self.gateway.take().expect("running")
    }

    pub fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().expect("running")
    }

    /// A new key.
    pub async fn key(&self, role: Role, subject: Option<&str>) -> String {
        let key = self.gateway().flow().create_key(role, subject.map(str::to_owned), "test".to_owned()).await;
        key.expect("a key").secret
    }

    /// Recipients who take part in drills.
    pub async fn recipients(&self, area: &str, channel: Channel, addresses: impl IntoIterator<Item = String>) {
        let recipients = addresses.into_iter().map(|address| Recipient {
            external_id: format!("{channel}-{address}"),
            name: "测试".to_owned(),
            areas: vec![area.parse().expect("an area code")],
            groups: Vec::new(),
            language: "zh-CN".to_owned(),
            endpoints: [(channel, address)].into(),
            drill: true,
            ..Recipient::default()
        });
        self.gateway().directory().put(recipients.collect()).await.expect("stored");
    }

    /// Any request.
    pub async fn ask(&self, method: Method, path: &str, key: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        if !key.is_empty() {
            request = request.bearer_auth(key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a body") }
    }

    pub async fn get(&self, path: &str, key: &str) -> Answer {
        self.ask(Method::GET, path, key, &[], Vec::new()).await
    }

    /// Posts a warning as the issuer `relay`.
    pub async fn post(&self, message: &Value) -> Answer {
        self.post_as(&self.issuer, "application/json", message.to_string()).await
    }

    pub async fn post_as(&self, key: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.ask(Method::POST, "/v1/warnings", key, &[("content-type", media_type)], body.into()).await
    }

    /// The status of a warning, once every delivery has ended and every receipt that is awaited has come.
    pub async fn until_done(&self, id: &str) -> Value {
        self.until(id, |status| status["done"] == true && status["receipts_awaited"] == 0).await
    }

    pub async fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            let status = self.get(&format!("/v1/warnings/{id}/status"), &self.operator).await.json();
            if wanted(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "not within half a minute: {:#}",
            self.get(&format!("/v1/warnings/{id}/status"), &self.operator).await.json()
        );
    }
}

/// A client that talks plain HTTP to this machine and follows no redirect.
pub fn client() -> reqwest::Client {
    // A second installation is refused and changes nothing.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_backend_preconfigured(
            rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth(),
        )
        .build()
        .expect("a client")
}
