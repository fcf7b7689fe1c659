use geo::{Intersects as _, LineString, Point, Polygon};
use proptest::prelude::*;

use super::Shape;
use crate::domain::{
    message::{self, Area, Circle},
    position::Position,
};

fn area(polygons: Vec<Vec<[f64; 2]>>, circles: Vec<Circle>) -> Area {
    Area {
        description: "一处".to_owned(),
        polygons: polygons.into_iter().map(message::Polygon).collect(),
        circles,
        geocodes: Vec::new(),
        altitude_ft: None,
        ceiling_ft: None,
    }
}

fn polygon(ring: &[[f64; 2]]) -> Shape {
    Shape::of_area(&area(vec![ring.to_vec()], Vec::new())).next().expect("a shape")
}

fn circle(latitude: f64, longitude: f64, radius_km: f64) -> Shape {
    let circle = Circle { centre: [latitude, longitude], radius_km };
    Shape::of_area(&area(Vec::new(), vec![circle])).next().expect("a shape")
}

fn at(latitude: f64, longitude: f64) -> Position {
    Position::new(latitude, longitude).expect("a position")
}

#[test]
fn borders_and_corners_are_inside_and_dents_are_not() {
    let square = polygon(&[[45.0, 126.0], [45.0, 127.0], [46.0, 127.0], [46.0, 126.0], [45.0, 126.0]]);
    for (lat, lon) in [(45.5, 126.5), (45.0, 126.0), (46.0, 127.0), (46.0, 126.5), (45.5, 127.0), (45.5, 126.0)] {
        assert!(square.covers(at(lat, lon)), "{lat},{lon}");
    }
    for (lat, lon) in [(44.999_999, 126.5), (46.000_001, 126.5), (45.5, 125.999_999), (45.5, 127.000_001)] {
        assert!(!square.covers(at(lat, lon)), "{lat},{lon}");
    }
    let dented = polygon(&[[45.0, 126.0], [45.0, 128.0], [46.0, 128.0], [45.2, 127.0], [46.0, 126.0], [45.0, 126.0]]);
    assert!(dented.covers(at(45.2, 127.0)) && dented.covers(at(45.1, 127.0)) && dented.covers(at(45.9, 126.05)));
    assert!(!dented.covers(at(45.3, 127.0)) && !dented.covers(at(45.9, 127.0)));
}

#[test]
fn an_open_ring_is_closed_and_a_flat_one_encloses_nobody() {
    let open = polygon(&[[45.0, 126.0], [45.0, 127.0], [46.0, 127.0]]);
    assert!(open.covers(at(45.3, 126.8)) && !open.covers(at(45.8, 126.2)));
    for flat in [vec![], vec![[45.0, 126.0]], vec![[45.0, 126.0], [45.0, 127.0], [45.0, 126.5], [45.0, 126.0]]] {
        assert_eq!(Shape::of_area(&area(vec![flat], Vec::new())).count(), 0);
    }
}

#[test]
fn a_ring_of_many_points_is_asked_as_exactly_as_a_small_one() {
    let around = (0..10_000).map(|step| f64::from(step) / 10_000.0 * std::f64::consts::TAU);
    let mut ring: Vec<[f64; 2]> = around.map(|turn| [45.8 + 0.1 * turn.sin(), 126.5 + 0.1 * turn.cos()]).collect();
    ring.push(ring[0]);
    let round = polygon(&ring);
    assert!(round.covers(at(45.8, 126.5)) && round.covers(at(45.87, 126.57)) && !round.covers(at(45.871, 126.571)));
}

