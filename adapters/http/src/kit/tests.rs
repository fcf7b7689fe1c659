use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

use super::*;

const BUDGET: Duration = Duration::from_secs(5);

/// A server that answers every connection with the same bytes, or holds it silently when there are none.
struct Peer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

async fn peer(answer: Vec<u8>) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let mut serving = JoinSet::new();
    let kept = Arc::clone(&requests);
    serving.spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 65_536];
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            kept.lock().unwrap().push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            if answer.is_empty() {
                held.push(stream);
            } else {
                stream.write_all(&answer).await.ok();
                stream.shutdown().await.ok();
            }
        }
    });
    Peer { address, requests, _serving: serving }
}

fn settings(port: u16) -> Settings {
    Settings {
        ports: vec![port],
        allow_plain: true,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..Settings::default()
    }
}

async fn call(settings: Settings, url: &str, budget: Duration) -> Result<Answer, Fault> {
    let kit = HttpKit::new(settings).unwrap();
    let target = kit.target(url).unwrap();
    let body = Bytes::from_static(b"{}");
    kit.call(Call { method: Method::POST, target, headers: HeaderMap::new(), body }, budget).await
}

#[tokio::test]
async fn sends_once_and_reads_the_answer() {
    let peer = peer(b"HTTP/1.1 202 Accepted\r\nX-Id: 7\r\nContent-Length: 4\r\n\r\ndone".to_vec()).await;
    let url = format!("http://{}/hook?key=secret", peer.address);
    let answer = call(settings(peer.address.port()), &url, BUDGET).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..], answer.cut), (202, &b"done"[..], false));
    assert_eq!(answer.headers["x-id"], "7");
    let requests = peer.requests.lock().unwrap();
    assert!(requests.len() == 1 && requests[0].starts_with("POST /hook?key=secret HTTP/1.1\r\n"), "{requests:?}");
}

#[tokio::test]
async fn follows_no_redirect() {
    let peer = peer(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    let answer = call(settings(peer.address.port()), &format!("http://{}/", peer.address), BUDGET).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(peer.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn keeps_no_more_than_the_bound() {
    let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    bytes.extend(vec![b'x'; 300_000]);
    let peer = peer(bytes).await;
    let answer = call(settings(peer.address.port()), &format!("http://{}/", peer.address), BUDGET).await.unwrap();
    assert_eq!((answer.body.len(), answer.cut), (65_536, true));
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_in_doubt() {
    for answer in [Vec::new(), b"HTTP/1.1 20".to_vec()] {
        let peer = peer(answer).await;
        let url = format!("http://{}/", peer.address);
        let fault = call(settings(peer.address.port()), &url, Duration::from_millis(300)).await.unwrap_err();
        assert!(matches!(fault, Fault::InDoubt(_)), "{fault:?}");
    }
}

#[tokio::test]
async fn no_connection_is_transient() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fault = call(settings(closed.port()), &format!("http://{closed}/"), BUDGET).await.unwrap_err();
    assert!(matches!(fault, Fault::Transient(_)), "{fault:?}");
}

/// The name passes as a target, and its address is refused where it would be connected to.
#[tokio::test]
async fn names_that_resolve_to_the_inside_are_not_called() {
    let peer = peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    let open = HttpKit::new(settings(peer.address.port())).unwrap();
    let target = open.target(&format!("http://localhost:{}/", peer.address.port())).unwrap();
    let guarded = HttpKit::new(Settings { allow_private: Vec::new(), ..settings(peer.address.port()) }).unwrap();
    let call = Call { method: Method::POST, target, headers: HeaderMap::new(), body: Bytes::new() };
    let fault = guarded.call(call.clone(), BUDGET).await.unwrap_err();
    assert!(matches!(&fault, Fault::Misconfigured(cause) if &*cause.code == "CLOSED-ADDRESS"), "{fault:?}");
    assert!(peer.requests.lock().unwrap().is_empty());
    assert_eq!(open.call(call, BUDGET).await.unwrap().status.as_u16(), 200);
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_misconfigured() {
    let address = tls_peer().await;
    let url = format!("https://localhost:{}/", address.0.port());
    let fault = call(settings(address.0.port()), &url, BUDGET).await.unwrap_err();
    assert!(matches!(&fault, Fault::Misconfigured(cause) if &*cause.code == "TLS"), "{fault:?}");
}

async fn tls_peer() -> (SocketAddr, JoinSet<()>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            acceptor.accept(stream).await.ok();
        }
    });
    (address, serving)
}

#[test]
fn nothing_secret_is_shown() {
    let kit = HttpKit::new(Settings::default()).unwrap();
    let target = kit.target("https://hooks.example.org/T0/secret").unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer secret"));
    let call = Call { method: Method::POST, target, headers, body: Bytes::from_static(b"secret") };
    assert_eq!(format!("{call:?}"), "POST https://hooks.example.org/… (6 bytes)");
}
