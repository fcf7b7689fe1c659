//! Residents subscribe for themselves: a browser at once, a mailbox after its owner said yes.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt};

use fenghuo::{
    domain::opt_out::OptOut,
    flow::{intake::WarningFilter, target::directory::RecipientView},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{actual, page, posted};
use crate::support::{
    gateway::{Answer, TestGateway, route},
    message::{DISTRICT, STREET},
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const FORM: [(&str, &str); 2] = [("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];

/// A gateway with a route for browsers; the folder holds its key.
async fn with_push() -> (TestGateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("vapid");
    // RFC 8291, appendix A: the private key of the application server.
    std::fs::write(&key, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").expect("a file");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let settings = format!(
        "key_file = {key:?}\ncontact = \"mailto:warning@songbei.example\"\npage = \"https://songbei.example/\""
    );
    let world = TestGateway::with(|config| {
        config.routes.remove("push.sim");
        config.routes.insert("push.web".to_owned(), route("push", "webpush", &settings));
        config.public.push_route = Some("push.web".to_owned());
    });
    (world.await, folder)
}

/// A browser's subscription, with its keys from RFC 8291, appendix A.
fn subscription(endpoint: &str) -> Value {
    json!({"endpoint": endpoint, "expirationTime": null, "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg"}})
}

const ENDPOINT: &str = "https://fcm.googleapis.com/fcm/send/songbei-1";

async fn push(world: &TestGateway, method: Method, body: &Value) -> Answer {
    world.ask(method, "/subscribe/push", "", &JSON, body.to_string().into_bytes()).await
}

async fn recipients(world: &TestGateway) -> Vec<RecipientView> {
    world.gateway().directory().list(None, 100).await.expect("a list").items
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_subscribes_changes_its_mind_and_leaves() {
    let (world, _key) = with_push().await;
    let form = page(&world, "/subscribe", "en").await.text;
    // The public key that belongs to the private one.
    let key = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    assert!(form.contains(&format!("data-key=\"{key}\"")) && form.contains("松北街道"), "{form}");
    let mut body =
        json!({"subscription": subscription(ENDPOINT), "areas": [STREET], "level": "orange", "language": "ru"});
    let answer = push(&world, Method::POST, &body).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""));
    let stored = recipients(&world).await;
    let [one] = stored.as_slice() else { panic!("{stored:?}") };
    assert!(one.external_id.starts_with("public-push-") && !one.external_id.contains("songbei"), "{one:?}");
    assert_eq!((one.groups.as_slice(), one.language.as_str()), (&["public".to_owned()][..], "ru"));
    assert!(one.opt_out_below == Some(OptOut::Orange) && !one.drill && !one.duty && one.name.is_empty());
    assert!(one.endpoints.keys().eq(["push"]) && !one.endpoints["push"].contains("songbei"), "{one:?}");

    body["areas"] = json!([DISTRICT, STREET]);
    body["level"] = "all".into();
    assert_eq!(push(&world, Method::POST, &body).await.status, StatusCode::NO_CONTENT);
    let changed = recipients(&world).await;
    assert_eq!((changed.len(), changed[0].areas.len(), changed[0].opt_out_below), (1, 2, None));

    let leave = |endpoint: &str| json!({"endpoint": endpoint});
    assert_eq!(
        push(&world, Method::DELETE, &leave("https://fcm.googleapis.com/x")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(recipients(&world).await.len(), 1, "only its own");
    assert_eq!(push(&world, Method::DELETE, &leave(ENDPOINT)).await.status, StatusCode::NO_CONTENT);
    assert!(recipients(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_subscription_is_not_stored() {
    let (world, _key) = with_push().await;
    let good = json!({"subscription": subscription(ENDPOINT), "areas": [STREET]});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let long = format!("{ENDPOINT}{}", "x".repeat(2_000));
    for (body, code) in [
        (with("areas", json!([])), "fields-wrong"),
        (with("areas", json!(["230109999000"])), "fields-wrong"),
        (with("level", json!("blue")), "fields-wrong"),
        (with("subscription", json!({"endpoint": ENDPOINT})), "fields-wrong"),
        (with("subscription", Value::Null), "fields-wrong"),
        (with("subscription", subscription("https://intranet.example/")), "subscription-unusable"),
        (with("subscription", subscription("http://127.0.0.1/")), "subscription-unusable"),
        (with("subscription", subscription(&long)), "subscription-unusable"),
    ] {
        assert_eq!(push(&world, Method::POST, &body).await.problem(), code, "{body}");
    }
    assert!(recipients(&world).await.is_empty());
    let closed = TestGateway::start().await;
    assert_eq!(push(&closed, Method::POST, &good).await.problem(), "subscriptions-not-offered");
    assert!(page(&closed, "/subscribe", "en").await.text.contains("Subscriptions are not taken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_stands_where_it_answers_for_the_whole_site() {
    let world = TestGateway::start().await;
    let worker = world.get("/push-worker.js", "").await;
    assert!(worker.status == StatusCode::OK && worker.header("content-type").starts_with("text/javascript"));
    assert!(worker.text.contains("showNotification") && !worker.header("etag").is_empty());
}

async fn ask(world: &TestGateway, body: &str) -> Answer {
    world.ask(Method::POST, "/subscribe/email", "", &FORM, body.as_bytes().to_vec()).await
}

/// The path in the newest question, and the id of the notice.
async fn question(world: &TestGateway) -> (String, String) {
    let filter = WarningFilter { notices: true, ..WarningFilter::default() };
    let page = world.gateway().flow().warnings(&filter, None, 10).await.expect("a list");
    let asked = page.items.iter().find(|view| view.notice.is_some()).expect("a question");
    let english = asked.message.infos.iter().find(|info| info.language.as_deref() == Some("en")).expect("in English");
    let text = english.description.clone().expect("a text");
    let link = text.split("/subscribe/confirm/").nth(1).and_then(|rest| rest.split(' ').next()).expect("a link");
    (format!("/subscribe/confirm/{link}"), asked.id.0.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_gets_warnings_only_after_its_owner_said_yes() {
    let world = TestGateway::with(|config| config.public.email_subscriptions = true).await;
    let body = format!("address=Resident%40Songbei.example&area={STREET}&level=all");
    let first = ask(&world, &body).await;
    assert!(first.status == StatusCode::OK && first.text.contains("Confirm within 24 hours"), "{}", first.text);
    let (path, notice) = question(&world).await;
    let told = world.until_done(&notice).await;
    assert_eq!(told["people"]["addressed"], 1, "{told:#}");

    let before = posted(&world, &actual("red-1", "red")).await;
    world.until_done(&before).await;
    let deliveries = |id: String| {
        let world = &world;
        async move { world.get(&format!("/v1/warnings/{id}/deliveries"), &world.operator).await.json()["items"].clone() }
    };
    assert_eq!(deliveries(before).await, json!([]), "who did not answer gets no warning");

    let asking = page(&world, &path, "en").await;
    assert!(asking.status == StatusCode::OK && asking.text.contains("<form method=\"post\">"), "{}", asking.text);
    assert!(
        recipients(&world).await.iter().all(|one| one.external_id.starts_with("public-asked-")),
        "looking changes nothing"
    );
    let forged = format!("{}0", &path[..path.len() - 1]);
    let forged = if forged == path { format!("{}1", &path[..path.len() - 1]) } else { forged };
    let press = async |path: &str| world.ask(Method::POST, path, "", &FORM, Vec::new()).await;
    assert_eq!(press(&forged).await.status, StatusCode::NOT_FOUND);
    let done = press(&path).await;
    assert!(done.status == StatusCode::OK && done.text.contains("Subscribed"), "{}", done.text);
    assert_eq!(press(&path).await.status, StatusCode::NOT_FOUND, "a link is used once");
    assert_eq!(world.get(&path, "").await.status, StatusCode::NOT_FOUND, "and then asks nothing");

    let stored = recipients(&world).await;
    let [one] = stored.as_slice() else { panic!("{stored:?}") };
    assert!(
        one.external_id.starts_with("public-email-") && one.groups == ["public"] && one.language == "en",
        "{one:?}"
    );
    assert_eq!(one.areas.iter().map(ToString::to_string).collect::<Vec<_>>(), [STREET]);
    let after = posted(&world, &actual("red-2", "red")).await;
    world.until_done(&after).await;
    assert_eq!(deliveries(after).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_learns_who_is_known_and_nobody_is_flooded() {
    let world = TestGateway::with(|config| config.public.email_subscriptions = true).await;
    let known = |text: &str| {
        let body = text.split("<section class=\"answer").nth(1).expect("an answer");
        body.split("</section>").next().expect("its end").to_owned()
    };
    let mut said = BTreeMap::new();
    for address in
        ["a@songbei.example", "a@songbei.example", "a@songbei.example", "a@songbei.example", "b@songbei.example"]
    {
        let answer = ask(&world, &format!("address={address}&area={STREET}")).await;
        *said.entry((answer.status, known(&answer.text))).or_insert(0) += 1;
        // A question is named by the second it is asked in.
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    }
    assert_eq!(said.into_values().collect::<Vec<_>>(), [5], "always the same");
    let filter = WarningFilter { notices: true, ..WarningFilter::default() };
    let asked = world.gateway().flow().warnings(&filter, None, 10).await.expect("a list").items.len();
    assert_eq!(asked, 4, "three to one mailbox, one to the other");
    for (body, status) in [
        (format!("address=nobody&area={STREET}"), StatusCode::BAD_REQUEST),
        ("address=c%40songbei.example".to_owned(), StatusCode::BAD_REQUEST),
        ("address=c%40songbei.example&area=110000000000".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(ask(&world, &body).await.status, status, "{body}");
    }
    let closed = TestGateway::start().await;
    assert_eq!(
        ask(&closed, &format!("address=a%40b.example&area={STREET}")).await.problem(),
        "subscriptions-not-offered"
    );
}
