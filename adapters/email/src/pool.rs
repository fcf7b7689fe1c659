//! Connections kept for the next submit, at most so many to each relay; where there are several, one is left to urgent
//! submits. A relay that cannot be had is passed over for a while.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fenghuo_contract::{Cause, Fault};
use futures_util::future::{join_all, select};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use crate::{session::Session, settings::Relay};

/// The relays of a route, in the order of preference.
pub(crate) struct Relays {
    pools: Vec<Pool>,
}

/// The connections to one relay.
pub(crate) struct Pool {
    relay: Relay,
    connect_timeout: Duration,
    pass_over: Duration,
    slots: Semaphore,
    /// The slot only urgent submits may have.
    urgent: Semaphore,
    resting: Mutex<Vec<Session>>,
    /// Others come before it until then.
    passed_over_until: Mutex<Option<Instant>>,
}

/// The right to one connection.
pub(crate) struct Slot<'a> {
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Relays {
    /// `relays` holds one at least.
    pub(crate) fn new(relays: Vec<Relay>, connect_timeout: Duration, pass_over: Duration) -> Self {
        Self { pools: relays.into_iter().map(|relay| Pool::new(relay, connect_timeout, pass_over)).collect() }
    }

    /// The relays as they are to be tried now: those that are passed over come last.
    pub(crate) fn in_order(&self) -> Vec<&Pool> {
        let (passed_over, mut order): (Vec<_>, Vec<_>) = self.pools.iter().partition(|pool| pool.is_passed_over());
        order.extend(passed_over);
        order
    }

    /// Connections that may be open at the same time to the relay that allows most.
    pub(crate) fn window(&self) -> usize {
        self.pools.iter().map(|pool| pool.relay.connections).max().unwrap_or(1)
    }

    /// Gives out no more, and ends the connections that rest.
    pub(crate) async fn close(&self) {
        join_all(self.pools.iter().map(Pool::close)).await;
    }
}

impl Pool {
    fn new(relay: Relay, connect_timeout: Duration, pass_over: Duration) -> Self {
        let kept = usize::from(relay.connections > 1);
        let (slots, urgent) = (Semaphore::new(relay.connections - kept), Semaphore::new(kept));
        let (resting, passed_over_until) = (Mutex::default(), Mutex::default());
        Self { relay, connect_timeout, pass_over, slots, urgent, resting, passed_over_until }
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

    async fn close(&self) {
        self.slots.close();
        self.urgent.close();
        let resting = std::mem::take(&mut *self.sessions());
        join_all(resting.into_iter().map(Session::quit)).await;
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the time is over, one asks for it and tries it; for the others it starts again until that one has succeeded.
    fn is_passed_over(&self) -> bool {
        let mut until = self.passed_over_until.lock().unwrap_or_else(PoisonError::into_inner);
        match *until {
            None => false,
            Some(end) if now() < end => true,
            Some(_) => {
                *until = Some(now() + self.pass_over);
                false
            }
        }
    }

    /// A connection could be had.
    fn is_there(&self) {
        *self.passed_over_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A connection could not be had; said once, until there is one again.
    fn is_away(&self, fault: &Fault) {
        let mut until = self.passed_over_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none() {
            tracing::warn!(relay = self.relay.host, %fault, "a relay cannot be had");
        }
        if until.is_none_or(|end| end <= now()) {
            *until = Some(now() + self.pass_over);
        }
    }
}

/// The time of the runtime, as all time limits here are.
fn now() -> Instant {
    tokio::time::sleep(Duration::ZERO).deadline()
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
        let opened = match tokio::time::timeout(self.pool.connect_timeout, Session::open(&self.pool.relay)).await {
            Ok(opened) => opened,
            Err(_) => Err(Fault::Transient(Cause::new("CONNECT", "no connection in time"))),
        };
        match &opened {
            Ok(_) => self.pool.is_there(),
            // A relay that wants us to slow down is there.
            Err(Fault::Throttled { .. }) => {}
            Err(fault) => self.pool.is_away(fault),
        }
        opened
    }

    /// The time was over before there was a connection.
    pub(crate) fn took_too_long(&self) {
        self.pool.is_away(&Fault::Transient(Cause::new("TIMEOUT", "no connection within the budget")));
    }

    /// Whether the session may carry another message.
    pub(crate) fn may_go_on(&self, session: &Session) -> bool {
        !session.over && session.transactions < self.pool.relay.messages_per_connection
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
