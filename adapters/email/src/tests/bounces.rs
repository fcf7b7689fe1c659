//! The listener for reports of non-delivery, talked to line by line.

use fenghuo_contract::{Origin, ReceiptState, Reference};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

const KEY: &str = "the key of the return paths";

/// An adapter that listens, with a relay that takes everything.
pub(super) struct Post {
    pub(super) desk: Arc<Desk>,
    pub(super) email: Email,
    relay: relay::Relay,
    at: SocketAddr,
    _key: tempfile::NamedTempFile,
}

async fn post(change: impl FnOnce(&mut BounceSettings)) -> Post {
    let (relay, desk, key) = (relay::relay(&[]).await, Arc::new(Desk::default()), secret(KEY));
    let mut bounces = BounceSettings::of("127.0.0.1:0".parse().unwrap(), key.path().to_owned());
    change(&mut bounces);
    let settings = Settings {
        envelope_from: Some("bounce@b.songbei.example".to_owned()),
        bounces: Some(bounces),
        ..settings(relay.address)
    };
    let email = Email::new(&settings, Arc::clone(&desk) as _).unwrap();
    let at = email.bounces.as_ref().unwrap().listen().await.unwrap();
    Post { desk, email, relay, at, _key: key }
}

impl Post {
    /// Says everything at once and answers what was said back until the end.
    async fn talk(&self, lines: &[&str]) -> Vec<String> {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(format!("{}\r\n", lines.join("\r\n")).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut said = Vec::new();
        // A peer that is not listed is cut off, which may show as an error.
        if stream.read_to_end(&mut said).await.is_err() {
            return Vec::new();
        }
        String::from_utf8(said).unwrap().lines().map(str::to_owned).collect()
    }

    /// The answer to each line of the dialogue that is about one report.
    async fn report(&self, path: &str, report: &str) -> Vec<String> {
        let to = format!("RCPT TO:<{path}>");
        let mut said = self.talk(&["EHLO mx", "MAIL FROM:<>", &to, "DATA", report, ".", "QUIT"]).await;
        said.drain(..8);
        said
    }
}

/// The return path of a delivery.
fn path(token: Token) -> String {
    format!("bounce+{}@b.songbei.example", Seal::for_return_paths(KEY.as_bytes()).seal(token))
}

const FAILED: &str = "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n550 5.1.1 no";

#[tokio::test]
async fn a_report_comes_back_to_the_delivery_it_is_about() {
    let post = post(|_| {}).await;
    assert_eq!(post.email.profile().receipts, ReceiptStyle::Delivery);
    let mut letters = batch(&["a@example.org", "b@example.org"]);
    letters.items[1].token.round = 3;
    let verdicts = post.email.submit(&letters, BUDGET).await.unwrap();
    let lines = post.relay.log.lock().unwrap().lines.clone();
    for (verdict, item) in verdicts.iter().zip(&letters.items) {
        let Verdict::Accepted(Some(reference)) = verdict else { panic!("{verdict:?}") };
        assert_eq!(reference, &Reference::new(item.token.to_string()));
        let mail = format!("MAIL FROM:<{}> ", path(item.token));
        assert!(lines.iter().any(|line| line.starts_with(&mail)), "{mail} in {lines:?}");
        let said = post.report(&path(item.token).to_ascii_uppercase(), FAILED).await;
        assert!(said[2].starts_with("250 "), "{said:?}");
        let receipts = std::mem::take(&mut *post.desk.receipts.lock().unwrap());
        let [receipt] = &receipts[..] else { panic!("{receipts:?}") };
        assert_eq!((&receipt.reference, receipt.origin), (reference, Origin::Signed));
        let ReceiptState::Failed(cause) = &receipt.state else { panic!("{receipt:?}") };
        assert_eq!((&*cause.code, is_hard(cause)), ("550 5.1.1", true));
    }
    post.email.close().await;
    assert!(TcpStream::connect(post.at).await.is_err());
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let post = post(|_| {}).await;
    let sealed = Seal::for_return_paths(KEY.as_bytes()).seal(Token::new(7, 1));
    for forged in [
        "bounce@b.songbei.example".to_owned(),
        format!("bounce+{sealed}@other.example"),
        format!("other+{sealed}@b.songbei.example"),
        format!("bounce+{sealed}0@b.songbei.example"),
        format!("bounce+{}@b.songbei.example", sealed.replace("-00000001", "-00000002")),
        format!("bounce+{}@b.songbei.example", Seal::for_return_paths(b"another key").seal(Token::new(7, 1))),
        format!("bounce+{}@b.songbei.example", Seal::for_unsubscribing(KEY.as_bytes()).seal(Token::new(7, 1))),
        String::new(),
    ] {
        let said = post.report(&forged, FAILED).await;
        assert!(said[0].starts_with("550 5.1.1") && said[1].starts_with("503 "), "{forged}: {said:?}");
    }
    assert!(post.desk.receipts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_durable() {
    let post = post(|_| {}).await;
    post.desk.refuses.store(true, Ordering::Release);
    let said = post.report(&path(Token::new(7, 1)), FAILED).await;
    assert!(said[2].starts_with("451 4.3.0"), "{said:?}");
    post.desk.refuses.store(false, Ordering::Release);
    let said = post.report(&path(Token::new(7, 1)), "Subject: away\r\n\r\nOn holiday.").await;
    assert!(said[2].starts_with("250 "), "{said:?}");
    assert!(post.desk.receipts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lmtp_answers_for_each_recipient() {
    let post = post(|bounces| bounces.protocol = Protocol::Lmtp).await;
    let [one, two] = [1, 2].map(|index| format!("RCPT TO:<{}>", path(Token::new(7, index))));
    let forged = "RCPT TO:<bounce+x@b.songbei.example>";
    let said = post
        .talk(&["EHLO mx", "LHLO mx", "MAIL FROM:<>", &one, forged, &two, "DATA", FAILED, ".", "RSET", "QUIT"])
        .await;
    let codes: Vec<&str> = said.iter().map(|line| &line[..4]).collect();
    let hello = ["220 ", "500 ", "250-", "250-", "250-", "250-", "250-", "250 "];
    assert_eq!(codes, [&hello[..], &["250 ", "250 ", "550 ", "250 ", "354 ", "250 ", "250 ", "250 ", "221 "]].concat());
    assert_eq!(post.desk.receipts.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_listener_costs_no_more_than_it_may() {
    let post = post(|bounces| (bounces.message_bytes, bounces.silence_ms) = (1_000_000, 300)).await;
    let to = path(Token::new(7, 1));
    let large = |bytes: usize| format!("{FAILED}\r\n{}", "x".repeat(77).repeat(bytes / 77));
    let said = post.report(&to, &large(900_000)).await;
    assert!(said[2].starts_with("250 "), "{said:?}");
    let rcpt = format!("RCPT TO:<{to}>");
    let mut stream = TcpStream::connect(post.at).await.unwrap();
    let begun = format!("EHLO mx\r\nMAIL FROM:<>\r\n{rcpt}\r\nDATA\r\n");
    stream.write_all(begun.as_bytes()).await.unwrap();
    // It may be cut off while it still writes.
    if stream.write_all(large(30_000_000).as_bytes()).await.is_ok() {
        let mut said = Vec::new();
        let read = stream.read_to_end(&mut said).await;
        assert!(read.is_err() || String::from_utf8_lossy(&said).contains("552 5.3.4"), "{read:?}");
    }
    assert_eq!(post.desk.receipts.lock().unwrap().len(), 1);
    let nonsense = post.talk(&["?"; 100]).await;
    assert_eq!((nonsense.len(), nonsense.last().map(|line| &line[..3])), (22, Some("421")));
    let mut silent = TcpStream::connect(post.at).await.unwrap();
    let mut said = String::new();
    silent.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("220 "), "{said}");
    assert!(post.talk(&[&"x".repeat(10_000)]).await.len() <= 1);
}

#[tokio::test]
async fn only_listed_peers_are_heard() {
    let post = post(|bounces| bounces.peers = vec!["192.0.2.1".parse().unwrap()]).await;
    assert_eq!(post.talk(&["EHLO mx"]).await, [""; 0]);
}

#[tokio::test]
async fn a_listener_that_cannot_be_bound_stops_no_warning() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let (relay, key) = (relay::relay(&[]).await, secret(KEY));
    let email =
        mailer(&Settings { bounces: Some(BounceSettings::of(at, key.path().to_owned())), ..settings(relay.address) });
    email.probe().await.unwrap();
    assert_eq!(submit(&email, &batch(&["a@example.org"]), BUDGET).await, ["accepted"]);
    drop(taken);
    assert_eq!(submit(&email, &batch(&["a@example.org"]), BUDGET).await, ["accepted"]);
    assert!(TcpStream::connect(at).await.is_ok());
}
