//! The writer: the only one of a node that commits. It takes the first commit that comes and whatever else is waiting,
//! makes one row of it, and answers when the row stands where it was promised to stand.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, Value};
use tokio::{sync::mpsc::Receiver, time::Instant};

use super::{
    bounds::{AGAIN, ANSWER, CONNECT, PAUSES, REPEAT},
    fault::{Fault, unreadable},
    group::{Job, Load, Row},
    link::{Link, patience_for},
    record, reply,
    script::SCRIPTS,
    state::Shared,
};
use crate::store::{
    chain::{self, Head},
    contract::{CommitFault, Urgency},
};

/// How many replicas have to have a row before it is answered for, and how long they may take.
#[derive(Clone, Copy)]
pub(super) struct Replicas {
    pub(super) count: u32,
    pub(super) wait: Duration,
}

pub(super) struct Writer {
    pub(super) inbox: Receiver<Job>,
    pub(super) shared: Arc<Shared>,
    pub(super) link: Arc<Link>,
    pub(super) replicas: Replicas,
    /// Rows sent so far: what comes late is known by its number.
    attempt: u64,
}

/// What became of a row.
enum Outcome {
    /// It stands on the primary, with these versions of its puts.
    Stands(Vec<u64>),
    /// These puts ran into what stands; nothing was done.
    Conflicts(Vec<u64>),
    /// Another node was first; nothing was done.
    Moved(Head),
    /// Nothing was done, and may be now.
    Again(String),
    /// There is no memory for it; nothing was done.
    Full,
    /// Nothing was done.
    Refused(String),
    /// Nobody knows.
    Unknown(String),
}

impl Writer {
    pub(super) fn new(inbox: Receiver<Job>, shared: Arc<Shared>, link: Arc<Link>, replicas: Replicas) -> Self {
        Self { inbox, shared, link, replicas, attempt: 0 }
    }

    /// Works until nobody can send any more and everything sent has been answered.
    pub(super) async fn run(mut self) {
        loop {
            let shared = Arc::clone(&self.shared);
            tokio::select! {
                biased;
                job = self.inbox.recv() => match job {
                    Some(job) => self.take(job).await,
                    None => return,
                },
                () = shared.wake.notified() => {}
            }
            self.come_back().await;
        }
    }

    /// Commits a group that begins with `job`.
    async fn take(&mut self, job: Job) {
        let mut load = Load::default();
        let mut jobs = Vec::new();
        let mut next = Some(job);
        while let Some(job) = next {
            // It may have waited since it was let in.
            match self.shared.admit(job.urgency) {
                Err(fault) => job.hear(Err(fault)),
                Ok(()) => {
                    load.add(&job.commit);
                    jobs.push(job);
                }
            }
            next = if load.is_full() { None } else { self.inbox.try_recv().ok() };
        }
        let until = self.shared.clock.instant() + REPEAT;
        let (mut reserved, mut why) = (false, "other nodes commit before this one".to_owned());
        while !jobs.is_empty() {
            let row = Row::pack(&jobs, self.shared.known().head, self.shared.clock.unix_ms());
            match self.send(&row, &jobs, reserved).await {
                Outcome::Stands(versions) => return self.keep(row, jobs, &versions).await,
                Outcome::Conflicts(conflicts) => jobs = row.refuse(jobs, &conflicts),
                Outcome::Moved(head) => self.shared.saw(head),
                Outcome::Again(text) => {
                    why = text;
                    self.shared.clock.sleep(AGAIN).await;
                }
                Outcome::Full if !reserved => {
                    self.shared.found_full();
                    reserved = true;
                    jobs = give_up(jobs, |job| (job.urgency < Urgency::Reserved).then_some(CommitFault::Full));
                }
                Outcome::Full => return hear_all(jobs, &CommitFault::Full),
                Outcome::Refused(text) => return hear_all(jobs, &CommitFault::Unavailable(text)),
                Outcome::Unknown(text) => return hear_all(jobs, &CommitFault::Unknown(text)),
            }
            if self.shared.clock.instant() >= until {
                self.shared.away(why.clone());
                return hear_all(jobs, &CommitFault::Unavailable(why));
            }
        }
    }

    async fn send(&mut self, row: &Row, jobs: &[Job], reserved: bool) -> Outcome {
        self.attempt += 1;
        let (call, bytes) = row.call(&self.shared, jobs, self.attempt, reserved);
        let script = if reserved { &SCRIPTS.commit_reserved } else { &SCRIPTS.commit };
        match self.link.run_within(script, &call, patience_for(bytes)).await {
            Ok(answer) => self.read(answer).await.unwrap_or_else(|fault| Outcome::Unknown(fault.to_string())),
            Err(Fault::Full(_)) => Outcome::Full,
            Err(Fault::Silent(text)) => self.settle(row, text).await,
            Err(fault) => {
                self.shared.away(fault.to_string());
                Outcome::Refused(fault.to_string())
            }
        }
    }

