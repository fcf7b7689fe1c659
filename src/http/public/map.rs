//! A sketch map, drawn here: the outlines and circles of standing warnings, each with the number it has in the list. No tiles,
//! no script, nothing from elsewhere.
//!
//! Degrees of longitude are narrowed by the cosine of the middle latitude, which is true enough for a district. An outline with
//! many corners is thinned, and the map as a whole is bounded, so that the page stays small.

use std::fmt::Write;

use super::{card, frame::Say};
use crate::{
    domain::message::{Area, Circle, Polygon},
    flow::intake::WarningView,
};

/// Width of the drawing in its own units; the height follows the ground, within bounds.
const WIDTH: f64 = 640.0;
const HEIGHT: (f64, f64) = (240.0, 520.0);
/// Kilometres of a degree of latitude.
const DEGREE_KM: f64 = 111.195;
/// The least ground that is drawn, kilometres, so that a small area does not fill the map.
const LEAST_KM: f64 = 3.0;
/// Of the ground, room around the areas.
const ROOM: f64 = 0.08;
/// Corners of one outline, and shapes of the whole map.
const CORNERS: usize = 60;
const SHAPES: usize = 24;
/// Areas that are listed because they have no outline.
const UNMAPPED: usize = 30;

/// A drawn map.
pub(super) struct Map {
    pub(super) height: f64,
    pub(super) width: f64,
    pub(super) shapes: Vec<Shape>,
    /// Length of the scale, in units, and kilometres.
    pub(super) scale: f64,
    pub(super) scale_km: String,
    pub(super) alt: String,
    numbers: Vec<usize>,
}

/// One outline or circle.
pub(super) struct Shape {
    pub(super) class: &'static str,
    pub(super) path: String,
    pub(super) number: usize,
    /// Where the number stands.
    pub(super) x: String,
    pub(super) y: String,
}

/// A part of the ground, degrees.
#[derive(Clone, Copy)]
struct Ground {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Ground {
    fn of(points: impl Iterator<Item = [f64; 2]>) -> Option<Self> {
        points.fold(None, |ground: Option<Self>, [latitude, longitude]| {
            let Self { south, north, west, east } =
                ground.unwrap_or(Self { south: latitude, north: latitude, west: longitude, east: longitude });
            Some(Self {
                south: south.min(latitude),
                north: north.max(latitude),
                west: west.min(longitude),
                east: east.max(longitude),
            })
        })
    }
}

/// From degrees to units.
struct Sheet {
    ground: Ground,
    /// Units of a degree of longitude and of latitude.
    across: f64,
    up: f64,
    height: f64,
    left: f64,
    top: f64,
}

impl Sheet {
    fn new(ground: Ground) -> Self {
        let narrow = f64::midpoint(ground.south, ground.north).to_radians().cos().max(0.05);
        let least = LEAST_KM / DEGREE_KM;
        let wide = ((ground.east - ground.west) * narrow).max(least) * (1.0 + 2.0 * ROOM);
        let high = (ground.north - ground.south).max(least) * (1.0 + 2.0 * ROOM);
        let height = (WIDTH * high / wide).clamp(HEIGHT.0, HEIGHT.1);
        let up = (WIDTH / wide).min(height / high);
        let across = up * narrow;
        let left = (WIDTH - (ground.east - ground.west) * across) / 2.0;
        let top = (height - (ground.north - ground.south) * up) / 2.0;
        Self { ground, across, up, height, left, top }
    }

    fn place(&self, [latitude, longitude]: [f64; 2]) -> (f64, f64) {
        let x = self.left + (longitude - self.ground.west) * self.across;
        (x, self.top + (self.ground.north - latitude) * self.up)
    }

    fn outline(&self, corners: &[[f64; 2]]) -> String {
        let mut path = String::with_capacity(corners.len() * 12);
        for (at, corner) in corners.iter().enumerate() {
            let (x, y) = self.place(*corner);
            // Writing to memory does not fail.
            let _written = write!(path, "{}{x:.0} {y:.0}", if at == 0 { 'M' } else { 'L' });
        }
        path + "Z"
    }

    fn round(&self, circle: &Circle) -> String {
        let (x, y) = self.place(circle.centre);
        let radius = (circle.radius_km / DEGREE_KM * self.up).max(6.0);
        let wide = 2.0 * radius;
        format!(
            "M{:.0} {y:.0}a{radius:.0} {radius:.0} 0 1 0 {wide:.0} 0a{radius:.0} {radius:.0} 0 1 0 -{wide:.0} 0Z",
            x - radius
        )
    }
}

fn extent(circle: &Circle) -> [[f64; 2]; 2] {
    let [latitude, longitude] = circle.centre;
    let reach = circle.radius_km / DEGREE_KM;
    let wide = reach / latitude.to_radians().cos().max(0.05);
    [[latitude - reach, longitude - wide], [latitude + reach, longitude + wide]]
}

/// Fewer corners, the first and the last among them.
fn thinned(Polygon(corners): &Polygon) -> Vec<[f64; 2]> {
    let every = corners.len().div_ceil(CORNERS).max(1);
    corners.iter().step_by(every).copied().collect()
}

fn drawn(area: &Area) -> bool {
    !area.polygons.is_empty() || !area.circles.is_empty()
}

fn areas<'a>(say: &Say, view: &'a WarningView) -> &'a [Area] {
    card::info(say, view).map_or(&[], |info| &info.areas)
}

