//! Notifications through the whole gateway: who gets which over what, what they open, and what becomes of tokens that have ended.

mod stand_in;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fenghuo::domain::short_code::ShortCode;
use fenghuo_contract::Channel;
use serde_json::{Value, json};

use self::stand_in::{Seen, StandIn};
use crate::support::{
    gateway::{TestGateway, route},
    message::{STREET, following, warning},
    peers,
};

const SITE: &str = "https://songbei.example";
/// RFC 8291, appendix A: a browser's private key and secret, and the application server's private key.
const BROWSER: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const OURS: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";

struct World {
    gateway: TestGateway,
    service: StandIn,
    _folder: tempfile::TempDir,
}

/// A gateway with Apple's service and that of browsers, and no other way to notify.
async fn world() -> World {
    let service = StandIn::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem();
    let port = service.address.port();
    let network = "network = { allow_private = ['127.0.0.0/8'] }";
    let apns = format!(
        "key_file = '{}'\nkey_id = 'KEY1234567'\nteam_id = 'TEAM123456'\ntopic = 'cn.gov.songbei.warning'\n\
         url = 'http://127.0.0.1:{port}/'\n{network}",
        file("apns.p8", &key)
    );
    let web = format!(
        "key_file = '{}'\ncontact = 'mailto:warning@songbei.example'\npage = '{SITE}/'\nservices = ['127.0.0.1']\n\
         ports = [{port}]\nallow_plain = true\n{network}",
        file("vapid", OURS)
    );
    let gateway = TestGateway::with(|config| {
        config.server.public_url = Some(SITE.to_owned());
        config.routes.retain(|_, route| !route.channel.reaches_persons());
        config.routes.insert("push.apns".to_owned(), route("push", "apns", &apns));
        config.routes.insert("push.web".to_owned(), route("push", "webpush", &web));
    });
    World { gateway: gateway.await, service, _folder: folder }
}

impl World {
    async fn devices(&self, addresses: &[String]) {
        self.gateway.recipients(STREET, Channel::Push, addresses.iter().cloned()).await;
    }

    /// A subscription at the stand-in.
    fn browser(&self, name: &str) -> String {
        let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let endpoint = format!("http://{}/web/{name}", self.service.address);
        json!({"endpoint": endpoint, "keys": {"p256dh": key, "auth": AUTH}}).to_string()
    }

    async fn sent(&self, message: &Value) -> (String, Value) {
        let answer = self.gateway.post(message).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id = answer.json()["id"].as_str().expect("an id").to_owned();
        let status = self.gateway.until_done(&id).await;
        (id, status)
    }

    async fn suppressions(&self) -> Vec<Value> {
        let listed = self.gateway.get("/v1/suppressions", &self.gateway.operator).await.json();
        listed["items"].as_array().expect("a list").clone()
    }

    /// What the browser reads.
    fn opened(&self, seen: &Seen) -> Value {
        let now = seen_at().to_string();
        let origin = format!("http://{}", self.service.address);
        let arguments = [BROWSER, AUTH, seen.header("authorization"), &origin, &now];
        let read = peers::judged_with("webpush_open.py", &arguments, &URL_SAFE_NO_PAD.encode(&seen.body));
        serde_json::from_str(&read.expect("it opens")).expect("JSON")
    }
}

fn seen_at() -> i64 {
    fenghuo::clock::Clock::system().unix()
}

fn actual(identifier: &str, level: &str) -> Value {
    let mut message = warning(identifier, level);
    message["status"] = "actual".into();
    message["infos"][0]["headline"] = format!("暴雨预警{identifier}").into();
    message
}

