//! One attempt at a batch: what the provider gets, and what is made of its answer.

use fenghuo_contract::{
    Reference,
    conformance::{self, Samples},
};
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn every_provider_accepts_the_signature_and_gets_the_message() {
    for provider in ALL {
        let mut cloud = Cloud::start(provider).await;
        let adapter = cloud.adapter();
        assert_eq!(submit(&adapter, &batch(&["13800000001"])).await, ["accepted"], "{provider:?}");
        let call = cloud.next().await;
        let number = if provider == Provider::Aliyun { "13800000001" } else { "+8613800000001" };
        assert_eq!(call["numbers"], serde_json::json!([number]), "{call}");
        let token = Token::new(7, 0).to_string();
        let expected = match provider {
            Provider::Aliyun => serde_json::json!({
                "PhoneNumbers": number, "SignName": "松北应急", "TemplateCode": "1002", "OutId": token,
                "TemplateParam": r#"{"issuer":"松北区气象台","level_name":"红色","name":"暴雨"}"#,
            }),
            Provider::Tencent => serde_json::json!({
                "PhoneNumberSet": [number], "SmsSdkAppId": "1400006666", "SignName": "松北应急", "TemplateId": "1002",
                "TemplateParamSet": ["松北区气象台", "暴雨", "红色"], "SessionContext": token,
            }),
            Provider::Huawei => serde_json::json!({
                "from": "8823040504797", "to": number, "templateId": "1002", "signature": "松北应急", "extend": token,
                "templateParas": r#"["松北区气象台","暴雨","红色"]"#, "statusCallback": format!("{CALLBACKS}unguessable"),
            }),
            Provider::Twilio => serde_json::json!({
                "To": number, "From": "+15005550006", "Body": content().text, "ValidityPeriod": "3600",
                "StatusCallback": format!("{CALLBACKS}unguessable"),
            }),
        };
        assert_eq!(call["fields"], expected);
    }
}

#[tokio::test]
async fn huawei_accepts_either_way_of_signing() {
    let mut cloud = Cloud::start(Provider::Huawei).await;
    let signed = adapter(&Settings { auth: Auth::AkSk, ..cloud.settings() });
    assert_eq!(submit(&signed, &batch(&["13800000001", "13800000002"])).await, ["accepted"; 2]);
    assert!(cloud.next().await["fields"].get("extend").is_none(), "it would be the same for several");
    signed.probe().await.unwrap();
}

#[tokio::test]
async fn a_wrong_key_stops_the_route() {
    for provider in ALL {
        let cloud = Cloud::start(provider).await;
        std::fs::write(cloud.folder.path().join("key"), "another").unwrap();
        let settings = cloud.settings();
        for settings in [settings.clone(), Settings { auth: Auth::AkSk, ..settings }] {
            if provider != Provider::Huawei && settings.auth == Auth::AkSk {
                continue;
            }
            let adapter = adapter(&settings);
            assert_eq!(submit(&adapter, &batch(&["13800000001"])).await, ["misconfigured"], "{provider:?}");
            let probed = adapter.probe().await;
            assert!(matches!(probed, Err(Fault::Misconfigured(_))), "{provider:?}: {probed:?}");
        }
    }
}

/// Answers come by number and in another order; one number in words that quote it.
#[tokio::test]
async fn each_number_gets_its_own_answer() {
    let numbers = [
        "13800000404",
        "13800000001",
        "13800000429",
        "nobody",
        "13800000402",
        "13800000999",
        "13800000410",
        "13800000002",
    ];
    for provider in ALL {
        let cloud = Cloud::start(provider).await;
        let verdicts = cloud.adapter().submit(&batch(&numbers), BUDGET).await.unwrap();
        let kinds: Vec<&str> = verdicts.iter().map(kind).collect();
        let often = match provider {
            Provider::Huawei | Provider::Twilio => "throttled",
            _ => "too often",
        };
        let unmentioned =
            if matches!(provider, Provider::Tencent | Provider::Huawei) { "in doubt" } else { "accepted" };
        let expected = ["recipient", "accepted", often, "recipient", "recipient", "transient", unmentioned, "accepted"];
        assert_eq!(kinds, expected, "{provider:?}: {verdicts:?}");
        for verdict in verdicts {
            assert!(!format!("{verdict:?}").contains("138000"), "{provider:?} quotes a number: {verdict:?}");
        }
    }
}

