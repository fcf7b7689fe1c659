//! What the provider tells us: receipts, what people write, who follows.

use std::collections::BTreeMap;

use bytes::Bytes;
use fenghuo_contract::{
    Address, Answer, Callback, CallbackFault, Cause, Follow, FollowState, Inbound, Origin, Receipt, ReceiptState,
    Reference, Reply, SignatureCheck,
};

use crate::{
    answer::discreet,
    seal::{Seal, SealFault},
    xml::Document,
};

/// Bytes of an openid or userid at most.
const FROM_MAX: usize = 128;

/// Bytes of an answer's text at most.
const ANSWER_MAX: usize = 2048;

/// Reads the calls one account gets.
pub(crate) struct Mailbox {
    pub(crate) seal: Seal,
    /// Keys of the menu's buttons, and what pressing one says.
    pub(crate) menu: BTreeMap<String, String>,
    /// Whether following means a subscription to notices, not the account.
    pub(crate) subscriptions: bool,
}

/// The words of a call's address that count.
#[derive(Default)]
struct Words {
    signature: String,
    msg_signature: String,
    timestamp: String,
    nonce: String,
    echo: Option<String>,
}

impl Words {
    fn read(query: &str) -> Self {
        let mut words = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "signature" => words.signature = value.into_owned(),
                "msg_signature" => words.msg_signature = value.into_owned(),
                "timestamp" => words.timestamp = value.into_owned(),
                "nonce" => words.nonce = value.into_owned(),
                "echostr" => words.echo = Some(value.into_owned()),
                _ => {}
            }
        }
        words
    }
}

impl Mailbox {
    /// Reads a call. An address under test is answered with its word; everything else with `success`, also what says
    /// nothing to us: what is not answered comes three times.
    pub(crate) fn read(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        let words = Words::read(callback.query);
        let observe = callback.signature == SignatureCheck::Observe;
        if let Some(echo) = words.echo.as_ref().filter(|_| callback.body.is_empty()) {
            return self.echo(&words, echo);
        }
        let outer = document(callback.body)?;
        let sealed = outer.text("Encrypt");
        let (message, origin) =
            if sealed.is_empty() { self.plain(&words, outer, observe)? } else { self.sealed(&words, sealed, observe)? };
        let answer = Some(Answer { media_type: "text/plain", body: Bytes::from_static(b"success") });
        Ok(Inbound { answer, ..self.inbound(&message, origin)? })
    }