impl Map {
    /// The map of these warnings, numbered from 1; `None` when none of them has an outline.
    pub(super) fn new(say: &Say, views: &[WarningView]) -> Option<Self> {
        let numbered = || {
            views
                .iter()
                .zip(1..)
                .flat_map(|(view, number)| areas(say, view).iter().map(move |area| (view, number, area)))
        };
        let points = numbered().flat_map(|(_, _, area)| {
            let corners = area.polygons.iter().flat_map(|polygon| polygon.0.iter().copied());
            corners.chain(area.circles.iter().flat_map(extent))
        });
        let sheet = Sheet::new(Ground::of(points)?);
        let mut shapes = Vec::new();
        for (view, number, area) in numbered() {
            let class = view.level.name();
            let polygons = area.polygons.iter().map(thinned).map(|corners| (sheet.outline(&corners), middle(&corners)));
            let circles = area.circles.iter().map(|circle| (sheet.round(circle), circle.centre));
            for (path, centre) in polygons.chain(circles).take(SHAPES.saturating_sub(shapes.len())) {
                let (x, y) = sheet.place(centre);
                shapes.push(Shape { class, path, number, x: format!("{x:.0}"), y: format!("{y:.0}") });
            }
        }
        let mut numbers: Vec<usize> = shapes.iter().map(|shape| shape.number).collect();
        numbers.dedup();
        // What is graver stands in front.
        shapes.reverse();
        let km = scale_km(sheet.up);
        Some(Self {
            height: sheet.height.round(),
            width: WIDTH,
            scale: (km / DEGREE_KM * sheet.up).round(),
            scale_km: say.with("public-map-scale", "km", km),
            alt: say.with("public-map-alt", "count", shapes.len()),
            shapes,
            numbers,
        })
    }

    pub(super) fn shows(&self, number: usize) -> bool {
        self.numbers.contains(&number)
    }
}

/// The middle of the corners: inside enough for a number.
fn middle(corners: &[[f64; 2]]) -> [f64; 2] {
    let open =
        corners.split_last().map_or(corners, |(last, rest)| if rest.first() == Some(last) { rest } else { corners });
    let count = open.len().max(1) as f64;
    let sum = open.iter().fold([0.0, 0.0], |sum, corner| [sum[0] + corner[0], sum[1] + corner[1]]);
    [sum[0] / count, sum[1] / count]
}

/// A round number of kilometres, about a fifth of the width.
fn scale_km(units_per_degree: f64) -> f64 {
    let fifth = WIDTH / 5.0 / units_per_degree * DEGREE_KM;
    let ten = 10_f64.powf(fifth.max(0.01).log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|step| step * ten).find(|km| *km <= fifth).unwrap_or(ten)
}

/// Names of areas that have no outline, each once.
pub(super) fn unmapped(say: &Say, views: &[WarningView]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for area in views.iter().flat_map(|view| areas(say, view)).filter(|area| !drawn(area)) {
        if names.len() < UNMAPPED && !names.contains(&area.description) {
            names.push(area.description.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_up_east_is_right_and_everything_is_on_the_sheet() {
        let corners = [[45.7, 126.4], [45.9, 126.4], [45.9, 126.8], [45.7, 126.8]];
        let sheet = Sheet::new(Ground::of(corners.into_iter()).unwrap());
        let [south_west, north_west, _, south_east] = corners.map(|corner| sheet.place(corner));
        assert!(north_west.1 < south_west.1 && south_east.0 > south_west.0);
        for (x, y) in corners.map(|corner| sheet.place(corner)) {
            assert!((0.0..=WIDTH).contains(&x) && (0.0..=sheet.height).contains(&y), "{x} {y}");
        }
    }

    #[test]
    fn a_point_has_room_around_it_and_a_round_scale() {
        let sheet = Sheet::new(Ground::of([[45.8, 126.5]].into_iter()).unwrap());
        assert!((sheet.place([45.8, 126.5]).0 - WIDTH / 2.0).abs() < 1.0);
        assert!([0.5, 1.0, 2.0].contains(&scale_km(sheet.up)), "{}", scale_km(sheet.up));
        assert!(Ground::of(std::iter::empty()).is_none());
    }

    #[test]
    fn an_outline_of_thousands_of_corners_is_thinned() {
        let corners: Vec<[f64; 2]> = (0..5_000).map(|at| [45.0 + f64::from(at) / 1e5, 126.0]).collect();
        let thin = thinned(&Polygon(corners));
        assert!((CORNERS / 2..=CORNERS).contains(&thin.len()), "{}", thin.len());
    }
}
