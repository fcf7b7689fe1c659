//! A carrier protocol as the links speak it: what bytes say what. No connection, no clock, no state of a link.
//!
//! All four protocols frame alike: the first four bytes of a frame are its length in bytes, big-endian, these four included.

use std::sync::Arc;

use bytes::BytesMut;
use fenghuo_contract::{Address, Cause, Class, CodeTable, Content, Reference};

use crate::{fixed, text::Plan};

/// What a connection is logged in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Submits only.
    Transmitter,
    /// Reports and replies only.
    Receiver,
    /// Both.
    Transceiver,
}

impl Role {
    /// Whether submits may go over it.
    pub(crate) const fn submits(self) -> bool {
        !matches!(self, Self::Receiver)
    }
}

/// How a protocol is written and read. Calls come from many tasks; none may block.
pub(crate) trait Protocol: Send + Sync + 'static {
    /// Its name in logs and causes, for example `smpp`.
    fn name(&self) -> &'static str;

    /// Bytes of the shortest frame there is; the link refuses shorter ones, and those over [`FRAME_MAX`].
    fn header(&self) -> usize;

    /// The highest number a request may have; numbers begin at 1 and start again after it.
    fn sequence_max(&self) -> u32 {
        u32::MAX
    }

    /// The number of the first request on a new connection. A protocol in which requests name their messages themselves gives
    /// each connection numbers of its own.
    fn first_sequence(&self) -> u32 {
        1
    }

    /// Whether connections are ended when nobody uses them, and opened again when there is something to send.
    fn on_demand(&self) -> bool {
        false
    }

    /// Destinations of one submit at most. Above 1 a reference names message and number (see
    /// [`reference`](crate::receipt::reference)).
    fn destinations_max(&self) -> usize {
        1
    }

    /// The number as it stands in a submit; `None` when this is no number.
    fn destination(&self, address: &Address) -> Option<Box<str>>;

    /// Writes the request that logs in.
    fn bind(&self, role: Role, sequence: u32, out: &mut BytesMut);

    /// Reads the answer to `request`, the frame [`bind`](Self::bind) wrote.
    ///
    /// # Errors
    /// [`Refusal`]: the peer does not let us in, or does not prove who it is.
    fn bound(&self, request: &[u8], answer: &[u8]) -> Result<(), Refusal>;

    /// Prepares what all submits of a batch have in common. `reference` tells long messages to one recipient apart; it is
    /// the same for repeats of a delivery, so that a handset that has some of the segments completes the message.
    fn message(&self, plan: &Plan<'_>, content: &Content, reference: u16) -> Message;

    /// Writes the submit of one segment to some destinations, at most [`destinations_max`](Self::destinations_max).
    fn submit(&self, segment: &Segment, to: &[Box<str>], sequence: u32, out: &mut BytesMut);

    /// Whether a message that was accepted can be withdrawn by the name it has here.
    fn withdraws(&self) -> bool {
        false
    }

    /// Writes the request to withdraw a message that was accepted; `false` = the protocol has none, nothing was written.
    fn cancel(&self, reference: &Reference, to: &str, sequence: u32, out: &mut BytesMut) -> bool {
        let _ = (reference, to, sequence, out);
        false
    }

    /// Writes the question whether the peer is there; `false` = the protocol has none, nothing was written.
    fn keepalive(&self, sequence: u32, out: &mut BytesMut) -> bool;

    /// Writes the farewell.
    fn unbind(&self, sequence: u32, out: &mut BytesMut);

    /// Reads a frame of an open link.
    ///
    /// # Errors
    /// [`Malformed`]: nothing more can be understood on this connection.
    fn read(&self, frame: &[u8]) -> Result<Event, Malformed>;

    /// Writes the answer to a report or a reply: `taken` = it is durable here, else the peer is to repeat it.
    fn acknowledge(&self, ack: &Ack, taken: bool, out: &mut BytesMut);

    /// What a status other than "taken" says, by the code tables of the route.
    fn refusal(&self, status: u32) -> Refusal;
}

/// Bytes of a frame at most.
pub(crate) const FRAME_MAX: usize = 64 * 1024;

