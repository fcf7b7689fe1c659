//! What arrived, and how often.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use serde::Serialize;

use crate::{behaviour::Keep, dialect::Submit, reassembly::Reassembly};

/// A message that reached a number whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrived {
    /// Its place among all arrivals, from zero.
    pub order: u64,
    /// The link it came by, in the order links were opened, from one.
    pub link: u64,
    /// The number it came from.
    pub from: String,
    /// The number it reached.
    pub to: String,
    /// Its text, read segment by segment. What is not text in its coding shows as U+FFFD.
    pub text: String,
    /// In how many segments it came.
    pub segments: u8,
    /// SMPP data_coding, CMPP and SMGP Msg_Fmt, SGIP MessageCoding.
    pub coding: u8,
    /// Whether it shows at once and is not stored.
    pub flash: bool,
    /// The validity period as it was written; empty if none was.
    pub validity: String,
    /// The protocol's own priority or level.
    pub priority: u8,
    /// Whether a receipt was asked for.
    pub receipt: bool,
    /// How long after the centre's start its last segment came.
    #[serde(serialize_with = "as_millis")]
    pub at: Duration,
}

fn as_millis<S: serde::Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
}

/// A request to stop a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cancelled {
    /// The message's id in the protocol's octets; none if all to the number were meant.
    pub id: Option<[u8; 12]>,
    /// The number it was for, if the request names it.
    pub to: String,
}

/// Sums over all links since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct Counts {
    /// Links opened.
    pub links: u64,
    /// Links open.
    pub open: u64,
    /// Links bound.
    pub bound: u64,
    /// Binds taken.
    pub binds: u64,
    /// Binds refused.
    pub binds_refused: u64,
    /// Unbinds asked for.
    pub unbinds: u64,
    /// Links the centre cut.
    pub cuts: u64,
    /// Submits read, each segment and each batch one.
    pub submits: u64,
    /// Submits answered as taken.
    pub taken: u64,
    /// Submits answered as refused, the throttled ones too.
    pub refused: u64,
    /// Submits answered as too many.
    pub throttled: u64,
    /// Submits that got no answer.
    pub silenced: u64,
    /// Submits answered as taken and dropped.
    pub dropped: u64,
    /// Submits discarded because their sequence was taken before (SGIP).
    pub discarded: u64,
    /// Segments that arrived, one for each number.
    pub segments: u64,
    /// Segments that arrived again while their message was not whole.
    pub segments_again: u64,
    /// Messages that arrived whole, one for each number.
    pub arrived: u64,
    /// Messages of which segments are missing.
    pub incomplete: u64,
    /// Numbers reached.
    pub numbers: u64,
    /// Numbers reached more than once.
    pub doubled: u64,
    /// Receipts sent, the repeated ones too.
    pub receipts: u64,
    /// People's messages sent, in segments.
    pub said: u64,
    /// Receipts and people's messages the client answered with zero.
    pub acknowledged: u64,
    /// Receipts and people's messages the client answered with something else.
    pub unwelcome: u64,
    /// Alive questions of the client.
    pub tests: u64,
    /// Alive questions of the centre that were answered.
    pub tests_answered: u64,
    /// Messages the client wants stopped.
    pub cancels: u64,
    /// Receipts on their way that say "deleted" because of that: messages that were not delivered.
    pub stopped: u64,
    /// Frames that could not be understood.
    pub malformed: u64,
    /// The most submits one link had unanswered at once, as far as a server can see.
    pub most_unanswered: u64,
}

/// What one link has to enter.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) counts: Counts,
    pub(crate) segments: Vec<Segment>,
    pub(crate) cancelled: Vec<Cancelled>,
}

/// A segment that arrived at one number.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) from: Box<str>,
    pub(crate) part: Option<crate::dialect::Part>,
    /// All but the order and the number of segments are final.
    pub(crate) arrived: Arrived,
}

