//! Warnings carried to the end: a whole gateway, and message centres and mail servers that count on their own side.

mod answers;
mod beside;
mod cloud;
mod cut;
mod mail;
mod samples;
mod story;
mod withdraw;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use fenghuo_centre::{Behaviour, Centre, Protocol};
use fenghuo_contract::Channel;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    gateway::{TestGateway, route},
    message::{STREET, warning},
};

/// The route of the tests that have one.
pub const ROUTE: &str = "sms.carrier";

/// A carrier: a message centre, and what a route to it is configured with.
pub struct Carrier {
    pub centre: Centre,
    folder: TempDir,
    reports: SocketAddr,
}

impl Carrier {
    pub async fn start(protocol: Protocol, behaviour: Behaviour) -> Self {
        let reports = free_address();
        let behaviour = Behaviour { reports_to: Some(reports), ..behaviour };
        let centre = Centre::of(protocol, behaviour).start().await;
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join("secret"), "secret\n").expect("written");
        Self { centre, folder, reports }
    }

    /// Behaves otherwise from now on.
    pub fn set(&self, behaviour: Behaviour) {
        self.centre.set(Behaviour { reports_to: Some(self.reports), ..behaviour });
    }

    /// Name of the adapter.
    pub fn adapter(&self) -> &'static str {
        match self.centre.protocol() {
            Protocol::Smpp => "smpp",
            Protocol::Cmpp => "cmpp",
            Protocol::Sgip => "sgip",
            Protocol::Smgp => "smgp",
        }
    }

    /// Settings of the route; `link` and `more` are added to section `link` and to the whole.
    pub fn settings(&self, link: &str, more: &str) -> String {
        let secret = self.folder.path().join("secret").display().to_string();
        let account = match self.centre.protocol() {
            Protocol::Smpp => format!("system_id = '900001'\npassword_file = '{secret}'\nsource = '12379'"),
            Protocol::Cmpp => {
                format!("sp_id = '900001'\nsecret_file = '{secret}'\nsender = '12379'\nservice_id = 'WARN'")
            }
            Protocol::Sgip => format!(
                "node_id = 3010012345\nlogin_name = '900001'\npassword_file = '{secret}'\nsender = '12379'\n\
                 corp_id = '12345'\nservice_type = 'WARN'\nreports = {{ listen = '{}', allow = ['127.0.0.0/8'], \
                 login_name = '900001', password_file = '{secret}' }}",
                self.reports
            ),
            Protocol::Smgp => {
                format!("client_id = '900001'\nsecret_file = '{secret}'\nsender = '12379'\nservice_id = 'WARN'")
            }
        };
        let (host, port) = (self.centre.address().ip(), self.centre.address().port());
        format!(
            "{account}\nlink = {{ host = '{host}', port = {port}{link} }}\ntext = {{ signature = '【松北预警】' }}\n{more}\n"
        )
    }

    /// A gateway whose only short messages go by this carrier.
    pub async fn gateway(&self, link: &str, more: &str) -> TestGateway {
        let settings = self.settings(link, more);
        TestGateway::with(|config| {
            config.routes.retain(|_, route| !route.channel.reaches_persons());
            config.routes.insert(ROUTE.to_owned(), route("sms", self.adapter(), &settings));
        })
        .await
    }
}

/// An address nobody listens at.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address")
}

pub fn number(n: u32) -> String {
    format!("138{n:08}")
}

/// A warning in one segment, or in several when `hanzi` are added; no two are alike.
pub fn saying(name: &str, level: &str, status: &str, hanzi: usize) -> Value {
    let mut message = warning(name, level);
    message["status"] = status.into();
    message["infos"][0]["headline"] = format!("暴雨预警{name}").into();
    message["infos"][0]["description"] = format!("请注意防范。{}", "雨".repeat(hanzi)).into();
    message
}

/// Hands a warning in and gives its id.
pub async fn sent(gateway: &TestGateway, message: &Value) -> String {
    let posted = gateway.post(message).await;
    assert_eq!(posted.status, 201, "{}", posted.text);
    posted.json()["id"].as_str().expect("an id").to_owned()
}

/// Puts people of a street with these numbers into the directory.
pub async fn people(gateway: &TestGateway, numbers: impl IntoIterator<Item = u32>) {
    gateway.recipients(STREET, Channel::Sms, numbers.into_iter().map(number)).await;
}

/// Every delivery of a warning, by the number or address it went to.
pub async fn deliveries(gateway: &TestGateway, id: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut path = format!("/v1/warnings/{id}/deliveries?limit=1000");
    loop {
        let page = gateway.get(&path, &gateway.operator).await.json();
        for one in page["items"].as_array().expect("a list") {
            let (_, address) = one["recipient"].as_str().and_then(|name| name.split_once('-')).expect("a name");
            all.insert(address.to_owned(), one.clone());
        }
        let Some(next) = page["next"].as_str() else { return all };
        path = format!("/v1/warnings/{id}/deliveries?limit=1000&cursor={next}");
    }
}

/// What a route says of itself.
pub async fn route_view(gateway: &TestGateway, name: &str) -> Value {
    let routes = gateway.get("/v1/routes", &gateway.operator).await.json();
    let all = routes.as_array().or_else(|| routes["items"].as_array()).expect("a list");
    all.iter().find(|route| route["name"] == name).expect("the route").clone()
}

/// Waits, a minute at most, until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not within a minute: {what}");
}
