//! One open connection: everything of it happens in one task, so nothing is locked and nothing is done per message but
//! the writing and reading of it. What is to be written is gathered and leaves in one write.

use std::{collections::VecDeque, time::Duration};

use bytes::{Buf, BytesMut};
use fenghuo_contract::{Cause, Class, Fault};
use slab::Slab;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};

use super::{
    Bind, TICK,
    inbox::{Acks, Said, Word},
    job::{Job, Outcome},
    table::{Table, Waiting},
    window::Window,
};
use crate::protocol::{Answer, Event, FRAME_MAX, Malformed};

/// Jobs under way at most; further ones wait in the channel.
const JOBS_MAX: usize = 4096;

/// Bytes read at a time.
const READ: usize = 64 * 1024;

/// How long a farewell may take: half for answers that are still out, half for the peer's own.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a link has beside its stream.
pub(super) struct Wires<'a> {
    pub(super) jobs: &'a mut mpsc::Receiver<Job>,
    pub(super) words: mpsc::Sender<Vec<Word>>,
    pub(super) acks: mpsc::Receiver<Acks>,
}

/// The state of an open connection.
pub(super) struct Session<'a> {
    bind: &'a Bind,
    jobs: Slab<(u64, Job)>,
    serial: u64,
    /// Jobs with something left to write: urgent ones, others.
    queues: [VecDeque<(usize, u64)>; 2],
    table: Table,
    window: Window,
    out: BytesMut,
    /// Bytes ever put into `out`, and ever taken by the connection.
    queued: u64,
    taken: u64,
    words: Vec<Word>,
    now: Instant,
    heard_at: Instant,
    asked_at: Option<Instant>,
    /// Since when this end wants to leave.
    leaving_at: Option<Instant>,
    farewell_written: bool,
    /// The peer has said the last word; only what is in `out` is still written.
    over: bool,
    /// Whether anything came after the log-in.
    pub(super) lived: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(bind: &'a Bind, next_number: u32) -> Self {
        let now = super::now();
        Self {
            bind,
            jobs: Slab::new(),
            serial: 0,
            queues: Default::default(),
            table: Table::new(bind.line.window, next_number, bind.protocol.sequence_max()),
            window: Window::new(bind.line.window),
            out: BytesMut::with_capacity(READ),
            queued: 0,
            taken: 0,
            words: Vec::new(),
            now,
            heard_at: now,
            asked_at: None,
            leaving_at: None,
            farewell_written: false,
            over: false,
            lived: false,
        }
    }

    /// Speaks until the connection ends, and says why it did. Every job has its answer then.
    pub(super) async fn run<S>(&mut self, stream: S, mut input: BytesMut, mut wires: Wires<'_>) -> Cause
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let cause = match self.speak(stream, &mut input, &mut wires).await {
            Ok(()) => Cause::new("CLOSED", "the connection was ended"),
            Err(cause) => cause,
        };
        self.end(&cause);
        cause
    }

    async fn speak<S>(&mut self, stream: S, input: &mut BytesMut, wires: &mut Wires<'_>) -> Result<(), Cause>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = self.bind.stop.clone();
        let mut unflushed = false;
        self.read(input, &wires.words)?;
        loop {
            self.take_jobs(wires.jobs);
            while let Ok(acks) = wires.acks.try_recv() {
                self.acknowledge(acks);
            }
            self.fill();
            if self.over && self.out.is_empty() {
                let _already_gone = writer.shutdown().await;
                return Ok(());
            }
            input.reserve(READ);
            tokio::select! {
                read = reader.read_buf(input) => match read {
                    Ok(0) => return Err(Cause::new("LOST", "the peer closed the connection")),
                    Ok(_) => self.read(input, &wires.words)?,
                    Err(error) => return Err(lost(&error)),
                },
                written = push(&mut writer, &mut self.out), if unflushed || !self.out.is_empty() => {
                    let written = written.map_err(|error| lost(&error))?;
                    self.taken += written as u64;
                    unflushed = written > 0;
                }
                job = wires.jobs.recv(), if self.jobs.len() < JOBS_MAX && self.leaving_at.is_none() => match job {
                    Some(job) => self.take(job),
                    None => self.leave(),
                },
                Some(acks) = wires.acks.recv() => self.acknowledge(acks),
                now = ticks.tick() => self.tick(now)?,
                stopped = stop.wait_for(|stop| *stop), if self.leaving_at.is_none() => {
                    drop(stopped);
                    self.leave();
                }
            }
        }
    }

    fn take_jobs(&mut self, jobs: &mut mpsc::Receiver<Job>) {
        while self.jobs.len() < JOBS_MAX && self.leaving_at.is_none() {
            let Ok(job) = jobs.try_recv() else { break };
            self.take(job);
        }
    }

    pub(super) fn take(&mut self, job: Job) {
        self.serial += 1;
        let queue = usize::from(!job.urgent);
        let key = self.jobs.insert((self.serial, job));
        self.queues[queue].push_back((key, self.serial));
    }

    /// Writes as much as the window allows, urgent jobs first.
    fn fill(&mut self) {
        while self.leaving_at.is_none() {
            let usual = self.queues[0].is_empty();
            let places = if usual && self.bind.is_alone() { self.window.usual() } else { self.window.size() };
            let Some(&(key, serial)) = self.queues[usize::from(usual)].front() else { break };
            if self.table.len() >= places {
                break;
            }
            if !self.write_unit(key, serial) {
                self.queues[usize::from(usual)].pop_front();
            }
        }
    }

    /// Writes the next unit of a job; `false` = it has none, or is gone.
    fn write_unit(&mut self, key: usize, serial: u64) -> bool {
        let Some((_, job)) = self.jobs.get_mut(key).filter(|(stands, _)| *stands == serial) else { return false };
        let unit = if job.is_forsaken() { None } else { job.next() };
        let Some(unit) = unit else {
            if job.is_over() || job.is_forsaken() {
                self.finish(key, None);
            }
            return false;
        };
        let (number, before) = (self.table.free_number(), self.out.len());
        if !job.work.write(unit, &*self.bind.protocol, number, &mut self.out) {
            self.finish(key, Some(Fault::Transient(Cause::new("NO-SUCH-REQUEST", "the protocol has no such request"))));
            return false;
        }
        job.written(unit);
        self.queued += (self.out.len() - before) as u64;
        let waiting = Waiting { job: (key, serial), unit, since: self.now, end: self.queued };
        self.table.put(number, waiting);
        true
    }

    /// Reads every frame that is complete.
    fn read(&mut self, input: &mut BytesMut, words: &mpsc::Sender<Vec<Word>>) -> Result<(), Cause> {
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

    fn settle(&mut self, waiting: &Waiting, outcome: Outcome, fault: Option<Fault>) {
        let (key, serial) = waiting.job;
        let Some((_, job)) = self.jobs.get_mut(key).filter(|(stands, _)| *stands == serial) else { return };
        job.settled(waiting.unit, outcome);
        if job.is_over() {
            self.finish(key, fault);
        }
    }

    fn finish(&mut self, key: usize, fault: Option<Fault>) {
        let (_, job) = self.jobs.remove(key);
        self.bind.relieve(job.units());
        job.end(fault);
    }

    fn say(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.queued += bytes.len() as u64;
    }

    /// Passes on what was heard; what nobody has room for is refused, so that the peer repeats it.
    fn hand_over(&mut self, words: &mpsc::Sender<Vec<Word>>) {
        if self.words.is_empty() {
            return;
        }
        let all = std::mem::take(&mut self.words);
        if let Err(mpsc::error::TrySendError::Full(all) | mpsc::error::TrySendError::Closed(all)) = words.try_send(all)
        {
            tracing::warn!(
                protocol = self.bind.protocol.name(),
                reports = all.len(),
                "reports come faster than they are kept"
            );
            self.acknowledge(all.into_iter().map(|(_, ack)| (ack, false)).collect());
        }
    }

    fn acknowledge(&mut self, acks: Acks) {
        let before = self.out.len();
        for (ack, taken) in acks {
            self.bind.protocol.acknowledge(&ack, taken, &mut self.out);
        }
        self.queued += (self.out.len() - before) as u64;
    }

    fn leave(&mut self) {
        self.leaving_at = self.leaving_at.or(Some(self.now));
    }

    fn tick(&mut self, now: Instant) -> Result<(), Cause> {
        self.now = now;
        self.window.grow(now);
        let timeout = self.bind.line.answer_timeout;
        for waiting in self.table.take_older(now, timeout) {
            let fault = Fault::InDoubt(Cause::new("NO-ANSWER", "the submit was not answered in time"));
            self.settle(&waiting, Outcome::Unanswered, Some(fault));
        }
        let late = |(_, (_, job)): &(usize, &(u64, Job))| job.deadline <= now || job.is_forsaken();
        let late: Vec<usize> = self.jobs.iter().filter(late).map(|(key, _)| key).collect();
        for key in late {
            self.finish(key, Some(Fault::Transient(Cause::new("TIMEOUT", "the time for it ran out"))));
        }
        if self.leaving_at.is_some() { self.farewell() } else { self.keep_alive() }
    }

    fn keep_alive(&mut self) -> Result<(), Cause> {
        if let Some(asked) = self.asked_at {
            if self.now.duration_since(asked) >= self.bind.line.answer_timeout {
                return Err(Cause::new("SILENT", "the peer does not answer"));
            }
        } else if self.now.duration_since(self.heard_at) >= self.bind.line.keepalive {
            if self.bind.protocol.on_demand() {
                if self.jobs.is_empty() {
                    self.leave();
                }
                return Ok(());
            }
            let (number, before) = (self.table.free_number(), self.out.len());
            if self.bind.protocol.keepalive(number, &mut self.out) {
                self.asked_at = Some(self.now);
                self.queued += (self.out.len() - before) as u64;
            }
        }
        Ok(())
    }

    /// Waits for answers that are still out, then says farewell, then waits for the peer's.
    fn farewell(&mut self) -> Result<(), Cause> {
        let Some(since) = self.leaving_at else { return Ok(()) };
        let waited = self.now.duration_since(since);
        if waited >= FAREWELL {
            return Err(Cause::new("CLOSED", "the adapter is closed"));
        }
        if !self.farewell_written && (self.table.len() == 0 || waited >= FAREWELL / 2) {
            let (number, before) = (self.table.number(), self.out.len());
            self.bind.protocol.unbind(number, &mut self.out);
            self.queued += (self.out.len() - before) as u64;
            self.farewell_written = true;
        }
        Ok(())
    }

    /// Answers every job: what the connection took whole may have reached the peer, the rest did not.
    fn end(&mut self, cause: &Cause) {
        for waiting in self.table.take_all() {
            let outcome = if waiting.end <= self.taken { Outcome::Unanswered } else { Outcome::Unsent };
            self.settle(&waiting, outcome, Some(Fault::Transient(cause.clone())));
        }
        let left: Vec<usize> = self.jobs.iter().map(|(key, _)| key).collect();
        for key in left {
            self.finish(key, Some(Fault::Transient(cause.clone())));
        }
    }
}

/// Writes what there is, or else flushes; says how much was written.
async fn push<W: AsyncWrite + Unpin>(writer: &mut W, out: &mut BytesMut) -> std::io::Result<usize> {
    if out.is_empty() {
        return writer.flush().await.map(|()| 0);
    }
    writer.write_buf(out).await
}

/// The operating system's word for a lost connection.
fn lost(error: &std::io::Error) -> Cause {
    Cause::new("LOST", &error.kind().to_string())
}
