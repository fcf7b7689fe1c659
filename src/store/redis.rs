//! The engine of several nodes: Redis ≥ 7 or Valkey, which keeps the records, the journal and what nodes know of each
//! other.
//!
//! Everything has names that begin with `{prefix}:`, in one slot of a cluster, and is changed by scripts, each of which
//! does all or nothing. Records of a kind are a hash (key → version, checksum, value) and a sorted set of the keys; the
//! journal is a stream whose entries are numbered like its rows, beside it a shorter one of the records that the rows
//! changed. The head of both, the name of the installation and its epoch are in a hash that every script reads first.
//!
//! **Durable** means: the row stands in the append-only file as the server is told to write it, and on as many replicas as
//! are asked for. With `appendfsync always` nothing acknowledged is lost with the server's process or machine; with
//! `everysec` a machine that loses its power takes up to a second of acknowledged rows with it. A primary that is replaced
//! loses what its replica had not heard, unless replicas are waited for.
//!
//! Each node computes the chain hash of its rows itself. A row that builds on a head that has moved is refused and built
//! anew; so rows of all nodes make one chain. Answers that do not come are looked for: a row that was sent is either
//! found, or can never be done any more once its node has looked. A store that is emptied, replaced by another, or ends
//! before the newest row this node has seen is recognised by the first script that runs there: the node takes part no
//! more, see [`Cluster::fenced`].
//!
//! A user of its own needs the keys `{prefix}:*` and the commands `EVALSHA`, `SCRIPT LOAD`, those the scripts call, `HGET`,
//! `HMGET`, `XREAD`, `WAIT`, `INFO`, with sentinels `ROLE`, in a cluster `CLUSTER KEYSLOT` and `CLUSTER SLOTS`; `CONFIG GET`
//! only lets more be checked.

mod address;
mod bounds;
mod fault;
mod fitness;
mod follow;
mod group;
mod import;
mod keys;
mod limits;
mod link;
mod memory;
mod nodes;
mod primary;
mod reader;
mod record;
mod reply;
mod script;
mod state;
mod verify;
mod writer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::{
    mpsc::{Sender, channel, error::TrySendError},
    oneshot,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    address::{Address, AddressFault, Place},
    bounds::{CHANGES_BYTES, CHANGES_ROWS, COMMIT_BYTES, RATE_VALID},
    fault::{ImportFault, OpenFault},
    fitness::{Fitness, examine},
    import::Import,
    verify::verify,
};
use self::{
    bounds::{PAGE_ROWS, TAIL_ROWS},
    fault::Fault,
    follow::Follower,
    group::{Answer, Job},
    keys::Keys,
    link::{Link, Server},
    nodes::Control,
    reader::{Reader, raw_rows},
    script::SCRIPTS,
    state::{Identity, Known, Shared},
    writer::{Replicas, Writer, read_head_from, wait_for},
};
use super::{
    chain::{self, Head},
    cluster::{Change, Cluster, FollowFault, NodeId, RateAsk, RatePart},
    contract::{
        Commit, CommitFault, Committed, Engine, Health, JournalRow, JournalRowRef, Key, ReadFault, Room, Space, Stored,
        Urgency,
    },
    embedded::{QUEUE_UNITS, RowFault},
    queue::Queue,
};
use crate::clock::Clock;

/// What may be chosen when a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the store is.
    pub address: Address,
    /// Certificates (PEM) that sign the server's; the system's where none are named.
    pub ca_file: Option<PathBuf>,
    /// The user to log in as; Redis' default user where none is named.
    pub user: Option<String>,
    /// A file that holds the password and nothing else. It is read at each login.
    pub password_file: Option<PathBuf>,
    /// What the names of this installation begin with.
    pub prefix: String,
    /// Replicas that have to have a row before it is answered for.
    pub replicas: u32,
    /// How long they may take; then the answer is "unknown".
    pub wait: Duration,
    /// How long a node may be silent before it is taken for dead.
    pub lease: Duration,
    /// A file that remembers which installation this machine belongs to: another store is not opened then, nor one that
    /// was emptied.
    pub memory: Option<PathBuf>,
}

