//! Rules for one polygon.

use geo::{
    Coord,
    kernels::{Kernel as _, Orientation, RobustKernel},
};

use super::{Spot, place};
use crate::domain::finding::{Found, code};

/// Most pairs of one polygon. Countries are drawn with fewer.
const POINTS: usize = 10_000;

/// How many pairs of edges may be compared in one message. Edges that do not overlap from west to east are never
/// compared, so a coast line of 10,000 points stays far below; what does not is drawn to cost time.
pub(super) const COMPARISONS: usize = 5_000_000;

/// Checks a ring of latitude and longitude. `comparisons` is what may still be spent in the whole message.
pub(super) fn check(ring: &[[f64; 2]], spot: &Spot<'_>, comparisons: &mut usize, found: &mut Found) {
    if ring.len() > POINTS {
        found.push(spot.refuse(code::POLYGON_TOO_MANY_POINTS).arg("count", ring.len()).arg("most", POINTS));
        return;
    }
    let count = ring.len();
    if let Some(finding) = ring.iter().find_map(|pair| place::coordinates(*pair, spot)) {
        let number = ring.iter().position(|pair| place::coordinates(*pair, spot).is_some()).unwrap_or_default() + 1;
        found.push(finding.arg("number", number));
        return;
    }
    if count < 4 {
        found.push(spot.refuse(code::POLYGON_POINTS).arg("count", count));
    }
    let (Some(first), Some(last)) = (ring.first(), ring.last()) else { return };
    if first != last {
        found
            .push(spot.refuse(code::POLYGON_OPEN).got(&format!("{},{} … {},{}", first[0], first[1], last[0], last[1])));
    } else if count >= 4 {
        shape(ring, spot, comparisons, found);
    }
}

/// A closed ring must have an inside and no crossing edges.
fn shape(ring: &[[f64; 2]], spot: &Spot<'_>, comparisons: &mut usize, found: &mut Found) {
    let points: Vec<Coord<f64>> =
        ring.iter().map(|[latitude, longitude]| Coord { x: *longitude, y: *latitude }).collect();
    if is_flat(&points) {
        found.push(spot.refuse(code::POLYGON_FLAT));
        return;
    }
    match crossing(&points, comparisons) {
        Ok(None) => {}
        Ok(Some((one, other))) => {
            found.push(spot.refuse(code::POLYGON_CROSSING).arg("one", one + 1).arg("other", other + 1));
        }
        Err(TooComplex) => found.push(spot.refuse(code::POLYGON_TOO_COMPLEX)),
    }
}

/// Whether all points lie on one line.
fn is_flat(points: &[Coord<f64>]) -> bool {
    let origin = points[0];
    let Some(other) = points.iter().find(|point| **point != origin) else { return true };
    points.iter().all(|point| RobustKernel::orient2d(origin, *other, *point) == Orientation::Collinear)
}

/// The allowed comparisons are used up.
struct TooComplex;

/// One edge with the extent that decides whether two can cross at all.
struct Edge {
    number: usize,
    from: Coord<f64>,
    to: Coord<f64>,
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

/// Two edges that cross, by number: a sweep from west to east that compares each edge with those still open.
fn crossing(points: &[Coord<f64>], comparisons: &mut usize) -> Result<Option<(usize, usize)>, TooComplex> {
    let mut edges: Vec<Edge> =
        points.windows(2).enumerate().map(|(number, ends)| edge(number, ends[0], ends[1])).collect();
    edges.sort_by(|a, b| a.west.total_cmp(&b.west));
    let mut open: Vec<&Edge> = Vec::new();
    for edge in &edges {
        open.retain(|other| other.east >= edge.west);
        *comparisons = comparisons.checked_sub(open.len()).ok_or(TooComplex)?;
        let other =
            open.iter().find(|other| other.south <= edge.north && edge.south <= other.north && cross(edge, other));
        if let Some(other) = other {
            return Ok(Some((other.number.min(edge.number), other.number.max(edge.number))));
        }
        open.push(edge);
    }
    Ok(None)
}

fn edge(number: usize, from: Coord<f64>, to: Coord<f64>) -> Edge {
    let (west, east) = (from.x.min(to.x), from.x.max(to.x));
    let (south, north) = (from.y.min(to.y), from.y.max(to.y));
    Edge { number, from, to, west, east, south, north }
}

/// Whether two edges cross in a point inside both. Rings that only touch themselves are common in simplified borders
/// and harm nobody.
fn cross(a: &Edge, b: &Edge) -> bool {
    let side = |edge: &Edge, point| RobustKernel::orient2d(edge.from, edge.to, point);
    let apart = |one, other| one != other && one != Orientation::Collinear && other != Orientation::Collinear;
    apart(side(a, b.from), side(a, b.to)) && apart(side(b, a.from), side(b, a.to))
}
