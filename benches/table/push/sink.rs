//! A push service that takes every message and keeps the first request.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::{Request, Response};
use bytes::Bytes;
use h2::{RecvStream, server};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Messages of one connection it takes at a time.
const STREAMS: u32 = 1_000;
/// Octets it takes before it says so.
const WINDOW: u32 = 1 << 24;

/// The sink, on a thread of its own.
pub(super) struct Sink {
    address: SocketAddr,
    folder: tempfile::TempDir,
    certificate: CertificateDer<'static>,
    book: Arc<Book>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Book {
    taken: AtomicU64,
    first: OnceLock<Arc<First>>,
}

/// A request as it came.
pub(super) struct First {
    pub(super) head: Request<()>,
    pub(super) body: Bytes,
}

impl Sink {
    pub(super) fn start(thread: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join("sink.pem"), made.cert.pem()).expect("written");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("TLS").with_no_client_auth();
        let mut config = builder.with_single_cert(vec![certificate.clone()], key).expect("a pair");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name(thread).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        let address = listener.local_addr().expect("an address");
        let book = Arc::new(Book::default());
        let (entering, handle) = (Arc::clone(&book), runtime.handle().clone());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (book, acceptor) = (Arc::clone(&entering), acceptor.clone());
                let within = handle.clone();
                handle.spawn(async move { serve(stream, acceptor, book, within).await });
            }
        });
        Self { address, folder, certificate, book, runtime: Some(runtime) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its certificate, a file in PEM.
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.path().join("sink.pem")
    }

    /// A client's TLS that trusts it.
    pub(super) fn trusting(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("TLS").with_root_certificates(roots);
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsConnector::from(Arc::new(config))
    }

    /// Messages taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.book.taken.load(Ordering::Relaxed)
    }

    /// The first message.
    pub(super) fn first(&self) -> Arc<First> {
        Arc::clone(self.book.first.get().expect("one was taken"))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A client that leaves in the middle ends its own connection and nothing else.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor, book: Arc<Book>, handle: tokio::runtime::Handle) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let mut builder = server::Builder::new();
    builder.max_concurrent_streams(STREAMS).initial_window_size(1 << 20).initial_connection_window_size(WINDOW);
    let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let book = Arc::clone(&book);
        handle.spawn(async move { answer(request, respond, &book).await });
    }
}

async fn answer(request: Request<RecvStream>, mut respond: server::SendResponse<Bytes>, book: &Book) {
    let (head, mut stream) = request.into_parts();
    let mut body = Bytes::new();
    while let Some(Ok(chunk)) = stream.data().await {
        if stream.flow_control().release_capacity(chunk.len()).is_err() {
            return;
        }
        body = if body.is_empty() { chunk } else { [body, chunk].concat().into() };
    }
    let path = head.uri.path();
    let (status, said): (u16, &'static [u8]) = match path.as_bytes() {
        b"/token" => (200, br#"{"access_token":"bench","expires_in":3600,"token_type":"Bearer"}"#),
        [b'/', b'v', ..] => (200, br#"{"name":"projects/songbei/messages/0:1500415314455276%31bd1c96"}"#),
        [b'/', b'3', ..] => (200, b""),
        _ => (201, b""),
    };
    if path != "/token" {
        book.taken.fetch_add(1, Ordering::Relaxed);
        book.first.get_or_init(|| Arc::new(First { head: Request::from_parts(head.clone(), ()), body }));
    }
    let mut response = Response::new(());
    *response.status_mut() = status.try_into().expect("a status");
    if let Ok(mut sending) = respond.send_response(response, said.is_empty())
        && !said.is_empty()
    {
        sending.send_data(Bytes::from_static(said), true).ok();
    }
}