    /// The answer by which whoever wrote, or pressed a button that says something, reads `text`; the provider takes it within
    /// five seconds of its call. `None` for every other call.
    pub(crate) fn answer(&self, callback: &Callback<'_>, text: &str) -> Option<Answer> {
        let words = Words::read(callback.query);
        let observe = callback.signature == SignatureCheck::Observe;
        let outer = document(callback.body).ok()?;
        let sealed = outer.text("Encrypt").to_owned();
        let (message, _) = if sealed.is_empty() {
            self.plain(&words, outer, observe).ok()?
        } else {
            self.sealed(&words, &sealed, observe).ok()?
        };
        let wrote = match message.text("MsgType") {
            "text" => true,
            "event" => message.text("Event").eq_ignore_ascii_case("click"),
            _ => false,
        };
        if !wrote || text.len() > ANSWER_MAX {
            return None;
        }
        // The time of the answer is that of the question: both ends know it.
        let said = format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{}</CreateTime>\
             <MsgType>{}</MsgType><Content>{}</Content></xml>",
            cdata(message.text("FromUserName")),
            cdata(message.text("ToUserName")),
            message.text("CreateTime").parse::<i64>().ok()?,
            cdata("text"),
            cdata(text),
        );
        let body = if sealed.is_empty() { said } else { self.enveloped(&said, &words)? };
        Some(Answer { media_type: "application/xml", body: body.into() })
    }

    fn enveloped(&self, said: &str, words: &Words) -> Option<String> {
        let sealed = self.seal.close_own(said.as_bytes()).ok()?;
        let timestamp = words.timestamp.parse::<i64>().ok()?.to_string();
        let signature = self.seal.sign(&[&timestamp, &words.nonce, &sealed]);
        Some(format!(
            "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{timestamp}</TimeStamp>\
             <Nonce>{}</Nonce></xml>",
            cdata(&sealed),
            cdata(&signature),
            cdata(&words.nonce),
        ))
    }

    /// Whether the address is ours: only then may the word go back.
    fn echo(&self, words: &Words, echo: &str) -> Result<Inbound, CallbackFault> {
        let Words { signature, msg_signature, timestamp, nonce, .. } = words;
        let body = if msg_signature.is_empty() {
            self.must_be_signed(signature, &[timestamp, nonce], false)?;
            Bytes::copy_from_slice(echo.as_bytes())
        } else {
            self.must_be_signed(msg_signature, &[timestamp, nonce, echo], false)?;
            Bytes::from(self.seal.open(echo).map_err(unopened)?)
        };
        Ok(Inbound { answer: Some(Answer { media_type: "text/plain", body }), ..Inbound::default() })
    }

    /// A plain message. Its signature covers the time and not the message, so nothing it says counts as signed.
    fn plain(&self, words: &Words, message: Document, observe: bool) -> Result<(Document, Origin), CallbackFault> {
        if self.seal.is_encrypted() && !observe {
            return Err(CallbackFault::Forged);
        }
        self.must_be_signed(&words.signature, &[&words.timestamp, &words.nonce], observe)?;
        Ok((message, Origin::Unsigned))
    }

    fn sealed(&self, words: &Words, sealed: &str, observe: bool) -> Result<(Document, Origin), CallbackFault> {
        let signed = self.must_be_signed(&words.msg_signature, &[&words.timestamp, &words.nonce, sealed], observe)?;
        let message = document(&self.seal.open(sealed).map_err(unopened)?)?;
        Ok((message, if signed { Origin::Signed } else { Origin::Unsigned }))
    }

    fn must_be_signed(&self, signature: &str, words: &[&str], observe: bool) -> Result<bool, CallbackFault> {
        let signed = self.seal.is_signed(signature, words);
        if signed || observe { Ok(signed) } else { Err(CallbackFault::Forged) }
    }

    fn inbound(&self, message: &Document, origin: Origin) -> Result<Inbound, CallbackFault> {
        let told = Told { message, origin, at: at(message.text("CreateTime")) };
        let kind = message.text("MsgType");
        if kind.is_empty() {
            return Err(CallbackFault::Unreadable("no MsgType".to_owned()));
        }
        if kind == "text" {
            return Ok(told.reply(message.text("Content")));
        }
        if kind != "event" {
            return Ok(Inbound::default());
        }
        match message.text("Event").to_ascii_lowercase().as_str() {
            "templatesendjobfinish" => Ok(told.template_sent()),
            "masssendjobfinish" => Ok(told.mass_sent()),
            "subscribe_msg_sent_event" => told.notices_sent(),
            "subscribe" if !self.subscriptions => Ok(told.follow(FollowState::Followed)),
            "unsubscribe" if !self.subscriptions => Ok(told.follow(FollowState::Left)),
            "subscribe_msg_popup_event" if self.subscriptions => Ok(told.subscribed("SubscribeMsgPopupEvent")),
            "subscribe_msg_change_event" if self.subscriptions => Ok(told.subscribed("SubscribeMsgChangeEvent")),
            "click" => match self.menu.get(message.text("EventKey")) {
                Some(text) => Ok(told.reply(text)),
                None => Ok(Inbound::default()),
            },
            _ => Ok(Inbound::default()),
        }
    }
}

/// A text as it is.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// A message, when it was written, and how far it is to be trusted.
struct Told<'a> {
    message: &'a Document,
    origin: Origin,
    at: Option<i64>,
}

