//! One connection: frames are read in whole chunks, served in order, and answered with one write a chunk.

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    behaviour::Behaviour,
    book::Entries,
    calendar::{self, Calendar},
    dialect::{Cause, Delivery, Dialect, Fault, Head, Sequence},
    exchange::Mailbox,
    sent::{Request, Sent},
    shared::Shared,
};

/// A chunk, and as much as may lie unwritten before nothing more is read.
const CHUNK: usize = 256 * 1024;

/// How often a frozen link looks whether it still is.
const THAW: Duration = Duration::from_millis(20);

/// One connection.
pub(crate) struct Link<D> {
    pub(crate) dialect: D,
    pub(crate) number: u64,
    pub(crate) shared: Arc<Shared>,
    pub(crate) calendar: Calendar,
    pub(crate) entries: Entries,
    pub(crate) bound: Option<Bound>,
    /// The mailbox, while bound to receive.
    pub(crate) mailbox: Option<Arc<Mailbox>>,
    pub(crate) out: Vec<u8>,
    /// Answers that wait, in order.
    pub(crate) slow: VecDeque<(Instant, Vec<u8>)>,
    /// Submits whose answers are not written yet, and those that get none.
    pub(crate) unanswered: usize,
    pub(crate) silenced: usize,
    /// Submits so far, and at how many the link is cut.
    pub(crate) submits: u64,
    pub(crate) lifetime: Option<u64>,
    pub(crate) sent: Sent,
    /// When the centre next asks whether the link is alive.
    next_test: Option<Instant>,
    /// When the link is closed if nothing is read before.
    idle: Option<Instant>,
}

/// What a link was bound for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) sends: bool,
}

/// What follows from a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Go,
    /// The link ends when everything is written.
    Close,
    /// The link ends now.
    Cut,
}

