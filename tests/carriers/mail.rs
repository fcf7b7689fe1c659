//! E-mail through a real mail server: what comes back, and who wants no more.

use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{deliveries, saying, sent, until};
use crate::support::{
    gateway::{TestGateway, route},
    message::DISTRICT,
    peers::postfix::{Mta, free},
};

const HERE: &str = "here@people.example";
const NOBODY: &str = "nobody@people.example";

struct World {
    gateway: TestGateway,
    mta: Mta,
    _keys: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let listen = free();
        let mta = Mta::start(&[("b.songbei.example", format!("smtp:[{}]:{}", listen.ip(), listen.port()))]);
        let keys = tempfile::tempdir().expect("a directory");
        let key = |name: &str| {
            let path = keys.path().join(name);
            std::fs::write(&path, format!("the key of {name}, kept")).expect("written");
            path.display().to_string()
        };
        let settings = format!(
            "host = '127.0.0.1'\nport = {}\nfrom = 'warning@songbei.example'\ntls = 'none'\n\
             envelope_from = 'bounce@b.songbei.example'\nnotify = ['success', 'failure']\n\
             bounces = {{ listen = '{listen}', key_file = '{}' }}\n\
             unsubscribe = {{ url = 'https://warn.songbei.example/unsubscribe', key_file = '{}' }}",
            mta.address.port(),
            key("bounces"),
            key("unsubscribing"),
        );
        let gateway = TestGateway::with(|config| {
            config.routes.retain(|_, route| !route.channel.reaches_persons());
            config.routes.insert("email.mta".to_owned(), route("email", "email", &settings));
        })
        .await;
        gateway.recipients(DISTRICT, Channel::Email, [HERE, NOBODY].map(str::to_owned)).await;
        Self { gateway, mta, _keys: keys }
    }

    /// States and reasons of both, once the mail server has said everything.
    async fn told(&self, name: &str, level: &str) -> [Option<(String, String)>; 2] {
        let id = sent(&self.gateway, &saying(name, level, "actual", 0)).await;
        let status = self.gateway.until_done(&id).await;
        assert_eq!(status["channels"]["email"]["accepted"], 0, "{}", self.mta.log());
        let all = deliveries(&self.gateway, &id).await;
        let word = |one: &Value, name: &str| one[name].as_str().expect("a word").to_owned();
        [HERE, NOBODY].map(|address| all.get(address).map(|one| (word(one, "state"), word(one, "reason"))))
    }

    async fn opted_out(&self) -> Vec<String> {
        let recipients = self.gateway.get("/v1/recipients?limit=100", &self.gateway.operator).await.json();
        let out = recipients["items"].as_array().expect("a list").iter().filter(|one| one["opt_out_below"] == "orange");
        out.filter_map(|one| one["external_id"].as_str().map(str::to_owned)).collect()
    }
}

fn is(state: &str, reason: &str) -> Option<(String, String)> {
    Some((state.to_owned(), reason.to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bounce_suppresses_the_address_it_is_about_below_red() {
    let world = World::start().await;
    let bounced = [is("delivered", "none"), is("failed", "reported_undelivered")];
    assert_eq!(world.told("M1", "yellow").await, bounced, "{}", world.mta.log());
    let mut listed = Value::Null;
    until("the address is learned", async || {
        listed = world.gateway.get("/v1/suppressions", &world.gateway.operator).await.json();
        listed["items"].as_array().is_some_and(|items| !items.is_empty())
    })
    .await;
    let items = listed["items"].as_array().expect("a list");
    let [one] = &items[..] else { panic!("{listed:#}") };
    assert_eq!((&one["channel"], &one["route"], &one["code"]), (&"email".into(), &"email.mta".into(), &"5.1.1".into()));
    assert_eq!(one["recipients"], serde_json::json!([format!("email-{NOBODY}")]));
    assert_eq!(world.told("M2", "orange").await, [is("delivered", "none"), is("failed", "suppressed")]);
    assert_eq!(world.told("M3", "red").await, bounced);
    assert!(!world.mta.log().contains("status=deferred"), "{}", world.mta.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_click_ends_what_is_below_orange_and_looking_ends_nothing() {
    let world = World::start().await;
    world.told("M1", "yellow").await;
    let mailbox = world.mta.mailbox("here");
    assert!(mailbox.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{mailbox}");
    let link = mailbox.split_once("List-Unsubscribe: <https://warn.songbei.example").expect("a link").1;
    let path = link.split_once('>').expect("its end").0.to_owned();
    let gateway = &world.gateway;
    let ask = async |method: Method, path: &str, accept: &str| {
        let form = ("content-type", "application/x-www-form-urlencoded");
        gateway.ask(method, path, "", &[("accept", accept), form], b"List-Unsubscribe=One-Click".to_vec()).await
    };
    for language in ["text/html", "*/*"] {
        let page = ask(Method::GET, &path, language).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains("<button>") && !page.text.contains(HERE), "{}", page.text);
    }
    assert!(world.opted_out().await.is_empty(), "whoever looks has said nothing");
    let forged = format!("{path}0");
    for method in [Method::GET, Method::POST] {
        let answer = ask(method, &forged, "*/*").await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_FOUND, "confirm-link-unknown"));
    }
    for _ in 0..2 {
        assert_eq!(ask(Method::POST, &path, "*/*").await.status, StatusCode::NO_CONTENT);
    }
    let page = ask(Method::POST, &path, "text/html").await;
    assert!(page.status == StatusCode::OK && !page.text.contains("<button>"), "{}", page.text);
    assert_eq!(world.opted_out().await, [format!("email-{HERE}")]);
    assert_eq!(world.told("M2", "yellow").await[0], None);
    assert_eq!(world.told("M3", "orange").await[0], is("delivered", "none"));
    assert_eq!(world.mta.mailbox("here").matches("List-Unsubscribe: ").count(), 1, "orange has no such link");
}
