//! Chance that repeats: SplitMix64. Written here so that a seed means the same for ever.

use std::time::Duration;

#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    /// Different `stream`s of one seed know nothing of each other.
    pub fn of(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed ^ stream.rotate_left(32));
        chance.0 = chance.next() ^ stream;
        chance
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    pub fn ms(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.between(least, most))
    }

    /// Yes in `of_a_hundred` cases of a hundred.
    pub fn says(&mut self, of_a_hundred: u64) -> bool {
        self.between(1, 100) <= of_a_hundred
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[(self.next() % from.len() as u64) as usize]
    }
}
