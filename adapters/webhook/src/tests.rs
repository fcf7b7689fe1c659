//! Against a server of this machine that says what it is told to say.

mod foreign;

use std::{net::SocketAddr, sync::Mutex};

use fenghuo_contract::{
    Address, Content, NotTaken, Receipt, Reply, Scope,
    conformance::{self, Samples},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::*;

const BUDGET: Duration = Duration::from_secs(5);
const SECRETS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name));
        line.map(|(_, value)| value).unwrap_or_default()
    }
}

/// A server that gives every request the same answer.
pub(crate) struct Peer {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: JoinSet<()>,
}

impl Peer {
    /// `answer` is everything behind `HTTP/1.1 `; when it is empty, no answer comes.
    pub(crate) async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut calls = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                calls.spawn(serve(stream, answer, Arc::clone(&kept)));
            }
        });
        Self { address, seen, _serving: serving }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: &'static str, seen: Arc<Mutex<Vec<Seen>>>) {
    let (mut text, mut buffer) = (Vec::new(), vec![0; 65_536]);
    loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        text.extend_from_slice(&buffer[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let request = Seen { head: head.to_owned(), body: body.to_owned() };
        if body.len() < request.header("content-length").parse().unwrap_or(0) {
            continue;
        }
        seen.lock().unwrap().push(request);
        if answer.is_empty() {
            std::future::pending::<()>().await;
        }
        stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await.ok();
        text.clear();
    }
}

/// Takes every word.
#[derive(Default)]
struct Words(Mutex<Vec<Receipt>>);

#[async_trait]
impl ReceiptSink for Words {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        self.0.lock().unwrap().extend(receipts);
        Ok(())
    }

    async fn reply(&self, _replies: Vec<Reply>) -> Result<(), NotTaken> {
        Ok(())
    }
}

pub(crate) struct Partner {
    pub(crate) webhook: Webhook,
    words: Arc<Words>,
}

pub(crate) fn partner(address: SocketAddr, secrets: &[&str]) -> Partner {
    let folder = tempfile::tempdir().unwrap();
    let files = secrets.iter().enumerate().map(|(number, secret)| {
        let file = folder.path().join(number.to_string());
        std::fs::write(&file, format!("{secret}\n")).unwrap();
        file
    });
    let settings = settings(&format!("http://{address}/hook?key=hidden"), files.collect());
    let words = Arc::new(Words::default());
    let webhook = Webhook::new(&settings, Arc::clone(&words) as _, Arc::new(|| 1_795_478_400)).unwrap();
    Partner { webhook, words }
}

fn settings(url: &str, secret_files: Vec<std::path::PathBuf>) -> Settings {
    Settings {
        url: url.to_owned(),
        secret_files,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ca_file: None,
        connect_timeout_ms: 5000,
        timeout_ms: 15_000,
    }
}

pub(crate) fn batch(text: &str, tokens: &[Token]) -> Batch {
    let item = |token: &Token| Item { token: *token, address: Address::new("city"), attempt: 1, confirm: None };
    let content = Content { text: text.to_owned(), ..Content::default() };
    Batch { content: Arc::new(content), items: tokens.iter().map(item).collect(), urgent: false }
}

const OK: &str = "204 No Content\r\n\r\n";

#[tokio::test]
async fn posts_the_text_as_it_is_signed_by_every_key() {
    let peer = Peer::start(OK).await;
    let partner = partner(peer.address, &SECRETS);
    let body = "{\"type\":\"warning.released\", \"暴雨\": 1}";
    let token = Token { plan: 7, index: 3, round: 0 };
    for _ in 0..2 {
        let verdicts = partner.webhook.submit(&batch(body, &[token]), BUDGET).await.unwrap();
        let id = "msg_0000000000000007-00000003";
        assert_eq!(verdicts, [Verdict::Accepted(Some(Reference::new(id)))]);
    }
    let again = Token { round: 1, ..token };
    partner.webhook.submit(&batch(body, &[again]), BUDGET).await.unwrap();
    let seen = peer.seen();
    assert!(seen[0].head.starts_with("POST /hook?key=hidden HTTP/1.1\r\n"), "{seen:?}");
    assert_eq!((seen[0].body.as_str(), seen[0].header("content-type")), (body, "application/json"));
    assert_eq!(seen[0].header("webhook-timestamp"), "1795478400");
    assert_eq!(seen[0].header("webhook-signature").split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    let ids: Vec<&str> = seen.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids[0], ids[1], "the same on every attempt");
    assert_ne!(ids[1], ids[2], "another when a person ordered it again");
    let words = partner.words.0.lock().unwrap();
    assert!(words.len() == 3 && words.iter().all(|word| word.state == ReceiptState::Delivered), "{words:?}");
}

fn kind(answer: &Result<Vec<Verdict>, Fault>) -> &'static str {
    match answer {
        Ok(verdicts) => match verdicts[0] {
            Verdict::Accepted(_) => "accepted",
            Verdict::RefusedRecipient(_) => "recipient",
            Verdict::RefusedContent(_) => "content",
            Verdict::Misconfigured(_) => "misconfigured",
            Verdict::Throttled { .. } => "throttled",
            Verdict::Transient(_) => "transient",
            Verdict::InDoubt(_) => "in doubt",
        },
        Err(Fault::InDoubt(_)) => "unanswered",
        Err(Fault::Transient(_)) => "unreached",
        Err(_) => "fault",
    }
}

