//! One open connection: everything of it happens in one task, so nothing is locked and nothing is done per message but
//! the writing and reading of it. What is to be written is gathered and leaves in one write.

mod hearing;
mod life;

use std::collections::VecDeque;

use bytes::BytesMut;
use fenghuo_contract::{Cause, Fault};
use slab::Slab;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};

use super::{
    Bind, TICK,
    inbox::{Acks, Word},
    job::Job,
    table::{Table, Waiting},
    window::Window,
};

/// Jobs under way at most; further ones wait in the channel.
const JOBS_MAX: usize = 4096;

/// Bytes read at a time.
const READ: usize = 64 * 1024;

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
    /// What the peer said and nobody has yet.
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
                Ok(room) = wires.words.reserve(), if !self.words.is_empty() => {
                    room.send(std::mem::take(&mut self.words));
                }
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

    fn finish(&mut self, key: usize, fault: Option<Fault>) {
        let (_, job) = self.jobs.remove(key);
        self.bind.relieve(job.units());
        job.end(fault);
    }

    fn say(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.queued += bytes.len() as u64;
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
