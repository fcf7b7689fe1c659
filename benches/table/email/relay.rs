//! A relay that takes every message and keeps the first, and a bare session with it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// The relay, on a thread of its own.
pub(super) struct Relay {
    pub(super) port: u16,
    book: Arc<Book>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Book {
    taken: AtomicU64,
    first: OnceLock<Arc<[u8]>>,
}

impl Relay {
    pub(super) fn start(thread: &str) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name(thread).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let book = Arc::new(Book::default());
        let entering = Arc::clone(&book);
        let handle = runtime.handle().clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that leaves in the middle ends its own conversation and nothing else.
                let book = Arc::clone(&entering);
                handle.spawn(async move { converse(stream, &book).await.ok() });
            }
        });
        Self { port, book, runtime: Some(runtime) }
    }

    /// Messages taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.book.taken.load(Ordering::Relaxed)
    }

    /// The first message, without the dot that ended it.
    pub(super) fn message(&self) -> Arc<[u8]> {
        Arc::clone(self.book.first.get().expect("one was taken"))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

const END: &[u8] = b"\r\n.\r\n";

async fn converse(mut stream: TcpStream, book: &Book) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 relay.example ESMTP\r\n").await?;
    let (mut input, mut out) = (Vec::with_capacity(1 << 16), Vec::new());
    let mut within = false;
    loop {
        let mut read = 0;
        loop {
            let rest = &input[read..];
            let mark: &[u8] = if within { END } else { b"\r\n" };
            let Some(at) = find(rest, mark) else { break };
            if within {
                within = false;
                book.taken.fetch_add(1, Ordering::Relaxed);
                book.first.get_or_init(|| rest[..at + 2].into());
                out.extend_from_slice(b"250 2.0.0 Ok\r\n");
            } else {
                out.extend_from_slice(answer(&rest[..at], &mut within));
            }
            read += at + mark.len();
        }
        input.drain(..read);
        if !out.is_empty() {
            stream.write_all(&out).await?;
            out.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

fn answer(line: &[u8], within: &mut bool) -> &'static [u8] {
    match line.get(..4).unwrap_or_default() {
        b"EHLO" => b"250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n",
        b"DATA" => {
            *within = true;
            b"354 Go ahead\r\n"
        }
        b"QUIT" => b"221 2.0.0 Bye\r\n",
        _ => b"250 2.0.0 Ok\r\n",
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let first = mark[0];
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(mark) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Sends a message so many times over one connection and keeps nothing: envelope in one group, content in one write, replies
/// counted by their lines. The envelope is as long as the gateway's with everything that receipts need: a return path with
/// token and signature, the name of the delivery, and what is to be reported about whom.
pub(super) async fn session(port: u16, count: u32, message: Arc<[u8]>) -> io::Result<()> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream.set_nodelay(true)?;
    let mut input = Vec::new();
    replies(&mut stream, &mut input, 1).await?;
    stream.write_all(b"EHLO bench.example\r\n").await?;
    replies(&mut stream, &mut input, 5).await?;
    let content = [&message[..], b".\r\n"].concat();
    for number in 0..count {
        let envelope = format!(
            "MAIL FROM:<bounce+{number:016x}-{number:08x}.0123456789abcdef0123@songbei.example> RET=HDRS \
             ENVID={number:016x}-{number:08x}\r\nRCPT TO:<{number:013}@people.example> NOTIFY=FAILURE \
             ORCPT=rfc822;{number:013}@people.example\r\nDATA\r\n"
        );
        stream.write_all(envelope.as_bytes()).await?;
        replies(&mut stream, &mut input, 3).await?;
        stream.write_all(&content).await?;
        replies(&mut stream, &mut input, 1).await?;
    }
    Ok(())
}

/// Reads so many lines.
async fn replies(stream: &mut TcpStream, input: &mut Vec<u8>, lines: usize) -> io::Result<()> {
    input.clear();
    while input.iter().filter(|byte| **byte == b'\n').count() < lines {
        if stream.read_buf(input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
