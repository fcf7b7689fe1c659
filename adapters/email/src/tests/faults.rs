use fenghuo_contract::conformance::{self, Samples};
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::{
    relay::{Relay, Script, Ways, relay, serve},
    *,
};

const THREE: &[&str] = &["a@example.org", "b@example.org", "c@example.org"];

fn email(relay: &Relay, change: impl FnOnce(&mut Settings)) -> Email {
    let mut settings = settings(relay.address);
    change(&mut settings);
    mailer(&settings)
}

#[tokio::test]
async fn everybody_gets_a_message_of_their_own() {
    let relay = relay(&[]).await;
    let verdicts = email(&relay, |_| {}).submit(&batch(THREE), BUDGET).await.unwrap();
    assert_eq!(verdicts[0], Verdict::Accepted(Some(fenghuo_contract::Reference::new("Q1"))));
    let log = relay.log.lock().unwrap();
    let mut to: Vec<_> = log.messages.iter().map(|(to, _)| to.join(",")).collect();
    to.sort();
    assert_eq!(to, THREE);
    for (to, message) in &log.messages {
        assert!(message.contains(&format!("\nTo: {}\n", to[0])), "{message}");
    }
}

#[tokio::test]
async fn a_refused_recipient_stops_nobody() {
    let relay = relay(&[
        ("RCPT TO:<B@", "550 5.1.1 <b@example.org>: no such user"),
        ("RCPT TO:<D@", "452 4.2.2 full"),
        ("RCPT TO:<E@", "451 4.7.1 greylisted"),
        ("RCPT TO:<G@", "554 5.7.1 not for you"),
    ])
    .await;
    let to = ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example", "no address", "g@x.example"];
    let expected = ["accepted", "recipient", "accepted", "transient", "throttled", "recipient", "recipient"];
    for connections in [1, 8] {
        for per_message in [1, 50] {
            let email = email(&relay, |settings| {
                (settings.connections, settings.recipients_per_message) = (connections, per_message);
            });
            assert_eq!(submit(&email, &batch(&to), BUDGET).await, expected, "{connections} {per_message}");
        }
    }
}

#[tokio::test]
async fn urgent_batches_do_not_wait_for_answers_to_others() {
    let relay = relay(&[("RCPT TO:<SLOW", "hang")]).await;
    let email = email(&relay, |settings| settings.connections = 3);
    let slow = batch(&["slow1@x.example", "slow2@x.example", "slow3@x.example", "slow4@x.example"]);
    let asked = || relay.log.lock().unwrap().lines.iter().filter(|line| line.contains("<slow")).count();
    let urgent = async {
        while asked() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        submit(&email, &Batch { urgent: true, ..batch(THREE) }, BUDGET).await
    };
    tokio::select! {
        _ = email.submit(&slow, BUDGET) => panic!("nobody answers it"),
        answers = urgent => assert_eq!(answers, ["accepted"; 3]),
    }
    assert_eq!((asked(), relay.log.lock().unwrap().connections), (2, 3));
}

#[tokio::test]
async fn a_single_connection_serves_both_kinds() {
    let relay = relay(&[]).await;
    let email = email(&relay, |settings| settings.connections = 1);
    for urgent in [false, true] {
        assert_eq!(submit(&email, &Batch { urgent, ..batch(THREE) }, BUDGET).await, ["accepted"; 3]);
    }
    assert_eq!(relay.log.lock().unwrap().connections, 1);
}

#[tokio::test]
async fn recipients_of_one_message_do_not_see_each_other() {
    let relay = relay(&[("RCPT TO:<B@", "550 5.1.1 no")]).await;
    let email = email(&relay, |settings| settings.recipients_per_message = 10);
    assert_eq!(submit(&email, &batch(THREE), BUDGET).await, ["accepted", "recipient", "accepted"]);
    let log = relay.log.lock().unwrap();
    let [(to, message)] = &log.messages[..] else { panic!("{:?}", log.messages) };
    assert_eq!(to.join(","), "a@example.org,c@example.org");
    assert!(message.contains("\nTo: undisclosed-recipients:;\n") && !message.contains("a@example.org"), "{message}");
}

#[tokio::test]
async fn denied_for_all_is_our_fault() {
    let relay = relay(&[("RCPT", "554 5.7.1 relay access denied")]).await;
    assert_eq!(submit(&email(&relay, |_| {}), &batch(THREE), BUDGET).await, ["misconfigured"; 3]);
}

