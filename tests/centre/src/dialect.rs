//! What the four protocols have in common: a client binds, submits and is answered; the centre delivers and is
//! answered. A [`Dialect`] turns frames into these words and back; everything a centre decides is said in them.

use crate::{
    alphabet::Alphabet,
    behaviour::{Behaviour, Outcome},
    calendar::Stamp,
    wire::Short,
};

/// What pairs a request with its answer. SGIP has three numbers; the others use the last.
pub(crate) type Sequence = [u32; 3];

/// What a message is known by at the centre, in the dialect's own octets.
pub(crate) type Id = [u8; 12];

/// The header of a frame, without its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) command: u32,
    pub(crate) status: u32,
    pub(crate) sequence: Sequence,
}

/// What a client asks or answers.
#[derive(Debug)]
pub(crate) enum Asked<'a> {
    Bind(Login<'a>),
    Submit(Submit<'a>),
    /// Whether the link is alive.
    Test,
    Unbind,
    /// A message is to be stopped: its id, or none for all to the number.
    Cancel(Option<Id>, &'a str),
    /// An answer to a request of the centre.
    Answer,
    /// A request that is understood and not served, and the status that says so.
    Unserved(u32),
}

/// Somebody who wants to bind.
#[derive(Debug)]
pub(crate) struct Login<'a> {
    pub(crate) account: &'a str,
    pub(crate) proof: Proof<'a>,
    pub(crate) sends: bool,
    pub(crate) receives: bool,
}

/// What shows that it is them.
#[derive(Debug)]
pub(crate) enum Proof<'a> {
    Password(&'a str),
    Digest { digest: [u8; 16], stamp: u32 },
}

/// One message, or one segment of it, to some numbers.
#[derive(Debug)]
pub(crate) struct Submit<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: Vec<&'a str>,
    pub(crate) coding: u8,
    pub(crate) alphabet: Alphabet,
    pub(crate) flash: bool,
    pub(crate) part: Option<Part>,
    /// The text without its header.
    pub(crate) octets: &'a [u8],
    pub(crate) wants_receipt: bool,
    pub(crate) wants_failures: bool,
    pub(crate) validity: &'a str,
    pub(crate) priority: u8,
    /// The answer lists numbers that failed, each with its status.
    pub(crate) is_multi: bool,
}

/// A segment's place in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) reference: u16,
    pub(crate) total: u8,
    pub(crate) number: u8,
}

/// A frame nobody can serve, and how the specification has it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The command's own response with this status.
    Answer(u32),
    /// A general refusal with this status.
    Nack(u32),
    /// The stream cannot be followed any longer: a general refusal, if the protocol has one, and an end.
    Close(u32),
}

/// Why the centre itself refuses; each protocol has its own number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    TooManyBinds,
    AlreadyBound,
    NotBound,
    Throttled,
    WindowFull,
    Malformed,
    /// What is to be stopped is not here any more.
    Gone,
}

/// Something for the client.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    Receipt(Receipt),
    Said(Said),
}

/// How it ended with a message.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) id: Id,
    /// The number that sent the message.
    pub(crate) from: Box<str>,
    /// The number it was for.
    pub(crate) to: Box<str>,
    pub(crate) outcome: Outcome,
    pub(crate) submitted: Stamp,
}

/// One segment of what a person wrote.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) id: Id,
    pub(crate) from: Box<str>,
    pub(crate) to: Box<str>,
    pub(crate) alphabet: Alphabet,
    pub(crate) part: Option<Part>,
    pub(crate) octets: Vec<u8>,
    pub(crate) at: Stamp,
}

/// A protocol on one link.
pub(crate) trait Dialect: Send + Sync + Sized + 'static {
    /// Octets of a header, its length field first.
    const HEADER: usize;
    /// The longest frame that is believed.
    const LONGEST: usize;

    /// What a phone writes plain text in.
    const BASIC: Alphabet;
    /// Whether a submit with a sequence that was taken before is answered and discarded.
    const DISCARDS_REPEATED: bool = false;

    fn new() -> Self;

    /// The header of a frame; `frame` is at least [`Self::HEADER`] long.
    fn head(frame: &[u8]) -> Head;

    /// What stands behind the header.
    fn read<'a>(&mut self, head: &Head, body: &'a [u8]) -> Result<Asked<'a>, Fault>;

    /// The status of a bind, zero if they are who they say they are.
    fn judge(&mut self, login: &Login<'_>, behaviour: &Behaviour) -> u32;

    fn code(cause: Cause) -> u32;

    /// The id of the message with this number at the centre.
    fn id(number: u64, head: &Head, at: Stamp) -> Id;

    /// The sequence of the centre's own request with this number.
    fn sequence(number: u32, _at: Stamp) -> Sequence {
        [0, 0, number]
    }

    /// Answers a bind.
    fn answer_bind(&self, head: &Head, status: u32, login: &Login<'_>, behaviour: &Behaviour, out: &mut Vec<u8>);

    /// Answers a submit: taken or refused as a whole with `status`, except the numbers in `failed`.
    fn answer_submit(
        &self,
        head: &Head,
        status: u32,
        id: Id,
        failed: &[(&str, u32)],
        behaviour: &Behaviour,
        out: &mut Vec<u8>,
    );

    /// Answers any other request, or one that was not understood, with the response its command has.
    fn answer(&self, head: &Head, status: u32, out: &mut Vec<u8>);

    /// Refuses something that is no request.
    fn nack(&self, head: &Head, status: u32, out: &mut Vec<u8>);

    /// Sends a receipt or what a person said.
    fn deliver(&self, sequence: Sequence, delivery: &Delivery, behaviour: &Behaviour, done: Stamp, out: &mut Vec<u8>);

    /// Asks whether the link is alive; false if the protocol knows no such question.
    fn test(&self, sequence: Sequence, out: &mut Vec<u8>) -> bool;

    /// Asks to bind on a link the centre opened; only SGIP does.
    fn call(&self, _sequence: Sequence, _behaviour: &Behaviour, _out: &mut Vec<u8>) {}
}

impl From<Short> for Fault {
    fn from(_: Short) -> Self {
        Self::Answer(0)
    }
}

/// Splits a user data header off a text: its place among segments, and the text.
pub(crate) fn split_header(octets: &[u8]) -> Option<(Option<Part>, &[u8])> {
    let (&length, rest) = octets.split_first()?;
    let (mut elements, text) = rest.split_at_checked(usize::from(length))?;
    let mut part = None;
    while let [element, length, rest @ ..] = elements {
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        part = match (element, value) {
            (0x00, &[reference, total, number]) => Some(Part { reference: reference.into(), total, number }),
            (0x08, &[high, low, total, number]) => {
                Some(Part { reference: u16::from_be_bytes([high, low]), total, number })
            }
            _ => part,
        };
        elements = rest;
    }
    let is_sound = |part: Part| (1..=part.total).contains(&part.number);
    (elements.is_empty() && part.is_none_or(is_sound)).then_some((part, text))
}

/// The user data header of a segment with an 8-bit reference.
pub(crate) fn header(part: Part) -> [u8; 6] {
    let [_, reference] = part.reference.to_be_bytes();
    [5, 0, 3, reference, part.total, part.number]
}
