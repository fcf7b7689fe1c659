//! A store that keeps its word slowly, or refuses, or leaves open what happened, and that a crash cuts off at any point.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fenghuo::{
    clock::Clock,
    store::{
        Commit, CommitFault, Committed, Engine, EntryKind, JournalRow, Key, ReadFault, Space, Stored, memory::Memory,
    },
};

use super::{book::Book, chance::Chance};

/// How a store feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Everything at once.
    #[default]
    Calm,
    /// Commits take their time before and after they are durable.
    Slow,
    /// Some commits are refused, of some it is not known whether they are durable.
    Failing,
}

/// What outlives a crash.
pub struct Disk {
    memory: Memory,
    book: Arc<Book>,
    clock: Clock,
    chance: Mutex<Chance>,
    mood: Mutex<Mood>,
}

/// The store of one engine; dead after its crash.
pub struct Attached {
    disk: Arc<Disk>,
    alive: Arc<AtomicBool>,
}

impl Disk {
    pub fn new(clock: Clock, book: Arc<Book>, chance: Chance) -> Arc<Self> {
        let (chance, mood) = (Mutex::new(chance), Mutex::default());
        Arc::new(Self { memory: Memory::new(clock.clone()), book, clock, chance, mood })
    }

    pub fn attach(self: &Arc<Self>, alive: &Arc<AtomicBool>) -> Arc<Attached> {
        Arc::new(Attached { disk: Arc::clone(self), alive: Arc::clone(alive) })
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    pub async fn head(&self) -> (u64, [u8; 32]) {
        self.memory.head().await.expect("never closed")
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_chance<T>(&self, ask: impl FnOnce(&mut Chance) -> T) -> T {
        ask(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The engine knows from now on that a record stands.
    fn told(&self, space: Space, key: &Key, value: &[u8]) {
        match (space, key.0.first_chunk()) {
            (Space::Plan, Some(number)) => self.book.plan_told(u64::from_be_bytes(*number), value),
            (Space::Warning, _) => self.book.warning_told(&String::from_utf8_lossy(&key.0), value),
            _ => {}
        }
    }

    /// Writes it, and tells the book what is on disk from now on.
    async fn write(&self, commit: Commit) -> Result<Committed, CommitFault> {
        let entries = commit.entries.clone();
        let plans = commit.puts.iter().filter(|put| put.space == Space::Plan);
        let plans: Vec<_> =
            plans.filter_map(|put| Some((put.key.0.first_chunk().copied()?, put.value.clone()?))).collect();
        let committed = self.memory.commit(commit).await?;
        for (number, value) in plans {
            self.book.plan_durable(u64::from_be_bytes(number), &value);
        }
        for entry in entries {
            match entry.kind {
                EntryKind::Leases => self.book.lease_durable(&entry.data),
                EntryKind::Outcomes => self.book.outcomes_durable(&entry.data),
                EntryKind::Decision => {}
            }
        }
        Ok(committed)
    }
}

/// What becomes of a commit.
enum Fate {
    Kept,
    Refused,
    KeptUnknown,
    LostUnknown,
}

impl Attached {
    /// Ends here after a crash.
    async fn or_dead(&self) {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    async fn pause(&self) {
        if self.disk.mood() != Mood::Slow {
            return;
        }
        let pause = self.disk.with_chance(|chance| if chance.says(30) { chance.ms(1, 120) } else { chance.ms(0, 2) });
        if !pause.is_zero() {
            self.disk.clock.sleep(pause).await;
        }
        self.or_dead().await;
    }

    fn fate(&self) -> Fate {
        if self.disk.mood() != Mood::Failing {
            return Fate::Kept;
        }
        match self.disk.with_chance(|chance| chance.between(1, 100)) {
            1..=10 => Fate::Refused,
            11..=15 => Fate::KeptUnknown,
            16..=20 => Fate::LostUnknown,
            _ => Fate::Kept,
        }
    }

    fn read_fault(&self) -> Result<(), ReadFault> {
        let fails = self.disk.mood() == Mood::Failing && self.disk.with_chance(|chance| chance.says(3));
        if fails { Err(ReadFault("the disk says no".to_owned())) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl Engine for Attached {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        self.or_dead().await;
        for entry in commit.entries.iter().filter(|entry| entry.kind == EntryKind::Leases) {
            self.disk.book.lease_asked(&entry.data);
        }
        self.pause().await;
        let told: BTreeMap<(Space, Key), _> =
            commit.puts.iter().filter_map(|put| Some(((put.space, put.key.clone()), put.value.clone()?))).collect();
        let fate = self.fate();
        let committed = match fate {
            Fate::Refused => return Err(CommitFault::Unavailable("the disk says no".to_owned())),
            Fate::LostUnknown => return Err(CommitFault::Unknown("the disk said nothing".to_owned())),
            Fate::Kept | Fate::KeptUnknown => self.disk.write(commit).await?,
        };
        self.pause().await;
        if let Fate::KeptUnknown = fate {
            return Err(CommitFault::Unknown("the disk said nothing".to_owned()));
        }
        told.iter().for_each(|((space, key), value)| self.disk.told(*space, key, value));
        Ok(committed)
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.read_fault()?;
        let stored = self.disk.memory.get(space, key.clone()).await?;
        // Whatever is read is known from now on, even if its commit was never answered.
        if let Some(stored) = &stored {
            self.disk.told(space, &key, &stored.value);
        }
        Ok(stored)
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        self.read_fault()?;
        self.disk.memory.get_many(space, keys).await
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        self.disk.memory.list(space, after, limit).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        self.disk.memory.journal(from, limit).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        self.disk.memory.head().await
    }

    async fn close(&self) {}
}
