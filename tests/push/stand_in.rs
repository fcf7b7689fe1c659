//! Push services in one server of this machine: it takes what it gets, but for device tokens that say what they are answered.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The server; it ends with the test.
pub struct StandIn {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: JoinSet<()>,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let service = service_fn(move |request| answer(request, Arc::clone(&kept)));
                connections.spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    server.serve_connection(TokioIo::new(stream), service).await.ok();
                });
            }
        });
        Self { address, seen, _serving: serving }
    }

    /// What came to paths that begin so.
    pub fn at(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().expect("not poisoned");
        seen.iter().filter(|seen| seen.path.starts_with(path)).cloned().collect()
    }
}

/// A token that ends with `dead` has ended, one that ends with `wrong` is of another environment.
async fn answer(request: Request<Incoming>, seen: Arc<Mutex<Vec<Seen>>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path = head.uri.path().to_owned();
    let (status, reason) = match &path {
        path if path.ends_with("dead") => (410, r#"{"reason":"Unregistered","timestamp":1795478400000}"#),
        path if path.ends_with("wrong") => (400, r#"{"reason":"BadDeviceToken"}"#),
        path if path.starts_with("/3/") => (200, ""),
        _ => (201, ""),
    };
    seen.lock().expect("not poisoned").push(Seen { path, headers: head.headers, body });
    Ok(Response::builder().status(status).body(Full::from(reason)).expect("an answer"))
}