fn token(number: u32, ending: &str) -> String {
    format!("apns:{number:056x}{ending}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_route_gets_only_addresses_it_carries_and_what_none_carries_ends() {
    let world = world().await;
    let browsers = ["a", "b"].map(|name| world.browser(name));
    world.devices(&[token(1, ""), token(2, ""), token(3, "")]).await;
    world.devices(&browsers).await;
    world.devices(&["jpush:1a0018970a".to_owned()]).await;
    let (id, status) = world.sent(&actual("P1", "yellow")).await;
    let push = &status["channels"]["push"];
    assert_eq!((&push["audience"], &push["accepted"]), (&json!(6), &json!(5)), "{status:#}");
    assert_eq!(push["failed_by_reason"]["no_route"], 1, "{status:#}");
    assert_eq!((world.service.at("/3/device/0").len(), world.service.at("/web/").len()), (3, 2));
    let path = format!("/v1/warnings/{id}/deliveries?limit=100");
    let all = world.gateway.get(&path, &world.gateway.operator).await.json();
    for one in all["items"].as_array().expect("a list") {
        let recipient = one["recipient"].as_str().expect("a name");
        if recipient.contains("jpush:") {
            continue;
        }
        let expected = if recipient.contains("apns:") { "push.apns" } else { "push.web" };
        assert_eq!((&one["route"], &one["attempts"]), (&json!(expected), &json!(1)), "to no wrong one first: {one:#}");
    }
    assert!(world.suppressions().await.is_empty(), "nobody is given up because a route was not for him");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_opens_its_warning_and_what_follows_takes_its_place() {
    let world = world().await;
    world.devices(&[token(1, ""), world.browser("a")]).await;
    let first = actual("P1", "orange");
    let (id, _) = world.sent(&first).await;
    let mut update = following(&first, "P2", "update");
    update["infos"][0]["headline"] = "暴雨预警升级".into();
    let (second, _) = world.sent(&update).await;
    let mut lift = following(&update, "P3", "cancel");
    lift["sent"] = "2026-11-24T10:00:00+08:00".into();
    lift["infos"][0]["headline"] = "解除暴雨预警".into();
    let (third, _) = world.sent(&lift).await;

    let (apple, web) = (world.service.at("/3/device/0"), world.service.at("/web/"));
    assert_eq!((apple.len(), web.len()), (3, 3));
    let digest = |view: &Value| view["digest"].as_str().expect("a digest").to_owned();
    let view = world.gateway.get(&format!("/v1/warnings/{id}"), &world.gateway.operator).await.json();
    let code = ShortCode::of_digest(&digest(&view)).expect("a code").to_string();
    for ((seen, shown), id) in apple.iter().zip(&web).zip([&id, &second, &third]) {
        let (page, read) = (format!("{SITE}/warnings/{id}"), world.opened(shown));
        assert_eq!((seen.json()["url"].as_str(), read["url"].as_str()), (Some(&*page), Some(&*page)));
        // The same name on the device: the later one takes the place of the earlier one.
        assert_eq!(seen.header("apns-collapse-id"), apple[0].header("apns-collapse-id"));
        assert_eq!(seen.json()["aps"]["thread-id"], seen.header("apns-collapse-id"));
        assert_eq!((&read["tag"], shown.header("topic")), (&world.opened(&web[0])["tag"], web[0].header("topic")));
    }
    let body = apple[0].json()["aps"]["alert"]["body"].as_str().expect("a text").to_owned();
    assert!(body.ends_with(&format!("\n核验码：{code}")), "{body}");
    assert!(world.opened(&web[2])["title"].as_str().is_some_and(|title| title.contains("解除")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_has_ended_leaves_the_directory_with_its_reason() {
    let world = world().await;
    let living: Vec<String> = (0..6).map(|number| token(number, "")).collect();
    world.devices(&living).await;
    world.devices(&[token(7, "dead"), token(8, "wrong")]).await;
    let (_, status) = world.sent(&actual("P1", "yellow")).await;
    assert_eq!(status["channels"]["push"]["failed_by_reason"]["recipient_refused"], 2, "{status:#}");
    let mut listed = Vec::new();
    for _ in 0..200 {
        listed = world.suppressions().await;
        if listed.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let of = |code: &str| listed.iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("{listed:#?}"));
    let (dead, wrong) = (of("Unregistered"), of("BadDeviceToken"));
    assert_eq!((&dead["gone"], &dead["address"], &dead["route"]), (&json!(true), &Value::Null, &json!("push.apns")));
    assert_eq!(dead["recipients"][0], format!("push-{}", token(7, "dead")));
    assert!(wrong["gone"] == false && wrong["address"].is_string(), "what may be our mistake stays: {wrong:#}");
    // The next one is not sent there, and whoever registers again is reached.
    let second = actual("P2", "yellow");
    let (_, status) = world.sent(&second).await;
    assert_eq!(status["channels"]["push"]["audience"], 7, "{status:#}");
    world.devices(&[token(7, "dead")]).await;
    let before = world.service.at("/3/device/0").len();
    let (_, status) = world.sent(&actual("P3", "yellow")).await;
    assert_eq!(status["channels"]["push"]["audience"], 8, "{status:#}");
    assert_eq!(world.service.at("/3/device/0").len() - before, 7, "all but the suppressed one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_another_environment_are_no_reason_to_clear_the_directory() {
    let world = world().await;
    let wrong: Vec<String> = (0..12).map(|number| token(number, "wrong")).collect();
    world.devices(&wrong).await;
    let (_, status) = world.sent(&actual("P1", "yellow")).await;
    assert_eq!(status["channels"]["push"]["failed_by_reason"]["recipient_refused"], 12, "{status:#}");
    let mut alarms = Value::Null;
    for _ in 0..200 {
        alarms = world.gateway.get("/v1/alarms", &world.gateway.operator).await.json();
        if alarms.to_string().contains("addresses-doubted") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(alarms.to_string().contains("addresses-doubted"), "{alarms:#}");
    assert!(world.suppressions().await.is_empty());
    let kept = world.gateway.gateway().directory().list(None, 100).await.expect("a list").items;
    assert_eq!(kept.iter().filter(|one| one.endpoints.contains_key("push")).count(), 12);
}