/// What happens on the line, and what it means for one recipient.
const LINE: &[(Script, &str)] = &[
    // Before anything of the message was sent.
    (&[("GREETING", "421 4.3.2 going down")], "[transient]"),
    (&[("GREETING", "421 4.7.0 too many connections")], "[throttled]"),
    (&[("GREETING", "554 5.7.1 you are on a list")], "[misconfigured]"),
    (&[("GREETING", "drop")], "[transient]"),
    (&[("GREETING", "SSH-2.0-OpenSSH_9.2")], "[transient]"),
    (&[("EHLO", "drop")], "[transient]"),
    (&[("EHLO", "501 what")], "[misconfigured]"),
    (&[("MAIL", "421 4.4.2 timeout")], "transient"),
    (&[("MAIL", "421 4.7.28 slow down")], "throttled"),
    (&[("MAIL", "drop")], "transient"),
    (&[("MAIL", "550 5.1.8 bad sender")], "misconfigured"),
    (&[("MAIL", "451 4.3.0 later")], "transient"),
    (&[("MAIL", "550 5.1.8 bad sender"), ("DATA", "354 go on")], "misconfigured"),
    (&[("RCPT", "drop")], "transient"),
    (&[("RCPT", "421 4.3.2 going down")], "transient"),
    (&[("RCPT", "550 5.1.1 no"), ("DATA", "354 go on")], "recipient"),
    (&[("DATA", "drop")], "transient"),
    (&[("DATA", "451 4.3.0 later")], "transient"),
    (&[("DATA", "250 what")], "transient"),
    // After it.
    (&[("DOT", "drop")], "in doubt"),
    (&[("DOT", "hello")], "in doubt"),
    (&[("DOT", "421 4.3.2 going down")], "transient"),
    (&[("DOT", "554 5.6.0 bad message")], "content"),
    (&[("DOT", "552 5.3.4 too big")], "content"),
    (&[("DOT", "451 4.3.0 later")], "transient"),
    (&[("DOT", "550 5.7.26 not authenticated")], "misconfigured"),
];

#[tokio::test]
async fn what_happens_on_the_line_is_classified() {
    for offers in ["250-x\r\n250 PIPELINING", "250 x"] {
        for (script, expected) in LINE {
            let mut script = script.to_vec();
            script.push(("EHLO", offers)); // The first key that fits counts.
            let relay = relay(script.leak()).await;
            let email = email(&relay, |_| {});
            let seen = submit(&email, &batch(&["a@example.org"]), BUDGET).await;
            assert_eq!(seen, [*expected], "{offers:?} {:?}", relay.log.lock().unwrap().lines);
        }
    }
}

