//! Who has which property: one bitmap per facet and block of rows.
//!
//! Rows are handed out in blocks of 65,536 (one container of a roaring bitmap), each block to one area code, so that the
//! people of an area stand together. A bitmap therefore never spans blocks, a selection looks only at blocks that have
//! the area, and a change rewrites only what it touches.

use std::{collections::BTreeMap, sync::Arc};

use fenghuo_contract::Channel;
use roaring::RoaringBitmap;

use super::{DEFAULT_LANGUAGE, Selection, facet::Facet};
use crate::domain::area::AreaCode;

/// Rows of a block.
pub(super) const BLOCK: u32 = 1 << 16;
/// Blocks there can be.
const BLOCKS: usize = 1 << 16;
/// From here on an area without a block of its own shares the blocks of area 0, so that tens of thousands of area codes
/// cannot use up the rows.
const SCARCE: usize = BLOCKS / 2;

/// An immutable state of the index. Cloning shares everything; an edit copies what it changes.
#[derive(Clone, Default)]
pub(super) struct Index {
    /// By number.
    pub(super) blocks: Vec<Arc<Block>>,
    /// The block that takes the next recipient of an area.
    pub(super) open: BTreeMap<u64, Cursor>,
}

/// The bitmaps of one block; rows are whole, not relative to the block. None is empty.
#[derive(Clone, Default)]
pub(super) struct Block {
    pub(super) facets: BTreeMap<Facet, Arc<RoaringBitmap>>,
}

/// How far an area's newest block is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Cursor {
    pub(super) block: u16,
    pub(super) used: u32,
}

/// A selection made ready to be asked of every block.
struct Question {
    areas: Vec<(u64, u64)>,
    groups: Vec<Facet>,
    drill_only: bool,
    channel: Facet,
}

impl Index {
    /// Rows of (∪ areas) ∩ channel ∩ (∪ groups) ∩ drill ∩ alive.
    pub(super) fn select(&self, selection: &Selection, channel: Channel) -> RoaringBitmap {
        let question = Question {
            areas: widest(&selection.areas),
            groups: selection.groups.iter().map(|group| Facet::Group(group.as_str().into())).collect(),
            drill_only: selection.drill_only,
            channel: Facet::Channel(channel),
        };
        let mut rows = RoaringBitmap::new();
        for block in &self.blocks {
            if let Some(found) = block.select(&question) {
                rows |= found;
            }
        }
        rows
    }

    /// `rows` by language; a row whose language is not known any more counts as the default one.
    pub(super) fn by_language(&self, rows: &RoaringBitmap) -> BTreeMap<String, RoaringBitmap> {
        let mut languages = BTreeMap::<String, RoaringBitmap>::new();
        let mut rest = rows.clone();
        for block in &self.blocks {
            for (facet, members) in block.facets.range(Facet::Language("".into())..) {
                let found = rows & &**members;
                if let (Facet::Language(tag), false) = (facet, found.is_empty()) {
                    rest -= &found;
                    *languages.entry(tag.to_string()).or_default() |= found;
                }
            }
        }
        if !rest.is_empty() {
            *languages.entry(DEFAULT_LANGUAGE.to_owned()).or_default() |= rest;
        }
        languages
    }

    /// How many recipients stand in the directory.
    pub(super) fn len(&self) -> u64 {
        self.blocks.iter().filter_map(|block| block.facets.get(&Facet::Alive)).map(|rows| rows.len()).sum()
    }

    /// Under which area a recipient of this area is numbered.
    pub(super) fn home(&self, area: u64) -> u64 {
        if self.open.contains_key(&area) || self.blocks.len() < SCARCE { area } else { 0 }
    }

    /// The number of the next block, `None` when all are given out.
    pub(super) fn next_block(&self) -> Option<u16> {
        u16::try_from(self.blocks.len()).ok()
    }
}

impl Block {
    fn select(&self, question: &Question) -> Option<RoaringBitmap> {
        let (alive, reach) = (self.facets.get(&Facet::Alive)?, self.facets.get(&question.channel)?);
        let drill = if question.drill_only { Some(self.facets.get(&Facet::Drill)?) } else { None };
        let mut rows = RoaringBitmap::new();
        for (low, high) in &question.areas {
            for members in self.facets.range(Facet::Area(*low)..=Facet::Area(*high)) {
                rows |= &**members.1;
            }
        }
        rows &= &**reach;
        rows &= &**alive;
        if let Some(drill) = drill {
            rows &= &**drill;
        }
        if !question.groups.is_empty() && !rows.is_empty() {
            rows &= self.union(&question.groups);
        }
        (!rows.is_empty()).then_some(rows)
    }

    fn union(&self, facets: &[Facet]) -> RoaringBitmap {
        let mut union = RoaringBitmap::new();
        for members in facets.iter().filter_map(|facet| self.facets.get(facet)) {
            union |= &**members;
        }
        union
    }
}

/// The ranges of area numbers, without those inside another.
fn widest(areas: &[AreaCode]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<_> = areas.iter().map(|area| area.range()).collect();
    ranges.sort_unstable_by_key(|(low, high)| (*low, u64::MAX - *high));
    let mut reached = None;
    ranges.retain(|(_, high)| {
        let outside = reached.is_none_or(|reached| *high > reached);
        reached = reached.max(Some(*high));
        outside
    });
    ranges
}
