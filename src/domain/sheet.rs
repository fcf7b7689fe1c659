//! From degrees to a sheet that a small part of the ground is drawn on: north is up.
//!
//! Degrees of longitude are narrowed by the cosine of the middle latitude, which is true enough for a district.

use super::{
    cap::list,
    message::{Circle, Polygon},
};

/// Kilometres of a degree of latitude.
pub const DEGREE_KM: f64 = 111.195;
/// The least ground that is drawn, kilometres, so that a small area does not fill the sheet.
const LEAST_KM: f64 = 3.0;
/// Of the ground, room around what is drawn.
const ROOM: f64 = 0.08;

/// A part of the ground, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    pub south: f64,
    pub north: f64,
    pub west: f64,
    pub east: f64,
}

impl Ground {
    /// The smallest part that holds these points (latitude, longitude); `None` without any.
    pub fn of(points: impl Iterator<Item = [f64; 2]>) -> Option<Self> {
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

/// How large a sheet may be, in its own units. The height follows the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub width: f64,
    pub least_height: f64,
    pub most_height: f64,
}

/// From degrees to units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    ground: Ground,
    /// Units of a degree of longitude.
    across: f64,
    /// Units of a degree of latitude.
    up: f64,
    pub width: f64,
    pub height: f64,
    left: f64,
    top: f64,
}

impl Sheet {
    /// The sheet on which all of the ground is, with room around it.
    #[must_use]
    pub fn new(ground: Ground, size: Size) -> Self {
        let Size { width, least_height, most_height } = size;
        let narrow = f64::midpoint(ground.south, ground.north).to_radians().cos().max(0.05);
        let least = LEAST_KM / DEGREE_KM;
        let wide = ((ground.east - ground.west) * narrow).max(least) * (1.0 + 2.0 * ROOM);
        let high = (ground.north - ground.south).max(least) * (1.0 + 2.0 * ROOM);
        let height = (width * high / wide).clamp(least_height, most_height);
        let up = (width / wide).min(height / high);
        let across = up * narrow;
        let left = (width - (ground.east - ground.west) * across) / 2.0;
        let top = (height - (ground.north - ground.south) * up) / 2.0;
        Self { ground, across, up, width, height, left, top }
    }

    /// Where a point (latitude, longitude) is: to the right, and down.
    #[must_use]
    pub fn place(&self, [latitude, longitude]: [f64; 2]) -> (f64, f64) {
        let x = self.left + (longitude - self.ground.west) * self.across;
        (x, self.top + (self.ground.north - latitude) * self.up)
    }

    /// Units of so many kilometres.
    #[must_use]
    pub fn units(&self, km: f64) -> f64 {
        km / DEGREE_KM * self.up
    }

    /// A round number of kilometres, at most a fifth of the width.
    #[must_use]
    pub fn scale_km(&self) -> f64 {
        let fifth = self.width / 5.0 / self.up * DEGREE_KM;
        let ten = 10_f64.powf(fifth.max(0.01).log10().floor());
        [5.0, 2.0, 1.0].into_iter().map(|step| step * ten).find(|km| *km <= fifth).unwrap_or(ten)
    }
}

/// Reads an outline as CAP writes polygons: `latitude,longitude` pairs, at least four, the first equal to the last, on the
/// globe.
#[must_use]
pub fn outline(text: &str) -> Option<Polygon> {
    let polygon = list::read_polygon(text).ok()?;
    let on_globe = |[latitude, longitude]: &[f64; 2]| latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    let closed = polygon.0.len() >= 4 && polygon.0.first() == polygon.0.last();
    (closed && polygon.0.iter().all(on_globe)).then_some(polygon)
}

/// Two corners of the frame around a circle.
#[must_use]
pub fn extent(circle: &Circle) -> [[f64; 2]; 2] {
    let [latitude, longitude] = circle.centre;
    let reach = circle.radius_km / DEGREE_KM;
    let wide = reach / latitude.to_radians().cos().max(0.05);
    [[latitude - reach, longitude - wide], [latitude + reach, longitude + wide]]
}

/// At most so many corners of an outline, the first among them.
#[must_use]
pub fn thinned(Polygon(corners): &Polygon, most: usize) -> Vec<[f64; 2]> {
    let every = corners.len().div_ceil(most.max(1)).max(1);
    corners.iter().step_by(every).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 640.0, least_height: 240.0, most_height: 520.0 };

    #[test]
    fn north_is_up_east_is_right_and_everything_is_on_the_sheet() {
        let corners = [[45.7, 126.4], [45.9, 126.4], [45.9, 126.8], [45.7, 126.8]];
        let sheet = Sheet::new(Ground::of(corners.into_iter()).unwrap(), SIZE);
        let [south_west, north_west, _, south_east] = corners.map(|corner| sheet.place(corner));
        assert!(north_west.1 < south_west.1 && south_east.0 > south_west.0);
        for (x, y) in corners.map(|corner| sheet.place(corner)) {
            assert!((0.0..=sheet.width).contains(&x) && (0.0..=sheet.height).contains(&y), "{x} {y}");
        }
    }

    #[test]
    fn a_point_has_room_around_it_and_a_round_scale() {
        let sheet = Sheet::new(Ground::of([[45.8, 126.5]].into_iter()).unwrap(), SIZE);
        assert!((sheet.place([45.8, 126.5]).0 - sheet.width / 2.0).abs() < 1.0);
        assert!([0.5, 1.0, 2.0].contains(&sheet.scale_km()), "{}", sheet.scale_km());
        assert!((sheet.units(DEGREE_KM) - sheet.up).abs() < 1e-9);
        assert!(Ground::of(std::iter::empty()).is_none());
    }

    #[test]
    fn an_outline_is_closed_and_on_the_globe() {
        assert!(outline("45.7,126.4 45.9,126.4 45.9,126.8 45.7,126.4").is_some());
        for wrong in ["", "45.7,126.4 45.9,126.4 45.9,126.8", "95,0 95,1 96,1 95,0", "a", "1,1 1,2 2,2 2,1"] {
            assert!(outline(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_outline_of_thousands_of_corners_is_thinned() {
        let corners: Vec<[f64; 2]> = (0..5_000).map(|at| [45.0 + f64::from(at) / 1e5, 126.0]).collect();
        let thin = thinned(&Polygon(corners), 60);
        assert!((30..=60).contains(&thin.len()), "{}", thin.len());
    }
}
