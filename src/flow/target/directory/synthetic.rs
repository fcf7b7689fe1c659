//! A directory made up for benches and simulations: every bitmap, no record.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use fenghuo_contract::{Address, Channel};
use roaring::RoaringBitmap;

use super::{
    DEFAULT_LANGUAGE, Directory, Endpoint,
    facet::Facet,
    index::{BLOCK, Block, Cursor, Index},
    write::Writer,
};
use crate::{
    clock::Clock,
    domain::area::AreaCode,
    store::{memory::Memory, seal::Vault},
};

impl Directory {
    /// `recipients` made-up recipients, spread evenly over `areas`: half of them have SMS, a quarter e-mail, every
    /// eighth push and WeChat; three of ten are in the group `residents`, the rest in `officials`; one of sixteen reads
    /// English; all take part in drills. Their addresses are `+999` and the row number, made when asked for.
    ///
    /// It is for measuring selection and delivery at sizes whose records would take minutes to store; it keeps none, so
    /// views and lists are empty.
    #[must_use]
    pub fn synthetic(recipients: u32, areas: &[AreaCode], clock: Clock) -> Self {
        let mut index = Index::default();
        let share = recipients / u32::try_from(areas.len().max(1)).unwrap_or(u32::MAX);
        let mut spare = recipients - share * u32::try_from(areas.len()).unwrap_or(0);
        for area in areas {
            fill(&mut index, area.number(), share + spare);
            spare = 0;
        }
        Self {
            store: Arc::new(Memory::new(clock.clone())),
            vault: Arc::new(Vault::with_key(&[0; 32])),
            clock,
            index: ArcSwap::from_pointee(index),
            writer: tokio::sync::Mutex::new(Writer { head: None, stale: false }),
            synthetic: true,
        }
    }
}

fn fill(index: &mut Index, area: u64, mut recipients: u32) {
    while recipients > 0 {
        let Some(number) = index.next_block() else { return };
        let used = recipients.min(BLOCK);
        index.blocks.push(Arc::new(block(u32::from(number) * BLOCK, used, area)));
        index.open.insert(area, Cursor { block: number, used });
        recipients -= used;
    }
}

fn block(first: u32, used: u32, area: u64) -> Block {
    // A mixed number per row instead of chance: the same every time, and in no step with the row.
    let mixed = |row: u32| row.wrapping_mul(0x9E37_79B1) >> 16;
    let rows = |chosen: &dyn Fn(u32) -> bool| {
        let rows = (first..=first + (used - 1)).filter(|row| chosen(mixed(*row)));
        Arc::new(RoaringBitmap::from_sorted_iter(rows).unwrap_or_default())
    };
    let english = |mix: u32| mix / 160 % 16 == 3;
    let resident = |mix: u32| mix / 16 % 10 < 3;
    let facets = BTreeMap::from([
        (Facet::Alive, rows(&|_| true)),
        (Facet::Drill, rows(&|_| true)),
        (Facet::Area(area), rows(&|_| true)),
        (Facet::Channel(Channel::Sms), rows(&|mix| mix % 2 == 0)),
        (Facet::Channel(Channel::Email), rows(&|mix| mix % 4 == 1)),
        (Facet::Channel(Channel::Push), rows(&|mix| mix % 8 == 5)),
        (Facet::Channel(Channel::Wechat), rows(&|mix| mix % 8 == 6)),
        (Facet::Group("residents".into()), rows(&resident)),
        (Facet::Group("officials".into()), rows(&|mix| !resident(mix))),
        (Facet::Language("en".into()), rows(&english)),
        (Facet::Language(DEFAULT_LANGUAGE.into()), rows(&|mix| !english(mix))),
    ]);
    Block { facets: facets.into_iter().filter(|(_, rows)| !rows.is_empty()).collect() }
}

/// The made-up address of a row.
pub(super) fn endpoint(row: u32) -> Endpoint {
    // Digit by digit: it is made for every delivery of a measure.
    let mut digits = *b"+9990000000000";
    let mut rest = row;
    for digit in digits[4..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    let text = String::from_utf8_lossy(&digits).into_owned();
    Endpoint { row, address: Some(Address::new(text)), drill: true }
}
