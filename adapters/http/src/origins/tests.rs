//! Against servers of this machine with certificates of their own.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use h2::server;
use http::{HeaderMap, Method, Response, uri::PathAndQuery};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::HttpKit;

const BUDGET: Duration = Duration::from_secs(5);

struct Certificate {
    file: tempfile::NamedTempFile,
    der: CertificateDer<'static>,
    key: Vec<u8>,
}

fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), made.cert.pem()).unwrap();
    Certificate { file, der: made.cert.der().clone(), key: made.signing_key.serialize_der() }
}

/// A server that speaks what its `protocol` says, and how many connections it had.
async fn server(certificate: &Certificate, protocol: &'static [u8]) -> (SocketAddr, JoinSet<()>) {
    let key = PrivateKeyDer::Pkcs8(certificate.key.clone().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(vec![certificate.der.clone()], key).unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                if protocol != b"h2" {
                    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.ok();
                    return;
                }
                let mut connection = server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let answer: Response<()> = Response::builder().status(201).body(()).unwrap();
                    respond.send_response(answer, true).unwrap();
                }
            });
        }
    });
    (address, serving)
}

fn settings(certificate: &Certificate, ports: &[SocketAddr]) -> Settings {
    Settings {
        ports: ports.iter().map(SocketAddr::port).collect(),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ca_file: Some(certificate.file.path().to_owned()),
        answer_max: 0,
        ..Settings::default()
    }
}

async fn ask(origins: &Origins, target: &Target) -> Option<u16> {
    let path = PathAndQuery::from_static("/send/1?x=1");
    let headers = Arc::new(HeaderMap::new());
    let exchange = Exchange { method: Method::POST, path, headers, own: None, body: Bytes::from_static(b"x") };
    let deadline = tokio::time::sleep(BUDGET).deadline();
    origins.call(target, exchange, false, deadline).await.map(|answer| answer.unwrap().status.as_u16())
}

#[tokio::test]
async fn an_origin_of_http2_is_kept_and_another_is_left_to_the_client() {
    let certificate = certificate();
    let (new, _serving) = server(&certificate, b"h2").await;
    let (old, _serving_too) = server(&certificate, b"http/1.1").await;
    let settings = settings(&certificate, &[new, old]);
    let (origins, kit) = (Origins::new(&settings, 2, 10).unwrap(), HttpKit::new(settings).unwrap());
    let target = |address: SocketAddr| kit.target(&format!("https://localhost:{}/send/1?x=1", address.port())).unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&origins, &target(new)).await, Some(201));
        assert_eq!(ask(&origins, &target(old)).await, None, "it is said so, and nothing was sent");
    }
    assert_eq!(origins.known.lock().unwrap().len(), 2);
    origins.close().await;
    assert_eq!(ask(&origins, &target(new)).await, None);
}

#[tokio::test]
async fn strangers_cannot_make_it_keep_any_number() {
    let certificate = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let settings = settings(&certificate, &[address]);
    let (origins, kit) = (Origins::new(&settings, 1, 1).unwrap(), HttpKit::new(settings).unwrap());
    for number in 0..ORIGINS_MAX + 10 {
        let target = kit.target(&format!("https://p{number}.example:{}/x", address.port())).unwrap();
        assert_eq!(origins.known(&target).is_some(), number < ORIGINS_MAX);
    }
    assert_eq!(origins.known.lock().unwrap().len(), ORIGINS_MAX);
}
