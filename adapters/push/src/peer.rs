//! The other side in tests: foreign programs, and a server of this machine that says what it is told to say.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use fenghuo_contract::{Address, Batch, Content, Item, Token, Verdict};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    task::JoinSet,
};

use crate::Network;

/// Where the peers' programs are.
pub(crate) fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers")
}

/// A server running as a program of its own; it ends with the test.
pub(crate) struct Program {
    pub(crate) port: u16,
    _child: Child,
}

impl Program {
    /// Runs a program of the peers' folder in Node, which prints its port first.
    pub(crate) async fn node(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.arg(peers().join(name)).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node runs the stand-ins; it is installed by: cargo xtask test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        Self { port: line.trim().parse().unwrap_or_else(|_| panic!("{name} did not say its port")), _child: child }
    }
}

/// The tests' own Python.
pub(crate) fn interpreter() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    std::env::var_os("FENGHUO_VENV").map_or(own, Into::into).join("bin/python3")
}

/// Runs a script of the peers' folder in the tests' own Python environment, with this input; what it prints.
///
/// # Panics
/// When `module` is not installed, or the script fails: with what it said.
pub(crate) async fn python(name: &str, module: &str, arguments: &[&str], input: &str) -> String {
    let python = interpreter();
    let known = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status().await;
    assert!(
        known.is_ok_and(|status| status.success()),
        "{} has no {module}; the tests' Python environment is made by: cargo xtask test",
        python.display()
    );
    let mut command = Command::new(&python);
    command.arg(peers().join(name)).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let done = child.wait_with_output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{name}: {}{}", text(&done.stdout), text(&done.stderr));
    text(&done.stdout)
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer: status, headers, body. Status 0: none ever comes.
pub(crate) type Reply = (u16, Vec<(&'static str, String)>, String);

/// What is answered to a request.
pub(crate) type Manner = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A server that speaks HTTP/1.1 and HTTP/2 (prior knowledge), and keeps what it saw.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(manner: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, seen): (Manner, _) = (Arc::new(manner), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&seen);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, kept) = (Arc::clone(&manner), Arc::clone(&kept));
                let service = service_fn(move |request| answer(request, Arc::clone(&manner), Arc::clone(&kept)));
                connections.spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    server.serve_connection(TokioIo::new(stream), service).await.ok();
                });
            }
        });
        Self { address, seen, _serving: serving }
    }

    /// What came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn answer(
    request: Request<Incoming>,
    manner: Manner,
    seen: Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let request = Seen { method: head.method, path, headers: head.headers, body };
    let (status, headers, body) = manner(&request);
    seen.lock().unwrap().push(request);
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(body)).unwrap())
}

/// The word for a verdict.
pub(crate) fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::RefusedRecipient(_) => "recipient",
        Verdict::RefusedContent(_) => "content",
        Verdict::Misconfigured(_) => "misconfigured",
        Verdict::Throttled { .. } => "throttled",
        Verdict::Transient(_) => "transient",
        Verdict::InDoubt(_) => "in doubt",
    }
}

/// How a server of this machine is reached.
pub(crate) fn local() -> Network {
    Network { allow_private: vec!["127.0.0.0/8".parse().unwrap()], ..Network::default() }
}

/// A batch of this content to these addresses.
pub(crate) fn batch<S: AsRef<str>>(content: Content, addresses: &[S]) -> Batch {
    let item = |(index, address): (u32, &S)| Item {
        token: Token::new(1, index),
        address: Address::new(address.as_ref()),
        attempt: 1,
        confirm: None,
    };
    Batch { content: Arc::new(content), items: (0..).zip(addresses).map(item).collect(), urgent: false }
}
