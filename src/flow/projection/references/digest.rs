//! A keyed 64-bit digest of route and reference, in a few nanoseconds.
//!
//! Multiply and fold, eight bytes at a time. The keys are chance and new with every start: whoever chooses references
//! cannot choose digests. It is not for anything that leaves the process.

use std::hash::{BuildHasher, RandomState};

pub(super) struct Keys([u64; 3]);

impl Default for Keys {
    fn default() -> Self {
        let chance = RandomState::new();
        // Odd, so that no multiplication loses its lowest bit.
        Self([1, 2, 3].map(|number: u64| chance.hash_one(number) | 1))
    }
}

/// The digest of every reference on one route begins here.
#[derive(Clone, Copy)]
pub(super) struct OnRoute<'k> {
    keys: &'k Keys,
    state: u64,
}

impl Keys {
    pub(super) fn on(&self, route: &str) -> OnRoute<'_> {
        let state = absorb(self, self.0[2], route.as_bytes());
        OnRoute { keys: self, state }
    }
}

impl OnRoute<'_> {
    pub(super) fn digest(self, reference: &[u8]) -> u64 {
        fold(absorb(self.keys, self.state, reference), self.keys.0[2])
    }
}

/// Takes in the bytes and how many they are.
fn absorb(keys: &Keys, mut state: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), keys.0[0]);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(state ^ u64::from_le_bytes(last), keys.0[1] ^ bytes.len() as u64)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Keys;

    /// Counters, the worst a provider gives: no two digests alike, top and low bits well spread.
    #[test]
    fn counters_are_spread() {
        let keys = Keys::default();
        let route = keys.on("sms.a");
        let digests: HashSet<u64> = (0..200_000u32).map(|n| route.digest(format!("{n:08}").as_bytes())).collect();
        assert_eq!(digests.len(), 200_000);
        for shift in [0, 12, 56] {
            let mut places = [0u32; 256];
            digests.iter().for_each(|digest| places[(digest >> shift) as usize & 0xff] += 1);
            let (least, most) = (places.iter().min(), places.iter().max());
            assert!(least > Some(&600) && most < Some(&970), "bits from {shift}: {least:?} to {most:?}");
        }
    }

    #[test]
    fn route_and_length_count() {
        let keys = Keys::default();
        let digest = |route: &str, reference: &[u8]| keys.on(route).digest(reference);
        assert_eq!(digest("sms.a", b"1"), digest("sms.a", b"1"));
        assert_ne!(digest("sms.a", b"1"), digest("sms.b", b"1"));
        assert_ne!(digest("sms.a", b"1"), digest("sms.a", b"1\0"));
        assert_ne!(digest("sms.a", b"bc"), digest("sms.ab", b"c"));
        assert_ne!(digest("sms.a", b""), digest("sms.a", b"\0\0\0\0\0\0\0\0"));
    }
}
