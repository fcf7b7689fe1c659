//! Against a message centre of other hands: `tests/peers/smsc`, on npm's `smpp`.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::*;

struct Foreign {
    lines: Lines<BufReader<ChildStdout>>,
    sms: Sms,
    sink: Arc<Sink>,
    _process: Child,
    _folder: TempDir,
}

impl Foreign {
    async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/smsc/smsc.js");
        let mut process = Command::new("node")
            .arg(script)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("node cannot be started: {error}"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().unwrap_or_else(|| {
            panic!("the message centre did not start; its Node packages are installed by: cargo xtask test")
        });
        let (folder, password_file) = password("secret");
        let mut settings = settings(port.parse().unwrap(), password_file);
        settings.link.answer_timeout_ms = Some(300);
        change(&mut settings);
        let sink = Arc::<Sink>::default();
        let sms = Sms::smpp(&settings, Arc::clone(&sink) as Arc<dyn ReceiptSink>, Arc::new(|| NOW), 7).unwrap();
        Self { lines, sms, sink, _process: process, _folder: folder }
    }

    /// The next segments it took.
    async fn segments(&mut self, count: usize) -> Vec<Value> {
        let mut segments = Vec::new();
        while segments.len() < count {
            let line = tokio::time::timeout(BUDGET, self.lines.next_line()).await.expect("a segment in time");
            segments.push(serde_json::from_str(&line.unwrap().unwrap()).unwrap());
        }
        segments
    }
}

fn joined(segments: &[Value]) -> String {
    segments.iter().map(|segment| segment["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_foreign_centre_understands_answers_and_reports() {
    let mut foreign = Foreign::start(|_| ()).await;
    let numbers: Vec<String> = (1..=8).map(|end| format!("1381234000{end}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
    let verdicts = foreign.sms.submit(&batch(content(), &numbers), BUDGET).await.unwrap();
    let kinds: Vec<_> = verdicts.iter().map(kind).collect();
    let expected = ["accepted", "accepted", "accepted", "throttled", "in doubt", "recipient", "accepted", "accepted"];
    assert_eq!(kinds, expected);
    let states = foreign.sink.until_receipts(6).await;
    let state = |place: usize| {
        let Verdict::Accepted(Some(reference)) = &verdicts[place] else { panic!("{:?}", verdicts[place]) };
        states.iter().filter(|(name, _)| name == reference).map(|(_, state)| *state).collect::<Vec<_>>()
    };
    assert_eq!([state(0), state(1), state(2)], [["delivered"]; 3]);
    assert_eq!((state(6), state(7)), (vec!["failed"], vec!["delivered"; 2]));
    let again = foreign.sms.submit(&batch(content(), &numbers[3..4]), BUDGET).await.unwrap();
    assert_eq!(kind(&again[0]), "accepted");
    for segment in foreign.segments(7).await {
        assert_eq!((segment["text"].as_str().unwrap(), segment["from"].as_str()), (&*content().text, Some("12379")));
        assert_eq!((segment["priority"].as_u64(), segment["registered"].as_u64()), (Some(3), Some(1)));
    }
    foreign.sms.probe().await.unwrap();
    foreign.sms.close().await;
}

#[tokio::test]
async fn a_foreign_centre_reads_every_length_and_coding() {
    for long in [Long::Udh8, Long::Udh16, Long::Sar, Long::Payload] {
        let mut foreign = Foreign::start(|settings| settings.text.long = long).await;
        for length in [67, 70, 134, 135] {
            let text: String = "台风红色预警请立即转移🌊".chars().cycle().take(length).collect();
            let content = texts(&text);
            let takes = foreign.sms.fit(&content).unwrap().segments;
            foreign.accept(content).await;
            let segments = foreign.segments(if long == Long::Payload { 1 } else { takes }).await;
            assert_eq!(joined(&segments), text, "{length} by {long:?}");
            for (number, segment) in (1..).zip(&segments).filter(|_| takes > 1) {
                let udh = segment["udh"][0].as_str().unwrap_or_default();
                let sar = &segment["sar"];
                match long {
                    Long::Udh8 => {
                        assert!(udh.starts_with("0003") && udh.ends_with(&format!("{takes:02x}{number:02x}")), "{udh}")
                    }
                    Long::Udh16 => {
                        assert!(udh.starts_with("0804") && udh.ends_with(&format!("{takes:02x}{number:02x}")), "{udh}")
                    }
                    Long::Sar => {
                        assert_eq!((sar[1].as_u64(), sar[2].as_u64()), (Some(takes as u64), Some(number)), "{sar}")
                    }
                    Long::Payload => assert_eq!(udh, ""),
                }
            }
        }
        for text in ["Flood of 3 m: stay {indoors}", "þrjú"] {
            foreign.accept(texts(text)).await;
            assert_eq!(joined(&foreign.segments(1).await), text);
        }
    }
}

#[tokio::test]
async fn a_reply_through_a_foreign_centre_is_read() {
    let foreign = Foreign::start(|settings| settings.bind = Bind::Transceiver).await;
    foreign.sms.submit(&batch(content(), &["13812340000"]), BUDGET).await.unwrap();
    until("a reply", || !foreign.sink.replies.lock().unwrap().is_empty()).await;
    let reply = foreign.sink.replies.lock().unwrap()[0].clone();
    assert_eq!((&*reply.text, reply.from.expose()), ("收到", "13812340000"));
}

impl Foreign {
    async fn accept(&self, content: Content) {
        let verdicts = self.sms.submit(&batch(content, &["13812340001"]), BUDGET).await.unwrap();
        assert_eq!(kind(&verdicts[0]), "accepted");
    }
}
