//! Who may say what, the items the law demands and the look at the words, as a headquarters meets them.

use std::collections::BTreeSet;

use fenghuo::{config::Power, domain::level::Level, flow::authorize::Role};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    gateway::{Answer, TestGateway},
    message::{STREET, following, warning},
};

/// An actual warning of the flood headquarters, with everything the law demands.
fn actual(identifier: &str, level: &str) -> Value {
    let mut message = warning(identifier, level);
    message["status"] = "actual".into();
    message["sender"] = "flood@songbei.example".into();
    let info = &mut message["infos"][0];
    info["onset"] = "2026-11-24T09:00:00+08:00".into();
    info["headline"] = "松北区防汛抗旱指挥部发布预警".into();
    info["areas"][0]["geocodes"][0]["value"] = STREET.into();
    message
}

/// A gateway whose flood headquarters may say red, and whose district may not.
async fn world() -> (TestGateway, String) {
    let world = TestGateway::with(|config| {
        let flood = config.issuers.get_mut("flood").expect("an issuer");
        flood.levels = vec![Level::Red, Level::Yellow, Level::Blue];
        flood.senders = vec!["flood@songbei.example".to_owned()];
        let power =
            Power { levels: vec![Level::Yellow, Level::Blue], superior: "哈尔滨市".to_owned(), ..Power::default() };
        config.authority.hazards.insert("*".to_owned(), power);
    })
    .await;
    let flood = world.key(Role::Issuer, Some("flood")).await;
    (world, flood)
}

/// Code and pointer of everything that is wrong.
fn errors(answer: &Answer) -> Vec<(String, String)> {
    let document = answer.json();
    let errors = document["errors"].as_array().expect("a list");
    let text = |error: &Value, name: &str| error[name].as_str().expect("a text").to_owned();
    errors.iter().map(|error| (text(error, "code"), text(error, "pointer"))).collect()
}

async fn dry_run(world: &TestGateway, key: &str, message: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    world.ask(Method::POST, "/v1/warnings?dry_run=true", key, &headers, message.to_string().into()).await
}

