//! How a centre behaves: data, in Rust or as JSON for the program, and exchangeable while the centre runs.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

/// How a centre behaves. The default is an honest centre: it takes everything and says so at once, and sends a
/// receipt when asked for one.
///
/// Durations are milliseconds in JSON. Every number a peer is answered with is the protocol's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Who may bind: SMPP system_id (15 octets), CMPP SP_Id (6), SGIP Login Name (16), SMGP ClientID (8).
    pub account: String,
    /// The password, or the secret both sides digest.
    pub password: String,
    /// The service number people answer to when they have received nothing yet; see `Centre::say`.
    pub number: String,
    /// Answers every bind with this status; zero judges by account and password.
    pub bind_status: u32,
    /// The most links bound at once; further binds are refused.
    pub most_binds: Option<usize>,
    /// What happens to a message that is not refused.
    pub manner: Manner,
    /// The centre hangs: connections are accepted, and nothing is read or sent until it is set otherwise.
    pub frozen: bool,
    /// How long an answer to a submit waits.
    #[serde(with = "millis")]
    pub answer_after: Duration,
    /// Refusals are headers without a body, as many SMSCs send them.
    pub bare_errors: bool,
    /// Exceptions by number; the first that fits counts.
    pub rules: Vec<Rule>,
    /// How much is taken.
    pub throttle: Throttle,
    /// The most submits of one link that may be unanswered; further ones are refused as too many.
    pub window: Option<usize>,
    /// The most receipts and messages sent to one link that may be unanswered.
    pub deliver_window: usize,
    /// What the client refuses is delivered again after this long; it is dropped if nothing is set.
    #[serde(with = "optional_millis")]
    pub refused_again: Option<Duration>,
    /// How receipts are sent.
    pub receipts: Receipts,
    /// A link is cut after this many submits, before the last one is answered.
    pub cut_after: Option<u64>,
    /// A link is cut after a number of submits drawn between one and this by `seed` and the link's number.
    pub cut_within: Option<u64>,
    /// The centre asks whether a link is alive this often (enquire_link, active test). A question still unanswered
    /// when the next is due cuts the link.
    #[serde(with = "optional_millis")]
    pub test_every: Option<Duration>,
    /// A link on which nothing is read for so long is closed.
    #[serde(with = "optional_millis")]
    pub idle: Option<Duration>,
    /// The highest CMPP or SMGP version spoken, as on the wire; higher ones are refused.
    pub version: u8,
    /// SMPP 5.0 congestion_state in every submit response, 0 to 100.
    pub congestion: Option<u8>,
    /// What is remembered of messages.
    pub keep: Keep,
    /// Whatever chance decides follows from this.
    pub seed: u64,
    /// SGIP: where the client listens for reports and people's messages; the centre binds there with the same account
    /// and password.
    pub reports_to: Option<SocketAddr>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            account: "900001".to_owned(),
            password: "secret".to_owned(),
            number: "10690000".to_owned(),
            bind_status: 0,
            most_binds: None,
            manner: Manner::Honest,
            frozen: false,
            answer_after: Duration::ZERO,
            bare_errors: false,
            rules: Vec::new(),
            throttle: Throttle::default(),
            window: None,
            deliver_window: 1000,
            refused_again: None,
            receipts: Receipts::default(),
            cut_after: None,
            cut_within: None,
            test_every: None,
            idle: None,
            version: 0x30,
            congestion: None,
            keep: Keep::Everything,
            seed: 1,
            reports_to: None,
        }
    }
}

impl Behaviour {
    /// The exception for a number.
    pub(crate) fn rule(&self, number: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| number.ends_with(&rule.ending))
    }
}

/// What happens to a message that is not refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// It arrives and is answered.
    #[default]
    Honest,
    /// It arrives and is never answered, and no receipt is sent.
    Silent,
    /// It is answered as taken, dropped, and no receipt is ever sent.
    Lying,
}

