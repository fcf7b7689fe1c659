//! Connections kept for the next submit, at most so many; where there are several, one is left to urgent submits.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fenghuo_contract::{Cause, Fault};
use futures_util::future::select;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{session::Session, settings::Relay};

pub(crate) struct Pool {
    relay: Relay,
    connect_timeout: Duration,
    transactions_max: usize,
    slots: Semaphore,
    /// The slot only urgent submits may have.
    urgent: Semaphore,
    resting: Mutex<Vec<Session>>,
}

/// The right to one connection.
pub(crate) struct Slot<'a> {
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(relay: Relay, connections: usize, transactions_max: usize, connect_timeout: Duration) -> Self {
        let kept = usize::from(connections > 1);
        let (slots, urgent) = (Semaphore::new(connections - kept), Semaphore::new(kept));
        Self { relay, connect_timeout, transactions_max, slots, urgent, resting: Mutex::default() }
    }

    pub(crate) fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Waits for the right to a connection; `None` once the pool is closed.
    pub(crate) async fn slot(&self, urgent: bool) -> Option<Slot<'_>> {
        if let Some(slot) = self.free_slot(urgent) {
            return Some(slot);
        }
        let permit = if urgent {
            let (shared, kept) = (pin!(self.slots.acquire()), pin!(self.urgent.acquire()));
            select(shared, kept).await.factor_first().0.ok()?
        } else {
            self.slots.acquire().await.ok()?
        };
        Some(Slot { pool: self, _permit: permit })
    }

    /// The right to a connection, if there is one free now.
    pub(crate) fn free_slot(&self, urgent: bool) -> Option<Slot<'_>> {
        let kept = || if urgent { self.urgent.try_acquire().ok() } else { None };
        let permit = self.slots.try_acquire().ok().or_else(kept)?;
        Some(Slot { pool: self, _permit: permit })
    }

    /// Gives out no more, and ends the connections that rest.
    pub(crate) async fn close(&self) {
        self.slots.close();
        self.urgent.close();
        let resting = std::mem::take(&mut *self.sessions());
        futures_util::future::join_all(resting.into_iter().map(Session::quit)).await;
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot<'_> {
    /// A connection that rested and is still open, or a new one.
    pub(crate) async fn session(&self) -> Result<Session, Fault> {
        loop {
            let Some(mut session) = self.pool.sessions().pop() else { return self.fresh().await };
            if session.wire.is_quiet().await {
                return Ok(session);
            }
        }
    }

    /// A new connection.
    pub(crate) async fn fresh(&self) -> Result<Session, Fault> {
        match tokio::time::timeout(self.pool.connect_timeout, Session::open(&self.pool.relay)).await {
            Ok(session) => session,
            Err(_) => Err(Fault::Transient(Cause::new("CONNECT", "no connection in time"))),
        }
    }

    /// Whether the session may carry another message.
    pub(crate) fn may_go_on(&self, session: &Session) -> bool {
        !session.over && session.transactions < self.pool.transactions_max
    }

    /// Lays the session to rest, or ends it when it has carried enough.
    pub(crate) async fn give_back(&self, session: Session) {
        if self.pool.slots.is_closed() || !self.may_go_on(&session) {
            session.quit().await;
        } else {
            self.pool.sessions().push(session);
        }
    }
}
