//! A relay that follows a script.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// What a relay answers instead of the usual. Keys are the upper-case start of a line (`RCPT TO:<refuse`), `GREETING`, `DOT`
/// (after the content) or `EHLO`; the first key that fits counts. Answers: a reply without line end, `drop` = close the
/// connection, `hang` = say nothing any more.
pub(super) type Script = &'static [(&'static str, &'static str)];

pub(super) struct Relay {
    pub(super) address: SocketAddr,
    pub(super) log: Arc<Mutex<Log>>,
    _serving: JoinSet<()>,
}

#[derive(Default)]
pub(super) struct Log {
    pub(super) connections: usize,
    /// Every line received outside of contents.
    pub(super) lines: Vec<String>,
    /// Every content taken, with the recipients it was for.
    pub(super) messages: Vec<(Vec<String>, String)>,
    /// How often each key was met.
    met: HashMap<String, usize>,
}

#[derive(Default)]
pub(super) struct Ways {
    pub(super) script: Script,
    /// Keys count only this time they are met, from 1; `None` = always.
    pub(super) only: Option<usize>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) implicit: bool,
}

pub(super) async fn relay(script: Script) -> Relay {
    serve(Ways { script, ..Ways::default() }).await
}

pub(super) async fn serve(ways: Ways) -> Relay {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let log = Arc::new(Mutex::new(Log::default()));
    let mut serving = JoinSet::new();
    let (kept, ways) = (Arc::clone(&log), Arc::new(ways));
    serving.spawn(async move {
        let mut sessions = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            kept.lock().unwrap().connections += 1;
            let (log, ways) = (Arc::clone(&kept), Arc::clone(&ways));
            sessions.spawn(async move {
                let clerk = Clerk { log, ways };
                match (&clerk.ways.tls, clerk.ways.implicit) {
                    (Some(tls), true) => match tls.accept(stream).await {
                        Ok(stream) => clerk.talk(BufReader::new(stream), true).await.map(drop),
                        Err(error) => Err(error),
                    },
                    _ => clerk.start(stream).await,
                }
            });
        }
    });
    Relay { address, log, _serving: serving }
}

struct Clerk {
    log: Arc<Mutex<Log>>,
    ways: Arc<Ways>,
}

impl Clerk {
    async fn start(&self, stream: tokio::net::TcpStream) -> io::Result<()> {
        if let Some(stream) = self.talk(BufReader::new(stream), true).await?
            && let Some(tls) = &self.ways.tls
        {
            let stream = tls.accept(stream.into_inner()).await?;
            self.talk(BufReader::new(stream), false).await?;
        }
        Ok(())
    }

    /// Talks until the end; gives the stream back after STARTTLS.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: BufReader<S>,
        greets: bool,
    ) -> io::Result<Option<BufReader<S>>> {
        if greets {
            self.answer(&mut stream, "GREETING", "220 relay.example ESMTP").await?;
        }
        let mut recipients = Vec::new();
        loop {
            let Some(line) = line(&mut stream).await? else { return Ok(None) };
            self.log.lock().unwrap().lines.push(line.clone());
            let upper = line.to_ascii_uppercase();
            let usual = match upper.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-relay.example\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 ENHANCEDSTATUSCODES",
                "DATA" if recipients.is_empty() => "503 5.5.1 no recipients",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                "STARTTLS" => "220 go on",
                _ => "250 2.0.0 ok",
            };
            let said = self.answer(&mut stream, &upper, usual).await?;
            match upper.split([' ', ':']).next().unwrap_or_default() {
                "RCPT" if said.starts_with('2') => recipients.push(line[9..line.len() - 1].to_owned()),
                "RSET" => recipients.clear(),
                "STARTTLS" if said.starts_with('2') => return Ok(Some(stream)),
                "QUIT" => return Ok(None),
                "DATA" if said.starts_with('3') => {
                    let content = content(&mut stream).await?;
                    self.log.lock().unwrap().messages.push((std::mem::take(&mut recipients), content));
                    self.answer(&mut stream, "DOT", "250 2.0.0 Ok: queued as Q1").await?;
                }
                _ => {}
            }
        }
    }

    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, met: &str, usual: &str) -> io::Result<String> {
        let scripted = self.ways.script.iter().find(|(key, _)| met.starts_with(key));
        let reply = match scripted {
            Some((key, reply)) => {
                let mut log = self.log.lock().unwrap();
                let times = log.met.entry((*key).to_owned()).or_default();
                *times += 1;
                if self.ways.only.is_some_and(|only| only != *times) { usual } else { *reply }
            }
            None => usual,
        };
        match reply {
            "drop" => return Err(io::ErrorKind::ConnectionAborted.into()),
            "hang" => std::future::pending::<()>().await,
            _ => stream.write_all(format!("{reply}\r\n").as_bytes()).await?,
        }
        stream.flush().await?;
        if reply.starts_with("421") {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(reply.to_owned())
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

async fn content<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> io::Result<String> {
    let mut content = String::new();
    while let Some(line) = line(stream).await? {
        if line == "." {
            return Ok(content);
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
        content.push('\n');
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
