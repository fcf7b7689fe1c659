//! Against an HTTP/2 server of this machine that behaves as it is told.

use std::net::SocketAddr;

use h2::{Reason, server};
use http::{Response, StatusCode};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const BUDGET: Duration = Duration::from_secs(5);

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Answers,
    /// Answers after a while, so that streams stay open.
    Slow,
    /// Says of every first request of a connection that it was not looked at.
    Refuses,
    /// Says GOAWAY after every request.
    Leaves,
    /// Breaks the connection when a request has come.
    Breaks,
    /// Never answers.
    Silent,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    by_connection: Mutex<Vec<usize>>,
}

struct Peer {
    address: SocketAddr,
    seen: Arc<Seen>,
    _serving: JoinSet<()>,
}

async fn peer(manner: Manner, streams: u32) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let kept = Arc::clone(&seen);
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let number = kept.connections.fetch_add(1, Ordering::AcqRel);
            kept.by_connection.lock().unwrap().push(0);
            connections.spawn(serve(stream, manner, streams, number, Arc::clone(&kept)));
        }
    });
    Peer { address, seen, _serving: serving }
}

async fn serve(stream: TcpStream, manner: Manner, streams: u32, number: usize, seen: Arc<Seen>) {
    let builder = server::Builder::new().max_concurrent_streams(streams).handshake::<_, Bytes>(stream);
    let mut connection = builder.await.unwrap();
    let mut answers = JoinSet::new();
    let mut first = true;
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        seen.requests.fetch_add(1, Ordering::AcqRel);
        seen.by_connection.lock().unwrap()[number] += 1;
        let open = seen.open.fetch_add(1, Ordering::AcqRel) + 1;
        seen.most_open.fetch_max(open, Ordering::AcqRel);
        match manner {
            Manner::Refuses if std::mem::take(&mut first) => respond.send_reset(Reason::REFUSED_STREAM),
            Manner::Breaks => return,
            Manner::Silent => {
                answers.spawn(async move {
                    let _held = respond;
                    std::future::pending().await
                });
                continue;
            }
            Manner::Slow => {
                let seen = Arc::clone(&seen);
                answers.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    seen.open.fetch_sub(1, Ordering::AcqRel);
                    answer(&mut respond);
                });
                continue;
            }
            Manner::Answers | Manner::Refuses => answer(&mut respond),
            Manner::Leaves => {
                answer(&mut respond);
                connection.graceful_shutdown();
            }
        }
        seen.open.fetch_sub(1, Ordering::AcqRel);
    }
}

fn answer(respond: &mut server::SendResponse<Bytes>) {
    let head = Response::builder().status(200).body(()).unwrap();
    respond.send_response(head, false).unwrap().send_data(Bytes::from_static(b"done"), true).unwrap();
}

fn links(address: SocketAddr, count: usize) -> Links {
    let settings = Settings {
        ports: vec![address.port()],
        allow_plain: true,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        connect_timeout_ms: 1000,
        ..Settings::default()
    };
    Links::new(&settings, &format!("http://{address}/"), count, 500).unwrap()
}

fn exchange() -> Exchange {
    let (method, path) = (Method::POST, PathAndQuery::from_static("/3/device/x"));
    Exchange { method, path, headers: Arc::default(), own: None, body: Bytes::from_static(b"{}") }
}

async fn call(links: &Links, urgent: bool, budget: Duration) -> Result<StatusCode, Fault> {
    let deadline = tokio::time::sleep(budget).deadline();
    links.call(exchange(), urgent, deadline).await.map(|answer| {
        assert_eq!(&answer.body[..], b"done");
        answer.status
    })
}

/// Many at once; none is urgent.
async fn many(links: &Arc<Links>, count: usize) -> Vec<Result<StatusCode, Fault>> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let links = Arc::clone(links);
        calls.spawn(async move { call(&links, false, BUDGET).await });
    }
    calls.join_all().await
}

