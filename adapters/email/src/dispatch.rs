//! A batch over several connections at the same time.

use std::{
    pin::pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use fenghuo_contract::{Cause, Fault, Verdict};
use futures_util::{
    StreamExt,
    future::{Either, select},
    stream::{self, FuturesUnordered},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    letter::Letter,
    pool::{Pool, Relays, Slot},
    session::{Session, broken_cause},
    transaction::{Envelope, Progress, carry},
};

/// One submit at work. Each message goes to `per_message` recipients.
pub(crate) struct Dispatch<'a> {
    pub(crate) relays: &'a Relays,
    pub(crate) letter: &'a Letter<'a>,
    pub(crate) recipients: &'a [Envelope<'a>],
    pub(crate) per_message: usize,
    pub(crate) deadline: Instant,
    pub(crate) urgent: bool,
    next: AtomicUsize,
    answers: Mutex<Answers>,
}

struct Answers {
    /// One for each recipient.
    verdicts: Vec<Option<Verdict>>,
    left: usize,
    /// Why a connection could not be had.
    fault: Option<Fault>,
}

impl Answers {
    /// Of several relays one that may be there later counts before one that needs a person.
    fn note(&mut self, fault: Fault) {
        if self.fault.as_ref().is_none_or(|known| matches!(known, Fault::Misconfigured(_))) {
            self.fault = Some(fault);
        }
    }
}

impl<'a> Dispatch<'a> {
    pub(crate) fn new(
        relays: &'a Relays,
        letter: &'a Letter<'a>,
        recipients: &'a [Envelope<'a>],
        per_message: usize,
        deadline: Instant,
        urgent: bool,
    ) -> Self {
        let answers = Answers { verdicts: vec![None; recipients.len()], left: recipients.len(), fault: None };
        Self {
            relays,
            letter,
            recipients,
            per_message,
            deadline,
            urgent,
            next: AtomicUsize::new(0),
            answers: Mutex::new(answers),
        }
    }

    /// Sends everything, over as many connections as there are free and of use; one verdict per recipient.
    pub(crate) async fn run(self) -> Result<Vec<Verdict>, Fault> {
        let order = self.relays.in_order();
        let (first, others) = order.split_first().ok_or_else(|| transient("CLOSED", "there is no relay"))?;
        let slot = match timeout_at(self.deadline, first.slot(self.urgent)).await {
            Ok(Some(slot)) => slot,
            Ok(None) => return Err(transient("CLOSED", "the adapter is closed")),
            Err(_) => return Err(transient("TIMEOUT", "no connection became free in time")),
        };
        let messages = self.recipients.len().div_ceil(self.per_message);
        let more = (1..messages).map_while(|_| first.free_slot(self.urgent));
        let slots = std::iter::once(slot).chain(more);
        let mut workers: FuturesUnordered<_> = slots.map(|slot| self.work(slot, others)).collect();
        {
            // Connections that others leave in the meantime help here, so that none rests while there is work. A first
            // worker that ends says that there is no more of it; one that had a fault needs no company.
            let mut freed = pin!(stream::unfold((), async |()| Some((first.slot(self.urgent).await?, ()))));
            while let Either::Right((Some(slot), _)) = select(workers.next(), freed.next()).await
                && workers.len() < messages
                && self.is_of_use()
            {
                workers.push(self.work(slot, others));
            }
        }
        // Who still waits for a connection when all is answered is not waited for.
        while self.answers().left > 0 && workers.next().await.is_some() {}
        drop(workers);
        self.conclude()
    }

    /// Whether one more connection would find something to do, and none of those there are has failed.
    fn is_of_use(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.recipients.len() && self.answers().fault.is_none()
    }

    fn conclude(self) -> Result<Vec<Verdict>, Fault> {
        let Answers { verdicts, left, fault } = self.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let fault = fault.unwrap_or_else(|| transient("TIMEOUT", "not sent in time"));
        if left == verdicts.len() {
            return Err(fault);
        }
        Ok(verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| fault.verdict())).collect())
    }

    /// Takes message after message until none is left, the time is up, or there is no connection to be had.
    async fn work(&self, mut slot: Slot<'a>, others: &[&'a Pool]) {
        let (mut resting, mut others) = (None, others.iter());
        while self.next.load(Ordering::Relaxed) < self.recipients.len() {
            let session = match resting.take() {
                Some(session) => Some(session),
                None => self.reach(&mut slot, &mut others).await,
            };
            let Some(session) = session else { return };
            resting = self.message(&slot, session).await;
        }
        if let Some(session) = resting {
            slot.give_back(session).await;
        }
    }

    /// A connection to the relay of the slot, or to the next that can be had, each tried once: of the next message nothing
    /// has gone anywhere yet. A relay that asks for patience is not gone around.
    async fn reach(&self, slot: &mut Slot<'a>, others: &mut std::slice::Iter<'_, &'a Pool>) -> Option<Session> {
        loop {
            let Ok(reached) = timeout_at(self.deadline, slot.session()).await else {
                slot.took_too_long();
                return None;
            };
            let fault = match reached {
                Ok(session) => return Some(session),
                Err(fault) => fault,
            };
            let patience = matches!(fault, Fault::Throttled { .. });
            self.answers().note(fault);
            let other = if patience { None } else { others.next() };
            *slot = timeout_at(self.deadline, other?.slot(self.urgent)).await.ok()??;
        }
    }

    /// Sends the next message; gives the session back when it can carry another.
    async fn message(&self, slot: &Slot<'_>, mut session: Session) -> Option<Session> {
        let start = self.next.fetch_add(self.per_message, Ordering::Relaxed);
        if start >= self.recipients.len() {
            return Some(session);
        }
        let end = self.recipients.len().min(start + self.per_message);
        let recipients = &self.recipients[start..end];
        let mut progress = Progress::new(recipients.len());
        let mut broken = self.carry(&mut session, recipients, &mut progress).await;
        if broken.is_some() && session.transactions > 1 && progress.is_untouched() {
            // A connection that had rested was dead, and nothing of this message has reached the relay.
            if let Ok(Ok(fresh)) = timeout_at(self.deadline, slot.fresh()).await {
                session = fresh;
                broken = self.carry(&mut session, recipients, &mut progress).await;
            }
        }
        session.over |= broken.is_some();
        self.note(start, progress.finish(broken.as_ref().unwrap_or(&Cause::new("CONNECTION", "closed"))));
        if slot.may_go_on(&session) {
            return Some(session);
        }
        session.quit().await;
        None
    }

    /// `None` when the dialogue went to its end, whatever the answers; else why it did not.
    async fn carry(
        &self,
        session: &mut Session,
        recipients: &[Envelope<'_>],
        progress: &mut Progress,
    ) -> Option<Cause> {
        match timeout_at(self.deadline, carry(session, self.letter, recipients, progress)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(broken_cause("CONNECTION", &error)),
            Err(_) => Some(Cause::new("TIMEOUT", "no answer in time")),
        }
    }

    fn note(&self, start: usize, verdicts: Vec<Verdict>) {
        let mut answers = self.answers();
        answers.left -= verdicts.len();
        for (place, verdict) in answers.verdicts[start..].iter_mut().zip(verdicts) {
            *place = Some(verdict);
        }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn transient(code: &str, text: &str) -> Fault {
    Fault::Transient(Cause::new(code, text))
}
