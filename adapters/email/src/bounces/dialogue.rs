//! The server's side of SMTP (RFC 5321) or LMTP (RFC 2033), as much as a mail server needs to hand a report over.

use std::{
    io::{ErrorKind, Result},
    time::Duration,
};

use fenghuo_contract::{Origin, Receipt, ReceiptState, Reference, Token};
use tokio::io::{AsyncWriteExt, BufReader};

use super::{
    Desk,
    letterbox::{Content, Letterbox},
    report::{self, Said},
};
use crate::{settings::Protocol, wire::Stream};

/// Recipients of one report at most.
const RECIPIENTS_MAX: usize = 100;

/// Commands that make no sense before the connection is ended.
const NONSENSE_MAX: usize = 20;

/// How long it may take until receipts are durable.
const DURABLE_WITHIN: Duration = Duration::from_secs(30);

/// Talks until the peer says farewell, is silent for too long, or talks nonsense.
pub(super) async fn run(stream: impl Stream, desk: &Desk) -> Result<()> {
    let letterbox = Letterbox::new(BufReader::new(stream), desk.reports.silence, desk.reports.message_bytes);
    let mut dialogue = Dialogue { letterbox, desk, greeted: false, begun: false, deliveries: Vec::new(), nonsense: 0 };
    dialogue.say(&format!("220 {} reports of non-delivery", desk.base.domain())).await?;
    while let Some(line) = dialogue.letterbox.command().await? {
        if !dialogue.answer(&line).await? {
            break;
        }
    }
    Ok(())
}

struct Dialogue<'a, S> {
    letterbox: Letterbox<S>,
    desk: &'a Desk,
    greeted: bool,
    /// After MAIL.
    begun: bool,
    /// Whom the report under way is about.
    deliveries: Vec<Token>,
    nonsense: usize,
}