    async fn read(&self, answer: Value) -> Result<Outcome, Fault> {
        let (word, rest) = reply::word(answer)?;
        let numbers = |rest: std::vec::IntoIter<Value>| {
            rest.map(|value| reply::number(value, "a version")).collect::<Result<Vec<u64>, _>>()
        };
        Ok(match &*word {
            "stands" => Outcome::Stands(numbers(rest)?),
            "conflict" => Outcome::Conflicts(numbers(rest)?),
            "moved" => Outcome::Moved(read_head(rest)?),
            "late" => Outcome::Again("an attempt came after a later one".to_owned()),
            _ => self.strange(&word, rest).await?,
        })
    }

    /// The answer is that of a store this node cannot build on.
    async fn strange(&self, word: &str, rest: std::vec::IntoIter<Value>) -> Result<Outcome, Fault> {
        match understand(&self.shared, word, rest)? {
            Strange::NewEpoch => {
                // It is looked at before anything is built on it.
                self.shared.away("the store has moved to another epoch".to_owned());
                Ok(Outcome::Refused("the store has moved to another epoch".to_owned()))
            }
            Strange::Ended(text) => Ok(Outcome::Refused(text)),
            Strange::Lost(head, text) => {
                forsake(&self.shared, &self.link, head).await;
                Ok(Outcome::Refused(text))
            }
        }
    }

    /// The row stands on the primary: waits for the replicas, then answers.
    async fn keep(&mut self, row: Row, jobs: Vec<Job>, versions: &[u64]) {
        self.shared.saw(row.head);
        match self.replicated().await {
            Ok(()) => {
                self.shared.acknowledged(row.head.sequence);
                row.acknowledge(jobs, versions);
            }
            Err(text) => {
                self.shared.unsafe_there(text.clone());
                hear_all(jobs, &CommitFault::Unknown(text));
            }
        }
    }

    /// Waits for the replicas to have what this connection wrote: as a command of its own, for within a script or a
    /// transaction it does not wait.
    async fn replicated(&self) -> Result<(), String> {
        let Replicas { count, wait } = self.replicas;
        if count == 0 {
            return Ok(());
        }
        let answer = self.link.ask_behind(&wait_for(self.replicas), wait + ANSWER).await;
        match answer.and_then(|answer| reply::number(answer, "a count")) {
            Ok(reached) if reached >= u64::from(count) => Ok(()),
            Ok(reached) => Err(format!("{reached} of {count} replicas had it within {} ms", wait.as_millis())),
            Err(fault) => Err(fault.to_string()),
        }
    }

    /// The row was sent and no answer came: nothing sent before is done any more from here on, then it is looked whether
    /// it was.
    async fn settle(&mut self, row: &Row, text: String) -> Outcome {
        self.link.part().await;
        match tokio::time::timeout(CONNECT, self.look(Some(row))).await {
            Ok(Ok(Some(versions))) => Outcome::Stands(versions),
            Ok(Ok(None)) => Outcome::Again(text),
            Ok(Err(fault)) => {
                self.shared.away(format!("{text}; {fault}"));
                Outcome::Unknown(text)
            }
            Err(_) => {
                self.shared.away(text.clone());
                Outcome::Unknown(text)
            }
        }
    }

    /// What stands; the versions of the row's puts when that does.
    async fn look(&self, row: Option<&Row>) -> Result<Option<Vec<u64>>, Fault> {
        let (shared, keys) = (&self.shared, &self.shared.keys);
        let known = shared.known();
        let before = row.map_or(known.head, |row| row.before);
        let names = [keys.head(), keys.nodes(), keys.journal(), keys.changes(), keys.floors()];
        let mut call = SCRIPTS.look.call(&names);
        shared.sign(&mut call);
        call.arg(self.attempt).arg(before.sequence).arg(&chain::tag(&before.hash)[..]);
        call.arg(row.map_or_else(Vec::new, |row| chain::tag(&row.head.hash).to_vec()));
        let (word, mut rest) = reply::word(self.link.run(&SCRIPTS.look, &call).await?)?;
        if word != "stands" && word != "absent" {
            self.strange(&word, rest).await?;
            let text = shared.ended().unwrap_or_else(|| "the store is another one".to_owned());
            return Err(Fault::Refused(text));
        }
        shared.enter_epoch(reply::number(reply::next(&mut rest), "an epoch")?);
        let head = read_head_from(&mut rest)?;
        if word == "absent" {
            shared.saw(head);
            return Ok(None);
        }
        let packed = reply::shared(reply::next(&mut rest), "what the row changed")?;
        let versions = record::versions(packed).map_err(|fault| Fault::Silent(fault.0))?;
        Ok(Some(versions))
    }

    /// While the server is away: tries to come back, in growing pauses, and answers those who come meanwhile.
    async fn come_back(&mut self) {
        let mut pause = PAUSES.0;
        while self.shared.is_away() && self.shared.ended().is_none() {
            match self.try_again().await {
                Ok(()) => self.shared.back(),
                Err(fault) if matches!(fault, Fault::Later(_)) => self.shared.unsafe_there(fault.to_string()),
                Err(fault) => self.shared.away(fault.to_string()),
            }
            if !self.shared.is_away() {
                return;
            }
            let jitter = 0.5 + self.shared.clock.fraction();
            let until = self.shared.clock.instant() + pause.mul_f64(jitter);
            pause = (pause * 2).min(PAUSES.1);
            if !self.refuse_until(until).await {
                return;
            }
        }
    }

