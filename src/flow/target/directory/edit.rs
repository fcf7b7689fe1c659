//! A change of the index: copy on write, and the records it takes to keep it.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use roaring::RoaringBitmap;

use super::{
    facet::Facet,
    index::{BLOCK, Block, Cursor, Index},
    positions::{Tile, tile_of},
};
use crate::{
    clock::Clock,
    domain::position::Position,
    flow::Unavailable,
    store::{
        Expect, Key, Put, Space, Store,
        seal::{Context, Vault},
    },
};

/// Name of the record every change rewrites: its version tells two writers apart.
pub(super) const HEAD: &str = "head";
/// What the names of tiles begin with.
const TILES: &str = "position/";

/// What the head record says.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    /// Blocks given out so far; never taken back, for running plans name rows.
    blocks: usize,
}

/// An index being changed.
pub(super) struct Edit {
    pub(super) index: Index,
    touched: BTreeSet<(u16, Facet)>,
    tiles: BTreeSet<(u16, u8)>,
    moved: BTreeSet<u64>,
}

impl Edit {
    pub(super) fn of(index: Index) -> Self {
        Self { index, touched: BTreeSet::new(), tiles: BTreeSet::new(), moved: BTreeSet::new() }
    }

    /// A new row among those of the area, `None` when no rows are left.
    pub(super) fn allocate(&mut self, area: u64) -> Option<u32> {
        let home = self.index.home(area);
        let cursor = match self.index.open.get(&home) {
            Some(cursor) if cursor.used < BLOCK => *cursor,
            _ => {
                let block = self.index.next_block()?;
                self.index.blocks.push(Arc::default());
                Cursor { block, used: 0 }
            }
        };
        self.index.open.insert(home, Cursor { used: cursor.used + 1, ..cursor });
        self.moved.insert(home);
        Some(u32::from(cursor.block) * BLOCK + cursor.used)
    }

    /// Gives the row exactly the facets of `after`, which so far had those of `before`.
    pub(super) fn change(&mut self, row: u32, before: &BTreeSet<Facet>, after: &BTreeSet<Facet>) {
        for facet in before.difference(after) {
            self.set(row, facet, false);
        }
        for facet in after.difference(before) {
            self.set(row, facet, true);
        }
    }

    fn set(&mut self, row: u32, facet: &Facet, member: bool) {
        let number = (row / BLOCK) as u16;
        let Some(block) = self.index.blocks.get_mut(usize::from(number)) else { return };
        let Block { facets, .. } = Arc::make_mut(block);
        let rows = Arc::make_mut(facets.entry(facet.clone()).or_default());
        let changed = if member { rows.insert(row) } else { rows.remove(row) };
        if rows.is_empty() {
            facets.remove(facet);
        }
        if changed {
            self.touched.insert((number, facet.clone()));
        }
    }

    /// Says where the recipient of a row is, if that is known.
    pub(super) fn place(&mut self, row: u32, position: Option<Position>) {
        let (number, offset) = ((row / BLOCK) as u16, (row % BLOCK) as u16);
        let Some(block) = self.index.blocks.get_mut(usize::from(number)) else { return };
        let tile = tile_of(offset);
        if position.is_none() && !block.tiles.contains_key(&tile) {
            return;
        }
        let Block { tiles, .. } = Arc::make_mut(block);
        let state = Arc::make_mut(tiles.entry(tile).or_default());
        if !state.set(offset, position) {
            return;
        }
        if state.is_empty() {
            tiles.remove(&tile);
        }
        if self.tiles.is_empty() {
            self.index.frames = Arc::default();
        }
        self.tiles.insert((number, tile));
    }

    /// The records to be written, the head first. `head` is the version it stands at, `None` when there is none yet.
    pub(super) fn puts(&self, head: Option<u64>, vault: &Vault, clock: &Clock) -> Vec<Put> {
        let put = |name: String, value| Put {
            space: Space::DirectoryIndex,
            key: Key::from(name.as_str()),
            value,
            expect: Expect::Any,
        };
        let mut puts = vec![Put {
            expect: head.map_or(Expect::Absent, Expect::Version),
            ..put(HEAD.to_owned(), json(&Head { blocks: self.index.blocks.len() }))
        }];
        for area in &self.moved {
            puts.push(put(format!("open/{area:012}"), self.index.open.get(area).and_then(json)));
        }
        for (number, facet) in &self.touched {
            let rows = self.index.blocks.get(usize::from(*number)).and_then(|block| block.facets.get(facet));
            puts.push(put(format!("block/{number:05}/{facet}"), rows.map(|rows| packed(rows))));
        }
        for (number, tile) in &self.tiles {
            let name = format!("{TILES}{number:05}/{tile:02}");
            let state = self.index.blocks.get(usize::from(*number)).and_then(|block| block.tiles.get(tile));
            let sealed = state.map(|state| vault.seal(positions(&name), &state.write(), clock.random()).into());
            puts.push(put(name, sealed));
        }
        puts
    }
}