impl Options {
    /// The store at an address, everything else as it is by itself.
    #[must_use]
    pub fn at(address: Address) -> Self {
        Self {
            address,
            ca_file: None,
            user: None,
            password_file: None,
            prefix: "fenghuo".to_owned(),
            replicas: 0,
            wait: Duration::from_secs(1),
            lease: Duration::from_secs(3),
            memory: None,
        }
    }
}

/// A node's part of a store on Redis. [`Engine::close`] says the others that it stops; when it is only dropped they find
/// out after the lease.
pub struct Redis {
    shared: Arc<Shared>,
    queue: Queue,
    orders: Mutex<Option<Sender<Job>>>,
    reading: Arc<Link>,
    control: Arc<Control>,
    follower: Arc<Follower>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Redis {
    /// Registers this process as a node of a store, which is made where there is none.
    ///
    /// # Errors
    /// [`OpenFault`]: it cannot be reached, is another store than this machine knows, or is damaged.
    pub async fn open(clock: Clock, options: Options) -> Result<Self, OpenFault> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if options.prefix.is_empty() || !options.prefix.chars().all(plain) {
            return Err(OpenFault::Prefix(options.prefix));
        }
        let keys = Keys::new(&options.prefix);
        let server = Arc::new(Server::of(&options, keys.head()));
        let replicas = Replicas { count: options.replicas, wait: options.wait };
        let link = Link::new(Arc::clone(&server));
        let fitness = Fitness::of(&link).await.map_err(|fault| unreachable_at(&options.address, &fault))?;
        if let Some(text) = fitness.unfit() {
            return Err(OpenFault::Unfit { address: options.address.to_string(), text });
        }
        let (identity, known) = register(&link, &keys, &clock, &options).await?;
        check_tail(&link, &keys, known.head, &options.address).await?;
        if replicas.count > 0 {
            let reached = link.ask_behind(&wait_for(replicas), options.wait + bounds::ANSWER).await;
            let reached = reached.and_then(|reached| reply::number(reached, "a count"));
            match reached.map_err(|fault| unreachable_at(&options.address, &fault))? {
                reached if reached >= u64::from(replicas.count) => {}
                reached => {
                    let text = format!("{reached} of {} replicas answered", replicas.count);
                    return Err(OpenFault::Unreachable { address: options.address.to_string(), text });
                }
            }
        }
        let shared = Arc::new(Shared::new(clock, keys, identity, known));
        let control =
            Arc::new(Control::new(Arc::clone(&shared), Link::new(Arc::clone(&server)), replicas, options.lease));
        // From the first moment on it is known who lives and what the server has.
        control.beat().await.map_err(|fault| unreachable_at(&options.address, &fault))?;
        Ok(Self::start(shared, &server, link, control))
    }

    /// Starts what runs while a store is open.
    fn start(shared: Arc<Shared>, server: &Arc<Server>, link: Link, control: Arc<Control>) -> Self {
        let replicas = control.replicas;
        let new_link = || Link::new(Arc::clone(server));
        let (orders, inbox) = channel(QUEUE_UNITS as usize + 1);
        let reading = Arc::new(new_link());
        let waiting = tokio::sync::Mutex::new(new_link());
        let follower = Follower { shared: Arc::clone(&shared), waiting, reading: Arc::clone(&reading) };
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(Writer::new(inbox, Arc::clone(&shared), Arc::new(link), replicas).run());
        let (beating, stop) = (Arc::clone(&control), stopping.clone());
        tasks.spawn(async move { stop.run_until_cancelled(beating.keep_beating()).await });
        tasks.close();
        let (queue, orders, follower) = (Queue::default(), Mutex::new(Some(orders)), Arc::new(follower));
        Self { shared, queue, orders, reading, control, follower, tasks, stopping }
    }

