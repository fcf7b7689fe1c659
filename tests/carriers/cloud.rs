//! A provider in the cloud that carries nothing but templates it approved.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use fenghuo::flow::target::directory::Recipient;
use fenghuo_contract::Channel;
use serde_json::Value;

use super::{ROUTE, number, people, saying, sent, until};
use crate::support::{
    gateway::{TestGateway, route},
    message::STREET,
    peers::{python, script},
};

/// The stand-in of Aliyun, whose signatures are checked with the vendor's own code.
struct Cloud {
    child: Child,
    port: u64,
    calls: Receiver<Value>,
}

impl Cloud {
    fn start() -> Self {
        let mut command = Command::new(python());
        let command = command.arg(script("sms_clouds.py")).args(["aliyun", "--id", "LTAI", "--secret", "kept"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("python3 starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first: Value = serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON");
        let port = first["listening"].as_u64().expect("a port");
        let (sender, calls) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let sent = serde_json::from_str(&line).map(|call| sender.send(call));
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
        });
        Self { child, port, calls }
    }

    fn settings(&self, key: &std::path::Path) -> String {
        format!(
            "provider = 'aliyun'\nkey_id = 'LTAI'\nkey_file = '{}'\nsignature = '松北预警'\n\
             endpoint = 'http://127.0.0.1:{}'\nallow_private = ['127.0.0.0/8']\n\
             [[settings.templates]]\nid = 'SMS_1'\ntext = '【演练】${{issuer}}发布${{hazard_name}}${{level_name}}预警'\n\
             parameters = ['issuer', 'hazard_name', 'level_name']\nwhen = {{ level = ['red', 'orange'] }}\n",
            key.display(),
            self.port
        )
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_that_fits_carries_a_warning_and_what_has_none_is_refused_before_its_release() {
    let cloud = Cloud::start();
    let folder = tempfile::tempdir().expect("a directory");
    let key = folder.path().join("key");
    std::fs::write(&key, "kept").expect("written");
    let settings = cloud.settings(&key);
    let world = TestGateway::with(|config| {
        config.routes.retain(|_, route| !route.channel.reaches_persons());
        // Who passes on for others cannot be asked to write it anew.
        config.issuers.get_mut("relay").expect("the issuer").relay = false;
        config.routes.insert(ROUTE.to_owned(), route("sms", "cloud_sms", &settings));
    })
    .await;
    people(&world, 0..20).await;
    for message in [saying("T1", "yellow", "exercise", 0), saying("T2", "red", "actual", 0)] {
        let refused = world.post(&message).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("channel-cannot-carry"), "{}", refused.text);
    }
    let id = sent(&world, &saying("T3", "red", "exercise", 0)).await;
    let told = world.until(&id, |status| status["done"] == true).await;
    assert_eq!(told["channels"]["sms"]["accepted"], 20, "{told:#}");
    let mut numbers = 0;
    while numbers < 20 {
        let call = cloud.calls.recv_timeout(Duration::from_secs(10)).expect("a call");
        assert_eq!(call["signed"], true, "{call:#}");
        // A test of the link asks for the list of templates.
        if call["action"] == "QuerySmsTemplateList" {
            continue;
        }
        let fields = &call["fields"];
        assert_eq!((&fields["TemplateCode"], &fields["SignName"]), (&"SMS_1".into(), &"松北预警".into()), "{call:#}");
        let values = fields["TemplateParam"].as_str().expect("values");
        assert!(values.contains("松北区防汛抗旱指挥部") && values.contains("红色"), "{values}");
        numbers += fields["PhoneNumbers"].as_str().expect("numbers").split(',').count();
    }
    assert_eq!(numbers, 20);
}

/// Calls to officers and other notices: templates of their own, with what they say as values.
const NOTICES: &str = "[[settings.templates]]\nid = 'SMS_2'\ntext = '【演练】请确认收到${level_name}预警：${confirm}'\n\
     parameters = ['level_name', 'confirm']\nwhen = { notice = ['officer_call'] }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn officers_are_called_by_a_template_of_their_own_each_with_his_own_link() {
    let cloud = Cloud::start();
    let folder = tempfile::tempdir().expect("a directory");
    let key = folder.path().join("key");
    std::fs::write(&key, "kept").expect("written");
    let settings = cloud.settings(&key) + NOTICES;
    let rule = "levels = ['red']\ngroups = ['officials']\nchannels = ['sms']\nconfirm_within_s = 180\n\
                deputy_after_s = 300\ntelephone_after_s = 600";
    let world = TestGateway::with(|config| {
        config.routes.retain(|_, route| !route.channel.reaches_persons());
        config.routes.insert(ROUTE.to_owned(), route("sms", "cloud_sms", &settings));
        config.call.insert("officials".to_owned(), toml::from_str(rule).expect("a rule"));
        config.receipts.confirm_links = vec![Channel::Sms];
    })
    .await;
    let officer = |n: u32| Recipient {
        external_id: format!("officer-{n}"),
        areas: vec![STREET.parse().expect("an area code")],
        groups: vec!["officials".to_owned()],
        language: "zh-CN".to_owned(),
        endpoints: [(Channel::Sms, number(n))].into(),
        drill: true,
        ..Recipient::default()
    };
    world.gateway().directory().put((0..3).map(officer).collect()).await.expect("stored");
    let id = sent(&world, &saying("T4", "red", "exercise", 0)).await;
    let mut links = BTreeMap::new();
    while links.len() < 3 {
        let call = cloud.calls.recv_timeout(Duration::from_secs(20)).expect("a call");
        let fields = &call["fields"];
        if fields["TemplateCode"] != "SMS_2" {
            continue;
        }
        let values: Value = serde_json::from_str(fields["TemplateParam"].as_str().expect("values")).expect("JSON");
        assert_eq!(values["level_name"], "红色", "{call:#}");
        let link = values["confirm"].as_str().expect("a link").to_owned();
        links.insert(fields["PhoneNumbers"].as_str().expect("one number").to_owned(), link);
    }
    // Each link is its reader's: it confirms for him and for nobody else.
    let own = &links[&number(1)];
    let path = own.strip_prefix(&world.base).expect("of this gateway");
    let pressed = world.ask(reqwest::Method::POST, path, "", &[], Vec::new()).await;
    assert!(pressed.status.is_success() || pressed.status.is_redirection(), "{} {}", pressed.status, pressed.text);
    let confirmed = async || {
        let calls = world.get(&format!("/v1/warnings/{id}/calls"), &world.operator).await.json();
        let items = calls["items"].as_array().expect("a list").clone();
        let confirmed = items.into_iter().filter(|call| call["state"] == "confirmed");
        confirmed.filter_map(|call| call["external_id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    // The list follows what was pressed, with its next look.
    until("somebody has confirmed", async || !confirmed().await.is_empty()).await;
    assert_eq!(confirmed().await, ["officer-1"]);
}
