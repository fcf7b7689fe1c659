//! Reads leases and outcomes of the journal by its description, not by the engine's code.
//!
//! ```text
//! lease    plan u64 · lease u64 · route str8 · runs varint · (gap varint, length varint)*
//! outcomes plan u64 · lease u64 · base_ms i64 · route str8 · count varint · record*
//! record   gap varint · word u8 · reason u8 · delay_ms varint · reference str8 · code str8
//! ```

pub struct Lease {
    pub plan: u64,
    pub lease: u64,
    pub route: String,
    pub ranks: Vec<u32>,
}

pub struct Outcomes {
    pub plan: u64,
    /// 0 for receipts.
    pub lease: u64,
    /// Rank and word.
    pub records: Vec<(u32, u8)>,
}

/// The word of an attempt that may have arrived and is repeated.
pub const AGAIN_IN_DOUBT: u8 = 34;

pub fn lease(bytes: &[u8]) -> Lease {
    let mut input = Input(bytes);
    let (plan, lease, route) = (input.number(), input.number(), input.text());
    let mut ranks = Vec::new();
    let mut next = 0;
    for _ in 0..input.varint() {
        let first = next + input.varint();
        next = first + input.varint();
        ranks.extend((first..next).map(|rank| rank as u32));
    }
    Lease { plan, lease, route: String::from_utf8(route.to_vec()).expect("a name"), ranks }
}

pub fn outcomes(bytes: &[u8]) -> Outcomes {
    let mut input = Input(bytes);
    let (plan, lease, _base, _route) = (input.number(), input.number(), input.number(), input.text());
    let mut rank = 0;
    let records = (0..input.varint()).map(|_| {
        rank += input.varint();
        let (word, _reason, _delay, _reference, _code) =
            (input.byte(), input.byte(), input.varint(), input.text().len(), input.text().len());
        (rank as u32, word)
    });
    Outcomes { plan, lease, records: records.collect() }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().expect("eight"))
    }

    fn text(&mut self) -> &'a [u8] {
        let length = self.byte();
        self.take(usize::from(length))
    }

    fn varint(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return number;
            }
        }
    }
}
