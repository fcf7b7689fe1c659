//! A sketch map, drawn here: the outlines and circles of standing warnings, each with the number it has in the list. No tiles,
//! no script, nothing from elsewhere.
//!
//! An outline with many corners is thinned, and the map as a whole is bounded, so that the page stays small.

use std::fmt::Write;

use super::{card, frame::Say};
use crate::{
    domain::{
        message::{Area, Circle},
        sheet::{Ground, Sheet, Size, extent, thinned},
    },
    flow::intake::WarningView,
};

/// Width of the drawing in its own units; the height follows the ground, within bounds.
const SIZE: Size = Size { width: 640.0, least_height: 240.0, most_height: 520.0 };
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

fn outline(sheet: &Sheet, corners: &[[f64; 2]]) -> String {
    let mut path = String::with_capacity(corners.len() * 12);
    for (at, corner) in corners.iter().enumerate() {
        let (x, y) = sheet.place(*corner);
        // Writing to memory does not fail.
        let _written = write!(path, "{}{x:.0} {y:.0}", if at == 0 { 'M' } else { 'L' });
    }
    path + "Z"
}

fn round(sheet: &Sheet, circle: &Circle) -> String {
    let (x, y) = sheet.place(circle.centre);
    let radius = sheet.units(circle.radius_km).max(6.0);
    let wide = 2.0 * radius;
    format!(
        "M{:.0} {y:.0}a{radius:.0} {radius:.0} 0 1 0 {wide:.0} 0a{radius:.0} {radius:.0} 0 1 0 -{wide:.0} 0Z",
        x - radius
    )
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
        let sheet = Sheet::new(Ground::of(points)?, SIZE);
        let mut shapes = Vec::new();
        for (view, number, area) in numbered() {
            let class = view.level.name();
            let corners = area.polygons.iter().map(|polygon| thinned(polygon, CORNERS));
            let polygons = corners.map(|corners| (outline(&sheet, &corners), middle(&corners)));
            let circles = area.circles.iter().map(|circle| (round(&sheet, circle), circle.centre));
            for (path, centre) in polygons.chain(circles).take(SHAPES.saturating_sub(shapes.len())) {
                let (x, y) = sheet.place(centre);
                shapes.push(Shape { class, path, number, x: format!("{x:.0}"), y: format!("{y:.0}") });
            }
        }
        let mut numbers: Vec<usize> = shapes.iter().map(|shape| shape.number).collect();
        numbers.dedup();
        // What is graver stands in front.
        shapes.reverse();
        let km = sheet.scale_km();
        Some(Self {
            height: sheet.height.round(),
            width: sheet.width,
            scale: sheet.units(km).round(),
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
