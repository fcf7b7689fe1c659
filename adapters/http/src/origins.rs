//! Several connections to each of many origins, for providers that are one another's equals: whoever subscribes names his.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fenghuo_contract::Fault;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::{Answer, Exchange, Guard, KitFault, Links, Settings, Target, tls};

/// Origins connections are kept to at most: strangers name them.
const ORIGINS_MAX: usize = 64;

/// The connections, by origin. They speak HTTP/2; with an origin that does not, and beyond so many, nothing is kept.
pub struct Origins {
    settings: Settings,
    guard: Guard,
    tls: TlsConnector,
    /// Connections to each.
    count: usize,
    streams: usize,
    known: Mutex<HashMap<String, Arc<Known>>>,
    closed: AtomicBool,
}

/// One origin.
struct Known {
    links: Links,
    /// It does not speak HTTP/2.
    other: AtomicBool,
}

impl Origins {
    /// None yet; `count` connections to each, with `streams` requests under way on each at most.
    ///
    /// # Errors
    /// [`KitFault`].
    pub fn new(settings: &Settings, count: usize, streams: usize) -> Result<Self, KitFault> {
        let guard = Guard::new(settings.allow_private.clone(), settings.deny.clone());
        let tls = tls::connector(settings.ca_file.as_deref())?;
        let (known, closed) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self { settings: settings.clone(), guard, tls, count, streams, known, closed })
    }

    /// Makes a request to the origin of a checked URL by `deadline`; the exchange's path is the whole of where it goes there.
    /// `None` when it has to be made otherwise: the origin speaks no HTTP/2, or there are too many.
    ///
    /// # Errors
    /// As for [`Links::call`].
    pub async fn call(
        &self,
        target: &Target,
        exchange: Exchange,
        urgent: bool,
        deadline: Instant,
    ) -> Option<Result<Answer, Fault>> {
        let known = self.known(target).filter(|known| !known.other.load(Ordering::Acquire))?;
        match known.links.call(exchange, urgent, deadline).await {
            Err(Fault::Misconfigured(cause)) if &*cause.code == "HTTP2" => {
                known.other.store(true, Ordering::Release);
                None
            }
            done => Some(done),
        }
    }

    fn known(&self, target: &Target) -> Option<Arc<Known>> {
        let url = target.expose();
        if url.scheme() != "https" || self.closed.load(Ordering::Acquire) {
            return None;
        }
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(authority) {
            return Some(Arc::clone(known));
        }
        if known.len() >= ORIGINS_MAX {
            return None;
        }
        let links =
            Links::over(&self.settings, self.guard.clone(), target.clone(), &self.tls, (self.count, self.streams));
        let one = Arc::new(Known { links: links.ok()?, other: AtomicBool::new(false) });
        known.insert(authority.to_owned(), Arc::clone(&one));
        Some(one)
    }

    /// Ends every connection; no more are opened.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let known = std::mem::take(&mut *self.known.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ending = tokio::task::JoinSet::new();
        for known in known.into_values() {
            ending.spawn(async move { known.links.close().await });
        }
        while ending.join_next().await.is_some() {}
    }
}

impl std::fmt::Debug for Origins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origins").field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
