//! What all links of a centre share.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use jiff::civil::DateTime;
use parking_lot::{Mutex, RwLock};
use tokio::{sync::Notify, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    behaviour::{Behaviour, Rule},
    book::{Book, Entries},
    calendar::{self, Calendar},
    dialect::Id,
    exchange::Exchange,
};

/// What all links of a centre share.
#[derive(Debug)]
pub(crate) struct Shared {
    behaviour: RwLock<Arc<Behaviour>>,
    pub(crate) book: Mutex<Book>,
    /// Something was entered into the book.
    pub(crate) entered: Notify,
    pub(crate) exchange: Exchange,
    messages: AtomicU64,
    links: AtomicU64,
    bound: AtomicUsize,
    bucket: Mutex<Bucket>,
    rules_used: Mutex<HashMap<String, u32>>,
    /// Sequences of submits that were taken, where repeated ones are discarded.
    taken: Mutex<HashSet<Id>>,
    pub(crate) started: Instant,
    date: DateTime,
    pub(crate) stop: CancellationToken,
    cut: Mutex<CancellationToken>,
    pub(crate) tasks: TaskTracker,
}

/// A second's allowance.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Shared {
    pub(crate) fn new(behaviour: Behaviour, date: DateTime) -> Self {
        let started = calendar::now();
        Self {
            behaviour: RwLock::new(Arc::new(behaviour)),
            book: Mutex::default(),
            entered: Notify::new(),
            exchange: Exchange::default(),
            messages: AtomicU64::new(0),
            links: AtomicU64::new(0),
            bound: AtomicUsize::new(0),
            bucket: Mutex::new(Bucket { tokens: 1.0, filled: started }),
            rules_used: Mutex::default(),
            taken: Mutex::default(),
            started,
            date,
            stop: CancellationToken::new(),
            cut: Mutex::default(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) fn behaviour(&self) -> Arc<Behaviour> {
        Arc::clone(&self.behaviour.read())
    }

    pub(crate) fn set(&self, behaviour: Behaviour) {
        *self.behaviour.write() = Arc::new(behaviour);
    }

    pub(crate) fn calendar(&self) -> Calendar {
        Calendar::new(self.started, self.date)
    }

    /// The number of the next link, from one.
    pub(crate) fn next_link(&self) -> u64 {
        self.links.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of the next message, from one.
    pub(crate) fn next_message(&self) -> u64 {
        self.messages.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes one of the places for bound links.
    pub(crate) fn bind(&self, most: Option<usize>) -> bool {
        let most = most.unwrap_or(usize::MAX);
        self.bound
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bound| (bound < most).then_some(bound + 1))
            .is_ok()
    }

    pub(crate) fn unbind(&self) {
        self.bound.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn enter(&self, entries: &mut Entries, behaviour: &Behaviour) {
        self.book.lock().enter(entries, behaviour.keep);
        self.entered.notify_waiters();
    }

    /// Whether one more submit is too many now.
    pub(crate) fn is_too_much(&self, behaviour: &Behaviour, now: Instant) -> bool {
        let throttle = &behaviour.throttle;
        if now < self.started + throttle.opening {
            return true;
        }
        let Some(rate) = throttle.per_second.map(f64::from) else { return false };
        let mut bucket = self.bucket.lock();
        let since = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * rate).min((rate / 10.0).max(1.0));
        bucket.filled = now;
        let is_empty = bucket.tokens < 1.0;
        if !is_empty {
            bucket.tokens -= 1.0;
        }
        is_empty
    }

    /// The status a rule refuses with, zero when it does not or has done so often enough.
    pub(crate) fn refusal(&self, rule: &Rule) -> u32 {
        let Some(times) = rule.times.filter(|_| rule.status != 0) else { return rule.status };
        let mut used = self.rules_used.lock();
        let used = used.entry(rule.ending.clone()).or_default();
        if *used == times {
            return 0;
        }
        *used += 1;
        rule.status
    }

    /// Whether a submit with this id was taken before.
    pub(crate) fn is_repeated(&self, id: Id) -> bool {
        !self.taken.lock().insert(id)
    }

    /// Is cancelled when the links of now are to be cut.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.cut.lock().clone()
    }

    pub(crate) fn cut_links(&self) {
        std::mem::take(&mut *self.cut.lock()).cancel();
    }
}