/// Aliyun refuses a whole call for one number and does not say which.
#[tokio::test]
async fn a_call_is_parted_until_the_refused_number_stands_alone() {
    let mut cloud = Cloud::start(Provider::Aliyun).await;
    let numbers: Vec<String> = (0..40).map(|number| format!("1380000{number:04}")).collect();
    let mut numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    numbers[17] = "13800000404";
    numbers[31] = "13800000429";
    let kinds = submit(&cloud.adapter(), &batch(&numbers)).await;
    let mut expected = vec!["accepted"; 40];
    (expected[17], expected[31]) = ("recipient", "too often");
    assert_eq!(kinds, expected);
    let mut taken = Vec::new();
    while taken.len() < 38 {
        let call = cloud.next().await;
        if call["callbacks"] != serde_json::json!([]) {
            taken.extend(call["numbers"].as_array().unwrap().clone());
        }
    }
    taken.sort_by_key(Value::to_string);
    taken.dedup();
    assert_eq!(taken.len(), 38, "everybody else once");
}

/// Looking for the bad ones ends when there are too many of them: the rest wait for another attempt.
#[tokio::test]
async fn looking_for_refused_numbers_has_an_end() {
    let mut cloud = Cloud::start(Provider::Aliyun).await;
    let numbers: Vec<String> = (0..1000).map(|number| format!("138{number:04}0429")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let kinds = submit(&cloud.adapter(), &batch(&numbers)).await;
    assert!(kinds.iter().all(|kind| matches!(*kind, "too often" | "transient")), "{kinds:?}");
    for _ in 0..65 {
        cloud.next().await;
    }
    assert!(cloud.seen.try_recv().is_err(), "32 partings make 65 calls");
}

#[tokio::test]
async fn answers_for_a_whole_call_are_classified() {
    for provider in ALL {
        let cloud = Cloud::start(provider).await;
        let adapter = cloud.adapter();
        for (number, expected) in [
            ("13800000400", "content"),
            ("13800000401", "misconfigured"),
            ("13800000430", "throttled"),
            ("13800000440", "[in doubt]"),
            ("13800000500", "[transient]"),
            ("13800000503", "[throttled]"),
        ] {
            let answer = adapter.submit(&batch(&[number]), BUDGET).await;
            assert_eq!(kinds(&answer), [expected], "{provider:?} {number}: {answer:?}");
            assert!(!format!("{answer:?}").contains("138000"), "{provider:?} quotes a number: {answer:?}");
            if let Err(Fault::Throttled { after, .. }) = answer {
                assert_eq!(after, Some(Duration::from_secs(7)));
            }
        }
    }
}

#[tokio::test]
async fn silence_leaves_the_written_in_doubt_and_the_rest_untouched() {
    for provider in ALL {
        let cloud = Cloud::start(provider).await;
        let adapter = adapter(&Settings { batch_max: Some(2), parallel: 1, ..cloud.settings() });
        let silent = batch(&["13800000408", "13900000408", "13800000001"]);
        let verdicts = adapter.submit(&silent, Duration::from_secs(1)).await.unwrap();
        let kinds: Vec<&str> = verdicts.iter().map(kind).collect();
        let second = if provider == Provider::Twilio { "transient" } else { "in doubt" };
        assert_eq!(kinds, ["in doubt", second, "transient"], "{provider:?}: {verdicts:?}");
        assert_eq!(submit(&adapter, &batch(&["13800000001"])).await, ["accepted"], "{provider:?} works on");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_was_not_reached() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for provider in ALL {
        let cloud = Cloud::start(provider).await;
        let adapter = adapter(&Settings { endpoint: Some(format!("http://{closed}")), ..cloud.settings() });
        assert_eq!(submit(&adapter, &batch(&["13800000001", "+85261234567"])).await, ["[transient]"]);
        assert_eq!(submit(&adapter, &batch(&["13800000001", "nobody"])).await, ["transient", "recipient"]);
        assert!(matches!(adapter.probe().await, Err(Fault::Transient(_))), "{provider:?}");
    }
}

/// The mainland and elsewhere go in calls of their own, with templates of their own.
#[tokio::test]
async fn a_mixed_batch_becomes_two_calls() {
    for provider in CHINESE {
        let mut cloud = Cloud::start(provider).await;
        let mixed = batch(&["+85261234567", "13800000001", "+8613800000002", "+85261234568", "0086 138 0000 0001"]);
        assert_eq!(submit(&cloud.adapter(), &mixed).await, ["accepted"; 5], "{provider:?}");
        let mut calls = [cloud.next().await, cloud.next().await, cloud.next().await];
        calls.sort_by_key(|call| call["numbers"].to_string());
        let counts: Vec<usize> = calls.iter().map(|call| call["numbers"].as_array().unwrap().len()).collect();
        assert_eq!(counts.iter().sum::<usize>(), 5, "the same number goes in a call of its own");
        for call in calls {
            let abroad = call["numbers"].to_string().contains("852");
            let template = ["TemplateCode", "TemplateId", "templateId"].map(|key| call["fields"][key].as_str());
            let expected = if abroad { "9002" } else { "1002" };
            assert_eq!(template.into_iter().flatten().next(), Some(expected), "{provider:?}: {call}");
        }
    }
}

#[tokio::test]
async fn twilio_adds_the_page_of_confirmation_below_the_text() {
    let mut cloud = Cloud::start(Provider::Twilio).await;
    let mut batch = batch(&["+15005550001", "+15005550002"]);
    batch.items[1].confirm = Some("https://w.example/c/1".into());
    let sender = Some("MG0123".to_owned());
    let adapter = adapter(&Settings { sender, parallel: 1, ..cloud.settings() });
    assert_eq!(submit(&adapter, &batch).await, ["accepted"; 2]);
    let plain = cloud.next().await;
    assert_eq!(
        (&plain["fields"]["Body"], &plain["fields"]["MessagingServiceSid"]),
        (&content().text.into(), &"MG0123".into())
    );
    let body = format!("{}\nhttps://w.example/c/1", content().text);
    assert_eq!(cloud.next().await["fields"]["Body"], body);
}

#[tokio::test]
async fn a_probe_sends_nothing() {
    for provider in ALL {
        let mut cloud = Cloud::start(provider).await;
        cloud.adapter().probe().await.unwrap();
        let call = cloud.next().await;
        assert_eq!(
            (&call["numbers"], &call["callbacks"]),
            (&serde_json::json!([]), &serde_json::json!([])),
            "{provider:?}"
        );
    }
}

#[tokio::test]
async fn references_tell_deliveries_apart_and_no_number() {
    let cloud = Cloud::start(Provider::Aliyun).await;
    let verdicts = cloud.adapter().submit(&batch(&["13800000001", "13800000002"]), BUDGET).await.unwrap();
    let references: Vec<&Reference> = verdicts
        .iter()
        .filter_map(|verdict| if let Verdict::Accepted(reference) = verdict { reference.as_ref() } else { None })
        .collect();
    assert_eq!(references.len(), 2);
    assert_ne!(references[0], references[1]);
    assert!(!format!("{references:?}").contains("13800000"), "{references:?}");
}

#[tokio::test]
async fn every_provider_keeps_the_contract() {
    for provider in ALL {
        let cloud = Cloud::start(provider).await;
        let addresses = (0..300).map(|number| Address::new(format!("1391111{number:04}"))).collect();
        let samples = Samples { content: content(), addresses };
        let settings = cloud.settings();
        let make = || async { Arc::new(adapter(&settings)) as Arc<dyn Adapter> };
        conformance::run(make, &samples).await.assert();
    }
}

const LINKED: &str = r#"
[[templates]]
when = { notice = ["officer_call"], drill = "no" }
id = "1009"
text = "请立即确认收到${1}预警：${2}"
parameters = ["level_name", "confirm"]
"#;

/// A call to an officer, with room for a link.
fn calling(provider: Provider) -> Batch {
    let sample = "https://warn.example/c/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    let mut content = Content { confirm_sample: sample.to_owned(), ..content() };
    let notice = if provider == Provider::Twilio { "" } else { "officer_call" };
    for (name, value) in [("notice", notice), ("confirm", sample)] {
        content.values.insert(name.to_owned(), value.to_owned());
    }
    let mut batch = Batch { content: Arc::new(content), ..batch(&["13800000001", "13800000002"]) };
    for (item, word) in batch.items.iter_mut().zip(["a", "b"]) {
        item.confirm = Some(format!("https://warn.example/c/1{word}").into());
    }
    batch
}

#[tokio::test]
async fn each_reader_gets_his_own_link_in_a_call_of_his_own() {
    for provider in ALL {
        let mut cloud = Cloud::start(provider).await;
        let mut settings = cloud.settings();
        if provider != Provider::Twilio {
            #[derive(serde::Deserialize)]
            struct Own {
                templates: Vec<Template>,
            }
            settings.templates.extend(toml::from_str::<Own>(LINKED).unwrap().templates);
        }
        let adapter = adapter(&settings);
        let batch = calling(provider);
        let fit = adapter.fit(&batch.content).unwrap();
        assert!(fit.text.ends_with("xxxx"), "{fit:?}");
        assert_eq!(submit(&adapter, &batch).await, ["accepted"; 2], "{provider:?}");
        let mut seen = Vec::new();
        for _ in 0..2 {
            let call = cloud.next().await;
            let numbers = call["numbers"].as_array().expect("numbers").len();
            let said = call["fields"].to_string();
            let links = [said.contains("warn.example/c/1a"), said.contains("warn.example/c/1b")];
            assert!(numbers == 1 && links[0] != links[1] && !said.contains("xxxx"), "{call}");
            seen.push((call["numbers"][0].to_string().contains("13800000001"), links[0]));
        }
        assert!(seen.iter().all(|(first, own)| first == own) && seen[0] != seen[1], "{provider:?}: {seen:?}");
        // Nobody is sent a place without a link.
        let mut unlinked = batch.clone();
        unlinked.items[0].confirm = None;
        let expected = if provider == Provider::Twilio { "accepted" } else { "content" };
        assert_eq!(submit(&adapter, &unlinked).await, [expected; 2], "{provider:?}");
    }
}

#[test]
fn a_text_leaves_room_for_the_link() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), SECRET).unwrap();
    std::fs::write(folder.path().join("callback"), "unguessable").unwrap();
    let twilio = adapter(&of(Provider::Twilio, folder.path().join("key"), folder.path().join("callback")));
    let sample = "x".repeat(60);
    let text =
        |length: usize| Content { text: "雨".repeat(length), confirm_sample: sample.clone(), ..Content::default() };
    assert_eq!(twilio.fit(&text(9)).unwrap().segments, 1);
    assert_eq!(twilio.fit(&text(10)).unwrap().segments, 2, "the link is counted");
    assert!(twilio.fit(&text(1539)).is_ok());
    assert_eq!(&*twilio.fit(&text(1540)).unwrap_err().code, "TOO-LONG");
}
