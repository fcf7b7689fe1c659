//! An SMTP server that keeps no letter and counts everything: how often each recipient got each message. It is what a
//! gateway is believed against, so it shares no code with it.
//!
//! A message is counted when its final dot has arrived, before it is answered: whoever is killed between the two has
//! delivered without knowing it.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, BufWriter, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// How often a message reached a recipient, by Message-ID without its domain, and address.
pub(crate) type Counts = BTreeMap<(String, String), u64>;

/// The server. Its threads end with the process.
pub(crate) struct CountingPeer {
    pub(crate) port: u16,
    book: Arc<Book>,
}

#[derive(Default)]
struct Book {
    counts: Mutex<Counts>,
    /// Microseconds between the final dot and its answer.
    pause_us: AtomicU64,
}

impl CountingPeer {
    /// Listens on a port of this machine. Each message is answered `pause` after it has arrived.
    pub(crate) fn start(pause: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let book = Arc::new(Book::default());
        book.pause_us.store(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let shared = Arc::clone(&book);
        thread::Builder::new().name("counting-peer".to_owned()).spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let book = Arc::clone(&shared);
                // A client that is killed leaves half a letter; that is no fault of this server.
                thread::spawn(move || drop(Conversation::new(&stream, &book).and_then(Conversation::hold)));
            }
        })?;
        Ok(Self { port, book })
    }

    /// What has arrived so far.
    pub(crate) fn counts(&self) -> Counts {
        self.book.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Conversation<'a> {
    book: &'a Book,
    input: BufReader<&'a TcpStream>,
    output: BufWriter<&'a TcpStream>,
    recipients: Vec<String>,
}

impl<'a> Conversation<'a> {
    fn new(stream: &'a TcpStream, book: &'a Book) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { book, input: BufReader::new(stream), output: BufWriter::new(stream), recipients: Vec::new() })
    }

    fn hold(mut self) -> io::Result<()> {
        self.say("220 counting.example ESMTP")?;
        while let Some(line) = self.line()? {
            let command = line.to_ascii_uppercase();
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => self.say("250-counting.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
                "RCPT" => {
                    self.recipients.extend(address(&line));
                    self.say("250 2.1.5 Ok")?;
                }
                "DATA" if self.recipients.is_empty() => self.say("503 5.5.1 No recipients")?,
                "DATA" => {
                    self.say("354 Go ahead")?;
                    self.letter()?;
                }
                "QUIT" => return self.say("221 2.0.0 Bye"),
                "HELO" | "MAIL" | "RSET" | "NOOP" => {
                    self.recipients.clear();
                    self.say("250 2.0.0 Ok")?;
                }
                _ => self.say("502 5.5.2 Not known")?,
            }
        }
        Ok(())
    }

    fn letter(&mut self) -> io::Result<()> {
        let mut message = None;
        loop {
            let Some(line) = self.line()? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            if line == "." {
                break;
            }
            if message.is_none() && line.get(..12).is_some_and(|name| name.eq_ignore_ascii_case("Message-ID: ")) {
                message = Some(line[12..].trim_matches(['<', '>', ' ']).to_owned());
            }
        }
        let message = message.unwrap_or_default();
        let token = message.split('@').next().unwrap_or_default();
        let mut counts = self.book.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for recipient in self.recipients.drain(..) {
            *counts.entry((token.to_owned(), recipient)).or_default() += 1;
        }
        drop(counts);
        thread::sleep(Duration::from_micros(self.book.pause_us.load(Ordering::Relaxed)));
        self.say("250 2.0.0 Ok: counted")
    }

    /// The next line without its end; `None` at the end of the connection.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// Answers; what was asked in one group is answered in one.
    fn say(&mut self, reply: &str) -> io::Result<()> {
        write!(self.output, "{reply}\r\n")?;
        if self.input.buffer().is_empty() { self.output.flush() } else { Ok(()) }
    }
}

/// The address between the brackets.
fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}
