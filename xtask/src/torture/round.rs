//! One round: post, kill, kill again, let it finish, compare with the peer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{
    chance::Chance,
    counting::Counts,
    gateway::{BATCH, CONNECTIONS, Gateway, Installation, ask, get},
    json::Json,
    message::Post,
    peer::PeerProcess,
};
use crate::run::Failed;

/// How long everything may take after the last kill.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a round showed. The first four are what is promised about.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Answered with 201 and not there, not ended, or accepted without having arrived.
    pub(super) lost: u64,
    /// Arrivals beyond the first of a delivery.
    pub(super) doubled: u64,
    /// Leases of single deliveries that a kill left without outcome.
    pub(super) leased: u64,
    /// Doubled deliveries that are not marked as such.
    pub(super) unmarked: u64,
    /// Arrivals of deliveries that were, by the status, never sent and never in flight at a kill.
    pub(super) unexplained: u64,
    pub(super) deliveries: u64,
    pub(super) kills: u64,
    pub(super) warnings: u64,
}

impl Found {
    pub(super) fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.leased += other.leased;
        self.unmarked += other.unmarked;
        self.unexplained += other.unexplained;
        self.deliveries += other.deliveries;
        self.kills += other.kills;
        self.warnings += other.warnings;
    }

    /// Whether a promise was broken, in words.
    pub(super) fn broken(&self) -> Option<String> {
        let broken = [
            (self.lost > 0, "lost"),
            (self.doubled > self.leased, "more doubled than leased"),
            (self.leased > self.kills * CONNECTIONS * BATCH, "more leased than can be on the wire"),
            (self.unmarked > 0, "doubled without a mark"),
            (self.unexplained > 0, "arrived without having been sent"),
        ];
        let broken: Vec<&str> = broken.iter().filter(|(is, _)| *is).map(|(_, words)| *words).collect();
        (!broken.is_empty()).then(|| broken.join(", "))
    }
}

/// Where the program listens now, on every node, and what has been answered with an id.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) addresses: Mutex<Vec<String>>,
    pub(super) taken: Mutex<Vec<String>>,
}

/// Runs one round; `before` is what had arrived earlier on this installation and must not arrive again.
pub(super) fn run(
    installation: &Installation,
    peer: &mut PeerProcess,
    before: &mut Counts,
    posts: Vec<Post>,
    chance: &mut Chance,
) -> Result<Found, Failed> {
    let shared = Arc::new(Shared::default());
    let count = posts.len();
    let poster = {
        let (shared, key) = (Arc::clone(&shared), installation.issuer.clone());
        thread::spawn(move || post_all(&shared, &key, &posts))
    };
    let mut kills = 0;
    for _ in 0..chance.between(2, 5) {
        kill_once(installation, &shared, chance)?;
        kills += 1;
    }
    let gateway = installation.start()?;
    let address = gateway.address()?;
    *lock(&shared.addresses) = vec![address.clone()];
    poster.join().map_err(|_| Failed("torture: the poster failed".to_owned()))??;
    let taken = lock(&shared.taken).clone();
    let mut found = Found { kills, warnings: count as u64, ..Found::default() };
    found.lost += (count - taken.len()) as u64;
    for id in &taken {
        wait(&address, installation, id);
    }
    compare(&address, installation, &taken, peer, before, &mut found)?;
    gateway.kill();
    installation.verify()?;
    Ok(found)
}

/// Starts the program and kills it: one time in four before it listens, else somewhere in its work.
fn kill_once(installation: &Installation, shared: &Shared, chance: &mut Chance) -> Result<(), Failed> {
    let gateway: Gateway = installation.start()?;
    if chance.says(25) {
        thread::sleep(Duration::from_micros(chance.between(0, 80_000)));
    } else {
        *lock(&shared.addresses) = vec![gateway.address()?];
        thread::sleep(Duration::from_micros(chance.between(1_000, 400_000)));
    }
    gateway.kill();
    Ok(())
}

/// Posts one after the other.
pub(super) fn post_all(shared: &Shared, key: &str, posts: &[Post]) -> Result<(), Failed> {
    posts.iter().try_for_each(|post| deliver(shared, key, post))
}

