//! What waits for the client: each receipt and each message of a person goes to one link that may receive, and waits
//! at the centre until there is one. What a link could not get acknowledged is delivered again.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use crate::dialect::Delivery;

/// Which link a delivery should take, if there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Any,
    By(u64),
    NotBy(u64),
}

/// A link's inbox.
#[derive(Debug)]
pub(crate) struct Mailbox {
    link: u64,
    letters: Mutex<Vec<Delivery>>,
    arrived: Notify,
}

impl Mailbox {
    /// Waits until something lies in it.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub(crate) fn take(&self) -> Vec<Delivery> {
        std::mem::take(&mut self.letters.lock())
    }
}

/// The mailboxes of all links that receive, and what none of them has.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    desk: Mutex<Desk>,
    /// Something is due earlier than before, or waits for a link.
    pub(crate) woken: Notify,
    /// Something was left waiting because no link may receive it.
    pub(crate) wanted: Notify,
}

#[derive(Debug, Default)]
struct Desk {
    mailboxes: Vec<Arc<Mailbox>>,
    next: usize,
    waiting: VecDeque<Delivery>,
    later: BinaryHeap<Later>,
    posted: u64,
}

#[derive(Debug)]
struct Later {
    due: Instant,
    order: u64,
    way: Way,
    delivery: Delivery,
}

impl Exchange {
    /// Opens a mailbox for a link; what waits goes into it.
    pub(crate) fn join(&self, link: u64) -> Arc<Mailbox> {
        let mut desk = self.desk.lock();
        let letters = Mutex::new(desk.waiting.drain(..).collect());
        let mailbox = Arc::new(Mailbox { link, letters, arrived: Notify::new() });
        mailbox.arrived.notify_one();
        desk.mailboxes.push(Arc::clone(&mailbox));
        mailbox
    }

    /// Closes a mailbox; what was not delivered takes another way.
    pub(crate) fn leave(&self, mailbox: &Arc<Mailbox>, left: impl IntoIterator<Item = Delivery>) {
        let mut desk = self.desk.lock();
        desk.mailboxes.retain(|known| !Arc::ptr_eq(known, mailbox));
        for delivery in left.into_iter().chain(mailbox.take()) {
            desk.hand(Way::Any, delivery);
        }
        self.call(&desk);
        drop(desk);
        self.woken.notify_one();
    }

    fn call(&self, desk: &Desk) {
        if desk.mailboxes.is_empty() && !desk.waiting.is_empty() {
            self.wanted.notify_one();
        }
    }

    /// Hands over at `due`, or at once if that is not later than `now`.
    pub(crate) fn post(&self, now: Instant, due: Instant, posts: impl IntoIterator<Item = (Way, Delivery)>) {
        let mut desk = self.desk.lock();
        for (way, delivery) in posts {
            if due > now {
                desk.posted += 1;
                let order = desk.posted;
                desk.later.push(Later { due, order, way, delivery });
            } else {
                desk.hand(way, delivery);
            }
        }
        self.call(&desk);
        drop(desk);
        self.woken.notify_one();
    }

    /// Hands over what is due; answers when the next is.
    pub(crate) fn hand_due(&self, now: Instant) -> Option<Instant> {
        let mut desk = self.desk.lock();
        while let Some(later) = desk.later.peek() {
            if later.due > now {
                return Some(later.due);
            }
            if let Some(Later { way, delivery, .. }) = desk.later.pop() {
                desk.hand(way, delivery);
                self.call(&desk);
            }
        }
        None
    }

    /// Changes what is not yet with a link.
    pub(crate) fn change(&self, mut change: impl FnMut(&mut Delivery)) {
        let mut desk = self.desk.lock();
        desk.waiting.iter_mut().for_each(&mut change);
        let mut later = std::mem::take(&mut desk.later).into_vec();
        later.iter_mut().for_each(|later| change(&mut later.delivery));
        desk.later = later.into();
    }

    /// Whether something waits and no link may receive it.
    pub(crate) fn is_wanting(&self) -> bool {
        let desk = self.desk.lock();
        desk.mailboxes.is_empty() && !desk.waiting.is_empty()
    }

    /// How many receipts and messages are not yet with a link.
    pub(crate) fn waiting(&self) -> usize {
        let desk = self.desk.lock();
        desk.waiting.len() + desk.later.len()
    }
}

impl Desk {
    fn hand(&mut self, way: Way, delivery: Delivery) {
        let Some(mailbox) = self.choose(way) else { return self.waiting.push_back(delivery) };
        mailbox.letters.lock().push(delivery);
        mailbox.arrived.notify_one();
    }

    fn choose(&mut self, way: Way) -> Option<&Arc<Mailbox>> {
        if let Way::By(link) = way
            && let Some(place) = self.mailboxes.iter().position(|mailbox| mailbox.link == link)
        {
            return self.mailboxes.get(place);
        }
        self.next = self.next.wrapping_add(1);
        let count = self.mailboxes.len().max(1);
        let mut place = self.next % count;
        if let (Way::NotBy(link), Some(mailbox)) = (way, self.mailboxes.get(place))
            && mailbox.link == link
        {
            place = (place + 1) % count;
        }
        self.mailboxes.get(place)
    }
}

impl Ord for Later {
    /// The greatest is due first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.order).cmp(&(self.due, self.order))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Later {}