/// The text of a batch made ready for the wire.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Segments in their order, at least one.
    pub(crate) segments: Vec<Segment>,
}

/// The bytes of a submit around what differs from one to the next: header and destinations.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// What comes before the destinations, without the header.
    pub(crate) head: Box<[u8]>,
    /// What comes after them.
    pub(crate) tail: Box<[u8]>,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The answer to a submit or a cancel.
    Answered {
        /// The number of the request.
        sequence: u32,
        /// What it says.
        answer: Answer,
        /// How busy the peer is, 0 to 100, where it says so (SMPP 5.0 §4.8.4.18).
        congestion: Option<u8>,
    },
    /// The answer to a keepalive.
    Alive {
        /// The number of the question.
        sequence: u32,
    },
    /// A request that is answered at once with these bytes: a keepalive of the peer, a request nobody knows.
    Asked(Box<[u8]>),
    /// The peer logs in to us, on a connection it opened (SGIP).
    Login {
        /// Whether it may.
        granted: bool,
        /// What it is answered.
        answer: Box<[u8]>,
    },
    /// Later word about a submit.
    Report(Report, Ack),
    /// What a person wrote, or a part of it.
    Fragment(Fragment, Ack),
    /// The peer says farewell and is answered so.
    Leaving(Box<[u8]>),
    /// The answer to our farewell.
    Left,
    /// Nothing to do.
    Ignored,
}

/// What a submit was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Taken, under this name, normalised as reports will have it.
    Taken(Option<Reference>),
    /// Taken except for these destinations (as written in the submit) with their status.
    Partly(Option<Reference>, Vec<(Box<str>, u32)>),
    /// Not taken.
    Refused(u32),
}

/// Later word about one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The name the submit was answered with, normalised.
    pub(crate) id: Reference,
    /// Who was to get it, as the peer writes the number; empty when it does not say.
    pub(crate) to: Box<str>,
    /// What became of it.
    pub(crate) state: State,
    /// When, by the peer's clock, milliseconds since 1970.
    pub(crate) at: Option<i64>,
}

/// What became of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing final.
    Pending,
    /// It is on the handset.
    Delivered,
    /// It will not be delivered.
    Failed(Cause),
}

/// What a person wrote, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// Who, as the peer writes the number.
    pub(crate) from: Box<str>,
    /// The text of this part.
    pub(crate) text: String,
    /// Which part it is; `None` = it is all.
    pub(crate) place: Option<Place>,
    /// When, by the peer's clock, milliseconds since 1970.
    pub(crate) at: Option<i64>,
}

/// Which part of a long message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Tells long messages of one sender apart.
    pub(crate) reference: u16,
    /// How many parts there are.
    pub(crate) total: u8,
    /// Which this is, from 1.
    pub(crate) number: u8,
}

/// What a report or reply is answered by: what must be echoed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ack {
    /// The command of the request.
    pub(crate) command: u32,
    /// Its number.
    pub(crate) sequence: u32,
    /// What else the protocol echoes: the message id of CMPP and SMGP, the first eight bytes of an SGIP number.
    pub(crate) echo: [u8; 12],
}

/// A refusal in the words of the code tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Who is at fault.
    pub(crate) class: Class,
    /// The peer's code and what it means.
    pub(crate) cause: Cause,
}

impl Refusal {
    /// Looks the first of these names of a code up that the table knows; the last one is shown when none is known.
    pub(crate) fn by(codes: &Arc<CodeTable>, names: &[&str]) -> Self {
        for name in names {
            if let Some(meaning) = codes.find(name) {
                return Self { class: meaning.class, cause: Cause::new(name, &meaning.en) };
            }
        }
        let shown = names.last().copied().unwrap_or_default();
        Self { class: Class::Transient, cause: Cause::new(shown, "a status no table knows") }
    }
}

/// Nothing more can be understood on this connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

impl From<fixed::Malformed> for Malformed {
    fn from(fault: fixed::Malformed) -> Self {
        Self(match fault {
            fixed::Malformed::Short => "a message ends inside a field",
            fixed::Malformed::Long => "a message goes on after its last field",
            fixed::Malformed::Value => "a field has a value it must not have",
        })
    }
}
