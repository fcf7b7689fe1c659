//! Several relays: who steps in, when, and for how long.

use super::{
    relay::{Relay, Script, relay},
    *,
};

const ONE: &[&str] = &["a@example.org"];

fn entry(relay: &Relay) -> RelaySettings {
    let at = relay.address;
    RelaySettings { port: Some(at.port()), tls: Tls::None, ..RelaySettings::of(&at.ip().to_string()) }
}

/// The first relay by the keys of the route, the others by `relays`.
fn several(relays: &[&Relay], change: impl FnOnce(&mut Settings)) -> Email {
    let mut settings = settings(relays[0].address);
    settings.relays = relays[1..].iter().map(|relay| entry(relay)).collect();
    change(&mut settings);
    mailer(&settings)
}

fn seen(relay: &Relay) -> (usize, usize) {
    let log = relay.log.lock().unwrap();
    (log.connections, log.messages.len())
}

#[tokio::test]
async fn the_next_relay_steps_in_when_one_cannot_be_had() {
    for script in [
        &[("GREETING", "421 4.3.2 going down")][..],
        &[("GREETING", "554 5.7.1 you are on a list")],
        &[("GREETING", "drop")],
        &[("EHLO", "501 what")],
        &[("EHLO", "drop")],
    ] {
        let (bad, good, spare) = (relay(script).await, relay(&[]).await, relay(&[]).await);
        let email = several(&[&bad, &good, &spare], |settings| settings.connections = 1);
        for _ in 0..3 {
            assert_eq!(submit(&email, &batch(ONE), BUDGET).await, ["accepted"], "{script:?}");
        }
        // The bad one is asked once, then passed over.
        assert_eq!((seen(&bad), seen(&good), seen(&spare)), ((1, 0), (1, 3), (0, 0)), "{script:?}");
        email.probe().await.unwrap();
    }
}

#[tokio::test]
async fn a_relay_nobody_listens_at_or_that_refuses_the_log_in_is_passed_over() {
    let (gone, good, password) = (relay(&[]).await, relay(&[]).await, secret("geheim"));
    let address = gone.address;
    drop(gone);
    let elsewhere = RelaySettings { port: Some(address.port()), ..entry(&good) };
    let refusing = relay(&[("EHLO", "250-x\r\n250 AUTH PLAIN"), ("AUTH", "535 5.7.8 wrong")]).await;
    let login = RelaySettings {
        username: Some("warning".to_owned()),
        password_file: Some(password.path().to_owned()),
        ..entry(&refusing)
    };
    let email = mailer(&Settings {
        host: None,
        relays: vec![elsewhere, login, entry(&good)],
        ..Settings::of("", "warning@songbei.example")
    });
    assert_eq!(submit(&email, &batch(&["a@example.org", "b@example.org"]), BUDGET).await, ["accepted"; 2]);
    assert_eq!(seen(&good).1, 2);
}

#[tokio::test]
async fn when_its_time_is_over_the_first_relay_is_tried_again() {
    // It is away once and well afterwards.
    let ways = relay::Ways { script: &[("GREETING", "drop")], only: Some(1), ..relay::Ways::default() };
    let (first, second) = (relay::serve(ways).await, relay(&[]).await);
    let email = several(&[&first, &second], |settings| settings.pass_over_ms = 50);
    assert_eq!(submit(&email, &batch(ONE), BUDGET).await, ["accepted"]);
    tokio::time::sleep(Duration::from_millis(60)).await;
    for _ in 0..2 {
        assert_eq!(submit(&email, &batch(ONE), BUDGET).await, ["accepted"]);
    }
    assert_eq!((seen(&first).1, seen(&second).1), (2, 1));
}

#[tokio::test]
async fn what_may_have_reached_a_relay_goes_to_no_other() {
    for (script, expected) in [
        (&[("DOT", "drop")][..], "in doubt"),
        (&[("MAIL", "drop")], "transient"),
        (&[("RCPT", "550 5.1.1 no")], "recipient"),
        (&[("MAIL", "451 4.3.0 later")], "transient"),
        (&[("GREETING", "421 4.7.0 too many connections")], "[throttled]"),
    ] as [(Script, &str); 5]
    {
        let (first, second) = (relay(script).await, relay(&[]).await);
        let email = several(&[&first, &second], |_| {});
        assert_eq!(submit(&email, &batch(ONE), BUDGET).await, [expected], "{script:?}");
        assert_eq!(seen(&second), (0, 0), "{script:?}");
    }
}

#[tokio::test]
async fn of_several_faults_the_one_that_may_pass_is_told() {
    let away: Script = &[("GREETING", "421 4.3.2 going down")];
    let closed: Script = &[("GREETING", "554 5.7.1 you are on a list")];
    for (scripts, expected) in
        [([away, closed], "[transient]"), ([closed, away], "[transient]"), ([closed, closed], "[misconfigured]")]
    {
        let (first, second) = (relay(scripts[0]).await, relay(scripts[1]).await);
        let email = several(&[&first, &second], |_| {});
        assert_eq!(submit(&email, &batch(ONE), BUDGET).await, [expected]);
        assert!(email.probe().await.is_err());
        // With nobody else there, those passed over are asked again.
        assert_eq!(submit(&email, &batch(ONE), BUDGET).await, [expected]);
    }
}

#[tokio::test]
async fn a_silent_relay_costs_one_submit_and_is_passed_over() {
    let (silent, good) = (relay(&[("GREETING", "hang")]).await, relay(&[]).await);
    let email = several(&[&silent, &good], |_| {});
    assert_eq!(submit(&email, &batch(ONE), Duration::from_millis(100)).await, ["[transient]"]);
    assert_eq!(submit(&email, &batch(ONE), BUDGET).await, ["accepted"]);
    let (silent, good) = (relay(&[("GREETING", "hang")]).await, relay(&[]).await);
    let email = several(&[&silent, &good], |settings| settings.connect_timeout_ms = 100);
    assert_eq!(submit(&email, &batch(ONE), BUDGET).await, ["accepted"]);
}
