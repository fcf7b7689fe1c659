//! The national 12379 form, in and out.

use fenghuo::{
    domain::{cap, finding::Weight, json, national, xml},
    flow::authorize::Role,
};
use quick_xml::{Reader, events::Event};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{Answer, TestGateway},
    message::warning,
    peers,
};

const FORM: &str = include_str!("fixtures/national/valid-national-form.xml");
const FIRST: &str = "23010900000000_20260715143500";

/// Every filled element of a document: path and text, in order.
fn fields(document: &[u8]) -> Vec<(String, String)> {
    let text = std::str::from_utf8(document).expect("UTF-8");
    let mut reader = Reader::from_str(text);
    let (mut path, mut fields) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) => path.push(String::from_utf8_lossy(tag.name().as_ref().as_bytes()).into_owned()),
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) if !text.trim().is_empty() => fields.push((path.join("/"), text.to_string())),
            Event::Eof => return fields,
            _ => {}
        }
    }
}

#[test]
fn the_songbei_forms_are_taken_and_given_out_field_by_field_equal() {
    let Some(files) = crate::cap_corpus::national() else { return };
    assert_eq!(files.len(), 4);
    for (name, bytes) in files {
        let reading = xml::read(&bytes);
        assert!(reading.findings.iter().all(|found| found.weight == Weight::Advise), "{name}: {:#?}", reading.findings);
        let message = reading.message.expect("taken");
        let again = national::write(&message).expect("said");
        assert_eq!(fields(&again), fields(&bytes), "{name}");
        assert_eq!(national::unsaid(&message), [], "{name}");
        assert_eq!(national::file_name(&message).expect("said"), format!("{name}.XML").to_uppercase());
        // By way of CAP and JSON nothing is lost either.
        let by_cap = cap::read(cap::write(&message).as_bytes()).message.expect("CAP");
        let by_json = json::read(serde_json::to_string(&by_cap).expect("a message").as_bytes()).message.expect("JSON");
        assert_eq!(national::write(&by_json).expect("said"), again, "{name}");
        assert_eq!(message.infos[0].event, if name.contains("11B20") { "雷雨大风" } else { "暴雨" });
    }
}

async fn post(world: &TestGateway, accept: &str, form: &str) -> Answer {
    let headers = [("content-type", "application/xml"), ("accept", accept)];
    world.ask(Method::POST, "/v1/warnings", &world.issuer, &headers, form.as_bytes().to_vec()).await
}

