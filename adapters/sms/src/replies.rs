//! What people write back, put together from its parts.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fenghuo_contract::{Address, Origin, Reply};
use tokio::time::Instant;

use crate::protocol::Fragment;

/// How long the parts of a long message are waited for; carriers send them within seconds.
const WAIT: Duration = Duration::from_secs(60);

/// Long messages put together at a time; past it the one that waits longest is passed on as it is, and past twice as many
/// every part is.
const ROOM: usize = 1024;

/// Stands where a part is missing.
const GAP: &str = "…";

/// Long messages of which parts have come.
#[derive(Debug, Default)]
pub(crate) struct Assembly(Mutex<BTreeMap<Key, Parts>>);

/// Sender, reference, number of parts.
pub(crate) type Key = (Box<str>, u16, u8);

#[derive(Debug)]
struct Parts {
    texts: BTreeMap<u8, String>,
    at: Option<i64>,
    since: Instant,
}

impl Parts {
    fn reply(&self, (from, _, total): &Key) -> Reply {
        let text = (1..=*total).map(|number| self.texts.get(&number).map_or(GAP, |text| text)).collect();
        Reply { from: Address::new(from.clone()), text, at: self.at, origin: Origin::Signed }
    }

    fn is_whole(&self, (_, _, total): &Key) -> bool {
        self.texts.len() == usize::from(*total)
    }
}

impl Assembly {
    /// Takes a part; the whole message when it was the last one, or comes again: whole messages are remembered for a while,
    /// so that a part the peer repeats gives the same message again.
    pub(crate) fn add(&self, fragment: Fragment, now: Instant) -> Option<Reply> {
        let Fragment { from, text, place, at } = fragment;
        let Some(place) = place.filter(|place| (1..=place.total).contains(&place.number) && place.total > 1) else {
            return Some(Reply { from: Address::new(from), text, at, origin: Origin::Signed });
        };
        let key = (from, place.reference, place.total);
        let mut all = self.all();
        if all.len() >= 2 * ROOM && !all.contains_key(&key) {
            return Some(Reply { from: Address::new(key.0), text, at, origin: Origin::Signed });
        }
        let parts = all.entry(key.clone()).or_insert_with(|| Parts { texts: BTreeMap::new(), at, since: now });
        parts.texts.insert(place.number, text);
        parts.at = parts.at.or(at);
        parts.is_whole(&key).then(|| parts.reply(&key))
    }

    /// What has waited too long, and what there is no room for; stays until it is forgotten.
    pub(crate) fn overdue(&self, now: Instant) -> Vec<(Key, Reply)> {
        let mut all = self.all();
        all.retain(|key, parts| !parts.is_whole(key) || now.duration_since(parts.since) < WAIT);
        let mut by_age: Vec<_> = all.iter().collect();
        by_age.sort_by_key(|(_, parts)| parts.since);
        let too_many = by_age.len().saturating_sub(ROOM);
        let overdue = by_age.into_iter().enumerate().filter(|(place, (key, parts))| {
            !parts.is_whole(key) && (*place < too_many || now.duration_since(parts.since) >= WAIT)
        });
        overdue.map(|(_, (key, parts))| (key.clone(), parts.reply(key))).collect()
    }

    pub(crate) fn forget(&self, keys: &[Key]) {
        let mut all = self.all();
        for key in keys {
            all.remove(key);
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Parts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Place;

    fn part(number: u8, total: u8, text: &str) -> Fragment {
        let place = Some(Place { reference: 7, total, number });
        Fragment { from: "13812341234".into(), text: text.to_owned(), place, at: None }
    }

    fn text(reply: Option<Reply>) -> Option<String> {
        reply.map(|reply| reply.text)
    }

    #[tokio::test(start_paused = true)]
    async fn parts_come_in_any_order_and_twice() {
        let assembly = Assembly::default();
        let now = tokio::time::sleep(Duration::ZERO).deadline();
        let whole = Fragment { place: None, ..part(1, 1, "收到") };
        assert_eq!(text(assembly.add(whole, now)).as_deref(), Some("收到"));
        assert_eq!(text(assembly.add(part(1, 1, "收到"), now)).as_deref(), Some("收到"));
        assert_eq!(assembly.add(part(2, 2, "到"), now), None);
        assert_eq!(text(assembly.add(part(1, 2, "收"), now)).as_deref(), Some("收到"));
        assert_eq!(text(assembly.add(part(1, 2, "收"), now)).as_deref(), Some("收到"), "the peer repeats it");
        assert_eq!(text(assembly.add(part(3, 2, "不"), now)).as_deref(), Some("不"), "no such part: it stands alone");
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_incomplete_is_passed_on_in_the_end() {
        let assembly = Assembly::default();
        let now = tokio::time::sleep(Duration::ZERO).deadline();
        assert_eq!(assembly.add(part(1, 3, "确认"), now), None);
        assert_eq!(assembly.add(part(3, 3, "号"), now), None);
        assert_eq!(assembly.overdue(now + WAIT / 2).len(), 0);
        for _not_taken_the_first_time in 0..2 {
            let overdue = assembly.overdue(now + WAIT);
            assert_eq!(overdue[0].1.text, "确认…号");
        }
        let keys: Vec<Key> = assembly.overdue(now + WAIT).into_iter().map(|(key, _)| key).collect();
        assembly.forget(&keys);
        assert_eq!(assembly.overdue(now + WAIT * 2), []);
    }

    #[tokio::test(start_paused = true)]
    async fn half_messages_do_not_fill_the_memory() {
        let assembly = Assembly::default();
        let now = tokio::time::sleep(Duration::ZERO).deadline();
        for reference in 0..1030 {
            let place = Some(Place { reference, total: 2, number: 1 });
            let at = now + Duration::from_millis(u64::from(reference));
            assert_eq!(assembly.add(Fragment { place, ..part(1, 2, "半") }, at), None);
        }
        let overdue: Vec<u16> = assembly.overdue(now).into_iter().map(|(key, _)| key.1).collect();
        assert_eq!(overdue, [0, 1, 2, 3, 4, 5]);
    }
}
