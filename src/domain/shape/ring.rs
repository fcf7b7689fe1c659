//! A closed ring, cut into stripes from west to east, so that a position is compared with the few edges near it.

use geo::{
    Coord,
    kernels::{Kernel as _, Orientation, RobustKernel},
};

use super::{Extent, Position};

/// Stripes at most.
const STRIPES: usize = 4096;
/// Edges named by all stripes, per edge of the ring, at most; long edges make fewer, wider stripes.
const SHARE: usize = 8;

/// A ring with an inside. Which points are inside is decided exactly, by the parity of the edges above them.
#[derive(Debug)]
pub(super) struct Ring {
    /// From west to east.
    edges: Vec<(Coord<f64>, Coord<f64>)>,
    west: f64,
    width: f64,
    /// Edges that touch each stripe.
    stripes: Vec<Vec<u32>>,
    extent: Extent,
}

impl Ring {
    /// A ring of latitudes and longitudes, closed or not; `None` when it encloses nothing.
    pub(super) fn new(ring: &[[f64; 2]]) -> Option<Self> {
        let mut points: Vec<Coord<f64>> = ring.iter().map(|[lat, lon]| Coord { x: *lon, y: *lat }).collect();
        if points.first() != points.last() {
            points.push(points[0]);
        }
        let bound = |pick: fn(&Coord<f64>) -> f64, choose: fn(f64, f64) -> f64| points.iter().map(pick).reduce(choose);
        let (west, east) = (bound(|point| point.x, f64::min)?, bound(|point| point.x, f64::max)?);
        let (south, north) = (bound(|point| point.y, f64::min)?, bound(|point| point.y, f64::max)?);
        if points.len() < 4 || west >= east || south >= north {
            return None;
        }
        let eastward = |ends: &[Coord<f64>]| {
            if ends[0].x <= ends[1].x { (ends[0], ends[1]) } else { (ends[1], ends[0]) }
        };
        let edges: Vec<_> = points.windows(2).map(eastward).collect();
        let (stripes, width) = stripes(&edges, west, east);
        Some(Self { edges, west, width, stripes, extent: Extent::of_degrees(south, north, west, east) })
    }

    pub(super) const fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether a position is inside or on the line.
    pub(super) fn covers(&self, position: Position) -> bool {
        let point = Coord { x: position.longitude(), y: position.latitude() };
        let Some(near) = self.stripes.get(stripe(point.x, self.west, self.width)) else { return false };
        let mut inside = false;
        for number in near {
            let (from, to) = self.edges[*number as usize];
            if point.x < from.x || point.x > to.x || point.y > from.y.max(to.y) {
                continue;
            }
            let side = RobustKernel::orient2d(from, to, point);
            if side == Orientation::Collinear && point.y >= from.y.min(to.y) {
                return true;
            }
            // An edge counts with its western end and without its eastern one, so that a corner counts once.
            inside ^= side == Orientation::Clockwise && point.x < to.x;
        }
        inside
    }
}

/// The number of the stripe a longitude is in; what is west of all is in the first.
fn stripe(longitude: f64, west: f64, width: f64) -> usize {
    ((longitude - west) / width) as usize
}

/// The edges of each stripe, and the width of one.
fn stripes(edges: &[(Coord<f64>, Coord<f64>)], west: f64, east: f64) -> (Vec<Vec<u32>>, f64) {
    let mut count = edges.len().min(STRIPES);
    loop {
        let width = (east - west) / count as f64;
        let span = |(from, to): &(Coord<f64>, Coord<f64>)| (stripe(from.x, west, width), stripe(to.x, west, width));
        let named: usize = edges.iter().map(|edge| span(edge).1 - span(edge).0 + 1).sum();
        if count > 1 && named > SHARE * edges.len() {
            count /= 2;
            continue;
        }
        // The easternmost longitude falls into a stripe of its own.
        let mut stripes = vec![Vec::new(); count + 1];
        for (number, edge) in edges.iter().enumerate() {
            let (first, last) = span(edge);
            for stripe in &mut stripes[first.min(count)..=last.min(count)] {
                stripe.push(number as u32);
            }
        }
        return (stripes, width);
    }
}
