//! Reports of non-delivery as they come in: a listener for SMTP or LMTP that takes mail for our return paths and nothing else.
//!
//! Whom a report is about is said by the signed token in the address it came to, never by its text: an address without a
//! signature of ours is refused in the dialogue, and what is written in a report can concern that one delivery only. A peer is
//! told "taken" when the receipts are durable, and "later" when they are not.

mod dialogue;
mod letterbox;
mod report;
mod words;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fenghuo_contract::{ReceiptSink, Token};
use lettre::Address;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::settings::Reports;

/// How long one connection may take, whatever is said over it.
const CONNECTION_MAX: Duration = Duration::from_secs(600);

/// How long to wait when no connection can be taken, for want of file descriptors mostly.
const BREATH: Duration = Duration::from_millis(200);

/// The listener of one route.
pub(crate) struct Bounces {
    desk: Arc<Desk>,
    /// The address it is bound to; `None` until it is.
    bound: tokio::sync::Mutex<Option<SocketAddr>>,
    serving: Mutex<JoinSet<()>>,
}

/// What every dialogue needs.
struct Desk {
    reports: Reports,
    /// The address all return paths are made of.
    base: Address,
    sink: Arc<dyn ReceiptSink>,
}

impl Desk {
    /// The delivery a return path was made for; `None` when we did not make it.
    fn delivery(&self, path: &str) -> Option<Token> {
        let (local, domain) = path.rsplit_once('@')?;
        let (user, sealed) = local.split_once('+')?;
        let ours = domain.eq_ignore_ascii_case(self.base.domain()) && user.eq_ignore_ascii_case(self.base.user());
        if ours { self.reports.seal.open(sealed) } else { None }
    }
}

impl Bounces {
    /// Binds nothing yet.
    pub(crate) fn new(reports: Reports, base: Address, sink: Arc<dyn ReceiptSink>) -> Self {
        let desk = Arc::new(Desk { reports, base, sink });
        Self { desk, bound: tokio::sync::Mutex::default(), serving: Mutex::default() }
    }

    /// Listens from now on; answers where. Once it listens, nothing more happens.
    pub(crate) async fn listen(&self) -> io::Result<SocketAddr> {
        let mut bound = self.bound.lock().await;
        if let Some(address) = *bound {
            return Ok(address);
        }
        let listener = TcpListener::bind(self.desk.reports.listen).await?;
        let address = listener.local_addr()?;
        let desk = Arc::clone(&self.desk);
        self.serving.lock().unwrap_or_else(PoisonError::into_inner).spawn(serve(listener, desk));
        *bound = Some(address);
        Ok(address)
    }

    /// Ends the listener and every dialogue. Reports under way are handed over again by their mail server.
    pub(crate) async fn stop(&self) {
        let mut serving = std::mem::take(&mut *self.serving.lock().unwrap_or_else(PoisonError::into_inner));
        serving.shutdown().await;
    }
}

/// Takes as many connections as are allowed; further ones wait in the backlog.
async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut dialogues = JoinSet::new();
    loop {
        while dialogues.len() >= desk.reports.connections && dialogues.join_next().await.is_some() {}
        while dialogues.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, peer)) if desk.reports.peers.contains(&peer.ip().to_canonical()) => {
                dialogues.spawn(converse(stream, Arc::clone(&desk)));
            }
            Ok((_, peer)) => tracing::warn!(%peer, "a report of non-delivery was offered by a peer that is not listed"),
            Err(error) => {
                tracing::warn!(%error, "no connection for reports of non-delivery can be taken");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    let dialogue = async {
        stream.set_nodelay(true)?;
        dialogue::run(stream, &desk).await
    };
    match tokio::time::timeout(CONNECTION_MAX, dialogue).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a dialogue about non-delivery broke off"),
        Err(_) => tracing::warn!("a dialogue about non-delivery took too long and was ended"),
    }
}