    /// Answers whoever waits; false when nobody can come any more.
    async fn refuse_until(&mut self, until: Instant) -> bool {
        loop {
            match tokio::time::timeout_at(until, self.inbox.recv()).await {
                Err(_) => return true,
                Ok(None) => return false,
                Ok(Some(job)) => {
                    let fault = self.shared.admit(Urgency::Reserved).err();
                    let fault = fault.unwrap_or_else(|| CommitFault::Unavailable("being come back to".to_owned()));
                    job.hear(Err(fault));
                }
            }
        }
    }

    /// One attempt to come back. [`Fault::Later`] when only replicas are missing.
    async fn try_again(&self) -> Result<(), Fault> {
        self.link.part().await;
        let look = tokio::time::timeout(CONNECT + ANSWER, self.look(None));
        look.await.map_err(|_| Fault::Away("the server does not answer".to_owned()))??;
        self.replicated().await.map_err(Fault::Later)
    }
}

/// Rows are lost: the store enters another epoch, so that they are known for what they are when they return.
pub(super) async fn forsake(shared: &Shared, link: &Link, head: Head) {
    let mut call = SCRIPTS.forsake.call(&[shared.keys.head()]);
    call.arg(&shared.identity.installation).arg(shared.known().epoch).arg(head.sequence);
    call.arg(&chain::tag(&head.hash)[..]);
    if let Err(fault) = link.run(&SCRIPTS.forsake, &call).await {
        tracing::warn!(%fault, "the epoch of the store could not be raised");
    }
}

pub(super) fn wait_for(replicas: Replicas) -> Cmd {
    let mut command = redis::cmd("WAIT");
    command.arg(replicas.count).arg(replicas.wait.as_millis() as u64);
    command
}

fn hear_all(jobs: Vec<Job>, fault: &CommitFault) {
    jobs.into_iter().for_each(|job| job.hear(Err(fault.clone())));
}

/// Answers those that `why` names a fault for; hands the others back.
fn give_up(jobs: Vec<Job>, why: impl Fn(&Job) -> Option<CommitFault>) -> Vec<Job> {
    let mut left = Vec::with_capacity(jobs.len());
    for job in jobs {
        match why(&job) {
            Some(fault) => job.hear(Err(fault)),
            None => left.push(job),
        }
    }
    left
}

/// What a store is that does not know this node, or that this node does not know.
pub(super) enum Strange {
    /// The same one in a later epoch.
    NewEpoch,
    /// It ends here.
    Ended(String),
    /// Rows this node has seen are gone; where it ends instead.
    Lost(Head, String),
}

/// Reads the words every script may answer instead of its own; what ends this node is written down.
pub(super) fn understand(shared: &Shared, word: &str, mut rest: std::vec::IntoIter<Value>) -> Result<Strange, Fault> {
    let known = shared.known();
    let text = match word {
        "fenced" => "this node was silent for longer than its lease and was taken for dead".to_owned(),
        "strange" => {
            let found = reply::text(reply::next(&mut rest), "an installation")?;
            let epoch = reply::text(reply::next(&mut rest), "an epoch")?;
            if found == shared.identity.installation && epoch.parse::<u64>().is_ok_and(|epoch| epoch > known.epoch) {
                return Ok(Strange::NewEpoch);
            }
            match &*found {
                "" => "the store was emptied: what this node knew is not there any more".to_owned(),
                same if same == shared.identity.installation => {
                    format!("the store came back in epoch {epoch}, this node knows epoch {}", known.epoch)
                }
                other => format!("the store is another one: installation {other}"),
            }
        }
        "lost" => {
            let head = read_head(rest)?;
            let lost = known.head.sequence.saturating_sub(head.sequence);
            let text = if lost > 0 {
                format!(
                    "the store ends at row {}, this node has seen row {} and answered for row {}: {lost} rows are lost",
                    head.sequence, known.head.sequence, known.acknowledged
                )
            } else {
                format!("the store has another row {} than this node has seen", known.head.sequence)
            };
            shared.end(text.clone());
            return Ok(Strange::Lost(head, text));
        }
        _ => return Err(unreadable("a word this program knows")),
    };
    shared.end(text.clone());
    Ok(Strange::Ended(text))
}

fn read_head(mut rest: std::vec::IntoIter<Value>) -> Result<Head, Fault> {
    read_head_from(&mut rest)
}

pub(super) fn read_head_from(rest: &mut std::vec::IntoIter<Value>) -> Result<Head, Fault> {
    let sequence = reply::number(reply::next(rest), "a sequence")?;
    let tagged = reply::bytes(reply::next(rest), "a hash")?;
    let hash = chain::untag(&tagged).map_err(|_| unreadable("a hash"))?;
    Ok(Head { sequence, hash })
}
