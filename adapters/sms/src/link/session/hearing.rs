//! What the peer says.

use bytes::{Buf, BytesMut};
use fenghuo_contract::{Cause, Class, Fault};
use tokio::sync::mpsc;

use super::{
    super::{
        inbox::{Acks, Said, WAITING_MAX, Word},
        job::Outcome,
        table::Waiting,
    },
    Session,
};
use crate::protocol::{Answer, Event, FRAME_MAX, Malformed};

impl Session<'_> {
    /// Reads every frame that is complete.
    pub(super) fn read(&mut self, input: &mut BytesMut, words: &mpsc::Sender<Vec<Word>>) -> Result<(), Cause> {
        let malformed = |fault: Malformed| Cause::new("MALFORMED", fault.0);
        while let Some(head) = input.first_chunk::<4>() {
            let length = u32::from_be_bytes(*head) as usize;
            if length < self.bind.protocol.header() || length > FRAME_MAX {
                return Err(malformed(Malformed("a frame of an impossible length")));
            }
            let Some(frame) = input.get(..length) else { break };
            let event = self.bind.protocol.read(frame).map_err(malformed)?;
            input.advance(length);
            self.hear(event);
            (self.heard_at, self.asked_at, self.lived) = (self.now, None, true);
        }
        self.hand_over(words);
        Ok(())
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Answered { sequence, answer, congestion } => self.answered(sequence, answer, congestion),
            Event::Alive { sequence } => self.answered(sequence, Answer::Taken(None), None),
            Event::Asked(answer) => self.say(&answer),
            // Only a peer that came to us logs in; on our own connection it is answered and nothing follows from it.
            Event::Login { answer, .. } => self.say(&answer),
            Event::Report(report, ack) => self.words.push((Said::Report(report), ack)),
            Event::Fragment(fragment, ack) => self.words.push((Said::Fragment(fragment), ack)),
            Event::Leaving(answer) => {
                self.say(&answer);
                self.leaving_at = self.leaving_at.or(Some(self.now));
                self.over = true;
            }
            Event::Left => self.over = true,
            Event::Ignored => {}
        }
    }

    fn answered(&mut self, sequence: u32, answer: Answer, congestion: Option<u8>) {
        if let Some(level) = congestion {
            self.window.congestion(level, self.now);
        }
        let Some(waiting) = self.table.take(sequence) else { return };
        if let Answer::Refused(status) = answer {
            let class = self.bind.protocol.refusal(status).class;
            if matches!(class, Class::Throttled | Class::ThrottledConnection) {
                self.window.throttled(self.now);
            }
        }
        self.settle(&waiting, Outcome::Answered(answer), None);
    }

    pub(super) fn settle(&mut self, waiting: &Waiting, outcome: Outcome, fault: Option<Fault>) {
        let (key, serial) = waiting.job;
        let Some((_, job)) = self.jobs.get_mut(key).filter(|(stands, _)| *stands == serial) else { return };
        job.settled(waiting.unit, outcome);
        if job.is_over() {
            self.finish(key, fault);
        }
    }

    /// Passes on what was heard. What there is no room for waits here; what is too much for that is refused, so that the
    /// peer repeats it.
    fn hand_over(&mut self, words: &mpsc::Sender<Vec<Word>>) {
        if self.words.is_empty() {
            return;
        }
        let most = match words.try_reserve() {
            Ok(room) => return room.send(std::mem::take(&mut self.words)),
            Err(mpsc::error::TrySendError::Full(())) => WAITING_MAX.min(self.words.len()),
            Err(mpsc::error::TrySendError::Closed(())) => 0,
        };
        let refused: Acks = self.words.drain(most..).map(|(_, ack)| (ack, false)).collect();
        if !refused.is_empty() {
            let protocol = self.bind.protocol.name();
            tracing::warn!(protocol, reports = refused.len(), "reports come faster than they are kept");
            self.acknowledge(refused);
        }
    }
}
