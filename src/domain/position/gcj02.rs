//! GCJ-02, the shifted coordinates of Chinese maps, to WGS-84.
//!
//! Maps sold in mainland China (Amap, Tencent) show points shifted by 300 to 700 metres. The shift is a fixed function
//! of the place; with `x = longitude - 105`, `y = latitude - 35`, in metres on the Krasovsky 1940 ellipsoid
//! (`a` = 6,378,245 m, `e²` = 0.006693421622965943):
//!
//! ```text
//! waves(t) = 2/3 · (20 sin 6πt + 20 sin 2πt)
//! north = -100 + 2x + 3y + 0.2y² + 0.1xy + 0.2√|x| + waves(x)
//!         + 2/3 · (20 sin πy + 40 sin πy/3 + 160 sin πy/12 + 320 sin πy/30)
//! east  =  300 +  x + 2y + 0.1x² + 0.1xy + 0.1√|x| + waves(x)
//!         + 2/3 · (20 sin πx + 40 sin πx/3 + 150 sin πx/12 + 300 sin πx/30)
//! ```
//!
//! and from metres to degrees by the radii of curvature at the latitude. The function was never published; this is what
//! every public implementation computes. It has no inverse in closed form: the place is found by correcting a guess by
//! the shift it shows, which converges to a millimetre in a few rounds. Outside China's frame nothing is shifted.

use std::f64::consts::PI;

use super::{NotAPosition, Position};

/// Semi-major axis in metres, and the square of the eccentricity.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
/// Rounds of correction; three are enough inside China.
const ROUNDS: usize = 10;
/// Degrees at which a correction no longer matters: 0.1 millimetres.
const SETTLED: f64 = 1e-9;

/// The WGS-84 position of GCJ-02 coordinates in degrees.
///
/// # Errors
/// When they are no coordinates.
pub fn to_wgs84(latitude: f64, longitude: f64) -> Result<Position, NotAPosition> {
    Position::new(latitude, longitude)?;
    let (mut lat, mut lon) = (latitude, longitude);
    for _ in 0..ROUNDS {
        let (north, east) = from_wgs84(lat, lon);
        let (off_north, off_east) = (north - latitude, east - longitude);
        lat -= off_north;
        lon -= off_east;
        if off_north.abs() < SETTLED && off_east.abs() < SETTLED {
            break;
        }
    }
    Position::new(lat, lon)
}

/// The GCJ-02 latitude and longitude of a WGS-84 latitude and longitude.
#[must_use]
pub fn from_wgs84(latitude: f64, longitude: f64) -> (f64, f64) {
    let china = (72.004..=137.8347).contains(&longitude) && (0.8293..=55.8271).contains(&latitude);
    if !china {
        return (latitude, longitude);
    }
    let (north, east) = shift_m(longitude - 105.0, latitude - 35.0);
    let sine = latitude.to_radians().sin();
    let bulge = 1.0 - ECCENTRICITY * sine * sine;
    let meridian = AXIS * (1.0 - ECCENTRICITY) / (bulge * bulge.sqrt());
    let parallel = AXIS / bulge.sqrt() * latitude.to_radians().cos();
    (latitude + (north / meridian).to_degrees(), longitude + (east / parallel).to_degrees())
}

/// Metres to the north and to the east.
fn shift_m(x: f64, y: f64) -> (f64, f64) {
    let wave = |height: f64, t: f64| height * (t * PI).sin();
    let waves = wave(20.0, 6.0 * x) + wave(20.0, 2.0 * x);
    let root = x.abs().sqrt();
    let north = waves + wave(20.0, y) + wave(40.0, y / 3.0) + wave(160.0, y / 12.0) + wave(320.0, y / 30.0);
    let east = waves + wave(20.0, x) + wave(40.0, x / 3.0) + wave(150.0, x / 12.0) + wave(300.0, x / 30.0);
    let north = north * 2.0 / 3.0 - 100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
    let east = east * 2.0 / 3.0 + 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
    (north, east)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{from_wgs84, to_wgs84};
    use crate::domain::position::Position;

    /// WGS-84 latitude and longitude, then GCJ-02 latitude and longitude, as published in the tests and manuals of
    /// independent implementations.
    const PUBLISHED: [[f64; 4]; 6] = [
        [39.915, 116.404, 39.916_404_281_501_64, 116.410_244_499_169_38],
        [30.610_777_9, 121.091_707_7, 30.608_604_331_756_705, 121.096_269_355_750_27],
        [31.280_844, 120.596_931, 31.278_648_624_428_175, 120.601_099_983_222_47],
        [31.177_427_6, 121.527_210_6, 31.175_303_983_645_97, 121.531_541_859_215],
        [22.543_847, 113.912_316, 22.540_796_131_694_766, 113.917_176_480_836_3],
        [40.0, 116.0, 40.001_213_650_174, 116.006_141_221_789],
    ];

    #[test]
    fn agrees_with_published_points_both_ways() {
        for [lat, lon, shifted_lat, shifted_lon] in PUBLISHED {
            let (north, east) = from_wgs84(lat, lon);
            assert!(
                (north - shifted_lat).abs() < 1e-6 && (east - shifted_lon).abs() < 1e-6,
                "{lat},{lon}: {north},{east}"
            );
            assert_eq!(to_wgs84(shifted_lat, shifted_lon), Position::new(lat, lon), "{lat},{lon}");
        }
    }

    #[test]
    fn leaves_the_rest_of_the_world_where_it_is() {
        assert_eq!(from_wgs84(51.5, -0.12), (51.5, -0.12));
        assert_eq!(to_wgs84(-33.9, 151.2), Position::new(-33.9, 151.2));
        assert!(to_wgs84(126.5, 45.8).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn there_and_back_again_is_the_same_place(lat in 18.0..53.6f64, lon in 73.5..135.1f64) {
            let (north, east) = from_wgs84(lat, lon);
            let metres = ((north - lat) * 111_000.0).hypot((east - lon) * 111_000.0 * lat.to_radians().cos());
            prop_assert!((10.0..1_500.0).contains(&metres), "{}", metres);
            let (home, back) = (Position::new(lat, lon).unwrap().micro(), to_wgs84(north, east).unwrap().micro());
            prop_assert!((home.0 - back.0).abs() <= 1 && (home.1 - back.1).abs() <= 1);
        }
    }
}
