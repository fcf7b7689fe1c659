//! One HTTP/2 connection.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use fenghuo_contract::{Cause, Fault};
use h2::{Ping, PingPong, Reason, RecvStream, client};
use http::{HeaderMap, Request, Uri, uri};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{Answer, Exchange, Guard, KitFault, Settings, Target, gate::Gate, tls};

/// Time between pings. Home routers forget a connection after some minutes of silence.
const PING_EVERY: Duration = Duration::from_secs(60);

/// Time an answer to a ping may take.
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// Where connections go, and how.
pub(crate) struct Origin {
    host: String,
    port: u16,
    scheme: uri::Scheme,
    authority: uri::Authority,
    /// With its server name; `None` = plain.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    guard: Guard,
    connect_timeout: Duration,
    answer_max: usize,
    /// Streams of a connection at most, whatever the peer allows.
    streams: usize,
}

/// An open connection. It ends when the last handle and the last stream are gone.
pub(crate) struct Link {
    sender: client::SendRequest<Bytes>,
    gate: Gate,
    /// Nothing more goes over it.
    gone: Arc<AtomicBool>,
    /// The first pong: the peer's settings have come before it.
    settled: std::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

/// Why an exchange gave no answer.
pub(crate) enum Undone {
    /// The connection ended while it waited for its turn.
    Gone,
    /// The peer has not looked at it, and says so: it may be made again.
    Unsent(Cause),
    /// Anything else.
    Faulty(Fault),
}

impl Undone {
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Gone => Fault::Transient(Cause::new("CONNECT", "the connection was gone")),
            Self::Unsent(cause) => Fault::Transient(cause),
            Self::Faulty(fault) => fault,
        }
    }

    fn of(error: &h2::Error) -> Self {
        if error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM)) {
            return Self::Unsent(Cause::new("GOAWAY", "the peer did not take the request"));
        }
        Self::Faulty(Fault::InDoubt(Cause::new("BROKEN", "the connection broke before the answer")))
    }
}

impl Origin {
    /// `tls` is `None` for an origin without it.
    pub(crate) fn new(
        settings: &Settings,
        guard: Guard,
        target: Target,
        tls: Option<TlsConnector>,
        streams: usize,
    ) -> Result<Self, KitFault> {
        let url = target.expose();
        let plain = url.scheme() == "http";
        let host = target.host().trim_matches(['[', ']']).to_owned();
        let authority = match url.port() {
            Some(port) => format!("{}:{port}", target.host()),
            None => target.host().to_owned(),
        };
        let name = ServerName::try_from(host.clone()).map_err(|_| KitFault::Origin)?;
        let tls = tls.map(|tls| (tls, name));
        Ok(Self {
            port: url.port_or_known_default().unwrap_or(443),
            scheme: if plain { uri::Scheme::HTTP } else { uri::Scheme::HTTPS },
            authority: authority.parse().map_err(|_| KitFault::Origin)?,
            host,
            tls,
            guard,
            connect_timeout: Duration::from_millis(settings.connect_timeout_ms),
            answer_max: settings.answer_max,
            streams: streams.max(1),
        })
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// A connection, and the future that must run for it to work.
    pub(crate) async fn connect(&self) -> Result<(Link, impl Future<Output = ()> + Send + 'static), Fault> {
        let stream = self.reach().await?;
        let stream: Box<dyn Duplex> = match &self.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(|error| tls::fault(&error))?;
                if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                    return Err(Fault::Misconfigured(Cause::new("HTTP2", "the peer does not speak HTTP/2")));
                }
                Box::new(stream)
            }
            None => Box::new(stream),
        };
        let broken = |_| Fault::Transient(Cause::new("CONNECT", "the connection broke at its start"));
        let (sender, mut connection) = client::Builder::new()
            .enable_push(false)
            .initial_max_send_streams(1)
            .handshake::<_, Bytes>(stream)
            .await
            .map_err(broken)?;
        let (settles, settled) = oneshot::channel();
        let gone = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&gone);
        let pings = connection.ping_pong();
        let driver = async move {
            tokio::select! {
                _how = connection => {}
                () = beat(pings, settles) => {}
            }
            ended.store(true, Ordering::Release);
        };
        let settled = std::sync::Mutex::new(Some(settled));
        Ok((Link { sender, gate: Gate::default(), gone, settled }, driver))
    }

    /// Connects to the first address that may be called and answers.
    async fn reach(&self) -> Result<TcpStream, Fault> {
        let unknown = |_| Fault::Transient(Cause::new("CONNECT", "the host has no address at the moment"));
        let found = tokio::net::lookup_host((&*self.host, self.port)).await.map_err(unknown)?;
        let found: Vec<SocketAddr> = found.collect();
        let open: Vec<SocketAddr> = found.iter().copied().filter(|found| self.guard.allows(found.ip())).collect();
        if open.is_empty() && !found.is_empty() {
            let text = "the host resolves to an address of the inside";
            return Err(Fault::Misconfigured(Cause::new("CLOSED-ADDRESS", text)));
        }
        let none = |_| Fault::Transient(Cause::new("CONNECT", "no connection"));
        let stream = TcpStream::connect(&*open).await.map_err(none)?;
        stream.set_nodelay(true).map_err(none)?;
        Ok(stream)
    }

    fn request(&self, exchange: &Exchange) -> Result<Request<()>, Undone> {
        let unmade = |_| Undone::Faulty(Fault::Misconfigured(Cause::new("REQUEST", "the request cannot be made")));
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(exchange.path.clone());
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_parts(parts).map_err(unmade)?;
        *request.method_mut() = exchange.method.clone();
        *request.headers_mut() = HeaderMap::clone(&exchange.headers);
        request.headers_mut().extend(exchange.own.clone());
        Ok(request)
    }
}

