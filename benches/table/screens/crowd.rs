//! Many screens in a process of their own, so that neither their processor time nor their memory is taken for the
//! gateway's: this program once more, told by its arguments what to do and by its input when.

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    rc::Rc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

use crate::world;

/// The argument by which the program knows that it is the crowd.
const FLAG: &str = "--crowd";
/// Connections opened at the same time.
const TOGETHER: usize = 64;

/// What each screen does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Asks every so often with the ETag it holds; 304 is expected.
    Poll(Duration),
    /// Asks once and waits for the answer as long as the gateway keeps it waiting.
    Wait,
    /// Listens.
    Listen,
}

impl Doing {
    fn words(self) -> String {
        match self {
            Self::Poll(every) => format!("poll:{}", every.as_micros()),
            Self::Wait => "wait".to_owned(),
            Self::Listen => "listen".to_owned(),
        }
    }

    fn of(words: &str) -> Option<Self> {
        match words.split_once(':') {
            Some(("poll", every)) => every.parse().ok().map(Duration::from_micros).map(Self::Poll),
            _ if words == "wait" => Some(Self::Wait),
            _ => (words == "listen").then_some(Self::Listen),
        }
    }
}

/// The process of the crowd, seen from the one that measures.
pub(super) struct Crowd {
    process: Child,
    orders: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Crowd {
    /// `paths` has a line for each connection: the path of its screen with its token. Returns when all are connected and were
    /// answered once, or ask for the first time where they wait.
    pub(super) fn gather(doing: Doing, address: SocketAddr, etag: &str, paths: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args([FLAG, &doing.words(), &address.to_string(), etag]).arg(paths);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let orders = process.stdin.take().expect("its input");
        let said = BufReader::new(process.stdout.take().expect("its output"));
        let mut crowd = Self { process, orders, said };
        assert_eq!(crowd.hear(), ["ready"]);
        crowd
    }

    /// Begins to count.
    pub(super) fn begin(&mut self) {
        self.order("begin");
    }

    /// How many answers came since, the slowest of them in milliseconds.
    pub(super) fn end(&mut self) -> (f64, f64) {
        self.order("end");
        let said: Vec<f64> = self.hear().iter().filter_map(|word| word.parse().ok()).collect();
        (said[0], said[1])
    }

    /// Waits until everybody heard of another document; when the first and the last did, nanoseconds since 1970.
    pub(super) fn everybody_heard(&mut self) -> (u128, u128) {
        self.order("heard");
        let said: Vec<u128> = self.hear().iter().filter_map(|word| word.parse().ok()).collect();
        (said[0], said[1])
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("it listens");
    }

    fn hear(&mut self) -> Vec<String> {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("it speaks");
        assert!(!line.is_empty(), "the crowd is gone");
        line.split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Is the crowd, when this program was started as one.
pub(crate) fn is_crowd() -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, doing, address, etag, paths] = arguments.as_slice() else { return false };
    if flag != FLAG {
        return false;
    }
    let doing = Doing::of(doing).expect("something to do");
    let address = address.parse().expect("an address");
    let paths = std::fs::read_to_string(paths).expect("a list");
    let requests = paths.lines().map(|path| request(doing, path, etag)).collect();
    world::raise_files();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, crowd(doing, address, requests));
    true
}

fn request(doing: Doing, path: &str, etag: &str) -> String {
    let (path, held) = match doing {
        Doing::Poll(_) => (path.to_owned(), format!("if-none-match: {etag}\r\n")),
        Doing::Wait => (format!("{path}&wait=60"), format!("if-none-match: {etag}\r\n")),
        Doing::Listen => (path.replace("feed.json", "events"), String::new()),
    };
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{held}\r\n")
}

/// What the screens have in common.
#[derive(Default)]
struct Shared {
    ready: Cell<usize>,
    answers: Cell<u64>,
    slowest: Cell<Duration>,
    heard: Cell<usize>,
    first: Cell<u128>,
    last: Cell<u128>,
}