#[tokio::test]
async fn silence_costs_the_budget_and_no_more() {
    for (script, expected) in [
        (&[("GREETING", "hang")][..], "[transient]"),
        (&[("EHLO", "hang")], "[transient]"),
        (&[("MAIL", "hang")], "transient"),
        (&[("RCPT", "hang")], "transient"),
        (&[("DATA", "hang")], "transient"),
        (&[("DOT", "hang")], "in doubt"),
    ] {
        let relay = relay(script).await;
        let email = email(&relay, |_| {});
        let seen = submit(&email, &batch(&["a@example.org"]), Duration::from_millis(200)).await;
        assert_eq!(seen, [expected], "{script:?}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_usable() {
    for offers in ["250-x\r\n250 PIPELINING", "250 x"] {
        let script = vec![("EHLO", offers), ("RCPT TO:<B@", "550 5.1.1 no"), ("RCPT TO:<C@", "550 5.1.1 no")];
        let relay = relay(script.leak()).await;
        let email = email(&relay, |settings| settings.connections = 1);
        let to = ["b@x.example", "c@x.example", "a@x.example", "b@x.example", "d@x.example"];
        let expected = ["recipient", "recipient", "accepted", "recipient", "accepted"];
        assert_eq!(submit(&email, &batch(&to), BUDGET).await, expected);
        let log = relay.log.lock().unwrap();
        assert_eq!(log.connections, 1);
        assert_eq!(log.lines.iter().filter(|line| *line == "RSET").count(), 3, "{:?}", log.lines);
    }
}

/// The relay says farewell right after a message, or goes without a word when the next is begun.
#[tokio::test]
async fn a_connection_that_died_at_rest_is_replaced_unnoticed() {
    for (script, only, connections) in [
        (&[("DOT", "250 2.0.0 ok\r\n421 4.4.2 idle")][..], None, 3),
        (&[("MAIL", "drop")], Some(2), 2),
        (&[("MAIL", "421 4.4.2 idle")], Some(2), 2),
    ] {
        let relay = serve(Ways { script, only, ..Ways::default() }).await;
        let email = email(&relay, |settings| settings.connections = 1);
        for _ in 0..3 {
            assert_eq!(submit(&email, &batch(&["a@example.org"]), BUDGET).await, ["accepted"], "{script:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(relay.log.lock().unwrap().connections, connections, "{script:?}");
    }
}

/// Only a connection that had carried something is replaced, and only before the content.
#[tokio::test]
async fn nothing_that_may_have_been_taken_is_sent_again() {
    for (script, only, expected, messages) in
        [(("DOT", "drop"), 2, ["accepted", "in doubt"], 2), (("MAIL", "drop"), 1, ["transient", "accepted"], 1)]
    {
        let relay = serve(Ways { script: vec![script].leak(), only: Some(only), ..Ways::default() }).await;
        let email = email(&relay, |settings| settings.connections = 1);
        assert_eq!(submit(&email, &batch(&THREE[..2]), BUDGET).await, expected, "{script:?}");
        assert_eq!(relay.log.lock().unwrap().messages.len(), messages, "{script:?}");
    }
}

#[tokio::test]
async fn connections_are_kept_bounded_and_renewed() {
    let relay = relay(&[]).await;
    let many: Vec<String> = (0..60).map(|number| format!("a{number}@example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let email = email(&relay, |settings| (settings.connections, settings.messages_per_connection) = (3, 10));
    for _ in 0..2 {
        assert_eq!(submit(&email, &batch(&many), BUDGET).await, vec!["accepted"; 60]);
    }
    email.close().await;
    let log = relay.log.lock().unwrap();
    assert!((12..=15).contains(&log.connections), "{}", log.connections);
    assert_eq!(log.messages.len(), 120);
    let begun = log.lines.iter().filter(|line| line.starts_with("EHLO")).count();
    assert_eq!(log.lines.iter().filter(|line| *line == "QUIT").count(), begun);
}

#[tokio::test]
async fn a_message_larger_than_the_relay_takes_is_not_sent() {
    let relay = relay(&[("EHLO", "250-x\r\n250 SIZE 1000")]).await;
    assert_eq!(submit(&email(&relay, |_| {}), &batch(THREE), BUDGET).await, ["content"; 3]);
    assert!(relay.log.lock().unwrap().messages.is_empty());
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_relay_that_takes_them() {
    let to = ["张三@example.org", "a@example.org"];
    let plain = relay(&[]).await;
    assert_eq!(submit(&email(&plain, |_| {}), &batch(&to), BUDGET).await, ["recipient", "accepted"]);
    let able = relay(&[("EHLO", "250-x\r\n250-SMTPUTF8\r\n250 PIPELINING")]).await;
    assert_eq!(submit(&email(&able, |_| {}), &batch(&to), BUDGET).await, ["accepted"; 2]);
    let log = able.log.lock().unwrap();
    assert!(log.lines.iter().any(|line| line == "MAIL FROM:<warning@songbei.example> SMTPUTF8"), "{:?}", log.lines);
    assert!(log.lines.iter().any(|line| line == "MAIL FROM:<warning@songbei.example>"), "{:?}", log.lines);
}

#[tokio::test]
async fn hostile_addresses_never_reach_the_line() {
    let relay = relay(&[]).await;
    let to = [
        "a@example.org>\r\nRCPT TO:<b@example.org",
        "a@example.org\r\nDATA",
        "a\n@example.org",
        "<a@example.org>",
        "a b@example.org",
        "",
        "@",
        "a@",
        "@example.org",
        "a@exa mple.org",
        "\u{0}@example.org",
    ];
    let long = format!("{}@example.org", "a".repeat(300));
    let mut all = to.to_vec();
    all.push(&long);
    assert_eq!(submit(&email(&relay, |_| {}), &batch(&all), BUDGET).await, vec!["recipient"; 12]);
    assert_eq!(relay.log.lock().unwrap().connections, 0);
}

#[tokio::test]
async fn nobody_listening_is_transient() {
    let gone = relay(&[]).await.address;
    let email = mailer(&settings(gone));
    assert_eq!(submit(&email, &batch(THREE), BUDGET).await, ["[transient]"]);
    assert!(matches!(email.probe().await, Err(Fault::Transient(_))));
}

/// A relay with a certificate of its own making, and the file that vouches for it.
fn tls() -> (TlsAcceptor, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), made.cert.pem()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca_file)
}

const STARTTLS: Script = &[("EHLO", "250-x\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN")];

#[tokio::test]
async fn both_ways_of_tls_carry_messages() {
    for (way, implicit) in [(Tls::Starttls, false), (Tls::Implicit, true)] {
        let (acceptor, ca_file) = tls();
        let relay = serve(Ways { script: STARTTLS, tls: Some(acceptor), implicit, ..Ways::default() }).await;
        let email = email(&relay, |settings| {
            (settings.tls, settings.ca_file) = (way, Some(ca_file.path().to_owned()));
        });
        assert_eq!(submit(&email, &batch(THREE), BUDGET).await, ["accepted"; 3], "{way:?}");
        email.probe().await.unwrap();
        assert_eq!(submit(&email, &batch(THREE), BUDGET).await, ["accepted"; 3], "{way:?}");
        let log = relay.log.lock().unwrap();
        let before = log.lines.iter().filter(|line| line.starts_with("STARTTLS")).count();
        assert_eq!(before, if implicit { 0 } else { log.connections });
    }
}

#[tokio::test]
async fn nothing_goes_out_where_tls_does_not_hold() {
    let (acceptor, ca_file) = tls();
    let (trusted, strange) = (Some(ca_file.path().to_owned()), None);
    for (script, trust, expected) in [
        // Not offered, or taken out on the way.
        (&[("EHLO", "250 x")][..], &trusted, "[misconfigured]"),
        (&[("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "454 4.7.0 not now")], &trusted, "[throttled]"),
        (&[("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "502 5.5.1 no")], &trusted, "[misconfigured]"),
        // A reply slipped in before the handshake, to be taken for one from behind it.
        (&[("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "220 go on\r\n250 forged")], &trusted, "[transient]"),
        // A certificate nobody vouches for.
        (STARTTLS, &strange, "[misconfigured]"),
    ] {
        let relay = serve(Ways { script, tls: Some(acceptor.clone()), ..Ways::default() }).await;
        let email = email(&relay, |settings| (settings.tls, settings.ca_file) = (Tls::Starttls, trust.clone()));
        assert_eq!(submit(&email, &batch(THREE), BUDGET).await, [expected], "{script:?}");
        let log = relay.log.lock().unwrap();
        assert!(log.messages.is_empty() && !log.lines.iter().any(|line| line.starts_with("MAIL")), "{:?}", log.lines);
    }
}

#[tokio::test]
async fn log_in_follows_what_the_relay_offers() {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "geheim\n").unwrap();
    for (script, expected, line) in [
        (&[("EHLO", "250-x\r\n250 AUTH PLAIN LOGIN")][..], "accepted", "AUTH PLAIN AHdhcm5pbmcAZ2VoZWlt"),
        (
            &[("EHLO", "250-x\r\n250 AUTH=LOGIN"), ("AUTH", "334 VXNlcm5hbWU6"), ("D2FYBMLUZW==", "334 UGFzc3dvcmQ6")],
            "accepted",
            "Z2VoZWlt",
        ),
        (&[("EHLO", "250-x\r\n250 AUTH CRAM-MD5")], "[misconfigured]", "EHLO songbei.example"),
        (&[("EHLO", "250 x")], "[misconfigured]", "EHLO songbei.example"),
        (
            &[("EHLO", "250-x\r\n250 AUTH PLAIN"), ("AUTH", "535 5.7.8 wrong")],
            "[misconfigured]",
            "AUTH PLAIN AHdhcm5pbmcAZ2VoZWlt",
        ),
        (
            &[("EHLO", "250-x\r\n250 AUTH PLAIN"), ("AUTH", "454 4.3.0 directory away")],
            "[transient]",
            "AUTH PLAIN AHdhcm5pbmcAZ2VoZWlt",
        ),
    ] {
        let relay = relay(script).await;
        let email = email(&relay, |settings| {
            settings.username = Some("warning".to_owned());
            settings.password_file = Some(password.path().to_owned());
        });
        let seen = submit(&email, &batch(&["a@example.org"]), BUDGET).await;
        let log = relay.log.lock().unwrap();
        assert_eq!(seen, [expected], "{:?}", log.lines);
        assert!(log.lines.iter().any(|said| said == line), "{line} in {:?}", log.lines);
    }
}

fn ed25519_key() -> tempfile::NamedTempFile {
    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    secret(&made.serialize_pem())
}

#[tokio::test]
async fn keeps_the_contract() {
    let relay = relay(&[]).await;
    let samples = Samples { content: content(), addresses: THREE.iter().map(|to| Address::new(*to)).collect() };
    for per_message in [1, 20] {
        let make = || async { Arc::new(email(&relay, |settings| settings.recipients_per_message = per_message)) as _ };
        conformance::run(make, &samples).await.assert();
    }
    let (signing, key) = (ed25519_key(), secret("the key of the return paths"));
    let whole = |settings: &mut Settings| {
        settings.dkim =
            vec![DkimSettings { selector: "s".to_owned(), domain: None, key_file: signing.path().to_owned() }];
        settings.bounces = Some(BounceSettings::of("127.0.0.1:0".parse().unwrap(), key.path().to_owned()));
        settings.notify = vec![Notify::Success, Notify::Failure];
    };
    let make = || async { Arc::new(email(&relay, whole)) as _ };
    conformance::run(make, &samples).await.assert();
}