/// What bytes travel over.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Pings: at once, so that the peer's settings are known, then every minute. Ends when no answer comes.
async fn beat(pings: Option<PingPong>, settles: oneshot::Sender<()>) {
    let Some(mut pings) = pings else { return std::future::pending().await };
    let mut settles = Some(settles);
    while let Ok(Ok(_)) = timeout(PONG_WITHIN, pings.ping(Ping::opaque())).await {
        if let Some(settles) = settles.take() {
            let _nobody_waits_any_more = settles.send(());
        }
        sleep(PING_EVERY).await;
    }
}

impl Link {
    /// Whether nothing more goes over it.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Waits until the peer's settings are known.
    pub(crate) async fn settled(&self) -> Result<(), Fault> {
        let waiting = self.settled.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let Some(settled) = waiting else { return Ok(()) };
        settled.await.map_err(|_| Fault::Transient(Cause::new("CONNECT", "the connection broke at its start")))
    }

    /// Makes one request.
    pub(crate) async fn exchange(
        &self,
        origin: &Origin,
        exchange: &Exchange,
        deadline: Instant,
    ) -> Result<Answer, Undone> {
        let limit = || self.sender.current_max_send_streams().min(origin.streams);
        let late = |_| Undone::Faulty(Fault::Transient(Cause::new("STREAMS", "no stream was free in time")));
        let _stream = timeout_at(deadline, self.gate.enter(limit)).await.map_err(late)?;
        if self.is_gone() {
            return Err(Undone::Gone);
        }
        let request = origin.request(exchange)?;
        let body = exchange.body.clone();
        let unsent = |_| {
            self.gone.store(true, Ordering::Release);
            Undone::Unsent(Cause::new("CONNECT", "the connection was gone"))
        };
        let (response, mut sending) = self.sender.clone().send_request(request, body.is_empty()).map_err(unsent)?;
        if !body.is_empty() {
            sending.send_data(body, true).map_err(|error| self.undone(&error))?;
        }
        let answer = async {
            let (head, body) = response.await?.into_parts();
            let (body, cut, broken) = read(body, origin.answer_max).await;
            Ok(Answer { status: head.status, headers: head.headers, body, cut, broken })
        };
        let late = |_| Undone::Faulty(Fault::InDoubt(Cause::new("TIMEOUT", "no answer in time")));
        timeout_at(deadline, answer).await.map_err(late)?.map_err(|error: h2::Error| self.undone(&error))
    }

    fn undone(&self, error: &h2::Error) -> Undone {
        if !error.is_reset() {
            self.gone.store(true, Ordering::Release);
        }
        Undone::of(error)
    }
}

/// At most `most` bytes of a body, whether there were more, and whether it broke off.
async fn read(mut stream: RecvStream, most: usize) -> (Bytes, bool, bool) {
    let mut body = BytesMut::new();
    while most > 0
        && let Some(chunk) = stream.data().await
    {
        let Ok(chunk) = chunk else { return (body.freeze(), false, true) };
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return (body.freeze(), true, false);
        }
        if stream.flow_control().release_capacity(chunk.len()).is_err() {
            return (body.freeze(), false, true);
        }
    }
    (body.freeze(), false, false)
}