async fn crowd(doing: Doing, address: SocketAddr, requests: Vec<String>) {
    let shared = Rc::new(Shared::default());
    let (count, room) = (requests.len(), Rc::new(tokio::sync::Semaphore::new(TOGETHER)));
    for (number, request) in requests.into_iter().enumerate() {
        let (shared, room) = (Rc::clone(&shared), Rc::clone(&room));
        // The first question of each is put off, so that they do not all ask in the same moment.
        let put_off =
            if let Doing::Poll(every) = doing { every.mul_f64(number as f64 / count as f64) } else { Duration::ZERO };
        tokio::task::spawn_local(screen(doing, address, request, put_off, shared, room));
    }
    while shared.ready.get() < count {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    say("ready".to_owned());
    let (orders, mut taken) = tokio::sync::mpsc::channel(4);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if orders.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(order) = taken.recv().await {
        match order.as_str() {
            "begin" => {
                shared.answers.set(0);
                shared.slowest.set(Duration::ZERO);
            }
            "end" => say(format!("{} {}", shared.answers.get(), shared.slowest.get().as_secs_f64() * 1e3)),
            _ => {
                while shared.heard.get() < count {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                say(format!("{} {}", shared.first.get(), shared.last.get()));
                shared.heard.set(0);
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is how it speaks to whoever started it")]
fn say(line: String) {
    println!("{line}");
}

async fn screen(
    doing: Doing,
    address: SocketAddr,
    request: String,
    put_off: Duration,
    shared: Rc<Shared>,
    room: Rc<tokio::sync::Semaphore>,
) {
    let entering = room.acquire().await.expect("never closed");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    match doing {
        Doing::Poll(every) => {
            answer(&mut stream, &request).await;
            shared.ready.set(shared.ready.get() + 1);
            drop(entering);
            let mut due = tokio::time::Instant::from_std(world::now()) + put_off;
            loop {
                tokio::time::sleep_until(due).await;
                due += every;
                let began = world::now();
                answer(&mut stream, &request).await;
                shared.answers.set(shared.answers.get() + 1);
                shared.slowest.set(shared.slowest.get().max(began.elapsed()));
            }
        }
        Doing::Wait => {
            stream.write_all(request.as_bytes()).await.expect("written");
            shared.ready.set(shared.ready.get() + 1);
            drop(entering);
            // Until the gateway answers, which is after the measure.
            let mut bytes = [0; 1024];
            while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
        }
        Doing::Listen => {
            stream.write_all(request.as_bytes()).await.expect("written");
            heard(&mut stream).await;
            shared.ready.set(shared.ready.get() + 1);
            drop(entering);
            loop {
                heard(&mut stream).await;
                let now = world::unix_nanos();
                if shared.heard.get() == 0 {
                    shared.first.set(now);
                }
                shared.last.set(now);
                shared.heard.set(shared.heard.get() + 1);
            }
        }
    }
}

/// One request and its answer, which is 304.
async fn answer(stream: &mut TcpStream, request: &str) {
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut bytes = [0; 1024];
    let mut read = 0;
    while !bytes[..read].ends_with(b"\r\n\r\n") {
        let more = stream.read(&mut bytes[read..]).await.expect("an answer");
        assert!(more > 0, "closed after {:?}", String::from_utf8_lossy(&bytes[..read]));
        read += more;
    }
    assert!(bytes.starts_with(b"HTTP/1.1 304 "), "{}", String::from_utf8_lossy(&bytes[..read]));
}

/// Reads to the end of the next event that is a document.
async fn heard(stream: &mut TcpStream) {
    let (mut bytes, mut tail) = ([0; 4096], Vec::new());
    let mut document = false;
    loop {
        let read = stream.read(&mut bytes).await.expect("it goes on");
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&tail));
        tail.extend_from_slice(&bytes[..read]);
        document |= tail.windows(15).any(|window| window == b"event: document");
        if document && tail.ends_with(b"\n\n\r\n") {
            return;
        }
        tail.drain(..tail.len().saturating_sub(16));
    }
}
