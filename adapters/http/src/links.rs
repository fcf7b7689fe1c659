//! Several HTTP/2 connections to one origin, for providers that want a request for every message.
//!
//! - Connections are opened when they are needed, kept alive by pings, and replaced when they end or the peer says GOAWAY.
//!   The first one is for urgent requests alone, when there are several.
//! - No more streams are open than the peer's SETTINGS allow at the moment.
//! - `https` speaks HTTP/2 by ALPN, allowed plain `http` by prior knowledge.
//! - A request the peer says it never looked at (GOAWAY, REFUSED_STREAM) is made once more; nothing else is.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use fenghuo_contract::{Cause, Fault};
use http::{HeaderMap, HeaderName, HeaderValue, Method, uri::PathAndQuery};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{
    Answer, Guard, KitFault, Settings, Shared, Target, TargetFault,
    link::{Link, Origin, Undone},
    tls,
};

/// How long ended connections may take to say so.
const FAREWELL: Duration = Duration::from_secs(1);

/// The connections to one origin.
pub struct Links {
    origin: Origin,
    places: Box<[Place]>,
    tasks: Mutex<JoinSet<()>>,
    closed: AtomicBool,
}

/// One request to the origin.
#[derive(Clone)]
pub struct Exchange {
    /// `POST`, mostly.
    pub method: Method,
    /// Path and query.
    pub path: PathAndQuery,
    /// Headers besides those of the connection, shared by the requests of a batch.
    pub headers: Arc<HeaderMap>,
    /// One header this request alone has.
    pub own: Option<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Bytes,
}

/// Why there can be no connections.
#[derive(Debug, thiserror::Error)]
pub enum LinksFault {
    /// The address may not be called.
    #[error(transparent)]
    Target(#[from] TargetFault),
    /// There is no TLS.
    #[error(transparent)]
    Kit(#[from] KitFault),
}

/// Where a connection stands or will stand.
#[derive(Default)]
struct Place {
    link: Shared<Link>,
    /// Requests under way or waiting here.
    load: AtomicUsize,
}

/// A request under way at a place.
struct Load<'a>(&'a AtomicUsize);

impl Links {
    /// `count` connections (at least one) to the origin of `url`, with `streams` requests under way on each at most. Opens
    /// none yet.
    ///
    /// # Errors
    /// [`LinksFault`].
    pub fn new(settings: &Settings, url: &str, count: usize, streams: usize) -> Result<Self, LinksFault> {
        let guard = Guard::new(settings.allow_private.clone(), settings.deny.clone());
        let target = Target::check(url, settings, &guard)?;
        let tls =
            if target.expose().scheme() == "http" { None } else { Some(tls::connector(settings.ca_file.as_deref())?) };
        Ok(Self::to(Origin::new(settings, guard, target, tls, streams)?, count))
    }

    /// The same for a URL that was checked, with a TLS client that is shared.
    pub(crate) fn over(
        settings: &Settings,
        guard: Guard,
        target: Target,
        tls: &TlsConnector,
        (count, streams): (usize, usize),
    ) -> Result<Self, KitFault> {
        Ok(Self::to(Origin::new(settings, guard, target, Some(tls.clone()), streams)?, count))
    }

    fn to(origin: Origin, count: usize) -> Self {
        let places = std::iter::repeat_with(Place::default).take(count.max(1)).collect();
        Self { origin, places, tasks: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// Makes the request, by `deadline`.
    ///
    /// # Errors
    /// A [`Fault`] when no status came back: misconfigured for a certificate that does not hold or an address that may
    /// not be called, transient when it was not sent, in doubt when it may have arrived.
    pub async fn call(&self, exchange: Exchange, urgent: bool, deadline: Instant) -> Result<Answer, Fault> {
        let place = self.place(urgent);
        let _load = Load::on(&place.load);
        let done = match self.once(place, &exchange, deadline).await {
            Err(Undone::Unsent(_)) => self.once(place, &exchange, deadline).await,
            done => done,
        };
        done.map_err(Undone::fault)
    }

    async fn once(&self, place: &Place, exchange: &Exchange, deadline: Instant) -> Result<Answer, Undone> {
        let late = |_| Undone::Faulty(Fault::Transient(Cause::new("CONNECT", "no connection in time")));
        loop {
            let link = timeout_at(deadline, self.link(place)).await.map_err(late)?.map_err(Undone::Faulty)?;
            match link.exchange(&self.origin, exchange, deadline).await {
                // Every connection takes at least one of those who wait, so this ends.
                Err(Undone::Gone) => {}
                done => return done,
            }
        }
    }

    /// The place with the least to do. Whoever is not urgent leaves the first alone when there is another.
    fn place(&self, urgent: bool) -> &Place {
        let open = if urgent || self.places.len() == 1 { &self.places[..] } else { &self.places[1..] };
        let least = open.iter().min_by_key(|place| place.load.load(Ordering::Acquire));
        least.unwrap_or(&self.places[0])
    }

    /// The connection at a place; opened by one of those who wait for it.
    async fn link(&self, place: &Place) -> Result<Arc<Link>, Fault> {
        self.check_open()?;
        place.link.get(|link| !link.is_gone(), || self.open()).await
    }

    async fn open(&self) -> Result<Link, Fault> {
        let opening = async {
            let (link, driver) = self.origin.connect().await?;
            self.drive(driver);
            link.settled().await?;
            Ok(link)
        };
        let late = |_| Fault::Transient(Cause::new("CONNECT", "no connection in time"));
        timeout(self.origin.connect_timeout(), opening).await.map_err(late)?
    }

    fn drive(&self, driver: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(driver);
    }

    fn check_open(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Fault::Transient(Cause::new("CLOSED", "the connections are closed")));
        }
        Ok(())
    }

    /// Connects, and exchanges a ping: as far as one gets without a request.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn connect(&self) -> Result<(), Fault> {
        self.link(&self.places[0]).await.map(drop)
    }

    /// Ends every connection: politely where nothing is under way, in a second at most.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for place in &self.places {
            place.link.clear();
        }
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = async { while tasks.join_next().await.is_some() {} };
        let _whatever_is_left_is_ended_with_the_set = timeout(FAREWELL, ended).await;
    }
}

impl<'a> Load<'a> {
    fn on(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("count", &self.places.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
