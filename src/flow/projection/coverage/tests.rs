use proptest::prelude::*;

use super::*;
use crate::domain::delivery::{Reason, merge};

const CHANNELS: [Channel; 3] = [Channel::Sms, Channel::Wechat, Channel::Push];

/// What a plain list of words says: by row the channels that reached it, in the order they did.
#[derive(Default)]
struct Plain {
    words: BTreeMap<(Channel, u32), Word>,
    order: BTreeMap<u32, Vec<Channel>>,
}

impl Plain {
    fn hear(&mut self, channel: Channel, row: u32, word: Word) -> (Word, Word) {
        let nothing = Word { state: State::Pending, reason: Reason::None };
        let known = *self.words.get(&(channel, row)).unwrap_or(&nothing);
        let merged = merge(known, word);
        self.words.insert((channel, row), merged);
        let order = self.order.entry(row).or_default();
        order.retain(|by| *by != channel || merged.state.has_reached());
        if merged.state.has_reached() && !order.contains(&channel) {
            order.push(channel);
        }
        (known, merged)
    }

    fn covered(&self, addressed: u64) -> Covered {
        let by = |most: usize| self.order.values().filter(|order| order.len() >= most).count() as u64;
        let mut first = BTreeMap::new();
        for channel in self.order.values().filter_map(|order| order.first()) {
            *first.entry(*channel).or_default() += 1;
        }
        let confirmed = |row: &u32| {
            CHANNELS.iter().any(|by| self.words.get(&(*by, *row)).is_some_and(|word| word.state == State::Confirmed))
        };
        let confirmed = self.order.keys().filter(|row| confirmed(row)).count() as u64;
        Covered { addressed, by_one: by(1), by_two: by(2), confirmed, first }
    }
}

fn word() -> impl Strategy<Value = Word> {
    prop::sample::select(vec![
        Word { state: State::Accepted, reason: Reason::None },
        Word { state: State::Delivered, reason: Reason::None },
        Word { state: State::Confirmed, reason: Reason::None },
        Word { state: State::Failed, reason: Reason::RecipientRefused },
        Word { state: State::Failed, reason: Reason::ReportedUndelivered },
    ])
}

proptest! {
    /// Bitmaps say the same as a list of every word, whatever is said in whatever order, also when a copy that had left
    /// turns out not to have arrived.
    #[test]
    fn says_what_a_list_of_words_says(
        entries in prop::collection::vec((0usize..3, prop::collection::btree_set(0u32..40, 1..12), word()), 0..40)
    ) {
        let coverage = Coverage::default();
        let audience: RoaringBitmap = (0..40).collect();
        for channel in CHANNELS {
            coverage.join(channel, &audience, None);
        }
        let mut plain = Plain::default();
        for (channel, rows, word) in entries {
            let channel = CHANNELS[channel];
            let mut turns = Turns::default();
            for row in rows {
                let (known, merged) = plain.hear(channel, row, word);
                turns.turn(row, known, merged);
            }
            coverage.take(channel, 0, &turns, <[u32]>::to_vec);
            let covered = coverage.covered();
            prop_assert_eq!(&covered, &plain.covered(40));
            prop_assert_eq!(covered.first.values().sum::<u64>(), covered.by_one);
            prop_assert_eq!(coverage.unreached().len(), 40 - covered.by_one);
        }
    }
}
