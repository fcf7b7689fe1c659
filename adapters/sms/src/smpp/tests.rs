//! Against a message centre of choice behaviour, written by another hand, and against a foreign one.

mod answers;
mod foreign;
mod links;
mod receipts;
mod texts;

use std::{
    path::PathBuf,
    sync::{Mutex, atomic::AtomicUsize},
    time::Duration,
};

use async_trait::async_trait;
use bytes::{BufMut, BytesMut};
use fenghuo_centre::{Behaviour, Centre};
use fenghuo_contract::{
    Adapter, Address, Batch, Content, Fault, Item, NotTaken, Receipt, ReceiptState, Reference, Reply, Token, Urgency,
    Verdict, conformance,
};
use tempfile::TempDir;

use super::{message::relative, pdu::Header, *};
use crate::{Coding, Link, Text, protocol::Protocol};

const BUDGET: Duration = Duration::from_secs(10);

/// When the tests take place: seconds since 1970.
const NOW: i64 = 1_780_000_000;

/// Keeps what it is given; refuses as often as told before.
#[derive(Default)]
struct Sink {
    receipts: Mutex<Vec<Receipt>>,
    replies: Mutex<Vec<Reply>>,
    refuses: AtomicUsize,
}

impl Sink {
    fn refuses_now(&self) -> bool {
        use std::sync::atomic::Ordering::SeqCst;
        self.refuses.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn states(&self) -> Vec<(Reference, &'static str)> {
        let state = |receipt: &Receipt| match receipt.state {
            ReceiptState::Delivered => "delivered",
            ReceiptState::Confirmed => "confirmed",
            ReceiptState::Failed(_) => "failed",
        };
        self.receipts.lock().unwrap().iter().map(|receipt| (receipt.reference.clone(), state(receipt))).collect()
    }

    async fn until_receipts(&self, count: usize) -> Vec<(Reference, &'static str)> {
        until("receipts", || self.states().len() >= count).await;
        self.states()
    }
}

#[async_trait]
impl ReceiptSink for Sink {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        if self.refuses_now() {
            return Err(NotTaken);
        }
        self.receipts.lock().unwrap().extend(receipts);
        Ok(())
    }

    async fn reply(&self, replies: Vec<Reply>) -> Result<(), NotTaken> {
        if self.refuses_now() {
            return Err(NotTaken);
        }
        self.replies.lock().unwrap().extend(replies);
        Ok(())
    }
}

/// Waits until something is so.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}: it did not become so");
}

/// A route to a message centre, with its sink; the folder holds the password.
struct World {
    centre: Centre,
    sms: Arc<Sms>,
    sink: Arc<Sink>,
    _folder: TempDir,
}

impl World {
    async fn new(behaviour: Behaviour, change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(Centre::smpp(behaviour).start().await, change)
    }

    fn at(centre: Centre, change: impl FnOnce(&mut Settings)) -> Self {
        let (folder, password_file) = password("secret");
        let mut settings = settings(centre.address().port(), password_file);
        change(&mut settings);
        let sink = Arc::<Sink>::default();
        let sms = Sms::smpp(&settings, Arc::clone(&sink) as Arc<dyn ReceiptSink>, Arc::new(|| NOW), 7);
        Self { centre, sms: Arc::new(sms.unwrap()), sink, _folder: folder }
    }

    async fn submit(&self, numbers: &[&str]) -> Vec<&'static str> {
        kinds(self.sms.submit(&batch(content(), numbers), BUDGET).await)
    }

    /// References of accepted items.
    async fn accept(&self, content: Content, numbers: &[&str]) -> Vec<Reference> {
        let verdicts = self.sms.submit(&batch(content, numbers), BUDGET).await.unwrap();
        let reference = |verdict: Verdict| match verdict {
            Verdict::Accepted(Some(reference)) => reference,
            other => panic!("{other:?}"),
        };
        verdicts.into_iter().map(reference).collect()
    }
}

fn password(word: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{word}\n")).unwrap();
    (folder, file)
}

fn settings(port: u16, password_file: PathBuf) -> Settings {
    let mut settings = Settings::of("127.0.0.1", "900001", password_file);
    settings.link = Link { port: Some(port), reconnect_max_ms: 100, ..Link::of("127.0.0.1") };
    "12379".clone_into(&mut settings.source);
    settings
}

/// The protocol of a route.
pub(super) fn smpp(change: impl FnOnce(&mut Settings)) -> Smpp {
    let (_folder, password_file) = password("secret");
    let mut settings = settings(1, password_file);
    change(&mut settings);
    settings.ready(Arc::new(|| NOW)).unwrap().protocol
}

fn content() -> Content {
    Content {
        language: "zh-CN".to_owned(),
        text: "暴雨红色预警：请勿外出。".to_owned(),
        urgency: Urgency::Highest,
        released_at: NOW,
        expires_at: NOW + 3_600,
        ..Content::default()
    }
}

fn texts(text: &str) -> Content {
    Content { text: text.to_owned(), ..content() }
}

fn batch(content: Content, numbers: &[&str]) -> Batch {
    let item = |(index, number): (u32, &&str)| Item {
        token: Token::new(7, index),
        address: Address::new(*number),
        attempt: 1,
        confirm: None,
    };
    Batch { content: Arc::new(content), items: (0..).zip(numbers).map(item).collect(), urgent: false }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::RefusedRecipient(_) => "recipient",
        Verdict::RefusedContent(_) => "content",
        Verdict::Misconfigured(_) => "misconfigured",
        Verdict::Throttled { .. } => "throttled",
        Verdict::Transient(_) => "transient",
        Verdict::InDoubt(_) => "in doubt",
    }
}

