//! What a warning draws on the map, made ready to be asked of many positions.
//!
//! On the line counts as inside. Shapes do not cross the antimeridian: a ring is taken as it is written.

mod ring;

#[cfg(test)]
mod tests;

use geo::{Distance as _, Haversine, Point};

use super::{
    message::{Area, Circle},
    position::Position,
};
use ring::Ring;

/// A polygon or a circle of a warning.
#[derive(Debug)]
pub struct Shape {
    extent: Extent,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Ring(Ring),
    Circle { centre: Point<f64>, radius_m: f64 },
}

/// The smallest frame around something, in millionths of a degree, borders included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub south: i32,
    pub north: i32,
    pub west: i32,
    pub east: i32,
}

impl Extent {
    /// The frame around some positions; `None` around none.
    pub fn around(positions: impl IntoIterator<Item = Position>) -> Option<Self> {
        positions.into_iter().fold(None, |frame: Option<Self>, position| {
            let (latitude, longitude) = position.micro();
            let frame = frame.unwrap_or(Self { south: latitude, north: latitude, west: longitude, east: longitude });
            Some(Self {
                south: frame.south.min(latitude),
                north: frame.north.max(latitude),
                west: frame.west.min(longitude),
                east: frame.east.max(longitude),
            })
        })
    }

    /// Whether a position is inside or on the border.
    #[must_use]
    pub const fn covers(self, position: Position) -> bool {
        let (latitude, longitude) = position.micro();
        self.south <= latitude && latitude <= self.north && self.west <= longitude && longitude <= self.east
    }

    /// Whether two frames have a position in common.
    #[must_use]
    pub const fn touches(self, other: Self) -> bool {
        self.south <= other.north && other.south <= self.north && self.west <= other.east && other.west <= self.east
    }

    /// A frame of degrees, widened to whole millionths.
    fn of_degrees(south: f64, north: f64, west: f64, east: f64) -> Self {
        let (floor, ceil) =
            (|degrees: f64| (degrees * 1e6).floor() as i32, |degrees: f64| (degrees * 1e6).ceil() as i32);
        Self { south: floor(south), north: ceil(north), west: floor(west), east: ceil(east) }
    }
}

impl Shape {
    /// Every polygon and circle of an area. Those that enclose nothing are left out.
    pub fn of_area(area: &Area) -> impl Iterator<Item = Self> + '_ {
        let rings = area.polygons.iter().filter_map(|polygon| Ring::new(&polygon.0));
        let rings = rings.map(|ring| Self { extent: ring.extent(), form: Form::Ring(ring) });
        rings.chain(area.circles.iter().map(Self::of_circle))
    }

    fn of_circle(circle: &Circle) -> Self {
        let [latitude, longitude] = circle.centre;
        let form = Form::Circle { centre: Point::new(longitude, latitude), radius_m: circle.radius_km * 1000.0 };
        Self { extent: frame(latitude, longitude, circle.radius_km * 1000.0), form }
    }

    /// The frame outside which nothing is covered.
    #[must_use]
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether a position is inside or on the border. Of a circle: not farther from its centre than its radius, along a
    /// great circle of the mean Earth (haversine, radius 6,371.0088 km).
    #[must_use]
    pub fn covers(&self, position: Position) -> bool {
        self.extent.covers(position)
            && match &self.form {
                Form::Ring(ring) => ring.covers(position),
                Form::Circle { centre, radius_m } => {
                    let point = Point::new(position.longitude(), position.latitude());
                    Haversine.distance(*centre, point) <= *radius_m
                }
            }
    }
}

/// The frame around a circle on the globe; as wide as the world when it holds a pole or crosses the antimeridian.
fn frame(latitude: f64, longitude: f64, radius_m: f64) -> Extent {
    /// Degrees that rounding may be off.
    const SLACK: f64 = 1e-6;
    let angle = radius_m / Haversine.radius();
    let (south, north) = (latitude - angle.to_degrees() - SLACK, latitude + angle.to_degrees() + SLACK);
    let (mut west, mut east) = (-180.0, 180.0);
    if south > -90.0 && north < 90.0 {
        let width = (angle.sin() / latitude.to_radians().cos()).clamp(0.0, 1.0).asin().to_degrees() + SLACK;
        if longitude - width >= -180.0 && longitude + width <= 180.0 {
            (west, east) = (longitude - width, longitude + width);
        }
    }
    Extent::of_degrees(south.max(-90.0), north.min(90.0), west, east)
}
