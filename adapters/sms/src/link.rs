//! The connections to one carrier, whichever protocol they speak.
//!
//! Each is one task: it connects, logs in, speaks ([`session`]) and, when it is cut off, comes back ([`keeper`]). Jobs come
//! over a channel; an answer wakes its caller once, however many messages the job had.

mod inbox;
mod job;
mod keeper;
mod reception;
mod session;
mod stream;
mod table;
mod window;

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::{Cause, Fault};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_rustls::TlsConnector;

pub(crate) use inbox::Courier;
use job::Job;
pub(crate) use job::{Done, Outcome, Work};
pub(crate) use reception::Reception;

use crate::protocol::{Protocol, Role};

/// Settings of the connections made usable.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Option<TlsConnector>,
    pub(crate) binds: usize,
    pub(crate) window: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) keepalive: Duration,
    pub(crate) reconnect_max: Duration,
}

/// Jobs that wait for a link at most; further callers wait for room.
const JOBS_WAITING: usize = 1024;

/// How exactly time is kept: deadlines, timeouts, keepalives.
const TICK: Duration = Duration::from_millis(50);

/// How long closing may take before tasks are ended by force.
const CLOSING: Duration = Duration::from_secs(4);

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Condition {
    /// On its way: jobs wait for it.
    Connecting = 0,
    /// Logged in.
    Up = 1,
    /// Between two tries: jobs are answered with the last fault.
    Down = 2,
}

/// One link, as its task and the callers see it.
pub(crate) struct Bind {
    protocol: Arc<dyn Protocol>,
    line: Arc<Line>,
    role: Role,
    courier: Arc<Courier>,
    stop: watch::Receiver<bool>,
    condition: AtomicU8,
    /// Why it is down.
    fault: Mutex<Option<Fault>>,
    /// Requests it holds, written or not.
    load: AtomicUsize,
    /// Links that carry submits and are up, this one among them.
    up: Arc<AtomicUsize>,
    /// Told when there is something to send.
    wanted: Arc<Notify>,
    /// Told when trying again is worth it before its time.
    retry: Notify,
}

impl Bind {
    /// Whether no other link carries submits now, so that urgent ones have none of their own.
    fn is_alone(&self) -> bool {
        self.up.load(Ordering::Relaxed) < 2
    }

    fn is(&self, condition: Condition) -> bool {
        self.condition.load(Ordering::Acquire) == condition as u8
    }

