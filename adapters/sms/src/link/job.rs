//! What one call of the adapter wants written, and what became of it.

use std::sync::Arc;

use bytes::BytesMut;
use fenghuo_contract::{Fault, Reference};
use tokio::{sync::oneshot, time::Instant};

use crate::protocol::{Answer, Message, Protocol};

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Work {
    /// Every segment of a message to every group of destinations.
    Submit {
        /// The message.
        message: Arc<Message>,
        /// The numbers.
        to: Vec<Box<str>>,
        /// Where each group ends in `to`; a group shares its submits.
        ends: Vec<usize>,
    },
    /// Withdraw messages, each by its name and its recipient.
    Cancel(Vec<(Reference, Box<str>)>),
    /// Ask the peer whether it is there.
    Ask,
}

impl Work {
    /// Requests it takes; unit `u` is segment `u % segments` for group `u / segments`.
    pub(crate) fn units(&self) -> usize {
        match self {
            Self::Submit { message, ends, .. } => message.segments.len() * ends.len(),
            Self::Cancel(messages) => messages.len(),
            Self::Ask => 1,
        }
    }

    /// The groups nothing was written of as work of its own, and which units that is.
    pub(super) fn unwritten(&self, outcomes: &[Outcome]) -> Option<(Self, Vec<usize>)> {
        let Self::Submit { message, to, ends } = self else { return None };
        let (mut rest, mut rest_ends, mut units) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = 0;
        for (end, (first, own)) in ends.iter().zip((0..).zip(outcomes.chunks(message.segments.len()))) {
            if own.iter().all(|outcome| *outcome == Outcome::Unsent) {
                rest.extend_from_slice(&to[start..*end]);
                rest_ends.push(rest.len());
                units.extend((0..own.len()).map(|unit| first * message.segments.len() + unit));
            }
            start = *end;
        }
        let work = || Self::Submit { message: Arc::clone(message), to: rest, ends: rest_ends };
        (!units.is_empty()).then(|| (work(), units))
    }

    /// The first unit of the group a unit is of.
    fn group_start(&self, unit: usize) -> usize {
        match self {
            Self::Submit { message, .. } => unit - unit % message.segments.len(),
            Self::Cancel(_) | Self::Ask => unit,
        }
    }

    /// Writes one unit; `false` = the protocol has no such request.
    pub(super) fn write(&self, unit: usize, protocol: &dyn Protocol, sequence: u32, out: &mut BytesMut) -> bool {
        match self {
            Self::Submit { message, to, ends } => {
                let (group, segment) = (unit / message.segments.len(), unit % message.segments.len());
                let start = if group == 0 { 0 } else { ends[group - 1] };
                protocol.submit(&message.segments[segment], &to[start..ends[group]], sequence, out);
                true
            }
            Self::Cancel(messages) => {
                let (reference, to) = &messages[unit];
                protocol.cancel(reference, to, sequence, out)
            }
            Self::Ask => protocol.keepalive(sequence, out),
        }
    }
}

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It never left.
    Unsent,
    /// It may have reached the peer; no answer came.
    Unanswered,
    /// The peer's answer.
    Answered(Answer),
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct Done {
    /// What was wanted.
    pub(super) work: Work,
    /// By unit.
    pub(crate) outcomes: Vec<Outcome>,
    /// Why some have no answer.
    pub(crate) fault: Option<Fault>,
}

/// A job as a link holds it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) urgent: bool,
    /// When the caller must have its answer.
    pub(crate) deadline: Instant,
    pub(crate) reply: oneshot::Sender<Done>,
    outcomes: Vec<Outcome>,
    /// The next unit to write.
    next: usize,
    /// Units written and not answered.
    open: usize,
}

impl Job {
    pub(crate) fn new(work: Work, urgent: bool, deadline: Instant) -> (Self, oneshot::Receiver<Done>) {
        let (reply, done) = oneshot::channel();
        let outcomes = vec![Outcome::Unsent; work.units()];
        (Self { work, urgent, deadline, reply, outcomes, next: 0, open: 0 }, done)
    }

    pub(crate) fn units(&self) -> usize {
        self.outcomes.len()
    }

    /// The next unit to write. Further segments of a message that was refused in part stay unwritten.
    pub(super) fn next(&mut self) -> Option<usize> {
        while self.next < self.outcomes.len() {
            let unit = self.next;
            self.next += 1;
            let before = &self.outcomes[self.work.group_start(unit)..unit];
            if !before.iter().any(|outcome| matches!(outcome, Outcome::Answered(Answer::Refused(_)))) {
                return Some(unit);
            }
        }
        None
    }

    pub(super) fn written(&mut self, unit: usize) {
        self.outcomes[unit] = Outcome::Unanswered;
        self.open += 1;
    }

    pub(super) fn settled(&mut self, unit: usize, outcome: Outcome) {
        self.outcomes[unit] = outcome;
        self.open -= 1;
    }

    pub(super) fn is_written(&self) -> bool {
        self.next >= self.outcomes.len()
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_written() && self.open == 0
    }

    /// Nobody waits for it any longer.
    pub(super) fn is_forsaken(&self) -> bool {
        self.reply.is_closed()
    }

    /// Tells the caller; one that has gone away is none of our business.
    pub(crate) fn end(self, fault: Option<Fault>) {
        let _gone = self.reply.send(Done { work: self.work, outcomes: self.outcomes, fault });
    }
}
