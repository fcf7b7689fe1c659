//! Requests that wait for their answer, by number.

use std::time::Duration;

use tokio::time::Instant;

/// A request on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Key and serial number of its job.
    pub(super) job: (usize, u64),
    /// Which unit of the job it is.
    pub(super) unit: usize,
    /// When it was written.
    pub(super) since: Instant,
    /// How many bytes of the connection were written up to its end.
    pub(super) end: u64,
}

/// A dense table: a request stands at the place its number points to, and a number whose place is still taken is skipped.
/// Numbers so rise as the protocols want it, and looking one up touches one place.
#[derive(Debug)]
pub(super) struct Table {
    places: Vec<Option<(u32, Waiting)>>,
    next: u32,
    max: u32,
    used: usize,
}

impl Table {
    /// For at most `window` requests at a time, with numbers from `first` to `max`, then from 1.
    pub(super) fn new(window: usize, first: u32, max: u32) -> Self {
        Self { places: vec![None; (window * 2).next_power_of_two().max(64)], next: first, max, used: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// A number for a request nobody waits for.
    pub(super) fn number(&mut self) -> u32 {
        let number = self.next;
        self.next = if number >= self.max { 1 } else { number + 1 };
        number
    }

    /// The number the next request will have: one whose place is free.
    pub(super) fn free_number(&mut self) -> u32 {
        let taken = |table: &Self, number: u32| table.places[table.place(number)].is_some();
        let mut tries = self.places.len();
        while taken(self, self.next) && tries > 0 {
            self.number();
            tries -= 1;
        }
        self.number()
    }

    pub(super) fn put(&mut self, number: u32, waiting: Waiting) {
        let place = self.place(number);
        if self.places[place].replace((number, waiting)).is_none() {
            self.used += 1;
        }
    }

    /// The request with this number, once.
    pub(super) fn take(&mut self, number: u32) -> Option<Waiting> {
        let place = self.place(number);
        let (_, waiting) = self.places[place].take_if(|(stands, _)| *stands == number)?;
        self.used -= 1;
        Some(waiting)
    }

    /// Every request that has waited so long.
    pub(super) fn take_older(&mut self, now: Instant, timeout: Duration) -> Vec<Waiting> {
        let is_old = |waiting: &Waiting| now.duration_since(waiting.since) >= timeout;
        let old = self.places.iter_mut().filter_map(|place| place.take_if(|(_, waiting)| is_old(waiting)));
        let old: Vec<Waiting> = old.map(|(_, waiting)| waiting).collect();
        self.used -= old.len();
        old
    }

    /// Every request that waits.
    pub(super) fn take_all(&mut self) -> Vec<Waiting> {
        self.used = 0;
        self.places.iter_mut().filter_map(|place| place.take().map(|(_, waiting)| waiting)).collect()
    }

    fn place(&self, number: u32) -> usize {
        number as usize & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(unit: usize) -> Waiting {
        Waiting { job: (0, 0), unit, since: tokio::time::sleep(Duration::ZERO).deadline(), end: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn numbers_rise_skip_what_still_waits_and_begin_again() {
        let mut table = Table::new(32, 1, 130);
        let first = table.free_number();
        table.put(first, waiting(7));
        let numbers: Vec<u32> = (0..129).map(|_| table.free_number()).collect();
        assert_eq!((first, numbers[0]), (1, 2));
        assert!(!numbers.contains(&65), "its place is that of number 1");
        assert!(numbers.contains(&130) && numbers.iter().all(|number| (1..=130).contains(number)));
        assert!(!numbers[100..].contains(&1), "number 1 still waits");
        assert_eq!(table.take(65).map(|waiting| waiting.unit), None);
        assert_eq!(table.take(1).map(|waiting| waiting.unit), Some(7));
        assert_eq!((table.take(1).map(|waiting| waiting.unit), table.len()), (None, 0));
    }
}
