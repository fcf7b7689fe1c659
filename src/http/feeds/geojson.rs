//! What is in force as GeoJSON (RFC 7946), for maps: one feature for each area of each public warning.
//!
//! Circles are drawn as polygons of 36 corners. An area that only has a name or a code has no geometry, which GeoJSON
//! allows: better a line in the list than a warning that no map mentions.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{
    listing::{Entry, changed, entries, read, unix},
    public_url,
    tag::Tagged,
};
use crate::{
    domain::message::{Area, Circle, Polygon},
    flow::intake::WarningView,
    http::{Site, problem::Problem},
};

const GEOJSON: &str = "application/geo+json";
/// Corners of a circle.
const CORNERS: u32 = 36;
/// Kilometres of a degree of latitude.
const DEGREE_KM: f64 = 111.195;

/// `GET /feeds/active.geojson`
pub(super) async fn feed(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    let views = read(&site).await?;
    Ok(document(&public_url(&site.config), views, site.clock.unix()).answer(&headers))
}

/// The features of those in force among these warnings.
pub(super) fn document(base: &str, views: Vec<WarningView>, now: i64) -> Tagged {
    let mut entries = entries(base, views, now);
    entries.retain(|entry| entry.view.ended.is_none());
    let updated = changed(&entries).and_then(unix);
    let features: Vec<Value> = entries.iter().flat_map(features).collect();
    let value = json!({"type": "FeatureCollection", "features": features});
    Tagged::of(value.to_string().into(), GEOJSON, updated)
}

fn features(entry: &Entry) -> Vec<Value> {
    let Entry { view, updated, href } = entry;
    let Some(info) = view.message.infos.first() else { return Vec::new() };
    let feature = |(number, area): (usize, &Area)| {
        json!({
            "type": "Feature",
            "id": format!("{}#{number}", view.id.0),
            "geometry": geometry(area),
            "properties": {
                "warning": view.id.0, "event": view.event.0, "level": view.level, "title": view.headline,
                "text": info.description, "instruction": info.instruction,
                "issuer": info.sender_name.as_ref().or(view.issuer.as_ref()), "hazard": view.hazard,
                "area": area.description, "released_at": view.released_at, "updated_at": updated,
                "expires_at": view.expires_at, "cap": href,
            },
        })
    };
    info.areas.iter().enumerate().map(feature).collect()
}

fn geometry(area: &Area) -> Value {
    let rings = area.polygons.iter().map(outline).chain(area.circles.iter().map(round));
    let polygons: Vec<Value> = rings.map(|ring| json!([ring])).collect();
    match polygons.as_slice() {
        [] => Value::Null,
        [one] => json!({"type": "Polygon", "coordinates": one}),
        many => json!({"type": "MultiPolygon", "coordinates": many}),
    }
}

/// Longitude first, and counter-clockwise around the inside.
fn outline(Polygon(corners): &Polygon) -> Vec<[f64; 2]> {
    let mut ring: Vec<[f64; 2]> = corners.iter().map(|[latitude, longitude]| [*longitude, *latitude]).collect();
    let twice_the_area: f64 = ring.windows(2).map(|pair| pair[0][0] * pair[1][1] - pair[1][0] * pair[0][1]).sum();
    if twice_the_area < 0.0 {
        ring.reverse();
    }
    ring
}

fn round(circle: &Circle) -> Vec<[f64; 2]> {
    let [latitude, longitude] = circle.centre;
    let reach = circle.radius_km / DEGREE_KM;
    let corner = |number: u32| {
        let angle = f64::from(number % CORNERS) * std::f64::consts::TAU / f64::from(CORNERS);
        let wide = reach / latitude.to_radians().cos().max(0.01);
        [longitude + wide * angle.cos(), latitude + reach * angle.sin()]
    };
    (0..=CORNERS).map(corner).collect()
}
