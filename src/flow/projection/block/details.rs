//! The details column: consecutive ranks in one part.
//!
//! ```text
//! count u32 · base_ms i64
//! when      count × 5 bytes: milliseconds after the base, plus one; 0 = nothing was said
//! route     count × u8: number in the head's list, plus one; 0 = none
//! giver     count × u8: the same, of the route that gave the reference
//! code      count × u16: number in the part's list, plus one; 0 = none
//! length    count × u8: of the reference
//! codes u16, then that many times: length u8 · bytes
//! references, one after the other
//! ```
//! Ten bytes a delivery and its reference. Little-endian.

use std::collections::HashMap;

use bytes::Bytes;

use super::{Damaged, sealed};

/// A part is closed when it holds this much.
const PART_BYTES: usize = 900 << 10;
/// A part holds at most this many deliveries, so that codes can be told by 16 bits.
const PART_RANKS: usize = 60_000;
/// What a delivery takes besides its reference.
const FIXED: usize = 5 + 1 + 1 + 2 + 1;

/// What was said about one delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail<'a> {
    /// When the state was reached, milliseconds since 1970.
    pub(crate) at_ms: Option<i64>,
    /// Number of the route in the head's list.
    pub(crate) route: Option<u8>,
    pub(crate) reference: &'a [u8],
    /// Number of the route that gave the reference.
    pub(crate) giver: Option<u8>,
    /// The provider's own code.
    pub(crate) code: &'a [u8],
}

/// Writes parts, rank after rank.
pub(crate) struct Writer {
    base_ms: i64,
    count: u32,
    when: Vec<u8>,
    route: Vec<u8>,
    giver: Vec<u8>,
    code: Vec<u8>,
    length: Vec<u8>,
    references: Vec<u8>,
    codes: Vec<u8>,
    numbers: HashMap<Box<[u8]>, u16>,
}

impl Writer {
    pub(crate) fn new(base_ms: i64) -> Self {
        Self {
            base_ms,
            count: 0,
            when: Vec::new(),
            route: Vec::new(),
            giver: Vec::new(),
            code: Vec::new(),
            length: Vec::new(),
            references: Vec::new(),
            codes: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Whether the part should be taken before anything more is put in.
    pub(crate) fn is_full(&self) -> bool {
        let count = self.count as usize;
        count >= PART_RANKS || count * FIXED + self.references.len() + self.codes.len() >= PART_BYTES
    }

    pub(crate) fn put(&mut self, detail: &Detail<'_>) {
        let after = |at: i64| u64::try_from(at.saturating_sub(self.base_ms)).unwrap_or(0) + 1;
        let when = detail.at_ms.map_or(0, after).min((1 << 40) - 1);
        self.when.extend(&when.to_le_bytes()[..5]);
        self.route.push(detail.route.map_or(0, |route| route.saturating_add(1)));
        self.giver.push(detail.giver.map_or(0, |route| route.saturating_add(1)));
        let code = if detail.code.is_empty() { 0 } else { self.number(detail.code) };
        self.code.extend(code.to_le_bytes());
        let reference = &detail.reference[..detail.reference.len().min(255)];
        self.length.push(reference.len() as u8);
        self.references.extend(reference);
        self.count += 1;
    }

    fn number(&mut self, code: &[u8]) -> u16 {
        if let Some(number) = self.numbers.get(code) {
            return *number;
        }
        let code = &code[..code.len().min(255)];
        let number = self.numbers.len() as u16 + 1;
        self.codes.push(code.len() as u8);
        self.codes.extend(code);
        self.numbers.insert(code.into(), number);
        number
    }

    /// The part as it is stored; what is put next begins another.
    pub(crate) fn take(&mut self) -> Bytes {
        let taken = std::mem::replace(self, Self::new(self.base_ms));
        let mut part =
            Vec::with_capacity(taken.count as usize * FIXED + taken.references.len() + taken.codes.len() + 32);
        part.extend(taken.count.to_le_bytes());
        part.extend(taken.base_ms.to_le_bytes());
        part.extend(taken.when);
        part.extend(taken.route);
        part.extend(taken.giver);
        part.extend(taken.code);
        part.extend(taken.length);
        part.extend((taken.numbers.len() as u16).to_le_bytes());
        part.extend(taken.codes);
        part.extend(taken.references);
        sealed(part)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A part that is read.
pub(crate) struct Details<'a> {
    base_ms: i64,
    when: &'a [u8],
    route: &'a [u8],
    giver: &'a [u8],
    code: &'a [u8],
    codes: Vec<&'a [u8]>,
    /// By place in the part.
    references: Vec<&'a [u8]>,
}

impl<'a> Details<'a> {
    pub(crate) fn read(stored: &'a [u8]) -> Result<Self, Damaged> {
        let mut rest = super::opened(stored)?;
        let mut take = |count: usize| -> Result<&'a [u8], Damaged> {
            let (taken, after) = rest.split_at_checked(count).ok_or(Damaged)?;
            rest = after;
            Ok(taken)
        };
        let count = take(4)?.first_chunk().map_or(0, |count| u32::from_le_bytes(*count)) as usize;
        let base_ms = take(8)?.first_chunk().map_or(0, |base| i64::from_le_bytes(*base));
        let (when, route, giver) = (take(count * 5)?, take(count)?, take(count)?);
        let (code, lengths) = (take(count * 2)?, take(count)?);
        let known = take(2)?.first_chunk().map_or(0, |known| u16::from_le_bytes(*known));
        let mut codes = Vec::with_capacity(usize::from(known));
        for _ in 0..known {
            let length = take(1)?[0];
            codes.push(take(usize::from(length))?);
        }
        let references = lengths.iter().map(|length| take(usize::from(*length))).collect::<Result<_, _>>()?;
        Ok(Self { base_ms, when, route, giver, code, codes, references })
    }

    /// What was said about the delivery at this place of the part.
    pub(crate) fn get(&self, at: usize) -> Option<Detail<'a>> {
        let reference = self.references.get(at)?;
        let mut when = [0; 8];
        when[..5].copy_from_slice(&self.when[at * 5..at * 5 + 5]);
        let when = u64::from_le_bytes(when).checked_sub(1).map(u64::cast_signed);
        let code = usize::from(u16::from_le_bytes([self.code[at * 2], self.code[at * 2 + 1]]));
        Some(Detail {
            at_ms: when.map(|after| self.base_ms + after),
            route: self.route[at].checked_sub(1),
            reference,
            giver: self.giver[at].checked_sub(1),
            code: code.checked_sub(1).and_then(|code| self.codes.get(code)).copied().unwrap_or_default(),
        })
    }
}
