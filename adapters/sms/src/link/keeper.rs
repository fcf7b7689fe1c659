//! Connects, logs in, and comes back after a loss, each time after a wait drawn between nothing and a bound that doubles.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::BytesMut;
use fenghuo_contract::{Cause, Fault};
use tokio::{io::AsyncWriteExt, sync::mpsc, task::JoinSet};

use super::{
    Bind, Condition, JOBS_WAITING, TICK, closed,
    inbox::ROOM,
    job::Job,
    session::{Session, Wires},
    stream::Stream,
};
use crate::protocol::{FRAME_MAX, Refusal};

/// The first bound of the wait before a lost connection is tried again.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The least wait after the peer refused us: it wants to be left alone (facts of several message centres: 30 s).
const REFUSED_WAIT: Duration = Duration::from_secs(30);

/// A connection we are logged in on, and what was read past the answer.
struct Open {
    stream: Stream,
    input: BytesMut,
    /// The number of the next request.
    next: u32,
}

/// Why there is no connection.
enum NotOpen {
    /// The peer was not reached, or did not answer.
    Unreached(Cause),
    /// It did not let us in.
    Refused(Refusal),
}

impl NotOpen {
    fn fault(&self) -> Fault {
        match self {
            Self::Unreached(cause) => Fault::Transient(cause.clone()),
            Self::Refused(refusal) => {
                let fault = refusal.class.fault(refusal.cause.clone(), None);
                fault.unwrap_or_else(|| Fault::Transient(refusal.cause.clone()))
            }
        }
    }
}

/// Keeps one link until the stop.
pub(super) async fn keep(bind: Arc<Bind>, mut jobs: mpsc::Receiver<Job>, seed: u64) {
    let mut random = Random(seed);
    let mut couriers = JoinSet::new();
    let mut losses = 0;
    let mut stop = bind.stop.clone();
    let mut early = Vec::new();
    while !*bind.stop.borrow() {
        bind.becomes(Condition::Connecting);
        let opened = tokio::select! {
            opened = open(&bind) => opened,
            never = collect(&bind, &mut jobs, &mut early) => match never {},
            _ = stop.wait_for(|stop| *stop) => Err(NotOpen::Unreached(Cause::new("CLOSED", "the adapter is closed"))),
        };
        if let Err(reason) = &opened {
            early.drain(..).for_each(|job| bind.refuse(job, reason.fault()));
        }
        let (fault, least) = match opened {
            Ok(open) => {
                let (cause, lived) = speak(&bind, open, std::mem::take(&mut early), &mut jobs, &mut couriers).await;
                if bind.protocol.on_demand() {
                    tracing::info!(protocol = bind.protocol.name(), provider = %cause, "a link rests until it is wanted");
                    early.extend(wanted(&bind, &mut jobs).await);
                    continue;
                }
                losses = if lived { 0 } else { losses };
                (Fault::Transient(cause), Duration::ZERO)
            }
            Err(reason @ NotOpen::Refused(_)) => (reason.fault(), REFUSED_WAIT.min(bind.line.reconnect_max)),
            Err(reason) => (reason.fault(), Duration::ZERO),
        };
        if *bind.stop.borrow() {
            break;
        }
        tracing::warn!(protocol = bind.protocol.name(), role = ?bind.role, provider = %fault, "a link is down");
        *bind.fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(fault);
        bind.becomes(Condition::Down);
        losses += 1;
        let wait = random.wait(losses, bind.line.reconnect_max).max(least);
        refuse_for(&bind, &mut jobs, wait).await;
    }
    bind.becomes(Condition::Down);
    jobs.close();
    early.into_iter().for_each(|job| bind.refuse(job, closed()));
    while let Some(job) = jobs.recv().await {
        bind.refuse(job, closed());
    }
    couriers.shutdown().await;
}