impl<D: Dialect> Link<D> {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let number = shared.next_link();
        let behaviour = shared.behaviour();
        let drawn = behaviour.cut_within.map(|most| drawn(behaviour.seed, number) % most.max(1) + 1);
        Self {
            dialect: D::new(),
            number,
            shared: Arc::clone(shared),
            calendar: shared.calendar(),
            entries: Entries::default(),
            bound: None,
            mailbox: None,
            out: Vec::with_capacity(CHUNK),
            slow: VecDeque::new(),
            unanswered: 0,
            silenced: 0,
            submits: 0,
            lifetime: behaviour.cut_after.or(drawn),
            sent: Sent::default(),
            next_test: None,
            idle: behaviour.idle.map(|idle| calendar::now() + idle),
        }
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        self.entries.counts.links = 1;
        self.entries.counts.open = 1;
        self.enter();
        let (cut, stop) = (self.shared.cut(), self.shared.stop.clone());
        // A connection that fails has ended; what it still owed is handed on below.
        drop(self.converse(stream, &cut, &stop).await);
        if cut.is_cancelled() {
            self.entries.counts.cuts += 1;
        }
        self.end();
    }

    async fn converse(
        &mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        cut: &CancellationToken,
        stop: &CancellationToken,
    ) -> io::Result<()> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut input = Vec::with_capacity(CHUNK);
        let mut written = 0;
        let mut flow = Flow::Go;
        // Something was read that is not served.
        let mut is_unserved = false;
        loop {
            if written == self.out.len() {
                self.out.clear();
                written = 0;
                match flow {
                    Flow::Close => return writer.shutdown().await,
                    Flow::Cut => return Ok(()),
                    Flow::Go => writer.flush().await?,
                }
            }
            let is_frozen = self.shared.behaviour().frozen;
            let due = if is_frozen { Some(calendar::now() + THAW) } else { self.due() };
            tokio::select! {
                biased;
                () = cut.cancelled() => return Ok(()),
                () = stop.cancelled() => return Ok(()),
                result = writer.write(&self.out[written..]), if written < self.out.len() => {
                    written += result?;
                    continue;
                }
                () = std::future::ready(()), if is_unserved && !is_frozen => {
                    is_unserved = false;
                    flow = self.take(&mut input);
                }
                result = reader.read_buf(&mut input), if flow == Flow::Go && self.out.len() < CHUNK && !is_frozen => {
                    if result? == 0 {
                        return Ok(());
                    }
                    is_unserved = true;
                    continue;
                }
                () = arrived(self.mailbox.as_ref()) => {}
                () = sleep_until(due.unwrap_or(self.shared.started)), if due.is_some() => {}
            }
            if is_frozen {
                // What woke the link is looked after when it thaws.
                is_unserved = true;
                continue;
            }
            // Whatever woke the link: a client that never rests must not keep letters and timers waiting.
            self.fetch();
            if flow == Flow::Go && self.due().is_some_and(|due| due <= calendar::now()) {
                flow = self.wake();
            }
            self.send();
            self.enter();
            if flow == Flow::Cut {
                self.entries.counts.cuts += 1;
                return Ok(());
            }
        }
    }

    /// Serves all whole frames of `input` and takes them off it.
    fn take(&mut self, input: &mut Vec<u8>) -> Flow {
        let behaviour = self.shared.behaviour();
        let now = calendar::now();
        self.unanswered = self.silenced;
        let mut served = 0;
        let mut flow = Flow::Go;
        while flow == Flow::Go {
            let rest = &input[served..];
            let Some((length, _)) = rest.split_first_chunk::<4>() else { break };
            let length = u32::from_be_bytes(*length) as usize;
            if !(D::HEADER..=D::LONGEST).contains(&length) {
                flow = self.lost(rest);
                break;
            }
            let Some(frame) = rest.get(..length) else { break };
            flow = self.serve(frame, &behaviour, now);
            served += length;
        }
        input.drain(..served);
        input.reserve(CHUNK);
        self.idle = behaviour.idle.map(|idle| now + idle);
        if behaviour.test_every.is_some() && self.next_test.is_none() {
            self.next_test = behaviour.test_every.map(|every| now + every);
        }
        flow
    }

    /// A length nobody can believe: the stream cannot be followed any longer.
    fn lost(&mut self, rest: &[u8]) -> Flow {
        self.entries.counts.malformed += 1;
        if rest.len() >= D::HEADER {
            self.dialect.nack(&D::head(rest), D::code(Cause::Malformed), &mut self.out);
        }
        Flow::Close
    }

    /// Answers what cannot be served.
    pub(crate) fn refuse(&mut self, head: &Head, fault: Fault) -> Flow {
        self.entries.counts.malformed += 1;
        match fault {
            Fault::Answer(status) => self.dialect.answer(head, status, &mut self.out),
            Fault::Nack(status) | Fault::Close(status) => self.dialect.nack(head, status, &mut self.out),
        }
        if matches!(fault, Fault::Close(_)) { Flow::Close } else { Flow::Go }
    }

    /// Takes what lies in the mailbox.
    fn fetch(&mut self) {
        if let Some(mailbox) = &self.mailbox {
            self.sent.queue.extend(mailbox.take());
        }
    }

    /// Sends what waits, as far as the window lets it.
    pub(crate) fn send(&mut self) {
        if self.sent.queue.is_empty() || self.mailbox.is_none() {
            return;
        }
        let behaviour = self.shared.behaviour();
        if behaviour.frozen {
            return;
        }
        let done = self.calendar.stamp(calendar::now());
        while self.sent.unanswered() < behaviour.deliver_window
            && let Some(delivery) = self.sent.queue.pop_front()
        {
            let is_receipt = matches!(delivery, Delivery::Receipt(_));
            self.entries.counts.receipts += u64::from(is_receipt);
            self.entries.counts.said += u64::from(!is_receipt);
            let sequence = D::sequence(self.sent.upcoming(), done);
            self.dialect.deliver(sequence, &delivery, &behaviour, done, &mut self.out);
            self.sent.next(Request::Delivery(delivery));
        }
    }

    /// The sequence of the centre's own request with this number.
    fn sequence(&mut self, number: u32) -> Sequence {
        D::sequence(number, self.calendar.stamp(calendar::now()))
    }

    /// Asks to bind, on a link the centre opened.
    pub(crate) fn call(&mut self) {
        let behaviour = self.shared.behaviour();
        let number = self.sent.next(Request::Bind);
        let sequence = self.sequence(number);
        self.dialect.call(sequence, &behaviour, &mut self.out);
    }

    /// When something is to be done without being asked.
    fn due(&self) -> Option<Instant> {
        let slow = self.slow.front().map(|(due, _)| *due);
        [slow, self.next_test, self.idle].into_iter().flatten().min()
    }

    fn wake(&mut self) -> Flow {
        let now = calendar::now();
        while self.slow.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, answer)) = self.slow.pop_front() {
                self.out.extend(answer);
            }
        }
        if self.idle.is_some_and(|due| due <= now) {
            return Flow::Close;
        }
        if self.next_test.is_some_and(|due| due <= now) {
            return self.test(now);
        }
        Flow::Go
    }

    fn test(&mut self, now: Instant) -> Flow {
        self.next_test = self.shared.behaviour().test_every.map(|every| now + every);
        if self.sent.is_tested() {
            return Flow::Cut;
        }
        if self.bound.is_some() && self.next_test.is_some() {
            let number = self.sent.next(Request::Test);
            let sequence = self.sequence(number);
            if !self.dialect.test(sequence, &mut self.out) {
                drop(self.sent.answered(number));
            }
        }
        Flow::Go
    }

    fn enter(&mut self) {
        let behaviour: Arc<Behaviour> = self.shared.behaviour();
        self.shared.enter(&mut self.entries, &behaviour);
    }

    /// Gives back what the link had.
    fn end(&mut self) {
        self.release();
        self.entries.counts.open = self.entries.counts.open.wrapping_sub(1);
        self.enter();
    }

    /// Ends the bind.
    pub(crate) fn release(&mut self) {
        if self.bound.take().is_some() {
            self.shared.unbind();
            self.entries.counts.bound = self.entries.counts.bound.wrapping_sub(1);
        }
        if let Some(mailbox) = self.mailbox.take() {
            self.shared.exchange.leave(&mailbox, self.sent.left());
        }
    }
}

/// Waits for a letter, for ever without a mailbox.
async fn arrived(mailbox: Option<&Arc<Mailbox>>) {
    match mailbox {
        Some(mailbox) => mailbox.arrived().await,
        None => std::future::pending().await,
    }
}

/// A number that follows from a seed and a link (SplitMix64).
fn drawn(seed: u64, link: u64) -> u64 {
    let mut mixed = seed.wrapping_add(link.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
