//! A web server of other hands: it answers as its script says and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name));
        line.map(|(_, value)| value).unwrap_or_default()
    }
}

/// What it says.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status line without the version, further header lines, body.
    Say(&'static str, String, Vec<u8>),
    /// Nothing, and the connection stays open.
    Silence,
    /// A head that promises a body of which a byte comes now and then.
    Drip,
}

pub fn ok(body: impl Into<Vec<u8>>) -> Reply {
    Reply::Say("200 OK", String::new(), body.into())
}

pub fn status(line: &'static str) -> Reply {
    Reply::Say(line, String::new(), Vec::new())
}

type Script = Mutex<Box<dyn Fn(&Request) -> Reply + Send>>;

/// The server; it ends when it is dropped.
pub struct Web {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    script: Arc<Script>,
    _serving: JoinSet<()>,
}

impl Web {
    pub async fn start(script: impl Fn(&Request) -> Reply + Send + 'static) -> Self {
        Self::at("127.0.0.1", script).await
    }

    pub async fn at(host: &str, script: impl Fn(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind((host, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(Mutex::new(Box::new(script)));
        let (kept, says) = (Arc::clone(&seen), Arc::clone(&script));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut calls = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                calls.spawn(serve(stream, Arc::clone(&kept), Arc::clone(&says)));
            }
        });
        Self { address, seen, script, _serving: serving }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on it answers so.
    pub fn script(&self, script: impl Fn(&Request) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Until it was asked what `wanted` says yes to.
    pub async fn until(&self, wanted: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        for _ in 0..600 {
            let seen = self.seen();
            if wanted(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within half a minute: {:#?}", self.seen());
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Request>>>, script: Arc<Script>) {
    let (mut text, mut buffer) = (Vec::new(), vec![0; 65_536]);
    let request = loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        text.extend_from_slice(&buffer[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let request = Request { path, head: head.to_owned(), body: body.to_owned() };
        if body.len() >= request.header("content-length").parse().unwrap_or(0) {
            break request;
        }
    };
    let reply = (script.lock().unwrap())(&request);
    seen.lock().unwrap().push(request);
    match reply {
        Reply::Say(line, headers, body) => {
            let length =
                if line.starts_with("304") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            let head = format!("HTTP/1.1 {line}\r\n{headers}{length}Connection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok();
            stream.write_all(&body).await.ok();
            stream.shutdown().await.ok();
        }
        Reply::Silence => std::future::pending().await,
        Reply::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await.ok();
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}