/// The text of an element of a reply.
fn said<'a>(reply: &'a str, element: &str) -> &'a str {
    let rest = reply.split_once(&format!("<{element}>")).expect("the element").1;
    rest.split_once(&format!("</{element}>")).expect("its end").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_goes_in_and_out_and_a_later_one_ends_its_event() {
    let world = TestGateway::start().await;
    let posted = post(&world, "application/json", FORM).await;
    assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
    let first = posted.json();
    let id = first["id"].as_str().expect("an id");
    assert_eq!(
        (&first["level"], &first["status"], &first["hazard"]),
        (&json!("yellow"), &json!("test"), &json!("11B03"))
    );
    assert_eq!(post(&world, "application/json", FORM).await.status, StatusCode::OK);

    let given = world.get(&format!("/v1/warnings/{id}/national"), &world.operator).await;
    assert_eq!((given.status, given.header("content-type")), (StatusCode::OK, "application/xml; charset=utf-8"));
    assert_eq!(fields(given.text.as_bytes()), fields(FORM.as_bytes()));
    assert_eq!(
        given.header("content-disposition"),
        "attachment; filename=\"23010900000000_20260715144000_11B03_YELLOW_ALERT.XML\""
    );
    assert_eq!(given.header("fenghuo-unsaid"), "");

    // The lift names the first message by its identifier, whose time is that of entry and not that of sending.
    let lift = FORM
        .replace(&format!("<identifier>{FIRST}"), "<identifier>23010900000000_20260715173500")
        .replace("<sendTime>2026-07-15 14:40:00", "<sendTime>2026-07-15 17:40:00")
        .replace("<msgType>Alert", "<msgType>Cancel")
        .replace("<references/>", &format!("<references>{FIRST}</references>"));
    let lifted = post(&world, "application/json", &lift).await;
    assert_eq!((lifted.status, &lifted.json()["event"]), (StatusCode::CREATED, &first["event"]), "{}", lifted.text);
    world.until_done(lifted.json()["id"].as_str().expect("an id")).await;
    let ended = world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json();
    assert_eq!(ended["ended"], "lifted", "{ended:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reply_of_the_platform_is_given_to_who_asks_for_it() {
    let world = TestGateway::start().await;
    let taken = post(&world, "application/xml", FORM).await;
    assert_eq!((taken.status, taken.header("content-type")), (StatusCode::CREATED, "application/xml; charset=utf-8"));
    assert_eq!((said(&taken.text, "status"), said(&taken.text, "error_code")), ("0", ""));
    let id = taken.header("location").rsplit('/').next().expect("an id");
    assert!(!id.is_empty() && said(&taken.text, "note").contains(id), "{}", taken.text);
    let again = post(&world, "text/xml", FORM).await;
    assert_eq!((again.status, said(&again.text, "status")), (StatusCode::OK, "0"));

    let broken = FORM.replace("Yellow", "Purple").replace("<status>Test", "<status>Exercise");
    let refused = post(&world, "application/xml", &broken).await;
    assert_eq!((refused.status, said(&refused.text, "status")), (StatusCode::UNPROCESSABLE_ENTITY, "1"));
    assert_eq!(said(&refused.text, "error_code"), "warning-rejected");
    for path in ["/alert/info/severity: ", "/alert/status: "] {
        assert!(said(&refused.text, "note").contains(path), "{}", refused.text);
    }
    assert_eq!(post(&world, "application/json", &broken).await.problem(), "warning-rejected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exercise_never_gets_the_form_and_an_actual_warning_gets_it_whole_or_not() {
    let world = TestGateway::start().await;
    let mut actual = warning("flood-1", "red");
    actual["status"] = "actual".into();
    actual["infos"][0]["headline"] = "松北区防汛抗旱指挥部发布暴雨红色预警".into();
    actual["infos"][0]["response_types"] = json!(["shelter"]);
    let mut ids = Vec::new();
    for message in [&warning("drill-1", "red"), &actual] {
        let posted = world.post(message).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
        ids.push(posted.json()["id"].as_str().expect("an id").to_owned());
    }
    let asked = "sender_code=23010900000000&methods=SMS,WEB";
    let drill = world.get(&format!("/v1/warnings/{}/national?{asked}", ids[0]), &world.operator).await;
    assert_eq!((drill.status, drill.problem().as_str()), (StatusCode::CONFLICT, "national-form-refused"));
    assert_eq!(drill.json()["errors"][0]["code"], "national-status", "{}", drill.text);

    let bare = world.get(&format!("/v1/warnings/{}/national", ids[1]), &world.operator).await;
    let codes: Vec<Value> =
        bare.json()["errors"].as_array().expect("a list").iter().map(|error| error["code"].clone()).collect();
    assert_eq!(
        (bare.status, codes),
        (StatusCode::CONFLICT, vec!["national-field-missing".into(), "national-sender-code".into()])
    );
    let wrong = world.get(&format!("/v1/warnings/{}/national?methods=sms%01", ids[1]), &world.operator).await;
    assert_eq!(wrong.problem(), "parameter-wrong");

    let given = world.get(&format!("/v1/warnings/{}/national?{asked}", ids[1]), &world.operator).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    assert_eq!(given.header("fenghuo-unsaid"), "/identifier, /sender, /infos/0/parameters/0, /infos/0/response_types");
    let message = national::read(given.text.as_bytes()).message.expect("a form");
    assert_eq!(message.identifier, "23010900000000_20261124080000");
    assert_eq!(given.text.matches("<methodName>").count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_form_tells_is_not_told_to_everybody() {
    let world = TestGateway::start().await;
    let form = FORM
        .replace("<status>Test", "<status>Actual")
        .replace("2026-07-15 20:40:00", "2036-07-15 20:40:00")
        .replace("<audiencePrt/>", "<audiencePrt>13800000001</audiencePrt>")
        .replace("</senderCode>", "</senderCode><phone>13800000002</phone>");
    let posted = post(&world, "application/json", &form).await;
    assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
    let id = posted.json()["id"].as_str().expect("an id").to_owned();
    world.until_done(&id).await;
    let public = world.get(&format!("/cap/{FIRST}.xml"), "").await;
    assert_eq!(public.status, StatusCode::OK);
    assert!(public.text.contains("11B03") && !public.text.contains("1380000000"), "{}", public.text);
    let national = world.get(&format!("/v1/warnings/{id}/national"), &world.operator).await;
    let other = world.key(Role::Issuer, Some("flood")).await;
    for path in [format!("/v1/warnings/{id}"), format!("/v1/warnings/{id}/cap"), "/v1/warnings".to_owned()] {
        let seen = world.get(&path, &other).await;
        assert!(seen.text.contains("11B03") && !seen.text.contains("1380000000"), "{path}: {}", seen.text);
        assert!(world.get(&path, &world.issuer).await.text.contains("13800000001"), "{path}");
    }
    assert!(national.text.contains("13800000001") && national.text.contains("13800000002"));
}

const STEM: &str = "23010900000000_20260715144000_11B03_YELLOW_ALERT";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_zip_goes_in_is_signed_for_and_comes_out_as_a_foreign_reader_wants_it() {
    let world = TestGateway::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (form, scan, minutes) = (format!("{STEM}.XML"), format!("{STEM}_P_01.jpg"), format!("{STEM}_O_01.pdf"));
    for (name, bytes) in [(&form, FORM.as_bytes()), (&scan, b"\xff\xd8 scan"), (&minutes, &[0x25; 70_000])] {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let archive = folder.path().join("a.zip");
    peers::zip(&["pack", archive.to_str().expect("a path"), folder.path().to_str().expect("a path")]);
    let bytes = std::fs::read(&archive).expect("packed");

    // Without its files it is another warning under the same identity.
    let posted = world.post_as(&world.issuer, "application/zip", bytes.clone()).await;
    assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
    let id = posted.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(posted.json()["message"].to_string().matches("CN-12379.resource.sha256").count(), 2);
    assert_eq!(post(&world, "application/json", FORM).await.problem(), "identity-taken");
    // Told by its bytes whatever it is called; and the same again is the same.
    let again = world.post_as(&world.issuer, "text/xml", bytes.clone()).await;
    assert_eq!((again.status, again.json()["id"].as_str()), (StatusCode::OK, Some(id.as_str())));

    let path = format!("{}/v1/warnings/{id}/national", world.base);
    let client = crate::support::gateway::client();
    let given = client.get(&path).bearer_auth(&world.operator).send().await.expect("an answer");
    assert_eq!(given.headers()["content-type"], "application/zip");
    assert_eq!(given.headers()["content-disposition"], format!("attachment; filename=\"{STEM}.ZIP\"").as_str());
    assert!(given.headers().get("fenghuo-unsaid").is_none());
    let out = folder.path().join("out");
    let back = folder.path().join("back.zip");
    std::fs::write(&back, given.bytes().await.expect("a body")).expect("written");
    peers::zip(&["unpack", back.to_str().expect("a path"), out.to_str().expect("a path")]);
    let read = |name: &str| std::fs::read(out.join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    assert_eq!((read(&scan), read(&minutes)), (b"\xff\xd8 scan".to_vec(), vec![0x25; 70_000]));
    let unnamed = |(path, _): &(String, String)| !path.contains("/resource/");
    let given: Vec<_> = fields(&read(&form)).into_iter().filter(unnamed).collect();
    assert_eq!(given, fields(FORM.as_bytes()), "the form as it came, with the files named in it");
    assert_eq!(std::fs::read_dir(&out).expect("a folder").count(), 3);

    // The XML alone for who wants that; nothing of the files for headquarters that have nothing to do with it.
    let alone = world
        .ask(
            Method::GET,
            &format!("/v1/warnings/{id}/national"),
            &world.operator,
            &[("accept", "application/xml")],
            Vec::new(),
        )
        .await;
    assert!(alone.text.contains(&format!("<resourceDesc>{scan}</resourceDesc>")), "{}", alone.text);
    let public = world.get(&format!("/v1/warnings/{id}/cap"), &world.key(Role::Issuer, Some("flood")).await).await;
    assert!(public.status != StatusCode::OK || !public.text.contains("_P_01"), "{}", public.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zip_that_is_no_package_is_refused_with_every_reason() {
    let world = TestGateway::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("note.txt"), "x").expect("written");
    let archive = folder.path().join("a.zip");
    peers::zip(&["pack", archive.to_str().expect("a path"), folder.path().to_str().expect("a path")]);
    let answer = world.post_as(&world.issuer, "application/zip", std::fs::read(&archive).expect("packed")).await;
    assert_eq!(answer.problem(), "warning-rejected");
    let codes: Vec<Value> =
        answer.json()["errors"].as_array().expect("a list").iter().map(|error| error["code"].clone()).collect();
    assert_eq!(codes, ["national-zip-form", "national-zip-name"]);
    let huge = vec![b'P'; 5 << 20];
    assert_eq!(world.post_as(&world.issuer, "application/zip", huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
