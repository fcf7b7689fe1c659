//! Clients other people wrote, as programs of their own: what they understand is the protocol, not a dialect of ours.

use std::{path::PathBuf, process::Stdio};

use fenghuo_centre::{Behaviour, Centre, Form, Receipts, Rule, When};
use serde_json::{Value, json};
use tokio::process::Command;

/// Several segments of UCS-2, with pairs of surrogates at borders.
fn long_text() -> String {
    "台风红色预警🔥".repeat(20)
}

/// Runs a script of tests/peers against a centre; answers its lines.
async fn peer(script: &str, centre: &Centre, arguments: &[&str]) -> Vec<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("FENGHUO_VENV").map_or_else(|| root.join("target/venv"), PathBuf::from);
    let python = venv.join("bin/python3");
    assert!(python.exists(), "the tests' Python environment is missing; run: cargo xtask test");
    let port = centre.address().port().to_string();
    let output = Command::new(python)
        .arg(root.join("tests/peers").join(script))
        .arg(port)
        .args(arguments)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {error}; with a missing package run: cargo xtask test");
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The values of one kind of line.
fn of<'a>(kind: &'a str, told: &'a [Value]) -> Vec<&'a Value> {
    told.iter().filter_map(|line| line.get(kind)).collect()
}

#[tokio::test]
async fn smpplib_sends_a_long_text_and_reads_the_receipts() {
    let centre = Centre::smpp(Behaviour::default()).start().await;
    let text = long_text();
    let given = ["900001", "secret", "8613800000001", &text, "--deliveries", "3"];
    let told = peer("smpplib_client.py", &centre, &given).await;
    assert_eq!(of("answer", &told), [0, 0, 0]);
    let ids = of("id", &told);
    let receipts = of("receipt", &told);
    assert_eq!(receipts.iter().map(|receipt| &receipt["id"]).collect::<Vec<_>>(), ids);
    assert!(receipts.iter().all(|receipt| receipt["state"] == 2));
    let arrived = centre.arrived();
    assert_eq!((arrived.len(), &*arrived[0].text, arrived[0].segments), (1, &*text, 3));
    let counts = centre.counts();
    assert_eq!((counts.acknowledged, counts.unbinds, counts.malformed), (3, 1, 0));
}

#[tokio::test]
async fn smpplib_reads_every_form_of_receipt() {
    for (form, has_id, has_text) in [(Form::Text, false, true), (Form::Tlv, true, false), (Form::Both, true, true)] {
        let receipts = Receipts { form, when: When::BeforeAnswer, ..Receipts::default() };
        let centre = Centre::smpp(Behaviour { receipts, ..Behaviour::default() }).start().await;
        let given = ["900001", "secret", "8613800000001", "water rises", "--deliveries", "1"];
        let told = peer("smpplib_client.py", &centre, &given).await;
        let first = told.iter().position(|line| line.get("receipt").is_some()).unwrap();
        assert!(first < told.iter().position(|line| line.get("answer").is_some()).unwrap(), "{told:?}");
        let receipt = &told[first]["receipt"];
        assert_eq!((receipt["id"] == "1", receipt["text"].is_string()), (has_id, has_text), "{told:?}");
    }
}

#[tokio::test]
async fn smpplib_reads_refusals() {
    for bare_errors in [false, true] {
        let rules = vec![Rule::refuse("9", 0x58)];
        let centre = Centre::smpp(Behaviour { rules, bare_errors, ..Behaviour::default() }).start().await;
        let told = peer("smpplib_client.py", &centre, &["900001", "secret", "8613800000009", "water"]).await;
        assert_eq!(of("answer", &told), [0x58]);
        assert_eq!(centre.counts().arrived, 0);
        let told = peer("smpplib_client.py", &centre, &["900001", "wrong", "8613800000001", "water"]).await;
        assert_eq!(told, [json!({"bound": 0x0E})]);
    }
}

#[tokio::test]
async fn smpplib_reads_what_people_say() {
    let centre = Centre::smpp(Behaviour::default()).start().await;
    centre.say("8613800000001", "收到🔥");
    let given = ["900001", "secret", "8613800000001", "water rises", "--form", "payload", "--deliveries", "2"];
    let told = peer("smpplib_client.py", &centre, &given).await;
    assert_eq!(of("said", &told), ["收到🔥"]);
    assert_eq!(of("from", &told), ["8613800000001"]);
    assert_eq!(centre.arrived()[0].text, "water rises");
}

#[tokio::test]
async fn aiosmpplib_sends_a_long_text_and_parses_the_receipt() {
    let text = long_text();
    for form in ["udh", "payload"] {
        let centre = Centre::smpp(Behaviour::default()).start().await;
        let given = ["900001", "secret", "8613800000001", &text, "--form", form, "--deliveries", "1"];
        let told = peer("aiosmpplib_client.py", &centre, &given).await;
        assert_eq!(of("answer", &told), [0], "{form}");
        let receipts = of("receipt", &told);
        assert!(receipts.iter().all(|receipt| receipt["stat"] == "DELIVRD"), "{told:?}");
        assert_eq!(receipts.len(), 1);
        assert_eq!(centre.arrived()[0].text, text, "{form}");
    }
}

#[tokio::test]
async fn pycmpp_sends_a_long_text() {
    let centre = Centre::cmpp(Behaviour::default()).start().await;
    // pycmpp cuts by characters, so a pair of surrogates counts as one to it.
    let text = "台风红色预警，请立即撤离。".repeat(10);
    let told = peer("pycmpp_client.py", &centre, &["900001", "secret", "13800000001", &text]).await;
    assert_eq!(told[..2], [json!({"connected": 0, "version": 0x21}), json!({"alive": true})]);
    assert_eq!(of("answer", &told), [0, 0, 0]);
    let ids = of("id", &told);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids.iter().all(|id| id.as_u64() > Some(1 << 60)), "{ids:?}");
    let arrived = centre.arrived();
    assert_eq!((arrived.len(), &*arrived[0].text, arrived[0].segments), (1, &*text, 3));
    assert!(arrived[0].receipt);
    centre.until(|counts| counts.unbinds == 1).await;
}

#[tokio::test]
async fn pycmpp_reads_refusals() {
    let rules = vec![Rule::refuse("9", 8)];
    let centre = Centre::cmpp(Behaviour { rules, ..Behaviour::default() }).start().await;
    let told = peer("pycmpp_client.py", &centre, &["900001", "secret", "13800000009", "台风"]).await;
    assert_eq!(of("answer", &told), [8]);
    let told = peer("pycmpp_client.py", &centre, &["900001", "wrong", "13800000001", "台风"]).await;
    assert_eq!(of("connected", &told), [3]);
    let told = peer("pycmpp_client.py", &centre, &["900009", "secret", "13800000001", "台风"]).await;
    assert_eq!(of("connected", &told), [2]);
}