    fn becomes(&self, condition: Condition) {
        let before = self.condition.swap(condition as u8, Ordering::AcqRel);
        if !self.role.submits() {
            return;
        }
        match (before == Condition::Up as u8, condition == Condition::Up) {
            (false, true) => self.up.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.up.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }

    fn relieve(&self, units: usize) {
        self.load.fetch_sub(units, Ordering::Relaxed);
    }

    /// Ends a job that no connection took.
    fn refuse(&self, job: Job, fault: Fault) {
        self.relieve(job.units());
        job.end(Some(fault));
    }

    fn fault(&self) -> Fault {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
        fault.unwrap_or_else(|| Fault::Transient(Cause::new("NOT-CONNECTED", "there is no connection")))
    }
}

/// All links of a route. They open when they are first wanted.
pub(crate) struct Links {
    binds: Vec<(Arc<Bind>, mpsc::Sender<Job>)>,
    /// What the tasks need, until they run.
    waiting: Mutex<Vec<mpsc::Receiver<Job>>>,
    /// Where the peer comes to us, if it does.
    reception: Option<(Arc<Bind>, Reception)>,
    wanted: Arc<Notify>,
    tasks: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
    seed: u64,
}

impl Links {
    /// `roles` is what each of the line's `binds` consists of.
    pub(crate) fn new(
        protocol: &Arc<dyn Protocol>,
        line: Line,
        roles: &[Role],
        courier: &Arc<Courier>,
        seed: u64,
    ) -> Self {
        let (line, up, wanted) = (Arc::new(line), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (stop, stopped) = watch::channel(false);
        let (mut binds, mut waiting) = (Vec::new(), Vec::new());
        for role in (0..line.binds).flat_map(|_| roles) {
            let (jobs, receiver) = mpsc::channel(JOBS_WAITING);
            let bind = Bind {
                protocol: Arc::clone(protocol),
                line: Arc::clone(&line),
                role: *role,
                courier: Arc::clone(courier),
                stop: stopped.clone(),
                condition: AtomicU8::new(Condition::Connecting as u8),
                fault: Mutex::default(),
                load: AtomicUsize::new(0),
                up: Arc::clone(&up),
                wanted: Arc::clone(&wanted),
                retry: Notify::new(),
            };
            binds.push((Arc::new(bind), jobs));
            waiting.push(receiver);
        }
        Self { binds, waiting: Mutex::new(waiting), reception: None, wanted, tasks: Mutex::default(), stop, seed }
    }

    /// Also takes connections that the peer opens.
    pub(crate) fn receive(&mut self, reception: Reception) {
        let (first, _) = &self.binds[0];
        let bind = Bind {
            protocol: Arc::clone(&first.protocol),
            line: Arc::clone(&first.line),
            role: Role::Receiver,
            courier: Arc::clone(&first.courier),
            stop: first.stop.clone(),
            condition: AtomicU8::new(Condition::Connecting as u8),
            fault: Mutex::default(),
            load: AtomicUsize::new(0),
            up: Arc::clone(&first.up),
            wanted: Arc::clone(&self.wanted),
            retry: Notify::new(),
        };
        self.reception = Some((Arc::new(bind), reception));
    }

    /// Opens the links, once.
    pub(crate) fn open(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() || *self.stop.borrow() {
            return;
        }
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((bind, reception)) = &self.reception {
            tasks.spawn(reception::receive(Arc::clone(bind), reception.clone()));
        }
        for ((place, (bind, _)), jobs) in (0..).zip(&self.binds).zip(waiting) {
            tasks.spawn(keeper::keep(Arc::clone(bind), jobs, self.seed.wrapping_add(place)));
        }
    }

    /// Has something written, and waits until all of it is answered, the deadline has come, or no link is left. A link that
    /// is lost takes with it what was written; what was not goes over another one that is up.
    ///
    /// # Errors
    /// The [`Fault`] for which nothing of it was written.
    pub(crate) async fn carry(&self, work: Work, urgent: bool, deadline: Instant) -> Result<Done, Fault> {
        self.open();
        let mut done = self.carry_on_one(work, urgent, deadline).await?;
        for _ in 1..self.binds.len() {
            let is_lost = matches!(done.fault, Some(Fault::Transient(_))) && self.is_up() && now() < deadline;
            let left = if is_lost { done.work.unwritten(&done.outcomes) } else { None };
            let Some((left, units)) = left else { break };
            let Ok(further) = self.carry_on_one(left, urgent, deadline).await else { break };
            for (unit, outcome) in units.into_iter().zip(further.outcomes) {
                done.outcomes[unit] = outcome;
            }
            done.fault = further.fault.or(done.fault);
        }
        Ok(done)
    }

    /// Whether any link that carries submits is.
    fn is_up(&self) -> bool {
        self.binds.iter().any(|(bind, _)| bind.role.submits() && bind.is(Condition::Up))
    }

    async fn carry_on_one(&self, work: Work, urgent: bool, deadline: Instant) -> Result<Done, Fault> {
        let (bind, jobs) = self.choose(urgent).ok_or_else(closed)?;
        self.wanted.notify_waiters();
        let (job, done) = Job::new(work, urgent, deadline);
        let units = job.units();
        bind.load.fetch_add(units, Ordering::Relaxed);
        match tokio::time::timeout_at(deadline, jobs.send(job)).await {
            Ok(Ok(())) => {}
            refused => {
                bind.relieve(units);
                let late = || Fault::Transient(Cause::new("TIMEOUT", "no link had room for it in time"));
                return Err(if refused.is_ok() { closed() } else { late() });
            }
        }
        done.await.map_err(|_| Fault::InDoubt(Cause::new("CLOSED", "the adapter was closed by force")))
    }

    /// The least busy link that is up; of two or more of them the last carries urgent work only, and urgent work goes there
    /// as long as it has room.
    fn choose(&self, urgent: bool) -> Option<&(Arc<Bind>, mpsc::Sender<Job>)> {
        let submitting = || self.binds.iter().filter(|(bind, _)| bind.role.submits());
        let up: Vec<_> = submitting().filter(|(bind, _)| bind.is(Condition::Up)).collect();
        let open = if urgent || up.len() < 2 { &*up } else { &up[..up.len() - 1] };
        let load = |(bind, _): &&&(Arc<Bind>, _)| bind.load.load(Ordering::Relaxed);
        let kept = open.last().filter(|link| urgent && load(link) < link.0.line.window);
        kept.or_else(|| open.iter().min_by_key(load))
            .copied()
            .or_else(|| submitting().find(|(bind, _)| bind.is(Condition::Connecting)))
            .or_else(|| submitting().next())
    }

    /// Whether the links that are up still answer; when none is, how logging in goes on a connection of its own.
    ///
    /// # Errors
    /// The [`Fault`] a submit would meet.
    pub(crate) async fn probe(&self) -> Result<(), Fault> {
        self.open();
        if let Some((reception, _)) = &self.reception
            && reception.is(Condition::Down)
        {
            return Err(reception.fault());
        }
        let (bind, _) = self.choose(true).ok_or_else(closed)?;
        if bind.is(Condition::Down) {
            keeper::try_out(bind).await?;
            self.retry();
            return Ok(());
        }
        let wait = bind.line.connect_timeout + bind.line.answer_timeout;
        let deadline = now() + wait;
        let done = self.carry(Work::Ask, true, deadline).await?;
        match (&done.outcomes[..], done.fault) {
            ([Outcome::Answered(_)], _) => Ok(()),
            (_, Some(Fault::Transient(cause))) if &*cause.code == "NO-SUCH-REQUEST" => Ok(()),
            (_, Some(fault)) => Err(fault),
            (_, None) => Err(Fault::Transient(Cause::new("SILENT", "the peer does not answer"))),
        }
    }

    /// The peer lets us in: links that wait try at once, and jobs wait for them.
    fn retry(&self) {
        for (bind, _) in self.binds.iter().filter(|(bind, _)| bind.is(Condition::Down)) {
            bind.becomes(Condition::Connecting);
            bind.retry.notify_one();
        }
    }

    /// Says farewell on every link and ends every task.
    pub(crate) async fn close(&self) {
        self.stop.send_replace(true);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = tokio::time::timeout(CLOSING, async { while tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tasks.shutdown().await;
        }
    }
}

fn closed() -> Fault {
    Fault::Transient(Cause::new("CLOSED", "the adapter is closed"))
}

/// This moment, on the runtime's clock.
fn now() -> Instant {
    tokio::time::sleep(Duration::ZERO).deadline()
}