/// Waits until there is something to send on any link of the route.
async fn wanted(bind: &Bind, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
    bind.becomes(Condition::Connecting);
    let mut stop = bind.stop.clone();
    tokio::select! {
        job = jobs.recv() => job,
        () = bind.wanted.notified() => None,
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

/// Takes jobs while a connection opens, and answers those whose time runs out meanwhile.
async fn collect(bind: &Bind, jobs: &mut mpsc::Receiver<Job>, early: &mut Vec<Job>) -> Infallible {
    loop {
        tokio::select! {
            job = jobs.recv(), if early.len() < JOBS_WAITING => match job {
                Some(job) => early.push(job),
                None => std::future::pending().await,
            },
            () = tokio::time::sleep(TICK) => {
                let now = super::now();
                for late in early.extract_if(.., |job| job.deadline <= now || job.is_forsaken()) {
                    bind.refuse(late, Fault::Transient(Cause::new("TIMEOUT", "no connection in the time there was")));
                }
            }
        }
    }
}

/// Speaks on an open connection until it ends: why it ended, and whether the peer ever said something.
async fn speak(
    bind: &Arc<Bind>,
    open: Open,
    early: Vec<Job>,
    jobs: &mut mpsc::Receiver<Job>,
    couriers: &mut JoinSet<()>,
) -> (Cause, bool) {
    let (words, heard) = mpsc::channel(ROOM);
    let (answers, acks) = mpsc::channel(ROOM);
    let courier = Arc::clone(&bind.courier);
    while couriers.try_join_next().is_some() {}
    couriers.spawn(async move { courier.carry(heard, answers).await });
    let mut session = Box::new(Session::new(bind, open.next));
    early.into_iter().for_each(|job| session.take(job));
    bind.becomes(Condition::Up);
    tracing::info!(protocol = bind.protocol.name(), role = ?bind.role, "a link is up");
    let cause = session.run(open.stream, open.input, Wires { jobs, words, acks }).await;
    (cause, session.lived)
}

/// Answers jobs with the fault of the link while nothing is tried, until it is time again or a probe got in.
async fn refuse_for(bind: &Bind, jobs: &mut mpsc::Receiver<Job>, wait: Duration) {
    let mut stop = bind.stop.clone();
    let over = tokio::time::sleep(wait);
    tokio::pin!(over);
    loop {
        tokio::select! {
            biased;
            () = &mut over => return,
            () = bind.retry.notified() => return,
            _ = stop.wait_for(|stop| *stop) => return,
            job = jobs.recv() => match job {
                Some(job) => bind.refuse(job, bind.fault()),
                None => return,
            },
        }
    }
}

/// Logs in on a connection of its own and leaves again.
pub(super) async fn try_out(bind: &Bind) -> Result<(), Fault> {
    let mut open = open(bind).await.map_err(|reason| reason.fault())?;
    let mut farewell = BytesMut::new();
    bind.protocol.unbind(open.next, &mut farewell);
    // It let us in, which was the question.
    let _gone = open.stream.write_all(&farewell).await;
    let _gone = open.stream.shutdown().await;
    Ok(())
}

async fn open(bind: &Bind) -> Result<Open, NotOpen> {
    let late = Err(NotOpen::Unreached(Cause::new("CONNECT", "no connection in time")));
    tokio::time::timeout(bind.line.connect_timeout, log_in(bind)).await.unwrap_or(late)
}

async fn log_in(bind: &Bind) -> Result<Open, NotOpen> {
    let unreached = |error: std::io::Error| NotOpen::Unreached(Cause::new("CONNECT", &error.kind().to_string()));
    let mut stream = Stream::open(&bind.line).await.map_err(unreached)?;
    let (first, mut request) = (bind.protocol.first_sequence(), BytesMut::new());
    bind.protocol.bind(bind.role, first, &mut request);
    stream.write_all(&request).await.map_err(unreached)?;
    stream.flush().await.map_err(unreached)?;
    let mut input = BytesMut::with_capacity(FRAME_MAX);
    let answer = stream.frame(&mut input, bind.protocol.header()).await.map_err(unreached)?;
    bind.protocol.bound(&request, &answer).map_err(NotOpen::Refused)?;
    Ok(Open { stream, input, next: first.wrapping_add(1) })
}

/// A small generator for waits alone (splitmix64).
struct Random(u64);

impl Random {
    /// Between nothing and a bound that doubles with every loss.
    fn wait(&mut self, losses: u32, most: Duration) -> Duration {
        let bound = FIRST_WAIT.saturating_mul(1 << losses.saturating_sub(1).min(10)).min(most);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bound.mul_f64((mixed >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
