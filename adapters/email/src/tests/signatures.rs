//! DKIM signatures, judged by PyPI's `dkimpy`, over what a relay was really given.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{foreign::python, relay::relay, *};

/// A private key made by openssl.
fn key(folder: &Path, name: &str, options: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let made = Command::new("openssl").arg("genpkey").args(options).arg("-out").arg(&path).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path
}

/// What dkimpy says about each signature of a message.
fn verdicts(message: &str, keys: &[(&str, &Path)]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/dkim_verify.py");
    let keys = keys.iter().map(|(selector, path)| format!("{selector}={}", path.display()));
    let mut verifier = Command::new(python());
    let verifier = verifier.arg(script).args(keys).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = verifier.spawn().expect("the tests' Python; run: cargo xtask test");
    running.stdin.take().unwrap().write_all(message.replace('\n', "\r\n").as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "dkimpy is missing? run: cargo xtask test");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_foreign_verifier_believes_what_went_out_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let rsa = key(folder.path(), "rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let ed25519 = key(folder.path(), "ed25519", &["-algorithm", "ed25519"]);
    let unsubscribe = secret("a key to unsubscribe with");
    let dkim = |selector: &str, key_file: &Path| DkimSettings {
        selector: selector.to_owned(),
        domain: None,
        key_file: key_file.to_owned(),
    };
    let relay = relay(&[]).await;
    let email = mailer(&Settings {
        dkim: vec![dkim("one", &rsa), dkim("two", &ed25519)],
        unsubscribe: Some(UnsubscribeSettings {
            url: "https://w.example/unsubscribe".to_owned(),
            key_file: unsubscribe.path().to_owned(),
        }),
        ..settings(relay.address)
    });
    let mut letters = batch(&["a@example.org", "b@example.org"]);
    letters.content =
        Arc::new(Content { text: "a  b\t c  \n\n.\n..x \n\n\n".to_owned(), urgency: Urgency::Medium, ..content() });
    letters.items[0].confirm = Some("https://w.example/c/one".into());
    letters.items[1].confirm = Some(format!("https://w.example/c/{}", "two".repeat(30)).into());
    assert_eq!(submit(&email, &letters, BUDGET).await, ["accepted"; 2]);
    let plain = Content { html: String::new(), attachments: Vec::new(), text: "a\n\n\n".to_owned(), ..content() };
    let plain = Batch { content: Arc::new(plain), ..batch(&["c@example.org"]) };
    assert_eq!(submit(&email, &plain, BUDGET).await, ["accepted"]);
    let good = json!([["rsa-sha256", true], ["ed25519-sha256", true]]);
    let keys = [("one", &*rsa), ("two", &*ed25519)];
    let messages: Vec<String> = relay.log.lock().unwrap().messages.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(messages.len(), 3);
    for message in &messages {
        assert_eq!(verdicts(message, &keys), good, "{message}");
        let unsubscribes = message.contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n");
        assert_eq!(unsubscribes, !message.contains("\nTo: c@"), "{message}");
    }
    for (from, to) in [
        ("\nTo: ", "\nTo: x"),
        ("\nSubject: ", "\nSubject: x\nSubject: "),
        ("/unsubscribe/", "/unsubscribe/x"),
        ("\n--", "\nx\n--"),
    ] {
        let forged = messages[0].replacen(from, to, 1);
        assert_ne!(verdicts(&forged, &keys), good, "{from} → {to}: {forged}");
        assert_ne!(forged, messages[0]);
    }
}

#[test]
fn keys_that_cannot_sign_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in [
        ("short", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..]),
        ("other", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ] {
        let key_file = key(folder.path(), name, options);
        let dkim = DkimSettings { selector: "a b".to_owned(), domain: None, key_file };
        let settings = Settings { dkim: vec![dkim], ..Settings::of("localhost", "w@songbei.example") };
        let SettingsFault(problems) = settings.setup().err().unwrap();
        for key in ["dkim.selector", "dkim.key_file"] {
            assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{name}: {problems:?}");
        }
    }
}