impl Segment {
    pub(crate) fn new(submit: &Submit<'_>, to: &str, link: u64, at: Duration, keep: Keep) -> Self {
        let everything = keep == Keep::Everything;
        let text = |text: &str| if everything { text.to_owned() } else { String::new() };
        Self {
            from: if submit.part.is_some() { submit.from.into() } else { Box::default() },
            part: submit.part,
            arrived: Arrived {
                order: 0,
                link,
                from: text(submit.from),
                to: to.to_owned(),
                text: if everything { submit.alphabet.read(submit.octets) } else { String::new() },
                segments: 1,
                coding: submit.coding,
                flash: submit.flash,
                validity: text(submit.validity),
                priority: submit.priority,
                receipt: submit.wants_receipt,
                at,
            },
        }
    }
}

/// Everything a centre remembers.
#[derive(Debug, Default)]
pub(crate) struct Book {
    counts: Counts,
    arrived: Vec<Arrived>,
    cancelled: Vec<Cancelled>,
    reached: HashMap<Number, u32>,
    reassembly: Reassembly,
    /// The service number each number was last written to from.
    senders: HashMap<String, String>,
}

impl Book {
    /// Enters what a link has, and leaves it empty.
    pub(crate) fn enter(&mut self, entries: &mut Entries, keep: Keep) {
        self.counts.add(&std::mem::take(&mut entries.counts));
        self.cancelled.append(&mut entries.cancelled);
        for segment in entries.segments.drain(..) {
            self.counts.segments += 1;
            if let Some(whole) = self.reassembly.take(segment, &mut self.counts) {
                self.arrive(whole, keep);
            }
        }
    }

    fn arrive(&mut self, mut whole: Arrived, keep: Keep) {
        let times = self.reached.entry(Number::new(&whole.to)).or_default();
        *times += 1;
        self.counts.numbers += u64::from(*times == 1);
        self.counts.doubled += u64::from(*times == 2);
        whole.order = self.counts.arrived;
        self.counts.arrived += 1;
        if keep == Keep::Everything {
            self.senders.insert(whole.to.clone(), whole.from.clone());
            self.arrived.push(whole);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { incomplete: self.reassembly.open(), ..self.counts.clone() }
    }

    pub(crate) fn arrived(&self) -> &[Arrived] {
        &self.arrived
    }

    pub(crate) fn cancelled(&self) -> &[Cancelled] {
        &self.cancelled
    }

    /// How often messages reached a number whole.
    pub(crate) fn reached(&self, number: &str) -> u32 {
        self.reached.get(&Number::new(number)).copied().unwrap_or_default()
    }

    /// The numbers reached more than once, and how often, by number.
    pub(crate) fn doubled(&self) -> BTreeMap<String, u32> {
        let doubled = self.reached.iter().filter(|(_, times)| **times > 1);
        doubled.map(|(number, times)| (number.to_string(), *times)).collect()
    }

    /// The service number a number was last written to from.
    pub(crate) fn sender_to(&self, number: &str) -> Option<&str> {
        self.senders.get(number).map(String::as_str)
    }
}

/// A telephone number: its digits as one number with a leading one, so that zeros count, or whatever else it is.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Number {
    Digits(u64),
    Other(Box<str>),
}

impl Number {
    fn new(text: &str) -> Self {
        let is_digits = text.len() <= 18 && text.bytes().all(|octet| octet.is_ascii_digit());
        if is_digits {
            Self::Digits(text.bytes().fold(1, |number, digit| number * 10 + u64::from(digit - b'0')))
        } else {
            Self::Other(text.into())
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The first digit is not the number's.
            Self::Digits(digits) => f.write_str(&digits.to_string()[1..]),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        macro_rules! sum {
            ($($field:ident)*) => { $(self.$field = self.$field.wrapping_add(other.$field);)* };
        }
        sum!(links open bound binds binds_refused unbinds cuts submits taken refused throttled silenced dropped discarded
            segments_again receipts said acknowledged unwelcome tests tests_answered cancels stopped malformed);
        self.most_unanswered = self.most_unanswered.max(other.most_unanswered);
    }
}
