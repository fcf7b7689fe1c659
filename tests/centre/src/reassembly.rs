//! Segments become messages again.

use std::collections::{HashMap, hash_map::Entry};

use crate::book::{Arrived, Counts, Segment};

/// Messages of which some segments are there.
#[derive(Debug, Default)]
pub(crate) struct Reassembly(HashMap<Key, Vec<Option<Arrived>>>);

/// What segments of one message share.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    from: Box<str>,
    to: String,
    reference: u16,
    total: u8,
}

impl Reassembly {
    /// Takes a segment; answers the message if that makes it whole. One that is there already is only counted.
    pub(crate) fn take(&mut self, segment: Segment, counts: &mut Counts) -> Option<Arrived> {
        let Some(part) = segment.part else { return Some(segment.arrived) };
        let to = segment.arrived.to.clone();
        let key = Key { from: segment.from, to, reference: part.reference, total: part.total };
        let mut entry = match self.0.entry(key) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(vec![None; usize::from(part.total)]),
        };
        let place = entry.get_mut().get_mut(usize::from(part.number).checked_sub(1)?)?;
        counts.segments_again += u64::from(place.is_some());
        let last = segment.arrived.at;
        *place = Some(segment.arrived);
        if entry.get().iter().any(Option::is_none) {
            return None;
        }
        let mut parts = entry.remove().into_iter().flatten();
        let mut first = parts.next()?;
        first.segments = part.total;
        first.at = last;
        first.text.extend(parts.map(|part| part.text));
        Some(first)
    }

    /// Messages that are not whole.
    pub(crate) fn open(&self) -> u64 {
        self.0.len() as u64
    }
}