const ITEMS: [(&str, &str, &str); 6] = [
    ("item-level-missing", "/infos/0/severity", "/alert/info[1]/severity"),
    ("item-start-missing", "/infos/0/onset", "/alert/info[1]/onset"),
    ("item-area-missing", "/infos/0/areas", "/alert/info[1]/area"),
    ("item-cautions-missing", "/infos/0/description", "/alert/info[1]/description"),
    ("item-measures-missing", "/infos/0/instruction", "/alert/info[1]/instruction"),
    ("item-issuer-missing", "/infos/0/sender_name", "/alert/info[1]/senderName"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_item_of_the_law_is_named_at_once() {
    let (world, flood) = world().await;
    let mut bare = actual("W1", "unknown");
    let info = bare["infos"][0].as_object_mut().expect("an object");
    for field in ["onset", "areas", "description", "instruction", "sender_name"] {
        info.remove(field);
    }
    // Something else that is wrong does not hide them.
    bare["sender"] = "a b".into();
    let mut wanted = vec![("sender-characters".to_owned(), "/sender".to_owned())];
    wanted.extend(ITEMS.map(|(code, pointer, _)| (code.to_owned(), pointer.to_owned())));
    let post = world.post_as(&flood, "application/json", bare.to_string()).await;
    for answer in [post, dry_run(&world, &flood, &bare).await] {
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "warning-rejected"));
        assert_eq!(errors(&answer), wanted);
        let told = &answer.json()["errors"][1]["messages"];
        let text = |lang: &str| told[lang].as_str().expect("a text").to_owned();
        assert!(
            text("zh-CN").contains("预警级别") && text("en").contains("There is no level. Write severity"),
            "{told}"
        );
    }

    let cap = r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>W2</identifier>
        <sender>flood@songbei.example</sender><sent>2026-11-24T08:00:00+08:00</sent><status>Actual</status>
        <msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>暴雨</event>
        <urgency>Unknown</urgency><severity>Unknown</severity><certainty>Unknown</certainty>
        <eventCode><valueName>CN-12379</valueName><value>11B03</value></eventCode></info></alert>"#;
    let answer = world.post_as(&flood, "application/cap+xml", cap).await;
    // Those of a document come in its order, and a missing element stands where its parent is.
    let found: BTreeSet<(String, String)> = errors(&answer).into_iter().collect();
    assert_eq!(found, ITEMS.map(|(code, _, path)| (code.to_owned(), path.to_owned())).into());

    let whole = world.post_as(&flood, "application/json", actual("W3", "yellow").to_string()).await;
    assert_eq!(whole.status, 201, "{}", whole.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_told_what_the_law_would_ask_and_goes() {
    let (world, flood) = world().await;
    let mut drill = actual("W1", "yellow");
    drill["status"] = "exercise".into();
    drill["infos"][0].as_object_mut().expect("an object").remove("instruction");
    let answer = dry_run(&world, &flood, &drill).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let advice = answer.json()["advice"].to_string();
    assert!(advice.contains("item-measures-missing"), "{advice}");
    assert_eq!(world.post_as(&flood, "application/json", drill.to_string()).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_beyond_the_district_goes_up_and_is_not_released() {
    let (world, flood) = world().await;
    let red = actual("W1", "red");
    let post = world.post_as(&flood, "application/json", red.to_string()).await;
    for answer in [post, dry_run(&world, &flood, &red).await] {
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (403, "authority-exceeded"));
        assert_eq!(errors(&answer), [("level-forward-up".to_owned(), "/infos/0/severity".to_owned())]);
        assert!(answer.json()["errors"][0]["messages"]["en"].as_str().expect("a text").contains("哈尔滨市"));
    }
    let listed = world.get("/v1/warnings", &world.operator).await.json();
    assert_eq!(listed["items"], json!([]));
    for (lang, words) in [("zh-CN", "超出本区"), ("en", "Beyond this district")] {
        let page = world.get(&format!("/docs/errors/level-forward-up?lang={lang}"), &world.operator).await;
        assert!(page.status == 200 && page.text.contains(words), "{}", page.text);
    }
    // A script may show it.
    let mut drill = actual("W2", "red");
    drill["status"] = "exercise".into();
    let answer = dry_run(&world, &flood, &drill).await;
    assert!(answer.status == 200 && answer.text.contains("level-forward-up"), "{}", answer.text);
    assert_eq!(world.post_as(&flood, "application/json", drill.to_string()).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_on_keeps_its_words_its_issuer_and_its_time() {
    let (world, flood) = world().await;
    let world_key = world.issuer.clone();
    let mut theirs = actual("23010041600000_20261124080000", "red");
    theirs["sender"] = "23010041600000".into();
    theirs["infos"][0]["sender_name"] = "哈尔滨市气象台".into();
    // The station left the measures out, and nothing can be added to its text.
    theirs["infos"][0].as_object_mut().expect("an object").remove("instruction");
    let body = theirs.to_string();
    let answer = world.post_as(&world_key, "application/json", body.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let stored = answer.json();
    let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(stored["digest"], format!("sha256:{digest}"));
    let message = &stored["message"];
    assert_eq!((&message["sender"], &message["sent"]), (&theirs["sender"], &theirs["sent"]));
    for text in ["headline", "description", "sender_name"] {
        assert_eq!(message["infos"][0][text], theirs["infos"][0][text]);
    }

    // The same message with other words is another one, and is not taken for it.
    let mut altered = theirs.clone();
    altered["infos"][0]["description"] = "有雨。".into();
    assert_eq!(world.post_as(&world_key, "application/json", altered.to_string()).await.status, 409);
    // Without issuer and time it is not theirs any more.
    for field in ["sent", "identifier"] {
        let mut nameless = theirs.clone();
        nameless.as_object_mut().expect("an object").remove(field);
        let answer = world.post_as(&world_key, "application/json", nameless.to_string()).await;
        assert_eq!(errors(&answer), [("json-field-missing".to_owned(), format!("/{field}"))]);
    }
    // Who may not pass on cannot use their name.
    let mut named = actual("W1", "yellow");
    named["sender"] = theirs["sender"].clone();
    let answer = world.post_as(&flood, "application/json", named.to_string()).await;
    assert!(errors(&answer).contains(&("sender-not-allowed".to_owned(), "/sender".to_owned())), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_to_look_at_twice_in_the_words() {
    let (world, flood) = world().await;
    let mut drill = actual("W1", "yellow");
    drill["status"] = "exercise".into();
    let info = &mut drill["infos"][0];
    info["headline"] = "发布暴雨红色预警".into();
    // With signature, headline and drill marks: two characters more than two segments hold.
    info["description"] = format!("今晚有雨{}", "雨".repeat(109)).into();
    info["instruction"] = format!("【请转移】{}", "转".repeat(300)).into();
    let answer = dry_run(&world, &flood, &drill).await;
    let document = answer.json();
    let advice = document["advice"].as_array().expect("a list");
    let found: Vec<(&str, &str)> = advice
        .iter()
        .map(|one| (one["code"].as_str().expect("a code"), one["pointer"].as_str().expect("a pointer")))
        .filter(|(code, _)| !code.starts_with("audience"))
        .collect();
    let sms = document["texts"].as_array().expect("texts").iter().find(|text| text["channel"] == "sms").expect("sms");
    let units = sms["text"].as_str().expect("a text").encode_utf16().count();
    let wanted = [
        ("text-level-differs", "/infos/0/headline"),
        ("text-time-ambiguous", "/infos/0/description"),
        ("text-brackets", "/infos/0/instruction"),
        ("sms-segment-nearly-empty", "/infos/0"),
        ("screen-reading-long", "/infos/0"),
    ];
    assert_eq!(found, wanted, "{units} {answer:#?}", answer = answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lift_of_ones_own_is_not_asked_for_hazard_level_or_area_again() {
    let (world, flood) = world().await;
    let first = actual("W1", "yellow");
    let posted = world.post_as(&flood, "application/json", first.to_string()).await;
    assert_eq!(posted.status, 201, "{}", posted.text);
    let beyond = |mut lift: Value| {
        lift["infos"][0]["level"] = "red".into();
        lift["infos"][0]["hazard"] = "11B25".into();
        lift["infos"][0]["areas"][0]["geocodes"][0]["value"] = "230111000000".into();
        lift
    };
    // Of an unknown warning it may not say that, nor begin anything with it.
    for other in [following(&actual("UNKNOWN", "yellow"), "W2", "cancel"), actual("W3", "red")] {
        let refused = world.post_as(&flood, "application/json", beyond(other).to_string()).await;
        let codes: BTreeSet<String> = errors(&refused).into_iter().map(|(code, _)| code).collect();
        let asked = |kind: &str| codes.iter().any(|code| code.starts_with(kind));
        assert!(asked("hazard-") && asked("area-"), "{codes:?}");
    }
    let lift = beyond(following(&first, "W4", "cancel"));
    let lifted = world.post_as(&flood, "application/json", lift.to_string()).await;
    assert_eq!(lifted.status, 201, "{}", lifted.text);
    let other = world.key(Role::Issuer, Some("relay")).await;
    let strangers = world.post_as(&other, "application/json", following(&first, "W5", "cancel").to_string()).await;
    assert_eq!(strangers.status, 403, "{}", strangers.text);
}
