//! Several nodes on one Redis: what one program is put through, and more.
//!
//! In a round nodes are killed, or frozen for longer than their lease and let go on; Redis is killed or frozen. All of it
//! happens while warnings are posted to whatever node answers. At the end every node runs, and each is asked: they have
//! to agree with each other and with the peer.

mod redis;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    PAUSE,
    chance::Chance,
    counting::Counts,
    gateway::{Gateway, Installation, get},
    import, message,
    peer::PeerProcess,
    round::{Found, Shared, compare, lock, post_all, wait},
};
use crate::run::Failed;
use redis::Redis;

/// How long a frozen node stays so: longer than its lease of three seconds.
const FROZEN_MS: (u64, u64) = (3_500, 5_000);

/// Some nodes, the Redis they share, and the peer their letters go to.
pub(super) struct Cluster {
    number: usize,
    nodes: Vec<Installation>,
    redis: Redis,
    peer: PeerProcess,
    before: Counts,
}

impl Cluster {
    pub(super) fn new(program: &Path, count: usize, recipients: u64, number: usize) -> Result<Self, Failed> {
        let peer = PeerProcess::start(PAUSE)?;
        let folder = |what: &str| -> PathBuf {
            std::env::temp_dir().join(format!("fenghuo-torture-{}-{number}-{what}", std::process::id()))
        };
        let redis = Redis::start(folder("redis"))?;
        let first = Installation::new(program, folder("0"), peer.port, Some(redis.url()))?;
        let others = (1..count).map(|node| first.beside(folder(&node.to_string()), peer.port));
        let others = others.collect::<Result<Vec<_>, _>>()?;
        let gateway = first.start()?;
        import(&gateway.address()?, &first, recipients)?;
        gateway.kill();
        let nodes = std::iter::once(first).chain(others).collect();
        Ok(Self { number, nodes, redis, peer, before: Counts::new() })
    }

    /// One round.
    pub(super) fn round(&mut self, round: usize, chance: &mut Chance) -> Result<Found, Failed> {
        let posts = message::posts(self.number, round, chance);
        let mut running = Running::default();
        for node in &self.nodes {
            running.put(node.start()?)?;
        }
        let shared = Arc::new(Shared::default());
        running.tell(&shared);
        let count = posts.len();
        let poster = {
            let (shared, key) = (Arc::clone(&shared), self.nodes[0].issuer.clone());
            thread::spawn(move || post_all(&shared, &key, &posts))
        };
        let mut kills = 0;
        for _ in 0..chance.between(2, 4) {
            thread::sleep(Duration::from_millis(chance.between(1, 400)));
            kills += self.disturb(&mut running, &shared, chance)?;
        }
        poster.join().map_err(|_| Failed("torture: the poster failed".to_owned()))??;
        let taken = lock(&shared.taken).clone();
        let lost = (count - taken.len()) as u64;
        let mut found = Found { kills, warnings: count as u64, lost, ..Found::default() };
        let asked = chance.between(0, running.nodes.len() as u64 - 1) as usize;
        let address = running.nodes[asked].1.clone();
        for id in &taken {
            wait(&address, &self.nodes[asked], id);
        }
        self.agree(&running, &taken)?;
        compare(&address, &self.nodes[asked], &taken, &mut self.peer, &mut self.before, &mut found)?;
        Ok(found)
    }

    /// One thing that goes wrong and is over. Says how many times what was on the wire may have been cut off.
    fn disturb(&mut self, running: &mut Running, shared: &Shared, chance: &mut Chance) -> Result<u64, Failed> {
        let node = chance.between(0, self.nodes.len() as u64 - 1) as usize;
        match chance.between(0, 9) {
            0..=5 => {
                running.nodes.remove(node).0.kill();
                running.tell(shared);
                thread::sleep(Duration::from_millis(chance.between(0, 800)));
                running.insert(node, self.nodes[node].start()?)?;
                running.tell(shared);
                Ok(1)
            }
            6 => {
                running.nodes[node].0.signal("STOP")?;
                thread::sleep(Duration::from_millis(chance.between(FROZEN_MS.0, FROZEN_MS.1)));
                running.nodes[node].0.signal("CONT")?;
                Ok(1)
            }
            7 | 8 => {
                self.redis.kill();
                thread::sleep(Duration::from_millis(chance.between(0, 1_000)));
                self.redis.start_again()?;
                Ok(0)
            }
            _ => {
                self.redis.freeze(Duration::from_millis(chance.between(200, 4_000)))?;
                Ok(0)
            }
        }
    }

    /// Every node says the same of every warning.
    #[expect(clippy::disallowed_methods, reason = "a driver of real processes waits by the machine's clock")]
    fn agree(&self, running: &Running, taken: &[String]) -> Result<(), Failed> {
        let until = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            let all = running.nodes.iter().map(|(_, address)| self.told(address, taken));
            let all = all.collect::<Result<Vec<_>, _>>();
            if all.as_ref().is_ok_and(|all| all.windows(2).all(|pair| pair[0] == pair[1])) {
                return Ok(());
            }
            if std::time::Instant::now() > until {
                let all = all?;
                return Err(Failed(format!("torture: the nodes differ: {all:?}")));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// What a node says of these warnings: channel by channel, state by state.
    fn told(&self, address: &str, taken: &[String]) -> Result<Vec<String>, Failed> {
        let of = |id: &String| {
            let status = get(address, &format!("/v1/warnings/{id}/status"), &self.nodes[0].operator)?;
            Ok(format!("{id}: {:?}", status.get("channels")))
        };
        taken.iter().map(of).collect()
    }
}

/// The nodes that run, each with where it listens.
#[derive(Default)]
struct Running {
    nodes: Vec<(Gateway, String)>,
}

impl Running {
    fn put(&mut self, gateway: Gateway) -> Result<(), Failed> {
        self.insert(self.nodes.len(), gateway)
    }

    fn insert(&mut self, at: usize, gateway: Gateway) -> Result<(), Failed> {
        let address = gateway.address()?;
        self.nodes.insert(at, (gateway, address));
        Ok(())
    }

    /// Tells the poster where it may post.
    fn tell(&self, shared: &Shared) {
        *lock(&shared.addresses) = self.nodes.iter().map(|(_, address)| address.clone()).collect();
    }
}
