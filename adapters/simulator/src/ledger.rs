use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fenghuo_contract::{Address, Item, Token, Verdict};

/// The provider's own count of what arrived. Clones share it.
#[derive(Clone)]
pub struct Ledger(Arc<Book>);

struct Book {
    submits: AtomicU64,
    seen: AtomicU64,
    taken: AtomicU64,
    withdrawn: AtomicU64,
    /// How many arrivals `pages` may hold; 0 = none are written down.
    room: usize,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    order: Vec<Token>,
    taken: HashSet<Token>,
    lines: HashMap<Address, Line>,
    /// The newest address to confirm at, of those who got one.
    links: HashMap<Address, Box<str>>,
    doubled: u64,
    full: bool,
}

/// What arrived for one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Attempts seen.
    pub seen: u32,
    /// Attempts taken: a person got a message (accepted, or taken without an answer).
    pub taken: u32,
    /// Attempts taken although the same delivery had been taken before: a person got it again.
    pub doubled: u32,
    /// Number of the first arrival, counted from 1 over all addresses.
    pub first: u64,
    /// Number of the last arrival.
    pub last: u64,
}

impl Ledger {
    pub(crate) fn new(room: usize) -> Self {
        Self(Arc::new(Book {
            submits: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            withdrawn: AtomicU64::new(0),
            room,
            pages: Mutex::default(),
        }))
    }

    pub(crate) fn record(&self, items: &[Item], verdicts: &[Verdict]) {
        let book = &self.0;
        let taken = verdicts.iter().filter(|verdict| is_taken(verdict)).count();
        book.submits.fetch_add(1, Ordering::Relaxed);
        book.seen.fetch_add(items.len() as u64, Ordering::Relaxed);
        book.taken.fetch_add(taken as u64, Ordering::Relaxed);
        if book.room > 0 {
            let mut pages = book.pages.lock().unwrap_or_else(PoisonError::into_inner);
            for (item, verdict) in items.iter().zip(verdicts) {
                pages.write(item, is_taken(verdict), book.room);
            }
        }
    }

    pub(crate) fn withdrawn(&self, messages: usize) {
        self.0.withdrawn.fetch_add(messages as u64, Ordering::Relaxed);
    }

    /// Messages taken and withdrawn again before they were delivered.
    #[must_use]
    pub fn recalled(&self) -> u64 {
        self.0.withdrawn.load(Ordering::Relaxed)
    }

    /// Submits answered.
    #[must_use]
    pub fn submits(&self) -> u64 {
        self.0.submits.load(Ordering::Relaxed)
    }

    /// Attempts seen, of all addresses.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.0.seen.load(Ordering::Relaxed)
    }

    /// Attempts taken, of all addresses.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Attempts taken although the same delivery had been taken before; `None` when arrivals are not written down, or
    /// more came than there was room for.
    #[must_use]
    pub fn doubled(&self) -> Option<u64> {
        self.pages(|pages| pages.doubled)
    }

    /// The deliveries in the order their attempts arrived; `None` as for [`Ledger::doubled`].
    #[must_use]
    pub fn order(&self) -> Option<Vec<Token>> {
        self.pages(|pages| pages.order.clone())
    }

    /// What arrived for one address; `None` as for [`Ledger::doubled`].
    #[must_use]
    pub fn line(&self, address: &Address) -> Option<Line> {
        self.pages(|pages| pages.lines.get(address).copied().unwrap_or_default())
    }

    /// Where the recipient at an address can say that the newest message arrived; `None` when it carried no such link, or
    /// as for [`Ledger::doubled`].
    #[must_use]
    pub fn link(&self, address: &Address) -> Option<Box<str>> {
        self.pages(|pages| pages.links.get(address).cloned()).flatten()
    }

    /// What arrived, by address, in no order; `None` as for [`Ledger::doubled`].
    #[must_use]
    pub fn lines(&self) -> Option<Vec<(Address, Line)>> {
        self.pages(|pages| pages.lines.iter().map(|(address, line)| (address.clone(), *line)).collect())
    }

    fn pages<T>(&self, read: impl FnOnce(&Pages) -> T) -> Option<T> {
        let pages = self.0.pages.lock().unwrap_or_else(PoisonError::into_inner);
        (self.0.room > 0 && !pages.full).then(|| read(&pages))
    }
}

impl Pages {
    fn write(&mut self, item: &Item, taken: bool, room: usize) {
        if self.order.len() >= room {
            self.full = true;
            return;
        }
        self.order.push(item.token);
        let number = self.order.len() as u64;
        let again = taken && !self.taken.insert(item.token);
        self.doubled += u64::from(again);
        let line = self.lines.entry(item.address.clone()).or_insert(Line { first: number, ..Line::default() });
        line.seen += 1;
        line.taken += u32::from(taken);
        line.doubled += u32::from(again);
        line.last = number;
        if let Some(link) = &item.confirm {
            self.links.insert(item.address.clone(), link.clone());
        }
    }
}

fn is_taken(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted(_) | Verdict::InDoubt(_))
}
