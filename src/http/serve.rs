//! Accepting connections: bounded in number, in the time a request's head may take, and in the time a client may leave
//! an answer unread.

mod patience;
mod proxies;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::Site;
use patience::Patience;
use proxies::Proxies;

/// Connections open at the same time.
const CONNECTIONS_MAX: usize = 12_000;

/// Connections open at the same time from one address; the machine itself may have as many as there are.
const PER_ADDRESS_MAX: usize = 200;

/// Bytes of a request's head at most.
const HEAD_MAX: usize = 16 * 1024;

/// Header fields of a request at most.
const HEADERS_MAX: usize = 100;

/// The longest time from the first byte of a request, or from the end of the one before, to the end of its head.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// The longest time a client may leave what we wrote unread.
const UNREAD_TIME: Duration = Duration::from_secs(30);

/// Requests of one HTTP/2 connection at the same time.
const STREAMS_PER_CONNECTION: u32 = 64;

/// Wait after the system refused a new connection, for want of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long requests under way may take after the server was told to stop.
const FAREWELL: Duration = Duration::from_secs(20);

/// The address a request came from: of the client, where a proxy of ours stands between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Serves a site until told to close; returns when every connection is closed. Dropping it closes them all. From
/// `stopping` to `closing` every request is answered that the gateway stops.
pub async fn run(mut site: Site, listener: TcpListener, stopping: CancellationToken, closing: CancellationToken) {
    site.stopping = stopping;
    let stopping = closing;
    let (telemetry, clock) = (site.telemetry.clone(), site.clock.clone());
    let proxies = Proxies::new(&site.config.server.trusted_proxies);
    let server = Server { router: site.router(), proxies: proxies.clone(), stopping: stopping.clone() };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let peers = Peers::of(proxies);
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            () = stopping.cancelled() => break,
            Some(_) = connections.join_next() => {
                telemetry.connections(connections.len());
                continue;
            }
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(fault) => {
                tracing::warn!(%fault, "no new connection");
                clock.sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(guest) = peers.admit(peer.ip()) else { continue };
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        connections.spawn(server.clone().connection(stream, peer, (permit, guest)));
        while connections.try_join_next().is_some() {}
        telemetry.connections(connections.len());
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    telemetry.connections(0);
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    router: Router,
    proxies: Proxies,
    stopping: CancellationToken,
}

impl Server {
    /// Serves one connection to its end, holding `held` for as long.
    async fn connection<S>(self, stream: S, peer: SocketAddr, held: impl Send)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let tasks = Tasks(TaskTracker::new());
        let mut builder = Builder::new(tasks.clone());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(HEAD_TIME)
            .keep_alive_timeout(HEAD_TIME)
            .max_concurrent_streams(STREAMS_PER_CONNECTION)
            .max_header_list_size(u32::try_from(HEAD_MAX).unwrap_or(u32::MAX));
        let proxies = self.proxies;
        let service = self.router.map_request(move |mut request: axum::http::Request<_>| {
            let origin = proxies.origin(peer, request.headers());
            request.extensions_mut().insert(Peer(origin));
            request
        });
        let io = TokioIo::new(Patience::new(stream, UNREAD_TIME));
        let mut connection = std::pin::pin!(builder.serve_connection(io, TowerToHyperService::new(service)));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::time::timeout(FAREWELL, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(fault) = ended {
            tracing::debug!(fault, "connection ended");
        }
        drop(held);
    }
}

/// Tasks of one HTTP/2 connection; they end with it.
#[derive(Clone)]
struct Tasks(TaskTracker);

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

/// How many connections each address has. Proxies of ours bring everybody's and have no share.
#[derive(Clone, Default)]
struct Peers {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    proxies: Proxies,
}

/// One connection of an address, until dropped.
struct Guest {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    fn of(proxies: Proxies) -> Self {
        Self { counts: Arc::default(), proxies }
    }

    /// `None` when this address has as many as one may have.
    fn admit(&self, address: IpAddr) -> Option<Guest> {
        let mut peers = self.counts.lock();
        let count = peers.entry(address).or_insert(0);
        let unlimited = address.to_canonical().is_loopback() || self.proxies.contains(address);
        if *count >= PER_ADDRESS_MAX && !unlimited {
            return None;
        }
        *count += 1;
        Some(Guest { peers: self.clone(), address })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut peers = self.peers.counts.lock();
        if let Some(count) = peers.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&self.address);
            }
        }
    }
}