impl<S: Stream> Dialogue<'_, S> {
    /// Answers one command; `false` ends the dialogue.
    async fn answer(&mut self, line: &str) -> Result<bool> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let lmtp = self.desk.reports.protocol == Protocol::Lmtp;
        match (verb.to_ascii_uppercase().as_str(), lmtp) {
            ("EHLO", false) | ("LHLO", true) => self.hello().await?,
            ("HELO", false) => {
                self.greeted = true;
                self.say(&format!("250 {}", self.desk.base.domain())).await?;
            }
            ("MAIL", _) if self.greeted && !self.begun => {
                self.begun = true;
                self.say("250 2.1.0 go on").await?;
            }
            ("RCPT", _) if self.begun => self.recipient(rest).await?,
            ("DATA", _) if !self.deliveries.is_empty() => return self.content().await,
            ("RSET", _) => {
                self.reset();
                self.say("250 2.0.0 forgotten").await?;
            }
            ("NOOP", _) => self.say("250 2.0.0 here").await?,
            ("QUIT", _) => {
                self.say("221 2.0.0 farewell").await?;
                return Ok(false);
            }
            ("MAIL" | "RCPT" | "DATA", _) => return self.nonsense("503 5.5.1 not now").await,
            _ => return self.nonsense("500 5.5.2 what?").await,
        }
        Ok(true)
    }

    async fn hello(&mut self) -> Result<()> {
        self.greeted = true;
        self.reset();
        let (name, size) = (self.desk.base.domain(), self.desk.reports.message_bytes);
        let offers = "250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES";
        self.say(&format!("250-{name}\r\n{offers}\r\n250 SIZE {size}")).await
    }

    async fn recipient(&mut self, rest: &str) -> Result<()> {
        let path = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(path, _)| path);
        let answer = match self.desk.delivery(path) {
            Some(_) if self.deliveries.len() >= RECIPIENTS_MAX => "452 4.5.3 too many recipients",
            Some(delivery) => {
                self.deliveries.push(delivery);
                "250 2.1.5 go on"
            }
            None => "550 5.1.1 this is no return path of ours",
        };
        self.say(answer).await
    }

    async fn content(&mut self) -> Result<bool> {
        self.say("354 go on").await?;
        let message = match self.letterbox.content().await? {
            Content::Whole(message) => message,
            Content::TooLarge => {
                self.say("552 5.3.4 too large").await?;
                return Ok(false);
            }
        };
        let answer = self.take(&message).await;
        let times = if self.desk.reports.protocol == Protocol::Lmtp { self.deliveries.len() } else { 1 };
        self.reset();
        let answers = vec![answer; times].join("\r\n");
        self.say(&answers).await?;
        Ok(true)
    }

    /// Hands over what the message says; nothing is acknowledged before it is durable.
    async fn take(&self, message: &[u8]) -> &'static str {
        let report = report::read(message);
        let state = match report.said {
            Said::Failed(cause) => ReceiptState::Failed(cause),
            Said::Delivered => ReceiptState::Delivered,
            Said::Nothing(why) => {
                tracing::debug!(why, "mail to a return path says nothing about a delivery");
                return "250 2.0.0 taken, it says nothing about a delivery";
            }
        };
        let receipt = |delivery: &Token| Receipt {
            reference: Reference::new(delivery.to_string()),
            state: state.clone(),
            at: report.at,
            origin: Origin::Signed,
        };
        let receipts = self.deliveries.iter().map(receipt).collect();
        match tokio::time::timeout(DURABLE_WITHIN, self.desk.sink.accept(receipts)).await {
            Ok(Ok(())) => "250 2.0.0 taken",
            _ => "451 4.3.0 not now, come again",
        }
    }

    async fn nonsense(&mut self, answer: &str) -> Result<bool> {
        self.nonsense += 1;
        if self.nonsense > NONSENSE_MAX {
            self.say("421 4.7.0 enough").await?;
            return Ok(false);
        }
        self.say(answer).await?;
        Ok(true)
    }

    fn reset(&mut self) {
        self.begun = false;
        self.deliveries.clear();
    }

    async fn say(&mut self, reply: &str) -> Result<()> {
        let stream = self.letterbox.stream();
        let said = async {
            stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
            stream.flush().await
        };
        tokio::time::timeout(self.desk.reports.silence, said).await.map_err(|_| ErrorKind::TimedOut)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fenghuo_contract::{NotTaken, ReceiptSink, Reply};
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::{BounceSettings, settings::Settings};

    /// Whoever gets this far has forged something.
    struct Nobody;

    #[async_trait::async_trait]
    impl ReceiptSink for Nobody {
        async fn accept(&self, receipts: Vec<Receipt>) -> std::result::Result<(), NotTaken> {
            panic!("{receipts:?}")
        }

        async fn reply(&self, _: Vec<Reply>) -> std::result::Result<(), NotTaken> {
            Err(NotTaken)
        }
    }

    fn desk() -> Desk {
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "sixteen bytes it is").unwrap();
        let bounces = BounceSettings::of("127.0.0.1:0".parse().unwrap(), key.path().to_owned());
        let tls = crate::Tls::None;
        let settings = Settings { bounces: Some(bounces), tls, ..Settings::of("localhost", "bounce@b.example") };
        let sender = settings.setup().unwrap().sender;
        Desk { reports: sender.bounces.unwrap(), base: sender.envelope_from, sink: Arc::new(Nobody) }
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let sealed = "[0-9a-f]{16}-[0-9a-f]{8}\\.[0-9a-f]{20}";
        prop_oneof![
            Just(b"EHLO mx".to_vec()),
            Just(b"MAIL FROM:<>".to_vec()),
            Just(b"DATA".to_vec()),
            Just(b".".to_vec()),
            Just(b"RSET".to_vec()),
            sealed.prop_map(|sealed| format!("RCPT TO:<bounce+{sealed}@b.example>").into_bytes()),
            any::<Vec<u8>>(),
        ]
    }

    proptest! {
        /// Any dialogue ends when the peer has gone, and nothing unsigned is believed.
        #[test]
        fn any_dialogue_is_answered_and_nobody_believed(lines in prop::collection::vec(line(), 0..40)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (near, mut far) = tokio::io::duplex(1024 * 1024);
                far.write_all(&lines.join(&b"\r\n"[..])).await.unwrap();
                far.shutdown().await.unwrap();
                // It may break off when a line has no end.
                let ended = run(near, &desk()).await;
                let mut said = Vec::new();
                far.read_to_end(&mut said).await.unwrap();
                assert!(said.starts_with(b"220 ") && said.ends_with(b"\r\n"), "{ended:?}");
            });
        }
    }
}