/// Posts until there is an answer, to one node after the other: what was not answered is repeated as it was.
#[expect(clippy::disallowed_methods, reason = "a driver of real processes waits by the machine's clock")]
fn deliver(shared: &Shared, key: &str, post: &Post) -> Result<(), Failed> {
    thread::sleep(post.after);
    let since = Instant::now();
    let mut turn = 0_usize;
    while since.elapsed() < PATIENCE {
        let addresses = lock(&shared.addresses).clone();
        let address = addresses.get(turn % addresses.len().max(1)).cloned().unwrap_or_default();
        turn += 1;
        match ask(&address, "POST", "/v1/warnings", key, "application/json", &post.body) {
            Some(answer) if matches!(answer.status, 200 | 201) => {
                let id = Json::read(&answer.text).unwrap_or_default().get("id").text().to_owned();
                lock(&shared.taken).push(id);
                return Ok(());
            }
            Some(answer) if answer.status != 503 => {
                return Err(Failed(format!("torture: a warning was answered {}: {}", answer.status, answer.text)));
            }
            _ => thread::sleep(Duration::from_millis(5)),
        }
    }
    Err(Failed("torture: a warning was not taken within a minute".to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "a driver of real processes waits by the machine's clock")]
pub(super) fn wait(address: &str, installation: &Installation, id: &str) {
    let since = Instant::now();
    // A program whose store is away says so and is asked again.
    let done = || get(address, &format!("/v1/warnings/{id}/status"), &installation.operator);
    while since.elapsed() < PATIENCE && !done().is_ok_and(|status| status.get("done").is_true()) {
        thread::sleep(Duration::from_millis(20));
    }
}

/// Delivery by delivery: what the status says against what arrived.
pub(super) fn compare(
    address: &str,
    installation: &Installation,
    taken: &[String],
    peer: &mut PeerProcess,
    before: &mut Counts,
    found: &mut Found,
) -> Result<(), Failed> {
    let counts = peer.counts()?;
    let mut arrived: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for ((message, recipient), count) in &counts {
        match before.get(&(message.clone(), recipient.clone())) {
            // An earlier round's delivery that arrives again now is nobody's.
            Some(known) => found.unexplained += count - known,
            None => drop(arrived.insert(message, (recipient, *count))),
        }
    }
    for id in taken {
        for delivery in deliveries(address, installation, id)? {
            let sent_to = format!("{}@torture.example", delivery.get("recipient").text());
            let count = match arrived.remove(delivery.get("token").text()) {
                Some((recipient, count)) if recipient == sent_to => count,
                Some(_) => {
                    found.unexplained += 1;
                    0
                }
                None => 0,
            };
            judge(&delivery, count, found);
        }
    }
    found.unexplained += arrived.values().map(|(_, count)| count).sum::<u64>();
    *before = counts;
    Ok(())
}

fn judge(delivery: &Json, count: u64, found: &mut Found) {
    let marked = delivery.get("maybe_doubled").is_true();
    let state = delivery.get("state").text();
    found.deliveries += 1;
    found.doubled += count.saturating_sub(1);
    found.unmarked += u64::from(count > 1 && !marked);
    match state {
        "accepted" => found.lost += u64::from(count == 0),
        "expired" | "withdrawn" | "superseded" => found.unexplained += u64::from(count > 0 && !marked),
        // The peer refuses nobody, so nothing fails but what this program does wrong.
        _ => found.lost += 1,
    }
    if marked {
        // Every attempt but the one that was answered was cut off by a kill.
        let answered = u64::from(state == "accepted");
        found.leased += delivery.get("attempts").number().saturating_sub(answered).max(1);
    }
}

fn deliveries(address: &str, installation: &Installation, id: &str) -> Result<Vec<Json>, Failed> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/warnings/{id}/deliveries?limit=200{cursor}");
        let page = get(address, &path, &installation.operator)?;
        all.extend_from_slice(page.get("items").list());
        if page.get("next").text().is_empty() {
            return Ok(all);
        }
        cursor = format!("&cursor={}", page.get("next").text());
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
