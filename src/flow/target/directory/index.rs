//! Who has which property: one bitmap per facet and block of rows.
//!
//! Rows are handed out in blocks of 65,536 (one container of a roaring bitmap), each block to one area code, so that the
//! people of an area stand together. A bitmap therefore never spans blocks, a selection looks only at blocks that have
//! the area, and a change rewrites only what it touches.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use fenghuo_contract::Channel;
use roaring::RoaringBitmap;

use super::{
    DEFAULT_LANGUAGE, Selection,
    facet::Facet,
    positions::{Frames, Tile},
};
use crate::domain::{area::AreaCode, opt_out::OptOut};

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
    /// The frames of the tiles, made when first asked for; another one after every change of a position.
    pub(super) frames: Arc<OnceLock<Frames>>,
}

/// The bitmaps of one block; rows are whole, not relative to the block. None is empty.
#[derive(Clone, Default)]
pub(super) struct Block {
    pub(super) facets: BTreeMap<Facet, Arc<RoaringBitmap>>,
    /// Positions by number of the tile within the block. None is empty.
    pub(super) tiles: BTreeMap<u8, Arc<Tile>>,
}

/// How far an area's newest block is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Cursor {
    pub(super) block: u16,
    pub(super) used: u32,
}

/// A selection made ready to be asked of every block.
struct Question<'a> {
    areas: Ranges,
    /// Where those inside the shapes must be at home; everywhere when there are none.
    bounds: Option<Ranges>,
    groups: Vec<Facet>,
    languages: &'a [String],
    /// Properties without which nobody is selected.
    must: Vec<Facet>,
    /// Properties with which nobody is selected, except those with a duty.
    unwanted: Vec<Facet>,
}

/// Ranges of area numbers.
type Ranges = Vec<(u64, u64)>;

/// Who stands where a warning draws, by what is known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Selected by position.
    pub inside: u64,
    /// Neither selected by area code nor with a position, in the areas of those inside, or anywhere when nobody is
    /// inside: whether they are where the warning draws, nobody knows.
    pub unplaced: u64,
    /// Selected by area code although their position is outside.
    pub outside: u64,
    /// Inside, but not in an area of the issuer, and therefore not selected.
    pub beyond: u64,
}

impl Index {
    /// Rows of ((∪ areas) ∪ (within ∩ bounds)) ∩ channel ∩ (∪ groups) ∩ (∪ languages) ∩ duty ∩ drill ∩ alive, without
    /// those who want no warnings of the level and have no duty.
    pub(super) fn select(&self, selection: &Selection, channel: Channel) -> RoaringBitmap {
        let mut question = Question::of(selection);
        question.must.push(Facet::Channel(channel));
        let mut rows = RoaringBitmap::new();
        for (number, block) in self.blocks.iter().enumerate() {
            if let Some(found) = block.select(&question, selection.within.block(number)) {
                rows |= found;
            }
        }
        rows
    }

