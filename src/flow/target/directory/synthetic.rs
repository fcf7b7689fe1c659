//! A directory made up for benches and simulations: every bitmap, no record.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use fenghuo_contract::{Address, Channel};
use roaring::RoaringBitmap;

use super::{
    DEFAULT_LANGUAGE, Directory, Endpoint,
    facet::Facet,
    index::{BLOCK, Block, Cursor, Index},
    positions::tile_of,
    write::Writer,
};
use crate::{
    clock::Clock,
    domain::{area::AreaCode, position::Position},
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
            writer: tokio::sync::Mutex::new(Writer { head: None, stale: false, passing: false }),
            synthetic: true,
        }
    }

    /// The same with a position for everybody: each block of rows scattered over some three kilometres, the blocks side
    /// by side from 45.7 N 126.3 E to the north-east, 16 in a row.
    #[must_use]
    pub fn scattered(mut self) -> Self {
        let mut index = (**self.index.load()).clone();
        for (number, block) in index.blocks.iter_mut().enumerate() {
            let block = Arc::make_mut(block);
            let rows = block.facets.get(&Facet::Alive).cloned().unwrap_or_default();
            for row in rows.iter() {
                let offset = (row % BLOCK) as u16;
                let tile = Arc::make_mut(block.tiles.entry(tile_of(offset)).or_default());
                tile.set(offset, scattered(number, row));
            }
            block.facets.insert(Facet::Placed, rows);
        }
        index.frames = Arc::default();
        self.index = ArcSwap::from_pointee(index);
        self
    }
}

/// The made-up position of a row of a block.
fn scattered(block: usize, row: u32) -> Option<Position> {
    let mixed = row.wrapping_mul(0x9E37_79B1);
    let within = |part: u32| f64::from(part & 0xffff) / 65_536.0 * 0.03;
    let (north, east) = ((block / 16) as f64 * 0.03, (block % 16) as f64 * 0.03);
    Position::new(45.7 + north + within(mixed), 126.3 + east + within(mixed >> 16)).ok()
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
    let facets = facets.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    Block { facets, tiles: BTreeMap::new() }
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