#[tokio::test]
async fn answers_are_classified() {
    for (answer, expected) in [
        ("200 OK\r\nContent-Length: 0\r\n\r\n", "accepted"),
        ("202 Accepted\r\nContent-Length: 0\r\n\r\n", "accepted"),
        ("302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "misconfigured"),
        ("308 Permanent Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", "misconfigured"),
        ("400 Bad Request\r\nContent-Length: 0\r\n\r\n", "transient"),
        ("401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "misconfigured"),
        ("404 Not Found\r\nContent-Length: 0\r\n\r\n", "misconfigured"),
        ("410 Gone\r\nContent-Length: 0\r\n\r\n", "recipient"),
        ("413 Content Too Large\r\nContent-Length: 0\r\n\r\n", "content"),
        ("429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", "throttled"),
        ("500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "transient"),
        ("503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", "throttled"),
        ("503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "transient"),
        ("", "unanswered"),
    ] {
        let peer = Peer::start(answer).await;
        let partner = partner(peer.address, &SECRETS[..1]);
        let budget = if answer.is_empty() { Duration::from_millis(200) } else { BUDGET };
        let said = partner.webhook.submit(&batch("{}", &[Token::new(1, 1)]), budget).await;
        assert_eq!(kind(&said), expected, "{answer}: {said:?}");
        assert_eq!(peer.seen().len(), 1, "{answer}: once, and no redirect is followed");
        if let Ok(Some(Verdict::Throttled { scope, after, .. })) = said.as_ref().map(|verdicts| verdicts.first()) {
            assert_eq!((*scope, *after), (Scope::Account, Some(Duration::from_secs(7))));
        }
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let said = partner(closed, &SECRETS).webhook.submit(&batch("{}", &[Token::new(1, 1)]), BUDGET).await;
    assert_eq!(kind(&said), "unreached", "{said:?}");
}

/// The body of an answer that never ends keeps nobody: its head has said everything.
#[tokio::test]
async fn no_body_of_an_answer_is_waited_for() {
    let peer = Peer::start("200 OK\r\nContent-Length: 1000000\r\n\r\nx").await;
    let partner = partner(peer.address, &SECRETS);
    let said = partner.webhook.submit(&batch("{}", &[Token::new(1, 1)]), BUDGET).await;
    assert_eq!(kind(&said), "accepted", "{said:?}");
}

#[tokio::test]
async fn a_ping_is_signed_and_says_what_a_submit_would() {
    for (answer, works) in [
        (OK, true),
        ("401 Unauthorized\r\nContent-Length: 0\r\n\r\n", false),
        ("410 Gone\r\nContent-Length: 0\r\n\r\n", false),
        ("500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", false),
    ] {
        let peer = Peer::start(answer).await;
        let partner = partner(peer.address, &SECRETS);
        assert_eq!(partner.webhook.probe().await.is_ok(), works, "{answer}");
        partner.webhook.probe().await.ok();
        let seen = peer.seen();
        assert!(seen[0].body.contains("\"ping\"") && seen[0].body.contains("\"test\""), "{seen:?}");
        assert!(seen[0].header("webhook-signature").starts_with("v1,"));
        assert_ne!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    }
}

#[tokio::test]
async fn goes_nowhere_inside_that_is_not_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRETS[0]).unwrap();
    let sink = || Arc::new(Words::default()) as Arc<dyn ReceiptSink>;
    for url in [
        "http://127.0.0.1/",
        "https://127.0.0.1:8443/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://[64:ff9b::7f00:1]/",
        "https://user:pass@hooks.example.org/",
        "ftp://hooks.example.org/",
        "hooks",
    ] {
        let settings = Settings { allow_private: Vec::new(), ..settings(url, vec![secret.clone()]) };
        let fault = Webhook::new(&settings, sink(), Arc::new(|| 0)).err().map(|fault| fault.to_string());
        assert!(fault.is_some_and(|fault| fault.starts_with("url: ")), "{url}");
    }
    // A name is checked where it is connected to.
    let peer = Peer::start(OK).await;
    let url = format!("http://localhost.localdomain:{}/", peer.address.port());
    let settings = Settings { allow_private: Vec::new(), ..settings(&url, vec![secret]) };
    if let Ok(webhook) = Webhook::new(&settings, sink(), Arc::new(|| 0)) {
        assert!(webhook.probe().await.is_err());
    }
    assert!(peer.seen().is_empty());
}

#[test]
fn settings_tell_everything_that_is_wrong_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad");
    std::fs::write(&bad, "no secret").unwrap();
    let missing = folder.path().join("missing");
    let settings = settings("ftp://hooks.example.org/very-hidden", vec![bad, missing]);
    let sink = Arc::new(Words::default());
    let fault = Webhook::new(&settings, sink, Arc::new(|| 0)).err().unwrap();
    assert_eq!(fault.0.len(), 3, "{fault}");
    assert!(!format!("{fault} {settings:?}").contains("hidden") && !fault.to_string().contains("no secret"));
}

#[test]
fn the_table_says_something_of_every_usual_status() {
    assert_eq!(CODES.class("410"), fenghuo_contract::Class::Recipient);
    assert_eq!(CODES.class("415"), fenghuo_contract::Class::Content, "of the usual table");
}

#[tokio::test]
async fn keeps_the_contract() {
    let peer = Peer::start("200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let samples = Samples {
        content: Content { text: "{\"type\":\"warning.released\"}".to_owned(), ..Content::default() },
        addresses: ["city", "county"].map(Address::new).into(),
    };
    let address = peer.address;
    let make = || async move { Arc::new(partner(address, &SECRETS).webhook) as Arc<dyn Adapter> };
    conformance::run(make, &samples).await.assert();
}