    /// What a selection with shapes finds, on all channels together.
    pub(super) fn drawn(&self, selection: &Selection) -> Drawn {
        let question = Question::of(selection);
        let blocks = || self.blocks.iter().enumerate().map(|(number, block)| (block, selection.within.block(number)));
        let touched: BTreeSet<u64> =
            blocks().filter_map(|(block, within)| Some(block.areas_of(within?))).flatten().collect();
        let touched: Ranges = if selection.within.is_empty() {
            vec![(0, u64::MAX)]
        } else {
            touched.into_iter().map(|area| (area, area)).collect()
        };
        let mut drawn = Drawn::default();
        for (block, within) in blocks() {
            let coded = block.narrow(block.of_areas(&question.areas), &question);
            let inside = within.map(|within| block.narrow(within.clone(), &question)).unwrap_or_default();
            let placed = block.facets.get(&Facet::Placed).map(|rows| (**rows).clone()).unwrap_or_default();
            let bounded =
                question.bounds.as_ref().map_or_else(|| inside.clone(), |bounds| block.of_areas(bounds) & &inside);
            let about = block.narrow(block.of_areas(&touched), &question);
            drawn.inside += bounded.len();
            drawn.beyond += (&inside - &bounded - &coded).len();
            drawn.outside += ((&coded & &placed) - &inside).len();
            drawn.unplaced += (about - placed - coded).len();
        }
        drawn
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

    /// `rows` by the kind of their address on a channel; those without one are in none.
    pub(super) fn by_kind(&self, rows: &RoaringBitmap, channel: Channel) -> BTreeMap<Box<str>, RoaringBitmap> {
        let mut kinds = BTreeMap::<Box<str>, RoaringBitmap>::new();
        for block in &self.blocks {
            for (facet, members) in block.facets.range(Facet::Kind(channel, "".into())..) {
                let Facet::Kind(of, kind) = facet else { break };
                if *of != channel {
                    break;
                }
                let found = rows & &**members;
                if !found.is_empty() {
                    *kinds.entry(kind.clone()).or_default() |= found;
                }
            }
        }
        kinds
    }

    /// `rows` by area number; a row with several areas is in each, one that is gone in none.
    pub(super) fn by_area(&self, rows: &RoaringBitmap) -> BTreeMap<u64, RoaringBitmap> {
        let mut areas = BTreeMap::<u64, RoaringBitmap>::new();
        for block in &self.blocks {
            for (facet, members) in block.facets.range(Facet::Area(0)..=Facet::Area(u64::MAX)) {
                let found = rows & &**members;
                if let (Facet::Area(number), false) = (facet, found.is_empty()) {
                    *areas.entry(*number).or_default() |= found;
                }
            }
        }
        areas
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
    fn select(&self, question: &Question<'_>, within: Option<&RoaringBitmap>) -> Option<RoaringBitmap> {
        if question.must.iter().any(|facet| !self.facets.contains_key(facet)) {
            return None;
        }
        let mut rows = self.of_areas(&question.areas);
        match (within, &question.bounds) {
            (Some(within), Some(bounds)) => rows |= self.of_areas(bounds) & within,
            (Some(within), None) => rows |= within,
            (None, _) => {}
        }
        let rows = self.narrow(rows, question);
        (!rows.is_empty()).then_some(rows)
    }

    /// Those of `rows` with everything a question asks for besides the place.
    fn narrow(&self, mut rows: RoaringBitmap, question: &Question<'_>) -> RoaringBitmap {
        for facet in &question.must {
            match self.facets.get(facet) {
                Some(members) => rows &= &**members,
                None => return RoaringBitmap::new(),
            }
        }
        if !question.groups.is_empty() && !rows.is_empty() {
            rows &= self.union(&question.groups);
        }
        if !question.languages.is_empty() && !rows.is_empty() {
            rows &= self.readers(question.languages);
        }
        let unwanted = if rows.is_empty() { RoaringBitmap::new() } else { self.union(&question.unwanted) };
        if !unwanted.is_empty() {
            rows -= match self.facets.get(&Facet::Duty) {
                Some(duty) => unwanted - &**duty,
                None => unwanted,
            };
        }
        rows
    }

    /// Rows in one of the ranges of areas.
    fn of_areas(&self, ranges: &Ranges) -> RoaringBitmap {
        let mut rows = RoaringBitmap::new();
        for (low, high) in ranges {
            for members in self.facets.range(Facet::Area(*low)..=Facet::Area(*high)) {
                rows |= &**members.1;
            }
        }
        rows
    }

    /// Areas that have one of these rows.
    fn areas_of<'a>(&'a self, rows: &'a RoaringBitmap) -> impl Iterator<Item = u64> + 'a {
        let areas = self.facets.range(Facet::Area(0)..=Facet::Area(u64::MAX));
        areas.filter_map(|(facet, members)| match facet {
            Facet::Area(number) if !members.is_disjoint(rows) => Some(*number),
            _ => None,
        })
    }

    /// Readers of one of the languages; `en` stands for `en-GB` too.
    fn readers(&self, languages: &[String]) -> RoaringBitmap {
        let asked = |tag: &str| {
            let rest = |language: &String| tag.strip_prefix(language.as_str());
            languages.iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let mut union = RoaringBitmap::new();
        for (facet, members) in self.facets.range(Facet::Language("".into())..) {
            if matches!(facet, Facet::Language(tag) if asked(tag)) {
                union |= &**members;
            }
        }
        union
    }

    fn union(&self, facets: &[Facet]) -> RoaringBitmap {
        let mut union = RoaringBitmap::new();
        for members in facets.iter().filter_map(|facet| self.facets.get(facet)) {
            union |= &**members;
        }
        union
    }
}

impl<'a> Question<'a> {
    fn of(selection: &'a Selection) -> Self {
        let mut must = vec![Facet::Alive];
        must.extend(selection.drill_only.then_some(Facet::Drill));
        must.extend(selection.duty_only.then_some(Facet::Duty));
        let refuses = |choice: &OptOut| selection.wanted_at.is_some_and(|level| choice.refuses(level));
        Self {
            areas: widest(&selection.areas),
            bounds: selection.bounds.as_deref().map(widest),
            groups: selection.groups.iter().map(|group| Facet::Group(group.as_str().into())).collect(),
            languages: &selection.languages,
            must,
            unwanted: OptOut::ALL.into_iter().filter(refuses).map(Facet::OptOut).collect(),
        }
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
