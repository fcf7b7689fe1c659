//! Who is where: the positions of recipients, and the rows inside shapes.
//!
//! Positions stand in tiles of 1,024 rows, sorted by row. People of an area have rows side by side, so a tile lies in one
//! part of the map, and an R*-tree of the tiles' frames leaves only those tiles to be looked through that a shape
//! touches. The tree is of ten thousand frames for ten million recipients and is made when a shape is first asked for
//! after a change of positions: writes never wait for it, and selections by area code never touch it. A tree of every
//! position would take four times the memory of the positions themselves and a new copy with every write.
//!
//! On disk a tile is one sealed value: where people live is guarded like their addresses.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use roaring::RoaringBitmap;
use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};

use super::index::{BLOCK, Index};
use crate::domain::{
    position::Position,
    shape::{Extent, Shape},
};

/// Rows of a tile.
pub(super) const TILE: u32 = 1 << 10;
/// Tiles looked through between two chances for other tasks.
const STRIDE: usize = 64;
/// The form of a tile's bytes.
const FORM: u8 = 1;
/// Bytes of one position: row within the block, latitude, longitude.
const WIDTH: usize = 10;

/// The frames of all tiles, by number of the tile.
pub(super) type Frames = RTree<GeomWithData<Rectangle<[i64; 2]>, u32>>;

/// The positions of the recipients of 1,024 rows.
#[derive(Clone, Default)]
pub(super) struct Tile {
    /// Row within its block, ascending, and where it is.
    places: Vec<(u16, Position)>,
    frame: OnceLock<Option<Extent>>,
}

impl Tile {
    /// Puts the recipient of a row somewhere, or nowhere. Whether that changed anything.
    pub(super) fn set(&mut self, offset: u16, position: Option<Position>) -> bool {
        let found = self.places.binary_search_by_key(&offset, |(offset, _)| *offset);
        match (found, position) {
            (Ok(at), Some(position)) if self.places[at].1 == position => return false,
            (Ok(at), Some(position)) => self.places[at].1 = position,
            (Ok(at), None) => {
                self.places.remove(at);
            }
            (Err(at), Some(position)) => self.places.insert(at, (offset, position)),
            (Err(_), None) => return false,
        }
        self.frame = OnceLock::new();
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn frame(&self) -> Option<Extent> {
        *self.frame.get_or_init(|| Extent::around(self.places.iter().map(|(_, position)| *position)))
    }

    /// Rows within the block that are inside the shape.
    fn inside<'a>(&'a self, shape: &'a Shape) -> impl Iterator<Item = u16> + 'a {
        self.places.iter().filter(|(_, position)| shape.covers(*position)).map(|(offset, _)| *offset)
    }

    /// The bytes it is kept as.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + WIDTH * self.places.len());
        bytes.push(FORM);
        for (offset, position) in &self.places {
            let (latitude, longitude) = position.micro();
            bytes.extend_from_slice(&offset.to_be_bytes());
            bytes.extend_from_slice(&latitude.to_be_bytes());
            bytes.extend_from_slice(&longitude.to_be_bytes());
        }
        bytes
    }

    /// The tile of a number within its block from its bytes; `None` when they are none of it.
    pub(super) fn read(number: u8, bytes: &[u8]) -> Option<Self> {
        let (FORM, bytes) = bytes.split_first().map(|(form, rest)| (*form, rest))? else { return None };
        let (places, []) = bytes.as_chunks::<WIDTH>() else { return None };
        let place = |[o0, o1, a0, a1, a2, a3, b0, b1, b2, b3]: &[u8; WIDTH]| {
            let position =
                Position::of_micro(i32::from_be_bytes([*a0, *a1, *a2, *a3]), i32::from_be_bytes([*b0, *b1, *b2, *b3]));
            let offset = u16::from_be_bytes([*o0, *o1]);
            (tile_of(offset) == number).then_some((offset, position?))
        };
        let places = places.iter().map(place).collect::<Option<Vec<_>>>()?;
        let ascending = places.is_sorted_by(|(one, _), (next, _)| one < next);
        (ascending && !places.is_empty()).then(|| Self { places, frame: OnceLock::new() })
    }
}

/// The tile of a row within its block.
pub(super) const fn tile_of(offset: u16) -> u8 {
    (offset as u32 / TILE) as u8
}

