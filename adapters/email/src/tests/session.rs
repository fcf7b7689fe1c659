//! What is asked of relays that offer more.

use super::{
    relay::{Script, relay},
    *,
};

const ABLE: Script =
    &[("EHLO", "250-x\r\n250-PIPELINING\r\n250-DSN\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 1000000")];

/// The lines a relay got that begin so.
fn lines(relay: &relay::Relay, beginning: &str) -> Vec<String> {
    let log = relay.log.lock().unwrap();
    log.lines.iter().filter(|line| line.starts_with(beginning)).cloned().collect()
}

#[tokio::test]
async fn reports_are_asked_for_where_the_relay_can() {
    let able = relay(ABLE).await;
    let notify = vec![Notify::Failure, Notify::Delay];
    let email = mailer(&Settings { notify: notify.clone(), ..settings(able.address) });
    assert_eq!(submit(&email, &batch(&["a+b=c@example.org"]), BUDGET).await, ["accepted"]);
    let [mail] = &lines(&able, "MAIL")[..] else { panic!() };
    assert!(mail.ends_with(" RET=HDRS ENVID=0000000000000007-00000000"), "{mail}");
    let rcpt = "RCPT TO:<a+b=c@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@example.org";
    assert_eq!(lines(&able, "RCPT"), [rcpt]);
    let plain = relay(&[]).await;
    let email = mailer(&Settings { notify, ..settings(plain.address) });
    assert_eq!(submit(&email, &batch(&["a@example.org"]), BUDGET).await, ["accepted"]);
    assert_eq!(lines(&plain, "RCPT"), ["RCPT TO:<a@example.org>"]);
    let silent = mailer(&settings(able.address));
    assert_eq!(submit(&silent, &batch(&["z@example.org"]), BUDGET).await, ["accepted"]);
    assert_eq!(lines(&able, "RCPT TO:<z"), ["RCPT TO:<z@example.org>"]);
}

#[tokio::test]
async fn domains_beyond_ascii_need_nothing_local_parts_do() {
    let plain = relay(&[]).await;
    let to = ["zhang@例子.example", "张三@例子.example"];
    assert_eq!(submit(&mailer(&settings(plain.address)), &batch(&to), BUDGET).await, ["accepted", "recipient"]);
    assert_eq!(lines(&plain, "RCPT"), ["RCPT TO:<zhang@xn--fsqu00a.example>"]);
    let able = relay(ABLE).await;
    let notify = vec![Notify::Failure];
    let email = mailer(&Settings { notify, ..settings(able.address) });
    assert_eq!(submit(&email, &batch(&to), BUDGET).await, ["accepted"; 2]);
    let rcpt = "RCPT TO:<张三@xn--fsqu00a.example> NOTIFY=FAILURE";
    assert_eq!(lines(&able, "RCPT TO:<张"), [rcpt]);
    let eight_bit = lines(&able, "MAIL").iter().filter(|line| line.contains(" SMTPUTF8 BODY=8BITMIME")).count();
    assert_eq!(eight_bit, 1);
}

#[tokio::test]
async fn a_token_is_read_again_at_every_log_in() {
    let file = secret("first\n");
    for (script, expected) in [
        (&[("EHLO", "250-x\r\n250 AUTH LOGIN PLAIN XOAUTH2")][..], "accepted"),
        (
            &[
                ("EHLO", "250-x\r\n250 AUTH XOAUTH2"),
                ("AUTH", "334 eyJzdGF0dXMiOiI0MDAifQ=="),
                ("GREETING", "220 x"),
                ("", "535 5.7.8 expired"),
            ],
            "[misconfigured]",
        ),
        (&[("EHLO", "250-x\r\n250 AUTH PLAIN LOGIN")], "[misconfigured]"),
    ] as [(Script, &str); 3]
    {
        let relay = relay(script).await;
        let email = mailer(&Settings {
            username: Some("w@x.example".to_owned()),
            token_file: Some(file.path().to_owned()),
            messages_per_connection: 1,
            ..settings(relay.address)
        });
        for token in ["first", "second"] {
            std::fs::write(file.path(), token).unwrap();
            assert_eq!(submit(&email, &batch(&["a@example.org"]), BUDGET).await, [expected]);
        }
        let said = lines(&relay, "AUTH XOAUTH2 ");
        // The reason is taken note of with an empty line, and only then comes the refusal.
        let noted = relay.log.lock().unwrap().lines.iter().filter(|line| line.is_empty()).count();
        assert_eq!(noted, if script.len() == 4 { 2 } else { 0 });
        if script.len() == 1 && expected == "accepted" {
            use base64::{Engine as _, engine::general_purpose::STANDARD};
            let response = |token: &str| STANDARD.encode(format!("user=w@x.example\x01auth=Bearer {token}\x01\x01"));
            assert_eq!(said, ["first", "second"].map(|token| format!("AUTH XOAUTH2 {}", response(token))));
        }
    }
    let relay = relay(&[("EHLO", "250-x\r\n250 AUTH XOAUTH2")]).await;
    let token_file = Some(file.path().to_owned());
    let email = mailer(&Settings { username: Some("w".to_owned()), token_file, ..settings(relay.address) });
    drop(file);
    assert_eq!(submit(&email, &batch(&["a@example.org"]), BUDGET).await, ["[misconfigured]"]);
}