/// An exception for numbers with a certain ending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// The last digits of the numbers meant; empty means all.
    pub ending: String,
    /// The status their submits are answered with; zero takes them.
    pub status: u32,
    /// Only this many submits are answered with `status`, counted over all links; the next ones are taken.
    pub times: Option<u32>,
    /// How it ends with them; absent is delivered.
    pub outcome: Option<Outcome>,
    /// What happens to their messages; absent is the behaviour's manner.
    pub manner: Option<Manner>,
}

impl Rule {
    /// Numbers with this ending are refused with a status.
    #[must_use]
    pub fn refuse(ending: &str, status: u32) -> Self {
        Self { ending: ending.to_owned(), status, ..Self::default() }
    }

    /// Messages to numbers with this ending are taken and end so.
    #[must_use]
    pub fn end(ending: &str, state: State, error: u32) -> Self {
        let outcome = Outcome { state, error, word: None };
        Self { ending: ending.to_owned(), outcome: Some(outcome), ..Self::default() }
    }
}

/// How much is taken before submits are answered as too many (SMPP 58h, CMPP 8, SGIP 33, SMGP 1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// Submits a second over all links, with a burst of a tenth of a second.
    pub per_second: Option<u32>,
    /// So long after the start everything is too much.
    #[serde(with = "millis")]
    pub opening: Duration,
    /// The status that says so; absent is the protocol's own.
    pub status: Option<u32>,
}

/// How receipts are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receipts {
    /// Where in an SMPP receipt the facts stand; the other protocols have one form.
    pub form: Form,
    /// When they are sent.
    pub when: When,
    /// Each is sent a second time.
    pub twice: bool,
    /// They come on another bind than the submit did, if there is one.
    pub elsewhere: bool,
    /// Each is preceded by one that says the message is on its way (SMPP esm_class 20h, SGIP state 1).
    pub intermediate: bool,
    /// They are sent although nobody asked.
    pub unasked: bool,
    /// How it ends, unless a rule says otherwise.
    pub outcome: Outcome,
    /// This segment of each long message ends undeliverable, whatever the others do.
    pub failing_segment: Option<u8>,
    /// SMPP: how ids are written in submit responses.
    pub answer_ids: Radix,
    /// SMPP: how ids are written in receipts.
    pub receipt_ids: Radix,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            form: Form::Both,
            when: When::After { ms: 0 },
            twice: false,
            elsewhere: false,
            intermediate: false,
            unasked: false,
            outcome: Outcome::default(),
            failing_segment: None,
            answer_ids: Radix::Decimal,
            receipt_ids: Radix::Decimal,
        }
    }
}

/// Where in an SMPP receipt the facts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…` in short_message.
    Text,
    /// receipted_message_id, message_state and network_error_code, with an empty short_message.
    Tlv,
    /// Both.
    Both,
}

/// When receipts are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Never.
    Never,
    /// On the wire before the submit's answer.
    BeforeAnswer,
    /// After the answer, so many milliseconds later.
    After {
        /// Milliseconds; zero is with the answer.
        ms: u64,
    },
}

/// How SMPP message ids are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Radix {
    /// `1234`
    Decimal,
    /// `0000001234`
    PaddedDecimal,
    /// `4d2`
    Hex,
    /// `000004D2`
    PaddedUpperHex,
}

/// How it ends with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outcome {
    /// The state.
    pub state: State,
    /// The error code beside it: SMPP err and network_error_code, SGIP ErrorCode, SMGP err.
    pub error: u32,
    /// The word in place of the state's own, for example `MK:0001`.
    pub word: Option<String>,
}

/// Where a message stands, in SMPP's words and numbers, which the Chinese protocols share as far as they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the protocol's")]
pub enum State {
    Enroute = 1,
    #[default]
    Delivered = 2,
    Expired = 3,
    Deleted = 4,
    Undeliverable = 5,
    Accepted = 6,
    Unknown = 7,
    Rejected = 8,
}

impl State {
    /// The word in a receipt's text.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
        }
    }
}

/// What is remembered of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Every message with its text.
    #[default]
    Everything,
    /// How often each number was reached, and sums.
    Counts,
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

mod optional_millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
