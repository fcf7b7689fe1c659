//! Receipts on their way: they wait their time, then go to the sink in the batches they were made in, and are repeated
//! until the sink has taken them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fenghuo_contract::{Cause, Origin, Receipt, ReceiptSink, ReceiptState, Reference};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use crate::{Behaviour, Settings};

/// How long the provider waits before it repeats receipts that were not taken.
const REPEAT_AFTER: Duration = Duration::from_secs(1);

/// The receipts of one submit, by when they are due.
#[derive(Default)]
pub(crate) struct Postbag {
    before: Vec<Receipt>,
    usual: Vec<Receipt>,
    second: Vec<Receipt>,
    late: Vec<Receipt>,
}

impl Postbag {
    pub(crate) fn add(&mut self, behaviour: Behaviour, reference: &Reference) {
        let receipt = |state| Receipt { reference: reference.clone(), state, at: None, origin: Origin::Signed };
        let delivered = || receipt(ReceiptState::Delivered);
        match behaviour {
            Behaviour::Late => self.late.push(delivered()),
            Behaviour::Early => self.before.push(delivered()),
            Behaviour::Undelivered => {
                self.usual.push(receipt(ReceiptState::Failed(Cause::new("UNDELIV", "not delivered"))));
            }
            Behaviour::Twice => {
                self.usual.push(delivered());
                self.second.push(delivered());
            }
            Behaviour::Confirm => {
                self.usual.push(delivered());
                self.second.push(receipt(ReceiptState::Confirmed));
            }
            _ => self.usual.push(delivered()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        [&self.before, &self.usual, &self.second, &self.late].iter().all(|part| part.is_empty())
    }
}

/// What has been taken and not delivered yet, and what of it was withdrawn.
#[derive(Default)]
struct Shelf {
    lying: HashSet<Reference>,
    withdrawn: HashSet<Reference>,
}

/// The shelf, where the provider withdraws anything.
type Shelved = Option<Arc<Mutex<Shelf>>>;

fn open(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries receipts to the sink.
pub(crate) struct Post {
    sink: Arc<dyn ReceiptSink>,
    shelf: Shelved,
    room: Arc<Semaphore>,
    carriers: Mutex<JoinSet<()>>,
}

impl Post {
    pub(crate) fn new(sink: Arc<dyn ReceiptSink>, pending_max: usize, withdraws: bool) -> Self {
        let shelf = withdraws.then(Arc::default);
        Self { sink, shelf, room: Arc::new(Semaphore::new(pending_max)), carriers: Mutex::default() }
    }

    /// Takes a message from the shelf; false when it is not there: it was delivered, or never taken.
    pub(crate) fn withdraw(&self, reference: &Reference) -> bool {
        let Some(shelf) = &self.shelf else { return false };
        let mut shelf = open(shelf);
        let lay = shelf.lying.remove(reference);
        if lay {
            shelf.withdrawn.insert(reference.clone());
        }
        lay
    }

    /// Waits until the receipts of one more submit may be on their way; `None` when that takes longer than the budget,
    /// or the post has stopped.
    pub(crate) async fn carrier(&self, budget: Duration) -> Option<OwnedSemaphorePermit> {
        if let Ok(carrier) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(carrier);
        }
        tokio::time::timeout(budget, Arc::clone(&self.room).acquire_owned()).await.ok()?.ok()
    }

    /// Sends what must come before the answer, and starts the rest on its way.
    pub(crate) async fn send(&self, bag: Postbag, carrier: OwnedSemaphorePermit, settings: &Settings) {
        let Postbag { before, mut usual, second, late } = bag;
        if !before.is_empty() && !self.taken_at_once(&before).await {
            usual.extend(before);
        }
        let usual_after = Duration::from_millis(settings.receipts_after_ms);
        let late_after = Duration::from_millis(settings.late_ms).saturating_sub(usual_after * 2);
        let rounds = [(usual_after, usual), (usual_after, second), (late_after, late)];
        if rounds.iter().all(|(_, receipts)| receipts.is_empty()) {
            return;
        }
        if let Some(shelf) = &self.shelf {
            let named = rounds.iter().flat_map(|(_, receipts)| receipts).map(|receipt| receipt.reference.clone());
            open(shelf).lying.extend(named);
        }
        let (sink, shelf) = (Arc::clone(&self.sink), self.shelf.clone());
        let mut carriers = self.carriers.lock().unwrap_or_else(PoisonError::into_inner);
        while carriers.try_join_next().is_some() {}
        carriers.spawn(async move {
            carry(&*sink, shelf, rounds).await;
            drop(carrier);
        });
    }

    async fn taken_at_once(&self, receipts: &[Receipt]) -> bool {
        matches!(tokio::time::timeout(REPEAT_AFTER, self.sink.accept(receipts.to_vec())).await, Ok(Ok(())))
    }

    /// Stops everything under way; receipts not yet taken are lost, as with a provider nobody listens to.
    pub(crate) async fn stop(&self) {
        self.room.close();
        let mut carriers = std::mem::take(&mut *self.carriers.lock().unwrap_or_else(PoisonError::into_inner));
        carriers.shutdown().await;
    }
}

/// Waits before each round and hands over what is due.
async fn carry(sink: &dyn ReceiptSink, shelf: Shelved, rounds: [(Duration, Vec<Receipt>); 3]) {
    let mut left: usize = rounds.iter().map(|(_, receipts)| receipts.len()).sum();
    for (wait, mut receipts) in rounds {
        if left == 0 {
            return;
        }
        tokio::time::sleep(wait).await;
        left -= receipts.len();
        if let Some(shelf) = &shelf {
            let mut shelf = open(shelf);
            receipts.retain(|receipt| !shelf.withdrawn.contains(&receipt.reference));
            for receipt in &receipts {
                shelf.lying.remove(&receipt.reference);
            }
        }
        if !receipts.is_empty() {
            hand_over(sink, receipts).await;
        }
    }
}

/// Repeats until they are taken.
async fn hand_over(sink: &dyn ReceiptSink, receipts: Vec<Receipt>) {
    while sink.accept(receipts.clone()).await.is_err() {
        tokio::time::sleep(REPEAT_AFTER).await;
    }
}
