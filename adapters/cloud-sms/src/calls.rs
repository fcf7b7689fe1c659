//! How a batch becomes calls, and their answers verdicts.

use std::{
    collections::HashMap,
    mem::discriminant,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use fenghuo_contract::{Batch, Cause, Fault, Item, Verdict};
use futures_util::future::join_all;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use crate::{
    CloudSms,
    answer::Outcome,
    dialect::{Addressee, Message},
    number::Number,
};

/// How often calls of one submit are parted to find a number that the provider refuses a whole call for.
const PARTINGS: usize = 32;

/// A batch on its way.
pub(crate) struct Carriage<'a> {
    adapter: &'a CloudSms,
    message: &'a Message,
    budget: Duration,
    deadline: Instant,
    partings: AtomicUsize,
}

impl<'a> Carriage<'a> {
    pub(crate) fn new(adapter: &'a CloudSms, message: &'a Message, budget: Duration) -> Self {
        let deadline = tokio::time::sleep(budget).deadline();
        Self { adapter, message, budget, deadline, partings: AtomicUsize::new(PARTINGS) }
    }

    /// One attempt at every item. Where every call met the same fault of the link, that is the answer (S27).
    pub(crate) async fn carry(&self, batch: &Batch) -> Result<Vec<Verdict>, Fault> {
        let places = Semaphore::new(self.adapter.ready.parallel);
        let personal = !self.message.confirm.is_empty();
        let per_call = if personal { 1 } else { self.adapter.ready.per_call };
        let calls = calls(&batch.items, per_call).into_iter().map(|call| async {
            let _place = places.acquire().await;
            self.carry_call(call).await
        });
        let said = join_all(calls).await;
        if let Some(fault) = fault_of_all(&said, batch.items.len()) {
            return Err(fault.clone());
        }
        let mut verdicts = vec![refused_number(); batch.items.len()];
        for (place, verdict) in said.into_iter().flat_map(|said| said.verdicts) {
            verdicts[place] = verdict;
        }
        Ok(verdicts)
    }

    /// A call that is refused because of one of its numbers has reached nobody: it is parted until the number stands alone.
    async fn carry_call(&self, call: Vec<Addressee<'_>>) -> Said {
        let mut said = Said { verdicts: Vec::with_capacity(call.len()), fault: None };
        let mut pending = vec![call];
        while let Some(mut call) = pending.pop() {
            let outcome = self.attempt(&call).await;
            if outcome.blames_one() && call.len() > 1 && self.may_part() {
                let second = call.split_off(call.len() / 2);
                pending.extend([second, call]);
                continue;
            }
            if let Outcome::Fault(fault) = &outcome {
                said.fault = Some(fault.clone()).filter(|_| said.verdicts.is_empty() && pending.is_empty());
            }
            said.verdicts.extend(call.iter().map(|to| to.place).zip(outcome.verdicts(call.len())));
        }
        said
    }

    fn may_part(&self) -> bool {
        self.partings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    async fn attempt(&self, to: &[Addressee<'_>]) -> Outcome {
        if self.is_late().await {
            return Outcome::Fault(Fault::Transient(Cause::new("NO-TIME", "the time was over before the call")));
        }
        let ready = &self.adapter.ready;
        let confirm = to.first().and_then(|to| to.item.confirm.as_deref()).filter(|_| !self.message.confirm.is_empty());
        let own = confirm.map(|confirm| self.message.of(confirm));
        let message = own.as_ref().unwrap_or(self.message);
        let Some(call) = ready.dialect.send(message, to, &self.adapter.moment()) else {
            return Outcome::Fault(Fault::Misconfigured(Cause::new("REQUEST", "the call cannot be written")));
        };
        match timeout_at(self.deadline, ready.kit.call(call, self.budget)).await {
            Ok(Ok(answer)) => ready.dialect.read(to, &answer, &ready.codes),
            Ok(Err(fault)) => Outcome::Fault(fault),
            Err(_) => Outcome::Fault(Fault::InDoubt(Cause::new("TIMEOUT", "no answer in time"))),
        }
    }

    /// Whether the time is over: then no call begins.
    async fn is_late(&self) -> bool {
        timeout_at(self.deadline, tokio::task::yield_now()).await.is_err()
    }
}

/// What became of a call.
struct Said {
    /// By place in the batch.
    verdicts: Vec<(usize, Verdict)>,
    /// When it concerns the whole call.
    fault: Option<Fault>,
}

/// The first fault, when every call met one of its kind and the calls hold all of the `count` items.
fn fault_of_all(said: &[Said], count: usize) -> Option<&Fault> {
    let first = said.first()?.fault.as_ref()?;
    let same = |said: &Said| said.fault.as_ref().is_some_and(|fault| discriminant(fault) == discriminant(first));
    let held: usize = said.iter().map(|said| said.verdicts.len()).sum();
    (held == count && said.iter().all(same)).then_some(first)
}

fn refused_number() -> Verdict {
    Verdict::RefusedRecipient(Cause::new("NUMBER", "this is no telephone number"))
}

/// The calls of a batch: numbers of the mainland and others apart, none twice in a call, at most `most` in each. Items whose
/// address is no number are left out.
fn calls(items: &[Item], most: usize) -> Vec<Vec<Addressee<'_>>> {
    let mut seen: HashMap<Number, usize> = HashMap::new();
    let mut layers: [Vec<Vec<Addressee<'_>>>; 2] = [Vec::new(), Vec::new()];
    for (place, item) in items.iter().enumerate() {
        let Some(number) = Number::parse(item.address.expose()) else { continue };
        let times = seen.entry(number.clone()).or_default();
        let layers = &mut layers[usize::from(!number.is_mainland())];
        layers.resize_with(layers.len().max(*times + 1), Vec::new);
        layers[*times].push(Addressee { place, item, number });
        *times += 1;
    }
    layers.into_iter().flatten().flat_map(|layer| layer.chunks(most).map(<[_]>::to_vec).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use fenghuo_contract::{Address, Token};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every number goes out exactly as often as it stands in the batch, and every call can be told apart by number.
        #[test]
        fn calls_hold_every_item_once(
            numbers in prop::collection::vec("(1380000000[0-3]|\\+8526123456[0-3]|nobody)", 0..40),
            most in 1usize..10,
        ) {
            let items: Vec<Item> = (0..).zip(&numbers).map(|(index, number)| Item {
                token: Token::new(1, index),
                address: Address::new(number.as_str()),
                attempt: 1,
                confirm: None,
            }).collect();
            let calls = calls(&items, most);
            let mut places: Vec<usize> = calls.iter().flatten().map(|to| to.place).collect();
            places.sort_unstable();
            let sent: Vec<usize> = (0..items.len()).filter(|place| numbers[*place] != "nobody").collect();
            prop_assert_eq!(places, sent);
            for call in calls {
                prop_assert!((1..=most).contains(&call.len()));
                let distinct: HashSet<_> = call.iter().map(|to| &to.number).collect();
                prop_assert_eq!(distinct.len(), call.len());
                prop_assert!(call.iter().all(|to| to.number.is_mainland() == call[0].number.is_mainland()));
            }
        }
    }
}