/// Rows inside some shapes, by block.
#[derive(Clone, Debug, Default)]
pub struct Within(BTreeMap<u16, RoaringBitmap>);

impl Within {
    /// Whether nobody is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of a block.
    pub(super) fn block(&self, number: usize) -> Option<&RoaringBitmap> {
        self.0.get(&u16::try_from(number).ok()?)
    }
}

impl Index {
    /// Rows of the recipients inside one of the shapes.
    pub(super) async fn within(&self, shapes: &[Shape]) -> Within {
        let mut within = Within::default();
        let mut looked = 0;
        for shape in shapes {
            for number in self.touched(shape) {
                self.look(number, shape, &mut within);
                looked += 1;
                if looked % STRIDE == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }
        within
    }

    /// Numbers of the tiles whose frame meets that of a shape.
    fn touched(&self, shape: &Shape) -> Vec<u32> {
        let frames = self.frames.get_or_init(|| frames(self));
        frames.locate_in_envelope_intersecting(&envelope(shape.extent())).map(|frame| frame.data).collect()
    }

    /// Adds the rows of a tile that are inside a shape.
    fn look(&self, number: u32, shape: &Shape, within: &mut Within) {
        let block = number * TILE / BLOCK;
        let mut rows = self.tile(number).into_iter().flat_map(|tile| tile.inside(shape)).peekable();
        if rows.peek().is_some() {
            let members = within.0.entry(block as u16).or_default();
            members.extend(rows.map(|offset| block * BLOCK + u32::from(offset)));
        }
    }

    fn tile(&self, number: u32) -> Option<&Tile> {
        let block = self.blocks.get((number * TILE / BLOCK) as usize)?;
        block.tiles.get(&((number % (BLOCK / TILE)) as u8)).map(|tile| &**tile)
    }
}

/// The tree of the frames of every tile.
fn frames(index: &Index) -> Frames {
    let tiles = index.blocks.iter().enumerate().flat_map(|(block, state)| {
        let first = block as u32 * (BLOCK / TILE);
        state.tiles.iter().map(move |(tile, state)| (first + u32::from(*tile), Arc::clone(state)))
    });
    let framed = tiles.filter_map(|(number, tile)| {
        let frame = envelope(tile.frame()?);
        Some(GeomWithData::new(Rectangle::from_corners(frame.lower(), frame.upper()), number))
    });
    RTree::bulk_load(framed.collect())
}

/// A frame as the tree has it. Its products need more than 32 bits.
fn envelope(extent: Extent) -> AABB<[i64; 2]> {
    let corner = |latitude: i32, longitude: i32| [i64::from(longitude), i64::from(latitude)];
    AABB::from_corners(corner(extent.south, extent.west), corner(extent.north, extent.east))
}

#[cfg(test)]
mod tests {
    use super::{TILE, Tile, tile_of};
    use crate::domain::position::Position;

    fn at(latitude: f64) -> Option<Position> {
        Some(Position::new(latitude, 126.5).unwrap())
    }

    #[test]
    fn a_tile_is_read_as_it_was_written_and_nothing_else_is_one() {
        let mut tile = Tile::default();
        assert!(tile.set(1_030, at(45.0)) && tile.set(1_024, at(46.0)) && tile.set(2_047, at(-47.0)));
        assert!(tile.set(1_030, at(45.5)) && !tile.set(1_030, at(45.5)) && !tile.set(1_500, None));
        assert!(tile.set(2_047, None));
        let bytes = tile.write();
        let read = Tile::read(tile_of(1_024), &bytes).unwrap();
        assert_eq!(read.places, tile.places);
        assert_eq!(read.frame(), tile.frame());
        assert!(Tile::read(0, &bytes).is_none(), "rows of another tile");
        assert!(Tile::read(1, &bytes[..bytes.len() - 1]).is_none() && Tile::read(1, &[]).is_none());
        assert!(Tile::read(1, &[&bytes[..], &bytes[1..]].concat()).is_none(), "a row twice");
        assert!(Tile::read(1, &[&[9], &bytes[1..]].concat()).is_none(), "another form");
        assert_eq!(u32::from(tile_of(u16::MAX)), (1 << 16) / TILE - 1);
    }
}