#[tokio::test]
async fn requests_share_the_connections_and_leave_one_to_the_urgent() {
    let peer = peer(Manner::Slow, 1000).await;
    let links = Arc::new(links(peer.address, 3));
    assert!(many(&links, 100).await.iter().all(Result::is_ok));
    let counts = peer.seen.by_connection.lock().unwrap().clone();
    assert_eq!(counts, [50, 50]);
    call(&links, true, BUDGET).await.unwrap();
    assert_eq!(peer.seen.by_connection.lock().unwrap().clone(), [50, 50, 1]);
}

#[tokio::test]
async fn no_more_streams_are_open_than_the_peer_allows() {
    let peer = peer(Manner::Slow, 3).await;
    let links = Arc::new(links(peer.address, 1));
    assert!(many(&links, 40).await.iter().all(Result::is_ok));
    assert_eq!(peer.seen.most_open.load(Ordering::Acquire), 3);
    assert_eq!(peer.seen.requests.load(Ordering::Acquire), 40, "none was sent twice");
}

#[tokio::test]
async fn what_the_peer_did_not_look_at_is_sent_once_more() {
    let peer = peer(Manner::Refuses, 100).await;
    assert_eq!(call(&links(peer.address, 1), false, BUDGET).await, Ok(StatusCode::OK));
    assert_eq!(peer.seen.requests.load(Ordering::Acquire), 2);
}

#[tokio::test]
async fn a_peer_that_goes_away_is_called_on_another_connection() {
    let peer = peer(Manner::Leaves, 100).await;
    let links = links(peer.address, 1);
    for _ in 0..5 {
        assert_eq!(call(&links, false, BUDGET).await, Ok(StatusCode::OK));
    }
    assert_eq!(peer.seen.requests.load(Ordering::Acquire), 5);
    assert!(peer.seen.connections.load(Ordering::Acquire) > 1);
}

#[tokio::test]
async fn what_was_sent_and_not_answered_is_in_doubt_and_not_sent_again() {
    for (manner, code) in [(Manner::Breaks, "BROKEN"), (Manner::Silent, "TIMEOUT")] {
        let peer = peer(manner, 100).await;
        let fault = call(&links(peer.address, 1), false, Duration::from_millis(300)).await.unwrap_err();
        assert!(matches!(&fault, Fault::InDoubt(cause) if &*cause.code == code), "{fault:?}");
        assert_eq!(peer.seen.requests.load(Ordering::Acquire), 1);
    }
}

#[tokio::test]
async fn what_waits_for_a_stream_in_vain_was_not_sent() {
    let peer = peer(Manner::Silent, 1).await;
    let links = Arc::new(links(peer.address, 1));
    let held = Arc::clone(&links);
    let mut first = JoinSet::new();
    first.spawn(async move { call(&held, false, BUDGET).await });
    while peer.seen.requests.load(Ordering::Acquire) == 0 {
        tokio::task::yield_now().await;
    }
    let fault = call(&links, false, Duration::from_millis(100)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Transient(cause) if &*cause.code == "STREAMS"), "{fault:?}");
}

#[tokio::test]
async fn nobody_there_is_transient_and_closed_stays_closed() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreached = Arc::new(links(closed, 2));
    for fault in many(&unreached, 20).await {
        assert!(matches!(fault, Err(Fault::Transient(_))), "{fault:?}");
    }
    let peer = peer(Manner::Answers, 100).await;
    let links = links(peer.address, 2);
    links.connect().await.unwrap();
    assert_eq!(peer.seen.requests.load(Ordering::Acquire), 0, "connecting asks nothing");
    links.close().await;
    links.close().await;
    assert!(matches!(call(&links, true, BUDGET).await, Err(Fault::Transient(_))));
}

#[tokio::test]
async fn an_address_of_the_inside_is_not_called() {
    let peer = peer(Manner::Answers, 100).await;
    let port = peer.address.port();
    let settings = Settings { ports: vec![port], allow_plain: true, ..Settings::default() };
    assert!(matches!(Links::new(&settings, &format!("http://127.0.0.1:{port}/"), 1, 1), Err(LinksFault::Target(_))));
    let links = Links::new(&settings, &format!("http://localhost.localdomain:{port}/"), 1, 1).unwrap();
    assert!(links.connect().await.is_err());
    assert_eq!(peer.seen.connections.load(Ordering::Acquire), 0);
}