impl Told<'_> {
    fn from(&self) -> Option<Address> {
        let from = self.message.text("FromUserName");
        (1..=FROM_MAX).contains(&from.len()).then(|| Address::new(from))
    }

    fn reply(&self, text: &str) -> Inbound {
        let reply = |from| Reply { from, text: text.to_owned(), at: self.at, origin: self.origin };
        Inbound { replies: self.from().map(reply).into_iter().collect(), ..Inbound::default() }
    }

    fn follow(&self, state: FollowState) -> Inbound {
        let follow = |address| Follow { address, state, at: self.at, origin: self.origin };
        Inbound { followers: self.from().map(follow).into_iter().collect(), ..Inbound::default() }
    }

    /// One box for several notices: whoever takes any of them follows.
    fn subscribed(&self, event: &str) -> Inbound {
        let path = format!("{event}/List/SubscribeStatusString");
        let said: Vec<&str> = self.message.texts(&path).collect();
        match (said.contains(&"accept"), said.contains(&"reject")) {
            (true, _) => self.follow(FollowState::Followed),
            (false, true) => self.follow(FollowState::Left),
            (false, false) => Inbound::default(),
        }
    }

    fn template_sent(&self) -> Inbound {
        let status = self.message.text("Status");
        self.receipt(self.number(), if status == "success" { ReceiptState::Delivered } else { failed(status, "") })
    }

    /// Counts for the whole job; who of it was reached is not said.
    fn mass_sent(&self) -> Inbound {
        let count = |name| self.message.text(name).parse::<u64>().unwrap_or(0);
        let status: String = self.message.text("Status").split_whitespace().collect();
        let counted =
            format!("sent {}, failed {}, filtered {}", count("SentCount"), count("ErrorCount"), count("FilterCount"));
        let state = match status.as_str() {
            "sendsuccess" if count("SentCount") > 0 => ReceiptState::Delivered,
            "sendsuccess" => failed("NOBODY", &counted),
            other => failed(other, &counted),
        };
        self.receipt(self.number(), state)
    }

    fn notices_sent(&self) -> Result<Inbound, CallbackFault> {
        let texts = |name: &str| -> Vec<String> {
            self.message.texts(&format!("SubscribeMsgSentEvent/List/{name}")).map(str::to_owned).collect()
        };
        let (numbers, codes, words) = (texts("MsgID"), texts("ErrorCode"), texts("ErrorStatus"));
        if numbers.len() != codes.len() || codes.len() != words.len() {
            return Err(CallbackFault::Unreadable("a list with fields missing".to_owned()));
        }
        let receipts = numbers.iter().zip(&codes).zip(&words).filter_map(|((number, code), words)| {
            self.receipt(
                number,
                if code == "0" { ReceiptState::Delivered } else { failed(code, &self.discreet(words)) },
            )
            .receipts
            .pop()
        });
        Ok(receipts.collect::<Vec<_>>().into())
    }

    fn discreet(&self, words: &str) -> String {
        discreet(words, &[self.message.text("FromUserName")])
    }

    fn number(&self) -> &str {
        Some(self.message.text("MsgID")).filter(|number| !number.is_empty()).unwrap_or(self.message.text("MsgId"))
    }

    /// A report without a number, or with 0 as some come, is about no delivery in particular.
    fn receipt(&self, number: &str, state: ReceiptState) -> Inbound {
        if matches!(number, "" | "0") {
            return Inbound::default();
        }
        vec![Receipt { reference: Reference::new(number), state, at: self.at, origin: self.origin }].into()
    }
}

fn failed(code: &str, words: &str) -> ReceiptState {
    ReceiptState::Failed(Cause::new(if code.is_empty() { "NO-STATUS" } else { code }, words))
}

/// Seconds since 1970 as milliseconds.
fn at(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|seconds| *seconds > 0)?.checked_mul(1000)
}

fn document(bytes: &[u8]) -> Result<Document, CallbackFault> {
    Document::read(bytes).map_err(|fault| CallbackFault::Unreadable(fault.to_string()))
}

/// What does not open with our key, or is for another account, was not meant for us.
fn unopened(fault: SealFault) -> CallbackFault {
    match fault {
        SealFault::Owner => CallbackFault::Forged,
        fault => CallbackFault::Unreadable(fault.to_string()),
    }
}
