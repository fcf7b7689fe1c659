//! Warnings taken over HTTP and feeds asked for over HTTP, beside servers that do nothing.

use std::{net::SocketAddr, path::Path, time::Duration};

use bytes::Bytes;
use fenghuo::{
    app::Gateway,
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::level::Level,
    flow::{authorize::Role, intake::WarningFilter, record::Stage, screens::Screen},
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    report::{Goal, Report, Row, median},
    world,
};

const CONNECTIONS: usize = 64;
const SPAN: Duration = Duration::from_secs(3);
const RUNS: usize = 3;

/// Requests a second, and the time of the slowest in a hundred, in milliseconds.
type Load = (f64, f64);

/// `POST /v1/warnings`, durable, on 64 connections, beside an axum handler that reads the same body.
pub(crate) fn intake(report: &mut Report) {
    let runtime = world::runtime();
    let data = tempfile::tempdir().expect("a directory");
    let gateway = runtime.block_on(gateway(data.path()));
    let key = runtime.block_on(gateway.flow().create_key(Role::Issuer, Some("bench".to_owned()), "bench".to_owned()));
    let issuer = key.expect("a key").secret;
    let bare = runtime.block_on(bare_axum());
    let (mut ours, mut theirs, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let post = |client: usize, number: usize| {
            let name = format!("intake-{run}-{client}-{number}");
            Request::post("/v1/warnings")
                .header("host", "bench")
                .header("authorization", format!("Bearer {issuer}"))
                .header("content-type", "application/json")
                .body(Full::new(Bytes::from(world::message(&name, "blue", "public").to_string())))
                .expect("a request")
        };
        // The yardstick has the machine for itself: what was taken before has gone out.
        runtime.block_on(at_rest(&gateway));
        theirs.push(runtime.block_on(load(bare, 200, post)).0);
        let (rate, p99) = runtime.block_on(load(gateway.address(), 201, post));
        ours.push(rate);
        slow.push(p99);
    }
    report.row(&Row {
        name: "intake: durable, 64 connections".to_owned(),
        value: median(ours),
        unit: "warnings/s",
        yardstick: Some(("axum handler reading the body", median(theirs))),
        goal: Goal::RatioAtLeast(0.3),
    });
    report.row(&Row {
        name: "intake: slowest of a hundred".to_owned(),
        value: median(slow),
        unit: "ms",
        yardstick: None,
        goal: Goal::Shown,
    });
    runtime.block_on(gateway.shutdown());
}

/// `GET …/feed.json` answered 304, beside a bare hyper service that answers 304.
pub(crate) fn feed(report: &mut Report) {
    let runtime = world::runtime();
    let data = tempfile::tempdir().expect("a directory");
    let gateway = runtime.block_on(gateway(data.path()));
    let (tag, screen) = runtime.block_on(screen(&gateway));
    let bare = runtime.block_on(bare_hyper());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let get = |_: usize, _: usize| {
            Request::get("/screens/square/feed.json")
                .header("host", "bench")
                .header("authorization", format!("Bearer {screen}"))
                .header("if-none-match", &tag)
                .body(Full::new(Bytes::new()))
                .expect("a request")
        };
        theirs.push(runtime.block_on(load(bare, 304, get)).0);
        ours.push(runtime.block_on(load(gateway.address(), 304, get)).0);
    }
    report.row(&Row {
        name: "screen feed: 304, 64 connections".to_owned(),
        value: median(ours),
        unit: "requests/s",
        yardstick: Some(("bare hyper", median(theirs))),
        goal: Goal::RatioAtLeast(0.8),
    });
    runtime.block_on(gateway.shutdown());
}

/// Waits until every warning that was taken has been delivered.
async fn at_rest(gateway: &Gateway) {
    for stage in [Stage::Received, Stage::Released, Stage::Targeted, Stage::Rendered, Stage::Delivering] {
        let filter = WarningFilter { stage: Some(stage), ..WarningFilter::default() };
        while !gateway.flow().warnings(&filter, None, 1).await.expect("a list").items.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Registers a screen; gives the ETag of its feed and its key.
async fn screen(gateway: &Gateway) -> (String, String) {
    let area = "230109000000".parse().expect("a code");
    let screen = Screen { drill: true, ..Screen::new("square", "广场", area) };
    gateway.flow().put_screen(screen).await.expect("registered");
    let key = gateway.flow().create_key(Role::Screen, Some("square".to_owned()), "bench".to_owned()).await;
    let key = key.expect("a key").secret;
    let request = Request::get("/screens/square/feed.json")
        .header("host", "bench")
        .header("authorization", format!("Bearer {key}"))
        .body(Full::new(Bytes::new()))
        .expect("a request");
    let feed = connect(gateway.address()).await.send_request(request).await.expect("an answer");
    let tag = feed.headers().get("etag").and_then(|tag| tag.to_str().ok()).expect("an ETag").to_owned();
    (tag, key)
}

pub(crate) async fn gateway(data: &Path) -> Gateway {
    let mut config = Config::default();
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.store.data = data.to_owned();
    let route = |text: &str| toml::from_str::<Route>(text).expect("a route");
    let display = "channel = \"display\"\nadapter = \"display\"\ndrill = true\nactual = true";
    config.routes.insert("display.screens".to_owned(), route(display));
    let any = vec!["*".to_owned()];
    let issuer = Issuer {
        name: "Bench".to_owned(),
        senders: Vec::new(),
        hazards: any.clone(),
        levels: Level::ALL.to_vec(),
        areas: any,
        relay: true,
        audience_max: None,
    };
    config.issuers.insert("bench".to_owned(), issuer);
    Gateway::start(config, Clock::system()).await.expect("a gateway")
}

#[expect(clippy::disallowed_methods, reason = "a bench's own server ends with the bench")]
async fn bare_axum() -> SocketAddr {
    let router = axum::Router::new()
        .route("/v1/warnings", axum::routing::post(|body: Bytes| async move { body.len().to_string() }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[expect(clippy::disallowed_methods, reason = "a bench's own server ends with the bench")]
async fn bare_hyper() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(|request: Request<Incoming>| async move {
                let tag = request.headers().get("if-none-match").cloned();
                let mut answer = Response::builder().status(304);
                if let Some(tag) = tag {
                    answer = answer.header("etag", tag);
                }
                answer.body(Full::new(Bytes::new()))
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

type Sender = hyper::client::conn::http1::SendRequest<Full<Bytes>>;

#[expect(clippy::disallowed_methods, reason = "a bench's own connection ends with the bench")]
async fn connect(address: SocketAddr) -> Sender {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    sender
}

/// Asks on every connection, one request after the other.
async fn load(
    address: SocketAddr,
    expected: u16,
    request: impl Fn(usize, usize) -> Request<Full<Bytes>> + Copy,
) -> Load {
    let end = world::now() + SPAN;
    let clients = (0..CONNECTIONS).map(|client| async move {
        let mut sender = connect(address).await;
        let mut times = Vec::new();
        while world::now() < end {
            let began = world::now();
            sender.ready().await.expect("an open connection");
            let answer = sender.send_request(request(client, times.len())).await.expect("an answer");
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            assert_eq!(status, expected, "{}", String::from_utf8_lossy(&body));
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times
    });
    let mut times: Vec<f64> = futures_util::future::join_all(clients).await.into_iter().flatten().collect();
    times.sort_by(f64::total_cmp);
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN);
    (times.len() as f64 / SPAN.as_secs_f64(), p99)
}