    fn reader(&self) -> Result<Reader<'_>, ReadFault> {
        self.shared.readable()?;
        Ok(Reader { link: &self.reading, keys: &self.shared.keys })
    }

    async fn enqueue(&self, urgency: Urgency, commit: Commit) -> Result<oneshot::Receiver<Answer>, CommitFault> {
        self.shared.admit(urgency)?;
        let bytes = commit.bytes();
        if bytes > COMMIT_BYTES {
            let text = format!("a commit of {bytes} bytes is above the bound of {COMMIT_BYTES}");
            return Err(CommitFault::Unavailable(text));
        }
        let room = self.queue.enter(urgency, bytes).await?;
        let (answer, heard) = oneshot::channel();
        let job = Job { commit, urgency, answer, _room: room };
        let closed = || CommitFault::Unavailable("closed".to_owned());
        match self.orders.lock().as_ref().ok_or_else(closed)?.try_send(job) {
            Ok(()) => Ok(heard),
            Err(TrySendError::Closed(_)) => Err(CommitFault::Unavailable("writer ended".to_owned())),
            // It has a place for every unit.
            Err(TrySendError::Full(_)) => Err(CommitFault::QueueFull),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreachable_at(address: &Address, fault: &Fault) -> OpenFault {
    OpenFault::Unreachable { address: address.to_string(), text: fault.to_string() }
}

/// Registers a node; makes the installation where there is none.
async fn register(link: &Link, keys: &Keys, clock: &Clock, options: &Options) -> Result<(Identity, Known), OpenFault> {
    let (fresh, token) = (hex(&clock.random::<16>()), hex(&clock.random::<8>()));
    let memory = options.memory.as_deref();
    let known = memory.map_or(Ok(None), memory::recall)?.unwrap_or_default();
    let address = || options.address.to_string();
    let names = [keys.head(), keys.nodes(), keys.beats(), keys.counter(), keys.journal()];
    let mut call = SCRIPTS.open.call(&names);
    call.arg(&known).arg(fresh).arg(&token).arg(options.lease.as_millis() as u64);
    call.arg(&chain::tag(&chain::GENESIS)[..]);
    let answer = link.run(&SCRIPTS.open, &call).await.and_then(reply::word);
    let at = |fault: Fault| unreachable_at(&options.address, &fault);
    let (word, mut rest) = answer.map_err(at)?;
    let mut text = |what| reply::text(reply::next(&mut rest), what).map_err(at);
    let other = |found: String| {
        let path = memory.map(std::path::Path::to_owned).unwrap_or_default();
        OpenFault::Other { known: known.clone(), address: address(), found, path }
    };
    match &*word {
        "open" => {}
        "emptied" => return Err(other("nothing".to_owned())),
        "other" => return Err(other(format!("installation {}", text("an installation")?))),
        "headless" => return Err(OpenFault::Headless(address())),
        "moving" => return Err(OpenFault::Moving(address())),
        _ => return Err(OpenFault::Newer { address: address(), format: text("a format")? }),
    }
    let installation = text("an installation")?;
    if let Some(path) = memory.filter(|_| known.is_empty()) {
        memory::remember(path, &installation)?;
    }
    let epoch = reply::number(reply::next(&mut rest), "an epoch").map_err(at)?;
    let head = read_head_from(&mut rest).map_err(at)?;
    let node = reply::number(reply::next(&mut rest), "a number").map_err(at)?;
    let known = Known { head, epoch, acknowledged: 0 };
    Ok((Identity { node, token, installation }, known))
}

/// Checks that the last rows are whole, linked, and lead to the head.
async fn check_tail(link: &Link, keys: &Keys, head: Head, address: &Address) -> Result<(), OpenFault> {
    if head == Head::EMPTY {
        return Ok(());
    }
    let unreadable = |fault: ReadFault| OpenFault::Unreachable { address: address.to_string(), text: fault.0 };
    let damaged = |source| OpenFault::Damaged { address: address.to_string(), source };
    let first = head.sequence.saturating_sub(TAIL_ROWS).max(1);
    let mut before: Option<Head> = (first == 1).then_some(Head::EMPTY);
    let mut next = first;
    // Others may commit meanwhile: rows behind the head are theirs.
    while next <= head.sequence {
        let rows = raw_rows(link, keys, next, PAGE_ROWS).await.map_err(unreadable)?;
        if rows.is_empty() {
            return Err(damaged(RowFault::Missing { sequence: next }));
        }
        for row in rows {
            if row.head.sequence != next {
                return Err(damaged(RowFault::Missing { sequence: next }));
            }
            if let Some(before) = before {
                row.follows(&before).map_err(damaged)?;
            }
            if row.head.sequence == head.sequence && row.head != head {
                return Err(damaged(RowFault::Link { sequence: head.sequence }));
            }
            before = Some(row.head);
            next += 1;
        }
    }
    Ok(())
}

#[async_trait::async_trait]
impl Engine for Redis {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        self.commit_as(Urgency::Ordinary, commit).await
    }

    async fn commit_as(&self, urgency: Urgency, commit: Commit) -> Result<Committed, CommitFault> {
        let heard = self.enqueue(urgency, commit).await?;
        heard.await.unwrap_or_else(|_| Err(CommitFault::Unknown("writer ended before it answered".to_owned())))
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.reader()?.get(space, &key).await
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        self.reader()?.get_many(space, &keys).await
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        self.reader()?.list(space, after, limit).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        self.reader()?.journal(from, limit).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        self.shared.readable()?;
        self.control.read_head().await?;
        let head = self.shared.known().head;
        Ok((head.sequence, head.hash))
    }

    async fn replay(
        &self,
        from: u64,
        visit: &mut (dyn for<'row> FnMut(JournalRowRef<'row>) + Send),
    ) -> Result<(), ReadFault> {
        let keys = &self.shared.keys;
        let at_least = self.shared.known().head;
        let mut next = from.max(1);
        let mut before = (next == 1).then_some(Head::EMPTY);
        loop {
            self.shared.readable()?;
            let rows = raw_rows(&self.reading, keys, next, PAGE_ROWS).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.head.sequence != next {
                    return Err(RowFault::Missing { sequence: next }.into());
                }
                if let Some(before) = before {
                    row.follows(&before)?;
                }
                let sequence = row.head.sequence;
                let entries = chain::Entries::of(&row.data);
                let entries = entries.map_err(|source| RowFault::Malformed { sequence, source })?;
                visit(JournalRowRef::packed(sequence, row.at_ms, row.head.hash, entries));
                before = Some(row.head);
                next += 1;
            }
        }
        if next <= at_least.sequence && from <= at_least.sequence {
            return Err(RowFault::Missing { sequence: next }.into());
        }
        Ok(())
    }

    fn health(&self) -> Health {
        self.shared.health()
    }

    fn room(&self) -> Option<Room> {
        let (queued_kib, queue_overflows) = self.queue.state();
        Some(Room { queued_kib, queue_overflows, ..self.shared.room() })
    }

    fn cluster(&self) -> Option<Arc<dyn Cluster>> {
        let (control, follower) = (Arc::clone(&self.control), Arc::clone(&self.follower));
        Some(Arc::new(Together { control, follower }))
    }

    async fn close(&self) {
        let Some(orders) = self.orders.lock().take() else { return };
        drop(orders);
        self.queue.close();
        self.stopping.cancel();
        self.tasks.wait().await;
        if self.shared.ended().is_none()
            && !self.shared.is_away()
            && let Err(fault) = self.control.leave().await
        {
            tracing::warn!(%fault, "the other nodes find out after the lease that this one has stopped");
        }
        self.shared.close();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// What an open engine knows of the other nodes.
struct Together {
    control: Arc<Control>,
    follower: Arc<Follower>,
}

#[async_trait::async_trait]
impl Cluster for Together {
    fn node(&self) -> NodeId {
        NodeId(self.control.shared.identity.node)
    }

    fn fenced(&self) -> CancellationToken {
        self.control.shared.fenced.clone()
    }

    async fn changes(&self, after: u64, wait: Duration) -> Result<Vec<Change>, FollowFault> {
        self.follower.changes(after, wait).await
    }

    async fn nodes(&self) -> Result<Vec<NodeId>, ReadFault> {
        self.control.nodes().await
    }

    async fn hold(&self, role: &str) -> Result<bool, ReadFault> {
        self.control.hold(role).await
    }

    async fn give_back(&self, role: &str) -> Result<(), ReadFault> {
        self.control.give_back(role).await
    }

    async fn rates(&self, asks: &[RateAsk]) -> Result<Vec<RatePart>, ReadFault> {
        self.control.rates(asks).await
    }

    async fn reserve(&self, window: &str, most: u64, units: u64, keep: Duration) -> Result<u64, ReadFault> {
        self.control.reserve(window, most, units, keep).await
    }
}
