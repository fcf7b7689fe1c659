use std::time::Duration;

use axum::{body::Body, routing::post};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{FAREWELL, HEAD_TIME, PER_ADDRESS_MAX, Peers, Proxies, Router, Server, patience::Patience};
use crate::http::{body, problem::Problem};

#[tokio::test(start_paused = true)]
async fn a_reader_that_reads_nothing_is_given_up() {
    let (ours, _theirs) = duplex(8);
    let mut stream = Patience::new(ours, Duration::from_secs(30));
    let fault = stream.write_all(&[0; 64]).await.expect_err("nobody reads");
    assert_eq!(fault.kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not() {
    let (ours, mut theirs) = duplex(8);
    let mut stream = Patience::new(ours, Duration::from_secs(30));
    let reading = async {
        let mut buffer = [0; 8];
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            theirs.read_exact(&mut buffer).await.expect("written");
        }
    };
    let (written, ()) = tokio::join!(stream.write_all(&[0; 64]), reading);
    written.expect("every eight bytes came in time");
}

#[test]
fn one_address_gets_only_its_share() {
    let peers = Peers::default();
    let far = "192.0.2.7".parse().unwrap();
    let guests: Vec<_> = (0..PER_ADDRESS_MAX).map(|_| peers.admit(far).expect("within its share")).collect();
    assert!(peers.admit(far).is_none());
    assert!(peers.admit("192.0.2.8".parse().unwrap()).is_some());
    drop(guests);
    assert!(peers.admit(far).is_some());
    assert_eq!(peers.counts.lock().len(), 0, "what is closed is forgotten");
}

#[test]
fn the_machine_itself_has_no_share() {
    let peers = Peers::default();
    let near = "127.0.0.1".parse().unwrap();
    let guests: Vec<_> = (0..PER_ADDRESS_MAX + 1).map(|_| peers.admit(near)).collect();
    assert!(guests.iter().all(Option::is_some));
}

/// A connection to a server whose only route reads its body.
fn connected(stopping: CancellationToken) -> (DuplexStream, impl Future<Output = ()>) {
    async fn read(mut body: Body) -> Result<(), Problem> {
        while body::next_part(&mut body).await?.is_some() {}
        Ok(())
    }
    let (theirs, ours) = duplex(64 * 1024);
    let server = Server { router: Router::new().route("/", post(read)), proxies: Proxies::default(), stopping };
    (theirs, server.connection(ours, ([192, 0, 2, 7], 4711).into(), ()))
}

/// What a client reads until the server closes, and how long that took.
async fn until_closed(mut stream: DuplexStream, sent: &str) -> (String, Duration) {
    #[expect(clippy::disallowed_methods, reason = "measures the paused clock of this test")]
    let started = Instant::now();
    stream.write_all(sent.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("read to the end");
    (answer, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_costs_no_more_than_its_time() {
    let (client, server) = connected(CancellationToken::new());
    let ((answer, took), ()) = tokio::join!(until_closed(client, "POST / HTTP/1.1\r\nhost: "), server);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(took <= HEAD_TIME + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_answered_with_a_timeout() {
    let (client, server) = connected(CancellationToken::new());
    let head = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhalf";
    let ((answer, took), ()) = tokio::join!(until_closed(client, head), server);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_ends_when_the_server_stops() {
    let stopping = CancellationToken::new();
    let (client, server) = connected(stopping.clone());
    stopping.cancel();
    let ((answer, took), ()) = tokio::join!(until_closed(client, ""), server);
    assert!(answer.is_empty() && took < FAREWELL, "{answer} {took:?}");
}