/// The kinds of the verdicts, or of the fault in brackets.
fn kinds(answer: Result<Vec<Verdict>, Fault>) -> Vec<&'static str> {
    match answer {
        Ok(verdicts) => verdicts.iter().map(kind).collect(),
        Err(Fault::Misconfigured(_)) => vec!["[misconfigured]"],
        Err(Fault::Throttled { .. }) => vec!["[throttled]"],
        Err(Fault::Transient(_)) => vec!["[transient]"],
        Err(Fault::InDoubt(_)) => vec!["[in doubt]"],
    }
}

#[tokio::test]
async fn the_adapter_conforms() {
    let centre = Centre::smpp(Behaviour::default()).start().await;
    let (_folder, password_file) = password("secret");
    let settings = settings(centre.address().port(), password_file);
    let samples = conformance::Samples {
        content: content(),
        addresses: vec![Address::new("13812341234"), Address::new("13812341235")],
    };
    let make = || async {
        let sink = Arc::<Sink>::default();
        Arc::new(Sms::smpp(&settings, sink, Arc::new(|| NOW), 7).unwrap()) as Arc<dyn Adapter>
    };
    conformance::run(make, &samples).await.assert();
}

#[test]
fn the_built_in_codes_are_read() {
    assert_eq!(BUILT_IN.class("0x58"), fenghuo_contract::Class::Throttled);
    assert_eq!(BUILT_IN.class("0x0B"), fenghuo_contract::Class::Recipient);
}

#[test]
fn every_problem_is_reported_at_once() {
    let settings = Settings {
        system_id: "an-account-too-long".to_owned(),
        system_type: "a-type-too-long".to_owned(),
        source: "松北".to_owned(),
        source_ton: Some(7),
        source_npi: Some(19),
        destination_ton: 7,
        destination_npi: 19,
        country_code: "+86".to_owned(),
        service_type: "TOO-LONG".to_owned(),
        priority_max: 4,
        destinations: 255,
        utc_offset_minutes: 841,
        link: Link { binds: 0, window: Some(0), answer_timeout_ms: Some(0), ..Link::of("smsc.example") },
        text: Text { segments_max: 0, codings: Some(vec![Coding::Gbk]), ..Text::default() },
        ..Settings::of("", "", "/nowhere/password")
    };
    let sink = Arc::<Sink>::default();
    let SettingsFault(problems) = Sms::smpp(&settings, sink, Arc::new(|| NOW), 7).err().unwrap();
    for key in [
        "link.binds",
        "link.window",
        "link.answer_timeout_ms",
        "link.tls",
        "text.segments_max",
        "text.codings",
        "system_id",
        "system_type",
        "source",
        "source_ton",
        "source_npi",
        "destination_ton",
        "destination_npi",
        "country_code",
        "service_type",
        "priority_max",
        "destinations",
        "utc_offset_minutes",
        "password_file",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
}

#[test]
fn the_documented_sample_is_read_and_unknown_keys_are_not() {
    let (_folder, file) = password("secret");
    let sample = format!(
        "system_id = \"songbei\"\npassword_file = {file:?}\nsource = \"12379\"\n\
         link = {{ host = \"smsc.example\", tls = \"implicit\", binds = 2, window = 50 }}\n\
         text = {{ signature = \"【松北应急】\", segments_max = 4 }}\n"
    );
    let settings: Settings = toml::from_str(&sample).unwrap();
    let ready = settings.ready(Arc::new(|| NOW)).unwrap();
    assert_eq!((ready.line.port, ready.line.binds, ready.text.segments_max), (3550, 2, 4));
    for unknown in ["password = \"x\"\n", "[extra]\nhost = \"x\"\n"] {
        assert!(toml::from_str::<Settings>(&format!("{sample}{unknown}")).is_err(), "{unknown}");
    }
    assert!(toml::from_str::<Settings>(&sample.replace("binds", "bind")).is_err());
}

#[test]
fn relative_times_are_never_less_than_what_is_left() {
    for (seconds, written) in [
        (-5, "000000000001000R"),
        (59, "000000000059000R"),
        (3_600, "000000010000000R"),
        (86_399, "000000235959000R"),
        (28 * 86_400 + 1, "000028000001000R"),
        (29 * 86_400, "000200000000000R"),
        (400 * 86_400, "010300000000000R"),
    ] {
        assert_eq!(relative(seconds), written, "{seconds}");
    }
    assert_eq!(relative(i64::MAX).len(), 16);
}

/// The least a relative time can mean: months of 28 days, years of twelve of them.
fn least(written: &str) -> i64 {
    let two = |place: usize| written[place..place + 2].parse::<i64>().unwrap();
    ((two(0) * 12 + two(2)) * 28 + two(4)) * 86_400 + two(6) * 3_600 + two(8) * 60 + two(10)
}

proptest::proptest! {
    #[test]
    fn relative_times_hold_at_least_as_long(seconds in 1..90_i64 * 336 * 86_400) {
        proptest::prop_assert!(least(&relative(seconds)) >= seconds);
    }

    #[test]
    fn whatever_comes_is_read_without_panic(command in 0..0x20_u32, bit in 0..2_u32, body in proptest::collection::vec(0..=255_u8, 0..120)) {
        let protocol = smpp(|_| ());
        let mut frame = BytesMut::new();
        Header { command: command | bit << 31, status: 0, sequence: 1 }.write(body.len(), &mut frame);
        frame.put_slice(&body);
        proptest::prop_assert!(protocol.read(&frame).is_ok());
    }
}