/// Which place a tile is sealed for.
fn positions(name: &str) -> Context<'_> {
    Context { space: Space::DirectoryIndex, key: name.as_bytes(), field: "positions" }
}

fn json(value: &impl serde::Serialize) -> Option<Bytes> {
    serde_json::to_vec(value).ok().map(Bytes::from)
}

/// Runs make full and empty stretches small on disk.
fn packed(rows: &RoaringBitmap) -> Bytes {
    let mut rows = rows.clone();
    rows.optimize();
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    rows.serialize_into(&mut bytes).expect("writing to memory does not fail");
    bytes.into()
}

/// Reads the index and the version of its head, page by page and without looking at recipients.
pub(super) async fn load(store: &Store, vault: &Vault) -> Result<(Index, Option<u64>), Unavailable> {
    const PAGE: usize = 500;
    let (mut index, mut version, mut after) = (Index::default(), None, None);
    loop {
        let page = store.list(Space::DirectoryIndex, after, PAGE).await?;
        let last = page.len() < PAGE;
        after = page.last().map(|(key, _)| key.clone());
        for (key, stored) in page {
            let name = String::from_utf8_lossy(&key.0);
            if name == HEAD {
                version = Some(stored.version);
            }
            read_record(&mut index, &name, &stored.value, vault)
                .ok_or_else(|| Unavailable::new(format!("directory index is damaged at {name:?}")))?;
        }
        if last {
            return Ok((index, version));
        }
    }
}

/// Takes one record of the index in as another node put it. `None` when it is damaged.
pub(super) fn take(index: &mut Index, name: &str, value: Option<&[u8]>, vault: &Vault) -> Option<()> {
    let block = |number: &str| number.parse::<u16>().ok().map(usize::from);
    if let Some(place) = name.strip_prefix(TILES) {
        let (number, tile) = place.split_once('/')?;
        if let Some(block) = index.blocks.get_mut(block(number)?) {
            Arc::make_mut(block).tiles.remove(&tile.parse().ok()?);
        }
        index.frames = Arc::default();
    } else if let Some(place) = name.strip_prefix("block/") {
        let (number, facet) = place.split_once('/')?;
        if let Some(block) = index.blocks.get_mut(block(number)?) {
            Arc::make_mut(block).facets.remove(&facet.parse().ok()?);
        }
    } else if let (Some(area), None) = (name.strip_prefix("open/"), value) {
        index.open.remove(&area.parse().ok()?);
    }
    match value {
        Some(value) => read_record(index, name, value, vault),
        None => Some(()),
    }
}

fn read_record(index: &mut Index, name: &str, value: &[u8], vault: &Vault) -> Option<()> {
    let reach = |index: &mut Index, blocks: usize| {
        if index.blocks.len() < blocks {
            index.blocks.resize_with(blocks, Arc::default);
        }
    };
    if name == HEAD {
        let head: Head = serde_json::from_slice(value).ok()?;
        reach(index, head.blocks);
    } else if let Some(area) = name.strip_prefix("open/") {
        index.open.insert(area.parse().ok()?, serde_json::from_slice(value).ok()?);
    } else if let Some(place) = name.strip_prefix(TILES) {
        let (number, tile) = place.split_once('/')?;
        let (number, tile): (u16, u8) = (number.parse().ok()?, tile.parse().ok()?);
        let state = Tile::read(tile, &vault.unseal(positions(name), value).ok()?)?;
        reach(index, usize::from(number) + 1);
        Arc::make_mut(&mut index.blocks[usize::from(number)]).tiles.insert(tile, Arc::new(state));
    } else {
        let (number, facet) = name.strip_prefix("block/")?.split_once('/')?;
        let number: u16 = number.parse().ok()?;
        let mut rows = RoaringBitmap::deserialize_from(value).ok()?;
        let all = rows.min()? / BLOCK == u32::from(number) && rows.max()? / BLOCK == u32::from(number);
        rows.remove_run_compression();
        reach(index, usize::from(number) + 1);
        let block = Arc::make_mut(&mut index.blocks[usize::from(number)]);
        block.facets.insert(facet.parse().ok()?, Arc::new(rows)).is_none().then_some(())?;
        all.then_some(())?;
    }
    Some(())
}