#[test]
fn circles_are_measured_on_the_globe() {
    let five = circle(45.8, 126.5, 5.0);
    assert!(five.covers(at(45.844_9, 126.5)) && !five.covers(at(45.845_1, 126.5)));
    assert!(five.covers(at(45.8, 126.564_4)) && !five.covers(at(45.8, 126.564_7)), "degrees are narrower there");
    assert!(circle(45.8, 126.5, 0.0).covers(at(45.8, 126.5)) && !circle(45.8, 126.5, 0.0).covers(at(45.8, 126.500_1)));
    assert!(circle(89.9, 0.0, 50.0).covers(at(89.9, 179.0)), "over the pole");
    assert!(circle(0.0, 179.9, 50.0).covers(at(0.0, -179.9)), "over the antimeridian");
    assert!(circle(45.8, 126.5, 20_038.0).covers(at(-45.8, -53.5)), "everybody");
}

/// The haversine formula, straight from the book.
fn haversine_m([lat1, lon1]: [f64; 2], [lat2, lon2]: [f64; 2]) -> f64 {
    let (lat1, lat2, step) = (lat1.to_radians(), lat2.to_radians(), (lon2 - lon1).to_radians());
    let half = ((lat2 - lat1) / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (step / 2.0).sin().powi(2);
    2.0 * 6_371_008.8 * half.sqrt().min(1.0).asin()
}

/// A star around a middle: no edges cross. Corners on a coarse grid make points on edges and corners common.
fn star() -> impl Strategy<Value = Vec<[f64; 2]>> {
    proptest::collection::vec((1..8u32, 1..8u32), 3..40).prop_map(|spikes| {
        let count = spikes.len() as f64;
        let corner = |(number, (numerator, denominator)): (usize, &(u32, u32))| {
            let turn = number as f64 / count * std::f64::consts::TAU;
            let reach = f64::from(*numerator) / f64::from(*denominator + 7);
            [(turn.sin() * reach * 20.0).round() / 20.0, (turn.cos() * reach * 20.0).round() / 20.0]
        };
        let mut ring: Vec<[f64; 2]> = spikes.iter().enumerate().map(corner).collect();
        ring.push(ring[0]);
        ring
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_polygon_covers_what_the_geometry_library_says(
        ring in star(),
        points in proptest::collection::vec((-22..22i32, -22..22i32), 1..60),
        fine in proptest::collection::vec((-1.1..1.1f64, -1.1..1.1f64), 1..60),
    ) {
        let line: LineString = ring.iter().map(|[lat, lon]| (*lon, *lat)).collect();
        let naive = Polygon::new(line.clone(), Vec::new());
        let simple = {
            use geo::Validation as _;
            naive.is_valid()
        };
        prop_assume!(simple);
        let shape = polygon(&ring);
        let coarse = points.into_iter().map(|(lat, lon)| (f64::from(lat) / 20.0, f64::from(lon) / 20.0));
        for (lat, lon) in coarse.chain(fine).filter(|point| *point != (0.0, 0.0)) {
            let position = at(lat, lon);
            let point = Point::new(position.longitude(), position.latitude());
            prop_assert_eq!(shape.covers(position), naive.intersects(&point), "{},{} in {:?}", lat, lon, ring);
        }
    }

    #[test]
    fn a_circle_covers_what_is_not_farther_than_its_radius(
        centre in (-89.0..89.0f64, -180.0..180.0f64),
        radius_km in prop_oneof![0.0..50.0f64, 50.0..20_038.0f64],
        near in proptest::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 30),
        far in proptest::collection::vec((-90.0..90.0f64, -180.0..180.0f64), 10),
    ) {
        let shape = circle(centre.0, centre.1, radius_km);
        let degrees = radius_km / 100.0;
        let near = near.into_iter().map(|(north, east)| (centre.0 + north * degrees, centre.1 + east * degrees));
        for (lat, lon) in near.chain(far).filter(|(lat, lon)| lat.abs() <= 90.0 && lon.abs() <= 180.0) {
            let position = at(lat, lon);
            let metres = haversine_m(centre.into(), [position.latitude(), position.longitude()]);
            prop_assume!((metres - radius_km * 1000.0).abs() > 0.01);
            prop_assert_eq!(shape.covers(position), metres <= radius_km * 1000.0, "{},{}", lat, lon);
        }
    }
}
